// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_CHAIN_RECORDINGS_STORE_H
#define PST_CHAIN_RECORDINGS_STORE_H

#include "chain/stage.h"
#include "pastream/recording.h"

// A sink that keeps what it gets in memory that grows without ever moving: blocks of about a
// megabyte. Others may look at what is there while more comes.

// max_frames: 0 takes what fits in half of the machine's memory. Returns PST_OK or PST_NO_MEMORY.
// Thread: control. Realtime: no.
PST_NODISCARD pst_status pst_sink_store(pst_sink **sink, pst_format format, uint32_t n_channels,
                                        int64_t max_frames, pst_error *err);

// Thread: any, until the sink is destroyed. Realtime: no.
int64_t pst_store_frames(const pst_sink *sink);
int64_t pst_store_segments(pst_sink *sink);
bool pst_store_get_segment(pst_sink *sink, int64_t index, pst_segment *segment);
int64_t pst_store_copy(const pst_sink *sink, int64_t offset, int64_t n_frames, void *dst);

#endif
