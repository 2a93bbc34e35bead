// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "codec/aac/decode.h"

#include <string.h>

#include "base/error.h"

static bool give_extradata(pst_aac_reader *reader) {
    const size_t n_bytes = (size_t)reader->n_extradata;
    if (n_bytes > INT32_MAX - AV_INPUT_BUFFER_PADDING_SIZE)
        return false;
    uint8_t *copy = av_malloc(n_bytes + AV_INPUT_BUFFER_PADDING_SIZE);
    if (copy == NULL)
        return false;
    memcpy(copy, reader->extradata, n_bytes);
    memset(copy + n_bytes, 0, AV_INPUT_BUFFER_PADDING_SIZE);
    reader->codec->extradata = copy;
    reader->codec->extradata_size = (int)n_bytes;
    return true;
}

pst_status pst_aac_open(pst_aac_reader *reader, const AVCodecParameters *parameters,
                        pst_error *err) {
    reader->raw_end = INT64_MAX;
    const AVCodec *codec = avcodec_find_decoder(AV_CODEC_ID_AAC);
    if (codec == NULL)
        return pst_fail(err, PST_BAD_FILE, 0, "The file holds AAC, and libavcodec has no decoder");
    reader->codec = avcodec_alloc_context3(codec);
    reader->packet = av_packet_alloc();
    reader->frame = av_frame_alloc();
    if (reader->codec == NULL || reader->packet == NULL || reader->frame == NULL)
        return pst_fail_memory(err);
    reader->codec->thread_count = 1;
    reader->codec->request_sample_fmt = AV_SAMPLE_FMT_FLTP;
    // What is to be left out, this file decides.
    reader->codec->flags2 |= AV_CODEC_FLAG2_SKIP_MANUAL;
    if (parameters != NULL && avcodec_parameters_to_context(reader->codec, parameters) < 0)
        return pst_fail_memory(err);
    if (reader->n_extradata > 0 && !give_extradata(reader))
        return pst_fail_memory(err);
    if (avcodec_open2(reader->codec, codec, NULL) < 0)
        return pst_fail(err, PST_BAD_FILE, 0, "The file's AAC is of a kind that cannot be decoded");
    return PST_OK;
}

void pst_aac_close(pst_aac_reader *reader) {
    avcodec_free_context(&reader->codec);
    av_packet_free(&reader->packet);
    av_frame_free(&reader->frame);
}

bool pst_aac_fits(const pst_aac_reader *reader) {
    const AVFrame *frame = reader->frame;
    if (frame->format != AV_SAMPLE_FMT_FLTP || frame->nb_samples < 1)
        return false;
    if (reader->packet_frames != 0)
        return (uint32_t)frame->sample_rate == reader->rate_hz &&
               (uint32_t)frame->ch_layout.nb_channels == reader->n_channels;
    return frame->sample_rate >= 1 && frame->sample_rate <= PST_FILE_MAX_RATE_HZ &&
           frame->ch_layout.nb_channels >= 1 && frame->ch_layout.nb_channels <= PST_MAX_CHANNELS;
}

pst_status pst_aac_refuse_change(const pst_aac_reader *reader, int64_t frame, pst_error *err) {
    return pst_fail(err, PST_BAD_FILE, 0,
                    "The sound changes from %u channels at %u Hz to %d at %d Hz at frame %lld",
                    (unsigned)reader->n_channels, (unsigned)reader->rate_hz,
                    reader->frame->ch_layout.nb_channels, reader->frame->sample_rate,
                    (long long)frame);
}

// Brings the decoder a packet. Returns PST_OK, PST_END, or an error. A packet that it cannot decode
// leaves a hole, which is noticed when the next frame comes.
static pst_status feed(pst_aac_reader *reader, pst_error *err) {
    const pst_status status = reader->next(reader->user, reader->packet, err);
    if (status != PST_OK)
        return status;
    ++reader->n_packets;
    (void)avcodec_send_packet(reader->codec, reader->packet);
    av_packet_unref(reader->packet);
    return PST_OK;
}

// Decodes the next frame into reader->frame. The decoder gives one for each packet, at once.
static pst_status decode_frame(pst_aac_reader *reader, pst_error *err) {
    reader->has_frame = false;
    while (!reader->is_over) {
        const int result = avcodec_receive_frame(reader->codec, reader->frame);
        if (result == 0) {
            reader->frame_raw = (reader->n_packets - 1) * reader->packet_frames;
            reader->has_frame = true;
            return PST_OK;
        }
        const pst_status status = feed(reader, err);
        if (status != PST_OK) {
            reader->is_over = true;
            return status;
        }
    }
    return PST_END;
}

