// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_TESTS_RT_GUARD_H
#define PST_TESTS_RT_GUARD_H

#include <stdbool.h>

// Finds what does not belong on the audio thread: link rt_guard.c into the test. It interposes
// the C library's functions that allocate, lock, sleep or do input and output, and counts calls of
// them that this thread makes between enter and leave.
//
//     rt_guard_enter();
//     pst_ring_write(ring, data, 64);
//     CHECK_EQ(rt_guard_leave(), 0);

// Whether it works in this build. Not with sanitizers: they interpose the same functions.
bool rt_guard_works(void);

// Begins a guarded region on this thread. Regions may be nested.
void rt_guard_enter(void);

// Ends it. Returns how many forbidden calls this thread made in it.
int rt_guard_leave(void);

// Returns the name of the last forbidden function that this thread called, or "".
const char *rt_guard_culprit(void);

#endif
