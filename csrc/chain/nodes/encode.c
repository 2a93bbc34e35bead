// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include <math.h>

#include "base/alloc.h"
#include "base/error.h"
#include "chain/row.h"
#include "codec/codec.h"
#include "pastream/codec_nodes.h"

// Frames go through a row of stages, which is empty unless their rate has to fit, into an encoder
// that is made when the first of them come; its packets go on.

typedef struct encode_stage {
    pst_stage base;
    char *name;
    pst_encode_config config;
    pst_tags *tags; // Of its options.
    // Of the stream under way:
    pst_push_encoder *encoder; // NULL: there is none.
    pst_media media;           // What comes in.
    pst_stage *fit[PST_FIT_MAX_STAGES];
    pst_row row;
    bool is_taken;   // The piece at hand is in the encoder.
    bool is_drained; // All is.
    pst_convert_counts counted;
    pst_packet packet; // That was given last.
    pst_media packets;
} encode_stage;

void pst_encode_config_default(pst_encode_config *config) PST_RT {
    *config = (pst_encode_config){.quality = PST_RESAMPLE_BEST};
    pst_push_encoder_config_default(&config->encoder);
    config->encoder.format.rate_hz = 0;
    config->encoder.format.n_channels = 0;
    config->encoder.format.sample_format = (pst_format)0;
}

// ---- A stream ----------------------------------------------------------------------------------

static void end_stream(encode_stage *self) {
    pst_push_encoder_destroy(self->encoder);
    self->encoder = NULL;
    for (uint32_t i = 0; i < self->row.n_stages; ++i)
        pst_stage_destroy(self->fit[i]);
    self->row.n_stages = 0;
    self->is_taken = self->is_drained = false;
    self->counted = (pst_convert_counts){0, 0};
}

static pst_status put(void *user, const pst_piece *piece, pst_error *err) {
    const encode_stage *self = user;
    return pst_push_encoder_write(self->encoder, piece->data, piece->media->format, piece->n_frames,
                                  false, piece->frame, err);
}

static const pst_row_ops row_ops = {.emit = put};

static bool is_wide(pst_format format) {
    return format == PST_FORMAT_F64 || format == PST_FORMAT_I32 || format == PST_FORMAT_I24;
}

static pst_status fit_rate(encode_stage *self, const pst_media *media, uint32_t rate_hz,
                           pst_error *err) {
    const pst_source source = {
        .format = media->format, .n_channels = media->n_channels, .rate_hz = media->rate_hz};
    const pst_sink sink = {.format = is_wide(media->format) ? PST_FORMAT_F64 : PST_FORMAT_F32,
                           .n_channels = media->n_channels,
                           .rate_hz = rate_hz};
    pst_fit fit;
    pst_fit_default(&fit);
    fit.quality = self->config.quality;
    return pst_chain_fit(self->fit, &self->row.n_stages, &source, &sink, &fit, err);
}

// Returns how samples are stored, if nobody has told: as they are, or in the next best way.
static pst_format choose_samples(const pst_file_format *format, pst_format came) {
    static const pst_format others[] = {
        [PST_FORMAT_F32] = PST_FORMAT_I24, [PST_FORMAT_F64] = PST_FORMAT_I24,
        [PST_FORMAT_I32] = PST_FORMAT_I32, [PST_FORMAT_I24] = PST_FORMAT_I24,
        [PST_FORMAT_I16] = PST_FORMAT_I16, [PST_FORMAT_I8] = PST_FORMAT_U8,
        [PST_FORMAT_U8] = PST_FORMAT_I8};
    pst_file_format tried = *format;
    tried.sample_format = came;
    return pst_encoder_check(&tried, NULL, NULL) == PST_OK ? came : others[came];
}

