// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include <math.h>

#include "stream_fixture.h"

// Streams on devices that misbehave, by script.

// Fetches all events of a kind. Returns how many there were, and the last one.
static int events_of(pst_stream *stream, pst_event_kind kind, pst_stream_event *last) {
    *last = (pst_stream_event){0};
    int n = 0;
    pst_stream_event event;
    while (pst_stream_pop_event(stream, &event)) {
        if (event.kind != kind)
            continue;
        ++n;
        *last = event;
    }
    return n;
}

// ---- Losses ------------------------------------------------------------------------------------

static void test_stall_is_a_loss(void) {
    pst_system *system = make_system();
    stream_setup setup = make_setup(true, false);
    setup.config.input_total_frames = 100000;
    setup.host.first_frame = 12345;
    add_fault(&setup, PST_FAULT_STALL, 6400, 72000);
    pst_stream *stream = open_stream(system, &setup);
    start_stream(stream);
    const read_result result = read_counter(stream, 1000, 12345);
    CHECK_EQ(result.status, PST_END);
    CHECK_EQ(result.n_frames, 28000);
    CHECK_EQ(result.n_gaps, 1);
    CHECK_EQ(result.gap_frames, 72000);
    const pst_stream_stats stats = stats_of(stream);
    CHECK_EQ(stats.lost_frames, 72000);
    CHECK_EQ(stats.n_xruns, 1);
    CHECK_EQ(stats.n_input_overflows, 1);
    pst_stream_event event;
    CHECK_EQ(events_of(stream, PST_EVENT_DEVICE_LOSS, &event), 1);
    CHECK_EQ(event.frame, 6400);
    CHECK_EQ(event.n_frames, 72000);
    end_stream(stream);
    pst_system_release(system);
}

// The same, but the recording keeps time.
static void test_silence_keeps_time(void) {
    pst_system *system = make_system();
    stream_setup setup = make_setup(true, false);
    setup.config.overflow = PST_OVERFLOW_SILENCE;
    setup.config.input_total_frames = 20000;
    setup.config.input_ring_frames = 32768;
    setup.config.block_frames = 50;
    add_fault(&setup, PST_FAULT_STALL, 5000, 3000);
    pst_stream *stream = open_stream(system, &setup);
    start_stream(stream);
    CHECK_EQ(pst_stream_wait(stream, PATIENCE_NS, NULL), PST_OK);
    pst_ring *ring = pst_stream_input_ring(stream);
    pst_span span;
    REQUIRE(pst_ring_begin_read(ring, 0, 20000, &span) == 20000);
    for (int32_t i = 0; i < 20000; ++i) {
        int32_t value;
        memcpy(&value, span.data + 4 * (size_t)i, 4);
        CHECK_EQ(value, i >= 5000 && i < 8000 ? 0 : i);
    }
    pst_frames_info info;
    pst_stream_describe_input(stream, span.position, 5000, &info);
    CHECK_EQ(info.flags & PST_FLAG_GAP, 0);
    pst_stream_describe_input(stream, span.position + 4000, 2000, &info);
    CHECK_EQ(info.flags & PST_FLAG_GAP, PST_FLAG_GAP);
    CHECK_EQ(info.gap_frames, 0);
    pst_stream_describe_input(stream, span.position + 8000, 1000, &info);
    CHECK_EQ(info.frame, 8000);
    pst_ring_commit_read(ring, 0, 20000);
    const pst_stream_stats stats = stats_of(stream);
    CHECK_EQ(stats.inserted_frames, 3000);
    CHECK_EQ(stats.lost_frames, 3000);
    CHECK_EQ(stats.captured_frames, 20000);
    end_stream(stream);
    pst_system_release(system);
}

