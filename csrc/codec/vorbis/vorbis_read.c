// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

// Ogg Vorbis files, read by libvorbis.

#include <string.h>
#include <vorbis/codec.h>

#include "base/alloc.h"
#include "base/error.h"
#include "codec/ogg/channels.h"
#include "codec/ogg/packets.h"
#include "codec/vorbis/setup.h"
#include "codec/vorbis/vorbis_codec.h"

typedef struct vorbis {
    vorbis_info info;
    vorbis_dsp_state dsp;
    vorbis_block block;
    bool has_dsp;
    const uint8_t *order;
} vorbis;

// ---- Headers ---------------------------------------------------------------------------------

static void close_stream(void *state) {
    vorbis *v = state;
    if (v->has_dsp) {
        vorbis_block_clear(&v->block);
        vorbis_dsp_clear(&v->dsp);
    }
    vorbis_info_clear(&v->info);
    pst_free(v);
}

static pst_status refuse(pst_error *err, const char *what) {
    return pst_fail(err, PST_BAD_FILE, 0, "The %s header of the Vorbis stream is damaged", what);
}

// Gives libvorbis a header. Which one it is, counts from 0.
static bool take_header(vorbis *v, vorbis_comment *comment, const void *data, size_t n_bytes,
                        int number) {
    ogg_packet header = {
        .packet = (unsigned char *)data,
        .bytes = (long)n_bytes,
        .b_o_s = number == 0,
        .packetno = number,
    };
    return vorbis_synthesis_headerin(&v->info, comment, &header) == 0;
}

// Whether libvorbis was given a rate and channels that this library can have.
static pst_status check_format(const uint8_t *data, size_t n_bytes, pst_error *err) {
    enum { CHANNELS_AT = 11, RATE_AT = 12, LEAST_BYTES = 30 };
    if (n_bytes < LEAST_BYTES)
        return refuse(err, "first");
    uint32_t rate_hz = 0;
    for (unsigned i = 0; i < 4; ++i)
        rate_hz |= (uint32_t)data[RATE_AT + i] << 8 * i;
    if (data[CHANNELS_AT] < 1 || rate_hz < 1 || rate_hz > PST_FILE_MAX_RATE_HZ)
        return pst_fail(err, PST_BAD_FILE, 0,
                        "The Vorbis stream says that it has %d channels at %u Hz; 1 to 255 "
                        "channels at 1 to %d Hz can be read",
                        data[CHANNELS_AT], (unsigned)rate_hz, (int)PST_FILE_MAX_RATE_HZ);
    return PST_OK;
}

static pst_status take_headers(vorbis *v, const pst_ogg_header *headers, bool *is_sound,
                               pst_error *err) {
    // The comments are read elsewhere, and must not keep a file from being read.
    static const char no_comments[] = "\x03vorbis\0\0\0\0\0\0\0\0\x01";
    const pst_ogg_header *comments = &headers[1], *setup = &headers[2];
    *is_sound = comments->n_bytes >= 7 && memcmp(comments->data, no_comments, 7) == 0;
    const pst_status status = check_format(headers[0].data, headers[0].n_bytes, err);
    if (status != PST_OK)
        return status;
    vorbis_comment comment;
    vorbis_comment_init(&comment);
    const char *broken = NULL;
    if (!take_header(v, &comment, headers[0].data, headers[0].n_bytes, 0))
        broken = "first";
    else if (!take_header(v, &comment, no_comments, sizeof no_comments - 1, 1) ||
             !pst_vorbis_setup_is_bearable(setup->data, setup->n_bytes) ||
             !take_header(v, &comment, setup->data, setup->n_bytes, 2))
        broken = "setup";
    vorbis_comment_clear(&comment);
    return broken == NULL ? PST_OK : refuse(err, broken);
}

static pst_status open_stream(void **state, const pst_ogg_header *headers,
                              pst_ogg_stream_info *info, bool *is_sound, pst_error *err) {
    vorbis *v = pst_alloc(sizeof *v);
    if (v == NULL)
        return pst_fail_memory(err);
    vorbis_info_init(&v->info);
    pst_status status = take_headers(v, headers, is_sound, err);
    if (status == PST_OK && vorbis_synthesis_init(&v->dsp, &v->info) != 0)
        status = refuse(err, "setup");
    if (status != PST_OK) {
        close_stream(v);
        return status;
    }
    vorbis_block_init(&v->dsp, &v->block);
    v->has_dsp = true;
    v->order = pst_ogg_channel_order((uint32_t)v->info.channels);
    const uint32_t long_block = (uint32_t)vorbis_info_blocksize(&v->info, 1);
    *info = (pst_ogg_stream_info){
        .rate_hz = (uint32_t)v->info.rate,
        .n_channels = (uint32_t)v->info.channels,
        .bitrate_bps = v->info.bitrate_nominal > 0 ? (uint32_t)v->info.bitrate_nominal : 0,
        .max_packet_frames = long_block / 2,
        .preroll_frames = long_block / 2,
    };
    *state = v;
    return PST_OK;
}

// ---- Packets ---------------------------------------------------------------------------------

// A packet gives sound from the middle of the block before to the middle of its own.
static int32_t duration(void *state, ogg_packet *packet, int32_t *memory) {
    vorbis *v = state;
    const long size = vorbis_packet_blocksize(&v->info, packet);
    if (size <= 0)
        return -1;
    const int32_t before = *memory;
    *memory = (int32_t)size;
    return before == 0 ? 0 : (int32_t)(before / 4 + size / 4);
}

static int32_t decode(void *state, ogg_packet *packet, float *frames) {
    vorbis *v = state;
    // What is cut off at the ends is not libvorbis' affair.
    packet->granulepos = -1;
    packet->e_o_s = 0;
    if (vorbis_synthesis(&v->block, packet) != 0 ||
        vorbis_synthesis_blockin(&v->dsp, &v->block) != 0)
        return -1;
    float **planes = NULL;
    const int n = vorbis_synthesis_pcmout(&v->dsp, &planes);
    if (n <= 0)
        return 0;
    const size_t n_channels = (size_t)v->info.channels;
    for (size_t channel = 0; channel < n_channels; ++channel) {
        const float *plane = planes[v->order == NULL ? channel : v->order[channel]];
        float *to = frames + channel;
        for (int i = 0; i < n; ++i)
            to[(size_t)i * n_channels] = plane[i];
    }
    vorbis_synthesis_read(&v->dsp, n);
    return n;
}

static void reset(void *state) {
    vorbis_synthesis_restart(&((vorbis *)state)->dsp);
}

static const pst_ogg_codec packets = {
    .encoding = PST_ENCODING_VORBIS,
    .magic = "\x01vorbis",
    .n_magic = 7,
    .n_headers = 3,
    .trims_start = true,
    .comments_at = 7,
    .open = open_stream,
    .duration = duration,
    .decode = decode,
    .reset = reset,
    .close = close_stream,
};

static pst_status vorbis_open(void **state, pst_decoder_setup *setup, pst_error *err) {
    return pst_ogg_open(state, &packets, setup, err);
}

const pst_decoder_ops pst_vorbis_decoder = {
    .open = vorbis_open,
    .read = pst_ogg_read,
    .seek = pst_ogg_seek,
    .close = pst_ogg_close,
};
