// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "graph/control/change.h"

#include <math.h>

#include "base/alloc.h"
#include "base/error.h"
#include "graph/control/plan.h"

// Returns a zeroed change of n_bytes, or NULL.
static void *make(size_t n_bytes, const pst_change_ops *ops, pst_gnode *node) {
    pst_change *change = pst_alloc(n_bytes);
    if (change == NULL)
        return NULL;
    change->ops = ops;
    change->node = node;
    if (node != NULL)
        pst_gnode_keep(node);
    return change;
}

static void discard(pst_change *change) {
    pst_gnode *node = change->node;
    if (change->ops->free != NULL)
        change->ops->free(change);
    pst_free(change);
    if (node != NULL)
        pst_gnode_drop(node);
}

static pst_status put(pst_graph *graph, pst_change *change) {
    pst_changes_append(&graph->pending, change);
    return PST_OK;
}

// ---- An attribute -------------------------------------------------------------------------------

typedef struct slot_change {
    pst_change base;
    uint32_t attribute;
    pst_slot slot;
} slot_change;

static void apply_slot(pst_change *change, pst_graph *graph) PST_RT {
    slot_change *self = (slot_change *)change;
    pst_unit *unit = &change->node->live;
    const pst_slot old = unit->slots[self->attribute];
    unit->slots[self->attribute] = self->slot;
    self->slot = old;
    if (unit->kind->changed)
        unit->kind->changed(unit, self->attribute, &self->slot);
    if (unit->kind->sounds_alone)
        graph->live_is_roused = true;
}

static void free_slot(pst_change *change) {
    slot_change *self = (slot_change *)change;
    pst_shared_release(self->slot.object);
    pst_shared_release(self->slot.prepared);
}

static const pst_change_ops slot_ops = {apply_slot, free_slot};

pst_status pst_change_slot(pst_gnode *node, uint32_t attribute, pst_slot *slot, pst_error *err) {
    slot_change *self = make(sizeof *self, &slot_ops, node);
    if (self == NULL)
        return pst_fail_memory(err);
    self->attribute = attribute;
    self->slot = *slot;
    pst_shared_retain(slot->object);
    pst_shared_retain(slot->prepared);
    return put(node->graph, &self->base);
}

// ---- Channel rules ------------------------------------------------------------------------------

typedef struct rules_change {
    pst_change base;
    pst_channel_rules rules;
} rules_change;

static void apply_rules(pst_change *change, pst_graph *graph) PST_RT {
    (void)graph;
    change->node->live_rules = ((rules_change *)change)->rules;
}

static const pst_change_ops rules_ops = {apply_rules, NULL};

pst_status pst_change_rules(pst_gnode *node, pst_error *err) {
    rules_change *self = make(sizeof *self, &rules_ops, node);
    if (self == NULL)
        return pst_fail_memory(err);
    self->rules = node->rules;
    return put(node->graph, &self->base);
}

// ---- Params -------------------------------------------------------------------------------------

typedef struct param_change {
    pst_change base;
    uint32_t param;
    pst_track *track;
    pst_param_rate rate;
} param_change;

static void apply_track(pst_change *change, pst_graph *graph) PST_RT {
    (void)graph;
    param_change *self = (param_change *)change;
    pst_live_param *param = &change->node->live_params[self->param];
    pst_track *old = param->track;
    param->track = self->track;
    param->place = 0;
    param->is_final = false;
    self->track = old;
}

static void free_track(pst_change *change) {
    pst_track *track = ((param_change *)change)->track;
    if (track != NULL)
        pst_shared_release(&track->shared);
}

static const pst_change_ops track_ops = {apply_track, free_track};

static void apply_rate(pst_change *change, pst_graph *graph) PST_RT {
    (void)graph;
    param_change *self = (param_change *)change;
    pst_live_param *param = &change->node->live_params[self->param];
    param->rate = self->rate;
    param->is_final = false;
}

static const pst_change_ops rate_ops = {apply_rate, NULL};

pst_status pst_change_rate(pst_param *param, pst_error *err) {
    param_change *self = make(sizeof *self, &rate_ops, param->node);
    if (self == NULL)
        return pst_fail_memory(err);
    self->param = param->index;
    self->rate = param->rate;
    return put(param->node->graph, &self->base);
}

// The list keeps the node.
void pst_change_timeline(pst_param *param) {
    if (param->is_changed)
        return;
    pst_graph *graph = param->node->graph;
    param->is_changed = true;
    param->next_changed = graph->changed_params;
    graph->changed_params = param;
    pst_gnode_keep(param->node);
}

static pst_param *take_changed(pst_graph *graph) {
    pst_param *param = graph->changed_params;
    if (param == NULL)
        return NULL;
    graph->changed_params = param->next_changed;
    param->is_changed = false;
    return param;
}

