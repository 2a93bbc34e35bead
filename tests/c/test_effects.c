// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

// Effects make what their definition says, however the sound is cut, and get over anything.

#include "check.h"
#include "dsp/fft.h"
#include "effect_model.h"
#include "rt_guard.h"

enum { N = 3000, MOST_CHANNELS = 8, MOST_TAPS = 5000 };

static double taps[MOST_TAPS];
static double wide[N * MOST_CHANNELS]; // What goes in, as the format holds it.
static double got[N * MOST_CHANNELS];
static double channel_in[N], channel_out[N];
static uint8_t data[N * MOST_CHANNELS * 8], cut[N * MOST_CHANNELS * 8];

// Two peaks, a low pass with a double pole, and a section that is not divided by its a0.
static const double sos[4 * 6] = {
    1.0, -1.2, 0.9,  1.0, -1.5, 0.81, // around 0.09 of the rate
    0.5, 0.1,  -0.3, 2.0, 0.6,  1.2,  0.01, 0.02, 0.01,
    1.0, -1.8, 0.81, 1.0, 0.0,  0.0,  1.0,  0.5,  0.0,
};

static void fill_taps(void) {
    uint64_t seed = 5;
    for (int k = 0; k < MOST_TAPS; ++k)
        taps[k] = ((double)check_random(&seed) * 0x1p-31 - 1.0) * exp(-0.001 * k);
}

// Bursts, so that levels rise and fall.
static void fill(pst_format format, uint32_t n_channels, double loudest) {
    uint64_t seed = 11;
    for (size_t i = 0; i < (size_t)N * n_channels; ++i) {
        const double burst = (i / n_channels / 400) % 3 == 0 ? 0.01 : loudest;
        wide[i] = burst * ((double)check_random(&seed) * 0x1p-31 - 1.0);
    }
    (void)pst_convert(data, format, wide, PST_FORMAT_F64, (size_t)N * n_channels, NULL);
    (void)pst_convert(wide, PST_FORMAT_F64, data, format, (size_t)N * n_channels, NULL);
}

// Runs data through the effect at once, and in pieces, which is to be the same to the bit.
static void run(pst_effect *effect, uint64_t seed) {
    pst_effect_info info;
    pst_effect_get_info(effect, &info);
    const size_t frame_bytes = (size_t)info.n_channels * pst_format_bytes(info.format);
    memcpy(cut, data, N * frame_bytes);
    rt_guard_enter();
    pst_effect_process(effect, data, N);
    pst_effect_reset(effect);
    const int n_bad = rt_guard_leave();
    CHECK_EQ(n_bad, 0);
    for (uint32_t at = 0; at < N;) {
        uint32_t n = check_random_in(&seed, 0, seed % 2 == 0 ? 3 : 700);
        n = n < N - at ? n : N - at;
        pst_effect_process(effect, cut + at * frame_bytes, n);
        at += n;
    }
    CHECK_TEXT(memcmp(cut, data, N * frame_bytes) == 0, "%s: cuts show", info.name);
    (void)pst_convert(got, PST_FORMAT_F64, data, info.format, (size_t)N * info.n_channels, NULL);
    pst_effect_destroy(effect);
}

static void pick_channel(uint32_t c, uint32_t n_channels) {
    for (int i = 0; i < N; ++i)
        channel_in[i] = wide[(size_t)i * n_channels + c];
}

static double difference(uint32_t c, uint32_t n_channels) {
    double most = 0.0;
    for (int i = 0; i < N; ++i)
        most = fmax(most, fabs(got[(size_t)i * n_channels + c] - channel_out[i]));
    return most;
}

static const uint32_t channel_counts[] = {1, 2, 3, MOST_CHANNELS};
static const pst_format formats[] = {PST_FORMAT_F32, PST_FORMAT_F64};

#define FOR_EACH_KIND(format, n_channels)                                                          \
    for (int f_ = 0; f_ < 2; ++f_)                                                                 \
        for (int c_ = 0; c_ < 4; ++c_)                                                             \
            for (pst_format format = formats[f_]; format != 0; format = (pst_format)0)             \
                for (uint32_t n_channels = channel_counts[c_]; n_channels != 0; n_channels = 0)

