// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

// Only files of these kinds reach a parser: most of the known faults of sound file libraries lie
// in parsers of formats that nobody uses.

#include <string.h>

#include "base/error.h"
#include "codec/codec.h"

typedef struct magic {
    const char *bytes;
    uint8_t n_bytes;
    const char *second; // At byte 8, four bytes; NULL: anything.
    pst_container container;
    const char *name; // Of a kind that cannot be read.
} magic;

static const char wave64[] = "riff\x2E\x91\xCF\x11\xA5\xD6\x28\xDB\x04\xC1";

static const magic magics[] = {
    {"RIFF", 4, "WAVE", PST_CONTAINER_WAV, NULL},
    {"RIFX", 4, "WAVE", PST_CONTAINER_WAV, NULL},
    {"RF64", 4, "WAVE", PST_CONTAINER_RF64, NULL},
    {"FORM", 4, "AIFF", PST_CONTAINER_AIFF, NULL},
    {"FORM", 4, "AIFC", PST_CONTAINER_AIFF, NULL},
    {".snd", 4, NULL, PST_CONTAINER_AU, NULL},
    {"dns.", 4, NULL, PST_CONTAINER_AU, NULL},
    {"caff", 4, NULL, PST_CONTAINER_CAF, NULL},
    {wave64, 14, NULL, PST_CONTAINER_W64, NULL},
    {"fLaC", 4, NULL, 0, "a FLAC file"},
    {"OggS", 4, NULL, 0, "an Ogg file"},
    {"ID3", 3, NULL, 0, "an MP3 file, or another with ID3 tags"},
    {"\xFF\xFB", 2, NULL, 0, "an MP3 file"},
    {"\xFF\xF3", 2, NULL, 0, "an MP3 file"},
    {"\xFF\xFA", 2, NULL, 0, "an MP3 file"},
    {"\xFF\xF1", 2, NULL, 0, "an AAC file"},
    {"\xFF\xF9", 2, NULL, 0, "an AAC file"},
};

pst_status pst_probe(const uint8_t *head, size_t n_bytes, pst_container *container,
                     pst_error *err) {
    const char *looks_like = "nothing that is known here";
    if (n_bytes == 0)
        looks_like = "an empty file";
    else if (n_bytes >= 12 && memcmp(head + 4, "ftyp", 4) == 0)
        looks_like = "an MP4 file";
    for (size_t i = 0; i < sizeof magics / sizeof *magics; ++i) {
        const magic *m = &magics[i];
        if (n_bytes < m->n_bytes || memcmp(head, m->bytes, m->n_bytes) != 0)
            continue;
        if (m->second != NULL && (n_bytes < 12 || memcmp(head + 8, m->second, 4) != 0))
            continue;
        if (m->name == NULL) {
            *container = m->container;
            return PST_OK;
        }
        looks_like = m->name;
        break;
    }
    return pst_fail(err, PST_BAD_FILE, 0,
                    "The file looks like %s; WAV, RF64, AIFF, AU, CAF and W64 can be read, and RAW "
                    "if it is asked for",
                    looks_like);
}
