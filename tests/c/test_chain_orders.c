// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "boss_rig.h"

// What one may tell a running chain: to hold, to drop, to end; and what it tells.

// ---- Hold --------------------------------------------------------------------------------------

static void order_hold(boss_sink *self) {
    pst_chain_pause(self->chain, PST_PAUSE_HOLD);
}

static void wait_idle(boss_sink *boss, int n) {
    const int64_t deadline_ns = pst_deadline_ns(RIG_PATIENCE_NS);
    while (atomic_load(&boss->n_idle) < n && pst_now_ns() < deadline_ns)
        nap();
    CHECK(atomic_load(&boss->n_idle) >= n);
}

// The push that gave the order still counts. While it holds, the sink hears that nothing comes.
static void test_a_chain_is_held_and_goes_on(void) {
    rig_result result = {0};
    boss_sink *boss = make_boss(&result, PST_FORMAT_I32);
    boss->order_at = 12345;
    boss->order = order_hold;
    pst_chain *chain = boss->chain = make_chain(memory_source(), NULL, &boss->base);
    CHECK_EQ(pst_chain_start(chain, NULL), PST_OK);
    wait_idle(boss, 1);
    const int64_t n_pushed = progress_of(chain).pushed_frames;
    CHECK(n_pushed > 12345 && n_pushed <= 13345);
    nap();
    CHECK_EQ(progress_of(chain).pushed_frames, n_pushed);
    CHECK_EQ(progress_of(chain).next_frame, n_pushed);
    CHECK_EQ(progress_of(chain).state, PST_CHAIN_RUNNING);
    pst_chain_pause(chain, (pst_chain_pause_kind)7); // No such kind: nothing happens.
    CHECK_EQ(pst_chain_wait(chain, 5 * PST_NS_PER_MS, NULL), PST_TIMEOUT);
    pst_chain_pause(chain, PST_PAUSE_NONE);
    CHECK_EQ(pst_chain_wait(chain, RIG_PATIENCE_NS, NULL), PST_OK);
    CHECK_EQ(result.n_frames, N);
    check_frames(&result, 0, N, 0);
    pst_chain_release(chain);
    rig_forget(&result);
}

// Also before the start, and for good.
static void test_a_held_chain_can_be_ended(void) {
    for (int how = 0; how < 4; ++how) {
        rig_result result = {0};
        boss_sink *boss = make_boss(&result, PST_FORMAT_I32);
        pst_chain *chain = make_chain(memory_source(), NULL, &boss->base);
        pst_chain_pause(chain, PST_PAUSE_HOLD);
        CHECK_EQ(pst_chain_start(chain, NULL), PST_OK);
        wait_idle(boss, 1);
        CHECK_EQ(progress_of(chain).pulled_frames, 0);
        if (how == 0)
            pst_chain_stop(chain);
        else if (how == 1)
            pst_chain_cancel(chain);
        else if (how == 2)
            CHECK_EQ(pst_chain_seek(chain, N, NULL), PST_OK);
        if (how >= 2)
            pst_chain_pause(chain, PST_PAUSE_NONE);
        CHECK_EQ(pst_chain_wait(chain, RIG_PATIENCE_NS, NULL), PST_OK);
        CHECK_EQ(progress_of(chain).state, how == 1 ? PST_CHAIN_CANCELLED : PST_CHAIN_DONE);
        CHECK_EQ(result.n_frames, how == 3 ? N : 0);
        CHECK_EQ(result.n_ends, 1);
        pst_chain_release(chain);
        rig_forget(&result);
    }
}

// ---- Drop --------------------------------------------------------------------------------------

