// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

// Stages on the caller's thread: what is put in comes out, buffer by buffer, with its time.

#include "pastream/processor.h"

#include <stdlib.h>

#include "check.h"
#include "failing_alloc.h"
#include "pastream/effects.h"

enum { N = 20000 };

static float sound[2 * N], planes[2 * N], wanted[2 * N];

static void fill(void) {
    uint64_t seed = 9;
    for (int i = 0; i < 2 * N; ++i)
        sound[i] = (float)check_random(&seed) * 0x1p-32F - 0.5F;
}

static pst_buffer buffer_of(const void *data, uint64_t n_frames, uint32_t n_channels) {
    return (pst_buffer){
        .media = {.format = PST_FORMAT_F32, .n_channels = n_channels, .rate_hz = 48000.0},
        .data = data,
        .n_frames = n_frames,
        .pts = PST_NO_PTS};
}

static pst_stage *gain_stage(double gain) {
    pst_stage *stage = NULL;
    CHECK_EQ(pst_stage_gain(&stage, PST_FORMAT_F32, 2, gain, 0, NULL), PST_OK);
    return stage;
}

static pst_stage *delay_stage(uint64_t n_frames) {
    pst_effect *effect = NULL;
    pst_stage *stage = NULL;
    CHECK_EQ(pst_effect_delay(&effect, PST_FORMAT_F32, 2, n_frames, NULL), PST_OK);
    CHECK_EQ(pst_stage_effect(&stage, PST_FORMAT_F32, effect, NULL), PST_OK);
    return stage;
}

static pst_processor *make(pst_stage *const *stages, uint32_t n_stages) {
    pst_processor *processor = NULL;
    pst_error err = {0};
    CHECK_TEXT(pst_processor_create(&processor, stages, n_stages, &err) == PST_OK, "%s", err.text);
    return processor;
}

static void test_each_buffer_comes_out_as_one(void) {
    fill();
    pst_stage *const stages[] = {gain_stage(0.5), gain_stage(3.0)};
    pst_processor *processor = make(stages, 2);
    pst_buffer out;
    CHECK_EQ(pst_processor_get(processor, &out), PST_TIMEOUT);
    static const uint64_t sizes[] = {1, 9000, 64, 0, 7000}; // More than a stage takes at once.
    uint64_t at = 0;
    for (int i = 0; i < 5; ++i) { // All wait.
        const pst_buffer in = buffer_of(sound + 2 * at, sizes[i], 2);
        CHECK_EQ(pst_processor_put(processor, &in, NULL), PST_OK);
        at += sizes[i];
    }
    at = 0;
    for (int i = 0; i < 5; ++i) {
        if (sizes[i] == 0)
            continue;
        CHECK_EQ(pst_processor_get(processor, &out), PST_OK);
        CHECK_EQ(out.n_frames, sizes[i]);
        CHECK_EQ(out.pts, at);
        CHECK_EQ(out.media.format, PST_FORMAT_F32);
        CHECK_EQ(out.media.n_channels, 2);
        CHECK(out.media.rate_hz == 48000.0);
        CHECK(!out.is_planar);
        int n_wrong = 0;
        for (uint64_t k = 0; k < 2 * out.n_frames; ++k)
            n_wrong += ((const float *)out.data)[k] != 0.5F * sound[2 * at + k] * 3.0F;
        CHECK_EQ(n_wrong, 0);
        at += sizes[i];
    }
    CHECK_EQ(pst_processor_get(processor, &out), PST_TIMEOUT);
    CHECK_EQ(pst_processor_flush(processor, NULL), PST_OK);
    CHECK_EQ(pst_processor_get(processor, &out), PST_END);
    CHECK_EQ(pst_processor_get(processor, &out), PST_END);
    pst_processor_destroy(processor);
}

