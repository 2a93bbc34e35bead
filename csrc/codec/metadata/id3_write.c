// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "codec/metadata/id3.h"

enum { FRAME_HEADER_BYTES = 10, MAX_EXTRA_BYTES = 24 /* Around the texts of a frame. */ };

typedef struct writer {
    uint8_t *bytes;
    size_t n;
} writer;

static void put(writer *w, const void *data, size_t n_bytes) {
    memcpy(w->bytes + w->n, data, n_bytes);
    w->n += n_bytes;
}

static void put_size(uint8_t *at, size_t value) {
    for (int i = 0; i < 4; ++i)
        at[i] = (uint8_t)(value >> (21 - 7 * i) & 0x7F);
}

// Begins a frame of texts in UTF-8. Returns where it begins.
static size_t begin(writer *w, const char *name) {
    static const uint8_t rest[7] = {0, 0, 0, 0, 0, 0, PST_ID3_UTF8};
    const size_t at = w->n;
    put(w, name, 4);
    put(w, rest, sizeof rest);
    return at;
}

static void end(writer *w, size_t at) {
    put_size(w->bytes + at + 4, w->n - at - FRAME_HEADER_BYTES);
}

static const char *find(const pst_tags *tags, const char *key) {
    for (uint32_t i = 0; i < pst_tags_count(tags); ++i)
        if (strcmp(pst_tags_key(tags, i), key) == 0)
            return pst_tags_value(tags, i);
    return NULL;
}

// Returns the key that is written together with this one, as in "3/12"; NULL if there is none.
static const char *total_of(const char *key) {
    return strcmp(key, "tracknumber") == 0  ? "tracktotal"
           : strcmp(key, "discnumber") == 0 ? "disctotal"
                                            : NULL;
}

static bool is_written_with_another(const pst_tags *tags, const char *key) {
    return (strcmp(key, "tracktotal") == 0 && find(tags, "tracknumber") != NULL) ||
           (strcmp(key, "disctotal") == 0 && find(tags, "discnumber") != NULL);
}

// Writes all values of a key, of which the pair at index is the first.
static void put_key(writer *w, const pst_tags *tags, uint32_t index) {
    const char *key = pst_tags_key(tags, index);
    const char *name = pst_id3_frame(key);
    const size_t at = begin(w, name == NULL ? "TXXX" : name);
    if (name == NULL)
        put(w, key, strlen(key) + 1);
    for (uint32_t i = index; i < pst_tags_count(tags); ++i) {
        if (strcmp(pst_tags_key(tags, i), key) != 0)
            continue;
        const char *value = pst_tags_value(tags, i);
        if (i > index)
            put(w, "", 1);
        put(w, value, strlen(value));
    }
    const char *total = total_of(key) == NULL ? NULL : find(tags, total_of(key));
    if (total != NULL) {
        put(w, "/", 1);
        put(w, total, strlen(total));
    }
    end(w, at);
}

// Comments and lyrics have a frame for each value, with a language (unknown) and a description
// (none).
static void put_long(writer *w, const char *name, const char *value) {
    const size_t at = begin(w, name);
    put(w, "XXX", 4);
    put(w, value, strlen(value));
    end(w, at);
}

static void put_pair(writer *w, const pst_tags *tags, uint32_t index) {
    const char *key = pst_tags_key(tags, index);
    const char *name = pst_id3_frame(key);
    if (is_written_with_another(tags, key))
        return;
    if (name != NULL && name[0] != 'T') {
        put_long(w, name, pst_tags_value(tags, index));
        return;
    }
    for (uint32_t i = 0; i < index; ++i)
        if (strcmp(pst_tags_key(tags, i), key) == 0)
            return;
    put_key(w, tags, index);
}

pst_status pst_id3_make(const pst_tags *tags, uint8_t **bytes, size_t *n_bytes, pst_error *err) {
    *bytes = NULL;
    *n_bytes = 0;
    const uint32_t n_pairs = tags == NULL ? 0 : pst_tags_count(tags);
    if (n_pairs == 0)
        return PST_OK;
    size_t room = PST_ID3_HEADER_BYTES;
    for (uint32_t i = 0; i < n_pairs; ++i)
        room += strlen(pst_tags_key(tags, i)) + strlen(pst_tags_value(tags, i)) +
                FRAME_HEADER_BYTES + MAX_EXTRA_BYTES;
    writer w = {pst_alloc(room), 0};
    if (w.bytes == NULL)
        return pst_fail_memory(err);
    put(&w, "ID3\4\0\0\0\0\0\0", PST_ID3_HEADER_BYTES);
    for (uint32_t i = 0; i < n_pairs; ++i)
        put_pair(&w, tags, i);
    put_size(w.bytes + 6, w.n - PST_ID3_HEADER_BYTES);
    *bytes = w.bytes;
    *n_bytes = w.n;
    return PST_OK;
}
