// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "codec/g711.h"
#include "codec/wav/wav.h"

enum {
    PIECE_BYTES = 16384, // Samples that are changed before they are written, at a time.
    // A header up to here is written in one go.
    SHORT_HEADER_BYTES = 4096
};

typedef struct wav {
    pst_io *io;
    pst_wav_layout layout;
    pst_encoding encoding;
    int64_t n_frames;
    int64_t n_promised; // In the header of a pipe; -1: unknown.
    uint32_t block_bytes;
    uint32_t sample_bytes;
    uint32_t n_channels;
    bool is_pipe;
    bool is_turned; // The samples have the other byte order.
} wav;

static pst_status check(const pst_file_format *format, const pst_encoder_options *options,
                        pst_error *err) {
    (void)options;
    const char *name = pst_container_name(format->container);
    if (format->sample_format == PST_FORMAT_I8 &&
        (format->encoding == PST_ENCODING_PCM || format->encoding == PST_ENCODING_DEFAULT))
        return pst_fail(err, PST_BAD_ARGUMENT, 0,
                        "%s files cannot hold int8 samples; their samples of 8 bits are uint8",
                        name);
    if (format->container == PST_CONTAINER_RF64 && format->byte_order == PST_BYTES_BIG)
        return pst_fail(err, PST_BAD_ARGUMENT, 0, "%s files have the byte order LITTLE", name);
    return PST_OK;
}

// ---- The header ------------------------------------------------------------------------------

static int64_t data_bytes(const wav *w) {
    return w->n_frames * w->block_bytes;
}

// Writes the numbers of the header again, and comes back to the end of the samples.
static void rewrite_header(wav *w, bool is_padded) {
    const pst_wav_layout *layout = &w->layout;
    pst_wav_put_sizes(&w->layout, data_bytes(w), w->n_frames, is_padded);
    pst_io_seek(w->io, 0);
    if (layout->n_bytes <= SHORT_HEADER_BYTES) {
        pst_io_write(w->io, layout->bytes, layout->n_bytes);
    } else {
        // Long tags lie between the numbers.
        pst_io_write(w->io, layout->bytes, SHORT_HEADER_BYTES);
        pst_io_seek(w->io, layout->n_bytes - 4);
        pst_io_write(w->io, layout->bytes + layout->n_bytes - 4, 4);
    }
    pst_io_seek(w->io, layout->n_bytes + data_bytes(w));
}

static pst_status result(const wav *w, pst_error *err) {
    return pst_io_error(w->io) != 0 ? pst_io_fail(w->io, err) : PST_OK;
}

static void begin_sizes(wav *w) {
    const int64_t n_bytes = w->is_pipe ? w->n_promised * (int64_t)w->block_bytes : 0;
    if (w->is_pipe && w->n_promised < 0) {
        pst_wav_put_sizes(&w->layout, -1, -1, false);
        return;
    }
    w->layout.is_rf64 = w->layout.is_rf64 || !pst_wav_fits_riff(&w->layout, n_bytes);
    pst_wav_put_sizes(&w->layout, n_bytes, w->is_pipe ? w->n_promised : 0, n_bytes % 2 == 1);
}

// Returns how many frames the file can hold: RIFX has no larger brother.
static int64_t most_frames(const wav *w) {
    const int64_t endless = (INT64_MAX >> 1) / w->block_bytes;
    if (!w->layout.is_big || (w->is_pipe && w->n_promised < 0))
        return endless;
    return ((int64_t)PST_WAV_UNKNOWN_SIZE - 1 - w->layout.n_bytes) / w->block_bytes;
}

static pst_status begin(void **state, pst_encoder_setup *setup, pst_error *err) {
    const pst_file_format *format = setup->format;
    const bool is_law = format->encoding != PST_ENCODING_PCM;
    // A header without sizes is understood by nearly everybody in WAV, and by nobody in RF64.
    if (format->container == PST_CONTAINER_RF64 && !pst_io_is_seekable(setup->io) &&
        setup->options->n_frames < 0)
        return pst_fail(err, PST_BAD_ARGUMENT, 0,
                        "RF64 files need a place that can seek, or n_frames; WAV, AU and RAW can "
                        "go to a pipe");
    wav *w = pst_alloc(sizeof *w);
    if (w == NULL)
        return pst_fail_memory(err);
    w->io = setup->io;
    w->encoding = format->encoding;
    w->n_channels = format->n_channels;
    w->sample_bytes = is_law ? 1 : pst_format_bytes(format->sample_format);
    w->block_bytes = w->sample_bytes * format->n_channels;
    w->is_pipe = !pst_io_is_seekable(w->io);
    w->n_promised = w->is_pipe ? setup->options->n_frames : -1;
    w->is_turned = pst_wav_is_foreign(format->byte_order == PST_BYTES_BIG);
    setup->native = setup->stored = is_law ? PST_FORMAT_I16 : format->sample_format;
    pst_status status = PST_OK;
    if (w->n_promised > (INT64_MAX >> 1) / w->block_bytes)
        status = pst_fail(err, PST_BAD_ARGUMENT, 0, "n_frames is %lld; no file can hold so many",
                          (long long)w->n_promised);
    // A pipe's header says how long the file is when it begins, or never.
    const bool has_spare = format->byte_order != PST_BYTES_BIG &&
                           (!w->is_pipe || format->container == PST_CONTAINER_RF64 ||
                            w->n_promised > INT64_C(0xFFF00000) / w->block_bytes);
    if (status == PST_OK)
        status = pst_wav_lay_out(&w->layout, format, setup->options->tags, has_spare, err);
    setup->max_frames = status == PST_OK ? most_frames(w) : 0;
    if (status == PST_OK && w->n_promised > setup->max_frames)
        status = pst_fail(err, PST_BAD_ARGUMENT, 0,
                          "n_frames is %lld; a big-endian WAV file holds at most %lld",
                          (long long)w->n_promised, (long long)setup->max_frames);
    if (status == PST_OK) {
        begin_sizes(w);
        pst_io_write(w->io, w->layout.bytes, w->layout.n_bytes);
        status = result(w, err);
    }
    if (status != PST_OK) {
        pst_free(w->layout.bytes);
        pst_free(w);
        return status;
    }
    *state = w;
    return PST_OK;
}

