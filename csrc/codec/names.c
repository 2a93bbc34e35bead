// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "codec/codec.h"

static const struct {
    const char *name;
    pst_encoding usual;
} containers[] = {
    [PST_CONTAINER_WAV] = {"WAV", PST_ENCODING_PCM},
    [PST_CONTAINER_WAVEX] = {"WAVEX", PST_ENCODING_PCM},
    [PST_CONTAINER_RF64] = {"RF64", PST_ENCODING_PCM},
    [PST_CONTAINER_AIFF] = {"AIFF", PST_ENCODING_PCM},
    [PST_CONTAINER_AU] = {"AU", PST_ENCODING_PCM},
    [PST_CONTAINER_CAF] = {"CAF", PST_ENCODING_PCM},
    [PST_CONTAINER_W64] = {"W64", PST_ENCODING_PCM},
    [PST_CONTAINER_RAW] = {"RAW", PST_ENCODING_PCM},
    [PST_CONTAINER_FLAC] = {"FLAC", PST_ENCODING_FLAC},
    [PST_CONTAINER_OGG] = {"OGG", PST_ENCODING_VORBIS},
    [PST_CONTAINER_MP3] = {"MP3", PST_ENCODING_MP3},
    [PST_CONTAINER_ADTS] = {"ADTS", PST_ENCODING_AAC},
    [PST_CONTAINER_MP4] = {"MP4", PST_ENCODING_AAC},
    [PST_CONTAINER_PACKETS] = {"PACKETS", PST_ENCODING_OPUS},
};

static const char *const encodings[] = {
    [PST_ENCODING_DEFAULT] = "DEFAULT",   [PST_ENCODING_PCM] = "PCM",
    [PST_ENCODING_FLAC] = "FLAC",         [PST_ENCODING_MP3] = "MP3",
    [PST_ENCODING_OPUS] = "OPUS",         [PST_ENCODING_VORBIS] = "VORBIS",
    [PST_ENCODING_AAC] = "AAC",           [PST_ENCODING_ULAW] = "ULAW",
    [PST_ENCODING_ALAW] = "ALAW",         [PST_ENCODING_IMA_ADPCM] = "IMA_ADPCM",
    [PST_ENCODING_MS_ADPCM] = "MS_ADPCM", [PST_ENCODING_GSM] = "GSM",
};

#define COUNT_OF(table) (sizeof(table) / sizeof *(table))

const char *pst_container_name(pst_container container) {
    const size_t i = (size_t)container;
    return i < COUNT_OF(containers) && containers[i].name != NULL ? containers[i].name : "unknown";
}

const char *pst_encoding_name(pst_encoding encoding) {
    const size_t i = (size_t)encoding;
    return i < COUNT_OF(encodings) ? encodings[i] : "unknown";
}

pst_encoding pst_usual_encoding(pst_container container) {
    const size_t i = (size_t)container;
    return i < COUNT_OF(containers) ? containers[i].usual : PST_ENCODING_DEFAULT;
}
