// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_CODEC_AAC_ENCODE_H
#define PST_CODEC_AAC_ENCODE_H

#include "codec/aac/av.h"
#include "codec/codec.h"

// From frames to packets of AAC-LC, by libavcodec's own encoder.

enum { PST_AAC_FRAMES = 1024 }; // Of a packet.

// Takes a packet. Returns PST_OK or an error.
typedef pst_status (*pst_aac_put)(void *user, AVPacket *packet, pst_error *err);

typedef struct pst_aac_writer {
    pst_aac_put put;
    void *user;
    AVCodecContext *codec;
    AVPacket *packet;
    AVFrame *frame; // Being filled.
    int n_filled;
    int64_t n_frames; // That came in,
    int64_t n_sent;   // and that went into the encoder.
    bool is_failed;   // Nothing more goes in.
} pst_aac_writer;

// What both kinds of files can have.
PST_NODISCARD pst_status pst_aac_check(const pst_file_format *format,
                                       const pst_encoder_options *options, pst_error *err);

// Opens an encoder. has_header: whether the file tells the codec's parameters once for all packets.
// put and user are filled in already. On failure pst_aac_end still has to be called.
PST_NODISCARD pst_status pst_aac_begin(pst_aac_writer *writer, const pst_file_format *format,
                                       const pst_encoder_options *options, bool has_header,
                                       pst_error *err);

// Tells of the packets, with the AudioSpecificConfig as extradata.
void pst_aac_tell(const pst_aac_writer *writer, pst_encoder_stream *stream);

// As pst_encoder_ops.write.
PST_NODISCARD pst_status pst_aac_write(pst_aac_writer *writer, const float *data, uint64_t n_frames,
                                       uint64_t *n_written, pst_error *err);

// Puts the packets that are still in the encoder; of a file without frames one of silence, all of
// which is to be left out.
PST_NODISCARD pst_status pst_aac_drain(pst_aac_writer *writer, pst_error *err);

void pst_aac_end(pst_aac_writer *writer);

#endif
