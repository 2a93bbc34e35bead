// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include <lame/lame.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "codec/metadata/id3.h"
#include "codec/mp3/info_frame.h"
#include "codec/mp3/mp3.h"
#include "codec/mp3/mp3_options.h"
#include "pastream/packet.h"

enum {
    PIECE_FRAMES = 1152,
    FLUSH_BYTES = 7200, // LAME's word for how much may come at the end,
    PIECE_BYTES = PIECE_FRAMES * 5 / 4 + FLUSH_BYTES, // and for a piece.
    N_MARKS = 400,
    KBPS = 1000
};

static const uint32_t rates_hz[] = {8000,  11025, 12000, 16000, 22050,
                                    24000, 32000, 44100, 48000, 0};

// Variable bitrates of about 190 kbit/s: for nearly all ears the original.
static const double default_quality = 7.0 / 9.0;

typedef struct writer {
    pst_io *io;
    lame_global_flags *lame;
    uint32_t n_channels;
    uint32_t frame_samples;
    // The info frame, which is written again at the end; none if info_bytes is 0.
    pst_info_frame info;
    char encoder[16];
    uint8_t head[PST_MPEG_HEADER_BYTES];
    int64_t info_at;
    uint32_t info_bytes;
    int64_t n_promised; // Frames that the info frame of a pipe speaks of; -1: of none.
    // What was written:
    int64_t n_frames;        // Taken, of samples.
    int64_t n_encoded;       // Frames of the codec, whole.
    int64_t n_bytes;         // Of those.
    uint32_t marks[N_MARKS]; // Where each mark_every-th begins.
    int64_t mark_every;
    bool has_failed;
    // What LAME gave and is not yet a whole frame:
    size_t n_pending;
    uint8_t pending[PIECE_BYTES + PST_MPEG_MAX_FRAME_BYTES];
} writer;

// ---- LAME ------------------------------------------------------------------------------------

static void be_silent(const char *text, va_list args) {
    (void)text;
    (void)args;
}

static pst_status set_up(writer *w, const pst_file_format *format,
                         const pst_encoder_options *options, pst_error *err) {
    const pst_bitrate_mode mode = pst_mp3_mode(options);
    const int kbps = (int)(options->bitrate_bps / KBPS);
    const double quality = options->quality >= 0.0 ? options->quality : default_quality;
    lame_global_flags *lame = w->lame;
    int bad = lame_set_errorf(lame, be_silent) | lame_set_debugf(lame, be_silent) |
              lame_set_msgf(lame, be_silent);
    bad |= lame_set_num_channels(lame, (int)format->n_channels) |
           lame_set_mode(lame, format->n_channels == 1 ? MONO : JOINT_STEREO) |
           lame_set_in_samplerate(lame, (int)format->rate_hz) |
           lame_set_out_samplerate(lame, (int)format->rate_hz);
    // The info frame is ours, so that it is right at every moment, and in pipes.
    bad |= lame_set_bWriteVbrTag(lame, 0);
    lame_set_write_id3tag_automatic(lame, 0);
    if (options->compression >= 0)
        bad |= lame_set_quality(lame, 9 - (int)options->compression);
    if (mode == PST_BITRATE_CONSTANT)
        bad |= lame_set_VBR(lame, vbr_off) | lame_set_brate(lame, kbps);
    else if (mode == PST_BITRATE_AVERAGE)
        bad |= lame_set_VBR(lame, vbr_abr) | lame_set_VBR_mean_bitrate_kbps(lame, kbps);
    else
        bad |= lame_set_VBR(lame, vbr_default) |
               lame_set_VBR_quality(lame, (float)(9.0 * (1.0 - quality)));
    const bool is_kept = bad == 0 && lame_init_params(lame) == 0 &&
                         lame_get_out_samplerate(lame) == (int)format->rate_hz &&
                         (mode != PST_BITRATE_CONSTANT || lame_get_brate(lame) == kbps);
    if (!is_kept)
        return pst_fail(err, PST_UNSUPPORTED, 0, "LAME does not take these options together");
    static const uint8_t methods[] = {
        [PST_BITRATE_VARIABLE] = 4, [PST_BITRATE_CONSTANT] = 1, [PST_BITRATE_AVERAGE] = 2};
    w->info.is_variable = mode != PST_BITRATE_CONSTANT;
    w->info.method = methods[mode];
    w->info.bitrate_kbps = (uint8_t)(kbps < 255 ? kbps : 255);
    w->info.lowpass_hz = (uint32_t)lame_get_lowpassfreq(lame);
    w->info.delay = (uint32_t)lame_get_encoder_delay(lame);
    w->info.has_delay = true;
    w->frame_samples = (uint32_t)lame_get_framesize(lame);
    return PST_OK;
}

