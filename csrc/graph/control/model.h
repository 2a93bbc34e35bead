// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_GRAPH_MODEL_H
#define PST_GRAPH_MODEL_H

#include <pthread.h>
#include <sys/types.h>

#include "graph/control/parcel.h"
#include "graph/render/input.h"
#include "graph/node.h"
#include "graph/params/timeline.h"
#include "pastream/graph.h"

// The graph as the control side sees it, guarded by one lock, and, in members called `live`, what
// belongs to the renderer.

typedef struct pst_plan pst_plan;

// A param on the renderer's side. Its values are in the node's row of them.
typedef struct pst_live_param {
    pst_track *track; // A reference. NULL: steady at initial.
    uint32_t place;   // In the track.
    pst_param_rate rate;
    float min, max;
    float initial; // In place of NaN.
    float *plane;  // A quantum of values.
    bool is_final; // The values hold what will not change, until there is another track.
} pst_live_param;

struct pst_param {
    pst_gnode *node;
    uint32_t index;
    const pst_param_info *info;
    double min, max;
    pst_param_rate rate;
    pst_param_timeline timeline;
    double set_value;  // What was set for now,
    int64_t set_frame; // which was this; -1: nothing was.
    bool is_changed;   // In the graph's list:
    pst_param *next_changed;
};

// A connection. Kept by both ends, in the order of connecting.
typedef struct pst_edge {
    pst_gnode *from;
    pst_gnode *to;
    uint32_t output;
    uint32_t input; // Or the param's index.
    bool is_param;
    struct pst_edge *next_in;  // Of those that lead to `to`.
    struct pst_edge *next_out; // Of those that begin at `from`.
} pst_edge;

typedef struct pst_edges {
    pst_edge *first;
    pst_edge *last;
} pst_edges;

struct pst_gnode {
    _Atomic uint32_t n_refs; // Of the model, plans and changes on their way.
    pst_graph *graph;        // While it is in the model, or has handles.
    const pst_kind *kind;
    uint32_t n_handles; // Together they hold a reference on the graph.
    bool is_in_model;
    pst_gnode *previous, *next; // In the order of making.
    pst_slot *slots;
    pst_channel_rules rules;
    pst_param *params;
    pst_edges ins, outs;
    bool is_started;
    double start_s;
    double stop_s; // INFINITY: not known yet.
    double offset_s;
    double duration_s;
    uint32_t widest;        // Channels that an input could have so far.
    uint32_t room_channels; // Asked for.
    // Marks of computations under way.
    uint32_t index;
    bool is_marked;
    bool is_planned;          // In the last plan.
    _Atomic bool has_ended;   // A source.
    _Atomic bool live_sounds; // Active in the last quantum.
    // The renderer's.
    pst_unit live;
    pst_live_param *live_params;
    pst_values *live_values;
    pst_channel_rules live_rules;
    uint32_t *live_widths; // Channels of the inputs while they were active.
    int64_t live_idle;     // Frames since then.
    bool live_active;
};

struct pst_graph {
    _Atomic uint32_t n_refs;
    pst_graph_config config;
    pthread_mutex_t lock;
    pid_t pid; // Of the process that made it.
    // The model.
    pst_site site;
    pst_gnode *first, *last;
    uint32_t n_nodes;
    pst_gnode *destination, *listener;
    uint32_t depth;      // Of begins.
    bool plan_is_old;    // Something asks for another order.
    bool may_be_garbage; // Somebody has dropped a handle or a connection.
    uint32_t n_ended_seen;
    uint32_t n_rested_seen;
    pst_param *changed_params;
    pst_changes pending; // To be sent.
    pst_parcel *unread;  // The only one in the inbox, unless the renderer has taken it; or NULL.
    // Between the two; of parcels.
    pst_letterbox inbox;
    pst_letterbox outbox;
    _Atomic bool is_played; // A device renders it, so nothing waits in the inbox for long.
    _Atomic int64_t frame;
    _Atomic uint32_t n_ended;  // Sources.
    _Atomic uint32_t n_rested; // Tails.
    // The renderer's.
    pst_plan *live_plan;
    bool live_is_roused; // Somebody may have begun to sound by himself.
    pst_input live_input;
    uint32_t live_left; // Frames of the last quantum that nobody has taken yet.
    float *zeros;
    float *zero_planes[PST_GRAPH_MAX_CHANNELS];
};

static inline double pst_graph_now(const pst_graph *graph) PST_RT {
    return (double)pst_graph_frame(graph) / graph->config.rate_hz;
}

// The state of a node's unit, for functions that tell users what the renderer has found: they read
// atomics in it, and nothing else. It is there as long as the caller has a handle.
static inline void *pst_gnode_state(const pst_gnode *node) PST_RT {
    return node->live.state;
}

// PST_OK, or PST_BAD_ARGUMENT if the node is of another kind.
pst_status pst_gnode_check_kind(const pst_gnode *node, const pst_kind *kind, pst_error *err);

// ---- Nodes (gnode.c) ----------------------------------------------------------------------------

// Makes a node, out of the model, with one reference and no handle. With the lock.
pst_status pst_gnode_create(pst_gnode **node, pst_graph *graph, const pst_kind *kind,
                            const pst_setting *settings, uint32_t n_settings, pst_error *err);

// Adds a handle. With the lock.
void pst_gnode_add_handle(pst_gnode *node);

// Adds and drops references. The last one frees; not on the audio thread.
void pst_gnode_keep(pst_gnode *node);
void pst_gnode_drop(pst_gnode *node);

// As pst_graph_add, of any kind. Its destroy is called at last, also if this fails. Without the
// lock.
pst_status pst_graph_add_kind(pst_graph *graph, pst_gnode **node, const pst_kind *kind,
                              const pst_setting *settings, uint32_t n_settings, pst_error *err);

// ---- Model (model.c); with the lock -------------------------------------------------------------

void pst_model_add(pst_graph *graph, pst_gnode *node);

// Takes a node out, with its connections, and drops the model's reference.
void pst_model_remove(pst_graph *graph, pst_gnode *node);

// Takes out the nodes that nobody can hear or reach any more.
void pst_model_sweep(pst_graph *graph);

// ---- Changes (change.c); with the lock ----------------------------------------------------------

// Each makes a change and puts it to those to be sent; PST_OK or PST_NO_MEMORY.
pst_status pst_change_slot(pst_gnode *node, uint32_t attribute, pst_slot *slot, pst_error *err);
pst_status pst_change_rules(pst_gnode *node, pst_error *err);
pst_status pst_change_rate(pst_param *param, pst_error *err);
pst_status pst_change_start(pst_gnode *node, const pst_schedule *schedule, pst_error *err);
pst_status pst_change_stop(pst_gnode *node, double stop_s, pst_error *err);

// Notes that the param's timeline is to be sent.
void pst_change_timeline(pst_param *param);

// Sends all that waits. Returns as pst_graph_send.
pst_status pst_change_send(pst_graph *graph, pst_error *err);

// Sends if the graph sends at once and nothing holds it back.
pst_status pst_change_done(pst_graph *graph, pst_error *err);

// Frees what the renderer has given back.
void pst_change_collect(pst_graph *graph);

// Frees what was never sent, or never taken.
void pst_change_discard(pst_graph *graph);

// Takes what was sent, and applies it in order. Thread: the renderer.
void pst_change_take(pst_graph *graph) PST_RT;

// ---- Kinds (kinds.c) ----------------------------------------------------------------------------

// Returns the kind of that name, or NULL.
const pst_kind *pst_kind_find(const char *name);

#endif
