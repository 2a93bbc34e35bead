// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "base/thread.h"
#include "boss_rig.h"
#include "core/ring_private.h"

// A chain that goes to another frame, at any time, and everything at once.

// ---- Elsewhere ---------------------------------------------------------------------------------

static void order_seek(boss_sink *self) {
    CHECK_EQ(pst_chain_seek(self->chain, 50000, NULL), PST_OK);
}

static void order_two_seeks(boss_sink *self) {
    CHECK_EQ(pst_chain_seek(self->chain, 17, NULL), PST_OK);
    CHECK_EQ(pst_chain_seek(self->chain, 50000, NULL), PST_OK);
}

static void order_seek_to_the_end(boss_sink *self) {
    CHECK_EQ(pst_chain_seek(self->chain, N, NULL), PST_OK);
}

// What has been taken stays; what was under way is not given any more.
static void test_a_chain_goes_to_a_frame(void) {
    for (int how = 0; how < 3; ++how) {
        rig_result result = {0};
        boss_sink *boss = make_boss(&result, PST_FORMAT_I32);
        boss->order_at = 20500;
        boss->most = 77;
        boss->order = how == 0 ? order_seek : how == 1 ? order_two_seeks : order_seek_to_the_end;
        pst_chain *chain = boss->chain = make_chain(memory_source(), NULL, &boss->base);
        CHECK_EQ(pst_chain_start(chain, NULL), PST_OK);
        CHECK_EQ(pst_chain_wait(chain, RIG_PATIENCE_NS, NULL), PST_OK);
        CHECK_EQ(boss->n_flushes, 1);
        CHECK_EQ(progress_of(chain).n_seeks, how == 1 ? 2 : 1);
        CHECK_EQ(progress_of(chain).next_frame, N);
        // The push that gave the order is one more.
        CHECK_EQ(result.n_frames, 20500 + 77 + (how < 2 ? 10000 : 0));
        check_frames(&result, 0, 20577, 0);
        check_frames(&result, 20577, how < 2 ? 10000 : 0, 50000);
        CHECK_EQ(pst_chain_seek(chain, 0, NULL), PST_BAD_STATE); // It is over.
        pst_chain_release(chain);
        rig_forget(&result);
    }
}

// At the very end, the source's end is not the end.
static void test_a_seek_comes_before_the_end(void) {
    rig_result result = {0};
    boss_sink *boss = make_boss(&result, PST_FORMAT_I32);
    boss->order_at = N - 1;
    boss->order = order_seek;
    pst_chain *chain = boss->chain = make_chain(memory_source(), NULL, &boss->base);
    CHECK_EQ(pst_chain_start(chain, NULL), PST_OK);
    CHECK_EQ(pst_chain_wait(chain, RIG_PATIENCE_NS, NULL), PST_OK);
    CHECK_EQ(result.n_frames, N + 10000);
    check_frames(&result, N, 10000, 50000);
    pst_chain_release(chain);
    rig_forget(&result);
}

// A resampler forgets what it holds: the rest is as if it began there.
static void test_stages_begin_anew_behind_a_seek(void) {
    enum { TO = 50000 };
    static float sound[N], wanted[2 * N];
    for (int i = 0; i < N; ++i)
        sound[i] = (float)(i % 700) / 700.0f;
    pst_resampler_config config;
    pst_resampler_config_default(&config);
    config.from_hz = 44100.0;
    pst_resampler *resampler = NULL;
    int64_t n_used, n_made = 0, n_left = 0;
    CHECK_EQ(pst_resampler_create(&resampler, &config, NULL), PST_OK);
    CHECK_EQ(
        pst_resampler_process(resampler, sound + TO, N - TO, &n_used, wanted, 2 * N, &n_made, NULL),
        PST_OK);
    CHECK_EQ(pst_resampler_drain(resampler, wanted + n_made, 2 * N - n_made, &n_left, NULL),
             PST_OK);
    pst_resampler_destroy(resampler);
    const uint64_t n = (uint64_t)(n_made + n_left);
    rig_result result = {0};
    pst_source *source = NULL;
    pst_stage *stage = NULL;
    CHECK_EQ(pst_source_memory(&source, sound, N, PST_FORMAT_F32, 1, NULL), PST_OK);
    CHECK_EQ(pst_stage_resample(&stage, &config, NULL), PST_OK);
    boss_sink *boss = make_boss(&result, PST_FORMAT_F32);
    boss->order_at = 20000;
    boss->order = order_seek;
    pst_chain *chain = boss->chain = make_chain(source, stage, &boss->base);
    CHECK_EQ(pst_chain_start(chain, NULL), PST_OK);
    CHECK_EQ(pst_chain_wait(chain, RIG_PATIENCE_NS, NULL), PST_OK);
    REQUIRE(result.n_frames > n);
    const uint64_t at = result.n_frames - n;
    CHECK(at > 20000 && at <= 21000);
    CHECK(memcmp(result.data + 4 * at, wanted, 4 * n) == 0);
    CHECK_EQ(result.frames[at], pst_resampled_frames(TO, 44100.0, 48000.0));
    pst_chain_release(chain);
    rig_forget(&result);
}

