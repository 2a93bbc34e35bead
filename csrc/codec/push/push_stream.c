// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

// Streams, decoded as files are, in a coroutine that stops where it would have to wait for bytes.

#include <string.h>

#include "base/error.h"
#include "codec/push/push_decoder.h"

// libvorbis takes half of this for the largest codebook that it is given; nothing else comes near.
enum { STACK_BYTES = 1 << 20 };

// ---- In the coroutine ------------------------------------------------------------------------

static pst_status open_decoder(pst_push_decoder *d, pst_error *err) {
    pst_push_stream_state *s = &d->stream;
    pst_kind kind = {d->config.container, d->config.encoding, false};
    const pst_status status = pst_decoder_open_kind(&s->decoder, s->io, d->config.raw, &kind, err);
    s->is_certain = kind.is_certain;
    if (status != PST_OK)
        return status;
    s->io = NULL;
    pst_decoder_info info;
    pst_decoder_get_info(s->decoder, &info);
    info.n_frames = pst_decoder_claimed(s->decoder);
    d->skipped_frames = pst_decoder_skipped(s->decoder);
    pst_push_know(d, &info, pst_decoder_native(s->decoder));
    return PST_OK;
}

static pst_status decode_all(pst_push_decoder *d, pst_coroutine *self, pst_error *err) {
    for (;;) {
        const void *frames = NULL;
        uint64_t n = 0;
        const pst_status status = pst_decoder_read_some(d->stream.decoder, &frames, &n, err);
        const pst_status kept = n > 0 ? pst_push_put(d, frames, n, err) : PST_OK;
        if (status != PST_OK || kept != PST_OK)
            return status != PST_OK ? status : kept;
        if (n == 0)
            return PST_OK;
        while (pst_push_is_full(d)) {
            if (d->stream.feed.is_cancelled)
                return PST_OK;
            pst_coroutine_yield(self);
        }
    }
}

static void run(pst_coroutine *self, void *user) {
    pst_push_decoder *d = user;
    pst_error why = {0};
    pst_status status = open_decoder(d, &why);
    if (status == PST_BAD_FILE && d->stream.feed.has_met_end && !d->stream.is_certain) {
        // All that came may have been right: it was too little.
        pst_note_damage(&d->damage, PST_DAMAGE_TRUNCATED, 0, 0);
        status = PST_OK;
    } else if (status == PST_OK) {
        status = decode_all(d, self, &why);
    }
    if (status != PST_OK)
        d->failure = why;
    d->is_over = true;
}

// ---- Outside ---------------------------------------------------------------------------------

static pst_status resume(pst_push_decoder *d, pst_error *err) {
    if (!d->is_over)
        (void)pst_coroutine_resume(d->stream.coroutine);
    if (d->is_over)
        d->stream.feed.n_brought = 0;
    if (d->failure.status != PST_OK && err != NULL)
        *err = d->failure;
    return d->failure.status;
}

static pst_status stream_begin(pst_push_decoder *d, pst_error *err) {
    pst_push_stream_state *s = &d->stream;
    const pst_status status = pst_feed_open(&s->io, &s->feed, err);
    if (status != PST_OK)
        return status;
    const pst_status made = pst_coroutine_create(&s->coroutine, run, d, STACK_BYTES, err);
    s->feed.reader = s->coroutine;
    return made;
}

static pst_status stream_write(pst_push_decoder *d, const void *data, uint64_t n_bytes,
                               pst_error *err) {
    pst_feed *feed = &d->stream.feed;
    if (n_bytes == 0 || d->is_over)
        return PST_OK;
    feed->brought = data;
    feed->n_brought = (size_t)n_bytes;
    const pst_status status = pst_feed_is_ready(feed) ? resume(d, err) : PST_OK;
    if (status != PST_OK)
        return status;
    const pst_status kept = pst_feed_keep(feed, err);
    if (kept != PST_OK)
        pst_fail_memory(&d->failure);
    feed->n_brought = 0;
    return kept;
}

static pst_status stream_end(pst_push_decoder *d, pst_error *err) {
    d->stream.feed.is_ended = true;
    return resume(d, err);
}

static pst_status stream_go_on(pst_push_decoder *d, pst_error *err) {
    const pst_feed *feed = &d->stream.feed;
    const bool has_bytes = pst_feed_bytes(feed) > 0 && pst_feed_is_ready(feed);
    if (d->is_over || (!has_bytes && !feed->is_ended))
        return PST_OK;
    return resume(d, err);
}

static void stream_tell(const pst_push_decoder *d, pst_push_decoder_info *info) PST_RT {
    // What is the beginning of what the reader waits for is on its way already.
    const pst_feed *feed = &d->stream.feed;
    info->n_waiting = pst_feed_is_ready(feed) ? pst_feed_bytes(feed) : 0;
    if (d->stream.decoder != NULL)
        pst_decoder_get_damage(d->stream.decoder, &info->damage);
}

static void stream_close(pst_push_decoder *d) {
    pst_push_stream_state *s = &d->stream;
    s->feed.is_cancelled = true;
    if (s->coroutine != NULL)
        while (pst_coroutine_is_under_way(s->coroutine) && pst_coroutine_resume(s->coroutine))
            ;
    pst_coroutine_destroy(s->coroutine);
    pst_decoder_release(s->decoder);
    (void)pst_io_close(s->io, NULL);
    pst_feed_free(&s->feed);
    *s = (pst_push_stream_state){0};
}

const pst_push_engine pst_push_stream = {
    .begin = stream_begin,
    .write = stream_write,
    .end = stream_end,
    .go_on = stream_go_on,
    .tell = stream_tell,
    .close = stream_close,
};
