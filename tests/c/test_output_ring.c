// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "base/clock.h"
#include "stream_fixture.h"

// Streams that play one ring after the other, and memory that is played again and again.

static pst_ring *make_flat(int32_t *memory, uint64_t n_frames) {
    const pst_ring_config config = {.capacity_frames = n_frames,
                                    .frame_bytes = 4,
                                    .memory = PST_RING_FLAT,
                                    .flat_memory = memory};
    pst_ring *ring = NULL;
    CHECK_EQ(pst_ring_create(&ring, &config, NULL), PST_OK);
    return ring;
}

static void fill(pst_ring *ring) {
    pst_span span;
    pst_ring_begin_write(ring, UINT64_MAX, &span);
    pst_ring_commit_write(ring, span.n_frames);
}

static pst_stream *open_loopback(pst_system *system, uint32_t block_frames) {
    stream_setup setup = make_setup(true, true);
    setup.config.input.device = setup.config.output.device = LOOPBACK;
    setup.host.input = PST_INPUT_DEVICE;
    setup.config.block_frames = block_frames;
    setup.config.input_ring_frames = 65536;
    return open_stream(system, &setup);
}

// Plays n_frames; checks that they are the memory over and over, after the silence of one block.
static void check_played(pst_stream *stream, int64_t block_frames, const int32_t *memory,
                         int64_t n_memory, int64_t n_frames) {
    CHECK_EQ(pst_stream_set_limits(stream, 0, n_frames + block_frames, n_frames, -1, -1, NULL),
             PST_OK);
    start_stream(stream);
    CHECK_EQ(pst_stream_wait(stream, PATIENCE_NS, NULL), PST_OK);
    CHECK_EQ(stats_of(stream).missing_frames, 0);
    CHECK_EQ(stats_of(stream).played_frames, n_frames);
    pst_ring *input = pst_stream_input_ring(stream);
    CHECK_EQ(pst_ring_skip(input, 0, (uint64_t)block_frames), block_frames);
    for (int64_t i = 0; i < n_frames; ++i) {
        int32_t value = 0;
        CHECK_EQ(pst_ring_read(input, 0, &value, 1), 1);
        if (!CHECK_EQ(value, memory[i % n_memory]))
            return;
    }
}

static void test_loops_without_a_gap(void) {
    static const int64_t lengths[] = {1, 3, 63, 64, 65, 1000};
    static const uint32_t blocks[] = {1, 64, 100};
    int32_t memory[1000];
    for (int32_t i = 0; i < 1000; ++i)
        memory[i] = i + 1;
    pst_system *system = make_system();
    for (int i = 0; i < 6; ++i) {
        for (int j = 0; j < 3; ++j) {
            pst_stream *stream = open_loopback(system, blocks[j]);
            pst_ring *ring = make_flat(memory, (uint64_t)lengths[i]);
            CHECK_EQ(pst_stream_set_output_ring(stream, ring, true, NULL), PST_OK);
            CHECK(pst_stream_output_ring(stream) == ring);
            // From its begin in each run.
            for (int k = 0; k < 2; ++k) {
                fill(ring);
                check_played(stream, blocks[j], memory, lengths[i], 2500);
            }
            end_stream(stream);
            pst_ring_release(ring);
        }
    }
    pst_system_release(system);
}

static void test_one_ring_after_the_other(void) {
    int32_t first[50], second[70];
    for (int32_t i = 0; i < 70; ++i) {
        first[i % 50] = 100 + i % 50;
        second[i] = 1000 + i;
    }
    pst_system *system = make_system();
    pst_stream *stream = open_loopback(system, 16);
    pst_ring *own = pst_stream_output_ring(stream);
    pst_ring_retain(own);
    CHECK_EQ(pst_ring_write(own, first, 20), 20);
    pst_ring *rings[] = {make_flat(first, 50), make_flat(second, 70)};
    for (int i = 0; i < 2; ++i) {
        CHECK_EQ(pst_stream_set_output_ring(stream, rings[i], false, NULL), PST_OK);
        fill(rings[i]);
        check_played(stream, 16, i == 0 ? first : second, i == 0 ? 50 : 70, i == 0 ? 50 : 70);
        pst_ring_release(rings[i]);
    }
    // What the stream's own ring held is still there.
    CHECK_EQ(pst_stream_set_output_ring(stream, own, false, NULL), PST_OK);
    check_played(stream, 16, first, 50, 20);
    pst_ring_release(own);
    end_stream(stream);
    pst_system_release(system);
}

