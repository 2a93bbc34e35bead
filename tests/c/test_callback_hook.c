// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include <math.h>

#include "base/clock.h"
#include "flow_rig.h"
#include "stream/pace.h"

// The user's function on the audio thread: what it is handed, and what becomes of what it does.
// test_callback.c has one that does nothing beside the model.

enum { MAX_CALLS = 64, MAX_SAMPLES = 1 << 16 };

typedef struct call {
    const void *input;
    void *output;
    int64_t n_frames;
    pst_callback_time time;
    uint32_t flags;
} call;

typedef struct spy {
    call calls[MAX_CALLS];
    int n_calls;
    int32_t result;
    int from_call; // result is given from this call on.
    uint32_t in_frame_bytes, out_frame_bytes;
    uint8_t seen_input[8 * MAX_SAMPLES]; // Of all calls, one after the other.
    uint8_t seen_output[8 * MAX_SAMPLES];
    size_t n_seen_frames;
    const void *write; // What to leave in the output; NULL: what is there.
    pst_matrix *reset; // Set back to the default by each call.
} spy;

static int32_t look(const void *input, void *output, int64_t n_frames,
                    const pst_callback_time *time, uint32_t flags, void *user) PST_RT {
    spy *s = user;
    if (s->n_calls < MAX_CALLS)
        s->calls[s->n_calls] = (call){input, output, n_frames, *time, flags};
    const size_t n = (size_t)n_frames;
    if (input != NULL)
        memcpy(s->seen_input + s->n_seen_frames * s->in_frame_bytes, input, n * s->in_frame_bytes);
    if (output != NULL) {
        memcpy(s->seen_output + s->n_seen_frames * s->out_frame_bytes, output,
               n * s->out_frame_bytes);
        if (s->write != NULL)
            memcpy(output, (const uint8_t *)s->write + s->n_seen_frames * s->out_frame_bytes,
                   n * s->out_frame_bytes);
    }
    s->n_seen_frames += n;
    if (s->reset != NULL)
        pst_matrix_set(s->reset, NULL);
    return s->n_calls++ >= s->from_call ? s->result : PST_CALLBACK_CONTINUE;
}

static const pst_limits no_limits = {0, PST_UNLIMITED, PST_UNLIMITED, 0, PST_UNLIMITED};

static rig *make(spy *s, pst_format format, pst_format device_format, const pst_limits *limits) {
    const rig_setup setup = {.has_input = true,
                             .has_output = true,
                             .in_format = format,
                             .in_device_format = device_format,
                             .out_format = format,
                             .out_device_format = device_format,
                             .in_channels = 2,
                             .out_channels = 2,
                             .in_capacity = 16384,
                             .out_capacity = 16384,
                             .callback = look,
                             .callback_user = s,
                             .limits = *limits};
    *s = (spy){.from_call = MAX_CALLS};
    s->in_frame_bytes = s->out_frame_bytes = 2 * pst_format_bytes(format);
    return rig_make(&setup);
}

static pst_stream_stats stats_of(const rig *r) {
    pst_stream_stats stats;
    pst_counts_read(&r->flow->counts, &stats);
    return stats;
}

// Hands over one block of counted input, without the model. The output is in r->out_block.
static pst_verdict process(rig *r, uint32_t n_frames) {
    const rig_setup *setup = &r->setup;
    const uint32_t frame_bytes = setup->in_channels * pst_format_bytes(setup->in_device_format);
    for (uint32_t i = 0; i < n_frames; ++i)
        rig_fill(r->in_block + (size_t)i * frame_bytes, setup->in_device_format, 2,
                 r->device_frame + i, 1);
    memset(r->out_block, 0xA5, (size_t)RIG_MAX_BLOCK * 8 * setup->out_channels);
    r->now_ns += n_frames * INT64_C(1000000000) / RIG_RATE_HZ;
    const pst_block block = {.input = r->in_block,
                             .output = r->out_block,
                             .n_frames = n_frames,
                             .flags = PST_FLAG_PRIMING,
                             .device_frame = r->device_frame,
                             .now_ns = r->now_ns,
                             .input_age_s = 0.05,
                             .output_delay_s = 0.02};
    r->device_frame += n_frames;
    rt_guard_enter();
    const pst_verdict verdict = pst_stream_process(r->flow, &block);
    CHECK_TEXT(rt_guard_leave() == 0, "the callback called %s", rt_guard_culprit());
    return verdict;
}

