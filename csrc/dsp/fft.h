// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_DSP_FFT_H
#define PST_DSP_FFT_H

#include "pastream/base.h"

// Fourier transforms of complex numbers, a power of two of them, with real and imaginary parts in
// arrays of their own. Neither direction divides by the number.
typedef struct pst_fft pst_fft;

enum { PST_FFT_MAX = 1 << 16 };

// Makes one for n numbers: a power of two, from 4 to PST_FFT_MAX. Returns NULL if there is no
// memory.
// Thread: control. Realtime: no. Ownership: the caller's, until pst_fft_destroy.
PST_NODISCARD pst_fft *pst_fft_create(uint32_t n);

// NULL is allowed. Thread: control. Realtime: no.
void pst_fft_destroy(pst_fft *fft);

// Transforms in place: X[k] = sum of x[i] exp(-2 pi j i k / n). Exchange the two arrays for the
// inverse. Thread: one at a time. Realtime: yes.
void pst_fft_run(pst_fft *fft, double *re, double *im) PST_RT;

#endif
