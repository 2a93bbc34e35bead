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

// Of the two ways that a level can go, the quicker one leads further up and further down. Where up
// is the quicker one, it is the larger of both results upwards, and the slower one is the larger
// downwards. So there is no branch: whether sound rises is as good as random.
static inline void follow_channels(const pst_follower *f, double *restrict x, size_t n_frames,
                                   size_t n_channels, double *restrict levels, double sign) PST_RT {
    const double attack = sign * f->attack, release = sign * f->release;
    const double attack_rest = sign * (1.0 - f->attack), release_rest = sign * (1.0 - f->release);
    for (size_t i = 0; i < n_frames; ++i, x += n_channels)
        for (size_t c = 0; c < n_channels; ++c) {
            const double rising = attack * levels[c] + attack_rest * x[c];
            const double falling = release * levels[c] + release_rest * x[c];
            x[c] = levels[c] = sign * (rising > falling ? rising : falling);
        }
}

// With known numbers of channels their levels stay in registers.
static inline void follow_signed(const pst_follower *f, double *x, size_t n_frames,
                                 size_t n_channels, double *levels, double sign) PST_RT {
    double two[2];
    switch (n_channels) {
    case 1:
        two[0] = levels[0];
        follow_channels(f, x, n_frames, 1, two, sign);
        levels[0] = two[0];
        break;
    case 2:
        memcpy(two, levels, sizeof two);
        follow_channels(f, x, n_frames, 2, two, sign);
        memcpy(levels, two, sizeof two);
        break;
    default:
        follow_channels(f, x, n_frames, n_channels, levels, sign);
    }
}

static void follow(const pst_follower *follower, double *x, size_t n_frames, size_t n_channels,
                   double *levels) PST_RT {
    // The smaller of two numbers is the larger one with signs turned round.
    if (follower->attack <= follower->release)
        follow_signed(follower, x, n_frames, n_channels, levels, 1.0);
    else
        follow_signed(follower, x, n_frames, n_channels, levels, -1.0);
}

static bool are_all_between(const double *x, double least, double most, size_t n) PST_RT {
    uint32_t n_outside = 0;
    for (size_t i = 0; i < n; ++i)
        n_outside += !(x[i] >= least) | !(x[i] <= most);
    return n_outside == 0;
}

// The curve without a branch: nothing, then a parabola through the knee, then a line.
static void gains_of_levels(const pst_gain_curve *curve, double *x, size_t n) PST_RT {
    const pst_gain_curve c = *curve;
    const double knee_begin = c.threshold - 0.5 * c.knee_width;
    const double bend = c.knee_width > 0.0 ? c.slope / (2.0 * c.knee_width) : 0.0;
    for (size_t i = 0; i < n; ++i) {
        const double level = pst_natural_log(x[i]);
        const double over = level - knee_begin > 0.0 ? level - knee_begin : 0.0;
        const double bent = over < c.knee_width ? over : c.knee_width;
        const double under = level - c.expansion_threshold;
        const double wanted =
            under < 0.0 ? c.expansion_slope * under : bend * bent * bent + c.slope * (over - bent);
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
