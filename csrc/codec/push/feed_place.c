// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "codec/push/feed_place.h"

#include <errno.h>
#include <string.h>

#include "base/error.h"
#include "codec/io_private.h"

size_t pst_feed_bytes(const pst_feed *feed) PST_RT {
    return pst_byte_queue_bytes(&feed->kept) + feed->n_brought;
}

bool pst_feed_is_ready(const pst_feed *feed) PST_RT {
    return feed->is_ended || feed->is_cancelled || pst_feed_bytes(feed) >= feed->n_wanted;
}

static size_t least(size_t a, size_t b) {
    return a < b ? a : b;
}

// What was kept came before what was brought.
static size_t give(pst_feed *feed, uint8_t *to, size_t n_bytes) {
    const size_t n_old = least(n_bytes, pst_byte_queue_bytes(&feed->kept));
    if (n_old > 0) {
        memcpy(to, pst_byte_queue_front(&feed->kept), n_old);
        pst_byte_queue_drop(&feed->kept, n_old);
    }
    const size_t n_new = least(n_bytes - n_old, feed->n_brought);
    if (n_new > 0) {
        memcpy(to + n_old, feed->brought, n_new);
        feed->brought += n_new;
        feed->n_brought -= n_new;
    }
    return n_old + n_new;
}

static int64_t feed_read(void *user, void *data, int64_t n_bytes) {
    pst_feed *feed = user;
    for (;;) {
        if (feed->is_cancelled)
            return -ECANCELED;
        const size_t n = give(feed, data, (size_t)n_bytes);
        feed->n_wanted = 0;
        if (n > 0)
            return (int64_t)n;
        if (feed->is_ended) {
            feed->has_met_end = true;
            return 0;
        }
        feed->n_wanted = (size_t)n_bytes;
        pst_coroutine_yield(feed->reader);
    }
}

static int64_t feed_at_hand(void *user) {
    return (int64_t)pst_feed_bytes(user);
}

pst_status pst_feed_open(pst_io **io, pst_feed *feed, pst_error *err) {
    static const pst_io_functions functions = {.read = feed_read};
    const pst_status status = pst_io_make(io, &functions, feed, false, err);
    if (status == PST_OK)
        (*io)->at_hand = feed_at_hand;
    return status;
}

pst_status pst_feed_keep(pst_feed *feed, pst_error *err) {
    if (!pst_byte_queue_put(&feed->kept, feed->brought, feed->n_brought))
        return pst_fail_memory(err);
    feed->n_brought = 0;
    return PST_OK;
}

void pst_feed_free(pst_feed *feed) {
    pst_byte_queue_free(&feed->kept);
    *feed = (pst_feed){0};
}
