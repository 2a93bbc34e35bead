// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include <math.h>
#include <stdlib.h>

#include "check.h"
#include "kernel_rig.h"

// Mixing, filters and dynamics: every level that this machine has against the scalar one, bit for
// bit, for all short lengths at all alignments. That the scalar one is right, the tests of those
// who use it say.

enum { MOST = 70, ROOM = 4096, N_MOST_CHANNELS = 9 };

typedef struct f32_arrays {
    float a[ROOM], b[ROOM], gains[ROOM], wanted[ROOM], got[ROOM];
} f32_arrays;

typedef struct f64_arrays {
    double a[ROOM], b[ROOM], wanted[ROOM], got[ROOM];
} f64_arrays;

static f32_arrays f, some_f[2];
static f64_arrays d, some_d[2];

static void make_arrays(void) {
    for (int i = 0; i < 2; ++i) {
        const size_t n_f = sizeof some_f[i] / sizeof(float),
                     n_d = sizeof some_d[i] / sizeof(double);
        if (i == 0) {
            rig_fill((uint8_t *)&some_f[i], PST_FORMAT_F32, n_f);
            rig_fill((uint8_t *)&some_d[i], PST_FORMAT_F64, n_d);
        } else {
            rig_fill_sound(&some_f[i], PST_FORMAT_F32, n_f);
            rig_fill_sound(&some_d[i], PST_FORMAT_F64, n_d);
        }
        memcpy(some_f[i].got, some_f[i].wanted, sizeof some_f[i].got);
        memcpy(some_d[i].got, some_d[i].wanted, sizeof some_d[i].got);
    }
}

// Everything anew: sound, or anything that a float can be.
static void fill(bool is_sound) {
    f = some_f[is_sound];
    d = some_d[is_sound];
}

#define CHECK_SAME(level, what, n)                                                                 \
    CHECK_TEXT(rig_same_f32(f.wanted, f.got, ROOM) && rig_same_f64(d.wanted, d.got, ROOM),         \
               "%s, %s, %zu", (level).name, what, (size_t)(n))

// Runs a kernel of the scalar table on `wanted`, and that of a level on `got`.
#define BOTH(part, level, call_f, call_d)                                                          \
    do {                                                                                           \
        const pst_##part##_kernels *k = rig_scalar()->part;                                        \
        float *yf = f.wanted;                                                                      \
        double *yd = d.wanted;                                                                     \
        call_f;                                                                                    \
        call_d;                                                                                    \
        k = (level).table->part;                                                                   \
        yf = f.got;                                                                                \
        yd = d.got;                                                                                \
        call_f;                                                                                    \
        call_d;                                                                                    \
    } while (0)

static void mix_once(rig_level level, size_t n) {
    const size_t at = n % 16;
    BOTH(mix, level, k->scale_f32(yf + at, n, 0.7F), k->scale_f64(yd + at, n, 0.7));
    CHECK_SAME(level, "scale", n);
    BOTH(mix, level, k->add(yf + at, f.a + n % 7, n, -0.3F), (void)yd);
    CHECK_SAME(level, "add", n);
    BOTH(mix, level, k->add_one_to_two(yf + at, f.a + n % 7, n, -0.3F), (void)yd);
    CHECK_SAME(level, "add_one_to_two", n);
    for (size_t c = 1; c <= N_MOST_CHANNELS; ++c) {
        BOTH(mix, level, k->scale_moving(yf + at, n, c, f.gains + n % 5), (void)yd);
        CHECK_SAME(level, "scale_moving", n);
        BOTH(mix, level, k->add_moving(yf + at, f.a + n % 3, n, c, f.gains + n % 5), (void)yd);
        CHECK_SAME(level, "add_moving", n);
    }
}

static void test_gains_and_sums(void) {
    for (int i = 0; i < rig_n_levels(); ++i)
        for (size_t n = 0; n <= MOST; ++n) {
            fill(n % 2 == 0);
            mix_once(rig_get(i), n);
        }
}

