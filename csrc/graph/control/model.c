// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "graph/control/model.h"

#include "base/alloc.h"
#include "base/error.h"

// What is in the graph, and what leads where.

void pst_model_add(pst_graph *graph, pst_gnode *node) {
    node->previous = graph->last;
    if (graph->last == NULL)
        graph->first = node;
    else
        graph->last->next = node;
    graph->last = node;
    node->is_in_model = true;
    ++graph->n_nodes;
}

// ---- Connections --------------------------------------------------------------------------------

// One of the two lists that an edge is in.
static pst_edge **next_of(pst_edge *edge, bool is_in) {
    return is_in ? &edge->next_in : &edge->next_out;
}

static void append(pst_edges *edges, pst_edge *edge, bool is_in) {
    if (edges->last == NULL)
        edges->first = edge;
    else
        *next_of(edges->last, is_in) = edge;
    edges->last = edge;
}

static void unlink_edge(pst_edges *edges, pst_edge *edge, bool is_in) {
    pst_edge *before = NULL;
    pst_edge **at = &edges->first;
    while (*at != edge) {
        before = *at;
        at = next_of(*at, is_in);
    }
    *at = *next_of(edge, is_in);
    if (edges->last == edge)
        edges->last = before;
}

static void remove_edge(pst_edge *edge) {
    pst_graph *graph = edge->from->graph;
    unlink_edge(&edge->to->ins, edge, true);
    unlink_edge(&edge->from->outs, edge, false);
    pst_free(edge);
    graph->plan_is_old = true;
    graph->may_be_garbage = true;
}

typedef struct place {
    pst_gnode *node;
    uint32_t port;
    bool is_param;
} place;

static pst_edge *find_edge(const pst_gnode *from, uint32_t output, place to) {
    for (pst_edge *edge = from->outs.first; edge != NULL; edge = edge->next_out)
        if (edge->output == output && edge->to == to.node && edge->input == to.port &&
            edge->is_param == to.is_param)
            return edge;
    return NULL;
}

static pst_status check_output(const pst_gnode *from, uint32_t output, pst_error *err) {
    if (output < from->live.n_outputs)
        return PST_OK;
    return pst_fail(err, PST_BAD_ARGUMENT, 0, "output is %u; this node of kind %s has %u", output,
                    from->kind->info.name, from->live.n_outputs);
}

static pst_status check_input(const pst_gnode *to, uint32_t input, pst_error *err) {
    if (input < to->live.n_inputs)
        return PST_OK;
    return pst_fail(err, PST_BAD_ARGUMENT, 0, "input is %u; this node of kind %s has %u", input,
                    to->kind->info.name, to->live.n_inputs);
}

static pst_status connect(pst_gnode *from, uint32_t output, place to, pst_error *err) {
    if (from->graph != to.node->graph)
        return pst_fail(err, PST_BAD_ARGUMENT, 0, "the two nodes are in different graphs");
    pst_status status = check_output(from, output, err);
    if (status == PST_OK && !to.is_param)
        status = check_input(to.node, to.port, err);
    if (status != PST_OK || find_edge(from, output, to) != NULL)
        return status;
    pst_edge *edge = pst_alloc(sizeof *edge);
    if (edge == NULL)
        return pst_fail_memory(err);
    *edge = (pst_edge){
        .from = from, .to = to.node, .output = output, .input = to.port, .is_param = to.is_param};
    append(&to.node->ins, edge, true);
    append(&from->outs, edge, false);
    from->graph->plan_is_old = true;
    return pst_change_done(from->graph, err);
}

pst_status pst_gnode_connect(pst_gnode *from, uint32_t output, pst_gnode *to, uint32_t input,
                             pst_error *err) {
    pthread_mutex_lock(&from->graph->lock);
    const pst_status status = connect(from, output, (place){to, input, false}, err);
    pthread_mutex_unlock(&from->graph->lock);
    return status;
}

pst_status pst_gnode_connect_param(pst_gnode *from, uint32_t output, pst_param *param,
                                   pst_error *err) {
    pthread_mutex_lock(&from->graph->lock);
    const pst_status status = connect(from, output, (place){param->node, param->index, true}, err);
    pthread_mutex_unlock(&from->graph->lock);
    return status;
}

// Which connections are meant; -1 and NULL are all.
typedef struct pattern {
    int32_t output;
    const pst_gnode *to;
    int32_t port;
    bool is_param;
} pattern;

static bool matches(const pattern *meant, const pst_edge *edge) {
    if (meant->output >= 0 && edge->output != (uint32_t)meant->output)
        return false;
    if (meant->to == NULL)
        return true;
    return edge->to == meant->to && edge->is_param == meant->is_param &&
           (meant->port < 0 || edge->input == (uint32_t)meant->port);
}