static void test_fft_is_the_sum_that_defines_it(void) {
    static double re[512], im[512], was_re[512], was_im[512];
    uint64_t seed = 3;
    for (uint32_t n = 4; n <= 512; n *= 2) {
        pst_fft *fft = pst_fft_create(n);
        for (uint32_t i = 0; i < n; ++i) {
            re[i] = was_re[i] = (double)check_random(&seed) * 0x1p-32;
            im[i] = was_im[i] = (double)check_random(&seed) * 0x1p-32;
        }
        pst_fft_run(fft, re, im);
        double most = 0.0;
        for (uint32_t k = 0; k < n; ++k) {
            double sum_re = 0.0, sum_im = 0.0;
            for (uint32_t i = 0; i < n; ++i) {
                const double angle = -2.0 * 3.14159265358979323846 * (i * k % n) / n;
                sum_re += was_re[i] * cos(angle) - was_im[i] * sin(angle);
                sum_im += was_re[i] * sin(angle) + was_im[i] * cos(angle);
            }
            most = fmax(most, hypot(re[k] - sum_re, im[k] - sum_im));
        }
        CHECK_TEXT(most < 1e-11, "n = %u: %g", n, most);
        pst_fft_run(fft, im, re); // Back.
        for (uint32_t i = 0; i < n; ++i)
            most = fmax(most, fabs(re[i] / n - was_re[i]) + fabs(im[i] / n - was_im[i]));
        CHECK_TEXT(most < 1e-11, "n = %u: %g", n, most);
        pst_fft_destroy(fft);
    }
    pst_fft_destroy(NULL);
}

static void test_delay_moves_frames(void) {
    static const uint64_t delays[] = {0, 1, 17, 1000, 2999, 3000, 5000};
    FOR_EACH_KIND(format, n_channels) {
        for (int d = 0; d < 7; ++d) {
            fill(format, n_channels, 0.5);
            pst_effect *effect = NULL;
            CHECK_EQ(pst_effect_delay(&effect, format, n_channels, delays[d], NULL), PST_OK);
            run(effect, (uint64_t)d);
            for (uint32_t c = 0; c < n_channels; ++c) {
                pick_channel(c, n_channels);
                model_delay(channel_out, channel_in, N, (int)delays[d]);
                CHECK(difference(c, n_channels) == 0.0);
            }
        }
    }
}

static void test_fir_is_the_sum_of_its_taps(void) {
    static const int counts[] = {1, 2, 17, 128, 129, 1024, 1025, MOST_TAPS};
    fill_taps();
    FOR_EACH_KIND(format, n_channels) {
        for (int t = 0; t < 8; ++t) {
            fill(format, n_channels, 0.5);
            pst_effect *effect = NULL;
            CHECK_EQ(pst_effect_fir(&effect, format, n_channels, taps, (uint32_t)counts[t], NULL),
                     PST_OK);
            run(effect, (uint64_t)t);
            for (uint32_t c = 0; c < n_channels; c += 3) {
                pick_channel(c, n_channels);
                model_fir(channel_out, channel_in, N, taps, counts[t]);
                const double most = difference(c, n_channels);
                // All taps together are about 150.
                CHECK_TEXT(most < (format == PST_FORMAT_F32 ? 150 * 1e-7 : 1e-13), "%d taps: %g",
                           counts[t], most);
            }
        }
    }
}

static void test_iir_is_its_difference_equation(void) {
    FOR_EACH_KIND(format, n_channels) {
        for (int n_sections = 1; n_sections <= 4; ++n_sections) {
            fill(format, n_channels, 0.5);
            pst_effect *effect = NULL;
            CHECK_EQ(pst_effect_iir(&effect, format, n_channels, sos, (uint32_t)n_sections, NULL),
                     PST_OK);
            run(effect, (uint64_t)n_sections);
            for (uint32_t c = 0; c < n_channels; ++c) {
                pick_channel(c, n_channels);
                model_iir(channel_out, channel_in, N, sos, n_sections);
                const double most = difference(c, n_channels);
                CHECK_TEXT(most < (format == PST_FORMAT_F32 ? 1e-6 : 1e-11), "%d sections: %g",
                           n_sections, most);
            }
        }
    }
}

