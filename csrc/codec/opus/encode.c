// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "codec/opus/encode.h"

#include <errno.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "codec/ogg/channels.h"
#include "codec/opus/opus_codec.h"

enum {
    DEFAULT_PACKET_US = 20000,
    MAX_STREAM_BYTES = 1280, // Of 20 ms, with what tells the length.
    // Of a channel, and of a stream, by the size of its packets. All of it is reached.
    MIN_BITRATE_BPS = 500,
    MAX_BITRATE_BPS = 300000,
    MAX_STREAM_BITRATE_BPS = 510000,
    DEFAULT_LOSS_PERCENT = 10
};

const uint32_t pst_opus_rates_hz[] = {8000, 12000, 16000, 24000, 48000, 0};

// ---- What can be asked for -------------------------------------------------------------------

static uint32_t max_bitrate(uint32_t n_channels) {
    static const uint8_t n_streams[PST_OPUS_MOST_CHANNELS + 1] = {0, 1, 1, 2, 2, 3, 4, 4, 5};
    const uint32_t by_channels = MAX_BITRATE_BPS * n_channels;
    const uint32_t by_streams = MAX_STREAM_BITRATE_BPS * n_streams[n_channels];
    return by_channels < by_streams ? by_channels : by_streams;
}

static pst_status check_packets(const pst_opus_options *options, pst_error *err) {
    enum { LEAST_US_FOR_FEC = 10000 };
    static const uint32_t packets_us[] = {0, 2500, 5000, 10000, 20000, 40000, 60000};
    bool is_known = false;
    for (size_t i = 0; i < sizeof packets_us / sizeof *packets_us; ++i)
        is_known = is_known || options->packet_us == packets_us[i];
    if (!is_known)
        return pst_fail(err, PST_BAD_ARGUMENT, 0,
                        "packet_ms is %g; a packet of OPUS can have 2.5, 5, 10, 20, 40 or 60 ms",
                        options->packet_us / 1000.0);
    if ((unsigned)options->application > PST_OPUS_LOWDELAY)
        return pst_fail(err, PST_BAD_ARGUMENT, 0, "application is %d, which is none",
                        (int)options->application);
    if (options->expected_loss_percent > 100)
        return pst_fail(err, PST_BAD_ARGUMENT, 0,
                        "expected_loss is %u percent; it must be from 0 to 100",
                        (unsigned)options->expected_loss_percent);
    if (options->has_fec && options->application == PST_OPUS_LOWDELAY)
        return pst_fail(err, PST_BAD_ARGUMENT, 0,
                        "fec is true with the application lowdelay, which cannot have it; audio "
                        "and voip can");
    if (options->has_fec && options->packet_us != 0 && options->packet_us < LEAST_US_FOR_FEC)
        return pst_fail(err, PST_BAD_ARGUMENT, 0,
                        "fec is true with packet_ms %g; packets need 10 ms or more for it",
                        options->packet_us / 1000.0);
    return PST_OK;
}

pst_status pst_opus_check(const pst_file_format *format, const pst_encoder_options *options,
                          pst_error *err) {
    const uint32_t bps = options->bitrate_bps;
    const uint32_t least = MIN_BITRATE_BPS * format->n_channels;
    if (bps != 0 && (bps < least || bps > max_bitrate(format->n_channels)))
        return pst_fail(err, PST_BAD_ARGUMENT, 0,
                        "bitrate is %u; OPUS can have %u to %u bit/s with %u channels",
                        (unsigned)bps, (unsigned)least, (unsigned)max_bitrate(format->n_channels),
                        (unsigned)format->n_channels);
    return check_packets(&options->opus, err);
}

// ---- The encoder -----------------------------------------------------------------------------

static void set_options(OpusMSEncoder *encoder, const pst_encoder_options *options) {
    const pst_opus_options *opus = &options->opus;
    const uint32_t loss = opus->expected_loss_percent == 0 && opus->has_fec
                              ? DEFAULT_LOSS_PERCENT
                              : opus->expected_loss_percent;
    if (options->bitrate_bps != 0)
        opus_multistream_encoder_ctl(encoder, OPUS_SET_BITRATE((int)options->bitrate_bps));
    opus_multistream_encoder_ctl(
        encoder, OPUS_SET_VBR(options->bitrate_mode == PST_BITRATE_CONSTANT ? 0 : 1));
    opus_multistream_encoder_ctl(
        encoder, OPUS_SET_VBR_CONSTRAINT(options->bitrate_mode == PST_BITRATE_AVERAGE ? 1 : 0));
    opus_multistream_encoder_ctl(encoder, OPUS_SET_COMPLEXITY(options->compression < 0
                                                                  ? PST_OPUS_MAX_COMPLEXITY
                                                                  : options->compression));
    opus_multistream_encoder_ctl(encoder, OPUS_SET_INBAND_FEC(opus->has_fec ? 1 : 0));
    opus_multistream_encoder_ctl(encoder, OPUS_SET_PACKET_LOSS_PERC((int)loss));
    opus_multistream_encoder_ctl(encoder, OPUS_SET_DTX(opus->has_dtx ? 1 : 0));
}

static int application_of(const pst_encoder_options *options) {
    switch (options->opus.application) {
    case PST_OPUS_VOIP:
        return OPUS_APPLICATION_VOIP;
    case PST_OPUS_LOWDELAY:
        return OPUS_APPLICATION_RESTRICTED_LOWDELAY;
    default:
        return OPUS_APPLICATION_AUDIO;
    }
}

