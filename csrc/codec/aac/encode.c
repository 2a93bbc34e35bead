// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "codec/aac/encode.h"

#include <string.h>

#include "base/error.h"

enum {
    DEFAULT_BPS = 64000, // Per channel.
    LEAST_BPS = 8000,
    MOST_BITS = 6144 // Of a packet, per channel (ISO/IEC 14496-3, 4.5.3.2).
};

pst_status pst_aac_check(const pst_file_format *format, const pst_encoder_options *options,
                         pst_error *err) {
    if (format->n_channels == 7)
        return pst_fail(err, PST_BAD_ARGUMENT, 0, "channels is 7; AAC can have 1 to 6, or 8");
    if (options->bitrate_mode != PST_BITRATE_DEFAULT &&
        options->bitrate_mode != PST_BITRATE_AVERAGE)
        return pst_fail(err, PST_BAD_ARGUMENT, 0,
                        "bitrate_mode is %d; AAC is written with an average bitrate only",
                        (int)options->bitrate_mode);
    const uint32_t least = LEAST_BPS * format->n_channels;
    const uint32_t most =
        (uint32_t)((uint64_t)MOST_BITS * format->rate_hz / PST_AAC_FRAMES) * format->n_channels;
    if (options->bitrate_bps != 0 && (options->bitrate_bps < least || options->bitrate_bps > most))
        return pst_fail(err, PST_BAD_ARGUMENT, 0,
                        "bitrate is %u; for AAC of %u channels at %u Hz it must be from %u to %u",
                        (unsigned)options->bitrate_bps, (unsigned)format->n_channels,
                        (unsigned)format->rate_hz, (unsigned)least, (unsigned)most);
    return pst_av_load(err);
}

static uint32_t default_bps(const pst_file_format *format) {
    const uint64_t most = (uint64_t)MOST_BITS * format->rate_hz / PST_AAC_FRAMES;
    return (uint32_t)(most < DEFAULT_BPS ? most : DEFAULT_BPS) * format->n_channels;
}

// Those that AAC has a number for, and that have their channels in the order of WAV.
static AVChannelLayout layout_of(uint32_t n_channels) {
    switch (n_channels) {
    case 1:
        return (AVChannelLayout)AV_CHANNEL_LAYOUT_MONO;
    case 2:
        return (AVChannelLayout)AV_CHANNEL_LAYOUT_STEREO;
    case 3:
        return (AVChannelLayout)AV_CHANNEL_LAYOUT_SURROUND;
    case 4:
        return (AVChannelLayout)AV_CHANNEL_LAYOUT_4POINT0;
    case 5:
        return (AVChannelLayout)AV_CHANNEL_LAYOUT_5POINT0_BACK;
    case 6:
        return (AVChannelLayout)AV_CHANNEL_LAYOUT_5POINT1_BACK;
    default:
        return (AVChannelLayout)AV_CHANNEL_LAYOUT_7POINT1;
    }
}

static pst_status refuse(const char *what, pst_error *err) {
    return pst_fail(err, PST_UNSUPPORTED, 0, "libavcodec's AAC encoder failed to %s", what);
}

pst_status pst_aac_begin(pst_aac_writer *writer, const pst_file_format *format,
                         const pst_encoder_options *options, bool has_header, pst_error *err) {
    const AVCodec *codec = avcodec_find_encoder_by_name("aac");
    if (codec == NULL)
        return pst_fail(err, PST_UNSUPPORTED, 0, "This build of libavcodec has no AAC encoder");
    writer->codec = avcodec_alloc_context3(codec);
    writer->packet = av_packet_alloc();
    writer->frame = av_frame_alloc();
    if (writer->codec == NULL || writer->packet == NULL || writer->frame == NULL)
        return pst_fail_memory(err);
    AVCodecContext *c = writer->codec;
    c->thread_count = 1;
    c->sample_fmt = AV_SAMPLE_FMT_FLTP;
    c->sample_rate = (int)format->rate_hz;
    c->time_base = (AVRational){1, c->sample_rate};
    c->bit_rate = options->bitrate_bps != 0 ? options->bitrate_bps : default_bps(format);
    if (has_header)
        c->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
    c->ch_layout = layout_of(format->n_channels);
    if (avcodec_open2(c, codec, NULL) < 0)
        return refuse("open", err);
    writer->frame->format = c->sample_fmt;
    writer->frame->sample_rate = c->sample_rate;
    writer->frame->nb_samples = c->frame_size;
    if (av_channel_layout_copy(&writer->frame->ch_layout, &c->ch_layout) < 0 ||
        av_frame_get_buffer(writer->frame, 0) < 0)
        return pst_fail_memory(err);
    return PST_OK;
}

