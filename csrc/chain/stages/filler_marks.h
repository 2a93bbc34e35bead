// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_CHAIN_STAGES_FILLER_MARKS_H
#define PST_CHAIN_STAGES_FILLER_MARKS_H

#include "pastream/base.h"

// Where fillers begin and end in the frames that a stage gives, which are behind those that it
// takes. Kept by the stage, for a run of frames that follow each other. Thread: worker. Realtime:
// yes.

// Kept at once; a stage would have to look thousands of blocks ahead for more.
enum { PST_FILLER_MARKS = 64 };

typedef struct pst_filler_mark {
    int64_t at; // From this frame of the run on.
    bool is_filler;
} pst_filler_mark;

typedef struct pst_filler_marks {
    pst_filler_mark marks[PST_FILLER_MARKS]; // The first one holds now.
    uint32_t n_marks;
} pst_filler_marks;

// Begins a run with what its frame 0 is.
void pst_filler_marks_begin(pst_filler_marks *self, bool is_filler) PST_RT;

// What the frames from `at` on are. Each call is for a frame behind the one before.
void pst_filler_marks_add(pst_filler_marks *self, int64_t at, bool is_filler) PST_RT;

// Tells what the frame `now` is, and returns how many frames from it on are the same. Each call is
// for a frame not before the one before.
uint64_t pst_filler_marks_at(pst_filler_marks *self, int64_t now, bool *is_filler) PST_RT;

#endif
