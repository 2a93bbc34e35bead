// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_CODEC_OGG_CHANNELS_H
#define PST_CODEC_OGG_CHANNELS_H

#include <stdint.h>

// Vorbis and Opus put the channels of three and more loudspeakers in an order of their own: the
// centre between left and right, and the low frequencies last. Everywhere else in this library the
// order is that of WAV files.

// Returns a table: for each channel in the order of WAV files, which one it is in the file. NULL
// for numbers of channels that have the same order in both, or none.
const uint8_t *pst_ogg_channel_order(uint32_t n_channels);

#endif
