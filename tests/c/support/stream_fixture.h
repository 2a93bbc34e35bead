// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_TESTS_STREAM_FIXTURE_H
#define PST_TESTS_STREAM_FIXTURE_H

#include "base/thread.h"
#include "device_fixture.h"
#include "stream/state.h"

// Streams on the virtual host.

// What most tests want: a free clock, int32 frames that count, blocks of 64.
typedef struct stream_setup {
    pst_stream_config config;
    pst_virtual_config host;
} stream_setup;

CHECK_UNUSED static stream_setup make_setup(bool has_input, bool has_output) {
    stream_setup setup;
    pst_stream_config_default(&setup.config);
    pst_virtual_config_default(&setup.host);
    setup.host.clock = PST_CLOCK_FREE;
    setup.host.input = PST_INPUT_COUNTER;
    setup.config.samplerate_hz = 48000.0;
    setup.config.block_frames = 64;
    setup.config.input_ring_frames = 4096;
    setup.config.output_ring_frames = 4096;
    if (has_input)
        setup.config.input = make_side(NULL_DEVICE, 1, PST_FORMAT_I32);
    if (has_output)
        setup.config.output = make_side(NULL_DEVICE, 1, PST_FORMAT_I32);
    return setup;
}

CHECK_UNUSED static void add_fault(stream_setup *setup, pst_fault_kind kind, uint64_t at_frame,
                                   int64_t amount) {
    setup->host.faults[setup->host.n_faults++] = (pst_virtual_fault){kind, at_frame, amount};
}

CHECK_UNUSED static pst_stream *open_stream(pst_system *system, stream_setup *setup) {
    pst_stream *stream = NULL;
    pst_error err = {.status = PST_OK};
    setup->config.virtual_config = &setup->host;
    if (!CHECK_TEXT(pst_stream_open(&stream, system, &setup->config, &err) == PST_OK, "%s",
                    err.text))
        exit(1);
    return stream;
}

CHECK_UNUSED static void start_stream(pst_stream *stream) {
    pst_error err = {.status = PST_OK};
    CHECK_TEXT(pst_stream_start(stream, &err) == PST_OK, "%s", err.text);
}

// Closes and releases, and expects both to go well.
CHECK_UNUSED static void end_stream(pst_stream *stream) {
    pst_error err = {.status = PST_OK};
    CHECK_TEXT(pst_stream_close(stream, &err) == PST_OK, "%s", err.text);
    pst_stream_release(stream);
}

CHECK_UNUSED static pst_stream_stats stats_of(const pst_stream *stream) {
    pst_stream_stats stats;
    pst_stream_get_stats(stream, &stats);
    return stats;
}

// I1, for the input of a stream without input_total_frames.
CHECK_UNUSED static void check_conservation(const pst_stream *stream) {
    const pst_stream_stats stats = stats_of(stream);
    const int64_t taken_back = (int64_t)pst_ring_dropped(pst_stream_input_ring(stream), 0);
    CHECK_EQ(stats.frames, stats.captured_frames - stats.inserted_frames + stats.skipped_frames +
                               stats.dropped_frames - taken_back + stats.lost_frames);
}

// Reads the counting frames of a stream to the end, or until something else happens. Checks that
// each is where the stream says it is. Returns how the reading ended.
typedef struct read_result {
    pst_status status;
    int64_t n_frames;
    int64_t n_gaps;
    int64_t gap_frames;
} read_result;

CHECK_UNUSED static read_result read_counter(pst_stream *stream, uint64_t chunk_frames,
                                             uint64_t first_frame) {
    read_result result = {.status = PST_OK};
    pst_ring *ring = pst_stream_input_ring(stream);
    int64_t next = -1;
    for (;;) {
        result.status = pst_stream_wait_input(stream, 0, chunk_frames, PATIENCE_NS, NULL);
        pst_span span;
        if (pst_ring_begin_read(ring, 0, chunk_frames, &span) == 0)
            return result;
        pst_frames_info info;
        pst_stream_describe_input(stream, span.position, span.n_frames, &info);
        if (next >= 0)
            CHECK(info.frame >= next);
        result.n_gaps += info.gap_frames > 0;
        result.gap_frames += info.gap_frames;
        int64_t frame = info.frame;
        for (uint64_t i = 0; i < span.n_frames; ++i) {
            int32_t value;
            memcpy(&value, span.data + 4 * i, 4);
            const int32_t wanted = (int32_t)((first_frame + (uint64_t)frame) & 0x7FFFFFFF);
            if (value != wanted && info.gap_frames > 0 && i > 0) {
                // The gap lies inside the chunk; all of it is here.
                const int32_t jump = (int32_t)((uint32_t)value - (uint32_t)wanted) & 0x7FFFFFFF;
                CHECK(jump <= info.gap_frames);
                frame += jump;
            } else if (!CHECK_EQ(value, wanted)) {
                return result;
            }
            ++frame;
        }
        next = frame;
        result.n_frames += (int64_t)span.n_frames;
        pst_ring_commit_read(ring, 0, span.n_frames);
    }
}

// Writes n_frames of a counter that begins at `first`, waiting for room. Returns how many went in.
CHECK_UNUSED static int64_t write_counter(pst_stream *stream, int64_t first, int64_t n_frames) {
    pst_ring *ring = pst_stream_output_ring(stream);
    int64_t n = 0;
    while (n < n_frames) {
        pst_span span;
        const uint64_t most = n_frames - n < 100 ? (uint64_t)(n_frames - n) : 100;
        if (pst_stream_wait_output(stream, most, PATIENCE_NS, NULL) != PST_OK)
            break;
        pst_ring_begin_write(ring, most, &span);
        for (uint64_t i = 0; i < span.n_frames; ++i) {
            const int32_t value = (int32_t)(first + n + (int64_t)i);
            memcpy(span.data + 4 * i, &value, 4);
        }
        pst_ring_commit_write(ring, span.n_frames);
        n += (int64_t)span.n_frames;
    }
    return n;
}

// Waits until the callback has passed so many frames.
CHECK_UNUSED static bool wait_frames(pst_stream *stream, int64_t n_frames) {
    const int64_t deadline_ns = pst_deadline_ns(PATIENCE_NS);
    while (stats_of(stream).frames < n_frames) {
        if (!CHECK_TEXT(pst_now_ns() < deadline_ns, "no callbacks came"))
            return false;
        pst_sleep_until_ns(pst_now_ns() + PST_NS_PER_MS);
    }
    return true;
}

CHECK_UNUSED static bool wait_state(pst_stream *stream, pst_state state) {
    const int64_t deadline_ns = pst_deadline_ns(PATIENCE_NS);
    while (pst_stream_state(stream) != state) {
        if (!CHECK_TEXT(pst_now_ns() < deadline_ns, "the state is %d, not %d",
                        pst_stream_state(stream), state))
            return false;
        pst_sleep_until_ns(pst_now_ns() + 2 * PST_NS_PER_MS);
    }
    return true;
}

#endif
