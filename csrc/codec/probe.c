// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

// Only files of these kinds reach a parser: most of the known faults of sound file libraries lie
// in parsers of formats that nobody uses.

#include <string.h>

#include "base/error.h"
#include "codec/codec.h"

enum {
    LOOK_BYTES = 512, // Enough for the first packet of an Ogg stream.
    ID3_HEADER_BYTES = 10,
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
    {"RF64", 4, "WAVE", PST_CONTAINER_RF64}, {"FORM", 4, "AIFF", PST_CONTAINER_AIFF},
    {"FORM", 4, "AIFC", PST_CONTAINER_AIFF}, {".snd", 4, NULL, PST_CONTAINER_AU},
    {"dns.", 4, NULL, PST_CONTAINER_AU},     {"caff", 4, NULL, PST_CONTAINER_CAF},
    {wave64, 14, NULL, PST_CONTAINER_W64},   {"fLaC", 4, NULL, PST_CONTAINER_FLAC},
    {"OggS", 4, NULL, PST_CONTAINER_OGG},
};

// Returns the encoding that the first packet of an Ogg stream begins with.
static pst_encoding probe_ogg(const uint8_t *head, size_t n_bytes) {
    enum { N_SEGMENTS_AT = 26, SEGMENTS_AT = 27, LONGEST_NAME = 8 };
    if (n_bytes <= SEGMENTS_AT)
        return PST_ENCODING_DEFAULT;
    const size_t packet_at = SEGMENTS_AT + (size_t)head[N_SEGMENTS_AT];
    if (packet_at + LONGEST_NAME > n_bytes)
        return PST_ENCODING_DEFAULT;
    const uint8_t *packet = head + packet_at;
    if (memcmp(packet, "OpusHead", 8) == 0)
        return PST_ENCODING_OPUS;
    if (memcmp(packet, "\x01vorbis", 7) == 0)
        return PST_ENCODING_VORBIS;
    return memcmp(packet,
                  "\x7F"
                  "FLAC",
                  5) == 0
               ? PST_ENCODING_FLAC
               : PST_ENCODING_DEFAULT;
}

// Finds the kind by the sync words of headers without a name. Returns 0 if there are none.
static pst_container probe_sync(const uint8_t *head, size_t n_bytes) {
    if (n_bytes < 4 || head[0] != 0xFF)
        return 0;
    if ((head[1] & 0xF6) == 0xF0)
        return PST_CONTAINER_ADTS;
    return (head[1] & 0xE0) == 0xE0 ? PST_CONTAINER_MP3 : 0;
}

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
    return probe_sync(head, n_bytes);
}

// Returns how many bytes an ID3v2 tag has that begins here, 0 if there is none.
static int64_t id3_bytes(const uint8_t *head, int64_t n_bytes) {
    enum { FOOTER = 0x10 };
    if (n_bytes < ID3_HEADER_BYTES || memcmp(head, "ID3", 3) != 0)
        return 0;
    int64_t n = 0;
    for (int i = 6; i < ID3_HEADER_BYTES; ++i)
        n = n << 7 | (head[i] & 0x7F);
    return n + ID3_HEADER_BYTES + ((head[5] & FOOTER) != 0 ? ID3_HEADER_BYTES : 0);
}

pst_status pst_probe(pst_io *io, pst_container *container, pst_encoding *encoding,
                     int64_t *start_byte, pst_error *err) {
    uint8_t head[LOOK_BYTES];
    int64_t n_bytes = 0;
    *start_byte = 0;
    for (int i = 0; i < MAX_ID3_TAGS; ++i) {
        n_bytes = pst_io_read(io, head, sizeof head);
        if (pst_io_error(io) != 0)
            return pst_io_fail(io, err);
        const int64_t tag_bytes = id3_bytes(head, n_bytes);
        *start_byte += tag_bytes;
        if (pst_io_seek(io, *start_byte) < 0)
            return pst_io_fail(io, err);
        if (tag_bytes == 0)
            break;
    }
    *encoding = PST_ENCODING_DEFAULT;
    *container = probe_head(head, (size_t)n_bytes);
    if (*container == PST_CONTAINER_OGG)
        *encoding = probe_ogg(head, (size_t)n_bytes);
    if (*container != 0)
        return PST_OK;
    return pst_fail(
        err, PST_BAD_FILE, 0,
        "The file looks like %s; WAV, RF64, AIFF, AU, CAF, W64, FLAC, Ogg, MP3, ADTS and "
        "MP4 files can be read, and RAW if it is asked for",
        n_bytes == 0 ? "an empty file" : "nothing that is known here");
}