// A loss that is longer than the ring, with a reader that wants chunks of it.
static void test_long_silence(void) {
    pst_system *system = make_system();
    stream_setup setup = make_setup(true, false);
    setup.config.overflow = PST_OVERFLOW_SILENCE;
    setup.config.input_total_frames = 100000;
    add_fault(&setup, PST_FAULT_STALL, 6400, 72000);
    pst_stream *stream = open_stream(system, &setup);
    start_stream(stream);
    pst_ring *ring = pst_stream_input_ring(stream);
    int32_t next = 0;
    pst_span span;
    do {
        const pst_status status = pst_stream_wait_input(stream, 0, 1000, PATIENCE_NS, NULL);
        CHECK(status == PST_OK || status == PST_END);
        pst_ring_begin_read(ring, 0, 1000, &span);
        for (uint64_t i = 0; i < span.n_frames; ++i, ++next) {
            int32_t value;
            memcpy(&value, span.data + 4 * i, 4);
            CHECK(value == next || (value == 0 && next >= 6400 && next < 6400 + 72000 + 64));
        }
        pst_ring_commit_read(ring, 0, span.n_frames);
    } while (span.n_frames > 0);
    CHECK_EQ(next, 100000);
    CHECK_EQ(stats_of(stream).lost_frames, 72000);
    CHECK(stats_of(stream).dropped_frames <= 64); // The block that brought the news.
    end_stream(stream);
    pst_system_release(system);
}

static void test_no_losses(void) {
    pst_system *system = make_system();
    stream_setup setup = make_setup(true, true);
    setup.config.input_total_frames = 100000;
    setup.config.input_ring_frames = 8192; // A block and a chunk.
    add_fault(&setup, PST_FAULT_LATE, 3000, 30 * PST_NS_PER_MS);
    add_fault(&setup, PST_FAULT_XRUN, 9000, 0);
    add_fault(&setup, PST_FAULT_BURST, 20000, 5000);
    add_fault(&setup, PST_FAULT_EMPTY, 30000, 0);
    add_fault(&setup, PST_FAULT_BLOCK, 40000, 0);
    add_fault(&setup, PST_FAULT_DRIFT, 50000, 500);
    pst_stream *stream = open_stream(system, &setup);
    start_stream(stream);
    const read_result result = read_counter(stream, 500, 0);
    CHECK_EQ(result.n_frames, 100000);
    CHECK_EQ(result.n_gaps, 0);
    const pst_stream_stats stats = stats_of(stream);
    CHECK_EQ(stats.lost_frames, 0);
    CHECK_EQ(stats.n_xruns, 1); // The host's word for it; it was no loss.
    end_stream(stream);
    pst_system_release(system);
}

static void test_drift_is_told(void) {
    pst_system *system = make_system();
    for (int i = -1; i <= 1; i += 2) {
        stream_setup setup = make_setup(true, false);
        setup.config.block_frames = 1024;
        setup.config.input_skip_frames = 48000 * 60;
        setup.config.input_total_frames = 48000 * 60 + 1;
        add_fault(&setup, PST_FAULT_DRIFT, 0, i * 200);
        pst_stream *stream = open_stream(system, &setup);
        start_stream(stream);
        CHECK_EQ(pst_stream_wait(stream, PATIENCE_NS, NULL), PST_OK);
        CHECK_TEXT(fabs(stats_of(stream).drift_ppm - i * 200.0) < 1.0, "measured %g ppm",
                   stats_of(stream).drift_ppm);
        CHECK_EQ(stats_of(stream).lost_frames, 0);
        end_stream(stream);
    }
    pst_system_release(system);
}

// A host that tells nonsense about latency: times stay within bounds.
static void test_nonsense_latency(void) {
    pst_system *system = make_system();
    stream_setup setup = make_setup(true, true);
    setup.config.input_total_frames = 48000;
    setup.config.input_ring_frames = 65536;
    add_fault(&setup, PST_FAULT_LATENCY, 0, INT64_C(89478) * PST_NS_PER_SECOND);
    pst_stream *stream = open_stream(system, &setup);
    start_stream(stream);
    CHECK_EQ(pst_stream_wait(stream, PATIENCE_NS, NULL), PST_OK);
    const double start_s = (double)stats_of(stream).start_ns * 1e-9;
    CHECK(fabs(pst_stream_input_time_s(stream, 0) - start_s) < 0.1);
    CHECK(fabs(pst_stream_output_time_s(stream, 0) - start_s) < 0.1);
    end_stream(stream);
    pst_system_release(system);
}

