// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_GRAPH_NODES_PITCH_H
#define PST_GRAPH_NODES_PITCH_H

#include "graph/node.h"

// Where a wave is, and how fast it goes: for sources with a frequency and a detune. All of it is
// the renderer's.
typedef struct pst_pitch {
    double phase; // In cycles, from 0 up to 1.
    bool has_begun;
    double frame_s; // One frame.
    double detune;  // The last one,
    double factor;  // and what it does to the frequency.
} pst_pitch;

void pst_pitch_init(pst_pitch *pitch, double rate_hz) PST_RT;

// Returns the cycles per frame at frame i of a quantum, from -0.5 to 0.5.
double pst_pitch_step(pst_pitch *pitch, const pst_values *frequency, const pst_values *detune,
                      uint32_t i) PST_RT;

// The same of n frames from frame `from` on.
void pst_pitch_steps(pst_pitch *pitch, const pst_values *frequency, const pst_values *detune,
                     uint32_t from, uint32_t n, double *steps) PST_RT;

// Goes on to where the wave is at the first frame, which may be later than its exact start.
void pst_pitch_begin(pst_pitch *pitch, const pst_schedule *schedule, const pst_quantum *quantum,
                     double step) PST_RT;

// Returns how many cycles the wave had made at the first frame if it had begun at 0: what begin
// adds to its phase.
double pst_pitch_lead(const pst_schedule *schedule, const pst_quantum *quantum, double step) PST_RT;

// Returns the part of a phase that is from 0 up to 1.
double pst_pitch_wrapped(double phase) PST_RT;

#endif
