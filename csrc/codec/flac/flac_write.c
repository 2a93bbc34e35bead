// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

// Writes FLAC by libFLAC, frame by frame. The head of the file is our own, as is what is added to
// it at the end: so a failed write leaves a file that ends with its last whole frame.

#include <FLAC/stream_encoder.h>
#include <errno.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "codec/flac/frame_header.h"
#include "codec/flac/out.h"
#include "codec/metadata/vorbis_comment.h"
#include "codec/flac/flac.h"

enum {
    PIECE_FRAMES = 4096,
    DEFAULT_COMPRESSION = 5,
    MAX_COMPRESSION = 8,
    // libFLAC knows 32 bits from 1.4 on.
    MAX_BITS = FLAC_API_VERSION_CURRENT >= 12 ? PST_FLAC_MAX_BITS : 24
};

static const int64_t max_frames = (INT64_C(1) << 36) - 1;

typedef struct writer {
    pst_flac_out out;
    pst_io *io;
    FLAC__StreamEncoder *libflac;
    pst_format native;
    pst_flac_info info; // What the head tells.
    FLAC__int32 *piece;
    bool has_started;  // libFLAC gives what belongs into the file.
    bool is_finishing; // What it gives now is the last frame.
    bool has_promised; // The head told from the start how many frames there will be.
    bool has_told;     // It tells how many there are.
} writer;

static void tell(writer *w, int64_t n_frames) {
    w->info.n_frames = n_frames;
    pst_flac_out_info(&w->out, &w->info);
    w->has_told = n_frames > 0;
}

// ---- What libFLAC calls ----------------------------------------------------------------------

static FLAC__StreamEncoderWriteStatus store(const FLAC__StreamEncoder *libflac,
                                            const FLAC__byte bytes[], size_t n_bytes,
                                            uint32_t n_frames, uint32_t number, void *user) {
    (void)libflac;
    (void)number;
    writer *w = user;
    // Its own head is not wanted.
    if (!w->has_started || n_frames == 0)
        return FLAC__STREAM_ENCODER_WRITE_STATUS_OK;
    // A number would be wrong with the next frame. Some readers stop there, others complain.
    if (w->has_told)
        tell(w, 0);
    if (pst_io_error(w->io) != 0 ||
        !pst_flac_out_frame(&w->out, bytes, n_bytes, n_frames, w->is_finishing))
        return FLAC__STREAM_ENCODER_WRITE_STATUS_FATAL_ERROR;
    return FLAC__STREAM_ENCODER_WRITE_STATUS_OK;
}

// Learns at the end what all frames are like.
static void take_info(const FLAC__StreamEncoder *libflac, const FLAC__StreamMetadata *metadata,
                      void *user) {
    (void)libflac;
    writer *w = user;
    if (metadata->type != FLAC__METADATA_TYPE_STREAMINFO)
        return;
    const FLAC__StreamMetadata_StreamInfo *info = &metadata->data.stream_info;
    w->info.min_frame_bytes = info->min_framesize;
    w->info.max_frame_bytes = info->max_framesize;
    memcpy(w->info.md5, info->md5sum, sizeof w->info.md5);
}

// ---- Opening ---------------------------------------------------------------------------------

static uint32_t format_bits(pst_format format) {
    return format == PST_FORMAT_U8 || format == PST_FORMAT_F32 || format == PST_FORMAT_F64
               ? 0
               : 8 * pst_format_bytes(format);
}

static uint32_t wanted_bits(const pst_file_format *format) {
    return format->n_bits == 0 ? format_bits(format->sample_format) : format->n_bits;
}

static pst_status check(const pst_file_format *format, const pst_encoder_options *options,
                        pst_error *err) {
    const uint32_t most = format_bits(format->sample_format);
    if (most == 0)
        return pst_fail(err, PST_BAD_ARGUMENT, 0,
                        "FLAC files cannot hold %s samples; they can hold int8, int16, int24 and "
                        "int32",
                        pst_format_name(format->sample_format));
    const uint32_t n_bits = wanted_bits(format);
    if (n_bits < PST_FLAC_MIN_BITS || n_bits > most || n_bits > MAX_BITS)
        return pst_fail(
            err, PST_BAD_ARGUMENT, 0, "bits is %u; for %s samples in FLAC it must be from %d to %u",
            (unsigned)n_bits, pst_format_name(format->sample_format), (int)PST_FLAC_MIN_BITS,
            (unsigned)(most < (uint32_t)MAX_BITS ? most : (uint32_t)MAX_BITS));
    if (options->n_frames > max_frames)
        return pst_fail(err, PST_BAD_ARGUMENT, 0, "frames is %lld; FLAC files hold at most %lld",
                        (long long)options->n_frames, (long long)max_frames);
    return pst_check_vorbis_comments(options->tags, err);
}

