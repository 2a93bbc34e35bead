// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

// Refuses files that cannot be, before anything is written.

#include "base/error.h"
#include "codec/codec.h"

void pst_encoder_options_init(pst_encoder_options *options) PST_RT {
    *options = (pst_encoder_options){.quality = -1.0, .compression = -1, .n_frames = -1};
}

static pst_status check_ranges(const pst_file_format *format, pst_error *err) {
    if (pst_usual_encoding(format->container) == PST_ENCODING_DEFAULT)
        return pst_fail(err, PST_BAD_ARGUMENT, 0, "container is %d, which is no container",
                        (int)format->container);
    if (pst_format_bytes(format->sample_format) == 0)
        return pst_fail(err, PST_BAD_ARGUMENT, 0, "sample_format is %d, which is no format",
                        (int)format->sample_format);
    if ((unsigned)format->byte_order > PST_BYTES_BIG)
        return pst_fail(err, PST_BAD_ARGUMENT, 0, "byte_order is %d, which is no byte order",
                        (int)format->byte_order);
    if (format->rate_hz < 1 || format->rate_hz > PST_FILE_MAX_RATE_HZ)
        return pst_fail(err, PST_BAD_ARGUMENT, 0,
                        "samplerate is %u; a sound file's must be from 1 to %d Hz",
                        (unsigned)format->rate_hz, (int)PST_FILE_MAX_RATE_HZ);
    if (format->n_channels < 1 || format->n_channels > PST_MAX_CHANNELS)
        return pst_fail(err, PST_BAD_ARGUMENT, 0,
                        "channels is %u; a sound file can have 1 to %d channels",
                        (unsigned)format->n_channels, (int)PST_MAX_CHANNELS);
    return PST_OK;
}

static pst_status lacks_codec(const pst_file_format *format, pst_error *err) {
    const pst_encoding encoding = format->encoding == PST_ENCODING_DEFAULT
                                      ? pst_usual_encoding(format->container)
                                      : format->encoding;
    return pst_fail(err, PST_UNSUPPORTED, 0, "This build cannot write %s in %s files",
                    pst_encoding_name(encoding), pst_container_name(format->container));
}

static pst_status check_rate(const pst_encoder_ops *ops, const pst_file_format *format,
                             const char *name, pst_error *err) {
    if (ops->rates_hz == NULL) {
        if (format->rate_hz <= ops->max_rate_hz)
            return PST_OK;
        return pst_fail(err, PST_BAD_ARGUMENT, 0, "samplerate is %u; %s can have at most %u Hz",
                        (unsigned)format->rate_hz, name, (unsigned)ops->max_rate_hz);
    }
    for (const uint32_t *rate_hz = ops->rates_hz; *rate_hz != 0; ++rate_hz)
        if (*rate_hz == format->rate_hz)
            return PST_OK;
    return pst_fail(err, PST_BAD_ARGUMENT, 0,
                    "samplerate is %u, which %s cannot have; the next that it can is %u",
                    (unsigned)format->rate_hz, name, (unsigned)pst_encoder_fit_rate(format));
}

static pst_status refuse_opus(const pst_opus_options *opus, const char *name, pst_error *err) {
    const char *what = opus->application != PST_OPUS_AUDIO ? "application"
                       : opus->packet_us != 0              ? "packet_ms"
                       : opus->has_fec                     ? "fec"
                       : opus->expected_loss_percent != 0  ? "expected_loss"
                       : opus->has_dtx                     ? "dtx"
                                                           : NULL;
    if (what == NULL)
        return PST_OK;
    return pst_fail(err, PST_BAD_ARGUMENT, 0, "%s was given; %s has no such choice, OPUS has", what,
                    name);
}

