// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "failing_alloc.h"
#include "pastream/diagnostics.h"
#include "stream_fixture.h"

// The life of a stream while one allocation after the other fails.

// The C library keeps some memory of threads for the next ones, so the blocks that are left after
// one try can be off by as many as there are threads. What leaks at every try adds up.
enum { N_TRIES = 8, MAX_STRAY_BLOCKS = 5 };

// Fails allocation after allocation in what `act` does, until it gets by without. act returns a
// status, and cleans up after itself.
static void sweep(pst_status (*act)(pst_system *system, stream_setup *setup), stream_setup *setup) {
    if (!failing_alloc_works()) {
        check_skip("sanitizers bring an allocator of their own");
        return;
    }
    pst_system *system = make_system();
    CHECK_EQ(act(system, setup), PST_OK); // Loads what stays.
    const int n_fds = failing_alloc_count_fds();
    const int n_maps = failing_alloc_count_mappings("pastream-ring");
    int n_failed = 0;
    bool got_by = false;
    for (long n = 1; n < 1000 && !got_by; ++n) {
        long n_left = 0;
        for (int i = 0; i < N_TRIES; ++i) {
            failing_alloc_begin(n);
            const pst_status status = act(system, setup);
            got_by = failing_alloc_end() < n;
            n_left += failing_alloc_live();
            // A mapping has a fallback, and so has a thread that only closes: these go unnoticed.
            CHECK_TEXT(status == PST_NO_MEMORY || status == PST_SYSTEM_ERROR || status == PST_OK,
                       "allocation %ld: status %d", n, status);
            CHECK(!got_by || status == PST_OK);
            n_failed += status != PST_OK;
        }
        CHECK_TEXT(n_left <= MAX_STRAY_BLOCKS, "allocation %ld: %ld blocks are left", n, n_left);
        CHECK_EQ(failing_alloc_count_fds(), n_fds);
        CHECK_EQ(failing_alloc_count_mappings("pastream-ring"), n_maps);
    }
    CHECK(got_by && n_failed > 0);
    pst_system_release(system);
}

static pst_status open_and_close(pst_system *system, stream_setup *setup) {
    pst_stream *stream = NULL;
    setup->config.virtual_config = &setup->host;
    const pst_status status = pst_stream_open(&stream, system, &setup->config, NULL);
    if (status != PST_OK) {
        CHECK(stream == NULL);
        return status;
    }
    CHECK_EQ(pst_stream_close(stream, NULL), PST_OK);
    pst_stream_release(stream);
    return PST_OK;
}

static void test_open(void) {
    stream_setup setup = make_setup(true, true);
    setup.config.input.device = setup.config.output.device = LOOPBACK;
    setup.host.input = PST_INPUT_DEVICE;
    sweep(open_and_close, &setup);
}

// A stream whose meters cannot be made is as it was, and they can be asked for again.
static pst_status meter_and_close(pst_system *system, stream_setup *setup) {
    pst_stream *stream = NULL;
    setup->config.virtual_config = &setup->host;
    pst_status status = pst_stream_open(&stream, system, &setup->config, NULL);
    if (status != PST_OK)
        return status;
    pst_meter_reading reading;
    pst_meter_channel channels[2];
    CHECK_EQ(pst_stream_read_meters(stream, PST_INPUT, &reading, channels), PST_BAD_STATE);
    CHECK_EQ(pst_stream_enable_meters(stream, PST_OUTPUT, NULL), PST_BAD_ARGUMENT);
    CHECK_EQ(pst_stream_enable_meters(stream, PST_DUPLEX, NULL), PST_BAD_ARGUMENT);
    CHECK_EQ(pst_stream_enable_meters(stream, (pst_direction)0, NULL), PST_BAD_ARGUMENT);
    status = pst_stream_enable_meters(stream, PST_INPUT, NULL);
    CHECK_EQ(pst_stream_read_meters(stream, PST_INPUT, &reading, channels),
             status == PST_OK ? PST_OK : PST_BAD_STATE);
    pst_stream_reset_meters(stream);
    CHECK_EQ(pst_stream_close(stream, NULL), PST_OK);
    if (status == PST_OK) {
        CHECK_EQ(pst_stream_enable_meters(stream, PST_INPUT, NULL), PST_CLOSED);
        CHECK_EQ(reading.frames, 0);
    }
    pst_stream_release(stream);
    return status;
}

static void test_meters(void) {
    stream_setup setup = make_setup(true, false);
    sweep(meter_and_close, &setup);
}

static int32_t go_on(const void *input, void *output, int64_t n_frames,
                     const pst_callback_time *time, uint32_t flags, void *user) PST_RT {
    (void)input, (void)output, (void)n_frames, (void)time, (void)flags, (void)user;
    return PST_CALLBACK_CONTINUE;
}

static void test_open_with_callback(void) {
    stream_setup setup = make_setup(true, true);
    setup.config.callback = go_on;
    setup.config.without_input_ring = true;
    sweep(open_and_close, &setup);
}

