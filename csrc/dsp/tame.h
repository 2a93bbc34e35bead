// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_DSP_TAME_H
#define PST_DSP_TAME_H

#include "pastream/format.h"

// Filters sum up many samples: one that is not finite would spoil all around it, and very large
// ones would add up to infinity. So neither gets there. Both functions take F32 and F64.
// Thread: any. Realtime: yes.

// Tells whether all samples can be given to a filter.
bool pst_is_tame(const void *samples, pst_format format, size_t n_samples) PST_RT;

// Makes them so, in place: what is not finite becomes 0, what is too large the largest.
void pst_tame(void *samples, pst_format format, size_t n_samples) PST_RT;

#endif
