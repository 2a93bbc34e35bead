// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PASTREAM_GRAPH_ANALYSER_H
#define PASTREAM_GRAPH_ANALYSER_H

#include "pastream/graph.h"

#if !defined(PST_CFFI) && defined(__cplusplus)
extern "C" {
#endif

// What nodes of kind "analyser" have heard: their last fft_size frames, mixed down to mono, and the
// spectrum of those. Frames from before the graph's first one are silence.
//
// The spectrum is that of a Blackman window, divided by fft_size, so that a sine of full scale
// reaches about -13.6 dB. It is smoothed from one reading to the next: magnitudes are
// smoothing_time_constant of what they were, and the rest of what they are. All that is read in one
// quantum is one reading. Another fft_size begins anew.

enum { PST_ANALYSER_MAX_FRAMES = 32768 }; // fft_size, at most.

// Reads the spectrum in decibels; what there is nothing of is -INFINITY. n: how many there is room
// for; becomes how many there were, at most fft_size / 2. Number k belongs to the frequency
// k * rate / fft_size.
// Returns PST_OK, PST_BAD_ARGUMENT (no analyser) or PST_NO_MEMORY.
// Thread: any but callback, any number at once. Realtime: no (locks, allocates).
PST_API pst_status pst_analyser_read_decibels(pst_gnode *node, float *decibels, uint32_t *n,
                                              pst_error *err);

// The same as bytes: min_decibels is 0, max_decibels is 255, rounded down. Returns the same.
// Thread: any but callback, any number at once. Realtime: no (locks, allocates).
PST_API pst_status pst_analyser_read_decibel_bytes(pst_gnode *node, uint8_t *bytes, uint32_t *n,
                                                   pst_error *err);

// Reads the sound itself. n: how many there is room for; becomes how many there were, at most
// fft_size, the latest last. Where there is less room, the earliest of them come.
// Returns PST_OK, PST_BAD_ARGUMENT (no analyser) or PST_NO_MEMORY.
// Thread: any but callback, any number at once. Realtime: no (locks, allocates).
PST_API pst_status pst_analyser_read_sound(pst_gnode *node, float *sound, uint32_t *n,
                                           pst_error *err);

// The same as bytes: -1 is 0, silence is 128, rounded down. What is no number is silence.
// Returns the same.
// Thread: any but callback, any number at once. Realtime: no (locks, allocates).
PST_API pst_status pst_analyser_read_sound_bytes(pst_gnode *node, uint8_t *bytes, uint32_t *n,
                                                 pst_error *err);

#if !defined(PST_CFFI) && defined(__cplusplus)
}
#endif
#endif