// Where the formats agree, it works in the device's own memory.
static void test_direct(void) {
    static spy s;
    rig *r = make(&s, PST_FORMAT_F32, PST_FORMAT_F32, &no_limits);
    rig_write(r, 150);
    rig_block(r, 100, 0, 0);
    rig_block(r, 100, 0, PST_FLAG_INPUT_OVERFLOW);
    rig_read_all(r);
    REQUIRE(s.n_calls == 2);
    for (int i = 0; i < 2; ++i) {
        CHECK(s.calls[i].input == r->in_block && s.calls[i].output == r->out_block);
        CHECK_EQ(s.calls[i].n_frames, 100);
        CHECK_EQ(s.calls[i].time.frame, 100 * i);
    }
    CHECK_EQ(s.calls[0].flags, 0);
    CHECK_EQ(s.calls[1].flags, PST_FLAG_INPUT_OVERFLOW);
    CHECK_EQ(stats_of(r).missing_frames, 50);
    rig_destroy(r);
}

static void test_times(void) {
    static spy s;
    rig *r = make(&s, PST_FORMAT_F32, PST_FORMAT_F32, &no_limits);
    for (int i = 0; i < 5; ++i)
        process(r, 480);
    REQUIRE(s.n_calls == 5);
    for (int i = 0; i < 5; ++i) {
        const pst_callback_time *time = &s.calls[i].time;
        CHECK_EQ(time->frame, 480 * i);
        CHECK(time->samplerate_hz == RIG_RATE_HZ);
        CHECK(fabs(time->current_s - time->input_adc_s - 0.05) < 1e-6);
        CHECK(fabs(time->output_dac_s - time->current_s - 0.02) < 1e-6);
        CHECK(fabs(time->current_s - s.calls[0].time.current_s - 0.01 * i) < 1e-6);
    }
    CHECK(pst_flow_input_time_s(r->flow, 4 * 480) == s.calls[4].time.input_adc_s);
    CHECK(pst_flow_output_time_s(r->flow, 4 * 480) == s.calls[4].time.output_dac_s);
    rig_destroy(r);
}

// It sees the stream's format whatever the device has, and what it writes is converted.
static void check_formats(pst_format format, pst_format device_format) {
    static spy s;
    enum { N = 300, WRITTEN = 100 };
    rig *r = make(&s, format, device_format, &no_limits);
    uint8_t wanted[N * 2 * 8], left[N * 2 * 8];
    for (int i = 0; i < N; ++i)
        rig_fill(left + (size_t)i * s.out_frame_bytes, format, 2, i, 7);
    s.write = left;
    rig_write(r, WRITTEN);
    process(r, N);
    CHECK_EQ(s.n_calls, 1);
    // In: what the device gave.
    (void)pst_convert(wanted, format, r->in_block, device_format, 2 * N, NULL);
    CHECK(memcmp(s.seen_input, wanted, (size_t)N * s.in_frame_bytes) == 0);
    pst_span span;
    CHECK_EQ(pst_ring_begin_read(r->flow->in.ring, 0, N, &span), N);
    CHECK(memcmp(span.data, wanted, (size_t)N * s.in_frame_bytes) == 0);
    pst_ring_commit_read(r->flow->in.ring, 0, N);
    // Out: it found the ring's frames, then silence of the format.
    for (int i = 0; i < WRITTEN; ++i)
        rig_fill(wanted + (size_t)i * s.out_frame_bytes, format, 2, i, 2);
    pst_silence(wanted + (size_t)WRITTEN * s.out_frame_bytes, format, 2 * (N - WRITTEN));
    CHECK(memcmp(s.seen_output, wanted, (size_t)N * s.out_frame_bytes) == 0);
    // And what it left is what the device gets.
    (void)pst_convert(wanted, device_format, left, format, 2 * N, NULL);
    CHECK(memcmp(r->out_block, wanted, (size_t)N * 2 * pst_format_bytes(device_format)) == 0);
    CHECK_EQ(stats_of(r).played_frames, WRITTEN);
    rig_destroy(r);
}

