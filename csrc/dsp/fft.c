// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "dsp/fft.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"

// Stockham's form, which sorts itself: each step reads one pair of arrays and writes another, and
// its inner loop runs over neighbours. Steps of four, and one of two at the end where the number
// asks for it. (C. Van Loan, "Computational Frameworks for the Fast Fourier Transform", 1992, 1.7.)

struct pst_fft {
    uint32_t n;
    double *cosines; // Of 2 pi k / n, for k from 0 to n - 1,
    double *sines;   // negative.
    double *re, *im; // The other pair.
};

pst_fft *pst_fft_create(uint32_t n) {
    pst_fft *fft = pst_alloc(sizeof *fft);
    if (fft == NULL)
        return NULL;
    fft->n = n;
    fft->cosines = pst_alloc_array(n, sizeof(double));
    fft->sines = pst_alloc_array(n, sizeof(double));
    fft->re = pst_alloc_array(n, sizeof(double));
    fft->im = pst_alloc_array(n, sizeof(double));
    if (fft->cosines == NULL || fft->sines == NULL || fft->re == NULL || fft->im == NULL) {
        pst_fft_destroy(fft);
        return NULL;
    }
    for (uint32_t k = 0; k < n; ++k) {
        const double angle = 2.0 * 3.14159265358979323846 * k / n;
        fft->cosines[k] = cos(angle);
        fft->sines[k] = -sin(angle);
    }
    return fft;
}

void pst_fft_destroy(pst_fft *fft) {
    if (fft == NULL)
        return;
    pst_free(fft->cosines);
    pst_free(fft->sines);
    pst_free(fft->re);
    pst_free(fft->im);
    pst_free(fft);
}

typedef struct pair {
    double *re, *im;
} pair;

// n: of the transforms of this step; stride: how many there are, one number of each in a row.
static void step_of_four(const pst_fft *fft, uint32_t n, uint32_t stride, pair from,
                         pair to) PST_RT {
    const uint32_t quarter = n / 4;
    for (uint32_t p = 0; p < quarter; ++p) {
        const uint32_t k = p * stride;
        const double c1 = fft->cosines[k], s1 = fft->sines[k];
        const double c2 = fft->cosines[2 * k], s2 = fft->sines[2 * k];
        const double c3 = fft->cosines[3 * k], s3 = fft->sines[3 * k];
        const double *restrict ar = from.re + (size_t)stride * p;
        const double *restrict ai = from.im + (size_t)stride * p;
        const size_t gap = (size_t)stride * quarter;
        double *restrict yr = to.re + (size_t)4 * stride * p;
        double *restrict yi = to.im + (size_t)4 * stride * p;
        for (uint32_t q = 0; q < stride; ++q) {
            const double apcr = ar[q] + ar[2 * gap + q], apci = ai[q] + ai[2 * gap + q];
            const double amcr = ar[q] - ar[2 * gap + q], amci = ai[q] - ai[2 * gap + q];
            const double bpdr = ar[gap + q] + ar[3 * gap + q];
            const double bpdi = ai[gap + q] + ai[3 * gap + q];
            const double bmdr = ar[gap + q] - ar[3 * gap + q];
            const double bmdi = ai[gap + q] - ai[3 * gap + q];
            const double r1 = amcr + bmdi, i1 = amci - bmdr;
            const double r2 = apcr - bpdr, i2 = apci - bpdi;
            const double r3 = amcr - bmdi, i3 = amci + bmdr;
            yr[q] = apcr + bpdr;
            yi[q] = apci + bpdi;
            yr[stride + q] = r1 * c1 - i1 * s1;
            yi[stride + q] = r1 * s1 + i1 * c1;
            yr[2 * stride + q] = r2 * c2 - i2 * s2;
            yi[2 * stride + q] = r2 * s2 + i2 * c2;
            yr[3 * stride + q] = r3 * c3 - i3 * s3;
            yi[3 * stride + q] = r3 * s3 + i3 * c3;
        }
    }
}

static void step_of_two(uint32_t stride, pair from, pair to) PST_RT {
    for (uint32_t q = 0; q < stride; ++q) {
        const double ar = from.re[q], ai = from.im[q];
        const double br = from.re[stride + q], bi = from.im[stride + q];
        to.re[q] = ar + br;
        to.im[q] = ai + bi;
        to.re[stride + q] = ar - br;
        to.im[stride + q] = ai - bi;
    }
}

void pst_fft_run(pst_fft *fft, double *re, double *im) PST_RT {
    pair from = {re, im}, to = {fft->re, fft->im};
    uint32_t n = fft->n, stride = 1;
    while (n > 1) {
        if (n >= 4)
            step_of_four(fft, n, stride, from, to);
        else
            step_of_two(stride, from, to);
        const pair read = from;
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