// ---- The watchdog ------------------------------------------------------------------------------

static stream_setup on_the_wall(bool has_input, bool has_output) {
    stream_setup setup = make_setup(has_input, has_output);
    setup.host.clock = PST_CLOCK_WALL;
    setup.config.input_ring_frames = setup.config.output_ring_frames = 1 << 17;
    return setup;
}

static void test_device_vanishes(void) {
    pst_system *system = make_system();
    stream_setup setup = on_the_wall(true, true);
    setup.config.stall_after_s = 0.2;
    setup.config.lost_after_s = 0.6;
    add_fault(&setup, PST_FAULT_VANISH, 2000, 0);
    pst_stream *stream = open_stream(system, &setup);
    for (int round = 0; round < 2; ++round) {
        pst_error err = {.status = PST_OK};
        start_stream(stream);
        if (round == 0) {
            CHECK(wait_state(stream, PST_STATE_STALLED));
            CHECK_EQ(pst_stream_reason(stream, NULL), PST_OK);
        }
        CHECK_EQ(pst_stream_wait(stream, PATIENCE_NS, &err), PST_DEVICE_LOST);
        CHECK_EQ(err.status, PST_DEVICE_LOST);
        CHECK(wait_state(stream, PST_STATE_LOST));
        CHECK_EQ(pst_stream_reason(stream, &err), PST_DEVICE_LOST);
        // What came before can still be read; then the reader is told.
        CHECK_EQ(pst_stream_wait_input(stream, 0, 1000, PATIENCE_NS, &err), PST_OK);
        CHECK_EQ(pst_stream_wait_input(stream, 0, 100000, PATIENCE_NS, &err), PST_DEVICE_LOST);
        const int64_t n_frames = stats_of(stream).frames;
        CHECK(n_frames >= 2000 && n_frames < 2064);
        check_conservation(stream);
        if (round == 0)
            continue; // Starting anew is allowed as it is.
        CHECK_EQ(pst_stream_stop(stream, &err), PST_OK);
        CHECK_EQ(pst_stream_state(stream), PST_STATE_ABORTED);
        CHECK_EQ(pst_stream_reason(stream, NULL), PST_DEVICE_LOST);
        CHECK_EQ(pst_stream_wait(stream, 0, NULL), PST_DEVICE_LOST);
    }
    end_stream(stream);
    pst_system_release(system);
}

static void test_device_dies(void) {
    pst_system *system = make_system();
    for (int clock = 0; clock < 2; ++clock) {
        stream_setup setup = on_the_wall(true, false);
        if (clock == 1)
            setup.host.clock = PST_CLOCK_FREE;
        setup.config.stall_after_s = 0.2;
        setup.config.lost_after_s = 1000.0; // The host says it at once.
        add_fault(&setup, PST_FAULT_DEAD, 1000, 0);
        pst_stream *stream = open_stream(system, &setup);
        start_stream(stream);
        CHECK_EQ(pst_stream_wait_input(stream, 0, 100000, PATIENCE_NS, NULL), PST_DEVICE_LOST);
        CHECK_EQ(pst_stream_wait(stream, PATIENCE_NS, NULL), PST_DEVICE_LOST);
        CHECK_EQ(pst_stream_state(stream), PST_STATE_LOST);
        end_stream(stream);
    }
    pst_system_release(system);
}

// A stall that ends: the stream runs on, and the loss is counted.
static void test_stall_comes_back(void) {
    pst_system *system = make_system();
    stream_setup setup = on_the_wall(true, false);
    setup.config.stall_after_s = 0.2;
    setup.config.lost_after_s = 1000.0;
    add_fault(&setup, PST_FAULT_STALL, 2000, 72000);
    pst_stream *stream = open_stream(system, &setup);
    start_stream(stream);
    CHECK(wait_state(stream, PST_STATE_STALLED));
    CHECK(wait_state(stream, PST_STATE_RUNNING));
    CHECK_EQ(stats_of(stream).lost_frames, 72000);
    CHECK_EQ(pst_stream_wait_input(stream, 0, 5000, PATIENCE_NS, NULL), PST_OK);
    CHECK_EQ(pst_stream_stop(stream, NULL), PST_OK);
    check_conservation(stream);
    end_stream(stream);
    pst_system_release(system);
}

