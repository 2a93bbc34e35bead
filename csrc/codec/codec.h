// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_CODEC_CODEC_H
#define PST_CODEC_CODEC_H

#include "codec/io.h"
#include "pastream/codec.h"

// What one codec does. decoder.c and encoder.c stand between it and the callers: they convert
// sample formats, keep positions and the first error, and refuse what is out of range; a codec
// only moves frames in a sample format of its own choice.
//
// Entries that a codec does not have are NULL.
typedef struct pst_codec_ops {
    // Whether the codec is the one for a container.
    bool (*handles)(pst_container container);

    // Opens a file for reading. raw: NULL unless the container is PST_CONTAINER_RAW. Fills info
    // and the sample format that read gives.
    // Returns as pst_decoder_open.
    pst_status (*open_decoder)(void **state, pst_io *io, pst_container container,
                               const pst_file_format *raw, pst_decoder_info *info,
                               pst_format *native, pst_error *err);
    // Reads up to n_frames; fewer at the end only. Returns PST_OK, or a failure after n_read.
    pst_status (*read)(void *state, void *data, uint64_t n_frames, uint64_t *n_read,
                       pst_error *err);
    // Goes to a frame that exists, or to the end.
    pst_status (*seek)(void *state, int64_t frame, pst_error *err);
    void (*close_decoder)(void *state);

    // Tells whether a file like this can be written; see pst_encoder_check.
    pst_status (*check)(const pst_file_format *format, pst_error *err);
    // Begins a file whose format was checked. Fills the sample format that write takes, and how
    // many frames the container can hold.
    pst_status (*open_encoder)(void **state, pst_io *io, const pst_file_format *format,
                               pst_format *native, int64_t *max_frames, pst_error *err);
    // Appends frames. n_written: whole frames that reached the place, also of a failed write.
    pst_status (*write)(void *state, const void *data, uint64_t n_frames, uint64_t *n_written,
                        pst_error *err);
    // Brings the header up to date.
    pst_status (*update)(void *state, pst_error *err);
    // Writes what is left and frees the state. The place stays open.
    pst_status (*finish)(void *state, pst_error *err);
} pst_codec_ops;

extern const pst_codec_ops pst_pcm_codec;

// Returns the codec for a container, NULL if this build has none.
const pst_codec_ops *pst_codec_for(pst_container container);

// Tells from its first bytes what a file is. Returns PST_OK, or PST_BAD_FILE with a text that says
// what it looks like.
pst_status pst_probe(const uint8_t *head, size_t n_bytes, pst_container *container, pst_error *err);

// Returns the name that users type for a container, such as "WAV".
const char *pst_container_name(pst_container container);

#endif
