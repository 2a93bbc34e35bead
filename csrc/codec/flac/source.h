// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_CODEC_FLAC_SOURCE_H
#define PST_CODEC_FLAC_SOURCE_H

#include "codec/io.h"
#ifdef PST_HAS_OGG_FLAC
#include "codec/ogg/pages.h"
#endif

// The bytes of a FLAC stream with a window on them, in which a reader may look ahead. It grows
// with what is there, never with what a file claims. Of an Ogg file these are the contents of the
// pages of its first FLAC stream, and of those that follow it.

enum { PST_FLAC_MAX_WINDOW_BYTES = 1 << 22 };

typedef struct pst_flac_source {
    pst_io *io;
    uint8_t *room;
    size_t n_room;
    size_t begin, end; // The window, in room.
    size_t n_chunk;    // Bytes that are read at a time, at most.
    bool is_ended;     // Nothing follows behind the window.
    bool lacks_memory; // The window could not become wider.
    bool is_ogg;
#ifdef PST_HAS_OGG_FLAC
    pst_ogg_pages pages;
    int64_t page_byte;   // Where the page begins that came last,
    size_t n_page_bytes; // and how many bytes it gave.
    int first_serial;    // Of the first stream,
    int serial;          // and of the one that is read.
    bool is_begun;       // Its first page has come,
    bool has_sound;      // and one behind its head.
#endif
    int64_t n_passed_over; // Bytes between pages that are none.
    uint32_t n_links;      // Streams that came behind the first one.
} pst_flac_source;

// Where the window began once: so many bytes behind a byte of the file.
typedef struct pst_flac_mark {
    int64_t byte;
    size_t n_bytes;
} pst_flac_mark;

// Begins where the place stands. Returns PST_OK or PST_NO_MEMORY.
pst_status pst_flac_source_init(pst_flac_source *source, pst_io *io, bool is_ogg, pst_error *err);
void pst_flac_source_deinit(pst_flac_source *source);

// Widens the window to n_bytes, if there are as many. Returns how many it has.
size_t pst_flac_source_have(pst_flac_source *source, size_t n_bytes);

// Returns the first byte of the window.
static inline const uint8_t *pst_flac_source_bytes(const pst_flac_source *source) {
    return source->room + source->begin;
}

// Takes n_bytes from the front of the window, which has them.
static inline void pst_flac_source_drop(pst_flac_source *source, size_t n_bytes) {
    source->begin += n_bytes;
}

// Goes on behind n_bytes, whether the window has them or not.
void pst_flac_source_skip(pst_flac_source *source, int64_t n_bytes);

// Whether n_bytes can follow from the window's begin on; true if only reading could tell.
bool pst_flac_source_can_have(const pst_flac_source *source, int64_t n_bytes);

// Returns where the window begins.
pst_flac_mark pst_flac_source_mark(const pst_flac_source *source);

// Goes to a byte of the file. Failures are the place's.
void pst_flac_source_seek(pst_flac_source *source, int64_t byte);

#endif
