// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_TESTS_CODEC_NODE_RIG_H
#define PST_TESTS_CODEC_NODE_RIG_H

#include <math.h>

#include "pastream/codec_nodes.h"
#include "row_rig.h"

// Sound, and each codec as a pair of stages.

enum { N = 20000, FIRST = 1000 };

static float wave[2 * N];

static inline void fill(void) {
    uint64_t random = 5;
    for (int i = 0; i < N; ++i)
        for (int c = 0; c < 2; ++c)
            wave[2 * i + c] = (float)(0.4 * sin(0.02 * (c + 1) * i + 2e-6 * i * i)) +
                              ((float)check_random(&random) * 0x1p-32f - 0.5f) * 0.002f;
}

typedef struct kind {
    const char *name;
    pst_container container;
    pst_encoding encoding;
    pst_format format;
    bool is_exact;   // The samples,
    bool has_ends;   // and their number.
    double least_db; // Of what is not exact: signal to noise.
} kind;

static const kind kinds[] = {
    {"wav", PST_CONTAINER_WAV, PST_ENCODING_PCM, PST_FORMAT_F32, true, true, 0},
    {"pcm", PST_CONTAINER_RAW, PST_ENCODING_PCM, PST_FORMAT_F32, true, true, 0},
#if defined(PST_HAS_FLAC)
    {"flac", PST_CONTAINER_FLAC, PST_ENCODING_FLAC, PST_FORMAT_I16, true, true, 0},
#endif
#if defined(PST_HAS_OPUS)
    {"opus", PST_CONTAINER_OGG, PST_ENCODING_OPUS, PST_FORMAT_F32, false, true, 15},
#endif
#if defined(PST_HAS_OPUS)
    {"opus packets", PST_CONTAINER_PACKETS, PST_ENCODING_OPUS, PST_FORMAT_F32, false, false, 15},
#endif
#if defined(PST_HAS_VORBIS)
    {"vorbis", PST_CONTAINER_OGG, PST_ENCODING_VORBIS, PST_FORMAT_F32, false, true, 15},
#endif
#if defined(PST_HAS_LAME) && defined(PST_HAS_MP3)
    {"mp3", PST_CONTAINER_MP3, PST_ENCODING_MP3, PST_FORMAT_F32, false, false, 15},
#endif
#if defined(PST_HAS_AAC)
    {"aac packets", PST_CONTAINER_PACKETS, PST_ENCODING_AAC, PST_FORMAT_F32, false, false, 15},
    {"aac", PST_CONTAINER_ADTS, PST_ENCODING_AAC, PST_FORMAT_F32, false, false, 15},
#endif
};
enum { N_KINDS = sizeof kinds / sizeof kinds[0] };

static inline pst_encode_config encode_config(const kind *k) {
    pst_encode_config config;
    pst_encode_config_default(&config);
    config.encoder.format.container = k->container;
    config.encoder.format.encoding = k->encoding;
    config.encoder.format.sample_format = k->format;
    return config;
}

// A decoder's extradata for packets, which the encoder alone can tell.
static uint8_t extradata[64];
static uint32_t n_extradata;

static inline void find_extradata(const kind *k, uint32_t rate_hz) {
    pst_push_encoder_config config = encode_config(k).encoder;
    config.format.rate_hz = rate_hz;
    config.format.n_channels = 2;
    pst_push_encoder *encoder = NULL;
    CHECK_EQ(pst_push_encoder_create(&encoder, &config, NULL), PST_OK);
    pst_push_encoder_info info;
    pst_push_encoder_get_info(encoder, &info);
    n_extradata = info.n_extradata;
    CHECK(n_extradata <= sizeof extradata);
    memcpy(extradata, info.extradata, n_extradata);
    pst_push_encoder_destroy(encoder);
}

static inline pst_stage *make_encoder(const pst_encode_config *config) {
    pst_stage *stage = NULL;
    pst_error err = {.status = PST_OK};
    CHECK_TEXT(pst_node_encode(&stage, NULL, config, &err) == PST_OK, "%s", err.text);
    return stage;
}

static inline pst_stage *make_decoder(const kind *k, pst_format format, uint32_t rate_hz) {
    const pst_file_format raw = {.container = PST_CONTAINER_RAW,
                                 .encoding = PST_ENCODING_PCM,
                                 .sample_format = k->format,
                                 .rate_hz = rate_hz,
                                 .n_channels = 2};
    pst_decode_config config;
    pst_decode_config_default(&config);
    config.decoder.container = k->container;
    config.decoder.encoding = k->encoding;
    config.decoder.raw = k->container == PST_CONTAINER_RAW ? &raw : NULL;
    config.format = format;
    if (k->container == PST_CONTAINER_PACKETS) {
        find_extradata(k, rate_hz);
        config.decoder.extradata = extradata;
        config.decoder.n_extradata = n_extradata;
    }
    pst_stage *stage = NULL;
    pst_error err = {.status = PST_OK};
    CHECK_TEXT(pst_node_decode(&stage, NULL, &config, &err) == PST_OK, "%s: %s", k->name, err.text);
    return stage;
}

static inline row_rig *make_rig(void) {
    row_rig *rig = row_make();
    rig->media.n_channels = 2;
    return rig;
}

// Compares what came with what went in, each frame at its time. Returns signal to noise in dB.
static inline double compare(const row_rig *rig, uint64_t *n_compared) {
    const float *got = (const float *)(const void *)rig->data;
    double signal = 0.0, noise = 0.0;
    *n_compared = 0;
    for (uint64_t i = 0; i < rig->n_frames; ++i) {
        const int64_t at = rig->numbers[i] - FIRST;
        if (at < 0 || at >= N)
            continue;
        ++*n_compared;
        for (int c = 0; c < 2; ++c) {
            const double x = wave[2 * at + c], e = x - got[2 * i + (uint64_t)c];
            signal += x * x;
            noise += e * e;
        }
    }
    return noise == 0.0 ? 300.0 : 10.0 * log10(signal / noise);
}

#endif
