// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PASTREAM_SIMD_H
#define PASTREAM_SIMD_H

#include "pastream/base.h"

#if !defined(PST_CFFI) && defined(__cplusplus)
extern "C" {
#endif

// Which vector instructions there are, and which the library takes.
//
// The loops that convert, mix and filter are compiled several times from one source: once without
// vector instructions, and once for each level below that the processor's family has. The best one
// that the processor can run is chosen at run time. All levels give the same bits, so the choice is
// one of speed alone; where two NaN meet in a sum, which of them comes out is not promised.

// What the processor has and the operating system lets programs use.
typedef struct pst_simd {
    bool sse42;
    bool avx2;
    bool avx512; // All of F, BW, DQ and VL.
    bool fma;    // Multiplies and adds with one rounding. Never used: the bits would differ.
    bool neon;
    bool sve;
} pst_simd;

// How a loop was compiled.
typedef enum pst_kernel_level {
    PST_KERNEL_SCALAR = 1, // One number at a time; on every processor.
    PST_KERNEL_SSE42 = 2,
    PST_KERNEL_AVX2 = 3,
    PST_KERNEL_AVX512 = 4,
    PST_KERNEL_NEON = 5,
    PST_KERNEL_SVE = 6
} pst_kernel_level;

// Fills simd with what this machine has.
// Thread: any. Realtime: yes.
PST_API void pst_simd_detect(pst_simd *simd) PST_RT;

// Returns the levels that can be taken here: those that this machine has and this library was
// compiled with. Bit n stands for level n; PST_KERNEL_SCALAR is always there.
// Thread: any. Realtime: yes.
PST_API uint32_t pst_kernel_levels(void) PST_RT;

// Returns the level that is taken now: the best one, unless pst_kernel_use named another.
// Thread: any. Realtime: yes.
PST_API pst_kernel_level pst_kernel_level_now(void) PST_RT;

// Returns a level's name: "Scalar", "SSE4.2", "AVX2", "AVX-512", "NEON", "SVE"; "unknown" for other
// numbers.
// Thread: any. Realtime: yes (a table). Ownership: static text.
PST_API const char *pst_kernel_level_name(pst_kernel_level level) PST_RT;

// Takes a level from now on, in the whole process. For tests and for those who doubt. Nothing that
// is running is disturbed: what it computes stays the same.
// Returns PST_OK, or PST_BAD_ARGUMENT if pst_kernel_levels does not have this level.
// Thread: any. Realtime: yes.
PST_API pst_status pst_kernel_use(pst_kernel_level level) PST_RT;

#if !defined(PST_CFFI) && defined(__cplusplus)
}
#endif
#endif
