// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_DSP_LIVE_RESAMPLER_H
#define PST_DSP_LIVE_RESAMPLER_H

#include "pastream/resample.h"

// A change of the sample rate of interleaved float frames on the audio thread, for ever: by
// libsamplerate, or by lines. Its first output frame lies where the first input frame does. It
// looks ahead, so output comes later than the input of the same time.

typedef struct pst_live_resampler pst_live_resampler;

// Makes a resampler for 1 to PST_MAX_CHANNELS channels.
// Returns PST_OK, PST_BAD_ARGUMENT (rates not above 0, or too far apart), PST_NO_MEMORY.
// Thread: control. Realtime: no. Ownership: the caller's, until pst_live_resampler_destroy.
PST_NODISCARD pst_status pst_live_resampler_create(pst_live_resampler **resampler,
                                                   pst_resample_quality quality,
                                                   uint32_t n_channels, double from_hz,
                                                   double to_hz, pst_error *err);

// NULL is allowed.
void pst_live_resampler_destroy(pst_live_resampler *resampler);

// Forgets all input. Thread: control, while nobody processes. Realtime: yes.
void pst_live_resampler_reset(pst_live_resampler *resampler) PST_RT;

// Takes up to n_in frames and gives up to n_out_max; *n_used tells how many were taken. Both are
// taken as far as the other allows. Returns how many frames were given.
// Thread: one at a time. Realtime: yes (work is proportional to the frames).
int64_t pst_live_resampler_process(pst_live_resampler *resampler, const float *in, int64_t n_in,
                                   float *out, int64_t n_out_max, int64_t *n_used) PST_RT;

// Returns how many output frames the output is behind the input at most, from the first call on:
// n input frames give at least n * to / from - lag frames. Constant.
// Thread: any. Realtime: yes.
int64_t pst_live_resampler_lag(const pst_live_resampler *resampler) PST_RT;

#endif
