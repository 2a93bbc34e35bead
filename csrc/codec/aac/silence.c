// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "codec/aac/silence.h"

#include <string.h>

typedef struct bits {
    const uint8_t *bytes;
    size_t n_bytes;
    size_t at; // In bits. Behind the end there are zeros.
} bits;

static uint32_t take(bits *from, unsigned n) {
    uint32_t number = 0;
    for (; n > 0; --n, ++from->at) {
        const size_t byte = from->at / 8;
        const unsigned bit =
            byte < from->n_bytes ? (unsigned)from->bytes[byte] >> (7 - from->at % 8) & 1 : 0;
        number = number << 1 | bit;
    }
    return number;
}

static uint32_t take_object_type(bits *from) {
    enum { ESCAPE = 31, ESCAPED = 32 };
    const uint32_t type = take(from, 5);
    return type == ESCAPE ? ESCAPED + take(from, 6) : type;
}

static void skip_rate(bits *from) {
    enum { TOLD = 15 };
    if (take(from, 4) == TOLD)
        take(from, 24);
}

// The elements of a packet, by the number that stands for its channels.
enum { MONO, PAIR, LOW = 3, NO_MORE = 7 };
static const uint8_t elements[8][6] = {
    {NO_MORE},
    {MONO, NO_MORE},
    {PAIR, NO_MORE},
    {MONO, PAIR, NO_MORE},
    {MONO, PAIR, MONO, NO_MORE},
    {MONO, PAIR, PAIR, NO_MORE},
    {MONO, PAIR, PAIR, LOW, NO_MORE},
    {MONO, PAIR, PAIR, PAIR, LOW, NO_MORE},
};

static void put(uint8_t *packet, size_t *at, unsigned n, uint32_t number) {
    for (; n > 0; --n, ++*at)
        packet[*at / 8] |= (uint8_t)((number >> (n - 1) & 1) << (7 - *at % 8));
}

// A channel with nothing in it: any gain, one long window, no bands, nothing else.
static void put_channel(uint8_t *packet, size_t *at) {
    enum { GAIN_BITS = 8, GAIN = 100, WINDOW_BITS = 11, TOOLS_BITS = 3 };
    put(packet, at, GAIN_BITS, GAIN);
    put(packet, at, WINDOW_BITS, 0);
    put(packet, at, TOOLS_BITS, 0);
}

size_t pst_aac_make_silence(uint8_t *packet, const uint8_t *config, size_t n_config) {
    enum { MAIN = 1, LOW_COMPLEXITY = 2, PREDICTED = 4, WITH_HIGH_PART = 5, WITH_STEREO = 29 };
    bits from = {config, n_config, 0};
    uint32_t type = take_object_type(&from);
    skip_rate(&from);
    const uint32_t channels = take(&from, 4);
    if (type == WITH_HIGH_PART || type == WITH_STEREO) {
        skip_rate(&from);
        type = take_object_type(&from);
    }
    if ((type != MAIN && type != LOW_COMPLEXITY && type != PREDICTED) || channels < 1 ||
        channels > 7)
        return 0;
    memset(packet, 0, PST_AAC_SILENCE_BYTES);
    size_t at = 0;
    uint32_t n_of[8] = {0};
    for (const uint8_t *element = elements[channels]; *element != NO_MORE; ++element) {
        put(packet, &at, 3, *element);
        put(packet, &at, 4, n_of[*element]++);
        if (*element == PAIR) {
            put(packet, &at, 1, 0); // Each channel has a window of its own.
            put_channel(packet, &at);
        }
        put_channel(packet, &at);
    }
    put(packet, &at, 3, NO_MORE);
    return (at + 7) / 8;
}
