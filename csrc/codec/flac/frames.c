// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "codec/flac/frames.h"

#include <string.h>

#include "base/error.h"

enum {
    FIRST_SLICE_BYTES = 16,
    // So much may be tried in vain, and so often what the file has. Files are made in which the
    // same bytes would be tried again and again.
    MAX_WASTED_BYTES = 1 << 24,
    MAX_WASTED_TIMES = 16
};

// ---- What libFLAC calls ----------------------------------------------------------------------

static FLAC__StreamDecoderReadStatus give_bytes(const FLAC__StreamDecoder *libflac, FLAC__byte *to,
                                                size_t *n_bytes, void *user) {
    (void)libflac;
    pst_flac_frames *f = user;
    const size_t n_head = sizeof f->head - f->n_head_given;
    size_t n;
    if (n_head > 0) {
        n = n_head < *n_bytes ? n_head : *n_bytes;
        memcpy(to, f->head + f->n_head_given, n);
        f->n_head_given += n;
    } else {
        size_t n_there = f->source.end - f->source.begin;
        // Once a frame has failed, or got longer than one can be, there is nothing more for it.
        if (n_there == f->n_given && !f->has_failed && f->n_given < f->max_bytes)
            n_there = pst_flac_source_have(&f->source, f->n_given + 1);
        n = n_there - f->n_given;
        if (f->has_failed || n == 0) {
            *n_bytes = 0;
            return FLAC__STREAM_DECODER_READ_STATUS_ABORT;
        }
        n = n < *n_bytes ? n : *n_bytes;
        n = n < f->n_slice ? n : f->n_slice;
        f->n_slice = 2 * n;
        memcpy(to, pst_flac_source_bytes(&f->source) + f->n_given, n);
        f->n_given += n;
    }
    *n_bytes = n;
    return FLAC__STREAM_DECODER_READ_STATUS_CONTINUE;
}

static FLAC__StreamDecoderTellStatus tell(const FLAC__StreamDecoder *libflac,
                                          FLAC__uint64 *position, void *user) {
    (void)libflac;
    const pst_flac_frames *f = user;
    *position = f->n_head_given < sizeof f->head ? f->n_head_given : f->begin_byte + f->n_given;
    return FLAC__STREAM_DECODER_TELL_STATUS_OK;
}

static FLAC__StreamDecoderWriteStatus take_block(const FLAC__StreamDecoder *libflac,
                                                 const FLAC__Frame *frame,
                                                 const FLAC__int32 *const channels[], void *user) {
    (void)libflac;
    pst_flac_frames *f = user;
    const pst_flac_header *header = &f->block.header;
    const uint64_t frame_number =
        header->is_variable ? header->number : header->number * f->head_block_frames;
    // Where the numbers have a gap it gives silence first, of which it does not say that it is.
    if (f->has_failed || f->has_block || frame->header.blocksize != header->block_frames ||
        frame->header.channels != header->n_channels ||
        frame->header.bits_per_sample != header->n_bits ||
        frame->header.number.sample_number != frame_number) {
        f->has_failed = true;
        return FLAC__STREAM_DECODER_WRITE_STATUS_ABORT;
    }
    f->has_block = true;
    f->block.channels = channels;
    if (f->taker != NULL && !f->taker(f->user, &f->block)) {
        f->lacks_memory = true;
        return FLAC__STREAM_DECODER_WRITE_STATUS_ABORT;
    }
    return FLAC__STREAM_DECODER_WRITE_STATUS_CONTINUE;
}

static void take_failure(const FLAC__StreamDecoder *libflac, FLAC__StreamDecoderErrorStatus failure,
                         void *user) {
    (void)libflac;
    (void)failure;
    ((pst_flac_frames *)user)->has_failed = true;
}

// ---- Beginning -------------------------------------------------------------------------------

pst_status pst_flac_frames_init(pst_flac_frames *f, pst_io *io, bool is_ogg, pst_error *err) {
    *f = (pst_flac_frames){0};
    const pst_status status = pst_flac_source_init(&f->source, io, is_ogg, err);
    if (status != PST_OK)
        return status;
    f->libflac = FLAC__stream_decoder_new();
    if (f->libflac == NULL) {
        pst_flac_source_deinit(&f->source);
        return pst_fail_memory(err);
    }
    return PST_OK;
}

