// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "core/convert.h"
#include "core/kernels/kernels.h"
#include "dsp/effect.h"

// Second-order sections, all in float64 (pst_section), some frames at a time.

typedef struct iir_effect {
    pst_effect base;
    uint32_t n_sections;
    pst_section *sections;
    double *z;      // Two of each section and channel: [section][2][channel].
    double *before; // What they were when the block began.
} iir_effect;

// Beyond this a filter has gone wild, by sound that no format could hold: it begins anew.
static const double wildest = 1e300;

static void forget_channel(iir_effect *self, uint32_t channel) PST_RT {
    const size_t n_channels = self->base.n_channels;
    for (size_t s = 0; s < self->n_sections; ++s) {
        self->z[2 * s * n_channels + channel] = 0.0;
        self->z[(2 * s + 1) * n_channels + channel] = 0.0;
    }
}

// What begins anew does so at once. So the block goes through again, frame by frame.
static void run_wild(iir_effect *self, double *frames, size_t n_frames) PST_RT {
    const pst_filter_kernels *kernels = pst_kernels_now()->filter;
    const uint32_t n_channels = self->base.n_channels;
    for (size_t i = 0; i < n_frames; ++i, frames += n_channels) {
        kernels->run_sections(self->sections, self->n_sections, self->z, frames, 1, n_channels);
        for (uint32_t c = 0; c < n_channels; ++c)
            if (!(fabs(frames[c]) <= wildest)) {
                forget_channel(self, c);
                frames[c] = 0.0;
            }
    }
}

static void run_block(pst_effect *effect, uint8_t *at, size_t n_frames) PST_RT {
    iir_effect *self = (iir_effect *)effect;
    double x[PST_EFFECT_BLOCK_SAMPLES];
    const pst_format format = self->base.format;
    const uint32_t n_channels = self->base.n_channels;
    const size_t n = n_frames * n_channels;
    const size_t z_bytes = (size_t)2 * self->n_sections * n_channels * sizeof *self->z;
    pst_convert_samples(x, PST_FORMAT_F64, at, format, n, true, NULL);
    memcpy(self->before, self->z, z_bytes);
    pst_kernels_now()->filter->run_sections(self->sections, self->n_sections, self->z, x, n_frames,
                                            n_channels);
    if (!pst_kernels_now()->mix->are_within_f64(x, wildest, n)) {
        memcpy(self->z, self->before, z_bytes);
        pst_convert_samples(x, PST_FORMAT_F64, at, format, n, true, NULL);
        run_wild(self, x, n_frames);
    }
    pst_convert_samples(at, format, x, PST_FORMAT_F64, n, true, NULL);
}

static void iir_process(pst_effect *effect, void *frames, size_t n_frames) PST_RT {
    pst_effect_in_blocks(effect, frames, n_frames, run_block);
}

static void iir_reset(pst_effect *effect) PST_RT {
    iir_effect *self = (iir_effect *)effect;
    memset(self->z, 0, (size_t)2 * self->n_sections * effect->n_channels * sizeof *self->z);
}

static void iir_deinit(pst_effect *effect) {
    iir_effect *self = (iir_effect *)effect;
    pst_free(self->sections);
    pst_free(self->z);
    pst_free(self->before);
}

static const pst_effect_ops iir_ops = {
    .name = "iir", .process = iir_process, .reset = iir_reset, .deinit = iir_deinit};

// Returns how far the outer pole of z^2 + a1 z + a2 is from 0.
static double outer_pole(double a1, double a2) {
    const double half = a1 / 2.0, square = half * half - a2;
    return square >= 0.0 ? fabs(half) + sqrt(square) : sqrt(a2);
}

static pst_status set_section(pst_section *made, uint32_t index, const double *row,
                              pst_error *err) {
    static const char *const names[6] = {"b0", "b1", "b2", "a0", "a1", "a2"};
    for (int i = 0; i < 6; ++i)
        if (!isfinite(row[i]))
            return pst_fail(err, PST_BAD_ARGUMENT, 0,
                            "%s of section %u is %g; it must be a finite number", names[i],
                            (unsigned)index, row[i]);
    *made = (pst_section){row[0] / row[3], row[1] / row[3], row[2] / row[3], row[4] / row[3],
                          row[5] / row[3]};
    if (row[3] == 0.0 || !isfinite(made->b0) || !isfinite(made->b1) || !isfinite(made->b2) ||
        !isfinite(made->a1) || !isfinite(made->a2))
        return pst_fail(err, PST_BAD_ARGUMENT, 0,
                        "a0 of section %u is %g; the others must be divided by it", (unsigned)index,
                        row[3]);
    const double radius = outer_pole(made->a1, made->a2);
    if (!(radius <= 1.0 + 1e-6))
        return pst_fail(err, PST_BAD_ARGUMENT, 0,
                        "section %u has a pole at a distance of %.9g from 0; it must be at most 1, "
                        "or the filter gets louder for ever",
                        (unsigned)index, radius);
    return PST_OK;
}

pst_status pst_effect_iir(pst_effect **effect, pst_format format, uint32_t n_channels,
                          const double *sos, uint32_t n_sections, pst_error *err) {
    if (n_sections < 1 || n_sections > PST_EFFECT_MAX_SECTIONS)
        return pst_fail(err, PST_BAD_ARGUMENT, 0, "n_sections is %u; it must be from 1 to %d",
                        (unsigned)n_sections, PST_EFFECT_MAX_SECTIONS);
    pst_effect *made = NULL;
    pst_status status =
        pst_effect_create(&made, sizeof(iir_effect), &iir_ops, format, n_channels, err);
    if (status != PST_OK)
        return status;
    iir_effect *self = (iir_effect *)made;
    made->forgets_at_gap = true;
    self->n_sections = n_sections;
    self->sections = pst_alloc_array(n_sections, sizeof *self->sections);
    self->z = pst_alloc_array((size_t)2 * n_sections * n_channels, sizeof *self->z);
    self->before = pst_alloc_array((size_t)2 * n_sections * n_channels, sizeof *self->before);
    if (self->sections == NULL || self->z == NULL || self->before == NULL)
        status = pst_fail_memory(err);
    for (uint32_t s = 0; s < n_sections && status == PST_OK; ++s)
        status = set_section(&self->sections[s], s, sos + (size_t)6 * s, err);
    if (status != PST_OK) {
        pst_effect_destroy(made);
        return status;
    }
    *effect = made;
    return PST_OK;
}
