// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_CHAIN_NODES_LANE_H
#define PST_CHAIN_NODES_LANE_H

#include "chain/stage.h"
#include "pastream/packet.h"

// What one branch has given and the others have not: copies of frames or packets, in their order,
// with all that was said about them. Memory is used again and again.

// Frames that follow each other and are alike, or a packet.
typedef struct pst_lane_run {
    pst_media media;
    pst_piece piece;   // What is left of it. Its data is in the lane's bytes.
    pst_packet packet; // Of packets.
} pst_lane_run;

typedef struct pst_lane {
    uint8_t *bytes; // Those of all runs, one after another, from `at` on.
    uint64_t at, n_bytes, bytes_room;
    pst_lane_run *runs;
    uint64_t run, n_runs, runs_room;
    uint64_t n_frames; // Waiting, or packets.
    uint64_t n_put;    // All that ever came.
} pst_lane;

// Frees what is in it. Thread: worker. Realtime: no.
void pst_lane_deinit(pst_lane *lane);

// Forgets what is in it. Thread: worker. Realtime: yes.
void pst_lane_clear(pst_lane *lane);

// Puts a copy of a piece behind the others. Returns PST_OK or PST_NO_MEMORY.
// Thread: worker. Realtime: no.
pst_status pst_lane_put(pst_lane *lane, const pst_media *media, const pst_piece *piece,
                        pst_error *err);

// Returns the first run, NULL if nothing waits; its data is valid until the next call on the lane.
// Thread: worker. Realtime: yes.
const pst_lane_run *pst_lane_front(pst_lane *lane);

// Drops so many frames of the first run, at most those that it has.
// Thread: worker. Realtime: yes.
void pst_lane_pass(pst_lane *lane, uint64_t n_frames);

#endif
