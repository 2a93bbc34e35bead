// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_TESTS_TIMING_H
#define PST_TESTS_TIMING_H

#include "pastream/base.h"

// Nanoseconds per step of the fastest of several runs: what the code costs when nothing else on the
// machine comes between.
enum { TIMING_RUNS = 7 };

// run(context, n_steps) does the work.
static inline double timing_ns_per_step(void (*run)(void *context, int64_t n_steps), void *context,
                                        int64_t n_steps) {
    double best = 0;
    run(context, n_steps / 10 + 1);
    for (int i = 0; i < TIMING_RUNS; ++i) {
        const int64_t began = pst_now_ns();
        run(context, n_steps);
        const double ns = (double)(pst_now_ns() - began) / (double)n_steps;
        if (i == 0 || ns < best)
            best = ns;
    }
    return best;
}

#endif
