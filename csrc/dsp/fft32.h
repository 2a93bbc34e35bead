// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_DSP_FFT32_H
#define PST_DSP_FFT32_H

#include "core/kernels/kernels.h"

// Transforms for convolving real sound in float32: 2 n real numbers become n complex ones, and
// products of those are convolutions that come back with the opposite sign. So nothing is special
// about the first and the last of them, and neighbours stay neighbours. (O. Ersoy, "Semisystolic
// array implementation of circular, skew circular, and linear convolutions", 1985.)
//
// A transform is a number of steps, so that a long one can be done bit by bit.
typedef struct pst_fft32 pst_fft32;

enum { PST_FFT32_MAX = 1 << 14 };

// Makes one for n complex numbers: a power of two, from PST_BINS_MIN to PST_FFT32_MAX. Returns NULL
// if there is no memory.
// Thread: control. Realtime: no. Ownership: the caller's, until pst_fft32_destroy.
PST_NODISCARD pst_fft32 *pst_fft32_create(uint32_t n);

// NULL is allowed. Thread: control. Realtime: no.
void pst_fft32_destroy(pst_fft32 *fft);

// How many steps there are. Each reads from one place and writes to another.
// Thread: any. Realtime: yes.
uint32_t pst_fft32_n_steps(const pst_fft32 *fft) PST_RT;

// Makes one step of a transform. Exchange the parts of all bins for the inverse, which does not
// divide by n. Thread: any. Realtime: yes.
void pst_fft32_step(const pst_fft32 *fft, uint32_t step, pst_bins from, pst_bins to) PST_RT;

// Makes of 2 n real numbers what is to be transformed; and of what the inverse gives, the second
// half of them. Thread: any. Realtime: yes.
void pst_fft32_fold(const pst_fft32 *fft, pst_bins to, const float *first,
                    const float *second) PST_RT;
void pst_fft32_unfold(const pst_fft32 *fft, float *second, pst_bins from) PST_RT;

#endif