static void test_compressor_follows_its_curve(void) {
    pst_compressor_config configs[5];
    for (int i = 0; i < 5; ++i)
        pst_compressor_config_default(&configs[i]);
    configs[1].knee_width_db = 0.0;
    configs[1].attack_s = 0.0;
    configs[1].master_gain_db = 7.5;
    configs[2].expansion_ratio = 1.0;
    configs[2].release_s = 0.0;
    configs[3].expansion_threshold_db = -30.0;
    configs[3].expansion_ratio = 3.0;
    configs[3].threshold_db = -35.0; // Below the expander's: that comes first.
    configs[3].rate_hz = 8000.0;
    configs[4].ratio = 1.0;
    configs[4].knee_width_db = 30.0;
    FOR_EACH_KIND(format, n_channels) {
        for (int i = 0; i < 5; ++i) {
            fill(format, n_channels, 0.9);
            pst_effect *effect = NULL;
            CHECK_EQ(pst_effect_compressor(&effect, format, n_channels, &configs[i], NULL), PST_OK);
            run(effect, (uint64_t)i);
            for (uint32_t c = 0; c < n_channels; ++c) {
                pick_channel(c, n_channels);
                model_compressor(channel_out, channel_in, N, &configs[i]);
                const double most = difference(c, n_channels);
                CHECK_TEXT(most < (format == PST_FORMAT_F32 ? 2e-7 : 1e-9), "%d: %g", i, most);
            }
        }
    }
}

// Levels that do not change come out where the curve has them.
static void test_compressor_at_rest(void) {
    static const double levels[] = {-90.0, -61.0, -59.0, -40.0, -21.0, -18.0, -15.0, -6.0, 0.0};
    pst_compressor_config config;
    pst_compressor_config_default(&config);
    for (int i = 0; i < 9; ++i) {
        for (int k = 0; k < N; ++k)
            got[k] = pow(10.0, levels[i] / 20.0);
        pst_effect *effect = NULL;
        CHECK_EQ(pst_effect_compressor(&effect, PST_FORMAT_F64, 1, &config, NULL), PST_OK);
        pst_effect_process(effect, got, N);
        pst_effect_process(effect, got, N - 1); // On with what came of it: the last one is new.
        pst_effect_reset(effect);
        for (int k = 0; k < N; ++k)
            got[k] = pow(10.0, levels[i] / 20.0);
        pst_effect_process(effect, got, N);
        pst_effect_destroy(effect);
        const double level = 20.0 * log10(got[N - 1]);
        CHECK_TEXT(fabs(level - model_curve(&config, levels[i])) < 0.05, "%g dB: %g", levels[i],
                   level);
    }
}

static void check_limited(const pst_limiter_config *config, pst_format format,
                          uint32_t n_channels) {
    const int n_ahead = (int)lround(config->lookahead_s * config->rate_hz);
    const double ceiling = pow(10.0, config->ceiling_db / 20.0);
    const double kept =
        config->release_s > 0.0 ? exp(-1.0 / (config->release_s * config->rate_hz)) : 0.0;
    static double peaks[N], gains[N];
    for (int i = 0; i < N; ++i) {
        peaks[i] = 0.0;
        for (uint32_t c = 0; c < n_channels; ++c)
            peaks[i] = fmax(peaks[i], fabs(wide[(size_t)i * n_channels + c]));
    }
    model_limiter(gains, peaks, N, n_ahead, ceiling, kept);
    double most = 0.0;
    int n_beyond = 0;
    for (int i = 0; i < N; ++i)
        for (uint32_t c = 0; c < n_channels; ++c) {
            const double y = got[(size_t)i * n_channels + c];
            n_beyond += fabs(y) > ceiling;
            const double x = i < n_ahead ? 0.0 : wide[(size_t)(i - n_ahead) * n_channels + c];
            most = fmax(most, fabs(y - (i < n_ahead ? 0.0 : x * gains[i - n_ahead])));
        }
    CHECK_EQ(n_beyond, 0);
    CHECK_TEXT(most < (format == PST_FORMAT_F32 ? 1e-6 : 1e-8), "%d ahead: %g", n_ahead, most);
}

