// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "codec/flac/metadata.h"

#include <string.h>

#include "base/error.h"
#include "codec/metadata/vorbis_comment.h"

enum {
    BLOCK_HEADER_BYTES = 4,
    STREAMINFO = 0,
    VORBIS_COMMENT = 4,
    INVALID = 127,
    MAX_BLOCKS = 65536
};

static void put(uint8_t *to, uint64_t value, unsigned n_bytes) {
    for (unsigned i = 0; i < n_bytes; ++i)
        to[i] = (uint8_t)(value >> 8 * (n_bytes - 1 - i));
}

static uint64_t get(const uint8_t *from, unsigned n_bytes) {
    uint64_t value = 0;
    for (unsigned i = 0; i < n_bytes; ++i)
        value = value << 8 | from[i];
    return value;
}

void pst_flac_put_info(uint8_t *to, const pst_flac_info *info) {
    put(to, info->min_block_frames, 2);
    put(to + 2, info->max_block_frames, 2);
    put(to + 4, info->min_frame_bytes, 3);
    put(to + 7, info->max_frame_bytes, 3);
    // 20 bits of rate, 3 of channels, 5 of bits, and 36 of frames.
    put(to + 10,
        (uint64_t)info->rate_hz << 44 | (uint64_t)(info->n_channels - 1) << 41 |
            (uint64_t)(info->n_bits - 1) << 36 | (uint64_t)info->n_frames,
        8);
    memcpy(to + 18, info->md5, PST_FLAC_MD5_BYTES);
}

static void get_info(pst_flac_info *info, const uint8_t *from) {
    const uint64_t packed = get(from + 10, 8);
    info->is_there = true;
    info->min_block_frames = (uint32_t)get(from, 2);
    info->max_block_frames = (uint32_t)get(from + 2, 2);
    info->min_frame_bytes = (uint32_t)get(from + 4, 3);
    info->max_frame_bytes = (uint32_t)get(from + 7, 3);
    info->rate_hz = (uint32_t)(packed >> 44);
    info->n_channels = (uint32_t)(packed >> 41 & 0x07) + 1;
    info->n_bits = (uint32_t)(packed >> 36 & 0x1F) + 1;
    info->n_frames = (int64_t)(packed & ((UINT64_C(1) << 36) - 1));
    memcpy(info->md5, from + 18, PST_FLAC_MD5_BYTES);
}

pst_status pst_flac_read_metadata(pst_flac_source *source, pst_flac_info *info, pst_tags *tags,
                                  pst_damage *damage, pst_error *err) {
    bool has_comments = false;
    for (int i = 0; i < MAX_BLOCKS; ++i) {
        if (pst_flac_source_have(source, BLOCK_HEADER_BYTES) < BLOCK_HEADER_BYTES)
            return PST_OK;
        const uint8_t *header = pst_flac_source_bytes(source);
        const bool is_last = (header[0] & 0x80) != 0;
        const unsigned type = header[0] & 0x7F;
        const size_t n_bytes = (size_t)get(header + 1, 3);
        // From a block that cannot be one, the sound is looked for.
        pst_flac_source_drop(source, BLOCK_HEADER_BYTES);
        if (type == INVALID || !pst_flac_source_can_have(source, (int64_t)n_bytes)) {
            pst_note_damage(damage, PST_DAMAGE_HEADER, -1, 0);
            return PST_OK;
        }
        const bool is_info = type == STREAMINFO && !info->is_there;
        const bool is_comments = type == VORBIS_COMMENT && !has_comments;
        if (is_info && n_bytes != PST_FLAC_STREAMINFO_BYTES)
            pst_note_damage(damage, PST_DAMAGE_HEADER, -1, 0);
        if ((is_info || is_comments) && pst_flac_source_have(source, n_bytes) >= n_bytes) {
            const uint8_t *bytes = pst_flac_source_bytes(source);
            bool is_whole = true;
            if (is_info && n_bytes >= PST_FLAC_STREAMINFO_BYTES)
                get_info(info, bytes);
            if (is_comments) {
                const pst_status status =
                    pst_read_vorbis_comments(tags, bytes, n_bytes, &is_whole, err);
                if (status != PST_OK)
                    return status;
                has_comments = true;
            }
            if (!is_whole)
                pst_note_damage(damage, PST_DAMAGE_HEADER, -1, 0);
        }
        if (source->lacks_memory)
            return pst_fail_memory(err);
        pst_flac_source_skip(source, (int64_t)n_bytes);
        if (is_last)
            return PST_OK;
    }
    return PST_OK;
}
