// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "core/matrix.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/thread.h"
#include "check.h"
#include "rt_guard.h"

enum { MAX_FRAMES = 200, MAX_CHANNELS = 9, MAX_BYTES = MAX_FRAMES * MAX_CHANNELS * 8 };

static const pst_format formats[] = {PST_FORMAT_F32, PST_FORMAT_F64, PST_FORMAT_I32, PST_FORMAT_I24,
                                     PST_FORMAT_I16, PST_FORMAT_I8,  PST_FORMAT_U8};
enum { N_FORMATS = sizeof formats / sizeof formats[0] };

static pst_matrix *make(uint32_t n_sources, uint32_t n_destinations, const float *gains) {
    pst_matrix *m = NULL;
    if (pst_matrix_create(&m, n_sources, n_destinations, NULL) != PST_OK)
        abort();
    rt_guard_enter();
    pst_matrix_set(m, gains);
    pst_matrix_refresh(m);
    CHECK_EQ(rt_guard_leave(), 0);
    return m;
}

static void apply(pst_matrix *m, void *dst, pst_format dst_format, const void *src,
                  pst_format src_format, size_t n_frames, bool keep, pst_convert_counts *counts) {
    rt_guard_enter();
    pst_matrix_apply(m, dst, dst_format, src, src_format, n_frames, keep, counts);
    CHECK_TEXT(rt_guard_leave() == 0, "it called %s", rt_guard_culprit());
}

// Any integers; floats in steps of 2^-15, so that sums of their multiples by eighths are exact.
static void fill(unsigned char *data, pst_format format, size_t n_samples, uint64_t *state) {
    for (size_t i = 0; i < n_samples; ++i) {
        const uint32_t bits = (uint32_t)check_random(state);
        const double wide = ((int32_t)(bits & 0xFFFF) - 32768) / 32768.0;
        const float narrow = (float)wide;
        if (format == PST_FORMAT_F32)
            memcpy(data + 4 * i, &narrow, 4);
        else if (format == PST_FORMAT_F64)
            memcpy(data + 8 * i, &wide, 8);
        else
            memcpy(data + pst_format_bytes(format) * i, &bits, pst_format_bytes(format));
    }
}

// ---- Selection ---------------------------------------------------------------------------------

// Bit by bit: the source's bytes at another place, or silence, then the usual conversion.
static void check_select(pst_format dst_format, pst_format src_format, uint32_t n_sources,
                         uint32_t n_destinations, size_t n_frames, uint64_t *state) {
    unsigned char src[MAX_BYTES], picked[MAX_BYTES], wanted[MAX_BYTES], got[MAX_BYTES];
    float gains[MAX_CHANNELS * MAX_CHANNELS] = {0};
    int picks[MAX_CHANNELS];
    for (uint32_t d = 0; d < n_destinations; ++d) {
        picks[d] = (int)check_random_in(state, 0, n_sources) - 1;
        if (picks[d] >= 0)
            gains[d * n_sources + (uint32_t)picks[d]] = 1.0f;
    }
    fill(src, src_format, n_frames * n_sources, state);
    const size_t n_bytes = pst_format_bytes(src_format);
    for (size_t i = 0; i < n_frames; ++i)
        for (uint32_t d = 0; d < n_destinations; ++d) {
            unsigned char *at = picked + (i * n_destinations + d) * n_bytes;
            if (picks[d] < 0)
                pst_silence(at, src_format, 1);
            else
                memcpy(at, src + (i * n_sources + (uint32_t)picks[d]) * n_bytes, n_bytes);
        }
    pst_convert_counts expected = {0, 0}, counts = {0, 0};
    (void)pst_convert(wanted, dst_format, picked, src_format, n_frames * n_destinations, &expected);
    pst_matrix *m = make(n_sources, n_destinations, gains);
    apply(m, got, dst_format, src, src_format, n_frames, false, &counts);
    CHECK(memcmp(got, wanted, n_frames * n_destinations * pst_format_bytes(dst_format)) == 0);
    CHECK_EQ(counts.n_clipped, expected.n_clipped);
    pst_matrix_destroy(m);
}

