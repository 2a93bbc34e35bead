// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_CHAIN_NODES_FORK_CHECK_H
#define PST_CHAIN_NODES_FORK_CHECK_H

#include "chain/stage.h"
#include "pastream/fork.h"

// Whether branches fit together, and what a fork of them takes and gives, as far as they tell.
// Returns as pst_node_fork. Thread: control. Realtime: no.
pst_status pst_fork_check(const pst_branch *branches, uint32_t n_branches,
                          const pst_reducer *reducer, pst_media *in, pst_media *out,
                          pst_error *err);

#endif
