// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_DSP_INTERPOLATE_H
#define PST_DSP_INTERPOLATE_H

#include "pastream/resample.h"

// A change of the sample rate without a filter: lines between frames, or each frame held until the
// next. Output frame k lies at k * from_hz / to_hz, so nothing adds up over time.

typedef struct pst_interpolator pst_interpolator;

// quality: PST_RESAMPLE_LINEAR or PST_RESAMPLE_HOLD. format: F32 or F64. The rest was checked.
// Returns PST_OK or PST_NO_MEMORY. Thread: control. Realtime: no. Ownership: the caller's.
PST_NODISCARD pst_status pst_interpolator_create(pst_interpolator **interpolator,
                                                 pst_resample_quality quality, pst_format format,
                                                 uint32_t n_channels, double from_hz, double to_hz,
                                                 pst_error *err);

// NULL is allowed.
void pst_interpolator_destroy(pst_interpolator *interpolator);

// Forgets all input. Thread: one at a time. Realtime: yes.
void pst_interpolator_reset(pst_interpolator *interpolator) PST_RT;

// Takes and gives frames as pst_samplerate_process does. Of n frames taken so far, no more are made
// than pst_resampled_frames says. Thread: one at a time. Realtime: yes.
int64_t pst_interpolator_process(pst_interpolator *interpolator, const void *in, int64_t n_in,
                                 void *out, int64_t n_out_max, int64_t *n_used) PST_RT;

// Returns the frame that was taken last; silence before there was one. Realtime: yes.
const void *pst_interpolator_last(const pst_interpolator *interpolator) PST_RT;

#endif