static pst_status send_timelines(pst_graph *graph, pst_error *err) {
    while (graph->changed_params != NULL) {
        pst_param *param = graph->changed_params;
        param_change *self = make(sizeof *self, &track_ops, param->node);
        if (self != NULL)
            self->track = pst_param_timeline_track(&param->timeline);
        if (self == NULL || self->track == NULL) {
            if (self != NULL)
                discard(&self->base);
            return pst_fail_memory(err);
        }
        self->param = param->index;
        put(graph, &self->base);
        take_changed(graph);
        pst_gnode_drop(param->node);
    }
    return PST_OK;
}

// ---- Sources ------------------------------------------------------------------------------------

typedef struct start_change {
    pst_change base;
    pst_schedule schedule;
} start_change;

// What has passed meanwhile begins now, from its beginning.
static void apply_start(pst_change *change, pst_graph *graph) PST_RT {
    pst_unit *unit = &change->node->live;
    const int64_t frame = atomic_load_explicit(&graph->frame, memory_order_relaxed);
    unit->schedule = ((start_change *)change)->schedule;
    graph->live_is_roused = true;
    if (unit->schedule.first >= frame)
        return;
    unit->schedule.first = frame;
    unit->schedule.start_s = (double)frame / unit->rate_hz;
}

static const pst_change_ops start_ops = {apply_start, NULL};

pst_status pst_change_start(pst_gnode *node, const pst_schedule *schedule, pst_error *err) {
    start_change *self = make(sizeof *self, &start_ops, node);
    if (self == NULL)
        return pst_fail_memory(err);
    self->schedule = *schedule;
    return put(node->graph, &self->base);
}

static void apply_stop(pst_change *change, pst_graph *graph) PST_RT {
    const int64_t frame = atomic_load_explicit(&graph->frame, memory_order_relaxed);
    pst_schedule *schedule = &change->node->live.schedule;
    if (atomic_load_explicit(&change->node->has_ended, memory_order_relaxed))
        return;
    graph->live_is_roused = true;
    schedule->stop_s = ((start_change *)change)->schedule.stop_s;
    schedule->end = pst_first_frame(schedule->stop_s, change->node->live.rate_hz);
    if (schedule->end < frame)
        schedule->end = frame;
}

static const pst_change_ops stop_ops = {apply_stop, NULL};

pst_status pst_change_stop(pst_gnode *node, double stop_s, pst_error *err) {
    start_change *self = make(sizeof *self, &stop_ops, node);
    if (self == NULL)
        return pst_fail_memory(err);
    self->schedule.stop_s = stop_s;
    return put(node->graph, &self->base);
}

// ---- Rooms --------------------------------------------------------------------------------------

typedef struct room_change {
    pst_change base;
    uint32_t n_channels;
    pst_shared *room;
} room_change;

static void apply_room(pst_change *change, pst_graph *graph) PST_RT {
    (void)graph;
    room_change *self = (room_change *)change;
    pst_unit *unit = &change->node->live;
    pst_shared *old = unit->room;
    if (unit->kind->move)
        unit->kind->move(unit, self->room, old);
    unit->room = self->room;
    unit->room_channels = self->n_channels;
    self->room = old;
}

static void free_room(pst_change *change) {
    pst_shared_release(((room_change *)change)->room);
}

static const pst_change_ops room_ops = {apply_room, free_room};

pst_status pst_change_room(pst_gnode *node, uint32_t n_channels, pst_error *err) {
    room_change *self = make(sizeof *self, &room_ops, node);
    if (self == NULL)
        return pst_fail_memory(err);
    self->n_channels = n_channels;
    const pst_status status =
        node->kind->make_room(node->slots, &node->graph->site, n_channels, &self->room, err);
    if (status != PST_OK) {
        discard(&self->base);
        return status;
    }
    node->room_channels = n_channels;
    return put(node->graph, &self->base);
}

// ---- A plan -------------------------------------------------------------------------------------

typedef struct plan_change {
    pst_change base;
    pst_plan *plan;
} plan_change;

static void apply_plan(pst_change *change, pst_graph *graph) PST_RT {
    plan_change *self = (plan_change *)change;
    pst_plan *old = graph->live_plan;
    graph->live_plan = self->plan;
    self->plan = old;
}

static void free_plan(pst_change *change) {
    pst_plan_destroy(((plan_change *)change)->plan);
}

static const pst_change_ops plan_ops = {apply_plan, free_plan};

static pst_status send_plan(pst_graph *graph, pst_error *err) {
    if (!graph->plan_is_old)
        return PST_OK;
    plan_change *self = make(sizeof *self, &plan_ops, NULL);
    if (self == NULL)
        return pst_fail_memory(err);
    const pst_status status = pst_plan_create(&self->plan, graph, err);
    if (status != PST_OK) {
        discard(&self->base);
        return status;
    }
    graph->plan_is_old = false;
    return put(graph, &self->base);
}

// ---- The way there and back ---------------------------------------------------------------------

