// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_TESTS_FUZZ_PACKETS_H
#define PST_TESTS_FUZZ_PACKETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// How packets lie in the bytes of a fuzzer: the length of the extradata in a byte, the extradata,
// and records. A record begins with two bytes, of which the upper 4 bits are its kind, and the
// others its length; those that have none take it as a number.

typedef enum packet_kind {
    PACKET_PLAIN,
    PACKET_TIMED,
    PACKET_LOST,
    PACKET_RESTORED, // The bytes of the packet that follows are not taken.
    PACKET_RESET
} packet_kind;

typedef struct packet_record {
    packet_kind kind;
    const uint8_t *data;
    size_t n_bytes;
    int64_t number;
} packet_record;

// Finds the extradata. Returns where the first record begins.
static inline size_t packet_extradata(const uint8_t *data, size_t n_bytes, const void **extradata,
                                      uint64_t *n_extradata) {
    if (n_bytes == 0)
        return 0;
    const size_t n = data[0] < n_bytes ? data[0] : n_bytes - 1;
    *extradata = data + 1;
    *n_extradata = n;
    return 1 + n;
}

// Finds the next record. Returns whether there is one.
static inline bool packet_next(const uint8_t *data, size_t n_bytes, size_t *at,
                               packet_record *record) {
    enum { NUMBER_BITS = 12, NUMBER_MASK = (1 << NUMBER_BITS) - 1 };
    if (n_bytes < 2 || *at > n_bytes - 2)
        return false;
    const uint32_t word = (uint32_t)data[*at] | (uint32_t)data[*at + 1] << 8;
    const uint32_t number = word & NUMBER_MASK;
    const uint32_t kind = word >> NUMBER_BITS;
    *at += 2;
    const size_t left = n_bytes - *at;
    *record = (packet_record){
        .kind = kind < PACKET_RESET ? (packet_kind)kind
                : kind == 15        ? PACKET_RESET
                                    : PACKET_PLAIN,
        .data = data + *at,
        .n_bytes = number < left ? number : left,
        .number = number,
    };
    if (record->kind == PACKET_PLAIN || record->kind == PACKET_TIMED)
        *at += record->n_bytes;
    return true;
}

#endif
