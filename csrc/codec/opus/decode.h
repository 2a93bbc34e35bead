// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_CODEC_OPUS_DECODE_H
#define PST_CODEC_OPUS_DECODE_H

#include <opus_multistream.h>

#include "codec/opus/head.h"

enum { PST_OPUS_MAX_PACKET_FRAMES = 5760 }; // 120 ms.

// Makes a decoder of 48 kHz for what a header tells: its gain is applied, and its channels come in
// the order of WAV. Returns PST_OK, PST_BAD_FILE or PST_NO_MEMORY.
PST_NODISCARD pst_status pst_opus_make_decoder(OpusMSDecoder **decoder, const pst_opus_head *head,
                                               pst_error *err);

// Returns how many frames a packet gives, at 48 kHz; -1 if it cannot be one.
int32_t pst_opus_packet_frames(const uint8_t *data, uint64_t n_bytes);

#endif
