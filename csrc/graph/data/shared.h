// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_GRAPH_SHARED_H
#define PST_GRAPH_SHARED_H

#include <stdatomic.h>

#include "pastream/graph_data.h"
#include "pastream/ring.h"

// What several sides read and nobody changes: sounds, waves, curves, tables made from them. It is
// the first member of each. The renderer only reads; it never drops the last reference, since what
// it lets go of travels back to those who sent it.
typedef struct pst_shared {
    _Atomic uint32_t n_refs;
    void (*destroy)(struct pst_shared *self); // Frees it. Never on the audio thread.
} pst_shared;

// Begins with one reference.
static inline void pst_shared_init(pst_shared *shared, void (*destroy)(pst_shared *self)) {
    atomic_init(&shared->n_refs, 1);
    shared->destroy = destroy;
}

// Adds a reference, and returns it; NULL is allowed.
static inline pst_shared *pst_shared_retain(pst_shared *shared) PST_RT {
    if (shared != NULL)
        atomic_fetch_add_explicit(&shared->n_refs, 1, memory_order_relaxed);
    return shared;
}

// NULL is allowed. Thread: any but callback.
static inline void pst_shared_release(pst_shared *shared) {
    if (shared != NULL && atomic_fetch_sub_explicit(&shared->n_refs, 1, memory_order_acq_rel) == 1)
        shared->destroy(shared);
}

struct pst_sound {
    pst_shared shared;
    uint32_t n_channels;
    int64_t n_frames;
    double rate_hz;
    float *samples; // All planes.
    // Each plane has its last frame once more behind it, and a zero in front of it.
    float *channels[]; // n_channels.
};

// Numbers of an attribute, or of a curve of a timeline.
typedef struct pst_numbers {
    pst_shared shared;
    uint32_t n;
    double values[];
} pst_numbers;

// Returns a copy of n numbers, or NULL.
PST_NODISCARD pst_numbers *pst_numbers_create(const double *values, uint32_t n);

// A reference on a ring.
typedef struct pst_ring_hold {
    pst_shared shared;
    pst_ring *ring;
} pst_ring_hold;

// Retains the ring. Returns NULL if there is no memory.
PST_NODISCARD pst_ring_hold *pst_ring_hold_create(pst_ring *ring);

#endif
