// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_DSP_SAMPLERATE_H
#define PST_DSP_SAMPLERATE_H

#include "pastream/resample.h"

// libsamplerate's band-limited interpolation of interleaved float frames, whose first output frame
// lies where the first input frame does.

typedef struct pst_samplerate pst_samplerate;

// quality: one of the filtered ones. The rates and channels were checked.
// Returns PST_OK or PST_NO_MEMORY. Thread: control. Realtime: no. Ownership: the caller's.
PST_NODISCARD pst_status pst_samplerate_create(pst_samplerate **samplerate,
                                               pst_resample_quality quality, uint32_t n_channels,
                                               double ratio, pst_error *err);

// NULL is allowed.
void pst_samplerate_destroy(pst_samplerate *samplerate);

// Forgets all input. Thread: one at a time. Realtime: yes.
void pst_samplerate_reset(pst_samplerate *samplerate) PST_RT;

// Takes up to n_in frames and gives up to n_out_max; *n_used tells how many were taken. It may stop
// early: everything is done when it neither takes nor gives. Returns how many frames were given.
// Thread: one at a time. Realtime: yes (work is proportional to the frames).
int64_t pst_samplerate_process(pst_samplerate *samplerate, const float *in, int64_t n_in,
                               float *out, int64_t n_out_max, int64_t *n_used) PST_RT;

#endif
