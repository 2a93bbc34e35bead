// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PASTREAM_GRAPH_EFFECT_H
#define PASTREAM_GRAPH_EFFECT_H

#include "pastream/chain.h"
#include "pastream/effects.h"
#include "pastream/graph.h"

#if !defined(PST_CFFI) && defined(__cplusplus)
extern "C" {
#endif

// Graphs as effects of chains: what comes is what the graph hears, through its nodes of kind
// "device_input", and what it plays goes on, a frame for a frame. The time of the graph is that of
// the frames: it stands still where a gap is, and goes on behind it. What still sounds behind the
// last frame is not given.

// Makes an effect of float32 in the graph's channels; the graph is retained, and sent. It must hear
// as many channels as it has, and nobody else may render it.
// Returns PST_OK, PST_BAD_ARGUMENT (channels), PST_NO_MEMORY.
// Thread: control. Realtime: no. Ownership: the caller's, until pst_effect_destroy.
PST_API PST_NODISCARD pst_status pst_effect_graph(pst_effect **effect, pst_graph *graph,
                                                  pst_error *err);

// Makes a node of it: what comes must have the graph's channels and rate; other formats are
// computed in float32. name: as in pastream/node.h.
// Returns PST_OK, PST_BAD_ARGUMENT, PST_NO_MEMORY. Thread: control. Realtime: no.
PST_API PST_NODISCARD pst_status pst_node_graph(pst_stage **stage, const char *name,
                                                pst_graph *graph, pst_error *err);

#if !defined(PST_CFFI) && defined(__cplusplus)
}
#endif
#endif
