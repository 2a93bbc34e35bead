// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_TESTS_FUZZ_OGG_CHECKSUMS_H
#define PST_TESTS_FUZZ_OGG_CHECKSUMS_H

#include <stdint.h>
#include <string.h>

// Pages of Ogg files have checksums, which what a fuzzer makes never has right: nothing of it would
// come behind them.

static inline uint32_t ogg_checksum(const uint8_t *page, size_t n_bytes) {
    uint32_t sum = 0;
    for (size_t i = 0; i < n_bytes; ++i) {
        sum ^= (uint32_t)page[i] << 24;
        for (int bit = 0; bit < 8; ++bit)
            sum = sum << 1 ^ ((sum & UINT32_C(0x80000000)) != 0 ? UINT32_C(0x04C11DB7) : 0);
    }
    return sum;
}

// Makes all checksums right.
static inline void set_ogg_checksums(uint8_t *data, size_t n_bytes) {
    enum { CHECKSUM_AT = 22, N_SEGMENTS_AT = 26, SEGMENTS_AT = 27 };
    for (size_t at = 0; at + SEGMENTS_AT <= n_bytes;) {
        uint8_t *page = data + at;
        size_t n = SEGMENTS_AT + (size_t)page[N_SEGMENTS_AT];
        if (memcmp(page, "OggS", 4) != 0 || at + n > n_bytes) {
            ++at;
            continue;
        }
        for (size_t i = 0; i < page[N_SEGMENTS_AT]; ++i)
            n += page[SEGMENTS_AT + i];
        if (at + n > n_bytes)
            return;
        memset(page + CHECKSUM_AT, 0, 4);
        const uint32_t sum = ogg_checksum(page, n);
        for (int i = 0; i < 4; ++i)
            page[CHECKSUM_AT + i] = (uint8_t)(sum >> 8 * i);
        at += n;
    }
}

#endif
