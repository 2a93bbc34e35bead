// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include <math.h>

#include "base/alloc.h"
#include "base/error.h"
#include "graph/control/attributes.h"
#include "graph/control/model.h"

// Making nodes, and their attributes.

void pst_gnode_keep(pst_gnode *node) {
    atomic_fetch_add_explicit(&node->n_refs, 1, memory_order_relaxed);
}

static void free_node(pst_gnode *node) {
    const pst_kind *kind = node->kind;
    for (uint32_t p = 0; node->params != NULL && p < kind->info.n_params; ++p)
        pst_param_timeline_deinit(&node->params[p].timeline);
    for (uint32_t p = 0; node->live_params != NULL && p < kind->info.n_params; ++p) {
        if (node->live_params[p].track != NULL)
            pst_shared_release(&node->live_params[p].track->shared);
        pst_free(node->live_params[p].plane);
    }
    if (kind->deinit != NULL && node->live.state != NULL)
        kind->deinit(&node->live);
    pst_slots_free(kind, node->slots);
    pst_slots_free(kind, node->live.slots);
    pst_shared_release(node->live.room);
    pst_free(node->live.state);
    pst_free(node->params);
    pst_free(node->live_params);
    pst_free(node->live_values);
    pst_free(node->live_widths);
    pst_free(node);
    if (kind->destroy != NULL)
        kind->destroy(kind);
}

void pst_gnode_drop(pst_gnode *node) {
    if (atomic_fetch_sub_explicit(&node->n_refs, 1, memory_order_acq_rel) == 1)
        free_node(node);
}

// ---- A node -------------------------------------------------------------------------------------

static double lower_limit(const pst_param_info *info, double rate_hz) {
    if (!info->is_within_nyquist)
        return (double)info->min;
    return info->is_not_negative ? 0.0 : -rate_hz / 2;
}

static pst_status init_param(pst_gnode *node, uint32_t p, pst_error *err) {
    const pst_param_info *info = &node->kind->info.params[p];
    const double rate_hz = node->live.rate_hz;
    pst_param *param = &node->params[p];
    *param = (pst_param){.node = node,
                         .index = p,
                         .info = info,
                         .min = lower_limit(info, rate_hz),
                         .max = info->is_within_nyquist ? rate_hz / 2 : (double)info->max,
                         .rate = info->rate,
                         .set_frame = -1};
    if (node->kind->limits != NULL)
        node->kind->limits(node->slots, p, &param->min, &param->max);
    pst_param_timeline_init(&param->timeline, info->initial, rate_hz);
    pst_live_param *live = &node->live_params[p];
    live->rate = info->rate;
    live->min = (float)param->min;
    live->max = (float)param->max;
    live->initial = info->initial;
    live->plane = pst_alloc_array(node->live.quantum_frames, sizeof(float));
    return live->plane == NULL ? pst_fail_memory(err) : PST_OK;
}

static void copy_slots(pst_gnode *node) {
    const pst_kind_info *info = &node->kind->info;
    for (uint32_t i = 0; i < info->n_attributes; ++i) {
        node->live.slots[i] = node->slots[i];
        pst_shared_retain(node->slots[i].object);
        pst_shared_retain(node->slots[i].prepared);
    }
}

static pst_status init_live(pst_gnode *node, pst_error *err) {
    pst_unit *unit = &node->live;
    const pst_kind *kind = node->kind;
    copy_slots(node);
    pst_ports ports = {kind->info.n_inputs, kind->info.n_outputs, kind->info.channel_count};
    if (kind->ports != NULL)
        kind->ports(node->slots, &ports);
    unit->n_inputs = ports.n_inputs;
    unit->n_outputs = ports.n_outputs;
    node->rules.count = ports.channel_count;
    unit->schedule = (pst_schedule){
        .stop_s = INFINITY, .duration_s = -1.0, .first = INT64_MAX, .end = INT64_MAX};
    node->live_widths = pst_alloc_array(unit->n_inputs, sizeof(uint32_t));
    if (node->live_widths == NULL)
        return pst_fail_memory(err);
    for (uint32_t i = 0; i < unit->n_inputs; ++i)
        node->live_widths[i] = 1;
    for (uint32_t p = 0; p < kind->info.n_params; ++p) {
        const pst_status status = init_param(node, p, err);
        if (status != PST_OK)
            return status;
    }
    unit->state = pst_alloc(kind->state_bytes);
    if (unit->state == NULL)
        return pst_fail_memory(err);
    return kind->init == NULL ? PST_OK : kind->init(unit, err);
}

