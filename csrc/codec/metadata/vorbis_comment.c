// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "codec/metadata/vorbis_comment.h"

#include <string.h>

#include "base/alloc.h"
#include "base/error.h"

enum {
    COUNT_BYTES = 4, // Of a length or a number, in little-endian order.
    LAST_IN_KEYS = 0x7D
};

static const char picture_key[] = "metadata_block_picture";

// ---- Reading ---------------------------------------------------------------------------------

pst_status pst_add_vorbis_comment(pst_tags *tags, const char *comment, size_t n_bytes,
                                  pst_error *err) {
    const char *equals = memchr(comment, '=', n_bytes);
    if (equals == NULL || n_bytes > PST_MAX_TAG_BYTES || memchr(comment, '\0', n_bytes) != NULL)
        return PST_OK;
    char *text = pst_alloc(n_bytes + 1);
    if (text == NULL)
        return pst_fail_memory(err);
    memcpy(text, comment, n_bytes);
    char *key = text, *value = text + (equals - comment) + 1;
    value[-1] = '\0';
    for (char *at = key; *at != '\0'; ++at)
        if (*at >= 'A' && *at <= 'Z')
            *at = (char)(*at + ('a' - 'A'));
    pst_status status = PST_OK;
    if (strcmp(key, picture_key) != 0)
        status = pst_tags_add(tags, key, value, err);
    pst_free(text);
    return status == PST_NO_MEMORY ? status : PST_OK;
}

typedef struct bytes_left {
    const uint8_t *at;
    size_t n;
} bytes_left;

static bool take_count(bytes_left *left, uint32_t *count) {
    if (left->n < COUNT_BYTES)
        return false;
    *count = 0;
    for (unsigned i = 0; i < COUNT_BYTES; ++i)
        *count |= (uint32_t)left->at[i] << 8 * i;
    left->at += COUNT_BYTES;
    left->n -= COUNT_BYTES;
    return true;
}

static bool take_text(bytes_left *left, const char **text, size_t *n_bytes) {
    uint32_t length = 0;
    if (!take_count(left, &length) || length > left->n)
        return false;
    *text = (const char *)left->at;
    *n_bytes = length;
    left->at += length;
    left->n -= length;
    return true;
}

pst_status pst_read_vorbis_comments(pst_tags *tags, const uint8_t *data, size_t n_bytes,
                                    bool *is_whole, pst_error *err) {
    bytes_left left = {data, n_bytes};
    const char *text = NULL;
    size_t n_text = 0;
    uint32_t n_comments = 0, n_done = 0;
    bool is_well = take_text(&left, &text, &n_text) && take_count(&left, &n_comments);
    // Each turn takes four bytes at least, so the bytes limit the turns.
    while (is_well && n_done < n_comments) {
        is_well = take_text(&left, &text, &n_text);
        if (!is_well)
            break;
        const pst_status status = pst_add_vorbis_comment(tags, text, n_text, err);
        if (status != PST_OK)
            return status;
        ++n_done;
    }
    if (is_whole != NULL)
        *is_whole = is_well;
    return PST_OK;
}

// ---- Writing ---------------------------------------------------------------------------------

pst_status pst_check_vorbis_comments(const pst_tags *tags, pst_error *err) {
    for (uint32_t i = 0; tags != NULL && i < pst_tags_count(tags); ++i) {
        const char *key = pst_tags_key(tags, i);
        for (const char *at = key; *at != '\0'; ++at)
            if (*at > LAST_IN_KEYS)
                return pst_fail(err, PST_BAD_ARGUMENT, 0,
                                "the key of a tag is \"%s\"; this kind of file cannot have '%c' "
                                "in keys",
                                key, *at);
        if (strcmp(key, picture_key) == 0)
            return pst_fail(err, PST_BAD_ARGUMENT, 0,
                            "the key of a tag is \"%s\"; pictures cannot be written", key);
    }
    return PST_OK;
}

static uint8_t *put_count(uint8_t *to, size_t count) {
    for (unsigned i = 0; i < COUNT_BYTES; ++i)
        to[i] = (uint8_t)(count >> 8 * i);
    return to + COUNT_BYTES;
}

static uint8_t *put_bytes(uint8_t *to, const char *bytes, size_t n_bytes) {
    memcpy(to, bytes, n_bytes);
    return to + n_bytes;
}

uint8_t *pst_make_vorbis_comments(const pst_tags *tags, const char *program, size_t *n_bytes) {
    const uint32_t n_tags = tags == NULL ? 0 : pst_tags_count(tags);
    const size_t n_program = strlen(program);
    size_t n = COUNT_BYTES + n_program + COUNT_BYTES;
    for (uint32_t i = 0; i < n_tags; ++i)
        n += COUNT_BYTES + strlen(pst_tags_key(tags, i)) + 1 + strlen(pst_tags_value(tags, i));
    uint8_t *made = pst_alloc(n);
    if (made == NULL)
        return NULL;
    uint8_t *to = put_bytes(put_count(made, n_program), program, n_program);
    to = put_count(to, n_tags);
    for (uint32_t i = 0; i < n_tags; ++i) {
        const char *key = pst_tags_key(tags, i), *value = pst_tags_value(tags, i);
        to = put_count(to, strlen(key) + 1 + strlen(value));
        for (; *key != '\0'; ++key)
            *to++ = (uint8_t)(*key >= 'a' && *key <= 'z' ? *key - ('a' - 'A') : *key);
        *to++ = '=';
        to = put_bytes(to, value, strlen(value));
    }
    *n_bytes = n;
    return made;
}