static void test_select(void) {
    uint64_t state = 1;
    for (int a = 0; a < N_FORMATS; ++a)
        for (int b = 0; b < N_FORMATS; ++b)
            for (int i = 0; i < 20; ++i)
                check_select(formats[a], formats[b], (uint32_t)check_random_in(&state, 1, 9),
                             (uint32_t)check_random_in(&state, 1, 9),
                             (size_t)check_random_in(&state, 0, MAX_FRAMES), &state);
}

// Not even NaN is touched where it is to be kept.
static void test_select_keeps_bits(void) {
    const uint32_t src[] = {0x7FC01234u, 0x80000000u, 0x7F800000u, 0x00000001u};
    const float gains[] = {0, 1, 1, 0};
    uint32_t got[4];
    pst_matrix *m = make(2, 2, gains);
    apply(m, got, PST_FORMAT_F32, src, PST_FORMAT_F32, 2, true, NULL);
    CHECK(got[0] == src[1] && got[1] == src[0] && got[2] == src[3] && got[3] == src[2]);
    pst_convert_counts counts = {0, 0};
    apply(m, got, PST_FORMAT_F32, src, PST_FORMAT_F32, 2, false, &counts);
    CHECK(got[0] == src[1] && got[1] == 0 && got[2] == src[3] && got[3] == 0);
    CHECK_EQ(counts.n_nonfinite, 2);
    pst_matrix_destroy(m);
}

// ---- Mixing ------------------------------------------------------------------------------------

static void check_mix(pst_format dst_format, pst_format src_format, uint32_t n_sources,
                      uint32_t n_destinations, size_t n_frames, uint64_t *state) {
    unsigned char src[MAX_BYTES], wanted[MAX_BYTES], got[MAX_BYTES];
    double wide[MAX_FRAMES * MAX_CHANNELS], sums[MAX_FRAMES * MAX_CHANNELS];
    float gains[MAX_CHANNELS * MAX_CHANNELS];
    for (uint32_t i = 0; i < n_sources * n_destinations; ++i)
        gains[i] = (float)((int)check_random_in(state, 0, 16) - 8) / 8.0f;
    gains[0] = 0.5f; // No selection.
    fill(src, src_format, n_frames * n_sources, state);
    (void)pst_convert(wide, PST_FORMAT_F64, src, src_format, n_frames * n_sources, NULL);
    for (size_t i = 0; i < n_frames; ++i)
        for (uint32_t d = 0; d < n_destinations; ++d) {
            double sum = 0.0;
            for (uint32_t s = 0; s < n_sources; ++s)
                sum += (double)gains[d * n_sources + s] * wide[i * n_sources + s];
            sums[i * n_destinations + d] = sum;
        }
    pst_convert_counts expected = {0, 0}, counts = {0, 0};
    (void)pst_convert(wanted, dst_format, sums, PST_FORMAT_F64, n_frames * n_destinations,
                      &expected);
    pst_matrix *m = make(n_sources, n_destinations, gains);
    apply(m, got, dst_format, src, src_format, n_frames, false, &counts);
    CHECK(memcmp(got, wanted, n_frames * n_destinations * pst_format_bytes(dst_format)) == 0);
    CHECK_EQ(counts.n_clipped, expected.n_clipped);
    CHECK_EQ(counts.n_nonfinite, 0);
    pst_matrix_destroy(m);
}

static void test_mix(void) {
    uint64_t state = 2;
    for (int a = 0; a < N_FORMATS; ++a)
        for (int b = 0; b < N_FORMATS; ++b)
            for (int i = 0; i < 20; ++i)
                check_mix(formats[a], formats[b], (uint32_t)check_random_in(&state, 1, 9),
                          (uint32_t)check_random_in(&state, 1, 9),
                          (size_t)check_random_in(&state, 0, MAX_FRAMES), &state);
}

