// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

// Finds places in a file by looking at its frames, whatever its header and seek table say.

#include "codec/flac/reader.h"

// A frame on the way, of which only the header is of interest.
typedef struct probe {
    const pst_flac_reader *reader;
    pst_flac_header header;
    bool is_same;
} probe;

static bool take_header(void *user, const pst_flac_block *block) {
    probe *p = user;
    p->header = block->header;
    p->is_same = pst_flac_is_same(&p->reader->format, &p->header);
    return true;
}

// Looks here and there whether places grow with the bytes, as far as the end.
static pst_status check_order(pst_flac_reader *reader, int64_t end, bool *is_right,
                              pst_error *err) {
    enum { N_LOOKS = 8 };
    const int64_t n_bytes = pst_io_length(reader->frames.source.io) - reader->sound.byte;
    probe p = {.reader = reader};
    int64_t last = 0;
    *is_right = true;
    for (int64_t i = 1; i < N_LOOKS && *is_right; ++i) {
        int64_t n_skipped = 0;
        pst_flac_go(reader, reader->sound.byte + n_bytes / N_LOOKS * i);
        const pst_status status = pst_flac_next_frame(&reader->frames, take_header, &p,
                                                      n_bytes / N_LOOKS, &n_skipped, err);
        if (status == PST_END)
            continue;
        if (status != PST_OK)
            return status;
        const int64_t place = pst_flac_place(&reader->first_places, &p.header);
        *is_right = place >= last && place <= end;
        last = place;
    }
    return PST_OK;
}

// Learns from the last frame how many there are. n_skipped: bytes behind it.
static pst_status take_end(pst_flac_reader *reader, const pst_flac_header *header,
                           int64_t n_skipped, pst_error *err) {
    const pst_flac_info *info = &reader->frames.info;
    const int64_t place = pst_flac_place(&reader->first_places, header);
    const int64_t end = place + header->block_frames;
    const bool is_told =
        info->n_frames == end || info->n_frames == end + reader->first_places.origin;
    const bool is_cut = reader->frames.is_cut, is_tag = reader->frames.is_tag;
    // Long ago, blocks of different lengths were numbered as if they had one.
    bool is_right = place >= 0 && (is_told || header->is_variable ||
                                   info->min_block_frames == info->max_block_frames);
    if (is_right && !is_told) {
        const pst_status status = check_order(reader, end, &is_right, err);
        if (status != PST_OK)
            return status;
    }
    if (!is_right) {
        reader->first_places.are_wrong = true;
        return PST_OK;
    }
    reader->frames.is_cut = is_cut;
    reader->frames.is_tag = is_tag;
    reader->n_frames = end;
    pst_flac_judge_end(reader, end, n_skipped, header->block_frames);
    return PST_OK;
}

pst_status pst_flac_find_end(pst_flac_reader *reader, pst_error *err) {
    enum { FIRST_LOOK_BYTES = 1 << 14, GROWTH = 4 };
    const int64_t length = pst_io_length(reader->frames.source.io);
    probe p = {.reader = reader};
    int64_t n_skipped = 0;
    bool is_found = false, is_all = false;
    for (int64_t look = FIRST_LOOK_BYTES; !is_found && !is_all; look *= GROWTH) {
        is_all = look >= length - reader->sound.byte;
        pst_flac_go(reader, is_all ? reader->sound.byte : length - look);
        pst_status status;
        while ((status = pst_flac_next_frame(&reader->frames, take_header, &p, INT64_MAX,
                                             &n_skipped, err)) == PST_OK)
            is_found = true;
        if (status != PST_END)
            return status;
    }
    // Numbers begin anew in each stream of an Ogg file.
    if (reader->frames.source.n_links > 0)
        reader->first_places.are_wrong = true;
    return is_found && p.is_same && !reader->first_places.are_wrong
               ? take_end(reader, &p.header, n_skipped, err)
               : PST_OK;
}

pst_status pst_flac_find_place(pst_flac_reader *reader, int64_t place, int64_t *byte,
                               pst_error *err) {
    enum { NEAR_BYTES = 1 << 15 };
    int64_t low = reader->sound.byte, high = pst_io_length(reader->frames.source.io);
    probe p = {.reader = reader};
    while (!reader->first_places.are_wrong && high - low > NEAR_BYTES) {
        const int64_t middle = low + (high - low) / 2;
        int64_t n_skipped = 0;
        pst_flac_go(reader, middle);
        const pst_status status =
            pst_flac_next_frame(&reader->frames, take_header, &p, high - middle, &n_skipped, err);
        if (status != PST_OK && status != PST_END)
            return status;
        const int64_t found = status == PST_OK && p.is_same
                                  ? pst_flac_place(&reader->first_places, &p.header)
                                  : INT64_MAX;
        if (found >= 0 && found <= place)
            low = middle;
        else
            high = middle;
    }
    *byte = low;
    return PST_OK;
}
