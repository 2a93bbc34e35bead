// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "codec/registry.h"
#include "codec/wav/wav.h"

#define CONTAINERS                                                                                 \
    (PST_IN(PST_CONTAINER_WAV) | PST_IN(PST_CONTAINER_WAVEX) | PST_IN(PST_CONTAINER_RF64))

const pst_codec pst_wav_pcm_codec = {
    .name = "pcm",
    .encoding = PST_ENCODING_PCM,
    .decodes = CONTAINERS,
    .encodes = CONTAINERS,
    .is_lossless = true,
    .decoder = &pst_wav_decoder,
    .encoder = &pst_wav_encoder,
};

const pst_codec pst_wav_ulaw_codec = {
    .name = "ulaw",
    .encoding = PST_ENCODING_ULAW,
    .decodes = CONTAINERS,
    .encodes = CONTAINERS,
    .decoder = &pst_wav_decoder,
    .encoder = &pst_wav_encoder,
};

const pst_codec pst_wav_alaw_codec = {
    .name = "alaw",
    .encoding = PST_ENCODING_ALAW,
    .decodes = CONTAINERS,
    .encodes = CONTAINERS,
    .decoder = &pst_wav_decoder,
    .encoder = &pst_wav_encoder,
};
