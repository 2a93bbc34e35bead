// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PASTREAM_GRAPH_FILTERS_H
#define PASTREAM_GRAPH_FILTERS_H

#include "pastream/graph.h"

#if !defined(PST_CFFI) && defined(__cplusplus)
extern "C" {
#endif

// Tells what a biquad_filter or an iir_filter does to sines of n frequencies: how much louder they
// become, and how far they are shifted, in radians from -pi to pi. A biquad is taken as its params
// are at present (pst_param_value). A frequency that is no number, or not from 0 to half of the
// graph's rate, gets NaN for both.
// Returns PST_OK, or PST_UNSUPPORTED if the node is of another kind.
// Thread: control, any number at once. Realtime: no (locks). Ownership: nothing is kept.
PST_API pst_status pst_gnode_frequency_response(pst_gnode *node, const float *frequencies_hz,
                                                float *magnitudes, float *phases, size_t n,
                                                pst_error *err);

#if !defined(PST_CFFI) && defined(__cplusplus)
}
#endif
#endif
