// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_GRAPH_PLAN_H
#define PST_GRAPH_PLAN_H

#include "graph/render/gather.h"
#include "graph/control/model.h"
#include "graph/control/order.h"

// What the renderer goes through in each quantum: made at once, in one piece of memory with all
// the planes, and never changed but in its buses. It keeps its nodes.

// Where an output leads.
typedef struct pst_consumer {
    pst_gather *gather;
    uint32_t source; // Which one of it.
    uint32_t step;   // Whose input it is; PST_NO_STEP: it is a param's.
} pst_consumer;

#define PST_NO_STEP UINT32_MAX

typedef struct pst_step {
    pst_gnode *node;
    pst_role role;
    bool is_told; // Whether consumers know it as active.
    uint32_t n_consumers;
    pst_gather *gathers; // One per input,
    pst_bus *inputs;     // and what they give.
    pst_bus *outputs;    // Of the writing half: those of the reading one.
    pst_gather **feeds;  // One per param: NULL where nothing leads to it. NULL: to none.
    pst_consumer *consumers;
} pst_step;

// The renderer passes over steps that have nothing to do without looking at them: wake says from
// which frame on a step is to be looked at again.
struct pst_plan {
    pst_step *steps;
    int64_t *wake;      // Of each step.
    uint32_t *n_active; // Sources of its inputs.
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

// Lets all steps be looked at again: schedules have changed. Thread: the renderer.
void pst_plan_rouse(pst_plan *plan) PST_RT;

// Renders a quantum. Thread: the renderer.
void pst_plan_render(pst_plan *plan, pst_graph *graph, int64_t frame) PST_RT;

#endif
