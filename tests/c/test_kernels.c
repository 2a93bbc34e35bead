// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include <float.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>

#include "check.h"
#include "core/kernels/kernels.h"
#include "kernel_rig.h"
#include "rt_guard.h"

// Every level that this machine has against the scalar one, bit for bit. That the scalar one is
// right, the tests of those who use it say.

static void test_levels(void) {
    pst_simd simd;
    pst_simd_detect(&simd);
    const uint32_t levels = pst_kernel_levels();
    CHECK((levels >> PST_KERNEL_SCALAR & 1) != 0);
    CHECK_EQ(levels >> (PST_KERNEL_SVE + 1), 0);
    CHECK((levels >> PST_KERNEL_SSE42 & 1) <= simd.sse42);
    CHECK((levels >> PST_KERNEL_AVX2 & 1) <= simd.avx2);
    CHECK((levels >> PST_KERNEL_AVX512 & 1) <= simd.avx512);
    CHECK((levels >> PST_KERNEL_NEON & 1) <= simd.neon);
    CHECK((levels >> PST_KERNEL_SVE & 1) <= simd.sve);
    // Nobody has named one yet, so it is the best one: the last.
    const pst_kernel_level first = pst_kernel_level_now();
    CHECK_EQ(levels >> first, 1);
    for (int level = -1; level < 40; ++level) {
        const bool has = level > 0 && level <= PST_KERNEL_SVE && (levels >> level & 1) != 0;
        CHECK_EQ(pst_kernel_use((pst_kernel_level)level), has ? PST_OK : PST_BAD_ARGUMENT);
        if (has)
            CHECK_EQ(pst_kernel_level_now(), level);
    }
    CHECK_EQ(pst_kernel_use(first), PST_OK);
}

static void test_names(void) {
    static const char *const names[] = {"Scalar", "SSE4.2", "AVX2", "AVX-512", "NEON", "SVE"};
    for (int i = 0; i < 6; ++i)
        CHECK_STR(pst_kernel_level_name((pst_kernel_level)(i + 1)), names[i]);
    CHECK_STR(pst_kernel_level_name((pst_kernel_level)0), "unknown");
    CHECK_STR(pst_kernel_level_name((pst_kernel_level)7), "unknown");
}

#if defined(__aarch64__)
#define CPUINFO_NAME "Features"
#else
#define CPUINFO_NAME "flags"
#endif

static void test_detection_agrees_with_the_system(void) {
    FILE *file = fopen("/proc/cpuinfo", "r");
    static char line[16384];
    bool is_told = false;
    bool sse42 = false, avx2 = false, avx512 = false, fma = false, neon = false, sve = false;
    while (file != NULL && !is_told && fgets(line, sizeof line, file) != NULL) {
        if (strncmp(line, CPUINFO_NAME, strlen(CPUINFO_NAME)) != 0)
            continue;
        is_told = true;
        line[strcspn(line, "\n")] = ' ';
        sse42 = strstr(line, " sse4_2 ") != NULL;
        avx2 = strstr(line, " avx2 ") != NULL;
        avx512 = strstr(line, " avx512f ") != NULL && strstr(line, " avx512bw ") != NULL &&
                 strstr(line, " avx512dq ") != NULL && strstr(line, " avx512vl ") != NULL;
        neon = strstr(line, " asimd ") != NULL;
        fma = strstr(line, " fma ") != NULL || neon;
        sve = strstr(line, " sve ") != NULL;
    }
    if (file != NULL)
        fclose(file);
    if (!is_told) {
        check_skip("the system does not tell in /proc/cpuinfo");
        return;
    }
    pst_simd simd;
    pst_simd_detect(&simd);
    CHECK_EQ(simd.sse42, sse42);
    CHECK_EQ(simd.avx2, avx2);
    CHECK_EQ(simd.avx512, avx512);
    CHECK_EQ(simd.fma, fma);
    CHECK_EQ(simd.neon, neon);
    CHECK_EQ(simd.sve, sve);
}

// ---- Conversions -------------------------------------------------------------------------------

enum { MOST_SAMPLES = 70, LONG_SAMPLES = 5000 };

static void compare_conversion(const rig_level *level, pst_format dst, pst_format src,
                               const uint8_t *samples, size_t n) {
    const pst_kernels *scalar = rig_scalar();
    const size_t n_bytes = n * pst_format_bytes(dst);
    static uint8_t wanted[8 * LONG_SAMPLES + 80], got[8 * LONG_SAMPLES + 80];
    memset(wanted, 0x5A, n_bytes + 72);
    memset(got, 0x5A, n_bytes + 72);
    pst_kernel_counts want_counts = {3, 4}, got_counts = {3, 4};
    const size_t at = n % 64; // Another alignment for each length.
    scalar->convert->convert[dst][src](wanted + at, samples, n, &want_counts);
    level->table->convert->convert[dst][src](got + at, samples, n, &got_counts);
    CHECK_TEXT(memcmp(wanted, got, n_bytes + 72) == 0, "%s, %s from %s, %zu samples", level->name,
               pst_format_name(dst), pst_format_name(src), n);
    CHECK_EQ(got_counts.n_clipped, want_counts.n_clipped);
    CHECK_EQ(got_counts.n_nonfinite, want_counts.n_nonfinite);
}

