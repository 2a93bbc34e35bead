// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include <math.h>

#include "chain/nodes/reduce.h"
#include "check.h"
#include "rt_guard.h"

// What becomes of several branches, against the same in plain words.

static const pst_format formats[] = {PST_FORMAT_F32, PST_FORMAT_F64, PST_FORMAT_I32, PST_FORMAT_I24,
                                     PST_FORMAT_I16, PST_FORMAT_I8,  PST_FORMAT_U8};
enum { N_FORMATS = sizeof formats / sizeof formats[0], N = 1000, MOST = 4 };

static const double weights[MOST] = {1.5, -0.25, 2.0, 0.5};
static uint8_t data[MOST][8 * N];
static double wide[MOST][N];

static bool is_float(pst_format format) {
    return format == PST_FORMAT_F32 || format == PST_FORMAT_F64;
}

// Full scale, so that sums clip. All samples are stored, and read back as they are.
static void fill(pst_format format, uint64_t seed) {
    for (int b = 0; b < MOST; ++b) {
        for (int i = 0; i < N; ++i)
            wide[b][i] = 2.0 * (double)check_random(&seed) * 0x1p-32 - 1.0;
        (void)pst_convert(data[b], format, wide[b], PST_FORMAT_F64, N, NULL);
        (void)pst_convert(wide[b], PST_FORMAT_F64, data[b], format, N, NULL);
    }
}

static double reduce_one(const pst_reducer *reducer, uint32_t n_branches, int i) {
    double result = 0.0;
    for (uint32_t b = 0; b < n_branches; ++b) {
        const double x = wide[b][i] * (reducer->weights == NULL ? 1.0 : reducer->weights[b]);
        switch (reducer->kind) {
        case PST_REDUCE_PRODUCT:
            result = b == 0 ? x : result * x;
            break;
        case PST_REDUCE_MAX:
            result = b == 0 ? x : fmax(result, x);
            break;
        case PST_REDUCE_MIN:
            result = b == 0 ? x : fmin(result, x);
            break;
        case PST_REDUCE_MEAN:
            result += x / n_branches;
            break;
        default:
            result += x;
        }
    }
    return result;
}

static void check_all(const pst_reducer *reducer, uint32_t n_branches, pst_format format) {
    static uint8_t out[8 * N + 1];
    static double got[N];
    const uint8_t *branches[MOST] = {data[0], data[1], data[2], data[3]};
    const uint32_t n_bytes = pst_format_bytes(format);
    const double step = ldexp(1.0, 1 - 8 * (int)n_bytes);
    for (size_t n = 0; n <= N; n += n < 4 ? 1 : 249) {
        memset(out, 0x5A, sizeof out);
        pst_convert_counts counts = {0, 0};
        rt_guard_enter();
        pst_reduce_samples(reducer, out, branches, n_branches, format, n, &counts);
        CHECK_EQ(rt_guard_leave(), 0);
        CHECK_EQ(out[n * n_bytes], 0x5A);
        (void)pst_convert(got, PST_FORMAT_F64, out, format, n, NULL);
        uint64_t n_clipped = 0;
        int n_wrong = 0;
        for (size_t i = 0; i < n; ++i) {
            double wanted = reduce_one(reducer, n_branches, (int)i);
            if (!is_float(format)) {
                n_clipped += wanted >= 1.0 - step / 2 || wanted < -1.0 - step / 2;
                wanted = fmin(fmax(wanted, -1.0), 1.0 - step);
            }
            const double bound = format == PST_FORMAT_F64   ? 1e-15
                                 : format == PST_FORMAT_F32 ? 1e-6
                                                            : 0.501 * step;
            n_wrong += !(fabs(got[i] - wanted) <= bound);
        }
        CHECK_TEXT(n_wrong == 0, "%s of %u %s: %d of %d are wrong", pst_reduce_name(reducer->kind),
                   (unsigned)n_branches, pst_format_name(format), n_wrong, (int)n);
        CHECK_EQ(counts.n_clipped, n_clipped);
        CHECK_EQ(counts.n_nonfinite, 0);
    }
}

static void test_all_formats(void) {
    for (int f = 0; f < N_FORMATS; ++f) {
        fill(formats[f], (uint64_t)f);
        for (uint32_t n = 1; n <= MOST; ++n)
            for (int kind = PST_REDUCE_SUM; kind <= PST_REDUCE_MIN; ++kind) {
                pst_reducer reducer = {(pst_reduce_kind)kind, NULL, 0};
                check_all(&reducer, n, formats[f]);
                reducer.weights = weights;
                reducer.n_weights = n;
                if (kind <= PST_REDUCE_PRODUCT)
                    check_all(&reducer, n, formats[f]);
            }
    }
}

