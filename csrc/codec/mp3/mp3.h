// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_CODEC_MP3_MP3_H
#define PST_CODEC_MP3_MP3_H

#include "codec/codec.h"

// Files of MPEG audio: read by libmpg123, written by LAME.

extern const pst_decoder_ops pst_mp3_decoder;
extern const pst_encoder_ops pst_mp3_encoder;

#endif