// What the ring held is not heard; the first frame is the one that was asked for.
static void test_a_ring_behind_is_emptied(void) {
    for (int kind = 0; kind < N_RING_KINDS; ++kind) {
        ring_box box;
        REQUIRE(open_ring(&box, ring_kinds[kind], 1000, 4));
        pst_sink *sink = NULL;
        CHECK_EQ(pst_sink_ring(&sink, box.ring, NULL, PST_FORMAT_I32, 1, NULL), PST_OK);
        pst_chain *chain = make_chain(memory_source(), NULL, sink);
        CHECK_EQ(pst_chain_seek(chain, 100, NULL), PST_OK); // Before it runs, too.
        CHECK_EQ(pst_chain_start(chain, NULL), PST_OK);
        for (int i = 0; i < 20; ++i) {
            const int64_t frame = i == 0 ? 100 : (i * 7919) % (N - 2000);
            if (i > 0)
                CHECK_EQ(pst_chain_seek(chain, frame, NULL), PST_OK);
            const int64_t deadline_ns = pst_deadline_ns(RIG_PATIENCE_NS);
            while (progress_of(chain).n_seeks < i + 1 && pst_now_ns() < deadline_ns)
                nap();
            CHECK_EQ(progress_of(chain).n_seeks, i + 1);
            int32_t got[700];
            REQUIRE(pst_ring_wait_readable(box.ring, 0, 700, RIG_PATIENCE_NS) == PST_OK);
            CHECK_EQ(pst_ring_read(box.ring, 0, got, 700), 700);
            for (int k = 0; k < 700; ++k)
                CHECK_EQ(got[k], frame + k);
            if (i % 3 == 0) // Sometimes it waits for room.
                while (atomic_load(&box.ring->room_event.n_waiters) == 0 &&
                       pst_now_ns() < deadline_ns)
                    nap();
        }
        pst_chain_cancel(chain);
        CHECK_EQ(pst_chain_wait(chain, RIG_PATIENCE_NS, NULL), PST_OK);
        pst_chain_release(chain);
        close_ring(&box);
    }
}

// The answer comes although nothing moves.
static void test_a_held_chain_goes_to_a_frame(void) {
    ring_box box;
    REQUIRE(open_ring(&box, PST_RING_AUTO, 1000, 4));
    pst_sink *sink = NULL;
    CHECK_EQ(pst_sink_ring(&sink, box.ring, NULL, PST_FORMAT_I32, 1, NULL), PST_OK);
    pst_chain *chain = make_chain(memory_source(), NULL, sink);
    CHECK_EQ(pst_chain_start(chain, NULL), PST_OK);
    REQUIRE(pst_ring_wait_readable(box.ring, 0, 900, RIG_PATIENCE_NS) == PST_OK);
    pst_chain_pause(chain, PST_PAUSE_HOLD);
    CHECK_EQ(pst_chain_seek(chain, 30000, NULL), PST_OK);
    const int64_t deadline_ns = pst_deadline_ns(RIG_PATIENCE_NS);
    while (progress_of(chain).n_seeks == 0 && pst_now_ns() < deadline_ns)
        nap();
    CHECK_EQ(progress_of(chain).n_seeks, 1);
    CHECK_EQ(progress_of(chain).next_frame, 30000);
    CHECK_EQ(pst_ring_readable(box.ring, 0), 0);
    pst_chain_pause(chain, PST_PAUSE_NONE);
    int32_t got = 0;
    REQUIRE(pst_ring_wait_readable(box.ring, 0, 1, RIG_PATIENCE_NS) == PST_OK);
    CHECK_EQ(pst_ring_read(box.ring, 0, &got, 1), 1);
    CHECK_EQ(got, 30000);
    pst_chain_cancel(chain);
    CHECK_EQ(pst_chain_wait(chain, RIG_PATIENCE_NS, NULL), PST_OK);
    pst_chain_release(chain);
    close_ring(&box);
}

