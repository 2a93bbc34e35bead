// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "codec/mp3/gaps.h"

void pst_gaps_add(pst_gaps *gaps, int64_t frame_at, int64_t n_bytes) {
    if (gaps->n == PST_MOST_GAPS)
        gaps->has_more = true;
    else
        gaps->rows[gaps->n++] = (pst_gap){frame_at, n_bytes, 0};
}

bool pst_gaps_fill(pst_gaps *gaps, int64_t n_frames) {
    double n_bytes = 0.0, n_before = 0.0;
    for (int i = 0; i < gaps->n; ++i)
        n_bytes += (double)gaps->rows[i].n_bytes;
    if (gaps->has_more || n_bytes <= 0.0)
        return false;
    int64_t n_done = 0;
    for (int i = 0; i < gaps->n; ++i) {
        n_before += (double)gaps->rows[i].n_bytes;
        const int64_t n = (int64_t)((double)n_frames * n_before / n_bytes + 0.5);
        gaps->rows[i].n_frames = n - n_done;
        n_done = n;
    }
    return true;
}

int64_t pst_gaps_before(const pst_gaps *gaps, int64_t frame_at) {
    for (int i = 0; i < gaps->n; ++i)
        if (gaps->rows[i].frame_at == frame_at)
            return gaps->rows[i].n_frames;
    return 0;
}

int64_t pst_gaps_until(const pst_gaps *gaps, int64_t frame_at) {
    int64_t n = 0;
    for (int i = 0; i < gaps->n && gaps->rows[i].frame_at <= frame_at; ++i)
        n += gaps->rows[i].n_frames;
    return n;
}