static pst_status allocate(pst_gnode *node, pst_error *err) {
    const pst_kind_info *info = &node->kind->info;
    node->slots = pst_alloc_array(info->n_attributes, sizeof(pst_slot));
    node->live.slots = pst_alloc_array(info->n_attributes, sizeof(pst_slot));
    node->params = pst_alloc_array(info->n_params, sizeof(pst_param));
    node->live_params = pst_alloc_array(info->n_params, sizeof(pst_live_param));
    node->live_values = pst_alloc_array(info->n_params, sizeof(pst_values));
    if (node->slots == NULL || node->live.slots == NULL || node->params == NULL ||
        node->live_params == NULL || node->live_values == NULL)
        return pst_fail_memory(err);
    return PST_OK;
}

pst_status pst_gnode_create(pst_gnode **node, pst_graph *graph, const pst_kind *kind,
                            const pst_setting *settings, uint32_t n_settings, pst_error *err) {
    pst_gnode *made = pst_alloc(sizeof *made);
    if (made == NULL) {
        if (kind->destroy != NULL)
            kind->destroy(kind);
        return pst_fail_memory(err);
    }
    atomic_init(&made->n_refs, 1);
    made->graph = graph;
    made->kind = kind;
    made->stop_s = INFINITY;
    made->duration_s = -1.0;
    made->rules =
        (pst_channel_rules){kind->info.channel_count, kind->info.count_mode, kind->info.mixing};
    made->live = (pst_unit){.kind = kind,
                            .rate_hz = graph->config.rate_hz,
                            .quantum_frames = graph->config.quantum_frames};
    pst_status status = allocate(made, err);
    if (status == PST_OK)
        status = pst_slots_init(made->slots, kind, settings, n_settings, &graph->site, err);
    if (status == PST_OK)
        status = init_live(made, err);
    if (status != PST_OK) {
        pst_gnode_drop(made);
        return status;
    }
    made->live_rules = made->rules;
    *node = made;
    return PST_OK;
}

// ---- Later --------------------------------------------------------------------------------------

static pst_status set_attribute(pst_gnode *node, uint32_t i, const pst_setting *setting,
                                pst_error *err) {
    const pst_attribute_info *info = &node->kind->info.attributes[i];
    if (info->is_fixed)
        return pst_fail(err, PST_BAD_STATE, 0, "%s can only be given when the node is made",
                        info->name);
    pst_slot slot;
    pst_status status =
        pst_slot_make(node->kind, node->slots, i, setting, &node->graph->site, &slot, err);
    if (status != PST_OK)
        return status;
    status = pst_change_slot(node, i, &slot, err);
    if (status != PST_OK) {
        pst_shared_release(slot.object);
        pst_shared_release(slot.prepared);
        return status;
    }
    pst_slot_replace(&node->slots[i], &slot);
    node->graph->plan_is_old |= node->kind->max_channels != NULL;
    return pst_change_done(node->graph, err);
}

pst_status pst_gnode_set(pst_gnode *node, const pst_setting *setting, pst_error *err) {
    int found;
    pst_status status = pst_attribute_find(&node->kind->info, setting->name, &found, err);
    if (status != PST_OK)
        return status;
    pthread_mutex_lock(&node->graph->lock);
    status = set_attribute(node, (uint32_t)found, setting, err);
    pthread_mutex_unlock(&node->graph->lock);
    return status;
}

