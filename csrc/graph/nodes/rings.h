// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_GRAPH_NODES_RINGS_H
#define PST_GRAPH_NODES_RINGS_H

#include "graph/kinds.h"
#include "pastream/ring.h"

// What nodes with a ring have in common.

// Checks that there is a ring, of frames of this size. Thread: control.
pst_status pst_node_check_ring(const pst_slot *slot, uint32_t frame_bytes, pst_error *err);

static inline pst_ring *pst_ring_of(const pst_slot *slot) PST_RT {
    return ((const pst_ring_hold *)slot->object)->ring;
}

// What the two kinds have counted. Thread: any.
uint64_t pst_tap_lost(const pst_unit *unit) PST_RT;
uint64_t pst_stream_source_lost(const pst_unit *unit) PST_RT;

// A count that one thread makes, and others look at.
static inline void pst_count_add(_Atomic uint64_t *count, uint64_t n) PST_RT {
    const uint64_t now = atomic_load_explicit(count, memory_order_relaxed);
    atomic_store_explicit(count, now + n, memory_order_relaxed);
}

#endif
