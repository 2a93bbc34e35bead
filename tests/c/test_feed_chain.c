// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "chain/stage.h"
#include "check.h"
#include "failing_alloc.h"
#include "pastream/codec_nodes.h"
#include "pastream/feed.h"
#include "pastream/node.h"

// Chains between feeds, and chains that feeds join: what goes through, and how the end of one
// reaches the other.

#define PATIENCE_NS (20 * PST_NS_PER_SECOND)

static const pst_media mono = {.format = PST_FORMAT_I32, .n_channels = 1, .rate_hz = 8000.0};

enum { N = 50000 };
static int32_t data[N];

static pst_feed *make_feed(uint32_t capacity) {
    pst_feed *feed = NULL;
    CHECK_EQ(pst_feed_create(&feed, PST_MEDIA_FRAMES, capacity, NULL), PST_OK);
    return feed;
}

static pst_source *from_feed(pst_feed *feed) {
    pst_source *source = NULL;
    CHECK_EQ(pst_source_feed(&source, feed, NULL), PST_OK);
    return source;
}

static pst_sink *to_feed(pst_feed *feed) {
    pst_sink *sink = NULL;
    CHECK_EQ(pst_sink_feed(&sink, feed, NULL), PST_OK);
    return sink;
}

static pst_source *from_memory(uint64_t n_frames) {
    pst_source *source = NULL;
    CHECK_EQ(pst_source_memory(&source, data, n_frames, PST_FORMAT_I32, 1, NULL), PST_OK);
    return source;
}

static pst_chain *start(pst_source *source, pst_stage *stage, pst_sink *sink) {
    pst_chain *chain = NULL;
    pst_error err = {.status = PST_OK};
    CHECK_TEXT(pst_chain_create_staged(&chain, NULL, source, &stage, stage != NULL ? 1 : 0, sink,
                                       &err) == PST_OK,
               "%s", err.text);
    CHECK_EQ(pst_chain_start(chain, NULL), PST_OK);
    return chain;
}

static pst_chain_state finish(pst_chain *chain) {
    CHECK(pst_chain_wait(chain, PATIENCE_NS, NULL) != PST_TIMEOUT);
    pst_chain_progress progress;
    pst_chain_get_progress(chain, &progress);
    pst_chain_release(chain);
    return progress.state;
}

static pst_status put(pst_feed *feed, uint64_t first, uint64_t n, int64_t pts) {
    const pst_buffer buffer = {.media = mono, .data = data + first, .n_frames = n, .pts = pts};
    return pst_feed_put(feed, &buffer, PATIENCE_NS, NULL);
}

