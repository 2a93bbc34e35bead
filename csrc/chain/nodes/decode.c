// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include <math.h>

#include "base/alloc.h"
#include "base/error.h"
#include "chain/stage.h"
#include "pastream/codec_nodes.h"

// Each packet goes into a decoder, and all that can be read then goes on.

enum { ROOM_BYTES = 32768 }; // Of frames that are read at once.

typedef struct decode_stage {
    pst_stage base;
    char *name;
    pst_push_decoder *decoder;
    pst_format format; // 0: the decoder's own.
    uint32_t conceal_frames;
    bool is_taken;  // The packet at hand is in the decoder.
    bool has_given; // Frames; the next one is due at:
    int64_t due;
    pst_media media; // What comes out.
    uint8_t *room;
} decode_stage;

void pst_decode_config_default(pst_decode_config *config) PST_RT {
    *config = (pst_decode_config){.format = (pst_format)0};
    pst_push_decoder_config_default(&config->decoder);
}

// Gives what can be read, if anything.
static pst_status give(decode_stage *self, pst_piece *out, pst_error *err) {
    pst_push_decoder_info info;
    pst_push_decoder_get_info(self->decoder, &info);
    if (!info.is_known)
        return PST_OK;
    self->media = (pst_media){.kind = PST_MEDIA_FRAMES,
                              .format = self->format != 0 ? self->format : info.native,
                              .n_channels = info.format.n_channels,
                              .rate_hz = info.format.rate_hz};
    uint64_t n_read = 0;
    int64_t frame = 0;
    const pst_status status =
        pst_push_decoder_read(self->decoder, self->room, self->media.format, false,
                              ROOM_BYTES / pst_media_bytes(&self->media), &n_read, &frame, err);
    if (n_read > 0) {
        *out = (pst_piece){
            .data = self->room, .n_frames = n_read, .frame = frame, .media = &self->media};
        self->has_given = true;
        self->due = frame + (int64_t)n_read;
    }
    return status < 0 ? status : PST_OK;
}

// ---- What is missing ---------------------------------------------------------------------------

// How many frames are missing in front of a packet; 0 also if that is not known.
static double missing_frames(const decode_stage *self, const pst_packet *packet) {
    if (!self->has_given || packet->pts == PST_NO_PTS || packet->time_base_den == 0)
        return 0.0;
    const double unit = self->media.rate_hz * packet->time_base_num / packet->time_base_den;
    const double n = (double)packet->pts * unit - (double)self->due;
    return n > 0.5 && n >= unit ? n : 0.0; // Times are rounded to units.
}

// Streams in containers cannot be mended, which is no error.
static pst_status conceal(decode_stage *self, int64_t n_frames, const pst_packet *next,
                          pst_error *err) {
    const pst_status status =
        pst_push_decoder_conceal(self->decoder, n_frames, next == NULL ? NULL : next->data,
                                 next == NULL ? 0 : next->n_bytes, err);
    return status == PST_BAD_STATE || status == PST_BAD_FILE ? PST_OK : status;
}

static pst_status take(decode_stage *self, const pst_packet *packet, pst_error *err) {
    const double n_missing = missing_frames(self, packet);
    pst_status status = PST_OK;
    if (n_missing > 0.0 && n_missing < (double)self->conceal_frames + 0.5)
        status = conceal(self, llround(n_missing), packet, err);
    if (status == PST_OK)
        status = pst_push_decoder_write_packet(self->decoder, packet, err);
    if (status == PST_BAD_FILE && self->conceal_frames > 0 && self->has_given)
        status = pst_push_decoder_conceal(self->decoder, 0, NULL, 0, NULL) == PST_OK ? PST_OK
                                                                                     : PST_BAD_FILE;
    return status;
}

// ---- The stage ---------------------------------------------------------------------------------

static pst_status decode_process(pst_stage *stage, const pst_piece *in, uint64_t *n_used,
                                 pst_piece *out, pst_error *err) {
    decode_stage *self = (decode_stage *)stage;
    const pst_packet *packet = (const pst_packet *)(const void *)in->data;
    pst_status status = PST_OK;
    if (!self->is_taken)
        status = take(self, packet, err);
    self->is_taken = true;
    if (status == PST_OK)
        status = give(self, out, err);
    if (status != PST_OK || out->n_frames > 0)
        return status;
    *n_used = 1;
    self->is_taken = false;
    return PST_OK;
}

static pst_status decode_drain(pst_stage *stage, pst_piece *out, pst_error *err) {
    decode_stage *self = (decode_stage *)stage;
    const pst_status status = pst_push_decoder_end(self->decoder, err); // Once.
    return status == PST_OK ? give(self, out, err) : status;
}

static pst_status decode_reset(pst_stage *stage, pst_error *err) {
    decode_stage *self = (decode_stage *)stage;
    self->is_taken = self->has_given = false;
    return pst_push_decoder_reset(self->decoder, err);
}

static void decode_deinit(pst_stage *stage) {
    decode_stage *self = (decode_stage *)stage;
    pst_push_decoder_destroy(self->decoder);
    pst_free(self->room);
    pst_free(self->name);
}

static const pst_stage_ops decode_ops = {
    .name = "decoder",
    .process = decode_process,
    .drain = decode_drain,
    .reset = decode_reset,
    .deinit = decode_deinit,
};

static pst_status fill(decode_stage *self, const char *name, const pst_decode_config *config,
                       pst_error *err) {
    self->format = config->format;
    self->conceal_frames = config->conceal_frames;
    self->name = pst_alloc_text(name == NULL ? decode_ops.name : name);
    self->room = pst_alloc(ROOM_BYTES);
    if (self->name == NULL || self->room == NULL)
        return pst_fail_memory(err);
    self->base.name = self->name;
    return pst_push_decoder_create(&self->decoder, &config->decoder, err);
}

pst_status pst_node_decode(pst_stage **stage, const char *name, const pst_decode_config *config,
                           pst_error *err) {
    if (config->format != 0 && pst_format_bytes(config->format) == 0)
        return pst_fail(err, PST_BAD_ARGUMENT, 0, "format is %d, which is no sample format",
                        (int)config->format);
    if (config->conceal_frames > PST_PUSH_MAX_CHUNK_FRAMES)
        return pst_fail(err, PST_BAD_ARGUMENT, 0, "conceal_frames is %u; it must be at most %d",
                        (unsigned)config->conceal_frames, (int)PST_PUSH_MAX_CHUNK_FRAMES);
    const pst_media in = {.kind = PST_MEDIA_PACKETS};
    const pst_media out = {.kind = PST_MEDIA_FRAMES, .format = (pst_format)0};
    pst_stage *made = NULL;
    pst_status status =
        pst_stage_create_open(&made, sizeof(decode_stage), &decode_ops, &in, &out, err);
    if (status != PST_OK)
        return status;
    status = fill((decode_stage *)made, name, config, err);
    if (status == PST_OK)
        *stage = made;
    else
        pst_stage_destroy(made);
    return status;
}
