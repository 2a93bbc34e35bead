// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_STREAM_HOOK_H
#define PST_STREAM_HOOK_H

#include "stream/flow.h"

// The user's function on the audio thread stands between the rings and the device. It sees the
// stream's formats and channels. Where the device has the same, it gets the device's own memory;
// else the block goes through memory that is made here.

// Takes the function over, and makes room for blocks of block_frames (0: any). The flow's sides
// have their formats and channels. Returns PST_OK or PST_NO_MEMORY: there is nothing to undo then.
// Thread: control. Realtime: no.
pst_status pst_hook_init(pst_flow *flow, const pst_stream_config *config, pst_error *err);

// Frees what init made. Does nothing without a function. Thread: control. Realtime: no.
void pst_hook_deinit(pst_flow *flow);

#endif
