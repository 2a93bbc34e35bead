// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_CODEC_OPUS_DECODE_H
#define PST_CODEC_OPUS_DECODE_H

#include <opus_multistream.h>
#include <stdbool.h>

#include "codec/opus/head.h"

enum { PST_OPUS_MAX_PACKET_FRAMES = 5760 }; // 120 ms.

// libopus asks the processor what it can do with each packet of several streams, which takes longer
// than the decoding in a virtual machine. So one stream, as nearly all files have, goes past that.
typedef struct pst_opus_streams {
    OpusMSDecoder *all;
    OpusDecoder *alone; // Part of it; NULL if there are more, or its channels are not simply given.
} pst_opus_streams;

// Makes a decoder of 48 kHz for what a header tells: its gain is applied, and its channels come in
// the order of WAV. Returns PST_OK, PST_BAD_FILE or PST_NO_MEMORY.
PST_NODISCARD pst_status pst_opus_make_decoder(pst_opus_streams *decoder, const pst_opus_head *head,
                                               pst_error *err);

// Makes at most so many frames of a packet; of NULL, or with is_fec, what came before it is made.
// Returns how many, or libopus' error.
int32_t pst_opus_decode(pst_opus_streams *decoder, const uint8_t *data, int32_t n_bytes,
                        float *frames, int32_t most_frames, bool is_fec);

// Forgets all packets.
void pst_opus_reset_decoder(pst_opus_streams *decoder);

// Frees what is inside, if anything.
void pst_opus_drop_decoder(pst_opus_streams *decoder);

// Returns how many frames a packet gives, at 48 kHz; -1 if it cannot be one.
int32_t pst_opus_packet_frames(const uint8_t *data, uint64_t n_bytes);

#endif
