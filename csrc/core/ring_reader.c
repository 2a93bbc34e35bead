// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "pastream/ring.h"

#include <string.h>

#include "core/ring_private.h"

// The readers' side. The orders are explained in ring.c.

uint64_t pst_ring_readable(const pst_ring *ring, uint32_t reader) PST_RT {
    if (!pst_ring_has_reader(ring, reader))
        return 0;
    // Position first: written can only be further on by then.
    const uint64_t position = pst_ring_position(ring, reader);
    const uint64_t n = atomic_load(&ring->written) - position;
    return pst_ring_smaller(n, ring->capacity);
}

uint64_t pst_ring_position(const pst_ring *ring, uint32_t reader) PST_RT {
    if (reader >= PST_RING_MAX_READERS)
        return 0;
    return atomic_load(&ring->readers[reader].position) & ~PST_RING_HELD;
}

uint64_t pst_ring_dropped(const pst_ring *ring, uint32_t reader) PST_RT {
    if (reader >= PST_RING_MAX_READERS)
        return 0;
    return atomic_load_explicit(&ring->readers[reader].dropped, memory_order_relaxed) &
           PST_RING_COUNT_MASK;
}

// Brings the private offset to a position.
static void settle(const pst_ring *ring, pst_ring_reader *slot, uint64_t position) PST_RT {
    slot->offset = pst_ring_advance(ring, slot->offset, position - slot->offset_position);
    slot->offset_position = position;
}

// Holds the reader where it is. Returns how many frames it has from there on; holds nothing if
// there are none.
static uint64_t hold(const pst_ring *ring, pst_ring_reader *slot) PST_RT {
    pst_ring_note_use(slot);
    uint64_t position = atomic_load_explicit(&slot->position, memory_order_relaxed);
    uint64_t written = atomic_load_explicit(&ring->written, memory_order_acquire);
    if (position != written) {
        position = atomic_fetch_or(&slot->position, PST_RING_HELD) & ~PST_RING_HELD;
        // Again, since make_room may have moved the position past the first look.
        written = atomic_load_explicit(&ring->written, memory_order_acquire);
        if (position == written)
            atomic_store_explicit(&slot->position, position, memory_order_release);
    }
    settle(ring, slot, position);
    return written - position;
}

static void let_go(pst_ring *ring, pst_ring_reader *slot, uint64_t position) PST_RT {
    atomic_store(&slot->position, position);
    if (atomic_load(&ring->room_at) != PST_RING_NOBODY)
        pst_ring_notify_room(ring);
}

uint64_t pst_ring_begin_read(pst_ring *ring, uint32_t reader, uint64_t max_frames,
                             pst_span *span) PST_RT {
    *span = (pst_span){NULL, 0, 0, 0};
    if (!pst_ring_has_reader(ring, reader))
        return 0;
    pst_ring_reader *slot = &ring->readers[reader];
    const uint64_t n_waiting = hold(ring, slot);
    const uint64_t n_frames = pst_ring_smaller(pst_ring_smaller(n_waiting, max_frames),
                                               pst_ring_frames_to_edge(ring, slot->offset));
    if (n_frames == 0 && n_waiting > 0)
        atomic_store_explicit(&slot->position, slot->offset_position, memory_order_release);
    slot->held_frames = n_frames;
    pst_ring_note_thread(&slot->role_thread);
    pst_ring_fill_span(ring, span, slot->offset, slot->offset_position, n_frames);
    return n_frames;
}

void pst_ring_commit_read(pst_ring *ring, uint32_t reader, uint64_t n_frames) PST_RT {
    if (!pst_ring_has_reader(ring, reader))
        return;
    pst_ring_reader *slot = &ring->readers[reader];
    if (slot->held_frames == 0)
        return;
    pst_ring_check_thread(&slot->role_thread);
    n_frames = pst_ring_smaller(n_frames, slot->held_frames);
    slot->held_frames = 0;
    let_go(ring, slot, slot->offset_position + n_frames);
}

uint64_t pst_ring_read(pst_ring *ring, uint32_t reader, void *data, uint64_t n_frames) PST_RT {
    if (!pst_ring_has_reader(ring, reader))
        return 0;
    pst_ring_reader *slot = &ring->readers[reader];
    const uint64_t n_waiting = hold(ring, slot);
    slot->held_frames = 0;
    if (n_waiting == 0)
        return 0;
    const uint64_t n = pst_ring_smaller(n_waiting, n_frames);
    const uint64_t n_first = pst_ring_smaller(n, pst_ring_frames_to_edge(ring, slot->offset));
    if (n_first > 0)
        memcpy(data, pst_ring_frame_at(ring, slot->offset), n_first * ring->frame_bytes);
    if (n > n_first)
        memcpy((uint8_t *)data + n_first * ring->frame_bytes, pst_ring_frame_at(ring, 0),
               (n - n_first) * ring->frame_bytes);
    let_go(ring, slot, slot->offset_position + n);
    return n;
}

uint64_t pst_ring_skip(pst_ring *ring, uint32_t reader, uint64_t n_frames) PST_RT {
    if (!pst_ring_has_reader(ring, reader))
        return 0;
    pst_ring_reader *slot = &ring->readers[reader];
    const uint64_t n_waiting = hold(ring, slot);
    slot->held_frames = 0;
    if (n_waiting == 0)
        return 0;
    const uint64_t n = pst_ring_smaller(n_waiting, n_frames);
    let_go(ring, slot, slot->offset_position + n);
    return n;
}
