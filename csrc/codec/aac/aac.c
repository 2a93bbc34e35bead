// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "codec/aac/aac.h"

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <pthread.h>
#include <stdio.h>

#include "codec/registry.h"

static void libraries(char *text, size_t n_bytes) {
    const unsigned codec = avcodec_version(), format = avformat_version();
    snprintf(text, n_bytes, "libavcodec %u.%u.%u, libavformat %u.%u.%u", codec >> 16,
             codec >> 8 & 255, codec & 255, format >> 16, format >> 8 & 255, format & 255);
}

static void be_quiet(void) {
    av_log_set_level(AV_LOG_QUIET);
}

void pst_aac_quiet(void) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, be_quiet);
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
