// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_CHAIN_GRAPH_EFFECT_H
#define PST_CHAIN_GRAPH_EFFECT_H

#include "chain/stage.h"
#include "pastream/graph_effect.h"

// Makes a stage of a graph, for frames like media.
// Returns PST_OK, PST_BAD_ARGUMENT (channels or rate are not the graph's), PST_NO_MEMORY.
// Thread: control. Realtime: no.
PST_NODISCARD pst_status pst_stage_graph(pst_stage **stage, const pst_media *media,
                                         pst_graph *graph, pst_error *err);

#endif
