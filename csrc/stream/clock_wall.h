// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_STREAM_CLOCK_WALL_H
#define PST_STREAM_CLOCK_WALL_H

#include "pastream/base.h"

// Reads the monotonic and the calendar clock together: what they said at one instant, as the
// narrowest of a few attempts found it, and how far apart the two readings can lie at most.
// wall_ns: since 1970 in UTC. Thread: any. Realtime: yes.
void pst_clock_wall_read(int64_t *monotonic_ns, int64_t *wall_ns, int64_t *error_ns) PST_RT;

#endif
