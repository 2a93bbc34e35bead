// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_GRAPH_CHANGE_H
#define PST_GRAPH_CHANGE_H

#include "graph/control/model.h"

// What travels from the control side to the renderer, and back to be freed. The functions that
// make changes stand in model.h, for most parts of the control side need nothing else of this.

typedef struct pst_change_ops {
    // Lets it act, and puts what it replaces in place of what it brought. Thread: the renderer.
    void (*apply)(pst_change *change, pst_graph *graph) PST_RT;
    // Frees what it holds now, which may be what it brought. Thread: control.
    void (*free)(pst_change *change);
} pst_change_ops;

struct pst_change {
    pst_change *next[2];
    const pst_change_ops *ops;
    pst_gnode *node;    // A reference, or NULL.
    bool is_superseded; // The control side's note: one that is to be sent makes it useless.
};

// Makes room for more channels, and a change that brings it. Returns as the kind's make_room.
pst_status pst_change_room(pst_gnode *node, uint32_t n_channels, pst_error *err);

#endif