void pst_flac_frames_deinit(pst_flac_frames *f) {
    FLAC__stream_decoder_delete(f->libflac);
    pst_flac_source_deinit(&f->source);
}

void pst_flac_frames_begin(pst_flac_frames *f, bool sums) {
    f->needs_begin = true;
    f->wants_sum = sums;
    f->is_summed = false;
}

// The file's own numbers of frames and blocks are kept from libFLAC, which would believe them.
// The frame that it begins with tells better how long the others will be.
static void put_head(pst_flac_frames *f) {
    enum { ANY_RATE_HZ = 44100, ANY_BITS = 16 };
    const pst_flac_info *info = &f->info;
    f->head_block_frames = f->block.header.block_frames;
    pst_flac_info told = {
        .min_block_frames = f->head_block_frames,
        .max_block_frames = f->head_block_frames,
        .rate_hz = info->rate_hz == 0 ? ANY_RATE_HZ : info->rate_hz,
        .n_channels = info->n_channels == 0 ? 1 : info->n_channels,
        .n_bits = info->n_bits == 0 ? ANY_BITS : info->n_bits,
    };
    memcpy(told.md5, info->md5, sizeof told.md5);
    memcpy(f->head, "fLaC\x80\x00\x00\x22", 8);
    pst_flac_put_info(f->head + 8, &told);
}

// Makes libFLAC ready for a frame, whatever state it was in. Returns false if memory is short:
// nothing else can fail.
static bool begin(pst_flac_frames *f) {
    put_head(f);
    f->n_head_given = 0;
    f->n_given = 0;
    // Where a frame fails, libFLAC looks for others in what it has: it should have little.
    f->n_slice = FIRST_SLICE_BYTES;
    f->begin_byte = sizeof f->head;
    f->has_failed = false;
    f->is_summed = f->wants_sum;
    f->wants_sum = false;
    FLAC__stream_decoder_finish(f->libflac);
    FLAC__stream_decoder_set_md5_checking(f->libflac, f->is_summed);
    FLAC__stream_decoder_set_metadata_ignore_all(f->libflac);
    f->needs_begin = FLAC__stream_decoder_init_stream(f->libflac, give_bytes, NULL, tell, NULL,
                                                      NULL, take_block, NULL, take_failure,
                                                      f) != FLAC__STREAM_DECODER_INIT_STATUS_OK ||
                     !FLAC__stream_decoder_process_until_end_of_metadata(f->libflac);
    return !f->needs_begin;
}

// ---- Frames ----------------------------------------------------------------------------------

// Fills in what the header leaves to the STREAMINFO. Returns false if nobody knows it.
static bool complete(const pst_flac_info *info, pst_flac_header *header) {
    if (header->rate_hz == 0)
        header->rate_hz = info->rate_hz;
    if (header->n_bits == 0)
        header->n_bits = info->n_bits;
    return header->rate_hz >= 1 && header->rate_hz <= PST_FILE_MAX_RATE_HZ &&
           header->n_bits >= PST_FLAC_MIN_BITS && header->n_bits <= PST_FLAC_MAX_BITS;
}

// Returns more bytes than a frame can need: encoders store as it is what they cannot make smaller.
static size_t max_frame_bytes(const pst_flac_header *header) {
    enum { SPARE_BYTES = 256 };
    return 2 * (size_t)header->n_channels *
           ((size_t)header->block_frames * (header->n_bits + 1) / 8 + SPARE_BYTES);
}

// Decodes what the window begins with, whose header was read. Returns whether it was a frame.
static bool decode(pst_flac_frames *f) {
    f->has_block = f->has_failed = false;
    f->max_bytes = max_frame_bytes(&f->block.header);
    if (!FLAC__stream_decoder_process_single(f->libflac) || !f->has_block || f->has_failed)
        return false;
    FLAC__uint64 end_byte = 0;
    if (!FLAC__stream_decoder_get_decode_position(f->libflac, &end_byte) ||
        end_byte <= f->begin_byte || end_byte > f->begin_byte + f->n_given)
        return false;
    const size_t n = (size_t)(end_byte - f->begin_byte);
    pst_flac_source_drop(&f->source, n);
    f->n_given -= n;
    f->begin_byte = end_byte;
    return true;
}

