// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

// Finds the way through the chunks of a file. Each step goes on by eight bytes at least, and no
// chunk is looked into twice.

#include <string.h>

#include "base/error.h"
#include "codec/metadata/id3.h"
#include "codec/wav/wav.h"

enum {
    CHUNK_BYTES = 8, // Name and size.
    MAX_CHUNKS = 10000,
    FMT_BYTES = 64,
    DS64_BYTES = 16, // As far as the size of the data.
    MAX_PIPE_CHUNK_BYTES = 1 << 20,
    MAX_PIPE_HEADER_BYTES = 1 << 26,
    // Programs that write to a pipe put sizes from here to 0x7FFFFFFF.
    LEAST_ENDLESS_SIZE = 0x7FFF0000,
    MOST_ENDLESS_SIZE = 0x7FFFFFFF
};

typedef struct walk {
    const pst_decoder_setup *setup;
    pst_io *io;
    pst_wav_header *header;
    int64_t length; // INT64_MAX: a pipe.
    uint64_t long_data_bytes;
    bool is_pipe;
    bool is_long; // RF64 or BW64.
    bool has_long_size;
    bool has_fmt;
    bool has_data;
} walk;

typedef struct chunk {
    uint8_t name[4];
    int64_t body; // Where its bytes begin.
    uint32_t n_bytes;
} chunk;

static bool is_named(const chunk *c, const char *name) {
    return memcmp(c->name, name, sizeof c->name) == 0;
}

static bool is_printable(const uint8_t *name) {
    for (int i = 0; i < 4; ++i)
        if (name[i] < 0x20 || name[i] > 0x7E)
            return false;
    return true;
}

// Reads the bytes at a position; fewer at the end. A pipe is not gone back behind its head for.
static int64_t read_at(pst_io *io, int64_t position, void *data, int64_t n_bytes) {
    return pst_io_seek(io, position) < 0 ? 0 : pst_io_read(io, data, n_bytes);
}

// Whether a place can be looked at and come back from.
static bool can_look(const walk *w, int64_t position) {
    return !w->is_pipe || position - w->setup->start_byte <= PST_IO_HEAD_BYTES - CHUNK_BYTES;
}

static bool next_chunk(const walk *w, int64_t position, chunk *c) {
    uint8_t head[CHUNK_BYTES];
    if (read_at(w->io, position, head, CHUNK_BYTES) < CHUNK_BYTES || !is_printable(head))
        return false;
    memcpy(c->name, head, sizeof c->name);
    c->n_bytes = pst_wav_get(head + 4, 4, w->header->is_big);
    c->body = position + CHUNK_BYTES;
    return true;
}

// Whether a chunk that fits into the file begins here, rather than samples.
static bool looks_like_chunk(const walk *w, int64_t position) {
    chunk c;
    return can_look(w, position) && next_chunk(w, position, &c) &&
           (w->is_pipe ? c.n_bytes <= MAX_PIPE_CHUNK_BYTES : c.n_bytes <= w->length - c.body);
}

// Returns where the next chunk begins. Some programs leave the padding out.
static int64_t end_of(const walk *w, const chunk *c) {
    static const char known[][5] = {"data", "LIST", "fact", "fmt ", "bext", "id3 ", "JUNK"};
    const int64_t end = c->body + c->n_bytes;
    uint8_t name[4];
    if (c->n_bytes % 2 == 0)
        return end;
    if (can_look(w, end) && read_at(w->io, end, name, 4) == 4)
        for (size_t i = 0; i < sizeof known / sizeof *known; ++i)
            if (memcmp(name, known[i], 4) == 0)
                return end;
    return end + 1;
}

// ---- The chunks ------------------------------------------------------------------------------

static pst_status take_fmt(walk *w, const chunk *c, pst_error *err) {
    uint8_t fmt[FMT_BYTES];
    const int64_t n = read_at(w->io, c->body, fmt, c->n_bytes < FMT_BYTES ? c->n_bytes : FMT_BYTES);
    if (pst_io_error(w->io) != 0)
        return pst_io_fail(w->io, err);
    w->has_fmt = true;
    return pst_wav_parse_fmt(w->header, fmt, n > 0 ? (uint32_t)n : 0, w->setup->damage, err);
}

static void take_long_sizes(walk *w, const chunk *c) {
    uint8_t sizes[DS64_BYTES];
    if (!w->is_long || c->n_bytes < DS64_BYTES ||
        read_at(w->io, c->body, sizes, DS64_BYTES) < DS64_BYTES)
        return;
    w->long_data_bytes = pst_wav_get_u64(sizes + 8, w->header->is_big);
    w->has_long_size = true;
}

static pst_status read_tags(const walk *w, const chunk *c, pst_tags *tags, pst_error *err) {
    char type[4];
    if (is_named(c, "LIST")) {
        if (c->n_bytes < sizeof type || read_at(w->io, c->body, type, sizeof type) < 4 ||
            memcmp(type, "INFO", sizeof type) != 0)
            return PST_OK;
        return pst_wav_read_info(w->io, c->n_bytes - 4, w->header->is_big, tags, err);
    }
    if (pst_io_seek(w->io, c->body) < 0)
        return PST_OK;
    if (is_named(c, "bext"))
        return pst_wav_read_bext(w->io, c->n_bytes, tags, err);
    return pst_id3_read(w->io, c->n_bytes, tags) == PST_OK ? PST_OK : pst_fail_memory(err);
}

