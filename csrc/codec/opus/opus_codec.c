// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "codec/opus/opus_codec.h"

#include <opus.h>
#include <stdio.h>

#include "codec/registry.h"

static void libraries(char *text, size_t n_bytes) {
    snprintf(text, n_bytes, "%s", opus_get_version_string());
}

const pst_codec pst_opus_codec = {
    .name = "opus",
    .encoding = PST_ENCODING_OPUS,
    .decodes = PST_IN(PST_CONTAINER_OGG),
    .encodes = PST_IN(PST_CONTAINER_OGG),
    .libraries = libraries,
    .decoder = &pst_opus_decoder,
    .encoder = &pst_opus_encoder,
};

const pst_codec pst_opus_packets_codec = {
    .name = "opus_packets",
    .encoding = PST_ENCODING_OPUS,
    .decodes = PST_IN(PST_CONTAINER_PACKETS),
    .encodes = PST_IN(PST_CONTAINER_PACKETS),
    .libraries = libraries,
    .encoder = &pst_opus_packets_encoder,
    .packets = &pst_opus_packets,
};
