// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_DSP_RESPONSE_CUT_H
#define PST_DSP_RESPONSE_CUT_H

#include "pastream/base.h"

// How a response is cut for convolution without delay: some rows of parts, each row's parts of the
// same length, a power of two. The first row begins with the response, the others two of their
// own parts later: when the sound for one is there, as much time is left for its work.

enum {
    PST_CUT_MIN = 64, // Frames of a part.
    PST_CUT_MAX = 16384,
    PST_CUT_ROWS = 9
};

typedef struct pst_cut_row {
    uint32_t n_block; // Frames of a part.
    uint32_t n_parts;
    int64_t first; // Where in the response it begins.
} pst_cut_row;

typedef struct pst_cut {
    uint32_t n_rows;
    pst_cut_row rows[PST_CUT_ROWS];
} pst_cut;

// Finds the cut of the least work. n_frames: of the response, at least 1; call_frames: of each
// call, at least 1.
// Thread: any. Realtime: no.
void pst_cut_response(pst_cut *cut, int64_t n_frames, uint32_t call_frames);

#endif
