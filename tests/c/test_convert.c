// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include <float.h>
#include <math.h>
#include <stdlib.h>

#include "check.h"
#include "core/convert.h"
#include "pastream/format.h"
#include "pastream/simd.h"

static const pst_format formats[] = {PST_FORMAT_F32, PST_FORMAT_F64, PST_FORMAT_I32, PST_FORMAT_I24,
                                     PST_FORMAT_I16, PST_FORMAT_I8,  PST_FORMAT_U8};
enum { N_FORMATS = 7 };

static bool is_float(pst_format format) {
    return format == PST_FORMAT_F32 || format == PST_FORMAT_F64;
}

static int bits_of(pst_format format) {
    return 8 * (int)pst_format_bytes(format);
}

static void test_names_and_sizes(void) {
    static const char *const names[] = {"float32", "float64", "int32", "int24",
                                        "int16",   "int8",    "uint8"};
    static const uint32_t sizes[] = {4, 8, 4, 3, 2, 1, 1};
    for (int i = 0; i < N_FORMATS; ++i) {
        CHECK_STR(pst_format_name(formats[i]), names[i]);
        CHECK_EQ(pst_format_bytes(formats[i]), sizes[i]);
    }
    static const int wrong[] = {0, 8, -1, 1000, INT32_MIN, INT32_MAX};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; ++i) {
        CHECK_STR(pst_format_name((pst_format)wrong[i]), "unknown");
        CHECK_EQ(pst_format_bytes((pst_format)wrong[i]), 0);
        uint32_t data = 0;
        CHECK_EQ(pst_convert(&data, PST_FORMAT_I16, &data, (pst_format)wrong[i], 1, NULL),
                 PST_BAD_ARGUMENT);
        CHECK_EQ(pst_convert(&data, (pst_format)wrong[i], &data, PST_FORMAT_I16, 1, NULL),
                 PST_BAD_ARGUMENT);
        pst_silence(&data, (pst_format)wrong[i], 1);
        CHECK_EQ(data, 0);
    }
}

static void test_silence(void) {
    for (int i = 0; i < N_FORMATS; ++i) {
        uint8_t data[80];
        memset(data, 0x55, sizeof data);
        pst_silence(data, formats[i], 9);
        const size_t n = 9 * pst_format_bytes(formats[i]);
        for (size_t b = 0; b < n; ++b)
            CHECK_EQ(data[b], formats[i] == PST_FORMAT_U8 ? 128 : 0);
        CHECK_EQ(data[n], 0x55);
        pst_silence(NULL, formats[i], 0);
    }
}

// ---- A slow oracle ---------------------------------------------------------------------------

// One sample as a number: integers divided by their full scale.
static double peek(const uint8_t *data, pst_format format) {
    float f;
    double d;
    int16_t s;
    int32_t v;
    switch (format) {
    case PST_FORMAT_F32:
        memcpy(&f, data, 4);
        return (double)f;
    case PST_FORMAT_F64:
        memcpy(&d, data, 8);
        return d;
    case PST_FORMAT_I32:
        memcpy(&v, data, 4);
        return ldexp(v, -31);
    case PST_FORMAT_I24:
        v = (int32_t)((uint32_t)data[0] << 8 | (uint32_t)data[1] << 16 | (uint32_t)data[2] << 24);
        return ldexp(v, -31);
    case PST_FORMAT_I16:
        memcpy(&s, data, 2);
        return ldexp(s, -15);
    case PST_FORMAT_I8:
        return ldexp((int8_t)data[0], -7);
    case PST_FORMAT_U8:
        return ldexp(data[0] - 128, -7);
    }
    return 0.0;
}

// What x becomes in a format, and what is counted.
static double judge(double x, pst_format format, uint64_t *n_clipped, uint64_t *n_nonfinite) {
    *n_nonfinite = !isfinite(x);
    *n_clipped = 0;
    if (isnan(x))
        return 0.0;
    if (is_float(format)) {
        if (isinf(x))
            return 0.0;
        if (format == PST_FORMAT_F64)
            return x;
        if (isinf((float)x)) {
            *n_clipped = 1;
            return x < 0 ? -(double)FLT_MAX : (double)FLT_MAX;
        }
        return (double)(float)x;
    }
    const double end = ldexp(1.0, bits_of(format) - 1);
    double rounded = nearbyint(x * end);
    if (rounded > end - 1 || rounded < -end) {
        *n_clipped = (uint64_t)isfinite(x);
        rounded = rounded > 0 ? end - 1 : -end;
    }
    return rounded / end;
}

