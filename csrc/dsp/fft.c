// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "dsp/fft.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "core/kernels/kernels.h"

// Stockham's form, which sorts itself: each step reads one pair of arrays and writes another, and
// its inner loop runs over neighbours. Steps of four, and one of two at the end where the number
// asks for it. (C. Van Loan, "Computational Frameworks for the Fast Fourier Transform", 1992, 1.7.)

struct pst_fft {
    uint32_t n;
    pst_twiddles twiddles;
    pst_complex other; // The other pair.
};

static bool make_tables(pst_fft *fft) {
    const size_t n_rows = fft->n / 4;
    fft->other.re = pst_alloc_array(fft->n, sizeof(double));
    fft->other.im = pst_alloc_array(fft->n, sizeof(double));
    for (int i = 0; i < 3; ++i) {
        double *cosines = pst_alloc_array(n_rows, sizeof(double));
        double *sines = pst_alloc_array(n_rows, sizeof(double));
        fft->twiddles.cosines[i] = cosines;
        fft->twiddles.sines[i] = sines;
        if (cosines == NULL || sines == NULL)
            return false;
        for (size_t k = 0; k < n_rows; ++k) {
            const double angle =
                2.0 * 3.14159265358979323846 * (double)((size_t)(i + 1) * k) / fft->n;
            cosines[k] = cos(angle);
            sines[k] = -sin(angle);
        }
    }
    return fft->other.re != NULL && fft->other.im != NULL;
}

pst_fft *pst_fft_create(uint32_t n) {
    pst_fft *fft = pst_alloc(sizeof *fft);
    if (fft == NULL)
        return NULL;
    fft->n = n;
    if (!make_tables(fft)) {
        pst_fft_destroy(fft);
        return NULL;
    }
    return fft;
}

void pst_fft_destroy(pst_fft *fft) {
    if (fft == NULL)
        return;
    for (int i = 0; i < 3; ++i) {
        pst_free(fft->twiddles.cosines[i]);
        pst_free(fft->twiddles.sines[i]);
    }
    pst_free(fft->other.re);
    pst_free(fft->other.im);
    pst_free(fft);
}

void pst_fft_run(pst_fft *fft, double *re, double *im) PST_RT {
    const pst_filter_kernels *kernels = pst_kernels_now()->filter;
    pst_complex from = {re, im}, to = fft->other;
    uint32_t n = fft->n, stride = 1;
    while (n > 1) {
        if (n >= 4)
            kernels->step_of_four(&fft->twiddles, n / 4, stride, from, to);
        else
            kernels->step_of_two(stride, from, to);
        const pst_complex read = from;
        from = to;
        to = read;
        const uint32_t by = n >= 4 ? 4 : 2;
        stride *= by;
        n /= by;
    }
    if (from.re != re) {
        memcpy(re, from.re, fft->n * sizeof *re);
        memcpy(im, from.im, fft->n * sizeof *im);
    }
}
