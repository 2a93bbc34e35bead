// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include <math.h>

#include "stream_fixture.h"

// Whole streams on the virtual host, mostly as fast as they go.

static void test_open_and_close(void) {
    pst_system *system = make_system();
    stream_setup setup = make_setup(true, true);
    setup.config.input.format = PST_FORMAT_F32;
    setup.config.input.device_format = PST_FORMAT_I16;
    pst_stream *stream = open_stream(system, &setup);
    pst_stream_info info;
    pst_stream_get_info(stream, &info);
    CHECK(info.samplerate_hz == 48000.0);
    CHECK_EQ(info.block_frames, 64);
    CHECK_EQ(info.input_format, PST_FORMAT_F32);
    CHECK_EQ(info.input_device_format, PST_FORMAT_I16);
    CHECK_EQ(info.output_format, PST_FORMAT_I32);
    CHECK(!info.is_realtime);
    CHECK_EQ(pst_stream_state(stream), PST_STATE_STOPPED);
    CHECK_EQ(pst_stream_reason(stream, NULL), PST_OK);
    CHECK_EQ(stats_of(stream).frames, 0);
    pst_ring_info ring;
    pst_ring_get_info(pst_stream_input_ring(stream), &ring);
    CHECK_EQ(ring.frame_bytes, 4);
    CHECK(ring.capacity_frames >= 4096);
    CHECK_EQ(pst_stream_close(stream, NULL), PST_OK);
    CHECK_EQ(pst_stream_state(stream), PST_STATE_CLOSED);
    CHECK_EQ(pst_stream_close(stream, NULL), PST_OK);
    pst_stream_release(stream);
    pst_stream_release(NULL);
    pst_system_release(system);
}

static void test_one_side(void) {
    pst_system *system = make_system();
    for (int side = 0; side < 2; ++side) {
        stream_setup setup = make_setup(side == 0, side == 1);
        pst_stream *stream = open_stream(system, &setup);
        CHECK_EQ(pst_stream_input_ring(stream) != NULL, side == 0);
        CHECK_EQ(pst_stream_output_ring(stream) != NULL, side == 1);
        pst_error err;
        CHECK_EQ(side == 0 ? pst_stream_wait_output(stream, 1, 0, &err)
                           : pst_stream_wait_input(stream, 0, 1, 0, &err),
                 PST_BAD_ARGUMENT);
        end_stream(stream);
    }
    pst_system_release(system);
}

static void test_capture(void) {
    const uint32_t blocks[] = {1, 2, 63, 64, 1000, 4096};
    const uint64_t chunks[] = {1, 64, 100, 1024, 4096};
    const uint64_t firsts[] = {0, (UINT64_C(1) << 31) - 5000, (UINT64_C(1) << 32) - 5000,
                               UINT64_C(1) << 53};
    pst_system *system = make_system();
    for (int i = 0; i < 6; ++i) {
        for (int j = 0; j < 5; ++j) {
            stream_setup setup = make_setup(true, false);
            setup.config.block_frames = blocks[i];
            setup.config.input_ring_frames = 8192;
            setup.config.input_total_frames = 20001;
            setup.host.first_frame = firsts[(i + j) % 4];
            pst_stream *stream = open_stream(system, &setup);
            start_stream(stream);
            const read_result result = read_counter(stream, chunks[j], setup.host.first_frame);
            CHECK_EQ(result.status, PST_END);
            CHECK_EQ(result.n_frames, 20001);
            CHECK_EQ(result.n_gaps, 0);
            CHECK_EQ(pst_stream_wait(stream, PATIENCE_NS, NULL), PST_OK);
            CHECK_EQ(pst_stream_state(stream), PST_STATE_FINISHED);
            const pst_stream_stats stats = stats_of(stream);
            CHECK_EQ(stats.captured_frames, 20001);
            CHECK_EQ(stats.dropped_frames + stats.lost_frames + stats.n_xruns, 0);
            end_stream(stream);
        }
    }
    pst_system_release(system);
}

