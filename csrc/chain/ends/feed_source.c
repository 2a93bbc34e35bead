// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "base/alloc.h"
#include "base/clock.h"
#include "base/error.h"
#include "chain/ends/feed_private.h"
#include "chain/stage.h"

// What is put into a feed as a source. Each buffer is one piece, which tells what it is; its memory
// goes back with the next pull.

typedef struct feed_source {
    pst_source base;
    pst_feed *feed;        // Retained.
    pst_feed_memory *held; // The piece; NULL: none.
    uint64_t n_passed;     // Of its frames.
    uint64_t n_taken;      // Buffers.
    bool is_over;
    _Atomic bool woken;
    _Atomic uint64_t stop_at; // Buffers; UINT64_MAX: no stop yet.
} feed_source;

static pst_piece piece_of(const feed_source *self) {
    const pst_feed_memory *held = self->held;
    if (self->base.kind == PST_MEDIA_PACKETS)
        return (pst_piece){.data = (const uint8_t *)&held->packet,
                           .n_frames = 1,
                           .frame = held->frame,
                           .media = &held->media};
    return (pst_piece){.data = held->bytes + self->n_passed * pst_media_bytes(&held->media),
                       .n_frames = held->n_frames - self->n_passed,
                       .frame = held->frame + (int64_t)self->n_passed,
                       .is_filler = held->is_filler,
                       .begins = held->begins && self->n_passed == 0,
                       .media = &held->media};
}

static void let_go(feed_source *self) {
    if (self->held != NULL)
        pst_feed_forget(self->feed, self->held);
    self->held = NULL;
}

static pst_status feed_pull(pst_source *source, pst_piece *piece, pst_error *err) {
    feed_source *self = (feed_source *)source;
    if (self->held != NULL && self->n_passed >= self->held->n_frames)
        let_go(self);
    if (self->held == NULL && self->n_taken >= atomic_load(&self->stop_at))
        return PST_END;
    if (self->held == NULL) {
        const pst_status status = pst_feed_take(self->feed, pst_now_ns() + PST_CHAIN_SLICE_NS,
                                                &self->woken, &self->held, err);
        if (status != PST_OK)
            return status;
        ++self->n_taken;
        self->n_passed = 0;
    }
    *piece = piece_of(self);
    return PST_OK;
}

static void feed_pass(pst_source *source, uint64_t n_frames) {
    feed_source *self = (feed_source *)source;
    self->n_passed += n_frames;
}

static void feed_wake(pst_source *source) {
    feed_source *self = (feed_source *)source;
    atomic_store(&self->woken, true);
    pst_feed_wake(self->feed);
}

// All that was put in by now still goes on.
static void feed_stop(pst_source *source) {
    feed_source *self = (feed_source *)source;
    pst_feed_info info;
    pst_feed_get_info(self->feed, &info);
    atomic_store(&self->stop_at, info.n_put);
}

static void feed_end(pst_source *source) {
    feed_source *self = (feed_source *)source;
    if (!self->is_over)
        pst_feed_leave(self->feed);
    self->is_over = true;
}

static void feed_destroy(pst_source *source) {
    feed_source *self = (feed_source *)source;
    let_go(self);
    feed_end(source);
    pst_feed_release(self->feed);
    pst_free(self);
}

static const pst_source_ops feed_source_ops = {
    .name = "feed",
    .pull = feed_pull,
    .pass = feed_pass,
    .stop = feed_stop,
    .wake = feed_wake,
    .end = feed_end,
    .destroy = feed_destroy,
};

pst_status pst_source_feed(pst_source **source, pst_feed *feed, pst_error *err) {
    feed_source *self = pst_alloc(sizeof *self);
    if (self == NULL)
        return pst_fail_memory(err);
    self->base = (pst_source){.ops = &feed_source_ops, .kind = pst_feed_kind(feed)};
    self->feed = feed;
    atomic_init(&self->woken, false);
    atomic_init(&self->stop_at, UINT64_MAX);
    pst_feed_retain(feed);
    *source = &self->base;
    return PST_OK;
}
