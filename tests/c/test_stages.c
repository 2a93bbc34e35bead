// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include <math.h>

#include "core/dither.h"
#include "core/speakers.h"
#include "failing_alloc.h"
#include "stage_rig.h"

// Stages that give a frame for a frame: what they make of the samples, and that everything else
// comes through as it was.

static const pst_format formats[] = {PST_FORMAT_F32, PST_FORMAT_F64, PST_FORMAT_I32, PST_FORMAT_I24,
                                     PST_FORMAT_I16, PST_FORMAT_I8,  PST_FORMAT_U8};
enum { N_FORMATS = sizeof formats / sizeof formats[0], N = 12000, MAX_CHANNELS = 8 };

static uint8_t data[8 * MAX_CHANNELS * N];
static uint8_t wanted[8 * MAX_CHANNELS * N];
static double wide[MAX_CHANNELS * N];

// Half of full scale, so that nothing clips that should not.
static void fill(pst_format format, uint32_t n_channels, uint64_t seed) {
    for (size_t i = 0; i < (size_t)N * n_channels; ++i)
        wide[i] = (double)check_random(&seed) * 0x1p-32 - 0.5;
    (void)pst_convert(data, format, wide, PST_FORMAT_F64, (size_t)N * n_channels, NULL);
    (void)pst_convert(wide, PST_FORMAT_F64, data, format, (size_t)N * n_channels, NULL);
}

// Segments, gaps and fillers.
static rig_source *make_source(pst_format format, uint32_t n_channels, uint64_t most,
                               uint64_t seed) {
    rig_source *source = rig_make_source(data, format, n_channels, 0.0, most, seed);
    rig_add_run(source, 1, 100, false, true);
    rig_add_run(source, 4999, 101, false, false);
    rig_add_run(source, 700, 5100, true, false);
    rig_add_run(source, 2300, 5800, false, false);
    rig_add_run(source, 3000, 1000000, false, false); // A gap.
    rig_add_run(source, 1000, 70, false, true);
    return source;
}

static int64_t frame_of(uint64_t i) {
    return i < 8000 ? 100 + (int64_t)i : i < 11000 ? 992000 + (int64_t)i : (int64_t)i - 10930;
}

static void check_numbers(const rig_result *result) {
    CHECK_EQ(result->n_frames, N);
    int n_wrong = 0;
    for (uint64_t i = 0; i < result->n_frames; ++i)
        n_wrong += result->frames[i] != frame_of(i) ||
                   result->fillers[i] != (i >= 5000 && i < 5700) ||
                   result->begins[i] != (i == 0 || i == 11000);
    CHECK_EQ(n_wrong, 0);
    CHECK_EQ(result->n_ends, 1);
}

// Runs all the data through one stage.
static void run_stage(rig_result *result, pst_stage *stage, uint64_t most, uint64_t seed,
                      pst_convert_counts *counts) {
    rig_forget(result);
    rig_source *source = make_source(stage->in.format, stage->in.n_channels, most, seed);
    pst_sink *sink =
        rig_make_sink(result, stage->out.format, stage->out.n_channels, 0.0, most, seed + 1);
    pst_chain *chain = rig_run_chain(&source->base, &stage, 1, sink);
    pst_chain_progress progress;
    pst_chain_get_progress(chain, &progress);
    CHECK_EQ(progress.pulled_frames, N);
    CHECK_EQ(progress.pushed_frames, N);
    CHECK_EQ(progress.filler_frames, 700);
    CHECK_EQ(progress.dropped_frames, 0);
    CHECK_EQ(progress.next_frame, 70 + 1000);
    if (counts != NULL)
        pst_stage_get_counts(stage, counts);
    pst_chain_release(chain);
    check_numbers(result);
}

// ---- Remix -------------------------------------------------------------------------------------

