// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_MIXER_LOOP_H
#define PST_MIXER_LOOP_H

#include "pastream/mixer.h"

// Where a loop jumps, and where it blends. Loops are resolved here: their end is a frame number.

static inline pst_loop pst_loop_resolved(const pst_loop *loop, int64_t n_frames) PST_RT {
    pst_loop resolved = *loop;
    if (resolved.end_frame < 0)
        resolved.end_frame = n_frames;
    return resolved;
}

// Whether playing on from a position will jump at the end of the loop.
static inline bool pst_loop_is_ahead(const pst_loop *loop, int64_t position) PST_RT {
    return loop->n_repeats != 0 && position < loop->end_frame;
}

// Whether the blended frames lie before the loop's start, not behind it.
static inline bool pst_loop_has_lead(const pst_loop *loop) PST_RT {
    return loop->start_frame >= loop->crossfade_frames;
}

// The first frame that is blended, in a pass that will jump.
static inline int64_t pst_loop_fade_start(const pst_loop *loop) PST_RT {
    return loop->end_frame - loop->crossfade_frames;
}

// The first frame with which it is blended.
static inline int64_t pst_loop_blend_start(const pst_loop *loop) PST_RT {
    return pst_loop_has_lead(loop) ? loop->start_frame - loop->crossfade_frames : loop->start_frame;
}

// Where the jump leads.
static inline int64_t pst_loop_target(const pst_loop *loop) PST_RT {
    return pst_loop_blend_start(loop) + loop->crossfade_frames;
}

#endif
