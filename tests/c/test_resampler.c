// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

// Resampling gives the same frames however its input is cut, exactly as many as it should, each at
// its time, by every engine that the build has.

#include <math.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "check.h"
#include "failing_alloc.h"
#include "pastream/resample.h"

static const double pi = 3.14159265358979323846;

typedef struct variant {
    const char *name;
    pst_resample_quality quality;
    pst_resample_engine engine;
    double snr_db; // Of a tone within the bandwidth, in float32.
} variant;

static const variant variants[] = {
    {"libsamplerate, fast", PST_RESAMPLE_FAST, PST_RESAMPLER_SAMPLERATE, 95.0},
    {"libsamplerate, medium", PST_RESAMPLE_MEDIUM, PST_RESAMPLER_SAMPLERATE, 115.0},
    {"libsamplerate, best", PST_RESAMPLE_BEST, PST_RESAMPLER_SAMPLERATE, 130.0},
    {"soxr, fast", PST_RESAMPLE_FAST, PST_RESAMPLER_SOXR, 95.0},
    {"soxr, medium", PST_RESAMPLE_MEDIUM, PST_RESAMPLER_SOXR, 115.0},
    {"soxr, best", PST_RESAMPLE_BEST, PST_RESAMPLER_SOXR, 130.0},
    {"linear", PST_RESAMPLE_LINEAR, PST_RESAMPLER_AUTO, 30.0},
    {"hold", PST_RESAMPLE_HOLD, PST_RESAMPLER_AUTO, 10.0},
};
enum { N_VARIANTS = sizeof variants / sizeof *variants };

static pst_resampler_config config_of(const variant *v, double from_hz, double to_hz,
                                      uint32_t n_channels, pst_format format) {
    pst_resampler_config config;
    pst_resampler_config_default(&config);
    config.from_hz = from_hz;
    config.to_hz = to_hz;
    config.n_channels = n_channels;
    config.format = format;
    config.quality = v->quality;
    config.engine = v->engine;
    return config;
}

// Ends everything: what follows could not be trusted.
static void need(bool is_so, const char *what) {
    if (is_so)
        return;
    FAIL("%s", what);
    exit(1);
}

static pst_resampler *make(const pst_resampler_config *config) {
    pst_resampler *made = NULL;
    pst_error err = {0};
    need(pst_resampler_create(&made, config, &err) == PST_OK, err.text);
    return made;
}

// A small generator of its own, so that the numbers are the same everywhere.
static uint32_t next_random(uint32_t *state) {
    *state = *state * 1664525U + 1013904223U;
    return *state >> 8;
}

static void fill_noise(float *x, size_t n) {
    uint32_t state = 7;
    for (size_t i = 0; i < n; ++i)
        x[i] = (float)next_random(&state) / 8388608.0F - 1.0F;
}

// Cuts of both sides: the most frames of a call, 0 for all at once.
typedef struct cuts {
    int64_t in, out;
    bool are_random;
} cuts;

static int64_t cut(int64_t most, bool is_random, uint32_t *state) {
    return most == 0 ? INT64_MAX : is_random ? (int64_t)(next_random(state) % most) : most;
}

// Resamples all; returns how many frames came. out has room for n_room.
static int64_t run(pst_resampler *r, const float *in, int64_t n_in, float *out, int64_t n_room,
                   uint32_t n_channels, cuts by) {
    uint32_t state = 1;
    int64_t n_taken = 0, n_all = 0;
    for (int n_idle = 0; n_taken < n_in && n_idle < 1000; ++n_idle) {
        int64_t n_give = cut(by.in, by.are_random, &state);
        int64_t n_most = cut(by.out, by.are_random, &state);
        n_give = n_give < n_in - n_taken ? n_give : n_in - n_taken;
        n_most = n_most < n_room - n_all ? n_most : n_room - n_all;
        int64_t n_used = -1, n_made = -1;
        CHECK_EQ(pst_resampler_process(r, in + n_taken * n_channels, n_give, &n_used,
                                       out + n_all * n_channels, n_most, &n_made, NULL),
                 PST_OK);
        need(n_used >= 0 && n_used <= n_give, "more was taken than there was");
        need(n_made >= 0 && n_made <= n_most, "more was given than there is room for");
        n_taken += n_used;
        n_all += n_made;
        if (n_used > 0 || n_made > 0)
            n_idle = 0;
    }
    CHECK_EQ(n_taken, n_in);
    for (;;) {
        int64_t n_most = by.out == 0 ? n_room - n_all : by.out;
        n_most = n_most < n_room - n_all ? n_most : n_room - n_all;
        int64_t n_made = -1;
        CHECK_EQ(pst_resampler_drain(r, out + n_all * n_channels, n_most, &n_made, NULL), PST_OK);
        n_all += n_made;
        if (n_made < n_most || n_most == 0)
            return n_all;
    }
}

