// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include <stdlib.h>

#include "kernel_rig.h"
#include "rt_guard.h"

// The kernels of graphs: what they compute, and that all levels compute the same bits.

enum { MOST = 300, POINTS = 256 };

static float a[MOST], b[MOST], times_s[MOST];
static float table[POINTS + 1];
static float bent[2 * (POINTS + 1)];
static uint32_t phases[MOST];

static const uint32_t keys[2] = {123456789u, 987654321u};
static const pst_wave_table wave = {bent, 24, (1u << 24) - 1, 1.0f / (1u << 24)};

static void fill_all(void) {
    for (int i = 0; i < MOST; ++i) {
        a[i] = (float)rig_uniform();
        b[i] = (float)rig_uniform();
        times_s[i] = (float)(0.001 + 0.0009 * rig_uniform());
        phases[i] = (uint32_t)rig_random();
    }
    // A sine's differences are itself, times the square of a small number.
    const double step = 6.283185307179586 / POINTS;
    const double square = 2.0 * cos(step) - 2.0;
    for (int i = 0; i <= POINTS; ++i) {
        table[i] = (float)sin(step * i);
        bent[2 * i] = table[i];
        bent[2 * i + 1] = (float)(sin(step * i) * (square - 0.184 * square * square));
    }
}

// What all kernels make of the same, one after the other.
typedef struct results {
    float sum[MOST], scaled[MOST], more[MOST], product[MOST], filled[MOST], both[2 * MOST];
    float limited[MOST], steady[MOST], moving[MOST], parts[MOST], delayed[MOST];
    float ways[MOST], shifted[MOST];
    uint32_t stops[MOST];
    uint32_t places[MOST];
    float noise[MOST], clipped[MOST], bent[MOST];
} results;

static void compute(const pst_plane_kernels *k, size_t n, results *r) {
    memset(r, 0, sizeof *r);
    memcpy(r->sum, b, sizeof b);
    k->add(r->sum, a, n);
    k->scale(r->scaled, a, 0.3f, n);
    memcpy(r->more, b, sizeof b);
    k->add_scaled(r->more, a, 0.3f, n);
    k->multiply(r->product, a, b, n);
    k->fill(r->filled, 0.7f, n);
    k->interleave(r->both, a, b, n);
    for (size_t i = 0; i < n; ++i)
        r->limited[i] = i % 7 == 0 ? NAN : i % 5 == 0 ? -INFINITY : a[i];
    k->limit(r->limited, -0.5f, 0.25f, 0.125f, n);
    k->wave_steady(r->steady, &wave, 0xF0000000u, 123456789u, n);
    k->wave_moving(r->moving, &wave, phases, n);
    k->delay_places(r->places, r->parts, 77, POINTS - 1, times_s, 48000.0, 3.0, n);
    k->look_up(r->delayed, table, r->places, r->parts, n);
    k->places_of(r->stops, r->ways, 1e9 + 0.25, 1.7, n);
    k->shift(r->shifted, a, 0.3f, n > 0 ? n - 1 : 0);
    k->noise(r->noise, keys, 0xFFFFFFF0u, n);
    k->clip(r->clipped, a, b, times_s, n);
    k->clip_softly(r->bent, a, b, times_s, n);
}

// With 256 points that is a sine, to less than float32 can tell.
static double wave_at(uint32_t phase) {
    return sin(6.283185307179586 * phase / 4294967296.0);
}

static double delayed_at(size_t i) {
    const double frames = fmax(3.0, (double)times_s[i] * 48000.0);
    const double place = 77.0 + (double)i - frames + 16.0 * POINTS;
    const double whole = floor(place);
    const int k = (int)whole % POINTS;
    const double low = (double)table[k];
    return low + ((double)table[k + 1] - low) * (place - whole);
}

