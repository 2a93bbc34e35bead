// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "stream/describe.h"

double pst_flow_input_time_s(const pst_flow *flow, int64_t frame) PST_RT {
    pst_clock_line line;
    pst_clock_view_load(&flow->view, &line);
    return pst_clock_line_input_s(&line, frame);
}

double pst_flow_output_time_s(const pst_flow *flow, int64_t frame) PST_RT {
    pst_clock_line line;
    pst_clock_view_load(&flow->view, &line);
    return pst_clock_line_output_s(&line, frame);
}

void pst_flow_read_clock(const pst_flow *flow, pst_clock_reading *reading) PST_RT {
    pst_clock_line line;
    pst_clock_view_load(&flow->view, &line);
    if (line.ns_per_frame <= 0.0)
        return;
    const double nominal_ns = 1e9 / flow->samplerate_hz;
    reading->frame = line.frame;
    reading->frame_ns = line.ns;
    reading->ns_per_frame = line.ns_per_frame;
    reading->drift_ppm = (nominal_ns / line.ns_per_frame - 1.0) * 1e6;
    reading->drift_error_ppm = line.error_ns / line.ns_per_frame * 1e6;
    reading->input_age_s = line.age_ns * 1e-9;
    reading->output_delay_s = line.delay_ns * 1e-9;
}

void pst_flow_describe_input(const pst_flow *flow, uint64_t position, uint64_t n_frames,
                             pst_frames_info *info) PST_RT {
    pst_gaps_view gaps;
    pst_clock_line line;
    pst_gaps_look(&flow->gaps, position, n_frames, &gaps);
    pst_clock_view_load(&flow->view, &line);
    const uint64_t first = atomic_load_explicit(&flow->first_position, memory_order_relaxed);
    info->frame = atomic_load_explicit(&flow->first_frame, memory_order_relaxed) +
                  (int64_t)(position - first) + gaps.missing;
    info->gap_frames = gaps.gap_frames;
    info->flags = gaps.flags;
    info->adc_time_s = pst_clock_line_input_s(&line, info->frame);

    const uint64_t last = n_frames > 0 ? position + n_frames - 1 : position;
    pst_history_entry arrival;
    uint64_t index;
    if (pst_history_find(&flow->arrivals, last, &index, &arrival) && last < arrival.words[1])
        info->callback_ns = (int64_t)arrival.words[2];
    else if (line.ns_per_frame > 0.0) // Longer ago than the history goes: about then.
        info->callback_ns =
            (int64_t)pst_clock_line_ns(&line, info->frame + (int64_t)(last - position));
    else
        info->callback_ns = 0;
}

bool pst_flow_pop_event(pst_flow *flow, pst_stream_event *event) PST_RT {
    const uint64_t run = atomic_load_explicit(&flow->shown_run, memory_order_relaxed);
    pst_flow_event item;
    while (pst_queue_pop(flow->events, &item)) {
        if (item.run != run)
            continue;
        *event = item.event;
        return true;
    }
    return false;
}
