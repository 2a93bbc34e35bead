// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "pastream/ring.h"

#include <string.h>

#include "core/ring_private.h"

// The producer's side. The orders are explained in ring.c.

// Returns up to where the readers that it meets leave room. One that joins meanwhile may be missed.
static uint64_t look_for_room(const pst_ring *ring, uint64_t written) PST_RT {
    uint64_t oldest = written;
    for (uint32_t left = atomic_load(&ring->active); left != 0; left &= left - 1) {
        const pst_ring_reader *slot = &ring->readers[__builtin_ctz(left)];
        const uint64_t position = atomic_load(&slot->position) & ~PST_RING_HELD;
        const uint64_t lag = written - position;
        if (lag <= ring->capacity && position < oldest)
            oldest = position;
    }
    return oldest + ring->capacity;
}

bool pst_ring_find_room(const pst_ring *ring, uint64_t written, uint64_t *room_end) PST_RT {
    enum { N_LOOKS = 4 }; // Joining takes longer than looking: two are already very many.
    uint32_t n_joins = atomic_load(&ring->n_joins);
    for (int left = N_LOOKS; left > 0; --left) {
        *room_end = look_for_room(ring, written);
        const uint32_t n_before = n_joins;
        n_joins = atomic_load(&ring->n_joins);
        if (n_joins == n_before)
            return true;
    }
    return false;
}

// Looks again how far it may go; leaves it at what was found before if that cannot be told now.
static void update_room(pst_ring *ring, uint64_t written) PST_RT {
    uint64_t room_end;
    if (pst_ring_find_room(ring, written, &room_end))
        ring->room_end = room_end;
}

uint64_t pst_ring_writable(const pst_ring *ring) PST_RT {
    const uint64_t written = atomic_load_explicit(&ring->written, memory_order_relaxed);
    uint64_t room_end;
    return pst_ring_find_room(ring, written, &room_end) ? room_end - written : 0;
}

// Returns how many of n_frames fit.
static uint64_t reserve(pst_ring *ring, uint64_t written, uint64_t n_frames) PST_RT {
    const uint64_t wanted = pst_ring_smaller(n_frames, ring->capacity);
    if (ring->room_end - written < wanted)
        update_room(ring, written);
    return pst_ring_smaller(wanted, ring->room_end - written);
}

// Where there are two copies, brings the other one up to date.
static void copy_to_other_half(const pst_ring *ring, uint64_t offset, uint64_t n_frames) PST_RT {
    const uint64_t frame_bytes = ring->frame_bytes;
    const uint64_t n_before_edge = pst_ring_smaller(n_frames, ring->capacity - offset);
    memcpy(pst_ring_frame_at(ring, offset + ring->capacity), pst_ring_frame_at(ring, offset),
           n_before_edge * frame_bytes);
    if (n_frames > n_before_edge)
        memcpy(pst_ring_frame_at(ring, 0), pst_ring_frame_at(ring, ring->capacity),
               (n_frames - n_before_edge) * frame_bytes);
}

static void publish(pst_ring *ring, uint64_t written, uint64_t n_frames) PST_RT {
    if (ring->block.kind == PST_RING_COPYING)
        copy_to_other_half(ring, ring->offset, n_frames);
    ring->offset = pst_ring_advance(ring, ring->offset, n_frames);
    written += n_frames;
    atomic_store(&ring->written, written);
    for (uint32_t left = atomic_load(&ring->active); left != 0; left &= left - 1) {
        pst_ring_reader *slot = &ring->readers[__builtin_ctz(left)];
        uint64_t wake_at = atomic_load(&slot->wake_at);
        // Whoever takes the value away posts; a waiter that comes back stores it again.
        if (wake_at <= written &&
            atomic_compare_exchange_strong(&slot->wake_at, &wake_at, PST_RING_NOBODY))
            pst_event_post(&slot->event);
    }
}

uint64_t pst_ring_begin_write(pst_ring *ring, uint64_t max_frames, pst_span *span) PST_RT {
    const uint64_t written = atomic_load_explicit(&ring->written, memory_order_relaxed);
    const uint64_t n_frames = pst_ring_smaller(reserve(ring, written, max_frames),
                                               pst_ring_frames_to_edge(ring, ring->offset));
    ring->granted_frames = n_frames;
    pst_ring_note_thread(&ring->role_thread);
    pst_ring_fill_span(ring, span, ring->offset, written, n_frames);
    return n_frames;
}

void pst_ring_commit_write(pst_ring *ring, uint64_t n_frames) PST_RT {
    n_frames = pst_ring_smaller(n_frames, ring->granted_frames);
    ring->granted_frames = 0;
    if (n_frames == 0)
        return;
    pst_ring_check_thread(&ring->role_thread);
    publish(ring, atomic_load_explicit(&ring->written, memory_order_relaxed), n_frames);
}

