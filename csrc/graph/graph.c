// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include <math.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/error.h"
#include "graph/control/plan.h"

// Graphs and handles.

void pst_graph_config_default(pst_graph_config *config) PST_RT {
    *config = (pst_graph_config){.rate_hz = 44100.0,
                                 .n_channels = 2,
                                 .quantum_frames = PST_QUANTUM_DEFAULT,
                                 .sends_at_once = true};
}

static pst_status check(const pst_graph_config *config, pst_error *err) {
    if (!(config->rate_hz >= 3000.0 && config->rate_hz <= 768000.0))
        return pst_fail(err, PST_BAD_ARGUMENT, 0, "rate_hz is %g; it must be from 3000 to 768000",
                        config->rate_hz);
    if (config->n_channels < 1 || config->n_channels > PST_GRAPH_MAX_CHANNELS)
        return pst_fail(err, PST_BAD_ARGUMENT, 0, "n_channels is %u; it must be from 1 to %d",
                        config->n_channels, PST_GRAPH_MAX_CHANNELS);
    if (config->n_input_channels > PST_GRAPH_MAX_CHANNELS)
        return pst_fail(err, PST_BAD_ARGUMENT, 0, "n_input_channels is %u; it must be from 0 to %d",
                        config->n_input_channels, PST_GRAPH_MAX_CHANNELS);
    if (config->quantum_frames < 1 || config->quantum_frames > PST_QUANTUM_MAX)
        return pst_fail(err, PST_BAD_ARGUMENT, 0, "quantum_frames is %u; it must be from 1 to %d",
                        config->quantum_frames, PST_QUANTUM_MAX);
    return PST_OK;
}

static void destroy(pst_graph *graph) {
    pst_change_discard(graph);
    pst_plan_destroy(graph->live_plan);
    while (graph->first != NULL)
        pst_model_remove(graph, graph->first);
    for (uint32_t i = 0; i < PST_N_COMMONS; ++i)
        pst_shared_release(graph->site.commons[i]);
    pst_input_deinit(&graph->live_input);
    pst_free(graph->zeros);
    pthread_mutex_destroy(&graph->lock);
    pst_free(graph);
}

static pst_status add_ends(pst_graph *graph, pst_error *err) {
    pst_status status =
        pst_gnode_create(&graph->destination, graph, pst_kind_find("destination"), NULL, 0, err);
    if (status != PST_OK)
        return status;
    pst_gnode *destination = graph->destination;
    destination->rules.count = graph->config.n_channels;
    destination->live_rules = destination->rules;
    pst_model_add(graph, destination);
    status = pst_gnode_create(&graph->listener, graph, pst_kind_find("listener"), NULL, 0, err);
    if (status == PST_OK)
        pst_model_add(graph, graph->listener);
    return status;
}

pst_status pst_graph_create(pst_graph **graph, const pst_graph_config *config, pst_error *err) {
    pst_status status = check(config, err);
    if (status != PST_OK)
        return status;
    pst_graph *made = pst_alloc(sizeof *made);
    if (made == NULL)
        return pst_fail_memory(err);
    const int code = pthread_mutex_init(&made->lock, NULL);
    if (code != 0) {
        pst_free(made);
        return pst_fail_errno(err, code, "make a lock");
    }
    atomic_init(&made->n_refs, 1);
    made->pid = getpid();
    made->config = *config;
    made->site = (pst_site){.rate_hz = config->rate_hz, .quantum_frames = config->quantum_frames};
    made->zeros = pst_alloc_array(config->quantum_frames, sizeof(float));
    for (uint32_t c = 0; c < PST_GRAPH_MAX_CHANNELS; ++c)
        made->zero_planes[c] = made->zeros;
    made->plan_is_old = true;
    status = made->zeros == NULL ? pst_fail_memory(err) : PST_OK;
    if (status == PST_OK)
        status = pst_input_init(&made->live_input, config->n_input_channels, config->quantum_frames,
                                err);
    if (status == PST_OK)
        status = add_ends(made, err);
    if (status == PST_OK)
        status = pst_change_done(made, err);
    if (status != PST_OK) {
        destroy(made);
        return status;
    }
    *graph = made;
    return PST_OK;
}

