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

enum { PST_FORK_MAX_BRANCHES = 64 };

// Stages one after another.
typedef struct pst_branch {
    pst_stage *const *stages; // All different.
    uint32_t n_stages;        // 0 to PST_CHAIN_MAX_STAGES; 0: what comes goes on as it is.
} pst_branch;

// A stage that gives all that comes to each of several branches, and joins what they make of it.
//
// Frames are joined in their order, whatever a branch needs to look ahead, and numbered as those of
// branch 0. Branches give the same format, channels and rate. Towards the end a branch may give
// more than came in, as one with a delay does: the others are silent then. One that gives less
// than came in while others do not is an error, and so are different numbers of packets. With
// PST_REDUCE_CONCAT each buffer becomes one of all branches' frames, with the number of branch 0's.
// Packets keep all that is said about them in branch 0.
//
// name: of the stage, in errors; copied. NULL: "fork-join".
// branches: 1 to PST_FORK_MAX_BRANCHES. The stages are the fork's if this succeeds; the arrays are
// the caller's.
// Returns PST_OK, PST_NO_MEMORY, PST_BAD_ARGUMENT (the text names the branches that do not fit, or
// what is wrong with the reducer). Thread: control. Realtime: no.
PST_API PST_NODISCARD pst_status pst_node_fork(pst_stage **stage, const char *name,
                                               const pst_branch *branches, uint32_t n_branches,
                                               const pst_reducer *reducer, pst_error *err);

#if !defined(PST_CFFI) && defined(__cplusplus)
}
#endif
#endif
