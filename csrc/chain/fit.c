// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "chain/graph_effect.h"

// Which stages stand between a source and a sink that are not alike. Channels are changed where
// there are fewer of them to be resampled. Everything between two integers is computed with floats,
// and rounded once.

void pst_fit_default(pst_fit *fit) PST_RT {
    *fit = (pst_fit){.quality = PST_RESAMPLE_BEST};
}

static bool is_wide(pst_format format) {
    return format == PST_FORMAT_F64 || format == PST_FORMAT_I32 || format == PST_FORMAT_I24;
}

typedef struct fitting {
    const pst_fit *fit;
    pst_stage **stages;
    uint32_t n_stages;
    pst_format format; // Behind the last stage.
    uint32_t n_channels;
} fitting;

static pst_status add_remix(fitting *self, pst_format format, uint32_t n_channels, pst_error *err) {
    const pst_status status =
        pst_stage_remix(&self->stages[self->n_stages], self->format, self->n_channels, format,
                        n_channels, self->fit->gains, err);
    if (status != PST_OK)
        return status;
    ++self->n_stages;
    self->format = format;
    self->n_channels = n_channels;
    return PST_OK;
}

static pst_status add_convert(fitting *self, pst_format format, pst_error *err) {
    if (self->format == format)
        return PST_OK;
    const pst_status status =
        pst_stage_convert(&self->stages[self->n_stages], self->format, format, self->n_channels,
                          self->fit->dither, self->fit->seed, err);
    if (status != PST_OK)
        return status;
    ++self->n_stages;
    self->format = format;
    return PST_OK;
}

static pst_status add_resample(fitting *self, double from_hz, double to_hz, pst_error *err) {
    pst_resampler_config config;
    pst_resampler_config_default(&config);
    config.from_hz = from_hz;
    config.to_hz = to_hz;
    config.n_channels = self->n_channels;
    config.format = self->format;
    config.quality = self->fit->quality;
    config.engine = self->fit->engine;
    const pst_status status = pst_stage_resample(&self->stages[self->n_stages], &config, err);
    self->n_stages += status == PST_OK;
    return status;
}

static pst_status add_graph(fitting *self, pst_format format, double rate_hz, pst_error *err) {
    pst_status status = add_convert(self, format, err);
    if (status != PST_OK)
        return status;
    const pst_media media = {.format = format, .n_channels = self->n_channels, .rate_hz = rate_hz};
    status = pst_stage_graph(&self->stages[self->n_stages], &media, self->fit->graph, err);
    self->n_stages += status == PST_OK;
    return status;
}

static pst_status add_all(fitting *self, const pst_source *source, const pst_sink *sink,
                          pst_error *err) {
    const pst_fit *fit = self->fit;
    const double from_hz = fit->source_rate_hz > 0.0 ? fit->source_rate_hz : source->rate_hz;
    const double to_hz = fit->sink_rate_hz > 0.0 ? fit->sink_rate_hz : sink->rate_hz;
    const bool resamples = !pst_is_same_rate(from_hz, to_hz);
    const bool remixes = source->n_channels != sink->n_channels || fit->gains != NULL;
    const bool remixes_first = remixes && sink->n_channels <= source->n_channels;
    const pst_format middle =
        is_wide(source->format) && is_wide(sink->format) ? PST_FORMAT_F64 : PST_FORMAT_F32;
    // Noise is for the last step.
    const bool is_last = fit->dither == PST_DITHER_NONE && fit->graph == NULL;
    const pst_format mixed = is_last ? sink->format : middle;
    pst_status status = PST_OK;
    if (remixes_first)
        status = add_remix(self, resamples ? middle : mixed, sink->n_channels, err);
    if (status == PST_OK && resamples)
        status = add_convert(self, middle, err);
    if (status == PST_OK && resamples)
        status = add_resample(self, from_hz, to_hz, err);
    if (status == PST_OK && remixes && !remixes_first)
        status = add_remix(self, mixed, sink->n_channels, err);
    if (status == PST_OK && fit->graph != NULL)
        status = add_graph(self, middle, to_hz, err);
    if (status == PST_OK)
        status = add_convert(self, sink->format, err);
    return status;
}

pst_status pst_chain_fit(pst_stage **stages, uint32_t *n_stages, const pst_source *source,
                         const pst_sink *sink, const pst_fit *fit, pst_error *err) {
    pst_fit defaults;
    pst_fit_default(&defaults);
    fitting made = {.fit = fit != NULL ? fit : &defaults,
                    .stages = stages,
                    .format = source->format,
                    .n_channels = source->n_channels};
    *n_stages = 0;
    const pst_status status = add_all(&made, source, sink, err);
    if (status != PST_OK)
        while (made.n_stages > 0)
            pst_stage_destroy(stages[--made.n_stages]);
    *n_stages = made.n_stages;
    return status;
}
