// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_CHAIN_STAGES_GAIN_H
#define PST_CHAIN_STAGES_GAIN_H

#include "chain/stage.h"

// Multiplies frames where they lie, as the stage (of pst_stage_gain, in no chain) does with those
// of a chain. Thread: one at a time. Realtime: yes.
void pst_stage_gain_apply(pst_stage *stage, void *frames, uint64_t n_frames) PST_RT;

// Returns PST_OK, or PST_BAD_ARGUMENT. Thread: any. Realtime: yes if the arguments are good.
pst_status pst_stage_gain_check(double gain, uint32_t ramp_frames, pst_error *err);

// Lets a stage look elsewhere for the gain that is wanted, as long as it lives.
// Thread: control. Realtime: yes.
void pst_stage_gain_follow(pst_stage *stage, _Atomic double *wanted);

#endif
