// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

// Packets of Opus with nothing around them, for whoever sends them one by one.

#include "base/alloc.h"
#include "base/error.h"
#include "codec/opus/encode.h"
#include "codec/opus/opus_codec.h"

typedef struct opus_packets {
    pst_opus_writer writer;
    pst_io *io;
} opus_packets;

static pst_status put(void *user, uint8_t *data, int32_t n_bytes, pst_error *err) {
    const opus_packets *o = user;
    return pst_io_write_packet(o->io, data, n_bytes, o->writer.packet_frames, 0) == n_bytes
               ? PST_OK
               : pst_io_fail(o->io, err);
}

static void end(opus_packets *o) {
    pst_opus_end(&o->writer);
    pst_free(o);
}

static pst_status open_packets(void **state, pst_encoder_setup *setup, pst_error *err) {
    opus_packets *o = pst_alloc(sizeof *o);
    if (o == NULL)
        return pst_fail_memory(err);
    o->io = setup->io;
    o->writer.put = put;
    o->writer.user = o;
    const pst_status status = pst_opus_begin(&o->writer, setup->format, setup->options, err);
    if (status != PST_OK) {
        end(o);
        return status;
    }
    setup->native = setup->stored = PST_FORMAT_F32;
    setup->max_frames = INT64_MAX / PST_OPUS_RATE_HZ;
    pst_opus_tell(&o->writer, &setup->stream);
    *state = o;
    return PST_OK;
}

static pst_status write_frames(void *state, const void *data, uint64_t n_frames,
                               uint64_t *n_written, pst_error *err) {
    return pst_opus_write(&((opus_packets *)state)->writer, data, n_frames, n_written, err);
}

// Each packet stands for itself.
static pst_status update(void *state, pst_error *err) {
    const opus_packets *o = state;
    return pst_io_error(o->io) != 0 ? pst_io_fail(o->io, err) : PST_OK;
}

static pst_status finish(void *state, pst_error *err) {
    opus_packets *o = state;
    const pst_status status =
        pst_io_error(o->io) != 0 ? pst_io_fail(o->io, err) : pst_opus_drain(&o->writer, err);
    end(o);
    return status;
}

const pst_encoder_ops pst_opus_packets_encoder = {
    .rates_hz = pst_opus_rates_hz,
    .max_rate_hz = PST_OPUS_RATE_HZ,
    .max_channels = PST_OPUS_MOST_CHANNELS,
    .has_bitrate = true,
    .has_opus = true,
    .max_compression = PST_OPUS_MAX_COMPLEXITY,
    .check = pst_opus_check,
    .open = open_packets,
    .write = write_frames,
    .update = update,
    .finish = finish,
};