static pst_status start_libflac(writer *w, const pst_encoder_options *options, pst_error *err) {
    FLAC__StreamEncoder *libflac = w->libflac;
    const uint32_t level =
        options->compression < 0 ? DEFAULT_COMPRESSION : (uint32_t)options->compression;
    // The subset of FLAC that these leave is one for radio.
    FLAC__stream_encoder_set_streamable_subset(libflac, false);
    FLAC__stream_encoder_set_channels(libflac, w->info.n_channels);
    FLAC__stream_encoder_set_bits_per_sample(libflac, w->info.n_bits);
    FLAC__stream_encoder_set_sample_rate(libflac, w->info.rate_hz);
    FLAC__stream_encoder_set_compression_level(libflac, level);
    const FLAC__StreamEncoderInitStatus status =
        FLAC__stream_encoder_init_stream(libflac, store, NULL, NULL, take_info, w);
    if (status == FLAC__STREAM_ENCODER_INIT_STATUS_OK)
        return PST_OK;
    if (FLAC__stream_encoder_get_state(libflac) == FLAC__STREAM_ENCODER_MEMORY_ALLOCATION_ERROR)
        return pst_fail_memory(err);
    return pst_fail(err, PST_BAD_ARGUMENT, (int32_t)status, "libFLAC refuses the format: %s",
                    FLAC__StreamEncoderInitStatusString[status]);
}

static void free_writer(writer *w) {
    if (w->libflac != NULL)
        FLAC__stream_encoder_delete(w->libflac);
    pst_free(w->piece);
    pst_free(w);
}

static pst_status open_writer(void **state, pst_encoder_setup *setup, pst_error *err) {
    const pst_file_format *format = setup->format;
    writer *w = pst_alloc(sizeof *w);
    if (w == NULL)
        return pst_fail_memory(err);
    w->io = setup->io;
    w->native = format_bits(format->sample_format) <= 16 ? PST_FORMAT_I16 : PST_FORMAT_I32;
    w->info = (pst_flac_info){
        .rate_hz = format->rate_hz,
        .n_channels = format->n_channels,
        .n_bits = wanted_bits(format),
    };
    // In a place that can seek the number is added when it is true.
    w->has_promised = !pst_io_is_seekable(w->io) && setup->options->n_frames > 0;
    if (w->has_promised)
        w->info.n_frames = setup->options->n_frames;
    w->piece = pst_alloc_array((size_t)PIECE_FRAMES * format->n_channels, sizeof *w->piece);
    w->libflac = FLAC__stream_encoder_new();
    pst_status status = w->piece == NULL || w->libflac == NULL
                            ? pst_fail_memory(err)
                            : start_libflac(w, setup->options, err);
    if (status == PST_OK) {
        w->info.min_block_frames = w->info.max_block_frames =
            FLAC__stream_encoder_get_blocksize(w->libflac);
        status = pst_flac_out_init(&w->out, w->io, format->container, &w->info,
                                   setup->options->tags, FLAC__VENDOR_STRING, err);
    }
    if (status != PST_OK) {
        free_writer(w);
        return status;
    }
    w->has_started = true;
    setup->native = w->native;
    setup->stored = format->sample_format;
    setup->stored_bits = w->info.n_bits;
    setup->max_frames = max_frames;
    setup->stream.has_packets = true;
    setup->stream.packet_frames = w->info.max_block_frames;
    setup->stream.n_extradata = PST_FLAC_STREAMINFO_BYTES;
    pst_flac_put_info(setup->stream.extradata, &w->info);
    *state = w;
    return PST_OK;
}

// ---- Writing ---------------------------------------------------------------------------------

// Returns a sample of fewer bits: the nearest one, half to even. libFLAC is never given one that
// does not fit.
static inline FLAC__int32 narrow(int64_t sample, unsigned n_dropped) {
    const int64_t half = (INT64_C(1) << n_dropped) >> 1;
    const int64_t odd = sample >> n_dropped & 1;
    return (FLAC__int32)((sample + half - (half > 0 && !odd)) >> n_dropped);
}

