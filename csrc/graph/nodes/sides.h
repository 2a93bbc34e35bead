// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_GRAPH_SIDES_H
#define PST_GRAPH_SIDES_H

#include "graph/node.h"

// How much of each input channel goes to the left and to the right.
typedef struct pst_sides {
    float left[2], right[2];
} pst_sides;

// Makes two channels of one or two.
static inline void pst_sides_apply(const pst_sides *sides, const pst_quantum *q,
                                   const pst_bus *input, float *const *to) PST_RT {
    float *const *from = input->channels;
    q->kernels->scale(to[0], from[0], sides->left[0], q->n_frames);
    if (input->n_channels == 1) {
        q->kernels->scale(to[1], from[0], sides->right[0], q->n_frames);
        return;
    }
    q->kernels->scale(to[1], from[1], sides->right[1], q->n_frames);
    if (sides->left[1] != 0.0f)
        q->kernels->add_scaled(to[0], from[1], sides->left[1], q->n_frames);
    if (sides->right[0] != 0.0f)
        q->kernels->add_scaled(to[1], from[0], sides->right[0], q->n_frames);
}

#endif
