// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

// Ogg Opus files, written by libopus. See RFC 7845.

#include <errno.h>
#include <opus_multistream.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "codec/metadata/vorbis_comment.h"
#include "codec/ogg/channels.h"
#include "codec/ogg/writer.h"
#include "codec/opus/head.h"
#include "codec/opus/opus_codec.h"

enum {
    PACKETS_PER_SECOND = 50,
    PACKET_FRAMES = PST_OPUS_RATE_HZ / PACKETS_PER_SECOND, // At 48 kHz.
    MAX_STREAM_BYTES = 1280,                               // Of 20 ms.
    MAX_CHANNELS = 8,
    MAX_COMPLEXITY = 10,
    // Of a channel, and of a stream, by the size of its packets. All of it is reached.
    MIN_BITRATE_BPS = 500,
    MAX_BITRATE_BPS = 300000,
    MAX_STREAM_BITRATE_BPS = 510000
};

typedef struct opus {
    pst_ogg_writer writer;
    OpusMSEncoder *encoder;
    pst_opus_head head;
    const uint8_t *order;
    uint32_t packet_frames; // At the rate of the encoder.
    float *frames;          // A packet's, in the order of Opus.
    uint32_t n_filled;
    uint8_t *packet;
    int32_t packet_room;
    int64_t n_frames; // Written, at the rate of the encoder.
    int64_t granule;  // That the last packet ended with.
} opus;

// ---- What can be asked for -------------------------------------------------------------------

static uint32_t max_bitrate(uint32_t n_channels) {
    static const uint8_t n_streams[MAX_CHANNELS + 1] = {0, 1, 1, 2, 2, 3, 4, 4, 5};
    const uint32_t by_channels = MAX_BITRATE_BPS * n_channels;
    const uint32_t by_streams = MAX_STREAM_BITRATE_BPS * n_streams[n_channels];
    return by_channels < by_streams ? by_channels : by_streams;
}

static pst_status check(const pst_file_format *format, const pst_encoder_options *options,
                        pst_error *err) {
    const uint32_t bps = options->bitrate_bps;
    const uint32_t least = MIN_BITRATE_BPS * format->n_channels;
    if (bps != 0 && (bps < least || bps > max_bitrate(format->n_channels)))
        return pst_fail(err, PST_BAD_ARGUMENT, 0,
                        "bitrate is %u; OPUS can have %u to %u bit/s with %u channels",
                        (unsigned)bps, (unsigned)least, (unsigned)max_bitrate(format->n_channels),
                        (unsigned)format->n_channels);
    return pst_check_vorbis_comments(options->tags, err);
}

static void set_options(OpusMSEncoder *encoder, const pst_encoder_options *options) {
    if (options->bitrate_bps != 0)
        opus_multistream_encoder_ctl(encoder, OPUS_SET_BITRATE((int)options->bitrate_bps));
    opus_multistream_encoder_ctl(
        encoder, OPUS_SET_VBR(options->bitrate_mode == PST_BITRATE_CONSTANT ? 0 : 1));
    opus_multistream_encoder_ctl(
        encoder, OPUS_SET_VBR_CONSTRAINT(options->bitrate_mode == PST_BITRATE_AVERAGE ? 1 : 0));
    opus_multistream_encoder_ctl(
        encoder,
        OPUS_SET_COMPLEXITY(options->compression < 0 ? MAX_COMPLEXITY : options->compression));
}

// ---- The beginning of a file -----------------------------------------------------------------

static pst_status make_encoder(opus *o, const pst_file_format *format, pst_error *err) {
    int n_streams = 0, n_coupled = 0, code = OPUS_OK;
    o->head = (pst_opus_head){
        .n_channels = format->n_channels,
        .rate_hz = format->rate_hz,
        .family = format->n_channels > 2,
    };
    o->encoder = opus_multistream_surround_encoder_create(
        (opus_int32)format->rate_hz, (int)format->n_channels, (int)o->head.family, &n_streams,
        &n_coupled, o->head.mapping, OPUS_APPLICATION_AUDIO, &code);
    if (o->encoder == NULL)
        return code == OPUS_ALLOC_FAIL
                   ? pst_fail_memory(err)
                   : pst_fail(err, PST_BAD_ARGUMENT, code, "libopus refuses the format: %s",
                              opus_strerror(code));
    opus_int32 delay = 0;
    opus_multistream_encoder_ctl(o->encoder, OPUS_GET_LOOKAHEAD(&delay));
    o->head.n_streams = (uint32_t)n_streams;
    o->head.n_coupled = (uint32_t)n_coupled;
    o->head.n_skipped = (uint32_t)delay * (PST_OPUS_RATE_HZ / format->rate_hz);
    o->order = pst_ogg_channel_order(format->n_channels);
    o->packet_frames = format->rate_hz / PACKETS_PER_SECOND;
    o->packet_room = n_streams * MAX_STREAM_BYTES;
    o->packet = pst_alloc((size_t)o->packet_room);
    o->frames = pst_alloc_array(o->packet_frames, format->n_channels * sizeof *o->frames);
    return o->packet == NULL || o->frames == NULL ? pst_fail_memory(err) : PST_OK;
}

static pst_status write_headers(opus *o, const pst_tags *tags, pst_error *err) {
    enum { MAGIC_BYTES = 8 };
    uint8_t head[PST_OPUS_HEAD_BYTES];
    const size_t n_head = pst_opus_head_write(&o->head, head);
    size_t n_comments = 0;
    uint8_t *comments = pst_make_vorbis_comments(tags, opus_get_version_string(), &n_comments);
    uint8_t *second = comments == NULL ? NULL : pst_alloc(MAGIC_BYTES + n_comments);
    pst_status status = PST_OK;
    if (second == NULL) {
        status = pst_fail_memory(err);
    } else {
        memcpy(second, "OpusTags", MAGIC_BYTES);
        memcpy(second + MAGIC_BYTES, comments, n_comments);
        ogg_packet headers[2] = {
            {.packet = head, .bytes = (long)n_head, .b_o_s = 1},
            {.packet = second, .bytes = (long)(MAGIC_BYTES + n_comments)},
        };
        status = pst_ogg_write_headers(&o->writer, headers, 2, err);
    }
    pst_free(second);
    pst_free(comments);
    return status;
}

