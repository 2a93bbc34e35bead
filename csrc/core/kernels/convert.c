// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include <float.h>
#include <math.h>
#include <string.h>

#include "core/kernels/kernels.h"

// One kernel per pair of formats, put together from small inline functions that the compiler turns
// into vector code: loads and stores of one sample, and one step per kind of conversion. There are
// no branches in the steps, only choices between two computed values.

// Rounding by a large addend needs sums that are rounded to their own type.
_Static_assert(FLT_EVAL_METHOD == 0 || FLT_EVAL_METHOD == 16,
               "floats are computed with more bits than they have: on x86, use -mfpmath=sse");

// ---- One sample in memory ----------------------------------------------------------------------

// Integers are loaded with their sign and their own number of bits.

static inline float load_f32(const unsigned char *p, size_t i) PST_RT {
    float x;
    memcpy(&x, p + 4 * i, sizeof x);
    return x;
}

static inline double load_f64(const unsigned char *p, size_t i) PST_RT {
    double x;
    memcpy(&x, p + 8 * i, sizeof x);
    return x;
}

static inline int32_t load_i32(const unsigned char *p, size_t i) PST_RT {
    int32_t v;
    memcpy(&v, p + 4 * i, sizeof v);
    return v;
}

static inline int32_t load_i24(const unsigned char *p, size_t i) PST_RT {
    const unsigned char *b = p + 3 * i;
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    const uint32_t bits = (uint32_t)b[0] << 16 | (uint32_t)b[1] << 8 | b[2];
#else
    const uint32_t bits = (uint32_t)b[2] << 16 | (uint32_t)b[1] << 8 | b[0];
#endif
    return (int32_t)(bits ^ 0x800000u) - 0x800000; // Extends the sign.
}

static inline int32_t load_i16(const unsigned char *p, size_t i) PST_RT {
    int16_t v;
    memcpy(&v, p + 2 * i, sizeof v);
    return v;
}

static inline int32_t load_i8(const unsigned char *p, size_t i) PST_RT {
    return (int32_t)(p[i] ^ 0x80u) - 0x80;
}

static inline int32_t load_u8(const unsigned char *p, size_t i) PST_RT {
    return (int32_t)p[i] - 0x80;
}

static inline void store_f32(unsigned char *p, size_t i, float x) PST_RT {
    memcpy(p + 4 * i, &x, sizeof x);
}

static inline void store_f64(unsigned char *p, size_t i, double x) PST_RT {
    memcpy(p + 8 * i, &x, sizeof x);
}

static inline void store_i32(unsigned char *p, size_t i, int32_t v) PST_RT {
    memcpy(p + 4 * i, &v, sizeof v);
}

static inline void store_i24(unsigned char *p, size_t i, int32_t v) PST_RT {
    unsigned char *b = p + 3 * i;
    const uint32_t bits = (uint32_t)v;
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    b[0] = (unsigned char)(bits >> 16);
    b[1] = (unsigned char)(bits >> 8);
    b[2] = (unsigned char)bits;
#else
    b[0] = (unsigned char)bits;
    b[1] = (unsigned char)(bits >> 8);
    b[2] = (unsigned char)(bits >> 16);
#endif
}

static inline void store_i16(unsigned char *p, size_t i, int32_t v) PST_RT {
    const int16_t narrow = (int16_t)v;
    memcpy(p + 2 * i, &narrow, sizeof narrow);
}

static inline void store_i8(unsigned char *p, size_t i, int32_t v) PST_RT {
    p[i] = (unsigned char)v;
}

static inline void store_u8(unsigned char *p, size_t i, int32_t v) PST_RT {
    p[i] = (unsigned char)(v + 0x80);
}

// ---- One step -----------------------------------------------------------------------------------

// Floats are taken apart into sign and size, and compared as integers: the bits of positive floats
// are in the order of their values, with the infinities and then NaN at the end. Compilers may not
// turn comparisons of floats into choices, since those could trap.