static pst_status check_options(const pst_encoder_ops *ops, const pst_encoder_options *options,
                                const char *name, pst_error *err) {
    if ((unsigned)options->bitrate_mode > PST_BITRATE_AVERAGE)
        return pst_fail(err, PST_BAD_ARGUMENT, 0, "bitrate_mode is %d, which is no mode",
                        (int)options->bitrate_mode);
    if ((unsigned)options->dither > PST_DITHER_TPDF)
        return pst_fail(err, PST_BAD_ARGUMENT, 0, "dither is %d, which is no dither",
                        (int)options->dither);
    if (!ops->has_bitrate && options->bitrate_bps == 0 && options->bitrate_mode != 0)
        return pst_fail(err, PST_BAD_ARGUMENT, 0,
                        "bitrate_mode was given; %s has no bitrate that could be chosen", name);
    if (!ops->has_bitrate && options->bitrate_bps != 0)
        return pst_fail(err, PST_BAD_ARGUMENT, 0,
                        "bitrate is %u; %s has no bitrate that could be chosen",
                        (unsigned)options->bitrate_bps, name);
    if (options->quality >= 0.0 && !ops->has_quality)
        return pst_fail(err, PST_BAD_ARGUMENT, 0, "quality is %g; %s has no such choice",
                        options->quality, name);
    if (!(options->quality <= 1.0))
        return pst_fail(err, PST_BAD_ARGUMENT, 0, "quality is %g; it must be from 0 to 1",
                        options->quality);
    if (options->quality >= 0.0 && options->bitrate_bps != 0)
        return pst_fail(err, PST_BAD_ARGUMENT, 0, "quality is %g and bitrate %u; give one of them",
                        options->quality, (unsigned)options->bitrate_bps);
    if (options->compression >= 0 && ops->max_compression < 0)
        return pst_fail(err, PST_BAD_ARGUMENT, 0, "compression is %d; %s has no such choice",
                        (int)options->compression, name);
    if (options->compression < -1 || options->compression > ops->max_compression)
        return options->compression == -1
                   ? PST_OK
                   : pst_fail(err, PST_BAD_ARGUMENT, 0,
                              "compression is %d; for %s it must be from 0 to %d",
                              (int)options->compression, name, (int)ops->max_compression);
    if (options->tags != NULL && pst_tags_count(options->tags) > 0 && !ops->has_tags)
        return pst_fail(err, PST_BAD_ARGUMENT, 0, "%s files cannot have tags", name);
    return ops->has_opus ? PST_OK : refuse_opus(&options->opus, name, err);
}

pst_status pst_encoder_check(const pst_file_format *format, const pst_encoder_options *options,
                             pst_error *err) {
    pst_status status = check_ranges(format, err);
    if (status != PST_OK)
        return status;
    const pst_codec *codec = pst_encoding_codec(format->container, format->encoding);
    if (codec == NULL)
        return lacks_codec(format, err);
    const pst_encoder_ops *ops = codec->encoder;
    const char *name = codec->encoding == PST_ENCODING_PCM ? pst_container_name(format->container)
                                                           : pst_encoding_name(codec->encoding);
    if (format->n_channels > ops->max_channels)
        return pst_fail(err, PST_BAD_ARGUMENT, 0, "channels is %u; %s can have 1 to %u",
                        (unsigned)format->n_channels, name, (unsigned)ops->max_channels);
    status = check_rate(ops, format, name, err);
    pst_encoder_options defaults;
    pst_encoder_options_init(&defaults);
    if (options == NULL)
        options = &defaults;
    if (status == PST_OK)
        status = check_options(ops, options, name, err);
    if (status == PST_OK && ops->check != NULL)
        status = ops->check(format, options, err);
    return status;
}

uint32_t pst_encoder_fit_rate(const pst_file_format *format) {
    const pst_codec *codec = pst_encoding_codec(format->container, format->encoding);
    if (codec == NULL)
        return format->rate_hz;
    const pst_encoder_ops *ops = codec->encoder;
    const uint32_t *rates_hz = ops->rates_hz;
    if (rates_hz == NULL)
        return format->rate_hz < ops->min_rate_hz   ? ops->min_rate_hz
               : format->rate_hz > ops->max_rate_hz ? ops->max_rate_hz
                                                    : format->rate_hz;
    while (rates_hz[0] < format->rate_hz && rates_hz[1] != 0)
        ++rates_hz;
    return rates_hz[0];
}