static void ramp_once(rig_level level, size_t n) {
    const size_t at = n % 16;
    for (int kind = 0; kind < 3; ++kind) {
        const pst_slope slope = {.from = kind == 0 ? 0.0F : 0.3F,
                                 .to = kind == 1 ? 0.0F : 1.2F,
                                 .n_done = 17.0 * (double)n,
                                 .frame_share = 1.0 / 4001.0};
        BOTH(mix, level, k->ramp_linear(&slope, yf + at, n), (void)yd);
        CHECK_SAME(level, "ramp_linear", n);
        BOTH(mix, level, k->ramp_equal_power(&slope, yf + at, n), (void)yd);
        CHECK_SAME(level, "ramp_equal_power", n);
        if (kind == 2)
            BOTH(mix, level, k->ramp_exponential(&slope, yf + at, n), (void)yd);
        CHECK_SAME(level, "ramp_exponential", n);
    }
}

static void test_ramps(void) {
    for (int i = 0; i < rig_n_levels(); ++i)
        for (size_t n = 0; n <= MOST; ++n) {
            fill(true);
            ramp_once(rig_get(i), n);
        }
}

static void test_a_matrix(void) {
    static float planes_f[N_MOST_CHANNELS * PST_MIX_FRAMES];
    static double planes_d[N_MOST_CHANNELS * PST_MIX_FRAMES];
    uint32_t first[N_MOST_CHANNELS + 1];
    uint16_t sources[N_MOST_CHANNELS * N_MOST_CHANNELS];
    for (int i = 0; i < rig_n_levels(); ++i)
        for (uint32_t n_in = 1; n_in <= N_MOST_CHANNELS; ++n_in)
            for (uint32_t n_out = 1; n_out <= N_MOST_CHANNELS; n_out += 1 + n_in % 2) {
                const rig_level level = rig_get(i);
                uint32_t n_entries = 0;
                fill((n_in + n_out) % 2 == 0);
                for (uint32_t o = 0; o < n_out; ++o) {
                    first[o] = n_entries;
                    for (uint32_t s = 0; s < n_in; ++s)
                        if (rig_random() % 3 != 0)
                            sources[n_entries++] = (uint16_t)s;
                }
                first[n_out] = n_entries;
                const pst_mix mix = {n_in, n_out, first, sources, f.gains};
                for (size_t n = 0; n <= PST_MIX_FRAMES; n += 1 + n / 9) {
                    BOTH(mix, level, k->mix_f32(&mix, yf + n % 16, f.a + n % 7, planes_f, n),
                         k->mix_f64(&mix, yd + n % 16, d.a + n % 7, planes_d, n));
                    CHECK_SAME(level, "mix", n);
                }
            }
}

typedef struct scanned {
    int32_t peak[40], n_clipped[40];
    float sum[40];
} scanned;

static void test_scans(void) {
    for (int i = 0; i < rig_n_levels(); ++i)
        for (uint32_t n_lanes = 1; n_lanes <= 40; ++n_lanes)
            for (size_t n = 0; n <= 200; n += 1 + n / 20) {
                fill(true);
                const rig_level level = rig_get(i);
                scanned wanted = {{1, 2, 3}, {4, 5, 6}, {7, 8, 9}}, got = wanted;
                const pst_scan_lanes to_wanted = {wanted.peak, wanted.n_clipped, wanted.sum};
                const pst_scan_lanes to_got = {got.peak, got.n_clipped, got.sum};
                const float limit = 0.9F;
                int32_t bits;
                memcpy(&bits, &limit, sizeof bits);
                rig_scalar()->mix->scan(&to_wanted, f.a + n % 16, n, n_lanes, bits);
                level.table->mix->scan(&to_got, f.a + n % 16, n, n_lanes, bits);
                CHECK_TEXT(memcmp(&wanted, &got, sizeof got) == 0, "%s, %u lanes, %zu", level.name,
                           (unsigned)n_lanes, n);
            }
}

