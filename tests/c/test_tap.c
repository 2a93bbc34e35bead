// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include <errno.h>
#include <math.h>
#include <pthread.h>

#include "base/clock.h"
#include "failing_alloc.h"
#include "odd_stages.h"
#include "pastream/tap.h"
#include "row_rig.h"

// Taps: what goes on, what the sink gets, and how each side ends.

enum { N = 5000 };
#define PATIENCE_NS (20 * PST_NS_PER_SECOND)

static float wave[N];

static void fill(void) {
    for (int i = 0; i < N; ++i)
        wave[i] = (float)(0.3 * sin(0.01 * i));
}

static pst_feed *make_feed(pst_media_kind kind, uint32_t capacity) {
    pst_feed *feed = NULL;
    CHECK_EQ(pst_feed_create(&feed, kind, capacity, NULL), PST_OK);
    return feed;
}

static row_rig *make_rig(pst_feed *feed, pst_tap_full full) {
    row_rig *rig = row_make();
    pst_stage *stage = NULL;
    CHECK_EQ(pst_node_tap_feed(&stage, NULL, feed, full, NULL), PST_OK);
    row_add(rig, stage);
    return rig;
}

// Takes the next buffer, which is to have these frames of the wave.
static void check_next(pst_feed *feed, int64_t pts, uint64_t n_frames) {
    pst_buffer buffer;
    if (!CHECK_EQ(pst_feed_get(feed, &buffer, 0, NULL), PST_OK))
        return;
    CHECK_EQ(buffer.pts, pts);
    CHECK_EQ(buffer.n_frames, n_frames);
    CHECK(buffer.n_frames != n_frames || memcmp(buffer.data, wave + pts, 4 * n_frames) == 0);
    pst_feed_pass(feed, &buffer);
}

static void test_both_get_the_same(void) {
    pst_feed *feed = make_feed(PST_MEDIA_FRAMES, 100);
    row_rig *rig = make_rig(feed, PST_TAP_WAIT);
    static const uint64_t lengths[] = {1, 999, 4000};
    int64_t at = 0;
    for (int i = 0; i < 3; ++i) {
        CHECK_EQ(row_give(rig, wave + at, lengths[i], at, NULL), PST_OK);
        at += (int64_t)lengths[i];
    }
    CHECK_EQ(pst_row_drain(&rig->row, NULL), PST_OK);
    CHECK_EQ(rig->n_frames, N);
    CHECK_EQ(rig->n_borders, 3);
    CHECK(memcmp(rig->data, wave, sizeof wave) == 0);
    row_check_numbers(rig, 0);
    at = 0;
    for (int i = 0; i < 3; ++i) {
        check_next(feed, at, lengths[i]);
        at += (int64_t)lengths[i];
    }
    CHECK_EQ(pst_node_tap_dropped(rig->stages[0]), 0);
    row_free(rig);
    pst_feed_release(feed);
}

static void test_packets(void) {
    pst_feed *feed = make_feed(PST_MEDIA_PACKETS, 3);
    row_rig *rig = make_rig(feed, PST_TAP_DROP_NEWEST);
    pst_packet packet = {.data = (const uint8_t *)wave,
                         .pts = 5,
                         .dts = 6,
                         .duration = 7,
                         .time_base_num = 1,
                         .time_base_den = 1000,
                         .flags = PST_PACKET_HEADER};
    for (uint64_t i = 0; i < 5; ++i) {
        packet.n_bytes = i;
        CHECK_EQ(row_give_packet(rig, &packet, NULL), PST_OK);
    }
    CHECK_EQ(rig->n_packets, 5);
    CHECK_EQ(pst_node_tap_dropped(rig->stages[0]), 2);
    for (uint64_t i = 0; i < 3; ++i) {
        pst_buffer buffer;
        REQUIRE(pst_feed_get(feed, &buffer, 0, NULL) == PST_OK);
        const pst_packet *got = buffer.data;
        CHECK_EQ(got->n_bytes, i);
        CHECK(memcmp(got->data, wave, i) == 0);
        CHECK_EQ(got->pts, 5);
        CHECK_EQ(got->duration, 7);
        CHECK_EQ(got->flags, PST_PACKET_HEADER);
        pst_feed_pass(feed, &buffer);
    }
    row_free(rig);
    pst_feed_release(feed);
}