static void free_parts(opus *o) {
    pst_ogg_writer_deinit(&o->writer);
    if (o->encoder != NULL)
        opus_multistream_encoder_destroy(o->encoder);
    pst_free(o->packet);
    pst_free(o->frames);
    pst_free(o);
}

static pst_status opus_open(void **state, pst_encoder_setup *setup, pst_error *err) {
    opus *o = pst_alloc(sizeof *o);
    if (o == NULL)
        return pst_fail_memory(err);
    pst_status status = pst_ogg_writer_init(&o->writer, setup->io, PST_OPUS_RATE_HZ,
                                            PST_OPUS_RATE_HZ / setup->format->rate_hz, err);
    if (status != PST_OK) {
        pst_free(o);
        return status;
    }
    status = make_encoder(o, setup->format, err);
    if (status == PST_OK) {
        set_options(o->encoder, setup->options);
        status = write_headers(o, setup->options->tags, err);
    }
    if (status != PST_OK) {
        free_parts(o);
        return status;
    }
    setup->native = setup->stored = PST_FORMAT_F32;
    setup->max_frames = INT64_MAX / PST_OPUS_RATE_HZ;
    setup->stream.has_packets = true;
    setup->stream.packet_frames = o->packet_frames;
    setup->stream.delay_frames = o->head.n_skipped / o->writer.granules;
    setup->stream.n_extradata = (uint32_t)pst_opus_head_write(&o->head, setup->stream.extradata);
    *state = o;
    return PST_OK;
}

// ---- Packets ---------------------------------------------------------------------------------

// Encodes the frames of a packet. end: the granule that the file ends with, if it may do so here.
static pst_status encode(opus *o, int64_t end, pst_error *err) {
    const opus_int32 n = opus_multistream_encode_float(o->encoder, o->frames, (int)o->packet_frames,
                                                       o->packet, o->packet_room);
    if (n < 0)
        return pst_fail(err, PST_SYSTEM_ERROR, EIO, "libopus could not encode: %s",
                        opus_strerror(n));
    o->n_filled = 0;
    o->granule += PACKET_FRAMES;
    const bool is_last = o->granule >= end;
    ogg_packet packet = {
        .bytes = n,
        .e_o_s = is_last,
        .granulepos = is_last ? end : o->granule,
    };
    packet.packet = o->packet;
    return pst_ogg_write_packet(&o->writer, &packet, err);
}

static void fill(opus *o, const float *from, uint32_t n_frames) {
    const uint32_t n_channels = o->head.n_channels;
    float *to = o->frames + (size_t)o->n_filled * n_channels;
    o->n_filled += n_frames;
    if (o->order == NULL) {
        memcpy(to, from, (size_t)n_frames * n_channels * sizeof *to);
        return;
    }
    for (uint32_t i = 0; i < n_frames; ++i, from += n_channels, to += n_channels)
        for (uint32_t channel = 0; channel < n_channels; ++channel)
            to[o->order[channel]] = from[channel];
}

static pst_status opus_write(void *state, const void *data, uint64_t n_frames, uint64_t *n_written,
                             pst_error *err) {
    opus *o = state;
    const float *from = data;
    *n_written = 0;
    while (*n_written < n_frames) {
        const uint32_t room = o->packet_frames - o->n_filled;
        const uint64_t left = n_frames - *n_written;
        const uint32_t n = left < room ? (uint32_t)left : room;
        fill(o, from, n);
        from += (size_t)n * o->head.n_channels;
        *n_written += n;
        o->n_frames += n;
        if (o->n_filled < o->packet_frames)
            break;
        const pst_status status = encode(o, INT64_MAX, err);
        if (status != PST_OK)
            return status;
    }
    return PST_OK;
}

static pst_status opus_update(void *state, pst_error *err) {
    return pst_ogg_flush(&((opus *)state)->writer, err);
}

// Pushes the last frames through the encoder, with silence behind them.
static pst_status finish_stream(opus *o, pst_error *err) {
    const int64_t end =
        o->head.n_skipped + o->n_frames * (int64_t)(PST_OPUS_RATE_HZ / o->head.rate_hz);
    pst_status status = PST_OK;
    while (status == PST_OK && o->granule < end) {
        const size_t n_channels = o->head.n_channels;
        memset(o->frames + o->n_filled * n_channels, 0,
               (o->packet_frames - o->n_filled) * n_channels * sizeof *o->frames);
        status = encode(o, end, err);
    }
    return status;
}

static pst_status opus_finish(void *state, pst_error *err) {
    opus *o = state;
    const pst_status status =
        pst_io_error(o->writer.io) != 0 ? pst_io_fail(o->writer.io, err) : finish_stream(o, err);
    free_parts(o);
    return status;
}

static const uint32_t rates_hz[] = {8000, 12000, 16000, 24000, 48000, 0};

const pst_encoder_ops pst_opus_encoder = {
    .rates_hz = rates_hz,
    .max_rate_hz = PST_OPUS_RATE_HZ,
    .max_channels = MAX_CHANNELS,
    .has_bitrate = true,
    .has_tags = true,
    .max_compression = MAX_COMPLEXITY,
    .check = check,
    .open = opus_open,
    .write = opus_write,
    .update = opus_update,
    .finish = opus_finish,
};
