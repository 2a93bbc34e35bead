// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_STREAM_DESCRIBE_H
#define PST_STREAM_DESCRIBE_H

#include "pastream/diagnostics.h"
#include "stream/flow.h"

// What a flow knows of the frames that went through it. All may be asked during a run.
// Thread: any. Realtime: yes.

// As pst_stream_describe_input.
void pst_flow_describe_input(const pst_flow *flow, uint64_t position, uint64_t n_frames,
                             pst_frames_info *info) PST_RT;

// As pst_stream_input_time_s and pst_stream_output_time_s. 0 before the first callback of the run.
double pst_flow_input_time_s(const pst_flow *flow, int64_t frame) PST_RT;
double pst_flow_output_time_s(const pst_flow *flow, int64_t frame) PST_RT;

// As pst_stream_get_clock, all but the calendar.
void pst_flow_read_clock(const pst_flow *flow, pst_clock_reading *reading) PST_RT;

// As pst_stream_pop_event. Thread: any, one at a time.
bool pst_flow_pop_event(pst_flow *flow, pst_stream_event *event) PST_RT;

#endif
