// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "graph/control/order.h"

#include <string.h>

#include "base/alloc.h"
#include "base/error.h"

// Vertices: node k is k; the writing half of a delay that is split is n_nodes + k. Each has a row
// of those that it needs.
typedef struct network {
    uint32_t n_nodes;
    uint32_t n_vertices;
    pst_gnode **nodes;
    uint32_t *first; // Where the row of a vertex begins; one more at the end.
    uint32_t *needs;
    uint32_t *component; // Of a node; those of one are in a cycle with each other.
    bool *is_cyclic;     // Of a vertex.
    bool *is_split;      // Of a node.
    // Of searches.
    uint32_t *number, *low, *stack, *path, *at;
} network;

// Numbers of vertices that a search has not found yet, or is done with.
#define NONE UINT32_MAX
#define CLOSED (UINT32_MAX - 1)

static void net_deinit(network *net) {
    pst_free(net->nodes);
    pst_free(net->first);
    pst_free(net->needs);
    pst_free(net->component);
    pst_free(net->is_cyclic);
    pst_free(net->is_split);
    pst_free(net->number);
    pst_free(net->low);
    pst_free(net->stack);
    pst_free(net->path);
    pst_free(net->at);
}

static pst_status net_init(network *net, pst_graph *graph, pst_error *err) {
    *net = (network){.n_nodes = graph->n_nodes};
    uint32_t n_edges = 0;
    const uint32_t n = graph->n_nodes;
    net->nodes = pst_alloc_array(n, sizeof(pst_gnode *));
    if (net->nodes == NULL)
        return pst_fail_memory(err);
    uint32_t i = 0;
    for (pst_gnode *node = graph->first; node != NULL; node = node->next) {
        net->nodes[i] = node;
        node->index = i++;
        n_edges += node->kind->info.hears_listener;
        for (const pst_edge *edge = node->ins.first; edge != NULL; edge = edge->next_in)
            ++n_edges;
    }
    const size_t n_bytes = sizeof(uint32_t);
    net->first = pst_alloc_array(2 * (size_t)n + 1, n_bytes);
    net->needs = pst_alloc_array(n_edges, n_bytes);
    net->component = pst_alloc_array(n, n_bytes);
    net->is_cyclic = pst_alloc_array(2 * (size_t)n, sizeof(bool));
    net->is_split = pst_alloc_array(n, sizeof(bool));
    net->number = pst_alloc_array(2 * (size_t)n, n_bytes);
    net->low = pst_alloc_array(2 * (size_t)n, n_bytes);
    net->stack = pst_alloc_array(2 * (size_t)n, n_bytes);
    net->path = pst_alloc_array(2 * (size_t)n, n_bytes);
    net->at = pst_alloc_array(2 * (size_t)n, n_bytes);
    if (net->first == NULL || net->needs == NULL || net->component == NULL ||
        net->is_cyclic == NULL || net->is_split == NULL || net->number == NULL ||
        net->low == NULL || net->stack == NULL || net->path == NULL || net->at == NULL)
        return pst_fail_memory(err);
    return PST_OK;
}

// ---- Rows ---------------------------------------------------------------------------------------

// The row of the reading half: not the sound, and nothing from its own cycle, which would lead back
// to it. (A param of a delay that hears the delay itself hears it one quantum later.)
static bool is_needed(const network *net, const pst_edge *edge, bool is_split, bool is_writer) {
    if (!is_split)
        return true;
    if (is_writer || !edge->is_param)
        return is_writer && !edge->is_param;
    return net->component[edge->from->index] != net->component[edge->to->index];
}

static uint32_t add_row(network *net, uint32_t end, uint32_t k, bool is_writer) {
    const pst_gnode *node = net->nodes[k];
    if (is_writer && !net->is_split[k])
        return end;
    for (const pst_edge *edge = node->ins.first; edge != NULL; edge = edge->next_in)
        if (is_needed(net, edge, net->is_split[k], is_writer))
            net->needs[end++] = edge->from->index;
    if (node->kind->info.hears_listener && !is_writer)
        net->needs[end++] = node->graph->listener->index;
    return end;
}

static void add_rows(network *net, bool with_writers) {
    uint32_t end = 0;
    net->n_vertices = with_writers ? 2 * net->n_nodes : net->n_nodes;
    for (uint32_t v = 0; v < net->n_vertices; ++v) {
        net->first[v] = end;
        end = add_row(net, end, v % net->n_nodes, v >= net->n_nodes);
    }
    net->first[net->n_vertices] = end;
}

// ---- Cycles -------------------------------------------------------------------------------------

// Tarjan's strongly connected components, with a stack in place of recursion.
typedef struct search {
    uint32_t n_found; // Vertices numbered,
    uint32_t n_stack; // on the stack of open components,
    uint32_t n_path;  // and on the way down.
    uint32_t n_components;
} search;

static void enter(network *net, search *s, uint32_t v) {
    net->number[v] = net->low[v] = s->n_found++;
    net->at[v] = net->first[v];
    net->stack[s->n_stack++] = v;
    net->path[s->n_path++] = v;
}

