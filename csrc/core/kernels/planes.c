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

static void interleave(float *restrict dst, const float *restrict left, const float *restrict right,
                       size_t n) PST_RT {
    for (size_t i = 0; i < n; ++i) {
        dst[2 * i] = left[i];
        dst[2 * i + 1] = right[i];
    }
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

// ---- Waves --------------------------------------------------------------------------------------

// Places are computed many at once; what stands there is fetched one by one, each value together
// with its neighbour; and many at once are the lines between the two.
enum { LOOK_UPS = 32, LANES = 4 };

#if defined(__GNUC__)
typedef float lanes __attribute__((vector_size(16)));
typedef double pairs __attribute__((vector_size(16)));

static inline double fetch(const float *values, uint32_t place) PST_RT {
    double pair;
    memcpy(&pair, values + place, sizeof pair);
    return pair;
}

// Four samples. Nothing is computed with the pairs as float64: they are only carried.
static inline void look_up(float *restrict dst, const float *values,
                           const uint32_t *restrict places, const float *restrict parts) PST_RT {
    const pairs first = {fetch(values, places[0]), fetch(values, places[1])};
    const pairs second = {fetch(values, places[2]), fetch(values, places[3])};
    lanes a;
    lanes b;
    lanes part;
    memcpy(&a, &first, sizeof a);
    memcpy(&b, &second, sizeof b);
    memcpy(&part, parts, sizeof part);
    const lanes low = __builtin_shufflevector(a, b, 0, 2, 4, 6);
    const lanes high = __builtin_shufflevector(a, b, 1, 3, 5, 7);
    const lanes sum = low + (high - low) * part;
    memcpy(dst, &sum, sizeof sum);
}
#else
static inline void look_up(float *restrict dst, const float *values,
                           const uint32_t *restrict places, const float *restrict parts) PST_RT {
    for (int i = 0; i < LANES; ++i) {
        const float low = values[places[i]];
        dst[i] = low + (values[places[i] + 1] - low) * parts[i];
    }
}
#endif

static inline void look_up_all(float *restrict dst, const pst_wave_table *table,
                               const uint32_t *restrict phases) PST_RT {
    uint32_t places[LOOK_UPS];
    float parts[LOOK_UPS];
    for (int i = 0; i < LOOK_UPS; ++i) {
        places[i] = phases[i] >> table->shift;
        parts[i] = (float)(int32_t)(phases[i] & table->mask) * table->part_scale;
    }
    for (int i = 0; i < LOOK_UPS; i += LANES)
        look_up(dst + i, table->values, places + i, parts + i);
}

static void wave_moving(float *restrict dst, const pst_wave_table *wave,
                        const uint32_t *restrict phases, size_t n) PST_RT {
    const pst_wave_table table = *wave;
    for (; n >= LOOK_UPS; n -= LOOK_UPS, dst += LOOK_UPS, phases += LOOK_UPS)
        look_up_all(dst, &table, phases);
    uint32_t rest[LOOK_UPS] = {0};
    float values[LOOK_UPS];
    if (n == 0)
        return;
    memcpy(rest, phases, n * sizeof *rest);
    look_up_all(values, &table, rest);
    memcpy(dst, values, n * sizeof *dst);
}

static void wave_steady(float *restrict dst, const pst_wave_table *wave, uint32_t phase,
                        uint32_t step, size_t n) PST_RT {
    const pst_wave_table table = *wave;
    uint32_t phases[LOOK_UPS];
    for (;;) {
        for (uint32_t i = 0; i < LOOK_UPS; ++i)
            phases[i] = phase + i * step;
        if (n < LOOK_UPS)
            break;
        look_up_all(dst, &table, phases);
        phase += LOOK_UPS * step;
        dst += LOOK_UPS;
        n -= LOOK_UPS;
    }
    if (n > 0)
        wave_moving(dst, wave, phases, n);
}

// ---- Delays -------------------------------------------------------------------------------------

static void delay_places(uint32_t *restrict places, float *restrict parts, uint32_t place,
                         uint32_t mask, const float *restrict times_s, double rate_hz, double least,
                         size_t n) PST_RT {
    // Once round the line more keeps them positive.
    const int32_t from = (int32_t)((place & mask) + mask + 1);
    for (uint32_t i = 0; i < (uint32_t)n; ++i) {
        double frames = (double)times_s[i] * rate_hz;
        frames = frames > least ? frames : least;
        const double exact = (double)(from + (int32_t)i) - frames;
        const int32_t near = (int32_t)(exact + 0.5);
        const double off = exact - near;
        const double limit = frames * 0x1p-23;
        const double kept = off * off <= limit * limit ? 0.0 : off;
        const int32_t below = near - (kept < 0.0 ? 1 : 0);
        places[i] = (uint32_t)below & mask;
        parts[i] = (float)(kept + (near - below));
    }
}

static void look_up_at(float *restrict dst, const float *values, const uint32_t *restrict places,
                       const float *restrict parts, size_t n) PST_RT {
    size_t i = 0;
    for (; i + LANES <= n; i += LANES)
        look_up(dst + i, values, places + i, parts + i);
    for (; i < n; ++i) {
        const float low = values[places[i]];
        dst[i] = low + (values[places[i] + 1] - low) * parts[i];
    }
}

const pst_plane_kernels PST_KERNEL_TABLE(plane) = {
    .add = add,
    .scale = scale,
    .add_scaled = add_scaled,
    .multiply = multiply,
    .fill = fill,
    .interleave = interleave,
    .limit = limit,
    .is_zero = is_zero,
    .wave_steady = wave_steady,
    .wave_moving = wave_moving,
    .delay_places = delay_places,
    .look_up = look_up_at,
};
