// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "stream/counts.h"

void pst_counts_clear(pst_counts *counts) PST_RT {
    pst_count *each = (pst_count *)counts;
    _Static_assert(sizeof *counts % sizeof *each == 0, "nothing but counts");
    for (size_t i = 0; i < sizeof *counts / sizeof *each; ++i)
        pst_count_set(&each[i], 0);
}

void pst_counts_read(const pst_counts *counts, pst_stream_stats *stats) PST_RT {
    *stats = (pst_stream_stats){
        .frames = pst_count_get(&counts->frames),
        .end_frame = pst_count_get(&counts->end_frame),
        .captured_frames = pst_count_get(&counts->captured),
        .skipped_frames = pst_count_get(&counts->skipped),
        .inserted_frames = pst_count_get(&counts->inserted),
        .dropped_frames = pst_count_get(&counts->dropped),
        .lost_frames = pst_count_get(&counts->lost),
        .played_frames = pst_count_get(&counts->played),
        .missing_frames = pst_count_get(&counts->missing),
        .padded_frames = pst_count_get(&counts->padded),
        .n_clipped = pst_count_get(&counts->clipped),
        .n_nonfinite = pst_count_get(&counts->nonfinite),
        .zero_frames = pst_count_get(&counts->zero_frames),
        .n_callbacks = pst_count_get(&counts->callbacks),
        .n_xruns = pst_count_get(&counts->xruns),
        .n_input_underflows = pst_count_get(&counts->input_underflows),
        .n_input_overflows = pst_count_get(&counts->input_overflows),
        .n_output_underflows = pst_count_get(&counts->output_underflows),
        .n_output_overflows = pst_count_get(&counts->output_overflows),
        .n_events_dropped = pst_count_get(&counts->events_dropped),
        .last_callback_ns = pst_count_get(&counts->last_callback_ns),
        .start_ns = pst_count_get(&counts->start_ns),
        .last_block_frames = (uint32_t)pst_count_get(&counts->last_block_frames),
        .min_block_frames = (uint32_t)pst_count_get(&counts->min_block_frames),
        .max_block_frames = (uint32_t)pst_count_get(&counts->max_block_frames),
        .flags = (uint32_t)pst_count_get(&counts->flags),
        .cpu_load = (double)pst_count_get(&counts->load_ppm) * 1e-6,
        .max_cpu_load = (double)pst_count_get(&counts->max_load_ppm) * 1e-6,
        .thread_priority = (int32_t)pst_count_get(&counts->thread_priority),
        .drift_ppm = (double)pst_count_get(&counts->drift_ppb) * 1e-3,
    };
}
