// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_STREAM_GAPS_H
#define PST_STREAM_GAPS_H

#include "core/history.h"

// Where frames are missing in the input ring: the way from ring positions to frame numbers of the
// device. The ring holds the frames without their gaps, so
//
//     frame number = number of the run's first frame + position - position of the run's first frame
//                    + frames missing before that position
//
// The log also keeps which positions came with flags. It holds the last 1024 gaps or flags.
typedef struct pst_gaps {
    pst_history log; // First position, end position, missing so far, flags.
    int64_t missing; // All that are missing up to now. The callback's own.
} pst_gaps;

// What is known about a run of positions.
typedef struct pst_gaps_view {
    int64_t missing;    // Frames missing before its first frame.
    int64_t gap_frames; // Those missing after the last frame before the run and before its last.
    uint32_t flags;     // pst_flag of the entries that touch it; PST_FLAG_GAP if gap_frames > 0.
} pst_gaps_view;

// Thread: control, while no callback runs. Realtime: yes.
void pst_gaps_clear(pst_gaps *gaps) PST_RT;

// Notes that n_missing frames are missing just before `position`, and that the frames from there
// to `end` came with flags. Positions must not get smaller. To be called before the ring publishes
// these frames, so that who sees the frames finds the entry.
// Thread: callback. Realtime: yes.
void pst_gaps_push(pst_gaps *gaps, uint64_t position, uint64_t end, int64_t n_missing,
                   uint32_t flags) PST_RT;

// Looks up the positions from `position` to `position + n_frames`. What lies before the oldest
// entry that is left is described as if it was there.
// Thread: any. Realtime: yes (at most 1024 steps; one if there is no gap near by).
void pst_gaps_look(const pst_gaps *gaps, uint64_t position, uint64_t n_frames,
                   pst_gaps_view *view) PST_RT;

#endif