static void test_remix_applies_its_gains(void) {
    static const float gains[3 * 2] = {1.0f, 0.0f, 0.5f, 0.5f, 0.0f, -0.25f};
    rig_result result = {0};
    for (int f = 0; f < N_FORMATS; ++f)
        for (int g = 0; g < 2; ++g) {
            const pst_format out = g == 0 ? formats[f] : PST_FORMAT_F64;
            fill(formats[f], 2, (uint64_t)f);
            pst_stage *stage = NULL;
            CHECK_EQ(pst_stage_remix(&stage, formats[f], 2, out, 3, gains, NULL), PST_OK);
            pst_convert_counts counts;
            run_stage(&result, stage, g == 0 ? 1000 : 9000, (uint64_t)g, &counts);
            CHECK_EQ(counts.n_clipped + counts.n_nonfinite, 0);
            double mixed[3], most = 0.0;
            for (int i = 0; i < N; ++i) {
                (void)pst_convert(mixed, PST_FORMAT_F64,
                                  result.data + (size_t)i * 3 * pst_format_bytes(out), out, 3,
                                  NULL);
                for (int d = 0; d < 3; ++d)
                    most = fmax(most, fabs(mixed[d] - (double)gains[2 * d] * wide[2 * i] -
                                           (double)gains[2 * d + 1] * wide[2 * i + 1]));
            }
            const double step = out == PST_FORMAT_F32 || out == PST_FORMAT_F64
                                    ? 0x1p-23
                                    : ldexp(1.0, 1 - 8 * (int)pst_format_bytes(out));
            CHECK_TEXT(most <= 0.51 * step + 1e-7, "%s: %g", pst_format_name(out), most);
        }
    rig_forget(&result);
}

static void test_remix_without_change_keeps_every_bit(void) {
    rig_result result = {0};
    for (size_t i = 0; i < sizeof data; ++i)
        data[i] = (uint8_t)(i * 7 + i / 256); // NaN and infinities, too.
    for (int f = 0; f < N_FORMATS; ++f) {
        pst_stage *stage = NULL;
        CHECK_EQ(pst_stage_remix(&stage, formats[f], 2, formats[f], 2, NULL, NULL), PST_OK);
        run_stage(&result, stage, 500, 3, NULL);
        CHECK(memcmp(result.data, data, (size_t)N * 2 * pst_format_bytes(formats[f])) == 0);
    }
    rig_forget(&result);
}

// One loudspeaker after the other, as the rules of Web Audio have it.
static double speaker(uint32_t n_in, uint32_t n_out, uint32_t d, const double *x) {
    const double root = sqrt(0.5);
    switch (10 * n_in + n_out) {
    case 12:
        return x[0];
    case 14:
        return d < 2 ? x[0] : 0.0;
    case 16:
        return d == 2 ? x[0] : 0.0;
    case 24:
    case 26:
        return d < 2 ? x[d] : 0.0;
    case 46:
        return d < 2 ? x[d] : d > 3 ? x[d - 2] : 0.0;
    case 21:
        return (x[0] + x[1]) / 2;
    case 41:
        return (x[0] + x[1] + x[2] + x[3]) / 4;
    case 61:
        return root * (x[0] + x[1]) + x[2] + (x[4] + x[5]) / 2;
    case 42:
        return (x[d] + x[d + 2]) / 2;
    case 62:
        return x[d] + root * (x[2] + x[d + 4]);
    case 64:
        return d < 2 ? x[d] + root * x[2] : x[d + 2];
    default:
        return d < n_in ? x[d] : 0.0;
    }
}

static void test_the_usual_gains_are_those_of_web_audio(void) {
    uint64_t random = 1;
    for (uint32_t n_in = 1; n_in <= MAX_CHANNELS; ++n_in)
        for (uint32_t n_out = 1; n_out <= MAX_CHANNELS; ++n_out) {
            float gains[MAX_CHANNELS * MAX_CHANNELS];
            pst_remix_gains(gains, n_in, n_out);
            double x[MAX_CHANNELS];
            for (uint32_t s = 0; s < n_in; ++s)
                x[s] = (double)check_random(&random) * 0x1p-32;
            for (uint32_t d = 0; d < n_out; ++d) {
                double sum = 0.0;
                for (uint32_t s = 0; s < n_in; ++s)
                    sum += (double)gains[d * n_in + s] * x[s];
                CHECK_TEXT(fabs(sum - speaker(n_in, n_out, d, x)) < 1e-6, "%u to %u, %u", n_in,
                           n_out, d);
            }
        }
    // And they are what a stage uses.
    rig_result result = {0};
    fill(PST_FORMAT_F32, 6, 9);
    pst_stage *stage = NULL;
    CHECK_EQ(pst_stage_remix(&stage, PST_FORMAT_F32, 6, PST_FORMAT_F32, 2, NULL, NULL), PST_OK);
    run_stage(&result, stage, 3000, 1, NULL);
    const float *got = (const float *)(void *)result.data;
    for (uint32_t i = 0; i < N; i += 17)
        for (uint32_t d = 0; d < 2; ++d)
            CHECK(fabs((double)got[2 * i + d] - speaker(6, 2, d, wide + (size_t)6 * i)) < 1e-6);
    rig_forget(&result);
}

