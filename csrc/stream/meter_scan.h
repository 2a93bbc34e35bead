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

// Room to work in, for whoever scans again and again. What is in it does not matter.
typedef struct pst_scan_room {
    float samples[PST_SCAN_SAMPLES];
    int32_t peak[PST_SCAN_CHANNELS]; // Bits of a float.
    int32_t n_clipped[PST_SCAN_CHANNELS];
    float sum[PST_SCAN_CHANNELS];
} pst_scan_room;

// Scans the first n_frames in room->samples, of n_channels (1 to PST_SCAN_CHANNELS) finite
// samples each, and adds what it finds to each channel's scan. Absolute values from `full_scale`
// on are clipped. Thread: any. Realtime: yes.
void pst_scan_samples(pst_scan_room *room, size_t n_frames, uint32_t n_channels, float full_scale,
                      pst_scan *scans) PST_RT;

#endif