static void test_integers_are_exact(void) {
    const int32_t a[] = {INT32_MAX, INT32_MIN, 5, INT32_MAX, -3, INT32_MIN};
    const int32_t b[] = {INT32_MIN, INT32_MIN, -8, 1, 4, 1};
    const uint8_t *const branches[] = {(const uint8_t *)a, (const uint8_t *)b};
    static const struct {
        pst_reduce_kind kind;
        int32_t wanted[6];
        uint64_t n_clipped;
    } rows[] = {
        {PST_REDUCE_SUM, {-1, INT32_MIN, -3, INT32_MAX, 1, -INT32_MAX}, 2},
        {PST_REDUCE_MEAN, {0, INT32_MIN, -2, 1 << 30, 0, -(1 << 30)}, 0}, // Half to even.
        {PST_REDUCE_MAX, {INT32_MAX, INT32_MIN, 5, INT32_MAX, 4, 1}, 0},
        {PST_REDUCE_MIN, {INT32_MIN, INT32_MIN, -8, 1, -3, INT32_MIN}, 0},
    };
    for (size_t r = 0; r < sizeof rows / sizeof rows[0]; ++r) {
        const pst_reducer reducer = {rows[r].kind, NULL, 0};
        int32_t out[6];
        pst_convert_counts counts = {0, 0};
        pst_reduce_samples(&reducer, out, branches, 2, PST_FORMAT_I32, 6, &counts);
        for (int i = 0; i < 6; ++i)
            CHECK_EQ(out[i], rows[r].wanted[i]);
        CHECK_EQ(counts.n_clipped, rows[r].n_clipped);
    }
}

static void test_floats_are_not_clipped(void) {
    const float a[] = {3.0f, -2.0f, NAN, 1.0f, INFINITY};
    const float b[] = {2.0f, -7.0f, 1.0f, NAN, 1.0f};
    const uint8_t *const branches[] = {(const uint8_t *)a, (const uint8_t *)b};
    static const struct {
        pst_reduce_kind kind;
        float wanted[2];
    } rows[] = {{PST_REDUCE_SUM, {5.0f, -9.0f}},
                {PST_REDUCE_PRODUCT, {6.0f, 14.0f}},
                {PST_REDUCE_MEAN, {2.5f, -4.5f}},
                {PST_REDUCE_MAX, {3.0f, -2.0f}},
                {PST_REDUCE_MIN, {2.0f, -7.0f}}};
    for (size_t r = 0; r < sizeof rows / sizeof rows[0]; ++r) {
        const pst_reducer reducer = {rows[r].kind, NULL, 0};
        float out[5];
        pst_reduce_samples(&reducer, out, branches, 2, PST_FORMAT_F32, 5, NULL);
        CHECK(out[0] == rows[r].wanted[0] && out[1] == rows[r].wanted[1]);
        CHECK(isnan(out[2]) && isnan(out[3]));
        CHECK(rows[r].kind == PST_REDUCE_MIN ? out[4] == 1.0f : isinf(out[4]));
    }
}

static void test_in_place(void) {
    float a[] = {1.0f, 2.0f}, b[] = {10.0f, 20.0f};
    const uint8_t *const branches[] = {(const uint8_t *)a, (const uint8_t *)b};
    const pst_reducer sum = {PST_REDUCE_SUM, NULL, 0};
    pst_reduce_samples(&sum, b, branches, 2, PST_FORMAT_F32, 2, NULL);
    CHECK(b[0] == 11.0f && b[1] == 22.0f);
    CHECK(a[0] == 1.0f && a[1] == 2.0f);
}

static void test_xor(void) {
    uint8_t out[] = {0x00, 0xFF, 0x55, 0x12}, in[] = {0xFF, 0xFF, 0xAA, 0x00};
    pst_reduce_xor(out, in, 4);
    CHECK(out[0] == 0xFF && out[1] == 0x00 && out[2] == 0xFF && out[3] == 0x12);
}

static void check_refused(pst_reducer reducer, uint32_t n_branches, const char *text) {
    pst_error err = {.status = PST_OK};
    CHECK_EQ(pst_reduce_check(&reducer, n_branches, &err), PST_BAD_ARGUMENT);
    CHECK_STR(err.text, text);
}

static void test_wrong_reducers(void) {
    check_refused((pst_reducer){(pst_reduce_kind)0, NULL, 0}, 1,
                  "kind is 0, which is no kind of reducer");
    check_refused((pst_reducer){(pst_reduce_kind)8, NULL, 0}, 1,
                  "kind is 8, which is no kind of reducer");
    check_refused((pst_reducer){PST_REDUCE_MEAN, weights, 2}, 2,
                  "weights are given to the reducer mean; only sum and product have them");
    check_refused((pst_reducer){PST_REDUCE_SUM, weights, 2}, 3,
                  "there are 2 weights for 3 branches; there must be one for each");
    const double wrong[] = {1.0, NAN};
    check_refused((pst_reducer){PST_REDUCE_PRODUCT, wrong, 2}, 2,
                  "weight 1 is nan; it must be a finite number");
    CHECK_STR(pst_reduce_name((pst_reduce_kind)0), "unknown");
    CHECK_STR(pst_reduce_name((pst_reduce_kind)8), "unknown");
    static const char *const names[] = {"sum", "product", "mean", "max", "min", "concat", "xor"};
    for (int kind = PST_REDUCE_SUM; kind <= PST_REDUCE_XOR; ++kind) {
        const pst_reducer reducer = {(pst_reduce_kind)kind, NULL, 0};
        CHECK_EQ(pst_reduce_check(&reducer, 1, NULL), PST_OK);
        CHECK_STR(pst_reduce_name((pst_reduce_kind)kind), names[kind - 1]);
        CHECK_EQ(pst_reduce_is_by_sample((pst_reduce_kind)kind), kind <= PST_REDUCE_MIN);
    }
}

int main(void) {
    RUN(test_all_formats);
    RUN(test_integers_are_exact);
    RUN(test_floats_are_not_clipped);
    RUN(test_in_place);
    RUN(test_xor);
    RUN(test_wrong_reducers);
    return check_done();
}