// Makes a header as those of the file are, with about the same bitrate.
static void make_head(uint8_t *head, const pst_file_format *format, uint32_t bitrate_bps) {
    enum { ORIGINAL = 4, JOINT_BITS = 0x40, MONO_BITS = 0xC0 };
    static const uint8_t versions[] = {
        [PST_MPEG_1] = 0xFB, [PST_MPEG_2] = 0xF3, [PST_MPEG_2_5] = 0xE3};
    pst_mpeg_header header = {0};
    head[0] = 0xFF;
    head[1] = versions[pst_mp3_version(format->rate_hz)];
    head[3] = (uint8_t)(ORIGINAL | (format->n_channels == 1 ? MONO_BITS : JOINT_BITS));
    for (unsigned rate = 0; rate < 3 && header.rate_hz != format->rate_hz; ++rate) {
        head[2] = (uint8_t)(0x10 | rate << 2);
        (void)pst_mpeg_header_read(head, &header);
    }
    while (header.bitrate_bps < bitrate_bps && (head[2] >> 4) < 14) {
        head[2] += 0x10;
        (void)pst_mpeg_header_read(head, &header);
    }
}

// ---- Writing ---------------------------------------------------------------------------------

static pst_status put(writer *w, const void *bytes, size_t n_bytes, pst_error *err) {
    return pst_io_write(w->io, bytes, (int64_t)n_bytes) == (int64_t)n_bytes
               ? PST_OK
               : pst_io_fail(w->io, err);
}

static pst_status put_info(writer *w, pst_error *err) {
    uint8_t bytes[PST_MPEG_MAX_FRAME_BYTES];
    w->info.encoder = w->encoder;
    w->info_bytes = pst_info_frame_write(bytes, w->head, &w->info);
    return put(w, bytes, w->info_bytes, err);
}

static void mark(writer *w) {
    if (w->n_encoded % w->mark_every != 0)
        return;
    if (w->n_encoded == N_MARKS * w->mark_every) {
        for (size_t i = 0; i < N_MARKS / 2; ++i)
            w->marks[i] = w->marks[2 * i];
        w->mark_every *= 2;
    }
    w->marks[w->n_encoded / w->mark_every] = (uint32_t)w->n_bytes;
}

// Writes a frame of the codec. Returns whether that was possible.
static bool put_frame(writer *w, const uint8_t *bytes, const pst_mpeg_header *header) {
    const int64_t n_bytes = (int64_t)header->n_bytes;
    if (pst_io_write_packet(w->io, bytes, n_bytes, header->n_samples, 0) != n_bytes)
        return false;
    pst_io_note_packet(w->io);
    mark(w);
    ++w->n_encoded;
    w->n_bytes += n_bytes;
    w->info.sound_checksum = pst_info_checksum(w->info.sound_checksum, bytes, header->n_bytes);
    return true;
}

// Writes the frames that are whole. What cannot be written is cut off at a frame's end.
static pst_status put_frames(writer *w, int n_new, pst_error *err) {
    if (n_new < 0)
        return pst_fail(err, n_new == -2 ? PST_NO_MEMORY : PST_SYSTEM_ERROR, n_new,
                        "LAME failed with %d", n_new);
    w->n_pending += (size_t)n_new;
    size_t n = 0;
    pst_mpeg_header header;
    while (n + PST_MPEG_HEADER_BYTES <= w->n_pending &&
           pst_mpeg_header_read(w->pending + n, &header) && n + header.n_bytes <= w->n_pending) {
        if (!put_frame(w, w->pending + n, &header)) {
            w->has_failed = true;
            const pst_status status = pst_io_fail(w->io, err);
            (void)pst_io_truncate(w->io, w->info_at + w->info_bytes + w->n_bytes);
            return status;
        }
        n += header.n_bytes;
    }
    memmove(w->pending, w->pending + n, w->n_pending - n);
    w->n_pending -= n;
    return PST_OK;
}

