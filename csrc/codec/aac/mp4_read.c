// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

// MP4, also called M4A: libavformat finds the packets. It is told what kind of file it is, and
// gets no bytes but those of the file.

#include "base/alloc.h"
#include "base/error.h"
#include "codec/aac/aac.h"
#include "codec/aac/av.h"
#include "codec/aac/avio.h"
#include "codec/aac/decode.h"
#include "codec/aac/marks.h"
#include "codec/aac/mp4_boxes.h"
#include "codec/aac/mp4_tags.h"

typedef struct mp4 {
    pst_aac_reader reader;
    pst_io *io;
    AVIOContext *avio;
    AVFormatContext *format;
    AVStream *stream;
    pst_marks marks;
    bool has_begun;      // The first packet was seen.
    int64_t stream_skip; // Frames at the begin that nobody hears, at the stream's own rate.
    int64_t n_heard;     // Packets up to the last one that is not only there for the decoder.
    int64_t duration;    // Of all packets together, in the stream's time base.
} mp4;

static pst_status bad_file(const mp4 *m, const char *text, pst_error *err) {
    if (pst_io_error(m->io) != 0)
        return pst_io_fail(m->io, err);
    return pst_fail(err, PST_BAD_FILE, 0, "The MP4 file cannot be read: %s", text);
}

// Returns how many frames at the begin are not to be heard, at the stream's own rate: what the
// first packet says of it, or how far it lies before time 0.
static int64_t find_skip(const mp4 *m, const AVPacket *packet) {
    enum { SKIP_BYTES = 10 };
    size_t n_bytes = 0;
    const uint8_t *bytes = av_packet_get_side_data(packet, AV_PKT_DATA_SKIP_SAMPLES, &n_bytes);
    if (bytes != NULL && n_bytes >= SKIP_BYTES)
        return (int64_t)bytes[0] | (int64_t)bytes[1] << 8 | (int64_t)bytes[2] << 16 |
               (int64_t)bytes[3] << 24;
    const AVRational base = m->stream->time_base;
    if (packet->pts == AV_NOPTS_VALUE || packet->pts >= 0 || base.den <= 0)
        return 0;
    return av_rescale(-packet->pts, (int64_t)base.num * m->stream->codecpar->sample_rate, base.den);
}

static pst_status next(void *user, AVPacket *packet, pst_error *err) {
    mp4 *m = user;
    for (;;) {
        const int result = av_read_frame(m->format, packet);
        if (pst_io_error(m->io) != 0) {
            av_packet_unref(packet);
            return pst_io_fail(m->io, err);
        }
        if (result < 0) {
            if (result != AVERROR_EOF)
                pst_note_damage(m->reader.damage, PST_DAMAGE_TRUNCATED, -1, 0);
            return PST_END;
        }
        if (packet->stream_index == m->stream->index) {
            m->stream_skip = m->has_begun ? m->stream_skip : find_skip(m, packet);
            m->has_begun = true;
            return PST_OK;
        }
        av_packet_unref(packet);
    }
}

// Opens the file and chooses its first stream of AAC.
static pst_status open_format(mp4 *m, pst_error *err) {
    const AVInputFormat *kind = av_find_input_format("mov");
    m->avio = pst_avio_open(m->io, false);
    m->format = avformat_alloc_context();
    if (m->avio == NULL || m->format == NULL)
        return pst_fail_memory(err);
    if (kind == NULL)
        return bad_file(m, "this build of libavformat cannot", err);
    m->format->pb = m->avio;
    m->format->flags |= AVFMT_FLAG_CUSTOM_IO;
    // On failure this frees the context, not our I/O.
    if (avformat_open_input(&m->format, "", kind, NULL) < 0)
        return bad_file(m, "it is damaged, or its index lies behind the sound of a pipe", err);
    AVCodecParameters *found = NULL;
    for (unsigned i = 0; i < m->format->nb_streams; ++i) {
        AVStream *stream = m->format->streams[i];
        if (stream->codecpar->codec_type != AVMEDIA_TYPE_AUDIO) {
            stream->discard = AVDISCARD_ALL;
            continue;
        }
        found = found == NULL ? stream->codecpar : found;
        if (m->stream == NULL && stream->codecpar->codec_id == AV_CODEC_ID_AAC)
            m->stream = stream;
        else
            stream->discard = AVDISCARD_ALL;
    }
    if (m->stream != NULL)
        return PST_OK;
    char text[96];
    snprintf(text, sizeof text, "it holds %s; AAC can be read",
             found == NULL ? "no sound" : avcodec_get_name(found->codec_id));
    return bad_file(m, text, err);
}

// Counts the packets of a file, and notes their times.
static pst_status walk(mp4 *m, pst_error *err) {
    AVPacket *packet = m->reader.packet;
    pst_status status;
    int64_t first = 0, previous = 0;
    while ((status = next(m, packet, err)) == PST_OK) {
        const int64_t time = packet->dts != AV_NOPTS_VALUE ? packet->dts : packet->pts;
        first = m->marks.n_packets == 0 ? time : first;
        // A packet that does not tell how long it is, is as long as the one before.
        m->duration = time - first + (packet->duration > 0 ? packet->duration : time - previous);
        previous = time;
        const bool is_heard = (packet->flags & AV_PKT_FLAG_DISCARD) == 0;
        av_packet_unref(packet);
        if (!pst_marks_add(&m->marks, time))
            return pst_fail_memory(err);
        m->n_heard = is_heard ? m->marks.n_packets : m->n_heard;
    }
    if (status < 0)
        return status;
    if (av_seek_frame(m->format, m->stream->index, first, AVSEEK_FLAG_BACKWARD) < 0)
        return bad_file(m, "it cannot go back", err);
    return PST_OK;
}

