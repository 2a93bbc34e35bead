// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_CODEC_G711_H
#define PST_CODEC_G711_H

#include "pastream/base.h"

// The two laws of ITU-T G.711: eight bits whose steps grow with the sound.

// Return a sample of 16 bits.
int16_t pst_ulaw_decode(uint8_t code);
int16_t pst_alaw_decode(uint8_t code);

// Return the code of the step that a sample lies in.
uint8_t pst_ulaw_encode(int16_t sample);
uint8_t pst_alaw_encode(int16_t sample);

#endif
