// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_TESTS_PUSH_RIG_H
#define PST_TESTS_PUSH_RIG_H

#include <math.h>
#include <stdlib.h>

#include "check.h"
#include "memory_place.h"
#include "pastream/codec.h"
#include "pastream/push.h"

// Streams in memory, decoded whole, from a pipe, and by push, to be compared.

enum { PUSH_PIECE = 700 };

// All that can be told of what came out.
typedef struct push_result {
    pst_status status; // Of the first failure.
    pst_error err;
    int64_t n_frames;
    uint64_t hash; // Of the samples, in the codec's own format.
    pst_damage damage;
    pst_push_decoder_info info;
} push_result;

static uint64_t push_hash(uint64_t hash, const void *data, size_t n_bytes) {
    const uint8_t *bytes = data;
    for (size_t i = 0; i < n_bytes; ++i)
        hash = (hash ^ bytes[i]) * UINT64_C(1099511628211);
    return hash;
}

CHECK_UNUSED static float push_sample(int i, uint32_t n_channels) {
    const double t = (double)(i / (int)n_channels);
    return (float)(0.4 * sin(t * 0.05 * (1 + i % (int)n_channels)) +
                   0.1 * sin(t * 0.31 + 0.2 * sin(t * 0.003)));
}

// Writes a stream, as to a pipe where that can be.
CHECK_UNUSED static bool push_make(memory_place *m, const pst_file_format *format, int n_frames,
                                   bool is_pipe) {
    const size_t n_samples = (size_t)n_frames * format->n_channels;
    float *data = malloc((n_samples + 1) * sizeof *data);
    for (size_t i = 0; i < n_samples; ++i)
        data[i] = push_sample((int)i, format->n_channels);
    pst_io *io = NULL;
    pst_encoder *encoder = NULL;
    pst_encoder_options options;
    pst_encoder_options_init(&options);
    if (format->container == PST_CONTAINER_RF64 && is_pipe)
        options.n_frames = n_frames;
    pst_error err = {0};
    CHECK_EQ(pst_io_open_user(&io, is_pipe ? &memory_pipe : &memory_file, m, PST_IO_WRITE, NULL),
             PST_OK);
    const pst_status status = pst_encoder_open(&encoder, io, format, &options, &err);
    if (status != PST_OK) {
        pst_io_close(io, NULL);
        free(data);
        return false;
    }
    CHECK_EQ(pst_encoder_write(encoder, data, PST_FORMAT_F32, (uint64_t)n_frames, &err), PST_OK);
    CHECK_EQ(pst_encoder_finish(encoder, &err), PST_OK);
    pst_encoder_release(encoder);
    free(data);
    m->n_closed = 0;
    return true;
}

// Decodes a pipe by pst_decoder. native: the format that samples are asked for in.
CHECK_UNUSED static push_result push_pull(const uint8_t *bytes, size_t n_bytes,
                                          const pst_file_format *raw, pst_format native) {
    memory_place m = {.bytes = (uint8_t *)(uintptr_t)bytes, .n_bytes = (int64_t)n_bytes};
    push_result result = {.hash = UINT64_C(14695981039346656037), .damage = {0, 0, -1}};
    pst_io *io = NULL;
    pst_decoder *decoder = NULL;
    CHECK_EQ(pst_io_open_user(&io, &memory_pipe, &m, PST_IO_READ, NULL), PST_OK);
    result.status = pst_decoder_open(&decoder, io, raw, &result.err);
    if (result.status != PST_OK) {
        pst_io_close(io, NULL);
        return result;
    }
    pst_decoder_info info;
    pst_decoder_get_info(decoder, &info);
    const size_t frame_bytes = pst_format_bytes(native) * info.format.n_channels;
    uint8_t *piece = malloc(PUSH_PIECE * frame_bytes);
    while (result.status == PST_OK) {
        uint64_t n = 0;
        result.status = pst_decoder_read(decoder, piece, native, PUSH_PIECE, &n, &result.err);
        result.hash = push_hash(result.hash, piece, (size_t)n * frame_bytes);
        result.n_frames += (int64_t)n;
    }
    if (result.status == PST_END)
        result.status = PST_OK;
    free(piece);
    pst_decoder_get_damage(decoder, &result.damage);
    pst_decoder_release(decoder);
    return result;
}