static void test_take_input(void) {
    pst_system *system = make_system();
    stream_setup setup = make_setup(true, false);
    setup.config.input_total_frames = 1000;
    pst_stream *stream = open_stream(system, &setup);
    int32_t frames[300];
    CHECK(!pst_stream_take_input(stream, 0, frames, 1, NULL));
    start_stream(stream);
    CHECK_EQ(pst_stream_wait(stream, PATIENCE_NS, NULL), PST_OK);
    for (int32_t at = 0; at < 900; at += 300) {
        pst_frames_info info = {.frame = -1};
        CHECK(pst_stream_take_input(stream, 0, frames, 300, at == 300 ? NULL : &info));
        CHECK_EQ(info.frame, at == 300 ? -1 : at);
        for (int32_t i = 0; i < 300; ++i)
            CHECK_EQ(frames[i], at + i);
    }
    // All or nothing, also at the end.
    pst_frames_info info = {.frame = -1};
    CHECK(!pst_stream_take_input(stream, 0, frames, 101, &info));
    CHECK_EQ(info.frame, -1);
    CHECK_EQ(pst_ring_readable(pst_stream_input_ring(stream), 0), 100);
    CHECK(!pst_stream_take_input(stream, 5, frames, 1, NULL)); // No such reader.
    CHECK(pst_stream_take_input(stream, 0, frames, 100, &info));
    CHECK_EQ(info.frame, 900);
    CHECK_EQ(frames[99], 999);
    end_stream(stream);
    pst_system_release(system);
}

static void test_playback(void) {
    pst_system *system = make_system();
    stream_setup setup = make_setup(false, true);
    pst_stream *stream = open_stream(system, &setup);
    for (int run = 0; run < 3; ++run) {
        CHECK_EQ(write_counter(stream, 0, 1000), 1000);
        start_stream(stream);
        CHECK_EQ(write_counter(stream, 1000, 20000), 20000);
        CHECK_EQ(pst_stream_state(stream), PST_STATE_RUNNING);
        pst_ring_end(pst_stream_output_ring(stream));
        CHECK_EQ(pst_stream_wait(stream, PATIENCE_NS, NULL), PST_OK);
        CHECK_EQ(pst_stream_state(stream), PST_STATE_FINISHED);
        const pst_stream_stats stats = stats_of(stream);
        CHECK_EQ(stats.played_frames, 21000);
        CHECK_EQ(stats.missing_frames, 0);
        CHECK_EQ(stats.frames, 21000 + stats.padded_frames);
        CHECK(stats.padded_frames < 64);
    }
    end_stream(stream);
    pst_system_release(system);
}

// What is played comes back, bit by bit, as late as the device says.
static void test_loopback(void) {
    enum { N_FRAMES = 3000, LATENCY = 100, BLOCK = 64 };
    pst_system *system = make_system();
    stream_setup setup = make_setup(true, true);
    setup.config.input.device = setup.config.output.device = LOOPBACK;
    setup.host.input = PST_INPUT_DEVICE;
    setup.host.latency_frames = LATENCY;
    setup.config.input_total_frames = 4000;
    setup.config.output_pad_frames = PST_UNLIMITED;
    pst_stream *stream = open_stream(system, &setup);
    CHECK_EQ(write_counter(stream, 1, N_FRAMES), N_FRAMES);
    pst_ring_end(pst_stream_output_ring(stream));
    start_stream(stream);
    CHECK_EQ(pst_stream_wait(stream, PATIENCE_NS, NULL), PST_OK);
    int32_t heard[4000];
    CHECK_EQ(pst_ring_read(pst_stream_input_ring(stream), 0, heard, 4000), 4000);
    for (int32_t i = 0; i < 4000; ++i) {
        const int32_t number = i - (LATENCY + BLOCK) + 1;
        CHECK_EQ(heard[i], number >= 1 && number <= N_FRAMES ? number : 0);
    }
    // The two clocks agree: a frame is heard when the input takes it.
    const double heard_s = pst_stream_output_time_s(stream, 1000);
    const double taken_s = pst_stream_input_time_s(stream, 1000 + LATENCY + BLOCK);
    CHECK(fabs(heard_s - taken_s) < 1e-5);
    end_stream(stream);
    pst_system_release(system);
}