static void test_what_is_dropped_is_counted(void) {
    for (int way = 0; way < 2; ++way) {
        pst_feed *feed = make_feed(PST_MEDIA_FRAMES, 2);
        row_rig *rig = make_rig(feed, way == 0 ? PST_TAP_DROP_NEWEST : PST_TAP_DROP_OLDEST);
        for (int i = 0; i < 5; ++i)
            CHECK_EQ(row_give(rig, wave + 100 * i, 100, 100 * i, NULL), PST_OK);
        CHECK_EQ(pst_node_tap_dropped(rig->stages[0]), 300);
        CHECK_EQ(rig->n_frames, 500); // The line itself loses nothing.
        check_next(feed, way == 0 ? 0 : 300, 100);
        check_next(feed, way == 0 ? 100 : 400, 100);
        // There is room again; the gap shows in the times.
        CHECK_EQ(row_give(rig, wave + 500, 50, 500, NULL), PST_OK);
        check_next(feed, 500, 50);
        CHECK_EQ(pst_node_tap_dropped(rig->stages[0]), 300);
        row_free(rig);
        pst_feed_release(feed);
    }
}

// Also where a gap makes two buffers of one.
static void test_a_buffer_with_a_gap_is_dropped_from_there_on(void) {
    pst_feed *feed = make_feed(PST_MEDIA_FRAMES, 1);
    row_rig *rig = make_rig(feed, PST_TAP_DROP_NEWEST);
    pst_piece piece = {
        .data = (const uint8_t *)wave, .n_frames = 10, .frame = 0, .media = &rig->media};
    CHECK_EQ(pst_row_give(&rig->row, &piece, NULL), PST_OK);
    piece.frame = 50;
    CHECK_EQ(pst_row_give(&rig->row, &piece, NULL), PST_OK);
    piece.frame = 60;
    CHECK_EQ(pst_row_give(&rig->row, &piece, NULL), PST_OK);
    CHECK_EQ(pst_row_settle(&rig->row, NULL), PST_OK);
    CHECK_EQ(rig->n_frames, 30);
    CHECK_EQ(pst_node_tap_dropped(rig->stages[0]), 20);
    check_next(feed, 0, 10);
    row_free(rig);
    pst_feed_release(feed);
}

static void test_it_goes_on_when_nobody_listens(void) {
    pst_feed *feed = make_feed(PST_MEDIA_FRAMES, 1);
    row_rig *rig = make_rig(feed, PST_TAP_WAIT);
    CHECK_EQ(row_give(rig, wave, 100, 0, NULL), PST_OK);
    pst_feed_leave(feed);
    CHECK_EQ(row_give_all(rig, wave, N, 100, 0, 1, NULL), PST_OK);
    CHECK_EQ(rig->n_frames, 100 + N);
    row_free(rig);
    pst_feed_release(feed);
}

static void test_reset_forgets(void) {
    pst_feed *feed = make_feed(PST_MEDIA_FRAMES, 10);
    row_rig *rig = make_rig(feed, PST_TAP_WAIT);
    CHECK_EQ(row_give(rig, wave, 100, 0, NULL), PST_OK);
    CHECK_EQ(pst_row_reset(&rig->row, NULL), PST_OK);
    CHECK_EQ(row_give(rig, wave + 700, 100, 700, NULL), PST_OK);
    check_next(feed, 700, 100);
    row_free(rig);
    pst_feed_release(feed);
}

// ---- In a chain --------------------------------------------------------------------------------

// A chain of frames in memory through stages into nothing that keeps them.
typedef struct tap_chain {
    pst_chain *chain;
    pst_feed *out;
} tap_chain;

static tap_chain make_chain(pst_stage *const *stages, uint32_t n_stages) {
    tap_chain made = {.out = make_feed(PST_MEDIA_FRAMES, 1000)};
    pst_source *source = NULL;
    CHECK_EQ(pst_source_memory(&source, wave, N, PST_FORMAT_F32, 1, NULL), PST_OK);
    pst_sink *sink = NULL;
    CHECK_EQ(pst_sink_feed(&sink, made.out, NULL), PST_OK);
    pst_error err = {.status = PST_OK};
    CHECK_TEXT(pst_chain_create_staged(&made.chain, NULL, source, stages, n_stages, sink, &err) ==
                   PST_OK,
               "%s", err.text);
    return made;
}

static void end_chain(tap_chain *made) {
    pst_chain_release(made->chain);
    pst_feed_release(made->out);
}