// ---- Gain --------------------------------------------------------------------------------------

static void test_gain_multiplies(void) {
    static const double gains[] = {0.5, 0.0, -1.0, 0.9, 1.7, 1.0};
    rig_result result = {0};
    for (int f = 0; f < N_FORMATS; ++f)
        for (size_t g = 0; g < sizeof gains / sizeof *gains; ++g) {
            const pst_format format = formats[f];
            fill(format, 2, (uint64_t)f);
            pst_stage *stage = NULL;
            CHECK_EQ(pst_stage_gain(&stage, format, 2, gains[g], 100, NULL), PST_OK);
            pst_convert_counts counts;
            run_stage(&result, stage, 2500, g, &counts);
            for (int i = 0; i < 2 * N; ++i)
                wide[i] *= gains[g];
            pst_convert_counts expected = {0, 0};
            (void)pst_convert(wanted, format, wide, PST_FORMAT_F64, (size_t)2 * N, &expected);
            if (gains[g] == 0.5 || gains[g] == 0.0 || gains[g] == -1.0 || gains[g] == 1.0)
                CHECK_TEXT(memcmp(result.data, wanted, (size_t)2 * N * pst_format_bytes(format)) ==
                               0,
                           "%s times %g", pst_format_name(format), gains[g]);
            double most = 0.0;
            for (int i = 0; i < 2 * N; ++i) {
                double got, right;
                const size_t at = (size_t)i * pst_format_bytes(format);
                (void)pst_convert(&got, PST_FORMAT_F64, result.data + at, format, 1, NULL);
                (void)pst_convert(&right, PST_FORMAT_F64, wanted + at, format, 1, NULL);
                most = fmax(most, fabs(got - right));
            }
            const bool is_narrow = format == PST_FORMAT_I8 || format == PST_FORMAT_U8;
            CHECK_TEXT(most <= (is_narrow ? 0x1p-7 : 0x1p-15), "%s times %g: %g",
                       pst_format_name(format), gains[g], most);
            CHECK_EQ(counts.n_clipped, 0);
        }
    rig_forget(&result);
}

static void test_gain_counts_what_clips(void) {
    rig_result result = {0};
    fill(PST_FORMAT_I16, 2, 1);
    pst_stage *stage = NULL;
    CHECK_EQ(pst_stage_gain(&stage, PST_FORMAT_I16, 2, 4.0, 0, NULL), PST_OK);
    pst_convert_counts counts;
    run_stage(&result, stage, 2500, 2, &counts);
    uint64_t n_clipped = 0;
    for (int i = 0; i < 2 * N; ++i)
        n_clipped += 4.0 * wide[i] > 32767.0 / 32768.0 || 4.0 * wide[i] < -1.0;
    CHECK_EQ(counts.n_clipped, n_clipped);
    CHECK(n_clipped > N / 2);
    rig_forget(&result);
}

// Whatever is computed with is a number.
static void test_what_is_no_number_is_silent_and_counted(void) {
    rig_result result = {0};
    for (int how = 0; how < 2; ++how) {
        fill(PST_FORMAT_F32, 2, 1);
        float *samples = (float *)(void *)data;
        for (int i = 0; i < 2 * N; i += 100)
            samples[i] = i % 300 == 0 ? NAN : i % 300 == 100 ? INFINITY : -INFINITY;
        pst_stage *stage = NULL;
        if (how == 0)
            CHECK_EQ(pst_stage_gain(&stage, PST_FORMAT_F32, 2, 0.5, 0, NULL), PST_OK);
        else
            CHECK_EQ(pst_stage_remix(&stage, PST_FORMAT_F32, 2, PST_FORMAT_F32, 1, NULL, NULL),
                     PST_OK);
        pst_convert_counts counts;
        run_stage(&result, stage, 2500, 2, &counts);
        CHECK_EQ(counts.n_nonfinite, 2 * N / 100);
        CHECK_EQ(counts.n_clipped, 0);
        const float *got = (const float *)(void *)result.data;
        for (int i = 0; i < N; ++i)
            CHECK(how == 0 ? isfinite(got[2 * i]) && isfinite(got[2 * i + 1]) : isfinite(got[i]));
        CHECK(how == 0 ? got[0] == 0.0f : got[0] == 0.5f * samples[1]);
    }
    rig_forget(&result);
}

