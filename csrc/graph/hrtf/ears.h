// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_GRAPH_HRTF_EARS_H
#define PST_GRAPH_HRTF_EARS_H

#include "graph/data/shared.h"

// How a head hears sound from all around: for each ear and direction a filter and a delay. Both are
// made from measured impulse responses. A response that is taken apart into its delay and the rest,
// of minimum phase, can be mixed with its neighbours; whole ones would cancel each other out.

enum {
    PST_EARS_ROWS = 19,   // From straight below to straight above, by 10 degrees,
    PST_EARS_COLUMNS = 72 // and once round to the right from the front, by 5.
};

typedef struct pst_ears {
    pst_shared shared;
    double rate_hz;
    uint32_t n_taps;
    float longest;         // Of the delays.
    float *taps;           // [row][column][left, right][n_taps]
    float *delays;         // [row][column][left, right], in frames. The shortest one is 0.
    struct pst_ears *next; // In the list of those that were read,
    char *path;            // from this file.
} pst_ears;

// What was measured.
typedef struct pst_head {
    double rate_hz;
    uint32_t n_directions;
    uint32_t n_frames;
    const float *directions; // To the front, to the left and up, for each; of any length but 0.
    const float *responses;  // [direction][left, right][frame]
    const float *delays;     // [direction][left, right]: frames that the responses leave out.
} pst_head;

enum { PST_HEAD_FRAMES_MAX = 1 << 14 };

// Makes filters for a rate, as loud from the front as an equal-power panner is.
// Returns PST_OK; PST_BAD_FILE (what was measured makes no sense); PST_NO_MEMORY.
// Thread: control. Realtime: no. Ownership: the caller's reference.
pst_status pst_ears_create(pst_ears **ears, const pst_head *head, double rate_hz, pst_error *err);

// Frees ears that are in no list.
void pst_ears_destroy(pst_shared *ears);

// Gives the filters of the head that this system has, for a rate; the same as long as somebody has
// them. They are read by libmysofa from a file in the format SOFA: the one that the environment
// variable PASTREAM_SOFA names, or the one that comes with libmysofa.
// Returns PST_OK; PST_UNSUPPORTED (no libmysofa, no file); PST_BAD_FILE; PST_NO_MEMORY.
// Thread: any. Realtime: no. Ownership: the caller's reference.
pst_status pst_ears_take(pst_ears **ears, double rate_hz, pst_error *err);

// Where the filters and delays of a direction begin, for both ears.
static inline size_t pst_ears_at(uint32_t row, uint32_t column) PST_RT {
    return ((size_t)row * PST_EARS_COLUMNS + column) * 2;
}

#endif