static void test_the_end_is_told(void) {
    pst_feed *feed = make_feed(PST_MEDIA_FRAMES, 10);
    pst_stage *stage = NULL;
    CHECK_EQ(pst_node_tap_feed(&stage, "ear", feed, PST_TAP_WAIT, NULL), PST_OK);
    tap_chain made = make_chain(&stage, 1);
    CHECK_EQ(pst_chain_start(made.chain, NULL), PST_OK);
    CHECK_EQ(pst_chain_wait(made.chain, PATIENCE_NS, NULL), PST_OK);
    check_next(feed, 0, N);
    pst_buffer buffer;
    CHECK_EQ(pst_feed_get(feed, &buffer, 0, NULL), PST_END);
    end_chain(&made);
    pst_feed_release(feed);
}

static void test_a_failure_is_told(void) {
    pst_feed *feed = make_feed(PST_MEDIA_FRAMES, 10);
    odd_stage *odd = make_odd();
    odd->fails = PST_UNSUPPORTED;
    pst_stage *stages[2] = {NULL, &odd->base};
    CHECK_EQ(pst_node_tap_feed(&stages[0], "ear", feed, PST_TAP_WAIT, NULL), PST_OK);
    tap_chain made = make_chain(stages, 2);
    CHECK_EQ(pst_chain_start(made.chain, NULL), PST_OK);
    CHECK_EQ(pst_chain_wait(made.chain, PATIENCE_NS, NULL), PST_UNSUPPORTED);
    check_next(feed, 0, N); // What came before is there.
    pst_buffer buffer;
    pst_error err = {.status = PST_OK};
    CHECK_EQ(pst_feed_get(feed, &buffer, 0, &err), PST_CLOSED);
    CHECK_STR(err.text, "it was told to fail");
    CHECK_EQ(err.native_code, EPIPE);
    end_chain(&made);
    pst_feed_release(feed);
}

static void test_cancelling_a_tap_that_waits(void) {
    pst_feed *feed = make_feed(PST_MEDIA_FRAMES, 1);
    const pst_buffer buffer = {
        .media = {.format = PST_FORMAT_F32, .n_channels = 1, .rate_hz = 48000.0},
        .data = wave,
        .n_frames = 1,
        .pts = PST_NO_PTS};
    CHECK_EQ(pst_feed_put(feed, &buffer, 0, NULL), PST_OK); // Full, and nobody reads.
    pst_stage *stage = NULL;
    CHECK_EQ(pst_node_tap_feed(&stage, NULL, feed, PST_TAP_WAIT, NULL), PST_OK);
    tap_chain made = make_chain(&stage, 1);
    CHECK_EQ(pst_chain_start(made.chain, NULL), PST_OK);
    CHECK_EQ(pst_chain_wait(made.chain, 20 * PST_NS_PER_MS, NULL), PST_TIMEOUT);
    pst_chain_cancel(made.chain);
    CHECK_EQ(pst_chain_wait(made.chain, PATIENCE_NS, NULL), PST_OK);
    pst_buffer got;
    CHECK_EQ(pst_feed_get(feed, &got, 0, NULL), PST_CLOSED);
    end_chain(&made);
    pst_feed_release(feed);
}

static void test_a_chain_that_never_starts(void) {
    pst_feed *feed = make_feed(PST_MEDIA_FRAMES, 1);
    pst_stage *stage = NULL;
    CHECK_EQ(pst_node_tap_feed(&stage, NULL, feed, PST_TAP_WAIT, NULL), PST_OK);
    tap_chain made = make_chain(&stage, 1);
    end_chain(&made);
    pst_buffer got;
    CHECK_EQ(pst_feed_get(feed, &got, PATIENCE_NS, NULL), PST_CLOSED);
    pst_feed_release(feed);
}

static void *read_slowly(void *arg) {
    pst_feed *feed = arg;
    uint64_t n_frames = 0;
    for (;;) {
        pst_buffer buffer;
        const pst_status status = pst_feed_get(feed, &buffer, PATIENCE_NS, NULL);
        if (status == PST_END)
            break;
        if (!CHECK_EQ(status, PST_OK))
            break;
        n_frames += buffer.n_frames;
        pst_feed_pass(feed, &buffer);
        pst_sleep_until_ns(pst_now_ns() + PST_NS_PER_MS / 20);
    }
    CHECK_EQ(n_frames, 100 * N);
    return NULL;
}