static void test_rounding_and_clipping(void) {
    // 3 * 0.5 and 5 * 0.5 lie halfway: to the even neighbour. 0.5 * 32767 + 32767 clips.
    const int16_t src[] = {3, 0, 5, 0, -3, 0, 32767, 32767, -32768, -32768};
    const float gains[] = {0.5f, 1.0f};
    int16_t got[5];
    pst_convert_counts counts = {0, 0};
    pst_matrix *m = make(2, 1, gains);
    apply(m, got, PST_FORMAT_I16, src, PST_FORMAT_I16, 5, false, &counts);
    const int16_t wanted[] = {2, 2, -2, 32767, -32768};
    CHECK(memcmp(got, wanted, sizeof wanted) == 0);
    CHECK_EQ(counts.n_clipped, 2);
    pst_matrix_destroy(m);
}

// A source that is not used cannot spoil anything; one that is counts.
static void test_nonfinite(void) {
    const float src[] = {NAN, 0.25f, INFINITY, 0.5f};
    const float gains[] = {0.0f, 2.0f, 0.5f, 1.0f};
    float got[4];
    pst_convert_counts counts = {0, 0};
    pst_matrix *m = make(2, 2, gains);
    apply(m, got, PST_FORMAT_F32, src, PST_FORMAT_F32, 2, true, &counts);
    CHECK(got[0] == 0.5f && isnan(got[1]) && got[2] == 1.0f && isinf(got[3]));
    CHECK_EQ(counts.n_nonfinite, 0);
    apply(m, got, PST_FORMAT_F32, src, PST_FORMAT_F32, 2, false, &counts);
    CHECK(got[0] == 0.5f && got[1] == 0.25f && got[2] == 1.0f && got[3] == 0.5f);
    CHECK_EQ(counts.n_nonfinite, 2);
    pst_matrix_destroy(m);
}

static void test_muted_u8(void) {
    const uint8_t src[] = {10, 200};
    uint8_t got[6];
    const float select[] = {0, 0, 0, 1, 0, 0};
    pst_matrix *m = make(2, 3, select);
    apply(m, got, PST_FORMAT_U8, src, PST_FORMAT_U8, 1, false, NULL);
    CHECK(got[0] == 128 && got[1] == 200 && got[2] == 128);
    const float mix[] = {0, 0, 0, 0.5f, 0, 0};
    pst_matrix_set(m, mix);
    pst_matrix_refresh(m);
    apply(m, got, PST_FORMAT_U8, src, PST_FORMAT_U8, 1, false, NULL);
    CHECK(got[0] == 128 && got[1] == 164 && got[2] == 128);
    pst_matrix_destroy(m);
}

// ---- Gains -------------------------------------------------------------------------------------

static void test_default(void) {
    const int16_t src[] = {1, 2, 3, 4, 5, 6};
    int16_t got[9];
    pst_matrix *m = make(3, 2, NULL);
    CHECK(!pst_matrix_is_identity(m));
    apply(m, got, PST_FORMAT_I16, src, PST_FORMAT_I16, 2, false, NULL);
    CHECK(got[0] == 1 && got[1] == 2 && got[2] == 4 && got[3] == 5);
    float gains[6];
    pst_matrix_get(m, gains);
    const float wanted[] = {1, 0, 0, 0, 1, 0};
    CHECK(memcmp(gains, wanted, sizeof wanted) == 0);
    pst_matrix_destroy(m);
    m = make(2, 3, NULL);
    apply(m, got, PST_FORMAT_I16, src, PST_FORMAT_I16, 2, false, NULL);
    CHECK(got[0] == 1 && got[1] == 2 && got[2] == 0 && got[3] == 3 && got[5] == 0);
    pst_matrix_destroy(m);
}

