// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/error.h"
#include "chain/ends/feed_private.h"
#include "chain/stage.h"

// A feed as a sink. Frames that follow each other are put into one buffer until there is a border.
// The room in the feed is waited for before a buffer is begun: so a border never waits.

typedef struct feed_sink {
    pst_sink base;
    pst_feed *feed;          // Retained.
    pst_feed_memory *filled; // The buffer that grows; NULL: none.
    bool is_over;
    _Atomic bool woken;
} feed_sink;

static bool is_same(const pst_media *a, const pst_media *b) {
    return a->format == b->format && a->n_channels == b->n_channels && a->rate_hz == b->rate_hz &&
           a->time_base_num == b->time_base_num && a->time_base_den == b->time_base_den;
}

static bool goes_on(const pst_feed_memory *filled, const pst_piece *piece) {
    return !piece->begins && piece->is_filler == filled->is_filler &&
           piece->frame == filled->frame + (int64_t)filled->n_frames &&
           is_same(&filled->media, piece->media);
}

static pst_status feed_settle(pst_sink *sink, pst_error *err) {
    feed_sink *self = (feed_sink *)sink;
    (void)err;
    if (self->filled != NULL)
        pst_feed_commit(self->feed, self->filled, NULL);
    self->filled = NULL;
    return PST_OK;
}

// Begins another buffer. Returns as push does.
static pst_status begin(feed_sink *self, const pst_piece *piece, pst_error *err) {
    const pst_status status = pst_feed_reserve(self->feed, pst_now_ns() + PST_CHAIN_SLICE_NS,
                                               &self->woken, &self->filled, err);
    if (status == PST_CLOSED || status == PST_BAD_STATE)
        return PST_END;
    if (status != PST_OK)
        return status;
    self->filled->media = *piece->media;
    self->filled->frame = piece->frame;
    self->filled->begins = piece->begins;
    self->filled->is_filler = piece->is_filler;
    return PST_OK;
}

static pst_status push_packet(feed_sink *self, const pst_piece *piece, pst_error *err) {
    const pst_status status =
        pst_feed_copy_packet(self->filled, (const pst_packet *)(const void *)piece->data, err);
    if (status == PST_OK)
        (void)feed_settle(&self->base, err);
    return status;
}

static pst_status feed_push(pst_sink *sink, const pst_piece *piece, uint64_t *n_taken,
                            pst_error *err) {
    feed_sink *self = (feed_sink *)sink;
    pst_status status = PST_OK;
    if (self->filled != NULL && !goes_on(self->filled, piece))
        (void)feed_settle(sink, err);
    if (self->filled == NULL)
        status = begin(self, piece, err);
    if (status != PST_OK)
        return status;
    if (self->base.kind == PST_MEDIA_PACKETS) {
        *n_taken = 1;
        return push_packet(self, piece, err);
    }
    const size_t n_bytes = (size_t)piece->n_frames * pst_media_bytes(piece->media);
    uint8_t *bytes = pst_feed_make_room(self->filled, n_bytes);
    if (bytes == NULL)
        return pst_fail_memory(err);
    memcpy(bytes, piece->data, n_bytes);
    self->filled->n_bytes += n_bytes;
    self->filled->n_frames += piece->n_frames;
    *n_taken = piece->n_frames;
    return PST_OK;
}

// After a seek what waits is not wanted any more.
static void feed_flush(pst_sink *sink) {
    feed_sink *self = (feed_sink *)sink;
    (void)feed_settle(sink, NULL);
    pst_feed_clear(self->feed);
}

static void feed_wake(pst_sink *sink) {
    feed_sink *self = (feed_sink *)sink;
    atomic_store(&self->woken, true);
    pst_feed_wake(self->feed);
}

static pst_status feed_end(pst_sink *sink, pst_ending ending, pst_error *err) {
    feed_sink *self = (feed_sink *)sink;
    self->is_over = true;
    if (ending == PST_ENDING_CANCELLED) {
        pst_feed_cancel(self->feed);
        return PST_OK;
    }
    (void)feed_settle(sink, err);
    if (ending == PST_ENDING_BROKEN)
        pst_feed_fail(self->feed, sink->cause);
    else
        pst_feed_end(self->feed);
    return PST_OK;
}

static void feed_destroy(pst_sink *sink) {
    feed_sink *self = (feed_sink *)sink;
    (void)feed_settle(sink, NULL);
    if (!self->is_over)
        pst_feed_cancel(self->feed);
    pst_feed_release(self->feed);
    pst_free(self);
}

static const pst_sink_ops feed_sink_ops = {
    .name = "feed",
    .push = feed_push,
    .settle = feed_settle,
    .flush = feed_flush,
    .nudge = feed_wake,
    .wake = feed_wake,
    .end = feed_end,
    .destroy = feed_destroy,
};

pst_status pst_sink_feed(pst_sink **sink, pst_feed *feed, pst_error *err) {
    feed_sink *self = pst_alloc(sizeof *self);
    if (self == NULL)
        return pst_fail_memory(err);
    self->base = (pst_sink){.ops = &feed_sink_ops, .kind = pst_feed_kind(feed)};
    self->feed = feed;
    atomic_init(&self->woken, false);
    pst_feed_retain(feed);
    *sink = &self->base;
    return PST_OK;
}
