// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include <stdatomic.h>

#include "base/alloc.h"
#include "base/error.h"
#include "codec/codec.h"

// Frames that are converted at a time.
enum { PIECE_FRAMES = 4096 };

// Codecs that may have a look at a file, one sending it to the next.
enum { MAX_ASKED = 2 };

struct pst_decoder {
    _Atomic uint32_t n_refs;
    const pst_decoder_ops *ops;
    void *state;
    pst_io *io;
    pst_decoder_info info;
    int64_t claimed_frames;
    int64_t skipped_frames;
    pst_tags *tags;
    pst_damage damage;
    pst_format native;
    bool is_closed;
    uint8_t *piece; // Frames as the codec gives them, before their conversion.
    _Atomic int64_t position;
};

static pst_status lacks_codec(pst_container container, pst_encoding encoding, pst_error *err) {
    if (encoding == PST_ENCODING_DEFAULT)
        return pst_fail(err, PST_BAD_FILE, 0,
                        "The file looks like a file of the kind %s, of which "
                        "this build can read none, or not this one",
                        pst_container_name(container));
    return pst_fail(err, PST_BAD_FILE, 0, "The file holds %s in %s, which this build cannot read",
                    pst_encoding_name(encoding), pst_container_name(container));
}

// Whether what was found is what was asked for.
static pst_status check_kind(pst_container container, pst_encoding encoding, pst_kind *kind,
                             pst_error *err) {
    const bool is_wav = container == PST_CONTAINER_WAV || container == PST_CONTAINER_RF64;
    const bool wants_wav = kind->container == PST_CONTAINER_WAV ||
                           kind->container == PST_CONTAINER_WAVEX ||
                           kind->container == PST_CONTAINER_RF64;
    const bool has_container =
        kind->container == 0 || kind->container == container || (is_wav && wants_wav);
    const bool has_encoding = kind->encoding == 0 || encoding == 0 || kind->encoding == encoding;
    if (has_container && has_encoding)
        return PST_OK;
    kind->is_certain = true;
    const bool names_both = encoding != 0 && encoding != pst_usual_encoding(container);
    return pst_fail(
        err, PST_BAD_FILE, 0, "The stream is %s%s%s, not %s", pst_container_name(container),
        names_both ? " with " : "", names_both ? pst_encoding_name(encoding) : "",
        has_container ? pst_encoding_name(kind->encoding) : pst_container_name(kind->container));
}

static pst_status open_state(pst_decoder *decoder, const pst_file_format *raw, pst_kind *kind,
                             pst_error *err) {
    pst_decoder_setup setup = {
        .claimed_frames = -1,
        .io = decoder->io,
        .container = PST_CONTAINER_RAW,
        .raw = raw,
        .tags = decoder->tags,
        .damage = &decoder->damage,
    };
    if (raw == NULL) {
        pst_status status = pst_probe(decoder->io, decoder->tags, kind, &setup.container,
                                      &setup.encoding, &setup.start_byte, err);
        if (status == PST_OK)
            status = check_kind(setup.container, setup.encoding, kind, err);
        if (status != PST_OK)
            return status;
    } else {
        setup.encoding = raw->encoding;
    }
    // A container may have to be opened to know what is in it.
    for (int n_asked = 0; decoder->state == NULL; ++n_asked) {
        const pst_codec *codec = pst_decoding_codec(setup.container, setup.encoding);
        if (codec == NULL || n_asked == MAX_ASKED)
            return lacks_codec(setup.container, setup.encoding, err);
        if (n_asked > 0 && pst_io_seek(decoder->io, setup.start_byte) < 0)
            return pst_io_fail(decoder->io, err);
        decoder->ops = codec->decoder;
        setup.info.format.container = setup.container;
        setup.info.format.encoding = codec->encoding;
        const pst_status status = decoder->ops->open(&decoder->state, &setup, err);
        if (status != PST_OK)
            return status;
    }
    decoder->info = setup.info;
    decoder->claimed_frames = setup.info.n_frames >= 0 ? setup.info.n_frames : setup.claimed_frames;
    decoder->skipped_frames = setup.skipped_frames;
    decoder->native = setup.native;
    if (raw == NULL) {
        const pst_status status =
            check_kind(setup.info.format.container, setup.info.format.encoding, kind, err);
        if (status != PST_OK)
            return status;
    }
    const size_t frame_bytes =
        (size_t)pst_format_bytes(decoder->native) * decoder->info.format.n_channels;
    decoder->piece = pst_alloc_array(PIECE_FRAMES, frame_bytes);
    return decoder->piece == NULL ? pst_fail_memory(err) : PST_OK;
}

void pst_note_damage(pst_damage *damage, uint32_t flags, int64_t frame, int64_t lost_frames) {
    damage->flags |= flags;
    damage->lost_frames += lost_frames;
    if (frame >= 0 && (damage->first_frame < 0 || frame < damage->first_frame))
        damage->first_frame = frame;
}

static void free_parts(pst_decoder *decoder) {
    if (decoder->state != NULL)
        decoder->ops->close(decoder->state);
    pst_tags_destroy(decoder->tags);
    pst_free(decoder->piece);
}

pst_status pst_decoder_open(pst_decoder **decoder, pst_io *io, const pst_file_format *raw,
                            pst_error *err) {
    pst_kind any = {0};
    return pst_decoder_open_kind(decoder, io, raw, &any, err);
}