static void check_cuts(const variant *v, double from_hz, double to_hz, uint32_t n_channels,
                       int64_t n_in) {
    static const cuts many_cuts[] = {{1, 0, false},   {1, 1, false},    {2, 3, false},
                                     {257, 0, false}, {0, 64, false},   {5000, 4097, false},
                                     {40, 50, true},  {3000, 9, false}, {700, 2000, true}};
    const pst_resampler_config config = config_of(v, from_hz, to_hz, n_channels, PST_FORMAT_F32);
    pst_resampler *r = make(&config);
    const int64_t n_due = (int64_t)floor((double)n_in * to_hz / from_hz + 0.5);
    CHECK_EQ(pst_resampled_frames(n_in, from_hz, to_hz), n_due);
    CHECK_EQ(pst_resampler_room(r, n_in), n_due);
    const int64_t n_room = n_due + 10;
    float *in = pst_alloc_array((size_t)n_in * n_channels, sizeof *in);
    float *all = pst_alloc_array((size_t)n_room * n_channels, sizeof *all);
    float *out = pst_alloc_array((size_t)n_room * n_channels, sizeof *out);
    REQUIRE(in != NULL && all != NULL && out != NULL);
    fill_noise(in, (size_t)n_in * n_channels);
    CHECK_EQ(run(r, in, n_in, all, n_room, n_channels, (cuts){0, 0, false}), n_due);
    CHECK_EQ(pst_resampler_room(r, 0), 0);
    for (size_t i = 0; i < sizeof many_cuts / sizeof *many_cuts; ++i) {
        REQUIRE(pst_resampler_reset(r, NULL) == PST_OK);
        const int64_t n = run(r, in, n_in, out, n_room, n_channels, many_cuts[i]);
        CHECK_TEXT(n == n_due, "%s: %lld frames, not %lld", v->name, (long long)n,
                   (long long)n_due);
        CHECK_TEXT(memcmp(all, out, (size_t)(n_due * n_channels) * sizeof *out) == 0,
                   "%s, %g to %g Hz, %lld frames: pieces of %lld and %lld give something else",
                   v->name, from_hz, to_hz, (long long)n_in, (long long)many_cuts[i].in,
                   (long long)many_cuts[i].out);
    }
    pst_resampler_destroy(r);
    pst_free(in);
    pst_free(all);
    pst_free(out);
}

static bool is_there(const variant *v) {
    return pst_resampler_has_engine(v->engine);
}

static void test_cuts_do_not_show(void) {
    static const double rates[][2] = {{44100, 48000}, {48000, 44100}, {48000, 48000},
                                      {8000, 48000},  {48000, 8000},  {44100, 31415.9265}};
    for (size_t v = 0; v < N_VARIANTS; ++v)
        for (size_t i = 0; is_there(&variants[v]) && i < sizeof rates / sizeof *rates; ++i) {
            check_cuts(&variants[v], rates[i][0], rates[i][1], 1, 2500);
            check_cuts(&variants[v], rates[i][0], rates[i][1], 2, 901);
        }
}

static void test_short_inputs_have_their_length(void) {
    for (size_t v = 0; v < N_VARIANTS; ++v)
        for (int64_t n = 0; is_there(&variants[v]) && n < 12; ++n) {
            check_cuts(&variants[v], 44100, 48000, 1, n);
            check_cuts(&variants[v], 48000, 14700, 2, n);
            check_cuts(&variants[v], 10, 1, 1, n * 3);
            check_cuts(&variants[v], 1, 7.3, 3, n);
        }
}

static void test_ratios_go_to_their_ends(void) {
    for (size_t v = 0; v < N_VARIANTS; ++v) {
        if (!is_there(&variants[v]))
            continue;
        check_cuts(&variants[v], 1, 256, 1, 30);
        check_cuts(&variants[v], 256, 1, 1, 5000);
        check_cuts(&variants[v], 192000, 750.0001, 1, 3000);
    }
}