static inline int32_t bits_f32(float x) PST_RT {
    int32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

static inline int64_t bits_f64(double x) PST_RT {
    int64_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

static inline float from_bits_f32(int32_t bits) PST_RT {
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

static inline double from_bits_f64(int64_t bits) PST_RT {
    double x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

static inline int32_t nonfinite_f32(float x) PST_RT {
    return (bits_f32(x) & INT32_MAX) >= bits_f32(INFINITY);
}

static inline int32_t nonfinite_f64(double x) PST_RT {
    return (bits_f64(x) & INT64_MAX) >= bits_f64((double)INFINITY);
}

// Float to integer of n_bits. To round to nearest, half to even, it adds a number so large (2^23,
// 2^52) that no bits are left for a fraction; what is larger has none anyway. In vector code this
// is quicker than rintf, which older processors do not have as one instruction. Choices are made
// with masks, of all ones or all zeros, for compilers that see a branch in every question mark.
#define DEFINE_QUANTIZE(suffix, real, whole, whole_max, fraction_limit)                            \
    static inline int32_t quantize_##suffix(real x, int n_bits, pst_kernel_counts *counts)         \
        PST_RT {                                                                                   \
        const real end = (real)(INT64_C(1) << (n_bits - 1));                                       \
        const int32_t highest = (int32_t)((INT64_C(1) << (n_bits - 1)) - 1);                       \
        const whole size_bits = bits_##suffix(x) & (whole_max);                                    \
        const whole negative = -(whole)(bits_##suffix(x) < 0);                                     \
        const whole finite = -(whole)(size_bits < bits_##suffix((real)INFINITY));                  \
        const whole number = -(whole)(size_bits <= bits_##suffix((real)INFINITY));                 \
        const real scaled = from_bits_##suffix(size_bits) * end;                                   \
        const real whole_steps = (scaled + (fraction_limit)) - (fraction_limit);                   \
        const whole has_fraction =                                                                 \
            -(whole)(bits_##suffix(scaled) < bits_##suffix(fraction_limit));                       \
        const whole rounded =                                                                      \
            (bits_##suffix(whole_steps) & has_fraction) | (bits_##suffix(scaled) & ~has_fraction); \
        const whole inside = -(whole)(rounded < bits_##suffix(end));                               \
        /* Below zero there is one step more. */                                                   \
        const whole beyond = -(whole)(rounded >= bits_##suffix(end) - negative);                   \
        const int32_t steps = (int32_t)from_bits_##suffix(rounded & inside);                       \
        const int32_t sign = (int32_t)negative;                                                    \
        /* ~v is -v - 1: the limit of the other side, and a step towards -v. */                    \
        const int32_t limited = (steps ^ sign) - sign;                                             \
        const int32_t chosen =                                                                     \
            (limited & (int32_t)inside) | ((highest ^ sign) & ~(int32_t)inside);                   \
        counts->n_clipped += (uint32_t)(beyond & finite & 1);                                      \
        counts->n_nonfinite += (uint32_t)(~finite & 1);                                            \
        return chosen & (int32_t)number;                                                           \
    }
DEFINE_QUANTIZE(f32, float, int32_t, INT32_MAX, 8388608.0f)
DEFINE_QUANTIZE(f64, double, int64_t, INT64_MAX, 4503599627370496.0)

// Integer to integer.
static inline int32_t resize(int32_t v, int src_bits, int dst_bits,
                             pst_kernel_counts *counts) PST_RT {
    if (dst_bits >= src_bits)
        return (int32_t)((uint32_t)v << (dst_bits - src_bits));
    const int n_dropped = src_bits - dst_bits;
    const int32_t half = INT32_C(1) << (n_dropped - 1);
    const int32_t highest = (int32_t)((UINT32_C(1) << (dst_bits - 1)) - 1);
    const int32_t kept = v >> n_dropped; // Rounds down: every compiler here shifts the sign in.
    const int32_t rest = v & (int32_t)((UINT32_C(1) << n_dropped) - 1);
    const int32_t rounded = kept + (rest + (kept & 1) > half);
    const uint32_t above = rounded > highest;
    counts->n_clipped += above;
    return above ? highest : rounded;
}

static inline float finite_f32(float x, pst_kernel_counts *counts) PST_RT {
    const int32_t nonfinite = nonfinite_f32(x);
    counts->n_nonfinite += (uint32_t)nonfinite;
    return from_bits_f32(nonfinite ? 0 : bits_f32(x));
}

static inline double finite_f64(double x, pst_kernel_counts *counts) PST_RT {
    const int32_t nonfinite = nonfinite_f64(x);
    counts->n_nonfinite += (uint32_t)nonfinite;
    return from_bits_f64(nonfinite ? 0 : bits_f64(x));
}

// A finite double may still be too large for a float.
static inline float shorten(double x, pst_kernel_counts *counts) PST_RT {
    const float narrow = (float)finite_f64(x, counts);
    const int32_t beyond = -nonfinite_f32(narrow);
    const int32_t limit = bits_f32(FLT_MAX) | (bits_f32(narrow) & INT32_MIN);
    counts->n_clipped += (uint32_t)(beyond & 1);
    return from_bits_f32((limit & beyond) | (bits_f32(narrow) & ~beyond));
}

// ---- The kernels -----------------------------------------------------------------------------

#define KERNEL(dst_name, src_name, step)                                                           \
    static void dst_name##_from_##src_name(unsigned char *restrict dst,                            \
                                           const unsigned char *restrict src, size_t n_samples,    \
                                           pst_kernel_counts *counts) PST_RT {                     \
        pst_kernel_counts seen = {0, 0};                                                           \
        for (size_t i = 0; i < n_samples; ++i)                                                     \
            store_##dst_name(dst, i, step);                                                        \
        counts->n_clipped += seen.n_clipped;                                                       \
        counts->n_nonfinite += seen.n_nonfinite;                                                   \
    }

// Three bytes at a time are beyond vector code, so the samples are computed first, then packed.
#define PACKED_KERNEL(dst_name, src_name, step)                                                    \
    static void dst_name##_from_##src_name(unsigned char *restrict dst,                            \
                                           const unsigned char *restrict src, size_t n_samples,    \
                                           pst_kernel_counts *counts) PST_RT {                     \
        int32_t samples[64];                                                                       \
        const size_t n_most = sizeof samples / sizeof samples[0];                                  \
        pst_kernel_counts seen = {0, 0};                                                           \
        for (size_t done = 0; done < n_samples; done += n_most) {                                  \
            const size_t n = n_samples - done < n_most ? n_samples - done : n_most;                \
            for (size_t k = 0, i = done; k < n; ++k, ++i)                                          \
                samples[k] = step;                                                                 \
            for (size_t k = 0; k < n; ++k)                                                         \
                store_##dst_name(dst, done + k, samples[k]);                                       \
        }                                                                                          \
        counts->n_clipped += seen.n_clipped;                                                       \
        counts->n_nonfinite += seen.n_nonfinite;                                                   \
    }

#define SCALE(bits) (1.0 / (double)(INT64_C(1) << ((bits) - 1)))

// All that lead to or from one integer format; pairs of integers come from INTEGERS.
#define FLOATS(name, bits, TO_INTEGER)                                                             \
    KERNEL(f32, name, (float)load_##name(src, i) * (float)SCALE(bits))                             \
    KERNEL(f64, name, (double)load_##name(src, i) * SCALE(bits))                                   \
    TO_INTEGER(name, f32, quantize_f32(load_f32(src, i), bits, &seen))                             \
    TO_INTEGER(name, f64, quantize_f64(load_f64(src, i), bits, &seen))

#define INTEGERS(a, a_bits, b, b_bits)                                                             \
    KERNEL(a, b, resize(load_##b(src, i), b_bits, a_bits, &seen))                                  \
    KERNEL(b, a, resize(load_##a(src, i), a_bits, b_bits, &seen))

FLOATS(i32, 32, KERNEL)
FLOATS(i24, 24, PACKED_KERNEL)
FLOATS(i16, 16, KERNEL)
FLOATS(i8, 8, KERNEL)
FLOATS(u8, 8, KERNEL)
INTEGERS(i32, 32, i24, 24)
INTEGERS(i32, 32, i16, 16)
INTEGERS(i32, 32, i8, 8)
INTEGERS(i32, 32, u8, 8)
INTEGERS(i24, 24, i16, 16)
INTEGERS(i24, 24, i8, 8)
INTEGERS(i24, 24, u8, 8)
INTEGERS(i16, 16, i8, 8)
INTEGERS(i16, 16, u8, 8)
INTEGERS(i8, 8, u8, 8)
KERNEL(f32, f32, finite_f32(load_f32(src, i), &seen))
KERNEL(f64, f64, finite_f64(load_f64(src, i), &seen))
KERNEL(f64, f32, (double)finite_f32(load_f32(src, i), &seen))
KERNEL(f32, f64, shorten(load_f64(src, i), &seen))

#define COPY(name, n_bytes)                                                                        \
    static void name##_from_##name(unsigned char *restrict dst, const unsigned char *restrict src, \
                                   size_t n_samples, pst_kernel_counts *counts) PST_RT {           \
        (void)counts;                                                                              \
        memcpy(dst, src, n_samples *(n_bytes));                                                    \
    }

COPY(i32, 4)
COPY(i24, 3)
COPY(i16, 2)
COPY(i8, 1)
COPY(u8, 1)

#define ROW(name)                                                                                  \
    {                                                                                              \
        [PST_FORMAT_F32] = name##_from_f32, [PST_FORMAT_F64] = name##_from_f64,                    \
        [PST_FORMAT_I32] = name##_from_i32, [PST_FORMAT_I24] = name##_from_i24,                    \
        [PST_FORMAT_I16] = name##_from_i16, [PST_FORMAT_I8] = name##_from_i8,                      \
        [PST_FORMAT_U8] = name##_from_u8,                                                          \
    }

// ---- Floats as they are ------------------------------------------------------------------------

// The kernels of a float format to itself may not be used in place.
#define DEFINE_SCRUB(suffix)                                                                       \
    static uint64_t scrub_##suffix(unsigned char *samples, size_t n_samples) PST_RT {              \
        enum { BLOCK = 1 << 16 };                                                                  \
        uint64_t n_nonfinite = 0;                                                                  \
        for (size_t done = 0; done < n_samples; done += BLOCK) {                                   \
            const size_t end = n_samples - done < BLOCK ? n_samples : done + BLOCK;                \
            pst_kernel_counts seen = {0, 0};                                                       \
            for (size_t i = done; i < end; ++i)                                                    \
                store_##suffix(samples, i, finite_##suffix(load_##suffix(samples, i), &seen));     \
            n_nonfinite += seen.n_nonfinite;                                                       \
        }                                                                                          \
        return n_nonfinite;                                                                        \
    }
DEFINE_SCRUB(f32)
DEFINE_SCRUB(f64)

static void widen(unsigned char *restrict dst, const unsigned char *restrict src,
                  size_t n_samples) PST_RT {
    for (size_t i = 0; i < n_samples; ++i)
        store_f64(dst, i, (double)load_f32(src, i));
}

static void narrow(unsigned char *restrict dst, const unsigned char *restrict src,
                   size_t n_samples) PST_RT {
    for (size_t i = 0; i < n_samples; ++i)
        store_f32(dst, i, (float)load_f64(src, i));
}

const pst_convert_kernels PST_KERNEL_TABLE(convert) = {
    .convert =
        {
            [PST_FORMAT_F32] = ROW(f32),
            [PST_FORMAT_F64] = ROW(f64),
            [PST_FORMAT_I32] = ROW(i32),
            [PST_FORMAT_I24] = ROW(i24),
            [PST_FORMAT_I16] = ROW(i16),
            [PST_FORMAT_I8] = ROW(i8),
            [PST_FORMAT_U8] = ROW(u8),
        },
    .scrub_f32 = scrub_f32,
    .scrub_f64 = scrub_f64,
    .widen = widen,
    .narrow = narrow,
};