// Lost by the clock on the wall, and back again: the callbacks decide.
static void test_lost_comes_back(void) {
    pst_system *system = make_system();
    stream_setup setup = on_the_wall(true, false);
    setup.config.stall_after_s = 0.2;
    setup.config.lost_after_s = 0.5;
    add_fault(&setup, PST_FAULT_STALL, 2000, 72000);
    pst_stream *stream = open_stream(system, &setup);
    start_stream(stream);
    CHECK(wait_state(stream, PST_STATE_LOST));
    CHECK(wait_state(stream, PST_STATE_RUNNING));
    CHECK_EQ(pst_stream_reason(stream, NULL), PST_OK);
    CHECK_EQ(stats_of(stream).lost_frames, 72000);
    end_stream(stream);
    pst_system_release(system);
}

// A silence that nobody has seen before is not the device's fault yet: the process may have been
// stopped, or have slept.
static void test_first_look_is_careful(void) {
    pst_system *system = make_system();
    stream_setup setup = on_the_wall(true, false);
    setup.config.stall_after_s = 0.2;
    setup.config.lost_after_s = 0.4;
    add_fault(&setup, PST_FAULT_VANISH, 64, 0);
    pst_stream *stream = open_stream(system, &setup);
    start_stream(stream);
    pst_sleep_until_ns(pst_now_ns() + 900 * PST_NS_PER_MS);
    CHECK_EQ(pst_stream_state(stream), PST_STATE_STALLED);
    CHECK(wait_state(stream, PST_STATE_LOST));
    end_stream(stream);
    pst_system_release(system);
}

// ---- Policies on a real clock --------------------------------------------------------------

static void test_overflow_raises(void) {
    pst_system *system = make_system();
    stream_setup setup = on_the_wall(true, false);
    setup.config.input_ring_frames = 1024;
    pst_stream *stream = open_stream(system, &setup);
    pst_ring_info ring;
    pst_ring_get_info(pst_stream_input_ring(stream), &ring);
    for (int round = 0; round < 2; ++round) {
        pst_error err = {.status = PST_OK};
        start_stream(stream);
        CHECK_EQ(pst_stream_wait(stream, PATIENCE_NS, &err), PST_OVERFLOW);
        CHECK_EQ(err.status, PST_OVERFLOW);
        CHECK_EQ(pst_stream_state(stream), PST_STATE_ABORTED);
        CHECK_EQ(pst_stream_reason(stream, &err), PST_OVERFLOW);
        // All that fitted is there, and then the reason comes.
        CHECK_EQ(pst_stream_wait_input(stream, 0, ring.capacity_frames, 0, &err), PST_OK);
        const read_result result = read_counter(stream, 100, 0);
        CHECK_EQ(result.n_frames, (int64_t)ring.capacity_frames);
        CHECK_EQ(result.status, PST_OVERFLOW);
        check_conservation(stream);
        pst_stream_event event;
        CHECK_EQ(events_of(stream, PST_EVENT_ABORTED, &event), 1);
        CHECK_EQ(event.frame, (int64_t)ring.capacity_frames);
    }
    end_stream(stream);
    pst_system_release(system);
}

static void test_underflow_raises(void) {
    pst_system *system = make_system();
    stream_setup setup = on_the_wall(true, true);
    setup.config.underflow = PST_UNDERFLOW_RAISE;
    pst_stream *stream = open_stream(system, &setup);
    start_stream(stream);
    CHECK(wait_frames(stream, 1000)); // Nobody has written yet: no underflow.
    CHECK_EQ(pst_stream_state(stream), PST_STATE_RUNNING);
    CHECK_EQ(write_counter(stream, 0, 100), 100);
    CHECK_EQ(pst_stream_wait(stream, PATIENCE_NS, NULL), PST_UNDERFLOW);
    CHECK_EQ(stats_of(stream).played_frames, 100);
    CHECK(stats_of(stream).missing_frames > 0);
    CHECK_EQ(pst_stream_wait_input(stream, 0, 100000, PATIENCE_NS, NULL), PST_UNDERFLOW);
    end_stream(stream);
    pst_system_release(system);
}

