// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_MIXER_ADD_H
#define PST_MIXER_ADD_H

#include "pastream/base.h"

// How the channels of a voice come into those of the output.
typedef struct pst_route {
    uint32_t n_in;
    uint32_t n_out;
    const float *gains; // [n_out][n_in]; NULL: each to its own, or the one to all.
} pst_route;

// Adds interleaved frames times a gain to output.
// Thread: callback. Realtime: yes.
void pst_add_steady(float *output, const float *input, int64_t n_frames, const pst_route *route,
                    float gain) PST_RT;

// The same with a gain for each frame.
void pst_add_moving(float *output, const float *input, int64_t n_frames, const pst_route *route,
                    const float *gains) PST_RT;

// Multiplies output by a gain, or by one for each frame.
void pst_scale_steady(float *output, int64_t n_samples, float gain) PST_RT;
void pst_scale_moving(float *output, int64_t n_frames, uint32_t n_channels,
                      const float *gains) PST_RT;

#endif
