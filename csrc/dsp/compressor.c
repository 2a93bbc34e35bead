// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include <math.h>

#include "base/alloc.h"
#include "base/error.h"
#include "core/kernels/kernels.h"
#include "dsp/effect.h"

// Compressor and expander, as pastream/effects.h has it: the levels of some frames at a time, then
// their gains. Where all levels lie in the part of the curve that changes nothing, that is known
// without a logarithm.

typedef struct compressor_effect {
    pst_effect base;
    pst_follower follower;
    pst_gain_curve curve;
    double *levels; // Of each channel.
} compressor_effect;

// What silence counts as: below all sound, and no denormal number, so that it is quick.
static const double least_level = 1e-12;

static double to_level(double db) {
    return pow(10.0, db / 20.0);
}

static double to_natural(double db) {
    return db * (2.30258509299404568402 / 20.0);
}

static void compress_block(pst_effect *effect, uint8_t *at, size_t n_frames) PST_RT {
    compressor_effect *self = (compressor_effect *)effect;
    double x[PST_EFFECT_BLOCK_SAMPLES];
    const pst_dynamics_kernels *kernels = pst_kernels_now()->dynamics;
    const bool is_f32 = self->base.format == PST_FORMAT_F32;
    const uint32_t n_channels = self->base.n_channels;
    const size_t n = n_frames * n_channels;
    if (is_f32)
        kernels->sizes_f32(x, (const float *)(const void *)at, least_level, n);
    else
        kernels->sizes_f64(x, (const double *)(const void *)at, least_level, n);
    kernels->follow(&self->follower, x, n_frames, n_channels, self->levels);
    if (self->curve.master == 1.0 &&
        kernels->are_all_between(x, self->curve.quiet, self->curve.loud, n))
        return;
    kernels->gains_of_levels(&self->curve, x, n);
    if (is_f32)
        kernels->multiply_f32((float *)(void *)at, x, n);
    else
        kernels->multiply_f64((double *)(void *)at, x, n);
}

static void compressor_process(pst_effect *effect, void *frames, size_t n_frames) PST_RT {
    pst_effect_in_blocks(effect, frames, n_frames, compress_block);
}

static void compressor_reset(pst_effect *effect) PST_RT {
    compressor_effect *self = (compressor_effect *)effect;
    for (uint32_t c = 0; c < effect->n_channels; ++c)
        self->levels[c] = least_level;
}

static void compressor_deinit(pst_effect *effect) {
    pst_free(((compressor_effect *)effect)->levels);
}

static const pst_effect_ops compressor_ops = {.name = "compressor",
                                              .process = compressor_process,
                                              .reset = compressor_reset,
                                              .deinit = compressor_deinit};

void pst_compressor_config_default(pst_compressor_config *config) PST_RT {
    *config = (pst_compressor_config){
        .rate_hz = 48000.0,
        .threshold_db = -18.0,
        .knee_width_db = 6.0,
        .ratio = 4.0,
        .expansion_ratio = 2.0,
        .expansion_threshold_db = -60.0,
        .attack_s = 0.01,
        .release_s = 0.1,
        .master_gain_db = 0.0,
    };
}

static pst_status check_config(const pst_compressor_config *c, pst_error *err) {
    const struct {
        const char *name;
        double value, least, most;
        const char *unit;
    } all[] = {
        {"rate_hz", c->rate_hz, 1e-6, 1e12, " Hz"},
        {"threshold_db", c->threshold_db, -1000.0, 1000.0, " dB"},
        {"knee_width_db", c->knee_width_db, 0.0, 1000.0, " dB"},
        {"ratio", c->ratio, 1.0, 1e6, ""},
        {"expansion_ratio", c->expansion_ratio, 1.0, 1e6, ""},
        {"expansion_threshold_db", c->expansion_threshold_db, -1000.0, 1000.0, " dB"},
        {"attack_s", c->attack_s, 0.0, 1000.0, " seconds"},
        {"release_s", c->release_s, 0.0, 1000.0, " seconds"},
        {"master_gain_db", c->master_gain_db, -1000.0, 1000.0, " dB"},
    };
    pst_status status = PST_OK;
    for (size_t i = 0; i < sizeof all / sizeof *all && status == PST_OK; ++i)
        status = pst_effect_check(all[i].name, all[i].value, all[i].least, all[i].most, all[i].unit,
                                  err);
    return status;
}

pst_status pst_effect_compressor(pst_effect **effect, pst_format format, uint32_t n_channels,
                                 const pst_compressor_config *config, pst_error *err) {
    pst_status status = check_config(config, err);
    if (status != PST_OK)
        return status;
    pst_effect *made = NULL;
    status = pst_effect_create(&made, sizeof(compressor_effect), &compressor_ops, format,
                               n_channels, err);
    if (status != PST_OK)
        return status;
    compressor_effect *self = (compressor_effect *)made;
    self->levels = pst_alloc_array(n_channels, sizeof *self->levels);
    if (self->levels == NULL) {
        pst_effect_destroy(made);
        return pst_fail_memory(err);
    }
    self->follower.attack = pst_effect_follow(config->attack_s, config->rate_hz);
    self->follower.release = pst_effect_follow(config->release_s, config->rate_hz);
    const bool expands = config->expansion_ratio > 1.0;
    self->curve = (pst_gain_curve){
        .threshold = to_natural(config->threshold_db),
        .knee_width = to_natural(config->knee_width_db),
        .slope = 1.0 / config->ratio - 1.0,
        // Below all sound, if nothing is expanded.
        .expansion_threshold = expands ? to_natural(config->expansion_threshold_db) : -1e6,
        .expansion_slope = config->expansion_ratio - 1.0,
        // A step inside, so that rounding decides nothing.
        .quiet = expands ? to_level(config->expansion_threshold_db + 1e-9) : 0.0,
        .loud = to_level(config->threshold_db - config->knee_width_db / 2.0 - 1e-9),
        .master = to_level(config->master_gain_db),
    };
    pst_effect_reset(made);
    *effect = made;
    return PST_OK;
}