// Takes what a chunk says about the file, but for what another one has said already.
static pst_status take_tags(const walk *w, const chunk *c, pst_error *err) {
    pst_tags *tags = NULL;
    pst_status status = pst_tags_create(&tags, err);
    if (status == PST_OK)
        status = read_tags(w, c, tags, err);
    if (status == PST_OK)
        status = pst_wav_merge_tags(w->setup->tags, tags, err);
    pst_tags_destroy(tags);
    if (status != PST_OK)
        return status;
    return pst_io_error(w->io) != 0 ? pst_io_fail(w->io, err) : PST_OK;
}

// Decides how far the samples go.
static void take_data(walk *w, const chunk *c) {
    pst_wav_header *header = w->header;
    pst_damage *damage = w->setup->damage;
    const int64_t there = w->is_pipe ? INT64_MAX : w->length - c->body;
    const bool is_long = w->is_long && c->n_bytes == PST_WAV_UNKNOWN_SIZE;
    const uint64_t told = !is_long ? c->n_bytes : w->has_long_size ? w->long_data_bytes : 0;
    header->data_start = c->body;
    header->n_data_bytes = there;
    w->has_data = true;
    if (!is_long && told == PST_WAV_UNKNOWN_SIZE)
        return;
    if (!is_long && told >= LEAST_ENDLESS_SIZE && told <= MOST_ENDLESS_SIZE &&
        (w->is_pipe || (int64_t)told > there))
        return;
    if (told == 0 && (there == 0 || looks_like_chunk(w, c->body))) {
        header->n_data_bytes = 0;
        header->is_told = true;
    } else if (told == UINT64_MAX) {
        return;
    } else if (told == 0 || told > INT64_MAX) {
        pst_note_damage(damage, PST_DAMAGE_HEADER, -1, 0);
    } else if ((int64_t)told <= there) {
        header->n_data_bytes = (int64_t)told;
        header->is_told = true;
    } else {
        pst_note_damage(damage, PST_DAMAGE_TRUNCATED, -1, 0);
    }
}

static pst_status take(walk *w, const chunk *c, pst_error *err) {
    if (is_named(c, "fmt ") && !w->has_fmt)
        return take_fmt(w, c, err);
    if (is_named(c, "data") && !w->has_data)
        take_data(w, c);
    else if (is_named(c, "ds64") && !w->has_long_size)
        take_long_sizes(w, c);
    else if (is_named(c, "LIST") || is_named(c, "bext") || is_named(c, "id3 ") ||
             is_named(c, "ID3 "))
        return take_tags(w, c, err);
    return pst_io_error(w->io) != 0 ? pst_io_fail(w->io, err) : PST_OK;
}

// Whether the samples have to be reached now: a pipe does not come back to them.
static bool is_at_samples(const walk *w, const chunk *c) {
    if (!w->has_data || c->body != w->header->data_start)
        return false;
    if (!w->header->is_told)
        return true;
    return w->is_pipe && (w->has_fmt || !can_look(w, c->body + c->n_bytes));
}

static pst_status walk_chunks(walk *w, int64_t position, pst_error *err) {
    chunk c;
    for (int i = 0; i < MAX_CHUNKS && position < w->length && next_chunk(w, position, &c); ++i) {
        const pst_status status = take(w, &c, err);
        if (status != PST_OK)
            return status;
        if (is_at_samples(w, &c))
            break;
        if (w->is_long && w->has_data && c.body == w->header->data_start)
            position = c.body + w->header->n_data_bytes + w->header->n_data_bytes % 2;
        else
            position = end_of(w, &c);
        if (w->is_pipe && position > MAX_PIPE_HEADER_BYTES)
            break;
    }
    if (pst_io_error(w->io) != 0)
        return pst_io_fail(w->io, err);
    if (!w->has_fmt || !w->has_data)
        return pst_fail(err, PST_BAD_FILE, 0, "The WAV file has no %s chunk that can be found",
                        w->has_fmt ? "data" : "fmt");
    return PST_OK;
}

pst_status pst_wav_read_header(pst_wav_header *header, const pst_decoder_setup *setup,
                               pst_error *err) {
    enum { RIFF_BYTES = 12 };
    uint8_t riff[RIFF_BYTES];
    walk w = {.setup = setup, .io = setup->io, .header = header};
    *header = (pst_wav_header){0};
    header->format.container = setup->container;
    w.is_pipe = !pst_io_is_seekable(w.io);
    w.length = pst_io_length(w.io);
    if (read_at(w.io, setup->start_byte, riff, RIFF_BYTES) == RIFF_BYTES) {
        header->is_big = riff[3] == 'X';
        w.is_long = setup->container == PST_CONTAINER_RF64;
    }
    header->format.byte_order = header->is_big ? PST_BYTES_BIG : PST_BYTES_DEFAULT;
    return walk_chunks(&w, setup->start_byte + RIFF_BYTES, err);
}