// Returns how many frames the file is meant to have, of those that its packets hold. The last
// packet may be cut, by its own duration or by the list of edits; that counts in thousandths of a
// second in many files, so it is taken only where it cuts more than rounding does.
static int64_t told_length(const mp4 *m, int64_t n_frames) {
    const AVStream *stream = m->stream;
    const int64_t numerator = (int64_t)stream->time_base.num * m->reader.rate_hz;
    const int64_t rounding = m->reader.rate_hz / 1000 + 1;
    const int64_t most_padding = 2 * m->reader.packet_frames;
    if (stream->time_base.den <= 0)
        return n_frames;
    const int64_t media =
        av_rescale(m->duration, numerator, stream->time_base.den) - m->reader.skip_frames;
    if (m->duration > 0 && media < n_frames && media > n_frames - most_padding)
        n_frames = media;
    const int64_t edited =
        stream->duration <= 0 ? 0 : av_rescale(stream->duration, numerator, stream->time_base.den);
    if (edited > 0 && edited < n_frames - (m->duration > 0 ? rounding : 0) &&
        edited > n_frames - most_padding)
        n_frames = edited;
    return n_frames < 0 ? 0 : n_frames;
}

static pst_status begin(mp4 *m, pst_decoder_setup *setup, pst_error *err) {
    pst_aac_reader *reader = &m->reader;
    const bool is_seekable = pst_io_is_seekable(m->io);
    pst_status status = pst_mp4_check(m->io, err);
    if (status == PST_OK)
        status = open_format(m, err);
    if (status == PST_OK)
        status = pst_aac_open(reader, m->stream->codecpar, err);
    if (status == PST_OK && is_seekable)
        status = walk(m, err);
    if (status == PST_OK)
        status = pst_aac_look(reader, err);
    if (status == PST_BAD_FILE && !is_seekable)
        return bad_file(m, "its index lies behind the sound, so it cannot come from a pipe", err);
    if (status != PST_OK)
        return status;
    // libavformat counts at the rate that the container tells, without what SBR adds.
    const int64_t own_hz = m->stream->codecpar->sample_rate;
    if (own_hz > 0)
        reader->skip_frames = av_rescale(m->stream_skip, reader->rate_hz, own_hz);
    reader->raw = reader->skip_frames;
    setup->info.n_frames = -1;
    setup->info.is_seekable = is_seekable;
    const int64_t n_heard =
        is_seekable ? m->n_heard : (int64_t)avformat_index_get_entries_count(m->stream);
    const int64_t n_frames = told_length(m, n_heard * reader->packet_frames - reader->skip_frames);
    if (is_seekable)
        setup->info.n_frames = n_frames;
    else if (n_frames > 0)
        setup->claimed_frames = n_frames;
    setup->skipped_frames = reader->skip_frames;
    if (is_seekable || n_frames > 0)
        reader->raw_end = reader->skip_frames + n_frames;
    return PST_OK;
}

static void mp4_close(void *state) {
    mp4 *m = state;
    pst_aac_close(&m->reader);
    avformat_close_input(&m->format);
    pst_avio_close(m->avio);
    pst_marks_free(&m->marks);
    pst_free(m);
}

static pst_status mp4_open(void **state, pst_decoder_setup *setup, pst_error *err) {
    const pst_status loaded = pst_av_load(err);
    if (loaded != PST_OK)
        return loaded;
    mp4 *m = pst_alloc(sizeof *m);
    if (m == NULL)
        return pst_fail_memory(err);
    m->io = setup->io;
    m->reader.next = next;
    m->reader.user = m;
    m->reader.damage = setup->damage;
    const pst_status status = begin(m, setup, err);
    if (status != PST_OK) {
        mp4_close(m);
        return status;
    }
    setup->native = PST_FORMAT_F32;
    setup->info.format.sample_format = PST_FORMAT_F32;
    setup->info.format.rate_hz = m->reader.rate_hz;
    setup->info.format.n_channels = m->reader.n_channels;
    if (m->stream->codecpar->bit_rate > 0 && m->stream->codecpar->bit_rate < UINT32_MAX)
        setup->info.bitrate_bps = (uint32_t)m->stream->codecpar->bit_rate;
    pst_tags_from_dict(setup->tags, m->format->metadata);
    *state = m;
    return PST_OK;
}

static pst_status mp4_read(void *state, void *data, uint64_t n_frames, uint64_t *n_read,
                           pst_error *err) {
    return pst_aac_read(&((mp4 *)state)->reader, data, n_frames, n_read, err);
}

static pst_status mp4_seek(void *state, int64_t frame, pst_error *err) {
    mp4 *m = state;
    int64_t time;
    const int64_t packet =
        pst_marks_before(&m->marks, pst_aac_packet_for(&m->reader, frame), &time);
    if (av_seek_frame(m->format, m->stream->index, time, AVSEEK_FLAG_BACKWARD) < 0)
        return bad_file(m, "it cannot go to that frame", err);
    pst_aac_restart(&m->reader, packet, frame);
    return PST_OK;
}

const pst_decoder_ops pst_mp4_decoder = {
    .open = mp4_open,
    .read = mp4_read,
    .seek = mp4_seek,
    .close = mp4_close,
};
