// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "codec/push/push_decoder.h"

#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "core/planes.h"

enum {
    // Decoding stops for a while when so much waits: a few bytes may stand for hours of silence.
    FULL_BYTES = 1 << 26,
    PIECE_BYTES = 1 << 14 // Of samples, on their way to planes.
};

// ---- Making ----------------------------------------------------------------------------------

void pst_push_decoder_config_default(pst_push_decoder_config *config) PST_RT {
    *config = (pst_push_decoder_config){.n_frames = -1};
}

static const pst_push_engine *engine_for(const pst_push_decoder_config *config) {
    if (config->container == PST_CONTAINER_PACKETS)
        return &pst_push_packets;
    // Opus comes in Ogg or as packets; what the packets do not say, a page would.
    const bool may_be_packets =
        config->container == 0 &&
        (config->encoding == PST_ENCODING_OPUS || config->encoding == PST_ENCODING_AAC) &&
        pst_decoding_codec(PST_CONTAINER_PACKETS, config->encoding) != NULL;
    if (may_be_packets && config->n_extradata > 0)
        return &pst_push_packets;
    return may_be_packets && config->encoding == PST_ENCODING_OPUS ? &pst_push_guess
                                                                   : &pst_push_stream;
}

static pst_status check_kind(const pst_push_decoder_config *config, pst_error *err) {
    const bool is_raw = config->container == PST_CONTAINER_RAW;
    if (config->container < 0 || config->container > PST_CONTAINER_PACKETS)
        return pst_fail(err, PST_BAD_ARGUMENT, 0, "container is %d, which is no container",
                        (int)config->container);
    if (config->encoding < 0 || config->encoding > PST_ENCODING_GSM)
        return pst_fail(err, PST_BAD_ARGUMENT, 0, "encoding is %d, which is no encoding",
                        (int)config->encoding);
    if (is_raw != (config->raw != NULL))
        return pst_fail(err, PST_BAD_ARGUMENT, 0,
                        is_raw ? "raw is NULL; RAW samples need to be told what they are"
                               : "raw is given, but container is not RAW");
    if (is_raw && config->raw->container != PST_CONTAINER_RAW)
        return pst_fail(err, PST_BAD_ARGUMENT, 0, "raw->container is %d; it must be RAW",
                        (int)config->raw->container);
    if (config->container == PST_CONTAINER_PACKETS && config->encoding == PST_ENCODING_DEFAULT)
        return pst_fail(err, PST_BAD_ARGUMENT, 0,
                        "encoding is not told; packets without a container do not tell it");
    if (is_raw)
        return pst_encoder_check(config->raw, NULL, err);
    if (config->container != 0 && pst_decoding_codec(config->container, config->encoding) == NULL)
        return pst_fail(err, PST_UNSUPPORTED, 0, "This build cannot decode %s in %s",
                        config->encoding == 0 ? "what is usual"
                                              : pst_encoding_name(config->encoding),
                        pst_container_name(config->container));
    return PST_OK;
}

static pst_status check_config(const pst_push_decoder_config *config, pst_error *err) {
    if (config->skip_frames < 0)
        return pst_fail(err, PST_BAD_ARGUMENT, 0, "skip_frames is %lld; it must not be negative",
                        (long long)config->skip_frames);
    if (config->n_frames < -1)
        return pst_fail(err, PST_BAD_ARGUMENT, 0, "n_frames is %lld; it must be -1 or more",
                        (long long)config->n_frames);
    const pst_status status = check_kind(config, err);
    if (status != PST_OK)
        return status;
    const bool is_packets = engine_for(config) != &pst_push_stream;
    if (config->n_extradata > 0 && !is_packets)
        return pst_fail(err, PST_BAD_ARGUMENT, 0,
                        "extradata is given; only packets without a container have any");
    if (config->n_channels > 0 && !is_packets)
        return pst_fail(err, PST_BAD_ARGUMENT, 0,
                        "channels is %u; only packets without a container do not tell themselves",
                        (unsigned)config->n_channels);
    if (config->n_channels > PST_MAX_CHANNELS)
        return pst_fail(err, PST_BAD_ARGUMENT, 0, "channels is %u; there can be 1 to %d",
                        (unsigned)config->n_channels, (int)PST_MAX_CHANNELS);
    return PST_OK;
}

static pst_status copy_config(pst_push_decoder *decoder, const pst_push_decoder_config *config,
                              pst_error *err) {
    decoder->config = *config;
    if (config->raw != NULL) {
        decoder->raw = *config->raw;
        decoder->config.raw = &decoder->raw;
    }
    decoder->config.extradata = NULL;
    if (config->n_extradata == 0)
        return PST_OK;
    decoder->extradata = pst_alloc((size_t)config->n_extradata);
    if (decoder->extradata == NULL)
        return pst_fail_memory(err);
    memcpy(decoder->extradata, config->extradata, (size_t)config->n_extradata);
    decoder->config.extradata = decoder->extradata;
    return PST_OK;
}