static bool is_superseded(const pst_change *change, const pst_graph *graph) {
    if (change->ops == &plan_ops)
        return graph->plan_is_old;
    return change->ops == &track_ops &&
           change->node->params[((const param_change *)change)->param].is_changed;
}

// Where nobody renders, plans and tracks would pile up, each of them as large as the graph. So what
// was not taken yet is sent again without those that are not the last ones.
static void note_superseded(pst_graph *graph) {
    if (graph->unread == NULL)
        return;
    for (pst_change *change = graph->unread->first; change != NULL;
         change = change->next[graph->unread->link])
        change->is_superseded = is_superseded(change, graph);
}

// What has come to its end meanwhile is in nobody's way any more.
static void look_for_ends(pst_graph *graph) {
    const uint32_t n_ended = atomic_load_explicit(&graph->n_ended, memory_order_acquire);
    const uint32_t n_rested = atomic_load_explicit(&graph->n_rested, memory_order_acquire);
    graph->plan_is_old |= n_ended != graph->n_ended_seen;
    graph->may_be_garbage |= n_ended != graph->n_ended_seen || n_rested != graph->n_rested_seen;
    graph->n_ended_seen = n_ended;
    graph->n_rested_seen = n_rested;
}

// Frees a parcel with its changes, or with those that are superseded.
static void discard_parcel(pst_parcel *parcel, bool is_replaced) {
    const uint32_t link = parcel->link;
    pst_change *change = parcel->first;
    pst_free(parcel);
    while (change != NULL) {
        pst_change *next = change->next[link];
        if (!is_replaced || change->is_superseded)
            discard(change);
        change = next;
    }
}

// Posts what is pending: a renderer takes all of it in one quantum, or none. Where a device plays,
// it goes behind what is there; otherwise in the place of that, with what is kept of it.
static pst_status post(pst_graph *graph, pst_error *err) {
    pst_parcel *old = graph->unread;
    if (graph->pending.first == NULL)
        return PST_OK;
    pst_parcel *parcel = pst_alloc(sizeof *parcel);
    if (parcel == NULL)
        return pst_fail_memory(err);
    if (old != NULL)
        pst_parcel_repack(parcel, old, &graph->pending);
    if (old != NULL && pst_letterbox_replace(&graph->inbox, &old->letter, &parcel->letter)) {
        discard_parcel(old, true);
    } else {
        pst_parcel_pack(parcel, &graph->pending);
        if (!pst_letterbox_replace(&graph->inbox, NULL, &parcel->letter)) {
            pst_letters letters = {&parcel->letter, &parcel->letter};
            pst_letterbox_post(&graph->inbox, &letters);
            parcel = NULL;
        }
    }
    graph->unread = atomic_load_explicit(&graph->is_played, memory_order_relaxed) ? NULL : parcel;
    graph->pending = (pst_changes){NULL, NULL};
    return PST_OK;
}

pst_status pst_change_send(pst_graph *graph, pst_error *err) {
    pst_change_collect(graph);
    look_for_ends(graph);
    if (graph->may_be_garbage)
        pst_model_sweep(graph);
    note_superseded(graph);
    pst_status status = send_timelines(graph, err);
    if (status == PST_OK)
        status = send_plan(graph, err);
    if (status == PST_OK)
        status = post(graph, err);
    return status;
}

pst_status pst_change_done(pst_graph *graph, pst_error *err) {
    if (graph->depth > 0 || !graph->config.sends_at_once)
        return PST_OK;
    return pst_change_send(graph, err);
}

static void discard_all(pst_graph *graph, pst_letters letters) {
    for (pst_letter *letter = pst_letters_take(&letters); letter != NULL;
         letter = pst_letters_take(&letters)) {
        pst_parcel *parcel = (pst_parcel *)letter;
        if (parcel == graph->unread)
            graph->unread = NULL;
        discard_parcel(parcel, false);
    }
}

void pst_change_collect(pst_graph *graph) {
    discard_all(graph, pst_letterbox_take(&graph->outbox));
}

void pst_change_discard(pst_graph *graph) {
    pst_change_collect(graph);
    discard_all(graph, pst_letterbox_take(&graph->inbox));
    pst_change *change = graph->pending.first;
    graph->pending = (pst_changes){NULL, NULL};
    while (change != NULL) {
        pst_change *next = change->next[0];
        discard(change);
        change = next;
    }
    for (pst_param *param = take_changed(graph); param != NULL; param = take_changed(graph))
        pst_gnode_drop(param->node);
}

void pst_change_take(pst_graph *graph) PST_RT {
    pst_letters parcels = pst_letterbox_take(&graph->inbox);
    if (parcels.first == NULL)
        return;
    for (pst_letter *letter = parcels.first; letter != NULL; letter = letter->next) {
        const pst_parcel *parcel = (const pst_parcel *)letter;
        for (pst_change *change = parcel->first; change != NULL;
             change = change->next[parcel->link])
            change->ops->apply(change, graph);
    }
    pst_letterbox_post(&graph->outbox, &parcels);
}
