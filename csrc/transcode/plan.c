// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "transcode/job.h"

// What the result of a job is to be: as it was told, and where that leaves something open, as the
// input, as far as the codec can.

// ---- Formats ----------------------------------------------------------------------------------

static const pst_codec *codec_of(const pst_file_format *format) {
    return pst_encoding_codec(format->container, format->encoding);
}

enum { MAX_CHOICES = 6 };

// What may hold samples of a format, the best first; 0-terminated. No bits are lost before the
// codec leaves no other choice.
static const pst_format choices[][MAX_CHOICES + 1] = {
    [PST_FORMAT_F32] = {PST_FORMAT_F32, PST_FORMAT_F64, PST_FORMAT_I24, PST_FORMAT_I32,
                        PST_FORMAT_I16},
    [PST_FORMAT_F64] = {PST_FORMAT_F64, PST_FORMAT_F32, PST_FORMAT_I32, PST_FORMAT_I24,
                        PST_FORMAT_I16},
    [PST_FORMAT_I32] = {PST_FORMAT_I32, PST_FORMAT_F64, PST_FORMAT_I24, PST_FORMAT_F32,
                        PST_FORMAT_I16},
    [PST_FORMAT_I24] = {PST_FORMAT_I24, PST_FORMAT_I32, PST_FORMAT_F32, PST_FORMAT_F64,
                        PST_FORMAT_I16},
    [PST_FORMAT_I16] = {PST_FORMAT_I16, PST_FORMAT_I24, PST_FORMAT_I32, PST_FORMAT_F32},
    [PST_FORMAT_I8] = {PST_FORMAT_I8, PST_FORMAT_U8, PST_FORMAT_I16, PST_FORMAT_I24,
                       PST_FORMAT_I32},
    [PST_FORMAT_U8] = {PST_FORMAT_U8, PST_FORMAT_I8, PST_FORMAT_I16, PST_FORMAT_I24,
                       PST_FORMAT_I32},
};

// Chooses the samples of the result. What the codec says of the first choice is the error.
static pst_status choose_samples(pst_file_format *out, const pst_file_format *in,
                                 const pst_encoder_options *options, pst_error *err) {
    const pst_codec *decoder = pst_decoding_codec(in->container, in->encoding);
    const bool is_lossless = decoder == NULL || decoder->is_lossless;
    const pst_format *choice = choices[is_lossless ? in->sample_format : PST_FORMAT_I16];
    pst_status first = PST_OK;
    for (int i = 0; choice[i] != 0; ++i) {
        pst_error why = {.status = PST_OK};
        out->sample_format = choice[i];
        // Bits that were never there need not be stored.
        const bool keeps_bits = in->n_bits > 0 && choice[i] == in->sample_format &&
                                (out->encoding == PST_ENCODING_FLAC);
        out->n_bits = keeps_bits ? in->n_bits : 0;
        const pst_status status = pst_encoder_check(out, options, &why);
        if (status == PST_OK)
            return PST_OK;
        if (first == PST_OK && err != NULL)
            *err = why;
        first = first == PST_OK ? status : first;
    }
    return first;
}

pst_status pst_job_plan_format(const pst_job_config *config, const pst_file_format *in,
                               pst_file_format *out, pst_error *err) {
    *out = config->format;
    const pst_codec *codec = codec_of(out);
    if (codec != NULL)
        out->encoding = codec->encoding;
    if (out->n_channels == 0)
        out->n_channels = in->n_channels;
    if (out->rate_hz == 0) {
        out->rate_hz = in->rate_hz;
        out->rate_hz = pst_encoder_fit_rate(out);
    }
    return out->sample_format == 0 ? choose_samples(out, in, &config->options, err)
                                   : pst_encoder_check(out, &config->options, err);
}

static bool is_wide(pst_format format) {
    return format == PST_FORMAT_F64 || format == PST_FORMAT_I32 || format == PST_FORMAT_I24;
}

pst_format pst_job_plan_frames(const pst_decoder *decoder, const pst_file_format *out,
                               bool has_stages) {
    pst_decoder_info info;
    pst_decoder_get_info(decoder, &info);
    if (!has_stages)
        return pst_decoder_native(decoder);
    const pst_codec *codec = codec_of(out);
    return is_wide(info.format.sample_format) && codec->is_lossless && is_wide(out->sample_format)
               ? PST_FORMAT_F64
               : PST_FORMAT_F32;
}