// Forgets everything but the config.
static void forget(pst_push_decoder *decoder) {
    decoder->engine->close(decoder);
    decoder->engine = engine_for(&decoder->config);
    decoder->guess_bytes = 0;
    pst_byte_queue_free(&decoder->frames);
    pst_push_times_free(&decoder->times);
    decoder->is_known = decoder->is_ended = decoder->is_over = false;
    decoder->info = (pst_decoder_info){.n_frames = -1};
    decoder->skipped_frames = 0;
    decoder->native = 0;
    decoder->damage = (pst_damage){.first_frame = -1};
    decoder->failure = (pst_error){0};
    decoder->frame_bytes = 0;
    decoder->n_decoded = decoder->n_kept = decoder->n_read = 0;
}

pst_status pst_push_decoder_create(pst_push_decoder **decoder,
                                   const pst_push_decoder_config *config, pst_error *err) {
    *decoder = NULL;
    pst_status status = check_config(config, err);
    if (status != PST_OK)
        return status;
    pst_push_decoder *made = pst_alloc(sizeof *made);
    if (made == NULL)
        return pst_fail_memory(err);
    made->engine = engine_for(config);
    status = copy_config(made, config, err);
    if (status == PST_OK)
        status = pst_push_decoder_reset(made, err);
    if (status != PST_OK) {
        pst_push_decoder_destroy(made);
        return status;
    }
    *decoder = made;
    return PST_OK;
}

pst_status pst_push_decoder_reset(pst_push_decoder *decoder, pst_error *err) {
    forget(decoder);
    pst_error why = {0};
    const pst_status status = decoder->engine->begin(decoder, &why);
    if (status != PST_OK)
        decoder->failure = why;
    if (status != PST_OK && err != NULL)
        *err = why;
    return status;
}

void pst_push_decoder_destroy(pst_push_decoder *decoder) {
    if (decoder == NULL)
        return;
    forget(decoder);
    pst_free(decoder->extradata);
    pst_free(decoder);
}

// ---- For engines -----------------------------------------------------------------------------

void pst_push_know(pst_push_decoder *decoder, const pst_decoder_info *info, pst_format native) {
    decoder->info = *info;
    decoder->native = native;
    decoder->frame_bytes = (size_t)pst_format_bytes(native) * info->format.n_channels;
    decoder->is_known = true;
}

pst_status pst_push_put(pst_push_decoder *decoder, const void *data, uint64_t n_frames,
                        pst_error *err) {
    const int64_t n_unwanted = decoder->config.skip_frames - decoder->n_decoded;
    uint64_t first = n_unwanted > 0 ? (uint64_t)n_unwanted : 0;
    first = first < n_frames ? first : n_frames;
    uint64_t n = n_frames - first;
    const int64_t n_most = decoder->config.n_frames;
    if (n_most >= 0 && n > (uint64_t)(n_most - decoder->n_kept))
        n = (uint64_t)(n_most - decoder->n_kept);
    const uint8_t *from = (const uint8_t *)data + first * decoder->frame_bytes;
    if (!pst_byte_queue_put(&decoder->frames, from, (size_t)n * decoder->frame_bytes))
        return pst_fail_memory(err);
    decoder->n_decoded += (int64_t)n_frames;
    decoder->n_kept += (int64_t)n;
    return PST_OK;
}

bool pst_push_is_full(const pst_push_decoder *decoder) {
    return pst_byte_queue_bytes(&decoder->frames) >= FULL_BYTES;
}

// ---- Bringing --------------------------------------------------------------------------------

static pst_status fail_again(const pst_push_decoder *decoder, pst_error *err) {
    if (err != NULL)
        *err = decoder->failure;
    return decoder->failure.status;
}

pst_status pst_push_check_open(const pst_push_decoder *decoder, pst_error *err) {
    if (decoder->is_ended)
        return pst_fail(err, PST_CLOSED, 0,
                        "The end of the stream was told; after a reset another one may begin");
    return decoder->failure.status == PST_OK ? PST_OK : fail_again(decoder, err);
}

pst_status pst_push_decoder_write(pst_push_decoder *decoder, const void *data, uint64_t n_bytes,
                                  pst_error *err) {
    const pst_status status = pst_push_check_open(decoder, err);
    return status == PST_OK ? decoder->engine->write(decoder, data, n_bytes, err) : status;
}

pst_status pst_push_decoder_write_packet(pst_push_decoder *decoder, const pst_packet *packet,
                                         pst_error *err) {
    if (packet->time_base_num == 0 || packet->time_base_den == 0)
        return pst_fail(err, PST_BAD_ARGUMENT, 0,
                        "the time base of the packet is %u/%u; neither may be 0",
                        (unsigned)packet->time_base_num, (unsigned)packet->time_base_den);
    pst_status status = pst_push_check_open(decoder, err);
    if (status != PST_OK)
        return status;
    if (decoder->engine->write_packet != NULL)
        return decoder->engine->write_packet(decoder, packet, err);
    status = pst_push_times_note(&decoder->times, packet, decoder->n_decoded, err);
    if (status != PST_OK)
        return status;
    return decoder->engine->write(decoder, packet->data, packet->n_bytes, err);
}