static void test_what_comes_meanwhile_is_dropped(void) {
    ring_box box;
    REQUIRE(open_ring(&box, PST_RING_AUTO, 1000, 4));
    rig_result result = {0};
    boss_sink *boss = make_boss(&result, PST_FORMAT_I32);
    pst_source *source = NULL;
    CHECK_EQ(pst_source_ring(&source, box.ring, 0, PST_FORMAT_I32, 1, NULL), PST_OK);
    pst_chain *chain = make_chain(source, NULL, &boss->base);
    CHECK_EQ(pst_chain_start(chain, NULL), PST_OK);
    static const uint64_t ends[] = {400, 9000, 9500, 9501, 20000};
    uint64_t at = 0;
    for (int i = 0; i < 5; ++i) { // Every other stretch is dropped; the ring never overflows.
        pst_chain_pause(chain, i % 2 == 1 ? PST_PAUSE_DROP : PST_PAUSE_NONE);
        while (at < ends[i]) {
            const uint64_t n = ends[i] - at < 100 ? ends[i] - at : 100;
            REQUIRE(pst_ring_wait_writable(box.ring, n, RIG_PATIENCE_NS) == PST_OK);
            CHECK_EQ(pst_ring_write(box.ring, data + at, n), n);
            at += n;
        }
        const int64_t deadline_ns = pst_deadline_ns(RIG_PATIENCE_NS);
        while (pst_ring_readable(box.ring, 0) > 0 && pst_now_ns() < deadline_ns)
            nap();
        while (progress_of(chain).pushed_frames + progress_of(chain).dropped_frames < (int64_t)at &&
               pst_now_ns() < deadline_ns)
            nap();
    }
    pst_ring_end(box.ring);
    CHECK_EQ(pst_chain_wait(chain, RIG_PATIENCE_NS, NULL), PST_OK);
    CHECK_EQ(progress_of(chain).pulled_frames, 20000);
    CHECK_EQ(progress_of(chain).dropped_frames, 8600 + 1);
    CHECK_EQ(progress_of(chain).pushed_frames, 400 + 500 + 10499);
    REQUIRE(result.n_frames == 400 + 500 + 10499);
    check_frames(&result, 0, 400, 0);
    check_frames(&result, 400, 500, 9000);
    check_frames(&result, 900, 10499, 9501);
    for (uint64_t i = 0; i < result.n_frames; ++i)
        CHECK_EQ(result.begins[i], i == 400 || i == 900);
    pst_chain_release(chain);
    close_ring(&box);
    rig_forget(&result);
}

// ---- Errors and their origin -------------------------------------------------------------------

static pst_status bad_process(pst_stage *stage, const pst_piece *in, uint64_t *n_used,
                              pst_piece *out, pst_error *err) {
    *out = *in;
    *n_used = in->n_frames;
    return in->frame + (int64_t)in->n_frames > 30000 && stage->in.rate_hz == 0.0
               ? pst_fail(err, PST_NO_MEMORY, 0, "the stage was told to fail")
               : PST_OK;
}

static pst_status bad_drain(pst_stage *stage, pst_piece *out, pst_error *err) {
    (void)stage;
    (void)out;
    return pst_fail(err, PST_BAD_FILE, 0, "the stage was told to fail at the end");
}

static const pst_stage_ops bad_ops = {.name = "bad", .process = bad_process};
static const pst_stage_ops bad_end_ops = {
    .name = "bad end", .process = bad_process, .drain = bad_drain};

static pst_stage *make_bad(const pst_stage_ops *ops, double rate_hz) {
    pst_stage *stage = NULL;
    const pst_media side = {.format = PST_FORMAT_I32, .n_channels = 1, .rate_hz = rate_hz};
    CHECK_EQ(pst_stage_create(&stage, sizeof *stage, ops, &side, &side, false, NULL), PST_OK);
    return stage;
}

