// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "dsp/tame.h"

#include <math.h>

#include "core/convert.h"
#include "core/kernels/kernels.h"

// Small enough for the sums of all filters, and far beyond any sound.
static const float loudest_f32 = 1e30F;
static const double loudest_f64 = 1e300;

bool pst_is_tame(const void *samples, pst_format format, size_t n_samples) PST_RT {
    const pst_mix_kernels *kernels = pst_kernels_now()->mix;
    return format == PST_FORMAT_F32 ? kernels->are_within_f32(samples, loudest_f32, n_samples)
                                    : kernels->are_within_f64(samples, loudest_f64, n_samples);
}

void pst_tame(void *samples, pst_format format, size_t n_samples) PST_RT {
    (void)pst_scrub(samples, format, n_samples);
    if (format == PST_FORMAT_F32) {
        float *x = samples;
        for (size_t i = 0; i < n_samples; ++i)
            x[i] = fminf(fmaxf(x[i], -loudest_f32), loudest_f32);
    } else {
        double *x = samples;
        for (size_t i = 0; i < n_samples; ++i)
            x[i] = fmin(fmax(x[i], -loudest_f64), loudest_f64);
    }
}
