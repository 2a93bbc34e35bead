// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PASTREAM_TAP_H
#define PASTREAM_TAP_H

#include "pastream/chain.h"
#include "pastream/feed.h"

#if !defined(PST_CFFI) && defined(__cplusplus)
extern "C" {
#endif

// Taps: stages that pass everything on as it is, and give it to a sink of their own, too. It learns
// of the borders of buffers and of the end, however that comes about. When it takes no more, the
// tap goes on without it; when it fails, the tap fails.

// What happens when a feed behind a tap is full.
typedef enum pst_tap_full {
    PST_TAP_WAIT = 0,        // The tap holds everything back until there is room.
    PST_TAP_DROP_OLDEST = 1, // The buffer that has waited longest is dropped.
    PST_TAP_DROP_NEWEST = 2  // The one that comes is dropped.
} pst_tap_full;

// A tap that leads into a sink, as slowly as that takes it. Frames that are not what the sink wants
// are converted for it, as by pst_chain_fit.
//
// name: of the stage, in errors; copied. NULL: "tap".
// sink: the tap's if this succeeds.
// Returns PST_OK, PST_NO_MEMORY. Thread: control. Realtime: no.
PST_API PST_NODISCARD pst_status pst_node_tap_sink(pst_stage **stage, const char *name,
                                                   pst_sink *sink, pst_error *err);

// A tap that leads into a feed, which is retained.
//
// name: as above.
// Returns PST_OK, PST_NO_MEMORY, PST_BAD_ARGUMENT (full). Thread: control. Realtime: no.
PST_API PST_NODISCARD pst_status pst_node_tap_feed(pst_stage **stage, const char *name,
                                                   pst_feed *feed, pst_tap_full full,
                                                   pst_error *err);

// Returns how many frames, or packets, such a stage has dropped because its feed was full; 0 for
// stages of another kind. Thread: any. Realtime: yes.
PST_API uint64_t pst_node_tap_dropped(const pst_stage *stage) PST_RT;

#if !defined(PST_CFFI) && defined(__cplusplus)
}
#endif
#endif
