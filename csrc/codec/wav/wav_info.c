// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

// Tags: a LIST chunk of the type INFO, which is a list of chunks with texts in them. They should
// be ASCII; today's programs write UTF-8, older ones their own character set.

#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "codec/wav/wav.h"

enum {
    CHUNK_BYTES = 8,
    MAX_TEXTS = 1024,
    MAX_TEXT_BYTES = PST_MAX_TAG_BYTES, // What is longer is cut.
    BEXT_DESCRIPTION_BYTES = 256
};

// The first name of a key is the one that is written.
static const struct {
    char name[5];
    const char *key;
} names[] = {
    {"INAM", "title"},    {"IART", "artist"},       {"IPRD", "album"},
    {"ICRD", "date"},     {"ITRK", "tracknumber"},  {"IPRT", "tracknumber"},
    {"IGNR", "genre"},    {"ICMT", "comment"},      {"ICOP", "copyright"},
    {"ISFT", "encoder"},  {"IMUS", "composer"},     {"ISBJ", "description"},
    {"IENG", "engineer"}, {"ILNG", "language"},     {"IKEY", "keywords"},
    {"IMED", "media"},    {"IPUB", "organization"}, {"ITCH", "encodedby"},
    {"IARL", "location"}, {"ISRC", "source"},
};

enum { N_NAMES = sizeof names / sizeof *names };

static const char *key_of(const uint8_t *name) {
    for (size_t i = 0; i < N_NAMES; ++i)
        if (memcmp(name, names[i].name, 4) == 0)
            return names[i].key;
    return NULL;
}

static const char *name_of(const char *key) {
    for (size_t i = 0; i < N_NAMES; ++i)
        if (strcmp(key, names[i].key) == 0)
            return names[i].name;
    return NULL;
}

// ---- Reading ---------------------------------------------------------------------------------

// Ends a text at its NUL, and makes blanks of what no tag may have.
static void clean(char *text, size_t n_bytes) {
    text[n_bytes] = '\0';
    size_t n = strlen(text);
    for (size_t i = 0; i < n; ++i) {
        const unsigned char c = (unsigned char)text[i];
        if ((c < 0x20 && c != '\n' && c != '\r' && c != '\t') || c == 0x7F)
            text[i] = ' ';
    }
    while (n > 0 && (text[n - 1] == ' ' || text[n - 1] == '\n' || text[n - 1] == '\r'))
        text[--n] = '\0';
}

// Adds a text, as UTF-8 if it is that, as Latin-1 otherwise. room: twice as long as text.
static pst_status add(pst_tags *tags, const char *key, const char *text, char *room,
                      pst_error *err) {
    if (text[0] == '\0')
        return PST_OK;
    pst_status status = pst_tags_add(tags, key, text, err);
    if (status == PST_BAD_ARGUMENT) {
        char *to = room;
        for (const char *from = text; *from != '\0'; ++from) {
            const unsigned char c = (unsigned char)*from;
            if (c >= 0x80)
                *to++ = (char)(0xC0 | c >> 6);
            *to++ = (char)(c < 0x80 ? c : 0x80 | (c & 0x3F));
        }
        *to = '\0';
        status = pst_tags_add(tags, key, room, err);
    }
    return status == PST_NO_MEMORY ? status : PST_OK;
}

pst_status pst_wav_read_info(pst_io *io, int64_t n_bytes, bool is_big, pst_tags *tags,
                             pst_error *err) {
    char *text = NULL;
    int64_t n_room = 0;
    pst_status status = PST_OK;
    for (int i = 0; i < MAX_TEXTS && n_bytes >= CHUNK_BYTES && status == PST_OK; ++i) {
        uint8_t head[CHUNK_BYTES];
        if (pst_io_read(io, head, CHUNK_BYTES) < CHUNK_BYTES)
            break;
        n_bytes -= CHUNK_BYTES;
        int64_t n_text = pst_wav_get(head + 4, 4, is_big);
        n_text = n_text < n_bytes ? n_text : n_bytes;
        const int64_t next = pst_io_tell(io) + n_text + n_text % 2;
        const char *key = key_of(head);
        if (key != NULL) {
            const int64_t n_wanted = n_text < MAX_TEXT_BYTES ? n_text : MAX_TEXT_BYTES;
            if (text == NULL || n_wanted > n_room) {
                pst_free(text);
                n_room = n_wanted;
                text = pst_alloc(3 * ((size_t)n_room + 1));
                if (text == NULL)
                    return pst_fail_memory(err);
            }
            const int64_t n = pst_io_read(io, text, n_wanted);
            clean(text, n > 0 ? (size_t)n : 0);
            status = add(tags, key, text, text + n_room + 1, err);
        }
        n_bytes -= n_text + n_text % 2;
        if (pst_io_seek(io, next) < 0)
            break;
    }
    pst_free(text);
    return status != PST_OK ? status : pst_io_error(io) != 0 ? pst_io_fail(io, err) : PST_OK;
}

