// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_CHAIN_TIMES_H
#define PST_CHAIN_TIMES_H

#include "pastream/chain.h"
#include "pastream/packet.h"

// Times are told in units of a time base, and counted in frames on their way.

// Numbers beyond are refused: sums and differences of two are still numbers.
#define PST_MOST_FRAMES (INT64_MAX / 4)

// Returns how many frames a unit of the time base is; 1 if none was told.
// Thread: any. Realtime: yes.
double pst_frames_per_unit(const pst_media *media) PST_RT;

// Returns a time as the number of a frame, rounded to nearest and kept within PST_MOST_FRAMES.
// pts: not PST_NO_PTS. Thread: any. Realtime: yes.
int64_t pst_frame_of_pts(const pst_media *media, int64_t pts) PST_RT;

// Returns the number of a frame as a time, counted from what was told, and rounded likewise.
// Thread: any. Realtime: yes.
int64_t pst_pts_of_frame(const pst_media *media, int64_t frame) PST_RT;

// Returns the frame at which a buffer begins that says pts, when next_frame would follow: times are
// rounded to their time base, so that less than a unit of it is no gap.
// pts: PST_NO_PTS gives next_frame. Thread: any. Realtime: yes.
int64_t pst_frame_after(const pst_media *media, int64_t pts, int64_t next_frame) PST_RT;

// Notes that pts was told of a frame; PST_NO_PTS: nothing was. Thread: any. Realtime: yes.
void pst_tell_pts(pst_media *media, int64_t pts, int64_t frame) PST_RT;

// Lets times be told as on the side before, if the rate is the same. Thread: any. Realtime: yes.
void pst_keep_times(pst_media *media, const pst_media *before) PST_RT;

// Returns PST_OK, or PST_BAD_ARGUMENT if the rate is none or the time base is half told, or told
// where the rate is not known. Thread: any. Realtime: no.
pst_status pst_check_times(const pst_media *media, int64_t pts, pst_error *err);

#endif
