// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_CODEC_FLAC_SOURCE_H
#define PST_CODEC_FLAC_SOURCE_H

#include "codec/io.h"

// The bytes of a FLAC stream with a window on them, in which a reader may look ahead. It grows
// with what is there, never with what a file claims.

enum { PST_FLAC_MAX_WINDOW_BYTES = 1 << 22 };

typedef struct pst_flac_source {
    pst_io *io;
    uint8_t *room;
    size_t n_room;
    size_t begin, end; // The window, in room.
    size_t n_chunk;    // Bytes that are read at a time.
    bool is_ended;     // Nothing follows behind the window.
} pst_flac_source;

// Begins where the place stands. Returns PST_OK or PST_NO_MEMORY.
pst_status pst_flac_source_init(pst_flac_source *source, pst_io *io, pst_error *err);
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

// Returns where the window begins, as a byte of the file.
int64_t pst_flac_source_tell(const pst_flac_source *source);

// Goes to a byte of the file. Failures are the place's.
void pst_flac_source_seek(pst_flac_source *source, int64_t position);

#endif
