// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_BASE_TASK_H
#define PST_BASE_TASK_H

#include "pastream/base.h"

// Work that may never come back, such as a call into a host API whose server has died. It runs on
// a thread of its own; the caller waits for it only so long.

typedef int (*pst_task_fn)(void *arg);
typedef void (*pst_task_late_fn)(void *arg, int result);

// Runs fn(arg) on a helper thread and waits up to timeout_ns (negative: for ever).
//
// PST_OK: fn returned in time; *result is what it returned, and arg is the caller's as before.
// PST_TIMEOUT: it did not. arg now belongs to the helper thread: the caller must not touch it any
// more. If fn returns after all, on_late(arg, result) is called there, to free what is left. The
// thread is detached: nobody joins it, not even at exit.
// PST_NO_MEMORY, PST_SYSTEM_ERROR: the thread could not be started; fn was not called.
//
// name: of the thread, at most 15 bytes are kept; also used in the text of the error.
// result: may be NULL. on_late: may be NULL if arg needs no care.
// Thread: any but the audio thread. Realtime: no (blocks). Signals are blocked in the helper
// thread, as in all threads of the library, and so in the threads that fn starts.
PST_NODISCARD pst_status pst_task_run(const char *name, pst_task_fn fn, void *arg,
                                      int64_t timeout_ns, pst_task_late_fn on_late, int *result,
                                      pst_error *err);

#endif
