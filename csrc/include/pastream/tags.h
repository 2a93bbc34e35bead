// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PASTREAM_TAGS_H
#define PASTREAM_TAGS_H

#include "pastream/base.h"

#if !defined(PST_CFFI) && defined(__cplusplus)
extern "C" {
#endif

// What a sound file says about itself: pairs of a key and a text, in order; a key may come more
// than once. Keys are lower-case, and are those of Vorbis comments where these have the meaning:
// title, artist, album, albumartist, composer, date, tracknumber, tracktotal, discnumber, genre,
// comment, copyright, encoder, isrc, and so on. Codecs translate from and to the names of their
// kind of file.

typedef struct pst_tags pst_tags;

enum {
    PST_MAX_TAGS = 1024,
    PST_MAX_TAG_BYTES = 1 << 20 // Of all keys and values together.
};

// Returns PST_OK or PST_NO_MEMORY. Thread: any. Realtime: no.
// Ownership: the caller's, until pst_tags_destroy.
PST_API PST_NODISCARD pst_status pst_tags_create(pst_tags **tags, pst_error *err);

// NULL is allowed. Thread: any. Realtime: no.
PST_API void pst_tags_destroy(pst_tags *tags);

// Appends a pair; both are copied, and the key becomes lower-case.
//
// key: 1 to 64 printable ASCII characters, without "=". value: UTF-8 without control characters
// other than line breaks and tabs.
// Returns PST_OK; PST_BAD_ARGUMENT (the text says what is wrong with which); PST_LIMIT (too many,
// or too long); PST_NO_MEMORY. Thread: one at a time. Realtime: no.
PST_API PST_NODISCARD pst_status pst_tags_add(pst_tags *tags, const char *key, const char *value,
                                              pst_error *err);

// Thread: any, while nobody adds. Realtime: yes.
PST_API uint32_t pst_tags_count(const pst_tags *tags) PST_RT;

// Return the key and the value of a pair, NULL behind the last. Thread: any, while nobody adds.
// Realtime: yes. Ownership: the tags'.
PST_API const char *pst_tags_key(const pst_tags *tags, uint32_t index) PST_RT;
PST_API const char *pst_tags_value(const pst_tags *tags, uint32_t index) PST_RT;

#if !defined(PST_CFFI) && defined(__cplusplus)
}
#endif
#endif