void pst_aac_tell(const pst_aac_writer *writer, pst_encoder_stream *stream) {
    const AVCodecContext *codec = writer->codec;
    stream->has_packets = true;
    stream->packet_frames = PST_AAC_FRAMES;
    stream->delay_frames = (uint32_t)codec->initial_padding;
    if (codec->extradata_size > 0 && codec->extradata_size <= PST_EXTRADATA_BYTES) {
        stream->n_extradata = (uint32_t)codec->extradata_size;
        memcpy(stream->extradata, codec->extradata, stream->n_extradata);
    }
}

void pst_aac_end(pst_aac_writer *writer) {
    avcodec_free_context(&writer->codec);
    av_packet_free(&writer->packet);
    av_frame_free(&writer->frame);
}

// Sends a frame, NULL for the end, and puts the packets that come.
static pst_status encode(pst_aac_writer *writer, AVFrame *frame, pst_error *err) {
    if (avcodec_send_frame(writer->codec, frame) < 0)
        return refuse("take frames", err);
    for (;;) {
        const int result = avcodec_receive_packet(writer->codec, writer->packet);
        if (result == AVERROR(EAGAIN) || result == AVERROR_EOF)
            return PST_OK;
        if (result < 0)
            return refuse("encode", err);
        const pst_status status = writer->put(writer->user, writer->packet, err);
        av_packet_unref(writer->packet);
        if (status != PST_OK)
            return status;
    }
}

static pst_status send_filled(pst_aac_writer *writer, pst_error *err) {
    AVFrame *frame = writer->frame;
    frame->nb_samples = writer->n_filled;
    frame->pts = writer->n_sent;
    writer->n_sent += writer->n_filled;
    writer->n_filled = 0;
    pst_status status = encode(writer, frame, err);
    // The encoder keeps a frame for a while; the next one is another then.
    frame->nb_samples = writer->codec->frame_size;
    if (status == PST_OK && av_frame_make_writable(frame) < 0)
        status = pst_fail_memory(err);
    writer->is_failed = status != PST_OK;
    return status;
}

pst_status pst_aac_write(pst_aac_writer *writer, const float *data, uint64_t n_frames,
                         uint64_t *n_written, pst_error *err) {
    const int n_channels = writer->codec->ch_layout.nb_channels;
    const int frame_size = writer->codec->frame_size;
    *n_written = 0;
    while (*n_written < n_frames) {
        const uint64_t left = n_frames - *n_written;
        const int room = frame_size - writer->n_filled;
        const int n = left < (uint64_t)room ? (int)left : room;
        const float *from = data + (size_t)*n_written * (size_t)n_channels;
        for (int c = 0; c < n_channels; ++c) {
            float *to = (float *)(void *)writer->frame->extended_data[c] + writer->n_filled;
            for (int i = 0; i < n; ++i)
                to[i] = from[(size_t)i * (size_t)n_channels + (size_t)c];
        }
        writer->n_filled += n;
        writer->n_frames += n;
        *n_written += (uint64_t)n;
        if (writer->n_filled == frame_size) {
            const pst_status status = send_filled(writer, err);
            if (status != PST_OK)
                return status;
        }
    }
    return PST_OK;
}

pst_status pst_aac_drain(pst_aac_writer *writer, pst_error *err) {
    if (writer->is_failed)
        return PST_OK; // It was told already.
    if (writer->n_frames == 0) {
        // Without a packet nobody could tell what kind of file it is.
        static const float silence[8];
        uint64_t n_written;
        const pst_status begun = pst_aac_write(writer, silence, 1, &n_written, err);
        if (begun != PST_OK)
            return begun;
        writer->n_frames = 0;
    }
    pst_status status = writer->n_filled > 0 ? send_filled(writer, err) : PST_OK;
    return status == PST_OK ? encode(writer, NULL, err) : status;
}