static void test_bounds(void) {
    static const float odd[] = {0.51F, -0.51F, INFINITY, -INFINITY, NAN, -NAN};
    for (int i = -1; i < rig_n_levels(); ++i)
        for (size_t n = 0; n <= MOST; ++n) {
            const pst_mix_kernels *mix = rig_get(i < 0 ? 99 : i).table->mix;
            const pst_dynamics_kernels *dynamics = rig_get(i < 0 ? 99 : i).table->dynamics;
            for (size_t k = 0; k < ROOM; ++k) // Beyond the bounds in front and behind.
                d.a[k] = (double)(f.a[k] = k < 16 || k >= 16 + n ? 9.0F : k % 2 ? 0.5F : -0.5F);
            CHECK(mix->are_within_f32(f.a + 16, 0.5F, n));
            CHECK(mix->are_within_f64(d.a + 16, 0.5, n));
            CHECK(dynamics->are_all_between(d.a + 16, -0.5, 0.5, n));
            for (size_t at = 0; at < n; ++at) {
                const float kept = f.a[16 + at], x = odd[(at + n) % 6];
                d.a[16 + at] = (double)(f.a[16 + at] = x);
                CHECK(!mix->are_within_f32(f.a + 16, 0.5F, n));
                CHECK(!mix->are_within_f64(d.a + 16, 0.5, n));
                CHECK(!dynamics->are_all_between(d.a + 16, -0.5, 0.5, n));
                d.a[16 + at] = (double)(f.a[16 + at] = kept);
            }
        }
}

// ---- Filters ------------------------------------------------------------------------------------

static void test_taps(void) {
    enum { PAST = 1000 };
    for (int i = 0; i < rig_n_levels(); ++i)
        for (size_t n = 0; n <= 3 * MOST; n += n < MOST ? 1 : 29) {
            const rig_level level = rig_get(i);
            const size_t n_channels = 1 + n % 5, n_taps = 1 + n * 7 % 130;
            fill(true);
            if (n % 4 == 0) // Some that are hardly numbers any more.
                for (size_t k = 0; k < ROOM; ++k)
                    d.a[k] = (double)(f.a[k] *= 1e-38F);
            BOTH(filter, level,
                 k->sum_f32(yf + n % 16, f.a + PAST + n % 7, f.b, n_taps, n_channels, n),
                 k->sum_f64(yd + n % 16, d.a + PAST + n % 7, d.b, n_taps, n_channels, n));
            CHECK_SAME(level, "sum", n);
        }
}

static void test_spectra(void) {
    for (int i = 0; i < rig_n_levels(); ++i)
        for (size_t n = 0; n <= 2 * MOST; ++n) {
            const rig_level level = rig_get(i);
            fill(true);
            pst_complex_product products[9];
            for (size_t p = 0; p < 9; ++p)
                products[p] =
                    (pst_complex_product){{d.a + p, d.a + 150 + p}, {d.b + 2 * p, d.b + 500}};
            const size_t at = n % 8;
            BOTH(filter, level, (void)yf,
                 k->multiply_sum((pst_complex){yd + at, yd + 1000 + at}, products, n % 10, n));
            CHECK_SAME(level, "multiply_sum", n);
        }
}

static void test_transforms(void) {
    static double tables[6][256];
    const pst_twiddles twiddles = {{tables[0], tables[1], tables[2]},
                                   {tables[3], tables[4], tables[5]}};
    for (int i = 0; i < 6; ++i)
        rig_fill_sound(tables[i], PST_FORMAT_F64, 256);
    const pst_complex from = {d.a, d.b};
    for (int i = 0; i < rig_n_levels(); ++i)
        for (size_t stride = 1; stride <= 256; stride *= 2) {
            const rig_level level = rig_get(i);
            fill(true);
            BOTH(filter, level, (void)yf,
                 k->step_of_two(stride, from, ((pst_complex){yd, yd + 1024})));
            CHECK_SAME(level, "step_of_two", stride);
        }
    for (int i = 0; i < rig_n_levels(); ++i)
        for (size_t stride = 1; stride <= 256; stride *= 4)
            for (size_t quarter = 1; quarter * stride <= 256; quarter *= 2) {
                const rig_level level = rig_get(i);
                fill(true);
                BOTH(filter, level, (void)yf,
                     k->step_of_four(&twiddles, quarter, stride, from,
                                     ((pst_complex){yd + 1, yd + 2048})));
                CHECK_SAME(level, "step_of_four", 1000 * quarter + stride);
            }
}

enum { MOST_SECTIONS = 19 };

