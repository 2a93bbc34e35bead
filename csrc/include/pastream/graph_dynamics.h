// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PASTREAM_GRAPH_DYNAMICS_H
#define PASTREAM_GRAPH_DYNAMICS_H

#include "pastream/graph.h"

#if !defined(PST_CFFI) && defined(__cplusplus)
extern "C" {
#endif

// Nodes of kind "dynamics_compressor" turn down what is loud, in both channels alike, and all of it
// up by a fixed gain. What comes out is 6 ms old, rounded down to frames, so that the gain is down
// when the loud sound comes.

// Reads by how many decibels the node turns down: 0 or less. It follows the gain downwards, and
// rises slowly. It is that of the last frames that the node has heard, and is not looked at while
// nothing sounds.
// Returns PST_OK, or PST_BAD_ARGUMENT (no dynamics_compressor).
// Thread: any, any number at once. Realtime: no (formats text).
PST_API pst_status pst_compressor_read_reduction(const pst_gnode *node, float *reduction_db,
                                                 pst_error *err);

#if !defined(PST_CFFI) && defined(__cplusplus)
}
#endif
#endif
