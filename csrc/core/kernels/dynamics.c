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

// ---- Compressors in the manner of Web Audio -----------------------------------------------------

static void peaks_f32(float *restrict peaks, const float *restrict x, size_t n) PST_RT {
    const float most = 1e10f;
    for (size_t i = 0; i < n; ++i) {
        const float size = fabsf(x[i]);
        const float peak = size > peaks[i] ? size : peaks[i];
        peaks[i] = peak > most ? most : peak;
    }
}

static inline int32_t bits_of_f32(float x) PST_RT {
    int32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

static inline float f32_of_bits(int32_t bits) PST_RT {
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

// As their brothers in natural.h, with the precision of float32: errors are below 2e-7, of the
// logarithm or relative to it.
static inline float log_of_f32(float x) PST_RT {
    const int32_t root = 0x3F3504F3;
    const int32_t exponent = (bits_of_f32(x) - root) >> 23;
    const float m = f32_of_bits(bits_of_f32(x) - exponent * (1 << 23));
    const float k = (float)exponent;
    const float s = (m - 1.0f) / (m + 1.0f);
    const float q = s * s;
    const float rest = s * q * (2.0f / 3 + q * (2.0f / 5 + q * (2.0f / 7 + q * (2.0f / 9))));
    return k * 0.693359375f + (2.0f * s + (rest - k * 2.12194440e-4f));
}

// x: -80 to 80.
static inline float power_of_f32(float x) PST_RT {
    const float big = 0x1.8p23f;
    const float shifted = x * 1.44269504f + big;
    const float k = shifted - big;
    const float r = (x - k * 0.693359375f) + k * 2.12194440e-4f;
    const float bend = 1.0f / 2 + r * (1.0f / 6 + r * (1.0f / 24 + r * (1.0f / 120 + r / 720)));
    const float power = 1.0f + (r + r * r * bend);
    // What does not fit is meant to be lost.
    const uint32_t exponent = (uint32_t)bits_of_f32(shifted) << 23;
    return f32_of_bits((int32_t)((uint32_t)bits_of_f32(power) + exponent));
}

// What becomes of a peak, as a factor.
static inline float pressed(const pst_press_curve *c, float peak) PST_RT {
    const float inaudible = 1e-4f;
    const float x = peak > inaudible ? peak : inaudible;
    const bool is_in_knee = x < c->knee_end;
    const float over = x - c->threshold;
    const float knee_power = c->bend * (over > 0.0f ? over : 0.0f);
    const float line_power = c->slope * (log_of_f32(x) - c->knee_log) + c->pressed_log;
    const float power =
        power_of_f32(is_in_knee ? -(knee_power < 80.0f ? knee_power : 80.0f) : line_power);
    const float knee = c->threshold + (1.0f - power) / c->bend;
    const float y = is_in_knee ? knee : power;
    return ((over <= 0.0f) | (peak <= inaudible) | (y > x)) ? 1.0f : y / x;
}

// The part of the way up to so small a factor that a level goes in one frame: it rises by decibels,
// two of them at least.
static inline float rise_to(const pst_press_curve *c, float factor) PST_RT {
    const float least = 0.230258509f, most = 0.693147181f; // Twice as much is all of the way.
    const float down = -log_of_f32(factor);
    float x = (down > least ? down : least) * c->rise;
    x = x < most ? x : most;
    const float low = 1.0f + x * (1.0f / 2) * (1.0f + x * (1.0f / 3) * (1.0f + x * (1.0f / 4)));
    const float x4 = x * x * (x * x);
    const float high = 1.0f / 120 + x * (1.0f / 720 + x * (1.0f / 5040));
    const float part = x * (low + x4 * high);
    return part < 1.0f ? part : 1.0f;
}

// What happens to a level from one peak to the next is a line with a lid on it, and what happens in
// several frames is one, too. So stretches of frames are put together side by side, and the level
// goes through them at last.
static double press_level(const pst_press_curve *curve, double level,
                          const float *restrict peaks) PST_RT {
    enum { STRETCHES = 8, EACH = PST_PRESS_FRAMES / STRETCHES };
    const pst_press_curve c = *curve;
    float turned[PST_PRESS_FRAMES]; // The first peaks of all stretches, then the second ones.
    for (size_t k = 0; k < STRETCHES; ++k)
        for (size_t i = 0; i < EACH; ++i)
            turned[i * STRETCHES + k] = peaks[k * EACH + i];
    double lids[PST_PRESS_FRAMES], rises[PST_PRESS_FRAMES], stays[PST_PRESS_FRAMES];
    for (size_t i = 0; i < PST_PRESS_FRAMES; ++i) {
        const float factor = pressed(&c, turned[i]);
        const float part = rise_to(&c, factor);
        lids[i] = (double)factor;
        rises[i] = (double)factor * (double)part;
        stays[i] = 1.0 - (double)part;
    }
    // A part of the way up leads to what is below the factor, and a part of the way down to what is
    // above it: the smaller one of both is right.
    for (size_t i = STRETCHES; i < PST_PRESS_FRAMES; i += STRETCHES)
        for (size_t k = 0; k < STRETCHES; ++k) {
            const double stay = stays[i + k], rise = rises[i + k], lid = lids[i + k];
            const double lowered = lids[k] * stay + rise;
            lids[k] = lowered < lid ? lowered : lid;
            rises[k] = rises[k] * stay + rise;
            stays[k] *= stay;
        }
    for (size_t k = 0; k < STRETCHES; ++k) {
        const double risen = level * stays[k] + rises[k];
        level = risen < lids[k] ? risen : lids[k];
    }
    return level;
}

static double press_gains(const pst_press_way *way, float *restrict gains) PST_RT {
    enum { N = PST_PRESS_FRAMES, ROW = 8 };
    double powers[N];
    double factor = 1.0;
    for (size_t i = 0; i < ROW; ++i)
        powers[i] = factor *= way->factor;
    for (size_t i = ROW; i < N; ++i)
        powers[i] = powers[i - ROW] * factor;
    for (size_t i = 0; i < N; ++i) {
        const double arc = way->goal + way->way * powers[i];
        const float x = (float)(arc < 1.0 ? arc : 1.0);
        const float q = x * x;
        // The sine of a right angle's part.
        const float sine =
            x * (1.57079633f +
                 q * (-0.645964098f +
                      q * (0.0796926262f +
                           q * (-0.00468175414f + q * (1.60441185e-4f - q * 3.59884324e-6f)))));
        gains[i] = way->makeup * (x < 1.0f && sine < 1.0f ? sine : 1.0f);
    }
    const double last = way->goal + way->way * powers[N - 1];
    return last < 1.0 ? last : 1.0;
}

const pst_dynamics_kernels PST_KERNEL_TABLE(dynamics) = {
    .peaks = peaks_f32,
    .press_level = press_level,
    .press_gains = press_gains,
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