// Runs one after the other: finished, stopped, aborted. Nothing of one is in the next.
static void test_restarts(void) {
    pst_system *system = make_system();
    stream_setup setup = make_setup(true, true);
    pst_stream *stream = open_stream(system, &setup);
    for (int run = 0; run < 12; ++run) {
        const int kind = run % 3;
        CHECK_EQ(pst_stream_set_limits(stream, run, kind == 0 ? 1000 : PST_UNLIMITED, PST_UNLIMITED,
                                       0, PST_UNLIMITED, NULL),
                 PST_OK);
        CHECK_EQ(write_counter(stream, 0, 500), 500);
        if (run % 2 == 0)
            pst_ring_end(pst_stream_output_ring(stream));
        start_stream(stream);
        CHECK_EQ(pst_stream_wait_input(stream, 0, 300, PATIENCE_NS, NULL), PST_OK);
        int32_t first = -1;
        CHECK_EQ(pst_ring_read(pst_stream_input_ring(stream), 0, &first, 1), 1);
        CHECK_EQ(first, run); // Skipped frames, and a device that counts from 0 again.
        if (kind == 0 && run % 2 == 0)
            CHECK_EQ(pst_stream_wait(stream, PATIENCE_NS, NULL), PST_OK);
        CHECK_EQ(kind == 1 ? pst_stream_stop(stream, NULL) : pst_stream_abort(stream, NULL),
                 PST_OK);
        CHECK(pst_ring_ended(pst_stream_input_ring(stream)));
        CHECK(!pst_ring_ended(pst_stream_output_ring(stream)));
        CHECK_EQ(pst_ring_readable(pst_stream_output_ring(stream), 0), 0);
        const pst_state state = pst_stream_state(stream);
        CHECK(state == PST_STATE_FINISHED || state == PST_STATE_ABORTED ||
              state == PST_STATE_STOPPED);
        // What was captured can still be read.
        CHECK(pst_ring_readable(pst_stream_input_ring(stream), 0) > 0);
    }
    end_stream(stream);
    pst_system_release(system);
}

// A second reader sees everything too; what it has not read of one run does not reach the next.
static void test_second_reader(void) {
    pst_system *system = make_system();
    stream_setup setup = make_setup(true, false);
    setup.config.input_total_frames = 1000;
    pst_stream *stream = open_stream(system, &setup);
    pst_ring *ring = pst_stream_input_ring(stream);
    uint32_t reader;
    CHECK_EQ(pst_ring_attach(ring, &reader), PST_OK);
    for (int run = 0; run < 2; ++run) {
        start_stream(stream);
        CHECK_EQ(pst_stream_wait(stream, PATIENCE_NS, NULL), PST_OK);
        CHECK_EQ(pst_ring_readable(ring, reader), 1000);
        CHECK_EQ(pst_ring_dropped(ring, reader), 0);
        pst_ring_skip(ring, reader, 300);
    }
    CHECK_EQ(pst_ring_readable(ring, 0), 1000);
    CHECK_EQ(pst_ring_position(ring, reader), 1300);
    end_stream(stream);
    pst_system_release(system);
}

// The caller's own rings, which outlive the stream.
static void test_given_rings(void) {
    pst_system *system = make_system();
    stream_setup setup = make_setup(true, true);
    const pst_ring_config config = {.capacity_frames = 4096, .frame_bytes = 4};
    pst_ring *input, *output;
    REQUIRE(pst_ring_create(&input, &config, NULL) == PST_OK);
    REQUIRE(pst_ring_create(&output, &config, NULL) == PST_OK);
    setup.config.input_ring = input;
    setup.config.output_ring = output;
    setup.config.input_total_frames = 500;
    pst_stream *stream = open_stream(system, &setup);
    CHECK(pst_stream_input_ring(stream) == input);
    CHECK(pst_stream_output_ring(stream) == output);
    start_stream(stream);
    CHECK_EQ(pst_stream_wait(stream, PATIENCE_NS, NULL), PST_OK);
    end_stream(stream);
    int32_t heard[500];
    CHECK_EQ(pst_ring_read(input, 0, heard, 500), 500);
    CHECK_EQ(heard[499], 499);
    pst_ring_release(input);
    pst_ring_release(output);
    pst_system_release(system);
}

