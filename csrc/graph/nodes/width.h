// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_GRAPH_NODES_WIDTH_H
#define PST_GRAPH_NODES_WIDTH_H

#include "graph/render/bus.h"

// How many channels the sound has that a node remembers: those of its input, and more as long as
// there is something in them. What of the input comes in fewer is mixed to as many on its way in.
typedef struct pst_width {
    uint32_t n_channels; // 1 and more.
    uint32_t n_narrow;   // Fewer, which the input has had lately,
    uint64_t narrow;     // for so many frames.
} pst_width;

// What a node remembers: a line of n_samples for each channel that there will ever be.
typedef struct pst_width_lines {
    float *const *lines;
    uint32_t n_lines;
    size_t n_samples;
    uint64_t n_kept; // Frames for which sound stays in them.
    bool is_empty;   // There is only silence.
} pst_width_lines;

// Takes note of n_frames of an input of n_channels, before they are written. Where there are more
// channels than before, the lines become what they were in as many, by the rules for speakers.
void pst_width_fit(pst_width *width, const pst_width_lines *lines, uint32_t n_channels,
                   uint32_t n_frames) PST_RT;

#endif
