// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "pastream/ring.h"

#include "base/clock.h"
#include "core/ring_private.h"

// Waiting for frames and for room. The orders are explained in ring.c.

void pst_ring_notify_room(pst_ring *ring) PST_RT {
    uint64_t room_at = atomic_load(&ring->room_at);
    if (room_at == PST_RING_NOBODY)
        return;
    uint64_t room_end;
    const bool is_sure = pst_ring_find_room(ring, atomic_load(&ring->written), &room_end);
    // Who is woken for nothing goes back to sleep.
    if ((!is_sure || room_end >= room_at) &&
        atomic_compare_exchange_strong(&ring->room_at, &room_at, PST_RING_NOBODY))
        pst_event_post(&ring->room_event);
}

void pst_ring_notify_all(pst_ring *ring) PST_RT {
    for (uint32_t left = atomic_load(&ring->taken); left != 0; left &= left - 1)
        pst_event_post(&ring->readers[__builtin_ctz(left)].event);
    pst_event_post(&ring->room_event);
}

void pst_ring_interrupt(pst_ring *ring, bool interrupted) PST_RT {
    atomic_store(&ring->interrupted, interrupted);
    if (interrupted)
        pst_ring_notify_all(ring);
}

static bool interrupt(_Atomic bool *flag, pst_event *event, bool interrupted) PST_RT {
    const bool before = atomic_exchange(flag, interrupted);
    if (interrupted)
        pst_event_post(event);
    return before;
}

bool pst_ring_interrupt_reader(pst_ring *ring, uint32_t reader, bool interrupted) PST_RT {
    if (reader >= PST_RING_MAX_READERS)
        return false;
    pst_ring_reader *slot = &ring->readers[reader];
    return interrupt(&slot->interrupted, &slot->event, interrupted);
}

bool pst_ring_interrupt_producer(pst_ring *ring, bool interrupted) PST_RT {
    return interrupt(&ring->producer_interrupted, &ring->room_event, interrupted);
}

uint64_t pst_ring_wakes(const pst_ring *ring) PST_RT {
    uint64_t n = pst_event_wakes(&ring->room_event);
    for (uint32_t i = 0; i < PST_RING_MAX_READERS; ++i)
        n += pst_event_wakes(&ring->readers[i].event);
    return n;
}

// ---- One waiter, either side -----------------------------------------------------------------

// A reader waits until `written` reaches a target, the producer until the room does.
typedef struct waiter {
    bool is_producer;
    uint32_t reader;
    uint64_t n_frames;
    const _Atomic bool *interrupted;
    pst_event *event;
    _Atomic uint64_t *wake_at;
    uint64_t *armed_at;
} waiter;

static waiter waiting_reader(pst_ring *ring, uint32_t reader, uint64_t n_frames) {
    pst_ring_reader *slot = &ring->readers[reader];
    pst_ring_note_use(slot);
    return (waiter){.reader = reader,
                    .n_frames = n_frames,
                    .interrupted = &slot->interrupted,
                    .event = &slot->event,
                    .wake_at = &slot->wake_at,
                    .armed_at = &slot->armed_at};
}

static waiter waiting_producer(pst_ring *ring, uint64_t n_frames) {
    return (waiter){.is_producer = true,
                    .n_frames = n_frames,
                    .interrupted = &ring->producer_interrupted,
                    .event = &ring->room_event,
                    .wake_at = &ring->room_at,
                    .armed_at = &ring->room_armed_at};
}

// Where the counter has to be. A reader's target moves on when make_room takes frames from it.
static uint64_t find_target(const pst_ring *ring, const waiter *w) {
    const uint64_t from =
        w->is_producer ? atomic_load(&ring->written) : pst_ring_position(ring, w->reader);
    return from + w->n_frames;
}

static uint64_t find_room(const pst_ring *ring, uint64_t written) {
    uint64_t room_end;
    while (!pst_ring_find_room(ring, written, &room_end)) {
    }
    return room_end;
}

// Returns PST_TIMEOUT while there is a reason to wait.
static pst_status look(const pst_ring *ring, const waiter *w, uint64_t target) {
    if (atomic_load(&ring->interrupted) || atomic_load(w->interrupted))
        return PST_CLOSED;
    const bool ended = atomic_load(&ring->ended); // First: nothing is written after it.
    if (ended && w->is_producer)
        return PST_END;
    const uint64_t written = atomic_load(&ring->written);
    if ((w->is_producer ? find_room(ring, written) : written) >= target)
        return PST_OK;
    return ended ? PST_END : PST_TIMEOUT;
}

static pst_status wait_for(pst_ring *ring, const waiter *w, int64_t timeout_ns) {
    pst_status status = look(ring, w, find_target(ring, w));
    if (status != PST_TIMEOUT || timeout_ns == 0)
        return status;
    const int64_t deadline_ns = pst_deadline_ns(timeout_ns);
    for (bool is_late = false; status == PST_TIMEOUT && !is_late;) {
        const uint32_t ticket = pst_event_prepare(w->event);
        const uint64_t target = find_target(ring, w);
        atomic_store(w->wake_at, target);
        status = look(ring, w, target);
        if (status != PST_TIMEOUT) {
            pst_event_cancel(w->event);
        } else {
            is_late = pst_event_wait(w->event, ticket, deadline_ns) == PST_TIMEOUT;
            status = look(ring, w, find_target(ring, w));
        }
    }
    // An armed descriptor goes on waiting for its own target, which may have come meanwhile.
    const bool is_armed = pst_event_fd_armed(w->event);
    atomic_store(w->wake_at, is_armed ? *w->armed_at : PST_RING_NOBODY);
    if (is_armed && look(ring, w, *w->armed_at) != PST_TIMEOUT)
        pst_event_post(w->event);
    return status;
}

static int arm_for(pst_ring *ring, const waiter *w) {
    const int fd = pst_event_arm_fd(w->event);
    if (fd < 0)
        return fd;
    *w->armed_at = find_target(ring, w);
    atomic_store(w->wake_at, *w->armed_at);
    if (look(ring, w, *w->armed_at) != PST_TIMEOUT)
        pst_event_post(w->event);
    return fd;
}

// ---- The doors -------------------------------------------------------------------------------

pst_status pst_ring_wait_readable(pst_ring *ring, uint32_t reader, uint64_t n_frames,
                                  int64_t timeout_ns) {
    if (!pst_ring_has_reader(ring, reader) || n_frames > ring->capacity)
        return PST_BAD_ARGUMENT;
    const waiter w = waiting_reader(ring, reader, n_frames);
    return wait_for(ring, &w, timeout_ns);
}

pst_status pst_ring_wait_writable(pst_ring *ring, uint64_t n_frames, int64_t timeout_ns) {
    if (n_frames > ring->capacity)
        return PST_BAD_ARGUMENT;
    const waiter w = waiting_producer(ring, n_frames);
    return wait_for(ring, &w, timeout_ns);
}

int pst_ring_arm_readable(pst_ring *ring, uint32_t reader, uint64_t n_frames) {
    if (!pst_ring_has_reader(ring, reader) || n_frames > ring->capacity)
        return PST_BAD_ARGUMENT;
    const waiter w = waiting_reader(ring, reader, n_frames);
    return arm_for(ring, &w);
}

int pst_ring_arm_writable(pst_ring *ring, uint64_t n_frames) {
    if (n_frames > ring->capacity)
        return PST_BAD_ARGUMENT;
    const waiter w = waiting_producer(ring, n_frames);
    return arm_for(ring, &w);
}
