// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "codec/metadata/id3.h"

enum {
    PIECE_BYTES = 4096,
    MAX_NAME_BYTES = 1024,
    // Of a frame: as many as tags may have, in UTF-16, and what is around them.
    MAX_TEXT_BYTES = 2 * PST_MAX_TAG_BYTES + 64,
    MAX_FRAMES = 4096
};

// Frames of ID3v2.4 say themselves what was done to them.
typedef struct frame {
    char name[5];
    int64_t n_bytes;
    size_t n_extra; // Bytes in front of the content.
    bool is_packed; // Compressed or encrypted.
    bool is_unsynchronised;
} frame;

// The bytes of a tag, one after another.
typedef struct source {
    pst_io *io;
    int64_t n_left;         // In the tag, behind the piece.
    bool is_unsynchronised; // Zeros that were put behind 0xFF are to be taken out.
    bool was_ff;
    int version; // 2, 3 or 4.
    bool lacks_memory;
    size_t at;
    size_t n_piece;
    uint8_t piece[PIECE_BYTES];
    char name[MAX_NAME_BYTES];
    size_t n_room; // For the content of a frame, and twice as many for its text in UTF-8.
    uint8_t *data;
    char *text;
} source;

// Returns the next byte as it is in the file, -1 behind the last one.
static int next_raw(source *s) {
    if (s->at == s->n_piece) {
        const int64_t wanted = s->n_left < PIECE_BYTES ? s->n_left : PIECE_BYTES;
        const int64_t n = wanted > 0 ? pst_io_read(s->io, s->piece, wanted) : 0;
        s->at = 0;
        s->n_piece = n > 0 ? (size_t)n : 0;
        s->n_left = n == wanted ? s->n_left - n : 0;
        if (n <= 0)
            return -1;
    }
    return s->piece[s->at++];
}

static int next(source *s) {
    int byte = next_raw(s);
    if (s->is_unsynchronised && s->was_ff && byte == 0)
        byte = next_raw(s);
    s->was_ff = byte == 0xFF;
    return byte;
}

// Passes over bytes. Returns false at the end of the tag.
static bool skip(source *s, int64_t n_bytes) {
    if (s->is_unsynchronised) {
        while (n_bytes-- > 0)
            if (next(s) < 0)
                return false;
        return true;
    }
    const int64_t n_here = (int64_t)(s->n_piece - s->at);
    if (n_bytes <= n_here) {
        s->at += (size_t)n_bytes;
        return true;
    }
    n_bytes -= n_here;
    s->at = s->n_piece;
    if (n_bytes > s->n_left)
        return false;
    s->n_left -= n_bytes;
    return pst_io_seek(s->io, pst_io_tell(s->io) + n_bytes) >= 0;
}

static bool take(source *s, uint8_t *data, size_t n_bytes) {
    for (size_t i = 0; i < n_bytes; ++i) {
        const int byte = next(s);
        if (byte < 0)
            return false;
        data[i] = (uint8_t)byte;
    }
    return true;
}

static bool grow(source *s) {
    const size_t n_room = s->n_room == 0 ? PIECE_BYTES : 2 * s->n_room;
    uint8_t *data = pst_alloc(3 * n_room + 1);
    if (data == NULL) {
        s->lacks_memory = true;
        return false;
    }
    if (s->n_room > 0)
        memcpy(data, s->data, s->n_room);
    pst_free(s->data);
    s->data = data;
    s->text = (char *)data + n_room;
    s->n_room = n_room;
    return true;
}

// Takes the content of a frame; memory grows with what comes, not with what the frame claims.
static bool take_content(source *s, size_t n_bytes) {
    size_t n = 0;
    while (n < n_bytes) {
        if (n == s->n_room && !grow(s))
            return false;
        const size_t n_next = n_bytes < s->n_room ? n_bytes : s->n_room;
        if (!take(s, s->data + n, n_next - n))
            return false;
        n = n_next;
    }
    return true;
}

static int64_t number(const uint8_t *bytes, int n_bytes, int bits) {
    int64_t value = 0;
    for (int i = 0; i < n_bytes; ++i)
        value = value << bits | (bytes[i] & ((1 << bits) - 1));
    return value;
}

// Sizes of ID3v2.4 have seven bits in a byte; a well-known program writes eight.
static int64_t number_of_4(const uint8_t *bytes) {
    const bool has_eight = ((bytes[0] | bytes[1] | bytes[2] | bytes[3]) & 0x80) != 0;
    return number(bytes, 4, has_eight ? 8 : 7);
}

