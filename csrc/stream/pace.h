// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_STREAM_PACE_H
#define PST_STREAM_PACE_H

#include "stream/flow.h"

// The pst_pace_fn of every stream: user is a pst_flow. Waits until the next block of n_frames finds
// room in the input ring for all that it will store, and in the output ring all that it will play,
// so that a free clock loses nothing whatever the policies are. Silence that is owed to the input
// goes in here, too.
//
// A ring must hold a block and what its reader waits for; otherwise each waits for the other.
//
// It does not wait for an output ring that was ended, nor, where there is an input to move along,
// for one that nobody has written to in this run. With output_run_frames it waits for the output
// ring no longer than the block lasts. Sides without a ring are not waited for. A block larger than
// a ring gets what the ring can give.
//
// Returns false when timeout_ns has passed, or the run is over.
// Thread: the driver's, the same that calls process. Realtime: no (blocks).
bool pst_stream_pace(void *user, uint32_t n_frames, int64_t timeout_ns);

#endif