// LAME ends the process when it meets a NaN.
static bool is_bearable(const float *samples, size_t n_samples) {
    const float loudest = (float)PST_ENCODER_LOUDEST;
    for (size_t i = 0; i < n_samples; ++i)
        if (!(samples[i] <= loudest && samples[i] >= -loudest))
            return false;
    return true;
}

// Returns how many bytes came, or LAME's failure.
static int encode(writer *w, const float *samples, int n_frames) {
    uint8_t *to = w->pending + w->n_pending;
    const int room = (int)(sizeof w->pending - w->n_pending);
    return w->n_channels == 1
               ? lame_encode_buffer_ieee_float(w->lame, samples, samples, n_frames, to, room)
               : lame_encode_buffer_interleaved_ieee_float(w->lame, samples, n_frames, to, room);
}

static pst_status write_frames(void *state, const void *data, uint64_t n_frames,
                               uint64_t *n_written, pst_error *err) {
    writer *w = state;
    const float *samples = data;
    *n_written = 0;
    while (*n_written < n_frames) {
        const uint64_t n_left = n_frames - *n_written;
        const int n = n_left < PIECE_FRAMES ? (int)n_left : PIECE_FRAMES;
        if (!is_bearable(samples, (size_t)n * w->n_channels))
            return pst_fail(err, PST_BAD_ARGUMENT, 0, "A sample is no number, or far too loud");
        if (w->n_promised >= 0 && w->n_frames + n > w->n_promised)
            return pst_fail(err, PST_LIMIT, 0,
                            "n_frames said that %lld frames would come; more cannot be told of "
                            "in a place that cannot seek",
                            (long long)w->n_promised);
        const pst_status status = put_frames(w, encode(w, samples, n), err);
        if (status != PST_OK)
            return status;
        samples += (size_t)n * w->n_channels;
        w->n_frames += n;
        *n_written += (uint64_t)n;
    }
    return PST_OK;
}

// Whole frames are written as soon as they are; this completes those that wait for bits of later
// ones. The info frame tells of no number before the end, so that nobody stops at it if there is
// none.
static pst_status update(void *state, pst_error *err) {
    writer *w = state;
    if (w->n_encoded == 0 && w->n_pending == 0)
        return PST_OK;
    return put_frames(w,
                      lame_encode_flush_nogap(w->lame, w->pending + w->n_pending,
                                              (int)(sizeof w->pending - w->n_pending)),
                      err);
}

// How many frames of the codec hold n_frames frames: LAME adds some before and behind.
static int64_t n_encoded_of(const writer *w, int64_t n_frames) {
    n_frames = n_frames == 0 ? 1 : n_frames; // See end_file.
    return (n_frames + 2 * 576 + w->frame_samples - 1) / w->frame_samples;
}

// Tells of n_encoded frames that n_frames frames are heard of.
static void set_counts(writer *w, int64_t n_encoded, int64_t n_frames) {
    const int64_t padding = n_encoded * w->frame_samples - w->info.delay - n_frames;
    w->info.has_frames = n_encoded <= UINT32_MAX;
    w->info.n_frames = (uint32_t)n_encoded;
    w->info.padding = padding > 0 && padding < 4096 ? (uint32_t)padding : 0;
}

static void set_places(writer *w) {
    const int64_t n_all = w->info_bytes + w->n_bytes;
    w->info.has_bytes = n_all <= UINT32_MAX;
    w->info.n_bytes = (uint32_t)n_all;
    w->info.has_toc = w->n_encoded > 0 && w->info.has_bytes;
    for (int i = 0; w->info.has_toc && i < PST_MP3_TOC_ENTRIES; ++i) {
        const int64_t frame = w->n_encoded * i / PST_MP3_TOC_ENTRIES;
        const int64_t at = w->info_bytes + (int64_t)w->marks[frame / w->mark_every];
        w->info.toc[i] = (uint8_t)(at * 256 / n_all);
    }
}