// So does one that drops, as far as there is something to drop.
static void test_a_dropping_chain_goes_to_a_frame(void) {
    rig_result result = {0};
    pst_chain *chain = make_chain(memory_source(), NULL, &make_boss(&result, PST_FORMAT_I32)->base);
    pst_chain_pause(chain, PST_PAUSE_DROP);
    CHECK_EQ(pst_chain_seek(chain, N - 100, NULL), PST_OK);
    CHECK_EQ(pst_chain_start(chain, NULL), PST_OK);
    CHECK_EQ(pst_chain_wait(chain, RIG_PATIENCE_NS, NULL), PST_OK);
    CHECK_EQ(progress_of(chain).n_seeks, 1);
    CHECK_EQ(progress_of(chain).dropped_frames, 100);
    CHECK_EQ(result.n_frames, 0);
    pst_chain_release(chain);
    rig_forget(&result);
}

// ---- Files --------------------------------------------------------------------------------------

static pst_decoder *open_wav(memory_place *m, const pst_io_functions *functions) {
    static const pst_file_format wav = {.container = PST_CONTAINER_WAV,
                                        .sample_format = PST_FORMAT_I32,
                                        .rate_hz = 8000,
                                        .n_channels = 1};
    pst_io *io = NULL;
    pst_encoder *encoder = NULL;
    pst_decoder *decoder = NULL;
    CHECK_EQ(pst_io_open_user(&io, &memory_file, m, PST_IO_WRITE, NULL), PST_OK);
    CHECK_EQ(pst_encoder_open(&encoder, io, &wav, NULL, NULL), PST_OK);
    CHECK_EQ(pst_encoder_write(encoder, data, PST_FORMAT_I32, N, NULL), PST_OK);
    pst_encoder_release(encoder);
    m->position = 0;
    CHECK_EQ(pst_io_open_user(&io, functions, m, PST_IO_READ, NULL), PST_OK);
    CHECK_EQ(pst_decoder_open(&decoder, io, NULL, NULL), PST_OK);
    return decoder;
}

// Also when all of it has been read, and the ring is full of it.
static void test_a_chain_goes_to_a_frame_of_a_file(void) {
    memory_place m = {0};
    pst_decoder *decoder = open_wav(&m, &memory_file);
    ring_box box;
    REQUIRE(open_ring(&box, PST_RING_AUTO, 10000, 4));
    pst_source *source = NULL;
    pst_sink *sink = NULL;
    CHECK_EQ(pst_source_file(&source, decoder, PST_FORMAT_I32, false, NULL), PST_OK);
    CHECK_EQ(pst_sink_ring(&sink, box.ring, NULL, PST_FORMAT_I32, 1, NULL), PST_OK);
    pst_chain *chain = make_chain(source, NULL, sink);
    CHECK_EQ(pst_chain_start(chain, NULL), PST_OK);
    static const int32_t frames[] = {N - 15000, 0, 8191, N - 15000, 40000};
    for (int i = 0; i < 5; ++i) {
        CHECK_EQ(pst_chain_seek(chain, frames[i], NULL), PST_OK);
        const int64_t deadline_ns = pst_deadline_ns(RIG_PATIENCE_NS);
        while (progress_of(chain).n_seeks < i + 1 && pst_now_ns() < deadline_ns)
            nap();
        REQUIRE(pst_ring_wait_readable(box.ring, 0, 9000, RIG_PATIENCE_NS) == PST_OK);
        int32_t got[500];
        CHECK_EQ(pst_ring_read(box.ring, 0, got, 500), 500);
        for (int k = 0; k < 500; ++k)
            CHECK_EQ(got[k], frames[i] + k);
    }
    pst_chain_stop(chain);
    CHECK_EQ(pst_chain_seek(chain, 0, NULL), PST_BAD_STATE);
    pst_ring_skip(box.ring, 0, UINT64_MAX);
    CHECK_EQ(pst_chain_wait(chain, RIG_PATIENCE_NS, NULL), PST_OK);
    pst_chain_release(chain);
    pst_decoder_release(decoder);
    close_ring(&box);
    memory_free(&m);
}

