// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_TESTS_KERNEL_RIG_H
#define PST_TESTS_KERNEL_RIG_H

#include <float.h>
#include <math.h>
#include <string.h>

#include "check.h"
#include "core/kernels/kernels.h"

// The levels that this machine has beside the scalar one, and samples to try them with.

typedef struct rig_level {
    const char *name;
    const pst_kernels *table;
} rig_level;

CHECK_UNUSED static const pst_kernels *rig_scalar(void) {
    return pst_kernels_of(PST_KERNEL_SCALAR);
}

CHECK_UNUSED static int rig_n_levels(void) {
    int n = 0;
    for (int level = PST_KERNEL_SCALAR + 1; level <= PST_KERNEL_SVE; ++level)
        n += pst_kernels_of((pst_kernel_level)level) != NULL;
    return n;
}

CHECK_UNUSED static rig_level rig_get(int index) {
    for (int level = PST_KERNEL_SCALAR + 1; level <= PST_KERNEL_SVE; ++level) {
        const pst_kernels *table = pst_kernels_of((pst_kernel_level)level);
        if (table != NULL && index-- == 0)
            return (rig_level){pst_kernel_level_name((pst_kernel_level)level), table};
    }
    return (rig_level){"Scalar", rig_scalar()};
}

CHECK_UNUSED static uint64_t rig_random(void) {
    static uint64_t state = UINT64_C(0x853C49E6748FEA9B);
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

// From -1 to 1.
CHECK_UNUSED static double rig_uniform(void) {
    return (double)(int64_t)rig_random() * 0x1p-63;
}

// A number of a kind that is hard for somebody: sound, and all that is not.
CHECK_UNUSED static double rig_number(void) {
    static const double odd[] = {0.0,
                                 -0.0,
                                 1.0,
                                 -1.0,
                                 (double)INFINITY,
                                 -(double)INFINITY,
                                 (double)NAN,
                                 -(double)NAN,
                                 DBL_MAX,
                                 -DBL_MAX,
                                 DBL_MIN,
                                 -DBL_MIN,
                                 4.9e-324,
                                 (double)FLT_MAX,
                                 -(double)FLT_MAX,
                                 (double)FLT_MIN,
                                 1.4e-45,
                                 1e39,
                                 -1e39};
    const uint64_t bits = rig_random();
    switch (bits % 16) {
    case 0:
        return odd[bits / 16 % (sizeof odd / sizeof *odd)];
    case 1: // Denormal numbers of both types.
        return rig_uniform() * (bits & 16 ? 1e-39 : 1e-310);
    case 2: // Where an integer changes, and just before.
        return ((double)(int32_t)(bits >> 32) + 0.5) * ldexp(1.0, -(int)(7 + bits / 16 % 32));
    case 3: // The last step of each integer format.
        return (bits & 16 ? 1.0 : -1.0) * (1.0 - ldexp(1.0, -(int)(6 + bits / 32 % 30)));
    case 4:
        return rig_uniform() * ldexp(1.0, (int)(bits / 16 % 2000) - 1000);
    default:
        return rig_uniform() * 1.2;
    }
}

// Fills samples of a format; any address.
CHECK_UNUSED static void rig_fill(uint8_t *samples, pst_format format, size_t n) {
    const size_t n_bytes = pst_format_bytes(format);
    for (size_t i = 0; i < n; ++i) {
        const double x = rig_number();
        const float narrow = (float)x;
        const uint64_t bits =
            rig_random() % 8 == 0
                ? (rig_random() & 1 ? UINT64_C(0x7FFFFFFF7FFF7F7F) : UINT64_C(0x8000000080008080))
                : rig_random();
        if (format == PST_FORMAT_F32)
            memcpy(samples + i * n_bytes, &narrow, n_bytes);
        else if (format == PST_FORMAT_F64)
            memcpy(samples + i * n_bytes, &x, n_bytes);
        else
            memcpy(samples + i * n_bytes, &bits, n_bytes);
    }
}

// Fills floats that are sound.
CHECK_UNUSED static void rig_fill_sound(void *samples, pst_format format, size_t n) {
    for (size_t i = 0; i < n; ++i) {
        if (format == PST_FORMAT_F32)
            ((float *)samples)[i] = (float)rig_uniform();
        else
            ((double *)samples)[i] = rig_uniform();
    }
}

// Whether floats have the same bits; one NaN is as good as another.
CHECK_UNUSED static bool rig_same_f32(const void *a, const void *b, size_t n) {
    for (size_t i = 0; i < n; ++i) {
        float x, y;
        memcpy(&x, (const uint8_t *)a + 4 * i, 4);
        memcpy(&y, (const uint8_t *)b + 4 * i, 4);
        if (memcmp(&x, &y, 4) != 0 && !(isnan(x) && isnan(y)))
            return false;
    }
    return true;
}

CHECK_UNUSED static bool rig_same_f64(const void *a, const void *b, size_t n) {
    for (size_t i = 0; i < n; ++i) {
        double x, y;
        memcpy(&x, (const uint8_t *)a + 8 * i, 8);
        memcpy(&y, (const uint8_t *)b + 8 * i, 8);
        if (memcmp(&x, &y, 8) != 0 && !(isnan(x) && isnan(y)))
            return false;
    }
    return true;
}

#endif
