// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

// ADTS has no place for lengths. Where it can be written in the end, or is known from the begin, a
// note in front tells them, as iTunes does; readers that do not know it hear 1024 frames of silence
// before, and a little after.

#include "base/alloc.h"
#include "base/error.h"
#include "codec/aac/aac.h"
#include "codec/aac/encode.h"
#include "codec/aac/smpb.h"
#include "codec/adts_header.h"
#include "codec/metadata/id3.h"
#include "pastream/packet.h"

typedef struct adts {
    pst_aac_writer writer;
    pst_io *io;
    bool has_note;
    uint32_t rate_hz;
    uint32_t n_channels;
    size_t n_tags; // The bytes of the tag behind the note.
    int64_t n_packets;
    int64_t end; // Behind the last whole packet.
} adts;

static pst_status put(void *user, AVPacket *packet, pst_error *err) {
    adts *a = user;
    uint8_t header[PST_ADTS_HEADER_BYTES];
    if (packet->size > PST_ADTS_MAX_BYTES - PST_ADTS_HEADER_BYTES)
        return pst_fail(err, PST_UNSUPPORTED, 0, "ADTS cannot hold a packet of %d bytes",
                        packet->size);
    pst_adts_build(header, a->rate_hz, a->n_channels, (uint32_t)packet->size);
    if (pst_io_write(a->io, header, sizeof header) != sizeof header ||
        pst_io_write_packet(a->io, packet->data, packet->size, PST_AAC_FRAMES, 0) != packet->size)
        return pst_io_fail(a->io, err);
    a->end = pst_io_tell(a->io);
    pst_io_note_packet(a->io);
    ++a->n_packets;
    return PST_OK;
}

static bool write_note(adts *a, int64_t n_frames, int64_t n_packets) {
    // A length of 0 means that it is not known. A file without frames has nothing but a delay.
    const bool is_empty = n_frames == 0 && n_packets > 0;
    const int64_t delay = is_empty ? n_packets * PST_AAC_FRAMES : a->writer.codec->initial_padding;
    const int64_t padding = n_packets * PST_AAC_FRAMES - delay - n_frames;
    const pst_smpb note = {delay, padding > 0 ? padding : 0, n_frames};
    uint8_t bytes[PST_SMPB_BYTES];
    pst_smpb_build(bytes, &note, a->n_tags);
    return pst_io_write(a->io, bytes, sizeof bytes) == sizeof bytes;
}

// Writes one tag with what is known of the length, if it can be told, and what the user tells.
static pst_status write_front(adts *a, const pst_encoder_options *options, pst_error *err) {
    uint8_t *bytes = NULL;
    size_t n_bytes = 0;
    const pst_status status = pst_id3_make(options->tags, &bytes, &n_bytes, err);
    if (status != PST_OK)
        return status;
    // What the note begins goes on behind the head of the other.
    const size_t n_passed = a->has_note && n_bytes > 0 ? PST_ID3_HEADER_BYTES : 0;
    a->n_tags = n_bytes - n_passed;
    const int64_t n_frames = options->n_frames > 0 ? options->n_frames : 0;
    const int64_t n_coded = n_frames + a->writer.codec->initial_padding;
    const int64_t n_packets = (n_coded + PST_AAC_FRAMES - 1) / PST_AAC_FRAMES;
    // Until the end is known, the delay alone.
    bool is_written = !a->has_note || write_note(a, n_frames, n_frames > 0 ? n_packets : 0);
    if (is_written && a->n_tags > 0)
        is_written =
            pst_io_write(a->io, bytes + n_passed, (int64_t)a->n_tags) == (int64_t)a->n_tags;
    pst_free(bytes);
    return is_written ? PST_OK : pst_io_fail(a->io, err);
}

static pst_status begin(adts *a, const pst_encoder_setup *setup, pst_error *err) {
    const pst_status status = pst_aac_begin(&a->writer, setup->format, setup->options, false, err);
    if (status != PST_OK)
        return status;
    a->has_note = pst_io_is_seekable(a->io) || setup->options->n_frames > 0;
    const pst_status tagged = write_front(a, setup->options, err);
    a->end = pst_io_tell(a->io);
    if (tagged == PST_OK && pst_io_write_packet(a->io, NULL, 0, 0, PST_PACKET_HEADER) < 0)
        return pst_io_fail(a->io, err);
    return tagged;
}

static pst_status adts_open(void **state, pst_encoder_setup *setup, pst_error *err) {
    adts *a = pst_alloc(sizeof *a);
    if (a == NULL)
        return pst_fail_memory(err);
    a->io = setup->io;
    a->rate_hz = setup->format->rate_hz;
    a->n_channels = setup->format->n_channels;
    a->writer.put = put;
    a->writer.user = a;
    const pst_status status = begin(a, setup, err);
    if (status != PST_OK) {
        pst_aac_end(&a->writer);
        pst_free(a);
        return status;
    }
    setup->native = setup->stored = PST_FORMAT_F32;
    setup->max_frames = INT64_MAX;
    pst_aac_tell(&a->writer, &setup->stream);
    *state = a;
    return PST_OK;
}

static pst_status adts_write(void *state, const void *data, uint64_t n_frames, uint64_t *n_written,
                             pst_error *err) {
    return pst_aac_write(&((adts *)state)->writer, data, n_frames, n_written, err);
}

// Each packet stands for itself.
static pst_status adts_update(void *state, pst_error *err) {
    const adts *a = state;
    return pst_io_error(a->io) != 0 ? pst_io_fail(a->io, err) : PST_OK;
}

static pst_status adts_finish(void *state, pst_error *err) {
    adts *a = state;
    pst_status status = pst_aac_drain(&a->writer, err);
    if (pst_io_is_seekable(a->io)) {
        // A write that failed may have left half a packet.
        if (pst_io_error(a->io) != 0)
            pst_io_truncate(a->io, a->end);
        else if (pst_io_seek(a->io, 0) >= 0)
            (void)write_note(a, a->writer.n_frames, a->n_packets);
    }
    if (status == PST_OK && pst_io_error(a->io) != 0)
        status = pst_io_fail(a->io, err);
    pst_aac_end(&a->writer);
    pst_free(a);
    return status;
}

const pst_encoder_ops pst_adts_encoder = {
    .rates_hz = pst_adts_rates_hz,
    .max_rate_hz = 96000,
    .max_channels = 8,
    .has_bitrate = true,
    .has_tags = true,
    .max_compression = -1,
    .check = pst_aac_check,
    .open = adts_open,
    .write = adts_write,
    .update = adts_update,
    .finish = adts_finish,
};
