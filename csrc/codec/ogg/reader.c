// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "codec/ogg/reader.h"

#include <string.h>

#include "base/error.h"

enum {
    MAX_PACKET_BYTES = 1 << 20,
    // Silence that stands for lost pages: no longer than they can have been, nor than this.
    MAX_SILENT_SECONDS = 600,
    PACKETS_ON_A_PAGE = 255,
    // A stream that was cut out of a longer one lacks many pages between the headers and the rest,
    // and nothing is wrong with it.
    MAX_PAGES_LOST_AT_START = 16
};

void pst_ogg_note(pst_ogg_reader *r, uint32_t flags, int64_t lost_frames) {
    const int64_t frame = r->first_frame + (r->position > 0 ? r->position : 0);
    if (r->is_dry || frame < r->next_damage)
        return;
    pst_note_damage(r->damage, flags, frame, lost_frames);
    // The same damage is met again after a seek.
    if ((flags & PST_DAMAGE_MISSING) != 0)
        r->next_damage = frame + 1;
}

void pst_ogg_forget(pst_ogg_reader *r) {
    r->codec->reset(r->state);
    r->memory = 0;
    r->n_packets = 0;
    r->next_packet = 0;
    r->n_left = 0;
    r->n_missing = 0;
    r->n_ready = 0;
}

// ---- Pages -----------------------------------------------------------------------------------

static int64_t measure_packets(pst_ogg_reader *r) {
    int64_t n = 0;
    for (uint32_t i = 0; i < r->n_packets; ++i) {
        // Encoders put an empty packet on a page that is only there to end the stream.
        r->durations[i] =
            r->packets[i].bytes == 0 ? 0 : r->codec->duration(r->state, &r->packets[i], &r->memory);
        n += r->durations[i] > 0 ? r->durations[i] : 0;
    }
    return n;
}

static bool is_plausible(const pst_ogg_reader *r, int64_t n_missing, uint32_t n_lost_pages) {
    const int64_t most = (int64_t)n_lost_pages * PACKETS_ON_A_PAGE * r->info.max_packet_frames;
    return n_missing <= most && n_missing <= (int64_t)MAX_SILENT_SECONDS * r->info.rate_hz;
}

// Tells how much sooner (if negative) or later than its packets a page says to end.
static int64_t how_far_ahead(pst_ogg_reader *r, int64_t granule, int64_t *n_frames) {
    *n_frames = measure_packets(r);
    return granule < 0 ? 0 : granule - r->granule - *n_frames;
}

// Settles what lies between the page before and this one, where some are missing.
static void count_lost(pst_ogg_reader *r, int64_t ahead, uint32_t n_lost_pages) {
    if (ahead > 0 && is_plausible(r, ahead, n_lost_pages))
        r->n_missing = ahead;
    pst_ogg_note(r, PST_DAMAGE_MISSING, r->n_missing);
}

// Returns how many frames of its packets a last page takes away, by ending sooner than they do.
static int64_t overhang(pst_ogg_reader *r, int64_t ahead, int64_t n_frames) {
    const int64_t n = ahead < 0 ? -ahead : 0;
    const int64_t last = r->n_packets > 0 ? r->durations[r->n_packets - 1] : 0;
    // After pages that lied, it is believed as far as the last packet can hang over.
    if (n == 0 || n <= (r->has_lied ? last : n_frames))
        return n;
    pst_ogg_note(r, PST_DAMAGE_HEADER, 0);
    return 0;
}

void pst_ogg_count_page(pst_ogg_reader *r, int64_t granule, bool is_last, uint32_t n_lost_pages) {
    int64_t n = 0;
    int64_t ahead = how_far_ahead(r, granule, &n);
    const int64_t much = r->info.max_packet_frames;
    const bool is_odd = ahead > 0 || (ahead < 0 && !is_last);
    r->n_missing = 0;
    if (r->sought_end != -1) {
        r->position = (r->sought_end >= 0 ? r->sought_end : granule - r->shift) - n;
        r->sought_end = -1;
        ahead = 0;
    } else if (r->is_fresh && (n_lost_pages > MAX_PAGES_LOST_AT_START || n_lost_pages == 0)) {
        if (ahead < 0 && granule > 0 && !is_last && r->codec->trims_start)
            r->position += ahead;
    } else if (n_lost_pages > 0 && (granule < 0 || is_odd)) {
        // Numbers of pages that are wrong where nothing is missing do no harm.
        r->codec->reset(r->state);
        r->memory = 0;
        ahead = how_far_ahead(r, granule, &n);
        count_lost(r, ahead, n_lost_pages);
    } else if (is_odd && (ahead >= much || ahead <= -much)) {
        // Smaller differences are common, and tell nothing about the sound.
        r->has_lied = true;
        pst_ogg_note(r, PST_DAMAGE_HEADER, 0);
    }
    r->n_left = n - (is_last ? overhang(r, ahead, n) : 0);
    r->granule = granule < 0 ? r->granule + n : granule;
    r->is_fresh = r->is_fresh && n == 0;
    if (granule >= 0) {
        r->shift = granule - (r->position + r->n_missing + r->n_left);
        r->has_shift = true;
    }
}

