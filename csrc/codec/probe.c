// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

// Only files of these kinds reach a parser: most of the known faults of sound file libraries lie
// in parsers of formats that nobody uses.

#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "codec/adts_header.h"
#include "codec/codec.h"
#include "codec/flac/frame_header.h"
#include "codec/metadata/id3.h"
#include "codec/mpeg_header.h"

enum {
    MAGIC_BYTES = 16,  // In which all names in front of files lie, and the header of a FLAC frame.
    STEP_BYTES = 4096, // Of a file at a time.
    MAX_ID3_TAGS = 4096
};

typedef struct magic {
    const char *bytes;
    uint8_t n_bytes;
    const char *second; // At byte 8, four bytes; NULL: anything.
    pst_container container;
} magic;

static const char wave64[] = "riff\x2E\x91\xCF\x11\xA5\xD6\x28\xDB\x04\xC1";

static const magic magics[] = {
    {"RIFF", 4, "WAVE", PST_CONTAINER_WAV},  {"RIFX", 4, "WAVE", PST_CONTAINER_WAV},
    {"RF64", 4, "WAVE", PST_CONTAINER_RF64}, {"BW64", 4, "WAVE", PST_CONTAINER_RF64},
    {"FORM", 4, "AIFF", PST_CONTAINER_AIFF}, {"FORM", 4, "AIFC", PST_CONTAINER_AIFF},
    {".snd", 4, NULL, PST_CONTAINER_AU},     {"dns.", 4, NULL, PST_CONTAINER_AU},
    {"caff", 4, NULL, PST_CONTAINER_CAF},    {wave64, 14, NULL, PST_CONTAINER_W64},
    {"fLaC", 4, NULL, PST_CONTAINER_FLAC},   {"OggS", 4, NULL, PST_CONTAINER_OGG},
};

static pst_container probe_head(const uint8_t *head, size_t n_bytes) {
    for (size_t i = 0; i < sizeof magics / sizeof *magics; ++i) {
        const magic *m = &magics[i];
        if (n_bytes < m->n_bytes || memcmp(head, m->bytes, m->n_bytes) != 0)
            continue;
        if (m->second == NULL || (n_bytes >= 12 && memcmp(head + 8, m->second, 4) == 0))
            return m->container;
    }
    if (n_bytes >= 12 && memcmp(head + 4, "ftyp", 4) == 0)
        return PST_CONTAINER_MP4;
    return 0;
}

// What was read so far of a file that has no name in front.
typedef struct window {
    uint8_t bytes[PST_IO_HEAD_BYTES];
    size_t n;
    bool is_end;
} window;

static void read_step(pst_io *io, window *w) {
    const int64_t room = (int64_t)(sizeof w->bytes - w->n);
    const int64_t n =
        pst_io_read_some(io, w->bytes + w->n, 1, room < STEP_BYTES ? room : STEP_BYTES);
    w->n += n > 0 ? (size_t)n : 0;
    w->is_end = n <= 0;
}

// Reads on until the window has n_bytes. Returns whether it has; no more is waited for than these.
static bool have(pst_io *io, window *w, size_t n_bytes) {
    while (w->n < n_bytes && n_bytes <= sizeof w->bytes && !w->is_end)
        read_step(io, w);
    return w->n >= n_bytes;
}

static pst_encoding probe_packet(const uint8_t *packet, size_t n_bytes) {
    static const struct {
        const char *bytes;
        size_t n_bytes;
        pst_encoding encoding;
    } kinds[] = {
        {"OpusHead", 8, PST_ENCODING_OPUS},
        {"\x01vorbis", 7, PST_ENCODING_VORBIS},
        {"\177FLAC", 5, PST_ENCODING_FLAC},
    };
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; ++i)
        if (n_bytes >= kinds[i].n_bytes && memcmp(packet, kinds[i].bytes, kinds[i].n_bytes) == 0)
            return kinds[i].encoding;
    return PST_ENCODING_DEFAULT;
}

