// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "codec/aac/smpb.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

void pst_smpb_build(uint8_t bytes[PST_SMPB_BYTES], const pst_smpb *smpb, size_t n_behind) {
    char text[PST_SMPB_BYTES] = {0};
    int n =
        snprintf(text, sizeof text, " %08X %08X %08X %016" PRIX64, 0u, (unsigned)smpb->delay_frames,
                 (unsigned)smpb->padding_frames, (uint64_t)smpb->n_frames);
    for (int field = 4; field < NOTE_FIELDS && n > 0 && n < PST_SMPB_BYTES - 9; ++field)
        n += snprintf(text + n, sizeof text - (size_t)n, " %08X", 0u);
    memset(bytes, 0, PST_SMPB_BYTES);
    memcpy(bytes, "ID3\x04", 4);
    put_synchsafe(bytes + 6, PST_SMPB_BYTES - ID3_HEADER_BYTES + (uint32_t)n_behind);
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