static pst_status end_file(writer *w, pst_error *err) {
    static const float nothing[2] = {0};
    pst_status status = PST_OK;
    // A file without a single frame of the codec is none to many a program.
    if (!w->has_failed && w->n_frames == 0)
        status = put_frames(w, encode(w, nothing, 1), err);
    if (!w->has_failed && status == PST_OK)
        status = put_frames(w,
                            lame_encode_flush(w->lame, w->pending + w->n_pending,
                                              (int)(sizeof w->pending - w->n_pending)),
                            err);
    if (w->info_bytes == 0)
        return status;
    if (w->n_promised >= 0) {
        if (status == PST_OK && !w->has_failed && w->n_frames != w->n_promised)
            return pst_fail(err, PST_BAD_STATE, 0,
                            "n_frames said that %lld frames would come; it were %lld",
                            (long long)w->n_promised, (long long)w->n_frames);
        return status;
    }
    // After a failure, all that is there is heard.
    const int64_t n_heard = w->has_failed ? w->n_encoded * w->frame_samples : w->n_frames;
    set_counts(w, w->n_encoded, n_heard);
    set_places(w);
    if (pst_io_seek(w->io, w->info_at) < 0)
        return status != PST_OK ? status : pst_io_fail(w->io, err);
    const pst_status patched = put_info(w, status == PST_OK ? err : NULL);
    return status != PST_OK ? status : patched;
}

static void free_writer(writer *w) {
    if (w->lame != NULL)
        lame_close(w->lame);
    pst_free(w);
}

static pst_status finish(void *state, pst_error *err) {
    writer *w = state;
    const pst_status status = end_file(w, err);
    free_writer(w);
    return status;
}

static pst_status end_head(writer *w, pst_error *err) {
    return pst_io_write_packet(w->io, NULL, 0, 0, PST_PACKET_HEADER) < 0 ? pst_io_fail(w->io, err)
                                                                         : PST_OK;
}

static pst_status begin_file(writer *w, const pst_encoder_setup *setup, pst_error *err) {
    uint8_t *tag = NULL;
    size_t n_bytes = 0;
    pst_status status = pst_id3_make(setup->options->tags, &tag, &n_bytes, err);
    if (status == PST_OK && n_bytes > 0)
        status = put(w, tag, n_bytes, err);
    pst_free(tag);
    w->info_at = pst_io_tell(w->io);
    const bool is_seekable = pst_io_is_seekable(w->io);
    if (status != PST_OK)
        return status;
    if (!is_seekable && setup->options->n_frames < 0)
        return end_head(w, err);
    if (!is_seekable) {
        w->n_promised = setup->options->n_frames;
        set_counts(w, n_encoded_of(w, w->n_promised), w->n_promised);
        status = put_info(w, err);
        return status == PST_OK ? end_head(w, err) : status;
    }
    // FFmpeg plays an info frame that tells of nothing at all, so it tells of itself.
    uint8_t bytes[PST_MPEG_MAX_FRAME_BYTES];
    w->info.encoder = w->encoder;
    w->info.has_bytes = true;
    w->info.n_bytes = pst_info_frame_write(bytes, w->head, &w->info);
    return put_info(w, err);
}

static pst_status open_writer(void **state, pst_encoder_setup *setup, pst_error *err) {
    writer *w = pst_alloc(sizeof *w);
    if (w == NULL)
        return pst_fail_memory(err);
    w->io = setup->io;
    w->n_channels = setup->format->n_channels;
    w->n_promised = -1;
    w->mark_every = 1;
    snprintf(w->encoder, sizeof w->encoder, "LAME%s", get_lame_short_version());
    w->lame = lame_init();
    pst_status status =
        w->lame == NULL ? pst_fail_memory(err) : set_up(w, setup->format, setup->options, err);
    if (status == PST_OK) {
        make_head(w->head, setup->format, setup->options->bitrate_bps);
        status = begin_file(w, setup, err);
    }
    if (status != PST_OK) {
        free_writer(w);
        return status;
    }
    setup->native = PST_FORMAT_F32;
    setup->stored = PST_FORMAT_F32;
    setup->max_frames = (int64_t)INT32_MAX * w->frame_samples;
    setup->stream.has_packets = true;
    setup->stream.packet_frames = w->frame_samples;
    setup->stream.delay_frames = w->info.delay + PST_MP3_DECODER_DELAY;
    *state = w;
    return PST_OK;
}

const pst_encoder_ops pst_mp3_encoder = {
    .rates_hz = rates_hz,
    .max_rate_hz = 48000,
    .max_channels = 2,
    .has_bitrate = true,
    .has_quality = true,
    .has_tags = true,
    .max_compression = 9,
    .check = pst_mp3_check,
    .open = open_writer,
    .write = write_frames,
    .update = update,
    .finish = finish,
};
