// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_STREAM_METER_SCAN_H
#define PST_STREAM_METER_SCAN_H

#include "pastream/format.h"

// The arithmetic of a meter: one pass over interleaved samples.

enum { PST_SCAN_SAMPLES = 1024, PST_SCAN_CHANNELS = 256 };

// What one channel had.
typedef struct pst_scan {
    float peak;
    double sum_of_squares;
    int64_t n_clipped;
} pst_scan;

// Scans n_frames of n_channels (1 to PST_SCAN_CHANNELS) finite samples, at most PST_SCAN_SAMPLES of
// them, and adds what it finds to each channel's scan. Absolute values from `full_scale` on are
// clipped. Thread: any. Realtime: yes.
void pst_scan_samples(const float *samples, size_t n_frames, uint32_t n_channels, float full_scale,
                      pst_scan *scans) PST_RT;

#endif
