// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_BASE_CLOCK_H
#define PST_BASE_CLOCK_H

#include "pastream/base.h"

#define PST_NS_PER_SECOND INT64_C(1000000000)
#define PST_NS_PER_MS INT64_C(1000000)

// A deadline that never comes.
#define PST_NEVER_NS INT64_MAX

// Turns a timeout into a deadline of pst_now_ns: negative means never, and sums do not overflow.
// Thread: any. Realtime: yes.
int64_t pst_deadline_ns(int64_t timeout_ns) PST_RT;

// Sleeps until the monotonic clock reaches deadline_ns, also through signals. Returns at once if
// it has passed.
// Thread: control, worker. Realtime: no (sleeps).
void pst_sleep_until_ns(int64_t deadline_ns);

#endif
