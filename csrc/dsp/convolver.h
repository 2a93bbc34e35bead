// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_DSP_CONVOLVER_H
#define PST_DSP_CONVOLVER_H

#include "pastream/format.h"

// Convolution with many taps, a block behind: what comes in shows in what goes out block_frames
// later and after. It computes by Fourier transforms in float64, at the end of each block.
typedef struct pst_convolver pst_convolver;

// Makes one. taps: n_taps of them, at least 1. block_frames: a power of two, from 2 to 32768.
// Returns PST_OK or PST_NO_MEMORY.
// Thread: control. Realtime: no. Ownership: the caller's, until pst_convolver_destroy.
pst_status pst_convolver_create(pst_convolver **convolver, const double *taps, uint32_t n_taps,
                                uint32_t block_frames, uint32_t n_channels, pst_error *err);

// NULL is allowed. Thread: control. Realtime: no.
void pst_convolver_destroy(pst_convolver *convolver);

// Adds to n_frames of out what came of earlier frames, and takes as many frames. format: F32 or F64
// of both. Thread: one at a time. Realtime: yes.
void pst_convolver_add(pst_convolver *convolver, pst_format format, const void *in, void *out,
                       size_t n_frames) PST_RT;

// Forgets all frames. Thread: one at a time. Realtime: yes.
void pst_convolver_reset(pst_convolver *convolver) PST_RT;

#endif
