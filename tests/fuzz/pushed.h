// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_TESTS_FUZZ_PUSHED_H
#define PST_TESTS_FUZZ_PUSHED_H

#include <stdint.h>
#include <string.h>

#include "pastream/push.h"

// Brings a stream to a push decoder in slices, and tells what came of it.

enum { MOST_SLICE_BYTES = 600 };

typedef struct outcome {
    pst_status status;
    int64_t n_frames;
    uint64_t sum;
    bool is_known;
    bool goes_on; // It was left before its end.
} outcome;

static void add_up(outcome *o, const float *frames, uint64_t n_frames, uint32_t n_channels) {
    for (size_t i = 0; i < (size_t)n_frames * n_channels; ++i) {
        uint32_t bits;
        memcpy(&bits, &frames[i], sizeof bits);
        o->sum = (o->sum ^ bits) * UINT64_C(1099511628211);
    }
    o->n_frames += (int64_t)n_frames;
}

// Takes what is there, as much as fits into the piece at a time.
static void take_pushed(pst_push_decoder *decoder, outcome *o, float *piece, uint64_t n_piece,
                        int64_t n_most) {
    pst_push_decoder_info info;
    uint64_t n = 1;
    while (n > 0 && !o->goes_on) {
        const pst_status status =
            pst_push_decoder_read(decoder, piece, PST_FORMAT_F32, false, n_piece, &n, NULL, NULL);
        if (n == 0 && status < 0)
            o->status = status;
        pst_push_decoder_get_info(decoder, &info);
        add_up(o, piece, n, info.format.n_channels);
        o->goes_on = o->n_frames >= n_most;
    }
}

static inline outcome push_all(const uint8_t *data, size_t n_bytes, float *piece, uint64_t n_piece,
                               int64_t n_most) {
    outcome o = {PST_OK, 0, 0, false, false};
    pst_push_decoder_config config;
    pst_push_decoder_config_default(&config);
    pst_push_decoder *decoder = NULL;
    o.status = pst_push_decoder_create(&decoder, &config, NULL);
    uint64_t random = n_bytes;
    for (size_t at = 0; at < n_bytes && o.status == PST_OK && !o.goes_on;) {
        random = random * UINT64_C(6364136223846793005) + 1442695040888963407;
        size_t n = 1 + (size_t)(random >> 40) % MOST_SLICE_BYTES;
        n = n < n_bytes - at ? n : n_bytes - at;
        const pst_status status = pst_push_decoder_write(decoder, data + at, n, NULL);
        take_pushed(decoder, &o, piece, n_piece, n_most);
        o.status = status;
        at += n;
    }
    if (o.status == PST_OK && !o.goes_on) {
        o.status = pst_push_decoder_end(decoder, NULL);
        take_pushed(decoder, &o, piece, n_piece, n_most);
    }
    pst_push_decoder_info info;
    pst_push_decoder_get_info(decoder, &info);
    o.is_known = info.is_known;
    pst_push_decoder_destroy(decoder);
    return o;
}

#endif
