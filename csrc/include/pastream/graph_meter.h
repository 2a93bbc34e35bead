// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PASTREAM_GRAPH_METER_H
#define PASTREAM_GRAPH_METER_H

#include "pastream/graph.h"

#if !defined(PST_CFFI) && defined(__cplusplus)
extern "C" {
#endif

// How loud the sound is that a node of kind "meter" passes on: 1 is full scale. What is not finite
// counts as 0. The window is a whole number of quanta, and before the graph's first frame there was
// silence.
typedef struct pst_graph_meter_reading {
    int64_t n_frames;       // Of the graph, up to the window's end.
    int64_t window_frames;  // How many of the last ones make the window.
    uint32_t n_channels;    // Of the arrays.
    float peak[32];         // The largest absolute value in the window.
    double rms[32];         // The root of the mean square in it.
    float max_peak[32];     // The largest absolute value since the start, or since the last reset.
    uint64_t n_clipped[32]; // How many values since then were at full scale or beyond it.
} pst_graph_meter_reading;

// Returns PST_OK, PST_BAD_ARGUMENT (no meter) or PST_NO_MEMORY.
// Thread: any but callback, any number at once. Realtime: no (allocates).
PST_API pst_status pst_gnode_read_meter(const pst_gnode *node, pst_graph_meter_reading *reading,
                                        pst_error *err);

// Begins max_peak and n_clipped anew, with the next quantum.
// Returns PST_OK or PST_BAD_ARGUMENT (no meter). Thread: any. Realtime: no (writes a text).
PST_API pst_status pst_gnode_reset_meter(pst_gnode *node, pst_error *err);

#if !defined(PST_CFFI) && defined(__cplusplus)
}
#endif
#endif
