// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include <math.h>

#include "failing_alloc.h"
#include "stage_rig.h"

// The stage that changes the rate, against a resampler that gets each run at once; and what makes
// sources and sinks fit.

enum { N = 9000, MOST_OUT = 8 * N };

static float data[2 * N];
static float wanted[2 * MOST_OUT];

static void fill(void) {
    for (int i = 0; i < N; ++i) {
        data[2 * i] = (float)(0.5 * sin(0.03 * i));
        data[2 * i + 1] = (float)(0.25 * sin(0.011 * i));
    }
}

static pst_resampler_config make_config(double from_hz, double to_hz,
                                        pst_resample_quality quality) {
    pst_resampler_config config;
    pst_resampler_config_default(&config);
    config.from_hz = from_hz;
    config.to_hz = to_hz;
    config.n_channels = 2;
    config.quality = quality;
    config.engine = quality < PST_RESAMPLE_LINEAR ? PST_RESAMPLER_SAMPLERATE : PST_RESAMPLER_AUTO;
    return config;
}

// Returns how many frames a run becomes, which are put into wanted.
static int64_t resample_run(const pst_resampler_config *config, const float *in, int64_t n_in,
                            float *out) {
    pst_resampler *resampler = NULL;
    int64_t n_used = 0, n_made = 0, n_left = 0;
    CHECK_EQ(pst_resampler_create(&resampler, config, NULL), PST_OK);
    CHECK_EQ(pst_resampler_process(resampler, in, n_in, &n_used, out, MOST_OUT, &n_made, NULL),
             PST_OK);
    CHECK_EQ(n_used, n_in);
    CHECK_EQ(pst_resampler_drain(resampler, out + 2 * n_made, MOST_OUT - n_made, &n_left, NULL),
             PST_OK);
    pst_resampler_destroy(resampler);
    return n_made + n_left;
}

static void run_stage(rig_result *result, rig_source *source, const pst_resampler_config *config,
                      uint64_t most) {
    rig_forget(result);
    pst_stage *stage = NULL;
    CHECK_EQ(pst_stage_resample(&stage, config, NULL), PST_OK);
    pst_sink *sink = rig_make_sink(result, PST_FORMAT_F32, 2, config->to_hz, most, most);
    pst_chain *chain = rig_run_chain(&source->base, &stage, 1, sink);
    pst_chain_progress progress;
    pst_chain_get_progress(chain, &progress);
    CHECK_EQ(progress.pulled_frames, N);
    CHECK_EQ((uint64_t)progress.pushed_frames, result->n_frames);
    int64_t n_fillers = 0;
    for (uint64_t i = 0; i < result->n_frames; ++i)
        n_fillers += result->fillers[i];
    CHECK_EQ(progress.filler_frames, n_fillers);
    pst_chain_release(chain);
}

static const double rates[][2] = {
    {44100, 48000}, {48000, 44100}, {8000, 48000}, {48000, 8000}, {44100, 22050.5}};
enum { N_RATES = sizeof rates / sizeof rates[0] };

static void test_one_run_is_what_a_resampler_makes_of_it(void) {
    rig_result result = {0};
    for (int r = 0; r < N_RATES; ++r)
        for (int quality = 0; quality <= PST_RESAMPLE_HOLD; ++quality) {
            const pst_resampler_config config =
                make_config(rates[r][0], rates[r][1], (pst_resample_quality)quality);
            const int64_t n = resample_run(&config, data, N, wanted);
            CHECK_EQ(n, pst_resampled_frames(N, config.from_hz, config.to_hz));
            for (uint64_t most = 1; most < 20000; most = most * 23 + 4) {
                rig_source *source = rig_make_source(data, PST_FORMAT_F32, 2, config.from_hz, most,
                                                     most + (uint64_t)r);
                rig_add_run(source, N, 1000, false, true);
                run_stage(&result, source, &config, most);
                CHECK_EQ(result.n_frames, n);
                CHECK(memcmp(result.data, wanted, (size_t)n * 8) == 0);
                int n_wrong = 0;
                const int64_t first = llround(1000.0 * config.to_hz / config.from_hz);
                for (int64_t i = 0; i < n; ++i)
                    n_wrong += result.frames[i] != first + i || result.fillers[i] ||
                               result.begins[i] != (i == 0);
                CHECK_EQ(n_wrong, 0);
            }
        }
    rig_forget(&result);
}

