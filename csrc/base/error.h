// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_BASE_ERROR_H
#define PST_BASE_ERROR_H

#include "pastream/base.h"

#if defined(__GNUC__)
#define PST_PRINTF(format_at, first_at) __attribute__((format(printf, format_at, first_at)))
#else
#define PST_PRINTF(format_at, first_at)
#endif

// Fills the caller's error detail and returns the status, so that a failing function can end with
// `return pst_fail(err, ...)`. Text that is too long is cut, never in the middle of a UTF-8
// character.
// err: may be NULL. native_code: errno or the host API's code, 0 if there is none.
// Thread: any. Realtime: no (formats text).
pst_status pst_fail(pst_error *err, pst_status status, int32_t native_code, const char *format, ...)
    PST_PRINTF(4, 5);

// The same for a failed system call: "could not <what>: <text of the errno>". Running out of
// memory becomes PST_NO_MEMORY, everything else PST_SYSTEM_ERROR.
pst_status pst_fail_errno(pst_error *err, int errno_code, const char *what);

// The same for a failed allocation.
pst_status pst_fail_memory(pst_error *err);

#endif
