// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_BASE_COROUTINE_H
#define PST_BASE_COROUTINE_H

#include "pastream/base.h"

// A function with a stack of its own, which can stop in the middle and go on later. It runs on the
// thread of whoever resumes it, which need not be the same each time, as long as it is one after
// another.

typedef struct pst_coroutine pst_coroutine;

typedef void (*pst_coroutine_fn)(pst_coroutine *self, void *user);

// Makes a coroutine that stands before its first line.
//
// stack_bytes: of address space, rounded up to whole pages; memory is taken as it is touched. A
// page below it that cannot be touched turns an overflow into a crash at once.
// Returns PST_OK, PST_NO_MEMORY or PST_SYSTEM_ERROR.
// Thread: any. Realtime: no.
PST_NODISCARD pst_status pst_coroutine_create(pst_coroutine **coroutine, pst_coroutine_fn function,
                                              void *user, size_t stack_bytes, pst_error *err);

// Runs it until it stops or ends. Returns whether it has stopped, so that it can be resumed again;
// false from one that has ended.
// Thread: any, one at a time, and not from within the coroutine. Realtime: no.
bool pst_coroutine_resume(pst_coroutine *coroutine);

// Stops the coroutine that calls this, until it is resumed again. The address of errno may be
// another one afterwards.
void pst_coroutine_yield(pst_coroutine *self);

// Whether it was begun and has not ended, so that things may lie on its stack.
bool pst_coroutine_is_under_way(const pst_coroutine *coroutine);

// Frees it. It must not be under way: nobody could free what its function has taken. NULL is
// allowed.
void pst_coroutine_destroy(pst_coroutine *coroutine);

#endif