pst_status pst_push_decoder_end(pst_push_decoder *decoder, pst_error *err) {
    if (decoder->failure.status != PST_OK)
        return fail_again(decoder, err);
    if (decoder->is_ended)
        return PST_OK;
    decoder->is_ended = true;
    return decoder->engine->end(decoder, err);
}

// ---- Taking ----------------------------------------------------------------------------------

// Puts n interleaved frames into planes that begin plane_frames samples apart.
static void spread(const pst_push_decoder *decoder, uint8_t *planes, pst_format format,
                   uint64_t plane_frames, const uint8_t *from, size_t n) {
    const uint32_t n_channels = decoder->info.format.n_channels;
    const uint32_t sample_bytes = pst_format_bytes(format);
    uint8_t piece[PIECE_BYTES];
    const size_t n_piece = PIECE_BYTES / ((size_t)n_channels * sample_bytes);
    for (size_t done = 0; done < n; done += n_piece) {
        const size_t n_now = n - done < n_piece ? n - done : n_piece;
        const uint8_t *now = from + done * decoder->frame_bytes;
        if (format != decoder->native) {
            pst_convert(piece, format, now, decoder->native, n_now * n_channels, NULL);
            now = piece;
        }
        pst_deinterleave(planes + done * sample_bytes, (size_t)plane_frames, now, sample_bytes,
                         n_channels, n_now);
    }
}

// Takes n frames, which are there, to a place in data; n_all: how many one channel of data has.
static void take(pst_push_decoder *decoder, uint8_t *data, pst_format format, bool is_planar,
                 uint64_t at, uint64_t n, uint64_t n_all) {
    const size_t n_channels = decoder->info.format.n_channels;
    const size_t sample_bytes = pst_format_bytes(format);
    const uint8_t *from = pst_byte_queue_front(&decoder->frames);
    uint8_t *to = data + (size_t)at * sample_bytes * (is_planar ? 1 : n_channels);
    if (is_planar && n_channels > 1)
        spread(decoder, to, format, n_all, from, (size_t)n);
    else if (format == decoder->native)
        memcpy(to, from, (size_t)n * decoder->frame_bytes);
    else
        pst_convert(to, format, from, decoder->native, (size_t)n * n_channels, NULL);
    pst_byte_queue_drop(&decoder->frames, (size_t)n * decoder->frame_bytes);
    decoder->n_read += (int64_t)n;
}

static uint64_t count_available(const pst_push_decoder *decoder) {
    return (uint64_t)(decoder->n_kept - decoder->n_read);
}

// Makes sure that frames wait, if there can be any. Failures are kept for later.
static void need_frames(pst_push_decoder *decoder) {
    if (count_available(decoder) == 0 && decoder->engine->go_on != NULL)
        (void)decoder->engine->go_on(decoder, NULL);
}

pst_status pst_push_decoder_read(pst_push_decoder *decoder, void *data, pst_format format,
                                 bool is_planar, uint64_t n_frames, uint64_t *n_read, int64_t *pts,
                                 pst_error *err) {
    *n_read = 0;
    if (pst_format_bytes(format) == 0)
        return pst_fail(err, PST_BAD_ARGUMENT, 0, "format is %d, which is no format", (int)format);
    need_frames(decoder);
    const int64_t first = decoder->config.skip_frames + decoder->n_read;
    int64_t at = first;
    if (decoder->is_known && count_available(decoder) > 0)
        at = pst_push_times_of(&decoder->times, first, decoder->info.format.rate_hz);
    if (decoder->times.is_set)
        at += decoder->skipped_frames;
    if (pts != NULL)
        *pts = at;
    const uint64_t wanted = pst_push_times_until_jump(&decoder->times, first, n_frames);
    while (*n_read < wanted && count_available(decoder) > 0) {
        const uint64_t n_there = count_available(decoder), n_left = wanted - *n_read;
        const uint64_t n = n_there < n_left ? n_there : n_left;
        take(decoder, data, format, is_planar, *n_read, n, n_frames);
        *n_read += n;
        need_frames(decoder);
    }
    if (*n_read > 0 || n_frames == 0 || count_available(decoder) > 0)
        return PST_OK;
    if (decoder->failure.status != PST_OK)
        return fail_again(decoder, err);
    return decoder->is_over ? PST_END : PST_OK;
}

void pst_push_decoder_get_info(const pst_push_decoder *decoder,
                               pst_push_decoder_info *info) PST_RT {
    *info = (pst_push_decoder_info){
        .is_known = decoder->is_known,
        .format = decoder->info.format,
        .native = decoder->native,
        .n_frames = decoder->info.n_frames,
        .skipped_frames = decoder->skipped_frames,
        .bitrate_bps = decoder->info.bitrate_bps,
        .n_available = count_available(decoder),
        .position = decoder->n_read,
        .has_ended = decoder->is_ended,
        .is_over = decoder->is_over,
        .damage = decoder->damage,
    };
    if (decoder->engine->tell)
        decoder->engine->tell(decoder, info);
}

const pst_tags *pst_push_decoder_tags(const pst_push_decoder *decoder) PST_RT {
    return decoder->stream.decoder == NULL ? NULL : pst_decoder_tags(decoder->stream.decoder);
}
