// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "mixer/ramp.h"

#include "core/kernels/kernels.h"

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
}

void pst_ramp_apply(const pst_ramp *ramp, float *gains, int32_t n_frames) PST_RT {
    const pst_mix_kernels *kernels = pst_kernels_now()->mix;
    pst_slope slope = {ramp->from, ramp->to, (double)ramp->n_done, ramp->frame_share};
    switch (ramp->curve) {
    case PST_CURVE_EQUAL_POWER:
        kernels->ramp_equal_power(&slope, gains, (size_t)n_frames);
        break;
    case PST_CURVE_EXPONENTIAL:
        slope.from = slope.from > LEAST_GAIN ? slope.from : LEAST_GAIN;
        slope.to = slope.to > LEAST_GAIN ? slope.to : LEAST_GAIN;
        kernels->ramp_exponential(&slope, gains, (size_t)n_frames);
        break;
    case PST_CURVE_LINEAR:
    default:
        kernels->ramp_linear(&slope, gains, (size_t)n_frames);
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
