// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_CHAIN_NODES_JOIN_H
#define PST_CHAIN_NODES_JOIN_H

#include "chain/nodes/lane.h"
#include "pastream/fork.h"

// Makes one row of frames or packets of those that several branches have put into their lanes.
//
// Reducers by sample, and those of packets, give what all lanes have; frames of several branches
// one after another are given when a border is told.

// What the lanes can still expect.
typedef enum pst_join_when {
    PST_JOIN_AMID = 0,   // More of the same.
    PST_JOIN_BORDER = 1, // All of a buffer is there.
    PST_JOIN_END = 2     // Nothing: a lane without frames is silent.
} pst_join_when;

typedef struct pst_join {
    pst_reduce_kind kind;
    double *weights; // NULL: all are 1.
    pst_lane *lanes; // One per branch.
    uint32_t n_lanes;
    const uint8_t **sources; // One per branch.
    pst_media media;         // Of what was given last.
    uint8_t *room;           // For frames, or for a packet's bytes.
    uint64_t room_bytes;
    uint8_t *silence;
    pst_packet packet;
    uint64_t n_packets;
    // One branch after another:
    bool is_under_way;
    uint32_t lane;
    int64_t next_frame;
} pst_join;

// Copies the reducer, which was checked. Returns PST_OK or PST_NO_MEMORY (to be deinitialised all
// the same). Thread: control. Realtime: no.
pst_status pst_join_init(pst_join *join, const pst_reducer *reducer, uint32_t n_lanes,
                         pst_error *err);

// Thread: control. Realtime: no.
void pst_join_deinit(pst_join *join);

// Forgets all frames. Thread: worker. Realtime: yes.
void pst_join_clear(pst_join *join);

// Gives the next piece, valid until the next call or put; out->n_frames is 0 if there is none.
// Returns PST_OK; PST_BAD_ARGUMENT (two branches give what cannot be joined; the text names them);
// PST_NO_MEMORY. counts: gets what was clipped added.
// Thread: worker. Realtime: no.
pst_status pst_join_next(pst_join *join, pst_join_when when, pst_piece *out,
                         pst_convert_counts *counts, pst_error *err);

#endif
