// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_DSP_LIVE_CONVOLVER_H
#define PST_DSP_LIVE_CONVOLVER_H

#include "pastream/base.h"

// Convolution of one or two channels with a long response, without delay, and with work that is
// spread evenly: the response is cut into parts that are the longer the later they are heard
// (W. Gardner, "Efficient convolution without input-output delay", 1995), and what a long part
// asks for is done bit by bit while the next one is being filled. All of it happens within the
// calls, so results depend on nothing but the sound and the lengths of the calls.
//
// In float32. What comes in and is not finite counts as 0.
typedef struct pst_live_convolver pst_live_convolver;

// channels: n_channels planes of n_frames, at least 1. One plane is for each channel, two are for
// left and right; of four, left goes to the first and second, for left and right, and right to
// the others.
typedef struct pst_response {
    const float *const *channels;
    uint32_t n_channels; // 1, 2 or 4.
    int64_t n_frames;
    double gain;
} pst_response;

// Makes one. call_frames: how many frames calls will mostly have; it decides how the response is
// cut. Returns PST_OK or PST_NO_MEMORY.
// Thread: control. Realtime: no. Ownership: the caller's, until pst_live_convolver_destroy.
pst_status pst_live_convolver_create(pst_live_convolver **convolver, const pst_response *response,
                                     uint32_t call_frames, pst_error *err);

// NULL is allowed. Thread: control. Realtime: no.
void pst_live_convolver_destroy(pst_live_convolver *convolver);

// How many channels come out of the next call, 1 or 2, if it gets n_in: mono stays mono as long as
// the response is, and until what was in stereo has faded.
// Thread: one at a time. Realtime: yes.
uint32_t pst_live_convolver_n_out(const pst_live_convolver *convolver, uint32_t n_in) PST_RT;

// Takes n_frames of n_in channels, 1 or 2, and writes as many of pst_live_convolver_n_out. in: NULL
// is silence. Returns how much work that was, in units of about one transform of one number.
// Thread: one at a time. Realtime: yes.
uint64_t pst_live_convolver_run(pst_live_convolver *convolver, const float *const *in,
                                uint32_t n_in, float *const *out, uint32_t n_frames) PST_RT;

// Whether nothing but silence comes, until there is sound again.
// Thread: one at a time. Realtime: yes.
bool pst_live_convolver_is_silent(const pst_live_convolver *convolver) PST_RT;

// Forgets all frames. Thread: one at a time. Realtime: yes.
void pst_live_convolver_reset(pst_live_convolver *convolver) PST_RT;

#endif