static void test_formats(void) {
    for (pst_format format = PST_FORMAT_F32; format <= PST_FORMAT_U8; ++format)
        for (pst_format device = PST_FORMAT_F32; device <= PST_FORMAT_U8; ++device)
            if (format != PST_FORMAT_I24)
                check_formats(format, device);
}

// More than there is room for comes in pieces that follow on each other.
static void test_pieces(void) {
    static spy s;
    rig *r = make(&s, PST_FORMAT_F32, PST_FORMAT_I16, &no_limits);
    rig_write(r, 8100);
    process(r, 64);
    process(r, 8000);
    REQUIRE(s.n_calls == 3);
    CHECK_EQ(s.calls[1].n_frames, 4096);
    CHECK_EQ(s.calls[2].n_frames, 8000 - 4096);
    CHECK_EQ(s.calls[1].time.frame, 64);
    CHECK_EQ(s.calls[2].time.frame, 64 + 4096);
    CHECK(fabs(s.calls[2].time.input_adc_s - s.calls[1].time.input_adc_s - 4096.0 / RIG_RATE_HZ) <
          1e-9);
    CHECK(fabs(s.calls[2].time.output_dac_s - s.calls[1].time.output_dac_s - 4096.0 / RIG_RATE_HZ) <
          1e-9);
    float frame[2];
    for (int i = 0; i < 8064; ++i) {
        rig_fill((uint8_t *)frame, PST_FORMAT_F32, 2, i, 2);
        if (!CHECK(memcmp(s.seen_output + i * sizeof frame, frame, sizeof frame) == 0))
            break;
    }
    const pst_stream_stats stats = stats_of(r);
    CHECK_EQ(stats.played_frames, 8064);
    CHECK_EQ(stats.captured_frames, 8064);
    CHECK_EQ(stats.frames, 8064);
    CHECK_EQ(stats.n_callbacks, 2);
    CHECK_EQ(pst_ring_readable(r->flow->in.ring, 0), 8064);
    rig_destroy(r);
}

// ---- How it ends a run -------------------------------------------------------------------------

static void check_end(int32_t result, pst_phase phase, pst_verdict verdict, pst_event_kind kind) {
    static spy s;
    rig *r = make(&s, PST_FORMAT_F32, PST_FORMAT_I16, &no_limits);
    s.result = result;
    s.from_call = 1;
    rig_write(r, 9000);
    CHECK_EQ(process(r, 100), PST_CONTINUE);
    CHECK_EQ(process(r, 5000), verdict); // The first of two pieces ends it.
    CHECK_EQ(s.n_calls, 2);
    CHECK_EQ(pst_flow_phase(r->flow), phase);
    CHECK_EQ(atomic_load(&r->flow->reason), PST_OK);
    const pst_stream_stats stats = stats_of(r);
    CHECK_EQ(stats.played_frames, 5100);
    CHECK_EQ(stats.captured_frames, 5100);
    CHECK_EQ(pst_ring_readable(r->flow->in.ring, 0), 5100);
    CHECK(pst_ring_ended(r->flow->in.ring));
    CHECK_EQ(pst_ring_readable(r->flow->out.ring, 0), 0);
    pst_stream_event event;
    CHECK(pst_flow_pop_event(r->flow, &event));
    CHECK_EQ(event.kind, kind);
    CHECK_EQ(event.frame, kind == PST_EVENT_FINISHED ? 5100 : 100);
    // Its block is played: the last frame is not silent.
    int16_t last[2];
    memcpy(last, r->out_block + 4999 * sizeof last, sizeof last);
    CHECK(last[0] != 0 || last[1] != 0);
    // After the end it is never called again, and the output is silent.
    CHECK_EQ(process(r, 100), verdict);
    CHECK_EQ(s.n_calls, 2);
    memcpy(last, r->out_block, sizeof last);
    CHECK(last[0] == 0 && last[1] == 0);
    rig_destroy(r);
}

