// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "pastream/effect_nodes.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "chain/nodes/node.h"

// Effects whose sound is known only when it comes.

#define MOST_DELAY_S 3600.0

// What an effect is made of.
typedef struct effect_spec {
    pst_status (*make)(const struct effect_spec *spec, const pst_media *media, pst_format format,
                       pst_effect **effect, pst_error *err);
    double delay_s;
    double *numbers; // Taps or sections.
    uint32_t n;
    pst_compressor_config compressor;
    pst_limiter_config limiter;
} effect_spec;

static pst_status make_delay(const effect_spec *spec, const pst_media *media, pst_format format,
                             pst_effect **effect, pst_error *err) {
    return pst_effect_delay(effect, format, media->n_channels,
                            (uint64_t)llround(spec->delay_s * media->rate_hz), err);
}

static pst_status make_fir(const effect_spec *spec, const pst_media *media, pst_format format,
                           pst_effect **effect, pst_error *err) {
    return pst_effect_fir(effect, format, media->n_channels, spec->numbers, spec->n, err);
}

static pst_status make_iir(const effect_spec *spec, const pst_media *media, pst_format format,
                           pst_effect **effect, pst_error *err) {
    return pst_effect_iir(effect, format, media->n_channels, spec->numbers, spec->n, err);
}

static pst_status fit_rate(double *rate_hz, const pst_media *media, pst_error *err) {
    if (*rate_hz != 0.0 && !pst_is_same_rate(*rate_hz, media->rate_hz))
        return pst_fail(err, PST_BAD_ARGUMENT, 0, "what came has a rate of %g Hz; it must be %g",
                        media->rate_hz, *rate_hz);
    *rate_hz = media->rate_hz;
    return PST_OK;
}

static pst_status make_compressor(const effect_spec *spec, const pst_media *media,
                                  pst_format format, pst_effect **effect, pst_error *err) {
    pst_compressor_config config = spec->compressor;
    const pst_status status = fit_rate(&config.rate_hz, media, err);
    return status != PST_OK
               ? status
               : pst_effect_compressor(effect, format, media->n_channels, &config, err);
}

static pst_status make_limiter(const effect_spec *spec, const pst_media *media, pst_format format,
                               pst_effect **effect, pst_error *err) {
    pst_limiter_config config = spec->limiter;
    const pst_status status = fit_rate(&config.rate_hz, media, err);
    return status != PST_OK ? status
                            : pst_effect_limiter(effect, format, media->n_channels, &config, err);
}

// ---- Nodes ------------------------------------------------------------------------------------

static bool is_wide(pst_format format) {
    return format == PST_FORMAT_F64 || format == PST_FORMAT_I32 || format == PST_FORMAT_I24;
}

static pst_status make_stages(void *user, const pst_media *in, pst_stage **stages,
                              uint32_t *n_stages, pst_error *err) {
    const effect_spec *spec = user;
    pst_effect *effect = NULL;
    if (in->rate_hz <= 0.0 && spec->make != make_fir && spec->make != make_iir)
        return pst_fail(err, PST_BAD_ARGUMENT, 0, "the rate of what came is not known; it must be");
    const pst_format format = is_wide(in->format) ? PST_FORMAT_F64 : PST_FORMAT_F32;
    pst_status status = spec->make(spec, in, format, &effect, err);
    if (status == PST_OK)
        status = pst_stage_effect(stages, in->format, effect, err);
    if (status != PST_OK)
        pst_effect_destroy(effect);
    *n_stages = status == PST_OK;
    return status;
}

static void free_spec(void *user) {
    pst_free(((effect_spec *)user)->numbers);
    pst_free(user);
}

// Tries the arguments with sound that is as easy as it can be.
static pst_status try_spec(const effect_spec *spec, pst_error *err) {
    const pst_media easy = {.format = PST_FORMAT_F64, .n_channels = 1, .rate_hz = 8000.0};
    effect_spec any_rate = *spec;
    any_rate.compressor.rate_hz = any_rate.limiter.rate_hz = 0.0;
    pst_effect *effect = NULL;
    const pst_status status = spec->make(&any_rate, &easy, PST_FORMAT_F64, &effect, err);
    pst_effect_destroy(effect);
    return status;
}

