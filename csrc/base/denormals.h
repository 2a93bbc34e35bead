// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_BASE_DENORMALS_H
#define PST_BASE_DENORMALS_H

#include "pastream/base.h"

// Arithmetic on denormal numbers (below 1e-38) can be a hundred times slower, and a decaying echo
// is full of them. The audio callback turns them into zero and restores the thread's own setting
// before it returns, since the thread belongs to somebody else.

#if defined(__SSE2__) || defined(_M_X64)
#include <xmmintrin.h>

// Returns the setting that was in force, for pst_denormals_restore.
static inline uint64_t pst_denormals_flush(void) PST_RT {
    const unsigned flush_to_zero = 0x8000u;
    const unsigned denormals_are_zero = 0x0040u;
    const unsigned saved = _mm_getcsr();
    _mm_setcsr(saved | flush_to_zero | denormals_are_zero);
    return saved;
}

// The other way round, for code that is not the library's. Returns as above.
static inline uint64_t pst_denormals_allow(void) PST_RT {
    const unsigned saved = _mm_getcsr();
    _mm_setcsr(saved & ~0x8040u);
    return saved;
}

static inline void pst_denormals_restore(uint64_t saved) PST_RT {
    _mm_setcsr((unsigned)saved);
}

#elif defined(__aarch64__) && defined(__GNUC__)

static inline uint64_t pst_denormals_flush(void) PST_RT {
    const uint64_t flush_to_zero = UINT64_C(1) << 24;
    uint64_t saved;
    __asm__ __volatile__("mrs %0, fpcr" : "=r"(saved));
    __asm__ __volatile__("msr fpcr, %0" : : "r"(saved | flush_to_zero));
    return saved;
}

static inline uint64_t pst_denormals_allow(void) PST_RT {
    const uint64_t flush_to_zero = UINT64_C(1) << 24;
    uint64_t saved;
    __asm__ __volatile__("mrs %0, fpcr" : "=r"(saved));
    __asm__ __volatile__("msr fpcr, %0" : : "r"(saved & ~flush_to_zero));
    return saved;
}

static inline void pst_denormals_restore(uint64_t saved) PST_RT {
    __asm__ __volatile__("msr fpcr, %0" : : "r"(saved));
}

#else

static inline uint64_t pst_denormals_flush(void) PST_RT {
    return 0;
}

static inline uint64_t pst_denormals_allow(void) PST_RT {
    return 0;
}

static inline void pst_denormals_restore(uint64_t saved) PST_RT {
    (void)saved;
}

#endif
#endif
