// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "pastream/diagnostics.h"
#include "stream/clock_wall.h"
#include "device/text.h"
#include "stream/describe.h"
#include "stream/state.h"

// What can be read of a stream at any time, from any thread, without waiting.

pst_ring *pst_stream_input_ring(const pst_stream *stream) PST_RT {
    return stream->flow.in.ring;
}

pst_ring *pst_stream_output_ring(const pst_stream *stream) PST_RT {
    return stream->flow.out.ring;
}

pst_ring *pst_stream_borrow_output_ring(pst_stream *stream) {
    // Whoever replaces the ring waits until nobody is in here.
    atomic_fetch_add(&stream->n_borrowers, 1);
    pst_ring *ring = atomic_load(&stream->flow.out.ring);
    if (ring != NULL)
        pst_ring_retain(ring);
    atomic_fetch_sub(&stream->n_borrowers, 1);
    return ring;
}

void pst_stream_hold_output(pst_stream *stream, bool holds) PST_RT {
    atomic_store(&stream->flow.out.is_held, holds);
}

void pst_stream_get_info(const pst_stream *stream, pst_stream_info *info) PST_RT {
    *info = stream->info;
}

void pst_stream_device_uid(pst_stream *stream, pst_direction direction, char *uid, size_t n_bytes) {
    if (n_bytes == 0)
        return;
    if (stream->keeper != NULL && pst_system_check_fork(stream->system, NULL) == PST_OK)
        pst_keeper_get_uid(stream->keeper, direction, uid, n_bytes);
    else
        pst_text_copy(uid, n_bytes,
                      direction == PST_INPUT ? stream->input_uid : stream->output_uid);
}

void pst_stream_get_stats(const pst_stream *stream, pst_stream_stats *stats) PST_RT {
    pst_counts_read(&stream->flow.counts, stats);
}

void pst_stream_get_timing(const pst_stream *stream, pst_timing *timing) {
    pst_histogram_read(&stream->flow.intervals, &timing->interval);
    pst_histogram_read(&stream->flow.loads, &timing->load);
}

void pst_stream_get_clock(const pst_stream *stream, pst_clock_reading *reading) PST_RT {
    const pst_flow *flow = &stream->flow;
    *reading = (pst_clock_reading){0};
    pst_flow_read_clock(flow, reading);
    pst_clock_wall_read(&reading->monotonic_ns, &reading->wall_ns, &reading->wall_error_ns);
}

bool pst_stream_pop_event(pst_stream *stream, pst_stream_event *event) PST_RT {
    return pst_flow_pop_event(&stream->flow, event);
}

void pst_stream_describe_input(const pst_stream *stream, uint64_t position, uint64_t n_frames,
                               pst_frames_info *info) PST_RT {
    pst_flow_describe_input(&stream->flow, position, n_frames, info);
}

void pst_stream_describe_chunks(const pst_stream *stream, uint64_t position, uint64_t n_frames,
                                uint64_t hop_frames, uint32_t n_chunks,
                                pst_frames_info *infos) PST_RT {
    for (uint32_t i = 0; i < n_chunks; ++i)
        pst_flow_describe_input(&stream->flow, position + i * hop_frames, n_frames, &infos[i]);
}

double pst_stream_input_time_s(const pst_stream *stream, int64_t frame) PST_RT {
    return pst_flow_input_time_s(&stream->flow, frame);
}

double pst_stream_output_time_s(const pst_stream *stream, int64_t frame) PST_RT {
    return pst_flow_output_time_s(&stream->flow, frame);
}