// Returns the encoding of the first stream of sound in an Ogg file. Each stream has a page at the
// beginning that is marked as its first one; there may be films and other things before it.
static pst_encoding probe_ogg(pst_io *io, window *w) {
    enum { FLAGS_AT = 5, IS_FIRST = 2, N_SEGMENTS_AT = 26, SEGMENTS_AT = 27, MAGIC_BYTES_OGG = 8 };
    for (size_t at = 0;;) {
        const uint8_t *page = w->bytes + at;
        if (!have(io, w, at + SEGMENTS_AT) || memcmp(page, "OggS", 4) != 0 ||
            (page[FLAGS_AT] & IS_FIRST) == 0)
            return PST_ENCODING_DEFAULT;
        const size_t body = at + SEGMENTS_AT + page[N_SEGMENTS_AT];
        if (!have(io, w, body))
            return PST_ENCODING_DEFAULT;
        size_t n_body = 0;
        for (size_t i = 0; i < page[N_SEGMENTS_AT]; ++i)
            n_body += page[SEGMENTS_AT + i];
        const size_t n_magic = n_body < MAGIC_BYTES_OGG ? n_body : MAGIC_BYTES_OGG;
        if (!have(io, w, body + n_magic))
            return PST_ENCODING_DEFAULT;
        const pst_encoding found = probe_packet(w->bytes + body, n_magic);
        if (found != PST_ENCODING_DEFAULT)
            return found;
        at = body + n_body;
    }
}

// Tells as pst_mpeg_confirm whether a frame of MPEG audio begins at a byte. Behind junk, which may
// look like a header now and then, two more have to follow.
static int try_mpeg(const window *w, size_t at) {
    pst_mpeg_header header;
    const int first = pst_mpeg_confirm(w->bytes + at, w->n - at, w->is_end, &header);
    if (first != 1 || at == 0 || at + header.n_bytes >= w->n)
        return first;
    const size_t next = at + header.n_bytes;
    return pst_mpeg_confirm(w->bytes + next, w->n - next, w->is_end, &header);
}

// Whether a file that is nothing but frames may be looked for.
static bool may_be(const pst_kind *kind, pst_container container, pst_encoding encoding) {
    return (kind->container == 0 || kind->container == container) &&
           (kind->encoding == 0 || kind->encoding == encoding);
}

// Looks for the first frame of those kinds that have nothing but frames. Returns 0 if there is none
// near the beginning.
static pst_container probe_frames(pst_io *io, window *w, const pst_kind *kind, size_t *found_at) {
    const bool may_be_mpeg = may_be(kind, PST_CONTAINER_MP3, PST_ENCODING_MP3);
    const bool may_be_adts = may_be(kind, PST_CONTAINER_ADTS, PST_ENCODING_AAC);
    const bool may_be_flac = may_be(kind, PST_CONTAINER_FLAC, PST_ENCODING_FLAC);
    if (!may_be_mpeg && !may_be_adts) {
        pst_flac_header header;
        *found_at = 0;
        return may_be_flac && pst_flac_parse_header(&header, w->bytes, w->n) > 0
                   ? PST_CONTAINER_FLAC
                   : 0;
    }
    for (size_t at = 0;;) {
        const uint8_t *sync = at < w->n ? memchr(w->bytes + at, 0xFF, w->n - at) : NULL;
        at = sync == NULL ? w->n : (size_t)(sync - w->bytes);
        *found_at = at;
        int answer = -1;
        if (at < w->n) {
            answer = may_be_mpeg ? try_mpeg(w, at) : 0;
            if (answer == 1)
                return PST_CONTAINER_MP3;
            if (answer == 0 && may_be_adts)
                answer = pst_adts_confirm(w->bytes + at, w->n - at, w->is_end);
            if (answer == 1)
                return PST_CONTAINER_ADTS;
            pst_flac_header header;
            if (answer == 0 && at == 0 && may_be_flac &&
                pst_flac_parse_header(&header, w->bytes, w->n) > 0)
                return PST_CONTAINER_FLAC;
        }
        const bool is_all = w->is_end || w->n == sizeof w->bytes;
        if (is_all && at == w->n)
            return 0;
        if (answer == 0 || is_all)
            ++at;
        else
            read_step(io, w);
    }
}