static void test_conversions(void) {
    static uint8_t samples[8 * (LONG_SAMPLES + 8) + 64];
    for (int src = PST_FORMAT_F32; src <= PST_FORMAT_U8; ++src) {
        rig_fill(samples, (pst_format)src, LONG_SAMPLES + 8);
        for (int dst = PST_FORMAT_F32; dst <= PST_FORMAT_U8; ++dst)
            for (int i = 0; i < rig_n_levels(); ++i) {
                const rig_level level = rig_get(i);
                for (size_t n = 0; n <= MOST_SAMPLES; ++n) // At the address n, too.
                    compare_conversion(&level, (pst_format)dst, (pst_format)src, samples + n % 64,
                                       n);
                compare_conversion(&level, (pst_format)dst, (pst_format)src, samples, LONG_SAMPLES);
            }
    }
}

static void test_floats_as_they_are(void) {
    static uint8_t f32[4 * LONG_SAMPLES + 64], f64[8 * LONG_SAMPLES + 64];
    static uint8_t wanted[8 * LONG_SAMPLES + 64], got[8 * LONG_SAMPLES + 64];
    rig_fill(f32, PST_FORMAT_F32, LONG_SAMPLES);
    rig_fill(f64, PST_FORMAT_F64, LONG_SAMPLES);
    const pst_convert_kernels *scalar = rig_scalar()->convert;
    for (int i = 0; i < rig_n_levels(); ++i) {
        const rig_level level = rig_get(i);
        const pst_convert_kernels *kernels = level.table->convert;
        for (size_t n = 0; n <= LONG_SAMPLES;
             n = n < MOST_SAMPLES ? n + 1 : n + LONG_SAMPLES - 71) {
            const size_t at = n % 8;
            scalar->widen(wanted + at, f32 + at, n);
            kernels->widen(got + at, f32 + at, n);
            CHECK(rig_same_f64(wanted + at, got + at, n));
            scalar->narrow(wanted + at, f64 + at, n);
            kernels->narrow(got + at, f64 + at, n);
            CHECK(rig_same_f32(wanted + at, got + at, n));
            memcpy(wanted, f32, sizeof f32);
            memcpy(got, f32, sizeof f32);
            CHECK_EQ(kernels->scrub_f32(got + at, n), scalar->scrub_f32(wanted + at, n));
            CHECK(memcmp(wanted, got, sizeof f32) == 0);
            memcpy(wanted, f64, sizeof f64);
            memcpy(got, f64, sizeof f64);
            CHECK_EQ(kernels->scrub_f64(got + at, n), scalar->scrub_f64(wanted + at, n));
            CHECK(memcmp(wanted, got, sizeof f64) == 0);
        }
    }
}

// ---- While others work -------------------------------------------------------------------------

enum { N_THREADS = 3, N_ROUNDS = 300, N_WORK = 500 };

typedef struct worker {
    float sound[N_WORK];
    int16_t wanted[N_WORK];
    int n_wrong;
} worker;

static void *work(void *context) {
    worker *w = context;
    int16_t got[N_WORK];
    for (int i = 0; i < N_ROUNDS; ++i) {
        (void)pst_convert(got, PST_FORMAT_I16, w->sound, PST_FORMAT_F32, N_WORK, NULL);
        w->n_wrong += memcmp(got, w->wanted, sizeof got) != 0;
    }
    return NULL;
}

static void test_levels_change_while_others_work(void) {
    static worker workers[N_THREADS];
    pthread_t threads[N_THREADS];
    const pst_kernel_level before = pst_kernel_level_now();
    int n_started = 0;
    for (; n_started < N_THREADS; ++n_started) {
        worker *w = &workers[n_started];
        rig_fill_sound(w->sound, PST_FORMAT_F32, N_WORK);
        (void)pst_convert(w->wanted, PST_FORMAT_I16, w->sound, PST_FORMAT_F32, N_WORK, NULL);
        if (!CHECK(pthread_create(&threads[n_started], NULL, work, w) == 0))
            break;
    }
    const uint32_t levels = pst_kernel_levels();
    for (int i = 0; i < N_ROUNDS; ++i) {
        const int level = 1 + i % PST_KERNEL_SVE;
        CHECK_EQ(pst_kernel_use((pst_kernel_level)level) == PST_OK, levels >> level & 1);
    }
    for (int i = 0; i < n_started; ++i) {
        pthread_join(threads[i], NULL);
        CHECK_EQ(workers[i].n_wrong, 0);
    }
    CHECK_EQ(pst_kernel_use(before), PST_OK);
}

static void test_choosing_is_for_the_audio_thread(void) {
    pst_simd simd;
    rt_guard_enter();
    const pst_kernel_level now = pst_kernel_level_now();
    const pst_status status = pst_kernel_use(now);
    pst_simd_detect(&simd);
    CHECK_EQ(rt_guard_leave(), 0);
    CHECK_EQ(status, PST_OK);
}

int main(void) {
    RUN(test_levels);
    RUN(test_names);
    RUN(test_detection_agrees_with_the_system);
    RUN(test_conversions);
    RUN(test_floats_as_they_are);
    RUN(test_levels_change_while_others_work);
    RUN(test_choosing_is_for_the_audio_thread);
    return check_done();
}
