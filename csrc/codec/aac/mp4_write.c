// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

// MP4 with AAC, by libavformat. Its index is written at the end, and before nothing can be read; in
// pipes there are pieces of a second, each with an index of its own, instead.

#include "base/alloc.h"
#include "base/error.h"
#include "codec/aac/aac.h"
#include "codec/aac/av.h"
#include "codec/aac/avio.h"
#include "codec/aac/encode.h"
#include "codec/aac/mp4_tags.h"
#include "codec/adts_header.h"

typedef struct mp4 {
    pst_aac_writer writer;
    pst_io *io;
    AVIOContext *avio;
    AVFormatContext *format;
    bool has_header;
} mp4;

static pst_status refuse(const mp4 *m, const char *what, pst_error *err) {
    if (pst_io_error(m->io) != 0)
        return pst_io_fail(m->io, err);
    return pst_fail(err, PST_UNSUPPORTED, 0, "libavformat failed to %s", what);
}

static pst_status put(void *user, AVPacket *packet, pst_error *err) {
    mp4 *m = user;
    packet->stream_index = 0;
    // Packets before time 0 are not heard: the file's list of edits says so.
    if (m->writer.n_frames == 0) {
        packet->pts -= PST_AAC_FRAMES;
        packet->dts -= PST_AAC_FRAMES;
        packet->duration = PST_AAC_FRAMES;
    }
    av_packet_rescale_ts(packet, m->writer.codec->time_base, m->format->streams[0]->time_base);
    if (av_write_frame(m->format, packet) < 0 || pst_io_error(m->io) != 0)
        return refuse(m, "write a packet", err);
    pst_io_note_packet(m->io);
    return PST_OK;
}

static pst_status begin_file(mp4 *m, const pst_encoder_setup *setup, pst_error *err) {
    if (avformat_alloc_output_context2(&m->format, NULL, "ipod", NULL) < 0)
        return pst_fail_memory(err);
    m->avio = pst_avio_open(m->io, true);
    AVStream *stream = m->avio == NULL ? NULL : avformat_new_stream(m->format, NULL);
    if (stream == NULL || avcodec_parameters_from_context(stream->codecpar, m->writer.codec) < 0)
        return pst_fail_memory(err);
    m->format->pb = m->avio;
    m->format->flags |= AVFMT_FLAG_CUSTOM_IO | AVFMT_FLAG_BITEXACT;
    stream->time_base = m->writer.codec->time_base;
    const pst_tags *tags = setup->options->tags;
    if (tags != NULL && !pst_tags_to_dict(tags, &m->format->metadata))
        return pst_fail_memory(err);
    AVDictionary *options = NULL;
    // Or what is cut off the begin and the end would be rounded to thousandths of a second.
    av_dict_set_int(&options, "movie_timescale", (int64_t)setup->format->rate_hz, 0);
    if (!pst_io_is_seekable(m->io)) {
        av_dict_set(&options, "movflags", "empty_moov+default_base_moof+delay_moov", 0);
        av_dict_set(&options, "frag_duration", "1000000", 0); // Microseconds.
    }
    const int result = avformat_write_header(m->format, &options);
    av_dict_free(&options);
    m->has_header = result >= 0;
    if (result < 0 || pst_io_error(m->io) != 0)
        return refuse(m, "begin the file", err);
    return PST_OK;
}

static void mp4_end(mp4 *m) {
    pst_aac_end(&m->writer);
    avformat_free_context(m->format);
    pst_avio_close(m->avio);
    pst_free(m);
}

static pst_status mp4_open(void **state, pst_encoder_setup *setup, pst_error *err) {
    mp4 *m = pst_alloc(sizeof *m);
    if (m == NULL)
        return pst_fail_memory(err);
    m->io = setup->io;
    m->writer.put = put;
    m->writer.user = m;
    pst_status status = pst_aac_begin(&m->writer, setup->format, setup->options, true, err);
    if (status == PST_OK)
        status = begin_file(m, setup, err);
    if (status != PST_OK) {
        mp4_end(m);
        return status;
    }
    setup->native = setup->stored = PST_FORMAT_F32;
    setup->max_frames = INT64_MAX;
    *state = m;
    return PST_OK;
}

static pst_status mp4_write(void *state, const void *data, uint64_t n_frames, uint64_t *n_written,
                            pst_error *err) {
    return pst_aac_write(&((mp4 *)state)->writer, data, n_frames, n_written, err);
}

static pst_status mp4_update(void *state, pst_error *err) {
    const mp4 *m = state;
    avio_flush(m->avio);
    return pst_io_error(m->io) != 0 ? pst_io_fail(m->io, err) : PST_OK;
}

static pst_status mp4_finish(void *state, pst_error *err) {
    mp4 *m = state;
    pst_status status = pst_aac_drain(&m->writer, err);
    // Also after a failure: with its index the file can be read up to there, if the index fits.
    if (m->has_header && av_write_trailer(m->format) < 0 && status == PST_OK)
        status = refuse(m, "end the file", err);
    avio_flush(m->avio);
    if (status == PST_OK && pst_io_error(m->io) != 0)
        status = pst_io_fail(m->io, err);
    mp4_end(m);
    return status;
}

const pst_encoder_ops pst_mp4_encoder = {
    .rates_hz = pst_adts_rates_hz,
    .max_rate_hz = 96000,
    .max_channels = 8,
    .has_bitrate = true,
    .has_tags = true,
    .max_compression = -1,
    .check = pst_aac_check,
    .open = mp4_open,
    .write = mp4_write,
    .update = mp4_update,
    .finish = mp4_finish,
};
