// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "pastream/ring.h"

#include "base/error.h"
#include "core/ring_private.h"

// The rules. All accesses marked seq_cst have one order, called S below.
//
//     what                          by                        order
//     written, store                producer, commit          seq_cst: after the frames; before it
//                                                             looks at wake_at
//     written, load                 readers                   acquire: before they read frames
//     position, store               reader, commit            seq_cst: after it has read; before it
//                                                             looks at room_at
//     position, set HELD            reader, begin             seq_cst: from here on nobody else
//                                                             moves it
//     position, compare-exchange    producer, make_room       seq_cst: only without HELD
//     positions and active, load    producer, find_room       seq_cst: before it writes over frames
//     n_joins, add                  reader, attach            seq_cst: after active and position;
//                                                             before it looks again
//     wake_at / room_at, store      whoever is going to wait  seq_cst: before it looks again
//     wake_at / room_at, take       whoever wakes it          seq_cst: one post for each wait
//
// No frame is overwritten that a reader may still read: the producer writes only below room_end,
// which is the slowest position plus the capacity, as loaded by find_room. It keeps that value and
// looks again only when it runs out of room; positions only grow, so an old value is on the safe
// side, except that a reader might have joined since.
//
// Joining (pst_ring_attach) while the producer runs: the reader sets its active bit and a position
// P, then loads written, and starts over with that value unless it is P. Take the last round. Any
// find_room before its store of P, in S, was made when written was at most P, and so allowed
// writing up to P + capacity at most: no frame from P on is overwritten by it. Any find_room after
// it sees P. So the kept room_end is right as well. Rounds before the last may leave a position
// that the producer has gone past by more than the capacity; it ignores such a one, which can only
// belong to a reader that is joining. The position has HELD set until the reader is in, so that
// make_room does not count frames that it never had.
//
// Joining beside another reader (pst_ring_attach_beside) is the same with that one's position in
// place of written: any find_room before the store of P saw the other reader at P at most, if it
// was in by then and still is. But where written stands still while the producer looks, the other
// reader does not: a find_room that looked for readers before there was the new one, and at the
// other one when that had gone on from P, would have missed the new one. So n_joins counts each
// store of P, before the look that follows it, and find_room counts only if n_joins was the same
// before and after. Then the store of P lies before all that find_room looked at, or the joining
// reader's last look lies behind it.
//
// No wake-up is lost: the waiter stores what it waits for and then looks at the counter; the other
// side stores the counter and then looks for waiters. In S one of the two comes second and sees
// the other.

// ---- Life ------------------------------------------------------------------------------------

pst_status pst_ring_create(pst_ring **ring, const pst_ring_config *config, pst_error *err) {
    pst_ring *made = pst_alloc(sizeof *made);
    if (made == NULL)
        return pst_fail_memory(err);
    uint32_t n_events = 0;
    pst_status status = pst_ring_block_init(&made->block, config, err);
    if (status != PST_OK)
        goto fail;
    status = pst_event_init(&made->room_event, err);
    if (status != PST_OK)
        goto fail;
    for (; n_events < PST_RING_MAX_READERS; ++n_events) {
        status = pst_event_init(&made->readers[n_events].event, err);
        if (status != PST_OK)
            goto fail_events;
        atomic_init(&made->readers[n_events].wake_at, PST_RING_NOBODY);
        made->readers[n_events].armed_at = PST_RING_NOBODY;
    }
    made->capacity = made->block.capacity_frames;
    made->frame_bytes = config->frame_bytes;
    made->room_end = made->capacity;
    made->room_armed_at = PST_RING_NOBODY;
    atomic_init(&made->room_at, PST_RING_NOBODY);
    atomic_init(&made->n_refs, 1);
    atomic_init(&made->taken, 1); // Reader 0.
    atomic_init(&made->active, 1);
    *ring = made;
    return PST_OK;

fail_events:
    while (n_events > 0)
        pst_event_deinit(&made->readers[--n_events].event);
    pst_event_deinit(&made->room_event);
fail:
    pst_ring_block_deinit(&made->block);
    pst_free(made);
    return status;
}

void pst_ring_retain(pst_ring *ring) PST_RT {
    atomic_fetch_add_explicit(&ring->n_refs, 1, memory_order_relaxed);
}

void pst_ring_release(pst_ring *ring) {
    if (ring == NULL || atomic_fetch_sub(&ring->n_refs, 1) > 1)
        return;
    for (uint32_t i = 0; i < PST_RING_MAX_READERS; ++i)
        pst_event_deinit(&ring->readers[i].event);
    pst_event_deinit(&ring->room_event);
    pst_ring_block_deinit(&ring->block);
    pst_free(ring);
}

void pst_ring_get_info(const pst_ring *ring, pst_ring_info *info) PST_RT {
    info->memory = ring->block.memory;
    info->memory_bytes = ring->block.memory_bytes;
    info->capacity_frames = ring->capacity;
    info->frame_bytes = ring->frame_bytes;
    info->memory_kind = ring->block.kind;
}

