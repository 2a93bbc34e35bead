// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_STREAM_HOOK_H
#define PST_STREAM_HOOK_H

#include "stream/flow.h"

// The user's function on the audio thread, and a channel matrix, stand between the rings and the
// device. Between the two a block has the stream's formats and channels. Where the device has the
// same, that is the device's own memory; else the block goes through memory that is made here.

// Takes the function over if there is one, and makes room for it. The flow's sides have their
// formats and channels. Returns PST_OK or PST_NO_MEMORY: there is nothing to undo then.
// Thread: control. Realtime: no.
pst_status pst_hook_init(pst_flow *flow, const pst_stream_config *config, pst_error *err);

// Makes room for blocks of block_frames (0: any) unless there is some already. Callbacks may run:
// they do not look at it before there is a matrix. Returns PST_OK or PST_NO_MEMORY.
// Thread: control, one at a time. Realtime: no.
pst_status pst_hook_make_room(pst_flow *flow, uint32_t block_frames, pst_error *err);

// Frees what was made. Thread: control. Realtime: no.
void pst_hook_deinit(pst_flow *flow);

#endif