static void test_refusals(void) {
    int32_t memory[8] = {0};
    pst_system *system = make_system();
    pst_stream *stream = open_loopback(system, 16);
    pst_ring *flat = make_flat(memory, 8);
    pst_ring *own = pst_stream_output_ring(stream);
    pst_error err;
    CHECK_EQ(pst_stream_set_output_ring(stream, own, true, &err), PST_BAD_ARGUMENT);
    CHECK_EQ(pst_stream_set_output_ring(stream, pst_stream_input_ring(stream), false, &err),
             PST_BAD_ARGUMENT);
    const pst_ring_config config = {.capacity_frames = 64, .frame_bytes = 8};
    pst_ring *wide = NULL;
    CHECK_EQ(pst_ring_create(&wide, &config, NULL), PST_OK);
    CHECK_EQ(pst_stream_set_output_ring(stream, wide, false, &err), PST_BAD_ARGUMENT);
    CHECK(strstr(err.text, "frames of 8 bytes") != NULL);
    start_stream(stream);
    CHECK_EQ(pst_stream_set_output_ring(stream, flat, false, &err), PST_BAD_STATE);
    CHECK(pst_stream_output_ring(stream) == own);
    CHECK_EQ(pst_stream_close(stream, NULL), PST_OK);
    CHECK_EQ(pst_stream_set_output_ring(stream, flat, false, &err), PST_CLOSED);
    pst_stream_release(stream);
    stream_setup setup = make_setup(true, false);
    stream = open_stream(system, &setup);
    CHECK_EQ(pst_stream_set_output_ring(stream, flat, false, &err), PST_BAD_ARGUMENT);
    end_stream(stream);
    pst_ring_release(flat);
    pst_ring_release(wide);
    pst_system_release(system);
}

// ---- With others who wait ----------------------------------------------------------------------

typedef struct waiter {
    pst_thread thread;
    pst_stream *stream;
    _Atomic int64_t n_waits;
} waiter;

static void wait_for_room(void *user) {
    waiter *w = user;
    while (pst_stream_wait_output(w->stream, 64, PST_NS_PER_MS, NULL) != PST_CLOSED)
        atomic_fetch_add(&w->n_waits, 1);
}

static void test_rings_change_under_those_who_wait(void) {
    int32_t memory[64] = {0};
    pst_system *system = make_system();
    pst_stream *stream = open_loopback(system, 16);
    waiter w = {.stream = stream};
    CHECK_EQ(pst_thread_start(&w.thread, "waiter", wait_for_room, &w, NULL), PST_OK);
    for (int i = 0; i < 2000; ++i) {
        pst_ring *ring = make_flat(memory, 64);
        if (i % 2)
            fill(ring);
        CHECK_EQ(pst_stream_set_output_ring(stream, ring, false, NULL), PST_OK);
        pst_ring_release(ring);
    }
    while (atomic_load(&w.n_waits) == 0)
        pst_sleep_until_ns(pst_now_ns() + PST_NS_PER_MS);
    CHECK_EQ(pst_stream_close(stream, NULL), PST_OK);
    pst_thread_join(&w.thread);
    pst_stream_release(stream);
    pst_system_release(system);
}

int main(void) {
    RUN(test_loops_without_a_gap);
    RUN(test_one_ring_after_the_other);
    RUN(test_refusals);
    RUN(test_rings_change_under_those_who_wait);
    return check_done();
}
