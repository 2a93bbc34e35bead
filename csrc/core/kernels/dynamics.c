// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include <math.h>
#include <string.h>

#include "core/kernels/kernels.h"
#include "core/kernels/natural.h"

// From sound to levels, from levels to gains, and back to sound.

static void log_of_each(double *x, size_t n) PST_RT {
    for (size_t i = 0; i < n; ++i)
        x[i] = pst_natural_log(x[i]);
}

static void power_of_each(double *x, size_t n) PST_RT {
    for (size_t i = 0; i < n; ++i)
        x[i] = pst_power_of_e(x[i]);
}

#define DEFINE_SIZES(name, real)                                                                   \
    static void name(double *restrict sizes, const real *restrict x, double least, size_t n)       \
        PST_RT {                                                                                   \
        for (size_t i = 0; i < n; ++i) {                                                           \
            const double size = fabs((double)x[i]);                                                \
            sizes[i] = size > least ? size : least;                                                \
        }                                                                                          \
    }
DEFINE_SIZES(sizes_f32, float)
DEFINE_SIZES(sizes_f64, double)

#define DEFINE_MULTIPLY(name, real)                                                                \
    static void name(real *restrict x, const double *restrict gains, size_t n) PST_RT {            \
        for (size_t i = 0; i < n; ++i)                                                             \
            x[i] = (real)((double)x[i] * gains[i]);                                                \
    }
DEFINE_MULTIPLY(multiply_f32, float)
DEFINE_MULTIPLY(multiply_f64, double)

// Both ways are computed, then one is chosen: whether a sound rises is as good as random.
static inline void follow_channels(const pst_follower *f, double *restrict x, size_t n_frames,
                                   size_t n_channels, double *restrict levels) PST_RT {
    for (size_t i = 0; i < n_frames; ++i, x += n_channels)
        for (size_t c = 0; c < n_channels; ++c) {
            const double level = levels[c];
            const double rising = f->attack * level + (1.0 - f->attack) * x[c];
            const double falling = f->release * level + (1.0 - f->release) * x[c];
            x[c] = levels[c] = x[c] >= level ? rising : falling;
        }
}

static void follow(const pst_follower *follower, double *x, size_t n_frames, size_t n_channels,
                   double *levels) PST_RT {
    double two[2];
    switch (n_channels) { // Known numbers of them stay in registers.
    case 1:
        two[0] = levels[0];
        follow_channels(follower, x, n_frames, 1, two);
        levels[0] = two[0];
        break;
    case 2:
        memcpy(two, levels, sizeof two);
        follow_channels(follower, x, n_frames, 2, two);
        memcpy(levels, two, sizeof two);
        break;
    default:
        follow_channels(follower, x, n_frames, n_channels, levels);
    }
}

static bool are_all_between(const double *x, double least, double most, size_t n) PST_RT {
    uint32_t n_outside = 0;
    for (size_t i = 0; i < n; ++i)
        n_outside += !(x[i] >= least) | !(x[i] <= most);
    return n_outside == 0;
}

static void gains_of_levels(const pst_gain_curve *curve, double *x, size_t n) PST_RT {
    const pst_gain_curve c = *curve;
    const double half_knee = 0.5 * c.knee_width;
    const double bend = c.knee_width > 0.0 ? c.slope / (2.0 * c.knee_width) : 0.0;
    for (size_t i = 0; i < n; ++i) {
        const double level = pst_natural_log(x[i]);
        const double over = level - c.threshold;
        const double into = over + half_knee;
        const double straight = over > 0.0 ? c.slope * over : 0.0;
        const double bent = fabs(over) < half_knee ? bend * into * into : straight;
        const double under = level - c.expansion_threshold;
        const double wanted = under < 0.0 ? c.expansion_slope * under : bent;
        const double gain = c.master * pst_power_of_e(wanted > -700.0 ? wanted : -700.0);
        const bool is_between = (x[i] >= c.quiet) & (x[i] <= c.loud);
        x[i] = is_between ? c.master : gain;
    }
}

const pst_dynamics_kernels PST_KERNEL_TABLE(dynamics) = {
    .log_of_each = log_of_each,
    .power_of_each = power_of_each,
    .sizes_f32 = sizes_f32,
    .sizes_f64 = sizes_f64,
    .multiply_f32 = multiply_f32,
    .multiply_f64 = multiply_f64,
    .follow = follow,
    .are_all_between = are_all_between,
    .gains_of_levels = gains_of_levels,
};
