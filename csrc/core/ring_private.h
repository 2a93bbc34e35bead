// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_CORE_RING_PRIVATE_H
#define PST_CORE_RING_PRIVATE_H

#include <assert.h>
#include <stdalign.h>
#include <stdatomic.h>

#include "base/alloc.h"
#include "base/event.h"
#include "base/thread.h"
#include "core/ring_memory.h"

// What ring.c, ring_wait.c and their tests share. The rules are in ring.c.

#define PST_RING_HELD (UINT64_C(1) << 63) // In a position: the reader holds a span there.
#define PST_RING_NOBODY UINT64_MAX        // In a wake-up position: nobody waits.

// In a reader's dropped counter: the lower bits count, the upper bits tell the owners of the slot
// apart, so that a late count for the last owner does not reach the next.
#define PST_RING_COUNT_BITS 48
#define PST_RING_COUNT_MASK ((UINT64_C(1) << PST_RING_COUNT_BITS) - 1)

typedef struct pst_ring_reader {
    alignas(PST_CACHE_LINE_BYTES) _Atomic uint64_t position; // With PST_RING_HELD.
    // Only the reader's thread:
    uint64_t held_frames; // Length of the span it holds.
    uint64_t offset;      // offset_position % capacity.
    uint64_t offset_position;
    uint64_t armed_at;    // For its descriptor, as wake_at.
    uint64_t role_thread; // Who holds the span. Debug builds only.

    // Seldom written, so the producer can look at it after every block:
    alignas(PST_CACHE_LINE_BYTES) _Atomic uint64_t wake_at; // Post once written gets here.
    _Atomic uint64_t dropped;
    _Atomic bool interrupted; // This reader alone; the ring has its own.
    _Atomic bool is_idle;     // Nobody has read here since pst_ring_clear.
    _Atomic bool is_joining;  // Its position does not hold the producer up for sure yet.
    pst_event event;
} pst_ring_reader;

struct pst_ring {
    pst_ring_block block;
    uint64_t capacity; // Of block, in frames.
    uint32_t frame_bytes;
    _Atomic uint32_t n_refs;

    // Seldom written:
    alignas(PST_CACHE_LINE_BYTES) _Atomic uint32_t active; // A bit per reader that takes part.
    _Atomic uint32_t taken;                                // A bit per reader that has an owner.
    _Atomic uint32_t n_joins;                              // Steps of readers that come in.
    _Atomic bool ended;
    _Atomic bool interrupted;
    _Atomic bool producer_interrupted;
    _Atomic bool is_claimed;  // Reader 0 never counts as idle.
    _Atomic bool is_shared;   // Others than reader 0 have taken part since pst_ring_clear.
    _Atomic uint64_t room_at; // Post once room_end gets here: the producer waits.
    pst_event room_event;

    alignas(PST_CACHE_LINE_BYTES) _Atomic uint64_t written;

    // Only the producer's thread:
    alignas(PST_CACHE_LINE_BYTES) uint64_t room_end; // It may write up to here without looking.
    uint64_t offset;                                 // written % capacity.
    uint64_t granted_frames;                         // Length of the span it was given.
    uint64_t room_armed_at;                          // For its descriptor, as room_at.
    uint64_t role_thread;                            // Who has the span. Debug builds only.

    pst_ring_reader readers[PST_RING_MAX_READERS];
};

// Whether this reader exists and takes part. Thread: any. Realtime: yes.
static inline bool pst_ring_has_reader(const pst_ring *ring, uint32_t reader) PST_RT {
    return reader < PST_RING_MAX_READERS &&
           (atomic_load_explicit(&ring->active, memory_order_relaxed) >> reader & 1u) != 0;
}

// ---- Small steps of both sides. Thread: the side's own. Realtime: yes. ----------------------

static inline void pst_ring_note_thread(uint64_t *role_thread) PST_RT {
#ifndef NDEBUG
    *role_thread = pst_thread_id();
#else
    (void)role_thread;
#endif
}

// A span that is begun on one thread and committed on another is a mistake in the caller.
static inline void pst_ring_check_thread(const uint64_t *role_thread) PST_RT {
#ifndef NDEBUG
    assert(*role_thread == pst_thread_id());
#else
    (void)role_thread;
#endif
}

static inline uint64_t pst_ring_smaller(uint64_t a, uint64_t b) PST_RT {
    return a < b ? a : b;
}

// Moves an offset on without a division, which costs more than everything else here.
static inline uint64_t pst_ring_advance(const pst_ring *ring, uint64_t offset,
                                        uint64_t n_frames) PST_RT {
    if (n_frames > ring->capacity)
        return (offset + n_frames % ring->capacity) % ring->capacity;
    offset += n_frames;
    return offset >= ring->capacity ? offset - ring->capacity : offset;
}

static inline uint64_t pst_ring_frames_to_edge(const pst_ring *ring, uint64_t offset) PST_RT {
    return ring->block.kind == PST_RING_FLAT ? ring->capacity - offset : ring->capacity;
}

static inline uint8_t *pst_ring_frame_at(const pst_ring *ring, uint64_t offset) PST_RT {
    return ring->block.memory + offset * ring->frame_bytes;
}

static inline void pst_ring_fill_span(const pst_ring *ring, pst_span *span, uint64_t offset,
                                      uint64_t position, uint64_t n_frames) PST_RT {
    span->data = pst_ring_frame_at(ring, offset);
    span->n_frames = n_frames;
    span->position = position;
    span->offset_frames = offset;
}

// Whoever reads or waits takes part from then on.
static inline void pst_ring_note_use(pst_ring_reader *slot) PST_RT {
    if (atomic_load_explicit(&slot->is_idle, memory_order_relaxed))
        atomic_store_explicit(&slot->is_idle, false, memory_order_relaxed);
}

// ---- Between the sides ------------------------------------------------------------------

// Tells the position that the producer may write up to, as the readers stand now. Returns false if
// it cannot be told, since readers join all the time. `written` is the ring's own at the time.
// Thread: any. Realtime: yes.
bool pst_ring_find_room(const pst_ring *ring, uint64_t written, uint64_t *room_end) PST_RT;

// Wakes the producer if it waits for room and there is enough.
// Thread: reader. Realtime: yes.
void pst_ring_notify_room(pst_ring *ring) PST_RT;

// Wakes everybody who waits, whatever for. Thread: any. Realtime: yes.
void pst_ring_notify_all(pst_ring *ring) PST_RT;

// ---- For tests -------------------------------------------------------------------------------

// Moves an idle, empty ring to a position, so that tests can run over 2^32 and 2^53. Readers move
// along.
// Thread: control, while neither producer nor readers are active. Realtime: yes.
void pst_ring_start_at(pst_ring *ring, uint64_t position) PST_RT;

// Returns how many system calls were made to wake waiters, of all readers and the producer.
// Thread: any. Realtime: yes.
uint64_t pst_ring_wakes(const pst_ring *ring) PST_RT;

#endif