// Tells what is encoded when such frames come.
static pst_status tell_format(const encode_stage *self, const pst_media *media,
                              pst_file_format *format, pst_error *err) {
    *format = self->config.encoder.format;
    if (format->n_channels == 0)
        format->n_channels = media->n_channels;
    if (format->rate_hz == 0) {
        if (!(media->rate_hz >= 1.0 && media->rate_hz <= PST_FILE_MAX_RATE_HZ))
            return pst_fail(err, PST_BAD_ARGUMENT, 0,
                            "the frames come at %g Hz; to be encoded, their rate must be told and "
                            "be from 1 to %d Hz",
                            media->rate_hz, (int)PST_FILE_MAX_RATE_HZ);
        format->rate_hz = (uint32_t)llround(media->rate_hz);
    }
    if (self->config.fits_rate)
        format->rate_hz = pst_encoder_fit_rate(format);
    if (format->sample_format == 0)
        format->sample_format = choose_samples(format, media->format);
    return PST_OK;
}

static pst_status begin_stream(encode_stage *self, const pst_media *media, pst_error *err) {
    pst_push_encoder_config config = self->config.encoder;
    pst_status status = tell_format(self, media, &config.format, err);
    if (status == PST_OK && !pst_is_same_rate(media->rate_hz, config.format.rate_hz))
        status = fit_rate(self, media, config.format.rate_hz, err);
    if (status == PST_OK)
        status = pst_push_encoder_create(&self->encoder, &config, err);
    if (status != PST_OK) {
        end_stream(self);
        return status;
    }
    self->media = *media;
    return PST_OK;
}

// Gives the next packet on, if there is one.
static void give(encode_stage *self, pst_piece *out) {
    if (self->encoder == NULL || pst_push_encoder_next(self->encoder, &self->packet) != PST_OK)
        return;
    self->packets = (pst_media){.kind = PST_MEDIA_PACKETS};
    *out = (pst_piece){.data = (const uint8_t *)(const void *)&self->packet,
                       .n_frames = 1,
                       .frame = self->packet.pts == PST_NO_PTS ? 0 : self->packet.pts,
                       .is_whole = true,
                       .media = &self->packets};
}

static void count(encode_stage *self) {
    pst_push_encoder_info info;
    pst_push_encoder_get_info(self->encoder, &info);
    const pst_convert_counts more = {info.counts.n_clipped - self->counted.n_clipped,
                                     info.counts.n_nonfinite - self->counted.n_nonfinite};
    self->counted = info.counts;
    pst_stage_count(&self->base, &more);
}

// ---- The stage ---------------------------------------------------------------------------------

// A stream that may be empty is one if it is known what it would hold.
static pst_status begin_empty(encode_stage *self, pst_error *err) {
    const pst_file_format *format = &self->config.encoder.format;
    if (format->rate_hz == 0 || format->n_channels == 0)
        return PST_OK;
    const pst_media media = {.kind = PST_MEDIA_FRAMES,
                             .format = PST_FORMAT_F32,
                             .n_channels = format->n_channels,
                             .rate_hz = format->rate_hz};
    return begin_stream(self, &media, err);
}

static pst_status encode_drain(pst_stage *stage, pst_piece *out, pst_error *err) {
    encode_stage *self = (encode_stage *)stage;
    pst_status status = PST_OK;
    if (!self->is_drained && self->encoder == NULL)
        status = begin_empty(self, err);
    if (status == PST_OK && !self->is_drained && self->encoder != NULL) {
        status = pst_row_drain(&self->row, err);
        if (status == PST_OK)
            status = pst_push_encoder_end(self->encoder, err);
        count(self);
    }
    self->is_drained = true;
    if (status == PST_OK)
        give(self, out);
    return status;
}

