// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_CHAIN_NODES_NODE_H
#define PST_CHAIN_NODES_NODE_H

#include "chain/stage.h"
#include "pastream/node.h"

// The frame of all nodes that are made of stages. A kind of node says which stages it is for
// given frames, and needs no more than that.

enum { PST_NODE_MAX_STAGES = 6 };

// Makes the stages for frames like `in`: none if there is nothing to do. Called by the worker when
// the first frames come, and whenever they are others from there on; the stages before are drained
// and destroyed by then.
//
// stages: room for PST_NODE_MAX_STAGES.
// n_stages: 0 at first; counts those that are made, also when it fails: the node destroys them.
typedef pst_status (*pst_node_make)(void *spec, const pst_media *in, pst_stage **stages,
                                    uint32_t *n_stages, pst_error *err);

// Makes a node. spec: what make gets, the node's if this succeeds; free_spec: NULL, or how it goes.
// name: in errors, copied. Returns PST_OK, PST_NO_MEMORY. Thread: control. Realtime: no.
pst_status pst_node_create(pst_stage **stage, const char *name, pst_node_make make, void *spec,
                           void (*free_spec)(void *spec), pst_error *err);

// Returns the spec of a node that was made with this function; NULL: it is another stage.
// Thread: any. Realtime: yes.
void *pst_node_spec(const pst_stage *stage, pst_node_make make) PST_RT;

// Returns where a gain node looks for the gain that is wanted; NULL: it is another stage.
// Thread: any. Realtime: yes.
_Atomic double *pst_node_gain_wanted(const pst_stage *stage) PST_RT;

// Copies frames into chunks, as pst_node_rechunk. Returns PST_OK, PST_BAD_ARGUMENT, PST_NO_MEMORY.
// Thread: control. Realtime: no.
pst_status pst_stage_rechunk(pst_stage **stage, pst_format format, uint32_t n_channels,
                             uint32_t n_frames, bool pads_final, pst_error *err);

// Picks channels, as pst_node_pick. sources: n_out numbers, each below in_channels; copied.
// Returns PST_OK, PST_BAD_ARGUMENT, PST_NO_MEMORY. Thread: control. Realtime: no.
pst_status pst_stage_pick(pst_stage **stage, pst_format format, uint32_t in_channels,
                          const int32_t *sources, uint32_t n_out, pst_error *err);

#endif
