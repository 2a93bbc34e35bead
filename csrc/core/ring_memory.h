// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_CORE_RING_MEMORY_H
#define PST_CORE_RING_MEMORY_H

#include "pastream/ring.h"

// The memory behind a ring: mirrored, copying or flat (see pst_ring_memory). Its pages are present
// when it is handed over.

typedef struct pst_ring_block {
    uint8_t *memory;
    uint64_t capacity_frames; // As rounded.
    uint64_t memory_bytes;    // That may be addressed.
    pst_ring_memory kind;     // Never PST_RING_AUTO.
} pst_ring_block;

// Returns PST_OK, PST_BAD_ARGUMENT, PST_NO_MEMORY or PST_SYSTEM_ERROR.
// Thread: control. Realtime: no.
PST_NODISCARD pst_status pst_ring_block_init(pst_ring_block *block, const pst_ring_config *config,
                                             pst_error *err);

// Gives the memory back; flat memory stays the caller's.
void pst_ring_block_deinit(pst_ring_block *block);

#endif
