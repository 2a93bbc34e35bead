// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "stream/meter_scan.h"

#include <string.h>

// Interleaved samples are a table with one row per some frames, and each of its columns, a lane,
// belongs to one channel. Lanes do not depend on each other, so the compiler turns a row into
// vector code. Peaks are compared as integers: the bits of positive floats are in the order of
// their values.

enum { WIDTH = 16 };

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

static inline void scan_row(pst_scan_room *found, const float *row, uint32_t n_lanes,
                            int32_t limit) PST_RT {
    for (uint32_t lane = 0; lane < n_lanes; ++lane) {
        const int32_t size = bits_of_size(row[lane]);
        found->peak[lane] = size > found->peak[lane] ? size : found->peak[lane];
        found->n_clipped[lane] += size >= limit;
        found->sum[lane] += row[lane] * row[lane];
    }
}

static inline void scan_rows(pst_scan_room *room, size_t n_samples, uint32_t n_lanes,
                             int32_t limit) PST_RT {
    size_t done = 0;
    for (; done + n_lanes <= n_samples; done += n_lanes)
        scan_row(room, room->samples + done, n_lanes, limit);
    scan_row(room, room->samples + done, (uint32_t)(n_samples - done), limit);
}

void pst_scan_samples(pst_scan_room *room, size_t n_frames, uint32_t n_channels, float full_scale,
                      pst_scan *scans) PST_RT {
    const size_t n_samples = n_frames * n_channels;
    const int32_t limit = bits_of_size(full_scale);
    const uint32_t n_lanes = n_channels < WIDTH ? WIDTH / n_channels * n_channels : n_channels;
    memset(room->peak, 0, n_lanes * sizeof *room->peak);
    memset(room->n_clipped, 0, n_lanes * sizeof *room->n_clipped);
    memset(room->sum, 0, n_lanes * sizeof *room->sum);
    if (n_lanes == WIDTH) // With a known width the lanes stay in registers.
        scan_rows(room, n_samples, WIDTH, limit);
    else
        scan_rows(room, n_samples, n_lanes, limit);
    for (uint32_t lane = 0; lane < n_lanes; ++lane) {
        pst_scan *scan = &scans[lane % n_channels];
        const float peak = float_of(room->peak[lane]);
        scan->peak = peak > scan->peak ? peak : scan->peak;
        scan->sum_of_squares += (double)room->sum[lane];
        scan->n_clipped += room->n_clipped[lane];
    }
}
