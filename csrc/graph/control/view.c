// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "pastream/graph_view.h"

#include <math.h>

#include "graph/control/attributes.h"
#include "graph/control/model.h"

// The model as others may see it.

uint32_t pst_graph_list(pst_graph *graph, pst_gnode **nodes, uint32_t capacity) {
    pthread_mutex_lock(&graph->lock);
    if (graph->may_be_garbage)
        pst_model_sweep(graph);
    uint32_t n = 0;
    for (pst_gnode *node = graph->first; node != NULL; node = node->next) {
        if (n < capacity) {
            pst_gnode_add_handle(node);
            nodes[n] = node;
        }
        ++n;
    }
    pthread_mutex_unlock(&graph->lock);
    return n;
}

uint32_t pst_gnode_connections(pst_gnode *node, pst_connection *connections, uint32_t capacity) {
    pthread_mutex_lock(&node->graph->lock);
    uint32_t n = 0;
    for (const pst_edge *edge = node->ins.first; edge != NULL; edge = edge->next_in) {
        if (n < capacity) {
            pst_gnode_add_handle(edge->from);
            connections[n] =
                (pst_connection){edge->from, edge->output, edge->input, edge->is_param};
        }
        ++n;
    }
    pthread_mutex_unlock(&node->graph->lock);
    return n;
}

// ---- Attributes ---------------------------------------------------------------------------------

// The object of an attribute, if it is of the kind; with the lock.
static pst_shared *object_of(pst_gnode *node, const char *name, pst_attribute_kind kind) {
    int found;
    if (pst_attribute_find(&node->kind->info, name, &found, NULL) != PST_OK ||
        node->kind->info.attributes[found].kind != kind)
        return NULL;
    return node->slots[found].object;
}

uint32_t pst_gnode_get_numbers(pst_gnode *node, const char *name, double *numbers,
                               uint32_t capacity) {
    pthread_mutex_lock(&node->graph->lock);
    const pst_numbers *object = (const pst_numbers *)object_of(node, name, PST_ATTRIBUTE_NUMBERS);
    const uint32_t n = object == NULL ? 0 : object->n;
    for (uint32_t i = 0; i < n && i < capacity; ++i)
        numbers[i] = object->values[i];
    pthread_mutex_unlock(&node->graph->lock);
    return n;
}

static pst_shared *get_object(pst_gnode *node, const char *name, pst_attribute_kind kind) {
    pthread_mutex_lock(&node->graph->lock);
    pst_shared *object = pst_shared_retain(object_of(node, name, kind));
    pthread_mutex_unlock(&node->graph->lock);
    return object;
}

pst_sound *pst_gnode_get_sound(pst_gnode *node, const char *name) {
    return (pst_sound *)get_object(node, name, PST_ATTRIBUTE_SOUND);
}

pst_wave *pst_gnode_get_wave(pst_gnode *node, const char *name) {
    return (pst_wave *)get_object(node, name, PST_ATTRIBUTE_WAVE);
}

void pst_gnode_get_times(pst_gnode *node, pst_source_times *times) {
    pthread_mutex_lock(&node->graph->lock);
    *times = (pst_source_times){node->is_started, node->start_s, node->stop_s, node->offset_s,
                                node->duration_s};
    pthread_mutex_unlock(&node->graph->lock);
}

// ---- Timelines ----------------------------------------------------------------------------------

typedef struct list {
    pst_automation *automations;
    uint32_t capacity;
    uint32_t n;
    double *values;
    uint32_t values_capacity;
    uint32_t n_values;
} list;

static void put(list *to, pst_automation automation) {
    if (to->n < to->capacity)
        to->automations[to->n] = automation;
    ++to->n;
}

static void put_curve(list *to, const pst_mark *event) {
    const pst_numbers *curve = event->curve;
    const double *start = to->values == NULL ? NULL : to->values + to->n_values;
    for (uint32_t i = 0; i < curve->n; ++i, ++to->n_values)
        if (to->n_values < to->values_capacity)
            to->values[to->n_values] = curve->values[i];
    put(to, (pst_automation){.kind = PST_AUTOMATE_CURVE,
                             .time_s = event->time_s,
                             .duration_s = event->span_s,
                             .values = start,
                             .n_values = curve->n});
    if (event->end_s < event->time_s + event->span_s)
        put(to, (pst_automation){.kind = PST_AUTOMATE_HOLD, .time_s = event->end_s});
}

static void put_mark(list *to, const pst_mark *event) {
    pst_automation automation = {.kind = (pst_automation_kind)event->kind,
                                 .value = event->value,
                                 .time_s = event->time_s,
                                 .time_constant_s = event->span_s};
    switch (event->kind) {
    case PST_MARK_CURVE:
        put_curve(to, event);
        return;
    case PST_MARK_EXPONENTIAL:
        // One that was cut where it could not begin; it stays at 0 either way.
        if (event->value == 0.0)
            automation.kind = PST_AUTOMATE_LINEAR;
        break;
    case PST_MARK_STAY: // Only ever the first.
    case PST_MARK_SET:
    case PST_MARK_LINEAR:
    case PST_MARK_TARGET:
        break;
    }
    put(to, automation);
}

// What has begun and is ended by a ramp is no more than the value that the ramp starts from. As two
// calls in a row, it would end now, and not where it began.
static bool is_start_of_ramp(const pst_param_timeline *timeline, double now_s) {
    const pst_mark *event = &timeline->events[0];
    if (event->kind == PST_MARK_STAY)
        return true;
    return event->kind == PST_MARK_TARGET && event->time_s <= now_s && timeline->n > 1 &&
           (event[1].kind == PST_MARK_LINEAR || event[1].kind == PST_MARK_EXPONENTIAL);
}

static void put_marks(list *to, const pst_param_timeline *timeline, double now_s) {
    uint32_t i = 0;
    if (timeline->n > 0 && is_start_of_ramp(timeline, now_s)) {
        const pst_mark *event = &timeline->events[i++];
        const bool jumps = event->kind == PST_MARK_TARGET && !(event->span_s > 0.0);
        put(to, (pst_automation){.kind = PST_AUTOMATE_SET,
                                 .time_s = event->time_s,
                                 .value = jumps ? event->value : timeline->initial});
    }
    for (; i < timeline->n; ++i)
        put_mark(to, &timeline->events[i]);
}

uint32_t pst_param_list(pst_param *param, double *initial, pst_automation *automations,
                        uint32_t capacity, double *values, uint32_t *n_values) {
    list to = {.automations = automations,
               .capacity = capacity,
               .values = values,
               .values_capacity = *n_values};
    pthread_mutex_lock(&param->node->graph->lock);
    pst_param_timeline *timeline = &param->timeline;
    const double now_s = pst_graph_now(param->node->graph);
    // With what begins now, so that what a ramp makes stay is the first.
    pst_param_timeline_forget(timeline, nextafter(now_s, INFINITY));
    *initial = timeline->initial;
    put_marks(&to, timeline, now_s);
    pthread_mutex_unlock(&param->node->graph->lock);
    *n_values = to.n_values;
    return to.n;
}
