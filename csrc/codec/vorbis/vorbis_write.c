// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

// Ogg Vorbis files, written by libvorbisenc.

#include <string.h>
#include <vorbis/codec.h>
#include <vorbis/vorbisenc.h>

#include "base/alloc.h"
#include "base/error.h"
#include "codec/metadata/vorbis_comment.h"
#include "codec/ogg/channels.h"
#include "codec/ogg/writer.h"
#include "codec/vorbis/vorbis_codec.h"

enum {
    MIN_RATE_HZ = 1000, // Below, libvorbis had faults.
    MAX_RATE_HZ = 200000,
    MAX_CHANNELS = 8,
    // libvorbis is given so many at a time, always: it takes room on the stack for all of them, and
    // what it makes of them depends on how many it got.
    PIECE_FRAMES = 1024
};

// Of libvorbis' scale from -0.1 to 1.
#define LOWEST_QUALITY (-0.1)
#define USUAL_QUALITY 0.5

typedef struct vorbis {
    pst_ogg_writer writer;
    vorbis_info info;
    vorbis_dsp_state dsp;
    vorbis_block block;
    bool has_dsp;
    const uint8_t *order;
    int n_filled; // Of a piece.
} vorbis;

// ---- What can be asked for -------------------------------------------------------------------

// Fills info, which has to be cleared whatever comes of it. Returns whether there is such a mode.
static bool choose_mode(vorbis_info *info, const pst_file_format *format,
                        const pst_encoder_options *options) {
    const long n_channels = (long)format->n_channels, rate_hz = (long)format->rate_hz;
    const long bps = (long)options->bitrate_bps;
    vorbis_info_init(info);
    if (bps == 0) {
        const double quality = options->quality < 0.0
                                   ? USUAL_QUALITY
                                   : LOWEST_QUALITY + options->quality * (1.0 - LOWEST_QUALITY);
        return vorbis_encode_init_vbr(info, n_channels, rate_hz, (float)quality) == 0;
    }
    const long limit = options->bitrate_mode == PST_BITRATE_CONSTANT ? bps : -1;
    if (vorbis_encode_setup_managed(info, n_channels, rate_hz, limit, bps, limit) != 0)
        return false;
    const bool is_managed = options->bitrate_mode == PST_BITRATE_CONSTANT ||
                            options->bitrate_mode == PST_BITRATE_AVERAGE;
    if (!is_managed && vorbis_encode_ctl(info, OV_ECTL_RATEMANAGE2_SET, NULL) != 0)
        return false;
    return vorbis_encode_setup_init(info) == 0;
}

static bool is_possible(const pst_file_format *format, const pst_encoder_options *options) {
    vorbis_info info;
    const bool chosen = choose_mode(&info, format, options);
    vorbis_info_clear(&info);
    return chosen;
}

// Returns the last bitrate from one that is possible towards one that is not.
static uint32_t last_possible(const pst_file_format *format, pst_encoder_options options,
                              uint32_t good, uint32_t bad) {
    while (good + 1 < bad || bad + 1 < good) {
        options.bitrate_bps = good < bad ? good + (bad - good) / 2 : bad + (good - bad) / 2;
        if (is_possible(format, &options))
            good = options.bitrate_bps;
        else
            bad = options.bitrate_bps;
    }
    return good;
}

static pst_status refuse_bitrate(const pst_file_format *format, const pst_encoder_options *options,
                                 pst_error *err) {
    pst_encoder_options usual = *options;
    usual.bitrate_bps = 0;
    usual.quality = -1.0;
    vorbis_info info;
    const bool has_usual = choose_mode(&info, format, &usual);
    const long nominal_bps = info.bitrate_nominal;
    vorbis_info_clear(&info);
    usual = *options;
    usual.bitrate_bps = nominal_bps > 0 && nominal_bps < INT32_MAX ? (uint32_t)nominal_bps : 0;
    if (!has_usual || usual.bitrate_bps == 0 || !is_possible(format, &usual))
        return pst_fail(err, PST_BAD_ARGUMENT, 0,
                        "bitrate is %u; VORBIS has no mode for that with %u channels at %u Hz; "
                        "take another, or quality from 0 to 1 instead",
                        (unsigned)options->bitrate_bps, (unsigned)format->n_channels,
                        (unsigned)format->rate_hz);
    return pst_fail(err, PST_BAD_ARGUMENT, 0,
                    "bitrate is %u; for VORBIS of %u channels at %u Hz it must be from %u to %u",
                    (unsigned)options->bitrate_bps, (unsigned)format->n_channels,
                    (unsigned)format->rate_hz,
                    (unsigned)last_possible(format, usual, usual.bitrate_bps, 0),
                    (unsigned)last_possible(format, usual, usual.bitrate_bps, INT32_MAX));
}