// A source that lasts, and looks at the gain while it goes.
static void test_a_new_gain_is_glided_to(void) {
    enum { RAMP = 1000 };
    rig_result result = {0};
    float ones[2 * 5000];
    for (int i = 0; i < 2 * 5000; ++i)
        ones[i] = 1.0f;
    for (int cut = 1; cut < 400; cut += 133) {
        pst_stage *stage = NULL;
        CHECK_EQ(pst_stage_gain(&stage, PST_FORMAT_F32, 2, 1.0, RAMP, NULL), PST_OK);
        int n_steps = 0;
        float last = 1.0f;
        for (int i = 0; i < 5000; i += cut) {
            if (i >= 700 && n_steps == 0) {
                CHECK_EQ(pst_stage_set_gain(stage, 0.25, NULL), PST_OK);
                n_steps = 1;
            }
            if (i >= 1200 && n_steps == 1) { // Before the first ramp is over.
                CHECK_EQ(pst_stage_set_gain(stage, 0.75, NULL), PST_OK);
                n_steps = 2;
            }
            pst_piece in = {.data = (const uint8_t *)ones, .n_frames = (uint64_t)cut, .frame = i};
            while (in.n_frames > 0) {
                pst_piece out;
                uint64_t n_used = 0;
                CHECK_EQ(stage->ops->process(stage, &in, &n_used, &out, NULL), PST_OK);
                CHECK_EQ(n_used, out.n_frames);
                const float *got = (const float *)(const void *)out.data;
                for (uint64_t k = 0; k < out.n_frames; ++k) {
                    CHECK(got[2 * k] == got[2 * k + 1]);
                    CHECK(fabsf(got[2 * k] - last) <= 0.7501f / RAMP); // No click.
                    last = got[2 * k];
                }
                in.n_frames -= n_used;
            }
            if (i == 0)
                CHECK(last == 1.0f);
        }
        CHECK(last == 0.75f);
        pst_stage_destroy(stage);
    }
    rig_forget(&result);
}

// ---- Convert -----------------------------------------------------------------------------------

static void test_convert_is_pst_convert(void) {
    rig_result result = {0};
    for (int a = 0; a < N_FORMATS; ++a)
        for (int b = 0; b < N_FORMATS; ++b)
            for (int noise = 0; noise < 2; ++noise) {
                for (size_t i = 0; i < (size_t)3 * N * 8; ++i)
                    data[i] = (uint8_t)(i * 13 + i / 253); // All there is.
                pst_stage *stage = NULL;
                CHECK_EQ(pst_stage_convert(&stage, formats[a], formats[b], 3,
                                           noise ? PST_DITHER_TPDF : PST_DITHER_NONE, 5, NULL),
                         PST_OK);
                pst_convert_counts counts, expected = {0, 0};
                run_stage(&result, stage, 5000, (uint64_t)(a + b), &counts);
                pst_noise state;
                pst_noise_init(&state, 5);
                if (a == b)
                    memcpy(wanted, data, (size_t)3 * N * pst_format_bytes(formats[a]));
                else if (noise)
                    pst_convert_with_noise(&state, wanted, formats[b], 0, data, formats[a],
                                           (size_t)3 * N, &expected);
                else
                    (void)pst_convert(wanted, formats[b], data, formats[a], (size_t)3 * N,
                                      &expected);
                CHECK(memcmp(result.data, wanted, (size_t)3 * N * pst_format_bytes(formats[b])) ==
                      0);
                CHECK_EQ(counts.n_clipped, expected.n_clipped);
                CHECK_EQ(counts.n_nonfinite, expected.n_nonfinite);
            }
    rig_forget(&result);
}

