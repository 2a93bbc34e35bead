// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "dsp/convolver.h"

#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "core/kernels/kernels.h"
#include "dsp/fft.h"

// Overlap-save with the taps cut into parts as long as a block (A. Torger, A. Farina, "Real-time
// partitioned convolution for ambiophonics surround sound", 2001): the transform of two blocks is
// made once, and multiplied with each part's when that part's time has come.
//
// Two channels are one complex sound: taps are real, so the two do not mix.

// What there is for two channels.
typedef struct pair_state {
    pst_complex recent; // Two blocks of frames, the second one is being filled.
    pst_complex past;   // Transforms, one after another: a circle, one for each part of the taps.
    pst_complex result; // What the block under way gets.
} pair_state;

struct pst_convolver {
    uint32_t n_block;
    uint32_t n_double; // Two blocks.
    uint32_t n_parts;
    uint32_t n_channels;
    uint32_t n_pairs;
    uint32_t at;     // In the block.
    uint32_t newest; // Of the circle.
    pst_fft *fft;
    pst_complex parts;             // Of the taps.
    pst_complex_product *products; // What is to be summed up, one of each part.
    pair_state *pairs;
};

static bool make_spectrum(pst_complex *made, size_t n) {
    made->re = pst_alloc_array(n, sizeof(double));
    made->im = pst_alloc_array(n, sizeof(double));
    return made->re != NULL && made->im != NULL;
}

static void free_spectrum(pst_complex *made) {
    pst_free(made->re);
    pst_free(made->im);
}

void pst_convolver_destroy(pst_convolver *convolver) {
    if (convolver == NULL)
        return;
    for (uint32_t i = 0; i < convolver->n_pairs && convolver->pairs != NULL; ++i) {
        free_spectrum(&convolver->pairs[i].recent);
        free_spectrum(&convolver->pairs[i].past);
        free_spectrum(&convolver->pairs[i].result);
    }
    pst_free(convolver->pairs);
    pst_free(convolver->products);
    free_spectrum(&convolver->parts);
    pst_fft_destroy(convolver->fft);
    pst_free(convolver);
}

static bool make_all(pst_convolver *self) {
    const size_t n_all = (size_t)self->n_parts * self->n_double;
    self->fft = pst_fft_create(self->n_double);
    self->pairs = pst_alloc_array(self->n_pairs, sizeof *self->pairs);
    self->products = pst_alloc_array(self->n_parts, sizeof *self->products);
    if (self->fft == NULL || self->pairs == NULL || self->products == NULL ||
        !make_spectrum(&self->parts, n_all))
        return false;
    for (uint32_t i = 0; i < self->n_pairs; ++i)
        if (!make_spectrum(&self->pairs[i].recent, self->n_double) ||
            !make_spectrum(&self->pairs[i].past, n_all) ||
            !make_spectrum(&self->pairs[i].result, self->n_double))
            return false;
    return true;
}

// The transforms do not divide by the number; the taps do.
static void transform_taps(pst_convolver *self, const double *taps, uint32_t n_taps) {
    for (uint32_t i = 0; i < n_taps; ++i)
        self->parts.re[(size_t)(i / self->n_block) * self->n_double + i % self->n_block] =
            taps[i] / self->n_double;
    for (uint32_t p = 0; p < self->n_parts; ++p)
        pst_fft_run(self->fft, self->parts.re + (size_t)p * self->n_double,
                    self->parts.im + (size_t)p * self->n_double);
}

pst_status pst_convolver_create(pst_convolver **convolver, const double *taps, uint32_t n_taps,
                                uint32_t block_frames, uint32_t n_channels, pst_error *err) {
    pst_convolver *self = pst_alloc(sizeof *self);
    if (self == NULL)
        return pst_fail_memory(err);
    self->n_block = block_frames;
    self->n_double = 2 * block_frames;
    self->n_parts = (n_taps + block_frames - 1) / block_frames;
    self->n_channels = n_channels;
    self->n_pairs = (n_channels + 1) / 2;
    if (!make_all(self)) {
        pst_convolver_destroy(self);
        return pst_fail_memory(err);
    }
    transform_taps(self, taps, n_taps);
    *convolver = self;
    return PST_OK;
}

