// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

// Where a header claims more than the file holds, libsndfile reads what is there, and says nothing.
// So the sizes are looked at here.

#include <string.h>

#include "codec/sndfile/sndfile.h"

enum { MAX_CHUNKS = 10000, LONGEST_NAME = 16, SIZE_BYTES = 8 };

// How the chunks of a container are written: a name, a size, and so many bytes.
typedef struct chunks {
    pst_container container;
    const char *data; // The name of the one with the samples.
    int64_t first;    // Where the first one begins.
    int name_bytes;
    int size_bytes;
    int align;        // To which sizes are rounded up.
    bool is_big;      // The byte order.
    bool counts_head; // Sizes count name and size, too.
    uint64_t endless; // A size that means: until the end of the file.
} chunks;

static const chunks kinds[] = {
    {PST_CONTAINER_AIFF, "SSND", 12, 4, 4, 2, true, false, 0},
    {PST_CONTAINER_CAF, "data", 8, 4, 8, 1, true, false, UINT64_MAX},
    {PST_CONTAINER_W64, "data\xF3\xAC\xD3\x11\x8C\xD1\x00\xC0\x4F\x8E\xDB\x8A", 40, 16, 8, 8, false,
     true, UINT64_MAX},
};

static uint64_t number(const uint8_t *at, int n_bytes, bool is_big) {
    uint64_t value = 0;
    for (int i = 0; i < n_bytes; ++i)
        value = value << 8 | at[is_big ? i : n_bytes - 1 - i];
    return value;
}

static bool read_at(pst_io *io, int64_t position, uint8_t *bytes, int64_t n_bytes) {
    return pst_io_seek(io, position) == position && pst_io_read(io, bytes, n_bytes) == n_bytes;
}

// What was found of the chunk with the samples.
typedef struct data_chunk {
    int64_t at;
    uint64_t n_bytes; // With name and size.
    bool is_endless;
    bool is_described; // By a chunk before it.
} data_chunk;

static bool find_data(pst_io *io, const chunks *kind, int64_t start, int64_t length,
                      data_chunk *found) {
    const int64_t head_bytes = kind->name_bytes + kind->size_bytes;
    int64_t at = start + kind->first;
    uint8_t head[LONGEST_NAME + SIZE_BYTES];
    *found = (data_chunk){0};
    for (int i = 0; i < MAX_CHUNKS && read_at(io, at, head, head_bytes); ++i) {
        uint64_t size = number(head + kind->name_bytes, kind->size_bytes, kind->is_big);
        const bool is_data = memcmp(head, kind->data, (size_t)kind->name_bytes) == 0;
        found->is_endless = kind->endless != 0 && size == kind->endless;
        if (!kind->counts_head)
            size = size > INT64_MAX ? size : size + (uint64_t)head_bytes;
        found->at = at;
        found->n_bytes = size;
        if (is_data)
            return true;
        found->is_described |= memcmp(head, "COMM", 4) == 0;
        if (size < (uint64_t)head_bytes || size > (uint64_t)(length - at))
            return false;
        const uint64_t align = (uint64_t)kind->align;
        at += (int64_t)((size + align - 1) / align * align);
    }
    return false;
}

// Whether the samples are said to go on behind the end of the file.
static bool is_cut(pst_io *io, const chunks *kind, int64_t start, int64_t length) {
    data_chunk found;
    return find_data(io, kind, start, length, &found) && !found.is_endless &&
           found.n_bytes > (uint64_t)(length - found.at);
}

// AU has no chunks: only where the samples begin, and how many bytes they have.
static bool is_au_cut(pst_io *io, int64_t start, int64_t length) {
    uint8_t head[12];
    if (!read_at(io, start, head, sizeof head))
        return false;
    const bool is_big = head[0] == '.';
    const uint64_t size = number(head + 8, 4, is_big);
    return size != UINT32_MAX && number(head + 4, 4, is_big) + size > (uint64_t)(length - start);
}

void pst_sndfile_check_sizes(const pst_decoder_setup *setup) {
    pst_io *io = setup->io;
    if (setup->raw != NULL || !pst_io_is_seekable(io))
        return;
    const int64_t start = setup->start_byte, length = pst_io_length(io);
    bool cut = setup->container == PST_CONTAINER_AU && is_au_cut(io, start, length);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; ++i)
        if (kinds[i].container == setup->container)
            cut = is_cut(io, &kinds[i], start, length);
    if (cut)
        pst_note_damage(setup->damage, PST_DAMAGE_TRUNCATED, -1, 0);
    pst_io_seek(io, start);
}

int64_t pst_sndfile_head_end(const pst_decoder_setup *setup) {
    enum { SSND_HEAD_BYTES = 16 };
    if (setup->container != PST_CONTAINER_AIFF || pst_io_is_seekable(setup->io))
        return 0;
    data_chunk found;
    pst_io_peek(setup->io, true);
    const bool is_there =
        find_data(setup->io, &kinds[0], setup->start_byte, INT64_MAX, &found) && found.is_described;
    pst_io_peek(setup->io, false);
    pst_io_seek(setup->io, setup->start_byte);
    return is_there ? found.at + SSND_HEAD_BYTES : 0;
}
