// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "dsp/fft32.h"

#include <math.h>

#include "base/alloc.h"

struct pst_fft32 {
    uint32_t n;
    uint32_t n_by_four; // Steps; the others are by eight.
    uint32_t n_steps;
    pst_turns turns;
    pst_turns second; // Of the second step.
    pst_bins circle;  // For those by eight.
    pst_bins folds;
};

static double angle_of(double part) {
    return 6.283185307179586476925 * part;
}

static bool make_turns(const pst_fft32 *fft, pst_turns *turns, uint32_t repeats) {
    const uint32_t quarter = fft->n / 4;
    for (uint32_t i = 0; i < 3; ++i) {
        turns->cosines[i] = pst_alloc_array(quarter, sizeof(float));
        turns->sines[i] = pst_alloc_array(quarter, sizeof(float));
        if (turns->cosines[i] == NULL || turns->sines[i] == NULL)
            return false;
        for (uint32_t k = 0; k < quarter; ++k) {
            const double angle = angle_of((double)((i + 1) * (k / repeats * repeats)) / fft->n);
            turns->cosines[i][k] = (float)cos(angle);
            turns->sines[i][k] = (float)-sin(angle);
        }
    }
    return true;
}

// Part i / n_parts of a circle, with its sines as they are or negative.
static bool make_circle(pst_bins *made, uint32_t n, double n_parts, double sign) {
    made->re = pst_alloc_array(n, sizeof(float));
    made->im = pst_alloc_array(n, sizeof(float));
    if (made->re == NULL || made->im == NULL)
        return false;
    for (uint32_t i = 0; i < n; ++i) {
        const double angle = angle_of((double)i / n_parts);
        made->re[i] = (float)cos(angle);
        made->im[i] = (float)(sign * sin(angle));
    }
    return true;
}

pst_fft32 *pst_fft32_create(uint32_t n) {
    pst_fft32 *fft = pst_alloc(sizeof *fft);
    if (fft == NULL)
        return NULL;
    fft->n = n;
    // By four at first, as often as it takes until the rest is a power of eight.
    uint32_t n_bits = 0;
    while (n >> n_bits > 1)
        ++n_bits;
    fft->n_by_four = 2 + (n_bits - 4) * 2 % 3;
    fft->n_steps = fft->n_by_four + (n_bits - 2 * fft->n_by_four) / 3;
    if (!make_turns(fft, &fft->turns, 1) || !make_turns(fft, &fft->second, 4) ||
        !make_circle(&fft->circle, n, n, -1.0) || !make_circle(&fft->folds, n, 4.0 * n, 1.0)) {
        pst_fft32_destroy(fft);
        return NULL;
    }
    return fft;
}

static void free_turns(const pst_turns *turns) {
    for (int i = 0; i < 3; ++i) {
        pst_free(turns->cosines[i]);
        pst_free(turns->sines[i]);
    }
}

void pst_fft32_destroy(pst_fft32 *fft) {
    if (fft == NULL)
        return;
    free_turns(&fft->turns);
    free_turns(&fft->second);
    pst_free(fft->circle.re);
    pst_free(fft->circle.im);
    pst_free(fft->folds.re);
    pst_free(fft->folds.im);
    pst_free(fft);
}

uint32_t pst_fft32_n_steps(const pst_fft32 *fft) PST_RT {
    return fft->n_steps;
}

void pst_fft32_step(const pst_fft32 *fft, uint32_t step, pst_bins from, pst_bins to) PST_RT {
    const pst_spectrum_kernels *kernels = pst_kernels_now()->spectrum;
    if (step < fft->n_by_four)
        kernels->turn_by_four(step == 1 ? &fft->second : &fft->turns, fft->n / 4,
                              (size_t)1 << 2 * step, from, to);
    else
        kernels->turn_by_eight(fft->circle, fft->n / 8,
                               ((size_t)1 << 2 * fft->n_by_four) << 3 * (step - fft->n_by_four),
                               from, to);
}

void pst_fft32_fold(const pst_fft32 *fft, pst_bins to, const float *first,
                    const float *second) PST_RT {
    pst_kernels_now()->spectrum->fold(to, first, second, fft->folds, fft->n);
}

void pst_fft32_unfold(const pst_fft32 *fft, float *second, pst_bins from) PST_RT {
    pst_kernels_now()->spectrum->unfold(second, from, fft->folds, fft->n);
}
