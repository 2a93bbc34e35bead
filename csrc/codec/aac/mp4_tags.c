// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "codec/aac/mp4_tags.h"

#include <string.h>

// libavformat's name and ours, where they differ.
static const char *const names[][2] = {
    {"album_artist", "albumartist"},
    {"track", "tracknumber"},
    {"disc", "discnumber"},
};

enum { N_NAMES = sizeof names / sizeof *names };

// What the container says about itself is not about the sound.
static bool is_technical(const char *key) {
    static const char *const keys[] = {"major_brand", "minor_version", "compatible_brands",
                                       "creation_time"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; ++i)
        if (strcmp(key, keys[i]) == 0)
            return true;
    return false;
}

void pst_tags_from_dict(pst_tags *tags, const AVDictionary *dict) {
    const AVDictionaryEntry *entry = NULL;
    while ((entry = av_dict_get(dict, "", entry, AV_DICT_IGNORE_SUFFIX)) != NULL) {
        const char *key = entry->key;
        if (is_technical(key))
            continue;
        for (size_t i = 0; i < N_NAMES; ++i)
            if (strcmp(key, names[i][0]) == 0)
                key = names[i][1];
        const pst_status status = pst_tags_add(tags, key, entry->value, NULL);
        (void)status; // Left out if it is not fit.
    }
}

bool pst_tags_to_dict(const pst_tags *tags, AVDictionary **dict) {
    for (uint32_t k = 0; k < pst_tags_count(tags); ++k) {
        const char *key = pst_tags_key(tags, k);
        for (size_t i = 0; i < N_NAMES; ++i)
            if (strcmp(key, names[i][1]) == 0)
                key = names[i][0];
        // One value for a key is all that there can be.
        const bool is_second = av_dict_get(*dict, key, NULL, 0) != NULL;
        if (is_second && av_dict_set(dict, key, "; ", AV_DICT_APPEND) < 0)
            return false;
        if (av_dict_set(dict, key, pst_tags_value(tags, k), AV_DICT_APPEND) < 0)
            return false;
    }
    return true;
}
