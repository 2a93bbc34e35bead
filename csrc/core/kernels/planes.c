// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include <math.h>
#include <string.h>

#include "core/kernels/kernels.h"

// What a graph does most: sums, gains and limits over blocks of one channel, and looking up waves.
// The wave is read with arithmetic on whole numbers, so that phases wrap by themselves.

static void add(float *restrict dst, const float *restrict src, size_t n) PST_RT {
    for (size_t i = 0; i < n; ++i)
        dst[i] += src[i];
}

static void scale(float *restrict dst, const float *restrict src, float gain, size_t n) PST_RT {
    for (size_t i = 0; i < n; ++i)
        dst[i] = src[i] * gain;
}

static void add_scaled(float *restrict dst, const float *restrict src, float gain,
                       size_t n) PST_RT {
    for (size_t i = 0; i < n; ++i)
        dst[i] += src[i] * gain;
}

static void multiply(float *restrict dst, const float *restrict a, const float *restrict b,
                     size_t n) PST_RT {
    for (size_t i = 0; i < n; ++i)
        dst[i] = a[i] * b[i];
}

static void fill(float *dst, float value, size_t n) PST_RT {
    for (size_t i = 0; i < n; ++i)
        dst[i] = value;
}

// NaN compares unequal to itself, and is replaced first.
static void limit(float *values, float min, float max, float fallback, size_t n) PST_RT {
    for (size_t i = 0; i < n; ++i) {
        float x = values[i];
        x = x == x ? x : fallback;
        x = x < min ? min : x;
        values[i] = x > max ? max : x;
    }
}

static bool is_zero(const float *src, size_t n) PST_RT {
    uint32_t any = 0;
    for (size_t i = 0; i < n; ++i) {
        uint32_t bits;
        memcpy(&bits, src + i, sizeof bits);
        any |= bits << 1; // Both zeros.
    }
    return any == 0;
}

static inline float look_up(const pst_wave_table *table, uint32_t phase) PST_RT {
    const uint32_t i = phase >> table->shift;
    const float part = (float)(int32_t)(phase & table->mask) * table->part_scale;
    const float low = table->values[i];
    return low + (table->values[i + 1] - low) * part;
}

static void wave_steady(float *restrict dst, const pst_wave_table *wave, uint32_t phase,
                        uint32_t step, size_t n) PST_RT {
    const pst_wave_table table = *wave;
    for (uint32_t i = 0; i < (uint32_t)n; ++i)
        dst[i] = look_up(&table, phase + i * step);
}

static void wave_moving(float *restrict dst, const pst_wave_table *wave,
                        const uint32_t *restrict phases, size_t n) PST_RT {
    const pst_wave_table table = *wave;
    for (size_t i = 0; i < n; ++i)
        dst[i] = look_up(&table, phases[i]);
}

const pst_plane_kernels PST_KERNEL_TABLE(plane) = {
    .add = add,
    .scale = scale,
    .add_scaled = add_scaled,
    .multiply = multiply,
    .fill = fill,
    .limit = limit,
    .is_zero = is_zero,
    .wave_steady = wave_steady,
    .wave_moving = wave_moving,
};
