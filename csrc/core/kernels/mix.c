// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include <math.h>
#include <string.h>

#include "core/kernels/kernels.h"
#include "core/kernels/natural.h"

// Gains, sums of sounds, and how loud they are. The loops over one and two channels have fixed
// strides: compilers make vector code of them.

// ---- Gains --------------------------------------------------------------------------------------

static void scale_f32(float *x, size_t n, float gain) PST_RT {
    for (size_t i = 0; i < n; ++i)
        x[i] *= gain;
}

static void scale_f64(double *x, size_t n, double gain) PST_RT {
    for (size_t i = 0; i < n; ++i)
        x[i] *= gain;
}

static inline void scale_frames(float *restrict x, size_t n_frames, size_t n_channels,
                                const float *restrict gains) PST_RT {
    for (size_t i = 0; i < n_frames; ++i)
        for (size_t c = 0; c < n_channels; ++c)
            x[i * n_channels + c] *= gains[i];
}

static void scale_moving(float *x, size_t n_frames, size_t n_channels, const float *gains) PST_RT {
    switch (n_channels) {
    case 1:
        scale_frames(x, n_frames, 1, gains);
        break;
    case 2:
        scale_frames(x, n_frames, 2, gains);
        break;
    default:
        scale_frames(x, n_frames, n_channels, gains);
    }
}

// ---- Sums ---------------------------------------------------------------------------------------

static void add(float *restrict output, const float *restrict input, size_t n, float gain) PST_RT {
    for (size_t i = 0; i < n; ++i)
        output[i] += gain * input[i];
}

static void add_one_to_two(float *restrict output, const float *restrict input, size_t n_frames,
                           float gain) PST_RT {
    for (size_t i = 0; i < n_frames; ++i) {
        const float sample = gain * input[i];
        output[2 * i] += sample;
        output[2 * i + 1] += sample;
    }
}

static inline void add_frames(float *restrict output, const float *restrict input, size_t n_frames,
                              size_t n_channels, const float *restrict gains) PST_RT {
    for (size_t i = 0; i < n_frames; ++i)
        for (size_t c = 0; c < n_channels; ++c)
            output[i * n_channels + c] += gains[i] * input[i * n_channels + c];
}

static void add_moving(float *output, const float *input, size_t n_frames, size_t n_channels,
                       const float *gains) PST_RT {
    switch (n_channels) {
    case 1:
        add_frames(output, input, n_frames, 1, gains);
        break;
    case 2:
        add_frames(output, input, n_frames, 2, gains);
        break;
    default:
        add_frames(output, input, n_frames, n_channels, gains);
    }
}

// ---- A matrix of gains --------------------------------------------------------------------------

#define DEFINE_MIX(suffix, real)                                                                   \
    static inline void split_##suffix(real *restrict planes, const real *restrict src,             \
                                      size_t n_frames, size_t n_sources) PST_RT {                  \
        for (size_t i = 0; i < n_frames; ++i)                                                      \
            for (size_t s = 0; s < n_sources; ++s)                                                 \
                planes[s * PST_MIX_FRAMES + i] = src[i * n_sources + s];                           \
    }                                                                                              \
    static inline void put_##suffix(real *restrict dst, const real *restrict sums,                 \
                                    size_t n_frames, size_t n_destinations) PST_RT {               \
        for (size_t i = 0; i < n_frames; ++i)                                                      \
            dst[i * n_destinations] = sums[i];                                                     \
    }                                                                                              \
    /* Channel by channel, so that the sums run over samples that lie side by side. */             \
    static void mix_##suffix(const pst_mix *m, real *dst, const real *src, real *planes,           \
                             size_t n_frames) PST_RT {                                             \
        if (m->n_sources == 2)                                                                     \
            split_##suffix(planes, src, n_frames, 2);                                              \
        else                                                                                       \
            split_##suffix(planes, src, n_frames, m->n_sources);                                   \
        /* A few more than are wanted, if need be: those are nobody's. */                          \
        const size_t n_even = (n_frames + 15) / 16 * 16;                                           \
        for (size_t d = 0; d < m->n_destinations; ++d) {                                           \
            real sums[PST_MIX_FRAMES] = {0};                                                       \
            for (size_t e = m->first[d]; e < m->first[d + 1]; ++e) {                               \
                const real *restrict plane = planes + (size_t)m->sources[e] * PST_MIX_FRAMES;      \
                const real gain = (real)m->gains[e];                                               \
                for (size_t i = 0; i < n_even; ++i)                                                \
                    sums[i] += gain * plane[i];                                                    \
            }                                                                                      \
            if (m->n_destinations == 2)                                                            \
                put_##suffix(dst + d, sums, n_frames, 2);                                          \
            else                                                                                   \
                put_##suffix(dst + d, sums, n_frames, m->n_destinations);                          \
        }                                                                                          \
    }
DEFINE_MIX(f32, float)
DEFINE_MIX(f64, double)

// ---- Gains that move ----------------------------------------------------------------------------

// sin(x pi/2) for x from 0 to 1, to 1e-7.
static inline float quarter_sine(float x) PST_RT {
    const float y = x * x;
    return x * (1.5707963268f +
                y * (-0.6459640975f +
                     y * (0.0796926262f +
                          y * (-0.0046817541f + y * (0.00016044118f + y * -0.0000035988432f)))));
}

