// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include <float.h>
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "graph/model.h"

// Making nodes, and their attributes.

void pst_gnode_keep(pst_gnode *node) {
    atomic_fetch_add_explicit(&node->n_refs, 1, memory_order_relaxed);
}

static void drop_slots(const pst_kind *kind, pst_slot *slots) {
    for (uint32_t i = 0; slots != NULL && i < kind->info.n_attributes; ++i) {
        pst_shared_release(slots[i].object);
        pst_shared_release(slots[i].prepared);
    }
    pst_free(slots);
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
    drop_slots(kind, node->slots);
    drop_slots(kind, node->live.slots);
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

// ---- Attributes ---------------------------------------------------------------------------------

static int find_attribute(const pst_kind_info *info, const char *name) {
    for (uint32_t i = 0; name != NULL && i < info->n_attributes; ++i)
        if (strcmp(info->attributes[i].name, name) == 0)
            return (int)i;
    return -1;
}

static pst_status check_name(const pst_kind_info *info, const char *name, int *found,
                             pst_error *err) {
    *found = find_attribute(info, name);
    if (*found >= 0)
        return PST_OK;
    return pst_fail(err, PST_BAD_ARGUMENT, 0, "nodes of kind %s have no attribute \"%s\"",
                    info->name, name == NULL ? "" : name);
}

static uint32_t count_choices(const pst_attribute_info *info) {
    uint32_t n = 0;
    while (info->choices[n] != NULL)
        ++n;
    return n;
}

static pst_status check_number(const pst_attribute_info *info, double x, pst_error *err) {
    double min = info->min;
    double max = info->max;
    if (info->kind == PST_ATTRIBUTE_BOOL) {
        min = 0.0;
        max = 1.0;
    } else if (info->kind == PST_ATTRIBUTE_CHOICE) {
        min = 0.0;
        max = count_choices(info) - 1.0;
    }
    if (!(x >= min && x <= max)) // NaN, too.
        return pst_fail(err, PST_BAD_ARGUMENT, 0, "%s is %g; it must be from %g to %g", info->name,
                        x, min, max);
    if (info->kind != PST_ATTRIBUTE_NUMBER && x != floor(x))
        return pst_fail(err, PST_BAD_ARGUMENT, 0, "%s is %g; it must be a whole number", info->name,
                        x);
    return PST_OK;
}

static pst_status copy_numbers(const pst_attribute_info *info, const pst_setting *setting,
                               pst_slot *slot, pst_error *err) {
    if (setting->numbers == NULL)
        return PST_OK;
    if (setting->n_numbers < info->min || setting->n_numbers > info->max)
        return pst_fail(err, PST_BAD_ARGUMENT, 0, "%s has %u numbers; it must have %g to %g",
                        info->name, setting->n_numbers, info->min, info->max);
    for (uint32_t i = 0; i < setting->n_numbers; ++i)
        if (!isfinite(setting->numbers[i]))
            return pst_fail(err, PST_BAD_ARGUMENT, 0, "%s[%u] is %g; it must be finite", info->name,
                            i, setting->numbers[i]);
    pst_numbers *numbers = pst_numbers_create(setting->numbers, setting->n_numbers);
    if (numbers == NULL)
        return pst_fail_memory(err);
    slot->object = &numbers->shared;
    return PST_OK;
}

// Fills a slot with what was set. The objects in it are the caller's references.
static pst_status read_setting(const pst_attribute_info *info, const pst_setting *setting,
                               pst_slot *slot, pst_error *err) {
    *slot = (pst_slot){.number = setting->number};
    switch (info->kind) {
    case PST_ATTRIBUTE_BOOL:
    case PST_ATTRIBUTE_INTEGER:
    case PST_ATTRIBUTE_NUMBER:
    case PST_ATTRIBUTE_CHOICE:
        return check_number(info, setting->number, err);
    case PST_ATTRIBUTE_NUMBERS:
        return copy_numbers(info, setting, slot, err);
    case PST_ATTRIBUTE_SOUND:
        slot->object = pst_shared_retain((pst_shared *)setting->sound);
        return PST_OK;
    case PST_ATTRIBUTE_WAVE:
        slot->object = pst_shared_retain((pst_shared *)setting->wave);
        return PST_OK;
    }
    return pst_fail(err, PST_BAD_ARGUMENT, 0, "%s is of no known kind", info->name);
}

// Reads, checks and prepares a value. On success the slot's references are the caller's.
static pst_status make_slot(const pst_kind *kind, const pst_slot *slots, uint32_t attribute,
                            const pst_setting *setting, pst_site *site, pst_slot *slot,
                            pst_error *err) {
    pst_status status = read_setting(&kind->info.attributes[attribute], setting, slot, err);
    if (status == PST_OK && kind->check != NULL)
        status = kind->check(slots, slot, attribute, err);
    if (status == PST_OK && kind->prepare != NULL)
        status = kind->prepare(slots, slot, attribute, site, &slot->prepared, err);
    if (status == PST_OK)
        return PST_OK;
    pst_shared_release(slot->object);
    *slot = (pst_slot){0};
    return status;
}

static void replace_slot(pst_slot *slot, const pst_slot *by) {
    pst_shared_release(slot->object);
    pst_shared_release(slot->prepared);
    *slot = *by;
}

// In the order of the table, so that a later one may depend on an earlier one, but not on the order
// in which somebody named them.
static pst_status init_slots(pst_gnode *node, const pst_setting *settings, uint32_t n_settings,
                             pst_site *site, pst_error *err) {
    const pst_kind_info *info = &node->kind->info;
    for (uint32_t i = 0; i < n_settings; ++i) {
        int found;
        const pst_status status = check_name(info, settings[i].name, &found, err);
        if (status != PST_OK)
            return status;
    }
    for (uint32_t i = 0; i < info->n_attributes; ++i)
        node->slots[i].number = info->attributes[i].initial;
    for (uint32_t i = 0; i < info->n_attributes; ++i) {
        pst_setting setting = {.number = info->attributes[i].initial};
        for (uint32_t k = 0; k < n_settings; ++k)
            if (strcmp(settings[k].name, info->attributes[i].name) == 0)
                setting = settings[k];
        pst_slot slot;
        const pst_status status = make_slot(node->kind, node->slots, i, &setting, site, &slot, err);
        if (status != PST_OK)
            return status;
        replace_slot(&node->slots[i], &slot);
    }
    for (uint32_t i = 0; i < info->n_attributes; ++i) {
        node->live.slots[i] = node->slots[i];
        pst_shared_retain(node->slots[i].object);
        pst_shared_retain(node->slots[i].prepared);
    }
    return PST_OK;
}

// ---- A node -------------------------------------------------------------------------------------

static pst_status init_param(pst_gnode *node, uint32_t p, pst_error *err) {
    const pst_param_info *info = &node->kind->info.params[p];
    const double rate_hz = node->live.rate_hz;
    pst_param *param = &node->params[p];
    *param = (pst_param){.node = node,
                         .index = p,
                         .info = info,
                         .min = info->is_within_nyquist ? -rate_hz / 2 : (double)info->min,
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

static pst_status init_live(pst_gnode *node, pst_error *err) {
    pst_unit *unit = &node->live;
    const pst_kind *kind = node->kind;
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
    made->rules =
        (pst_channel_rules){kind->info.channel_count, kind->info.count_mode, kind->info.mixing};
    made->live = (pst_unit){.kind = kind,
                            .rate_hz = graph->config.rate_hz,
                            .quantum_frames = graph->config.quantum_frames};
    pst_status status = allocate(made, err);
    if (status == PST_OK)
        status = init_slots(made, settings, n_settings, &graph->site, err);
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
        make_slot(node->kind, node->slots, i, setting, &node->graph->site, &slot, err);
    if (status != PST_OK)
        return status;
    status = pst_change_slot(node, i, &slot, err);
    if (status != PST_OK) {
        pst_shared_release(slot.object);
        pst_shared_release(slot.prepared);
        return status;
    }
    replace_slot(&node->slots[i], &slot);
    node->graph->plan_is_old |= node->kind->max_channels != NULL;
    return pst_change_done(node->graph, err);
}

pst_status pst_gnode_set(pst_gnode *node, const pst_setting *setting, pst_error *err) {
    int found;
    pst_status status = check_name(&node->kind->info, setting->name, &found, err);
    if (status != PST_OK)
        return status;
    pthread_mutex_lock(&node->graph->lock);
    status = set_attribute(node, (uint32_t)found, setting, err);
    pthread_mutex_unlock(&node->graph->lock);
    return status;
}

pst_status pst_gnode_get_number(pst_gnode *node, const char *name, double *number, pst_error *err) {
    int found;
    const pst_status status = check_name(&node->kind->info, name, &found, err);
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
