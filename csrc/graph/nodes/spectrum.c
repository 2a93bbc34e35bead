// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "graph/nodes/spectrum.h"

#include <math.h>

#include "base/alloc.h"

static void fill_window(double *window, uint32_t n) {
    const double alpha = 0.16;
    const double turn = 2.0 * 3.14159265358979323846 / n;
    for (uint32_t i = 0; i < n; ++i)
        window[i] = (1.0 - alpha) / 2.0 - cos(turn * i) / 2.0 + alpha / 2.0 * cos(2.0 * turn * i);
}

pst_spectrum *pst_spectrum_create(uint32_t n_frames) {
    pst_spectrum *made = pst_alloc(sizeof *made);
    if (made == NULL)
        return NULL;
    made->n_frames = n_frames;
    made->sound = pst_alloc_array(n_frames, sizeof(float));
    made->window = pst_alloc_array(n_frames, sizeof(double));
    made->re = pst_alloc_array(n_frames, sizeof(double));
    made->im = pst_alloc_array(n_frames, sizeof(double));
    made->magnitudes = pst_alloc_array(n_frames / 2, sizeof(double));
    made->fft = pst_fft_create(n_frames);
    if (made->sound == NULL || made->window == NULL || made->re == NULL || made->im == NULL ||
        made->magnitudes == NULL || made->fft == NULL) {
        pst_spectrum_destroy(made);
        return NULL;
    }
    fill_window(made->window, n_frames);
    return made;
}

void pst_spectrum_destroy(pst_spectrum *spectrum) {
    if (spectrum == NULL)
        return;
    pst_free(spectrum->sound);
    pst_free(spectrum->window);
    pst_free(spectrum->re);
    pst_free(spectrum->im);
    pst_free(spectrum->magnitudes);
    pst_fft_destroy(spectrum->fft);
    pst_free(spectrum);
}

void pst_spectrum_update(pst_spectrum *spectrum, double smoothing) {
    const uint32_t n = spectrum->n_frames;
    double *re = spectrum->re;
    double *im = spectrum->im;
    for (uint32_t i = 0; i < n; ++i) {
        re[i] = (double)spectrum->sound[i] * spectrum->window[i];
        im[i] = 0.0;
    }
    pst_fft_run(spectrum->fft, re, im);
    for (uint32_t k = 0; k < n / 2; ++k) {
        const double size = hypot(re[k], im[k]) / n;
        const double smoothed = smoothing * spectrum->magnitudes[k] + (1.0 - smoothing) * size;
        spectrum->magnitudes[k] = isfinite(smoothed) ? smoothed : 0.0;
    }
}