static pst_status check(const pst_file_format *format, const pst_encoder_options *options,
                        pst_error *err) {
    if (format->rate_hz < MIN_RATE_HZ)
        return pst_fail(err, PST_BAD_ARGUMENT, 0, "samplerate is %u; VORBIS can have %d to %d Hz",
                        (unsigned)format->rate_hz, (int)MIN_RATE_HZ, (int)MAX_RATE_HZ);
    if (options->bitrate_bps == 0 && (options->bitrate_mode == PST_BITRATE_CONSTANT ||
                                      options->bitrate_mode == PST_BITRATE_AVERAGE))
        return pst_fail(err, PST_BAD_ARGUMENT, 0,
                        "bitrate_mode is %s, and no bitrate is given; VORBIS needs one for that",
                        options->bitrate_mode == PST_BITRATE_CONSTANT ? "CONSTANT" : "AVERAGE");
    if (is_possible(format, options))
        return pst_check_vorbis_comments(options->tags, err);
    if (options->bitrate_bps == 0)
        return pst_fail(err, PST_BAD_ARGUMENT, 0,
                        "samplerate is %u and channels %u; VORBIS cannot have these together",
                        (unsigned)format->rate_hz, (unsigned)format->n_channels);
    return refuse_bitrate(format, options, err);
}

// ---- The beginning of a file -----------------------------------------------------------------

static void free_parts(vorbis *v) {
    pst_ogg_writer_deinit(&v->writer);
    if (v->has_dsp) {
        vorbis_block_clear(&v->block);
        vorbis_dsp_clear(&v->dsp);
    }
    vorbis_info_clear(&v->info);
    pst_free(v);
}

// Returns the second header, with the framing bit behind the comments; NULL if memory is short.
static uint8_t *make_comments(const pst_tags *tags, size_t *n_bytes) {
    enum { MAGIC_BYTES = 7 };
    size_t n = 0;
    uint8_t *comments = pst_make_vorbis_comments(tags, vorbis_version_string(), &n);
    uint8_t *made = comments == NULL ? NULL : pst_alloc(MAGIC_BYTES + n + 1);
    if (made != NULL) {
        memcpy(made, "\x03vorbis", MAGIC_BYTES);
        memcpy(made + MAGIC_BYTES, comments, n);
        made[MAGIC_BYTES + n] = 1;
        *n_bytes = MAGIC_BYTES + n + 1;
    }
    pst_free(comments);
    return made;
}

static pst_status write_headers(vorbis *v, const pst_tags *tags, pst_error *err) {
    size_t n_bytes = 0;
    uint8_t *comments = make_comments(tags, &n_bytes);
    if (comments == NULL)
        return pst_fail_memory(err);
    ogg_packet headers[3];
    vorbis_comment none;
    vorbis_comment_init(&none);
    pst_status status = PST_OK;
    if (vorbis_analysis_headerout(&v->dsp, &none, &headers[0], &headers[1], &headers[2]) != 0) {
        status = pst_fail_memory(err);
    } else {
        headers[1].packet = comments;
        headers[1].bytes = (long)n_bytes;
        status = pst_ogg_write_headers(&v->writer, headers, 3, err);
    }
    vorbis_comment_clear(&none);
    pst_free(comments);
    return status;
}

static pst_status begin_stream(vorbis *v, const pst_encoder_setup *setup, pst_error *err) {
    if (!choose_mode(&v->info, setup->format, setup->options))
        return pst_fail(err, PST_BAD_ARGUMENT, 0, "libvorbis refuses the format");
    if (vorbis_analysis_init(&v->dsp, &v->info) != 0)
        return pst_fail_memory(err);
    vorbis_block_init(&v->dsp, &v->block);
    v->has_dsp = true;
    return write_headers(v, setup->options->tags, err);
}

