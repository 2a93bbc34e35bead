// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_CHAIN_STAGE_GAIN_H
#define PST_CHAIN_STAGE_GAIN_H

#include "chain/stage.h"

// Multiplies frames where they lie, as the stage (of pst_stage_gain, in no chain) does with those
// of a chain. Thread: one at a time. Realtime: yes.
void pst_stage_gain_apply(pst_stage *stage, void *frames, uint64_t n_frames) PST_RT;

#endif