static void fill_piece(writer *w, const void *data, size_t n_samples) {
    const unsigned native_bits = 8 * pst_format_bytes(w->native);
    const unsigned n_dropped = native_bits - w->info.n_bits;
    const FLAC__int32 highest = (FLAC__int32)((INT64_C(1) << (w->info.n_bits - 1)) - 1);
    const int16_t *from16 = data;
    const int32_t *from32 = data;
    if (w->native == PST_FORMAT_I16 && n_dropped == 0)
        for (size_t i = 0; i < n_samples; ++i)
            w->piece[i] = from16[i];
    else if (n_dropped == 0)
        memcpy(w->piece, data, n_samples * sizeof *w->piece);
    else
        for (size_t i = 0; i < n_samples; ++i) {
            const FLAC__int32 x =
                narrow(w->native == PST_FORMAT_I16 ? from16[i] : from32[i], n_dropped);
            w->piece[i] = x > highest ? highest : x;
        }
}

static pst_status fail(const writer *w, pst_error *err) {
    if (pst_io_error(w->io) != 0)
        return pst_io_fail(w->io, err);
    const FLAC__StreamEncoderState state = FLAC__stream_encoder_get_state(w->libflac);
    if (state == FLAC__STREAM_ENCODER_MEMORY_ALLOCATION_ERROR)
        return pst_fail_memory(err);
    return pst_fail(err, PST_SYSTEM_ERROR, EIO, "Could not write the sound file: %s",
                    FLAC__StreamEncoderStateString[state]);
}

static pst_status write_frames(void *state, const void *data, uint64_t n_frames,
                               uint64_t *n_written, pst_error *err) {
    writer *w = state;
    const size_t n_channels = w->info.n_channels;
    const size_t frame_bytes = pst_format_bytes(w->native) * n_channels;
    const uint8_t *from = data;
    const int64_t n_before = w->out.n_frames;
    *n_written = 0;
    while (n_frames > 0) {
        const size_t n = n_frames < PIECE_FRAMES ? (size_t)n_frames : PIECE_FRAMES;
        fill_piece(w, from, n * n_channels);
        if (!FLAC__stream_encoder_process_interleaved(w->libflac, w->piece, (uint32_t)n)) {
            // What libFLAC was still holding is lost.
            *n_written = (uint64_t)(w->out.n_frames - n_before);
            return fail(w, err);
        }
        *n_written += n;
        from += n * frame_bytes;
        n_frames -= n;
    }
    return PST_OK;
}

// Each frame was written when it was whole. What libFLAC holds back for the next one, less than a
// block, it cannot part with.
static pst_status update(void *state, pst_error *err) {
    writer *w = state;
    if (pst_io_is_seekable(w->io))
        tell(w, w->out.n_frames);
    return pst_io_error(w->io) != 0 ? pst_io_fail(w->io, err) : PST_OK;
}

static pst_status finish(void *state, pst_error *err) {
    writer *w = state;
    const bool had_failed = pst_io_error(w->io) != 0 ||
                            FLAC__stream_encoder_get_state(w->libflac) != FLAC__STREAM_ENCODER_OK;
    w->is_finishing = true;
    const bool is_whole = FLAC__stream_encoder_finish(w->libflac) && !had_failed;
    pst_status status = PST_OK;
    if (!is_whole) {
        status = fail(w, err);
        // The sum is one of more than what is there.
        memset(w->info.md5, 0, sizeof w->info.md5);
        pst_flac_out_cut(&w->out);
    }
    if (pst_io_is_seekable(w->io)) {
        tell(w, w->out.n_frames);
        if (status == PST_OK && pst_io_error(w->io) != 0)
            status = pst_io_fail(w->io, err);
    } else if (status == PST_OK && w->has_promised && w->out.n_frames != w->info.n_frames) {
        status = pst_fail(err, PST_BAD_STATE, 0,
                          "The file was to have %lld frames, and its head says so, but it got %lld",
                          (long long)w->info.n_frames, (long long)w->out.n_frames);
    }
    pst_flac_out_deinit(&w->out);
    free_writer(w);
    return status;
}

const pst_encoder_ops pst_flac_encoder = {
    .max_rate_hz = PST_FILE_MAX_RATE_HZ,
    .max_channels = PST_FLAC_MAX_CHANNELS,
    .has_tags = true,
    .max_compression = MAX_COMPRESSION,
    .check = check,
    .open = open_writer,
    .write = write_frames,
    .update = update,
    .finish = finish,
};
