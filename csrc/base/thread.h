// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_BASE_THREAD_H
#define PST_BASE_THREAD_H

#include <pthread.h>

#include "pastream/base.h"

// Threads of the library. They, and all threads that they start, have signals blocked, so that a
// Ctrl-C reaches the program's own threads. Only the signals of a fault in the thread itself
// (SIGSEGV and the like) stay open: blocking those would hide the crash report.

typedef struct pst_thread {
    pthread_t handle;
} pst_thread;

typedef void (*pst_thread_fn)(void *arg);

// Starts fn(arg). name: at most 15 bytes are kept; shown by ps and debuggers. The thread must be
// joined or detached.
// Returns PST_OK, PST_NO_MEMORY or PST_SYSTEM_ERROR.
// Thread: any. Realtime: no.
PST_NODISCARD pst_status pst_thread_start(pst_thread *thread, const char *name, pst_thread_fn fn,
                                          void *arg, pst_error *err);

// Waits for the thread to end, and gives it back. Not from the thread itself.
void pst_thread_join(pst_thread *thread);

// Lets the thread run on alone; its resources are freed when it ends.
void pst_thread_detach(pst_thread *thread);

// Asks for realtime scheduling (SCHED_FIFO) of the calling thread. Priority 1 to 99 is brought
// into the system's range. Best effort: most users have no permission.
// Returns PST_OK, PST_UNSUPPORTED or PST_SYSTEM_ERROR.
PST_NODISCARD pst_status pst_thread_try_realtime(int priority, pst_error *err);

// Returns the realtime priority of the calling thread, 1 to 99, or 0 if it has none.
// Thread: any. Realtime: yes (two system calls that do not block).
int pst_thread_realtime_priority(void) PST_RT;

// Returns a number that tells running threads of this process apart. Never 0.
// Thread: any. Realtime: yes (reads a register).
uint64_t pst_thread_id(void) PST_RT;

#endif
