// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "stream_fixture.h"

// Whole streams with a function of the user's on the audio thread.

// Writes a counter, adds up what it hears, and ends the run after so many frames.
typedef struct counter {
    _Atomic int64_t n_frames;
    _Atomic int n_calls;
    _Atomic int64_t n_wrong; // Input frames that were not what the null device counts.
    int64_t end_after;
    int32_t result;
} counter;

static int32_t count(const void *input, void *output, int64_t n_frames,
                     const pst_callback_time *time, uint32_t flags, void *user) PST_RT {
    counter *c = user;
    (void)flags;
    const int64_t first = time->frame;
    for (int64_t i = 0; i < n_frames; ++i) {
        const int32_t number = (int32_t)(first + i);
        if (input != NULL && ((const int32_t *)input)[i] != number)
            atomic_fetch_add(&c->n_wrong, 1);
        if (output != NULL)
            ((int32_t *)output)[i] += number;
    }
    atomic_fetch_add(&c->n_calls, 1);
    const int64_t n = atomic_fetch_add(&c->n_frames, n_frames) + n_frames;
    return n >= c->end_after ? c->result : PST_CALLBACK_CONTINUE;
}

static stream_setup make_counting(counter *c, bool has_input, bool has_output) {
    stream_setup setup = make_setup(has_input, has_output);
    *c = (counter){.end_after = INT64_MAX, .result = PST_CALLBACK_COMPLETE};
    setup.config.callback = count;
    setup.config.callback_user = c;
    return setup;
}

// A stream without rings lives from its callback alone, one run after the other.
static void test_without_rings(void) {
    pst_system *system = make_system();
    for (int sides = 1; sides < 4; ++sides) {
        counter c;
        stream_setup setup = make_counting(&c, (sides & 1) != 0, (sides & 2) != 0);
        setup.config.without_input_ring = setup.config.without_output_ring = true;
        pst_stream *stream = open_stream(system, &setup);
        CHECK(pst_stream_input_ring(stream) == NULL);
        CHECK(pst_stream_output_ring(stream) == NULL);
        for (int run = 0; run < 3; ++run) {
            atomic_store(&c.n_frames, 0);
            c.end_after = 10000;
            start_stream(stream);
            CHECK_EQ(pst_stream_wait(stream, PATIENCE_NS, NULL), PST_OK);
            CHECK_EQ(pst_stream_state(stream), PST_STATE_FINISHED);
            CHECK_EQ(atomic_load(&c.n_frames), 10048);
            CHECK_EQ(stats_of(stream).frames, 10048);
        }
        CHECK_EQ(atomic_load(&c.n_wrong), 0);
        end_stream(stream);
    }
    pst_system_release(system);
}

static void test_waits_without_rings(void) {
    pst_system *system = make_system();
    counter c;
    stream_setup setup = make_counting(&c, true, true);
    setup.config.without_input_ring = setup.config.without_output_ring = true;
    pst_stream *stream = open_stream(system, &setup);
    pst_error err = {.status = PST_OK};
    pst_span span;
    CHECK_EQ(pst_stream_wait_input(stream, 0, 1, 0, &err), PST_BAD_ARGUMENT);
    CHECK(strstr(err.text, "no input ring") != NULL);
    CHECK_EQ(pst_stream_next_input(stream, 0, 0, 1, 1, 0, &span, &err), PST_BAD_ARGUMENT);
    CHECK_EQ(span.n_frames, 0);
    CHECK(!pst_stream_take_input(stream, 0, &span, 1, NULL));
    CHECK_EQ(pst_stream_wait_output(stream, 1, 0, &err), PST_BAD_ARGUMENT);
    CHECK(strstr(err.text, "no output ring") != NULL);
    end_stream(stream);
    pst_system_release(system);
}

// It stands between the ring and the device: both are heard.
static void test_with_rings(void) {
    pst_system *system = make_system();
    counter c;
    stream_setup setup = make_counting(&c, true, true);
    setup.config.input = make_side(LOOPBACK, 1, PST_FORMAT_I32);
    setup.config.output = make_side(LOOPBACK, 1, PST_FORMAT_I32);
    setup.host.input = PST_INPUT_DEVICE;
    setup.config.input_total_frames = 2000;
    setup.config.output_total_frames = 1000;
    setup.config.output_pad_frames = PST_UNLIMITED;
    pst_stream *stream = open_stream(system, &setup);
    CHECK_EQ(write_counter(stream, 5000, 1000), 1000);
    start_stream(stream);
    CHECK_EQ(pst_stream_wait(stream, PATIENCE_NS, NULL), PST_OK);
    pst_ring *ring = pst_stream_input_ring(stream);
    pst_span span;
    CHECK_EQ(pst_ring_begin_read(ring, 0, 2000, &span), 2000);
    for (int32_t i = 0; i < 2000; ++i) {
        int32_t value;
        memcpy(&value, span.data + 4 * i, 4);
        const int32_t heard = i - 64; // What is played comes back a block later.
        if (!CHECK_EQ(value, heard < 0 ? 0 : heard < 1000 ? 5000 + 2 * heard : heard))
            break;
    }
    pst_ring_commit_read(ring, 0, span.n_frames);
    end_stream(stream);
    pst_system_release(system);
}

