// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_STREAM_COUNTS_H
#define PST_STREAM_COUNTS_H

#include <stdatomic.h>

#include "pastream/stream.h"

// The numbers behind pst_stream_stats. The callback alone writes them during a run; everybody may
// read them. Relaxed: each is exact by itself, and nothing else is read on the strength of one.
typedef _Atomic int64_t pst_count;

typedef struct pst_counts {
    pst_count frames;
    pst_count end_frame;
    pst_count captured;
    pst_count skipped;
    pst_count inserted;
    pst_count dropped;
    pst_count lost;
    pst_count played;
    pst_count missing;
    pst_count padded;
    pst_count clipped;
    pst_count nonfinite;
    pst_count zero_frames;
    pst_count callbacks;
    pst_count xruns;
    pst_count input_underflows;
    pst_count input_overflows;
    pst_count output_underflows;
    pst_count output_overflows;
    pst_count events_dropped;
    pst_count last_callback_ns;
    pst_count start_ns;
    pst_count last_block_frames;
    pst_count min_block_frames;
    pst_count max_block_frames;
    pst_count flags;
    pst_count load_ppm; // Time in the callback over the block's duration, times a million.
    pst_count max_load_ppm;
    pst_count drift_ppb;
    pst_count thread_priority;
} pst_counts;

static inline int64_t pst_count_get(const pst_count *count) PST_RT {
    return atomic_load_explicit(count, memory_order_relaxed);
}

static inline void pst_count_set(pst_count *count, int64_t n) PST_RT {
    atomic_store_explicit(count, n, memory_order_relaxed);
}

// One writer, so no read-modify-write is needed. Thread: callback.
static inline void pst_count_add(pst_count *count, int64_t n) PST_RT {
    pst_count_set(count, pst_count_get(count) + n);
}

// Thread: callback.
static inline void pst_count_changes(pst_counts *counts, const pst_convert_counts *seen) PST_RT {
    if ((seen->n_clipped | seen->n_nonfinite) == 0)
        return;
    pst_count_add(&counts->clipped, (int64_t)seen->n_clipped);
    pst_count_add(&counts->nonfinite, (int64_t)seen->n_nonfinite);
}

// Sets all to 0. Thread: control, while no callback runs. Realtime: yes.
void pst_counts_clear(pst_counts *counts) PST_RT;

// Thread: any. Realtime: yes.
void pst_counts_read(const pst_counts *counts, pst_stream_stats *stats) PST_RT;

#endif
