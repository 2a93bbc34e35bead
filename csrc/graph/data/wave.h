// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_GRAPH_WAVE_H
#define PST_GRAPH_WAVE_H

#include "core/kernels/kernels.h"
#include "graph/data/shared.h"

// A wave as tables: each has the partials up to some number, so that a note is read from the one
// with the most of those that are below half the rate. Up to 32 there is a table for each number,
// then 12, then fewer for each octave: partials that high are weak.

typedef struct pst_wave_band {
    uint32_t n_partials;
    double low, high; // Cycles per frame for which it is the best: above low, below high.
    pst_wave_table table;
} pst_wave_band;

struct pst_wave {
    pst_shared shared;
    uint32_t n_bands;
    pst_wave_band *bands; // By number of partials.
    float *values;        // Of all tables.
    // What a wave of the user's was made of: n cosines and as many sines, one after the other.
    double *series;
    uint32_t n;
    bool is_normalized;
};

// The types of an oscillator, in the order of its choices.
typedef enum pst_shape {
    PST_SHAPE_SINE = 0,
    PST_SHAPE_SQUARE = 1,
    PST_SHAPE_SAWTOOTH = 2,
    PST_SHAPE_TRIANGLE = 3
} pst_shape;

// Makes one of the four for a graph of some rate. Returns PST_OK or PST_NO_MEMORY.
pst_status pst_wave_create_shape(pst_wave **wave, pst_shape shape, double rate_hz, pst_error *err);

// Returns the band for a frequency, in cycles per frame and of either sign; NULL: nothing of the
// wave is below half the rate. Realtime: yes.
const pst_wave_band *pst_wave_pick(const pst_wave *wave, double cycles_per_frame) PST_RT;

#endif
