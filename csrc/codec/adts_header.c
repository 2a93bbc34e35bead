// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "codec/adts_header.h"

// By their number in the header, which falls as the rate rises.
enum { N_RATES = 13 };
static const uint32_t rates_by_index[N_RATES] = {96000, 88200, 64000, 48000, 44100, 32000, 24000,
                                                 22050, 16000, 12000, 11025, 8000,  7350};
const uint32_t pst_adts_rates_hz[] = {7350,  8000,  11025, 12000, 16000, 22050, 24000,
                                      32000, 44100, 48000, 64000, 88200, 96000, 0};

bool pst_adts_parse(const uint8_t *bytes, pst_adts_header *header) {
    if (bytes[0] != 0xFF || (bytes[1] & 0xF6) != 0xF0)
        return false;
    const uint32_t rate = (bytes[2] >> 2) & 15;
    if (rate >= N_RATES)
        return false;
    const uint32_t channels = (uint32_t)(bytes[2] & 1) << 2 | bytes[3] >> 6;
    *header = (pst_adts_header){
        .n_bytes = (uint32_t)(bytes[3] & 3) << 11 | (uint32_t)bytes[4] << 3 | bytes[5] >> 5,
        .n_header_bytes = (bytes[1] & 1) != 0 ? 7 : 9,
        .rate_hz = rates_by_index[rate],
        .n_channels = channels == 7 ? 8 : channels,
        .profile = bytes[2] >> 6,
        .is_mpeg_2 = (bytes[1] & 8) != 0,
    };
    return header->n_bytes >= PST_ADTS_HEADER_BYTES;
}

bool pst_adts_agree(const pst_adts_header *a, const pst_adts_header *b) {
    return a->rate_hz == b->rate_hz && a->n_channels == b->n_channels && a->profile == b->profile;
}

int pst_adts_confirm(const uint8_t *bytes, size_t n_bytes, bool is_end) {
    if (n_bytes < PST_ADTS_HEADER_BYTES)
        return is_end || n_bytes == 0 || bytes[0] != 0xFF ? 0 : -1;
    pst_adts_header header, other;
    if (!pst_adts_parse(bytes, &header))
        return 0;
    const size_t n = header.n_bytes;
    if (n + PST_ADTS_HEADER_BYTES > n_bytes)
        return !is_end ? -1 : n == n_bytes;
    return pst_adts_parse(bytes + n, &other) && pst_adts_agree(&header, &other) &&
           header.is_mpeg_2 == other.is_mpeg_2;
}

void pst_adts_build(uint8_t *bytes, uint32_t rate_hz, uint32_t n_channels, uint32_t n_bytes) {
    uint32_t rate = 0;
    while (rate < N_RATES - 1 && rates_by_index[rate] != rate_hz)
        ++rate;
    const uint32_t channels = n_channels == 8 ? 7 : n_channels;
    const uint32_t all = n_bytes + PST_ADTS_HEADER_BYTES;
    bytes[0] = 0xFF;
    bytes[1] = 0xF1; // MPEG-4, no checksum.
    bytes[2] = (uint8_t)(1u << 6 | rate << 2 | channels >> 2);
    bytes[3] = (uint8_t)((channels & 3) << 6 | all >> 11);
    bytes[4] = (uint8_t)(all >> 3);
    bytes[5] = (uint8_t)((all & 7) << 5 | 0x1F); // The buffer's fullness is not told: all ones.
    bytes[6] = 0xFC;
}
