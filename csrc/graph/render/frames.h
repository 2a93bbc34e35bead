// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_GRAPH_FRAMES_H
#define PST_GRAPH_FRAMES_H

#include <stddef.h>

#include "pastream/base.h"

// Between planes, as graphs have them, and interleaved frames, as everybody else has.

// Writes n frames from planes, beginning with frame `from` of them.
void pst_frames_join(float *frames, float *const *planes, size_t from, uint32_t n_channels,
                     size_t n) PST_RT;

// Writes n frames to planes, beginning at frame `to` of them.
void pst_frames_split(float *const *planes, size_t to, const float *frames, uint32_t n_channels,
                      size_t n) PST_RT;

#endif