static pst_complex part_of(pst_complex all, size_t index) PST_RT {
    return (pst_complex){all.re + index, all.im + index};
}

// A block is full: what comes of it and of those before it for the next one.
static void end_block(pst_convolver *self, const pair_state *pair) PST_RT {
    const size_t block_bytes = self->n_block * sizeof(double);
    const pst_complex newest = part_of(pair->past, (size_t)self->newest * self->n_double);
    memcpy(newest.re, pair->recent.re, 2 * block_bytes);
    memcpy(newest.im, pair->recent.im, 2 * block_bytes);
    memcpy(pair->recent.re, pair->recent.re + self->n_block, block_bytes);
    memcpy(pair->recent.im, pair->recent.im + self->n_block, block_bytes);
    pst_fft_run(self->fft, newest.re, newest.im);
    for (uint32_t p = 0; p < self->n_parts; ++p) {
        const uint32_t slot = (self->newest + self->n_parts - p) % self->n_parts;
        self->products[p] =
            (pst_complex_product){part_of(pair->past, (size_t)slot * self->n_double),
                                  part_of(self->parts, (size_t)p * self->n_double)};
    }
    pst_kernels_now()->filter->multiply_sum(pair->result, self->products, self->n_parts,
                                            self->n_double);
    pst_fft_run(self->fft, pair->result.im, pair->result.re); // The inverse.
}

// Of two blocks the second one is free of what wraps around.
#define DEFINE_EXCHANGE(name, real)                                                                \
    static void name(pst_convolver *self, const real *in, real *out, size_t n_frames) PST_RT {     \
        const size_t n_channels = self->n_channels;                                                \
        for (size_t c = 0; c < n_channels; ++c) {                                                  \
            const pair_state *pair = &self->pairs[c / 2];                                          \
            const size_t at = self->n_block + self->at;                                            \
            double *recent = (c % 2 == 0 ? pair->recent.re : pair->recent.im) + at;                \
            const double *result = (c % 2 == 0 ? pair->result.re : pair->result.im) + at;          \
            for (size_t i = 0; i < n_frames; ++i) {                                                \
                recent[i] = (double)in[i * n_channels + c];                                        \
                out[i * n_channels + c] += (real)result[i];                                        \
            }                                                                                      \
        }                                                                                          \
    }
DEFINE_EXCHANGE(exchange_f32, float)
DEFINE_EXCHANGE(exchange_f64, double)

void pst_convolver_add(pst_convolver *convolver, pst_format format, const void *in, void *out,
                       size_t n_frames) PST_RT {
    pst_convolver *self = convolver;
    const size_t frame_bytes = (size_t)self->n_channels * pst_format_bytes(format);
    const uint8_t *from = in;
    uint8_t *to = out;
    while (n_frames > 0) {
        const size_t n_left = self->n_block - self->at;
        const size_t n = n_frames < n_left ? n_frames : n_left;
        if (format == PST_FORMAT_F32)
            exchange_f32(self, (const void *)from, (void *)to, n);
        else
            exchange_f64(self, (const void *)from, (void *)to, n);
        from += n * frame_bytes;
        to += n * frame_bytes;
        n_frames -= n;
        self->at += (uint32_t)n;
        if (self->at < self->n_block)
            continue;
        self->at = 0;
        for (uint32_t i = 0; i < self->n_pairs; ++i)
            end_block(self, &self->pairs[i]);
        self->newest = (self->newest + 1) % self->n_parts;
    }
}

void pst_convolver_reset(pst_convolver *convolver) PST_RT {
    const size_t n_double = convolver->n_double, n_all = n_double * convolver->n_parts;
    for (uint32_t i = 0; i < convolver->n_pairs; ++i) {
        const pair_state *pair = &convolver->pairs[i];
        memset(pair->recent.re, 0, n_double * sizeof(double));
        memset(pair->recent.im, 0, n_double * sizeof(double));
        memset(pair->past.re, 0, n_all * sizeof(double));
        memset(pair->past.im, 0, n_all * sizeof(double));
        memset(pair->result.re, 0, n_double * sizeof(double));
        memset(pair->result.im, 0, n_double * sizeof(double));
    }
    convolver->at = 0;
    convolver->newest = 0;
}
