// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_STREAM_CALLBACK_H
#define PST_STREAM_CALLBACK_H

#include "stream/flow.h"

// Frames to be stored. data NULL: silence.
typedef struct pst_pass_source {
    const uint8_t *data;
    pst_format format;
    uint32_t frame_bytes;
    pst_matrix *matrix; // On the way to the ring; NULL: the channels are the ring's.
} pst_pass_source;

// Where frames are to be played to.
typedef struct pst_pass_target {
    uint8_t *data;
    pst_format format;
    uint32_t frame_bytes;
    pst_matrix *matrix; // On the way from the ring; NULL: the channels are the ring's.
} pst_pass_target;

// What one callback hands from step to step.
typedef struct pst_pass {
    const pst_block *block;
    int64_t frame;          // Number of the first frame,
    int64_t n_frames;       // and how many: the whole block, or a piece of it.
    pst_pass_source source; // The device's, or what the user's function works in.
    pst_pass_target target;
    int32_t result;        // pst_callback_result of the user's function.
    bool is_xrun;          // Something was lost, missing or flagged.
    pst_status failure;    // Why a policy aborts the run; PST_OK if none does.
    int64_t failure_frame; // At which frame it does, or the user's function.
} pst_pass;

// Returns how many of n_frames from `frame` on lie before the limit; all if there is none.
static inline int64_t pst_frames_before(int64_t limit, int64_t frame, int64_t n_frames) PST_RT {
    const int64_t n = limit - frame;
    return limit < 0 || n > n_frames ? n_frames : n > 0 ? n : 0;
}

// Moves one block. user is a pst_flow. This is the pst_process_fn of every stream.
// Thread: callback. Realtime: yes.
pst_verdict pst_stream_process(void *user, const pst_block *block) PST_RT;

// ---- Its parts ---------------------------------------------------------------------------

// Stores pass->source in the input ring: skips, limits, converts, and follows the overflow policy.
void pst_capture_block(pst_flow *flow, pst_pass *pass) PST_RT;

// Takes into account that the device lost n_frames from `frame` on.
void pst_capture_lose(pst_flow *flow, int64_t frame, int64_t n_frames) PST_RT;

// Puts in as much of the silence that is owed as fits now. Its flags and time are those of block.
void pst_capture_pay(pst_flow *flow, const pst_block *block) PST_RT;

// Fills pass->target, which is silent already, from the output ring: limits, converts, pads, and
// follows the underflow policy.
void pst_play_block(pst_flow *flow, pst_pass *pass) PST_RT;

// Converts frames of the input to the ring's format and channels, and counts what that changed.
// src->data is not NULL.
void pst_convert_input(pst_flow *flow, void *dst, const pst_pass_source *src,
                       size_t n_frames) PST_RT;

// Converts frames in the ring's format and channels to the target's, and counts what that changed.
// NaN and infinities are kept if the stream was asked to.
void pst_convert_output(pst_flow *flow, const pst_pass_target *target, const void *src,
                        size_t n_frames) PST_RT;

// Moves the block by way of frames in the stream's formats and channels, which the user's function
// gets if there is one; in pieces if need be.
void pst_hook_block(pst_flow *flow, pst_pass *pass) PST_RT;

// Counts how long the input has been exactly zero, and reports it when that gets suspicious.
void pst_watch_silence(pst_flow *flow, const pst_pass *pass) PST_RT;

// Shows what went through to the meters, if there are any.
void pst_meter_pass(pst_flow *flow, const pst_pass *pass) PST_RT;

// Finds out how late the callback is and what was lost, and shows the clock to the other threads.
// Sets pass->frame.
void pst_keep_time(pst_flow *flow, pst_pass *pass) PST_RT;

#endif
