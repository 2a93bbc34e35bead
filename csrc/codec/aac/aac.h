// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_CODEC_AAC_AAC_H
#define PST_CODEC_AAC_AAC_H

#include "codec/codec.h"
#include "codec/push/packet_codec.h"

// AAC by libavcodec: in ADTS files of our own reading and writing, in MP4 files by libavformat, and
// as bare packets.
extern const pst_decoder_ops pst_adts_decoder;
extern const pst_encoder_ops pst_adts_encoder;
extern const pst_decoder_ops pst_mp4_decoder;
extern const pst_encoder_ops pst_mp4_encoder;
extern const pst_encoder_ops pst_aac_packets_encoder;
extern const pst_packet_codec_ops pst_aac_packets;

#endif
