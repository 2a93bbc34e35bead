// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_CODEC_MP3_MPEG_DECODE_H
#define PST_CODEC_MP3_MPEG_DECODE_H

#include "codec/mpeg_header.h"
#include "pastream/base.h"

// Samples of single frames of MPEG audio, by libmpg123.

typedef struct pst_mpeg_decode pst_mpeg_decode;

// kind: as of every frame to come; n_bytes is the size of frames of free format, without padding.
// Returns PST_OK, PST_NO_MEMORY, PST_UNSUPPORTED, or PST_BAD_FILE (what libmpg123 gets wrong).
PST_NODISCARD pst_status pst_mpeg_decode_open(pst_mpeg_decode **decode, const pst_mpeg_header *kind,
                                              pst_error *err);

// Forgets all frames before.
void pst_mpeg_decode_reset(pst_mpeg_decode *decode);

// Decodes a frame. Returns its header->n_samples frames of float32, until the next call; NULL if
// nothing can be made of it.
const float *pst_mpeg_decode_frame(pst_mpeg_decode *decode, const uint8_t *bytes,
                                   const pst_mpeg_header *header);

// Tells whether the last frame came to nothing for want of memory.
bool pst_mpeg_decode_lacks_memory(const pst_mpeg_decode *decode);

// NULL is allowed.
void pst_mpeg_decode_close(pst_mpeg_decode *decode);

#endif