static void test_limiter_keeps_its_ceiling(void) {
    static const double ahead[] = {0.0, 1.0 / 48000.0, 0.002, 0.02};
    pst_limiter_config config;
    pst_limiter_config_default(&config);
    FOR_EACH_KIND(format, n_channels) {
        for (int i = 0; i < 4; ++i) {
            config.lookahead_s = ahead[i];
            config.release_s = i == 1 ? 0.0 : 0.003 * i;
            config.ceiling_db = i == 3 ? -20.0 : -0.3;
            fill(format, n_channels, 5.0);
            pst_effect *effect = NULL;
            CHECK_EQ(pst_effect_limiter(&effect, format, n_channels, &config, NULL), PST_OK);
            run(effect, (uint64_t)i);
            check_limited(&config, format, n_channels);
        }
    }
}

static void test_limiter_leaves_quiet_sound_alone(void) {
    pst_limiter_config config;
    pst_limiter_config_default(&config);
    config.lookahead_s = 0.001; // 48 frames.
    fill(PST_FORMAT_F32, 2, 0.89);
    for (int i = 0; i < 2; ++i) // The first burst is louder than the ceiling.
        ((float *)(void *)data)[2 * 10 + i] = wide[2 * 10 + i] = 4.0F;
    pst_effect *effect = NULL;
    config.release_s = 0.0001;
    CHECK_EQ(pst_effect_limiter(&effect, PST_FORMAT_F32, 2, &config, NULL), PST_OK);
    run(effect, 0);
    int n_other = 0;
    for (int i = 400; i < N; ++i) // It is gone without a trace.
        n_other += got[2 * i] != wide[2 * (i - 48)] || got[2 * i + 1] != wide[2 * (i - 48) + 1];
    CHECK_EQ(n_other, 0);
    CHECK(fabs(got[2 * 58] - pow(10.0, -0.05)) < 1e-6);
}

// One of each kind.
static pst_effect *make(int kind, pst_format format, uint32_t n_channels) {
    pst_effect *effect = NULL;
    pst_compressor_config compressor;
    pst_limiter_config limiter;
    pst_compressor_config_default(&compressor);
    pst_limiter_config_default(&limiter);
    pst_status status = PST_OK;
    fill_taps();
    switch (kind) {
    case 0:
        status = pst_effect_delay(&effect, format, n_channels, 100, NULL);
        break;
    case 1:
        status = pst_effect_fir(&effect, format, n_channels, taps, 40, NULL);
        break;
    case 2:
        status = pst_effect_fir(&effect, format, n_channels, taps, 500, NULL);
        break;
    case 3:
        status = pst_effect_iir(&effect, format, n_channels, sos, 4, NULL);
        break;
    case 4:
        status = pst_effect_compressor(&effect, format, n_channels, &compressor, NULL);
        break;
    default:
        status = pst_effect_limiter(&effect, format, n_channels, &limiter, NULL);
    }
    CHECK_EQ(status, PST_OK);
    return effect;
}
enum { N_KINDS = 6 };

static void test_what_is_no_number_is_silent_and_counted(void) {
    for (int kind = 0; kind < N_KINDS; ++kind) {
        static float bad[2 * N], good[2 * N];
        for (int i = 0; i < 2 * N; ++i)
            bad[i] = good[i] = (float)(0.3 * sin(0.1 * i));
        bad[100] = NAN;
        bad[501] = INFINITY;
        bad[2000] = -INFINITY;
        good[100] = good[501] = good[2000] = 0.0F;
        pst_effect *effect = make(kind, PST_FORMAT_F32, 2);
        pst_effect_process(effect, bad, N);
        pst_effect_info info;
        pst_effect_get_info(effect, &info);
        CHECK_EQ(info.n_nonfinite, 3);
        pst_effect_destroy(effect);
        effect = make(kind, PST_FORMAT_F32, 2);
        pst_effect_process(effect, good, N);
        pst_effect_destroy(effect);
        CHECK_TEXT(memcmp(bad, good, sizeof bad) == 0, "kind %d", kind);
    }
}