static void test_open_with_maps(void) {
    static const float gains[] = {0.5f, 0.0f, 0.0f, 1.0f};
    stream_setup setup = make_setup(true, true);
    setup.config.input_map.n_device_channels = 2;
    setup.config.output_map = (pst_channel_map){4, gains};
    sweep(open_and_close, &setup);
}

// With somebody who looks after it, on a thread of its own.
static pst_status open_kept_and_close(pst_system *system, stream_setup *setup) {
    const pst_status status = open_and_close(system, setup);
    CHECK_EQ(pst_system_wait_work(system, PATIENCE_NS), PST_OK);
    return status;
}

static void test_open_kept(void) {
    stream_setup setup = make_setup(true, true);
    setup.config.on_lost = PST_ON_LOST_REOPEN;
    setup.config.device_samplerate_hz = 44100.0;
    setup.config.input = setup.config.output = make_side(NULL_DEVICE, 1, PST_FORMAT_F32);
    sweep(open_kept_and_close, &setup);
}

// A start that failed leaves a stream that can be started.
static pst_status open_and_run(pst_system *system, stream_setup *setup) {
    pst_stream *stream = NULL;
    setup->config.virtual_config = &setup->host;
    pst_status status = pst_stream_open(&stream, system, &setup->config, NULL);
    if (status != PST_OK)
        return status;
    status = pst_stream_start(stream, NULL);
    if (status != PST_OK) {
        CHECK_EQ(pst_stream_state(stream), PST_STATE_STOPPED);
        CHECK_EQ(pst_stream_start(stream, NULL), PST_OK);
    }
    CHECK_EQ(pst_stream_wait(stream, PATIENCE_NS, NULL), PST_OK);
    CHECK_EQ(stats_of(stream).captured_frames, 1000);
    CHECK_EQ(pst_stream_stop(stream, NULL), PST_OK);
    CHECK_EQ(pst_stream_close(stream, NULL), PST_OK);
    CHECK_EQ(pst_stream_state(stream), PST_STATE_CLOSED);
    pst_stream_release(stream);
    return status;
}

static void test_run(void) {
    stream_setup setup = make_setup(true, true);
    setup.config.input_total_frames = 1000;
    sweep(open_and_run, &setup);
}

// A stream that nobody closed, with no thread left to close it: it is closed all the same.
static pst_status open_and_forget(pst_system *system, stream_setup *setup) {
    pst_stream *stream = NULL;
    setup->config.virtual_config = &setup->host;
    pst_status status = pst_stream_open(&stream, system, &setup->config, NULL);
    if (status != PST_OK)
        return status;
    status = pst_stream_start(stream, NULL);
    pst_stream_release(stream);
    CHECK_EQ(pst_system_wait_work(system, PATIENCE_NS), PST_OK);
    return status;
}

static void test_forget(void) {
    stream_setup setup = make_setup(true, false);
    sweep(open_and_forget, &setup);
}

// A ring that is larger than the machine's memory is refused before it is touched.
static void test_huge_ring(void) {
    pst_system *system = make_system();
    stream_setup setup = make_setup(true, false);
    setup.config.input_ring_frames = UINT64_C(1) << 50;
    setup.config.virtual_config = &setup.host;
    pst_stream *stream = NULL;
    pst_error err = {.status = PST_OK};
    CHECK_EQ(pst_stream_open(&stream, system, &setup.config, &err), PST_NO_MEMORY);
    CHECK_EQ(err.status, PST_NO_MEMORY);
    setup.config.input_ring_frames = UINT64_MAX;
    CHECK_EQ(pst_stream_open(&stream, system, &setup.config, &err), PST_NO_MEMORY);
    CHECK(stream == NULL);
    pst_system_release(system);
}

// A thousand streams, one after the other: nothing grows.
static void test_thousand_streams(void) {
    pst_system *system = make_system();
    stream_setup setup = make_setup(true, true);
    setup.config.input_total_frames = 100;
    const int n_streams = CHECK_TSAN || CHECK_ASAN ? 50 : 1000;
    int n_fds = 0, n_maps = 0;
    for (int i = 0; i < n_streams; ++i) {
        pst_stream *stream = open_stream(system, &setup);
        start_stream(stream);
        if (i % 2 == 0)
            CHECK_EQ(pst_stream_wait(stream, PATIENCE_NS, NULL), PST_OK);
        end_stream(stream);
        if (i == 10) {
            n_fds = failing_alloc_count_fds();
            n_maps = failing_alloc_count_mappings("pastream-ring");
        }
    }
    CHECK_EQ(failing_alloc_count_fds(), n_fds);
    CHECK_EQ(failing_alloc_count_mappings("pastream-ring"), n_maps);
    pst_system_release(system);
}

int main(void) {
    RUN(test_open);
    RUN(test_open_kept);
    RUN(test_meters);
    RUN(test_open_with_callback);
    RUN(test_open_with_maps);
    RUN(test_run);
    RUN(test_forget);
    RUN(test_huge_ring);
    RUN(test_thousand_streams);
    return check_done();
}