void pst_graph_get_config(const pst_graph *graph, pst_graph_config *config) PST_RT {
    *config = graph->config;
}

void pst_graph_retain(pst_graph *graph) PST_RT {
    atomic_fetch_add_explicit(&graph->n_refs, 1, memory_order_relaxed);
}

void pst_graph_release(pst_graph *graph) {
    if (graph != NULL && atomic_fetch_sub_explicit(&graph->n_refs, 1, memory_order_acq_rel) == 1)
        destroy(graph);
}

int64_t pst_graph_frame(const pst_graph *graph) PST_RT {
    return atomic_load_explicit(&graph->frame, memory_order_acquire);
}

void pst_graph_begin(pst_graph *graph) {
    pthread_mutex_lock(&graph->lock);
    // What came before is no part of it, and nobody can send it meanwhile. Without memory for that
    // it is sent with the rest.
    if (graph->depth++ == 0 && !graph->config.sends_at_once)
        (void)pst_change_send(graph, NULL);
    pthread_mutex_unlock(&graph->lock);
}

pst_status pst_graph_commit(pst_graph *graph, pst_error *err) {
    pthread_mutex_lock(&graph->lock);
    pst_status status = PST_OK;
    if (graph->depth == 0)
        status = pst_fail(err, PST_BAD_STATE, 0, "there is no begin to this commit");
    else {
        --graph->depth;
        status = pst_change_done(graph, err);
    }
    pthread_mutex_unlock(&graph->lock);
    return status;
}

pst_status pst_graph_send(pst_graph *graph, pst_error *err) {
    pthread_mutex_lock(&graph->lock);
    const pst_status status = graph->depth == 0 ? pst_change_send(graph, err) : PST_OK;
    pthread_mutex_unlock(&graph->lock);
    return status;
}

pst_status pst_graph_tidy(pst_graph *graph, pst_error *err) {
    pthread_mutex_lock(&graph->lock);
    const pst_status status = pst_change_done(graph, err);
    pthread_mutex_unlock(&graph->lock);
    return status;
}

// ---- Handles ------------------------------------------------------------------------------------

void pst_gnode_add_handle(pst_gnode *node) {
    if (node->n_handles++ == 0)
        pst_graph_retain(node->graph);
}

pst_status pst_graph_add_kind(pst_graph *graph, pst_gnode **node, const pst_kind *kind,
                              const pst_setting *settings, uint32_t n_settings, pst_error *err) {
    pthread_mutex_lock(&graph->lock);
    pst_gnode *made = NULL;
    const pst_status status = pst_gnode_create(&made, graph, kind, settings, n_settings, err);
    if (status == PST_OK) {
        pst_model_add(graph, made);
        pst_gnode_add_handle(made);
        *node = made;
        if (kind->info.is_pulled) {
            // It runs from now on. Without memory for that it does when the next call sends.
            graph->plan_is_old = true;
            pst_change_done(graph, NULL);
        }
    }
    pthread_mutex_unlock(&graph->lock);
    return status;
}

pst_status pst_graph_add(pst_graph *graph, pst_gnode **node, const char *kind,
                         const pst_setting *settings, uint32_t n_settings, pst_error *err) {
    const pst_kind *found = kind == NULL ? NULL : pst_kind_find(kind);
    if (found == NULL || found->info.is_single)
        return pst_fail(err, PST_BAD_ARGUMENT, 0, "kind is \"%s\"; there are no such nodes to make",
                        kind == NULL ? "" : kind);
    return pst_graph_add_kind(graph, node, found, settings, n_settings, err);
}

pst_gnode *pst_graph_destination(pst_graph *graph) {
    pst_gnode_retain(graph->destination);
    return graph->destination;
}

pst_gnode *pst_graph_listener(pst_graph *graph) {
    pst_gnode_retain(graph->listener);
    return graph->listener;
}

void pst_gnode_retain(pst_gnode *node) {
    pthread_mutex_lock(&node->graph->lock);
    pst_gnode_add_handle(node);
    pthread_mutex_unlock(&node->graph->lock);
}

