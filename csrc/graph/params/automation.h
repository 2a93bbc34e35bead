// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_GRAPH_AUTOMATION_H
#define PST_GRAPH_AUTOMATION_H

#include "graph/params/timeline.h"

// A track, read by the renderer. Values are computed in float64 from their frame alone, so they do
// not depend on where quanta begin.

// Finds the segment of a frame, which is not before the last one asked for. place: where that was,
// or 0; it is moved.
const pst_segment *pst_track_find(const pst_track *track, uint32_t *place, int64_t frame) PST_RT;

// Returns the value at a frame, to float32.
float pst_track_value(const pst_track *track, uint32_t *place, int64_t frame) PST_RT;

// Computes the values of n_frames frames. Returns true if they are all the same; then only the
// first one is written.
bool pst_track_fill(const pst_track *track, uint32_t *place, int64_t frame, uint32_t n_frames,
                    float *values) PST_RT;

// Whether the value does not change any more from a frame on.
bool pst_track_is_over(const pst_track *track, uint32_t *place, int64_t frame) PST_RT;

#endif
