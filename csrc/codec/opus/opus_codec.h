// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_CODEC_OPUS_OPUS_CODEC_H
#define PST_CODEC_OPUS_OPUS_CODEC_H

#include "codec/codec.h"
#include "codec/push/packet_codec.h"

extern const pst_decoder_ops pst_opus_decoder;
extern const pst_encoder_ops pst_opus_encoder;
extern const pst_encoder_ops pst_opus_packets_encoder;
extern const pst_packet_codec_ops pst_opus_packets;

// Decoding gives this rate, and Ogg counts in it, whatever was encoded.
enum { PST_OPUS_RATE_HZ = 48000 };

#endif
