// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_STREAM_LOSS_H
#define PST_STREAM_LOSS_H

#include "device/backend.h"

// How many frames the device or its host lost, from the device's clock and never from flags: one
// flag has stood for 72 000 lost frames, and for none.
//
// The deviation is what the clock says less what we counted. What it means depends on the clock:
//
//   exact      The deviation is the loss, at once.
//   estimated  The clock is read at the callback, which may come late, so the deviation is too
//              large now and then. What stays of a jump, the smallest deviation over settle_ns,
//              is a loss: a host that delivers late what it buffered has caught up by then.
//   none       The monotonic clock at the nominal rate stands in. The same rule, but only after an
//              xrun flag or a long silence, for this clock also runs away by the device's drift.
//
// A slow change of the deviation is drift: what is normal follows the smallest deviation of every
// second.

typedef struct pst_loss_config {
    pst_counter counter;
    double rate_hz;
    uint32_t grain_frames; // A loss is a multiple of it; 0 if that is not known.
    int64_t settle_ns;     // 0 takes a default where one is needed.
} pst_loss_config;

typedef struct pst_loss {
    pst_loss_config config;
    bool begun;
    bool restarted;         // The last update found that the device had not begun before.
    int64_t origin;         // Of the clock, at frame 0 of our count.
    int64_t count;          // Frames passed: called with, or found lost.
    uint32_t block_frames;  // Largest block so far.
    double normal;          // Deviation that means no loss.
    double jitter;          // How far above normal it is on the average.
    double window_smallest; // Deviation since the last update of normal.
    int64_t window_end_ns;
    int64_t last_ns;         // Of the last callback.
    int64_t alert_until_ns;  // No clock: a jump counts until then.
    bool suspected;          // A jump is being watched.
    uint32_t n_suspect;      // Callbacks since.
    int64_t suspect_ns;      // When it was first seen.
    int64_t suspect_frame;   // The count then: the gap lies before that frame.
    double suspect_smallest; // Deviation since.
    double suspect_jitter;   // The jitter then.
} pst_loss;

// Begins a run. Thread: control. Realtime: yes.
void pst_loss_init(pst_loss *loss, const pst_loss_config *config) PST_RT;

// Takes a block into account. Returns how many frames are known to be lost since the last call,
// and, if there are any, the number of the first frame after the gap in the count so far (which
// does not contain the gap) in *gap_frame. With an estimated clock that lies up to settle_ns back.
// Thread: callback. Realtime: yes.
int64_t pst_loss_update(pst_loss *loss, const pst_block *block, int64_t *gap_frame) PST_RT;

#endif
