// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "graph/control/plan.h"

#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "graph/control/change.h"

// A plan is laid out twice: once to know its size, and once for good.
typedef struct pool {
    char *memory; // NULL: only counts.
    size_t used;
} pool;

static void *take(pool *arena, size_t n_bytes) {
    const size_t line = PST_CACHE_LINE_BYTES;
    const size_t at = arena->used;
    arena->used += (n_bytes + line - 1) / line * line;
    return arena->memory == NULL ? NULL : arena->memory + at;
}

typedef struct builder {
    pst_graph *graph;
    pst_turn *turns;
    uint32_t n_turns;
    // Of each node, by its index: where the bounds of its outputs begin, and its step, or none.
    uint32_t *first_output;
    uint32_t *step_of;
    uint32_t *bounds; // The most channels that an output can have.
    pst_plan *plan;
    pool arena;
} builder;

// ---- Bounds -------------------------------------------------------------------------------------

static uint32_t mixed_bound(const pst_gnode *node, uint32_t widest) {
    switch (node->rules.mode) {
    case PST_COUNT_EXPLICIT:
        return node->rules.count;
    case PST_COUNT_CLAMPED_MAX:
        return widest < node->rules.count ? widest : node->rules.count;
    case PST_COUNT_MAX:
        break;
    }
    return widest;
}

static bool is_planned(const builder *b, const pst_edge *edge) {
    return b->step_of[edge->from->index] != PST_NO_STEP;
}

static uint32_t input_bound(const builder *b, const pst_gnode *node, uint32_t input) {
    uint32_t widest = 1;
    for (const pst_edge *edge = node->ins.first; edge != NULL; edge = edge->next_in) {
        if (edge->is_param || edge->input != input || !is_planned(b, edge))
            continue;
        const uint32_t bound = b->bounds[b->first_output[edge->from->index] + edge->output];
        widest = bound > widest ? bound : widest;
    }
    const uint32_t mixed = mixed_bound(node, widest);
    // A tail keeps the channels of what led there, which may be gone.
    return node->kind->has_tail && node->widest > mixed ? node->widest : mixed;
}

static bool raise_bounds(builder *b, const pst_gnode *node) {
    uint32_t inputs[PST_GRAPH_MAX_CHANNELS] = {1};
    uint32_t widest = 1;
    for (uint32_t i = 0; i < node->live.n_inputs; ++i) {
        inputs[i] = input_bound(b, node, i);
        widest = inputs[i] > widest ? inputs[i] : widest;
    }
    bool has_changed = false;
    for (uint32_t o = 0; o < node->live.n_outputs; ++o) {
        const uint32_t fixed = node->kind->info.output_channels;
        uint32_t bound = fixed > 0 ? fixed : widest;
        if (node->kind->max_channels != NULL)
            bound = node->kind->max_channels(node->slots, o, inputs, node->live.n_inputs);
        if (bound > PST_GRAPH_MAX_CHANNELS)
            bound = PST_GRAPH_MAX_CHANNELS;
        uint32_t *kept = &b->bounds[b->first_output[node->index] + o];
        has_changed |= bound > *kept;
        *kept = bound > *kept ? bound : *kept;
    }
    return has_changed;
}

// Bounds only grow, up to 32: so this ends.
static void find_bounds(builder *b) {
    bool has_changed = true;
    while (has_changed) {
        has_changed = false;
        for (uint32_t i = 0; i < b->n_turns; ++i)
            has_changed |= raise_bounds(b, b->turns[i].node);
    }
}

static void keep_widest(const builder *b, pst_gnode *node) {
    for (uint32_t k = 0; k < node->live.n_inputs; ++k) {
        const uint32_t bound = input_bound(b, node, k);
        node->widest = bound > node->widest ? bound : node->widest;
    }
}

// Delays and the like have memory for each channel, which the renderer cannot get.
static pst_status widen_rooms(builder *b, pst_error *err) {
    for (uint32_t i = 0; i < b->n_turns; ++i) {
        pst_gnode *node = b->turns[i].node;
        keep_widest(b, node);
        if (node->kind->make_room == NULL || node->ins.first == NULL ||
            node->widest <= node->room_channels)
            continue;
        const pst_status status = pst_change_room(node, node->widest, err);
        if (status != PST_OK)
            return status;
    }
    return PST_OK;
}

// ---- Layout -------------------------------------------------------------------------------------

static size_t plane_frames(const pst_graph *graph) {
    const size_t per_line = PST_CACHE_LINE_BYTES / sizeof(float);
    return (graph->config.quantum_frames + per_line - 1) / per_line * per_line;
}