static void test_identity(void) {
    float gains[] = {1, 0, 0, 1};
    pst_matrix *m = make(2, 2, gains);
    CHECK(pst_matrix_is_identity(m));
    gains[1] = 0.25f;
    pst_matrix_set(m, gains);
    CHECK(pst_matrix_is_identity(m)); // Not before the audio thread looks.
    pst_matrix_refresh(m);
    CHECK(!pst_matrix_is_identity(m));
    pst_matrix_set(m, NULL);
    pst_matrix_refresh(m);
    CHECK(pst_matrix_is_identity(m));
    pst_matrix_destroy(m);
    const float swapped[] = {0, 1, 1, 0};
    m = make(2, 2, swapped);
    CHECK(!pst_matrix_is_identity(m));
    pst_matrix_destroy(m);
    pst_matrix_destroy(NULL);
}

static void test_check(void) {
    float gains[] = {1, 0, -3, 1e30f};
    pst_error err = {.status = PST_OK};
    CHECK_EQ(pst_matrix_check(gains, 2, 2, "gains", &err), PST_OK);
    gains[2] = NAN;
    CHECK_EQ(pst_matrix_check(gains, 2, 2, "gains", &err), PST_BAD_ARGUMENT);
    CHECK(strstr(err.text, "gains[1][0]") != NULL);
    gains[2] = -INFINITY;
    CHECK_EQ(pst_matrix_check(gains, 2, 2, "gains", &err), PST_BAD_ARGUMENT);
}

static void test_largest(void) {
    enum { N = PST_MAX_CHANNELS };
    static float gains[N * N], src[N], got[N];
    for (int d = 0; d < N; ++d)
        for (int s = 0; s < N; ++s)
            gains[d * N + s] = s <= d ? 1.0f : 0.0f;
    for (int s = 0; s < N; ++s)
        src[s] = 1.0f;
    pst_matrix *m = make(N, N, gains);
    apply(m, got, PST_FORMAT_F32, src, PST_FORMAT_F32, 1, false, NULL);
    for (int d = 0; d < N; ++d)
        CHECK(got[d] == (float)(d + 1));
    pst_matrix_destroy(m);
}

// ---- From another thread -----------------------------------------------------------------------

enum { N_SETS = 20000, WIDTH = 8 };

typedef struct setter {
    pst_matrix *matrix;
    _Atomic bool done;
} setter;

static void *set_often(void *context) {
    setter *s = context;
    float gains[WIDTH * WIDTH];
    for (int i = 1; i <= N_SETS; ++i) {
        for (int k = 0; k < WIDTH * WIDTH; ++k)
            gains[k] = (float)i;
        pst_matrix_set(s->matrix, gains);
    }
    atomic_store(&s->done, true);
    return NULL;
}

// Each block sees one whole set of gains, never an older one than the block before, and at last the
// last one.
static void test_whole_sets(void) {
    setter s = {.matrix = make(WIDTH, WIDTH, NULL)};
    float src[WIDTH], got[WIDTH];
    for (int k = 0; k < WIDTH; ++k)
        src[k] = 1.0f;
    pthread_t thread;
    REQUIRE(pthread_create(&thread, NULL, set_often, &s) == 0);
    float last = 1.0f;
    bool done = false;
    while (!done) {
        done = atomic_load(&s.done); // Before the look at the gains.
        pst_matrix_refresh(s.matrix);
        pst_matrix_apply(s.matrix, got, PST_FORMAT_F32, src, PST_FORMAT_F32, 1, false, NULL);
        bool whole = true;
        for (int k = 1; k < WIDTH; ++k)
            whole = whole && got[k] == got[0];
        if (!CHECK(whole) || !CHECK(got[0] >= last))
            break;
        last = got[0];
    }
    CHECK(last == (float)N_SETS * WIDTH);
    pthread_join(thread, NULL);
    pst_matrix_destroy(s.matrix);
}

int main(void) {
    RUN(test_select);
    RUN(test_select_keeps_bits);
    RUN(test_mix);
    RUN(test_rounding_and_clipping);
    RUN(test_nonfinite);
    RUN(test_muted_u8);
    RUN(test_default);
    RUN(test_identity);
    RUN(test_check);
    RUN(test_largest);
    RUN(test_whole_sets);
    return check_done();
}