pst_status pst_aac_look(pst_aac_reader *reader, pst_error *err) {
    while (reader->n_packets < PST_AAC_TRY_PACKETS) {
        const pst_status status = decode_frame(reader, err);
        if (status < 0)
            return status;
        if (status == PST_END)
            break;
        if (!pst_aac_fits(reader))
            continue;
        reader->rate_hz = (uint32_t)reader->frame->sample_rate;
        reader->n_channels = (uint32_t)reader->frame->ch_layout.nb_channels;
        reader->packet_frames = reader->frame->nb_samples;
        reader->frame_raw = (reader->n_packets - 1) * reader->packet_frames;
        return PST_OK;
    }
    return pst_fail(err, PST_BAD_FILE, 0, "The file has no AAC in it that could be decoded");
}

static bool has_some(const pst_aac_reader *reader) {
    return reader->has_frame && reader->frame_raw + reader->frame->nb_samples > reader->raw;
}

// Makes sure that there is a frame with something behind `raw`.
static pst_status need_frame(pst_aac_reader *reader, pst_error *err) {
    for (;;) {
        if (has_some(reader))
            return PST_OK;
        const pst_status status = decode_frame(reader, err);
        if (status != PST_OK)
            return status;
        if (pst_aac_fits(reader))
            continue;
        // High-frequency parts that are first mentioned a little later double the rate.
        if (reader->n_packets > PST_AAC_PREROLL_PACKETS)
            return pst_aac_refuse_change(reader, reader->frame_raw - reader->skip_frames, err);
        reader->has_frame = false;
    }
}

void pst_aac_interleave(const pst_aac_reader *reader, int64_t at, float *to, int64_t n_frames) {
    const uint32_t n_channels = reader->n_channels;
    for (uint32_t c = 0; c < n_channels; ++c) {
        const float *from = (const float *)(const void *)reader->frame->extended_data[c] + at;
        for (int64_t i = 0; i < n_frames; ++i)
            to[(size_t)i * n_channels + c] = from[i];
    }
}

static int64_t least(int64_t a, int64_t b) {
    return a < b ? a : b;
}

// At the end of the packets: whether the file ends here, too. If not, raw_end is not behind them.
static bool end_early(pst_aac_reader *reader) {
    const int64_t end = reader->n_packets * reader->packet_frames;
    if (reader->raw_end != INT64_MAX && end < reader->raw_end)
        pst_note_damage(reader->damage, PST_DAMAGE_TRUNCATED, end - reader->skip_frames,
                        reader->raw_end - end);
    reader->raw_end = least(reader->raw_end, end);
    return reader->raw >= reader->raw_end;
}

pst_status pst_aac_read(pst_aac_reader *reader, float *data, uint64_t n_frames, uint64_t *n_read,
                        pst_error *err) {
    *n_read = 0;
    while (*n_read < n_frames && reader->raw < reader->raw_end) {
        if (*n_read > 0 && !has_some(reader))
            break;
        const pst_status status = need_frame(reader, err);
        if (status < 0)
            return status;
        // What the last packets hide, if they cannot be decoded, is lost like any other.
        if (status == PST_END && end_early(reader))
            break;
        const int64_t wanted = least((int64_t)(n_frames - *n_read), reader->raw_end - reader->raw);
        float *to = data + (size_t)*n_read * reader->n_channels;
        int64_t n;
        if (status == PST_END || reader->frame_raw > reader->raw) {
            n = status == PST_END ? wanted : least(wanted, reader->frame_raw - reader->raw);
            memset(to, 0, (size_t)n * reader->n_channels * sizeof *to);
            pst_note_damage(reader->damage, PST_DAMAGE_CORRUPT, reader->raw - reader->skip_frames,
                            n);
        } else {
            const int64_t at = reader->raw - reader->frame_raw;
            n = least(wanted, reader->frame->nb_samples - at);
            pst_aac_interleave(reader, at, to, n);
        }
        reader->raw += n;
        *n_read += (uint64_t)n;
    }
    return PST_OK;
}

int64_t pst_aac_packet_for(const pst_aac_reader *reader, int64_t frame) {
    const int64_t packet = (frame + reader->skip_frames) / reader->packet_frames;
    return packet > PST_AAC_PREROLL_PACKETS ? packet - PST_AAC_PREROLL_PACKETS : 0;
}

void pst_aac_restart(pst_aac_reader *reader, int64_t packet, int64_t frame) {
    avcodec_flush_buffers(reader->codec);
    reader->n_packets = packet;
    reader->raw = frame + reader->skip_frames;
    reader->has_frame = false;
    reader->is_over = false;
}