pst_status pst_wav_read_bext(pst_io *io, int64_t n_bytes, pst_tags *tags, pst_error *err) {
    char text[BEXT_DESCRIPTION_BYTES + 1], room[2 * BEXT_DESCRIPTION_BYTES + 1];
    if (n_bytes < BEXT_DESCRIPTION_BYTES)
        return PST_OK;
    const int64_t n = pst_io_read(io, text, BEXT_DESCRIPTION_BYTES);
    if (pst_io_error(io) != 0)
        return pst_io_fail(io, err);
    clean(text, n > 0 ? (size_t)n : 0);
    return add(tags, "description", text, room, err);
}

static bool has_pair(const pst_tags *tags, uint32_t n_pairs, const char *key, const char *value) {
    for (uint32_t i = 0; i < n_pairs; ++i)
        if (strcmp(pst_tags_key(tags, i), key) == 0 && strcmp(pst_tags_value(tags, i), value) == 0)
            return true;
    return false;
}

pst_status pst_wav_merge_tags(pst_tags *tags, const pst_tags *more, pst_error *err) {
    const uint32_t n_before = pst_tags_count(tags);
    for (uint32_t i = 0; i < pst_tags_count(more); ++i) {
        const char *key = pst_tags_key(more, i), *value = pst_tags_value(more, i);
        if (has_pair(tags, n_before, key, value))
            continue;
        const pst_status status = pst_tags_add(tags, key, value, err);
        if (status == PST_NO_MEMORY)
            return status;
    }
    return PST_OK;
}

// ---- Writing ---------------------------------------------------------------------------------

bool pst_wav_info_holds(const pst_tags *tags) {
    for (uint32_t i = 0; tags != NULL && i < pst_tags_count(tags); ++i)
        if (name_of(pst_tags_key(tags, i)) == NULL)
            return false;
    return true;
}

uint32_t pst_wav_info_bytes(const pst_tags *tags) {
    uint32_t n_bytes = 0;
    for (uint32_t i = 0; tags != NULL && i < pst_tags_count(tags); ++i)
        if (name_of(pst_tags_key(tags, i)) != NULL) {
            const uint32_t n_text = (uint32_t)strlen(pst_tags_value(tags, i)) + 1;
            n_bytes += CHUNK_BYTES + n_text + n_text % 2;
        }
    return n_bytes == 0 ? 0 : n_bytes + CHUNK_BYTES + 4;
}

void pst_wav_put_info(uint8_t *at, const pst_tags *tags, bool is_big) {
    memcpy(at, "LIST", 4);
    pst_wav_put(at + 4, pst_wav_info_bytes(tags) - CHUNK_BYTES, 4, is_big);
    memcpy(at + CHUNK_BYTES, "INFO", 4);
    at += CHUNK_BYTES + 4;
    for (uint32_t i = 0; i < pst_tags_count(tags); ++i) {
        const char *name = name_of(pst_tags_key(tags, i)), *text = pst_tags_value(tags, i);
        if (name == NULL)
            continue;
        const uint32_t n_text = (uint32_t)strlen(text) + 1;
        memcpy(at, name, 4);
        pst_wav_put(at + 4, n_text, 4, is_big);
        memcpy(at + CHUNK_BYTES, text, n_text);
        if (n_text % 2 == 1)
            at[CHUNK_BYTES + n_text] = 0;
        at += CHUNK_BYTES + n_text + n_text % 2;
    }
}
