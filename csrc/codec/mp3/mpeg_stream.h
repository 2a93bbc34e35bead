// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_CODEC_MP3_MPEG_STREAM_H
#define PST_CODEC_MP3_MPEG_STREAM_H

#include "codec/codec.h"
#include "codec/mpeg_header.h"

// The frames of MPEG audio in a file, one after another: what lies between them is passed over, and
// how many are missing there is told where that is certain. From the same place the same frames
// come, however they are read.

enum { PST_MPEG_WINDOW_BYTES = 65536 };

typedef enum pst_mpeg_next {
    PST_MPEG_FRAME,
    PST_MPEG_END,
    PST_MPEG_CHANGED, // Frames with another rate or number of channels follow.
    PST_MPEG_FAILED   // The place did.
} pst_mpeg_next;

typedef struct pst_mpeg_frame {
    const uint8_t *bytes; // Until the next call.
    pst_mpeg_header header;
    int64_t at;      // Position of its first byte.
    bool is_cut_off; // Something lies between it and the frame before, or was lost.
    int64_t n_lost;  // Frames that are certainly missing before it,
    int64_t n_holed; // or else the bytes in which some may be.
    uint32_t damage; // pst_damage_flags of what lies before it, or before the end.
} pst_mpeg_frame;

typedef struct pst_mpeg_stream {
    pst_io *io;
    pst_mpeg_header kind; // Of the first frame; n_bytes is that of free format, without padding.
    bool has_kind;
    int64_t end; // Where the sound ends at the latest.
    int64_t next_at;
    pst_mpeg_header last; // The frame before, if has_last.
    bool has_last;
    bool has_tags;   // Tags were found behind the last frame.
    int64_t keep_at; // The window keeps the bytes from here on; -1: none need to be kept.
    int64_t window_at;
    size_t n_window;
    uint8_t window[PST_MPEG_WINDOW_BYTES];
} pst_mpeg_stream;

// Begins at start_byte. end: where the sound ends; INT64_MAX if only the end of a pipe tells.
void pst_mpeg_stream_init(pst_mpeg_stream *stream, pst_io *io, int64_t start_byte, int64_t end);

pst_mpeg_next pst_mpeg_stream_next(pst_mpeg_stream *stream, pst_mpeg_frame *frame);

// Goes to the position of a frame that was found before.
void pst_mpeg_stream_goto(pst_mpeg_stream *stream, int64_t at);

// To be called behind a first frame that is no sound: the kind is that of the next one, if these
// differ.
void pst_mpeg_stream_begin_again(pst_mpeg_stream *stream);

// Tells whether exactly n_frames frames follow, 32 at most, and then the end. Changes nothing.
bool pst_mpeg_stream_ends_after(pst_mpeg_stream *stream, int64_t n_frames);

#endif
