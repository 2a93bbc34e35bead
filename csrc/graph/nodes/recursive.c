// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "graph/nodes/recursive.h"

#include <math.h>

#include "graph/render/bus.h"

// What n coefficients, those from the first on, give to frame j, if they go in one by one from
// frame 0 on, and each has the response given.
static double respond(const double *coefficients, uint32_t first, uint32_t n,
                      const double *response, uint32_t j) PST_RT {
    double sum = 0.0;
    for (uint32_t k = first; k < n && k - first <= j; ++k)
        sum += coefficients[k] * response[j - (k - first)];
    return sum;
}

void pst_recursive_columns(double (*columns)[PST_BLOCK_FRAMES], const double *b, uint32_t n_b,
                           const double *a, uint32_t n_a) PST_RT {
    double response[PST_BLOCK_FRAMES] = {1.0}; // Of the recursion alone.
    for (uint32_t j = 1; j < PST_BLOCK_FRAMES; ++j)
        for (uint32_t k = 1; k < n_a && k <= j; ++k)
            response[j] -= a[k] * response[j - k];
    double(*samples)[PST_BLOCK_FRAMES] = columns + (n_b - 1);
    double(*results)[PST_BLOCK_FRAMES] = samples + PST_BLOCK_FRAMES + (n_a - 1);
    for (uint32_t j = 0; j < PST_BLOCK_FRAMES; ++j) {
        for (uint32_t m = 1; m < n_b; ++m)
            columns[n_b - 1 - m][j] = respond(b, m, n_b, response, j);
        for (uint32_t i = 0; i < PST_BLOCK_FRAMES; ++i)
            samples[i][j] = i <= j ? respond(b, 0, n_b, response, j - i) : 0.0;
        for (uint32_t m = 1; m < n_a; ++m)
            results[-(int32_t)m][j] = -respond(a, m, n_a, response, j);
    }
}

void pst_recursive_fit(double *memory, uint32_t n_numbers, uint32_t n_from, uint32_t n_to) PST_RT {
    double old[PST_GRAPH_MAX_CHANNELS];
    for (uint32_t k = 0; k < n_numbers; ++k) {
        for (uint32_t from = 0; from < n_from; ++from)
            old[from] = memory[from * n_numbers + k];
        for (uint32_t to = 0; to < n_to; ++to) {
            double sum = 0.0;
            for (uint32_t from = 0; from < n_from; ++from)
                sum += (double)pst_bus_gain(n_from, from, n_to, to) * old[from];
            memory[to * n_numbers + k] = sum;
        }
    }
}

bool pst_recursive_is_quiet(const double *memory, size_t n) PST_RT {
    for (size_t i = 0; i < n; ++i)
        if (!(fabs(memory[i]) < 0x1p-50))
            return false;
    return true;
}
