// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "mixer/ramp.h"

#include <math.h>

// What 0 counts as on an exponential way: -100 dB.
#define LEAST_GAIN 1e-5f

void pst_ramp_hold(pst_ramp *ramp, float value) PST_RT {
    *ramp = (pst_ramp){.from = value, .to = value};
}

void pst_ramp_move(pst_ramp *ramp, float to, int64_t n_frames, pst_curve curve) PST_RT {
    const float from = pst_ramp_value(ramp);
    if (n_frames <= 0) {
        pst_ramp_hold(ramp, to);
        return;
    }
    *ramp = (pst_ramp){.from = from,
                       .to = to,
                       .curve = curve,
                       .n_frames = n_frames,
                       .frame_share = 1.0 / (double)n_frames};
    if (curve == PST_CURVE_EXPONENTIAL) {
        const float least_to = to > LEAST_GAIN ? to : LEAST_GAIN;
        ramp->floor = from > LEAST_GAIN ? from : LEAST_GAIN;
        ramp->octaves = log2f(least_to / ramp->floor);
    }
}

// sin(x pi/2) for x from 0 to 1, to 1e-7; without a call, so that loops over it are vectorised.
static inline float quarter_sine(float x) PST_RT {
    const float y = x * x;
    return x * (1.5707963268f +
                y * (-0.6459640975f +
                     y * (0.0796926262f +
                          y * (-0.0046817541f + y * (0.00016044118f + y * -0.0000035988432f)))));
}

// How far into the ramp the i-th of the next frames is, 0 to 1. The sum is exact, so it does not
// matter where blocks begin.
static inline float share(const pst_ramp *ramp, double n_done, int32_t i) PST_RT {
    return (float)((n_done + i) * ramp->frame_share);
}

static void apply_linear(const pst_ramp *ramp, float *restrict gains, int32_t n_frames) PST_RT {
    const double n_done = (double)ramp->n_done;
    const float span = ramp->to - ramp->from;
    for (int32_t i = 0; i < n_frames; ++i)
        gains[i] *= ramp->from + span * share(ramp, n_done, i);
}

static void apply_equal_power(const pst_ramp *ramp, float *restrict gains,
                              int32_t n_frames) PST_RT {
    const double n_done = (double)ramp->n_done;
    const float from = ramp->from;
    const float to = ramp->to;
    if (from == 0) {
        for (int32_t i = 0; i < n_frames; ++i)
            gains[i] *= to * quarter_sine(share(ramp, n_done, i));
    } else if (to == 0) {
        for (int32_t i = 0; i < n_frames; ++i)
            gains[i] *= from * quarter_sine(1.0f - share(ramp, n_done, i));
    } else {
        for (int32_t i = 0; i < n_frames; ++i) {
            const float x = share(ramp, n_done, i);
            const float falling = from * quarter_sine(1.0f - x);
            const float rising = to * quarter_sine(x);
            gains[i] *= sqrtf(falling * falling + rising * rising);
        }
    }
}

static void apply_exponential(const pst_ramp *ramp, float *restrict gains,
                              int32_t n_frames) PST_RT {
    const double n_done = (double)ramp->n_done;
    for (int32_t i = 0; i < n_frames; ++i)
        gains[i] *= ramp->floor * exp2f(ramp->octaves * share(ramp, n_done, i));
}

void pst_ramp_apply(const pst_ramp *ramp, float *gains, int32_t n_frames) PST_RT {
    switch (ramp->curve) {
    case PST_CURVE_EQUAL_POWER:
        apply_equal_power(ramp, gains, n_frames);
        break;
    case PST_CURVE_EXPONENTIAL:
        apply_exponential(ramp, gains, n_frames);
        break;
    case PST_CURVE_LINEAR:
    default:
        apply_linear(ramp, gains, n_frames);
        break;
    }
}

float pst_ramp_value(const pst_ramp *ramp) PST_RT {
    float value = 1.0f;
    if (pst_ramp_left(ramp) == 0)
        return ramp->to;
    pst_ramp_apply(ramp, &value, 1);
    return value;
}