// Each run is as if it were alone; jumps and segments are where they were.
static void test_gaps_and_segments_divide_runs(void) {
    static const struct {
        uint64_t n_frames;
        int64_t frame;
        bool begins;
    } runs[] = {{1, 0, true},    {3000, 50, false},  {10, 4000, false},
                {1, 5000, true}, {1988, 5001, true}, {4000, 900000, false}};
    rig_result result = {0};
    for (int r = 0; r < N_RATES; ++r)
        for (uint64_t most = 1; most < 20000; most = most * 61 + 7) {
            const pst_resampler_config config =
                make_config(rates[r][0], rates[r][1], PST_RESAMPLE_FAST);
            rig_source *source =
                rig_make_source(data, PST_FORMAT_F32, 2, config.from_hz, most, most);
            for (size_t i = 0; i < sizeof runs / sizeof *runs; ++i)
                rig_add_run(source, runs[i].n_frames, runs[i].frame, false, runs[i].begins);
            run_stage(&result, source, &config, most);
            uint64_t at = 0, n_before = 0;
            int n_wrong = 0;
            for (size_t i = 0; i < sizeof runs / sizeof *runs; ++i) {
                const int64_t n =
                    resample_run(&config, data + 2 * n_before, (int64_t)runs[i].n_frames, wanted);
                const int64_t first =
                    llround((double)runs[i].frame * (config.to_hz / config.from_hz));
                REQUIRE(at + (uint64_t)n <= result.n_frames);
                CHECK(memcmp(result.data + at * 8, wanted, (size_t)n * 8) == 0);
                for (int64_t k = 0; k < n; ++k)
                    n_wrong += result.frames[at + (uint64_t)k] != first + k ||
                               result.begins[at + (uint64_t)k] != (runs[i].begins && k == 0);
                at += (uint64_t)n;
                n_before += runs[i].n_frames;
            }
            CHECK_EQ(at, result.n_frames);
            CHECK_EQ(n_wrong, 0);
        }
    rig_forget(&result);
}

// The frames go on; only what is said about them changes, at its time.
static void test_fillers_stay_in_their_place(void) {
    rig_result result = {0};
    for (int r = 0; r < N_RATES; ++r)
        for (uint64_t most = 1; most < 20000; most = most * 61 + 7) {
            const pst_resampler_config config =
                make_config(rates[r][0], rates[r][1], PST_RESAMPLE_MEDIUM);
            rig_source *source =
                rig_make_source(data, PST_FORMAT_F32, 2, config.from_hz, most, most);
            static const uint64_t ends[] = {1, 2, 2000, 2500, 2510, 2517, 2518, 7000, 7001, N};
            uint64_t begin = 0;
            for (size_t i = 0; i < sizeof ends / sizeof *ends; ++i) {
                rig_add_run(source, ends[i] - begin, (int64_t)begin, i % 2 == 1, i == 0);
                begin = ends[i];
            }
            run_stage(&result, source, &config, most);
            const int64_t n = resample_run(&config, data, N, wanted);
            CHECK_EQ(result.n_frames, n);
            CHECK(memcmp(result.data, wanted, (size_t)n * 8) == 0);
            int n_wrong = 0;
            size_t i = 0;
            for (int64_t k = 0; k < n; ++k) {
                while (k >= pst_resampled_frames((int64_t)ends[i], config.from_hz, config.to_hz))
                    ++i;
                n_wrong += result.fillers[k] != (i % 2 == 1) || result.frames[k] != k;
            }
            CHECK_EQ(n_wrong, 0);
        }
    rig_forget(&result);
}