typedef struct side_job {
    pst_stream *stream;
    read_result result;
} side_job;

static void read_side(void *arg) {
    side_job *job = arg;
    job->result = read_counter(job->stream, 256, 0);
}

static void test_two_streams(void) {
    pst_system *system = make_system();
    stream_setup setup = make_setup(true, false);
    setup.config.input_total_frames = 300000;
    side_job jobs[2];
    pst_thread threads[2];
    for (int i = 0; i < 2; ++i) {
        jobs[i].stream = open_stream(system, &setup);
        start_stream(jobs[i].stream);
        REQUIRE(pst_thread_start(&threads[i], "reader", read_side, &jobs[i], NULL) == PST_OK);
    }
    for (int i = 0; i < 2; ++i) {
        pst_thread_join(&threads[i]);
        CHECK_EQ(jobs[i].result.n_frames, 300000);
        CHECK_EQ(jobs[i].result.status, PST_END);
        end_stream(jobs[i].stream);
    }
    pst_system_release(system);
}

// A writer and a reader on a free clock: nothing is lost however slow they are.
static void write_side(void *arg) {
    side_job *job = arg;
    job->result.n_frames = write_counter(job->stream, 0, 50000);
    pst_ring_end(pst_stream_output_ring(job->stream));
}

static void test_back_pressure(void) {
    pst_system *system = make_system();
    stream_setup setup = make_setup(true, true);
    setup.config.input.device = setup.config.output.device = LOOPBACK;
    setup.host.input = PST_INPUT_DEVICE;
    setup.config.input_ring_frames = setup.config.output_ring_frames = 256;
    pst_stream *stream = open_stream(system, &setup);
    side_job job = {.stream = stream};
    pst_thread thread;
    CHECK_EQ(write_counter(stream, -100, 100), 100); // So that the output has begun.
    start_stream(stream);
    REQUIRE(pst_thread_start(&thread, "writer", write_side, &job, NULL) == PST_OK);
    int32_t value, last = -101;
    int64_t n_heard = 0;
    uint64_t state = 1;
    while (pst_stream_wait_input(stream, 0, 1, PATIENCE_NS, NULL) == PST_OK) {
        if (check_random(&state) % 5000 == 0)
            pst_sleep_until_ns(pst_now_ns() + 3 * PST_NS_PER_MS);
        while (pst_ring_read(pst_stream_input_ring(stream), 0, &value, 1) == 1) {
            if (value == 0 && last != -1)
                continue; // Before the first, and after the end.
            CHECK_EQ(value, last + 1);
            last = value;
            ++n_heard;
        }
    }
    pst_thread_join(&thread);
    CHECK_EQ(job.result.n_frames, 50000);
    const pst_stream_stats stats = stats_of(stream);
    CHECK_EQ(stats.played_frames, 50100);
    CHECK_EQ(stats.missing_frames + stats.dropped_frames, 0);
    CHECK(n_heard > 50100 - 1000); // The last are on their way when the run ends.
    end_stream(stream);
    pst_system_release(system);
}

