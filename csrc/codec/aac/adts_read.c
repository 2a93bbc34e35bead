// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

// ADTS: packets of AAC one after another, each behind a header of its own.

#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "codec/aac/aac.h"
#include "codec/aac/decode.h"
#include "codec/aac/marks.h"
#include "codec/aac/smpb.h"
#include "codec/adts_header.h"
#include "codec/metadata/id3.h"

enum { ROOM_BYTES = 32768 };

typedef struct adts {
    pst_aac_reader reader;
    pst_io *io;
    pst_damage *damage; // The decoder's, or `ignored` while the file is walked through.
    pst_damage ignored;
    pst_adts_header first; // What all others have to agree with; n_bytes 0: none yet.
    pst_marks marks;
    int64_t start_byte;
    int64_t base; // Position in the file of buffer[0].
    size_t at;    // Where the next packet is expected.
    size_t n;     // Bytes in the buffer.
    bool is_eof;
    bool is_lost; // What was expected was not there.
    uint8_t buffer[ROOM_BYTES];
} adts;

// Returns the bytes behind `at` after trying to have as many as wanted.
static size_t need(adts *a, size_t n_bytes) {
    if (a->n - a->at < n_bytes && !a->is_eof) {
        memmove(a->buffer, a->buffer + a->at, a->n - a->at);
        a->base += (int64_t)a->at;
        a->n -= a->at;
        a->at = 0;
        while (a->n < n_bytes && !a->is_eof) {
            const int64_t room = (int64_t)(ROOM_BYTES - a->n);
            const int64_t lacking = (int64_t)(n_bytes - a->n);
            const int64_t n =
                pst_io_read_some(a->io, a->buffer + a->n, lacking, room / lacking * lacking);
            a->is_eof = n < lacking;
            a->n += n > 0 ? (size_t)n : 0;
        }
    }
    return a->n - a->at;
}

static bool go_to(adts *a, int64_t byte) {
    a->at = a->n = 0;
    a->base = byte;
    a->is_eof = a->is_lost = false;
    return pst_io_seek(a->io, byte) >= 0;
}

// Reads the header of a packet that has something behind its header.
static bool parse(const uint8_t *bytes, pst_adts_header *header) {
    return pst_adts_parse(bytes, header) && header->n_bytes > header->n_header_bytes;
}

// Whether a packet of the stream begins at `at`; after a loss, one that the next one confirms.
static bool is_packet(adts *a, pst_adts_header *header) {
    pst_adts_header next;
    if (!parse(a->buffer + a->at, header) ||
        (a->first.n_bytes != 0 && !pst_adts_agree(header, &a->first)))
        return false;
    if (!a->is_lost && a->first.n_bytes != 0)
        return true;
    if (need(a, (size_t)header->n_bytes + PST_ADTS_HEADER_BYTES) <
        (size_t)header->n_bytes + PST_ADTS_HEADER_BYTES)
        return a->is_eof && a->n - a->at >= header->n_bytes;
    return parse(a->buffer + a->at + header->n_bytes, &next) && pst_adts_agree(header, &next);
}

// Whether the end of the file is nothing but tags of other kinds, which are no damage.
static bool is_tag(const adts *a) {
    const uint8_t *bytes = a->buffer + a->at;
    return memcmp(bytes, "TAG", 3) == 0 || memcmp(bytes, "APETAG", 6) == 0;
}

// Passes over an ID3 tag between packets, as stations send. Returns whether there was one.
static bool pass_id3(adts *a) {
    if (need(a, PST_ID3_HEADER_BYTES) < PST_ID3_HEADER_BYTES)
        return false;
    const size_t n_tag = (size_t)pst_id3_bytes(a->buffer + a->at);
    size_t left = n_tag;
    while (left > 0) {
        const size_t n = need(a, 1);
        if (n == 0)
            break;
        a->at += n < left ? n : left;
        left -= n < left ? n : left;
    }
    return n_tag > 0;
}

// Finds the next whole packet and leaves it at `at`. Returns PST_OK, PST_END or PST_SYSTEM_ERROR.
static pst_status find(adts *a, pst_adts_header *header, pst_error *err) {
    const int64_t frame = a->reader.n_packets * a->reader.packet_frames - a->reader.skip_frames;
    for (;;) {
        const size_t n = need(a, PST_ADTS_HEADER_BYTES);
        if (pst_io_error(a->io) != 0)
            return pst_io_fail(a->io, err);
        if (n < PST_ADTS_HEADER_BYTES || (!a->is_lost && is_tag(a))) {
            if (n > 0 && n < PST_ADTS_HEADER_BYTES && !a->is_lost)
                pst_note_damage(a->damage, PST_DAMAGE_TRUNCATED, frame, 0);
            return PST_END;
        }
        if (is_packet(a, header))
            break;
        if (!a->is_lost && pass_id3(a))
            continue;
        if (!a->is_lost && a->first.n_bytes != 0)
            pst_note_damage(a->damage, PST_DAMAGE_CORRUPT, frame, 0);
        a->is_lost = true;
        ++a->at;
    }
    if (need(a, header->n_bytes) < header->n_bytes) {
        if (pst_io_error(a->io) != 0)
            return pst_io_fail(a->io, err);
        pst_note_damage(a->damage, PST_DAMAGE_TRUNCATED, frame, 0);
        return PST_END;
    }
    a->is_lost = false;
    if (a->first.n_bytes == 0)
        a->first = *header;
    return PST_OK;
}

