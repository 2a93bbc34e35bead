// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

// Reads FLAC: gives each block its place, and silence to places of which the blocks are lost.

#include "codec/flac/reader.h"

#include <string.h>

#include "base/alloc.h"
#include "base/error.h"

enum { MAX_GAP_SECONDS = 24 * 3600 }; // A longer one is a number that is wrong.

// ---- Places ----------------------------------------------------------------------------------

int64_t pst_flac_place(const pst_flac_places *places, const pst_flac_header *header) {
    const uint64_t number =
        header->is_variable ? header->number : header->number * places->block_frames;
    return (int64_t)number - places->origin;
}

bool pst_flac_is_same(const pst_file_format *format, const pst_flac_header *header) {
    return header->rate_hz == format->rate_hz && header->n_channels == format->n_channels &&
           header->n_bits == format->n_bits;
}

// What is read twice counts once.
static void note(pst_flac_reader *r, uint32_t flags, int64_t place, int64_t n_lost) {
    for (uint32_t i = 0; i < r->n_damages; ++i)
        if (r->damages[i] == place)
            return;
    if (r->n_damages < PST_FLAC_KNOWN_DAMAGES)
        r->damages[r->n_damages++] = place;
    else if (place <= r->last_damage)
        n_lost = 0; // It may be known.
    if (r->last_damage < place)
        r->last_damage = place;
    pst_note_damage(r->damage, flags, place, n_lost);
}

void pst_flac_judge_end(pst_flac_reader *r, int64_t end, int64_t n_skipped, uint32_t block_frames) {
    const int64_t told = r->frames.info.n_frames;
    const bool is_told = told == end || told == end + r->first_places.origin;
    const bool is_cut = n_skipped > 0 && r->frames.is_cut;
    if (is_cut)
        pst_note_damage(r->damage, PST_DAMAGE_TRUNCATED, end, 0);
    else if (n_skipped > 0 && !r->frames.is_tag && !is_told)
        pst_note_damage(r->damage, PST_DAMAGE_CORRUPT, end, 0);
    if (told == 0 || is_told)
        return;
    // Only the last block of a file is shorter than the others.
    if (told > end && (is_cut || block_frames == 0 || block_frames >= r->places.block_frames))
        pst_note_damage(r->damage, PST_DAMAGE_TRUNCATED, end, told - end);
    else
        pst_note_damage(r->damage, PST_DAMAGE_HEADER, -1, 0);
}

// Gives a block its place, which lies at or behind the one that is next. Returns how many frames
// are missing before it.
static int64_t find_gap(pst_flac_reader *r, const pst_flac_block *block) {
    const pst_flac_header *header = &block->header;
    const int64_t place = pst_flac_place(&r->places, header);
    if (r->next < 0) {
        r->next = place;
        return 0;
    }
    const int64_t gap = place - r->next;
    const int64_t max_gap = (int64_t)r->format.rate_hz * MAX_GAP_SECONDS;
    const bool follows = block->n_skipped == 0 && !header->is_variable && r->block_frames > 0 &&
                         header->number == r->number + 1;
    if (gap > 0 && gap <= max_gap && !follows) {
        note(r, block->n_skipped > 0 ? PST_DAMAGE_CORRUPT : PST_DAMAGE_MISSING, r->next, gap);
        return gap;
    }
    const bool is_link = gap < 0 && r->frames.source.n_links > 0;
    if (gap != 0) {
        // From here on the numbers count otherwise: other blocks than the first, or another stream.
        r->places.are_wrong = r->first_places.are_wrong = true;
        if (follows)
            r->places.block_frames = r->block_frames;
        r->places.origin = 0;
        r->places.origin = pst_flac_place(&r->places, header) - r->next;
    }
    if (block->n_skipped > 0 || (gap != 0 && !follows && !is_link))
        note(r, PST_DAMAGE_CORRUPT, r->next, 0);
    return 0;
}

// ---- Blocks ----------------------------------------------------------------------------------

