// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "pastream/simd.h"

#include "base/rt.h"

#if defined(__aarch64__) && defined(__linux__)
#include <sys/auxv.h>
#define HAS_AUXILIARY_VECTOR 1
#ifndef HWCAP_SVE
#define HWCAP_SVE (1UL << 22)
#endif
#endif

PST_RT_UNCHECKED_BEGIN

// Both only read what was found out when the program was loaded.
static void detect(pst_simd *simd) PST_RT {
    *simd = (pst_simd){false, false, false, false, false, false};
#if defined(__x86_64__) || defined(__i386__)
    // The answers take the system into account: registers that it does not save may not be used.
    __builtin_cpu_init();
    simd->sse42 = __builtin_cpu_supports("sse4.2");
    simd->avx2 = __builtin_cpu_supports("avx2");
    simd->avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                   __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
    simd->fma = __builtin_cpu_supports("fma");
#elif defined(__aarch64__)
    simd->neon = true; // Both are part of this family from its first processor on.
    simd->fma = true;
#ifdef HAS_AUXILIARY_VECTOR
    simd->sve = (getauxval(AT_HWCAP) & HWCAP_SVE) != 0;
#endif
#endif
}

PST_RT_UNCHECKED_END

void pst_simd_detect(pst_simd *simd) PST_RT {
    detect(simd);
}
