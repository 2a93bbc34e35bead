// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PASTREAM_GRAPH_H
#define PASTREAM_GRAPH_H

#include "pastream/base.h"
#include "pastream/callback.h"
#include "pastream/graph_data.h"
#include "pastream/graph_kinds.h"
#include "pastream/param.h"
#include "pastream/ring.h"

#if !defined(PST_CFFI) && defined(__cplusplus)
extern "C" {
#endif

// A graph of nodes that make, change and mix sound, with the semantics of Web Audio. One thread
// renders it, quantum by quantum: a device's callback, or whoever wants the sound faster. Any
// number of other threads change it meanwhile; what they change is sent to the renderer, which
// takes it at the beginning of a quantum. The renderer never waits for them.
//
// A call that returns PST_NO_MEMORY has changed nothing, or has changed the graph and could not
// send that; then the next call that sends, sends it too.
typedef struct pst_graph pst_graph;

// A node of a graph: a handle, counted. A node stays in the graph without one as long as it can be
// heard: while it sounds, or something that may sound leads to it.
typedef struct pst_gnode pst_gnode;

typedef struct pst_graph_config {
    double rate_hz;          // 3000 to 768000.
    uint32_t n_channels;     // Of the output: 1 to PST_GRAPH_MAX_CHANNELS.
    uint32_t quantum_frames; // 1 to PST_QUANTUM_MAX.
    // Of what it hears, through nodes of kind "device_input": 0 to PST_GRAPH_MAX_CHANNELS.
    uint32_t n_input_channels;
    // Whether every call sends what it has changed. Otherwise changes wait for pst_graph_send,
    // which is what somebody wants who builds first and renders then.
    bool sends_at_once;
} pst_graph_config;

// Fills in the defaults: 44100 Hz, stereo, quanta of 128, sends at once.
// Thread: any. Realtime: yes.
PST_API void pst_graph_config_default(pst_graph_config *config) PST_RT;

// Makes a graph, which has a destination and a listener. It starts with one reference.
// Returns PST_OK, PST_BAD_ARGUMENT, PST_NO_MEMORY or PST_SYSTEM_ERROR.
// Thread: control. Realtime: no (allocates).
PST_API pst_status pst_graph_create(pst_graph **graph, const pst_graph_config *config,
                                    pst_error *err);

// Tells what it was made with. Thread: any. Realtime: yes.
PST_API void pst_graph_get_config(const pst_graph *graph, pst_graph_config *config) PST_RT;

// Adds a reference. Thread: any. Realtime: yes.
PST_API void pst_graph_retain(pst_graph *graph) PST_RT;

// Drops a reference; handles of nodes count as one together. The last one frees the graph. NULL is
// allowed. Thread: any but callback; nobody may be rendering at the last one. Realtime: no.
PST_API void pst_graph_release(pst_graph *graph);

// Returns how many frames were rendered; divided by the rate, that is the time. Between two quanta
// it is the first frame of the next.
// Thread: any. Realtime: yes.
PST_API int64_t pst_graph_frame(const pst_graph *graph) PST_RT;

// Holds back what is sent, so that all changes up to the commit act at the same quantum; what was
// changed before is sent. Calls may be nested. Changes by other threads meanwhile are held back as
// well.
// Thread: control, any number at once. Realtime: no (locks).
PST_API void pst_graph_begin(pst_graph *graph);

// Ends it; the outermost commit sends, if the graph sends at once.
// Returns as pst_graph_send; also PST_BAD_STATE if there was no begin.
// Thread: control, any number at once. Realtime: no (allocates).
PST_API pst_status pst_graph_commit(pst_graph *graph, pst_error *err);

// Sends what was changed, in one step, and frees what the renderer has given back. It does nothing
// between a begin and its commit.
// Returns PST_OK, or PST_NO_MEMORY: then nothing was sent, and the next call tries again.
// Thread: control, any number at once. Realtime: no (allocates).
PST_API pst_status pst_graph_send(pst_graph *graph, pst_error *err);

// Does what is left to do where nobody changes the graph for a while: frees what the renderer has
// given back, and takes out what has sounded to its end. It does nothing between a begin and its
// commit, nor in a graph that does not send at once. Call it a few times a second while the graph
// is played.
// Returns as pst_graph_send. Thread: control, any number at once. Realtime: no (allocates).
PST_API pst_status pst_graph_tidy(pst_graph *graph, pst_error *err);

// Renders n_frames into output, interleaved, in the channels of the graph: a pst_callback_fn, with
// the graph as its user pointer. What output holds is replaced; time is not looked at. input:
// n_frames of what the graph hears, interleaved, in its input channels; NULL: silence. From the
// first n_frames on that is no multiple of the quantum, the graph hears it later by a quantum less
// one frame.
// Returns PST_CALLBACK_CONTINUE.
// Thread: callback; one at a time. Realtime: yes.
PST_API int32_t pst_graph_render(const void *input, void *output, int64_t n_frames,
                                 const pst_callback_time *time, uint32_t flags, void *graph) PST_RT;

// Lets the graph hear n_frames of these from the next quantum on, and silence after them, in place
// of what is given to pst_graph_render from now on. They are not copied: they have to last until
// they were rendered.
// Thread: as pst_graph_render. Realtime: yes.
PST_API void pst_graph_feed(pst_graph *graph, const float *frames, int64_t n_frames) PST_RT;

// ---- Nodes --------------------------------------------------------------------------------------

// A value for an attribute. What the attribute's kind does not name is not looked at.
typedef struct pst_setting {
    const char *name;
    double number;         // Also the index of a choice.
    const double *numbers; // Copied.
    uint32_t n_numbers;
    pst_sound *sound; // Retained. NULL: none.
    pst_wave *wave;   // The same.
    pst_ring *ring;   // The same.
} pst_setting;

// Adds a node. kind: the name of one. settings: n_settings attributes; the others have their
// initial values. The handle is the caller's.
// Returns PST_OK, PST_BAD_ARGUMENT (the text names the attribute) or PST_NO_MEMORY.
// Thread: control, any number at once. Realtime: no (allocates).
PST_API pst_status pst_graph_add(pst_graph *graph, pst_gnode **node, const char *kind,
                                 const pst_setting *settings, uint32_t n_settings, pst_error *err);

// Returns a handle of the graph's destination, or of its listener, which is the caller's.
// Thread: control, any number at once. Realtime: no (locks).
PST_API pst_gnode *pst_graph_destination(pst_graph *graph);
PST_API pst_gnode *pst_graph_listener(pst_graph *graph);

// Adds a handle. Thread: control, any number at once. Realtime: no (locks).
PST_API void pst_gnode_retain(pst_gnode *node);

// Drops a handle. NULL is allowed. Thread: any but callback. Realtime: no (locks, frees).
PST_API void pst_gnode_release(pst_gnode *node);

// What kind of node it is. Thread: any. Realtime: yes. Ownership: static.
PST_API const pst_kind_info *pst_gnode_kind(const pst_gnode *node) PST_RT;

// How many inputs and outputs it has. Thread: any. Realtime: yes.
PST_API uint32_t pst_gnode_n_inputs(const pst_gnode *node) PST_RT;
PST_API uint32_t pst_gnode_n_outputs(const pst_gnode *node) PST_RT;

// Returns a param by its place in the kind's table; NULL: there is none.
// Thread: any. Realtime: yes. Ownership: the node's.
PST_API pst_param *pst_gnode_param(pst_gnode *node, uint32_t index) PST_RT;

// Changes an attribute.
// Returns PST_OK, PST_BAD_ARGUMENT (no such attribute or value), PST_BAD_STATE (it can only be
// given when the node is made, or is set already and can be set once) or PST_NO_MEMORY.
// Thread: control, any number at once. Realtime: no (allocates).
PST_API pst_status pst_gnode_set(pst_gnode *node, const pst_setting *setting, pst_error *err);

// Reads an attribute of one number. Returns PST_OK or PST_BAD_ARGUMENT.
// Thread: control, any number at once. Realtime: no (locks).
PST_API pst_status pst_gnode_get_number(pst_gnode *node, const char *name, double *number,
                                        pst_error *err);

// How the node's inputs are mixed.
typedef struct pst_channel_rules {
    uint32_t count; // 1 to PST_GRAPH_MAX_CHANNELS.
    pst_count_mode mode;
    pst_mixing mixing;
} pst_channel_rules;

// Returns PST_OK, PST_BAD_ARGUMENT, PST_UNSUPPORTED (the kind does not have this freedom) or
// PST_NO_MEMORY. Thread: control, any number at once. Realtime: no (allocates).
PST_API pst_status pst_gnode_set_channels(pst_gnode *node, const pst_channel_rules *rules,
                                          pst_error *err);

// Thread: control, any number at once. Realtime: no (locks).
PST_API void pst_gnode_get_channels(pst_gnode *node, pst_channel_rules *rules);

// ---- Connections --------------------------------------------------------------------------------

// Connects an output with an input, or with a param. A second connection of the same two changes
// nothing.
// Returns PST_OK, PST_BAD_ARGUMENT (no such output or input; another graph) or PST_NO_MEMORY.
// Thread: control, any number at once. Realtime: no (allocates).
PST_API pst_status pst_gnode_connect(pst_gnode *from, uint32_t output, pst_gnode *to,
                                     uint32_t input, pst_error *err);
PST_API pst_status pst_gnode_connect_param(pst_gnode *from, uint32_t output, pst_param *param,
                                           pst_error *err);

// Takes connections away. output, input: -1 for all. to: NULL for everything that `from` leads to,
// params as well.
// Returns PST_OK, PST_BAD_ARGUMENT (there was no such connection, though `to` was named; no such
// port) or PST_NO_MEMORY. Thread: control, any number at once. Realtime: no (allocates).
PST_API pst_status pst_gnode_disconnect(pst_gnode *from, int32_t output, pst_gnode *to,
                                        int32_t input, pst_error *err);
PST_API pst_status pst_gnode_disconnect_param(pst_gnode *from, int32_t output, pst_param *param,
                                              pst_error *err);

// ---- Sources ------------------------------------------------------------------------------------

// Lets a source sound from when_s on: frames n with n / rate >= when_s. What has passed counts as
// now. offset_s: where in its sound to begin. duration_s: how much of it, in its own seconds;
// negative: all. Both only where the kind takes a part.
// Returns PST_OK, PST_BAD_ARGUMENT (no source; a number is not finite or negative), PST_BAD_STATE
// (it was started before) or PST_NO_MEMORY.
// Thread: control, any number at once. Realtime: no (allocates).
PST_API pst_status pst_gnode_start(pst_gnode *node, double when_s, double offset_s,
                                   double duration_s, pst_error *err);

// Ends it before when_s. The last call counts, until the source has ended.
// Returns as pst_gnode_start; PST_BAD_STATE if it was not started.
// Thread: control, any number at once. Realtime: no (allocates).
PST_API pst_status pst_gnode_stop(pst_gnode *node, double when_s, pst_error *err);

// Whether a source has sounded to its end. Thread: any. Realtime: yes.
PST_API bool pst_gnode_has_ended(const pst_gnode *node) PST_RT;

#if !defined(PST_CFFI) && defined(__cplusplus)
}
#endif
#endif