#define CHECK_NEAR(got, wanted)                                                                    \
    CHECK_TEXT(fabs((double)(got) - (double)(wanted)) < 1e-5, "%zu: %s: got %g, wanted %g", i,     \
               #got, (double)(got), (double)(wanted))

static void test_what_they_compute(void) {
    static results r;
    compute(rig_scalar()->planes, MOST, &r);
    for (size_t i = 0; i < MOST; ++i) {
        CHECK_NEAR(r.sum[i], a[i] + b[i]);
        CHECK_NEAR(r.scaled[i], a[i] * 0.3f);
        CHECK_NEAR(r.more[i], b[i] + a[i] * 0.3f);
        CHECK_NEAR(r.product[i], a[i] * b[i]);
        CHECK_NEAR(r.filled[i], 0.7f);
        CHECK_NEAR(r.both[2 * i], a[i]);
        CHECK_NEAR(r.both[2 * i + 1], b[i]);
        const float wanted = i % 7 == 0 ? 0.125f : i % 5 == 0 ? -0.5f : a[i];
        CHECK_NEAR(r.limited[i], wanted < -0.5f ? -0.5f : wanted > 0.25f ? 0.25f : wanted);
        CHECK_NEAR(r.steady[i], wave_at(0xF0000000u + (uint32_t)i * 123456789u));
        CHECK_NEAR(r.moving[i], wave_at(phases[i]));
        CHECK(r.places[i] < POINTS);
        CHECK_NEAR(r.delayed[i], delayed_at(i));
        const double stop = 1e9 + 0.25 + 1.7 * (double)i;
        CHECK_EQ(r.stops[i], (uint32_t)floor(stop));
        CHECK_NEAR(r.ways[i], stop - floor(stop));
        if (i + 1 < MOST)
            CHECK_NEAR(r.shifted[i], a[i] + 0.3f * (a[i + 1] - a[i]));
        const double low = fmin((double)b[i], (double)times_s[i]);
        const double high = fmax((double)b[i], (double)times_s[i]);
        const double half = (high - low) / 2, middle = (high + low) / 2;
        CHECK_NEAR(r.clipped[i], fmin(fmax((double)a[i], low), high));
        CHECK_NEAR(r.bent[i], middle + half * tanh(((double)a[i] - middle) / half));
        CHECK(r.noise[i] >= -1.0f && r.noise[i] < 1.0f);
    }
}

static void test_whole_frames_are_exact(void) {
    // 480 frames are 0.01 s, which no float32 is.
    const float ten_ms[1] = {0.01f};
    uint32_t place;
    float part;
    rig_scalar()->planes->delay_places(&place, &part, 5, 1023, ten_ms, 48000.0, 0.0, 1);
    CHECK_EQ(place, (5 - 480) & 1023);
    CHECK(part == 0.0f);
}

static void test_soft_clipping_is_exact_in_all_sizes(void) {
    for (double x = 1e-30; x < 1e30; x *= 1.37) {
        const float values[2] = {(float)x, (float)-x}, least[2] = {-1, -1}, most[2] = {1, 1};
        float got[2];
        rig_scalar()->planes->clip_softly(got, values, least, most, 2);
        CHECK_TEXT(fabs((double)got[0] - tanh((double)values[0])) <= 1e-7 * fabs((double)got[0]),
                   "%g: %g", x, (double)got[0]);
        CHECK(got[1] == -got[0]);
    }
    const float odd[3] = {NAN, INFINITY, 5}, same[3] = {2, 2, 2};
    float got[3];
    rig_scalar()->planes->clip_softly(got, odd, same, same, 3);
    CHECK(isnan(got[0]) && got[1] == 2.0f && got[2] == 2.0f);
    rig_scalar()->planes->clip(got, odd, same, same, 3);
    CHECK(isnan(got[0]) && got[1] == 2.0f && got[2] == 2.0f);
}

static void test_noise_has_nothing_to_do_with_itself(void) {
    enum { N = 1 << 16 };
    static float x[N];
    rig_scalar()->planes->noise(x, keys, 0, N);
    for (int lag = 0; lag < 40; ++lag) {
        double sum = 0;
        for (int i = lag; i < N; ++i)
            sum += (double)x[i] * (double)x[i - lag];
        const double got = sum / N, wanted = lag == 0 ? 1.0 / 3 : 0.0;
        CHECK_TEXT(fabs(got - wanted) < 5.0 / 3 / 256, "lag %d: %g", lag, got);
    }
    int counts[64] = {0};
    for (int i = 0; i < N; ++i)
        ++counts[(int)((x[i] + 1.0f) * 32.0f)];
    for (int i = 0; i < 64; ++i)
        CHECK_TEXT(abs(counts[i] - N / 64) < 6 * 32, "%d of them", counts[i]);
}

static void test_silence_is_found(void) {
    float plane[MOST] = {0};
    const pst_plane_kernels *k = rig_scalar()->planes;
    plane[3] = -0.0f;
    CHECK(k->is_zero(plane, MOST));
    for (int i = 0; i < MOST; i += 13) {
        plane[i] = 1e-30f;
        for (int level = 0; level < rig_n_levels(); ++level)
            CHECK(!rig_get(level).table->planes->is_zero(plane, MOST));
        plane[i] = 0.0f;
    }
    CHECK(k->is_zero(plane, 0));
}

static void test_all_levels_compute_the_same_bits(void) {
    static results wanted, got;
    static const size_t sizes[] = {0, 1, 3, 31, 32, 33, 128, MOST};
    for (int level = 0; level < rig_n_levels(); ++level) {
        const rig_level tried = rig_get(level);
        for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; ++s) {
            compute(rig_scalar()->planes, sizes[s], &wanted);
            compute(tried.table->planes, sizes[s], &got);
            CHECK_TEXT(memcmp(&wanted, &got, sizeof got) == 0, "%s differs for %zu", tried.name,
                       sizes[s]);
        }
    }
}

static void test_nothing_is_allocated(void) {
    static results r;
    rt_guard_enter();
    compute(pst_kernels_now()->planes, MOST, &r);
    CHECK_EQ(rt_guard_leave(), 0);
}

int main(void) {
    fill_all();
    RUN(test_what_they_compute);
    RUN(test_whole_frames_are_exact);
    RUN(test_soft_clipping_is_exact_in_all_sizes);
    RUN(test_noise_has_nothing_to_do_with_itself);
    RUN(test_silence_is_found);
    RUN(test_all_levels_compute_the_same_bits);
    RUN(test_nothing_is_allocated);
    return check_done();
}