static void test_complete(void) {
    check_end(PST_CALLBACK_COMPLETE, PST_PHASE_COMPLETE, PST_COMPLETE, PST_EVENT_FINISHED);
}

static void test_abort(void) {
    check_end(PST_CALLBACK_ABORT, PST_PHASE_ABORTED, PST_ABORT, PST_EVENT_ABORTED);
    check_end(-1, PST_PHASE_ABORTED, PST_ABORT, PST_EVENT_ABORTED);
    check_end(77, PST_PHASE_ABORTED, PST_ABORT, PST_EVENT_ABORTED);
}

// What a policy says counts for more.
static void test_policy_and_complete(void) {
    static spy s;
    rig *r = make(&s, PST_FORMAT_F32, PST_FORMAT_F32, &no_limits);
    r->flow->out.policy = PST_UNDERFLOW_RAISE;
    s.result = PST_CALLBACK_COMPLETE;
    s.from_call = 0;
    rig_write(r, 50);
    CHECK_EQ(process(r, 100), PST_ABORT);
    CHECK_EQ(atomic_load(&r->flow->reason), PST_UNDERFLOW);
    CHECK_EQ(atomic_load(&r->flow->reason_frame), 50);
    rig_destroy(r);
}

static void test_not_called(void) {
    static spy s;
    rig *r = make(&s, PST_FORMAT_F32, PST_FORMAT_F32, &no_limits);
    CHECK_EQ(process(r, 0), PST_CONTINUE);
    CHECK_EQ(s.n_calls, 0);
    CHECK_EQ(process(r, 10), PST_CONTINUE);
    CHECK_EQ(s.n_calls, 1);
    atomic_store(&r->flow->ask, PST_ASK_SILENCE);
    CHECK_EQ(process(r, 10), PST_ABORT);
    CHECK_EQ(s.n_calls, 1);
    rig_destroy(r);
}

// ---- What it writes ----------------------------------------------------------------------------

static void check_nonfinite(pst_format format, pst_format device_format, bool keep) {
    static spy s;
    rig *r = make(&s, format, device_format, &no_limits);
    r->flow->out.keep_nonfinite = keep;
    float narrow[] = {0.5f, NAN, INFINITY, -INFINITY, -0.25f, 2.0f};
    double wide[] = {0.5, (double)NAN, (double)INFINITY, -(double)INFINITY, -0.25, 2.0};
    s.write = format == PST_FORMAT_F32 ? (const void *)narrow : (const void *)wide;
    process(r, 3);
    CHECK_EQ(stats_of(r).n_nonfinite, keep ? 0 : 3);
    double got[6];
    for (int i = 0; i < 6; ++i) {
        float f;
        memcpy(&f, r->out_block + 4 * i, 4);
        if (device_format == PST_FORMAT_F32)
            got[i] = (double)f;
        else
            memcpy(&got[i], r->out_block + 8 * i, 8);
        if (isfinite(wide[i]))
            CHECK(got[i] == wide[i]);
        else if (keep)
            CHECK(isnan(wide[i]) ? isnan(got[i]) : got[i] == wide[i]);
        else
            CHECK(got[i] == 0.0);
    }
    rig_destroy(r);
}

static void test_nonfinite(void) {
    for (int keep = 0; keep < 2; ++keep) {
        check_nonfinite(PST_FORMAT_F32, PST_FORMAT_F32, keep);
        check_nonfinite(PST_FORMAT_F64, PST_FORMAT_F64, keep);
        check_nonfinite(PST_FORMAT_F32, PST_FORMAT_F64, keep);
        check_nonfinite(PST_FORMAT_F64, PST_FORMAT_F32, keep);
    }
}

