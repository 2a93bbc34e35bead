// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include <string.h>

#include "codec/wav/wav.h"

uint32_t pst_wav_get(const uint8_t *at, uint32_t n_bytes, bool is_big) {
    uint32_t value = 0;
    for (uint32_t i = 0; i < n_bytes; ++i)
        value |= (uint32_t)at[i] << 8 * (is_big ? n_bytes - 1 - i : i);
    return value;
}

uint64_t pst_wav_get_u64(const uint8_t *at, bool is_big) {
    const uint64_t first = pst_wav_get(at, 4, is_big), second = pst_wav_get(at + 4, 4, is_big);
    return is_big ? first << 32 | second : second << 32 | first;
}

void pst_wav_put(uint8_t *at, uint64_t value, uint32_t n_bytes, bool is_big) {
    for (uint32_t i = 0; i < n_bytes; ++i)
        at[i] = (uint8_t)(value >> 8 * (is_big ? n_bytes - 1 - i : i));
}

bool pst_wav_is_foreign(bool is_big) {
    const uint16_t one = 1;
    uint8_t first;
    memcpy(&first, &one, 1);
    return is_big == (first == 1);
}

#define SWAP_ALL(type, swap)                                                                       \
    for (size_t i = 0; i < n_samples; ++i) {                                                       \
        type value;                                                                                \
        memcpy(&value, data + i * sizeof value, sizeof value);                                     \
        value = swap(value);                                                                       \
        memcpy(data + i * sizeof value, &value, sizeof value);                                     \
    }

void pst_wav_swap(uint8_t *data, size_t n_samples, uint32_t sample_bytes) {
    switch (sample_bytes) {
    case 2:
        SWAP_ALL(uint16_t, __builtin_bswap16)
        break;
    case 3:
        for (size_t i = 0; i < n_samples; ++i) {
            const uint8_t first = data[3 * i];
            data[3 * i] = data[3 * i + 2];
            data[3 * i + 2] = first;
        }
        break;
    case 4:
        SWAP_ALL(uint32_t, __builtin_bswap32)
        break;
    case 8:
        SWAP_ALL(uint64_t, __builtin_bswap64)
        break;
    default:
        break;
    }
}
