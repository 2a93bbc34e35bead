// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_CHAIN_NODES_REDUCE_H
#define PST_CHAIN_NODES_REDUCE_H

#include "pastream/fork.h"

// What the reducers of pastream/fork.h compute.

// Returns PST_OK, or PST_BAD_ARGUMENT (no such kind; weights that are not finite, not one for each
// branch, or given to a kind that has none). Thread: any. Realtime: no.
pst_status pst_reduce_check(const pst_reducer *reducer, uint32_t n_branches, pst_error *err);

// Whether samples are computed from samples: sum, product, mean, max, min.
// Thread: any. Realtime: yes.
bool pst_reduce_is_by_sample(pst_reduce_kind kind) PST_RT;

// Reduces n_samples of each of n_branches, for a kind that goes by samples and was checked.
//
// out: may be one of the branches, else it does not overlap with any.
// counts: gets the samples that were clipped added. NULL: not wanted.
// Thread: any. Realtime: yes.
void pst_reduce_samples(const pst_reducer *reducer, void *out, const uint8_t *const *branches,
                        uint32_t n_branches, pst_format format, size_t n_samples,
                        pst_convert_counts *counts) PST_RT;

// Exclusive or of n_bytes into out. Thread: any. Realtime: yes.
void pst_reduce_xor(uint8_t *out, const uint8_t *in, size_t n_bytes) PST_RT;

#endif
