// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "codec/metadata/vorbis_comment.h"
#include "codec/ogg/reader.h"

enum {
    // Where a stream has to begin, and where its headers have to be complete: between them pages
    // of other streams may lie, of a film for example.
    MAX_SEARCH_BYTES = 1 << 20,
    MAX_HEADERS_REACH = 64 << 20,
    FIRST_ROOM = 8
};

bool pst_ogg_begins_stream(const pst_ogg_reader *r, const ogg_page *page) {
    return ogg_page_bos(page) != 0 && (size_t)page->body_len >= r->codec->n_magic &&
           memcmp(page->body, r->codec->magic, r->codec->n_magic) == 0;
}

// ---- Headers ---------------------------------------------------------------------------------

typedef struct headers {
    pst_ogg_header all[PST_OGG_MAX_HEADERS];
    uint32_t n;
    size_t n_bytes;
} headers;

static void drop_headers(headers *h) {
    for (uint32_t i = 0; i < h->n; ++i)
        pst_free(h->all[i].data);
    *h = (headers){0};
}

static pst_status fail_headers(const pst_ogg_reader *r, const char *what, pst_error *err) {
    return pst_fail(err, PST_BAD_FILE, 0, "The headers of the %s stream %s",
                    pst_encoding_name(r->codec->encoding), what);
}

static pst_status keep_header(const pst_ogg_reader *r, headers *h, const ogg_packet *packet,
                              pst_error *err) {
    const size_t n_bytes = (size_t)packet->bytes;
    h->n_bytes += n_bytes;
    if (h->n_bytes > PST_OGG_MAX_HEADER_BYTES)
        return fail_headers(r, "are larger than 16 MiB", err);
    uint8_t *data = pst_alloc(n_bytes);
    if (data == NULL)
        return pst_fail_memory(err);
    memcpy(data, packet->packet, n_bytes);
    h->all[h->n++] = (pst_ogg_header){data, n_bytes};
    return PST_OK;
}

// Takes the packets of a page: headers as long as some are lacking, sound from then on.
static pst_status take_packets(pst_ogg_reader *r, headers *h, ogg_page *page, pst_error *err) {
    if (ogg_page_version(page) != 0)
        return fail_headers(r, "are in an unknown version of Ogg", err);
    if (ogg_stream_pagein(&r->stream, page) != 0)
        return pst_fail_memory(err);
    ogg_packet packet;
    int n;
    while ((n = ogg_stream_packetout(&r->stream, &packet)) != 0) {
        if (n < 0)
            continue;
        if (h->n == r->codec->n_headers) {
            if (r->n_packets < PST_OGG_MAX_PACKETS)
                r->packets[r->n_packets++] = packet;
            continue;
        }
        const pst_status status = keep_header(r, h, &packet, err);
        if (status != PST_OK)
            return status;
    }
    return r->stream.body_fill - r->stream.body_returned > PST_OGG_MAX_HEADER_BYTES
               ? fail_headers(r, "are larger than 16 MiB", err)
               : PST_OK;
}

static pst_status begin_stream(pst_ogg_reader *r, headers *h, const ogg_page *page,
                               pst_error *err) {
    drop_headers(h);
    if (r->has_stream)
        ogg_stream_clear(&r->stream);
    r->has_stream = false;
    if (ogg_stream_init(&r->stream, ogg_page_serialno(page)) != 0)
        return pst_fail_memory(err);
    r->has_stream = true;
    return PST_OK;
}

// Reads pages until all headers are there. link: gets where they lie.
static pst_status read_headers(pst_ogg_reader *r, headers *h, ogg_page *page, int64_t page_byte,
                               pst_ogg_link *link, pst_error *err) {
    ogg_page next;
    bool has_begun = false;
    const int64_t from = page != NULL ? page_byte : r->pages.next_byte;
    pst_status status = PST_OK;
    do {
        if (page == NULL) {
            const int64_t limit = from + (has_begun ? MAX_HEADERS_REACH : MAX_SEARCH_BYTES);
            status = pst_ogg_pages_next(&r->pages, limit, &next, &page_byte, err);
            if (status == PST_END)
                return fail_headers(r, has_begun ? "are not complete" : "are not there", err);
            if (status != PST_OK)
                return status;
            page = &next;
        }
        const bool is_ours = has_begun && ogg_page_serialno(page) == (int)r->stream.serialno;
        // A stream that begins twice begins with the second time.
        if (pst_ogg_begins_stream(r, page) && (is_ours || !has_begun)) {
            status = begin_stream(r, h, page, err);
            has_begun = true;
            link->first_byte = page_byte;
        }
        if (status == PST_OK && has_begun && ogg_page_serialno(page) == (int)r->stream.serialno) {
            status = take_packets(r, h, page, err);
            r->next_page = (uint32_t)ogg_page_pageno(page) + 1;
        }
        page = NULL;
    } while (status == PST_OK && h->n < r->codec->n_headers);
    // Where sound begins on the last page of the headers, that page is no place to go to.
    const bool is_clean = r->n_packets == 0 && r->stream.lacing_returned == r->stream.lacing_fill;
    link->data_byte = is_clean ? r->pages.next_byte : -1;
    link->next_page = r->next_page;
    return status;
}