// A day of frames. All but the last second are skipped, so that it takes no day.
static void test_a_day(void) {
    pst_system *system = make_system();
    const int64_t day =
        INT64_C(3600) * (CHECK_TSAN ? 2 : 24) * 48000; // A short one, if it is dear.
    stream_setup setup = make_setup(true, false);
    setup.config.block_frames = 65536;
    setup.config.input_ring_frames = 1 << 17;
    setup.config.input_skip_frames = day - 48000;
    setup.config.input_total_frames = day;
    setup.host.input = PST_INPUT_DEVICE;
    pst_stream *stream = open_stream(system, &setup);
    start_stream(stream);
    CHECK_EQ(pst_stream_wait(stream, 10 * PATIENCE_NS, NULL), PST_OK);
    const pst_stream_stats stats = stats_of(stream);
    CHECK_EQ(stats.skipped_frames, day - 48000);
    CHECK_EQ(stats.captured_frames, 48000);
    CHECK(stats.frames >= day && stats.frames < day + 65536);
    CHECK_EQ(stats.lost_frames, 0);
    CHECK(fabs(stats.drift_ppm) < 0.01);
    pst_frames_info info;
    pst_stream_describe_input(stream, pst_ring_position(pst_stream_input_ring(stream), 0), 48000,
                              &info);
    CHECK_EQ(info.frame, day - 48000);
    const double begin_s = pst_stream_input_time_s(stream, 0);
    CHECK(fabs(info.adc_time_s - begin_s - (double)(day - 48000) / 48000.0) < 1e-3);
    end_stream(stream);
    pst_system_release(system);
}

static void test_random_blocks(void) {
    pst_system *system = make_system();
    stream_setup setup = make_setup(true, true);
    setup.config.block_frames = 0;
    setup.config.input_ring_frames = 10000;
    setup.config.input_total_frames = 200000;
    add_fault(&setup, PST_FAULT_BLOCK, 0, 0);
    add_fault(&setup, PST_FAULT_EMPTY, 1000, 0);
    add_fault(&setup, PST_FAULT_EMPTY, 50000, 0);
    pst_stream *stream = open_stream(system, &setup);
    start_stream(stream);
    const read_result result = read_counter(stream, 777, 0);
    CHECK_EQ(result.n_frames, 200000);
    CHECK_EQ(result.n_gaps, 0);
    const pst_stream_stats stats = stats_of(stream);
    CHECK(stats.min_block_frames < stats.max_block_frames);
    CHECK(stats.max_block_frames <= 4096);
    end_stream(stream);
    pst_system_release(system);
}

// ---- What open refuses -----------------------------------------------------------------------

static void refuse(pst_system *system, const stream_setup *setup, pst_status status,
                   const char *word) {
    stream_setup copy = *setup;
    copy.config.virtual_config = &copy.host;
    pst_stream *stream = NULL;
    pst_error err = {.status = PST_OK};
    CHECK_EQ(pst_stream_open(&stream, system, &copy.config, &err), status);
    CHECK_EQ(err.status, status);
    CHECK_TEXT(strstr(err.text, word) != NULL, "\"%s\" does not name %s", err.text, word);
    CHECK(stream == NULL);
}

