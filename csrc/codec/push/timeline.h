// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_CODEC_PUSH_TIMELINE_H
#define PST_CODEC_PUSH_TIMELINE_H

#include "pastream/base.h"

// When the frames of a stream are heard, where the caller said so: frames that are counted from 0
// go in on one side with times and come out on the other side, later, perhaps cut in other places.

// The times of frames from one on, until the next mark.
typedef struct pst_time_mark {
    int64_t frame;
    int64_t pts;
} pst_time_mark;

typedef struct pst_timeline {
    pst_time_mark base; // What holds before the first of the others.
    pst_time_mark *marks;
    size_t first, end, room;
} pst_timeline;

// Times that are allowed: so near to 0 that no sum of them and of lengths overflows.
#define PST_MAX_PTS (INT64_MAX / 4)

void pst_timeline_deinit(pst_timeline *timeline);

// Returns when a frame is heard.
int64_t pst_timeline_at(const pst_timeline *timeline, int64_t frame);

// Notes when a frame is heard, and those behind it. Frames come in order.
// Returns PST_OK; PST_NO_MEMORY.
PST_NODISCARD pst_status pst_timeline_mark(pst_timeline *timeline, int64_t frame, int64_t pts,
                                           pst_error *err);

// Forgets what only frames before this one need.
void pst_timeline_pass(pst_timeline *timeline, int64_t frame);

#endif
