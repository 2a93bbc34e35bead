// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include <stdatomic.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/error.h"
#include "codec/codec.h"
#include "core/dither.h"

// Frames that are converted at a time.
enum { PIECE_FRAMES = 4096 };

struct pst_encoder {
    _Atomic uint32_t n_refs;
    const pst_encoder_ops *ops;
    void *state; // NULL once finished.
    pid_t pid;
    pst_io *io;
    pst_file_format format;
    pst_format native;
    pst_format stored;
    uint32_t stored_bits;
    int64_t max_frames;
    pst_encoder_stream stream;
    uint8_t *exact; // A piece in the file's sample format,
    uint8_t *piece; // and as the codec takes it.
    bool is_lossless;
    bool has_noise; // Where samples lose bits.
    pst_noise noise;
    bool is_current;   // Whether the header tells all that is written.
    pst_error failure; // The first one; its status is PST_OK until then.
    _Atomic int64_t n_frames;
    _Atomic uint64_t n_clipped;
    _Atomic uint64_t n_nonfinite;
};

static pst_status keep(pst_encoder *encoder, pst_status status, const pst_error *failure) {
    if (encoder->failure.status == PST_OK && status < 0)
        encoder->failure = *failure;
    return status;
}

static pst_status report(const pst_encoder *encoder, pst_error *err) {
    if (err != NULL)
        *err = encoder->failure;
    return encoder->failure.status;
}

pst_status pst_encoder_open(pst_encoder **encoder, pst_io *io, const pst_file_format *format,
                            const pst_encoder_options *options, pst_error *err) {
    *encoder = NULL;
    pst_encoder_options defaults;
    pst_encoder_options_init(&defaults);
    pst_status status = pst_encoder_check(format, options, err);
    if (status != PST_OK)
        return status;
    if (format->container == PST_CONTAINER_PACKETS && !pst_io_keeps_packets(io))
        return pst_fail(err, PST_BAD_ARGUMENT, 0,
                        "container is PACKETS, which is no file: pst_push_encoder gives such "
                        "packets; OGG and ADTS files hold the same sound");
    pst_encoder *made = pst_alloc(sizeof *made);
    if (made == NULL)
        return pst_fail_memory(err);
    const pst_codec *codec = pst_encoding_codec(format->container, format->encoding);
    made->ops = codec->encoder;
    made->io = io;
    made->pid = getpid();
    made->format = *format;
    made->format.encoding = codec->encoding;
    made->is_lossless = codec->is_lossless;
    made->is_current = true;
    // No codec takes wider samples than these.
    const size_t frame_bytes = sizeof(double) * format->n_channels;
    made->exact = pst_alloc_array(PIECE_FRAMES, frame_bytes);
    made->piece = pst_alloc_array(PIECE_FRAMES, frame_bytes);
    pst_encoder_setup setup = {
        .io = io,
        .format = &made->format,
        .options = options == NULL ? &defaults : options,
    };
    if (made->exact == NULL || made->piece == NULL)
        status = pst_fail_memory(err);
    else
        status = made->ops->open(&made->state, &setup, err);
    if (status != PST_OK) {
        pst_free(made->exact);
        pst_free(made->piece);
        pst_free(made);
        return status;
    }
    made->native = setup.native;
    made->stored = setup.stored;
    made->stored_bits = setup.stored_bits;
    made->max_frames = setup.max_frames;
    made->stream = setup.stream;
    made->has_noise = setup.options->dither == PST_DITHER_TPDF;
    pst_noise_init(&made->noise, 0);
    atomic_init(&made->n_refs, 1);
    *encoder = made;
    return PST_OK;
}

// Makes samples of a float format bearable for codecs that change them.
static void tame(void *data, size_t n_samples) {
    float *samples = data;
    const float loudest = (float)PST_ENCODER_LOUDEST;
    for (size_t i = 0; i < n_samples; ++i) {
        const float x = samples[i];
        samples[i] = x > loudest ? loudest : x < -loudest ? -loudest : x;
    }
}

static bool needs_noise(const pst_encoder *encoder, pst_format format) {
    return encoder->has_noise && pst_loses_bits(encoder->stored, encoder->stored_bits, format);
}

static bool is_direct(const pst_encoder *encoder, pst_format format) {
    return encoder->is_lossless && format == encoder->native && format == encoder->stored &&
           !needs_noise(encoder, format);
}

// Returns n_frames frames as the codec takes them: rounded to what the file stores, then widened,
// which is exact.
static const void *convert(pst_encoder *encoder, const void *data, pst_format format,
                           uint64_t n_frames) {
    const size_t n_samples = (size_t)n_frames * encoder->format.n_channels;
    const pst_format stored = encoder->stored;
    if (is_direct(encoder, format))
        return data;
    const void *exact = data;
    const bool has_noise = needs_noise(encoder, format);
    if (format != stored || !encoder->is_lossless || has_noise) {
        pst_convert_counts counts = {0};
        if (has_noise)
            pst_convert_with_noise(&encoder->noise, encoder->exact, stored, encoder->stored_bits,
                                   data, format, n_samples, &counts);
        else
            (void)pst_convert(encoder->exact, stored, data, format, n_samples, &counts);
        atomic_fetch_add_explicit(&encoder->n_clipped, counts.n_clipped, memory_order_relaxed);
        atomic_fetch_add_explicit(&encoder->n_nonfinite, counts.n_nonfinite, memory_order_relaxed);
        exact = encoder->exact;
    }
    if (!encoder->is_lossless && stored == PST_FORMAT_F32)
        tame((void *)encoder->exact, n_samples);
    if (stored == encoder->native)
        return exact;
    (void)pst_convert(encoder->piece, encoder->native, exact, stored, n_samples, NULL);
    return encoder->piece;
}