// ---- Meter -------------------------------------------------------------------------------------

static void test_meter_reads_what_passes(void) {
    rig_result result = {0};
    fill(PST_FORMAT_F32, 2, 3);
    ((float *)(void *)data)[2 * 11990 + 1] = -1.5f;
    pst_stage *stage = NULL;
    CHECK_EQ(pst_stage_meter(&stage, PST_FORMAT_F32, 2, 48000.0, NULL), PST_OK);
    rig_source *source = make_source(PST_FORMAT_F32, 2, 700, 1);
    pst_sink *sink = rig_make_sink(&result, PST_FORMAT_F32, 2, 0.0, 900, 2);
    pst_chain *chain = rig_run_chain(&source->base, &stage, 1, sink);
    pst_meter_reading reading;
    pst_meter_channel channels[2];
    CHECK_EQ(pst_stage_read_meter(stage, &reading, channels), PST_OK);
    CHECK_EQ(reading.frames, N);
    CHECK(channels[1].max_peak == 1.5 && channels[1].peak == 1.5 && channels[1].n_clipped == 1);
    CHECK(channels[0].max_peak < 0.5 && channels[0].max_peak > 0.499);
    CHECK_TEXT(fabs(channels[0].rms - 0.5 / sqrt(3.0)) < 0.01, "%g", channels[0].rms);
    CHECK(memcmp(result.data, data, (size_t)2 * N * 4) == 0);
    pst_stage_reset_meter(stage);
    pst_chain_release(chain);
    rig_forget(&result);
}

// ---- In a row ----------------------------------------------------------------------------------

static void test_many_stages_in_a_row(void) {
    rig_result result = {0};
    fill(PST_FORMAT_I16, 2, 4);
    for (uint64_t most = 1; most <= 10000; most = most * 7 + 1) {
        rig_forget(&result);
        pst_stage *stages[PST_CHAIN_MAX_STAGES] = {NULL};
        uint32_t n = 0;
        CHECK_EQ(pst_stage_meter(&stages[n++], PST_FORMAT_I16, 2, 8000.0, NULL), PST_OK);
        CHECK_EQ(pst_stage_convert(&stages[n++], PST_FORMAT_I16, PST_FORMAT_F32, 2, PST_DITHER_NONE,
                                   0, NULL),
                 PST_OK);
        CHECK_EQ(pst_stage_gain(&stages[n++], PST_FORMAT_F32, 2, 0.5, 10, NULL), PST_OK);
        CHECK_EQ(pst_stage_remix(&stages[n++], PST_FORMAT_F32, 2, PST_FORMAT_F64, 4, NULL, NULL),
                 PST_OK);
        CHECK_EQ(pst_stage_gain(&stages[n++], PST_FORMAT_F64, 4, 2.0, 10, NULL), PST_OK);
        CHECK_EQ(pst_stage_remix(&stages[n++], PST_FORMAT_F64, 4, PST_FORMAT_F32, 2,
                                 (const float[]){1, 0, 0, 0, 0, 1, 0, 0}, NULL),
                 PST_OK);
        CHECK_EQ(pst_stage_convert(&stages[n++], PST_FORMAT_F32, PST_FORMAT_I16, 2, PST_DITHER_NONE,
                                   0, NULL),
                 PST_OK);
        rig_source *source = make_source(PST_FORMAT_I16, 2, most, most);
        pst_sink *sink = rig_make_sink(&result, PST_FORMAT_I16, 2, 8000.0, most, most);
        pst_chain_release(rig_run_chain(&source->base, stages, n, sink));
        check_numbers(&result);
        CHECK(memcmp(result.data, data, (size_t)2 * N * 2) == 0); // There and back again.
    }
    rig_forget(&result);
}

// ---- Arguments and memory ----------------------------------------------------------------------

