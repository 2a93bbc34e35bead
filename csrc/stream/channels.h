// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_STREAM_CHANNELS_H
#define PST_STREAM_CHANNELS_H

#include "stream/flow.h"

// Which of the device's channels are which of the ring's.

// Returns PST_OK, or PST_BAD_ARGUMENT with the name of the field in the text.
// Thread: any. Realtime: no.
pst_status pst_channels_check(const pst_stream_config *config, pst_error *err);

// Sets the flow's device channels, and makes the matrices that are needed from the start. The
// flow's sides have their channels. They go away with the flow. Returns PST_OK or PST_NO_MEMORY.
// Thread: control. Realtime: no.
pst_status pst_channels_init(pst_flow *flow, const pst_stream_config *config, pst_error *err);

// Returns a side as the device has to be opened for it. Thread: any. Realtime: yes.
pst_side pst_channels_of_device(const pst_side *side, const pst_channel_map *map) PST_RT;

#endif
