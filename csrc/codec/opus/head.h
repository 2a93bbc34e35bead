// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_CODEC_OPUS_HEAD_H
#define PST_CODEC_OPUS_HEAD_H

#include "pastream/base.h"

// The first packet of an Ogg Opus stream, see RFC 7845 section 5.1.

enum { PST_OPUS_MAX_CHANNELS = 255, PST_OPUS_HEAD_BYTES = 21 + PST_OPUS_MAX_CHANNELS };

typedef struct pst_opus_head {
    uint32_t n_channels;
    uint32_t n_skipped; // Frames at 48 kHz before the sound.
    uint32_t rate_hz;   // Of what was encoded. Decoding always gives 48 kHz.
    int32_t gain;       // To be applied, in 1/256 dB.
    uint32_t family;    // How channels are arranged.
    uint32_t n_streams; // Of which so many,
    uint32_t n_coupled; // from the first on, have two channels.
    // Which of the streams' channels is the file's, 255: none, but silence.
    uint8_t mapping[PST_OPUS_MAX_CHANNELS];
} pst_opus_head;

// Returns PST_OK or PST_BAD_FILE.
pst_status pst_opus_head_read(pst_opus_head *head, const uint8_t *data, size_t n_bytes,
                              pst_error *err);

// Returns how many bytes it wrote; at most PST_OPUS_HEAD_BYTES.
size_t pst_opus_head_write(const pst_opus_head *head, uint8_t *data);

#endif
