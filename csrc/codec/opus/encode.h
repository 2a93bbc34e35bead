// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_CODEC_OPUS_ENCODE_H
#define PST_CODEC_OPUS_ENCODE_H

#include <opus_multistream.h>

#include "codec/codec.h"
#include "codec/opus/head.h"

// From frames to packets of Opus, by libopus.

enum { PST_OPUS_MAX_COMPLEXITY = 10, PST_OPUS_MOST_CHANNELS = 8 };

// The rates that frames can have, rising, 0-terminated.
extern const uint32_t pst_opus_rates_hz[];

// Takes a packet, which is gone with the next one. Returns PST_OK or an error.
typedef pst_status (*pst_opus_put)(void *user, uint8_t *data, int32_t n_bytes, pst_error *err);

typedef struct pst_opus_writer {
    pst_opus_put put;
    void *user;
    OpusMSEncoder *encoder;
    // The only stream of it, which goes on alone from the second packet on: as in decode.h. The
    // first tells it the bit rate. NULL: there was none yet, or there are more streams.
    OpusEncoder *alone;
    pst_opus_head head;
    const uint8_t *order;
    uint32_t packet_frames; // At the rate of the encoder.
    float *frames;          // A packet's, in the order of Opus.
    uint32_t n_filled;
    uint8_t *packet;
    int32_t packet_room;
    int64_t n_frames; // That came in, at the rate of the encoder.
    int64_t end;      // Of the packet that was put last, at 48 kHz, with what is skipped.
} pst_opus_writer;

// What streams of Opus can have. See pst_encoder_ops.check.
PST_NODISCARD pst_status pst_opus_check(const pst_file_format *format,
                                        const pst_encoder_options *options, pst_error *err);

// Opens an encoder, whose header is known from then on. put and user are filled in already. On
// failure pst_opus_end still has to be called. Returns PST_OK, PST_NO_MEMORY, PST_BAD_ARGUMENT.
PST_NODISCARD pst_status pst_opus_begin(pst_opus_writer *writer, const pst_file_format *format,
                                        const pst_encoder_options *options, pst_error *err);

// Tells of the packets, with the OpusHead as extradata.
void pst_opus_tell(const pst_opus_writer *writer, pst_encoder_stream *stream);

// As pst_encoder_ops.write.
PST_NODISCARD pst_status pst_opus_write(pst_opus_writer *writer, const float *data,
                                        uint64_t n_frames, uint64_t *n_written, pst_error *err);

// Puts the last packets, with silence behind the sound: also for no frames there is one.
PST_NODISCARD pst_status pst_opus_drain(pst_opus_writer *writer, pst_error *err);

// Returns where the sound ends that came in so far, at 48 kHz, with what is skipped.
int64_t pst_opus_sound_end(const pst_opus_writer *writer);

void pst_opus_end(pst_opus_writer *writer);

#endif
