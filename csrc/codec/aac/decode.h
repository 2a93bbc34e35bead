// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_CODEC_AAC_DECODE_H
#define PST_CODEC_AAC_DECODE_H

#include "codec/aac/av.h"
#include "codec/codec.h"

// From packets of AAC to frames. Each packet is packet_frames frames, wherever it lies; "raw"
// positions count them from the first packet. A file's own frame 0 is the raw frame skip_frames,
// since encoders begin with some that are not meant to be heard.

// Gives the next packet. Returns PST_OK, PST_END or an error.
typedef pst_status (*pst_aac_next)(void *user, AVPacket *packet, pst_error *err);

typedef struct pst_aac_reader {
    pst_aac_next next;
    void *user;
    pst_damage *damage;
    const uint8_t *extradata; // The AudioSpecificConfig, where no parameters have it. For opening.
    uint64_t n_extradata;
    uint32_t rate_hz;
    uint32_t n_channels;
    int64_t packet_frames;
    int64_t skip_frames;
    int64_t raw_end; // Of the file; INT64_MAX: where the packets end.

    AVCodecContext *codec;
    AVPacket *packet;
    AVFrame *frame;
    int64_t n_packets; // Number of the packet that comes next.
    int64_t frame_raw; // Position of the frame that was decoded last.
    int64_t raw;       // Position of what is given next.
    bool has_frame;
    bool is_over; // No more packets.
} pst_aac_reader;

enum {
    PST_AAC_PREROLL_PACKETS = 4, // Decoded before a frame that is sought; SBR remembers the most.
    PST_AAC_TRY_PACKETS = 32     // How many may make no sense at the begin of a file.
};

// Opens a decoder; parameters: NULL if the packets tell themselves (ADTS). next, user and damage
// are filled in already. Returns PST_OK, PST_NO_MEMORY, PST_BAD_FILE.
PST_NODISCARD pst_status pst_aac_open(pst_aac_reader *reader, const AVCodecParameters *parameters,
                                      pst_error *err);

// Decodes until there is a frame, and fills rate_hz, n_channels and packet_frames. The frames stay
// to be read. Returns PST_OK, PST_BAD_FILE or what the packets' source returned.
PST_NODISCARD pst_status pst_aac_look(pst_aac_reader *reader, pst_error *err);

// As pst_decoder_ops.read.
PST_NODISCARD pst_status pst_aac_read(pst_aac_reader *reader, float *data, uint64_t n_frames,
                                      uint64_t *n_read, pst_error *err);

// Returns the first packet that is needed to read from a frame of the file on.
int64_t pst_aac_packet_for(const pst_aac_reader *reader, int64_t frame);

// Goes on at a frame of the file, with the packet that the source gives next.
void pst_aac_restart(pst_aac_reader *reader, int64_t packet, int64_t frame);

// Whether the decoded frame is of the same kind as those before; of the first, whether we can hold
// it.
bool pst_aac_fits(const pst_aac_reader *reader);

// Says what changed with a frame that does not fit. Returns PST_BAD_FILE.
pst_status pst_aac_refuse_change(const pst_aac_reader *reader, int64_t frame, pst_error *err);

// Copies n_frames of the decoded frame, from its frame `at` on, and interleaves them.
void pst_aac_interleave(const pst_aac_reader *reader, int64_t at, float *to, int64_t n_frames);

void pst_aac_close(pst_aac_reader *reader);

#endif