int64_t pst_id3_bytes(const uint8_t *head) {
    enum { FOOTER = 0x10 };
    if (memcmp(head, "ID3", 3) != 0 || head[3] == 0xFF || head[4] == 0xFF)
        return 0;
    return number(head + 6, 4, 7) + PST_ID3_HEADER_BYTES +
           ((head[5] & FOOTER) != 0 ? PST_ID3_HEADER_BYTES : 0);
}

// Reads the header of the next frame. Returns false behind the last one.
static bool take_frame(source *s, frame *f) {
    uint8_t head[10];
    *f = (frame){{0}, 0, 0, false, false};
    if (!take(s, head, s->version == 2 ? 6 : 10))
        return false;
    const int n_name = s->version == 2 ? 3 : 4;
    for (int i = 0; i < n_name; ++i) {
        const bool is_fine =
            (head[i] >= 'A' && head[i] <= 'Z') || (head[i] >= '0' && head[i] <= '9');
        if (!is_fine)
            return false;
        f->name[i] = (char)head[i];
    }
    if (s->version == 2) {
        f->n_bytes = number(head + 3, 3, 8);
    } else if (s->version == 3) {
        f->n_bytes = number(head + 4, 4, 8);
        f->is_packed = (head[9] & 0xC0) != 0;
        f->n_extra = (head[9] & 0x20) != 0 ? 1 : 0;
    } else {
        f->n_bytes = number_of_4(head + 4);
        f->is_packed = (head[9] & 0x0C) != 0;
        f->is_unsynchronised = (head[9] & 0x02) != 0;
        f->n_extra = ((head[9] & 0x40) != 0 ? 1 : 0) + ((head[9] & 0x01) != 0 ? 4 : 0);
    }
    return true;
}

static size_t unsynchronise(uint8_t *data, size_t n_bytes) {
    size_t n = 0;
    for (size_t i = 0; i < n_bytes; ++i)
        if (i == 0 || data[i] != 0 || data[i - 1] != 0xFF)
            data[n++] = data[i];
    return n;
}

static bool has_key(const pst_tags *tags, const char *key) {
    for (uint32_t i = 0; i < pst_tags_count(tags); ++i)
        if (strcmp(pst_tags_key(tags, i), key) == 0)
            return true;
    return false;
}

// What is not fit for a tag is left out. Returns false for want of memory.
static bool add(pst_tags *tags, const char *key, const char *value) {
    return *value == '\0' || pst_tags_add(tags, key, value, NULL) != PST_NO_MEMORY;
}

// "3/12" is the third of twelve.
static bool add_part(pst_tags *tags, const char *key, const char *total_key, char *value) {
    char *slash = strchr(value, '/');
    if (slash != NULL)
        *slash = '\0';
    return add(tags, key, value) && (slash == NULL || add(tags, total_key, slash + 1));
}

// "(17)", "17" and "(17)Rock" are all of number 17.
static bool add_genre(pst_tags *tags, const char *value) {
    const char *digits = value + (*value == '(');
    char *end = NULL;
    const unsigned long n = *digits >= '0' && *digits <= '9' ? strtoul(digits, &end, 10) : 256;
    if (end != NULL && *value == '(' && *end == ')')
        ++end;
    else if (end != NULL && (*value == '(' || *end != '\0'))
        end = NULL;
    const char *name = end == NULL ? NULL : pst_id3_genre(n < 256 ? (unsigned)n : 255);
    return add(tags, "genre", end != NULL && *end != '\0' ? end : name != NULL ? name : value);
}

static bool add_value(pst_tags *tags, const char *key, char *value) {
    if (strcmp(key, "tracknumber") == 0)
        return add_part(tags, key, "tracktotal", value);
    if (strcmp(key, "discnumber") == 0)
        return add_part(tags, key, "disctotal", value);
    if (strcmp(key, "genre") == 0)
        return add_genre(tags, value);
    return (strcmp(key, "date") == 0 && has_key(tags, key)) || add(tags, key, value);
}

