// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "stream_fixture.h"

// All limits together on whole streams, one run after the other on the same stream: the totals at
// the end, and when the end is. test_callback.c looks at every frame; here it is the way from the
// public calls to the callback and back.

typedef struct limits_case {
    int64_t skip, total, out_total, pad, run;
    int64_t n_written; // To the output ring, before the start.
    bool ended;        // And ended.
} limits_case;

static bool is_bounded(const limits_case *c, bool has_input, bool has_output) {
    return (has_input && c->total >= 0) || (has_output && c->run >= 0) ||
           (has_output && c->pad >= 0 && (c->out_total >= 0 || c->ended));
}

static int64_t smaller(int64_t a, int64_t b) {
    return a < b ? a : b;
}

static int64_t larger(int64_t a, int64_t b) {
    return a > b ? a : b;
}

// How many frames the output plays if nothing else ends the run.
static int64_t frames_to_play(const limits_case *c) {
    return c->out_total >= 0 ? smaller(c->out_total, c->n_written) : c->n_written;
}

static void check_totals(pst_stream *stream, const limits_case *c, bool has_input, bool has_output,
                         int64_t block) {
    const int64_t n_played = has_output ? frames_to_play(c) : 0;
    int64_t needed = has_input && c->total >= 0 ? c->total : 0;
    if (has_output && c->run >= 0)
        needed = larger(needed, c->run);
    else if (has_output && c->pad >= 0 && (c->out_total >= 0 || c->ended))
        needed = larger(needed, n_played + c->pad);
    const pst_stream_stats stats = stats_of(stream);
    // At least one callback is needed to see the end, and no more than necessary are made.
    CHECK(stats.frames >= larger(needed, 1) && stats.frames < needed + block + 1);
    CHECK_EQ(stats.frames % block, 0);
    CHECK_EQ(stats.lost_frames + stats.dropped_frames + stats.missing_frames, 0);
    if (has_output) {
        const int64_t n_fit = c->run >= 0 ? smaller(c->run, stats.frames) : stats.frames;
        CHECK_EQ(stats.played_frames, smaller(n_played, n_fit));
        CHECK_EQ(pst_ring_readable(pst_stream_output_ring(stream), 0), 0);
        if (c->run >= 0)
            CHECK_EQ(stats.padded_frames, stats.frames - stats.played_frames);
        else if (c->pad >= 0 && (c->out_total >= 0 || c->ended))
            CHECK(stats.padded_frames >= c->pad);
    }
    if (!has_input)
        return;
    const int64_t end = c->total >= 0 ? smaller(c->total, stats.frames) : stats.frames;
    CHECK_EQ(stats.skipped_frames, smaller(c->skip, end));
    CHECK_EQ(stats.captured_frames, larger(end - c->skip, 0));
    const read_result result = read_counter(stream, 1000, 0);
    CHECK_EQ(result.n_frames, stats.captured_frames);
    CHECK_EQ(result.status, PST_END);
}

static void run_cases(bool has_input, bool has_output, uint32_t block) {
    const int64_t skips[] = {0, 1, 500};
    const int64_t totals[] = {PST_UNLIMITED, 0, 1, 500, 1999};
    const int64_t out_totals[] = {PST_UNLIMITED, 0, 1, 1500};
    const int64_t pads[] = {0, 1, 700, PST_UNLIMITED};
    const int64_t runs[] = {PST_UNLIMITED, 0, 500, PST_UNLIMITED, 1700};
    pst_system *system = make_system();
    stream_setup setup = make_setup(has_input, has_output);
    setup.config.block_frames = block;
    setup.config.input_ring_frames = 16384;
    pst_stream *stream = open_stream(system, &setup);
    // Sanitizers are slow: they see every seventh of the combinations.
    const int stride = CHECK_TSAN || CHECK_ASAN ? 7 : 1;
    for (int i = 0; i < 3 * 5 * 4 * 4 * 2; i += stride) {
        const bool ended = i / (3 * 5 * 4 * 4) == 1;
        limits_case c = {.skip = skips[i % 3],
                         .total = totals[i / 3 % 5],
                         .out_total = out_totals[i / 15 % 4],
                         .pad = pads[i / 60 % 4],
                         .run = runs[(i + i / 15) % 5],
                         .n_written = ended ? 800 : 1600,
                         .ended = ended};
        if (!has_output)
            c.out_total = c.n_written = 0;
        // What has no end of its own is for other tests, as is an output that runs dry.
        if (!is_bounded(&c, has_input, has_output))
            continue;
        CHECK_EQ(pst_stream_set_limits(stream, c.skip, c.total, has_output ? c.out_total : -1,
                                       c.pad, c.run, NULL),
                 PST_OK);
        if (has_output) {
            CHECK_EQ(write_counter(stream, 0, c.n_written), c.n_written);
            // An output that ends nothing must not hold the input up once it is dry.
            if (ended || c.out_total < 0)
                pst_ring_end(pst_stream_output_ring(stream));
            c.ended = ended || c.out_total < 0;
        }
        start_stream(stream);
        CHECK_EQ(pst_stream_wait(stream, PATIENCE_NS, NULL), PST_OK);
        CHECK_EQ(pst_stream_state(stream), PST_STATE_FINISHED);
        check_totals(stream, &c, has_input, has_output, block);
    }
    end_stream(stream);
    pst_system_release(system);
}

static void test_input(void) {
    run_cases(true, false, 1);
    run_cases(true, false, 64);
    run_cases(true, false, 1000);
}

static void test_output(void) {
    run_cases(false, true, 1);
    run_cases(false, true, 64);
    run_cases(false, true, 1000);
}

static void test_both(void) {
    run_cases(true, true, 3);
    run_cases(true, true, 64);
    run_cases(true, true, 4096);
}

// Without any limit a stream runs until it is stopped.
static void test_no_limit(void) {
    pst_system *system = make_system();
    stream_setup setup = make_setup(true, true);
    pst_stream *stream = open_stream(system, &setup);
    start_stream(stream);
    for (int i = 0; i < 100; ++i) {
        CHECK_EQ(pst_stream_wait_input(stream, 0, 3000, PATIENCE_NS, NULL), PST_OK);
        CHECK_EQ(pst_ring_skip(pst_stream_input_ring(stream), 0, 3000), 3000);
    }
    CHECK_EQ(pst_stream_state(stream), PST_STATE_RUNNING);
    CHECK_EQ(pst_stream_stop(stream, NULL), PST_OK);
    CHECK(stats_of(stream).captured_frames >= 300000);
    end_stream(stream);
    pst_system_release(system);
}

int main(void) {
    RUN(test_input);
    RUN(test_output);
    RUN(test_both);
    RUN(test_no_limit);
    return check_done();
}
