// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_CODEC_AAC_ADTS_H
#define PST_CODEC_AAC_ADTS_H

#include "pastream/base.h"

// The header that stands before each packet of an ADTS stream (ISO/IEC 13818-7, 6.2), and the note
// about lengths that files may begin with.

enum {
    PST_ADTS_HEADER_BYTES = 7,
    PST_ADTS_MAX_BYTES = 8191, // Of a packet with its header: 13 bits.
    PST_AAC_FRAMES = 1024      // Of a packet, at its own rate.
};

typedef struct pst_adts_header {
    uint32_t n_bytes;        // Of the packet with this header.
    uint32_t n_header_bytes; // 7, or 9 with a checksum.
    uint32_t n_blocks;       // Raw data blocks, 1 to 4, each of PST_AAC_FRAMES.
    uint32_t rate_hz;
    uint32_t n_channels; // 0: the packet itself tells.
    uint32_t profile;    // 0 to 3; 1 is LC.
} pst_adts_header;

// Reads a header from PST_ADTS_HEADER_BYTES bytes. Returns false if they are none.
bool pst_adts_parse(const uint8_t *bytes, pst_adts_header *header);

// Whether two headers may be of one stream.
bool pst_adts_agree(const pst_adts_header *a, const pst_adts_header *b);

// Writes the header of an LC packet of n_bytes bytes without header, at most PST_ADTS_MAX_BYTES
// minus PST_ADTS_HEADER_BYTES. The rate is one of pst_adts_rates_hz.
void pst_adts_build(uint8_t *bytes, uint32_t rate_hz, uint32_t n_channels, uint32_t n_bytes);

// The rates that a header can tell, rising, 0-terminated.
extern const uint32_t pst_adts_rates_hz[];

// What iTunes notes about an encoder's delay, in a text called iTunSMPB of an ID3v2 tag.
typedef struct pst_smpb {
    int64_t delay_frames;
    int64_t padding_frames;
    int64_t n_frames; // 0: not known.
} pst_smpb;

enum { PST_SMPB_BYTES = 150 }; // An ID3v2 tag with such a note and nothing else.

// Writes an ID3v2 tag with a note; always of the same length.
void pst_smpb_build(uint8_t bytes[PST_SMPB_BYTES], const pst_smpb *smpb);

// Reads the text of such a note. Returns false if it makes no sense.
bool pst_smpb_parse(const char *text, pst_smpb *smpb);

#endif