// Converts n samples at odd addresses and compares each with the oracle.
static void compare(pst_format dst_format, pst_format src_format, const uint8_t *src, size_t n) {
    const size_t src_bytes = pst_format_bytes(src_format);
    const size_t dst_bytes = pst_format_bytes(dst_format);
    uint8_t *src_copy = malloc(n * src_bytes + 1);
    uint8_t *dst = malloc(n * dst_bytes + 2);
    if (src_copy == NULL || dst == NULL) {
        FAIL("no memory");
        goto done;
    }
    memcpy(src_copy + 1, src, n * src_bytes);
    dst[n * dst_bytes + 1] = 0x5A;
    pst_convert_counts counts = {10, 20}; // Counters only grow.
    uint64_t n_clipped = 10, n_nonfinite = 20;
    CHECK_EQ(pst_convert(dst + 1, dst_format, src_copy + 1, src_format, n, &counts), PST_OK);
    CHECK_EQ(dst[n * dst_bytes + 1], 0x5A);
    for (size_t i = 0; i < n; ++i) {
        uint64_t clipped, nonfinite;
        const double x = peek(src + i * src_bytes, src_format);
        const double wanted = judge(x, dst_format, &clipped, &nonfinite);
        const double got = peek(dst + 1 + i * dst_bytes, dst_format);
        CHECK_TEXT(got == wanted, "%s from %s: %.17g became %.17g, not %.17g",
                   pst_format_name(dst_format), pst_format_name(src_format), x, got, wanted);
        n_clipped += clipped;
        n_nonfinite += nonfinite;
    }
    CHECK_TEXT(counts.n_clipped == n_clipped, "%s from %s: %llu clipped, not %llu",
               pst_format_name(dst_format), pst_format_name(src_format),
               (unsigned long long)counts.n_clipped, (unsigned long long)n_clipped);
    CHECK_EQ(counts.n_nonfinite, n_nonfinite);
done:
    free(src_copy);
    free(dst);
}

enum { N_RANDOM = 20000 };

// Random bits: for floats, all exponents, NaN and infinities.
static void test_every_pair_on_random_bits(void) {
    uint64_t random = 1;
    static uint8_t src[8 * N_RANDOM];
    for (size_t i = 0; i < sizeof src; ++i)
        src[i] = (uint8_t)check_random(&random);
    for (int d = 0; d < N_FORMATS; ++d)
        for (int s = 0; s < N_FORMATS; ++s)
            compare(formats[d], formats[s], src, N_RANDOM);
}

// Numbers around full scale and around the steps of the narrower format.
static void test_floats_near_full_scale_and_ties(void) {
    static double wide[N_RANDOM];
    static float narrow[N_RANDOM];
    for (int d = 2; d < N_FORMATS; ++d) {
        uint64_t random = 5;
        const double step = ldexp(1.0, 1 - bits_of(formats[d]));
        size_t n = 0;
        for (int near = -3; near <= 3; ++near) { // In half steps around -1, 0, 1.
            for (int quarter = -12; quarter <= 12; ++quarter)
                wide[n++] = (near % 2 == 0 ? 0.0 : near < 0 ? -1.0 : 1.0) + quarter * step / 4;
        }
        while (n < N_RANDOM) {
            const double x = ldexp(check_random(&random), -31) - 1.0;
            const double tie = (floor(x / step) + 0.5) * step;
            wide[n] = n % 3 == 0 ? 1.25 * x : n % 3 == 1 ? tie : x;
            ++n;
        }
        for (size_t i = 0; i < N_RANDOM; ++i)
            narrow[i] = (float)wide[i];
        compare(formats[d], PST_FORMAT_F64, (const uint8_t *)wide, N_RANDOM);
        compare(formats[d], PST_FORMAT_F32, (const uint8_t *)narrow, N_RANDOM);
    }
}

static void test_special_numbers(void) {
    const double wide[] = {0.0,     -0.0,   NAN,     -NAN,   INFINITY, -INFINITY, DBL_MAX, -DBL_MAX,
                           DBL_MIN, 1e-310, -1e-310, 5e-324, FLT_MAX,  -FLT_MAX,  3.5e38,  -3.5e38,
                           1e-40,   1e-46,  1.0,     -1.0,   0.5,      0x1p31,    -0x1p31, 0x1p23,
                           0x1p52,  0x1p53, -0x1p63, 1e300,  1.5,      -1.5};
    enum { N_WIDE = sizeof wide / sizeof wide[0] };
    float narrow[N_WIDE];
    for (int i = 0; i < N_WIDE; ++i)
        narrow[i] = (float)wide[i];
    for (int d = 0; d < N_FORMATS; ++d) {
        compare(formats[d], PST_FORMAT_F64, (const uint8_t *)wide, N_WIDE);
        compare(formats[d], PST_FORMAT_F32, (const uint8_t *)narrow, N_WIDE);
    }
    // The sign of zero and denormals survive where nothing has to change.
    float out[N_WIDE];
    CHECK_EQ(pst_convert(out, PST_FORMAT_F32, narrow, PST_FORMAT_F32, N_WIDE, NULL), PST_OK);
    CHECK(signbit(out[1]) != 0 && out[1] == 0.0f);
    CHECK(memcmp(&out[16], &narrow[16], sizeof(float)) == 0 && out[16] != 0.0f);
}