static pst_status encode_process(pst_stage *stage, const pst_piece *in, uint64_t *n_used,
                                 pst_piece *out, pst_error *err) {
    encode_stage *self = (encode_stage *)stage;
    pst_status status = PST_OK;
    if (!self->is_taken && self->encoder != NULL && !pst_media_fits(&self->media, in->media)) {
        // Other frames are another stream: this one ends first.
        status = encode_drain(stage, out, err);
        if (status != PST_OK || out->n_frames > 0)
            return status;
        end_stream(self);
    }
    if (self->encoder == NULL)
        status = begin_stream(self, in->media, err);
    if (status == PST_OK && !self->is_taken) {
        pst_piece piece = *in;
        piece.is_whole = false;
        status = pst_row_give(&self->row, &piece, err);
        self->is_taken = true;
        count(self);
    }
    if (status == PST_OK)
        give(self, out);
    if (status != PST_OK || out->n_frames > 0)
        return status;
    *n_used = in->n_frames;
    self->is_taken = false;
    return PST_OK;
}

static pst_status encode_reset(pst_stage *stage, pst_error *err) {
    (void)err;
    end_stream((encode_stage *)stage);
    return PST_OK;
}

static void encode_deinit(pst_stage *stage) {
    encode_stage *self = (encode_stage *)stage;
    end_stream(self);
    pst_tags_destroy(self->tags);
    pst_free(self->name);
}

static const pst_stage_ops encode_ops = {
    .name = "encoder",
    .process = encode_process,
    .drain = encode_drain,
    .reset = encode_reset,
    .deinit = encode_deinit,
};

// As far as it is known what will come. What depends on it is left out of the options.
static pst_status check(const pst_encode_config *config, pst_error *err) {
    pst_file_format format = config->encoder.format;
    const bool is_known = format.rate_hz != 0 && format.n_channels != 0;
    if (config->encoder.chunk_frames > PST_PUSH_MAX_CHUNK_FRAMES)
        return pst_fail(err, PST_BAD_ARGUMENT, 0, "chunk_frames is %u; it must be at most %d",
                        (unsigned)config->encoder.chunk_frames, (int)PST_PUSH_MAX_CHUNK_FRAMES);
    if (format.n_channels == 0)
        format.n_channels = 1;
    if (format.rate_hz == 0)
        format.rate_hz = 48000;
    if (config->fits_rate || config->encoder.format.rate_hz == 0)
        format.rate_hz = pst_encoder_fit_rate(&format);
    if (format.sample_format == 0)
        format.sample_format = choose_samples(&format, PST_FORMAT_F32);
    return pst_encoder_check(&format, is_known ? &config->encoder.options : NULL, err);
}

static pst_status fill(encode_stage *self, const char *name, const pst_encode_config *config,
                       pst_error *err) {
    self->row = (pst_row){.stages = self->fit, .ops = &row_ops, .user = self};
    self->config = *config;
    self->config.encoder.options.tags = NULL;
    self->name = pst_alloc_text(name == NULL ? encode_ops.name : name);
    if (self->name == NULL)
        return pst_fail_memory(err);
    self->base.name = self->name;
    if (config->encoder.options.tags == NULL)
        return PST_OK;
    const pst_status status = pst_tags_copy(&self->tags, config->encoder.options.tags, err);
    self->config.encoder.options.tags = self->tags;
    return status;
}

pst_status pst_node_encode(pst_stage **stage, const char *name, const pst_encode_config *config,
                           pst_error *err) {
    pst_status status = check(config, err);
    if (status != PST_OK)
        return status;
    const pst_file_format *format = &config->encoder.format;
    const pst_media in = {.kind = PST_MEDIA_FRAMES,
                          .n_channels = format->n_channels,
                          .rate_hz = config->fits_rate ? 0.0 : (double)format->rate_hz};
    const pst_media out = {.kind = PST_MEDIA_PACKETS};
    pst_stage *made = NULL;
    status = pst_stage_create_open(&made, sizeof(encode_stage), &encode_ops, &in, &out, err);
    if (status != PST_OK)
        return status;
    status = fill((encode_stage *)made, name, config, err);
    if (status == PST_OK)
        *stage = made;
    else
        pst_stage_destroy(made);
    return status;
}
