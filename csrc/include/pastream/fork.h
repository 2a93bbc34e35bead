// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PASTREAM_FORK_H
#define PASTREAM_FORK_H

#include "pastream/chain.h"

#if !defined(PST_CFFI) && defined(__cplusplus)
extern "C" {
#endif

// What becomes of the frames, or packets, of several branches.
//
// The first five are for frames. Each sample is computed from those at its place in all branches,
// in float64 and with full scale at 1; integers are rounded and clipped in the end, floats are not
// clipped. A NaN in one branch is a NaN in the result.
typedef enum pst_reduce_kind {
    PST_REDUCE_SUM = 1,     // w[0] * x[0] + w[1] * x[1] + ...
    PST_REDUCE_PRODUCT = 2, // (w[0] * x[0]) * (w[1] * x[1]) * ...
    PST_REDUCE_MEAN = 3,
    PST_REDUCE_MAX = 4,
    PST_REDUCE_MIN = 5,
    PST_REDUCE_CONCAT = 6, // Frames, or bytes of packets: one branch after another.
    PST_REDUCE_XOR = 7     // Bytes of packets, all as long as the first.
} pst_reduce_kind;

// How branches are joined.
typedef struct pst_reducer {
    pst_reduce_kind kind;
    const double *weights; // Of sums and products: finite, one per branch; NULL: all are 1.
    uint32_t n_weights;
} pst_reducer;

// Returns "sum", "product", "mean", "max", "min", "concat", "xor", or "unknown".
// Thread: any. Realtime: yes. Ownership: static text.
PST_API const char *pst_reduce_name(pst_reduce_kind kind) PST_RT;

#if !defined(PST_CFFI) && defined(__cplusplus)
}
#endif
#endif
