// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "base/alloc.h"
#include "base/error.h"
#include "codec/g711.h"
#include "codec/wav/wav.h"

typedef struct wav {
    pst_io *io;
    pst_damage *damage;
    pst_encoding encoding;
    int64_t data_start;
    int64_t n_frames; // INT64_MAX: until the pipe ends.
    int64_t position; // The next frame.
    uint32_t block_bytes;
    uint32_t sample_bytes;
    uint32_t n_channels;
    bool is_told;   // Whether the file says how long it is.
    bool is_turned; // The samples have the other byte order.
    bool is_off;    // The place stands somewhere within a frame.
} wav;

// Notes that the samples end within a frame, or a block of them. Some programs count the padding.
static void note_rest(pst_decoder_setup *setup, const pst_wav_header *header, int64_t n_frames) {
    const int64_t n_bytes = header->n_data_bytes, rest = n_bytes % header->block_bytes;
    const bool is_padding = rest == 1 && n_bytes % 2 == 0 && header->is_told;
    if (n_bytes != INT64_MAX && rest != 0 && !is_padding)
        pst_note_damage(setup->damage, PST_DAMAGE_TRUNCATED, n_frames, 0);
}

// Leaves the file to the codec of its compressed samples.
static pst_status hand_over(pst_decoder_setup *setup, const pst_wav_header *header,
                            pst_error *err) {
    const int64_t n_blocks = header->n_data_bytes / header->block_bytes;
    setup->encoding = header->format.encoding;
    setup->container = PST_CONTAINER_WAV;
    if (setup->encoding == PST_ENCODING_MP3) {
        setup->start_byte = header->data_start;
        if (header->n_data_bytes != INT64_MAX)
            setup->end_byte = header->data_start + header->n_data_bytes;
        return PST_OK;
    }
    // libsndfile multiplies as int.
    if (n_blocks > INT32_MAX / header->block_frames - 1)
        return pst_fail(err, PST_BAD_FILE, 0,
                        "The WAV file has compressed samples of a length that cannot be read");
    // Of a block that was cut libsndfile would make up the rest.
    setup->info.n_frames = n_blocks * header->block_frames;
    note_rest(setup, header, setup->info.n_frames);
    return PST_OK;
}

static pst_status wav_open(void **state, pst_decoder_setup *setup, pst_error *err) {
    pst_wav_header header;
    const pst_status status = pst_wav_read_header(&header, setup, err);
    if (status != PST_OK)
        return status;
    if (header.format.encoding != PST_ENCODING_PCM && header.format.encoding != PST_ENCODING_ULAW &&
        header.format.encoding != PST_ENCODING_ALAW)
        return hand_over(setup, &header, err);
    if (pst_io_seek(setup->io, header.data_start) < 0)
        return pst_io_fail(setup->io, err);
    wav *w = pst_alloc(sizeof *w);
    if (w == NULL)
        return pst_fail_memory(err);
    const bool is_endless = header.n_data_bytes == INT64_MAX;
    w->io = setup->io;
    w->damage = setup->damage;
    w->encoding = header.format.encoding;
    w->data_start = header.data_start;
    w->n_frames = is_endless ? INT64_MAX : header.n_data_bytes / header.block_bytes;
    w->block_bytes = header.block_bytes;
    w->n_channels = header.format.n_channels;
    w->sample_bytes = header.block_bytes / header.format.n_channels;
    w->is_told = header.is_told;
    w->is_turned = pst_wav_is_foreign(header.is_big);
    note_rest(setup, &header, w->n_frames);
    setup->info.format = header.format;
    setup->info.is_seekable = pst_io_is_seekable(w->io);
    setup->info.n_frames = setup->info.is_seekable ? w->n_frames : -1;
    if (!is_endless && w->is_told)
        setup->claimed_frames = w->n_frames;
    if (w->encoding != PST_ENCODING_PCM)
        setup->info.bitrate_bps = 8 * header.format.rate_hz * header.format.n_channels;
    setup->native = header.format.sample_format;
    *state = w;
    return PST_OK;
}

// Widens codes that lie in the second half of data, in place: what is written never reaches what
// is still to be read.
static void expand(const wav *w, uint8_t *data, size_t n_samples) {
    int16_t (*decode)(uint8_t) =
        w->encoding == PST_ENCODING_ULAW ? pst_ulaw_decode : pst_alaw_decode;
    for (size_t i = 0; i < n_samples; ++i) {
        const int16_t sample = decode(data[n_samples + i]);
        __builtin_memcpy(data + 2 * i, &sample, sizeof sample);
    }
}

static pst_status wav_read(void *state, void *data, uint64_t n_frames, uint64_t *n_read,
                           pst_error *err) {
    wav *w = state;
    *n_read = 0;
    if (w->is_off)
        return pst_io_fail(w->io, err);
    const uint64_t left = (uint64_t)(w->n_frames - w->position);
    const uint64_t wanted = n_frames < left ? n_frames : left;
    const bool is_law = w->encoding != PST_ENCODING_PCM;
    uint8_t *at = data;
    if (is_law)
        at += wanted * w->n_channels;
    const int64_t n = pst_io_read_some(w->io, at, w->block_bytes, (int64_t)wanted * w->block_bytes);
    const int64_t n_bytes = n > 0 ? n : 0;
    *n_read = (uint64_t)n_bytes / w->block_bytes;
    const size_t n_samples = (size_t)*n_read * w->n_channels;
    if (is_law) {
        if (*n_read < wanted)
            __builtin_memmove((uint8_t *)data + n_samples, at, n_samples);
        expand(w, data, n_samples);
    } else if (w->is_turned) {
        pst_wav_swap(data, n_samples, w->sample_bytes);
    }
    w->position += (int64_t)*n_read;
    if (*n_read == wanted)
        return PST_OK;
    if (pst_io_error(w->io) != 0) {
        const int64_t border = w->data_start + w->position * w->block_bytes;
        w->is_off = pst_io_tell(w->io) != border && pst_io_seek(w->io, border) != border;
        return pst_io_fail(w->io, err);
    }
    if (n_bytes > 0 && n_bytes % w->block_bytes == 0)
        return PST_OK;
    // The end came before it was due, or in the middle of a frame.
    if (w->is_told || w->n_frames != INT64_MAX || n_bytes % w->block_bytes != 0)
        pst_note_damage(w->damage, PST_DAMAGE_TRUNCATED, w->position, 0);
    return PST_OK;
}

static pst_status wav_seek(void *state, int64_t frame, pst_error *err) {
    wav *w = state;
    if (pst_io_seek(w->io, w->data_start + frame * w->block_bytes) < 0)
        return pst_io_fail(w->io, err);
    w->position = frame;
    w->is_off = false;
    return PST_OK;
}

static void wav_close(void *state) {
    pst_free(state);
}

const pst_decoder_ops pst_wav_decoder = {
    .open = wav_open,
    .read = wav_read,
    .seek = wav_seek,
    .close = wav_close,
};
