// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include <stdatomic.h>

#include "core/kernels/kernels.h"

// Which of the tables is taken. What the processor has is a fact of the whole process, so the
// choice is, too: one pointer, which anybody may set again to the same.

// The build tells which levels it has made.
#define TABLE(name, number)                                                                        \
    extern const pst_convert_kernels pst_convert_kernels_##name;                                   \
    extern const pst_mix_kernels pst_mix_kernels_##name;                                           \
    extern const pst_plane_kernels pst_plane_kernels_##name;                                       \
    extern const pst_filter_kernels pst_filter_kernels_##name;                                     \
    extern const pst_dynamics_kernels pst_dynamics_kernels_##name;                                 \
    extern const pst_space_kernels pst_space_kernels_##name;                                       \
    extern const pst_spectrum_kernels pst_spectrum_kernels_##name;                                 \
    extern const pst_recursion_kernels pst_recursion_kernels_##name;                               \
    static const pst_kernels table_##name = {                                                      \
        .level = (number),                                                                         \
        .convert = &pst_convert_kernels_##name,                                                    \
        .mix = &pst_mix_kernels_##name,                                                            \
        .filter = &pst_filter_kernels_##name,                                                      \
        .dynamics = &pst_dynamics_kernels_##name,                                                  \
        .planes = &pst_plane_kernels_##name,                                                       \
        .space = &pst_space_kernels_##name,                                                        \
        .spectrum = &pst_spectrum_kernels_##name,                                                  \
        .recursion = &pst_recursion_kernels_##name,                                                \
    };

TABLE(scalar, PST_KERNEL_SCALAR)
#ifdef PST_HAS_KERNELS_SSE42
TABLE(sse42, PST_KERNEL_SSE42)
#endif
#ifdef PST_HAS_KERNELS_AVX2
TABLE(avx2, PST_KERNEL_AVX2)
#endif
#ifdef PST_HAS_KERNELS_AVX512
TABLE(avx512, PST_KERNEL_AVX512)
#endif
#ifdef PST_HAS_KERNELS_NEON
TABLE(neon, PST_KERNEL_NEON)
#endif
#ifdef PST_HAS_KERNELS_SVE
TABLE(sve, PST_KERNEL_SVE)
#endif

enum { N_LEVELS = PST_KERNEL_SVE + 1 };

static const pst_kernels *const tables[N_LEVELS] = {
    [PST_KERNEL_SCALAR] = &table_scalar,
#ifdef PST_HAS_KERNELS_SSE42
    [PST_KERNEL_SSE42] = &table_sse42,
#endif
#ifdef PST_HAS_KERNELS_AVX2
    [PST_KERNEL_AVX2] = &table_avx2,
#endif
#ifdef PST_HAS_KERNELS_AVX512
    [PST_KERNEL_AVX512] = &table_avx512,
#endif
#ifdef PST_HAS_KERNELS_NEON
    [PST_KERNEL_NEON] = &table_neon,
#endif
#ifdef PST_HAS_KERNELS_SVE
    [PST_KERNEL_SVE] = &table_sve,
#endif
};

static const pst_kernels *_Atomic taken; // NULL before anybody asked.

uint32_t pst_kernel_levels(void) PST_RT {
    pst_simd simd;
    pst_simd_detect(&simd);
    const bool has[N_LEVELS] = {
        [PST_KERNEL_SCALAR] = true,    [PST_KERNEL_SSE42] = simd.sse42,
        [PST_KERNEL_AVX2] = simd.avx2, [PST_KERNEL_AVX512] = simd.avx512,
        [PST_KERNEL_NEON] = simd.neon, [PST_KERNEL_SVE] = simd.sve,
    };
    uint32_t levels = 0;
    for (uint32_t i = PST_KERNEL_SCALAR; i < N_LEVELS; ++i)
        levels |= has[i] && tables[i] != NULL ? UINT32_C(1) << i : 0;
    return levels;
}

// The levels of one family stand in the order of their speed.
static const pst_kernels *choose(void) PST_RT {
    const uint32_t levels = pst_kernel_levels();
    uint32_t best = PST_KERNEL_SCALAR;
    for (uint32_t i = best; i < N_LEVELS; ++i)
        if ((levels >> i & 1) != 0)
            best = i;
    return tables[best];
}

// Everything a table leads to is constant, so no order of memory is asked for. Two threads that
// are the first at the same time choose the same.
const pst_kernels *pst_kernels_now(void) PST_RT {
    const pst_kernels *table = atomic_load_explicit(&taken, memory_order_relaxed);
    if (table != NULL)
        return table;
    const pst_kernels *none = NULL;
    table = choose();
    // Whoever named a level meanwhile wins.
    if (!atomic_compare_exchange_strong_explicit(&taken, &none, table, memory_order_relaxed,
                                                 memory_order_relaxed))
        table = none;
    return table;
}

pst_kernel_level pst_kernel_level_now(void) PST_RT {
    return pst_kernels_now()->level;
}

const char *pst_kernel_level_name(pst_kernel_level level) PST_RT {
    switch (level) {
    case PST_KERNEL_SCALAR:
        return "Scalar";
    case PST_KERNEL_SSE42:
        return "SSE4.2";
    case PST_KERNEL_AVX2:
        return "AVX2";
    case PST_KERNEL_AVX512:
        return "AVX-512";
    case PST_KERNEL_NEON:
        return "NEON";
    case PST_KERNEL_SVE:
        return "SVE";
    }
    return "unknown";
}

const pst_kernels *pst_kernels_of(pst_kernel_level level) PST_RT {
    const uint32_t number = (uint32_t)level;
    return number < N_LEVELS && (pst_kernel_levels() >> number & 1) != 0 ? tables[number] : NULL;
}

pst_status pst_kernel_use(pst_kernel_level level) PST_RT {
    const pst_kernels *table = pst_kernels_of(level);
    if (table == NULL)
        return PST_BAD_ARGUMENT;
    atomic_store_explicit(&taken, table, memory_order_relaxed);
    return PST_OK;
}