static pst_status vorbis_open(void **state, pst_encoder_setup *setup, pst_error *err) {
    vorbis *v = pst_alloc(sizeof *v);
    if (v == NULL)
        return pst_fail_memory(err);
    pst_status status = pst_ogg_writer_init(&v->writer, setup->io, setup->format->rate_hz, 1, err);
    if (status != PST_OK) {
        pst_free(v);
        return status;
    }
    status = begin_stream(v, setup, err);
    if (status != PST_OK) {
        free_parts(v);
        return status;
    }
    v->order = pst_ogg_channel_order(setup->format->n_channels);
    setup->native = setup->stored = PST_FORMAT_F32;
    setup->max_frames = INT64_MAX;
    setup->stream.has_packets = true;
    *state = v;
    return PST_OK;
}

// ---- Packets ---------------------------------------------------------------------------------

// Writes the packets that are complete.
static pst_status drain(vorbis *v, pst_error *err) {
    while (vorbis_analysis_blockout(&v->dsp, &v->block) == 1) {
        vorbis_analysis(&v->block, NULL);
        vorbis_bitrate_addblock(&v->block);
        ogg_packet packet;
        while (vorbis_bitrate_flushpacket(&v->dsp, &packet) != 0) {
            const pst_status status = pst_ogg_write_packet(&v->writer, &packet, err);
            if (status != PST_OK)
                return status;
        }
    }
    return PST_OK;
}

static void fill(vorbis *v, const float *from, int n_frames) {
    const size_t n_channels = (size_t)v->info.channels;
    float **planes = vorbis_analysis_buffer(&v->dsp, PIECE_FRAMES);
    for (size_t channel = 0; channel < n_channels; ++channel) {
        float *to = planes[v->order == NULL ? channel : v->order[channel]] + v->n_filled;
        for (int i = 0; i < n_frames; ++i)
            to[i] = from[(size_t)i * n_channels + channel];
    }
    v->n_filled += n_frames;
}

static pst_status encode(vorbis *v, pst_error *err) {
    vorbis_analysis_wrote(&v->dsp, v->n_filled);
    v->n_filled = 0;
    return drain(v, err);
}

static pst_status vorbis_write(void *state, const void *data, uint64_t n_frames,
                               uint64_t *n_written, pst_error *err) {
    vorbis *v = state;
    const float *from = data;
    pst_status status = PST_OK;
    *n_written = 0;
    while (*n_written < n_frames && status == PST_OK) {
        const uint64_t left = n_frames - *n_written;
        const int room = PIECE_FRAMES - v->n_filled;
        const int n = left < (uint64_t)room ? (int)left : room;
        fill(v, from, n);
        from += (size_t)n * (size_t)v->info.channels;
        *n_written += (uint64_t)n;
        if (v->n_filled == PIECE_FRAMES)
            status = encode(v, err);
    }
    return status;
}

static pst_status vorbis_update(void *state, pst_error *err) {
    return pst_ogg_flush(&((vorbis *)state)->writer, err);
}

static pst_status vorbis_finish(void *state, pst_error *err) {
    vorbis *v = state;
    pst_status status = PST_OK;
    if (pst_io_error(v->writer.io) != 0) {
        status = pst_io_fail(v->writer.io, err);
    } else {
        if (v->n_filled > 0)
            status = encode(v, err);
        // Nothing means the end.
        if (status == PST_OK)
            status = encode(v, err);
    }
    free_parts(v);
    return status;
}

const pst_encoder_ops pst_vorbis_encoder = {
    .min_rate_hz = MIN_RATE_HZ,
    .max_rate_hz = MAX_RATE_HZ,
    .max_channels = MAX_CHANNELS,
    .has_bitrate = true,
    .has_quality = true,
    .has_tags = true,
    .max_compression = -1,
    .check = check,
    .open = vorbis_open,
    .write = vorbis_write,
    .update = vorbis_update,
    .finish = vorbis_finish,
};