uint64_t pst_ring_write(pst_ring *ring, const void *data, uint64_t n_frames) PST_RT {
    const uint64_t written = atomic_load_explicit(&ring->written, memory_order_relaxed);
    const uint64_t n = reserve(ring, written, n_frames);
    ring->granted_frames = 0; // A span that was begun before would lie over these frames.
    if (n == 0)
        return 0;
    const uint64_t n_first = pst_ring_smaller(n, pst_ring_frames_to_edge(ring, ring->offset));
    memcpy(pst_ring_frame_at(ring, ring->offset), data, n_first * ring->frame_bytes);
    if (n > n_first)
        memcpy(pst_ring_frame_at(ring, 0), (const uint8_t *)data + n_first * ring->frame_bytes,
               (n - n_first) * ring->frame_bytes);
    publish(ring, written, n);
    return n;
}

bool pst_ring_write_whole(pst_ring *ring, const void *data, uint64_t n_frames) PST_RT {
    const uint64_t written = atomic_load_explicit(&ring->written, memory_order_relaxed);
    if (atomic_load(&ring->ended) || reserve(ring, written, n_frames) < n_frames)
        return false;
    return pst_ring_write(ring, data, n_frames) == n_frames;
}

// Moves one reader to target, unless it holds a span or is there already. Returns over how many
// frames.
static uint64_t move_reader(const pst_ring *ring, pst_ring_reader *slot, uint64_t written,
                            uint64_t target) PST_RT {
    uint64_t position = atomic_load(&slot->position);
    // A failed exchange means that the reader moved on or took hold; both end this soon.
    while ((position & PST_RING_HELD) == 0 && position < target &&
           written - position <= ring->capacity) {
        const uint64_t n_passed = target - position;
        if (atomic_compare_exchange_weak(&slot->position, &position, target))
            return n_passed;
    }
    return 0;
}

// The same, counting what the reader loses by it.
static void drop_oldest(const pst_ring *ring, pst_ring_reader *slot, uint64_t written,
                        uint64_t target) PST_RT {
    uint64_t dropped = atomic_load(&slot->dropped);
    const uint64_t n_lost = move_reader(ring, slot, written, target);
    // Fails if the slot has got another owner in between.
    if (n_lost > 0)
        atomic_compare_exchange_strong(&slot->dropped, &dropped, dropped + n_lost);
}

uint64_t pst_ring_make_room(pst_ring *ring, uint64_t n_frames) PST_RT {
    const uint64_t written = atomic_load_explicit(&ring->written, memory_order_relaxed);
    const uint64_t end = written + pst_ring_smaller(n_frames, ring->capacity);
    if (ring->room_end < end)
        update_room(ring, written);
    if (ring->room_end < end) {
        for (uint32_t left = atomic_load(&ring->active); left != 0; left &= left - 1)
            drop_oldest(ring, &ring->readers[__builtin_ctz(left)], written, end - ring->capacity);
        update_room(ring, written);
    }
    return ring->room_end - written;
}

uint64_t pst_ring_pass_idle(pst_ring *ring, uint64_t n_frames) PST_RT {
    const uint64_t written = atomic_load_explicit(&ring->written, memory_order_relaxed);
    const uint64_t end = written + pst_ring_smaller(n_frames, ring->capacity);
    if (ring->room_end < end)
        update_room(ring, written);
    pst_ring_reader *first = &ring->readers[0];
    if (ring->room_end < end && atomic_load_explicit(&ring->is_shared, memory_order_relaxed) &&
        atomic_load_explicit(&first->is_idle, memory_order_relaxed)) {
        move_reader(ring, first, written, end - ring->capacity);
        update_room(ring, written);
    }
    return ring->room_end - written;
}

bool pst_ring_discard(pst_ring *ring) PST_RT {
    const uint64_t written = atomic_load(&ring->written);
    bool all_moved = true;
    for (uint32_t left = atomic_load(&ring->active); left != 0; left &= left - 1) {
        pst_ring_reader *slot = &ring->readers[__builtin_ctz(left)];
        move_reader(ring, slot, written, written);
        if (atomic_load(&slot->position) != written)
            all_moved = false;
    }
    return all_moved;
}

bool pst_ring_clear(pst_ring *ring) PST_RT {
    const bool all_moved = pst_ring_discard(ring);
    atomic_store(&ring->readers[0].is_idle, !atomic_load(&ring->is_claimed));
    atomic_store(&ring->is_shared, (atomic_load(&ring->active) & ~UINT32_C(1)) != 0);
    return all_moved;
}

void pst_ring_claim(pst_ring *ring, bool claimed) PST_RT {
    atomic_store(&ring->is_claimed, claimed);
    if (claimed)
        pst_ring_note_use(&ring->readers[0]);
}

uint64_t pst_ring_written(const pst_ring *ring) PST_RT {
    return atomic_load_explicit(&ring->written, memory_order_acquire);
}
