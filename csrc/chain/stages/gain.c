// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include <math.h>

#include "base/alloc.h"
#include "base/error.h"
#include "chain/nodes/node.h"
#include "chain/stages/gain.h"
#include "core/convert.h"
#include "core/kernels/kernels.h"

// A gain that anybody may change. The worker looks at it once for each piece, and glides.

enum { MOST_RAMP_FRAMES = 1000000 };

typedef struct gain_stage {
    pst_stage base;
    _Atomic double own;     // What is wanted,
    _Atomic double *wanted; // unless somebody else says it.
    // The worker's own: the gain goes from one value to another.
    double from;
    double to;
    uint32_t ramp_frames;
    uint32_t n_done;
    pst_format middle; // What is computed with: the float format that holds the samples.
    uint8_t *samples;  // A scratch of frames like that.
} gain_stage;

static double gain_now(const gain_stage *self) PST_RT {
    if (self->n_done >= self->ramp_frames)
        return self->to;
    return self->from + (self->to - self->from) * self->n_done / self->ramp_frames;
}

static void follow(gain_stage *self) PST_RT {
    const double wanted = atomic_load_explicit(self->wanted, memory_order_relaxed);
    if (wanted == self->to)
        return;
    self->from = gain_now(self);
    self->to = wanted;
    self->n_done = 0;
}

// One gain for all channels of a frame.
#define DEFINE_MULTIPLY(name, real, scale)                                                         \
    static void name(gain_stage *self, real *samples, uint64_t n_frames) PST_RT {                  \
        const uint32_t n_channels = self->base.in.n_channels;                                      \
        uint64_t done = 0;                                                                         \
        for (; done < n_frames && self->n_done < self->ramp_frames; ++done) {                      \
            const real gain = (real)gain_now(self);                                                \
            for (uint32_t c = 0; c < n_channels; ++c)                                              \
                samples[done * n_channels + c] *= gain;                                            \
            ++self->n_done;                                                                        \
        }                                                                                          \
        pst_kernels_now()->mix->scale(samples + done * n_channels,                                 \
                                      (size_t)(n_frames - done) * n_channels, (real)self->to);     \
    }
DEFINE_MULTIPLY(multiply_f32, float, scale_f32)
DEFINE_MULTIPLY(multiply_f64, double, scale_f64)

// Brings n_frames, at most those of the scratch, from one place to another.
static void multiply(gain_stage *self, void *dst, const void *src, uint64_t n_frames) PST_RT {
    const pst_stage *stage = &self->base;
    pst_convert_counts counts = {0, 0};
    const size_t n_samples = (size_t)n_frames * stage->in.n_channels;
    pst_convert_samples(self->samples, self->middle, src, stage->in.format, n_samples, false,
                        &counts);
    if (self->middle == PST_FORMAT_F32)
        multiply_f32(self, (float *)(void *)self->samples, n_frames);
    else
        multiply_f64(self, (double *)(void *)self->samples, n_frames);
    pst_convert_samples(dst, stage->out.format, self->samples, self->middle, n_samples, false,
                        &counts);
    pst_stage_count(&self->base, &counts);
}

static bool is_one(const gain_stage *self) PST_RT {
    return self->to == 1.0 && self->n_done >= self->ramp_frames;
}

void pst_stage_gain_apply(pst_stage *stage, void *frames, uint64_t n_frames) PST_RT {
    gain_stage *self = (gain_stage *)stage;
    uint8_t *at = frames;
    follow(self);
    while (n_frames > 0 && !is_one(self)) {
        const uint64_t n = n_frames < stage->scratch_frames ? n_frames : stage->scratch_frames;
        multiply(self, at, at, n);
        at += n * pst_media_bytes(&stage->in);
        n_frames -= n;
    }
}

static pst_status gain_process(pst_stage *stage, const pst_piece *in, uint64_t *n_used,
                               pst_piece *out, pst_error *err) {
    gain_stage *self = (gain_stage *)stage;
    (void)err;
    follow(self);
    if (is_one(self)) {
        *out = *in;
        *n_used = in->n_frames;
        return PST_OK;
    }
    *out = pst_stage_begin(stage, in);
    *n_used = out->n_frames;
    multiply(self, stage->scratch, in->data, out->n_frames);
    return PST_OK;
}

static void gain_deinit(pst_stage *stage) {
    pst_free(((gain_stage *)stage)->samples);
}

static const pst_stage_ops gain_ops = {
    .name = "gain",
    .process = gain_process,
    .deinit = gain_deinit,
};

static pst_status check_gain(double gain, pst_error *err) {
    return isfinite(gain)
               ? PST_OK
               : pst_fail(err, PST_BAD_ARGUMENT, 0, "gain is %g; it must be a finite number", gain);
}

pst_status pst_stage_gain_check(double gain, uint32_t ramp_frames, pst_error *err) {
    const pst_status status = check_gain(gain, err);
    if (status != PST_OK || ramp_frames <= MOST_RAMP_FRAMES)
        return status;
    return pst_fail(err, PST_BAD_ARGUMENT, 0, "ramp_frames is %u; it must be from 0 to %d",
                    (unsigned)ramp_frames, MOST_RAMP_FRAMES);
}

void pst_stage_gain_follow(pst_stage *stage, _Atomic double *wanted) {
    ((gain_stage *)stage)->wanted = wanted;
}

pst_status pst_stage_gain(pst_stage **stage, pst_format format, uint32_t n_channels, double gain,
                          uint32_t ramp_frames, pst_error *err) {
    pst_status status = pst_stage_gain_check(gain, ramp_frames, err);
    if (status != PST_OK)
        return status;
    const pst_media side = {.format = format, .n_channels = n_channels};
    pst_stage *made = NULL;
    status = pst_stage_create(&made, sizeof(gain_stage), &gain_ops, &side, &side, true, err);
    if (status != PST_OK)
        return status;
    gain_stage *self = (gain_stage *)made;
    const bool is_wide =
        format == PST_FORMAT_F64 || format == PST_FORMAT_I32 || format == PST_FORMAT_I24;
    self->middle = is_wide ? PST_FORMAT_F64 : PST_FORMAT_F32;
    self->samples =
        pst_alloc_array((size_t)made->scratch_frames * n_channels, pst_format_bytes(self->middle));
    if (self->samples == NULL) {
        pst_stage_destroy(made);
        return pst_fail_memory(err);
    }
    atomic_init(&self->own, gain);
    self->wanted = &self->own;
    self->from = self->to = gain;
    self->ramp_frames = self->n_done = ramp_frames;
    *stage = made;
    return PST_OK;
}

pst_status pst_stage_set_gain(pst_stage *stage, double gain, pst_error *err) {
    _Atomic double *wanted =
        stage->ops == &gain_ops ? ((gain_stage *)stage)->wanted : pst_node_gain_wanted(stage);
    if (wanted == NULL)
        return pst_fail(err, PST_BAD_ARGUMENT, 0, "stage is a %s stage, which has no gain",
                        stage->name);
    const pst_status status = check_gain(gain, err);
    if (status == PST_OK)
        atomic_store_explicit(wanted, gain, memory_order_relaxed);
    return status;
}