static void test_arguments_are_checked(void) {
    pst_stage *stage = NULL;
    pst_error err;
    const float bad[] = {1.0f, NAN};
    CHECK_EQ(pst_stage_remix(&stage, PST_FORMAT_F32, 2, PST_FORMAT_F32, 1, bad, &err),
             PST_BAD_ARGUMENT);
    CHECK(strstr(err.text, "gains[0][1] is nan") != NULL);
    CHECK_EQ(pst_stage_remix(&stage, PST_FORMAT_F32, 0, PST_FORMAT_F32, 1, NULL, &err),
             PST_BAD_ARGUMENT);
    CHECK_EQ(pst_stage_remix(&stage, PST_FORMAT_F32, 1, (pst_format)9, 1, NULL, &err),
             PST_BAD_ARGUMENT);
    CHECK_EQ(pst_stage_gain(&stage, PST_FORMAT_F32, 1, INFINITY, 0, &err), PST_BAD_ARGUMENT);
    CHECK_STR(err.text, "gain is inf; it must be a finite number");
    CHECK_EQ(pst_stage_gain(&stage, PST_FORMAT_F32, 1, 1.0, 1000001, &err), PST_BAD_ARGUMENT);
    CHECK_EQ(pst_stage_gain(&stage, PST_FORMAT_F32, 257, 1.0, 0, &err), PST_BAD_ARGUMENT);
    CHECK_EQ(pst_stage_convert(&stage, PST_FORMAT_F32, PST_FORMAT_I16, 1, (pst_dither)7, 0, &err),
             PST_BAD_ARGUMENT);
    CHECK_EQ(pst_stage_convert(&stage, (pst_format)0, PST_FORMAT_I16, 1, PST_DITHER_NONE, 0, &err),
             PST_BAD_ARGUMENT);
    CHECK_EQ(pst_stage_meter(&stage, PST_FORMAT_F32, 1, 0.0, &err), PST_BAD_ARGUMENT);
    CHECK_EQ(pst_stage_meter(&stage, PST_FORMAT_F32, 1, NAN, &err), PST_BAD_ARGUMENT);
    CHECK(stage == NULL);
    pst_meter_reading reading;
    pst_meter_channel channel;
    CHECK_EQ(pst_stage_meter(&stage, PST_FORMAT_F32, 1, 8000.0, NULL), PST_OK);
    CHECK_EQ(pst_stage_set_gain(stage, 1.0, &err), PST_BAD_ARGUMENT);
    CHECK_STR(err.text, "stage is a meter stage, which has no gain");
    pst_stage_destroy(stage);
    CHECK_EQ(pst_stage_gain(&stage, PST_FORMAT_F32, 1, 1.0, 0, NULL), PST_OK);
    CHECK_EQ(pst_stage_set_gain(stage, NAN, &err), PST_BAD_ARGUMENT);
    CHECK_EQ(pst_stage_read_meter(stage, &reading, &channel), PST_BAD_ARGUMENT);
    pst_stage_reset_meter(stage);
    pst_stage_destroy(stage);
    pst_stage_destroy(NULL);
}

static void test_neighbours_have_to_fit(void) {
    rig_result result = {0};
    pst_stage *stages[3] = {NULL};
    pst_error err;
    CHECK_EQ(pst_stage_gain(&stages[0], PST_FORMAT_F32, 2, 1.0, 0, NULL), PST_OK);
    CHECK_EQ(pst_stage_meter(&stages[1], PST_FORMAT_F32, 2, 44100.0, NULL), PST_OK);
    CHECK_EQ(
        pst_stage_convert(&stages[2], PST_FORMAT_F64, PST_FORMAT_I16, 2, PST_DITHER_NONE, 0, NULL),
        PST_OK);
    pst_source *source = &make_source(PST_FORMAT_F32, 2, 1, 1)->base;
    pst_sink *sink = rig_make_sink(&result, PST_FORMAT_F32, 2, 48000.0, 1, 1);
    pst_chain *chain = NULL;
    CHECK_EQ(pst_chain_create_staged(&chain, NULL, source, stages, 3, sink, &err),
             PST_BAD_ARGUMENT);
    CHECK_STR(err.text, "stage 2 (meter) gives 2 channels of float32 at 44100 Hz, stage 3 "
                        "(convert) takes 2 channels of float64");
    CHECK_EQ(pst_chain_create_staged(&chain, NULL, source, stages, 2, sink, &err),
             PST_BAD_ARGUMENT);
    CHECK_STR(err.text, "stage 2 (meter) gives 2 channels of float32 at 44100 Hz, the sink (rig) "
                        "takes 2 channels of float32 at 48000 Hz");
    CHECK_EQ(pst_chain_create_staged(&chain, NULL, source, stages + 2, 1, sink, &err),
             PST_BAD_ARGUMENT);
    CHECK_STR(err.text, "the source (rig) gives 2 channels of float32, stage 1 (convert) takes 2 "
                        "channels of float64");
    pst_stage *const twice[] = {stages[0], stages[0]};
    CHECK_EQ(pst_chain_create_staged(&chain, NULL, source, twice, 2, sink, &err), PST_BAD_ARGUMENT);
    CHECK_STR(err.text, "stages 1 and 2 are the same one");
    CHECK_EQ(pst_chain_create_staged(&chain, NULL, source, stages, 17, sink, &err),
             PST_BAD_ARGUMENT);
    CHECK_STR(err.text, "n_stages is 17; a chain can have at most 16");
    // Nearly the same rate is the same: devices are like that.
    sink->rate_hz = 44100.4;
    CHECK_EQ(pst_chain_create_staged(&chain, NULL, source, stages, 2, sink, &err), PST_OK);
    pst_chain_release(chain);
    pst_stage_destroy(stages[2]);
}