pst_status pst_opus_begin(pst_opus_writer *w, const pst_file_format *format,
                          const pst_encoder_options *options, pst_error *err) {
    enum { US_PER_SECOND = 1000000 };
    int n_streams = 0, n_coupled = 0, code = OPUS_OK;
    w->head = (pst_opus_head){
        .n_channels = format->n_channels,
        .rate_hz = format->rate_hz,
        .family = format->n_channels > 2,
    };
    w->encoder = opus_multistream_surround_encoder_create(
        (opus_int32)format->rate_hz, (int)format->n_channels, (int)w->head.family, &n_streams,
        &n_coupled, w->head.mapping, application_of(options), &code);
    if (w->encoder == NULL)
        return code == OPUS_ALLOC_FAIL
                   ? pst_fail_memory(err)
                   : pst_fail(err, PST_BAD_ARGUMENT, code, "libopus refuses the format: %s",
                              opus_strerror(code));
    set_options(w->encoder, options);
    opus_int32 delay = 0;
    opus_multistream_encoder_ctl(w->encoder, OPUS_GET_LOOKAHEAD(&delay));
    w->head.n_streams = (uint32_t)n_streams;
    w->head.n_coupled = (uint32_t)n_coupled;
    w->head.n_skipped = (uint32_t)delay * (PST_OPUS_RATE_HZ / format->rate_hz);
    w->order = pst_ogg_channel_order(format->n_channels);
    const uint32_t packet_us =
        options->opus.packet_us == 0 ? DEFAULT_PACKET_US : options->opus.packet_us;
    w->packet_frames = (uint32_t)((uint64_t)format->rate_hz * packet_us / US_PER_SECOND);
    const uint32_t n_parts = (packet_us + DEFAULT_PACKET_US - 1) / DEFAULT_PACKET_US;
    w->packet_room = n_streams * MAX_STREAM_BYTES * (int32_t)n_parts;
    w->packet = pst_alloc((size_t)w->packet_room);
    w->frames = pst_alloc_array(w->packet_frames, format->n_channels * sizeof *w->frames);
    return w->packet == NULL || w->frames == NULL ? pst_fail_memory(err) : PST_OK;
}

void pst_opus_tell(const pst_opus_writer *w, pst_encoder_stream *stream) {
    stream->has_packets = true;
    stream->packet_frames = w->packet_frames;
    stream->delay_frames = w->head.n_skipped / (PST_OPUS_RATE_HZ / w->head.rate_hz);
    stream->n_extradata = (uint32_t)pst_opus_head_write(&w->head, stream->extradata);
}

void pst_opus_end(pst_opus_writer *w) {
    if (w->encoder != NULL)
        opus_multistream_encoder_destroy(w->encoder);
    pst_free(w->packet);
    pst_free(w->frames);
}

// ---- Packets ---------------------------------------------------------------------------------

static pst_status encode(pst_opus_writer *w, pst_error *err) {
    const int n_frames = (int)w->packet_frames;
    const opus_int32 n =
        w->alone != NULL
            ? opus_encode_float(w->alone, w->frames, n_frames, w->packet, w->packet_room)
            : opus_multistream_encode_float(w->encoder, w->frames, n_frames, w->packet,
                                            w->packet_room);
    if (n < 0)
        return pst_fail(err, PST_SYSTEM_ERROR, EIO, "libopus could not encode: %s",
                        opus_strerror(n));
    if (w->alone == NULL && w->head.n_streams == 1)
        opus_multistream_encoder_ctl(w->encoder, OPUS_MULTISTREAM_GET_ENCODER_STATE(0, &w->alone));
    w->n_filled = 0;
    w->end += w->packet_frames * (PST_OPUS_RATE_HZ / w->head.rate_hz);
    return w->put(w->user, w->packet, n, err);
}

static void fill(pst_opus_writer *w, const float *from, uint32_t n_frames) {
    const uint32_t n_channels = w->head.n_channels;
    float *to = w->frames + (size_t)w->n_filled * n_channels;
    w->n_filled += n_frames;
    if (w->order == NULL) {
        memcpy(to, from, (size_t)n_frames * n_channels * sizeof *to);
        return;
    }
    for (uint32_t i = 0; i < n_frames; ++i, from += n_channels, to += n_channels)
        for (uint32_t channel = 0; channel < n_channels; ++channel)
            to[w->order[channel]] = from[channel];
}

pst_status pst_opus_write(pst_opus_writer *w, const float *data, uint64_t n_frames,
                          uint64_t *n_written, pst_error *err) {
    *n_written = 0;
    while (*n_written < n_frames) {
        const uint32_t room = w->packet_frames - w->n_filled;
        const uint64_t left = n_frames - *n_written;
        const uint32_t n = left < room ? (uint32_t)left : room;
        fill(w, data, n);
        data += (size_t)n * w->head.n_channels;
        *n_written += n;
        w->n_frames += n;
        if (w->n_filled < w->packet_frames)
            break;
        const pst_status status = encode(w, err);
        if (status != PST_OK)
            return status;
    }
    return PST_OK;
}

int64_t pst_opus_sound_end(const pst_opus_writer *w) {
    return w->head.n_skipped + w->n_frames * (int64_t)(PST_OPUS_RATE_HZ / w->head.rate_hz);
}

pst_status pst_opus_drain(pst_opus_writer *w, pst_error *err) {
    pst_status status = PST_OK;
    while (status == PST_OK && w->end < pst_opus_sound_end(w)) {
        const size_t n_channels = w->head.n_channels;
        memset(w->frames + w->n_filled * n_channels, 0,
               (w->packet_frames - w->n_filled) * n_channels * sizeof *w->frames);
        status = encode(w, err);
    }
    return status;
}