static void test_planes_are_put_in_order(void) {
    fill();
    for (int i = 0; i < N; ++i) {
        planes[i] = sound[2 * i];
        planes[N + i] = sound[2 * i + 1];
    }
    pst_stage *const stage = gain_stage(-1.0);
    pst_processor *processor = make(&stage, 1);
    pst_buffer in = buffer_of(planes, N, 2), out;
    in.is_planar = true;
    CHECK_EQ(pst_processor_put(processor, &in, NULL), PST_OK);
    CHECK_EQ(pst_processor_get(processor, &out), PST_OK);
    CHECK_EQ(out.n_frames, N);
    int n_wrong = 0;
    for (int i = 0; i < 2 * N; ++i)
        n_wrong += ((const float *)out.data)[i] != -sound[i];
    CHECK_EQ(n_wrong, 0);
    pst_processor_destroy(processor);
}

// What is inside comes with the flush; a reset makes all as it was.
static void test_flush_and_reset(void) {
    fill();
    pst_stage *const stage = delay_stage(100);
    pst_processor *processor = make(&stage, 1);
    for (int round = 0; round < 3; ++round) {
        pst_buffer in = buffer_of(sound, 250, 2), out;
        in.pts = 1000;
        pst_error err = {0};
        CHECK_EQ(pst_processor_put(processor, &in, NULL), PST_OK);
        if (round == 1) { // With something that waits, and something that is inside.
            CHECK_EQ(pst_processor_reset(processor, NULL), PST_OK);
            CHECK_EQ(pst_processor_get(processor, &out), PST_TIMEOUT);
            continue;
        }
        CHECK_EQ(pst_processor_flush(processor, NULL), PST_OK);
        CHECK_EQ(pst_processor_flush(processor, NULL), PST_OK);
        CHECK_EQ(pst_processor_put(processor, &in, &err), PST_BAD_STATE);
        CHECK_STR(err.text, "the processor was flushed; reset it first");
        CHECK(pst_processor_origin(processor) == NULL);
        memset(wanted, 0, sizeof wanted);
        memcpy(wanted + 200, sound, 500 * sizeof *sound);
        CHECK_EQ(pst_processor_get(processor, &out), PST_OK);
        CHECK_EQ(out.n_frames, 250);
        CHECK_EQ(out.pts, 1000);
        CHECK(memcmp(out.data, wanted, 500 * sizeof *sound) == 0);
        CHECK_EQ(pst_processor_get(processor, &out), PST_OK);
        CHECK_EQ(out.n_frames, 100);
        CHECK_EQ(out.pts, 1250);
        CHECK(memcmp(out.data, wanted + 500, 200 * sizeof *sound) == 0);
        CHECK_EQ(pst_processor_get(processor, &out), PST_END);
        CHECK_EQ(pst_processor_reset(processor, NULL), PST_OK);
    }
    pst_processor_destroy(processor);
}

static void test_times_keep_their_base(void) {
    pst_stage *const stage = gain_stage(2.0);
    pst_processor *processor = make(&stage, 1);
    pst_buffer in = buffer_of(sound, 480, 2), out;
    in.media.time_base_num = 1;
    in.media.time_base_den = 1000;
    for (int64_t i = 0; i < 3; ++i) {
        in.pts = i == 2 ? 5000 : 40 + 10 * i; // A gap.
        CHECK_EQ(pst_processor_put(processor, &in, NULL), PST_OK);
        CHECK_EQ(pst_processor_get(processor, &out), PST_OK);
        CHECK_EQ(out.pts, in.pts);
        CHECK_EQ(out.media.time_base_num, 1);
        CHECK_EQ(out.media.time_base_den, 1000);
    }
    pst_processor_destroy(processor);
}

static void test_errors_name_their_stage(void) {
    pst_stage *const stages[] = {gain_stage(1.0), delay_stage(1)};
    pst_processor *processor = make(stages, 2);
    pst_error err = {0};
    pst_buffer in = buffer_of(sound, 10, 1), out;
    CHECK_EQ(pst_processor_put(processor, &in, &err), PST_BAD_ARGUMENT);
    CHECK_STR(err.text,
              "gain takes 2 channels of float32; what came is 1 channel of float32 at 48000 Hz");
    CHECK_STR(pst_processor_origin(processor), "gain");
    in = buffer_of(sound, 10, 2); // It goes on.
    CHECK_EQ(pst_processor_put(processor, &in, &err), PST_OK);
    CHECK(pst_processor_origin(processor) == NULL);
    CHECK_EQ(pst_processor_get(processor, &out), PST_OK);
    in.media.kind = PST_MEDIA_PACKETS;
    CHECK_EQ(pst_processor_put(processor, &in, &err), PST_BAD_ARGUMENT);
    CHECK_STR(err.text, "the buffer is of packets; it must be of frames");
    pst_processor_destroy(processor);
    pst_processor_destroy(NULL);
}

