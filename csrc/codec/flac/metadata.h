// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_CODEC_FLAC_METADATA_H
#define PST_CODEC_FLAC_METADATA_H

#include "codec/codec.h"
#include "codec/flac/source.h"

// The blocks in front of the sound. See RFC 9639, section 8.

enum { PST_FLAC_STREAMINFO_BYTES = 34, PST_FLAC_MD5_BYTES = 16 };

typedef struct pst_flac_info {
    bool is_there; // Otherwise all of it is 0.
    uint32_t min_block_frames, max_block_frames;
    uint32_t min_frame_bytes, max_frame_bytes; // 0: unknown.
    uint32_t rate_hz;
    uint32_t n_channels;
    uint32_t n_bits;
    int64_t n_frames;                // 0: unknown.
    uint8_t md5[PST_FLAC_MD5_BYTES]; // 0: unknown.
} pst_flac_info;

// Writes a STREAMINFO block without its header, PST_FLAC_STREAMINFO_BYTES.
void pst_flac_put_info(uint8_t *to, const pst_flac_info *info);

// Reads all blocks, from the first one's header on. What makes no sense ends them, and is noted.
// Returns PST_OK or PST_NO_MEMORY.
pst_status pst_flac_read_metadata(pst_flac_source *source, pst_flac_info *info, pst_tags *tags,
                                  pst_damage *damage, pst_error *err);

#endif
