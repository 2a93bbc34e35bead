// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PASTREAM_RESAMPLE_H
#define PASTREAM_RESAMPLE_H

#include "pastream/base.h"

// How well sample rates are changed. Signal to noise and bandwidth, as a share of the lower rate's,
// are those that libsamplerate's authors give.
typedef enum pst_resample_quality {
    PST_RESAMPLE_MEDIUM = 0, // 121 dB, 90 %; looks 47 frames of the lower rate ahead.
    PST_RESAMPLE_FAST = 1,   // 97 dB, 80 %; 21 frames.
    PST_RESAMPLE_BEST = 2    // 144 dB, 97 %; 145 frames.
} pst_resample_quality;

enum { PST_RESAMPLE_MAX_RATIO = 256 };

#endif