static void test_nothing_becomes_nothing(void) {
    rig_result result = {0};
    const pst_resampler_config config = make_config(44100, 48000, PST_RESAMPLE_BEST);
    pst_stage *stage = NULL;
    CHECK_EQ(pst_stage_resample(&stage, &config, NULL), PST_OK);
    rig_source *source = rig_make_source(data, PST_FORMAT_F32, 2, 44100.0, 1, 1);
    pst_sink *sink = rig_make_sink(&result, PST_FORMAT_F32, 2, 48000.0, 1, 1);
    pst_chain_release(rig_run_chain(&source->base, &stage, 1, sink));
    CHECK_EQ(result.n_frames, 0);
    CHECK_EQ(result.n_ends, 1);
}

static void test_bad_rates_are_refused(void) {
    pst_stage *stage = NULL;
    pst_error err;
    pst_resampler_config config = make_config(1.0, 48000.0, PST_RESAMPLE_BEST);
    CHECK_EQ(pst_stage_resample(&stage, &config, &err), PST_BAD_ARGUMENT);
    CHECK(strstr(err.text, "256") != NULL);
    config = make_config(8000.0, 48000.0, PST_RESAMPLE_BEST);
    config.format = PST_FORMAT_I16;
    CHECK_EQ(pst_stage_resample(&stage, &config, &err), PST_BAD_ARGUMENT);
    config.format = (pst_format)0;
    CHECK_EQ(pst_stage_resample(&stage, &config, &err), PST_BAD_ARGUMENT);
    CHECK(stage == NULL);
}

// ---- Fitting ------------------------------------------------------------------------------------

static void name_stages(pst_stage *const *stages, uint32_t n_stages, char *text) {
    text[0] = '\0';
    for (uint32_t i = 0; i < n_stages; ++i) {
        strcat(text, i > 0 ? " " : "");
        strcat(text, stages[i]->ops->name);
    }
}

static void test_what_it_takes_to_fit(void) {
    static const struct {
        pst_format in;
        uint32_t in_channels;
        double in_hz;
        pst_format out;
        uint32_t out_channels;
        double out_hz;
        pst_dither dither;
        const char *stages;
    } cases[] = {
        {PST_FORMAT_I16, 2, 44100, PST_FORMAT_I16, 2, 44100, PST_DITHER_TPDF, ""},
        {PST_FORMAT_I16, 2, 44100, PST_FORMAT_I16, 2, 44100.3, PST_DITHER_NONE, ""},
        {PST_FORMAT_I16, 2, 0, PST_FORMAT_I16, 2, 48000, PST_DITHER_NONE, ""},
        {PST_FORMAT_I16, 2, 44100, PST_FORMAT_F32, 2, 0, PST_DITHER_NONE, "convert"},
        {PST_FORMAT_F32, 2, 44100, PST_FORMAT_F32, 2, 48000, PST_DITHER_NONE, "resample"},
        {PST_FORMAT_F64, 2, 44100, PST_FORMAT_I32, 2, 48000, PST_DITHER_NONE, "resample convert"},
        {PST_FORMAT_I16, 2, 44100, PST_FORMAT_I16, 2, 48000, PST_DITHER_NONE,
         "convert resample convert"},
        {PST_FORMAT_I16, 1, 44100, PST_FORMAT_I16, 2, 44100, PST_DITHER_NONE, "remix"},
        {PST_FORMAT_I16, 1, 44100, PST_FORMAT_I16, 2, 44100, PST_DITHER_TPDF, "remix convert"},
        {PST_FORMAT_I16, 6, 44100, PST_FORMAT_I16, 2, 48000, PST_DITHER_NONE,
         "remix resample convert"},
        {PST_FORMAT_I16, 1, 44100, PST_FORMAT_F32, 2, 48000, PST_DITHER_NONE,
         "convert resample remix"},
        {PST_FORMAT_I16, 1, 44100, PST_FORMAT_I16, 2, 48000, PST_DITHER_TPDF,
         "convert resample remix convert"},
        {PST_FORMAT_I24, 1, 44100, PST_FORMAT_I24, 2, 48000, PST_DITHER_NONE,
         "convert resample remix"},
    };
    rig_result result = {0};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i) {
        pst_source *source =
            &rig_make_source(data, cases[i].in, cases[i].in_channels, cases[i].in_hz, 1, 1)->base;
        pst_sink *sink =
            rig_make_sink(&result, cases[i].out, cases[i].out_channels, cases[i].out_hz, 1, 1);
        pst_stage *stages[PST_FIT_MAX_STAGES];
        uint32_t n_stages = 0;
        pst_fit fit;
        pst_fit_default(&fit);
        fit.dither = cases[i].dither;
        CHECK_EQ(pst_chain_fit(stages, &n_stages, source, sink, &fit, NULL), PST_OK);
        char text[100];
        name_stages(stages, n_stages, text);
        CHECK_STR(text, cases[i].stages);
        pst_chain_release(rig_run_chain(source, stages, n_stages, sink)); // They do fit.
    }
    rig_forget(&result);
}

