// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include <stdlib.h>

#include "graph/nodes/recursive.h"
#include "kernel_rig.h"
#include "rt_guard.h"

// Recursive filters: their coefficients are those of the formulas, blocks give what frames would,
// and all levels compute the same bits.

enum { MOST = 300, N_TYPES = PST_BIQUAD_ALLPASS + 1 };
static const double pi = 3.14159265358979323846;

// ---- What a biquad's coefficients are -----------------------------------------------------------

typedef struct wanted_section {
    double b[3], a[3];
} wanted_section;

// The formulas as Web Audio writes them; none of the special cases.
static wanted_section formula(pst_biquad_type type, double w, double q, double gain) {
    const double c = cos(w), s = sin(w), amp = pow(10, gain / 40);
    const double alpha = s / (2 * q), alpha_db = s / (2 * pow(10, q / 20));
    const double slope = 2 * (s / 2 * sqrt(2)) * sqrt(amp), up = amp + 1, down = amp - 1;
    switch (type) {
    case PST_BIQUAD_LOWPASS:
        return (wanted_section){{(1 - c) / 2, 1 - c, (1 - c) / 2},
                                {1 + alpha_db, -2 * c, 1 - alpha_db}};
    case PST_BIQUAD_HIGHPASS:
        return (wanted_section){{(1 + c) / 2, -(1 + c), (1 + c) / 2},
                                {1 + alpha_db, -2 * c, 1 - alpha_db}};
    case PST_BIQUAD_BANDPASS:
        return (wanted_section){{alpha, 0, -alpha}, {1 + alpha, -2 * c, 1 - alpha}};
    case PST_BIQUAD_NOTCH:
        return (wanted_section){{1, -2 * c, 1}, {1 + alpha, -2 * c, 1 - alpha}};
    case PST_BIQUAD_ALLPASS:
        return (wanted_section){{1 - alpha, -2 * c, 1 + alpha}, {1 + alpha, -2 * c, 1 - alpha}};
    case PST_BIQUAD_PEAKING:
        return (wanted_section){{1 + alpha * amp, -2 * c, 1 - alpha * amp},
                                {1 + alpha / amp, -2 * c, 1 - alpha / amp}};
    case PST_BIQUAD_LOWSHELF:
        return (wanted_section){
            {amp * (up - down * c + slope), 2 * amp * (down - up * c),
             amp * (up - down * c - slope)},
            {up + down * c + slope, -2 * (down + up * c), up + down * c - slope}};
    case PST_BIQUAD_HIGHSHELF:
        return (wanted_section){
            {amp * (up + down * c + slope), -2 * amp * (down + up * c),
             amp * (up + down * c - slope)},
            {up - down * c + slope, 2 * (down - up * c), up - down * c - slope}};
    }
    return (wanted_section){{0}, {0}};
}

static pst_biquad_shape shape_of(pst_biquad_type type, float hz, float cents, float q, float gain) {
    return (pst_biquad_shape){.type = type, .nyquist_hz = 22050.0, .steady = {hz, cents, q, gain}};
}

static void test_coefficients_are_those_of_the_formulas(void) {
    static const float frequencies[] = {3, 100, 1234.5f, 11025, 20000, 22049};
    static const float qs[] = {0.01f, 0.5f, 3, 40};
    static const float gains[] = {-40, -3, 0, 12, 60};
    for (int type = 0; type < N_TYPES; ++type)
        for (int i = 0; i < 6 * 4 * 5; ++i) {
            const float hz = frequencies[i % 6], q = qs[i / 6 % 4], gain = gains[i / 24];
            const pst_biquad_shape shape = shape_of((pst_biquad_type)type, hz, -100, q, gain);
            const double w = pi * (double)hz * exp2(-100.0 / 1200.0) / 22050.0;
            const wanted_section w0 = formula(shape.type, w, (double)q, (double)gain);
            pst_section got;
            rig_scalar()->recursion->find_section(&got, &shape);
            const double found[] = {got.b0, got.b1, got.b2, 1.0, got.a1, got.a2};
            double most = 0.0, scale = 0.0;
            for (int k = 0; k < 3; ++k) {
                const double b = w0.b[k] / w0.a[0], a = w0.a[k] / w0.a[0];
                most = fmax(most, fmax(fabs(found[k] - b), fabs(found[3 + k] - a)));
                scale = fmax(scale, fmax(fabs(a), fabs(b)));
            }
            CHECK_TEXT(most <= 1e-14 * scale, "type %d, %g Hz, Q %g, gain %g: %g off", type,
                       (double)hz, (double)q, (double)gain, most / scale);
        }
}

