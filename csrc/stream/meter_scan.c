// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "stream/meter_scan.h"

#include <string.h>

#include "core/kernels/kernels.h"

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

void pst_scan_samples(pst_scan_room *room, size_t n_frames, uint32_t n_channels, float full_scale,
                      pst_scan *scans) PST_RT {
    const size_t n_samples = n_frames * n_channels;
    const int32_t limit = bits_of_size(full_scale);
    const uint32_t n_lanes =
        n_channels < PST_SCAN_LANES ? PST_SCAN_LANES / n_channels * n_channels : n_channels;
    memset(room->peak, 0, n_lanes * sizeof *room->peak);
    memset(room->n_clipped, 0, n_lanes * sizeof *room->n_clipped);
    memset(room->sum, 0, n_lanes * sizeof *room->sum);
    const pst_scan_lanes lanes = {room->peak, room->n_clipped, room->sum};
    pst_kernels_now()->mix->scan(&lanes, room->samples, n_samples, n_lanes, limit);
    for (uint32_t lane = 0; lane < n_lanes; ++lane) {
        pst_scan *scan = &scans[lane % n_channels];
        const float peak = float_of(room->peak[lane]);
        scan->peak = peak > scan->peak ? peak : scan->peak;
        scan->sum_of_squares += (double)room->sum[lane];
        scan->n_clipped += room->n_clipped[lane];
    }
}
