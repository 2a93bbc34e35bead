// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "codec/aac/aac.h"

#include <stdio.h>

#include "codec/aac/av.h"
#include "codec/registry.h"

static void libraries(char *text, size_t n_bytes) {
    if (pst_av_load(NULL) != PST_OK) {
        snprintf(text, n_bytes, "libavformat, which cannot be loaded");
        return;
    }
    const unsigned codec = avcodec_version(), format = avformat_version();
    snprintf(text, n_bytes, "libavcodec %u.%u.%u, libavformat %u.%u.%u", codec >> 16,
             codec >> 8 & 255, codec & 255, format >> 16, format >> 8 & 255, format & 255);
}

const pst_codec pst_adts_codec = {
    .name = "aac",
    .encoding = PST_ENCODING_AAC,
    .decodes = PST_IN(PST_CONTAINER_ADTS),
    .encodes = PST_IN(PST_CONTAINER_ADTS),
    .libraries = libraries,
    .decoder = &pst_adts_decoder,
    .encoder = &pst_adts_encoder,
};

const pst_codec pst_mp4_codec = {
    .name = "m4a",
    .encoding = PST_ENCODING_AAC,
    .decodes = PST_IN(PST_CONTAINER_MP4),
    .encodes = PST_IN(PST_CONTAINER_MP4),
    .libraries = libraries,
    .decoder = &pst_mp4_decoder,
    .encoder = &pst_mp4_encoder,
};

const pst_codec pst_aac_packets_codec = {
    .name = "aac_packets",
    .encoding = PST_ENCODING_AAC,
    .decodes = PST_IN(PST_CONTAINER_PACKETS),
    .encodes = PST_IN(PST_CONTAINER_PACKETS),
    .libraries = libraries,
    .encoder = &pst_aac_packets_encoder,
    .packets = &pst_aac_packets,
};
