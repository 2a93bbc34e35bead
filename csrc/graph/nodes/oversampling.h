// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_GRAPH_NODES_OVERSAMPLING_H
#define PST_GRAPH_NODES_OVERSAMPLING_H

#include "core/kernels/kernels.h"

// Twice or four times as many samples, something done to them, and as few as before again, for
// whatever makes overtones: those beyond the middle of the new band go away instead of being folded
// down. What is below 20 kHz at a rate of 44.1 kHz (0.4535 of the rate) passes to 2e-5 each way,
// and what would be folded down to there is 98 dB less than it was.
//
// The filters are half-band ones, with linear phase: every other one of their taps but the middle
// one is 0, so half of the samples are only delayed. They are the best of their lengths (their
// greatest error in the pass band is the least).

enum {
    PST_OVERSAMPLING_BLOCK = 128, // Frames at once, at most.
    // By how many frames sound is later: by two, and by four.
    PST_OVERSAMPLING_DELAY_2X = 63,
    PST_OVERSAMPLING_DELAY_4X = 68,
    // Frames of silence after which there is nothing left of what was before.
    PST_OVERSAMPLING_TAIL = 144,
    PST_OVERSAMPLING_WIDE = 64, // Of the filters' lengths.
    PST_OVERSAMPLING_NARROW = 12
};

// What the filters keep of one channel. Begins as zeros.
typedef struct pst_oversampling_past {
    float plain[PST_OVERSAMPLING_WIDE];
    float twice[PST_OVERSAMPLING_NARROW];
    float shaped[2][PST_OVERSAMPLING_NARROW]; // Of four times as many.
    float halved[2][PST_OVERSAMPLING_WIDE];
} pst_oversampling_past;

// Room to compute in, shared by channels that take turns. Begins as zeros.
typedef struct pst_oversampling_room {
    float plain[PST_OVERSAMPLING_WIDE + PST_OVERSAMPLING_BLOCK + PST_SUM_SLACK];
    float twice[PST_OVERSAMPLING_NARROW + 2 * PST_OVERSAMPLING_BLOCK + PST_SUM_SLACK];
    float shaped[2][PST_OVERSAMPLING_NARROW + 2 * PST_OVERSAMPLING_BLOCK + PST_SUM_SLACK];
    float halved[2][PST_OVERSAMPLING_WIDE + PST_OVERSAMPLING_BLOCK + PST_SUM_SLACK];
} pst_oversampling_room;

// What is done to the samples, in place.
typedef void (*pst_oversampling_fn)(void *user, float *x, size_t n) PST_RT;

// Takes n frames of one channel, at most PST_OVERSAMPLING_BLOCK, from x to y, by two or by four.
void pst_oversampling_run(const pst_kernels *kernels, bool by_four, pst_oversampling_past *past,
                          pst_oversampling_room *room, pst_oversampling_fn shape, void *user,
                          float *y, const float *x, size_t n) PST_RT;

#endif
