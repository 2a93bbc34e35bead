// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "codec/mp3/info_frame.h"

#include <string.h>

enum {
    HAS_FRAMES = 1,
    HAS_BYTES = 2,
    HAS_TOC = 4,
    HAS_QUALITY = 8,
    // Where LAME's part has what it has:
    ENCODER_BYTES = 9,
    DELAY_AT = 21,
    LAME_BYTES = 36
};

static uint32_t read_u32(const uint8_t *b) {
    return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

static uint8_t *put(uint8_t *at, uint32_t value, int n_bytes) {
    for (int i = n_bytes; i-- > 0;)
        *at++ = (uint8_t)(value >> 8 * i);
    return at;
}

static bool read_vbri(const uint8_t *bytes, const pst_mpeg_header *header, pst_info_frame *info) {
    enum { VBRI_AT = 36, BYTES_AT = 10, FRAMES_AT = 14, VBRI_BYTES = 18 };
    if (header->n_bytes < VBRI_AT + VBRI_BYTES || memcmp(bytes + VBRI_AT, "VBRI", 4) != 0)
        return false;
    info->is_variable = info->is_vbri = true;
    info->has_bytes = info->has_frames = true;
    info->n_bytes = read_u32(bytes + VBRI_AT + BYTES_AT);
    info->n_frames = read_u32(bytes + VBRI_AT + FRAMES_AT);
    return true;
}

static void read_delay(const uint8_t *lame, pst_info_frame *info) {
    // Every program that writes this part puts its name first. These write no delay only if there
    // is none; others, if they know of none.
    const bool is_meant = memcmp(lame, "LAME", 4) == 0 || memcmp(lame, "Lavf", 4) == 0 ||
                          memcmp(lame, "Lavc", 4) == 0;
    for (int i = 0; i < 4; ++i)
        if (lame[i] < 0x20 || lame[i] > 0x7E)
            return;
    const uint8_t *b = lame + DELAY_AT;
    info->delay = (uint32_t)b[0] << 4 | b[1] >> 4;
    info->padding = (uint32_t)(b[1] & 15) << 8 | b[2];
    info->has_delay = is_meant || info->delay != 0 || info->padding != 0;
}

bool pst_info_frame_read(const uint8_t *bytes, const pst_mpeg_header *header,
                         pst_info_frame *info) {
    *info = (pst_info_frame){0};
    if (header->layer != 3)
        return false;
    const uint8_t *end = bytes + header->n_bytes;
    const uint8_t *at = bytes + PST_MPEG_HEADER_BYTES + pst_mpeg_side_bytes(header);
    if (end - at < 8)
        return read_vbri(bytes, header, info);
    // Some programs count the checksum, most do not.
    if (header->has_checksum && end - at >= 10 && memcmp(at, "Xing", 4) != 0 &&
        memcmp(at, "Info", 4) != 0)
        at += 2;
    info->is_variable = memcmp(at, "Xing", 4) == 0;
    if (!info->is_variable && memcmp(at, "Info", 4) != 0)
        return read_vbri(bytes, header, info);
    const uint32_t flags = read_u32(at + 4);
    at += 8;
    if ((flags & HAS_FRAMES) != 0 && end - at >= 4) {
        info->has_frames = true;
        info->n_frames = read_u32(at);
        at += 4;
    }
    if ((flags & HAS_BYTES) != 0 && end - at >= 4) {
        info->has_bytes = true;
        info->n_bytes = read_u32(at);
        at += 4;
    }
    if ((flags & HAS_TOC) != 0 && end - at >= PST_MP3_TOC_ENTRIES) {
        info->has_toc = true;
        memcpy(info->toc, at, PST_MP3_TOC_ENTRIES);
        at += PST_MP3_TOC_ENTRIES;
    }
    if ((flags & HAS_QUALITY) != 0)
        at += 4;
    if (end - at >= DELAY_AT + 3)
        read_delay(at, info);
    return true;
}

uint16_t pst_info_checksum(uint16_t checksum, const uint8_t *bytes, uint32_t n_bytes) {
    // Of the polynomial 0x8005, lowest bits first: four bits at a time.
    static const uint16_t steps[16] = {0x0000, 0xCC01, 0xD801, 0x1400, 0xF001, 0x3C00,
                                       0x2800, 0xE401, 0xA001, 0x6C00, 0x7800, 0xB401,
                                       0x5000, 0x9C01, 0x8801, 0x4400};
    for (uint32_t i = 0; i < n_bytes; ++i) {
        checksum ^= bytes[i];
        checksum = (uint16_t)(checksum >> 4 ^ steps[checksum & 15]);
        checksum = (uint16_t)(checksum >> 4 ^ steps[checksum & 15]);
    }
    return checksum;
}

uint32_t pst_info_frame_write(uint8_t *bytes, const uint8_t *head, const pst_info_frame *info) {
    enum {
        XING_BYTES = 16 + PST_MP3_TOC_ENTRIES + 4,
        PROTECTED = 1,
        PADDED = 2,
        METHOD_REVISION = 0
    };
    pst_mpeg_header header;
    uint8_t first[PST_MPEG_HEADER_BYTES];
    memcpy(first, head, sizeof first);
    first[1] |= PROTECTED; // No checksum.
    first[2] &= (uint8_t)~PADDED;
    while (pst_mpeg_header_read(first, &header) &&
           header.n_bytes <
               PST_MPEG_HEADER_BYTES + pst_mpeg_side_bytes(&header) + XING_BYTES + LAME_BYTES)
        first[2] += 0x10;
    memset(bytes, 0, header.n_bytes);
    memcpy(bytes, first, sizeof first);
    uint8_t *at = bytes + PST_MPEG_HEADER_BYTES + pst_mpeg_side_bytes(&header);
    memcpy(at, info->is_variable ? "Xing" : "Info", 4);
    at = put(at + 4,
             (info->has_frames ? HAS_FRAMES : 0) | (info->has_bytes ? HAS_BYTES : 0) |
                 (info->has_toc ? HAS_TOC : 0),
             4);
    if (info->has_frames)
        at = put(at, info->n_frames, 4);
    if (info->has_bytes)
        at = put(at, info->n_bytes, 4);
    if (info->has_toc) {
        memcpy(at, info->toc, PST_MP3_TOC_ENTRIES);
        at += PST_MP3_TOC_ENTRIES;
    }
    for (int i = 0; i < ENCODER_BYTES && info->encoder[i] != '\0'; ++i)
        at[i] = (uint8_t)info->encoder[i];
    at += ENCODER_BYTES;
    at = put(at, (uint32_t)(METHOD_REVISION << 4) | info->method, 1);
    at = put(at, info->lowpass_hz / 100 < 255 ? info->lowpass_hz / 100 : 255, 1);
    at += 8 + 1; // No loudness; no flags.
    at = put(at, info->bitrate_kbps, 1);
    at = put(at, info->delay << 12 | info->padding, 3);
    at += 1 + 1 + 2; // Nothing more about how it was made.
    at = put(at, info->has_bytes ? info->n_bytes : 0, 4);
    at = put(at, info->sound_checksum, 2);
    put(at, pst_info_checksum(0, bytes, (uint32_t)(at - bytes)), 2);
    return header.n_bytes;
}
