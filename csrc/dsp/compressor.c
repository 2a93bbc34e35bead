// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include <math.h>

#include "base/alloc.h"
#include "base/error.h"
#include "dsp/effect.h"

// Compressor and expander, as pastream/effects.h has it. Where the level lies in the part of the
// curve that changes nothing, no logarithm is needed to know that.

typedef struct compressor_effect {
    pst_effect base;
    pst_compressor_config config;
    double attack, release; // Factors of the followers.
    double slope;           // dB of gain for each dB above the threshold.
    double quiet, loud;     // Levels between which the gain is the master gain.
    double master;
    double *levels; // Of each channel.
} compressor_effect;

// What a level of 0 counts as: there is no sound below it.
static const double least_level = 1e-12;

// 20 / ln(10): natural logarithms are the quicker ones.
static const double db_per_e = 8.68588963806503655302;

static double to_level(double db) {
    return pow(10.0, db / 20.0);
}

// Returns the static curve's gain in dB for a level in dB.
static double gain_db(const compressor_effect *self, double level_db) PST_RT {
    const pst_compressor_config *c = &self->config;
    if (level_db < c->expansion_threshold_db && c->expansion_ratio > 1.0)
        return (c->expansion_ratio - 1.0) * (level_db - c->expansion_threshold_db);
    const double over = level_db - c->threshold_db;
    if (2.0 * fabs(over) <= c->knee_width_db && c->knee_width_db > 0.0) {
        const double x = over + c->knee_width_db / 2.0;
        return self->slope * x * x / (2.0 * c->knee_width_db);
    }
    return over > 0.0 ? self->slope * over : 0.0;
}

static double gain_at(const compressor_effect *self, double level) PST_RT {
    if (level >= self->quiet && level <= self->loud)
        return self->master;
    const double level_db = db_per_e * log(level > least_level ? level : least_level);
    return self->master * exp(gain_db(self, level_db) * (1.0 / db_per_e));
}

// Never below the smallest normal number, so that silence is quick, and is the same everywhere.
static double follow(const compressor_effect *self, double level, double x) PST_RT {
    const double factor = x >= level ? self->attack : self->release;
    const double next = factor * level + (1.0 - factor) * x;
    return next > 1e-300 ? next : 0.0;
}

#define DEFINE_COMPRESS(name, real)                                                                \
    static void name(compressor_effect *self, real *frames, size_t n_frames) PST_RT {              \
        const uint32_t n_channels = self->base.n_channels;                                         \
        for (uint32_t c = 0; c < n_channels; ++c) {                                                \
            double level = self->levels[c];                                                        \
            for (size_t i = c; i < n_frames * n_channels; i += n_channels) {                       \
                level = follow(self, level, fabs((double)frames[i]));                              \
                frames[i] = (real)((double)frames[i] * gain_at(self, level));                      \
            }                                                                                      \
            self->levels[c] = level;                                                               \
        }                                                                                          \
    }
DEFINE_COMPRESS(compress_f32, float)
DEFINE_COMPRESS(compress_f64, double)

static void compressor_process(pst_effect *effect, void *frames, size_t n_frames) PST_RT {
    if (effect->format == PST_FORMAT_F32)
        compress_f32((compressor_effect *)effect, frames, n_frames);
    else
        compress_f64((compressor_effect *)effect, frames, n_frames);
}

static void compressor_reset(pst_effect *effect) PST_RT {
    compressor_effect *self = (compressor_effect *)effect;
    for (uint32_t c = 0; c < effect->n_channels; ++c)
        self->levels[c] = 0.0;
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
    self->config = *config;
    self->attack = pst_effect_follow(config->attack_s, config->rate_hz);
    self->release = pst_effect_follow(config->release_s, config->rate_hz);
    self->slope = 1.0 / config->ratio - 1.0;
    // A step inside, so that rounding decides nothing.
    self->quiet =
        config->expansion_ratio > 1.0 ? to_level(config->expansion_threshold_db + 1e-9) : 0.0;
    self->loud = to_level(config->threshold_db - config->knee_width_db / 2.0 - 1e-9);
    self->master = to_level(config->master_gain_db);
    *effect = made;
    return PST_OK;
}
