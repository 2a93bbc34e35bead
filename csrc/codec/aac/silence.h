// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_CODEC_AAC_SILENCE_H
#define PST_CODEC_AAC_SILENCE_H

#include <stddef.h>
#include <stdint.h>

enum {
    PST_AAC_MAX_CONFIG_BYTES = 1024, // With the longest list of channels, far fewer.
    PST_AAC_SILENCE_BYTES = 40
};

// Makes a packet of silence that fits an AudioSpecificConfig (ISO/IEC 14496-3, 1.6.2 and 4.4.2).
// Returns its length; 0: for a stream like this, none can be made.
size_t pst_aac_make_silence(uint8_t *packet, const uint8_t *config, size_t n_config);

#endif
