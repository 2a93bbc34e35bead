// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "codec/mp3/mp3.h"

#ifdef PST_HAS_LAME
#include <lame/lame.h>
#endif
#include <mpg123.h>
#include <stdio.h>

#include "codec/registry.h"

static void libraries(char *text, size_t n_bytes) {
#if MPG123_API_VERSION >= 48
    unsigned major = 0, minor = 0, patch = 0;
    (void)mpg123_distversion(&major, &minor, &patch);
    const int n = snprintf(text, n_bytes, "libmpg123 %u.%u.%u", major, minor, patch);
#else
    const int n = snprintf(text, n_bytes, "libmpg123 %s", PST_MPG123_VERSION);
#endif
#ifdef PST_HAS_LAME
    if (n > 0 && (size_t)n < n_bytes)
        snprintf(text + n, n_bytes - (size_t)n, ", LAME %s", get_lame_short_version());
#else
    (void)n;
#endif
}

const pst_codec pst_mp3_codec = {
    .name = "mp3",
    .encoding = PST_ENCODING_MP3,
    .decodes = PST_IN(PST_CONTAINER_MP3) | PST_IN(PST_CONTAINER_WAV) | PST_IN(PST_CONTAINER_RF64),
    .libraries = libraries,
    .decoder = &pst_mp3_decoder,
#ifdef PST_HAS_LAME
    .encodes = PST_IN(PST_CONTAINER_MP3),
    .encoder = &pst_mp3_encoder,
#endif
};