static void test_clipped(void) {
    static spy s;
    rig *r = make(&s, PST_FORMAT_F32, PST_FORMAT_I16, &no_limits);
    const float left[] = {0.5f, 3.0f, -3.0f, NAN};
    s.write = left;
    process(r, 2);
    const int16_t wanted[] = {16384, 32767, -32768, 0};
    CHECK(memcmp(r->out_block, wanted, sizeof wanted) == 0);
    CHECK_EQ(stats_of(r).n_clipped, 2);
    CHECK_EQ(stats_of(r).n_nonfinite, 1);
    rig_destroy(r);
}

// ---- Ends and missing rings --------------------------------------------------------------------

static void drop_rings(rig *r) {
    pst_ring_release(r->flow->in.ring);
    pst_ring_release(r->flow->out.ring);
    r->flow->in.ring = NULL;
    atomic_store(&r->flow->out.ring, NULL);
}

// The run ends to the frame, though the block goes on.
static void check_run_frames(pst_format device_format) {
    static spy s;
    pst_limits limits = no_limits;
    limits.output_run_frames = 150;
    rig *r = make(&s, PST_FORMAT_U8, device_format, &limits);
    drop_rings(r);
    uint8_t left[400];
    memset(left, 200, sizeof left);
    s.write = left;
    CHECK_EQ(process(r, 100), PST_CONTINUE);
    CHECK_EQ(process(r, 100), PST_COMPLETE);
    CHECK_EQ(s.n_calls, 2);
    uint8_t got[200];
    (void)pst_convert(got, PST_FORMAT_U8, r->out_block, device_format, 200, NULL);
    for (int i = 0; i < 200; ++i)
        CHECK_EQ(got[i], i < 100 ? 200 : 128);
    rig_destroy(r);
}

static void test_run_frames(void) {
    check_run_frames(PST_FORMAT_U8);
    check_run_frames(PST_FORMAT_I16);
}

static void test_without_rings(void) {
    static spy s;
    pst_limits limits = no_limits;
    limits.input_total_frames = 250;
    rig *r = make(&s, PST_FORMAT_I16, PST_FORMAT_I16, &limits);
    drop_rings(r);
    for (int i = 0; i < 2; ++i)
        CHECK_EQ(process(r, 100), PST_CONTINUE);
    // Nobody is waited for.
    CHECK(pst_stream_pace(r->flow, 100, 0));
    CHECK_EQ(process(r, 100), PST_COMPLETE);
    CHECK_EQ(s.n_calls, 3);
    const pst_stream_stats stats = stats_of(r);
    CHECK_EQ(stats.frames, 300);
    CHECK_EQ(stats.captured_frames + stats.dropped_frames + stats.skipped_frames, 0);
    CHECK_EQ(stats.played_frames + stats.missing_frames + stats.padded_frames, 0);
    CHECK_EQ(stats.n_xruns, 0);
    rig_destroy(r);
}

// A host that brings no input for once, or no room for the output.
static void test_missing_memory(void) {
    static spy s;
    rig *r = make(&s, PST_FORMAT_U8, PST_FORMAT_U8, &no_limits);
    rig_write(r, 10);
    const pst_block block = {.n_frames = 10, .now_ns = r->now_ns};
    CHECK_EQ(pst_stream_process(r->flow, &block), PST_CONTINUE);
    REQUIRE(s.n_calls == 1);
    CHECK(s.calls[0].input != NULL && s.calls[0].output != NULL);
    for (int i = 0; i < 20; ++i)
        CHECK(s.seen_input[i] == 128 && s.seen_output[i] == 128);
    CHECK_EQ(pst_ring_readable(r->flow->out.ring, 0), 10); // Not lost.
    rig_destroy(r);
}

static void test_one_side(void) {
    static spy s;
    for (int side = 0; side < 2; ++side) {
        rig_setup setup = {.has_input = side == 0,
                           .has_output = side == 1,
                           .in_format = PST_FORMAT_F32,
                           .in_device_format = PST_FORMAT_I16,
                           .out_format = PST_FORMAT_F32,
                           .out_device_format = PST_FORMAT_I16,
                           .in_channels = 1,
                           .out_channels = 1,
                           .in_capacity = 1000,
                           .out_capacity = 1000,
                           .callback = look,
                           .callback_user = &s,
                           .limits = no_limits};
        s = (spy){.from_call = MAX_CALLS, .in_frame_bytes = 4, .out_frame_bytes = 4};
        rig *r = rig_make(&setup);
        rig_block(r, 100, 0, 0);
        REQUIRE(s.n_calls == 1);
        CHECK_EQ(s.calls[0].input != NULL, side == 0);
        CHECK_EQ(s.calls[0].output != NULL, side == 1);
        rig_destroy(r);
    }
}

