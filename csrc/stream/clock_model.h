// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_STREAM_CLOCK_MODEL_H
#define PST_STREAM_CLOCK_MODEL_H

#include "pastream/base.h"

// When frames pass, by the monotonic clock: a straight line from frame numbers to nanoseconds,
// fitted to the callbacks.
//
// A callback can be late, by anything, but hardly early. So only the earliest callback of each
// quarter of a second counts, and the line goes through the last 32 of these. A quarter that lies
// far off, because everything was late or a host delivered a burst, is left out; if that goes on,
// the line is wrong, and begins anew.

enum { PST_CLOCK_POINTS = 32 };

typedef struct pst_clock_point {
    int64_t frame;
    int64_t ns;
} pst_clock_point;

typedef struct pst_clock_model {
    double nominal_ns;   // Per frame, at the nominal rate.
    double ns_per_frame; // As measured, within 5 % of that.
    double error_ns;     // Standard error of that; infinite until it is measured.
    bool begun;
    pst_clock_point anchor; // A point of the line.
    // The quarter of a second being watched.
    int64_t window_start_ns;
    uint32_t window_callbacks;
    double window_offset_ns; // Of its earliest callback from the line.
    pst_clock_point window_best;
    // The last quarters.
    pst_clock_point points[PST_CLOCK_POINTS];
    uint32_t n_points;  // All that there were since the line began.
    uint32_t n_strange; // Left out in a row.
    double limit_ns;    // Farther off is strange.
} pst_clock_model;

// Thread: control, before the callbacks. Realtime: yes.
void pst_clock_model_init(pst_clock_model *model, double samplerate_hz) PST_RT;

// Begins a new line but keeps the rate, after a gap whose length is not known exactly.
// Thread: callback. Realtime: yes.
void pst_clock_model_restart(pst_clock_model *model) PST_RT;

// Takes a callback into account: the block of n_frames whose first frame has number `frame` was
// handed over at now_ns.
// Thread: callback. Realtime: yes.
void pst_clock_model_update(pst_clock_model *model, int64_t frame, uint32_t n_frames,
                            int64_t now_ns) PST_RT;

// Returns when a block that begins with this frame is or was handed over, if on time. Only after
// an update. Thread: callback. Realtime: yes.
int64_t pst_clock_model_ns(const pst_clock_model *model, int64_t frame) PST_RT;

// Returns how much faster than the nominal rate the device runs; 0 for the first seconds.
// Thread: callback. Realtime: yes.
double pst_clock_model_drift_ppm(const pst_clock_model *model) PST_RT;

#endif
