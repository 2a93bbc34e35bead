// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "stream/histogram.h"

#include <math.h>
#include <string.h>

#include "base/clock.h"

enum {
    SUB_BITS = 3, // Eight bins an octave.
    MANTISSA_BITS = 23,
    FIRST_EXPONENT = -12,
    LAST_BIN = PST_DISTRIBUTION_BINS - 1,
    ATTEMPTS = 32,
    EAGER_ATTEMPTS = 4
};

// The exponent and the upper bits of the mantissa, read as one integer, count the bins.
static uint32_t bin_of(float value) PST_RT {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    const int32_t first = (FIRST_EXPONENT + 127) * (1 << SUB_BITS);
    const int32_t bin = (int32_t)(bits >> (MANTISSA_BITS - SUB_BITS)) - first + 1;
    return (uint32_t)(bin < 0 ? 0 : bin > LAST_BIN ? LAST_BIN : bin);
}

double pst_distribution_edge(uint32_t bin) PST_RT {
    if (bin == 0)
        return 0.0;
    if (bin > LAST_BIN)
        return (double)INFINITY;
    const uint32_t step = bin - 1;
    const double within = 1.0 + (double)(step % (1 << SUB_BITS)) / (1 << SUB_BITS);
    const double octaves = (double)(UINT64_C(1) << (step >> SUB_BITS));
    return within * octaves / (1 << -FIRST_EXPONENT);
}

static double load(const _Atomic double *value, memory_order order) PST_RT {
    return atomic_load_explicit(value, order);
}

static void store(_Atomic double *value, double number) PST_RT {
    atomic_store_explicit(value, number, memory_order_release);
}

void pst_histogram_clear(pst_histogram *histogram) PST_RT {
    atomic_store_explicit(&histogram->n_begun, 0, memory_order_relaxed);
    for (int i = 0; i < PST_DISTRIBUTION_BINS; ++i)
        atomic_store_explicit(&histogram->bins[i], 0, memory_order_release);
    store(&histogram->smallest, 0.0);
    store(&histogram->largest, 0.0);
    store(&histogram->sum, 0.0);
    store(&histogram->sum_of_squares, 0.0);
    atomic_store_explicit(&histogram->n_done, 0, memory_order_release);
}

void pst_histogram_add(pst_histogram *histogram, double value) PST_RT {
    const double counted = value > 0.0 ? value : 0.0;
    const double distance = counted - 1.0;
    const int64_t n = atomic_load_explicit(&histogram->n_done, memory_order_relaxed);
    atomic_store_explicit(&histogram->n_begun, n + 1, memory_order_relaxed);
    _Atomic int64_t *bin = &histogram->bins[bin_of((float)counted)];
    atomic_store_explicit(bin, atomic_load_explicit(bin, memory_order_relaxed) + 1,
                          memory_order_release);
    if (n == 0 || counted < load(&histogram->smallest, memory_order_relaxed))
        store(&histogram->smallest, counted);
    if (n == 0 || counted > load(&histogram->largest, memory_order_relaxed))
        store(&histogram->largest, counted);
    store(&histogram->sum, load(&histogram->sum, memory_order_relaxed) + distance);
    store(&histogram->sum_of_squares,
          load(&histogram->sum_of_squares, memory_order_relaxed) + distance * distance);
    atomic_store_explicit(&histogram->n_done, n + 1, memory_order_release);
}

// Returns whether nothing changed meanwhile.
static bool read_once(const pst_histogram *histogram, pst_distribution *found, double *sum,
                      double *sum_of_squares) {
    found->n = atomic_load_explicit(&histogram->n_done, memory_order_acquire);
    found->smallest = load(&histogram->smallest, memory_order_acquire);
    found->largest = load(&histogram->largest, memory_order_acquire);
    *sum = load(&histogram->sum, memory_order_acquire);
    *sum_of_squares = load(&histogram->sum_of_squares, memory_order_acquire);
    for (int i = 0; i < PST_DISTRIBUTION_BINS; ++i)
        found->bins[i] = atomic_load_explicit(&histogram->bins[i], memory_order_acquire);
    return atomic_load_explicit(&histogram->n_begun, memory_order_relaxed) == found->n;
}

void pst_histogram_read(const pst_histogram *histogram, pst_distribution *distribution) {
    double sum = 0.0, sum_of_squares = 0.0;
    bool whole = false;
    for (int i = 0; i < ATTEMPTS && !whole; ++i) {
        if (i >= EAGER_ATTEMPTS) // The thread that adds may need our processor to go on.
            pst_sleep_until_ns(pst_now_ns() + PST_NS_PER_MS / 10);
        whole = read_once(histogram, distribution, &sum, &sum_of_squares);
    }
    distribution->mean = 0.0;
    distribution->deviation = 0.0;
    if (distribution->n == 0)
        return;
    const double n = (double)distribution->n;
    const double distance = sum / n;
    const double variance = sum_of_squares / n - distance * distance;
    distribution->mean = 1.0 + distance;
    distribution->deviation = variance > 0.0 ? sqrt(variance) : 0.0;
}