static void test_ends_of_the_range_are_gains(void) {
    // At 0, in between with a Q of 0, and at half the rate.
    static const struct {
        pst_biquad_type type;
        double gains[3];
    } wanted[] = {
        {PST_BIQUAD_LOWPASS, {0, NAN, 1}},   {PST_BIQUAD_HIGHPASS, {1, NAN, 0}},
        {PST_BIQUAD_BANDPASS, {0, 1, 0}},    {PST_BIQUAD_NOTCH, {1, 0, 1}},
        {PST_BIQUAD_ALLPASS, {1, -1, 1}},    {PST_BIQUAD_PEAKING, {1, 10, 1}},
        {PST_BIQUAD_LOWSHELF, {1, NAN, 10}}, {PST_BIQUAD_HIGHSHELF, {10, NAN, 1}},
    };
    static const float frequencies[] = {0, 1000, 22050};
    for (int i = 0; i < N_TYPES; ++i)
        for (int k = 0; k < 3; ++k) {
            if (isnan(wanted[i].gains[k]))
                continue;
            for (int sign = 0; sign < 2; ++sign) {
                pst_section got;
                const float q = k != 1 ? 2 : sign == 0 ? 0 : -3;
                const pst_biquad_shape shape = shape_of(wanted[i].type, frequencies[k], 0, q, 20);
                rig_scalar()->recursion->find_section(&got, &shape);
                CHECK_TEXT(fabs(got.b0 - wanted[i].gains[k]) < 1e-14 && got.b1 == 0 &&
                               got.b2 == 0 && got.a1 == 0 && got.a2 == 0,
                           "type %d at %g Hz: %g %g %g %g %g", i, (double)frequencies[k], got.b0,
                           got.b1, got.b2, got.a1, got.a2);
            }
        }
    // What is there only after tuning counts as well.
    pst_section got;
    const pst_biquad_shape high = shape_of(PST_BIQUAD_LOWPASS, 11025, 1300, 1, 0);
    rig_scalar()->recursion->find_section(&got, &high);
    CHECK(got.b0 == 1.0 && got.a2 == 0.0);
}

static void test_the_largest_numbers_stay_finite(void) {
    static const float sizes[] = {FLT_MAX, 1e30f, 1e-30f, -1e-30f, -1e30f, -FLT_MAX};
    for (int type = 0; type < N_TYPES; ++type)
        for (int i = 0; i < 36; ++i) {
            const float gain = sizes[i % 6] > 1541 ? 1541 : sizes[i % 6];
            const pst_biquad_shape shape =
                shape_of((pst_biquad_type)type, 440, 0, sizes[i / 6], gain);
            pst_section got;
            rig_scalar()->recursion->find_section(&got, &shape);
            const double sum =
                fabs(got.b0) + fabs(got.b1) + fabs(got.b2) + fabs(got.a1) + fabs(got.a2);
            CHECK_TEXT(sum <= 1e80, "type %d, Q %g, gain %g: %g", type, (double)sizes[i / 6],
                       (double)gain, sum);
        }
}

// ---- What filters do ----------------------------------------------------------------------------

static float sound[2][MOST];
static float hz[MOST], cents[MOST], q[MOST], gain[MOST];

static void fill_all(void) {
    for (int i = 0; i < MOST; ++i) {
        sound[0][i] = (float)rig_uniform();
        sound[1][i] = (float)rig_uniform();
        hz[i] = (float)(11025 + 11025 * rig_uniform());
        cents[i] = (float)(1200 * rig_uniform());
        q[i] = (float)(5 * rig_uniform());
        gain[i] = (float)(20 * rig_uniform());
    }
    hz[7] = 0;
    hz[8] = 22050;
}

