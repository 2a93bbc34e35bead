// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "codec/aac/adts.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
        .n_blocks = (bytes[6] & 3) + 1u,
        .rate_hz = rates_by_index[rate],
        .n_channels = channels == 7 ? 8 : channels,
        .profile = bytes[2] >> 6,
    };
    return header->n_bytes > header->n_header_bytes;
}

bool pst_adts_agree(const pst_adts_header *a, const pst_adts_header *b) {
    return a->rate_hz == b->rate_hz && a->n_channels == b->n_channels && a->profile == b->profile;
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

// ---- The note about lengths ------------------------------------------------------------------

static const char note_name[] = "iTunSMPB";
enum {
    ID3_HEADER_BYTES = 10,
    FRAME_HEADER_BYTES = 10,
    NOTE_FIELDS = 12 // The first is 0, then delay, padding and length; the rest is 0.
};

static void put_synchsafe(uint8_t *bytes, uint32_t n) {
    for (int i = 0; i < 4; ++i)
        bytes[i] = (uint8_t)(n >> (7 * (3 - i)) & 0x7F);
}

void pst_smpb_build(uint8_t bytes[PST_SMPB_BYTES], const pst_smpb *smpb) {
    char text[PST_SMPB_BYTES] = {0};
    int n =
        snprintf(text, sizeof text, " %08X %08X %08X %016" PRIX64, 0u, (unsigned)smpb->delay_frames,
                 (unsigned)smpb->padding_frames, (uint64_t)smpb->n_frames);
    for (int field = 4; field < NOTE_FIELDS && n > 0 && n < PST_SMPB_BYTES - 9; ++field)
        n += snprintf(text + n, sizeof text - (size_t)n, " %08X", 0u);
    memset(bytes, 0, PST_SMPB_BYTES);
    memcpy(bytes, "ID3\x04", 4);
    put_synchsafe(bytes + 6, PST_SMPB_BYTES - ID3_HEADER_BYTES);
    uint8_t *frame = bytes + ID3_HEADER_BYTES;
    // Encoding, name and its end, text.
    const uint32_t n_body = 1 + sizeof note_name + (uint32_t)n;
    memcpy(frame, "TXXX", 4);
    put_synchsafe(frame + 4, n_body);
    memcpy(frame + FRAME_HEADER_BYTES + 1, note_name, sizeof note_name);
    memcpy(frame + FRAME_HEADER_BYTES + 1 + sizeof note_name, text, (size_t)n);
}

// Reads a number of base 16 after spaces. Returns what follows, NULL if there is none.
static const char *read_field(const char *at, int64_t *value) {
    while (*at == ' ')
        ++at;
    char *end;
    const unsigned long long n = strtoull(at, &end, 16);
    if (end == at || n > INT64_MAX)
        return NULL;
    *value = (int64_t)n;
    return end;
}

bool pst_smpb_parse(const char *text, pst_smpb *smpb) {
    enum { MOST_PADDING = 1 << 16 };
    int64_t zero;
    const char *at = read_field(text, &zero);
    at = at == NULL ? NULL : read_field(at, &smpb->delay_frames);
    at = at == NULL ? NULL : read_field(at, &smpb->padding_frames);
    at = at == NULL ? NULL : read_field(at, &smpb->n_frames);
    return at != NULL && smpb->delay_frames <= MOST_PADDING && smpb->padding_frames <= MOST_PADDING;
}
