// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_CODEC_MP3_MP3_OPTIONS_H
#define PST_CODEC_MP3_MP3_OPTIONS_H

#include "codec/codec.h"
#include "codec/mpeg_header.h"

// What a new file can have. LAME itself would take the next best and say nothing.

// See pst_encoder_ops.check.
pst_status pst_mp3_check(const pst_file_format *format, const pst_encoder_options *options,
                         pst_error *err);

// Returns the mode that is meant where none is given.
pst_bitrate_mode pst_mp3_mode(const pst_encoder_options *options);

// Returns the version of MPEG that a sample rate belongs to.
pst_mpeg_version pst_mp3_version(uint32_t rate_hz);

#endif
