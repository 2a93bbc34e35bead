// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "base/alloc.h"
#include "base/clock.h"
#include "base/error.h"
#include "chain/stage.h"

// A ring as a sink: the chain is its producer.

typedef struct ring_sink {
    pst_sink base;
    pst_ring *ring;     // Retained.
    pst_stream *stream; // NULL, or retained.
} ring_sink;

static pst_status wait_for_room(const ring_sink *self, pst_error *err) {
    return self->stream != NULL ? pst_stream_wait_output(self->stream, 1, PST_CHAIN_SLICE_NS, err)
                                : pst_ring_wait_writable(self->ring, 1, PST_CHAIN_SLICE_NS);
}

static pst_status ring_push(pst_sink *sink, const pst_piece *piece, uint64_t *n_taken,
                            pst_error *err) {
    const ring_sink *self = (const ring_sink *)sink;
    pst_error why = {.status = PST_OK};
    const pst_status status = wait_for_room(self, &why);
    if (status == PST_CLOSED)
        return pst_ring_interrupt_producer(self->ring, false) ? PST_TIMEOUT : PST_END;
    if (status != PST_OK) {
        if (err != NULL && status < 0)
            *err = why;
        return status;
    }
    *n_taken = pst_ring_write(self->ring, piece->data, piece->n_frames);
    return *n_taken > 0 ? PST_OK : PST_TIMEOUT;
}

static void ring_wake(pst_sink *sink) {
    const ring_sink *self = (const ring_sink *)sink;
    pst_ring_interrupt_producer(self->ring, true);
}

// A reader may hold a span: an audio thread does for the shortest time. Whatever somebody else
// holds for longer he keeps.
static void ring_flush(pst_sink *sink) {
    const ring_sink *self = (const ring_sink *)sink;
    const int64_t deadline_ns = pst_now_ns() + PST_CHAIN_SLICE_NS;
    while (!pst_ring_discard(self->ring) && pst_now_ns() < deadline_ns)
        pst_sleep_until_ns(pst_now_ns() + PST_NS_PER_MS / 20);
}

// Whatever the reason: nothing more will come.
static pst_status ring_end(pst_sink *sink, pst_ending ending, pst_error *err) {
    const ring_sink *self = (const ring_sink *)sink;
    (void)ending;
    (void)err;
    pst_ring_interrupt_producer(self->ring, false);
    pst_ring_end(self->ring);
    return PST_OK;
}

static void ring_destroy(pst_sink *sink) {
    ring_sink *self = (ring_sink *)sink;
    pst_stream_release(self->stream);
    pst_ring_release(self->ring);
    pst_free(self);
}

static const pst_sink_ops ring_sink_ops = {
    .name = "ring",
    .push = ring_push,
    .flush = ring_flush,
    .nudge = ring_wake,
    .wake = ring_wake,
    .end = ring_end,
    .destroy = ring_destroy,
};

pst_status pst_sink_ring(pst_sink **sink, pst_ring *ring, pst_stream *stream, pst_format format,
                         uint32_t n_channels, pst_error *err) {
    const pst_status status = pst_check_ring(ring, format, n_channels, err);
    if (status != PST_OK)
        return status;
    if (stream != NULL && pst_stream_output_ring(stream) != ring)
        return pst_fail(err, PST_BAD_ARGUMENT, 0, "ring is not the output ring of stream");
    ring_sink *self = pst_alloc(sizeof *self);
    if (self == NULL)
        return pst_fail_memory(err);
    self->base = (pst_sink){.ops = &ring_sink_ops, .format = format, .n_channels = n_channels};
    if (stream != NULL) {
        pst_stream_info info;
        pst_stream_get_info(stream, &info);
        self->base.rate_hz = info.samplerate_hz;
    }
    self->ring = ring;
    self->stream = stream;
    pst_ring_retain(ring);
    if (stream != NULL)
        pst_stream_retain(stream);
    *sink = &self->base;
    return PST_OK;
}
