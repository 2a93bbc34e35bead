// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_CODEC_FLAC_FLAC_H
#define PST_CODEC_FLAC_FLAC_H

#include "codec/codec.h"

extern const pst_decoder_ops pst_flac_decoder;
extern const pst_encoder_ops pst_flac_encoder;

#endif