static void test_errors_have_an_origin(void) {
    static const struct {
        pst_status status;
        int32_t place;
        const char *name;
        const char *text;
    } cases[] = {{PST_SYSTEM_ERROR, 0, "rig", "the source was told to fail"},
                 {PST_NO_MEMORY, 1, "bad", "the stage was told to fail"},
                 {PST_BAD_FILE, 2, "bad end", "the stage was told to fail at the end"},
                 {PST_HOST_ERROR, 3, "boss", "the sink was told to fail"}};
    for (int i = 0; i < 4; ++i) {
        rig_result result = {0};
        rig_source *source = rig_make_source(data, PST_FORMAT_I32, 1, 0.0, 5000, 1);
        rig_add_run(source, N, 0, false, false);
        source->fail_at = i == 0 ? 40000 : -1;
        boss_sink *boss = make_boss(&result, PST_FORMAT_I32);
        boss->order_at = i == 3 ? 40000 : 0;
        boss->then = PST_HOST_ERROR;
        pst_stage *const stages[] = {make_bad(&bad_ops, i == 1 ? 0.0 : 8000.0),
                                     make_bad(i == 2 ? &bad_end_ops : &bad_ops, 8000.0)};
        pst_chain *chain = NULL;
        CHECK_EQ(pst_chain_create_staged(&chain, NULL, &source->base, stages, 2, &boss->base, NULL),
                 PST_OK);
        int32_t place = -1;
        CHECK(pst_chain_origin(chain, &place) == NULL);
        CHECK_EQ(pst_chain_start(chain, NULL), PST_OK);
        pst_error err = {.status = PST_OK};
        CHECK_EQ(pst_chain_wait(chain, RIG_PATIENCE_NS, &err), cases[i].status);
        CHECK_STR(err.text, cases[i].text);
        CHECK_STR(pst_chain_origin(chain, &place), cases[i].name);
        CHECK_EQ(place, cases[i].place);
        CHECK_STR(pst_chain_origin(chain, NULL), cases[i].name);
        CHECK_EQ(result.n_ends, 1);
        CHECK(result.n_frames == (i == 2 ? N : result.n_frames) && result.n_frames > 24000);
        check_frames(&result, 0, result.n_frames, 0);
        pst_chain_release(chain);
        rig_forget(&result);
    }
}

// ---- Files --------------------------------------------------------------------------------------

static const pst_file_format wav = {.container = PST_CONTAINER_WAV,
                                    .sample_format = PST_FORMAT_I16,
                                    .rate_hz = 8000,
                                    .n_channels = 1};

// Bytes of samples, as the header has it.
static _Atomic uint32_t told_bytes;

static int64_t write_and_tell(void *user, const void *bytes, int64_t n_bytes) {
    memory_place *m = user;
    const int64_t n = memory_write(user, bytes, n_bytes);
    for (int64_t at = 0; at + 8 <= m->n_bytes && at < 128; ++at)
        if (memcmp(m->bytes + at, "data", 4) == 0) {
            uint32_t told;
            memcpy(&told, m->bytes + at + 4, sizeof told);
            atomic_store(&told_bytes, told);
        }
    return n;
}

static pst_encoder *new_file(memory_place *m) {
    pst_io *io = NULL;
    pst_encoder *encoder = NULL;
    pst_io_functions functions = memory_file;
    functions.write = write_and_tell;
    CHECK_EQ(pst_io_open_user(&io, &functions, m, PST_IO_WRITE, NULL), PST_OK);
    CHECK_EQ(pst_encoder_open(&encoder, io, &wav, NULL, NULL), PST_OK);
    return encoder;
}

// A recording whose source falls silent is as safe as one that goes on.
static void test_a_file_is_brought_up_to_date_while_nothing_comes(void) {
    for (int how = 0; how < 3; ++how) {
        ring_box box;
        REQUIRE(open_ring(&box, PST_RING_AUTO, 1000, 4));
        memory_place m = {0};
        pst_encoder *encoder = new_file(&m);
        pst_source *source = NULL;
        pst_sink *sink = NULL;
        CHECK_EQ(pst_source_ring(&source, box.ring, 0, PST_FORMAT_I32, 1, NULL), PST_OK);
        CHECK_EQ(pst_sink_file(&sink, encoder, NULL, PST_FORMAT_I32, NULL), PST_OK);
        pst_chain *chain = make_chain(source, NULL, sink);
        CHECK_EQ(pst_chain_start(chain, NULL), PST_OK);
        CHECK_EQ(pst_ring_write(box.ring, data, 123), 123);
        const int64_t deadline_ns = pst_deadline_ns(RIG_PATIENCE_NS);
        while (progress_of(chain).pushed_frames < 123 && pst_now_ns() < deadline_ns)
            nap();
        if (how > 0)
            pst_chain_pause(chain, how == 1 ? PST_PAUSE_HOLD : PST_PAUSE_DROP);
        while (atomic_load(&told_bytes) != 2 * 123 && pst_now_ns() < deadline_ns)
            nap();
        CHECK_EQ(atomic_load(&told_bytes), 2 * 123);
        pst_ring_end(box.ring);
        pst_chain_pause(chain, PST_PAUSE_NONE);
        CHECK_EQ(pst_chain_wait(chain, RIG_PATIENCE_NS, NULL), PST_OK);
        pst_chain_release(chain);
        pst_encoder_release(encoder);
        close_ring(&box);
        memory_free(&m);
    }
}