static pst_status make_node(pst_stage **stage, const char *name, const effect_spec *wanted,
                            const double *numbers, size_t n_numbers, pst_error *err) {
    effect_spec *spec = pst_alloc(sizeof *spec);
    if (spec == NULL)
        return pst_fail_memory(err);
    *spec = *wanted;
    pst_status status = PST_OK;
    if (n_numbers > 0) {
        spec->numbers = pst_alloc_array(n_numbers, sizeof *numbers);
        if (spec->numbers == NULL)
            status = pst_fail_memory(err);
        else
            memcpy(spec->numbers, numbers, n_numbers * sizeof *numbers);
    }
    if (status == PST_OK)
        status = try_spec(spec, err);
    if (status == PST_OK)
        status = pst_node_create(stage, name, make_stages, spec, free_spec, err);
    if (status != PST_OK)
        free_spec(spec);
    return status;
}

static pst_status check_count(const char *name, uint32_t n, uint32_t most, pst_error *err) {
    return n >= 1 && n <= most
               ? PST_OK
               : pst_fail(err, PST_BAD_ARGUMENT, 0, "%s is %u; it must be from 1 to %u", name,
                          (unsigned)n, (unsigned)most);
}

pst_status pst_node_delay(pst_stage **stage, const char *name, double delay_s, pst_error *err) {
    if (!(delay_s >= 0.0 && delay_s <= MOST_DELAY_S))
        return pst_fail(err, PST_BAD_ARGUMENT, 0, "delay_s is %g; it must be from 0 to %g seconds",
                        delay_s, MOST_DELAY_S);
    const effect_spec spec = {.make = make_delay, .delay_s = delay_s};
    return make_node(stage, name != NULL ? name : "delay", &spec, NULL, 0, err);
}

pst_status pst_node_fir(pst_stage **stage, const char *name, const double *taps, uint32_t n_taps,
                        pst_error *err) {
    const effect_spec spec = {.make = make_fir, .n = n_taps};
    const pst_status status = check_count("n_taps", n_taps, PST_EFFECT_MAX_TAPS, err);
    return status != PST_OK
               ? status
               : make_node(stage, name != NULL ? name : "fir", &spec, taps, n_taps, err);
}

pst_status pst_node_iir(pst_stage **stage, const char *name, const double *sos, uint32_t n_sections,
                        pst_error *err) {
    const effect_spec spec = {.make = make_iir, .n = n_sections};
    const pst_status status = check_count("n_sections", n_sections, PST_EFFECT_MAX_SECTIONS, err);
    return status != PST_OK ? status
                            : make_node(stage, name != NULL ? name : "iir", &spec, sos,
                                        (size_t)6 * n_sections, err);
}

static pst_status check_rate(double rate_hz, pst_error *err) {
    return rate_hz == 0.0 || (rate_hz > 0.0 && isfinite(rate_hz))
               ? PST_OK
               : pst_fail(err, PST_BAD_ARGUMENT, 0, "rate_hz is %g; it must be above 0, or 0",
                          rate_hz);
}

pst_status pst_node_compressor(pst_stage **stage, const char *name,
                               const pst_compressor_config *config, pst_error *err) {
    const effect_spec spec = {.make = make_compressor, .compressor = *config};
    const pst_status status = check_rate(config->rate_hz, err);
    return status != PST_OK
               ? status
               : make_node(stage, name != NULL ? name : "compressor", &spec, NULL, 0, err);
}

pst_status pst_node_limiter(pst_stage **stage, const char *name, const pst_limiter_config *config,
                            pst_error *err) {
    const effect_spec spec = {.make = make_limiter, .limiter = *config};
    const pst_status status = check_rate(config->rate_hz, err);
    return status != PST_OK
               ? status
               : make_node(stage, name != NULL ? name : "limiter", &spec, NULL, 0, err);
}
