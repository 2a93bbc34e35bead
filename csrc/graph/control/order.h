// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_GRAPH_ORDER_H
#define PST_GRAPH_ORDER_H

#include "graph/control/model.h"

// In which order nodes are rendered. It is depth first: from the destination, then from everything
// else that runs by itself in the order of making, against the direction of the sound, along each
// node's connections in the order of connecting. So sums have the same order whenever the same
// graph was built, and the same bits.

typedef enum pst_role {
    PST_ROLE_WHOLE = 0,
    PST_ROLE_READ = 1,  // A delay in a cycle: its outputs, early,
    PST_ROLE_WRITE = 2, // and its inputs, late.
    PST_ROLE_MUTED = 3  // In a cycle without a delay.
} pst_role;

typedef struct pst_turn {
    pst_gnode *node;
    pst_role role;
} pst_turn;

// Finds the order. turns: gets an array, the caller's, of n_turns. Nodes that nothing needs are
// left out. Returns PST_OK or PST_NO_MEMORY. Thread: control, with the graph's lock.
pst_status pst_order_find(pst_graph *graph, pst_turn **turns, uint32_t *n_turns, pst_error *err);

#endif
