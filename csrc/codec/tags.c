// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "pastream/tags.h"

#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "codec/codec.h"

enum { MAX_KEY_BYTES = 64, FIRST_ROOM = 16 };

struct pst_tags {
    char **texts; // Key and value of each pair in one allocation: "key\0value".
    uint32_t n_pairs;
    uint32_t n_room;
    size_t n_bytes;
};

pst_status pst_tags_create(pst_tags **tags, pst_error *err) {
    *tags = pst_alloc(sizeof **tags);
    return *tags == NULL ? pst_fail_memory(err) : PST_OK;
}

void pst_tags_destroy(pst_tags *tags) {
    if (tags == NULL)
        return;
    for (uint32_t i = 0; i < tags->n_pairs; ++i)
        pst_free(tags->texts[i]);
    pst_free(tags->texts);
    pst_free(tags);
}

// Returns how many bytes the character has that begins here; 0 if it is none that a tag may have.
// See RFC 3629 for the ranges: neither longer forms than needed, nor surrogates.
static size_t character_bytes(const unsigned char *at) {
    const unsigned char lead = at[0];
    if (lead < 0x80)
        return (lead >= 0x20 && lead != 0x7F) || lead == '\n' || lead == '\r' || lead == '\t';
    const size_t n = lead >= 0xC2 && lead <= 0xDF ? 2 : (lead & 0xF0) == 0xE0 ? 3 : 4;
    if (lead < 0xC2 || lead > 0xF4)
        return 0;
    unsigned low = 0x80, high = 0xBF; // Of the second byte.
    if (lead == 0xE0)
        low = 0xA0;
    else if (lead == 0xED)
        high = 0x9F;
    else if (lead == 0xF0)
        low = 0x90;
    else if (lead == 0xF4)
        high = 0x8F;
    if (at[1] < low || at[1] > high)
        return 0;
    for (size_t i = 2; i < n; ++i)
        if ((at[i] & 0xC0) != 0x80)
            return 0;
    return n;
}

static pst_status check(const char *key, const char *value, pst_error *err) {
    const size_t n_key = strlen(key);
    if (n_key < 1 || n_key > MAX_KEY_BYTES)
        return pst_fail(err, PST_BAD_ARGUMENT, 0,
                        "the key of a tag has %zu characters; it must have 1 to %d", n_key,
                        (int)MAX_KEY_BYTES);
    for (size_t i = 0; i < n_key; ++i)
        if (key[i] < 0x20 || key[i] > 0x7E || key[i] == '=')
            return pst_fail(err, PST_BAD_ARGUMENT, 0,
                            "the key of a tag has a character of number %d; it must have printable "
                            "ASCII characters other than '='",
                            (int)(unsigned char)key[i]);
    const unsigned char *at = (const unsigned char *)value;
    while (*at != '\0') {
        const size_t n = character_bytes(at);
        if (n == 0)
            return pst_fail(err, PST_BAD_ARGUMENT, 0,
                            "the value of the tag %s has a byte 0x%02X at %zu; it must be UTF-8 "
                            "without control characters",
                            key, (unsigned)*at, (size_t)(at - (const unsigned char *)value));
        at += n;
    }
    return PST_OK;
}

static bool make_room(pst_tags *tags) {
    if (tags->n_pairs < tags->n_room)
        return true;
    const uint32_t n_room = tags->n_room == 0 ? FIRST_ROOM : tags->n_room * 2;
    char **texts = pst_alloc_array(n_room, sizeof *texts);
    if (texts == NULL)
        return false;
    if (tags->n_pairs > 0)
        memcpy(texts, tags->texts, tags->n_pairs * sizeof *texts);
    pst_free(tags->texts);
    tags->texts = texts;
    tags->n_room = n_room;
    return true;
}

pst_status pst_tags_add(pst_tags *tags, const char *key, const char *value, pst_error *err) {
    const pst_status status = check(key, value, err);
    if (status != PST_OK)
        return status;
    const size_t n_key = strlen(key), n_value = strlen(value);
    if (tags->n_pairs >= PST_MAX_TAGS || n_key + n_value > PST_MAX_TAG_BYTES - tags->n_bytes)
        return pst_fail(err, PST_LIMIT, 0, "There can be %d tags of %d bytes together",
                        (int)PST_MAX_TAGS, (int)PST_MAX_TAG_BYTES);
    char *text = pst_alloc(n_key + n_value + 2);
    if (text == NULL || !make_room(tags)) {
        pst_free(text);
        return pst_fail_memory(err);
    }
    for (size_t i = 0; i < n_key; ++i)
        text[i] = (char)(key[i] >= 'A' && key[i] <= 'Z' ? key[i] + ('a' - 'A') : key[i]);
    memcpy(text + n_key + 1, value, n_value);
    tags->texts[tags->n_pairs++] = text;
    tags->n_bytes += n_key + n_value;
    return PST_OK;
}

pst_status pst_tags_copy(pst_tags **copy, const pst_tags *tags, pst_error *err) {
    pst_status status = pst_tags_create(copy, err);
    for (uint32_t i = 0; status == PST_OK && i < tags->n_pairs; ++i)
        status = pst_tags_add(*copy, pst_tags_key(tags, i), pst_tags_value(tags, i), err);
    return status;
}

bool pst_tags_take(pst_tags *tags, const char *key, char *value, size_t n_bytes) {
    uint32_t i = 0;
    while (i < tags->n_pairs && strcmp(tags->texts[i], key) != 0)
        ++i;
    if (i == tags->n_pairs)
        return false;
    char *text = tags->texts[i];
    snprintf(value, n_bytes, "%s", text + strlen(text) + 1);
    tags->n_bytes -= strlen(key) + strlen(text + strlen(text) + 1);
    pst_free(text);
    --tags->n_pairs;
    memmove(&tags->texts[i], &tags->texts[i + 1], (tags->n_pairs - i) * sizeof *tags->texts);
    return true;
}

uint32_t pst_tags_count(const pst_tags *tags) PST_RT {
    return tags->n_pairs;
}

const char *pst_tags_key(const pst_tags *tags, uint32_t index) PST_RT {
    return index < tags->n_pairs ? tags->texts[index] : NULL;
}

const char *pst_tags_value(const pst_tags *tags, uint32_t index) PST_RT {
    const char *key = pst_tags_key(tags, index);
    return key == NULL ? NULL : key + strlen(key) + 1;
}
