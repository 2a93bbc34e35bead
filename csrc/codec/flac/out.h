// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_CODEC_FLAC_OUT_H
#define PST_CODEC_FLAC_OUT_H

#include "codec/codec.h"
#include "codec/flac/metadata.h"
#ifdef PST_HAS_OGG_FLAC
#include "codec/ogg/writer.h"
#endif

// Where a FLAC stream goes: head and frames one after another, or in the pages of an Ogg file, a
// page for each frame.

typedef struct pst_flac_out {
    pst_io *io;
    bool is_ogg;
    int64_t end_byte; // Where the last whole frame ends.
    int64_t n_frames; // PCM frames before that.
#ifdef PST_HAS_OGG_FLAC
    pst_ogg_writer ogg;
#endif
} pst_flac_out;

// Begins a file of the container with its head; program writes it. Failures leave nothing behind
// in memory. Returns PST_OK, PST_SYSTEM_ERROR or PST_NO_MEMORY.
pst_status pst_flac_out_init(pst_flac_out *out, pst_io *io, pst_container container,
                             const pst_flac_info *info, const pst_tags *tags, const char *program,
                             pst_error *err);

// Frees what there is in memory.
void pst_flac_out_deinit(pst_flac_out *out);

// Appends a frame of the codec, of n_frames PCM frames. Returns whether that was possible.
bool pst_flac_out_frame(pst_flac_out *out, const void *bytes, size_t n_bytes, uint32_t n_frames,
                        bool is_last);

// Writes the STREAMINFO again, in a place that can seek, and goes back to the end.
void pst_flac_out_info(pst_flac_out *out, const pst_flac_info *info);

// Cuts off what is behind the last whole frame, where that is possible.
void pst_flac_out_cut(pst_flac_out *out);

#endif