void pst_ring_start_at(pst_ring *ring, uint64_t position) PST_RT {
    atomic_store(&ring->written, position);
    ring->room_end = position + ring->capacity;
    ring->offset = position % ring->capacity;
    for (uint32_t i = 0; i < PST_RING_MAX_READERS; ++i) {
        atomic_store(&ring->readers[i].position, position);
        ring->readers[i].offset = ring->offset;
        ring->readers[i].offset_position = position;
    }
}

// ---- State ------------------------------------------------------------------------------------

void pst_ring_end(pst_ring *ring) PST_RT {
    atomic_store(&ring->ended, true);
    pst_ring_notify_all(ring);
}

void pst_ring_restart(pst_ring *ring) PST_RT {
    atomic_store(&ring->ended, false);
}

bool pst_ring_ended(const pst_ring *ring) PST_RT {
    return atomic_load(&ring->ended);
}

// ---- Coming and going ---------------------------------------------------------------------

// Takes a free slot. Returns its bit, or 0.
static uint32_t take_slot(pst_ring *ring) PST_RT {
    const uint32_t all = (UINT32_C(1) << PST_RING_MAX_READERS) - 1;
    uint32_t taken = atomic_load(&ring->taken);
    uint32_t bit;
    do {
        if (taken == all)
            return 0;
        bit = ~taken & (taken + 1); // The lowest that is free.
    } while (!atomic_compare_exchange_weak(&ring->taken, &taken, taken | bit));

    pst_ring_reader *slot = &ring->readers[__builtin_ctz(bit)];
    slot->held_frames = 0;
    slot->armed_at = PST_RING_NOBODY;
    atomic_store(&slot->wake_at, PST_RING_NOBODY);
    atomic_store(&slot->interrupted, false);
    atomic_store(&slot->is_idle, false);
    atomic_store(&slot->is_joining, true);
    const uint64_t owner = (atomic_load(&slot->dropped) >> PST_RING_COUNT_BITS) + 1;
    atomic_store(&slot->dropped, owner << PST_RING_COUNT_BITS);
    return bit;
}

static bool is_in(const pst_ring *ring, uint32_t reader) PST_RT {
    return (atomic_load(&ring->active) >> reader & 1u) != 0 &&
           !atomic_load(&ring->readers[reader].is_joining);
}

// Returns where to join: where the reader `other` stands, or the end if it is not in, or there is
// none.
static uint64_t place_to_join(const pst_ring *ring, uint32_t other) PST_RT {
    if (other < PST_RING_MAX_READERS && is_in(ring, other)) {
        const pst_ring_reader *slot = &ring->readers[other];
        const uint64_t owner = atomic_load(&slot->dropped) >> PST_RING_COUNT_BITS;
        const uint64_t position = atomic_load(&slot->position) & ~PST_RING_HELD;
        // It was in all the time.
        if (is_in(ring, other) && atomic_load(&slot->dropped) >> PST_RING_COUNT_BITS == owner)
            return position;
    }
    return atomic_load(&ring->written);
}

// See "Joining" at the top.
static pst_status join(pst_ring *ring, uint32_t other, uint32_t *reader) PST_RT {
    const uint32_t bit = take_slot(ring);
    if (bit == 0)
        return PST_LIMIT;
    const uint32_t index = (uint32_t)__builtin_ctz(bit);
    pst_ring_reader *slot = &ring->readers[index];
    uint64_t place = place_to_join(ring, other);
    atomic_store(&slot->position, place | PST_RING_HELD);
    atomic_fetch_or(&ring->active, bit);
    atomic_fetch_add(&ring->n_joins, 1);
    if (index > 0)
        atomic_store(&ring->is_shared, true);
    for (uint64_t now; (now = place_to_join(ring, other)) != place;) {
        place = now;
        atomic_store(&slot->position, place | PST_RING_HELD);
        atomic_fetch_add(&ring->n_joins, 1);
    }
    slot->offset = place % ring->capacity;
    slot->offset_position = place;
    atomic_store(&slot->position, place);
    atomic_store(&slot->is_joining, false);
    *reader = index;
    return PST_OK;
}

pst_status pst_ring_attach(pst_ring *ring, uint32_t *reader) PST_RT {
    return join(ring, PST_RING_MAX_READERS, reader);
}

pst_status pst_ring_attach_beside(pst_ring *ring, uint32_t other, uint32_t *reader) PST_RT {
    if (other >= PST_RING_MAX_READERS)
        return PST_BAD_ARGUMENT;
    return join(ring, other, reader);
}

void pst_ring_detach(pst_ring *ring, uint32_t reader) PST_RT {
    if (!pst_ring_has_reader(ring, reader))
        return;
    pst_ring_reader *slot = &ring->readers[reader];
    const uint32_t bit = UINT32_C(1) << reader;
    atomic_store(&slot->wake_at, PST_RING_NOBODY);
    pst_event_disarm_fd(&slot->event);
    atomic_fetch_and(&ring->active, ~bit);
    pst_ring_notify_room(ring);
    atomic_fetch_and(&ring->taken, ~bit);
}
