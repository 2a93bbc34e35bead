// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "dsp/tame.h"

#include <math.h>

#include "core/convert.h"

// Small enough for the sums of all filters, and far beyond any sound.
static const float loudest_f32 = 1e30F;
static const double loudest_f64 = 1e300;

bool pst_is_tame(const void *samples, pst_format format, size_t n_samples) PST_RT {
    // Counted without a branch, so that compilers can take several samples at once.
    uint32_t n_wild = 0;
    if (format == PST_FORMAT_F32) {
        const float *x = samples;
        for (size_t i = 0; i < n_samples; ++i)
            n_wild |= !(fabsf(x[i]) <= loudest_f32);
    } else {
        const double *x = samples;
        for (size_t i = 0; i < n_samples; ++i)
            n_wild |= !(fabs(x[i]) <= loudest_f64);
    }
    return n_wild == 0;
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