// Sound at the edge of what the format holds comes out as numbers, and leaves nothing behind.
static void test_nothing_stays_of_what_is_far_too_loud(void) {
    const double loud[6] = {1e200, 0.0, 0.0, 1.0, 0.0, 0.0};
    for (int kind = 0; kind <= N_KINDS; ++kind) {
        static double x[N], later[N];
        for (int i = 0; i < N; ++i)
            later[i] = x[i] = i == 5 ? 1.7e308 : i == 6 ? -1.7e308 : 0.0;
        pst_effect *effect = NULL;
        if (kind < N_KINDS)
            effect = make(kind, PST_FORMAT_F64, 1);
        else
            CHECK_EQ(pst_effect_iir(&effect, PST_FORMAT_F64, 1, loud, 1, NULL), PST_OK);
        pst_effect_process(effect, x, N);
        for (int k = 0; k < 400; ++k) { // Echoes of 1e300 take their time.
            memset(later, 0, sizeof later);
            pst_effect_process(effect, later, N);
        }
        int n_bad = 0, n_left = 0;
        for (int i = 0; i < N; ++i) {
            n_bad += !isfinite(x[i]);
            n_left += fabs(later[i]) > 1e-9;
        }
        CHECK_EQ(n_bad, 0);
        CHECK_EQ(n_left, 0);
        pst_effect_destroy(effect);
    }
}

// A filter gone wild begins anew with the next frame, wherever blocks end; other channels go on.
static void test_a_wild_filter_begins_anew_at_once(void) {
    enum { FRAMES = 700, CHANNELS = 2 };
    const double rows[2 * 6] = {1.0, 0.5, 0.2, 1.0, -0.9, 0.0, 10.0, 0.0, 0.0, 1.0, -0.5, 0.0};
    static const size_t cuts[] = {FRAMES, 1, 7, 256};
    static double first[FRAMES * CHANNELS], x[FRAMES * CHANNELS];
    for (size_t k = 0; k < sizeof cuts / sizeof *cuts; ++k) {
        uint64_t seed = 3;
        for (int i = 0; i < FRAMES * CHANNELS; ++i)
            x[i] = (double)check_random(&seed) * 0x1p-31 - 1.0;
        x[300 * CHANNELS] = 9e299; // Ten times that is too much.
        x[301 * CHANNELS] = -9e299;
        pst_effect *effect = NULL;
        CHECK_EQ(pst_effect_iir(&effect, PST_FORMAT_F64, CHANNELS, rows, 2, NULL), PST_OK);
        for (size_t at = 0; at < FRAMES; at += cuts[k])
            pst_effect_process(effect, x + at * CHANNELS,
                               FRAMES - at < cuts[k] ? FRAMES - at : cuts[k]);
        pst_effect_destroy(effect);
        CHECK_EQ(x[300 * CHANNELS] == 0.0 && x[301 * CHANNELS] == 0.0, true);
        for (int i = 302; i < FRAMES; ++i)
            CHECK(fabs(x[i * CHANNELS]) < 1000.0 && x[i * CHANNELS] != 0.0);
        CHECK(x[300 * CHANNELS + 1] != 0.0);
        if (k == 0)
            memcpy(first, x, sizeof first);
        CHECK(memcmp(first, x, sizeof first) == 0);
    }
}

static void test_info_tells_what_it_is(void) {
    static const char *const names[] = {"delay", "fir", "fir", "iir", "compressor", "limiter"};
    static const uint64_t delays[] = {100, 0, 0, 0, 0, 240};
    for (int kind = 0; kind < N_KINDS; ++kind) {
        pst_effect *effect = make(kind, PST_FORMAT_F32, 3);
        pst_effect_info info;
        pst_effect_get_info(effect, &info);
        CHECK_STR(info.name, names[kind]);
        CHECK_EQ(info.format, PST_FORMAT_F32);
        CHECK_EQ(info.n_channels, 3);
        CHECK_EQ(info.delay_frames, delays[kind]);
        CHECK_EQ(info.is_delay_wanted, kind == 0);
        CHECK_EQ(info.n_nonfinite, 0);
        pst_effect_destroy(effect);
    }
    pst_effect_destroy(NULL);
}

