// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "graph/data/wave.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "dsp/fft.h"

enum {
    MAX_PARTIALS = 8192, // What more there are in a wave is not heard above 3 Hz.
    MAX_BANDS = 128,
    GRID = 4096 // Points for the peak of a wave of the user's, unless it has more partials.
};

// Everett's interpolation with bends makes an error of 5e-4 (2 pi k / points)^4 of partial k; those
// that are high are weak. Small tables stay in the cache.
static uint32_t points_for(uint32_t n_partials) {
    uint32_t n = 256;
    while (n < 16 * n_partials && n < 1024)
        n *= 2;
    while (n < (n_partials <= 512 ? 8 : 4) * n_partials)
        n *= 2;
    return n;
}

enum { LINE = 16 }; // Each table begins on a line of its own.

static size_t values_for(uint32_t n_partials) {
    return (2 * ((size_t)points_for(n_partials) + 1) + LINE - 1) / LINE * LINE;
}

static uint32_t next_limit(uint32_t n_partials) {
    if (n_partials < 32)
        return n_partials + 1;
    const double steps = n_partials < 128 ? 12.0 : n_partials < 512 ? 6.0 : 3.0; // Of an octave.
    return (uint32_t)ceil(n_partials * exp2(1.0 / steps));
}

// ---- Series -------------------------------------------------------------------------------------

typedef struct partials {
    const double *real; // Cosines
    const double *imag; // and sines; number 0 is not used.
    uint32_t n_partials;
    uint32_t grid; // Points on which the peak is looked for.
    double gain;
} partials;

// The sum of the first n_partials on n points.
static void sum(const partials *series, uint32_t n_partials, uint32_t n, pst_fft *fft, double *re,
                double *im) {
    for (uint32_t k = 0; k < n; ++k) {
        const bool is_in = k >= 1 && k <= n_partials && k < n / 2;
        re[k] = is_in ? series->real[k] * series->gain : 0.0;
        im[k] = is_in ? series->imag[k] * series->gain : 0.0;
    }
    pst_fft_run(fft, re, im);
}

static double peak(const double *values, uint32_t n) {
    double peak = 0.0;
    for (uint32_t i = 0; i < n; ++i)
        peak = fabs(values[i]) > peak ? fabs(values[i]) : peak;
    return peak;
}

// ---- A wave -------------------------------------------------------------------------------------

static void destroy_wave(pst_shared *shared) {
    pst_wave *wave = (pst_wave *)shared;
    pst_free(wave->bands);
    pst_free(wave->values);
    pst_free(wave->series);
    pst_free(wave);
}

typedef struct workspace {
    double *re, *im;
    pst_fft *fft; // For as many points:
    uint32_t n;
} workspace;

static bool set_points(workspace *space, uint32_t n) {
    if (space->n == n)
        return true;
    pst_fft_destroy(space->fft);
    space->fft = pst_fft_create(n);
    space->n = space->fft == NULL ? 0 : n;
    return space->fft != NULL;
}

static bool normalize(partials *series, workspace *space) {
    uint32_t n = series->grid;
    while (n < 2 * (series->n_partials + 1))
        n *= 2;
    if (!set_points(space, n))
        return false;
    sum(series, series->n_partials, n, space->fft, space->re, space->im);
    const double most = peak(space->re, n);
    if (most > 0.0)
        series->gain = 1.0 / most;
    return true;
}

static bool fill_band(pst_wave_band *band, uint32_t n_partials, const partials *series,
                      workspace *space, float *values) {
    const uint32_t n = points_for(n_partials);
    if (!set_points(space, n))
        return false;
    sum(series, n_partials, n, space->fft, space->re, space->im);
    const double *x = space->re;
    for (uint32_t i = 0; i <= n; ++i) {
        const double a = x[(i + n - 2) % n];
        const double b = x[(i + n - 1) % n];
        const double c = x[i % n];
        const double d = x[(i + 1) % n];
        const double e = x[(i + 2) % n];
        const double fourth = a - 4.0 * b + 6.0 * c - 4.0 * d + e;
        values[2 * i] = (float)c;
        values[2 * i + 1] = (float)(b - 2.0 * c + d - 0.184 * fourth);
    }
    uint32_t shift = 32;
    for (uint32_t m = n; m > 1; m /= 2)
        --shift;
    *band = (pst_wave_band){
        .n_partials = n_partials,
        .table = {.values = values,
                  .shift = shift,
                  .mask = (UINT32_C(1) << shift) - 1,
                  .part_scale = 1.0f / (float)(UINT32_C(1) << shift)},
    };
    return true;
}

static uint32_t find_limits(uint32_t n_partials, uint32_t limits[MAX_BANDS], size_t *n_values) {
    uint32_t n = 0;
    uint32_t limit = 1;
    *n_values = 0;
    for (;;) {
        if (limit > n_partials)
            limit = n_partials;
        limits[n++] = limit;
        *n_values += values_for(limit);
        if (limit == n_partials)
            return n;
        limit = next_limit(limit);
    }
}