static void check_sections(rig_level level, uint32_t n_sections, uint32_t n_channels, size_t n) {
    static pst_section sections[MOST_SECTIONS];
    static double z[2][2 * MOST_SECTIONS * N_MOST_CHANNELS];
    fill(true);
    for (uint32_t s = 0; s < n_sections; ++s)
        sections[s] = (pst_section){rig_uniform(), rig_uniform(), rig_uniform(),
                                    0.5 * rig_uniform(), 0.5 * rig_uniform()};
    rig_fill_sound(z[0], PST_FORMAT_F64, sizeof z[0] / sizeof z[0][0]);
    memcpy(z[1], z[0], sizeof z[0]);
    // In two pieces, as streams come.
    double *const rests[2] = {d.wanted + n % 8, d.got + n % 8};
    const size_t n_first = n / 3;
    for (int i = 0; i < 2; ++i) {
        const pst_filter_kernels *k = (i == 0 ? rig_scalar() : level.table)->filter;
        if (i == 0) {
            k->run_sections(sections, n_sections, z[i], rests[i], n, n_channels);
        } else {
            k->run_sections(sections, n_sections, z[i], rests[i], n_first, n_channels);
            k->run_sections(sections, n_sections, z[i], rests[i] + n_first * n_channels,
                            n - n_first, n_channels);
        }
    }
    CHECK_TEXT(memcmp(d.wanted, d.got, sizeof d.got) == 0 && memcmp(z[0], z[1], sizeof z[0]) == 0,
               "%s, %u sections, %u channels, %zu frames", level.name, (unsigned)n_sections,
               (unsigned)n_channels, n);
}

static void test_sections(void) {
    for (int i = 0; i < rig_n_levels(); ++i)
        for (uint32_t n_channels = 1; n_channels <= N_MOST_CHANNELS; ++n_channels)
            for (uint32_t n_sections = 1; n_sections <= MOST_SECTIONS;
                 n_sections += 1 + n_sections / 9)
                for (size_t n = 0; n <= MOST; n += 1 + n / 12)
                    check_sections(rig_get(i), n_sections, n_channels, n);
}

// ---- Dynamics -----------------------------------------------------------------------------------

static void levels_once(rig_level level, size_t n) {
    const size_t at = n % 8;
    BOTH(dynamics, level, (void)yf, k->sizes_f32(yd + at, f.a + n % 7, 1e-12, n));
    CHECK_SAME(level, "sizes_f32", n);
    BOTH(dynamics, level, (void)yf, k->sizes_f64(yd + at, d.a + n % 7, 1e-12, n));
    CHECK_SAME(level, "sizes_f64", n);
    BOTH(dynamics, level, k->multiply_f32(yf + at, d.a + n % 7, n),
         k->multiply_f64(yd + at, d.b + n % 7, n));
    CHECK_SAME(level, "multiply", n);
}

static void test_levels_of_sound(void) {
    for (int i = 0; i < rig_n_levels(); ++i)
        for (size_t n = 0; n <= MOST; ++n) {
            fill(n % 2 == 0);
            levels_once(rig_get(i), n);
        }
}

static void test_followers(void) {
    const pst_follower follower = {.attack = 0.93, .release = 0.9991};
    for (int i = 0; i < rig_n_levels(); ++i)
        for (size_t n_channels = 1; n_channels <= N_MOST_CHANNELS; ++n_channels)
            for (size_t n = 0; n <= MOST; ++n) {
                const rig_level level = rig_get(i);
                double wanted[N_MOST_CHANNELS] = {0.1, 0.2, 0.3}, got[N_MOST_CHANNELS];
                memcpy(got, wanted, sizeof got);
                fill(true);
                rig_scalar()->dynamics->follow(&follower, d.wanted + n % 8, n, n_channels, wanted);
                level.table->dynamics->follow(&follower, d.got + n % 8, n, n_channels, got);
                CHECK_SAME(level, "follow", n);
                CHECK(memcmp(wanted, got, sizeof got) == 0);
            }
}

// From the least normal number to the largest, denser where sound is.
static void fill_levels(double *x) {
    for (size_t i = 0; i < ROOM; ++i)
        x[i] = i % 2 == 0 ? exp(700.0 * rig_uniform()) : exp(14.0 * rig_uniform() - 13.0);
    x[0] = DBL_MIN;
    x[1] = DBL_MAX;
    x[2] = 1.0;
    x[3] = nextafter(1.0, 0.0);
    x[4] = nextafter(1.0, 2.0);
    x[5] = sqrt(0.5);
    x[6] = nextafter(sqrt(0.5), 0.0);
}

