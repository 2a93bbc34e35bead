// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

// The largest sample, compared with the plain way to find it, of each format.

#include <math.h>

#include "check.h"
#include "core/peak.h"

enum { MOST = 2500 };

static float floats[MOST];
static uint8_t bytes[8 * MOST + 8];

static double plain_peak(const uint8_t *from, pst_format format, size_t n) {
    double peak = 0.0;
    for (size_t i = 0; i < n; ++i) {
        double sample = 0.0;
        pst_convert(&sample, PST_FORMAT_F64, from + i * pst_format_bytes(format), format, 1, NULL);
        peak = fabs(sample) > peak ? fabs(sample) : peak;
    }
    return peak;
}

static void check_lengths(pst_format format, size_t offset) {
    pst_convert(bytes + offset, format, floats, PST_FORMAT_F32, MOST, NULL);
    for (size_t n = 0; n <= MOST; n += n < 70 ? 1 : 405) {
        const double wanted = plain_peak(bytes + offset, format, n);
        const double got = pst_peak_of(bytes + offset, format, n);
        CHECK_TEXT(got == (format == PST_FORMAT_F64 ? (double)(float)wanted : wanted),
                   "%s, %zu samples: %.17g, not %.17g", pst_format_name(format), n, got, wanted);
    }
}

static void test_every_format_and_length(void) {
    uint64_t random = 7;
    for (int round = 0; round < 4; ++round) {
        for (int i = 0; i < MOST; ++i)
            floats[i] = (float)((double)check_random_in(&random, 0, 1u << 30) / (1 << 29) - 1.0) *
                        (round == 3 ? 1.7f : 0.9f);
        floats[2100] = round == 1 ? -1.0f : 0.95f;
        for (int format = PST_FORMAT_F32; format <= PST_FORMAT_U8; ++format)
            check_lengths((pst_format)format, (size_t)round);
    }
}

static void test_what_is_not_finite_counts_as_nothing(void) {
    const float odd[] = {NAN, -INFINITY, 0.25f, INFINITY, -0.75f, -NAN, 1.0e-40f};
    CHECK(pst_peak_of(odd, PST_FORMAT_F32, 7) == 0.75);
    CHECK(pst_peak_of(odd, PST_FORMAT_F32, 2) == 0.0);
    CHECK(pst_peak_of(odd + 6, PST_FORMAT_F32, 1) == (double)1.0e-40f);
    const double odd_too[] = {NAN, -INFINITY, 0.25, INFINITY};
    CHECK(pst_peak_of(odd_too, PST_FORMAT_F64, 4) == 0.25);
}

static void test_full_scale(void) {
    const int16_t shorts[] = {INT16_MIN, INT16_MAX};
    const int32_t longs[] = {INT32_MAX, INT32_MIN};
    CHECK(pst_peak_of(shorts, PST_FORMAT_I16, 2) == 1.0);
    CHECK(pst_peak_of(shorts + 1, PST_FORMAT_I16, 1) == 32767.0 / 32768.0);
    CHECK(pst_peak_of(longs, PST_FORMAT_I32, 2) == 1.0);
    CHECK(pst_peak_of(longs, PST_FORMAT_I32, 1) == 2147483647.0 / 2147483648.0);
}

int main(void) {
    RUN(test_every_format_and_length);
    RUN(test_what_is_not_finite_counts_as_nothing);
    RUN(test_full_scale);
    return check_done();
}