static void test_dropping_policies(void) {
    const pst_overflow policies[] = {PST_OVERFLOW_DROP_OLDEST, PST_OVERFLOW_DROP_NEWEST,
                                     PST_OVERFLOW_SILENCE};
    pst_system *system = make_system();
    for (int i = 0; i < 3; ++i) {
        stream_setup setup = on_the_wall(true, false);
        setup.config.input_ring_frames = 1024;
        setup.config.overflow = policies[i];
        pst_stream *stream = open_stream(system, &setup);
        pst_ring *ring = pst_stream_input_ring(stream);
        start_stream(stream);
        CHECK(wait_frames(stream, 5000)); // Nobody reads.
        uint64_t n_read = pst_ring_skip(ring, 0, 700);
        CHECK(wait_frames(stream, 7000));
        CHECK_EQ(pst_stream_stop(stream, NULL), PST_OK);
        const pst_stream_stats stats = stats_of(stream);
        CHECK(stats.dropped_frames >= 7000 - 1024 - 700 - 64);
        CHECK_EQ(stats.inserted_frames > 0, policies[i] == PST_OVERFLOW_SILENCE);
        check_conservation(stream);
        n_read += pst_ring_readable(ring, 0);
        CHECK_EQ(stats.frames, (int64_t)n_read + stats.dropped_frames - stats.inserted_frames);
        pst_frames_info info;
        pst_stream_describe_input(stream, pst_ring_position(ring, 0), 1, &info);
        if (policies[i] == PST_OVERFLOW_DROP_OLDEST)
            CHECK_EQ(info.frame, (int64_t)pst_ring_position(ring, 0)); // Nothing is out of place.
        end_stream(stream);
    }
    pst_system_release(system);
}

// The wall clock as such: the frames come at their time, and their times are told.
static void test_wall_clock(void) {
    pst_system *system = make_system();
    stream_setup setup = on_the_wall(true, true);
    setup.config.input.device = setup.config.output.device = LOOPBACK;
    setup.config.input_total_frames = 12000;
    pst_stream *stream = open_stream(system, &setup);
    start_stream(stream);
    double last_s = 0.0;
    int64_t next = 0;
    while (pst_stream_wait_input(stream, 0, 480, PATIENCE_NS, NULL) == PST_OK) {
        pst_span span;
        pst_ring_begin_read(pst_stream_input_ring(stream), 0, 480, &span);
        pst_frames_info info;
        pst_stream_describe_input(stream, span.position, 480, &info);
        pst_ring_commit_read(pst_stream_input_ring(stream), 0, 480);
        CHECK_EQ(info.frame, next);
        CHECK(info.adc_time_s > last_s);
        CHECK(info.adc_time_s < (double)pst_now_ns() * 1e-9);
        CHECK(info.callback_ns <= pst_now_ns());
        CHECK((double)info.callback_ns * 1e-9 > info.adc_time_s);
        last_s = info.adc_time_s;
        next += 480;
    }
    CHECK_EQ(next, 12000);
    CHECK_EQ(pst_stream_wait(stream, PATIENCE_NS, NULL), PST_OK);
    CHECK_EQ(pst_stream_state(stream), PST_STATE_FINISHED);
    end_stream(stream);
    pst_system_release(system);
}

int main(void) {
    RUN(test_stall_is_a_loss);
    RUN(test_silence_keeps_time);
    RUN(test_long_silence);
    RUN(test_no_losses);
    RUN(test_drift_is_told);
    RUN(test_nonsense_latency);
    RUN(test_device_vanishes);
    RUN(test_device_dies);
    RUN(test_stall_comes_back);
    RUN(test_lost_comes_back);
    RUN(test_first_look_is_careful);
    RUN(test_overflow_raises);
    RUN(test_underflow_raises);
    RUN(test_dropping_policies);
    RUN(test_wall_clock);
    return check_done();
}