static void test_moving_coefficients_act_frame_by_frame(void) {
    const pst_recursion_kernels *k = rig_scalar()->recursion;
    for (int type = 0; type < N_TYPES; ++type) {
        float left[MOST], right[MOST];
        float *const to[] = {left, right};
        const float *const from[] = {sound[0], sound[1]};
        double memory[2 * PST_BIQUAD_MEMORY] = {0};
        pst_biquad_shape shape = {
            .type = (pst_biquad_type)type, .nyquist_hz = 22050, .moving = {hz, cents, q, gain}};
        k->run_moving(&shape, to, from, memory, MOST, 2);
        for (int c = 0; c < 2; ++c) {
            double x1 = 0, x2 = 0, y1 = 0, y2 = 0;
            for (int i = 0; i < MOST; ++i) {
                const pst_biquad_shape now = shape_of(shape.type, hz[i], cents[i], q[i], gain[i]);
                pst_section s;
                k->find_section(&s, &now);
                const double x = (double)sound[c][i];
                const double y = s.b0 * x + s.b1 * x1 + s.b2 * x2 - s.a1 * y1 - s.a2 * y2;
                x2 = x1, x1 = x, y2 = y1, y1 = y;
                CHECK_TEXT(fabs((double)to[c][i] - y) <= 1e-6 * fmax(1.0, fabs(y)),
                           "type %d, channel %d, frame %d: %g, not %g", type, c, i,
                           (double)to[c][i], y);
            }
        }
    }
}

static double a_of[PST_BLOCK_MOST + 1], b_of[PST_BLOCK_MOST + 1];
static double columns[2 * PST_BLOCK_MOST + PST_BLOCK_FRAMES][PST_BLOCK_FRAMES];
static const double (*const to_read)[PST_BLOCK_FRAMES] = (const double (*)[PST_BLOCK_FRAMES])
    columns;

// A stable filter of so many coefficients.
static pst_block_filter random_filter(uint32_t n_b, uint32_t n_a) {
    for (uint32_t i = 0; i < n_b; ++i)
        b_of[i] = rig_uniform();
    a_of[0] = 1.0;
    for (uint32_t i = 1; i < n_a; ++i)
        a_of[i] = rig_uniform() * 0.9 / (n_a - 1);
    pst_recursive_columns(columns, b_of, n_b, a_of, n_a);
    return (pst_block_filter){n_b - 1, n_a - 1, to_read};
}

static void test_blocks_give_what_frames_would(void) {
    for (uint32_t n_b = 1; n_b <= PST_BLOCK_MOST + 1; ++n_b)
        for (uint32_t n_a = 1; n_a <= PST_BLOCK_MOST + 1; ++n_a) {
            const pst_block_filter filter = random_filter(n_b, n_a);
            double memory[2 * PST_BLOCK_MOST] = {0};
            float got[MOST];
            double wanted[MOST];
            // In pieces of which no block is a part.
            size_t piece;
            for (size_t done = 0; done < MOST; done += piece) {
                piece = 1 + (done * 7) % 171;
                piece = piece < MOST - done ? piece : MOST - done;
                rig_scalar()->recursion->run_blocks(&filter, got + done, sound[0] + done, memory,
                                                    piece);
            }
            for (int i = 0; i < MOST; ++i) {
                wanted[i] = 0;
                for (int k = 0; k < (int)n_b && k <= i; ++k)
                    wanted[i] += b_of[k] * (double)sound[0][i - k];
                for (int k = 1; k < (int)n_a && k <= i; ++k)
                    wanted[i] -= a_of[k] * wanted[i - k];
                CHECK_TEXT(fabs((double)got[i] - wanted[i]) < 2e-6, "%u, %u: %d: %g, not %g", n_b,
                           n_a, i, (double)got[i], wanted[i]);
            }
        }
}