// ---- Round trips -----------------------------------------------------------------------------

static void test_narrow_integers_survive_every_wider_format(void) {
    static int16_t all[65536], back[65536];
    static uint8_t bytes[256], bytes_back[256], wide[8 * 65536];
    for (int i = 0; i < 65536; ++i)
        all[i] = (int16_t)(i - 32768);
    for (int i = 0; i < 256; ++i)
        bytes[i] = (uint8_t)i;
    pst_convert_counts counts = {0, 0};
    for (int w = 0; w < N_FORMATS; ++w) {
        if (is_float(formats[w]) || bits_of(formats[w]) >= 16) {
            pst_convert(wide, formats[w], all, PST_FORMAT_I16, 65536, &counts);
            pst_convert(back, PST_FORMAT_I16, wide, formats[w], 65536, &counts);
            CHECK(memcmp(all, back, sizeof all) == 0);
        }
        for (int b = 5; b < N_FORMATS; ++b) { // int8 and uint8.
            pst_convert(wide, formats[w], bytes, formats[b], 256, &counts);
            pst_convert(bytes_back, formats[b], wide, formats[w], 256, &counts);
            CHECK(memcmp(bytes, bytes_back, sizeof bytes) == 0);
        }
    }
    CHECK_EQ(counts.n_clipped, 0);
    CHECK_EQ(counts.n_nonfinite, 0);
}

static void test_24_bits_survive_floats_and_32_bits(void) {
    enum { N = 4096, STEP = 4096 };
    static uint8_t packed[3 * N], back[3 * N], wide[8 * N];
    static const pst_format through[] = {PST_FORMAT_F32, PST_FORMAT_F64, PST_FORMAT_I32};
    pst_convert_counts counts = {0, 0};
    for (uint32_t shift = 0; shift < STEP; shift += 97) {
        for (uint32_t i = 0; i < N; ++i) {
            const uint32_t v = i * STEP + shift;
            packed[3 * i] = (uint8_t)v;
            packed[3 * i + 1] = (uint8_t)(v >> 8);
            packed[3 * i + 2] = (uint8_t)(v >> 16);
        }
        for (int t = 0; t < 3; ++t) {
            pst_convert(wide, through[t], packed, PST_FORMAT_I24, N, &counts);
            pst_convert(back, PST_FORMAT_I24, wide, through[t], N, &counts);
            CHECK(memcmp(packed, back, sizeof packed) == 0);
        }
    }
    CHECK_EQ(counts.n_clipped + counts.n_nonfinite, 0);
    // In 32 bits the sample lies in the upper 24.
    const uint8_t one[3] = {0x56, 0x34, 0x12};
    int32_t left = 0;
    pst_convert(&left, PST_FORMAT_I32, one, PST_FORMAT_I24, 1, NULL);
    CHECK_EQ(left, 0x12345600);
}

// A few lengths around the width of vectors: the loop's end is right.
static void test_lengths(void) {
    for (size_t n = 0; n < 70; ++n) {
        float src[70];
        for (size_t i = 0; i < n; ++i)
            src[i] = (float)i / 64.0f - 0.6f;
        for (int d = 0; d < N_FORMATS; ++d)
            compare(formats[d], PST_FORMAT_F32, (const uint8_t *)src, n);
    }
}

// By the library's best kernels, and by the plainest: those between are compared with these.
static void run_all(void) {
    RUN(test_names_and_sizes);
    RUN(test_silence);
    RUN(test_every_pair_on_random_bits);
    RUN(test_floats_near_full_scale_and_ties);
    RUN(test_special_numbers);
    RUN(test_narrow_integers_survive_every_wider_format);
    RUN(test_24_bits_survive_floats_and_32_bits);
    RUN(test_lengths);
}

int main(void) {
    run_all();
    CHECK_EQ(pst_kernel_use(PST_KERNEL_SCALAR), PST_OK);
    run_all();
    return check_done();
}