static void lay_bus(builder *b, pst_bus *bus, uint32_t capacity) {
    float **own = take(&b->arena, capacity * sizeof(float *));
    const size_t n = plane_frames(b->graph);
    float *planes = take(&b->arena, capacity * n * sizeof(float));
    if (own == NULL)
        return;
    for (uint32_t c = 0; c < capacity; ++c)
        own[c] = planes + c * n;
    *bus = (pst_bus){.own = own,
                     .capacity = capacity,
                     .zeros = b->graph->zero_planes,
                     .n_frames = b->graph->config.quantum_frames};
    pst_bus_rest(bus);
}

static void tell_producer(builder *b, const pst_edge *edge, pst_gather *gather, uint32_t step) {
    pst_step *producer = &b->plan->steps[b->step_of[edge->from->index]];
    gather->sources[gather->n_sources] = &producer->outputs[edge->output];
    producer->consumers[producer->n_consumers++] =
        (pst_consumer){gather, gather->n_sources++, step};
}

// step: whose input it is.
static void lay_gather(builder *b, pst_gather *gather, pst_bus *bus, const pst_gnode *node,
                       uint32_t input, uint32_t step) {
    const bool is_param = step == PST_NO_STEP;
    uint32_t n = 0;
    for (const pst_edge *edge = node->ins.first; edge != NULL; edge = edge->next_in)
        n += edge->is_param == is_param && edge->input == input && is_planned(b, edge);
    lay_bus(b, bus, is_param ? 1 : input_bound(b, node, input));
    const pst_bus **sources = take(&b->arena, n * sizeof *sources);
    uint64_t *active = take(&b->arena, (n + 63) / 64 * sizeof *active);
    if (gather == NULL)
        return;
    bus->is_connected = n > 0;
    *gather =
        (pst_gather){.bus = bus, .sources = sources, .active = active, .n_words = (n + 63) / 64};
    for (const pst_edge *edge = node->ins.first; edge != NULL; edge = edge->next_in)
        if (edge->is_param == is_param && edge->input == input && is_planned(b, edge))
            tell_producer(b, edge, gather, step);
}

static bool has_feed(const builder *b, const pst_gnode *node, uint32_t param) {
    for (const pst_edge *edge = node->ins.first; edge != NULL; edge = edge->next_in)
        if (edge->is_param && edge->input == param && is_planned(b, edge))
            return true;
    return false;
}

static void lay_feeds(builder *b, pst_step *step, const pst_gnode *node) {
    const uint32_t n_params = node->kind->info.n_params;
    bool has_any = false;
    for (uint32_t p = 0; p < n_params; ++p)
        has_any |= has_feed(b, node, p);
    if (!has_any)
        return;
    pst_gather **feeds = take(&b->arena, n_params * sizeof *feeds);
    for (uint32_t p = 0; p < n_params; ++p) {
        if (!has_feed(b, node, p))
            continue;
        pst_gather *gather = take(&b->arena, sizeof *gather);
        pst_bus *bus = take(&b->arena, sizeof *bus);
        if (feeds != NULL)
            feeds[p] = gather;
        lay_gather(b, gather, bus, node, p, PST_NO_STEP);
    }
    if (step != NULL)
        step->feeds = feeds;
}

// Outputs first: inputs point to them.
static void lay_outputs(builder *b, uint32_t i) {
    const pst_gnode *node = b->turns[i].node;
    const uint32_t n = node->live.n_outputs;
    pst_step *step = b->plan == NULL ? NULL : &b->plan->steps[i];
    if (step != NULL) {
        step->node = b->turns[i].node;
        step->role = b->turns[i].role;
    }
    if (b->turns[i].role == PST_ROLE_WRITE)
        return;
    uint32_t n_consumers = 0;
    for (const pst_edge *edge = node->outs.first; edge != NULL; edge = edge->next_out)
        n_consumers += b->step_of[edge->to->index] != PST_NO_STEP;
    pst_consumer *consumers = take(&b->arena, n_consumers * sizeof *consumers);
    if (step != NULL)
        step->consumers = consumers;
    pst_bus *outputs = take(&b->arena, n * sizeof *outputs);
    for (uint32_t o = 0; o < n; ++o)
        lay_bus(b, outputs == NULL ? NULL : &outputs[o],
                b->bounds[b->first_output[node->index] + o]);
    if (step != NULL)
        step->outputs = outputs;
}

