// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_CODEC_FLAC_FRAME_HEADER_H
#define PST_CODEC_FLAC_FRAME_HEADER_H

#include "pastream/base.h"

enum {
    PST_FLAC_HEADER_BYTES = 16, // The longest there is.
    PST_FLAC_MAX_BLOCK_FRAMES = 65535,
    PST_FLAC_MAX_CHANNELS = 8,
    PST_FLAC_MIN_BITS = 4,
    PST_FLAC_MAX_BITS = 32
};

// What one FLAC frame (a block of PCM frames) says about itself. See RFC 9639, section 9.1.
typedef struct pst_flac_header {
    uint64_t number; // Of its first PCM frame if is_variable, of the block otherwise.
    bool is_variable;
    uint32_t block_frames;
    uint32_t rate_hz; // 0: as the STREAMINFO says.
    uint32_t n_channels;
    uint32_t n_bits; // 0: as the STREAMINFO says.
} pst_flac_header;

// Reads the header of a FLAC frame, which its checksum tells from accidental bytes.
// Returns how many bytes it has; 0 if there is none, or not all of one, in n_bytes bytes.
size_t pst_flac_parse_header(pst_flac_header *header, const uint8_t *bytes, size_t n_bytes);

// Returns whether the bytes begin with a frame that ends where the next one begins, or with the
// last of the bytes, by the checksum of all of it. Of headers in between, which may be accidental,
// it looks at a few.
bool pst_flac_is_summed_up(const uint8_t *bytes, size_t n_bytes);

#endif
