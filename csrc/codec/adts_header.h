// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_CODEC_ADTS_HEADER_H
#define PST_CODEC_ADTS_HEADER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// The header that stands before each packet of AAC in an ADTS stream (ISO/IEC 13818-7, 6.2).

enum {
    PST_ADTS_HEADER_BYTES = 7,
    PST_ADTS_MAX_BYTES = 8191 // Of a packet with its header: 13 bits.
};

typedef struct pst_adts_header {
    uint32_t n_bytes;        // Of the packet with this header, which may be all of it.
    uint32_t n_header_bytes; // 7, or 9 with a checksum.
    uint32_t rate_hz;
    uint32_t n_channels; // 0: the packet itself tells.
    uint32_t profile;    // 0 to 3; 1 is LC.
    bool is_mpeg_2;      // Not MPEG-4.
} pst_adts_header;

// Reads a header from PST_ADTS_HEADER_BYTES bytes. Returns false if they are none.
bool pst_adts_parse(const uint8_t *bytes, pst_adts_header *header);

// Whether two headers may be of one stream.
bool pst_adts_agree(const pst_adts_header *a, const pst_adts_header *b);

// Finds the packet at the beginning of bytes and tells whether another one that is alike follows
// it, or the end of the file.
//
// n_bytes: how many bytes there are. is_end: the file ends behind them.
// Returns 1; 0 if it is none; -1 if more bytes are needed to know.
int pst_adts_confirm(const uint8_t *bytes, size_t n_bytes, bool is_end);

// Writes the header of an LC packet of n_bytes bytes without header, at most PST_ADTS_MAX_BYTES
// minus PST_ADTS_HEADER_BYTES. The rate is one of pst_adts_rates_hz.
void pst_adts_build(uint8_t *bytes, uint32_t rate_hz, uint32_t n_channels, uint32_t n_bytes);

// The rates that a header can tell, rising, 0-terminated.
extern const uint32_t pst_adts_rates_hz[];

#endif