// ---- Samples ---------------------------------------------------------------------------------

static void change(const wav *w, uint8_t *to, const uint8_t *from, size_t n_samples) {
    if (w->encoding == PST_ENCODING_PCM) {
        memcpy(to, from, n_samples * w->sample_bytes);
        pst_wav_swap(to, n_samples, w->sample_bytes);
        return;
    }
    uint8_t (*encode)(int16_t) =
        w->encoding == PST_ENCODING_ULAW ? pst_ulaw_encode : pst_alaw_encode;
    for (size_t i = 0; i < n_samples; ++i) {
        int16_t sample;
        memcpy(&sample, from + 2 * i, sizeof sample);
        to[i] = encode(sample);
    }
}

// Writes samples that differ in the file. Returns how many bytes.
static int64_t write_changed(const wav *w, const uint8_t *from, uint64_t n_samples) {
    uint8_t piece[PIECE_BYTES];
    const uint32_t from_bytes = w->encoding == PST_ENCODING_PCM ? w->sample_bytes : sizeof(int16_t);
    int64_t n_bytes = 0;
    while (n_samples > 0) {
        const uint64_t most = PIECE_BYTES / w->sample_bytes;
        const size_t n = (size_t)(n_samples < most ? n_samples : most);
        change(w, piece, from, n);
        const int64_t n_piece = (int64_t)n * w->sample_bytes;
        const int64_t n_done = pst_io_write(w->io, piece, n_piece);
        n_bytes += n_done;
        if (n_done < n_piece)
            break;
        from += n * from_bytes;
        n_samples -= n;
    }
    return n_bytes;
}

static pst_status write_frames(void *state, const void *data, uint64_t n_frames,
                               uint64_t *n_written, pst_error *err) {
    wav *w = state;
    if (w->n_promised >= 0 && n_frames > (uint64_t)(w->n_promised - w->n_frames))
        return pst_fail(err, PST_LIMIT, 0,
                        "n_frames was %lld, and no more fit: the header of a pipe cannot be "
                        "changed",
                        (long long)w->n_promised);
    const int64_t n_bytes = (int64_t)n_frames * w->block_bytes;
    if (!w->is_pipe && !w->layout.is_rf64 && w->layout.spare_at > 0 &&
        !pst_wav_fits_riff(&w->layout, data_bytes(w) + n_bytes)) {
        // From here on sizes have 64 bits, so that the file is whole also if the process ends now.
        w->layout.is_rf64 = true;
        rewrite_header(w, false);
        if (pst_io_error(w->io) != 0)
            return pst_io_fail(w->io, err);
    }
    const bool is_changed = w->encoding != PST_ENCODING_PCM || w->is_turned;
    const int64_t n_done = is_changed ? write_changed(w, data, n_frames * w->n_channels)
                                      : pst_io_write(w->io, data, n_bytes);
    *n_written = (uint64_t)(n_done / w->block_bytes);
    w->n_frames += (int64_t)*n_written;
    return n_done < n_bytes ? pst_io_fail(w->io, err) : PST_OK;
}

static pst_status update(void *state, pst_error *err) {
    wav *w = state;
    if (!w->is_pipe)
        rewrite_header(w, false);
    return result(w, err);
}

static pst_status finish(void *state, pst_error *err) {
    wav *w = state;
    const int64_t end = w->layout.n_bytes + data_bytes(w);
    const bool is_odd = data_bytes(w) % 2 == 1;
    // A write that failed may have left half a frame.
    if (pst_io_error(w->io) != 0 && !w->is_pipe) {
        pst_io_truncate(w->io, end);
        pst_io_seek(w->io, end);
    }
    bool is_padded = false;
    if (is_odd && (!w->is_pipe || w->n_promised >= 0))
        is_padded = pst_io_write(w->io, "", 1) == 1;
    if (!w->is_pipe)
        rewrite_header(w, is_padded);
    pst_status status = result(w, err);
    if (status == PST_OK && w->n_promised > w->n_frames)
        status = pst_fail(err, PST_BAD_STATE, 0,
                          "n_frames was %lld, but %lld came: the header of the pipe says too much",
                          (long long)w->n_promised, (long long)w->n_frames);
    pst_free(w->layout.bytes);
    pst_free(w);
    return status;
}

const pst_encoder_ops pst_wav_encoder = {
    .max_rate_hz = PST_FILE_MAX_RATE_HZ,
    .max_channels = PST_MAX_CHANNELS,
    .has_tags = true,
    .max_compression = -1,
    .check = check,
    .open = begin,
    .write = write_frames,
    .update = update,
    .finish = finish,
};
