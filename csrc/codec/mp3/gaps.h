// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_CODEC_MP3_GAPS_H
#define PST_CODEC_MP3_GAPS_H

#include <stdbool.h>
#include <stdint.h>

// Places of a file where frames were lost, nobody knows how many: unless the whole number of frames
// is known, and how long each place is.

enum { PST_MOST_GAPS = 64 };

typedef struct pst_gap {
    int64_t frame_at; // Position of the first frame behind it.
    int64_t n_bytes;
    int64_t n_frames; // That are taken for lost there.
} pst_gap;

typedef struct pst_gaps {
    pst_gap rows[PST_MOST_GAPS]; // Rising.
    int n;
    bool has_more; // Than could be taken down: then nothing can be said about any.
} pst_gaps;

void pst_gaps_add(pst_gaps *gaps, int64_t frame_at, int64_t n_bytes);

// Spreads lost frames over the gaps, by their bytes. Returns false if that cannot be.
bool pst_gaps_fill(pst_gaps *gaps, int64_t n_frames);

// Returns how many frames are lost in the gap before the frame at this position,
int64_t pst_gaps_before(const pst_gaps *gaps, int64_t frame_at);

// and how many in all gaps up to there.
int64_t pst_gaps_until(const pst_gaps *gaps, int64_t frame_at);

#endif