// Many buffers through a narrow feed to another thread.
static void test_a_slow_reader_gets_everything(void) {
    pst_feed *in = make_feed(PST_MEDIA_FRAMES, 4), *out = make_feed(PST_MEDIA_FRAMES, 1 << 12);
    pst_feed *feed = make_feed(PST_MEDIA_FRAMES, 2);
    pst_source *source = NULL;
    pst_sink *sink = NULL;
    pst_stage *stage = NULL;
    pst_chain *chain = NULL;
    CHECK_EQ(pst_source_feed(&source, in, NULL), PST_OK);
    CHECK_EQ(pst_sink_feed(&sink, out, NULL), PST_OK);
    CHECK_EQ(pst_node_tap_feed(&stage, NULL, feed, PST_TAP_WAIT, NULL), PST_OK);
    CHECK_EQ(pst_chain_create_staged(&chain, NULL, source, &stage, 1, sink, NULL), PST_OK);
    CHECK_EQ(pst_chain_start(chain, NULL), PST_OK);
    pthread_t reader;
    REQUIRE(pthread_create(&reader, NULL, read_slowly, feed) == 0);
    const pst_buffer buffer = {
        .media = {.format = PST_FORMAT_F32, .n_channels = 1, .rate_hz = 48000.0},
        .data = wave,
        .n_frames = N / 10,
        .pts = PST_NO_PTS};
    for (int i = 0; i < 1000; ++i)
        CHECK_EQ(pst_feed_put(in, &buffer, PATIENCE_NS, NULL), PST_OK);
    pst_feed_end(in);
    CHECK_EQ(pst_chain_wait(chain, PATIENCE_NS, NULL), PST_OK);
    pthread_join(reader, NULL);
    pst_feed_info info;
    pst_feed_get_info(out, &info);
    CHECK_EQ(info.n_frames, 100 * N);
    pst_chain_release(chain);
    pst_feed_release(feed);
    pst_feed_release(in);
    pst_feed_release(out);
}

// ---- Other sinks -------------------------------------------------------------------------------

// A sink of one format, which may fail.
typedef struct kept_frames {
    float frames[2 * N];
    uint64_t n_frames;
    uint64_t fails_at; // 0: it does not.
    int n_ends;
    pst_ending ending;
    pst_error cause;
} kept_frames;

typedef struct keeping_sink {
    pst_sink base;
    kept_frames *kept;
} keeping_sink;

static pst_status keep_push(pst_sink *sink, const pst_piece *piece, uint64_t *n_taken,
                            pst_error *err) {
    kept_frames *kept = ((keeping_sink *)sink)->kept;
    if (kept->fails_at > 0 && kept->n_frames >= kept->fails_at)
        return pst_fail(err, PST_SYSTEM_ERROR, 28, "the disk is full");
    *n_taken = piece->n_frames < 300 ? piece->n_frames : 300;
    memcpy(kept->frames + kept->n_frames, piece->data, *n_taken * sizeof(float));
    kept->n_frames += *n_taken;
    return PST_OK;
}

static pst_status keep_end(pst_sink *sink, pst_ending ending, pst_error *err) {
    kept_frames *kept = ((keeping_sink *)sink)->kept;
    (void)err;
    ++kept->n_ends;
    kept->ending = ending;
    if (sink->cause != NULL)
        kept->cause = *sink->cause;
    return PST_OK;
}

static void keep_destroy(pst_sink *sink) {
    free(sink);
}

static const pst_sink_ops keep_ops = {
    .name = "keep", .push = keep_push, .end = keep_end, .destroy = keep_destroy};

static pst_stage *make_tap(kept_frames *kept, double rate_hz) {
    keeping_sink *sink = calloc(1, sizeof *sink);
    sink->base =
        (pst_sink){.ops = &keep_ops, .format = PST_FORMAT_F32, .n_channels = 1, .rate_hz = rate_hz};
    sink->kept = kept;
    pst_stage *stage = NULL;
    CHECK_EQ(pst_node_tap_sink(&stage, "disk", &sink->base, NULL), PST_OK);
    return stage;
}