static void test_many_channels_are_like_one(void) {
    static const uint32_t counts[] = {3, 8, 128, 129, 255, 256};
    enum { N_IN = 300 };
    for (size_t v = 0; v < N_VARIANTS; ++v)
        for (size_t c = 0; is_there(&variants[v]) && c < sizeof counts / sizeof *counts; ++c) {
            const uint32_t n_channels = counts[c];
            const pst_resampler_config wide =
                config_of(&variants[v], 44100, 48000, n_channels, PST_FORMAT_F32);
            const pst_resampler_config narrow =
                config_of(&variants[v], 44100, 48000, 1, PST_FORMAT_F32);
            pst_resampler *all = make(&wide), *one = make(&narrow);
            static float in[N_IN * 256], out[N_IN * 2 * 256], in1[N_IN], out1[N_IN * 2];
            fill_noise(in, (size_t)N_IN * n_channels);
            const int64_t n =
                run(all, in, N_IN, out, (int64_t)N_IN * 2, n_channels, (cuts){77, 31, false});
            const uint32_t probes[] = {0, n_channels / 2, n_channels - 1};
            for (size_t p = 0; p < 3; ++p) {
                for (int i = 0; i < N_IN; ++i)
                    in1[i] = in[(size_t)i * n_channels + probes[p]];
                REQUIRE(pst_resampler_reset(one, NULL) == PST_OK);
                CHECK_EQ(run(one, in1, N_IN, out1, (int64_t)N_IN * 2, 1, (cuts){0, 0, false}), n);
                double worst = 0.0;
                for (int64_t i = 0; i < n; ++i)
                    worst = fmax(worst,
                                 fabs((double)out1[i] - (double)out[i * n_channels + probes[p]]));
                CHECK_TEXT(worst < 1e-6, "%s, channel %u of %u: %g", variants[v].name, probes[p],
                           n_channels, worst);
            }
            pst_resampler_destroy(all);
            pst_resampler_destroy(one);
        }
}

// Returns how far frames are from the tone that they should be, in decibels below it.
static double snr_of(const variant *v, pst_format format, double from_hz, double to_hz) {
    enum { N_IN = 20000 };
    const pst_resampler_config config = config_of(v, from_hz, to_hz, 1, format);
    pst_resampler *r = make(&config);
    const double tone_hz = 997.0;
    double *x = pst_alloc_array(N_IN, sizeof *x), *y = pst_alloc_array((size_t)N_IN * 3, sizeof *y);
    need(x != NULL && y != NULL, "memory");
    for (int i = 0; i < N_IN; ++i)
        x[i] = 0.9 * sin(2.0 * pi * tone_hz * i / from_hz);
    const bool is_f32 = format == PST_FORMAT_F32;
    if (is_f32)
        for (int i = 0; i < N_IN; ++i)
            ((float *)x)[i] = (float)x[i];
    int64_t n_used = 0, n_made = 0, n_rest = 0;
    CHECK_EQ(pst_resampler_process(r, x, N_IN, &n_used, y, (int64_t)N_IN * 3, &n_made, NULL),
             PST_OK);
    CHECK_EQ(n_used, N_IN);
    void *end = is_f32 ? (void *)((float *)y + n_made) : (void *)(y + n_made);
    CHECK_EQ(pst_resampler_drain(r, end, (int64_t)N_IN * 3 - n_made, &n_rest, NULL), PST_OK);
    const int64_t n = n_made + n_rest;
    double signal = 0.0, noise = 0.0;
    for (int64_t i = n / 4; i < n * 3 / 4; ++i) {
        const double wanted = 0.9 * sin(2.0 * pi * tone_hz * (double)i / to_hz);
        const double got = is_f32 ? (double)((float *)y)[i] : y[i];
        signal += wanted * wanted;
        noise += (got - wanted) * (got - wanted);
    }
    pst_resampler_destroy(r);
    pst_free(x);
    pst_free(y);
    return 10.0 * log10(signal / noise);
}

static void test_each_frame_comes_at_its_time_and_clean(void) {
    // A tone that is shifted by a thousandth of a frame would have an SNR of 77 dB.
    for (size_t v = 0; v < N_VARIANTS; ++v) {
        const variant *it = &variants[v];
        if (!is_there(it))
            continue;
        const double up = snr_of(it, PST_FORMAT_F32, 44100, 48000);
        const double down = snr_of(it, PST_FORMAT_F32, 48000, 44100);
        CHECK_TEXT(up > it->snr_db, "%s: %g dB upwards", it->name, up);
        CHECK_TEXT(down > it->snr_db, "%s: %g dB downwards", it->name, down);
        const double f64 = snr_of(it, PST_FORMAT_F64, 44100, 48000);
        const bool is_finer = it->engine == PST_RESAMPLER_SOXR && it->quality == PST_RESAMPLE_BEST;
        CHECK_TEXT(f64 > (is_finer ? 150.0 : it->snr_db), "%s: %g dB in float64", it->name, f64);
    }
}