// Reads what there is, in the codec's own format.
CHECK_UNUSED static void push_take(pst_push_decoder *decoder, push_result *result) {
    pst_push_decoder_info info;
    for (;;) {
        pst_push_decoder_get_info(decoder, &info);
        if (info.n_available == 0)
            return;
        const size_t frame_bytes = pst_format_bytes(info.native) * info.format.n_channels;
        uint8_t *piece = malloc(PUSH_PIECE * frame_bytes);
        uint64_t n = 0;
        int64_t time = -1;
        CHECK_EQ(
            pst_push_decoder_read(decoder, piece, info.native, false, PUSH_PIECE, &n, &time, NULL),
            PST_OK);
        CHECK_EQ(time, result->n_frames);
        result->hash = push_hash(result->hash, piece, (size_t)n * frame_bytes);
        result->n_frames += (int64_t)n;
        free(piece);
        if (!CHECK(n > 0))
            return;
    }
}

// Decodes by push. slice: bytes at a time; 0: all at once; negative: 1 to -slice, by chance.
CHECK_UNUSED static push_result push_push(pst_push_decoder *decoder, const uint8_t *bytes,
                                          size_t n_bytes, int slice, uint64_t seed) {
    push_result result = {.hash = UINT64_C(14695981039346656037)};
    for (size_t at = 0; at < n_bytes && result.status == PST_OK;) {
        size_t n = slice == 0  ? n_bytes
                   : slice > 0 ? (size_t)slice
                               : check_random_in(&seed, 1, (uint32_t)-slice);
        n = n < n_bytes - at ? n : n_bytes - at;
        // Memory of its own, so that nobody reads it later.
        uint8_t *copy = malloc(n);
        memcpy(copy, bytes + at, n);
        result.status = pst_push_decoder_write(decoder, copy, n, &result.err);
        free(copy);
        at += n;
        if (slice >= 0 || check_random_in(&seed, 0, 1) == 0)
            push_take(decoder, &result);
    }
    if (result.status == PST_OK)
        result.status = pst_push_decoder_end(decoder, &result.err);
    push_take(decoder, &result);
    pst_push_decoder_get_info(decoder, &result.info);
    result.damage = result.info.damage;
    CHECK_EQ(result.info.n_waiting, 0);
    CHECK(result.info.is_over);
    CHECK_EQ(result.info.position, result.n_frames);
    uint64_t n;
    CHECK_EQ(pst_push_decoder_read(decoder, NULL, PST_FORMAT_F32, false, 1, &n, NULL, NULL),
             result.status == PST_OK ? PST_END : result.status);
    return result;
}

CHECK_UNUSED static void push_compare(const push_result *a, const push_result *b,
                                      const char *what) {
    CHECK_TEXT(a->status == b->status, "%s: %s, and %s", what, a->err.text, b->err.text);
    CHECK_TEXT(a->status == PST_OK || strcmp(a->err.text, b->err.text) == 0, "%s: %s, and %s", what,
               a->err.text, b->err.text);
    CHECK_TEXT(a->n_frames == b->n_frames, "%s: %lld frames, and %lld", what,
               (long long)a->n_frames, (long long)b->n_frames);
    CHECK_TEXT(a->hash == b->hash, "%s: the samples differ", what);
    CHECK_TEXT(a->damage.flags == b->damage.flags &&
                   a->damage.lost_frames == b->damage.lost_frames &&
                   a->damage.first_frame == b->damage.first_frame,
               "%s: damage %u, %lld lost, at %lld; and %u, %lld, %lld", what,
               (unsigned)a->damage.flags, (long long)a->damage.lost_frames,
               (long long)a->damage.first_frame, (unsigned)b->damage.flags,
               (long long)b->damage.lost_frames, (long long)b->damage.first_frame);
}

CHECK_UNUSED static pst_push_decoder *push_decoder(const pst_file_format *format) {
    pst_push_decoder_config config;
    pst_push_decoder_config_default(&config);
    if (format != NULL && format->container == PST_CONTAINER_RAW) {
        config.container = PST_CONTAINER_RAW;
        config.raw = format;
    }
    pst_push_decoder *decoder = NULL;
    pst_error err = {0};
    CHECK_TEXT(pst_push_decoder_create(&decoder, &config, &err) == PST_OK, "%s", err.text);
    return decoder;
}

#endif