static pst_status write_piece(pst_encoder *encoder, const void *data, pst_format format,
                              uint64_t n_frames) {
    pst_error failure = {0};
    const int64_t n_before = pst_encoder_frames(encoder);
    const uint64_t room = (uint64_t)(encoder->max_frames - n_before);
    const uint64_t n_fitting = n_frames < room ? n_frames : room;
    uint64_t n_written = 0;
    pst_status status = PST_OK;
    if (n_fitting > 0)
        status = encoder->ops->write(encoder->state, convert(encoder, data, format, n_fitting),
                                     n_fitting, &n_written, &failure);
    atomic_store_explicit(&encoder->n_frames, n_before + (int64_t)n_written, memory_order_relaxed);
    encoder->is_current = encoder->is_current && n_written == 0;
    if (status == PST_OK && n_fitting < n_frames)
        status = pst_fail(&failure, PST_LIMIT, 0,
                          "A %s file of %u channels holds %lld frames; RF64, CAF and W64 files "
                          "have no such limit",
                          pst_container_name(encoder->format.container),
                          (unsigned)encoder->format.n_channels, (long long)encoder->max_frames);
    return keep(encoder, status, &failure);
}

pst_status pst_encoder_write(pst_encoder *encoder, const void *data, pst_format format,
                             uint64_t n_frames, pst_error *err) {
    if (encoder->failure.status != PST_OK)
        return report(encoder, err);
    if (encoder->state == NULL)
        return pst_fail(err, PST_CLOSED, 0, "The sound file is finished");
    const uint32_t sample_bytes = pst_format_bytes(format);
    if (sample_bytes == 0)
        return pst_fail(err, PST_BAD_ARGUMENT, 0, "format is %d, which is no format", (int)format);
    const size_t frame_bytes = (size_t)sample_bytes * encoder->format.n_channels;
    const bool is_whole = is_direct(encoder, format);
    const uint8_t *from = data;
    while (n_frames > 0) {
        const uint64_t n = is_whole || n_frames < PIECE_FRAMES ? n_frames : PIECE_FRAMES;
        if (write_piece(encoder, from, format, n) != PST_OK)
            return report(encoder, err);
        from += n * frame_bytes;
        n_frames -= n;
    }
    return PST_OK;
}

pst_status pst_encoder_update(pst_encoder *encoder, pst_error *err) {
    if (encoder->failure.status != PST_OK)
        return report(encoder, err);
    if (encoder->state == NULL)
        return pst_fail(err, PST_CLOSED, 0, "The sound file is finished");
    if (encoder->is_current)
        return PST_OK;
    pst_error failure = {0};
    encoder->is_current = true;
    if (keep(encoder, encoder->ops->update(encoder->state, &failure), &failure) != PST_OK)
        return report(encoder, err);
    return PST_OK;
}

pst_status pst_encoder_sync(pst_encoder *encoder, pst_error *err) {
    const pst_status status = pst_encoder_update(encoder, err);
    if (status != PST_OK || pst_io_sync(encoder->io) == 0)
        return status;
    pst_error failure = {0};
    keep(encoder, pst_io_fail(encoder->io, &failure), &failure);
    return report(encoder, err);
}

pst_status pst_encoder_finish(pst_encoder *encoder, pst_error *err) {
    if (encoder->state != NULL) {
        pst_error failure = {0};
        keep(encoder, encoder->ops->finish(encoder->state, &failure), &failure);
        encoder->state = NULL;
        keep(encoder, pst_io_shut(encoder->io, &failure), &failure);
    }
    return encoder->failure.status == PST_OK ? PST_OK : report(encoder, err);
}

void pst_encoder_get_format(const pst_encoder *encoder, pst_file_format *format) PST_RT {
    *format = encoder->format;
}

const pst_encoder_stream *pst_encoder_get_stream(const pst_encoder *encoder) {
    return &encoder->stream;
}

int64_t pst_encoder_frames(const pst_encoder *encoder) PST_RT {
    return atomic_load_explicit(&encoder->n_frames, memory_order_relaxed);
}

void pst_encoder_get_counts(const pst_encoder *encoder, pst_convert_counts *counts) PST_RT {
    counts->n_clipped = atomic_load_explicit(&encoder->n_clipped, memory_order_relaxed);
    counts->n_nonfinite = atomic_load_explicit(&encoder->n_nonfinite, memory_order_relaxed);
}

void pst_encoder_cancel(pst_encoder *encoder, bool cancelled) PST_RT {
    pst_io_cancel(encoder->io, cancelled);
}

void pst_encoder_retain(pst_encoder *encoder) PST_RT {
    atomic_fetch_add_explicit(&encoder->n_refs, 1, memory_order_relaxed);
}

void pst_encoder_release(pst_encoder *encoder) {
    // A child shares the position in the file with its parent: it must not even look.
    if (encoder == NULL || encoder->pid != getpid() || atomic_fetch_sub(&encoder->n_refs, 1) > 1)
        return;
    pst_encoder_finish(encoder, NULL);
    pst_io_close(encoder->io, NULL);
    pst_free(encoder->exact);
    pst_free(encoder->piece);
    pst_free(encoder);
}
