// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_TESTS_FUZZ_KINDS_H
#define PST_TESTS_FUZZ_KINDS_H

#include <stdio.h>
#include <string.h>

#include "pastream/codec.h"

// What one program fuzzes: a container, and what is stored in it.
typedef struct fuzz_kind {
    const char *name;
    pst_container container;
    pst_encoding encoding;
} fuzz_kind;

static const fuzz_kind fuzz_kinds[] = {
    {"wav", PST_CONTAINER_WAV, PST_ENCODING_PCM},
    {"rf64", PST_CONTAINER_RF64, PST_ENCODING_PCM},
    {"aiff", PST_CONTAINER_AIFF, PST_ENCODING_PCM},
    {"au", PST_CONTAINER_AU, PST_ENCODING_PCM},
    {"caf", PST_CONTAINER_CAF, PST_ENCODING_PCM},
    {"w64", PST_CONTAINER_W64, PST_ENCODING_PCM},
    {"flac", PST_CONTAINER_FLAC, PST_ENCODING_FLAC},
    {"ogg_flac", PST_CONTAINER_OGG, PST_ENCODING_FLAC},
    {"opus", PST_CONTAINER_OGG, PST_ENCODING_OPUS},
    {"vorbis", PST_CONTAINER_OGG, PST_ENCODING_VORBIS},
    {"mp3", PST_CONTAINER_MP3, PST_ENCODING_MP3},
    {"adts", PST_CONTAINER_ADTS, PST_ENCODING_AAC},
    {"mp4", PST_CONTAINER_MP4, PST_ENCODING_AAC},
    {"opus_packets", PST_CONTAINER_PACKETS, PST_ENCODING_OPUS},
    {"aac_packets", PST_CONTAINER_PACKETS, PST_ENCODING_AAC},
};

enum { N_FUZZ_KINDS = sizeof fuzz_kinds / sizeof *fuzz_kinds };

static inline const fuzz_kind *find_kind(const char *name) {
    for (size_t i = 0; i < N_FUZZ_KINDS; ++i)
        if (strcmp(fuzz_kinds[i].name, name) == 0)
            return &fuzz_kinds[i];
    fprintf(stderr, "%s is no kind of file here\n", name);
    return NULL;
}

#endif