// Whether to try what looks like a frame. Where too much was no frame, its checksum has to tell.
static bool is_worth_trying(pst_flac_frames *f) {
    if (f->n_wasted < MAX_WASTED_BYTES + MAX_WASTED_TIMES * f->n_passed_over)
        return true;
    const size_t n_most = max_frame_bytes(&f->block.header);
    const size_t n_there = pst_flac_source_have(&f->source, n_most + PST_FLAC_HEADER_BYTES);
    return pst_flac_is_summed_up(pst_flac_source_bytes(&f->source), n_there);
}

// Tries what the window begins with. Returns PST_OK; PST_END if it is no frame; a failure.
static pst_status try_frame(pst_flac_frames *f, pst_error *err) {
    const size_t n_there = pst_flac_source_have(&f->source, PST_FLAC_HEADER_BYTES);
    if (f->source.lacks_memory)
        return pst_fail_memory(err);
    if (pst_flac_parse_header(&f->block.header, pst_flac_source_bytes(&f->source), n_there) == 0 ||
        !complete(&f->info, &f->block.header))
        return PST_END;
    if (!is_worth_trying(f))
        return PST_END;
    // libFLAC may refuse behind other frames what is right on its own.
    for (int i = f->needs_begin ? 1 : 0; i < 2; ++i) {
        if (i == 1 && !begin(f))
            return pst_fail_memory(err);
        if (decode(f))
            return PST_OK;
        f->needs_begin = true;
        f->is_summed = false;
        f->n_wasted += (int64_t)f->n_given;
        if (pst_io_error(f->source.io) != 0)
            return pst_io_fail(f->source.io, err);
        if (f->lacks_memory || f->source.lacks_memory ||
            FLAC__stream_decoder_get_state(f->libflac) ==
                FLAC__STREAM_DECODER_MEMORY_ALLOCATION_ERROR)
            return pst_fail_memory(err);
    }
    return PST_END;
}

// Passes over the window's first byte, and on to where a frame may begin. Returns how many.
static size_t pass_over(pst_flac_frames *f) {
    const uint8_t *bytes = pst_flac_source_bytes(&f->source);
    const size_t n_there = f->source.end - f->source.begin;
    const uint8_t *found = n_there > 1 ? memchr(bytes + 1, 0xFF, n_there - 1) : NULL;
    const size_t n = found == NULL ? n_there : (size_t)(found - bytes);
    pst_flac_source_drop(&f->source, n);
    return n;
}

// Looks at what is about to be passed over behind a frame.
static void look(pst_flac_frames *f) {
    static const char *const tags[] = {"TAG", "ID3", "APETAGEX", "LYRICSBEGIN"};
    const uint8_t *bytes = pst_flac_source_bytes(&f->source);
    const size_t n = f->source.end - f->source.begin;
    pst_flac_header header;
    f->is_cut = n < PST_FLAC_HEADER_BYTES
                    ? n > 0 && bytes[0] == 0xFF && (n == 1 || (bytes[1] & 0xFE) == 0xF8)
                    : pst_flac_parse_header(&header, bytes, n) > 0;
    f->is_tag = false;
    for (size_t i = 0; i < sizeof tags / sizeof *tags; ++i)
        f->is_tag |= n >= strlen(tags[i]) && memcmp(bytes, tags[i], strlen(tags[i])) == 0;
}

pst_status pst_flac_next_frame(pst_flac_frames *f, pst_flac_block_taker *taker, void *user,
                               int64_t max_skipped, int64_t *n_skipped, pst_error *err) {
    f->taker = taker;
    f->user = user;
    for (*n_skipped = 0; *n_skipped <= max_skipped;) {
        f->block.n_skipped = *n_skipped;
        const pst_status status = try_frame(f, err);
        if (status != PST_END)
            return status;
        if (pst_io_error(f->source.io) != 0)
            return pst_io_fail(f->source.io, err);
        if (*n_skipped == 0)
            look(f);
        if (f->source.end == f->source.begin)
            return PST_END;
        const size_t n_passed_over = pass_over(f);
        *n_skipped += (int64_t)n_passed_over;
        f->n_passed_over += (int64_t)n_passed_over;
        // libFLAC has been given already what is passed over.
        f->needs_begin = true;
    }
    return PST_END;
}

bool pst_flac_sum_is_right(pst_flac_frames *f) {
    if (!f->is_summed)
        return true;
    f->is_summed = false;
    f->needs_begin = true;
    return FLAC__stream_decoder_finish(f->libflac);
}