static void test_what_is_not_finite_harms_no_other_sample(void) {
    enum { N_IN = 3000 };
    static float in[N_IN], out[N_IN * 2];
    for (size_t v = 0; v < N_VARIANTS; ++v) {
        if (!is_there(&variants[v]))
            continue;
        const pst_resampler_config config =
            config_of(&variants[v], 44100, 48000, 1, PST_FORMAT_F32);
        pst_resampler *r = make(&config);
        memset(in, 0, sizeof in);
        in[1000] = NAN;
        in[1001] = INFINITY;
        in[1002] = -INFINITY;
        const int64_t n = run(r, in, N_IN, out, (int64_t)N_IN * 2, 1, (cuts){100, 0, false});
        for (int64_t i = 0; i < n; ++i)
            CHECK(out[i] == 0.0F);
        CHECK(isnan(in[1000])); // The caller's frames stay as they are.
        in[1000] = in[1001] = 3.4e38F;
        in[1002] = -3.4e38F;
        REQUIRE(pst_resampler_reset(r, NULL) == PST_OK);
        CHECK_EQ(run(r, in, N_IN, out, (int64_t)N_IN * 2, 1, (cuts){100, 0, false}), n);
        for (int64_t i = 0; i < n; ++i)
            CHECK(isfinite(out[i]));
        pst_resampler_destroy(r);
    }
}

static void test_latency_is_what_it_says(void) {
    static const double rates[][2] = {{44100, 48000}, {48000, 8000}, {8000, 48000}, {96000, 5000}};
    enum { PIECE = 100 };
    static float in[PIECE], out[1 << 17];
    for (size_t v = 0; v < N_VARIANTS; ++v)
        for (size_t i = 0; is_there(&variants[v]) && i < sizeof rates / sizeof *rates; ++i) {
            const double ratio = rates[i][1] / rates[i][0];
            const pst_resampler_config config =
                config_of(&variants[v], rates[i][0], rates[i][1], 1, PST_FORMAT_F32);
            pst_resampler *r = make(&config);
            int64_t latency = -1, n_in = 0, n_out = 0;
            CHECK_EQ(pst_resampler_latency(r, &latency, NULL), PST_OK);
            double most = 0.0;
            while ((double)n_in * ratio < 8.0 * (double)latency + 2000.0) {
                int64_t n_used = 0, n_made = 0;
                CHECK_EQ(pst_resampler_process(r, in, PIECE, &n_used, out, 1 << 17, &n_made, NULL),
                         PST_OK);
                CHECK_EQ(n_used, PIECE);
                most = fmax(most, (double)(n_in + 1) * ratio - (double)n_out);
                n_in += n_used;
                n_out += n_made;
            }
            CHECK_TEXT(most <= 1.01 * (double)latency + 4.0 && most >= 0.9 * (double)latency - 4.0,
                       "%s, %g to %g: said %lld, is %g", variants[v].name, rates[i][0], rates[i][1],
                       (long long)latency, most);
            pst_resampler_destroy(r);
        }
}

static void test_what_is_not_due_needs_no_room(void) {
    const float in[100] = {1.0F};
    for (size_t v = 0; v < N_VARIANTS; ++v) {
        if (!is_there(&variants[v]))
            continue;
        const pst_resampler_config config = config_of(&variants[v], 48000, 200, 1, PST_FORMAT_F32);
        pst_resampler *r = make(&config);
        int64_t n_used = 0, n_made = 0;
        CHECK_EQ(pst_resampler_room(r, 100), 0);
        CHECK_EQ(pst_resampler_process(r, in, 100, &n_used, NULL, 0, &n_made, NULL), PST_OK);
        CHECK_EQ(n_used, 100);
        CHECK_EQ(n_made, 0);
        float out[8];
        CHECK_EQ(pst_resampler_process(r, in, 20, &n_used, out, 1, &n_made, NULL), PST_OK);
        CHECK_EQ(n_used, 20);
        pst_resampler_destroy(r);
    }
}