// How far into the ramp the i-th of the next frames is, 0 to 1. The sum is exact, so it does not
// matter where blocks begin.
static inline float share(const pst_slope *slope, size_t i) PST_RT {
    return (float)((slope->n_done + (double)(int32_t)i) * slope->frame_share);
}

static void ramp_linear(const pst_slope *slope, float *restrict gains, size_t n) PST_RT {
    const pst_slope s = *slope;
    const float span = s.to - s.from;
    for (size_t i = 0; i < n; ++i)
        gains[i] *= s.from + span * share(&s, i);
}

static void ramp_equal_power(const pst_slope *slope, float *restrict gains, size_t n) PST_RT {
    const pst_slope s = *slope;
    if (s.from == 0) {
        for (size_t i = 0; i < n; ++i)
            gains[i] *= s.to * quarter_sine(share(&s, i));
    } else if (s.to == 0) {
        for (size_t i = 0; i < n; ++i)
            gains[i] *= s.from * quarter_sine(1.0f - share(&s, i));
    } else {
        for (size_t i = 0; i < n; ++i) {
            const float x = share(&s, i);
            const float falling = s.from * quarter_sine(1.0f - x);
            const float rising = s.to * quarter_sine(x);
            gains[i] *= sqrtf(falling * falling + rising * rising);
        }
    }
}

// Goes from one gain to the other by equal steps of the logarithm; neither is 0.
static void ramp_exponential(const pst_slope *slope, float *restrict gains, size_t n) PST_RT {
    const pst_slope s = *slope;
    const double span = pst_natural_log((double)s.to / (double)s.from);
    for (size_t i = 0; i < n; ++i)
        gains[i] *= s.from * (float)pst_power_of_e(span * (double)share(&s, i));
}

// ---- How loud -----------------------------------------------------------------------------------

// Interleaved samples are a table with one row per some frames, and each of its columns, a lane,
// belongs to one channel. Lanes do not depend on each other. Peaks are compared as integers: the
// bits of positive floats are in the order of their values.
static inline void scan_row(const pst_scan_lanes *found, const float *restrict row,
                            uint32_t n_lanes, int32_t limit) PST_RT {
    int32_t *restrict peak = found->peak, *restrict n_clipped = found->n_clipped;
    float *restrict sum = found->sum;
    for (uint32_t lane = 0; lane < n_lanes; ++lane) {
        int32_t size;
        memcpy(&size, &row[lane], sizeof size);
        size &= INT32_MAX; // Without the sign.
        peak[lane] = size > peak[lane] ? size : peak[lane];
        n_clipped[lane] += size >= limit;
        sum[lane] += row[lane] * row[lane];
    }
}

// With a known width the lanes stay in registers.
static void scan_wide(const pst_scan_lanes *found, const float *restrict samples, size_t n_rows,
                      int32_t limit) PST_RT {
    enum { WIDTH = PST_SCAN_LANES };
    int32_t peak[WIDTH], n_clipped[WIDTH];
    float sum[WIDTH];
    memcpy(peak, found->peak, sizeof peak);
    memcpy(n_clipped, found->n_clipped, sizeof n_clipped);
    memcpy(sum, found->sum, sizeof sum);
    for (size_t i = 0; i < n_rows; ++i)
        for (uint32_t lane = 0; lane < WIDTH; ++lane) {
            const float x = samples[i * WIDTH + lane];
            int32_t size;
            memcpy(&size, &x, sizeof size);
            size &= INT32_MAX;
            peak[lane] = size > peak[lane] ? size : peak[lane];
            n_clipped[lane] += size >= limit;
            sum[lane] += x * x;
        }
    memcpy(found->peak, peak, sizeof peak);
    memcpy(found->n_clipped, n_clipped, sizeof n_clipped);
    memcpy(found->sum, sum, sizeof sum);
}

static void scan(const pst_scan_lanes *found, const float *samples, size_t n_samples,
                 uint32_t n_lanes, int32_t limit) PST_RT {
    const size_t n_rows = n_samples / n_lanes;
    if (n_lanes == PST_SCAN_LANES)
        scan_wide(found, samples, n_rows, limit);
    else
        for (size_t i = 0; i < n_rows; ++i)
            scan_row(found, samples + i * n_lanes, n_lanes, limit);
    scan_row(found, samples + n_rows * n_lanes, (uint32_t)(n_samples - n_rows * n_lanes), limit);
}

#define DEFINE_WITHIN(name, real, size)                                                            \
    static bool name(const real *x, real most, size_t n) PST_RT {                                  \
        uint32_t n_beyond = 0;                                                                     \
        for (size_t i = 0; i < n; ++i)                                                             \
            n_beyond |= !(size(x[i]) <= most);                                                     \
        return n_beyond == 0;                                                                      \
    }
DEFINE_WITHIN(are_within_f32, float, fabsf)
DEFINE_WITHIN(are_within_f64, double, fabs)

const pst_mix_kernels PST_KERNEL_TABLE(mix) = {
    .scale_f32 = scale_f32,
    .scale_f64 = scale_f64,
    .scale_moving = scale_moving,
    .add = add,
    .add_one_to_two = add_one_to_two,
    .add_moving = add_moving,
    .mix_f32 = mix_f32,
    .mix_f64 = mix_f64,
    .ramp_linear = ramp_linear,
    .ramp_equal_power = ramp_equal_power,
    .ramp_exponential = ramp_exponential,
    .scan = scan,
    .are_within_f32 = are_within_f32,
    .are_within_f64 = are_within_f64,
};
