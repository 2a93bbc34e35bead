// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

// Packets of AAC with nothing around them. What they have in common, the AudioSpecificConfig tells.

#include "base/alloc.h"
#include "base/error.h"
#include "codec/aac/aac.h"
#include "codec/aac/encode.h"
#include "codec/adts_header.h"

typedef struct aac_packets {
    pst_aac_writer writer;
    pst_io *io;
} aac_packets;

static pst_status put(void *user, AVPacket *packet, pst_error *err) {
    const aac_packets *a = user;
    return pst_io_write_packet(a->io, packet->data, packet->size, PST_AAC_FRAMES, 0) == packet->size
               ? PST_OK
               : pst_io_fail(a->io, err);
}

static void end(aac_packets *a) {
    pst_aac_end(&a->writer);
    pst_free(a);
}

static pst_status open_packets(void **state, pst_encoder_setup *setup, pst_error *err) {
    aac_packets *a = pst_alloc(sizeof *a);
    if (a == NULL)
        return pst_fail_memory(err);
    a->io = setup->io;
    a->writer.put = put;
    a->writer.user = a;
    const pst_status status = pst_aac_begin(&a->writer, setup->format, setup->options, true, err);
    if (status != PST_OK) {
        end(a);
        return status;
    }
    setup->native = setup->stored = PST_FORMAT_F32;
    setup->max_frames = INT64_MAX;
    pst_aac_tell(&a->writer, &setup->stream);
    *state = a;
    return PST_OK;
}

static pst_status write_frames(void *state, const void *data, uint64_t n_frames,
                               uint64_t *n_written, pst_error *err) {
    return pst_aac_write(&((aac_packets *)state)->writer, data, n_frames, n_written, err);
}

// Each packet stands for itself.
static pst_status update(void *state, pst_error *err) {
    const aac_packets *a = state;
    return pst_io_error(a->io) != 0 ? pst_io_fail(a->io, err) : PST_OK;
}

static pst_status finish(void *state, pst_error *err) {
    aac_packets *a = state;
    pst_status status = pst_aac_drain(&a->writer, err);
    if (status == PST_OK && pst_io_error(a->io) != 0)
        status = pst_io_fail(a->io, err);
    end(a);
    return status;
}

const pst_encoder_ops pst_aac_packets_encoder = {
    .rates_hz = pst_adts_rates_hz,
    .max_rate_hz = 96000,
    .max_channels = 8,
    .has_bitrate = true,
    .max_compression = -1,
    .check = pst_aac_check,
    .open = open_packets,
    .write = write_frames,
    .update = update,
    .finish = finish,
};