static void test_the_end_is_the_end(void) {
    const variant *v = &variants[0];
    const pst_resampler_config config = config_of(v, 44100, 48000, 1, PST_FORMAT_F32);
    pst_resampler *r = make(&config);
    float in[100] = {0}, out[200];
    int64_t n_used = 0, n_made = 0;
    pst_error err;
    CHECK_EQ(pst_resampler_drain(r, NULL, 0, &n_made, NULL), PST_OK);
    CHECK_EQ(n_made, 0);
    CHECK_EQ(pst_resampler_process(r, in, 100, &n_used, out, 200, &n_made, &err), PST_BAD_STATE);
    CHECK_TEXT(strstr(err.text, "reset") != NULL, "%s", err.text);
    CHECK_EQ(n_used, 0);
    CHECK_EQ(pst_resampler_reset(r, NULL), PST_OK);
    CHECK_EQ(pst_resampler_process(r, in, 100, &n_used, NULL, 0, &n_made, NULL), PST_OK);
    CHECK_EQ(n_made, 0);
    CHECK_EQ(pst_resampler_process(r, NULL, 0, &n_used, out, 200, &n_made, NULL), PST_OK);
    CHECK_EQ(n_used, 0);
    CHECK_EQ(pst_resampler_engine(r), PST_RESAMPLER_SAMPLERATE);
    pst_resampler_destroy(r);
    pst_resampler_destroy(NULL);
}

static void check_refused(const pst_resampler_config *config, pst_status status, const char *word) {
    pst_resampler *r = NULL;
    pst_error err = {0};
    CHECK_EQ(pst_resampler_create(&r, config, &err), status);
    CHECK_TEXT(strstr(err.text, word) != NULL, "%s", err.text);
    CHECK(r == NULL);
}

static void test_what_cannot_be_is_refused(void) {
    pst_resampler_config good;
    pst_resampler_config_default(&good);
    static const double bad_rates[] = {0.0, -1.0, NAN, INFINITY, 48000.0 * 256.001, 187.4};
    for (size_t i = 0; i < sizeof bad_rates / sizeof *bad_rates; ++i) {
        pst_resampler_config config = good;
        config.from_hz = bad_rates[i];
        check_refused(&config, PST_BAD_ARGUMENT, "256");
        config = good;
        config.to_hz = bad_rates[i];
        check_refused(&config, PST_BAD_ARGUMENT, "256");
    }
    pst_resampler_config config = good;
    config.n_channels = 0;
    check_refused(&config, PST_BAD_ARGUMENT, "n_channels is 0");
    config.n_channels = PST_MAX_CHANNELS + 1;
    check_refused(&config, PST_BAD_ARGUMENT, "n_channels is 257");
    config = good;
    config.format = PST_FORMAT_I16;
    check_refused(&config, PST_BAD_ARGUMENT, "int16");
    config = good;
    config.quality = (pst_resample_quality)5;
    check_refused(&config, PST_BAD_ARGUMENT, "quality is 5");
    config = good;
    config.engine = (pst_resample_engine)3;
    check_refused(&config, PST_BAD_ARGUMENT, "engine is 3");
    config = good;
    config.quality = PST_RESAMPLE_LINEAR;
    config.engine = PST_RESAMPLER_SAMPLERATE;
    check_refused(&config, PST_BAD_ARGUMENT, "engine");
    if (!pst_resampler_has_engine(PST_RESAMPLER_SOXR)) {
        config = good;
        config.engine = PST_RESAMPLER_SOXR;
        check_refused(&config, PST_UNSUPPORTED, "soxr");
    }
}

static void test_memory_that_runs_out_is_told(void) {
    if (!failing_alloc_works()) {
        check_skip("the sanitizer has its own allocator");
        return;
    }
    // soxr takes failed allocations of its own for granted, so only what is checked is tried here.
    static const int tried[] = {0, 6};
    for (size_t i = 0; i < sizeof tried / sizeof *tried; ++i)
        for (long n = 1;; ++n) {
            pst_resampler_config config =
                config_of(&variants[tried[i]], 44100, 48000, 200, PST_FORMAT_F64);
            pst_resampler *r = NULL;
            pst_error err;
            failing_alloc_begin(n);
            const pst_status status = pst_resampler_create(&r, &config, &err);
            pst_resampler_destroy(r);
            if (failing_alloc_end() < n) {
                CHECK_EQ(status, PST_OK);
                CHECK(n > 2);
                break;
            }
            CHECK_EQ(status, PST_NO_MEMORY);
            CHECK_EQ(failing_alloc_live(), 0);
        }
}

int main(void) {
    RUN(test_cuts_do_not_show);
    RUN(test_short_inputs_have_their_length);
    RUN(test_ratios_go_to_their_ends);
    RUN(test_many_channels_are_like_one);
    RUN(test_each_frame_comes_at_its_time_and_clean);
    RUN(test_what_is_not_finite_harms_no_other_sample);
    RUN(test_latency_is_what_it_says);
    RUN(test_what_is_not_due_needs_no_room);
    RUN(test_the_end_is_the_end);
    RUN(test_what_cannot_be_is_refused);
    RUN(test_memory_that_runs_out_is_told);
    return check_done();
}