// From one channel at 8 kHz to two at 16: what is heard is the same.
static void test_what_fits_sounds_the_same(void) {
    static int16_t mono[N];
    for (int i = 0; i < N; ++i)
        mono[i] = (int16_t)lrint(16384.0 * sin(0.2 * i));
    rig_result result = {0};
    rig_source *source = rig_make_source(mono, PST_FORMAT_I16, 1, 0.0, 777, 1);
    rig_add_run(source, N, 0, false, true);
    pst_sink *sink = rig_make_sink(&result, PST_FORMAT_I16, 2, 16000.0, 555, 2);
    pst_stage *stages[PST_FIT_MAX_STAGES];
    uint32_t n_stages = 0;
    const float gains[] = {1.0f, -0.5f};
    pst_fit fit;
    pst_fit_default(&fit);
    fit.source_rate_hz = 8000.0; // The source itself does not know.
    fit.gains = gains;
    fit.dither = PST_DITHER_TPDF;
    CHECK_EQ(pst_chain_fit(stages, &n_stages, &source->base, sink, &fit, NULL), PST_OK);
    pst_chain_release(rig_run_chain(&source->base, stages, n_stages, sink));
    CHECK_EQ(result.n_frames, 2 * N);
    const int16_t *got = (const int16_t *)(void *)result.data;
    double most = 0.0, sum = 0.0;
    for (int i = 1000; i < 2 * N - 1000; ++i) {
        const double left = got[2 * i] - 16384.0 * sin(0.1 * i);
        most = fmax(most, fabs(left));
        most = fmax(most, fabs(got[2 * i + 1] + 8192.0 * sin(0.1 * i)));
        sum += left * left;
    }
    CHECK_TEXT(most < 3.0, "%g steps", most);
    CHECK_TEXT(fabs(sum / (2 * N - 2000) - 0.25) < 0.1, "%g", sum / (2 * N - 2000)); // The noise.
    rig_forget(&result);
}

