// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_GRAPH_NODES_BLEP_H
#define PST_GRAPH_NODES_BLEP_H

#include "pastream/base.h"

// Waves that jump, or turn a corner, with most of what lies beyond half the rate taken away: around
// each such place, two frames before it and two after, the wave is replaced by what a spline of
// the third order makes of it. (V. Valimaki, J. Pekonen, J. Nam, "Perceptually informed synthesis
// of bandlimited classical waveforms using integrated polynomial interpolation", 2012; F. Esqueda,
// V. Valimaki, S. Bilbao, "Rounding corners with BLAMP", 2016.)

// Where in the period something happens.
typedef struct pst_edge {
    double at;     // From 0 up to 1.
    double jump;   // How much higher the wave is after it.
    double corner; // How much steeper it is after it, per period.
} pst_edge;

enum { PST_BLEP_STRETCH = 64 }; // Frames at once, at most.

// Finds phases, from 0 up to 1, of n frames, from that of the first one on; steps are from -0.5 to
// 0.5. Returns the phase of the frame behind the last. Thread: any. Realtime: yes.
double pst_blep_phases(double *phases, double phase, double step, uint32_t n) PST_RT;
double pst_blep_phases_moving(double *phases, double phase, const double *steps, uint32_t n) PST_RT;

// Smooths the edges of a wave that was computed at n phases. steps: one for each frame; if
// is_steady, they are all the same. At a phase that is exactly an edge's, the wave has what comes
// after it. Thread: any. Realtime: yes.
void pst_blep_smooth(float *plane, const double *phases, const double *steps, bool is_steady,
                     uint32_t n, const pst_edge *edges, uint32_t n_edges) PST_RT;

#endif
