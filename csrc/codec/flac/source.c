// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "codec/flac/source.h"

#include <string.h>

#include "base/alloc.h"
#include "base/error.h"

// A pipe is waited for until a whole chunk is in it.
enum { FIRST_ROOM_BYTES = 1 << 18, FILE_CHUNK_BYTES = 1 << 16, PIPE_CHUNK_BYTES = 1 << 12 };

pst_status pst_flac_source_init(pst_flac_source *source, pst_io *io, pst_error *err) {
    *source = (pst_flac_source){
        .io = io,
        .n_chunk = pst_io_is_seekable(io) ? FILE_CHUNK_BYTES : PIPE_CHUNK_BYTES,
        .n_room = FIRST_ROOM_BYTES,
        .room = pst_alloc(FIRST_ROOM_BYTES),
    };
    return source->room == NULL ? pst_fail_memory(err) : PST_OK;
}

void pst_flac_source_deinit(pst_flac_source *source) {
    pst_free(source->room);
}

// Makes room for a chunk behind the window. Returns false if there can be none.
static bool make_room(pst_flac_source *source) {
    if (source->n_room - source->end >= source->n_chunk)
        return true;
    const size_t n = source->end - source->begin;
    uint8_t *room = source->room;
    if (n + source->n_chunk > source->n_room) {
        if (source->n_room >= PST_FLAC_MAX_WINDOW_BYTES)
            return false;
        room = pst_alloc(2 * source->n_room);
        if (room == NULL)
            return false;
        source->n_room *= 2;
    }
    memmove(room, source->room + source->begin, n);
    if (room != source->room)
        pst_free(source->room);
    source->room = room;
    source->begin = 0;
    source->end = n;
    return true;
}

size_t pst_flac_source_have(pst_flac_source *source, size_t n_bytes) {
    while (source->end - source->begin < n_bytes && !source->is_ended && make_room(source)) {
        const int64_t n =
            pst_io_read(source->io, source->room + source->end, (int64_t)source->n_chunk);
        if (n > 0)
            source->end += (size_t)n;
        source->is_ended = n < (int64_t)source->n_chunk;
    }
    return source->end - source->begin;
}

int64_t pst_flac_source_tell(const pst_flac_source *source) {
    return pst_io_tell(source->io) - (int64_t)(source->end - source->begin);
}

void pst_flac_source_seek(pst_flac_source *source, int64_t position) {
    source->begin = source->end = 0;
    source->is_ended = pst_io_seek(source->io, position) < 0;
}

void pst_flac_source_skip(pst_flac_source *source, int64_t n_bytes) {
    if (n_bytes <= (int64_t)(source->end - source->begin))
        source->begin += (size_t)n_bytes;
    else
        pst_flac_source_seek(source, pst_flac_source_tell(source) + n_bytes);
}