bool pst_ogg_has_packet(const ogg_page *page) {
    return ogg_page_packets(page) > (ogg_page_continued(page) != 0 ? 1 : 0);
}

static pst_status load_page(pst_ogg_reader *r, ogg_page *page, int64_t byte, pst_error *err) {
    const uint32_t number = (uint32_t)ogg_page_pageno(page);
    const uint32_t n_lost_pages = number - r->next_page;
    r->next_page = number + 1;
    r->n_packets = 0;
    r->next_packet = 0;
    if (ogg_stream_pagein(&r->stream, page) != 0) {
        pst_ogg_note(r, PST_DAMAGE_CORRUPT, 0);
        return PST_OK;
    }
    ogg_packet packet;
    int n;
    while ((n = ogg_stream_packetout(&r->stream, &packet)) != 0)
        if (n > 0 && r->n_packets < PST_OGG_MAX_PACKETS)
            r->packets[r->n_packets++] = packet;
    if (r->stream.body_fill - r->stream.body_returned > MAX_PACKET_BYTES) {
        ogg_stream_reset(&r->stream);
        pst_ogg_note(r, PST_DAMAGE_CORRUPT, 0);
    }
    r->has_ended = ogg_page_eos(page) != 0;
    int64_t granule = ogg_page_granulepos(page);
    if (granule > PST_OGG_MAX_GRANULE) {
        granule = -1;
        r->has_lied = true;
        pst_ogg_note(r, PST_DAMAGE_HEADER, 0);
    }
    if (r->sought_end == PST_OGG_BY_GRANULE && (granule < 0 || r->has_ended))
        r->n_packets = 0; // It does not tell where it begins.
    if (r->n_packets == 0 && r->sought_end != -1)
        return PST_OK;
    pst_ogg_count_page(r, granule, r->has_ended, n_lost_pages);
    if (!r->is_marking || !pst_ogg_has_packet(page))
        return PST_OK;
    return pst_ogg_mark_page(r, byte, r->position + r->n_missing + r->n_left, err);
}

// ---- From one link to the next ---------------------------------------------------------------

// Whether a page is the first one of a stream of sound, in whatever encoding.
static bool begins_sound(const ogg_page *page) {
    static const struct {
        const char *bytes;
        long n;
    } magics[] = {{"OpusHead", 8},
                  {"\x01vorbis", 7},
                  {"\x7F"
                   "FLAC",
                   5},
                  {"Speex   ", 8}};
    for (size_t i = 0; i < sizeof magics / sizeof *magics; ++i)
        if (page->body_len >= magics[i].n &&
            memcmp(page->body, magics[i].bytes, (size_t)magics[i].n) == 0)
            return true;
    return false;
}

static pst_status begin_next_link(pst_ogg_reader *r, ogg_page *page, int64_t byte, pst_error *err) {
    if (!r->has_ended)
        pst_ogg_note(r, PST_DAMAGE_TRUNCATED, 0);
    r->first_frame += r->position > 0 ? r->position : 0;
    r->position = 0;
    ++r->link;
    return pst_ogg_begin_link(r, page, byte, NULL, err);
}

static pst_status end(pst_ogg_reader *r) {
    const int64_t n_frames = r->first_frame + (r->position > 0 ? r->position : 0);
    if (!r->has_ended)
        pst_ogg_note(r, PST_DAMAGE_TRUNCATED, 0);
    if (r->n_frames >= 0 && n_frames != r->n_frames)
        pst_ogg_note(r, PST_DAMAGE_HEADER, 0);
    r->has_ended = true;
    return PST_END;
}

pst_status pst_ogg_next_page(pst_ogg_reader *r, pst_error *err) {
    r->n_packets = 0;
    r->next_packet = 0;
    do {
        ogg_page page;
        int64_t byte = 0;
        pst_status status = pst_ogg_pages_next(&r->pages, INT64_MAX, &page, &byte, err);
        if (status != PST_OK)
            return status == PST_END ? end(r) : status;
        if (r->pages.n_passed_over > 0 && !r->has_ended)
            pst_ogg_note(r, PST_DAMAGE_CORRUPT, 0);
        if (pst_ogg_begins_stream(r, &page))
            status = begin_next_link(r, &page, byte, err);
        else if (ogg_page_bos(&page) && r->has_ended && begins_sound(&page))
            return pst_fail(err, PST_BAD_FILE, 0,
                            "The Ogg file goes on in another encoding at frame %lld, which cannot "
                            "be read as part of it",
                            (long long)(r->first_frame + r->position));
        else if (!ogg_page_bos(&page) && !r->has_ended &&
                 ogg_page_serialno(&page) == (int)r->stream.serialno)
            status = load_page(r, &page, byte, err);
        if (status != PST_OK)
            return status;
    } while (r->n_packets == 0 && r->n_missing == 0);
    return PST_OK;
}
