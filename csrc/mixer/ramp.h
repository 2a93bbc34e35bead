// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_MIXER_RAMP_H
#define PST_MIXER_RAMP_H

#include "pastream/mixer.h"

// A gain that moves, or stands still. Its value at a frame depends only on how far that frame is
// from the ramp's beginning, not on how the frames are cut into blocks.
typedef struct pst_ramp {
    float from;
    float to; // Also the value of a ramp that is done.
    pst_curve curve;
    int64_t n_frames;
    int64_t n_done;
    double frame_share; // 1 / n_frames.
} pst_ramp;

// Stands still at a value.
void pst_ramp_hold(pst_ramp *ramp, float value) PST_RT;

// Goes from where it is to a value, in n_frames; 0: at once.
void pst_ramp_move(pst_ramp *ramp, float to, int64_t n_frames, pst_curve curve) PST_RT;

static inline int64_t pst_ramp_left(const pst_ramp *ramp) PST_RT {
    return ramp->n_frames - ramp->n_done;
}

// Returns the value of the next frame.
float pst_ramp_value(const pst_ramp *ramp) PST_RT;

// Multiplies gains by the values of the next frames, of which at least n_frames must be left. They
// stay the next ones.
void pst_ramp_apply(const pst_ramp *ramp, float *gains, int32_t n_frames) PST_RT;

// Passes over frames.
static inline void pst_ramp_advance(pst_ramp *ramp, int64_t n_frames) PST_RT {
    const int64_t n_left = pst_ramp_left(ramp);
    ramp->n_done += n_frames < n_left ? n_frames : n_left;
}

#endif