// Reads the texts of a frame: a description where there is one, then one value or more.
static void read_frame(source *s, const char *name, const uint8_t *data, size_t n_bytes,
                       pst_tags *tags) {
    const bool is_named = strcmp(name, "TXXX") == 0 || strcmp(name, "TXX") == 0;
    const char *key = pst_id3_key(name);
    if ((key == NULL && !is_named) || n_bytes < 2 || data[0] > PST_ID3_UTF8)
        return;
    const int encoding = data[0];
    size_t at = 1;
    s->name[0] = '\0';
    const bool has_language = !is_named && name[0] != 'T';
    if (has_language)
        at += 3;
    if (has_language || is_named) {
        if (at >= n_bytes)
            return;
        at += pst_id3_text(data + at, n_bytes - at, encoding, s->name, sizeof s->name);
    }
    // Programs keep numbers of their own in comments.
    if (has_language && strncmp(s->name, "iTun", 4) == 0)
        return;
    while (at < n_bytes) {
        at += pst_id3_text(data + at, n_bytes - at, encoding, s->text, 2 * s->n_room + 1);
        if (!add_value(tags, is_named ? s->name : key, s->text))
            s->lacks_memory = true;
    }
}

static void read_frames(source *s, pst_tags *tags) {
    frame f;
    for (int i = 0; i < MAX_FRAMES && take_frame(s, &f); ++i) {
        const bool is_text = pst_id3_key(f.name) != NULL || strcmp(f.name, "TXXX") == 0 ||
                             strcmp(f.name, "TXX") == 0;
        if (!is_text || f.is_packed || f.n_bytes > MAX_TEXT_BYTES) {
            if (!skip(s, f.n_bytes))
                return;
            continue;
        }
        if (!take_content(s, (size_t)f.n_bytes))
            return;
        if ((int64_t)f.n_extra >= f.n_bytes)
            continue;
        size_t n = (size_t)f.n_bytes - f.n_extra;
        if (f.is_unsynchronised)
            n = unsynchronise(s->data + f.n_extra, n);
        read_frame(s, f.name, s->data + f.n_extra, n, tags);
    }
}

// Passes over the header that some tags have behind their first one.
static bool skip_extension(source *s) {
    uint8_t size[4];
    if (!take(s, size, sizeof size))
        return false;
    return skip(s, s->version == 3 ? number(size, 4, 8) : number(size, 4, 7) - 4);
}

pst_status pst_id3_read(pst_io *io, int64_t n_bytes, pst_tags *tags) {
    enum { UNSYNCHRONISED = 0x80, EXTENDED = 0x40 };
    uint8_t head[PST_ID3_HEADER_BYTES];
    if (pst_io_read(io, head, sizeof head) != (int64_t)sizeof head || head[3] < 2 || head[3] > 4)
        return PST_OK;
    // In ID3v2.2 this bit means a compression that nobody has ever defined.
    if (head[3] == 2 && (head[5] & EXTENDED) != 0)
        return PST_OK;
    if (n_bytes <= PST_ID3_HEADER_BYTES)
        return PST_OK;
    source *s = pst_alloc(sizeof *s);
    if (s == NULL)
        return PST_NO_MEMORY;
    s->io = io;
    s->n_left = n_bytes - PST_ID3_HEADER_BYTES;
    s->version = head[3];
    s->is_unsynchronised = head[3] < 4 && (head[5] & UNSYNCHRONISED) != 0;
    if ((head[5] & EXTENDED) == 0 || skip_extension(s))
        read_frames(s, tags);
    const pst_status status = s->lacks_memory ? PST_NO_MEMORY : PST_OK;
    pst_free(s->data);
    pst_free(s);
    return status;
}

void pst_id3v1_read(const uint8_t *tag, pst_tags *tags) {
    static const struct {
        uint8_t at, n;
        const char *key;
    } fields[] = {
        {3, 30, "title"}, {33, 30, "artist"},  {63, 30, "album"},
        {93, 4, "date"},  {97, 30, "comment"},
    };
    enum { TRACK_MARK_AT = 125, TRACK_AT = 126, GENRE_AT = 127 };
    char text[64];
    if (memcmp(tag, "TAG", 3) != 0)
        return;
    for (size_t i = 0; i < sizeof fields / sizeof *fields; ++i) {
        (void)pst_id3_text(tag + fields[i].at, fields[i].n, PST_ID3_LATIN1, text, sizeof text);
        for (size_t n = strlen(text); n > 0 && text[n - 1] == ' '; --n)
            text[n - 1] = '\0';
        if (!has_key(tags, fields[i].key))
            (void)add(tags, fields[i].key, text);
    }
    if (tag[TRACK_MARK_AT] == 0 && tag[TRACK_AT] != 0 && !has_key(tags, "tracknumber")) {
        snprintf(text, sizeof text, "%d", tag[TRACK_AT]);
        (void)add(tags, "tracknumber", text);
    }
    const char *genre = pst_id3_genre(tag[GENRE_AT]);
    if (genre != NULL && !has_key(tags, "genre"))
        (void)add(tags, "genre", genre);
}