// What has been made is owned by the chain if there is one, and by us if there is none.
static pst_status make_all(rig_result *result) {
    pst_stage *stages[4] = {NULL};
    pst_source *source = NULL;
    pst_chain *chain = NULL;
    pst_sink *sink = rig_make_sink(result, PST_FORMAT_I16, 1, 0.0, 5000, 1);
    pst_status status =
        pst_stage_remix(&stages[0], PST_FORMAT_F32, 2, PST_FORMAT_F32, 1, NULL, NULL);
    if (status == PST_OK)
        status = pst_stage_gain(&stages[1], PST_FORMAT_F32, 1, 0.5, 0, NULL);
    if (status == PST_OK)
        status = pst_stage_meter(&stages[2], PST_FORMAT_F32, 1, 8000.0, NULL);
    if (status == PST_OK)
        status = pst_stage_convert(&stages[3], PST_FORMAT_F32, PST_FORMAT_I16, 1, PST_DITHER_TPDF,
                                   0, NULL);
    if (status == PST_OK)
        status = pst_source_memory(&source, data, N, PST_FORMAT_F32, 2, NULL);
    if (status == PST_OK)
        status = pst_chain_create_staged(&chain, NULL, source, stages, 4, sink, NULL);
    if (chain != NULL) {
        pst_chain_release(chain); // It has not run.
        return status;
    }
    for (int i = 0; i < 4; ++i)
        pst_stage_destroy(stages[i]);
    pst_source_destroy(source);
    pst_sink_destroy(sink);
    return status;
}

static void test_every_allocation_failing_in_turn(void) {
    if (!failing_alloc_works()) {
        check_skip("needs an allocator of our own");
        return;
    }
    rig_result result = {0};
    bool got_by = false;
    int n_failed = 0;
    for (long n = 2; n < 100 && !got_by; ++n) { // The first one is the test's own.
        failing_alloc_begin(n);
        const pst_status status = make_all(&result);
        got_by = failing_alloc_end() < n;
        CHECK_EQ(status, got_by ? PST_OK : PST_NO_MEMORY);
        CHECK_EQ(failing_alloc_live(), 0);
        n_failed += status != PST_OK;
    }
    CHECK(got_by && n_failed > 20);
}

int main(void) {
    // First: workers that are still going home give memory back, too.
    RUN(test_every_allocation_failing_in_turn);
    RUN(test_remix_applies_its_gains);
    RUN(test_remix_without_change_keeps_every_bit);
    RUN(test_the_usual_gains_are_those_of_web_audio);
    RUN(test_gain_multiplies);
    RUN(test_gain_counts_what_clips);
    RUN(test_what_is_no_number_is_silent_and_counted);
    RUN(test_a_new_gain_is_glided_to);
    RUN(test_convert_is_pst_convert);
    RUN(test_meter_reads_what_passes);
    RUN(test_many_stages_in_a_row);
    RUN(test_arguments_are_checked);
    RUN(test_neighbours_have_to_fit);
    return check_done();
}
