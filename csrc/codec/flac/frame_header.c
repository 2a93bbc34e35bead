// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "codec/flac/frame_header.h"

enum { MIN_HEADER_BYTES = 6, FIRST_INVALID_RATE = 15 };

static uint8_t checksum(const uint8_t *bytes, size_t n_bytes) {
    uint8_t crc = 0;
    for (size_t i = 0; i < n_bytes; ++i) {
        crc ^= bytes[i];
        for (int bit = 0; bit < 8; ++bit)
            crc = (uint8_t)((crc & 0x80) != 0 ? crc << 1 ^ 0x07 : crc << 1);
    }
    return crc;
}

// Reads a number in the manner of UTF-8, of up to seven bytes. Returns how many; 0: none.
static size_t parse_number(uint64_t *number, const uint8_t *bytes, size_t n_bytes) {
    const uint8_t lead = bytes[0];
    if (lead < 0x80) {
        *number = lead;
        return 1;
    }
    size_t n = 0;
    while (n < 7 && (lead & (0x80 >> n)) != 0)
        ++n;
    if (n < 2 || n > n_bytes || lead == 0xFF)
        return 0;
    *number = (uint64_t)(lead & (0x7F >> n));
    for (size_t i = 1; i < n; ++i) {
        if ((bytes[i] & 0xC0) != 0x80)
            return 0;
        *number = *number << 6 | (bytes[i] & 0x3F);
    }
    return n;
}

// Returns a big-endian number of 0, 1 or 2 bytes.
static uint32_t tail_number(const uint8_t *bytes, size_t n_bytes) {
    return n_bytes == 0 ? 0 : n_bytes == 1 ? bytes[0] : (uint32_t)bytes[0] << 8 | bytes[1];
}

static uint32_t block_frames(unsigned code, uint32_t tail) {
    if (code == 6 || code == 7)
        return tail + 1;
    return code == 1 ? 192 : code <= 5 ? UINT32_C(576) << (code - 2) : UINT32_C(256) << (code - 8);
}

static uint32_t rate_hz(unsigned code, uint32_t tail) {
    static const uint32_t common[] = {0,     88200, 176400, 192000, 8000,  16000,
                                      22050, 24000, 32000,  44100,  48000, 96000};
    if (code < sizeof common / sizeof *common)
        return common[code];
    return code == 12 ? tail * 1000 : code == 13 ? tail : tail * 10;
}

size_t pst_flac_parse_header(pst_flac_header *header, const uint8_t *bytes, size_t n_bytes) {
    static const uint8_t bits[] = {0, 8, 12, 0, 16, 20, 24, 32};
    enum { RESERVED_BITS_CODE = 3, LAST_CHANNELS_CODE = 10 };
    if (n_bytes < MIN_HEADER_BYTES || bytes[0] != 0xFF || (bytes[1] & 0xFE) != 0xF8)
        return 0;
    const unsigned block_code = bytes[2] >> 4, rate_code = bytes[2] & 0x0F;
    const unsigned channels_code = bytes[3] >> 4, bits_code = bytes[3] >> 1 & 0x07;
    if (block_code == 0 || rate_code == FIRST_INVALID_RATE || channels_code > LAST_CHANNELS_CODE ||
        bits_code == RESERVED_BITS_CODE || (bytes[3] & 1) != 0)
        return 0;
    const size_t n_number = parse_number(&header->number, bytes + 4, n_bytes - 4);
    const size_t n_block = block_code == 6 ? 1 : block_code == 7 ? 2 : 0;
    const size_t n_rate = rate_code == 12 ? 1 : rate_code > 12 ? 2 : 0;
    const size_t n = 4 + n_number + n_block + n_rate;
    if (n_number == 0 || n + 1 > n_bytes || checksum(bytes, n) != bytes[n])
        return 0;
    header->is_variable = (bytes[1] & 1) != 0;
    header->block_frames = block_frames(block_code, tail_number(bytes + 4 + n_number, n_block));
    header->rate_hz = rate_hz(rate_code, tail_number(bytes + n - n_rate, n_rate));
    header->n_channels = channels_code < PST_FLAC_MAX_CHANNELS ? channels_code + 1 : 2;
    header->n_bits = bits[bits_code];
    if (header->block_frames > PST_FLAC_MAX_BLOCK_FRAMES ||
        (rate_code != 0 && header->rate_hz == 0))
        return 0;
    return n + 1;
}

bool pst_flac_is_summed_up(const uint8_t *bytes, size_t n_bytes) {
    enum { MAX_ENDS = 8, POLYNOMIAL = 0x8005 };
    uint16_t crc = 0;
    int n_ends = 0;
    for (size_t i = 0; i < n_bytes && n_ends < MAX_ENDS; ++i) {
        pst_flac_header header;
        if (i > 0 && bytes[i] == 0xFF &&
            pst_flac_parse_header(&header, bytes + i, n_bytes - i) > 0) {
            if (crc == 0)
                return true;
            ++n_ends;
        }
        crc ^= (uint16_t)(bytes[i] << 8);
        for (int bit = 0; bit < 8; ++bit)
            crc = (uint16_t)((crc & 0x8000) != 0 ? crc << 1 ^ POLYNOMIAL : crc << 1);
    }
    return n_ends < MAX_ENDS && crc == 0;
}
