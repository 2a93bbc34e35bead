// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_CHAIN_RUN_H
#define PST_CHAIN_RUN_H

#include "pastream/chain.h"

// Runs a chain on the calling thread, as its worker, until it is over. Others may meanwhile do
// everything that they may do to a chain that was started. The caller holds a reference.
// Returns PST_OK (done or cancelled), PST_BAD_STATE (it was started or cancelled before),
// PST_FORKED, or the error that ended it.
// Thread: worker. Realtime: no.
PST_NODISCARD pst_status pst_chain_run(pst_chain *chain, pst_error *err);

#endif