static void test_arguments_are_checked(void) {
    static const double poles[6] = {1.0, 0.0, 0.0, 1.0, 0.0, 1.1};
    static const double lines[6] = {1.0, 0.0, 0.0, 1.0, -2.5, 1.0};
    static const double edge[6] = {1.0, 0.0, 0.0, 1.0, -2.0, 1.0}; // A double pole at 1.
    static const double zero[6] = {1.0, 0.0, 0.0, 0.0, 0.0, 0.0};
    const double hole[6] = {1.0, NAN, 0.0, 1.0, 0.0, 0.0};
    const double some[2] = {1.0, INFINITY};
    pst_effect *effect = NULL;
    pst_error err;
    const pst_format f32 = PST_FORMAT_F32;
    CHECK_EQ(pst_effect_delay(&effect, PST_FORMAT_I16, 1, 1, &err), PST_BAD_ARGUMENT);
    CHECK_STR(err.text, "format is int16; an effect computes with float32 or float64");
    CHECK_EQ(pst_effect_delay(&effect, f32, 0, 1, &err), PST_BAD_ARGUMENT);
    CHECK_STR(err.text, "n_channels is 0; it must be from 1 to 256");
    CHECK_EQ(pst_effect_delay(&effect, f32, 1, (1 << 28) + 1, &err), PST_BAD_ARGUMENT);
    CHECK_EQ(pst_effect_fir(&effect, f32, 1, some, 0, &err), PST_BAD_ARGUMENT);
    CHECK_EQ(pst_effect_fir(&effect, f32, 1, some, 2, &err), PST_BAD_ARGUMENT);
    CHECK_STR(err.text, "taps[1] is inf; it must be a finite number");
    CHECK_EQ(pst_effect_iir(&effect, f32, 1, hole, 1, &err), PST_BAD_ARGUMENT);
    CHECK_STR(err.text, "b1 of section 0 is nan; it must be a finite number");
    CHECK_EQ(pst_effect_iir(&effect, f32, 1, zero, 1, &err), PST_BAD_ARGUMENT);
    CHECK_EQ(pst_effect_iir(&effect, f32, 1, poles, 1, &err), PST_BAD_ARGUMENT);
    CHECK(strstr(err.text, "section 0 has a pole at a distance of 1.0488") != NULL);
    CHECK_EQ(pst_effect_iir(&effect, f32, 1, lines, 1, &err), PST_BAD_ARGUMENT);
    CHECK(strstr(err.text, "section 0 has a pole at a distance of 2 from 0") != NULL);
    CHECK_EQ(pst_effect_iir(&effect, f32, 1, sos, 257, &err), PST_BAD_ARGUMENT);
    pst_compressor_config compressor;
    pst_compressor_config_default(&compressor);
    compressor.ratio = 0.5;
    CHECK_EQ(pst_effect_compressor(&effect, f32, 1, &compressor, &err), PST_BAD_ARGUMENT);
    CHECK_STR(err.text, "ratio is 0.5; it must be from 1 to 1e+06");
    pst_limiter_config limiter;
    pst_limiter_config_default(&limiter);
    limiter.lookahead_s = 30.0;
    CHECK_EQ(pst_effect_limiter(&effect, f32, 1, &limiter, &err), PST_BAD_ARGUMENT);
    CHECK_STR(err.text, "lookahead_s is 30; it must be from 0 to 21.8453 seconds");
    limiter.lookahead_s = NAN;
    CHECK_EQ(pst_effect_limiter(&effect, f32, 1, &limiter, &err), PST_BAD_ARGUMENT);
    CHECK(effect == NULL);
    CHECK_EQ(pst_effect_iir(&effect, f32, 1, edge, 1, &err), PST_OK);
    pst_effect_destroy(effect);
}

int main(void) {
    RUN(test_fft_is_the_sum_that_defines_it);
    RUN(test_delay_moves_frames);
    RUN(test_fir_is_the_sum_of_its_taps);
    RUN(test_iir_is_its_difference_equation);
    RUN(test_compressor_follows_its_curve);
    RUN(test_compressor_at_rest);
    RUN(test_limiter_keeps_its_ceiling);
    RUN(test_limiter_leaves_quiet_sound_alone);
    RUN(test_what_is_no_number_is_silent_and_counted);
    RUN(test_nothing_stays_of_what_is_far_too_loud);
    RUN(test_a_wild_filter_begins_anew_at_once);
    RUN(test_info_tells_what_it_is);
    RUN(test_arguments_are_checked);
    return check_done();
}