// What cannot be read there ends the chain, and is the source's.
static void test_a_pipe_only_goes_forward_and_a_broken_file_fails(void) {
    for (int how = 0; how < 2; ++how) {
        memory_place m = {0};
        rig_result result = {0};
        pst_decoder *decoder = open_wav(&m, how == 0 ? &memory_pipe : &memory_file);
        pst_source *source = NULL;
        CHECK_EQ(pst_source_file(&source, decoder, PST_FORMAT_I32, false, NULL), PST_OK);
        pst_chain *chain = make_chain(source, NULL, &make_boss(&result, PST_FORMAT_I32)->base);
        pst_error err = {.status = PST_OK};
        if (how == 0) {
            CHECK_EQ(pst_chain_seek(chain, 0, &err), PST_BAD_STATE);
        } else {
            m.broken_at = 100000;
            CHECK_EQ(pst_chain_seek(chain, 30000, &err), PST_OK);
            CHECK_EQ(pst_chain_start(chain, NULL), PST_OK);
            CHECK_EQ(pst_chain_wait(chain, RIG_PATIENCE_NS, &err), PST_SYSTEM_ERROR);
            CHECK_EQ(err.native_code, EIO);
            int32_t place = -1;
            CHECK_STR(pst_chain_origin(chain, &place), "file");
            CHECK_EQ(place, 0);
        }
        pst_chain_release(chain);
        pst_decoder_release(decoder);
        rig_forget(&result);
        memory_free(&m);
    }
}

static void test_where_a_chain_cannot_go(void) {
    ring_box box;
    REQUIRE(open_ring(&box, PST_RING_AUTO, 1000, 4));
    rig_result result = {0};
    pst_error err;
    pst_source *source = NULL;
    CHECK_EQ(pst_source_ring(&source, box.ring, 0, PST_FORMAT_I32, 1, NULL), PST_OK);
    pst_chain *chain = make_chain(source, NULL, &make_boss(&result, PST_FORMAT_I32)->base);
    CHECK_EQ(pst_chain_seek(chain, 0, &err), PST_BAD_STATE);
    CHECK_STR(err.text, "The chain cannot go to a frame: its source (ring) only goes forward");
    pst_chain_release(chain);
    chain = make_chain(memory_source(), NULL, &make_boss(&result, PST_FORMAT_I32)->base);
    CHECK_EQ(pst_chain_seek(chain, -1, &err), PST_BAD_ARGUMENT);
    CHECK_EQ(pst_chain_seek(chain, N + 1, &err), PST_BAD_ARGUMENT);
    CHECK_STR(err.text, "frame is 60001; it must be from 0 to 60000");
    CHECK_EQ(pst_chain_seek(chain, N, &err), PST_OK);
    pst_chain_cancel(chain);
    CHECK_EQ(pst_chain_seek(chain, 0, &err), PST_BAD_STATE);
    pst_chain_release(chain);
    close_ring(&box);
    rig_forget(&result);
}

// ---- All at once --------------------------------------------------------------------------------

typedef struct storm {
    pst_chain *chain;
    uint64_t random;
    int64_t last_seek; // That was accepted; only one thread goes elsewhere.
    int n_seeks;
    bool seeks;
} storm;

static void rage(void *arg) {
    storm *self = arg;
    for (int i = 0; i < 300; ++i) {
        const uint32_t what = check_random_in(&self->random, 0, 5);
        if (what == 0)
            pst_chain_pause(self->chain, PST_PAUSE_HOLD);
        else if (what == 1)
            pst_chain_pause(self->chain, PST_PAUSE_NONE);
        else if (what == 2)
            nap();
        else if (self->seeks) {
            const int64_t frame = check_random_in(&self->random, 0, N - 100);
            if (pst_chain_seek(self->chain, frame, NULL) == PST_OK) {
                self->last_seek = frame;
                ++self->n_seeks;
            }
        } else {
            (void)progress_of(self->chain);
        }
    }
}