// Goes behind the ID3 tags at the beginning; their texts become tags.
static pst_status pass_id3(pst_io *io, pst_tags *tags, int64_t *start_byte, pst_error *err) {
    uint8_t head[PST_ID3_HEADER_BYTES];
    const int64_t length = pst_io_length(io);
    for (int i = 0; i < MAX_ID3_TAGS && pst_io_error(io) == 0; ++i) {
        const int64_t n = pst_io_read(io, head, sizeof head);
        const int64_t tag_bytes = n == (int64_t)sizeof head ? pst_id3_bytes(head) : 0;
        if (tag_bytes > 0 && tag_bytes <= length - *start_byte) {
            if (pst_io_seek(io, *start_byte) < 0)
                break;
            if (pst_id3_read(io, tag_bytes, tags) != PST_OK)
                return pst_fail_memory(err);
            *start_byte += tag_bytes;
        } else if (tag_bytes > 0) {
            // It cannot be so long: there may be sound in what it says is its own.
            *start_byte += PST_ID3_HEADER_BYTES;
        }
        if (pst_io_seek(io, *start_byte) < 0)
            break;
        if (tag_bytes == 0)
            return PST_OK;
        if (pst_io_rebase(io) < 0)
            break;
    }
    return pst_io_error(io) == 0 ? PST_OK : pst_io_fail(io, err);
}

static pst_status refuse(int64_t n_bytes, int64_t start_byte, pst_error *err) {
    char names[160] = "";
    size_t n = 0;
    for (int c = PST_CONTAINER_WAV; c <= PST_CONTAINER_MP4; ++c) {
        const char *name = pst_container_name((pst_container)c);
        if (c == PST_CONTAINER_RAW ||
            pst_decoding_codec((pst_container)c, PST_ENCODING_DEFAULT) == NULL ||
            n + strlen(name) + 3 > sizeof names)
            continue;
        n += (size_t)snprintf(names + n, sizeof names - n, "%s%s", n == 0 ? "" : ", ", name);
    }
    return pst_fail(err, PST_BAD_FILE, 0,
                    "The file looks like %s; this build reads %s, and RAW if it is asked for",
                    start_byte > 0 ? "an ID3 tag, with nothing that is known behind it"
                    : n_bytes == 0 ? "an empty file"
                                   : "nothing that is known here",
                    names);
}

// Whether what is no file that is known could become one if it went on.
static bool may_go_on(const window *w, const pst_kind *kind) {
    if (!w->is_end)
        return false;
    if (memchr(w->bytes, 0xFF, w->n) != NULL || w->n == 0)
        return w->n == 0 || may_be(kind, PST_CONTAINER_MP3, PST_ENCODING_MP3) ||
               may_be(kind, PST_CONTAINER_ADTS, PST_ENCODING_AAC);
    for (size_t i = 0; i < sizeof magics / sizeof *magics; ++i)
        if ((w->n < 12 || magics[i].container == PST_CONTAINER_OGG) &&
            memcmp(w->bytes, magics[i].bytes,
                   w->n < magics[i].n_bytes ? w->n : magics[i].n_bytes) == 0)
            return true;
    if (w->n < 8 && w->bytes[0] == 0 && may_be(kind, PST_CONTAINER_MP4, PST_ENCODING_AAC))
        return true;
    return w->n < PST_ID3_HEADER_BYTES && memcmp(w->bytes, "ID3", w->n < 3 ? w->n : 3) == 0;
}

pst_status pst_probe(pst_io *io, pst_tags *tags, pst_kind *kind, pst_container *container,
                     pst_encoding *encoding, int64_t *start_byte, pst_error *err) {
    *start_byte = 0;
    *encoding = PST_ENCODING_DEFAULT;
    const pst_status passed = pass_id3(io, tags, start_byte, err);
    if (passed != PST_OK)
        return passed;
    window *w = pst_alloc(sizeof *w);
    if (w == NULL)
        return pst_fail_memory(err);
    (void)have(io, w, MAGIC_BYTES);
    *container = probe_head(w->bytes, w->n);
    if (*container == PST_CONTAINER_OGG)
        *encoding = probe_ogg(io, w);
    if (*container == 0) {
        size_t at = 0;
        *container = probe_frames(io, w, kind, &at);
        *start_byte += *container != 0 ? (int64_t)at : 0;
    }
    const int64_t n_bytes = (int64_t)w->n;
    const bool is_found = *container != 0 && (*container != PST_CONTAINER_OGG || *encoding != 0);
    kind->is_certain = is_found || !may_go_on(w, kind);
    pst_free(w);
    if (pst_io_error(io) != 0 || pst_io_seek(io, *start_byte) < 0)
        return pst_io_fail(io, err);
    if (*container == PST_CONTAINER_OGG && *encoding == PST_ENCODING_DEFAULT)
        return pst_fail(err, PST_BAD_FILE, 0,
                        "The Ogg file begins with no sound that is known here; Opus, Vorbis and "
                        "FLAC are");
    return *container != 0 ? PST_OK : refuse(n_bytes, *start_byte, err);
}
