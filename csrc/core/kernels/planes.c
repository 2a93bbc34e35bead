// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include <math.h>
#include <string.h>

#include "core/kernels/kernels.h"
#include "core/kernels/natural.h"

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

static void mean(float *restrict dst, const float *restrict src, size_t n) PST_RT {
    for (size_t i = 0; i < n; ++i)
        dst[i] = (dst[i] + src[i]) * 0.5f;
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

static void separate(float *restrict first, float *restrict second, const float *restrict src,
                     size_t n) PST_RT {
    for (size_t i = 0; i < n; ++i) {
        first[i] = src[2 * i];
        second[i] = src[2 * i + 1];
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

// ---- Looking up ---------------------------------------------------------------------------------

// Places are computed many at once; what stands there is fetched one by one, each value together
// with its neighbours; and many at once are the curves between them.
enum { LOOK_UPS = 32, LANES = 4 };

#if defined(__has_builtin)
#if __has_builtin(__builtin_shufflevector)
#define HAS_LANES 1
#endif
#endif

#ifdef HAS_LANES
typedef float lanes __attribute__((vector_size(16)));
typedef double pairs __attribute__((vector_size(16)));

static inline lanes load(const float *values) PST_RT {
    lanes got;
    memcpy(&got, values, sizeof got);
    return got;
}

static inline double fetch(const float *values, uint32_t place) PST_RT {
    double pair;
    memcpy(&pair, values + place, sizeof pair);
    return pair;
}

// Nothing is computed with the pairs as float64: they are only carried.
static inline lanes two_of_two(const float *values, uint32_t i, uint32_t k) PST_RT {
    const pairs both = {fetch(values, i), fetch(values, k)};
    lanes got;
    memcpy(&got, &both, sizeof got);
    return got;
}
#else
typedef float lanes;
#endif

static inline lanes line_at(lanes low, lanes high, lanes part) PST_RT {
    return low + (high - low) * part;
}

// Everett's formula: a line, and the bends at both of its ends.
static inline lanes curve_at(lanes low, lanes bend_low, lanes high, lanes bend_high, lanes part,
                             lanes weight_low, lanes weight_high) PST_RT {
    return low + (high - low) * part + (bend_low * weight_low + bend_high * weight_high);
}

// How far samples are on the way to the next value of the table, and what the bends count there.
typedef struct ways {
    uint32_t places[LOOK_UPS];
    float parts[LOOK_UPS];
    float weights_low[LOOK_UPS];
    float weights_high[LOOK_UPS];
} ways;

// Four samples.
#ifdef HAS_LANES
static inline void look_up(float *restrict dst, const float *values,
                           const uint32_t *restrict places, const float *restrict parts) PST_RT {
    const lanes first = two_of_two(values, places[0], places[1]);
    const lanes second = two_of_two(values, places[2], places[3]);
    const lanes sum = line_at(__builtin_shufflevector(first, second, 0, 2, 4, 6),
                              __builtin_shufflevector(first, second, 1, 3, 5, 7), load(parts));
    memcpy(dst, &sum, sizeof sum);
}

static inline void look_up_curve(float *restrict dst, const float *values, const ways *w,
                                 int i) PST_RT {
    const lanes r0 = load(values + 2 * (size_t)w->places[i]);
    const lanes r1 = load(values + 2 * (size_t)w->places[i + 1]);
    const lanes r2 = load(values + 2 * (size_t)w->places[i + 2]);
    const lanes r3 = load(values + 2 * (size_t)w->places[i + 3]);
    const lanes low01 = __builtin_shufflevector(r0, r1, 0, 4, 1, 5);
    const lanes low23 = __builtin_shufflevector(r2, r3, 0, 4, 1, 5);
    const lanes high01 = __builtin_shufflevector(r0, r1, 2, 6, 3, 7);
    const lanes high23 = __builtin_shufflevector(r2, r3, 2, 6, 3, 7);
    const lanes sum =
        curve_at(__builtin_shufflevector(low01, low23, 0, 1, 4, 5),
                 __builtin_shufflevector(low01, low23, 2, 3, 6, 7),
                 __builtin_shufflevector(high01, high23, 0, 1, 4, 5),
                 __builtin_shufflevector(high01, high23, 2, 3, 6, 7), load(w->parts + i),
                 load(w->weights_low + i), load(w->weights_high + i));
    memcpy(dst, &sum, sizeof sum);
}
#else
static inline void look_up(float *restrict dst, const float *values,
                           const uint32_t *restrict places, const float *restrict parts) PST_RT {
    for (int i = 0; i < LANES; ++i)
        dst[i] = line_at(values[places[i]], values[places[i] + 1], parts[i]);
}

static inline void look_up_curve(float *restrict dst, const float *values, const ways *w,
                                 int i) PST_RT {
    for (int k = 0; k < LANES; ++k) {
        const float *at = values + 2 * (size_t)w->places[i + k];
        dst[k] = curve_at(at[0], at[1], at[2], at[3], w->parts[i + k], w->weights_low[i + k],
                          w->weights_high[i + k]);
    }
}
#endif

// ---- Waves --------------------------------------------------------------------------------------

static inline void look_up_all(float *restrict dst, const pst_wave_table *table,
                               const uint32_t *restrict phases) PST_RT {
    ways w;
    for (int i = 0; i < LOOK_UPS; ++i) {
        const float part = (float)(int32_t)(phases[i] & table->mask) * table->part_scale;
        const float left = 1.0f - part;
        w.places[i] = phases[i] >> table->shift;
        w.parts[i] = part;
        w.weights_low[i] = left * (left * left - 1.0f) * (1.0f / 6.0f);
        w.weights_high[i] = part * (part * part - 1.0f) * (1.0f / 6.0f);
    }
    for (int i = 0; i < LOOK_UPS; i += LANES)
        look_up_curve(dst + i, table->values, &w, i);
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

// ---- Sounds -------------------------------------------------------------------------------------

static void places_of(uint32_t *restrict places, float *restrict parts, double place, double step,
                      size_t n) PST_RT {
    for (uint32_t i = 0; i < (uint32_t)n; ++i) {
        const double at = place + (double)(int32_t)i * step;
        const int32_t below = (int32_t)at;
        places[i] = (uint32_t)below;
        parts[i] = (float)(at - (double)below);
    }
}

static void shift(float *restrict dst, const float *restrict values, float part, size_t n) PST_RT {
    for (size_t i = 0; i < n; ++i)
        dst[i] = values[i] + (values[i + 1] - values[i]) * part;
}

// ---- Curves -------------------------------------------------------------------------------------

static inline void bend_all(float *restrict dst, const float *points, uint32_t n_points,
                            const float *restrict x) PST_RT {
    const float last = (float)(int32_t)(n_points - 1);
    const float half = 0.5f * last;
    uint32_t places[LOOK_UPS];
    float parts[LOOK_UPS];
    for (int i = 0; i < LOOK_UPS; ++i) {
        float place = x[i] * half + half;
        place = place > 0.0f ? place : 0.0f;
        place = place < last ? place : last;
        const int32_t below = (int32_t)place;
        places[i] = (uint32_t)below;
        parts[i] = place - (float)below;
    }
    for (int i = 0; i < LOOK_UPS; i += LANES)
        look_up(dst + i, points, places + i, parts + i);
}

static void bend(float *dst, const float *points, uint32_t n_points, const float *x,
                 size_t n) PST_RT {
    float from[LOOK_UPS] = {0}, to[LOOK_UPS];
    for (; n >= LOOK_UPS; n -= LOOK_UPS, dst += LOOK_UPS, x += LOOK_UPS) {
        bend_all(to, points, n_points, x);
        memcpy(dst, to, sizeof to);
    }
    if (n == 0)
        return;
    memcpy(from, x, n * sizeof *x);
    bend_all(to, points, n_points, from);
    memcpy(dst, to, n * sizeof *dst);
}

// ---- Noise --------------------------------------------------------------------------------------

// Mixes the bits of a number so that each of them depends on all: the end of MurmurHash3.
static inline uint32_t mixed(uint32_t x) PST_RT {
    x = (x ^ x >> 16) * 0x85EBCA6Bu;
    x = (x ^ x >> 13) * 0xC2B2AE35u;
    return x ^ x >> 16;
}

static void noise(float *restrict dst, const uint32_t keys[2], uint32_t first, size_t n) PST_RT {
    const uint32_t from = first + keys[0], key = keys[1];
    for (uint32_t i = 0; i < (uint32_t)n; ++i) {
        const uint32_t bits = mixed(mixed(from + i) ^ key);
        dst[i] = (float)((int32_t)(bits >> 8) - 0x800000) * 0x1p-23f;
    }
}

// ---- Clipping -----------------------------------------------------------------------------------

static void clip(float *restrict dst, const float *restrict src, const float *restrict a,
                 const float *restrict b, size_t n) PST_RT {
    for (size_t i = 0; i < n; ++i) {
        const float low = a[i] < b[i] ? a[i] : b[i], high = a[i] < b[i] ? b[i] : a[i];
        const float x = src[i] < low ? low : src[i];
        dst[i] = x > high ? high : x;
    }
}

// Close to 0 a difference of two numbers near to 1 would have no digits left.
static inline double tangent(double x) PST_RT {
    const double low = x < -20.0 ? -20.0 : x, inside = low > 20.0 ? 20.0 : low;
    const double whole = 1.0 - 2.0 / (1.0 + pst_power_of_e(2.0 * inside));
    return x * x < 1e-6 ? x - x * x * x * (1.0 / 3.0) : whole;
}

static void clip_softly(float *restrict dst, const float *restrict src, const float *restrict a,
                        const float *restrict b, size_t n) PST_RT {
    for (size_t i = 0; i < n; ++i) {
        const double half = fabs((double)b[i] - (double)a[i]) * 0.5;
        const double middle = ((double)a[i] + (double)b[i]) * 0.5;
        const double off = (double)src[i] - middle;
        const double bent = middle + half * tangent(half > 0.0 ? off / half : 0.0);
        dst[i] = src[i] == src[i] ? (float)bent : src[i];
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
    .places_of = places_of,
    .shift = shift,
    .noise = noise,
    .clip = clip,
    .clip_softly = clip_softly,
    .bend = bend,
    .mean = mean,
    .separate = separate,
};