// ---- Streams ---------------------------------------------------------------------------------

static pst_status read_comments(pst_ogg_reader *r, const headers *h, pst_tags *tags,
                                pst_error *err) {
    const size_t at = r->codec->comments_at;
    const pst_ogg_header *header = &h->all[1];
    bool is_whole = false;
    if (header->n_bytes >= at) {
        const pst_status status =
            pst_read_vorbis_comments(tags, header->data + at, header->n_bytes - at, &is_whole, err);
        if (status != PST_OK)
            return status;
    }
    if (!is_whole)
        pst_ogg_note(r, PST_DAMAGE_HEADER, 0);
    return PST_OK;
}

// A file that changes would have to be read as several.
static pst_status check_change(const pst_ogg_reader *r, const pst_ogg_stream_info *info,
                               pst_error *err) {
    const pst_ogg_stream_info *old = &r->info;
    if (r->state == NULL || (old->rate_hz == info->rate_hz && old->n_channels == info->n_channels))
        return PST_OK;
    return pst_fail(err, PST_BAD_FILE, 0,
                    "The Ogg file changes at frame %lld from %u channels at %u Hz to %u at %u Hz; "
                    "it cannot be read beyond",
                    (long long)r->first_frame, (unsigned)old->n_channels, (unsigned)old->rate_hz,
                    (unsigned)info->n_channels, (unsigned)info->rate_hz);
}

static pst_status open_stream(pst_ogg_reader *r, const headers *h, pst_error *err) {
    void *state = NULL;
    bool is_sound = true;
    pst_ogg_stream_info info = {0};
    pst_status status = r->codec->open(&state, h->all, &info, &is_sound, err);
    if (status != PST_OK)
        return status;
    status = check_change(r, &info, err);
    float *frames = NULL;
    if (status == PST_OK) {
        frames = pst_alloc_array(info.max_packet_frames, info.n_channels * sizeof *frames);
        if (frames == NULL)
            status = pst_fail_memory(err);
    }
    if (status != PST_OK) {
        r->codec->close(state);
        return status;
    }
    if (r->state != NULL)
        r->codec->close(r->state);
    pst_free(r->frames);
    r->state = state;
    r->info = info;
    r->frames = frames;
    if (!is_sound)
        pst_ogg_note(r, PST_DAMAGE_HEADER, 0);
    return PST_OK;
}

// Sets out on the first page behind the headers.
static void set_out(pst_ogg_reader *r) {
    r->granule = 0;
    r->has_lied = false;
    r->has_shift = false;
    r->has_ended = false;
    r->memory = 0;
    r->position = -(int64_t)r->info.n_skipped;
    r->wanted = 0;
    r->is_fresh = true;
    r->sought_end = -1;
    r->n_missing = 0;
    r->n_ready = 0;
}

static pst_status add_link(pst_ogg_reader *r, const pst_ogg_link *link, pst_error *err) {
    if (r->n_links == r->links_room) {
        const uint32_t n_room = r->links_room == 0 ? FIRST_ROOM : 2 * r->links_room;
        pst_ogg_link *links = pst_alloc_array(n_room, sizeof *links);
        if (links == NULL)
            return pst_fail_memory(err);
        if (r->n_links > 0)
            memcpy(links, r->links, r->n_links * sizeof *links);
        pst_free(r->links);
        r->links = links;
        r->links_room = n_room;
    }
    r->links[r->n_links++] = *link;
    return PST_OK;
}

pst_status pst_ogg_begin_link(pst_ogg_reader *r, ogg_page *page, int64_t page_byte, pst_tags *tags,
                              pst_error *err) {
    headers h = {0};
    pst_ogg_link link = {.first_frame = r->first_frame};
    r->n_packets = 0;
    r->next_packet = 0;
    pst_status status = read_headers(r, &h, page, page_byte, &link, err);
    if (status == PST_OK)
        status = open_stream(r, &h, err);
    if (status == PST_OK && tags != NULL)
        status = read_comments(r, &h, tags, err);
    // Links are met for the first time in order.
    if (status == PST_OK && r->link == r->n_links)
        status = add_link(r, &link, err);
    drop_headers(&h);
    if (status != PST_OK)
        return status;
    set_out(r);
    if (r->n_packets > 0)
        pst_ogg_count_page(r, -1, false, 0);
    return PST_OK;
}

pst_status pst_ogg_enter_link(pst_ogg_reader *r, uint32_t index, pst_error *err) {
    const pst_ogg_link *link = &r->links[index];
    const bool is_open = r->has_stream && index == r->link && r->failure.status == PST_OK;
    r->link = index;
    r->first_frame = link->first_frame;
    r->failure.status = PST_OK;
    pst_status status = PST_OK;
    if (!is_open || link->data_byte < 0) {
        status = pst_ogg_pages_seek(&r->pages, link->first_byte, err);
        return status == PST_OK ? pst_ogg_begin_link(r, NULL, 0, NULL, err) : status;
    }
    status = pst_ogg_pages_seek(&r->pages, link->data_byte, err);
    ogg_stream_reset(&r->stream);
    r->next_page = link->next_page;
    pst_ogg_forget(r);
    set_out(r);
    return status;
}