#define REFUSE(field, value, status)                                                               \
    do {                                                                                           \
        stream_setup bad = make_setup(true, true);                                                 \
        bad.config.field = value;                                                                  \
        refuse(system, &bad, status, #field);                                                      \
    } while (0)

static void test_bad_configs(void) {
    pst_system *system = make_system();
    REFUSE(samplerate_hz, 0.0, PST_BAD_ARGUMENT);
    REFUSE(samplerate_hz, -1.0, PST_BAD_ARGUMENT);
    REFUSE(samplerate_hz, (double)NAN, PST_BAD_ARGUMENT);
    REFUSE(samplerate_hz, (double)INFINITY, PST_BAD_ARGUMENT);
    REFUSE(samplerate_hz, 1e7, PST_BAD_ARGUMENT);
    REFUSE(block_frames, 65537, PST_BAD_ARGUMENT);
    REFUSE(overflow, (pst_overflow)4, PST_BAD_ARGUMENT);
    REFUSE(underflow, (pst_underflow)-1, PST_BAD_ARGUMENT);
    REFUSE(input_skip_frames, -1, PST_BAD_ARGUMENT);
    REFUSE(input_total_frames, -2, PST_BAD_ARGUMENT);
    REFUSE(output_total_frames, INT64_MIN, PST_BAD_ARGUMENT);
    REFUSE(output_pad_frames, -2, PST_BAD_ARGUMENT);
    REFUSE(output_run_frames, -2, PST_BAD_ARGUMENT);
    REFUSE(without_input_ring, true, PST_BAD_ARGUMENT);
    REFUSE(without_output_ring, true, PST_BAD_ARGUMENT);
    REFUSE(stall_after_s, -0.1, PST_BAD_ARGUMENT);
    REFUSE(lost_after_s, (double)NAN, PST_BAD_ARGUMENT);
    REFUSE(control_timeout_s, 1e30, PST_BAD_ARGUMENT);
    REFUSE(input.n_channels, 0, PST_BAD_ARGUMENT);
    REFUSE(output.n_channels, 257, PST_BAD_ARGUMENT);
    REFUSE(input.format, (pst_format)0, PST_BAD_ARGUMENT);
    REFUSE(output.format, PST_FORMAT_I24, PST_BAD_ARGUMENT);
    REFUSE(input.device_format, (pst_format)99, PST_BAD_ARGUMENT);
    REFUSE(output.latency_s, (double)NAN, PST_BAD_ARGUMENT);
    stream_setup none = make_setup(false, false);
    refuse(system, &none, PST_BAD_ARGUMENT, "input.device");
    stream_setup unknown = make_setup(true, true);
    unknown.config.output.device = 17;
    refuse(system, &unknown, PST_NO_DEVICE, "17");
    stream_setup failing = make_setup(true, true);
    failing.host.open_status = PST_DEVICE_BUSY;
    refuse(system, &failing, PST_DEVICE_BUSY, "");
    pst_system_release(system);
}

static void test_bad_rings(void) {
    pst_system *system = make_system();
    pst_ring_config config = {.capacity_frames = 4096, .frame_bytes = 8};
    pst_ring *ring, *small;
    REQUIRE(pst_ring_create(&ring, &config, NULL) == PST_OK);
    config = (pst_ring_config){.capacity_frames = 10, .frame_bytes = 4, .memory = PST_RING_COPYING};
    REQUIRE(pst_ring_create(&small, &config, NULL) == PST_OK);
    REFUSE(input_ring, ring, PST_BAD_ARGUMENT);
    REFUSE(output_ring, ring, PST_BAD_ARGUMENT);
    REFUSE(output_ring, small, PST_BAD_ARGUMENT);
    stream_setup same = make_setup(true, true);
    same.config.input_ring = same.config.output_ring = small;
    refuse(system, &same, PST_BAD_ARGUMENT, "input_ring");
    pst_ring_release(ring);
    pst_ring_release(small);
    pst_system_release(system);
}

static void test_default_ring(void) {
    CHECK_EQ(pst_default_ring_frames(48000, 4), 48000 * 60);
    CHECK_EQ(pst_default_ring_frames(48000, 8), 48000 * 60);
    CHECK_EQ(pst_default_ring_frames(48000, 64), (64 << 20) / 64);
    CHECK_EQ(pst_default_ring_frames(192000, 1024), 192000 * 2);
    CHECK_EQ(pst_default_ring_frames(1, 1), 60);
    CHECK_EQ(pst_default_ring_frames((double)NAN, 1), 0);
    CHECK_EQ(pst_default_ring_frames(48000, 0), 0);
}

int main(void) {
    RUN(test_open_and_close);
    RUN(test_one_side);
    RUN(test_capture);
    RUN(test_take_input);
    RUN(test_playback);
    RUN(test_loopback);
    RUN(test_restarts);
    RUN(test_second_reader);
    RUN(test_given_rings);
    RUN(test_two_streams);
    RUN(test_back_pressure);
    RUN(test_a_day);
    RUN(test_random_blocks);
    RUN(test_bad_configs);
    RUN(test_bad_rings);
    RUN(test_default_ring);
    return check_done();
}
