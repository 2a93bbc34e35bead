// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_DEVICE_HANDLE_PRIVATE_H
#define PST_DEVICE_HANDLE_PRIVATE_H

#include <stdatomic.h>

#include "device/system.h"

// Shared by open.c and handle.c.

enum { PST_HANDLE_NAME_BYTES = 256 };

// One reference is the caller's; each call that is out on a helper thread has another one.
struct pst_handle {
    _Atomic uint32_t n_refs;
    _Atomic bool is_abandoned;
    bool is_started;
    pst_claim claim;                  // Given back when the device is closed.
    void *native;                     // Of ops->open.
    char name[PST_HANDLE_NAME_BYTES]; // "'loopback'": for texts.
};

// Marks a handle whose call did not come back, counts it, and returns PST_TIMEOUT.
// verb: what the host was asked to do, "open" and so on.
pst_status pst_handle_give_up(pst_handle *handle, pst_system *system, const char *verb,
                              int64_t timeout_ns, pst_error *err);

// Fills *err with what a backend said, after the name of the device, and returns status.
pst_status pst_handle_fail(const pst_handle *handle, pst_status status, const pst_error *detail,
                           pst_error *err);

void pst_handle_unref(pst_handle *handle);

#endif