// The sink's own format is not that of the line.
static void test_frames_are_made_to_fit(void) {
    static kept_frames kept;
    static int16_t narrow[2 * N];
    for (int i = 0; i < 2 * N; ++i)
        narrow[i] = (int16_t)lrintf(wave[i / 2] * 32768.0f);
    row_rig *rig = row_make();
    rig->media.format = PST_FORMAT_I16;
    rig->media.n_channels = 2;
    row_add(rig, make_tap(&kept, 24000.0));
    CHECK_EQ(row_give_all(rig, narrow, N, 700, 0, 1, NULL), PST_OK);
    CHECK_EQ(rig->n_frames, N); // What goes on is as it was.
    CHECK(memcmp(rig->data, narrow, sizeof narrow) == 0);
    CHECK_EQ(kept.n_frames, N / 2);
    double most = 0.0;
    for (int i = 100; i < N / 2 - 100; ++i)
        most = fmax(most, fabs((double)kept.frames[i] - (double)wave[2 * i]));
    CHECK_TEXT(most < 1e-3, "%g", most);
    row_free(rig);
}

static void test_a_sink_that_fails(void) {
    static kept_frames kept = {.fails_at = 900};
    pst_stage *stage = make_tap(&kept, 0.0);
    tap_chain made = make_chain(&stage, 1);
    CHECK_EQ(pst_chain_start(made.chain, NULL), PST_OK);
    pst_error err = {.status = PST_OK};
    CHECK_EQ(pst_chain_wait(made.chain, PATIENCE_NS, &err), PST_SYSTEM_ERROR);
    CHECK_STR(err.text, "the disk is full");
    CHECK_EQ(err.native_code, 28);
    int32_t place = 0;
    CHECK_STR(pst_chain_origin(made.chain, &place), "disk");
    CHECK_EQ(place, 1);
    CHECK_EQ(kept.n_ends, 1);
    CHECK_EQ(kept.ending, PST_ENDING_BROKEN);
    CHECK_STR(kept.cause.text, "the disk is full");
    CHECK_EQ(kept.n_frames, 900);
    end_chain(&made);
}

static void test_wrong_arguments(void) {
    pst_feed *feed = make_feed(PST_MEDIA_FRAMES, 1);
    pst_stage *stage = NULL;
    pst_error err = {.status = PST_OK};
    CHECK_EQ(pst_node_tap_feed(&stage, NULL, feed, (pst_tap_full)3, &err), PST_BAD_ARGUMENT);
    CHECK_STR(err.text, "full is 3, which is no way to go on");
    CHECK(stage == NULL);
    pst_feed_release(feed);
    odd_stage *odd = make_odd();
    CHECK_EQ(pst_node_tap_dropped(&odd->base), 0);
    pst_stage_destroy(&odd->base);
}

static void test_every_allocation_failing_in_turn(void) {
    bool got_by = !failing_alloc_works();
    for (long n = 1; n < 100 && !got_by; ++n) {
        failing_alloc_begin(n);
        pst_feed *feed = NULL;
        pst_stage *stage = NULL;
        pst_status status = pst_feed_create(&feed, PST_MEDIA_FRAMES, 4, NULL);
        if (status == PST_OK)
            status = pst_node_tap_feed(&stage, "named", feed, PST_TAP_WAIT, NULL);
        if (status == PST_OK) {
            static const pst_media media = {
                .format = PST_FORMAT_F32, .n_channels = 1, .rate_hz = 48000.0};
            const pst_piece piece = {
                .data = (const uint8_t *)wave, .n_frames = N, .is_whole = true, .media = &media};
            pst_piece out = {0};
            uint64_t n_used = 0;
            status = stage->ops->process(stage, &piece, &n_used, &out, NULL);
            CHECK_EQ(n_used, status == PST_OK ? N : 0);
        }
        pst_stage_destroy(stage);
        pst_feed_release(feed);
        got_by = failing_alloc_end() < n;
        CHECK(got_by ? status == PST_OK : status < 0);
        CHECK_EQ(failing_alloc_live(), 0);
    }
    CHECK(got_by);
}

int main(void) {
    fill();
    RUN(test_every_allocation_failing_in_turn); // First: threads give memory back late.
    RUN(test_both_get_the_same);
    RUN(test_packets);
    RUN(test_what_is_dropped_is_counted);
    RUN(test_a_buffer_with_a_gap_is_dropped_from_there_on);
    RUN(test_it_goes_on_when_nobody_listens);
    RUN(test_reset_forgets);
    RUN(test_the_end_is_told);
    RUN(test_a_failure_is_told);
    RUN(test_cancelling_a_tap_that_waits);
    RUN(test_a_chain_that_never_starts);
    RUN(test_a_slow_reader_gets_everything);
    RUN(test_frames_are_made_to_fit);
    RUN(test_a_sink_that_fails);
    RUN(test_wrong_arguments);
    return check_done();
}