static pst_status next(void *user, AVPacket *packet, pst_error *err) {
    adts *a = user;
    pst_adts_header header;
    const pst_status status = find(a, &header, err);
    if (status != PST_OK)
        return status;
    if (av_new_packet(packet, (int)header.n_bytes) < 0)
        return pst_fail_memory(err);
    memcpy(packet->data, a->buffer + a->at, header.n_bytes);
    a->at += header.n_bytes;
    return PST_OK;
}

// Counts the packets of a file, and notes where they lie.
static pst_status walk(adts *a, pst_error *err) {
    pst_adts_header header;
    pst_status status;
    a->damage = &a->ignored;
    while ((status = find(a, &header, err)) == PST_OK) {
        if (!pst_marks_add(&a->marks, a->base + (int64_t)a->at))
            return pst_fail_memory(err);
        a->at += header.n_bytes;
    }
    a->damage = a->reader.damage;
    if (status == PST_END && !go_to(a, a->start_byte))
        return pst_io_fail(a->io, err);
    return status == PST_END ? PST_OK : status;
}

// Reads what a tag in front of the packets says about lengths.
static bool read_note(pst_tags *tags, pst_smpb *note) {
    char text[PST_SMPB_BYTES];
    return pst_tags_take(tags, "itunsmpb", text, sizeof text) && pst_smpb_parse(text, note);
}

static pst_status begin(adts *a, pst_decoder_setup *setup, pst_error *err) {
    pst_smpb note = {0};
    const bool has_note = read_note(setup->tags, &note);
    const bool is_seekable = pst_io_is_seekable(a->io);
    pst_status status = go_to(a, a->start_byte) ? PST_OK : pst_io_fail(a->io, err);
    if (status == PST_OK && is_seekable)
        status = walk(a, err);
    if (status == PST_OK)
        status = pst_aac_open(&a->reader, NULL, err);
    if (status == PST_OK)
        status = pst_aac_look(&a->reader, err);
    if (status != PST_OK)
        return status;
    // The encoder's delay counts at the rate that comes out.
    if (has_note)
        a->reader.skip_frames = note.delay_frames;
    else
        note.n_frames = 0;
    a->reader.raw = a->reader.skip_frames;
    if (is_seekable)
        a->reader.raw_end = a->marks.n_packets * a->reader.packet_frames;
    if (note.n_frames > 0 && note.n_frames < a->reader.raw_end - a->reader.skip_frames)
        a->reader.raw_end = a->reader.skip_frames + note.n_frames;
    if (a->reader.raw_end < a->reader.raw)
        a->reader.raw_end = a->reader.raw;
    setup->info.n_frames = a->reader.raw_end == INT64_MAX || (!is_seekable && note.n_frames == 0)
                               ? -1
                               : a->reader.raw_end - a->reader.skip_frames;
    setup->info.is_seekable = is_seekable;
    return PST_OK;
}

static void adts_close(void *state) {
    adts *a = state;
    pst_aac_close(&a->reader);
    pst_marks_free(&a->marks);
    pst_free(a);
}

static pst_status adts_open(void **state, pst_decoder_setup *setup, pst_error *err) {
    const pst_status loaded = pst_av_load(err);
    if (loaded != PST_OK)
        return loaded;
    adts *a = pst_alloc(sizeof *a);
    if (a == NULL)
        return pst_fail_memory(err);
    a->io = setup->io;
    a->start_byte = setup->start_byte;
    a->damage = setup->damage;
    a->reader.next = next;
    a->reader.user = a;
    a->reader.damage = setup->damage;
    const pst_status status = begin(a, setup, err);
    if (status != PST_OK) {
        adts_close(a);
        return status;
    }
    setup->skipped_frames = a->reader.skip_frames;
    setup->native = PST_FORMAT_F32;
    setup->info.format.sample_format = PST_FORMAT_F32;
    setup->info.format.rate_hz = a->reader.rate_hz;
    setup->info.format.n_channels = a->reader.n_channels;
    const int64_t n_raw = a->marks.n_packets * a->reader.packet_frames;
    if (n_raw > 0)
        setup->info.bitrate_bps = (uint32_t)((double)(pst_io_length(a->io) - a->start_byte) * 8.0 *
                                             a->reader.rate_hz / (double)n_raw);
    *state = a;
    return PST_OK;
}

static pst_status adts_read(void *state, void *data, uint64_t n_frames, uint64_t *n_read,
                            pst_error *err) {
    return pst_aac_read(&((adts *)state)->reader, data, n_frames, n_read, err);
}

static pst_status adts_seek(void *state, int64_t frame, pst_error *err) {
    adts *a = state;
    int64_t place;
    const int64_t packet =
        pst_marks_before(&a->marks, pst_aac_packet_for(&a->reader, frame), &place);
    if (!go_to(a, place))
        return pst_io_fail(a->io, err);
    pst_aac_restart(&a->reader, packet, frame);
    return PST_OK;
}

const pst_decoder_ops pst_adts_decoder = {
    .open = adts_open,
    .read = adts_read,
    .seek = adts_seek,
    .close = adts_close,
};
