// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_CODEC_MPEG_HEADER_H
#define PST_CODEC_MPEG_HEADER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// The four bytes that each frame of MPEG audio (layers I to III) begins with.

enum {
    PST_MPEG_HEADER_BYTES = 4,
    PST_MPEG_MAX_FRAME_BYTES = 3456, // What libmpg123 takes; only free format could have more.
    PST_MPEG_MAX_FRAME_SAMPLES = 1152
};

typedef enum pst_mpeg_version { PST_MPEG_1 = 0, PST_MPEG_2 = 1, PST_MPEG_2_5 = 2 } pst_mpeg_version;

typedef struct pst_mpeg_header {
    pst_mpeg_version version;
    uint8_t layer; // 1 to 3.
    uint8_t n_channels;
    bool has_checksum;
    uint8_t n_padding_bytes; // In n_bytes.
    uint32_t rate_hz;
    uint32_t bitrate_bps; // 0: free format; then n_bytes is not known, either.
    uint32_t n_bytes;     // Of the whole frame.
    uint32_t n_samples;   // Of a channel.
} pst_mpeg_header;

// Reads a header. Returns false if these are none.
bool pst_mpeg_header_read(const uint8_t *bytes, pst_mpeg_header *header);

// Tells whether two frames can belong to one stream: version, layer, rate and number of channels
// are the same.
bool pst_mpeg_is_alike(const pst_mpeg_header *a, const pst_mpeg_header *b);

// Returns how many bytes of side information a frame of layer III has.
uint32_t pst_mpeg_side_bytes(const pst_mpeg_header *header);

// Returns the bitrates of layer III in kbit/s, rising, of a version; 0-terminated.
const uint16_t *pst_mpeg_bitrates_kbps(pst_mpeg_version version);

// Finds the frame at the beginning of bytes and tells whether another one that is alike follows it,
// or the end of the file. Fills in the size of a frame of free format, too.
//
// n_bytes: how many bytes there are. is_end: the file ends behind them.
// Returns 1; 0 if it is none; -1 if more bytes are needed to know.
int pst_mpeg_confirm(const uint8_t *bytes, size_t n_bytes, bool is_end, pst_mpeg_header *header);

#endif
