// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_GRAPH_RECURSIVE_H
#define PST_GRAPH_RECURSIVE_H

#include "core/kernels/kernels.h"

// What recursive filters have in common: see pst_recursion_kernels.

// Fills the columns of a filter's blocks: n_b - 1, a block's and n_a - 1 of them. a[0] is 1.
void pst_recursive_columns(double (*columns)[PST_BLOCK_FRAMES], const double *b, uint32_t n_b,
                           const double *a, uint32_t n_a) PST_RT;

// Lets a memory of n_numbers for each channel be one of n_to channels: what the filter would
// remember if all of its sound so far had been mixed to so many.
void pst_recursive_fit(double *memory, uint32_t n_numbers, uint32_t n_from, uint32_t n_to) PST_RT;

// Whether nothing that is remembered can be heard any more: all of it is 300 dB below 1.
bool pst_recursive_is_quiet(const double *memory, size_t n) PST_RT;

#endif