static void put_samples(const pst_flac_reader *r, uint8_t *to, const pst_flac_block *block,
                        size_t first, size_t n) {
    const size_t n_channels = r->format.n_channels;
    const unsigned shift = 8 * pst_format_bytes(r->native) - r->format.n_bits;
    const FLAC__int32 *left = block->channels[0] + first;
    const FLAC__int32 *right = block->channels[n_channels - 1] + first;
    if (r->native == PST_FORMAT_I16 && n_channels <= 2) {
        int16_t *samples = (int16_t *)(void *)to;
        if (n_channels == 1)
            for (size_t i = 0; i < n; ++i)
                samples[i] = (int16_t)((uint32_t)left[i] << shift);
        else
            for (size_t i = 0; i < n; ++i) {
                samples[2 * i] = (int16_t)((uint32_t)left[i] << shift);
                samples[2 * i + 1] = (int16_t)((uint32_t)right[i] << shift);
            }
        return;
    }
    for (size_t c = 0; c < n_channels; ++c) {
        const FLAC__int32 *from = block->channels[c] + first;
        if (r->native == PST_FORMAT_I16)
            for (size_t i = 0; i < n; ++i)
                ((int16_t *)(void *)to)[i * n_channels + c] = (int16_t)((uint32_t)from[i] << shift);
        else
            for (size_t i = 0; i < n; ++i)
                ((int32_t *)(void *)to)[i * n_channels + c] = (int32_t)((uint32_t)from[i] << shift);
    }
}

// Keeps frames for later.
static bool keep_rest(pst_flac_reader *r, const pst_flac_block *block, size_t first, size_t n) {
    const size_t n_bytes = n * r->frame_bytes;
    if (n_bytes > r->rest_bytes) {
        pst_free(r->rest);
        r->rest = pst_alloc(n_bytes);
        r->rest_bytes = r->rest == NULL ? 0 : n_bytes;
        if (r->rest == NULL)
            return false;
    }
    put_samples(r, r->rest, block, first, n);
    r->rest_at = 0;
    r->rest_end = n;
    return true;
}

bool pst_flac_take_block(void *user, const pst_flac_block *block) {
    pst_flac_reader *r = user;
    const pst_flac_header *header = &block->header;
    if (!pst_flac_is_same(&r->format, header)) {
        r->has_changed = true;
        r->changed = *header;
        return true;
    }
    const int64_t gap = find_gap(r, block);
    const int64_t silent_from = r->next > r->wanted ? r->next : r->wanted;
    const int64_t place = r->next + gap;
    r->next = place + header->block_frames;
    r->number = header->number;
    r->block_frames = header->block_frames;
    if (place > silent_from)
        r->n_silent = (uint64_t)(place - silent_from);
    if (r->next <= r->wanted)
        return true;
    size_t first = r->wanted > place ? (size_t)(r->wanted - place) : 0;
    size_t n = header->block_frames - first;
    if (r->n_silent == 0) {
        const uint64_t n_free = r->n_room - r->n_out;
        const size_t n_now = n < n_free ? n : (size_t)n_free;
        if (n_now > 0)
            put_samples(r, r->out + r->n_out * r->frame_bytes, block, first, n_now);
        r->n_out += n_now;
        first += n_now;
        n -= n_now;
    }
    return n == 0 || keep_rest(r, block, first, n);
}

// Gives what is ready already.
static void give_ready(pst_flac_reader *r) {
    uint64_t n = r->n_room - r->n_out;
    uint8_t *to = r->out + r->n_out * r->frame_bytes;
    if (r->n_silent > 0) {
        n = n < r->n_silent ? n : r->n_silent;
        pst_silence(to, r->native, (size_t)n * r->format.n_channels);
        r->n_silent -= n;
    } else {
        n = n < r->rest_end - r->rest_at ? n : r->rest_end - r->rest_at;
        memcpy(to, r->rest + r->rest_at * r->frame_bytes, (size_t)n * r->frame_bytes);
        r->rest_at += n;
    }
    r->n_out += n;
}