pst_status pst_gnode_get_number(pst_gnode *node, const char *name, double *number, pst_error *err) {
    int found;
    const pst_status status = pst_attribute_find(&node->kind->info, name, &found, err);
    if (status != PST_OK)
        return status;
    pthread_mutex_lock(&node->graph->lock);
    *number = node->slots[found].number;
    pthread_mutex_unlock(&node->graph->lock);
    return PST_OK;
}

static pst_status check_rules(const pst_gnode *node, const pst_channel_rules *rules,
                              pst_error *err) {
    const pst_channel_rules *now = &node->rules;
    const char *name = node->kind->info.name;
    if (rules->count < 1 || rules->count > PST_GRAPH_MAX_CHANNELS)
        return pst_fail(err, PST_BAD_ARGUMENT, 0, "channel_count is %u; it must be from 1 to %d",
                        rules->count, PST_GRAPH_MAX_CHANNELS);
    if (rules->mode < PST_COUNT_MAX || rules->mode > PST_COUNT_EXPLICIT)
        return pst_fail(err, PST_BAD_ARGUMENT, 0, "channel_count_mode is %d, which is none",
                        (int)rules->mode);
    if (rules->mixing < PST_MIXING_SPEAKERS || rules->mixing > PST_MIXING_DISCRETE)
        return pst_fail(err, PST_BAD_ARGUMENT, 0, "channel_interpretation is %d, which is none",
                        (int)rules->mixing);
    const bool is_same = rules->count == now->count && rules->mode == now->mode;
    switch (node->kind->info.freedom) {
    case PST_CHANNELS_FREE:
        return PST_OK;
    case PST_CHANNELS_AT_MOST_STEREO:
        if (rules->count <= 2 && rules->mode != PST_COUNT_MAX)
            return PST_OK;
        return pst_fail(err, PST_UNSUPPORTED, 0,
                        "nodes of kind %s have at most 2 channels, and no mode \"max\"", name);
    case PST_CHANNELS_FIXED_COUNT:
        if (is_same)
            return PST_OK;
        break;
    case PST_CHANNELS_FIXED:
        if (is_same && rules->mixing == now->mixing)
            return PST_OK;
        break;
    }
    return pst_fail(err, PST_UNSUPPORTED, 0, "the channels of nodes of kind %s are fixed", name);
}

pst_status pst_gnode_set_channels(pst_gnode *node, const pst_channel_rules *rules, pst_error *err) {
    pthread_mutex_lock(&node->graph->lock);
    pst_status status = check_rules(node, rules, err);
    if (status == PST_OK) {
        const pst_channel_rules old = node->rules;
        node->rules = *rules;
        status = pst_change_rules(node, err);
        if (status != PST_OK)
            node->rules = old;
    }
    if (status == PST_OK) {
        node->graph->plan_is_old = true;
        status = pst_change_done(node->graph, err);
    }
    pthread_mutex_unlock(&node->graph->lock);
    return status;
}

void pst_gnode_get_channels(pst_gnode *node, pst_channel_rules *rules) {
    pthread_mutex_lock(&node->graph->lock);
    *rules = node->rules;
    pthread_mutex_unlock(&node->graph->lock);
}

const pst_kind_info *pst_gnode_kind(const pst_gnode *node) PST_RT {
    return &node->kind->info;
}

pst_status pst_gnode_check_kind(const pst_gnode *node, const pst_kind *kind, pst_error *err) {
    if (node->kind == kind)
        return PST_OK;
    return pst_fail(err, PST_BAD_ARGUMENT, 0, "node is of kind %s; it must be of kind %s",
                    node->kind->info.name, kind->info.name);
}

uint32_t pst_gnode_n_inputs(const pst_gnode *node) PST_RT {
    return node->live.n_inputs;
}

uint32_t pst_gnode_n_outputs(const pst_gnode *node) PST_RT {
    return node->live.n_outputs;
}

pst_param *pst_gnode_param(pst_gnode *node, uint32_t index) PST_RT {
    return index < node->kind->info.n_params ? &node->params[index] : NULL;
}

bool pst_gnode_has_ended(const pst_gnode *node) PST_RT {
    return atomic_load_explicit(&node->has_ended, memory_order_acquire);
}