static pst_status build(pst_wave *wave, partials *series, bool normalizes, pst_error *err) {
    const size_t n_points = 4 * (size_t)MAX_PARTIALS;
    workspace space = {.re = pst_alloc_array(n_points, sizeof(double)),
                       .im = pst_alloc_array(n_points, sizeof(double))};
    uint32_t limits[MAX_BANDS];
    size_t n_values;
    const uint32_t n = find_limits(series->n_partials, limits, &n_values);
    wave->bands = pst_alloc_array(n, sizeof *wave->bands);
    wave->values = pst_alloc_array(n_values, sizeof(float));
    bool ok = space.re != NULL && space.im != NULL && wave->bands != NULL && wave->values != NULL;
    if (ok && normalizes)
        ok = normalize(series, &space);
    float *values = wave->values;
    for (uint32_t i = 0; ok && i < n; ++i) {
        ok = fill_band(&wave->bands[i], limits[i], series, &space, values);
        values += values_for(limits[i]);
        wave->bands[i].low = i + 1 < n ? 0.5 / limits[i + 1] : -1.0;
        wave->bands[i].high = 0.5 / limits[i];
        ++wave->n_bands;
    }
    pst_fft_destroy(space.fft);
    pst_free(space.re);
    pst_free(space.im);
    return ok ? PST_OK : pst_fail_memory(err);
}

static pst_status create(pst_wave **wave, partials *series, bool normalizes, pst_error *err) {
    pst_wave *made = pst_alloc(sizeof *made);
    if (made == NULL)
        return pst_fail_memory(err);
    pst_shared_init(&made->shared, destroy_wave);
    const pst_status status = build(made, series, normalizes, err);
    if (status != PST_OK)
        destroy_wave(&made->shared);
    else
        *wave = made;
    return status;
}

pst_status pst_wave_create(pst_wave **wave, const double *real, const double *imag, uint32_t n,
                           bool normalize_it, pst_error *err) {
    if (n < 2)
        return pst_fail(err, PST_BAD_ARGUMENT, 0, "n is %u; a wave needs at least 2 coefficients",
                        n);
    for (uint32_t k = 0; k < n; ++k)
        if (!isfinite(real[k]) || !isfinite(imag[k]))
            return pst_fail(err, PST_BAD_ARGUMENT, 0, "coefficient %u is %g, %g; it must be finite",
                            k, real[k], imag[k]);
    const uint32_t n_partials = n - 1 < MAX_PARTIALS ? n - 1 : MAX_PARTIALS - 1;
    partials series = {real, imag, n_partials, GRID, 1.0};
    double *copy = pst_alloc_array(2 * (size_t)n, sizeof(double));
    if (copy == NULL)
        return pst_fail_memory(err);
    const pst_status status = create(wave, &series, normalize_it, err);
    if (status != PST_OK) {
        pst_free(copy);
        return status;
    }
    memcpy(copy, real, n * sizeof(double));
    memcpy(copy + n, imag, n * sizeof(double));
    (*wave)->series = copy;
    (*wave)->n = n;
    (*wave)->is_normalized = normalize_it;
    return PST_OK;
}

uint32_t pst_wave_get_series(const pst_wave *wave, double *real, double *imag, uint32_t capacity,
                             bool *normalize_it) PST_RT {
    *normalize_it = wave->is_normalized;
    for (uint32_t k = 0; k < wave->n && k < capacity; ++k) {
        real[k] = wave->series[k];
        imag[k] = wave->series[wave->n + k];
    }
    return wave->n;
}

static double sine_of(pst_shape shape, uint32_t k) {
    const double pi = 3.14159265358979323846;
    switch (shape) {
    case PST_SHAPE_SINE:
        return k == 1 ? 1.0 : 0.0;
    case PST_SHAPE_SQUARE:
        return k % 2 == 1 ? 4.0 / (k * pi) : 0.0;
    case PST_SHAPE_SAWTOOTH:
        return (k % 2 == 1 ? 2.0 : -2.0) / (k * pi);
    case PST_SHAPE_TRIANGLE:
        return k % 2 == 1 ? (k % 4 == 1 ? 8.0 : -8.0) / (k * pi * k * pi) : 0.0;
    }
    return 0.0;
}

// The peak of a sawtooth depends a little on how many partials it has, and that is what browsers
// take.
static uint32_t grid_for(double rate_hz) {
    return rate_hz <= 24000.0 ? 2048 : rate_hz <= 88200.0 ? 4096 : 16384;
}

pst_status pst_wave_create_shape(pst_wave **wave, pst_shape shape, double rate_hz, pst_error *err) {
    const uint32_t grid = grid_for(rate_hz);
    const uint32_t n_partials = shape == PST_SHAPE_SINE ? 1 : grid / 2 - 1;
    double *real = pst_alloc_array(n_partials + 1, sizeof(double));
    double *imag = pst_alloc_array(n_partials + 1, sizeof(double));
    pst_status status = PST_NO_MEMORY;
    if (real != NULL && imag != NULL) {
        for (uint32_t k = 1; k <= n_partials; ++k)
            imag[k] = sine_of(shape, k);
        partials series = {real, imag, n_partials, grid, 1.0};
        status = create(wave, &series, true, err);
    } else
        status = pst_fail_memory(err);
    pst_free(real);
    pst_free(imag);
    return status;
}

void pst_wave_retain(pst_wave *wave) PST_RT {
    pst_shared_retain(&wave->shared);
}

void pst_wave_release(pst_wave *wave) {
    pst_shared_release((pst_shared *)wave);
}

const pst_wave_band *pst_wave_pick(const pst_wave *wave, double cycles_per_frame) PST_RT {
    const double f = fabs(cycles_per_frame);
    if (f >= 0.5)
        return NULL;
    uint32_t low = 0;
    uint32_t high = wave->n_bands; // The first band that has a partial at half the rate or above.
    while (low + 1 < high) {
        const uint32_t middle = (low + high) / 2;
        if (f < wave->bands[middle].high)
            low = middle;
        else
            high = middle;
    }
    return &wave->bands[low];
}
