// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "codec/metadata/end_tags.h"

#include <string.h>

#include "codec/metadata/id3.h"

enum {
    LOOK_BYTES = PST_ID3V1_BYTES,
    ID3V1_PLUS_BYTES = 227,
    APE_BYTES = 32, // Of a header or a footer.
    LYRICS_MARK_BYTES = 9,
    LYRICS_SIZE_BYTES = 6,
    LYRICS_BEGIN_BYTES = 11,
    MAX_OLD_LYRICS_BYTES = 5120
};

// Reads what lies before end. Returns false if there is not so much.
static bool read_before(pst_io *io, int64_t end, int64_t n_before, uint8_t *bytes,
                        int64_t n_bytes) {
    return end >= n_before && pst_io_seek(io, end - n_before) >= 0 &&
           pst_io_read(io, bytes, n_bytes) == n_bytes;
}

static int64_t id3v1_bytes(pst_io *io, int64_t end, const uint8_t *tail, pst_tags *tags) {
    uint8_t plus[4];
    if (memcmp(tail, "TAG", 3) != 0)
        return 0;
    pst_id3v1_read(tail, tags);
    const int64_t both = PST_ID3V1_BYTES + ID3V1_PLUS_BYTES;
    return read_before(io, end, both, plus, sizeof plus) && memcmp(plus, "TAG+", 4) == 0
               ? both
               : PST_ID3V1_BYTES;
}

static int64_t ape_bytes(const uint8_t *footer) {
    enum { SIZE_AT = 12, FLAGS_AT = 23, HAS_HEADER = 0x80 };
    if (memcmp(footer, "APETAGEX", 8) != 0)
        return 0;
    const uint8_t *size = footer + SIZE_AT;
    const int64_t n = (int64_t)((uint32_t)size[0] | (uint32_t)size[1] << 8 |
                                (uint32_t)size[2] << 16 | (uint32_t)size[3] << 24);
    return n < APE_BYTES ? 0 : n + ((footer[FLAGS_AT] & HAS_HEADER) != 0 ? APE_BYTES : 0);
}

static int64_t lyrics_bytes(pst_io *io, int64_t end, const uint8_t *mark) {
    if (memcmp(mark, "LYRICS200", LYRICS_MARK_BYTES) == 0) {
        int64_t n = 0;
        for (int i = 0; i < LYRICS_SIZE_BYTES; ++i) {
            const uint8_t digit = mark[i - LYRICS_SIZE_BYTES];
            if (digit < '0' || digit > '9')
                return 0;
            n = n * 10 + digit - '0';
        }
        return n + LYRICS_SIZE_BYTES + LYRICS_MARK_BYTES;
    }
    if (memcmp(mark, "LYRICSEND", LYRICS_MARK_BYTES) != 0)
        return 0;
    uint8_t text[MAX_OLD_LYRICS_BYTES];
    const int64_t most = end < MAX_OLD_LYRICS_BYTES ? end : MAX_OLD_LYRICS_BYTES;
    if (!read_before(io, end, most, text, most))
        return 0;
    for (int64_t i = most - LYRICS_BEGIN_BYTES; i >= 0; --i)
        if (memcmp(text + i, "LYRICSBEGIN", LYRICS_BEGIN_BYTES) == 0)
            return most - i;
    return 0;
}

// Of ID3v2 that has a footer.
static int64_t id3v2_bytes(const uint8_t *footer) {
    uint8_t head[PST_ID3_HEADER_BYTES];
    if (memcmp(footer, "3DI", 3) != 0)
        return 0;
    memcpy(head, footer, sizeof head);
    memcpy(head, "ID3", 3);
    return pst_id3_bytes(head);
}

int64_t pst_end_tags_pass(pst_io *io, int64_t start_byte, pst_tags *tags) {
    enum { MOST_TAGS = 16 };
    int64_t end = pst_io_length(io);
    for (int i = 0; i < MOST_TAGS && pst_io_error(io) == 0; ++i) {
        uint8_t tail[LOOK_BYTES];
        if (end - start_byte < LOOK_BYTES || !read_before(io, end, LOOK_BYTES, tail, LOOK_BYTES))
            break;
        int64_t n = id3v1_bytes(io, end, tail, tags);
        if (n == 0)
            n = ape_bytes(tail + LOOK_BYTES - APE_BYTES);
        if (n == 0)
            n = lyrics_bytes(io, end, tail + LOOK_BYTES - LYRICS_MARK_BYTES);
        if (n == 0)
            n = id3v2_bytes(tail + LOOK_BYTES - PST_ID3_HEADER_BYTES);
        if (n == 0 || n > end - start_byte)
            break;
        end -= n;
    }
    return end;
}