// In a forked child nobody gives a lock back that another thread of the parent had taken: what is
// dropped there then stays in memory. Garbage collectors come here, which must not hang.
static bool lock_to_drop(pst_graph *graph) {
    if (pthread_mutex_trylock(&graph->lock) == 0)
        return true;
    if (graph->pid != getpid())
        return false;
    pthread_mutex_lock(&graph->lock);
    return true;
}

void pst_gnode_release(pst_gnode *node) {
    if (node == NULL)
        return;
    pst_graph *graph = node->graph;
    if (!lock_to_drop(graph))
        return;
    const bool is_last = --node->n_handles == 0;
    graph->may_be_garbage |= is_last;
    pthread_mutex_unlock(&graph->lock);
    if (is_last)
        pst_graph_release(graph);
}

// ---- Sources ------------------------------------------------------------------------------------

static pst_status check_time(const char *name, double time_s, pst_error *err) {
    if (isfinite(time_s) && time_s >= 0.0)
        return PST_OK;
    return pst_fail(err, PST_BAD_ARGUMENT, 0, "%s is %g; it must be finite, and 0 or more", name,
                    time_s);
}

static pst_status check_source(const pst_gnode *node, double when_s, pst_error *err) {
    if (!node->kind->info.is_source)
        return pst_fail(err, PST_BAD_ARGUMENT, 0, "nodes of kind %s cannot be started",
                        node->kind->info.name);
    return check_time("when", when_s, err);
}

static pst_status start(pst_gnode *node, pst_schedule *schedule, pst_error *err) {
    if (node->is_started && (node->live.n_inputs == 0 || pst_gnode_has_ended(node)))
        return pst_fail(err, PST_BAD_STATE, 0, "it was started before; make another node");
    const double now_s = pst_graph_now(node->graph);
    if (schedule->start_s < now_s)
        schedule->start_s = now_s;
    schedule->first = pst_first_frame(schedule->start_s, node->live.rate_hz);
    const pst_status status = pst_change_start(node, schedule, err);
    if (status != PST_OK)
        return status;
    node->is_started = true;
    node->start_s = schedule->start_s;
    // Until the renderer knows better.
    atomic_store_explicit(&node->live_sounds, true, memory_order_release);
    node->offset_s = schedule->offset_s;
    node->duration_s = schedule->duration_s;
    node->graph->plan_is_old = true;
    return pst_change_done(node->graph, err);
}

pst_status pst_gnode_start(pst_gnode *node, double when_s, double offset_s, double duration_s,
                           pst_error *err) {
    pst_status status = check_source(node, when_s, err);
    if (status == PST_OK)
        status = check_time("offset", offset_s, err);
    if (status == PST_OK && (isnan(duration_s) || isinf(duration_s)))
        status = check_time("duration", duration_s, err);
    if (status == PST_OK && !node->kind->info.takes_part && (offset_s != 0.0 || duration_s >= 0.0))
        status = pst_fail(err, PST_BAD_ARGUMENT, 0,
                          "nodes of kind %s take no offset and no duration", node->kind->info.name);
    if (status != PST_OK)
        return status;
    pst_schedule schedule = {.start_s = when_s,
                             .stop_s = INFINITY,
                             .offset_s = offset_s,
                             .duration_s = duration_s < 0.0 ? -1.0 : duration_s,
                             .end = INT64_MAX};
    pthread_mutex_lock(&node->graph->lock);
    status = start(node, &schedule, err);
    pthread_mutex_unlock(&node->graph->lock);
    return status;
}

pst_status pst_gnode_stop(pst_gnode *node, double when_s, pst_error *err) {
    pst_status status = check_source(node, when_s, err);
    if (status != PST_OK)
        return status;
    pthread_mutex_lock(&node->graph->lock);
    if (!node->is_started)
        status = pst_fail(err, PST_BAD_STATE, 0, "it was not started");
    else if (!pst_gnode_has_ended(node))
        status = pst_change_stop(node, when_s, err);
    if (status == PST_OK)
        node->stop_s = when_s;
    if (status == PST_OK)
        status = pst_change_done(node->graph, err);
    pthread_mutex_unlock(&node->graph->lock);
    return status;
}