// ---- Tags -------------------------------------------------------------------------------------

static bool has_key(const pst_tags *tags, const char *key) {
    for (uint32_t i = 0; tags != NULL && i < pst_tags_count(tags); ++i)
        if (strcmp(pst_tags_key(tags, i), key) == 0)
            return true;
    return false;
}

// Tells whether such a file can have a pair: what is odd in the input's tags is left out.
static pst_status look_at_pair(bool *can, const pst_file_format *out, const char *key,
                               const char *value, pst_error *err) {
    pst_tags *one = NULL;
    pst_status status = pst_tags_create(&one, err);
    if (status == PST_OK)
        status = pst_tags_add(one, key, value, err);
    pst_encoder_options options;
    pst_encoder_options_init(&options);
    options.tags = one;
    *can = status == PST_OK && pst_encoder_check(out, &options, NULL) == PST_OK;
    pst_tags_destroy(one);
    return status;
}

// Who has encoded the input has not encoded the result.
static bool is_kept(const pst_job *job, const char *key) {
    return strcmp(key, "encoder") != 0 && !has_key(job->tags, key);
}

static pst_status add_kept(pst_tags *merged, const pst_job *job, const pst_file_format *out,
                           const char *key, const char *value, pst_error *err) {
    if (!is_kept(job, key))
        return PST_OK;
    bool can = false;
    pst_status status = look_at_pair(&can, out, key, value, err);
    if (status == PST_OK && can)
        status = pst_tags_add(merged, key, value, err);
    return status == PST_LIMIT ? PST_OK : status; // There is no room for all of them.
}

pst_status pst_job_merge_tags(pst_tags **merged, const pst_job *job, const pst_file_format *out,
                              pst_error *err) {
    const bool keeps = job->config.keeps_tags && codec_of(out)->encoder->has_tags;
    pst_status status = pst_tags_create(merged, err);
    for (uint32_t i = 0; status == PST_OK && job->tags != NULL && i < pst_tags_count(job->tags);
         ++i)
        status =
            pst_tags_add(*merged, pst_tags_key(job->tags, i), pst_tags_value(job->tags, i), err);
    const pst_tags *told = pst_decoder_tags(job->decoder);
    for (uint32_t i = 0; status == PST_OK && keeps && i < pst_tags_count(told); ++i)
        status = add_kept(*merged, job, out, pst_tags_key(told, i), pst_tags_value(told, i), err);
    return status;
}

// ---- Checks -----------------------------------------------------------------------------------

static pst_status check_part(const pst_job_config *config, pst_error *err) {
    if (!(config->start_s >= 0.0) || !isfinite(config->start_s))
        return pst_fail(err, PST_BAD_ARGUMENT, 0, "start_s is %g; it must be at least 0",
                        config->start_s);
    if (isnan(config->duration_s))
        return pst_fail(err, PST_BAD_ARGUMENT, 0,
                        "duration_s is NaN; it must be a number of seconds, or negative");
    if (isnan(config->max_s))
        return pst_fail(err, PST_BAD_ARGUMENT, 0,
                        "max_s is NaN; it must be a number of seconds, or negative");
    if (config->max_frames < PST_UNLIMITED)
        return pst_fail(err, PST_BAD_ARGUMENT, 0,
                        "max_frames is %lld; it must be at least 0, or PST_UNLIMITED",
                        (long long)config->max_frames);
    if (config->max_bytes < PST_UNLIMITED)
        return pst_fail(err, PST_BAD_ARGUMENT, 0,
                        "max_bytes is %lld; it must be at least 0, or PST_UNLIMITED",
                        (long long)config->max_bytes);
    if (config->n_threads < 1 || config->n_threads > PST_JOB_MAX_THREADS)
        return pst_fail(err, PST_BAD_ARGUMENT, 0, "n_threads is %u; it must be from 1 to %d",
                        (unsigned)config->n_threads, (int)PST_JOB_MAX_THREADS);
    return PST_OK;
}

