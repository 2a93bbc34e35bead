// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_GRAPH_NODES_SPECTRUM_H
#define PST_GRAPH_NODES_SPECTRUM_H

#include "dsp/fft.h"

// The smoothed magnitudes of a sound's last frames.
typedef struct pst_spectrum {
    uint32_t n_frames; // A power of two.
    float *sound;      // The frames, to be filled in.
    double *window;
    double *re, *im;
    double *magnitudes; // n_frames / 2.
    pst_fft *fft;
} pst_spectrum;

// Makes one of silence. n_frames: from 32 to PST_FFT_MAX. Returns NULL if there is no memory.
// Thread: control.
PST_NODISCARD pst_spectrum *pst_spectrum_create(uint32_t n_frames);

// NULL is allowed. Thread: control.
void pst_spectrum_destroy(pst_spectrum *spectrum);

// Goes from the magnitudes that there are towards those of the sound: smoothing of the ones, the
// rest of the others. What is not finite becomes 0. Thread: one at a time.
void pst_spectrum_update(pst_spectrum *spectrum, double smoothing);

#endif
