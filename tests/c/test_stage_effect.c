// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

// Effects in a chain: sound of any format, cut anyhow, comes out as the effect itself makes it,
// and gaps, fillers and segments are where they belong.

#include <math.h>

#include "failing_alloc.h"
#include "pastream/effects.h"
#include "stage_rig.h"

static const pst_format formats[] = {PST_FORMAT_F32, PST_FORMAT_F64, PST_FORMAT_I32, PST_FORMAT_I24,
                                     PST_FORMAT_I16, PST_FORMAT_I8,  PST_FORMAT_U8};
enum { N_FORMATS = 7, N = 7000, MOST_DELAY = 700, N_RUNS = 7, N_KINDS = 6, MOST_CHANNELS = 3 };

static uint8_t data[8 * MOST_CHANNELS * N];
static uint8_t wanted[8 * MOST_CHANNELS * (N + N_RUNS * MOST_DELAY)];
static int64_t wanted_frames[N + N_RUNS * MOST_DELAY];
static bool wanted_fillers[N + N_RUNS * MOST_DELAY];
static bool wanted_begins[N + N_RUNS * MOST_DELAY];
static uint64_t n_wanted;

// What follows what: a segment with a filler in it, a short gap, a long one, another segment. The
// third run is shorter than the delays.
static const rig_run runs[N_RUNS] = {
    {1000, 500, false, true},   {300, 1500, true, false},    {150, 1800, false, false},
    {90, 2000, false, false},   {2460, 90000, false, false}, {2000, 10, false, true},
    {1000, 5000, false, false},
};

static pst_effect *make(int kind, pst_format format, uint32_t n_channels) {
    static const double sos[6] = {0.2, 0.1, 0.2, 1.0, -1.2, 0.7};
    static double taps[300];
    for (int k = 0; k < 300; ++k)
        taps[k] = 0.02 * cos(0.3 * k) * exp(-0.02 * k);
    const pst_format middle =
        format == PST_FORMAT_F32 || format == PST_FORMAT_I16 ? PST_FORMAT_F32 : PST_FORMAT_F64;
    pst_compressor_config compressor;
    pst_limiter_config limiter;
    pst_compressor_config_default(&compressor);
    pst_limiter_config_default(&limiter);
    limiter.ceiling_db = -12.0;
    pst_effect *effect = NULL;
    pst_status status = PST_OK;
    switch (kind) {
    case 0:
        status = pst_effect_delay(&effect, middle, n_channels, MOST_DELAY, NULL);
        break;
    case 1:
        status = pst_effect_delay(&effect, middle, n_channels, 0, NULL);
        break;
    case 2:
        status = pst_effect_fir(&effect, middle, n_channels, taps, 300, NULL);
        break;
    case 3:
        status = pst_effect_iir(&effect, middle, n_channels, sos, 1, NULL);
        break;
    case 4:
        status = pst_effect_compressor(&effect, middle, n_channels, &compressor, NULL);
        break;
    default:
        status = pst_effect_limiter(&effect, middle, n_channels, &limiter, NULL);
    }
    return status == PST_OK ? effect : NULL;
}

static void fill(pst_format format, uint32_t n_channels) {
    static double wide[MOST_CHANNELS * N];
    uint64_t seed = 4;
    for (size_t i = 0; i < (size_t)N * n_channels; ++i)
        wide[i] = 0.9 * ((double)check_random(&seed) * 0x1p-31 - 1.0);
    (void)pst_convert(data, format, wide, PST_FORMAT_F64, (size_t)N * n_channels, NULL);
}

// Adds a sample-for-sample result; the first n_skip frames of it are dropped.
static void want(pst_effect *effect, pst_format format, const uint8_t *from, uint64_t n_frames,
                 uint64_t n_skip) {
    pst_effect_info info;
    pst_effect_get_info(effect, &info);
    static double samples[MOST_CHANNELS * (N + MOST_DELAY)];
    const size_t n = (size_t)n_frames * info.n_channels, skipped = (size_t)n_skip * info.n_channels;
    memset(samples, 0, sizeof samples);
    if (from != NULL)
        (void)pst_convert(samples, info.format, from, format, n, NULL);
    pst_effect_process(effect, samples, n_frames);
    (void)pst_convert(wanted + (size_t)n_wanted * info.n_channels * pst_format_bytes(format),
                      format, (uint8_t *)samples + skipped * pst_format_bytes(info.format),
                      info.format, n - skipped, NULL);
    n_wanted += n_frames - n_skip;
}