static void close_component(network *net, search *s, uint32_t root, bool keeps) {
    const bool is_alone = net->stack[s->n_stack - 1] == root;
    bool needs_itself = false;
    for (uint32_t i = net->first[root]; is_alone && i < net->first[root + 1]; ++i)
        needs_itself |= net->needs[i] == root;
    uint32_t v;
    do {
        v = net->stack[--s->n_stack];
        net->is_cyclic[v] = !is_alone || needs_itself;
        if (keeps)
            net->component[v] = s->n_components;
        net->number[v] = CLOSED;
    } while (v != root);
    ++s->n_components;
}

static void leave(network *net, search *s, bool keeps) {
    const uint32_t v = net->path[--s->n_path];
    const uint32_t low = net->low[v];
    if (low == net->number[v])
        close_component(net, s, v, keeps);
    if (s->n_path > 0) {
        const uint32_t above = net->path[s->n_path - 1];
        if (low < net->low[above])
            net->low[above] = low;
    }
}

static void find_cycles(network *net, bool keeps) {
    search s = {0};
    for (uint32_t v = 0; v < net->n_vertices; ++v)
        net->number[v] = NONE;
    for (uint32_t root = 0; root < net->n_vertices; ++root) {
        if (net->number[root] != NONE)
            continue;
        enter(net, &s, root);
        while (s.n_path > 0) {
            const uint32_t v = net->path[s.n_path - 1];
            if (net->at[v] == net->first[v + 1]) {
                leave(net, &s, keeps);
                continue;
            }
            const uint32_t need = net->needs[net->at[v]++];
            if (net->number[need] == NONE)
                enter(net, &s, need);
            else if (net->number[need] != CLOSED && net->number[need] < net->low[v])
                net->low[v] = net->number[need];
        }
    }
}

// ---- Order --------------------------------------------------------------------------------------

typedef struct turn_list {
    pst_turn *turns;
    uint32_t n;
} turn_list;

static void append(const network *net, turn_list *list, uint32_t v) {
    const uint32_t k = v % net->n_nodes;
    pst_role role = PST_ROLE_WHOLE;
    if (net->is_cyclic[v])
        role = PST_ROLE_MUTED;
    else if (net->is_split[k])
        role = v < net->n_nodes ? PST_ROLE_READ : PST_ROLE_WRITE;
    list->turns[list->n++] = (pst_turn){net->nodes[k], role};
}

// Appends a vertex behind all that it needs, unless it is in the list.
static void visit(network *net, turn_list *list, uint32_t root) {
    if (net->number[root] != NONE)
        return;
    uint32_t n_path = 0;
    net->number[root] = 0;
    net->at[root] = net->first[root];
    net->path[n_path++] = root;
    while (n_path > 0) {
        const uint32_t v = net->path[n_path - 1];
        if (net->at[v] == net->first[v + 1]) {
            append(net, list, v);
            --n_path;
            continue;
        }
        const uint32_t need = net->needs[net->at[v]++];
        if (net->number[need] != NONE)
            continue;
        net->number[need] = 0;
        net->at[need] = net->first[need];
        net->path[n_path++] = need;
    }
}

static bool runs_by_itself(const pst_gnode *node) {
    if (node->kind->info.is_source)
        return node->is_started && !atomic_load_explicit(&node->has_ended, memory_order_acquire);
    return node->kind->info.is_pulled;
}

static void visit_all(network *net, turn_list *list, const pst_graph *graph) {
    for (uint32_t v = 0; v < net->n_vertices; ++v)
        net->number[v] = NONE;
    visit(net, list, graph->destination->index);
    for (uint32_t k = 0; k < net->n_nodes; ++k)
        if (runs_by_itself(net->nodes[k]))
            visit(net, list, k);
    // Writers come last; what only they need may lead to more delays.
    for (uint32_t i = 0; i < list->n; ++i)
        if (list->turns[i].role == PST_ROLE_READ)
            visit(net, list, list->turns[i].node->index + net->n_nodes);
}

pst_status pst_order_find(pst_graph *graph, pst_turn **turns, uint32_t *n_turns, pst_error *err) {
    network net;
    turn_list list = {NULL, 0};
    pst_status status = net_init(&net, graph, err);
    if (status == PST_OK) {
        list.turns = pst_alloc_array(2 * (size_t)net.n_nodes, sizeof *list.turns);
        if (list.turns == NULL)
            status = pst_fail_memory(err);
    }
    if (status == PST_OK) {
        add_rows(&net, false);
        find_cycles(&net, true);
        for (uint32_t k = 0; k < net.n_nodes; ++k)
            net.is_split[k] = net.is_cyclic[k] && net.nodes[k]->kind->info.breaks_cycles;
        add_rows(&net, true);
        find_cycles(&net, false);
        visit_all(&net, &list, graph);
        *turns = list.turns;
        *n_turns = list.n;
    }
    net_deinit(&net);
    return status;
}