static void expect(pst_feed *feed, int32_t first, uint64_t n, int64_t pts) {
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

static pst_status get_status(pst_feed *feed, pst_error *err) {
    pst_buffer buffer;
    const pst_status status = pst_feed_get(feed, &buffer, PATIENCE_NS, err);
    if (status == PST_OK)
        pst_feed_pass(feed, &buffer);
    return status;
}

// ---- A stage that fails, or takes its time ------------------------------------------------------

typedef struct odd_stage {
    pst_stage base;
    int64_t fail_at; // Negative: never.
    int sleep_ms;
    _Atomic bool *is_wanted; // Says PST_TIMEOUT until then; NULL: never.
    int n_ends;
} odd_stage;

static pst_status odd_process(pst_stage *stage, const pst_piece *in, uint64_t *n_used,
                              pst_piece *out, pst_error *err) {
    odd_stage *self = (odd_stage *)stage;
    if (self->is_wanted != NULL && !atomic_load(self->is_wanted)) {
        pst_sleep_until_ns(pst_now_ns() + PST_NS_PER_MS);
        return PST_TIMEOUT;
    }
    if (self->fail_at >= 0 && in->frame >= self->fail_at)
        return pst_fail(err, PST_SYSTEM_ERROR, 5, "the stage was told to fail");
    if (self->sleep_ms > 0)
        pst_sleep_until_ns(pst_now_ns() + self->sleep_ms * PST_NS_PER_MS);
    *out = *in;
    *n_used = in->n_frames;
    return PST_OK;
}

static pst_status odd_end(pst_stage *stage, pst_ending ending, pst_error *err) {
    odd_stage *self = (odd_stage *)stage;
    CHECK_EQ(++self->n_ends, 1);
    return self->fail_at == INT64_MAX && ending == PST_ENDING_COMPLETE
               ? pst_fail(err, PST_HOST_ERROR, 0, "the stage was told to fail at its end")
               : PST_OK;
}

static const pst_stage_ops odd_ops = {.name = "odd", .process = odd_process, .end = odd_end};

static odd_stage *make_odd(int64_t fail_at) {
    const pst_media open = {.kind = PST_MEDIA_FRAMES};
    pst_stage *stage = NULL;
    CHECK_EQ(pst_stage_create_open(&stage, sizeof(odd_stage), &odd_ops, &open, &open, NULL),
             PST_OK);
    ((odd_stage *)stage)->fail_at = fail_at;
    return (odd_stage *)stage;
}

// ---- One chain ----------------------------------------------------------------------------------

static void test_buffers_keep_their_borders_and_times(void) {
    pst_feed *in = make_feed(4), *out = make_feed(4);
    pst_stage *gain = NULL;
    CHECK_EQ(pst_node_gain(&gain, NULL, 1.0, 0, NULL), PST_OK);
    pst_chain *chain = start(from_feed(in), gain, to_feed(out));
    CHECK_EQ(put(in, 0, 10000, 500), PST_OK);
    CHECK_EQ(put(in, 10000, 1, PST_NO_PTS), PST_OK);
    CHECK_EQ(put(in, 20000, 300, 50000), PST_OK);
    expect(out, 0, 10000, 500);
    expect(out, 10000, 1, 10500);
    expect(out, 20000, 300, 50000);
    CHECK_EQ(pst_stage_set_gain(gain, 2.0, NULL), PST_OK); // The rest is computed in pieces.
    CHECK_EQ(put(in, 0, 10000, PST_NO_PTS), PST_OK);
    pst_feed_end(in);
    pst_buffer buffer;
    CHECK_EQ(pst_feed_get(out, &buffer, PATIENCE_NS, NULL), PST_OK);
    CHECK_EQ(buffer.n_frames, 10000);
    CHECK_EQ(buffer.pts, 50300);
    for (int i = 0; i < 10000; ++i)
        if (!CHECK_EQ(((const int32_t *)buffer.data)[i], 2 * i))
            break;
    pst_feed_pass(out, &buffer);
    CHECK_EQ(get_status(out, NULL), PST_END);
    CHECK_EQ(finish(chain), PST_CHAIN_DONE);
    pst_feed_release(in);
    pst_feed_release(out);
}

static void test_known_sources_feed_nodes(void) {
    pst_feed *out = make_feed(10);
    pst_stage *chunks = NULL;
    CHECK_EQ(pst_node_rechunk(&chunks, NULL, 7000, false, NULL), PST_OK);
    pst_chain *chain = start(from_memory(30000), chunks, to_feed(out));
    for (int i = 0; i < 4; ++i)
        expect(out, 7000 * i, 7000, 7000 * i);
    expect(out, 28000, 2000, 28000);
    CHECK_EQ(get_status(out, NULL), PST_END);
    CHECK_EQ(finish(chain), PST_CHAIN_DONE);
    pst_feed_release(out);
}

static void test_kinds_that_do_not_fit_are_refused(void) {
    pst_feed *packets = NULL;
    pst_error err = {.status = PST_OK};
    CHECK_EQ(pst_feed_create(&packets, PST_MEDIA_PACKETS, 1, NULL), PST_OK);
    pst_stage *gain = NULL;
    CHECK_EQ(pst_node_gain(&gain, "my gain", 1.0, 0, NULL), PST_OK);
    pst_source *source = from_feed(packets);
    pst_sink *sink = to_feed(packets);
    pst_chain *chain = NULL;
    CHECK_EQ(pst_chain_create_staged(&chain, NULL, source, &gain, 1, sink, &err), PST_BAD_ARGUMENT);
    CHECK_STR(err.text, "the source (feed) gives packets, stage 1 (my gain) takes frames");
    pst_source_destroy(source);
    pst_stage_destroy(gain);
    pst_sink_destroy(sink);
    pst_feed_release(packets);
}

static void test_nodes_are_named_in_errors(void) {
    pst_feed *in = make_feed(4), *out = make_feed(4);
    static const int32_t sources[] = {3};
    pst_stage *pick = NULL;
    CHECK_EQ(pst_node_pick(&pick, "fourth", sources, 1, NULL), PST_OK);
    pst_chain *chain = start(from_feed(in), pick, to_feed(out));
    CHECK_EQ(put(in, 0, 10, PST_NO_PTS), PST_OK);
    pst_error err = {.status = PST_OK};
    CHECK_EQ(get_status(out, &err), PST_CLOSED);
    CHECK_STR(err.text, "channel 0 is to be number 3 of those that come; 1 came, counted from 0");
    CHECK_EQ(pst_chain_wait(chain, PATIENCE_NS, &err), PST_BAD_ARGUMENT);
    int32_t place = -1;
    CHECK_STR(pst_chain_origin(chain, &place), "fourth");
    CHECK_EQ(place, 1);
    CHECK_EQ(put(in, 0, 10, PST_NO_PTS), PST_CLOSED); // Whoever puts learns of it.
    CHECK_EQ(finish(chain), PST_CHAIN_FAILED);
    pst_feed_release(in);
    pst_feed_release(out);
}

static void test_stop_ends_behind_what_was_put_in(void) {
    pst_feed *in = make_feed(8), *out = make_feed(8);
    for (int i = 0; i < 5; ++i)
        CHECK_EQ(put(in, (uint64_t)i, 1, PST_NO_PTS), PST_OK);
    pst_chain *chain = NULL;
    CHECK_EQ(pst_chain_create(&chain, NULL, from_feed(in), to_feed(out), NULL), PST_OK);
    CHECK_EQ(pst_chain_start(chain, NULL), PST_OK);
    pst_chain_stop(chain);
    for (int i = 0; i < 5; ++i)
        expect(out, i, 1, i);
    CHECK_EQ(get_status(out, NULL), PST_END);
    CHECK_EQ(finish(chain), PST_CHAIN_DONE);
    pst_feed_release(in);
    pst_feed_release(out);
}

static void test_stages_may_wait_and_have_an_end(void) {
    pst_feed *out = make_feed(8);
    _Atomic bool is_wanted = false;
    odd_stage *stage = make_odd(INT64_MAX);
    stage->is_wanted = &is_wanted;
    pst_chain *chain = start(from_memory(100), &stage->base, to_feed(out));
    atomic_store(&is_wanted, true);
    expect(out, 0, 100, 0);
    pst_error err = {.status = PST_OK};
    CHECK_EQ(get_status(out, &err), PST_CLOSED);
    CHECK_STR(err.text, "the stage was told to fail at its end");
    CHECK_EQ(pst_chain_wait(chain, PATIENCE_NS, &err), PST_HOST_ERROR);
    int32_t place = -1;
    CHECK_STR(pst_chain_origin(chain, &place), "odd");
    CHECK_EQ(place, 1);
    CHECK_EQ(finish(chain), PST_CHAIN_FAILED);
    // A stage that waits for ever does not hold a cancel up.
    stage = make_odd(-1);
    _Atomic bool never = false;
    stage->is_wanted = &never;
    pst_feed *unread = make_feed(1);
    chain = start(from_memory(100), &stage->base, to_feed(unread));
    pst_chain_cancel(chain);
    CHECK_EQ(finish(chain), PST_CHAIN_CANCELLED);
    pst_feed_release(out);
    pst_feed_release(unread);
}

static void test_a_seek_forgets_what_waits(void) {
    pst_feed *out = make_feed(1);
    pst_chain *chain = start(from_memory(N), NULL, to_feed(out));
    expect(out, 0, 16384, 0);
    CHECK_EQ(pst_chain_seek(chain, 30000, NULL), PST_OK);
    pst_chain_progress progress;
    const int64_t deadline_ns = pst_deadline_ns(PATIENCE_NS);
    do {
        pst_sleep_until_ns(pst_now_ns() + PST_NS_PER_MS / 4);
        pst_chain_get_progress(chain, &progress);
    } while (progress.n_seeks == 0 && pst_now_ns() < deadline_ns);
    CHECK_EQ(progress.n_seeks, 1);
    expect(out, 30000, 16384, 30000);
    expect(out, 46384, N - 46384, 46384);
    CHECK_EQ(get_status(out, NULL), PST_END);
    CHECK_EQ(finish(chain), PST_CHAIN_DONE);
    pst_feed_release(out);
}

// A ring cannot know its rate. What lies ready is one buffer.
static void test_rings_are_told_their_rate(void) {
    pst_ring *ring = NULL;
    const pst_ring_config ring_config = {.capacity_frames = 8192, .frame_bytes = 4};
    pst_resample_node_config config;
    pst_resample_node_config_default(&config);
    config.rate_hz = 16000.0;
    pst_error err = {.status = PST_OK};
    for (int is_told = 0; is_told < 2; ++is_told) {
        CHECK_EQ(pst_ring_create(&ring, &ring_config, NULL), PST_OK);
        CHECK_EQ(pst_ring_write(ring, data, 1000), 1000);
        pst_feed *out = make_feed(8);
        pst_source *source = NULL;
        CHECK_EQ(pst_source_ring(&source, ring, 0, PST_FORMAT_I32, 1, NULL), PST_OK);
        if (is_told == 1)
            CHECK_EQ(pst_source_set_rate(source, 8000.0, NULL), PST_OK);
        CHECK_EQ(pst_source_set_rate(source, 0.0, &err), PST_BAD_ARGUMENT);
        CHECK_STR(err.text, "rate_hz is 0; it must be more than 0");
        pst_stage *node = NULL;
        CHECK_EQ(pst_node_resample(&node, "up", &config, NULL), PST_OK);
        pst_chain *chain = start(source, node, to_feed(out));
        if (is_told == 1) {
            CHECK_EQ(pst_ring_write(ring, data + 1000, 1000), 1000);
            pst_ring_end(ring);
            uint64_t n_frames = 0;
            pst_buffer buffer;
            while (pst_feed_get(out, &buffer, PATIENCE_NS, NULL) == PST_OK) {
                CHECK_EQ(buffer.pts, (int64_t)n_frames);
                CHECK_EQ(buffer.media.rate_hz, 16000.0);
                n_frames += buffer.n_frames;
                pst_feed_pass(out, &buffer);
            }
            CHECK_EQ(n_frames, 4000);
        } else {
            CHECK_EQ(get_status(out, &err), PST_CLOSED);
            CHECK_STR(err.text,
                      "frames of an unknown rate came; they cannot be resampled to 16000 Hz");
        }
        CHECK_EQ(finish(chain), is_told == 1 ? PST_CHAIN_DONE : PST_CHAIN_FAILED);
        pst_feed_release(out);
        pst_ring_release(ring);
    }
    pst_feed *feed = make_feed(1);
    pst_source *source = from_feed(feed);
    CHECK_EQ(pst_source_set_rate(source, 8000.0, &err), PST_BAD_ARGUMENT);
    CHECK_STR(err.text, "source is a feed source: what it gives tells its rate");
    pst_source_destroy(source);
    source = from_memory(1);
    CHECK_EQ(pst_source_set_rate(source, 8000.0, NULL), PST_OK);
    CHECK_EQ(pst_source_set_rate(source, 44100.0, &err), PST_BAD_ARGUMENT);
    CHECK_STR(err.text, "rate_hz is 44100; the source (memory) gives frames at 8000 Hz");
    pst_source_destroy(source);
    pst_feed_release(feed);
}

// A microphone that has run for days: numbers of frames are large, and what is missing is missing
// in the packets' times, too.
static void test_days_of_sound_have_exact_times(void) {
    pst_feed *in = make_feed(4), *out = NULL;
    CHECK_EQ(pst_feed_create(&out, PST_MEDIA_PACKETS, 1000, NULL), PST_OK);
    pst_resample_node_config resample;
    pst_resample_node_config_default(&resample);
    resample.rate_hz = 48000.0;
    resample.out_chunk_frames = 960;
    pst_encode_config encode;
    pst_encode_config_default(&encode);
    encode.encoder.format.container = PST_CONTAINER_RAW;
    encode.encoder.format.encoding = PST_ENCODING_PCM;
    encode.encoder.format.sample_format = PST_FORMAT_I16;
    encode.encoder.chunk_frames = 960;
    pst_stage *stages[2] = {NULL};
    CHECK_EQ(pst_node_resample(&stages[0], NULL, &resample, NULL), PST_OK);
    CHECK_EQ(pst_node_encode(&stages[1], NULL, &encode, NULL), PST_OK);
    pst_chain *chain = NULL;
    CHECK_EQ(pst_chain_create_staged(&chain, NULL, from_feed(in), stages, 2, to_feed(out), NULL),
             PST_OK);
    CHECK_EQ(pst_chain_start(chain, NULL), PST_OK);
    // Two seconds each, in pieces, after so many hours at 44.1 kHz.
    static const int64_t hours[] = {30, 100, 1000000};
    pst_buffer buffer = {.media = mono, .data = data};
    buffer.media.rate_hz = 44100.0;
    for (int i = 0; i < 3; ++i)
        for (int64_t k = 0; k < 196; ++k) {
            buffer.n_frames = 450;
            buffer.pts = hours[i] * 3600 * 44100 + 450 * k;
            CHECK_EQ(pst_feed_put(in, &buffer, PATIENCE_NS, NULL), PST_OK);
        }
    pst_feed_end(in);
    for (int i = 0; i < 3; ++i) {
        int64_t next = hours[i] * 3600 * 48000;
        while (next < hours[i] * 3600 * 48000 + 96000) {
            pst_buffer got;
            if (!CHECK_EQ(pst_feed_get(out, &got, PATIENCE_NS, NULL), PST_OK))
                break;
            const pst_packet *packet = got.data;
            CHECK_EQ(packet->pts, next);
            CHECK_EQ(packet->time_base_den, 48000);
            CHECK_EQ(packet->n_bytes, 2 * packet->duration);
            CHECK(packet->duration > 0 && packet->duration <= 960);
            next += packet->duration;
            pst_feed_pass(out, &got);
        }
        CHECK_EQ(next, hours[i] * 3600 * 48000 + 96000);
    }
    CHECK_EQ(get_status(out, NULL), PST_END);
    CHECK_EQ(finish(chain), PST_CHAIN_DONE);
    pst_feed_release(in);
    pst_feed_release(out);
}

// ---- Two chains ---------------------------------------------------------------------------------

static void test_two_chains_are_one(void) {
    pst_feed *between = make_feed(2), *out = make_feed(2);
    pst_stage *first = NULL, *second = NULL;
    CHECK_EQ(pst_node_identity(&first, NULL, PST_MEDIA_FRAMES, NULL), PST_OK);
    CHECK_EQ(pst_node_rechunk(&second, NULL, 1000, false, NULL), PST_OK);
    pst_chain *chains[] = {start(from_memory(N), first, to_feed(between)),
                           start(from_feed(between), second, to_feed(out))};
    for (int i = 0; i < N / 1000; ++i)
        expect(out, 1000 * i, 1000, 1000 * i);
    CHECK_EQ(get_status(out, NULL), PST_END);
    CHECK_EQ(finish(chains[0]), PST_CHAIN_DONE);
    CHECK_EQ(finish(chains[1]), PST_CHAIN_DONE);
    pst_feed_release(between);
    pst_feed_release(out);
}

static void test_failures_go_both_ways(void) {
    for (int where = 0; where < 2; ++where) {
        pst_feed *between = make_feed(2), *out = make_feed(2);
        odd_stage *stages[] = {make_odd(where == 0 ? 20000 : -1),
                               make_odd(where == 1 ? 20000 : -1)};
        pst_chain *chains[] = {start(from_memory(N), &stages[0]->base, to_feed(between)),
                               start(from_feed(between), &stages[1]->base, to_feed(out))};
        expect(out, 0, 16384, 0);
        expect(out, 16384, 16384, 16384);
        pst_error err = {.status = PST_OK};
        CHECK_EQ(get_status(out, &err), PST_CLOSED);
        CHECK_STR(err.text, "the stage was told to fail");
        CHECK_EQ(pst_chain_wait(chains[where], PATIENCE_NS, &err), PST_SYSTEM_ERROR);
        int32_t place = -1;
        if (where == 0) {
            // What follows says that it is not the first cause.
            CHECK_EQ(pst_chain_wait(chains[1], PATIENCE_NS, &err), PST_CLOSED);
            CHECK_EQ(err.native_code, EPIPE);
            CHECK_STR(err.text, "the stage was told to fail");
            CHECK_STR(pst_chain_origin(chains[1], &place), "feed");
            CHECK_EQ(place, 0);
        }
        CHECK_EQ(finish(chains[0]), where == 0 ? PST_CHAIN_FAILED : PST_CHAIN_DONE);
        CHECK_EQ(finish(chains[1]), PST_CHAIN_FAILED);
        pst_feed_release(between);
        pst_feed_release(out);
    }
}

static void test_whoever_leaves_ends_all_before(void) {
    pst_feed *between = make_feed(2), *out = make_feed(2);
    pst_chain *chains[] = {start(from_memory(N), NULL, to_feed(between)),
                           start(from_feed(between), NULL, to_feed(out))};
    expect(out, 0, 16384, 0);
    pst_feed_leave(out);
    CHECK_EQ(finish(chains[1]), PST_CHAIN_DONE);
    CHECK_EQ(finish(chains[0]), PST_CHAIN_DONE);
    pst_feed_release(between);
    pst_feed_release(out);
    // A cancelled chain: what follows it fails, what is before it ends.
    for (int which = 0; which < 2; ++which) {
        between = make_feed(1);
        out = make_feed(1);
        chains[0] = start(from_memory(N), NULL, to_feed(between));
        chains[1] = start(from_feed(between), NULL, to_feed(out));
        pst_chain_cancel(chains[which]);
        pst_error err = {.status = PST_OK};
        pst_status status = PST_OK;
        while (status == PST_OK)
            status = get_status(out, &err);
        CHECK_EQ(status, PST_CLOSED);
        CHECK_STR(err.text, "The feed was cancelled");
        const pst_chain_state first = finish(chains[0]), second = finish(chains[1]);
        CHECK_EQ(first, which == 0 ? PST_CHAIN_CANCELLED : PST_CHAIN_DONE);
        CHECK_EQ(second, which == 0 ? PST_CHAIN_FAILED : PST_CHAIN_CANCELLED);
        pst_feed_release(between);
        pst_feed_release(out);
    }
}

static void test_a_chain_that_never_runs_is_missed(void) {
    pst_feed *in = make_feed(1), *out = make_feed(1);
    pst_chain *chain = NULL;
    CHECK_EQ(pst_chain_create(&chain, NULL, from_feed(in), to_feed(out), NULL), PST_OK);
    pst_chain_release(chain);
    CHECK_EQ(put(in, 0, 1, 0), PST_CLOSED);
    CHECK_EQ(get_status(out, NULL), PST_CLOSED);
    pst_feed_release(in);
    pst_feed_release(out);
}

static void test_a_slow_end_holds_all_of_it(void) {
    pst_feed *between = make_feed(2), *out = make_feed(1);
    odd_stage *slow = make_odd(-1);
    slow->sleep_ms = 1;
    pst_stage *chunks = NULL;
    CHECK_EQ(pst_node_rechunk(&chunks, NULL, 500, false, NULL), PST_OK);
    pst_chain *chains[] = {start(from_memory(N), chunks, to_feed(between)),
                           start(from_feed(between), &slow->base, to_feed(out))};
    for (int i = 0; i < N / 500; ++i) {
        pst_feed_info info;
        pst_feed_get_info(between, &info);
        CHECK(info.n_buffers <= 2 && info.n_put <= (uint64_t)i + 2 + 3);
        expect(out, 500 * i, 500, 500 * i);
        if (i == 20 && failing_alloc_works())
            failing_alloc_begin(0);
        if (i == 80 && failing_alloc_works())
            CHECK(failing_alloc_end() <= 4); // It all lives on the same memory, once there is it.
    }
    CHECK_EQ(finish(chains[0]), PST_CHAIN_DONE);
    CHECK_EQ(finish(chains[1]), PST_CHAIN_DONE);
    pst_feed_release(between);
    pst_feed_release(out);
}

// Three threads, dropped at any moment and in any order.
static void test_chains_and_feeds_are_dropped_at_any_moment(void) {
    uint64_t random = 11;
    for (int round = 0; round < 60; ++round) {
        pst_feed *in = make_feed(1), *between = make_feed(1), *out = make_feed(1);
        pst_chain *chains[] = {start(from_feed(in), NULL, to_feed(between)),
                               start(from_feed(between), NULL, to_feed(out))};
        const uint32_t n_moved = check_random_in(&random, 0, 5);
        for (uint32_t i = 0; i < n_moved; ++i) {
            CHECK_EQ(put(in, i, 1, PST_NO_PTS), PST_OK);
            if (check_random_in(&random, 0, 1) == 1 && i > 0)
                expect(out, (int32_t)i - 1, 1, (int64_t)i - 1);
            else if (i > 0)
                CHECK_EQ(get_status(out, NULL), PST_OK);
        }
        if (check_random_in(&random, 0, 1) == 1) {
            pst_feed_release(between);
            between = NULL;
        }
        switch (check_random_in(&random, 0, 4)) {
        case 0:
            pst_feed_end(in);
            break;
        case 1:
            pst_feed_leave(out);
            break;
        case 2:
            pst_feed_cancel(in);
            break;
        case 3:
            pst_feed_release(in);
            in = NULL;
            break;
        default:
            break;
        }
        const uint32_t first = check_random_in(&random, 0, 1);
        pst_chain_release(chains[first]);
        pst_feed_release(out);
        pst_chain_release(chains[1 - first]);
        pst_feed_release(between);
        pst_feed_release(in);
    }
}

int main(void) {
    for (int i = 0; i < N; ++i)
        data[i] = i;
    RUN(test_buffers_keep_their_borders_and_times);
    RUN(test_known_sources_feed_nodes);
    RUN(test_kinds_that_do_not_fit_are_refused);
    RUN(test_nodes_are_named_in_errors);
    RUN(test_stop_ends_behind_what_was_put_in);
    RUN(test_stages_may_wait_and_have_an_end);
    RUN(test_a_seek_forgets_what_waits);
    RUN(test_rings_are_told_their_rate);
    RUN(test_days_of_sound_have_exact_times);
    RUN(test_two_chains_are_one);
    RUN(test_failures_go_both_ways);
    RUN(test_whoever_leaves_ends_all_before);
    RUN(test_a_chain_that_never_runs_is_missed);
    RUN(test_a_slow_end_holds_all_of_it);
    RUN(test_chains_and_feeds_are_dropped_at_any_moment);
    return check_done();
}
