// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "codec/g711.h"

// A code is a sign, the number of a segment, and one of 16 steps within it; each segment is twice
// as wide as the one before. A sample lies in the middle of its step.

enum {
    SIGN = 0x80,
    STEPS = 0x0F,
    SEGMENT_SHIFT = 4,
    ULAW_BIAS = 132, // Moves the borders of the segments to powers of two.
    ULAW_MOST = 32767 - ULAW_BIAS,
    ALAW_INVERTED = 0x55 // Every other bit, for the sake of telephone lines.
};

static int segment_of(uint8_t code) {
    return (code >> SEGMENT_SHIFT) & 7;
}

static int highest_bit(uint32_t value) {
    return 31 - __builtin_clz(value);
}

int16_t pst_ulaw_decode(uint8_t code) {
    code = (uint8_t)~code;
    const int size = ((((code & STEPS) << 3) + ULAW_BIAS) << segment_of(code)) - ULAW_BIAS;
    return (int16_t)((code & SIGN) != 0 ? -size : size);
}

uint8_t pst_ulaw_encode(int16_t sample) {
    int size = sample < 0 ? -(int)sample : sample;
    size = (size < ULAW_MOST ? size : ULAW_MOST) + ULAW_BIAS;
    const int segment = highest_bit((uint32_t)size) - 7;
    const int code = segment << SEGMENT_SHIFT | ((size >> (segment + 3)) & STEPS);
    return (uint8_t)~(sample < 0 ? code | SIGN : code);
}

int16_t pst_alaw_decode(uint8_t code) {
    code ^= ALAW_INVERTED;
    const int segment = segment_of(code);
    int size = ((code & STEPS) << 4) + 8;
    if (segment > 0)
        size = (size + 256) << (segment - 1);
    return (int16_t)((code & SIGN) != 0 ? size : -size);
}

uint8_t pst_alaw_encode(int16_t sample) {
    const int size = sample < 0 ? ~(int)sample : sample;
    const int segment = size < 256 ? 0 : highest_bit((uint32_t)size) - 7;
    const int code =
        segment << SEGMENT_SHIFT | ((size >> (segment == 0 ? 4 : segment + 3)) & STEPS);
    return (uint8_t)((sample < 0 ? code : code | SIGN) ^ ALAW_INVERTED);
}