// Whoever reads sees pieces without a hole, and the last one is what was asked for last.
static void test_orders_from_everywhere(void) {
    ring_box box;
    REQUIRE(open_ring(&box, PST_RING_AUTO, 700, 4));
    pst_sink *sink = NULL;
    CHECK_EQ(pst_sink_ring(&sink, box.ring, NULL, PST_FORMAT_I32, 1, NULL), PST_OK);
    pst_stage *stage = NULL;
    CHECK_EQ(pst_stage_gain(&stage, PST_FORMAT_I32, 1, 1.0, 0, NULL), PST_OK);
    pst_chain *chain = make_chain(memory_source(), stage, sink);
    CHECK_EQ(pst_chain_start(chain, NULL), PST_OK);
    storm storms[3] = {{chain, 1, -1, 0, true}, {chain, 2, -1, 0, false}, {chain, 3, -1, 0, false}};
    pst_thread threads[3];
    for (int i = 0; i < 3; ++i)
        REQUIRE(pst_thread_start(&threads[i], "storm", rage, &storms[i], NULL) == PST_OK);
    uint64_t random = 9;
    for (int i = 0; i < 2000; ++i) {
        int32_t got[100];
        const uint32_t wanted = check_random_in(&random, 1, 100);
        if (pst_ring_wait_readable(box.ring, 0, 1, PST_NS_PER_MS) != PST_OK)
            continue;
        const uint64_t n = pst_ring_read(box.ring, 0, got, wanted);
        for (uint64_t k = 1; k < n; ++k)
            CHECK_EQ(got[k], got[k - 1] + 1);
    }
    for (int i = 0; i < 3; ++i)
        pst_thread_join(&threads[i]);
    // It may be over already; otherwise it ends with what was asked for last.
    pst_chain_pause(chain, PST_PAUSE_NONE);
    int32_t last = -1;
    int64_t n_after = 0;
    const bool seeks = pst_chain_seek(chain, N - 5000, NULL) == PST_OK;
    const int64_t deadline_ns = pst_deadline_ns(RIG_PATIENCE_NS);
    while (seeks && progress_of(chain).n_seeks < storms[0].n_seeks + 1 &&
           pst_now_ns() < deadline_ns)
        nap();
    for (;;) {
        int32_t got;
        if (pst_ring_read(box.ring, 0, &got, 1) == 1) {
            CHECK(n_after == 0 || got == last + 1);
            CHECK(n_after > 0 || !seeks || got == N - 5000);
            last = got;
            ++n_after;
        } else if (pst_ring_wait_readable(box.ring, 0, 1, RIG_PATIENCE_NS) != PST_OK) {
            break;
        }
    }
    if (seeks)
        CHECK_EQ(n_after, 5000);
    CHECK_EQ(pst_chain_wait(chain, RIG_PATIENCE_NS, NULL), PST_OK);
    if (seeks)
        CHECK_EQ(progress_of(chain).n_seeks, storms[0].n_seeks + 1);
    pst_chain_release(chain);
    close_ring(&box);
}

// Ended in every way, in the middle of orders.
static void test_ends_among_orders(void) {
    for (int i = 0; i < 40; ++i) {
        ring_box box;
        REQUIRE(open_ring(&box, PST_RING_AUTO, 700, 4));
        pst_sink *sink = NULL;
        CHECK_EQ(pst_sink_ring(&sink, box.ring, NULL, PST_FORMAT_I32, 1, NULL), PST_OK);
        pst_chain *chain = make_chain(memory_source(), NULL, sink);
        CHECK_EQ(pst_chain_start(chain, NULL), PST_OK);
        storm storms[2] = {{chain, (uint64_t)i, -1, 0, true},
                           {chain, (uint64_t)i + 50, -1, 0, false}};
        pst_thread threads[2];
        for (int k = 0; k < 2; ++k)
            REQUIRE(pst_thread_start(&threads[k], "storm", rage, &storms[k], NULL) == PST_OK);
        pst_ring_skip(box.ring, 0, 500);
        if (i % 2 == 0)
            pst_chain_stop(chain);
        else
            pst_chain_cancel(chain);
        for (int k = 0; k < 2; ++k)
            pst_thread_join(&threads[k]);
        pst_chain_cancel(chain);
        CHECK_EQ(pst_chain_wait(chain, RIG_PATIENCE_NS, NULL), PST_OK);
        CHECK(progress_of(chain).state >= PST_CHAIN_DONE);
        CHECK(pst_ring_ended(box.ring));
        pst_chain_release(chain);
        close_ring(&box);
    }
}

int main(void) {
    for (int i = 0; i < N; ++i)
        data[i] = i;
    RUN(test_a_chain_goes_to_a_frame);
    RUN(test_a_seek_comes_before_the_end);
    RUN(test_stages_begin_anew_behind_a_seek);
    RUN(test_a_ring_behind_is_emptied);
    RUN(test_a_held_chain_goes_to_a_frame);
    RUN(test_a_dropping_chain_goes_to_a_frame);
    RUN(test_a_chain_goes_to_a_frame_of_a_file);
    RUN(test_a_pipe_only_goes_forward_and_a_broken_file_fails);
    RUN(test_where_a_chain_cannot_go);
    RUN(test_orders_from_everywhere);
    RUN(test_ends_among_orders);
    return check_done();
}
