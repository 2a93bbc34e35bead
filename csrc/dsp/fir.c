// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "core/kernels/kernels.h"
#include "dsp/convolver.h"
#include "dsp/effect.h"

// The first taps are multiplied one by one, in the format of the samples; those beyond them are
// convolved a block behind, which is when they are due: so there is no delay. Blocks that are as
// short as the first taps would be too many for long filters. So what is far behind is convolved in
// longer ones. (W. G. Gardner, "Efficient convolution without input-output delay", 1995.)

enum {
    MOST_DIRECT = 128, // Taps that are quicker one by one.
    LEAST_BLOCK = 64,
    NEAR_BLOCK = 128,
    MOST_NEAR = 4096, // Taps that are quicker with such blocks only.
    LEAST_FAR_BLOCK = 1024,
    MOST_FAR_BLOCK = 8192,
    CHUNK_FRAMES = 256
};

typedef struct fir_effect {
    pst_effect base;
    uint32_t n_direct;         // Taps.
    void *taps;                // These, in the format.
    void *past;                // n_direct - 1 frames, then a chunk, then nothing.
    pst_convolver *near, *far; // NULL: there are no such taps.
} fir_effect;

static void fir_process(pst_effect *effect, void *frames, size_t n_frames) PST_RT {
    fir_effect *self = (fir_effect *)effect;
    const pst_filter_kernels *kernels = pst_kernels_now()->filter;
    const size_t n_channels = effect->n_channels;
    const size_t frame_bytes = n_channels * pst_format_bytes(effect->format);
    const size_t past_bytes = (self->n_direct - 1) * frame_bytes;
    uint8_t *past = self->past, *at = frames;
    while (n_frames > 0) {
        const size_t n = n_frames < CHUNK_FRAMES ? n_frames : CHUNK_FRAMES;
        memcpy(past + past_bytes, at, n * frame_bytes);
        if (effect->format == PST_FORMAT_F32)
            kernels->sum_f32((void *)at, (const void *)(past + past_bytes), self->taps,
                             self->n_direct, n_channels, n * n_channels);
        else
            kernels->sum_f64((void *)at, (const void *)(past + past_bytes), self->taps,
                             self->n_direct, n_channels, n * n_channels);
        if (self->near != NULL)
            pst_convolver_add(self->near, effect->format, past + past_bytes, at, n);
        if (self->far != NULL)
            pst_convolver_add(self->far, effect->format, past + past_bytes, at, n);
        memmove(past, past + n * frame_bytes, past_bytes);
        at += n * frame_bytes;
        n_frames -= n;
    }
}

static void fir_reset(pst_effect *effect) PST_RT {
    fir_effect *self = (fir_effect *)effect;
    const size_t frame_bytes = (size_t)effect->n_channels * pst_format_bytes(effect->format);
    memset(self->past, 0, (self->n_direct - 1) * frame_bytes);
    if (self->near != NULL)
        pst_convolver_reset(self->near);
    if (self->far != NULL)
        pst_convolver_reset(self->far);
}

static void fir_deinit(pst_effect *effect) {
    fir_effect *self = (fir_effect *)effect;
    pst_free(self->taps);
    pst_free(self->past);
    pst_convolver_destroy(self->near);
    pst_convolver_destroy(self->far);
}

static const pst_effect_ops fir_ops = {
    .name = "fir", .process = fir_process, .reset = fir_reset, .deinit = fir_deinit};

// Returns how many taps are multiplied one by one, which is the length of the first blocks.
static uint32_t direct_taps(uint32_t n_taps) {
    return n_taps <= MOST_DIRECT ? n_taps : n_taps <= 8 * MOST_DIRECT ? LEAST_BLOCK : NEAR_BLOCK;
}

// Returns the tap from which on blocks are long, which is their length; n_taps: there are none.
static uint32_t far_taps(uint32_t n_taps) {
    if (n_taps <= MOST_NEAR)
        return n_taps;
    uint32_t n = LEAST_FAR_BLOCK;
    while (n < MOST_FAR_BLOCK && (uint64_t)n * n < (uint64_t)32 * n_taps)
        n *= 2;
    return n;
}

static pst_status make_parts(fir_effect *self, const double *taps, uint32_t n_taps,
                             pst_error *err) {
    const pst_effect *base = &self->base;
    const size_t sample_bytes = pst_format_bytes(base->format);
    self->n_direct = direct_taps(n_taps);
    self->taps = pst_alloc_array(self->n_direct, sample_bytes);
    self->past = pst_alloc_array(((size_t)self->n_direct - 1 + CHUNK_FRAMES) * base->n_channels +
                                     PST_SUM_SLACK,
                                 sample_bytes);
    if (self->taps == NULL || self->past == NULL)
        return pst_fail_memory(err);
    (void)pst_convert(self->taps, base->format, taps, PST_FORMAT_F64, self->n_direct, NULL);
    if (self->n_direct == n_taps)
        return PST_OK;
    const uint32_t n_far = far_taps(n_taps);
    pst_status status =
        pst_convolver_create(&self->near, taps + self->n_direct, n_far - self->n_direct,
                             self->n_direct, base->n_channels, err);
    if (status == PST_OK && n_far < n_taps)
        status = pst_convolver_create(&self->far, taps + n_far, n_taps - n_far, n_far,
                                      base->n_channels, err);
    return status;
}

pst_status pst_effect_fir(pst_effect **effect, pst_format format, uint32_t n_channels,
                          const double *taps, uint32_t n_taps, pst_error *err) {
    if (n_taps < 1 || n_taps > PST_EFFECT_MAX_TAPS)
        return pst_fail(err, PST_BAD_ARGUMENT, 0, "n_taps is %u; it must be from 1 to %d",
                        (unsigned)n_taps, PST_EFFECT_MAX_TAPS);
    for (uint32_t k = 0; k < n_taps; ++k)
        if (!isfinite(taps[k]))
            return pst_fail(err, PST_BAD_ARGUMENT, 0, "taps[%u] is %g; it must be a finite number",
                            (unsigned)k, taps[k]);
    pst_effect *made = NULL;
    pst_status status =
        pst_effect_create(&made, sizeof(fir_effect), &fir_ops, format, n_channels, err);
    if (status != PST_OK)
        return status;
    made->forgets_at_gap = true;
    status = make_parts((fir_effect *)made, taps, n_taps, err);
    if (status != PST_OK) {
        pst_effect_destroy(made);
        return status;
    }
    *effect = made;
    return PST_OK;
}