// Through everything there is, noise included: how it is cut does not show.
static void test_pieces_do_not_show(void) {
    static int32_t sound[2 * N];
    uint64_t random = 3;
    for (int i = 0; i < 2 * N; ++i)
        sound[i] = (int32_t)check_random(&random) / 4;
    rig_result first = {0}, result = {0};
    for (uint64_t most = 1; most < 20000; most = most * 31 + 6) {
        rig_source *source = rig_make_source(sound, PST_FORMAT_I32, 2, 44100.0, most, most);
        rig_add_run(source, 4000, 0, false, true);
        rig_add_run(source, 500, 4000, true, false);
        rig_add_run(source, 1500, 4500, false, false);
        rig_add_run(source, 3000, 77777, false, false);
        rig_result *kept = most == 1 ? &first : &result;
        rig_forget(kept);
        pst_sink *sink = rig_make_sink(kept, PST_FORMAT_I16, 6, 48000.0, most, most);
        pst_stage *stages[PST_FIT_MAX_STAGES];
        uint32_t n_stages = 0;
        pst_fit fit;
        pst_fit_default(&fit);
        fit.dither = PST_DITHER_TPDF;
        fit.engine = PST_RESAMPLER_SAMPLERATE;
        CHECK_EQ(pst_chain_fit(stages, &n_stages, &source->base, sink, &fit, NULL), PST_OK);
        CHECK_EQ(n_stages, 4);
        pst_chain_release(rig_run_chain(&source->base, stages, n_stages, sink));
        CHECK_EQ(kept->n_frames, first.n_frames);
        CHECK_EQ(kept->n_frames, pst_resampled_frames(6000, 44100.0, 48000.0) +
                                     pst_resampled_frames(3000, 44100.0, 48000.0));
        CHECK(memcmp(kept->data, first.data, first.n_frames * 12) == 0);
        CHECK(memcmp(kept->frames, first.frames, first.n_frames * sizeof *first.frames) == 0);
        CHECK(memcmp(kept->fillers, first.fillers, first.n_frames * sizeof *first.fillers) == 0);
        CHECK(memcmp(kept->begins, first.begins, first.n_frames * sizeof *first.begins) == 0);
    }
    rig_forget(&first);
    rig_forget(&result);
}

static pst_status fit_once(const pst_source *source, const pst_sink *sink) {
    pst_stage *stages[PST_FIT_MAX_STAGES];
    uint32_t n_stages = 99;
    const pst_fit fit = {.quality = PST_RESAMPLE_FAST,
                         .engine = PST_RESAMPLER_SAMPLERATE,
                         .dither = PST_DITHER_TPDF};
    const pst_status status = pst_chain_fit(stages, &n_stages, source, sink, &fit, NULL);
    CHECK_EQ(n_stages, status == PST_OK ? 4 : 0);
    while (n_stages > 0)
        pst_stage_destroy(stages[--n_stages]);
    return status;
}

static void test_a_fit_that_fails_leaves_nothing(void) {
    rig_result result = {0};
    pst_source *source = &rig_make_source(data, PST_FORMAT_I16, 1, 100.0, 1, 1)->base;
    pst_sink *sink = rig_make_sink(&result, PST_FORMAT_I16, 2, 100000.0, 1, 1);
    pst_stage *stages[PST_FIT_MAX_STAGES];
    uint32_t n_stages = 99;
    pst_error err;
    CHECK_EQ(pst_chain_fit(stages, &n_stages, source, sink, NULL, &err), PST_BAD_ARGUMENT);
    CHECK(strstr(err.text, "256") != NULL);
    CHECK_EQ(n_stages, 0);
    sink->rate_hz = 200.0;
    CHECK_EQ(fit_once(source, sink), PST_OK);
    bool got_by = !failing_alloc_works();
    for (long n = 1; n < 200 && !got_by; ++n) {
        failing_alloc_begin(n);
        const pst_status status = fit_once(source, sink);
        got_by = failing_alloc_end() < n;
        CHECK_EQ(status, got_by ? PST_OK : PST_NO_MEMORY);
        CHECK_EQ(failing_alloc_live(), 0);
    }
    CHECK(got_by);
    pst_source_destroy(source);
    pst_sink_destroy(sink);
}

int main(void) {
    fill();
    // First: workers that are still going home give memory back, too.
    RUN(test_a_fit_that_fails_leaves_nothing);
    RUN(test_one_run_is_what_a_resampler_makes_of_it);
    RUN(test_gaps_and_segments_divide_runs);
    RUN(test_fillers_stay_in_their_place);
    RUN(test_nothing_becomes_nothing);
    RUN(test_bad_rates_are_refused);
    RUN(test_what_it_takes_to_fit);
    RUN(test_what_fits_sounds_the_same);
    RUN(test_pieces_do_not_show);
    return check_done();
}
