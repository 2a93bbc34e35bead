// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_GRAPH_GATHER_H
#define PST_GRAPH_GATHER_H

#include "graph/render/bus.h"
#include "pastream/graph.h"

// An input, or what leads to a param: mixed from its connections.
typedef struct pst_gather {
    pst_bus *bus; // What it gives.
    const pst_bus **sources;
    uint64_t *active; // A bit for each source that is active: the others cost nothing.
    uint32_t n_sources;
    uint32_t n_words;
    float *twice[2]; // One plane as both channels of stereo.
} pst_gather;

// Mixes the active sources by rules. Returns whether there are any; else the bus rests.
bool pst_gather_run(pst_gather *gather, const pst_plane_kernels *kernels,
                    const pst_channel_rules *rules) PST_RT;

#endif