pst_status pst_decoder_open_kind(pst_decoder **decoder, pst_io *io, const pst_file_format *raw,
                                 pst_kind *kind, pst_error *err) {
    *decoder = NULL;
    if (raw != NULL) {
        if (raw->container != PST_CONTAINER_RAW)
            return pst_fail(err, PST_BAD_ARGUMENT, 0, "raw->container is %d; it must be RAW",
                            (int)raw->container);
        const pst_status status = pst_encoder_check(raw, NULL, err);
        if (status != PST_OK)
            return status;
    }
    pst_decoder *made = pst_alloc(sizeof *made);
    if (made == NULL)
        return pst_fail_memory(err);
    made->io = io;
    made->damage.first_frame = -1;
    pst_status status = pst_tags_create(&made->tags, err);
    if (status == PST_OK)
        status = open_state(made, raw, kind, err);
    if (status != PST_OK) {
        free_parts(made);
        pst_free(made);
        return status;
    }
    atomic_init(&made->n_refs, 1);
    *decoder = made;
    return PST_OK;
}

pst_format pst_decoder_native(const pst_decoder *decoder) {
    return decoder->native;
}

int64_t pst_decoder_claimed(const pst_decoder *decoder) {
    return decoder->claimed_frames;
}

int64_t pst_decoder_skipped(const pst_decoder *decoder) {
    return decoder->skipped_frames;
}

void pst_decoder_get_info(const pst_decoder *decoder, pst_decoder_info *info) PST_RT {
    *info = decoder->info;
}

const pst_tags *pst_decoder_tags(const pst_decoder *decoder) PST_RT {
    return decoder->tags;
}

void pst_decoder_get_damage(const pst_decoder *decoder, pst_damage *damage) PST_RT {
    *damage = decoder->damage;
}

int64_t pst_decoder_position(const pst_decoder *decoder) PST_RT {
    return atomic_load_explicit(&decoder->position, memory_order_relaxed);
}

void pst_decoder_cancel(pst_decoder *decoder, bool cancelled) PST_RT {
    pst_io_cancel(decoder->io, cancelled);
}

static pst_status refuse_closed(pst_error *err) {
    return pst_fail(err, PST_CLOSED, 0, "The sound file is closed");
}

void pst_decoder_close(pst_decoder *decoder) {
    decoder->is_closed = true;
    pst_io_shut(decoder->io, NULL);
}

// Reads a piece into data, in whatever format.
static pst_status read_piece(pst_decoder *decoder, uint8_t *data, pst_format format,
                             uint64_t n_frames, uint64_t *n_read, pst_error *err) {
    if (format == decoder->native)
        return decoder->ops->read(decoder->state, data, n_frames, n_read, err);
    const uint64_t wanted = n_frames < PIECE_FRAMES ? n_frames : PIECE_FRAMES;
    const pst_status status =
        decoder->ops->read(decoder->state, decoder->piece, wanted, n_read, err);
    const size_t n_samples = (size_t)*n_read * decoder->info.format.n_channels;
    const pst_status converted =
        pst_convert(data, format, decoder->piece, decoder->native, n_samples, NULL);
    return status != PST_OK ? status : converted;
}

pst_status pst_decoder_read(pst_decoder *decoder, void *data, pst_format format, uint64_t n_frames,
                            uint64_t *n_read, pst_error *err) {
    *n_read = 0;
    if (decoder->is_closed)
        return refuse_closed(err);
    const uint32_t sample_bytes = pst_format_bytes(format);
    if (sample_bytes == 0)
        return pst_fail(err, PST_BAD_ARGUMENT, 0, "format is %d, which is no format", (int)format);
    const size_t frame_bytes = (size_t)sample_bytes * decoder->info.format.n_channels;
    while (*n_read < n_frames) {
        uint64_t n = 0;
        const pst_status status = read_piece(decoder, (uint8_t *)data + *n_read * frame_bytes,
                                             format, n_frames - *n_read, &n, err);
        *n_read += n;
        atomic_fetch_add_explicit(&decoder->position, (int64_t)n, memory_order_relaxed);
        if (status != PST_OK)
            return status;
        if (n == 0)
            return PST_END;
    }
    return PST_OK;
}

pst_status pst_decoder_read_some(pst_decoder *decoder, const void **frames, uint64_t *n_read,
                                 pst_error *err) {
    *n_read = 0;
    *frames = decoder->piece;
    if (decoder->is_closed)
        return refuse_closed(err);
    const pst_status status =
        decoder->ops->read(decoder->state, decoder->piece, PIECE_FRAMES, n_read, err);
    atomic_fetch_add_explicit(&decoder->position, (int64_t)*n_read, memory_order_relaxed);
    return status;
}

pst_status pst_decoder_seek(pst_decoder *decoder, int64_t frame, pst_error *err) {
    if (decoder->is_closed)
        return refuse_closed(err);
    if (!decoder->info.is_seekable)
        return pst_fail(err, PST_BAD_STATE, 0, "The file cannot seek: it comes from a pipe");
    if (frame < 0 || (decoder->info.n_frames >= 0 && frame > decoder->info.n_frames))
        return pst_fail(err, PST_BAD_ARGUMENT, 0, "frame is %lld; it must be from 0 to %lld",
                        (long long)frame, (long long)decoder->info.n_frames);
    const pst_status status = decoder->ops->seek(decoder->state, frame, err);
    if (status == PST_OK)
        atomic_store_explicit(&decoder->position, frame, memory_order_relaxed);
    return status;
}

void pst_decoder_retain(pst_decoder *decoder) PST_RT {
    atomic_fetch_add_explicit(&decoder->n_refs, 1, memory_order_relaxed);
}

void pst_decoder_release(pst_decoder *decoder) {
    if (decoder == NULL || atomic_fetch_sub(&decoder->n_refs, 1) > 1)
        return;
    free_parts(decoder);
    pst_io_close(decoder->io, NULL);
    pst_free(decoder);
}
