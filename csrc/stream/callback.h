// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_STREAM_CALLBACK_H
#define PST_STREAM_CALLBACK_H

#include "stream/flow.h"

// What one callback hands from step to step.
typedef struct pst_pass {
    const pst_block *block;
    int64_t frame;         // Number of the block's first frame.
    bool is_xrun;          // Something was lost, missing or flagged.
    pst_status failure;    // Why a policy aborts the run; PST_OK if none does.
    int64_t failure_frame; // And at which frame.
} pst_pass;

// Moves one block. user is a pst_flow. This is the pst_process_fn of every stream.
// Thread: callback. Realtime: yes.
pst_verdict pst_stream_process(void *user, const pst_block *block) PST_RT;

// ---- Its parts ---------------------------------------------------------------------------

// Stores the block's input in the ring: skips, limits, converts, and follows the overflow policy.
void pst_capture_block(pst_flow *flow, pst_pass *pass) PST_RT;

// Takes into account that the device lost n_frames from `frame` on.
void pst_capture_lose(pst_flow *flow, int64_t frame, int64_t n_frames) PST_RT;

// Puts in as much of the silence that is owed as fits now. Its flags and time are those of block.
void pst_capture_pay(pst_flow *flow, const pst_block *block) PST_RT;

// Fills the block's output, which is silent already, from the ring: limits, converts, pads, and
// follows the underflow policy.
void pst_play_block(pst_flow *flow, pst_pass *pass) PST_RT;

// Finds out how late the callback is and what was lost, and shows the clock to the other threads.
// Sets pass->frame.
void pst_keep_time(pst_flow *flow, pst_pass *pass) PST_RT;

#endif