static pst_status check_gains(const pst_job_config *config, pst_error *err) {
    if (config->gains == NULL)
        return config->n_gain_sources == 0
                   ? PST_OK
                   : pst_fail(err, PST_BAD_ARGUMENT, 0,
                              "n_gain_sources is %u; it must be 0 where gains is NULL",
                              (unsigned)config->n_gain_sources);
    if (config->format.n_channels == 0)
        return pst_fail(err, PST_BAD_ARGUMENT, 0,
                        "format.n_channels is 0; gains need to know how many rows they have");
    if (config->n_gain_sources < 1 || config->n_gain_sources > PST_MAX_CHANNELS)
        return pst_fail(err, PST_BAD_ARGUMENT, 0, "n_gain_sources is %u; it must be from 1 to %d",
                        (unsigned)config->n_gain_sources, (int)PST_MAX_CHANNELS);
    const size_t n_gains = (size_t)config->n_gain_sources * config->format.n_channels;
    for (size_t i = 0; i < n_gains; ++i)
        if (!isfinite(config->gains[i]))
            return pst_fail(err, PST_BAD_ARGUMENT, 0,
                            "the gain of channel %zu from channel %zu is %g; it must be finite",
                            i / config->n_gain_sources, i % config->n_gain_sources,
                            (double)config->gains[i]);
    return PST_OK;
}

// Between equal rates there is nothing to make, but all of it is checked.
static pst_status check_resampler(const pst_job_config *config, pst_error *err) {
    pst_resampler_config resampler;
    pst_resampler_config_default(&resampler);
    resampler.quality = config->quality;
    resampler.engine = config->engine;
    pst_resampler *made = NULL;
    const pst_status status = pst_resampler_create(&made, &resampler, err);
    pst_resampler_destroy(made);
    return status;
}

// What the codec refuses whatever the input is like. What is left open takes usual values: one of
// them has to do, and the first one's error is the one to tell.
static pst_status check_format(const pst_job_config *config, pst_error *err) {
    static const uint32_t rates_hz[] = {44100, 48000, 22050, 24000, 8000};
    static const uint32_t channels[] = {2, 1, 6, 8};
    const pst_file_format *told = &config->format;
    if (told->sample_format == 0 && told->n_bits != 0)
        return pst_fail(err, PST_BAD_ARGUMENT, 0,
                        "format.n_bits is %u; it needs format.sample_format",
                        (unsigned)told->n_bits);
    pst_status first = PST_OK;
    for (size_t i = 0; i < sizeof rates_hz / sizeof *rates_hz; ++i)
        for (size_t k = 0; k < sizeof channels / sizeof *channels; ++k) {
            const pst_file_format in = {.container = PST_CONTAINER_WAV,
                                        .encoding = PST_ENCODING_PCM,
                                        .sample_format = PST_FORMAT_I16,
                                        .rate_hz = rates_hz[i],
                                        .n_channels = channels[k]};
            pst_file_format out;
            pst_error why = {.status = PST_OK};
            const pst_status status = pst_job_plan_format(config, &in, &out, &why);
            if (status == PST_OK)
                return PST_OK;
            if (first == PST_OK && err != NULL)
                *err = why;
            first = first == PST_OK ? status : first;
        }
    return first;
}

pst_status pst_job_check(const pst_job_config *config, pst_error *err) {
    if (config->input == NULL)
        return pst_fail(err, PST_BAD_ARGUMENT, 0, "input is NULL; there must be one");
    if ((config->file == NULL) == (config->output == NULL))
        return pst_fail(err, PST_BAD_ARGUMENT, 0, "one of file and output must be given");
    if (config->format.container == PST_CONTAINER_PACKETS)
        return pst_fail(err, PST_BAD_ARGUMENT, 0, "container is PACKETS, which is no file");
    pst_status status = check_part(config, err);
    if (status == PST_OK)
        status = check_gains(config, err);
    if (status == PST_OK)
        status = check_resampler(config, err);
    if (status == PST_OK && config->raw != NULL && config->raw->container != PST_CONTAINER_RAW)
        return pst_fail(err, PST_BAD_ARGUMENT, 0, "raw->container is %d; it must be RAW",
                        (int)config->raw->container);
    if (status == PST_OK && config->raw != NULL)
        status = pst_encoder_check(config->raw, NULL, err);
    return status == PST_OK ? check_format(config, err) : status;
}
