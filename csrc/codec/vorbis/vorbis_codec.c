// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "codec/vorbis/vorbis_codec.h"

#include <stdio.h>
#include <vorbis/codec.h>

#include "codec/registry.h"

static void libraries(char *text, size_t n_bytes) {
    snprintf(text, n_bytes, "%s", vorbis_version_string());
}

const pst_codec pst_vorbis_codec = {
    .name = "vorbis",
    .encoding = PST_ENCODING_VORBIS,
    .decodes = PST_IN(PST_CONTAINER_OGG),
    .encodes = PST_IN(PST_CONTAINER_OGG),
    .libraries = libraries,
    .decoder = &pst_vorbis_decoder,
    .encoder = &pst_vorbis_encoder,
};
