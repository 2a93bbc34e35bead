// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include <stdatomic.h>

#include "base/alloc.h"
#include "base/error.h"
#include "chain/stage.h"

// A ring as a source: whatever its reader finds, in the order of the ring. A reader of a stream's
// input, which also knows about gaps and runs, is in take.c.

typedef struct ring_source {
    pst_source base;
    pst_ring *ring; // Retained.
    uint32_t reader;
    uint64_t most_frames;           // Per piece: the producer must have room beside it.
    _Atomic uint64_t stop_position; // UINT64_MAX: none yet.
    bool is_attached;
    bool is_lent; // The reader stays attached in the end.
} ring_source;

static pst_status give(ring_source *self, pst_piece *piece) {
    const uint64_t position = pst_ring_position(self->ring, self->reader);
    const uint64_t stop = atomic_load(&self->stop_position);
    if (position >= stop)
        return PST_END;
    const uint64_t left = stop - position;
    pst_span span;
    if (pst_ring_begin_read(self->ring, self->reader,
                            left < self->most_frames ? left : self->most_frames, &span) == 0)
        return PST_TIMEOUT;
    *piece =
        (pst_piece){.data = span.data, .n_frames = span.n_frames, .frame = (int64_t)span.position};
    return PST_OK;
}

static pst_status ring_pull(pst_source *source, pst_piece *piece, pst_error *err) {
    ring_source *self = (ring_source *)source;
    (void)err;
    if (pst_ring_position(self->ring, self->reader) >= atomic_load(&self->stop_position))
        return PST_END;
    const pst_status waited =
        pst_ring_wait_readable(self->ring, self->reader, 1, PST_CHAIN_SLICE_NS);
    if (waited == PST_CLOSED && pst_ring_interrupt_reader(self->ring, self->reader, false))
        return PST_TIMEOUT; // The chain wants us back.
    if (waited == PST_TIMEOUT)
        return PST_TIMEOUT;
    // A ring that was interrupted or ended is read to its end all the same.
    const pst_status status = give(self, piece);
    return status == PST_TIMEOUT && waited != PST_OK ? PST_END : status;
}

static void ring_pass(pst_source *source, uint64_t n_frames) {
    const ring_source *self = (const ring_source *)source;
    pst_ring_skip(self->ring, self->reader, n_frames);
}

static void ring_stop(pst_source *source) {
    ring_source *self = (ring_source *)source;
    atomic_store(&self->stop_position, pst_ring_written(self->ring));
}

static void ring_wake(pst_source *source) {
    const ring_source *self = (const ring_source *)source;
    pst_ring_interrupt_reader(self->ring, self->reader, true);
}

static void ring_end(pst_source *source) {
    ring_source *self = (ring_source *)source;
    if (self->is_attached && self->is_lent)
        pst_ring_interrupt_reader(self->ring, self->reader, false);
    else if (self->is_attached)
        pst_ring_detach(self->ring, self->reader);
    self->is_attached = false;
}

static void ring_destroy(pst_source *source) {
    ring_source *self = (ring_source *)source;
    ring_end(source);
    pst_ring_release(self->ring);
    pst_free(self);
}

static const pst_source_ops ring_source_ops = {
    .name = "ring",
    .pull = ring_pull,
    .pass = ring_pass,
    .stop = ring_stop,
    .wake = ring_wake,
    .end = ring_end,
    .destroy = ring_destroy,
};

pst_status pst_source_ring(pst_source **source, pst_ring *ring, uint32_t reader, pst_format format,
                           uint32_t n_channels, pst_error *err) {
    const pst_status status = pst_check_ring(ring, format, n_channels, err);
    if (status != PST_OK)
        return status;
    if (pst_ring_wait_readable(ring, reader, 0, 0) == PST_BAD_ARGUMENT)
        return pst_fail(err, PST_BAD_ARGUMENT, 0, "reader %u is not attached", (unsigned)reader);
    ring_source *self = pst_alloc(sizeof *self);
    if (self == NULL)
        return pst_fail_memory(err);
    pst_ring_info info;
    pst_ring_get_info(ring, &info);
    self->base = (pst_source){.ops = &ring_source_ops, .format = format, .n_channels = n_channels};
    self->ring = ring;
    self->reader = reader;
    self->most_frames = pst_piece_frames(&info);
    self->is_attached = true;
    atomic_init(&self->stop_position, UINT64_MAX);
    pst_ring_retain(ring);
    *source = &self->base;
    return PST_OK;
}

pst_status pst_source_ring_lent(pst_source **source, pst_ring *ring, uint32_t reader,
                                pst_format format, uint32_t n_channels, pst_error *err) {
    const pst_status status = pst_source_ring(source, ring, reader, format, n_channels, err);
    if (status == PST_OK)
        ((ring_source *)*source)->is_lent = true;
    return status;
}
