// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "codec/mpeg_header.h"

#include <string.h>

enum { N_BITRATES = 15, KBPS = 1000 };

static const uint16_t rates_hz[3][3] = {
    {44100, 48000, 32000}, {22050, 24000, 16000}, {11025, 12000, 8000}};

// By layer, of MPEG 1; then layer I, and layers II and III, of MPEG 2 and 2.5.
static const uint16_t bitrates_1[3][N_BITRATES + 1] = {
    {0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448, 0},
    {0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 0},
    {0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 0}};
static const uint16_t bitrates_2[2][N_BITRATES + 1] = {
    {0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256, 0},
    {0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160, 0}};

static const uint16_t *bitrates(pst_mpeg_version version, int layer) {
    return version == PST_MPEG_1 ? bitrates_1[layer - 1] : bitrates_2[layer != 1];
}

const uint16_t *pst_mpeg_bitrates_kbps(pst_mpeg_version version) {
    return bitrates(version, 3) + 1;
}

static uint32_t samples_of(pst_mpeg_version version, int layer) {
    return layer == 1 ? 384 : layer == 3 && version != PST_MPEG_1 ? 576 : 1152;
}

bool pst_mpeg_header_read(const uint8_t *bytes, pst_mpeg_header *header) {
    enum { RESERVED_VERSION = 1, RESERVED_EMPHASIS = 2, MONO = 3 };
    const unsigned version = bytes[1] >> 3 & 3, layer = 4 - (bytes[1] >> 1 & 3);
    const unsigned bitrate = bytes[2] >> 4, rate = bytes[2] >> 2 & 3;
    if (bytes[0] != 0xFF || (bytes[1] & 0xE0) != 0xE0 || version == RESERVED_VERSION ||
        layer == 4 || bitrate == N_BITRATES || rate == 3 || (bytes[3] & 3) == RESERVED_EMPHASIS)
        return false;
    header->version = version == 3 ? PST_MPEG_1 : version == 2 ? PST_MPEG_2 : PST_MPEG_2_5;
    header->layer = (uint8_t)layer;
    header->n_channels = bytes[3] >> 6 == MONO ? 1 : 2;
    header->has_checksum = (bytes[1] & 1) == 0;
    header->rate_hz = rates_hz[header->version][rate];
    header->n_samples = samples_of(header->version, header->layer);
    header->bitrate_bps = bitrates(header->version, header->layer)[bitrate] * (uint32_t)KBPS;
    const bool is_padded = (bytes[2] & 2) != 0;
    header->n_padding_bytes = (uint8_t)(!is_padded ? 0 : layer == 1 ? 4 : 1);
    header->n_bytes = 0;
    if (bitrate == 0)
        return true;
    if (layer == 1)
        header->n_bytes = 12 * header->bitrate_bps / header->rate_hz * 4;
    else
        header->n_bytes = header->n_samples / 8 * header->bitrate_bps / header->rate_hz;
    header->n_bytes += header->n_padding_bytes;
    return true;
}

bool pst_mpeg_is_alike(const pst_mpeg_header *a, const pst_mpeg_header *b) {
    return a->version == b->version && a->layer == b->layer && a->rate_hz == b->rate_hz &&
           a->n_channels == b->n_channels;
}

uint32_t pst_mpeg_side_bytes(const pst_mpeg_header *header) {
    if (header->version == PST_MPEG_1)
        return header->n_channels == 1 ? 17 : 32;
    return header->n_channels == 1 ? 9 : 17;
}

// Finds the next header of free format, which tells the size of this frame; the one after it has
// to be where that size says.
static int measure_free(const uint8_t *bytes, size_t n_bytes, bool is_end,
                        pst_mpeg_header *header) {
    enum { SMALLEST_BYTES = 48 };
    pst_mpeg_header other;
    for (size_t at = SMALLEST_BYTES; at <= PST_MPEG_MAX_FRAME_BYTES; ++at) {
        if (at + PST_MPEG_HEADER_BYTES > n_bytes)
            return is_end ? 0 : -1;
        if (!pst_mpeg_header_read(bytes + at, &other) || other.bitrate_bps != 0 ||
            !pst_mpeg_is_alike(header, &other))
            continue;
        const size_t third = at + at - header->n_padding_bytes + other.n_padding_bytes;
        if (third + PST_MPEG_HEADER_BYTES > n_bytes) {
            if (!is_end)
                return -1;
            if (third > n_bytes)
                continue;
        } else if (!pst_mpeg_header_read(bytes + third, &other) || other.bitrate_bps != 0 ||
                   !pst_mpeg_is_alike(header, &other)) {
            continue;
        }
        header->n_bytes = (uint32_t)at;
        return 1;
    }
    return 0;
}

int pst_mpeg_confirm(const uint8_t *bytes, size_t n_bytes, bool is_end, pst_mpeg_header *header) {
    if (n_bytes < PST_MPEG_HEADER_BYTES)
        return is_end || n_bytes == 0 || bytes[0] != 0xFF ? 0 : -1;
    if (!pst_mpeg_header_read(bytes, header))
        return 0;
    if (header->bitrate_bps == 0)
        return measure_free(bytes, n_bytes, is_end, header);
    if (header->n_bytes > n_bytes)
        return is_end ? 0 : -1;
    const uint8_t *behind = bytes + header->n_bytes;
    const size_t n_left = n_bytes - header->n_bytes;
    if (n_left < PST_MPEG_HEADER_BYTES)
        return is_end ? n_left == 0 : -1;
    pst_mpeg_header other;
    if (pst_mpeg_header_read(behind, &other) && pst_mpeg_is_alike(header, &other))
        return 1;
    return memcmp(behind, "TAG", 3) == 0 || memcmp(behind, "APET", 4) == 0 ||
           memcmp(behind, "LYRI", 4) == 0;
}
