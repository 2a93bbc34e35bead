// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PASTREAM_GRAPH_RING_H
#define PASTREAM_GRAPH_RING_H

#include "pastream/graph.h"

#if !defined(PST_CFFI) && defined(__cplusplus)
extern "C" {
#endif

// Nodes with a ring at their other end. Neither of them ever waits for what is there.
//
// "tap" passes sound on, and writes it to its ring as well: frames of float32, each quantum,
// silence too. It is the ring's producer, and ends it when the node is gone; ended by somebody
// else, it takes no more. When the ring is full, frames are left out.
//
// "stream_source" plays what one reader of a ring gets, in any format. It is that reader's consumer
// while it sounds; number -1 is one of its own, which sees what is written from now on. It begins
// once there are as many frames as its lead says. What is not there in time from then on is
// silence; when the ring is ended and empty, the source has ended.
//
// Both hold a reference on the ring. Memory of the caller's (PST_RING_FLAT) has to outlive the
// node; a tap has then ended its ring.

// Returns how many frames were left out by a tap, or were not there in time for a source that had
// begun to sound; 0 for nodes of other kinds.
// Thread: any. Realtime: yes.
PST_API uint64_t pst_gnode_lost_frames(const pst_gnode *node) PST_RT;

// Tells which frame of the graph a tap has written to a position of its ring. Only the places where
// the last 1024 gaps were are known; what lies before is described as if there had been no others.
// Returns PST_OK, PST_BAD_ARGUMENT (no tap) or PST_BAD_STATE (nothing is there yet).
// Thread: any. Realtime: no (writes the text of an error).
PST_API pst_status pst_gnode_tapped_frame(const pst_gnode *node, uint64_t position, int64_t *frame,
                                          pst_error *err);

#if !defined(PST_CFFI) && defined(__cplusplus)
}
#endif
#endif
