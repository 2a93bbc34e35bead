// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PASTREAM_GRAPH_VIEW_H
#define PASTREAM_GRAPH_VIEW_H

#include "pastream/graph.h"

#if !defined(PST_CFFI) && defined(__cplusplus)
extern "C" {
#endif

// What a graph consists of, for those who draw or save it: as it was last changed, whether that was
// sent already or not. Between pst_graph_begin and pst_graph_commit other threads may change it
// even so.

// Lists the nodes that are in the graph, in the order of making; destination and listener are the
// first two. nodes: gets capacity handles at most, which are the caller's. Returns how many nodes
// there are, which may be more.
// Thread: control, any number at once. Realtime: no (locks, frees what nobody can hear).
PST_API uint32_t pst_graph_list(pst_graph *graph, pst_gnode **nodes, uint32_t capacity);

// A connection that leads to a node.
typedef struct pst_connection {
    pst_gnode *source; // A handle, which is the caller's.
    uint32_t output;
    uint32_t input; // Or the param's place in the kind's table.
    bool is_param;
} pst_connection;

// Lists the connections that lead to a node and to its params, in the order of connecting. Returns
// how many there are; at most capacity are given.
// Thread: control, any number at once. Realtime: no (locks).
PST_API uint32_t pst_gnode_connections(pst_gnode *node, pst_connection *connections,
                                       uint32_t capacity);

// Reads an attribute that is numbers. Returns how many there are, at most capacity of which are
// given; 0 also for none, and if there is no such attribute.
// Thread: control, any number at once. Realtime: no (locks).
PST_API uint32_t pst_gnode_get_numbers(pst_gnode *node, const char *name, double *numbers,
                                       uint32_t capacity);

// Reads an attribute that is a sound, or a wave: the caller gets a reference. NULL: it has none, or
// there is no such attribute.
// Thread: control, any number at once. Realtime: no (locks).
PST_API pst_sound *pst_gnode_get_sound(pst_gnode *node, const char *name);
PST_API pst_wave *pst_gnode_get_wave(pst_gnode *node, const char *name);

// When a source sounds, in seconds.
typedef struct pst_source_times {
    bool is_started;
    double start_s;
    double stop_s;     // INFINITY: it was not stopped.
    double offset_s;   // Where in its sound it begins.
    double duration_s; // How much of that it plays; negative: all.
} pst_source_times;

// Thread: control, any number at once. Realtime: no (locks).
PST_API void pst_gnode_get_times(pst_gnode *node, pst_source_times *times);

// Lists what would make a param's timeline, made in this order on a new one: initial, which is the
// value before all, and the calls. What is over is not among them. automations: gets capacity of
// them at most; their values are in the array of that name, which gets n_values at most.
// Returns how many calls there are; *n_values: how many values.
// Thread: control, any number at once. Realtime: no (locks).
PST_API uint32_t pst_param_list(pst_param *param, double *initial, pst_automation *automations,
                                uint32_t capacity, double *values, uint32_t *n_values);

#if !defined(PST_CFFI) && defined(__cplusplus)
}
#endif
#endif