static pst_status refuse_change(const pst_flac_reader *r, pst_error *err) {
    return pst_fail(err, PST_BAD_FILE, 0,
                    "The FLAC file changes from %u Hz, %u channels and %u bits to %u Hz, %u "
                    "channels and %u bits behind frame %lld; what comes there cannot be read",
                    (unsigned)r->format.rate_hz, (unsigned)r->format.n_channels,
                    (unsigned)r->format.n_bits, (unsigned)r->changed.rate_hz,
                    (unsigned)r->changed.n_channels, (unsigned)r->changed.n_bits,
                    (long long)r->next);
}

// Ends the reading: all of the file has come by.
static void end(pst_flac_reader *r, int64_t n_skipped) {
    r->is_at_end = true;
    if (!pst_io_is_seekable(r->frames.source.io))
        pst_flac_judge_end(r, r->next < 0 ? 0 : r->next, n_skipped, r->block_frames);
    else if (r->n_frames >= 0 && r->next >= 0 && r->next != r->n_frames)
        note(r, PST_DAMAGE_CORRUPT, r->next, 0);
    // Where something is known to be missing, the sum cannot be right.
    const bool is_whole =
        (r->damage->flags & ~(uint32_t)PST_DAMAGE_HEADER) == 0 && r->frames.source.n_links == 0;
    if (!pst_flac_sum_is_right(&r->frames) && is_whole)
        pst_note_damage(r->damage, PST_DAMAGE_CHECKSUM, -1, 0);
}

static pst_status step(pst_flac_reader *r, pst_error *err) {
    if (r->has_changed)
        return refuse_change(r, err);
    int64_t n_skipped = 0;
    const pst_status status =
        pst_flac_next_frame(&r->frames, pst_flac_take_block, r, INT64_MAX, &n_skipped, err);
    if (status != PST_END)
        return status;
    end(r, n_skipped);
    return PST_OK;
}

pst_status pst_flac_read(void *state, void *data, uint64_t n_frames, uint64_t *n_read,
                         pst_error *err) {
    pst_flac_reader *r = state;
    r->out = data;
    r->n_room = n_frames;
    r->n_out = 0;
    pst_status status = PST_OK;
    while (status == PST_OK) {
        const bool is_ready = r->n_silent > 0 || r->rest_at < r->rest_end;
        // Who knows the length may never ask for more, so the sum is checked with the last frame.
        if (r->n_out == n_frames && (is_ready || r->next != r->n_frames))
            break;
        if (is_ready)
            give_ready(r);
        else if (r->n_out > 0 && r->next != r->n_frames)
            break;
        else if (r->is_at_end)
            break;
        else
            status = step(r, err);
    }
    *n_read = r->n_out;
    return status;
}

// ---- Going to a place ------------------------------------------------------------------------

void pst_flac_go(pst_flac_reader *r, int64_t byte) {
    const bool is_start = byte <= r->sound.byte;
    pst_flac_source_seek(&r->frames.source, byte);
    if (is_start)
        pst_flac_source_skip(&r->frames.source, (int64_t)r->sound.n_bytes);
    pst_flac_frames_begin(&r->frames, is_start);
    r->places = r->first_places;
    r->next = is_start ? 0 : -1;
    r->wanted = 0;
    r->number = 0;
    r->block_frames = 0;
    r->is_at_end = r->has_changed = false;
    r->n_silent = r->rest_at = r->rest_end = 0;
}

pst_status pst_flac_seek(void *state, int64_t frame, pst_error *err) {
    pst_flac_reader *r = state;
    int64_t byte = r->sound.byte;
    if (frame > 0 && frame != r->n_frames) {
        const pst_status status = pst_flac_find_place(r, frame, &byte, err);
        if (status != PST_OK)
            return status;
    }
    pst_flac_go(r, byte);
    r->wanted = frame;
    r->is_at_end = frame == r->n_frames;
    return pst_io_error(r->frames.source.io) != 0 ? pst_io_fail(r->frames.source.io, err) : PST_OK;
}
