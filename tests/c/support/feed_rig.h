// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_TESTS_FEED_RIG_H
#define PST_TESTS_FEED_RIG_H

#include "base/clock.h"
#include "chain/stage.h"
#include "check.h"
#include "pastream/feed.h"

// Chains between feeds of numbers that count up.

#define PATIENCE_NS (20 * PST_NS_PER_SECOND)

static const pst_media mono = {.format = PST_FORMAT_I32, .n_channels = 1, .rate_hz = 8000.0};

enum { N = 50000 };
static int32_t data[N];

static inline void fill_data(void) {
    for (int i = 0; i < N; ++i)
        data[i] = i;
}

static inline pst_feed *make_feed(uint32_t capacity) {
    pst_feed *feed = NULL;
    CHECK_EQ(pst_feed_create(&feed, PST_MEDIA_FRAMES, capacity, NULL), PST_OK);
    return feed;
}

static inline pst_source *from_feed(pst_feed *feed) {
    pst_source *source = NULL;
    CHECK_EQ(pst_source_feed(&source, feed, NULL), PST_OK);
    return source;
}

static inline pst_sink *to_feed(pst_feed *feed) {
    pst_sink *sink = NULL;
    CHECK_EQ(pst_sink_feed(&sink, feed, NULL), PST_OK);
    return sink;
}

static inline pst_source *from_memory(uint64_t n_frames) {
    pst_source *source = NULL;
    CHECK_EQ(pst_source_memory(&source, data, n_frames, PST_FORMAT_I32, 1, NULL), PST_OK);
    return source;
}

static inline pst_chain *start(pst_source *source, pst_stage *stage, pst_sink *sink) {
    pst_chain *chain = NULL;
    pst_error err = {.status = PST_OK};
    CHECK_TEXT(pst_chain_create_staged(&chain, NULL, source, &stage, stage != NULL ? 1 : 0, sink,
                                       &err) == PST_OK,
               "%s", err.text);
    CHECK_EQ(pst_chain_start(chain, NULL), PST_OK);
    return chain;
}

static inline pst_chain_state finish(pst_chain *chain) {
    CHECK(pst_chain_wait(chain, PATIENCE_NS, NULL) != PST_TIMEOUT);
    pst_chain_progress progress;
    pst_chain_get_progress(chain, &progress);
    pst_chain_release(chain);
    return progress.state;
}

static inline pst_status put(pst_feed *feed, uint64_t first, uint64_t n, int64_t pts) {
    const pst_buffer buffer = {.media = mono, .data = data + first, .n_frames = n, .pts = pts};
    return pst_feed_put(feed, &buffer, PATIENCE_NS, NULL);
}

static inline void expect(pst_feed *feed, int32_t first, uint64_t n, int64_t pts) {
    pst_buffer buffer;
    if (!CHECK_EQ(pst_feed_get(feed, &buffer, PATIENCE_NS, NULL), PST_OK))
        return;
    CHECK_EQ(buffer.n_frames, n);
    CHECK_EQ(buffer.pts, pts);
    for (uint64_t i = 0; i < buffer.n_frames; ++i)
        if (!CHECK_EQ(((const int32_t *)buffer.data)[i], first + (int32_t)i))
            break;
    pst_feed_pass(feed, &buffer);
}

static inline pst_status get_status(pst_feed *feed, pst_error *err) {
    pst_buffer buffer;
    const pst_status status = pst_feed_get(feed, &buffer, PATIENCE_NS, err);
    if (status == PST_OK)
        pst_feed_pass(feed, &buffer);
    return status;
}

#endif
