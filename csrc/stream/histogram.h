// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_STREAM_HISTOGRAM_H
#define PST_STREAM_HISTOGRAM_H

#include <stdatomic.h>

#include "pastream/diagnostics.h"

// The numbers behind pst_distribution. The callback alone adds; everybody may read.
//
//     access            by        order
//     n_begun, store    callback  relaxed, before the values
//     values, store     callback  release: who sees a new one also sees the new n_begun
//     n_done, store     callback  release: the values were stored before
//     n_done, load      reader    acquire
//     values, load      reader    acquire: the next load comes after them
//     n_begun, load     reader    relaxed, after the values; equal to n_done if nobody got between
//
// The sums are of distances from 1, where the interesting values lie: their squares stay small.
typedef struct pst_histogram {
    _Atomic int64_t n_begun;
    _Atomic int64_t n_done;
    _Atomic double smallest;
    _Atomic double largest;
    _Atomic double sum;
    _Atomic double sum_of_squares;
    _Atomic int64_t bins[PST_DISTRIBUTION_BINS];
} pst_histogram;

// Forgets everything. Thread: control, while no callback runs. Realtime: yes.
void pst_histogram_clear(pst_histogram *histogram) PST_RT;

// Counts a value. Negative ones and NaN count as 0. Thread: callback. Realtime: yes.
void pst_histogram_add(pst_histogram *histogram, double value) PST_RT;

// Gives what was counted so far. Thread: any. Realtime: no (tries again, with short sleeps, at most
// for some milliseconds).
void pst_histogram_read(const pst_histogram *histogram, pst_distribution *distribution);

#endif
