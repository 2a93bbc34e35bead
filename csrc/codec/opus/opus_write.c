// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

// Ogg Opus files, written by libopus. See RFC 7845.

#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "codec/metadata/vorbis_comment.h"
#include "codec/ogg/writer.h"
#include "codec/opus/encode.h"
#include "codec/opus/opus_codec.h"

typedef struct opus {
    pst_opus_writer packets;
    pst_ogg_writer writer;
    bool is_ending;
} opus;

static pst_status check(const pst_file_format *format, const pst_encoder_options *options,
                        pst_error *err) {
    const pst_status status = pst_opus_check(format, options, err);
    return status == PST_OK ? pst_check_vorbis_comments(options->tags, err) : status;
}

// The file may end within its last packet, which its granule tells.
static pst_status put(void *user, uint8_t *data, int32_t n_bytes, pst_error *err) {
    opus *o = user;
    const int64_t end = pst_opus_sound_end(&o->packets);
    const bool is_last = o->is_ending && o->packets.end >= end;
    ogg_packet packet = {
        .bytes = n_bytes,
        .e_o_s = is_last,
        .granulepos = is_last ? end : o->packets.end,
    };
    packet.packet = data;
    return pst_ogg_write_packet(&o->writer, &packet, err);
}

static pst_status write_headers(opus *o, const pst_tags *tags, pst_error *err) {
    enum { MAGIC_BYTES = 8 };
    uint8_t head[PST_OPUS_HEAD_BYTES];
    const size_t n_head = pst_opus_head_write(&o->packets.head, head);
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
    pst_opus_end(&o->packets);
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
    o->packets.put = put;
    o->packets.user = o;
    status = pst_opus_begin(&o->packets, setup->format, setup->options, err);
    if (status == PST_OK)
        status = write_headers(o, setup->options->tags, err);
    if (status != PST_OK) {
        free_parts(o);
        return status;
    }
    setup->native = setup->stored = PST_FORMAT_F32;
    setup->max_frames = INT64_MAX / PST_OPUS_RATE_HZ;
    pst_opus_tell(&o->packets, &setup->stream);
    *state = o;
    return PST_OK;
}

static pst_status opus_write(void *state, const void *data, uint64_t n_frames, uint64_t *n_written,
                             pst_error *err) {
    return pst_opus_write(&((opus *)state)->packets, data, n_frames, n_written, err);
}

static pst_status opus_update(void *state, pst_error *err) {
    return pst_ogg_flush(&((opus *)state)->writer, err);
}

static pst_status opus_finish(void *state, pst_error *err) {
    opus *o = state;
    o->is_ending = true;
    const pst_status status = pst_io_error(o->writer.io) != 0 ? pst_io_fail(o->writer.io, err)
                                                              : pst_opus_drain(&o->packets, err);
    free_parts(o);
    return status;
}

const pst_encoder_ops pst_opus_encoder = {
    .rates_hz = pst_opus_rates_hz,
    .max_rate_hz = PST_OPUS_RATE_HZ,
    .max_channels = PST_OPUS_MOST_CHANNELS,
    .has_bitrate = true,
    .has_opus = true,
    .has_tags = true,
    .max_compression = PST_OPUS_MAX_COMPLEXITY,
    .check = check,
    .open = opus_open,
    .write = opus_write,
    .update = opus_update,
    .finish = opus_finish,
};