// One run of frames that follow each other, from one of `runs` to another.
static void want_run(int kind, pst_effect *effect, pst_format format, int first, int last) {
    pst_effect_info info;
    pst_effect_get_info(effect, &info);
    const uint64_t delay = info.delay_frames;
    const bool is_new = runs[first].begins;
    uint64_t at = 0, n = 0;
    for (int i = 0; i < last; ++i) {
        at += i < first ? runs[i].n_frames : 0;
        n += i < first ? 0 : runs[i].n_frames;
    }
    if (is_new || kind == 2 || kind == 3)
        pst_effect_reset(effect);
    const bool is_late = info.is_delay_wanted && is_new;
    const uint64_t begin = n_wanted;
    const uint8_t *from = data + at * info.n_channels * pst_format_bytes(format);
    // Together with what is inside: the effect itself is cut anyhow, which its own test looks at.
    static uint8_t whole[8 * MOST_CHANNELS * (N + MOST_DELAY)];
    pst_silence(whole, format, (size_t)(n + delay) * info.n_channels);
    memcpy(whole, from, (size_t)n * info.n_channels * pst_format_bytes(format));
    want(effect, format, whole, n + delay, is_late ? 0 : delay);
    for (uint64_t i = begin; i < n_wanted; ++i) {
        const bool is_moved = info.is_delay_wanted && !is_new;
        wanted_frames[i] = runs[first].frame + (int64_t)(i - begin + (is_moved ? delay : 0));
        wanted_begins[i] = is_new && i == begin;
        // 300 frames of the first run, from its frame 1000 on.
        const uint64_t in = i - begin - (is_late ? delay : 0);
        wanted_fillers[i] = first == 0 && in >= 1000 && in < 1300;
    }
}

static void check_effect(int kind, pst_format format, uint32_t n_channels, uint64_t seed) {
    fill(format, n_channels);
    pst_effect *effect = make(kind, format, n_channels);
    n_wanted = 0;
    want_run(kind, effect, format, 0, 3);
    want_run(kind, effect, format, 3, 4);
    want_run(kind, effect, format, 4, 5);
    want_run(kind, effect, format, 5, 6);
    want_run(kind, effect, format, 6, 7);
    pst_effect_destroy(effect);
    rig_result result = {0};
    const uint32_t most = seed % 2 == 0 ? 5000 : 37;
    rig_source *source = rig_make_source(data, format, n_channels, 0.0, most, seed);
    for (int i = 0; i < N_RUNS; ++i)
        rig_add_run(source, runs[i].n_frames, runs[i].frame, runs[i].is_filler, runs[i].begins);
    pst_stage *stage = NULL;
    CHECK_EQ(pst_stage_effect(&stage, format, make(kind, format, n_channels), NULL), PST_OK);
    pst_sink *sink = rig_make_sink(&result, format, n_channels, 0.0, most, seed + 1);
    pst_chain_release(rig_run_chain(&source->base, &stage, 1, sink));
    CHECK_EQ(result.n_frames, n_wanted);
    int n_wrong = 0;
    for (uint64_t i = 0; i < n_wanted && i < result.n_frames; ++i)
        n_wrong += result.frames[i] != wanted_frames[i] || result.begins[i] != wanted_begins[i] ||
                   result.fillers[i] != wanted_fillers[i];
    CHECK_TEXT(n_wrong == 0, "kind %d: %d frames are not what they should be", kind, n_wrong);
    CHECK_TEXT(result.n_frames == n_wanted &&
                   memcmp(result.data, wanted,
                          (size_t)n_wanted * n_channels * pst_format_bytes(format)) == 0,
               "kind %d, %s, %u channels", kind, pst_format_name(format), (unsigned)n_channels);
    rig_forget(&result);
}

static void test_sound_comes_out_as_the_effect_makes_it(void) {
    for (int kind = 0; kind < N_KINDS; ++kind)
        for (int f = 0; f < N_FORMATS; ++f)
            for (uint32_t n_channels = 1; n_channels <= MOST_CHANNELS; n_channels += 2)
                check_effect(kind, formats[f], n_channels, (uint64_t)(kind + f) + n_channels / 2);
}

static void test_what_is_no_number_is_counted(void) {
    float *samples = (float *)(void *)data;
    for (int kind = 0; kind < N_KINDS; ++kind) {
        fill(PST_FORMAT_F32, 1);
        samples[100] = NAN;
        samples[5000] = -INFINITY;
        rig_result result = {0};
        rig_source *source = rig_make_source(data, PST_FORMAT_F32, 1, 0.0, 900, 1);
        rig_add_run(source, N, 0, false, true);
        pst_stage *stage = NULL;
        CHECK_EQ(pst_stage_effect(&stage, PST_FORMAT_F32, make(kind, PST_FORMAT_F32, 1), NULL),
                 PST_OK);
        pst_sink *sink = rig_make_sink(&result, PST_FORMAT_F32, 1, 0.0, 900, 1);
        pst_chain *chain = rig_run_chain(&source->base, &stage, 1, sink);
        pst_convert_counts counts;
        pst_stage_get_counts(stage, &counts);
        CHECK_EQ(counts.n_nonfinite, 2);
        pst_chain_release(chain);
        int n_bad = 0;
        for (uint64_t i = 0; i < result.n_frames; ++i)
            n_bad += !(fabsf(((float *)(void *)result.data)[i]) < 2.0F);
        CHECK_EQ(n_bad, 0);
        rig_forget(&result);
    }
}