static void test_logarithms_and_powers(void) {
    for (int i = -1; i < rig_n_levels(); ++i) {
        const rig_level level = rig_get(i < 0 ? 99 : i); // The scalar one, too.
        fill_levels(d.a);
        memcpy(d.b, d.a, sizeof d.b);
        level.table->dynamics->log_of_each(d.b, ROOM);
        for (size_t k = 0; k < ROOM; ++k) {
            const double wanted = log(d.a[k]);
            CHECK_TEXT(fabs(d.b[k] - wanted) <= 1e-15 * fabs(wanted),
                       "ln(%.17g) is %.17g, not %.17g", d.a[k], d.b[k], wanted);
        }
        for (size_t k = 0; k < ROOM; ++k)
            d.a[k] = d.b[k] = (k % 2 == 0 ? 700.0 : 3.0) * rig_uniform();
        d.a[0] = d.b[0] = 0.0;
        d.a[1] = d.b[1] = -700.0;
        d.a[2] = d.b[2] = 700.0;
        level.table->dynamics->power_of_each(d.b, ROOM);
        for (size_t k = 0; k < ROOM; ++k) {
            const double wanted = exp(d.a[k]);
            CHECK_TEXT(fabs(d.b[k] - wanted) <= 1e-15 * wanted, "e^%.17g is %.17g, not %.17g",
                       d.a[k], d.b[k], wanted);
        }
    }
}

// The curve of pastream/effects.h, by the C library, for one of each kind of level.
static void test_a_gain_curve_is_right(void) {
    const pst_gain_curve c = {-2.0, 0.7, -0.75, -7.0, 1.0, 0.0, 0.0, 1.5};
    for (int i = -1; i < rig_n_levels(); ++i) {
        for (size_t k = 0; k < ROOM; ++k)
            d.a[k] = d.b[k] = exp(6.0 * rig_uniform() - 5.0);
        rig_get(i < 0 ? 99 : i).table->dynamics->gains_of_levels(&c, d.b, ROOM);
        for (size_t k = 0; k < ROOM; ++k) {
            const double level = log(d.a[k]), over = level - c.threshold;
            double wanted = over > 0.0 ? c.slope * over : 0.0;
            if (2.0 * fabs(over) <= c.knee_width)
                wanted = c.slope * pow(over + c.knee_width / 2.0, 2.0) / (2.0 * c.knee_width);
            if (level < c.expansion_threshold)
                wanted = c.expansion_slope * (level - c.expansion_threshold);
            CHECK_TEXT(fabs(d.b[k] / (c.master * exp(wanted)) - 1.0) < 1e-12,
                       "the level %.17g gets the gain %.17g", d.a[k], d.b[k]);
        }
    }
}

static void test_gain_curves(void) {
    const pst_gain_curve curves[] = {
        {-2.0, 0.7, -0.75, -7.0, 1.0, 1e-3, 0.1, 1.0},
        {-2.0, 0.0, -0.5, -1e6, 0.0, 0.0, 0.1, 2.0},
        {-9.0, 3.0, -1.0, -3.0, 1e6, 1.0, 0.0, 0.5},
    };
    for (int i = 0; i < rig_n_levels(); ++i)
        for (size_t c = 0; c < 3; ++c)
            for (size_t n = 0; n <= MOST; ++n) {
                const rig_level level = rig_get(i);
                fill_levels(d.wanted);
                memcpy(d.got, d.wanted, sizeof d.got);
                rig_scalar()->dynamics->gains_of_levels(&curves[c], d.wanted + n % 8, n);
                level.table->dynamics->gains_of_levels(&curves[c], d.got + n % 8, n);
                CHECK_SAME(level, "gains_of_levels", n);
            }
}

int main(void) {
    make_arrays();
    RUN(test_gains_and_sums);
    RUN(test_ramps);
    RUN(test_a_matrix);
    RUN(test_scans);
    RUN(test_bounds);
    RUN(test_taps);
    RUN(test_spectra);
    RUN(test_transforms);
    RUN(test_sections);
    RUN(test_levels_of_sound);
    RUN(test_followers);
    RUN(test_logarithms_and_powers);
    RUN(test_a_gain_curve_is_right);
    RUN(test_gain_curves);
    return check_done();
}
