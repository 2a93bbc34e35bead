// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_CODEC_MP3_FRAME_INDEX_H
#define PST_CODEC_MP3_FRAME_INDEX_H

#include "codec/mpeg_header.h"

// Where some of the frames of a file lie: of a large one, fewer.
//
// Decoding goes on from a frame as if it had come there by itself, to the last bit, if it begins
// far enough before (samples come from up to 511 bytes of earlier frames, and from the two frames
// before), and a multiple of PST_MPEG_PHASE_FRAMES behind where decoding began: the decoder adds
// up in an order that turns with the frames.

enum { PST_MPEG_PHASE_FRAMES = 8 };

typedef struct pst_frame_place {
    int64_t slot;  // Which frame it is, with those that are missing.
    int64_t at;    // Position of its first byte.
    bool is_start; // Decoding begins here.
} pst_frame_place;

typedef struct pst_frame_index {
    pst_frame_place *places; // Rising.
    size_t n_places;
    size_t n_room;
    int64_t stride; // Frames from one place to the next.
    int64_t run;    // Frames since decoding began.
} pst_frame_index;

// Takes down a frame. Returns false if there is no memory.
bool pst_frame_index_add(pst_frame_index *index, int64_t slot, int64_t at, bool is_start);

// Returns where to begin so that the frame at slot comes out right. kind: of the frames.
const pst_frame_place *pst_frame_index_find(const pst_frame_index *index, int64_t slot,
                                            const pst_mpeg_header *kind);

void pst_frame_index_free(pst_frame_index *index);

#endif