static void test_what_clips_is_counted(void) {
    const double loud = 3.0;
    fill(PST_FORMAT_I16, 1);
    pst_effect *effect = NULL;
    CHECK_EQ(pst_effect_fir(&effect, PST_FORMAT_F64, 1, &loud, 1, NULL), PST_OK);
    pst_stage *stage = NULL;
    CHECK_EQ(pst_stage_effect(&stage, PST_FORMAT_I16, effect, NULL), PST_OK);
    rig_result result = {0};
    rig_source *source = rig_make_source(data, PST_FORMAT_I16, 1, 0.0, 900, 1);
    rig_add_run(source, N, 0, false, true);
    pst_chain *chain = rig_run_chain(&source->base, &stage, 1,
                                     rig_make_sink(&result, PST_FORMAT_I16, 1, 0.0, 900, 1));
    pst_convert_counts counts;
    pst_stage_get_counts(stage, &counts);
    pst_chain_release(chain);
    uint64_t n_clipped = 0;
    for (int i = 0; i < N; ++i) {
        const int x = 3 * ((int16_t *)(void *)data)[i];
        n_clipped += x > INT16_MAX || x < INT16_MIN;
    }
    CHECK(n_clipped > 1000);
    CHECK_EQ(counts.n_clipped, n_clipped);
    CHECK_EQ(counts.n_nonfinite, 0);
    rig_forget(&result);
}

static void test_a_reset_forgets_the_sound(void) {
    for (int kind = 0; kind < N_KINDS; ++kind) {
        pst_stage *stage = NULL;
        fill(PST_FORMAT_F64, 1);
        CHECK_EQ(pst_stage_effect(&stage, PST_FORMAT_F64, make(kind, PST_FORMAT_F64, 1), NULL),
                 PST_OK);
        double first[200] = {0};
        for (int round = 0; round < 2; ++round) {
            const pst_piece in = {.data = data, .n_frames = 2000, .frame = 7};
            pst_piece out = {0};
            uint64_t n_used = 0;
            CHECK_EQ(stage->ops->process(stage, &in, &n_used, &out, NULL), PST_OK);
            CHECK(n_used > 0 && out.n_frames > 200 && out.frame == 7);
            if (round == 0)
                memcpy(first, out.data, sizeof first);
            else
                CHECK(memcmp(first, out.data, sizeof first) == 0);
            CHECK_EQ(stage->ops->reset(stage, NULL), PST_OK);
            out = (pst_piece){0};
            CHECK_EQ(stage->ops->drain(stage, &out, NULL), PST_OK);
            CHECK_EQ(out.n_frames, 0);
        }
        pst_stage_destroy(stage);
    }
}

static void test_arguments_are_checked(void) {
    pst_effect *effect = make(0, PST_FORMAT_F32, 1);
    pst_stage *stage = NULL;
    CHECK_EQ(pst_stage_effect(&stage, (pst_format)0, effect, NULL), PST_BAD_ARGUMENT);
    CHECK(stage == NULL);
    pst_effect_destroy(effect); // Still ours.
}

static void test_every_allocation_failing_in_turn(void) {
    if (!failing_alloc_works()) {
        check_skip("needs an allocator of our own");
        return;
    }
    for (int kind = 0; kind < N_KINDS; ++kind) {
        bool got_by = false;
        int n_failed = 0;
        for (long n = 1; n < 60 && !got_by; ++n) {
            failing_alloc_begin(n);
            pst_effect *effect = make(kind, PST_FORMAT_I16, 3);
            pst_stage *stage = NULL;
            pst_status status = PST_NO_MEMORY;
            if (effect != NULL)
                status = pst_stage_effect(&stage, PST_FORMAT_I16, effect, NULL);
            if (status == PST_OK)
                pst_stage_destroy(stage);
            else
                pst_effect_destroy(effect);
            got_by = failing_alloc_end() < n;
            CHECK_EQ(status, got_by ? PST_OK : PST_NO_MEMORY);
            CHECK_EQ(failing_alloc_live(), 0);
            n_failed += status != PST_OK;
        }
        CHECK(got_by && n_failed >= 4);
    }
}

int main(void) {
    RUN(test_every_allocation_failing_in_turn);
    RUN(test_sound_comes_out_as_the_effect_makes_it);
    RUN(test_what_is_no_number_is_counted);
    RUN(test_what_clips_is_counted);
    RUN(test_a_reset_forgets_the_sound);
    RUN(test_arguments_are_checked);
    return check_done();
}