// A loop counts on, so a resampler does not see where the file begins again.
static void test_a_loop_is_resampled_without_a_seam(void) {
    enum { SHORT = 3000, PASSES = 4 };
    memory_place m = {0};
    pst_encoder *encoder = new_file(&m);
    static int16_t steps[SHORT];
    for (int i = 0; i < SHORT; ++i)
        steps[i] = (int16_t)(7 + i);
    CHECK_EQ(pst_encoder_write(encoder, steps, PST_FORMAT_I16, SHORT, NULL), PST_OK);
    pst_encoder_release(encoder);
    m.position = 0;
    pst_io *io = NULL;
    pst_decoder *decoder = NULL;
    CHECK_EQ(pst_io_open_user(&io, &memory_file, &m, PST_IO_READ, NULL), PST_OK);
    CHECK_EQ(pst_decoder_open(&decoder, io, NULL, NULL), PST_OK);
    static double repeated[PASSES * SHORT], wanted[7 * PASSES * SHORT];
    for (int i = 0; i < PASSES * SHORT; ++i)
        repeated[i] = (double)(7 + i % SHORT) * 0x1p-15;
    pst_resampler_config config;
    pst_resampler_config_default(&config);
    config.from_hz = 8000.0;
    config.format = PST_FORMAT_F64;
    pst_resampler *resampler = NULL;
    int64_t n_used, n_made = 0;
    CHECK_EQ(pst_resampler_create(&resampler, &config, NULL), PST_OK);
    CHECK_EQ(pst_resampler_process(resampler, repeated, PASSES * SHORT, &n_used, wanted,
                                   7 * PASSES * SHORT, &n_made, NULL),
             PST_OK);
    pst_resampler_destroy(resampler);
    rig_result result = {0};
    pst_source *source = NULL;
    pst_stage *stage = NULL;
    CHECK_EQ(pst_source_file(&source, decoder, PST_FORMAT_F64, true, NULL), PST_OK);
    CHECK_EQ(pst_stage_resample(&stage, &config, NULL), PST_OK);
    boss_sink *boss = make_boss(&result, PST_FORMAT_F64);
    boss->order_at = (uint64_t)n_made;
    boss->then = PST_END;
    pst_chain *chain = make_chain(source, stage, &boss->base);
    CHECK_EQ(pst_chain_start(chain, NULL), PST_OK);
    CHECK_EQ(pst_chain_wait(chain, RIG_PATIENCE_NS, NULL), PST_OK);
    CHECK(n_made > 6 * (PASSES - 1) * SHORT);
    REQUIRE(result.n_frames == (uint64_t)n_made);
    CHECK(memcmp(result.data, wanted, 8 * (size_t)n_made) == 0);
    CHECK_EQ(result.frames[n_made - 1], n_made - 1);
    pst_chain_release(chain);
    pst_decoder_release(decoder);
    rig_forget(&result);
    memory_free(&m);
}

int main(void) {
    for (int i = 0; i < N; ++i)
        data[i] = i;
    RUN(test_a_chain_is_held_and_goes_on);
    RUN(test_a_held_chain_can_be_ended);
    RUN(test_what_comes_meanwhile_is_dropped);
    RUN(test_errors_have_an_origin);
    RUN(test_a_file_is_brought_up_to_date_while_nothing_comes);
    RUN(test_a_loop_is_resampled_without_a_seam);
    return check_done();
}