static void test_stages_have_to_fit(void) {
    pst_stage *stages[17] = {gain_stage(1.0)};
    CHECK_EQ(
        pst_stage_convert(&stages[1], PST_FORMAT_F64, PST_FORMAT_I16, 2, PST_DITHER_NONE, 0, NULL),
        PST_OK);
    pst_processor *processor = NULL;
    pst_error err = {0};
    CHECK_EQ(pst_processor_create(&processor, stages, 2, &err), PST_BAD_ARGUMENT);
    CHECK_STR(err.text, "stage 1 (gain) gives 2 channels of float32, stage 2 (convert) takes 2 "
                        "channels of float64");
    CHECK_EQ(pst_processor_create(&processor, stages, 0, &err), PST_BAD_ARGUMENT);
    CHECK_EQ(pst_processor_create(&processor, stages, 17, &err), PST_BAD_ARGUMENT);
    CHECK_STR(err.text, "n_stages is 17; it must be from 1 to 16");
    CHECK(processor == NULL);
    pst_stage_destroy(stages[0]); // Still ours.
    pst_stage_destroy(stages[1]);
}

// Once the sizes are known, buffers are used again.
static void test_nothing_is_allocated_in_the_long_run(void) {
    if (!failing_alloc_works()) {
        check_skip("needs an allocator of our own");
        return;
    }
    pst_stage *const stages[] = {gain_stage(0.3), delay_stage(10)};
    pst_processor *processor = make(stages, 2);
    const pst_buffer in = buffer_of(sound, 960, 2);
    pst_buffer out;
    for (int round = 0; round < 100; ++round) {
        if (round == 10)
            failing_alloc_begin(1); // The next one fails.
        CHECK_EQ(pst_processor_put(processor, &in, NULL), PST_OK);
        CHECK_EQ(pst_processor_put(processor, &in, NULL), PST_OK);
        CHECK_EQ(pst_processor_get(processor, &out), PST_OK);
        CHECK_EQ(pst_processor_get(processor, &out), PST_OK);
    }
    CHECK_EQ(failing_alloc_end(), 0);
    pst_processor_destroy(processor);
}

static void test_every_allocation_failing_in_turn(void) {
    if (!failing_alloc_works()) {
        check_skip("needs an allocator of our own");
        return;
    }
    for (long n = 1; n < 20; ++n) {
        pst_stage *stage = delay_stage(100);
        pst_processor *processor = NULL;
        pst_buffer in = buffer_of(sound, 5000, 2);
        in.is_planar = true;
        failing_alloc_begin(n);
        pst_status status = pst_processor_create(&processor, &stage, 1, NULL);
        for (int i = 0; i < 2 && status == PST_OK; ++i)
            status = pst_processor_put(processor, &in, NULL);
        if (status == PST_OK)
            status = pst_processor_flush(processor, NULL);
        const bool got_by = failing_alloc_end() < n;
        CHECK_EQ(status, got_by ? PST_OK : PST_NO_MEMORY);
        if (processor == NULL)
            pst_stage_destroy(stage);
        pst_processor_destroy(processor);
        if (got_by) {
            CHECK(n > 5);
            return;
        }
    }
    FAIL("it needs memory again and again");
}

int main(void) {
    RUN(test_every_allocation_failing_in_turn);
    RUN(test_nothing_is_allocated_in_the_long_run);
    RUN(test_each_buffer_comes_out_as_one);
    RUN(test_planes_are_put_in_order);
    RUN(test_flush_and_reset);
    RUN(test_times_keep_their_base);
    RUN(test_errors_name_their_stage);
    RUN(test_stages_have_to_fit);
    return check_done();
}