static void lay_inputs(builder *b, uint32_t i) {
    const pst_gnode *node = b->turns[i].node;
    const uint32_t n = node->live.n_inputs;
    const pst_role role = b->turns[i].role;
    pst_step *step = b->plan == NULL ? NULL : &b->plan->steps[i];
    if (role != PST_ROLE_WRITE)
        lay_feeds(b, step, node);
    if (role == PST_ROLE_WRITE && step != NULL)
        step->outputs = b->plan->steps[b->step_of[node->index]].outputs;
    if (role == PST_ROLE_READ || role == PST_ROLE_MUTED)
        return;
    pst_gather *gathers = take(&b->arena, n * sizeof *gathers);
    pst_bus *inputs = take(&b->arena, n * sizeof *inputs);
    for (uint32_t k = 0; k < n; ++k)
        lay_gather(b, gathers == NULL ? NULL : &gathers[k], inputs == NULL ? NULL : &inputs[k],
                   node, k, i);
    if (step == NULL)
        return;
    step->gathers = gathers;
    step->inputs = inputs;
}

static void lay_out(builder *b) {
    b->arena.used = 0;
    pst_plan *plan = take(&b->arena, sizeof *plan);
    pst_step *steps = take(&b->arena, b->n_turns * sizeof *steps);
    int64_t *wake = take(&b->arena, b->n_turns * sizeof *wake);
    uint32_t *n_active = take(&b->arena, b->n_turns * sizeof *n_active);
    b->plan = plan;
    if (plan != NULL) {
        plan->steps = steps;
        plan->wake = wake;
        plan->n_active = n_active;
        plan->n_steps = b->n_turns;
    }
    for (uint32_t i = 0; i < b->n_turns; ++i)
        lay_outputs(b, i);
    for (uint32_t i = 0; i < b->n_turns; ++i)
        lay_inputs(b, i);
}

// ---- A plan -------------------------------------------------------------------------------------

static pst_status builder_init(builder *b, pst_graph *graph, pst_error *err) {
    *b = (builder){.graph = graph};
    const pst_status status = pst_order_find(graph, &b->turns, &b->n_turns, err);
    if (status != PST_OK)
        return status;
    uint32_t n_outputs = 0;
    b->first_output = pst_alloc_array(graph->n_nodes, sizeof(uint32_t));
    b->step_of = pst_alloc_array(graph->n_nodes, sizeof(uint32_t));
    if (b->first_output == NULL || b->step_of == NULL)
        return pst_fail_memory(err);
    for (uint32_t k = 0; k < graph->n_nodes; ++k)
        b->step_of[k] = PST_NO_STEP;
    for (uint32_t i = 0; i < b->n_turns; ++i) {
        const pst_gnode *node = b->turns[i].node;
        if (b->turns[i].role == PST_ROLE_WRITE)
            continue;
        b->step_of[node->index] = i;
        b->first_output[node->index] = n_outputs;
        n_outputs += node->live.n_outputs;
    }
    b->bounds = pst_alloc_array(n_outputs, sizeof(uint32_t));
    if (b->bounds == NULL)
        return pst_fail_memory(err);
    for (uint32_t i = 0; i < n_outputs; ++i)
        b->bounds[i] = 1;
    return PST_OK;
}

static void builder_deinit(builder *b) {
    pst_free(b->turns);
    pst_free(b->first_output);
    pst_free(b->step_of);
    pst_free(b->bounds);
}

static void finish(builder *b) {
    pst_plan *plan = b->plan;
    pst_plan_rouse(plan);
    for (pst_gnode *node = b->graph->first; node != NULL; node = node->next) {
        const bool is_planned = b->step_of[node->index] != PST_NO_STEP;
        // What sounded, and is not heard any more, can be forgotten next time.
        b->graph->may_be_garbage |= node->is_planned && !is_planned;
        node->is_planned = is_planned;
    }
    for (uint32_t i = 0; i < plan->n_steps; ++i) {
        const pst_step *step = &plan->steps[i];
        pst_gnode_keep(step->node);
        if (step->node == b->graph->destination)
            plan->output = step->gathers;
        if (step->node == b->graph->listener)
            plan->listener = step->node->live_values;
    }
}

pst_status pst_plan_create(pst_plan **plan, pst_graph *graph, pst_error *err) {
    builder b;
    pst_status status = builder_init(&b, graph, err);
    if (status == PST_OK) {
        find_bounds(&b);
        status = widen_rooms(&b, err);
    }
    if (status == PST_OK) {
        lay_out(&b);
        b.arena.memory = pst_alloc(b.arena.used);
        if (b.arena.memory == NULL)
            status = pst_fail_memory(err);
    }
    if (status == PST_OK) {
        lay_out(&b);
        finish(&b);
        *plan = b.plan;
    }
    builder_deinit(&b);
    return status;
}

void pst_plan_destroy(pst_plan *plan) {
    if (plan == NULL)
        return;
    for (uint32_t i = 0; i < plan->n_steps; ++i)
        pst_gnode_drop(plan->steps[i].node);
    pst_free(plan);
}
