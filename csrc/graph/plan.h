// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_GRAPH_PLAN_H
#define PST_GRAPH_PLAN_H

#include "graph/model.h"
#include "graph/order.h"

// What the renderer goes through in each quantum: made at once, in one piece of memory with all
// the planes, and never changed but in its buses. It keeps its nodes.

// An input, or what leads to a param: mixed from its connections.
typedef struct pst_gather {
    pst_bus *bus; // What it gives.
    const pst_bus **sources;
    uint32_t n_sources;
} pst_gather;

typedef struct pst_step {
    pst_gnode *node;
    pst_role role;
    pst_gather *gathers;  // One per input,
    pst_bus *inputs;      // and what they give.
    pst_bus *outputs;     // Of the writing half: those of the reading one.
    pst_gather **feeds;   // One per param: NULL where nothing leads to it. NULL: to none.
    bool hears_listener;
} pst_step;

struct pst_plan {
    pst_step *steps;
    uint32_t n_steps;
    pst_gather *output; // The destination's input.
    const pst_values *listener;
};

// Makes a plan of the graph as it is. Nodes whose inputs became wider get their room: changes that
// say so are put to those to be sent. Returns PST_OK or PST_NO_MEMORY.
// Thread: control, with the lock.
pst_status pst_plan_create(pst_plan **plan, pst_graph *graph, pst_error *err);

// NULL is allowed. Thread: control.
void pst_plan_destroy(pst_plan *plan);

// Renders a quantum. Thread: the renderer.
void pst_plan_render(pst_plan *plan, pst_graph *graph, int64_t frame) PST_RT;

#endif
