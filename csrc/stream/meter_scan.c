// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "stream/meter_scan.h"

#include <string.h>

// Interleaved samples are a table with one row per some frames, and each of its columns, a lane,
// belongs to one channel. Lanes do not depend on each other, so the compiler turns a row into
// vector code. Peaks are compared as integers: the bits of positive floats are in the order of
// their values.

enum { WIDTH = 16 };

typedef struct lanes {
    int32_t peak[PST_SCAN_CHANNELS]; // Bits of a float.
    int32_t n_clipped[PST_SCAN_CHANNELS];
    float sum[PST_SCAN_CHANNELS];
} lanes;

static inline int32_t bits_of_size(float x) PST_RT {
    int32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits & INT32_MAX; // Without the sign.
}

static inline float float_of(int32_t bits) PST_RT {
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

static inline void scan_row(lanes *found, const float *row, uint32_t n_lanes,
                            int32_t limit) PST_RT {
    for (uint32_t lane = 0; lane < n_lanes; ++lane) {
        const int32_t size = bits_of_size(row[lane]);
        found->peak[lane] = size > found->peak[lane] ? size : found->peak[lane];
        found->n_clipped[lane] += size >= limit;
        found->sum[lane] += row[lane] * row[lane];
    }
}

static inline void scan_rows(lanes *found, const float *samples, size_t n_samples, uint32_t n_lanes,
                             int32_t limit) PST_RT {
    size_t done = 0;
    for (; done + n_lanes <= n_samples; done += n_lanes)
        scan_row(found, samples + done, n_lanes, limit);
    scan_row(found, samples + done, (uint32_t)(n_samples - done), limit);
}

void pst_scan_samples(const float *samples, size_t n_frames, uint32_t n_channels, float full_scale,
                      pst_scan *scans) PST_RT {
    const size_t n_samples = n_frames * n_channels;
    const int32_t limit = bits_of_size(full_scale);
    const uint32_t n_lanes = n_channels < WIDTH ? WIDTH / n_channels * n_channels : n_channels;
    lanes found;
    memset(found.peak, 0, n_lanes * sizeof *found.peak);
    memset(found.n_clipped, 0, n_lanes * sizeof *found.n_clipped);
    memset(found.sum, 0, n_lanes * sizeof *found.sum);
    if (n_lanes == WIDTH) // With a known width the lanes stay in registers.
        scan_rows(&found, samples, n_samples, WIDTH, limit);
    else
        scan_rows(&found, samples, n_samples, n_lanes, limit);
    for (uint32_t lane = 0; lane < n_lanes; ++lane) {
        pst_scan *scan = &scans[lane % n_channels];
        const float peak = float_of(found.peak[lane]);
        scan->peak = peak > scan->peak ? peak : scan->peak;
        scan->sum_of_squares += (double)found.sum[lane];
        scan->n_clipped += found.n_clipped[lane];
    }
}