static void test_what_is_not_finite_does_not_stay(void) {
    const pst_recursion_kernels *k = rig_scalar()->recursion;
    float odd[MOST], even[MOST], got[2][MOST];
    memcpy(odd, sound[0], sizeof odd);
    memcpy(even, sound[0], sizeof even);
    for (int i = 11; i < MOST; i += 50) {
        odd[i] = i % 3 == 0 ? NAN : i % 3 == 1 ? INFINITY : -INFINITY;
        even[i] = 0;
    }
    const pst_block_filter filter = random_filter(5, 4);
    pst_biquad_shape shape = shape_of(PST_BIQUAD_PEAKING, 0, 0, 1, 6);
    shape.moving[0] = hz;
    for (int way = 0; way < 2; ++way)
        for (int i = 0; i < 2; ++i) {
            double memory[2 * PST_BLOCK_MOST] = {0};
            float *const to[] = {got[i]};
            const float *const from[] = {i == 0 ? odd : even};
            if (way == 0)
                k->run_blocks(&filter, to[0], from[0], memory, MOST);
            else
                k->run_moving(&shape, to, from, memory, MOST, 1);
            CHECK(i == 0 || memcmp(got[0], got[1], sizeof got[0]) == 0);
        }
    // What grows beyond all numbers begins anew.
    const double growing[] = {1.0, -1e200, 0.5};
    const double one[] = {1.0};
    pst_recursive_columns(columns, one, 1, growing, 3);
    const pst_block_filter wild = {0, 2, to_read};
    double memory[2] = {0};
    k->run_blocks(&wild, got[0], sound[0], memory, MOST);
    CHECK(memory[0] == 0.0 && memory[1] == 0.0);
}

// ---- Levels -------------------------------------------------------------------------------------

typedef struct results {
    float moving[3][MOST], steady[4][MOST];
    double memory[5][2 * PST_BLOCK_MOST];
    pst_section section;
} results;

static void compute(const pst_recursion_kernels *k, pst_biquad_type type, size_t n, results *r) {
    static const uint32_t sizes[4][2] = {{3, 3}, {1, 1}, {20, 20}, {4, 7}};
    memset(r, 0, sizeof *r);
    const pst_biquad_shape steady = shape_of(type, 1000, 10, 3, 4);
    k->find_section(&r->section, &steady);
    const pst_biquad_shape shape = {
        .type = type, .nyquist_hz = 22050, .moving = {hz, cents, q, gain}};
    float *const to[] = {r->moving[0], r->moving[1], r->moving[2]};
    const float *const from[] = {sound[0], sound[1], hz};
    k->run_moving(&shape, to, from, r->memory[0], n, 3);
    for (int i = 0; i < 4; ++i) {
        for (uint32_t j = 0; j < sizes[i][0]; ++j)
            b_of[j] = 0.3 + 0.1 * j;
        for (uint32_t j = 1; j < sizes[i][1]; ++j)
            a_of[j] = 0.9 / (sizes[i][1] - 1) * (j % 2 == 0 ? 1 : -1);
        pst_recursive_columns(columns, b_of, sizes[i][0], a_of, sizes[i][1]);
        const pst_block_filter filter = {sizes[i][0] - 1, sizes[i][1] - 1, to_read};
        k->run_blocks(&filter, r->steady[i], sound[0], r->memory[1 + i], n);
    }
}

static void test_all_levels_compute_the_same_bits(void) {
    static results wanted, got;
    static const size_t sizes[] = {1, 3, 8, 63, 64, 65, 128, 129, MOST};
    for (int level = 0; level < rig_n_levels(); ++level)
        for (int i = 0; i < 9 * N_TYPES; ++i) {
            const rig_level tried = rig_get(level);
            const pst_biquad_type type = (pst_biquad_type)(i % N_TYPES);
            compute(rig_scalar()->recursion, type, sizes[i / N_TYPES], &wanted);
            compute(tried.table->recursion, type, sizes[i / N_TYPES], &got);
            CHECK_TEXT(memcmp(&wanted, &got, sizeof got) == 0, "%s differs for %zu, type %d",
                       tried.name, sizes[i / N_TYPES], (int)type);
        }
}

static void test_nothing_is_allocated(void) {
    static results r;
    rt_guard_enter();
    compute(pst_kernels_now()->recursion, PST_BIQUAD_PEAKING, MOST, &r);
    CHECK_EQ(rt_guard_leave(), 0);
}

int main(void) {
    fill_all();
    RUN(test_coefficients_are_those_of_the_formulas);
    RUN(test_ends_of_the_range_are_gains);
    RUN(test_the_largest_numbers_stay_finite);
    RUN(test_moving_coefficients_act_frame_by_frame);
    RUN(test_blocks_give_what_frames_would);
    RUN(test_what_is_not_finite_does_not_stay);
    RUN(test_all_levels_compute_the_same_bits);
    RUN(test_nothing_is_allocated);
    return check_done();
}