static pst_status disconnect(pst_gnode *from, const pattern *meant, pst_error *err) {
    if (meant->output >= 0) {
        const pst_status status = check_output(from, (uint32_t)meant->output, err);
        if (status != PST_OK)
            return status;
    }
    if (meant->to != NULL && !meant->is_param && meant->port >= 0) {
        const pst_status status = check_input(meant->to, (uint32_t)meant->port, err);
        if (status != PST_OK)
            return status;
    }
    bool any = false;
    for (pst_edge *edge = from->outs.first; edge != NULL;) {
        pst_edge *next = edge->next_out;
        if (matches(meant, edge)) {
            remove_edge(edge);
            any = true;
        }
        edge = next;
    }
    if (!any && meant->to != NULL)
        return pst_fail(err, PST_BAD_ARGUMENT, 0, "there is no such connection");
    return pst_change_done(from->graph, err);
}

pst_status pst_gnode_disconnect(pst_gnode *from, int32_t output, pst_gnode *to, int32_t input,
                                pst_error *err) {
    pthread_mutex_lock(&from->graph->lock);
    const pattern wanted = {output, to, input, false};
    const pst_status status = disconnect(from, &wanted, err);
    pthread_mutex_unlock(&from->graph->lock);
    return status;
}

pst_status pst_gnode_disconnect_param(pst_gnode *from, int32_t output, pst_param *param,
                                      pst_error *err) {
    pthread_mutex_lock(&from->graph->lock);
    const pattern wanted = {output, param->node, (int32_t)param->index, true};
    const pst_status status = disconnect(from, &wanted, err);
    pthread_mutex_unlock(&from->graph->lock);
    return status;
}

// ---- What can be forgotten ----------------------------------------------------------------------

void pst_model_remove(pst_graph *graph, pst_gnode *node) {
    while (node->ins.first != NULL)
        remove_edge(node->ins.first);
    while (node->outs.first != NULL)
        remove_edge(node->outs.first);
    if (node->previous == NULL)
        graph->first = node->next;
    else
        node->previous->next = node->next;
    if (node->next == NULL)
        graph->last = node->previous;
    else
        node->next->previous = node->previous;
    node->is_in_model = false;
    --graph->n_nodes;
    graph->plan_is_old = true;
    pst_gnode_drop(node);
}

// Whether a param still has something to do by itself, such as the gate of an envelope.
static bool is_awaited(const pst_graph *graph, const pst_gnode *node) {
    const double quantum_s = graph->config.quantum_frames / graph->config.rate_hz;
    const double last_s = pst_graph_now(graph) - quantum_s;
    for (uint32_t p = 0; p < node->kind->info.n_params; ++p) {
        const pst_param_timeline *timeline = &node->params[p].timeline;
        if (timeline->n > 0 && timeline->events[timeline->n - 1].time_s >= last_s)
            return true;
    }
    return false;
}

// Whether it matters by itself: somebody holds it, or it sounds.
static bool is_root(const pst_graph *graph, const pst_gnode *node) {
    if (node->n_handles > 0 || node == graph->destination || node == graph->listener)
        return true;
    if (node->kind->sounds_alone && node->outs.first != NULL &&
        node->kind->sounds_alone(node->slots))
        return true;
    if (node->kind->hears_silence && node->outs.first != NULL && is_awaited(graph, node))
        return true;
    const bool sounds = atomic_load_explicit(&node->live_sounds, memory_order_acquire);
    if (!node->kind->info.is_source)
        return node->is_planned && sounds;
    if (!node->is_started || pst_gnode_has_ended(node))
        return false;
    // One with inputs may rest until one of them sounds.
    return node->live.n_inputs == 0 || !node->is_planned || sounds ||
           pst_graph_now(graph) <= node->start_s;
}

// Marks what a root leads to. queue has room for all nodes.
static void mark_from(pst_gnode *root, pst_gnode **queue) {
    uint32_t n = 0;
    root->is_marked = true;
    queue[n++] = root;
    while (n > 0) {
        const pst_gnode *node = queue[--n];
        for (const pst_edge *edge = node->outs.first; edge != NULL; edge = edge->next_out) {
            if (edge->to->is_marked)
                continue;
            edge->to->is_marked = true;
            queue[n++] = edge->to;
        }
    }
}

// Without memory for the search nothing is forgotten yet.
void pst_model_sweep(pst_graph *graph) {
    pst_gnode **queue = pst_alloc_array(graph->n_nodes, sizeof(pst_gnode *));
    if (queue == NULL)
        return;
    for (pst_gnode *node = graph->first; node != NULL; node = node->next)
        node->is_marked = false;
    for (pst_gnode *node = graph->first; node != NULL; node = node->next)
        if (!node->is_marked && is_root(graph, node))
            mark_from(node, queue);
    for (pst_gnode *node = graph->first; node != NULL;) {
        pst_gnode *next = node->next;
        if (!node->is_marked)
            pst_model_remove(graph, node);
        node = next;
    }
    pst_free(queue);
    graph->may_be_garbage = false;
}
