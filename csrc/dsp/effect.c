// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "dsp/effect.h"

#include <math.h>

#include "base/alloc.h"
#include "base/denormals.h"
#include "base/error.h"
#include "core/convert.h"
#include "dsp/tame.h"

// What all effects have in common.

pst_status pst_effect_create(pst_effect **effect, size_t n_bytes, const pst_effect_ops *ops,
                             pst_format format, uint32_t n_channels, pst_error *err) {
    if (format != PST_FORMAT_F32 && format != PST_FORMAT_F64)
        return pst_fail(err, PST_BAD_ARGUMENT, 0,
                        "format is %s; an effect computes with float32 or float64",
                        pst_format_name(format));
    if (n_channels < 1 || n_channels > PST_MAX_CHANNELS)
        return pst_fail(err, PST_BAD_ARGUMENT, 0, "n_channels is %u; it must be from 1 to %d",
                        (unsigned)n_channels, PST_MAX_CHANNELS);
    pst_effect *made = pst_alloc(n_bytes);
    if (made == NULL)
        return pst_fail_memory(err);
    made->ops = ops;
    made->format = format;
    made->n_channels = n_channels;
    *effect = made;
    return PST_OK;
}

pst_status pst_effect_check(const char *name, double value, double least, double most,
                            const char *unit, pst_error *err) {
    if (value >= least && value <= most) // NaN is not.
        return PST_OK;
    return pst_fail(err, PST_BAD_ARGUMENT, 0, "%s is %g; it must be from %g to %g%s", name, value,
                    least, most, unit);
}

void pst_effect_in_blocks(pst_effect *effect, void *frames, size_t n_frames,
                          void (*run)(pst_effect *effect, uint8_t *at, size_t n_frames)
                              PST_RT) PST_RT {
    _Static_assert((int)PST_EFFECT_BLOCK_SAMPLES >= (int)PST_MAX_CHANNELS,
                   "a block has at least a frame");
    const size_t n_most = PST_EFFECT_BLOCK_SAMPLES / effect->n_channels;
    const size_t frame_bytes = effect->n_channels * pst_format_bytes(effect->format);
    uint8_t *at = frames;
    while (n_frames > 0) {
        const size_t n = n_frames < n_most ? n_frames : n_most;
        run(effect, at, n);
        at += n * frame_bytes;
        n_frames -= n;
    }
}

double pst_effect_follow(double time_s, double rate_hz) {
    return time_s > 0.0 ? exp(-1.0 / (time_s * rate_hz)) : 0.0;
}

void pst_effect_destroy(pst_effect *effect) {
    if (effect == NULL)
        return;
    if (effect->ops->deinit != NULL)
        effect->ops->deinit(effect);
    pst_free(effect);
}

static void tame(pst_effect *effect, void *frames, size_t n_samples) PST_RT {
    if (pst_is_tame(frames, effect->format, n_samples))
        return;
    effect->n_nonfinite += pst_scrub(frames, effect->format, n_samples);
    pst_tame(frames, effect->format, n_samples);
}

void pst_effect_process(pst_effect *effect, void *frames, uint64_t n_frames) PST_RT {
    const size_t n_samples = (size_t)n_frames * effect->n_channels;
    const uint64_t saved = pst_denormals_flush();
    tame(effect, frames, n_samples);
    effect->ops->process(effect, frames, (size_t)n_frames);
    if (!pst_is_tame(frames, effect->format, n_samples))
        pst_tame(frames, effect->format, n_samples);
    pst_denormals_restore(saved);
}

void pst_effect_reset(pst_effect *effect) PST_RT {
    effect->ops->reset(effect);
}

void pst_effect_get_info(const pst_effect *effect, pst_effect_info *info) PST_RT {
    *info = (pst_effect_info){
        .name = effect->ops->name,
        .format = effect->format,
        .n_channels = effect->n_channels,
        .delay_frames = effect->delay_frames,
        .is_delay_wanted = effect->is_delay_wanted,
        .n_nonfinite = effect->n_nonfinite,
    };
}