// Aborting is the callback's right, and no error.
static void test_abort(void) {
    pst_system *system = make_system();
    counter c;
    stream_setup setup = make_counting(&c, true, false);
    pst_stream *stream = open_stream(system, &setup);
    c.end_after = 640;
    c.result = PST_CALLBACK_ABORT;
    start_stream(stream);
    CHECK_EQ(pst_stream_wait(stream, PATIENCE_NS, NULL), PST_OK);
    CHECK_EQ(pst_stream_state(stream), PST_STATE_ABORTED);
    CHECK_EQ(pst_stream_reason(stream, NULL), PST_OK);
    // Everything up to there can be read.
    const read_result result = read_counter(stream, 100, 0);
    CHECK_EQ(result.n_frames, 640);
    CHECK_EQ(result.status, PST_END);
    end_stream(stream);
    pst_system_release(system);
}

// In real time, and never again once the stream is stopped or closed.
static void test_not_called_after_stop(void) {
    pst_system *system = make_system();
    counter c;
    stream_setup setup = make_counting(&c, false, true);
    setup.host.clock = PST_CLOCK_WALL;
    setup.config.without_output_ring = true;
    pst_stream *stream = open_stream(system, &setup);
    for (int i = 0; i < 2; ++i) {
        start_stream(stream);
        wait_frames(stream, 1000);
        CHECK_EQ(i == 0 ? pst_stream_stop(stream, NULL) : pst_stream_close(stream, NULL), PST_OK);
        const int n_calls = atomic_load(&c.n_calls);
        CHECK(n_calls > 0);
        pst_sleep_until_ns(pst_now_ns() + 10 * PST_NS_PER_MS);
        CHECK_EQ(atomic_load(&c.n_calls), n_calls);
    }
    end_stream(stream);
    pst_system_release(system);
}

static void test_refused(void) {
    pst_system *system = make_system();
    counter c;
    pst_ring *ring;
    const pst_ring_config ring_config = {.capacity_frames = 1000, .frame_bytes = 4};
    REQUIRE(pst_ring_create(&ring, &ring_config, NULL) == PST_OK);
    stream_setup setup = make_counting(&c, true, true);
    setup.config.virtual_config = &setup.host;
    pst_stream *stream = NULL;
    pst_error err = {.status = PST_OK};
    setup.config.input_ring = ring;
    setup.config.without_input_ring = true;
    CHECK_EQ(pst_stream_open(&stream, system, &setup.config, &err), PST_BAD_ARGUMENT);
    CHECK(strstr(err.text, "without_input_ring") != NULL);
    setup.config.input_ring = NULL;
    setup.config.output_ring = ring;
    setup.config.without_output_ring = true;
    CHECK_EQ(pst_stream_open(&stream, system, &setup.config, &err), PST_BAD_ARGUMENT);
    CHECK(strstr(err.text, "without_output_ring") != NULL);
    CHECK(stream == NULL);
    pst_ring_release(ring);
    pst_system_release(system);
}

// ---- output_run_frames -------------------------------------------------------------------------

// As much as is there, and silence up to the end, which comes by itself.
static void test_run_frames(void) {
    pst_system *system = make_system();
    stream_setup setup = make_setup(false, true);
    setup.config.output_run_frames = 1000;
    setup.config.underflow = PST_UNDERFLOW_RAISE;
    pst_stream *stream = open_stream(system, &setup);
    const int64_t n_written[] = {0, 300, 1000, 1500};
    for (int i = 0; i < 4; ++i) {
        CHECK_EQ(write_counter(stream, 0, n_written[i]), n_written[i]);
        start_stream(stream);
        CHECK_EQ(pst_stream_wait(stream, PATIENCE_NS, NULL), PST_OK);
        const pst_stream_stats stats = stats_of(stream);
        const int64_t n_played = n_written[i] < 1000 ? n_written[i] : 1000;
        CHECK_EQ(pst_stream_state(stream), PST_STATE_FINISHED);
        CHECK_EQ(stats.frames, 1024);
        CHECK_EQ(stats.played_frames, n_played);
        CHECK_EQ(stats.padded_frames, 1024 - n_played);
        CHECK_EQ(stats.missing_frames + stats.n_xruns, 0);
    }
    end_stream(stream);
    pst_system_release(system);
}

int main(void) {
    RUN(test_without_rings);
    RUN(test_waits_without_rings);
    RUN(test_with_rings);
    RUN(test_abort);
    RUN(test_not_called_after_stop);
    RUN(test_refused);
    RUN(test_run_frames);
    return check_done();
}
