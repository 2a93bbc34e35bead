// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "dsp/response_cut.h"

#include <math.h>

// What work costs, measured: nanoseconds of one number, there and back, in a step of a transform
// by two; and of a product, which mostly waits for memory.
static const double STEP = 0.12, PRODUCT = 0.11;

enum { N_SIZES = PST_CUT_ROWS }; // From PST_CUT_MIN to PST_CUT_MAX.

static double cost_of_block(uint32_t n_block) {
    // Longer ones do not stay in the first cache.
    const double n_steps = log2(n_block), n_near = 11.0;
    return n_block * STEP * n_steps * (n_steps > n_near ? 1.0 + 0.25 * (n_steps - n_near) : 1.0);
}

// Of one frame, on average.
static double cost_of_row(const pst_cut_row *row, uint32_t call_frames, bool is_first) {
    double n_times = 1.0 / row->n_block;
    // Calls that end within a block have it transformed all the same.
    if (is_first)
        n_times =
            (call_frames / row->n_block + (call_frames % row->n_block != 0)) / (double)call_frames;
    return n_times * cost_of_block(row->n_block) + PRODUCT * row->n_parts;
}

static uint32_t parts_for(int64_t n_frames, uint32_t n_block) {
    return (uint32_t)((n_frames + n_block - 1) / n_block);
}

// sizes: bit i says that there is a row of PST_CUT_MIN << i.
static bool lay_out(pst_cut *cut, uint32_t sizes, int64_t n_frames) {
    *cut = (pst_cut){0};
    for (uint32_t i = 0; i < N_SIZES; ++i) {
        if ((sizes >> i & 1) == 0)
            continue;
        const uint32_t n_block = (uint32_t)PST_CUT_MIN << i;
        pst_cut_row *row = &cut->rows[cut->n_rows];
        row->n_block = n_block;
        row->first = cut->n_rows == 0 ? 0 : 2 * (int64_t)n_block;
        if (row->first >= n_frames)
            return false;
        if (cut->n_rows > 0)
            row[-1].n_parts = parts_for(row->first - row[-1].first, row[-1].n_block);
        row->n_parts = parts_for(n_frames - row->first, n_block);
        ++cut->n_rows;
    }
    return cut->n_rows > 0;
}

void pst_cut_response(pst_cut *cut, int64_t n_frames, uint32_t call_frames) {
    double least = INFINITY;
    for (uint32_t sizes = 1; sizes < 1u << N_SIZES; ++sizes) {
        pst_cut tried;
        if (!lay_out(&tried, sizes, n_frames))
            continue;
        // Blocks longer than a call would be transformed again and again.
        if (tried.rows[0].n_block > call_frames && tried.rows[0].n_block > PST_CUT_MIN)
            continue;
        double cost = 0.0;
        for (uint32_t i = 0; i < tried.n_rows; ++i)
            cost += cost_of_row(&tried.rows[i], call_frames, i == 0);
        if (cost < least) {
            least = cost;
            *cut = tried;
        }
    }
}
