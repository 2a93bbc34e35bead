// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "codec/flac/source.h"

#include <string.h>

#include "base/alloc.h"
#include "base/error.h"

// A chunk has room for a page of an Ogg file.
enum { FIRST_ROOM_BYTES = 1 << 18, FILE_CHUNK_BYTES = 1 << 16, PIPE_CHUNK_BYTES = 1 << 12 };

// ---- Pages of an Ogg file --------------------------------------------------------------------

#ifdef PST_HAS_OGG_FLAC
enum { FIRST_SYNC_BYTE = 0xFF }; // Of a frame; blocks of the head begin otherwise.

static const char magic[] = "\x7F"
                            "FLAC\x01";
enum { MAGIC_BYTES = sizeof magic - 1, OGG_HEAD_BYTES = 9 };

static bool begins_stream(const ogg_page *page) {
    return ogg_page_bos(page) != 0 && page->body_len > OGG_HEAD_BYTES &&
           memcmp(page->body, magic, MAGIC_BYTES) == 0;
}

// Returns how many bytes at the front of a page are none of the stream's; -1: all of them.
static int64_t foreign_bytes(pst_flac_source *s, const ogg_page *page) {
    const bool is_first = begins_stream(page);
    if (is_first && !s->is_begun) {
        s->first_serial = s->serial = ogg_page_serialno(page);
        s->is_begun = true;
        return OGG_HEAD_BYTES;
    }
    if (is_first && s->has_sound) {
        // Another stream behind the first one. Its head is passed over: the frames tell enough.
        s->serial = ogg_page_serialno(page);
        s->has_sound = false;
        ++s->n_links;
        return -1;
    }
    if (!s->is_begun || ogg_page_serialno(page) != s->serial || page->body_len == 0)
        return -1;
    if (page->body[0] == FIRST_SYNC_BYTE)
        s->has_sound = true;
    return s->n_links > 0 && !s->has_sound ? -1 : 0;
}

static int64_t read_page(pst_flac_source *s, uint8_t *to) {
    ogg_page page;
    int64_t page_byte = 0;
    pst_status status;
    while ((status = pst_ogg_pages_next(&s->pages, INT64_MAX, &page, &page_byte, NULL)) == PST_OK) {
        const int64_t n_foreign = foreign_bytes(s, &page);
        s->n_passed_over += s->pages.n_passed_over;
        if (n_foreign < 0)
            continue;
        s->page_byte = page_byte;
        s->n_page_bytes = (size_t)(page.body_len - n_foreign);
        memcpy(to, page.body + n_foreign, s->n_page_bytes);
        return (int64_t)s->n_page_bytes;
    }
    s->lacks_memory = status == PST_NO_MEMORY;
    return 0;
}
#endif

// ---- Bytes -----------------------------------------------------------------------------------

pst_status pst_flac_source_init(pst_flac_source *s, pst_io *io, bool is_ogg, pst_error *err) {
    *s = (pst_flac_source){
        .io = io,
        .is_ogg = is_ogg,
        .n_chunk = is_ogg || pst_io_is_seekable(io) ? FILE_CHUNK_BYTES : PIPE_CHUNK_BYTES,
        .n_room = FIRST_ROOM_BYTES,
        .room = pst_alloc(FIRST_ROOM_BYTES),
    };
#ifdef PST_HAS_OGG_FLAC
    pst_ogg_pages_init(&s->pages, io);
#endif
    return s->room == NULL ? pst_fail_memory(err) : PST_OK;
}

void pst_flac_source_deinit(pst_flac_source *s) {
#ifdef PST_HAS_OGG_FLAC
    pst_ogg_pages_deinit(&s->pages);
#endif
    pst_free(s->room);
}

// Makes room for a chunk behind the window. Returns false if there can be none.
static bool make_room(pst_flac_source *s) {
    if (s->n_room - s->end >= s->n_chunk)
        return true;
    const size_t n = s->end - s->begin;
    uint8_t *room = s->room;
    if (n + s->n_chunk > s->n_room) {
        if (s->n_room >= PST_FLAC_MAX_WINDOW_BYTES)
            return false;
        room = pst_alloc(2 * s->n_room);
        s->lacks_memory = room == NULL;
        if (room == NULL)
            return false;
        s->n_room *= 2;
    }
    memmove(room, s->room + s->begin, n);
    if (room != s->room)
        pst_free(s->room);
    s->room = room;
    s->begin = 0;
    s->end = n;
    return true;
}

static int64_t read_chunk(pst_flac_source *s) {
#ifdef PST_HAS_OGG_FLAC
    if (s->is_ogg)
        return read_page(s, s->room + s->end);
#endif
    return pst_io_read_some(s->io, s->room + s->end, 1, (int64_t)s->n_chunk);
}

size_t pst_flac_source_have(pst_flac_source *s, size_t n_bytes) {
    while (s->end - s->begin < n_bytes && !s->is_ended && make_room(s)) {
        const int64_t n = read_chunk(s);
        if (n > 0)
            s->end += (size_t)n;
        s->is_ended = n <= 0;
    }
    return s->end - s->begin;
}

bool pst_flac_source_can_have(const pst_flac_source *s, int64_t n_bytes) {
    return s->is_ogg || !pst_io_is_seekable(s->io) ||
           n_bytes <= pst_io_length(s->io) - pst_flac_source_mark(s).byte;
}

pst_flac_mark pst_flac_source_mark(const pst_flac_source *s) {
    const size_t n = s->end - s->begin;
#ifdef PST_HAS_OGG_FLAC
    if (s->is_ogg)
        return n == 0 || n > s->n_page_bytes ? (pst_flac_mark){s->pages.next_byte, 0}
                                             : (pst_flac_mark){s->page_byte, s->n_page_bytes - n};
#endif
    return (pst_flac_mark){pst_io_tell(s->io) - (int64_t)n, 0};
}

void pst_flac_source_seek(pst_flac_source *s, int64_t byte) {
    s->begin = s->end = 0;
    s->lacks_memory = false;
#ifdef PST_HAS_OGG_FLAC
    if (s->is_ogg) {
        s->is_ended = pst_ogg_pages_seek(&s->pages, byte, NULL) != PST_OK;
        s->serial = s->first_serial;
        s->has_sound = true;
        s->n_links = 0;
        return;
    }
#endif
    s->is_ended = pst_io_seek(s->io, byte) < 0;
}

void pst_flac_source_skip(pst_flac_source *s, int64_t n_bytes) {
    while (s->is_ogg && n_bytes > (int64_t)(s->end - s->begin) && !s->is_ended) {
        n_bytes -= (int64_t)(s->end - s->begin);
        s->begin = s->end;
        pst_flac_source_have(s, 1);
    }
    const int64_t n_there = (int64_t)(s->end - s->begin);
    if (s->is_ogg || n_bytes <= n_there)
        s->begin += (size_t)(n_bytes < n_there ? n_bytes : n_there);
    else
        pst_flac_source_seek(s, pst_flac_source_mark(s).byte + n_bytes);
}