// ---- The channel matrix ------------------------------------------------------------------------

static pst_matrix *swap_channels(_Atomic(pst_matrix *) *place) {
    const float gains[] = {0, 1, 1, 0};
    pst_matrix *matrix = NULL;
    if (pst_matrix_create(&matrix, 2, 2, NULL) != PST_OK)
        abort();
    pst_matrix_set(matrix, gains);
    atomic_store(place, matrix); // The flow's from here on.
    return matrix;
}

static void check_swapped(const void *got, const void *plain, size_t n_frames, bool swapped) {
    const int16_t *a = got, *b = plain;
    for (size_t i = 0; i < 2 * n_frames; ++i)
        if (!CHECK_EQ(a[i], b[swapped ? i ^ 1 : i]))
            return;
}

// It lies between the device and the function, and a block has one set of gains however many pieces
// it comes in.
static void test_matrix(void) {
    static spy s;
    static int16_t left[2 * 8100];
    rig *r = make(&s, PST_FORMAT_I16, PST_FORMAT_I16, &no_limits);
    for (int i = 0; i < 2 * 8100; ++i)
        left[i] = (int16_t)(3 * i);
    s.write = left;
    (void)swap_channels(&r->flow->in.matrix);
    s.reset = swap_channels(&r->flow->out.matrix);
    process(r, 8000);
    CHECK_EQ(s.n_calls, 2);
    check_swapped(s.seen_input, r->in_block, 8000, true);
    check_swapped(r->out_block, left, 8000, true);
    pst_span span;
    CHECK_EQ(pst_ring_begin_read(r->flow->in.ring, 0, 8000, &span), 8000);
    check_swapped(span.data, r->in_block, 8000, true);
    pst_ring_commit_read(r->flow->in.ring, 0, 8000);
    process(r, 100);
    check_swapped(r->out_block, left + 2 * 8000, 100, false);
    CHECK(s.calls[2].input != r->in_block && s.calls[2].output == r->out_block);
    rig_destroy(r);
}

// An output that plays on without its ring waits for it as long as a block lasts, and no longer.
static void test_pace_of_a_run(void) {
    static spy s;
    pst_limits limits = no_limits;
    limits.output_run_frames = 1000;
    rig *r = make(&s, PST_FORMAT_F32, PST_FORMAT_F32, &limits);
    const int64_t begin_ns = pst_now_ns();
    while (!pst_stream_pace(r->flow, 480, PST_NS_PER_MS))
        if (!CHECK(pst_now_ns() - begin_ns < 10 * PST_NS_PER_SECOND))
            break;
    CHECK(pst_now_ns() - begin_ns >= 10 * PST_NS_PER_MS);
    CHECK_EQ(process(r, 480), PST_CONTINUE);
    rig_write(r, 480);
    CHECK(pst_stream_pace(r->flow, 480, 0));
    CHECK_EQ(process(r, 480), PST_CONTINUE);
    CHECK_EQ(stats_of(r).padded_frames, 480);
    CHECK_EQ(stats_of(r).played_frames, 480);
    CHECK_EQ(stats_of(r).n_xruns, 0);
    rig_destroy(r);
}

int main(void) {
    RUN(test_direct);
    RUN(test_times);
    RUN(test_formats);
    RUN(test_pieces);
    RUN(test_complete);
    RUN(test_abort);
    RUN(test_policy_and_complete);
    RUN(test_not_called);
    RUN(test_nonfinite);
    RUN(test_clipped);
    RUN(test_run_frames);
    RUN(test_without_rings);
    RUN(test_missing_memory);
    RUN(test_one_side);
    RUN(test_matrix);
    RUN(test_pace_of_a_run);
    return check_done();
}
