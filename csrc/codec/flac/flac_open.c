// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

// Opens FLAC for reading: what it holds, its first frame tells, and how much, its last one.

#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "codec/flac/flac.h"
#include "codec/flac/reader.h"

enum {
    MIN_FRAME_BYTES = 10,
    MIN_BLOCK_FRAMES = 16,
    MAX_JUNK_BYTES = 1 << 20 // Before the first frame, if nothing else tells that it is FLAC.
};

static pst_format sample_format(uint32_t n_bits) {
    return n_bits <= 8    ? PST_FORMAT_I8
           : n_bits <= 16 ? PST_FORMAT_I16
           : n_bits <= 24 ? PST_FORMAT_I24
                          : PST_FORMAT_I32;
}

static void settle_format(pst_flac_reader *r, uint32_t rate_hz, uint32_t n_channels,
                          uint32_t n_bits) {
    r->format.rate_hz = rate_hz;
    r->format.n_channels = n_channels;
    r->format.n_bits = n_bits;
    r->format.sample_format = sample_format(n_bits);
    r->native = n_bits <= 16 ? PST_FORMAT_I16 : PST_FORMAT_I32;
    r->frame_bytes = (size_t)pst_format_bytes(r->native) * n_channels;
}

// Settles by the first block that is found what all of them are to be like.
static bool take_first(void *user, const pst_flac_block *block) {
    pst_flac_reader *r = user;
    const pst_flac_header *header = &block->header;
    const pst_flac_info *info = &r->frames.info;
    settle_format(r, header->rate_hz, header->n_channels, header->n_bits);
    if (info->is_there && (!pst_flac_is_same(&r->format,
                                             &(pst_flac_header){
                                                 .rate_hz = info->rate_hz,
                                                 .n_channels = info->n_channels,
                                                 .n_bits = info->n_bits,
                                             }) ||
                           info->max_block_frames < MIN_BLOCK_FRAMES ||
                           header->block_frames > info->max_block_frames))
        pst_note_damage(r->damage, PST_DAMAGE_HEADER, -1, 0);
    pst_flac_places *places = &r->places;
    places->block_frames = header->block_frames;
    const int64_t n_skipped = block->n_skipped + r->frames.source.n_passed_over;
    if (n_skipped > 0 && info->min_block_frames == info->max_block_frames &&
        info->max_block_frames > header->block_frames)
        places->block_frames = info->max_block_frames;
    // A recording may begin in the middle of something. But where first there are bytes that
    // make no sense, the blocks that come too late may have been there.
    const int64_t place = pst_flac_place(places, header);
    const bool lacks_blocks = n_skipped > 0 && info->is_there &&
                              place <= (n_skipped / MIN_FRAME_BYTES + 1) * places->block_frames;
    if (!lacks_blocks)
        places->origin = place;
    r->first_places = *places;
    r->next = 0;
    return pst_flac_take_block(r, block);
}

static pst_status find_first(pst_flac_reader *r, pst_error *err) {
    const pst_flac_info *info = &r->frames.info;
    int64_t n_skipped = 0;
    pst_flac_frames_begin(&r->frames, true);
    const pst_status status = pst_flac_next_frame(
        &r->frames, take_first, r, info->is_there ? INT64_MAX : MAX_JUNK_BYTES, &n_skipped, err);
    if (status != PST_END)
        return status;
    if (!info->is_there || info->rate_hz < 1 || info->rate_hz > PST_FILE_MAX_RATE_HZ ||
        info->n_bits < PST_FLAC_MIN_BITS)
        return pst_fail(err, PST_BAD_FILE, 0,
                        "The file begins like a FLAC file, but there is no sound in it");
    settle_format(r, info->rate_hz, info->n_channels, info->n_bits);
    r->next = 0;
    r->n_frames = pst_io_is_seekable(r->frames.source.io) ? 0 : -1;
    r->is_at_end = true;
    pst_flac_judge_end(r, 0, n_skipped, 0);
    return PST_OK;
}

static void close_reader(void *state) {
    pst_flac_reader *r = state;
    pst_flac_frames_deinit(&r->frames);
    pst_free(r->rest);
    pst_free(r);
}

static pst_status read_head(pst_flac_reader *r, pst_tags *tags, pst_error *err) {
    enum { MAGIC_BYTES = 4 };
    pst_flac_source *source = &r->frames.source;
    pst_status status = PST_OK;
    if (pst_flac_source_have(source, MAGIC_BYTES) >= MAGIC_BYTES &&
        memcmp(pst_flac_source_bytes(source), "fLaC", MAGIC_BYTES) == 0) {
        pst_flac_source_drop(source, MAGIC_BYTES);
        status = pst_flac_read_metadata(source, &r->frames.info, tags, r->damage, err);
    }
    r->sound = pst_flac_source_mark(source);
    if (status == PST_OK)
        status = find_first(r, err);
    if (status == PST_OK && pst_io_is_seekable(source->io) && !r->is_at_end) {
        status = pst_flac_find_end(r, err);
        pst_flac_go(r, r->sound.byte);
    }
    if (status == PST_OK && pst_io_error(source->io) != 0)
        status = pst_io_fail(source->io, err);
    return status;
}

static pst_status open_reader(void **state, pst_decoder_setup *setup, pst_error *err) {
    pst_flac_reader *r = pst_alloc(sizeof *r);
    if (r == NULL)
        return pst_fail_memory(err);
    pst_status status =
        pst_flac_frames_init(&r->frames, setup->io, setup->container == PST_CONTAINER_OGG, err);
    if (status != PST_OK) {
        pst_free(r);
        return status;
    }
    r->damage = setup->damage;
    r->format = setup->info.format;
    r->n_frames = -1;
    status = read_head(r, setup->tags, err);
    if (status != PST_OK) {
        close_reader(r);
        return status;
    }
    setup->info.format = r->format;
    setup->info.n_frames = r->n_frames;
    setup->claimed_frames = r->frames.info.n_frames > 0 ? r->frames.info.n_frames : -1;
    setup->info.is_seekable = pst_io_is_seekable(setup->io);
    setup->native = r->native;
    *state = r;
    return PST_OK;
}

const pst_decoder_ops pst_flac_decoder = {
    .open = open_reader,
    .read = pst_flac_read,
    .seek = pst_flac_seek,
    .close = close_reader,
};
