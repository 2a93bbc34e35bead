// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_DEVICE_HANDLE_H
#define PST_DEVICE_HANDLE_H

#include "device/backend.h"

// An open device, whose every host call runs on a helper thread with a deadline. A call that does
// not come back in time makes the handle abandoned: nobody waits for it or calls it any more, its
// memory and that of its user are leaked on purpose, and its generation of the backend (system.h)
// is not ended while the call is out. Should it come back after all, the helper thread closes the
// device; the handle stays abandoned for everybody else.
//
// A call that finds no memory for its helper thread fails with PST_NO_MEMORY, except stop, abort
// and close: they then run on the calling thread, without a deadline.
typedef struct pst_handle pst_handle;

// Validates both sides against the list, resolves device formats, and opens. request->input.device
// and output.device are indices of the system's list here. info->input_device_format and
// output_device_format tell the resolved formats.
// Returns as pst_stream_open. On PST_TIMEOUT *abandoned may be set: then user must be leaked.
// Thread: any, several at once. Realtime: no.
pst_status pst_handle_open(pst_handle **handle, pst_system *system, const pst_open_request *request,
                           int64_t timeout_ns, pst_open_info *info, bool *abandoned,
                           pst_error *err);

// Each returns the backend's status, or PST_TIMEOUT and the handle is abandoned from then on.
// On an abandoned handle they return PST_DEVICE_LOST at once. Starting what runs, and stopping what
// does not, does nothing; what ended by the verdict of process must be stopped before it can be
// started again. PST_FORKED in a forked child, where nothing is touched.
// Thread: one control thread at a time. Realtime: no.
pst_status pst_handle_start(pst_handle *handle, int64_t timeout_ns, pst_error *err);
pst_status pst_handle_stop(pst_handle *handle, int64_t timeout_ns, pst_error *err);
pst_status pst_handle_abort(pst_handle *handle, int64_t timeout_ns, pst_error *err);

// Aborts if it was started, closes, and frees; each of the two steps gets timeout_ns. PST_OK: no
// callback runs any more and user may be freed. Otherwise the handle was abandoned and user must be
// leaked. Either way the handle is gone for the caller. NULL is allowed.
// Thread: one control thread at a time. Realtime: no.
pst_status pst_handle_close(pst_handle *handle, int64_t timeout_ns, pst_error *err);

// Whether the host says that more callbacks will come. Asks the host without a deadline, as hosts
// answer this from a variable; false once abandoned, and in a forked child.
// Thread: one control thread at a time. Realtime: no.
bool pst_handle_is_active(pst_handle *handle);

// Returns the uid of the device of one side; empty if there is none. Valid as long as the handle.
// Thread: any. Realtime: yes.
const char *pst_handle_uid(const pst_handle *handle, pst_direction direction) PST_RT;

// Thread: any. Realtime: yes.
bool pst_handle_is_abandoned(const pst_handle *handle) PST_RT;

// For streams: what a system needs to know of them to close them at the end of the program. The
// links live in the stream. Thread: any (guarded by the system's lock).
typedef struct pst_member {
    struct pst_member *next, *prev;
    void *owner;
} pst_member;

void pst_system_join(pst_system *system, pst_member *member, void *owner);
void pst_system_leave(pst_system *system, pst_member *member); // Does nothing if it has left.

// Calls take(owner) for one member after the other, oldest first, until it returns true, and
// returns that owner; NULL if it never did. take runs under the system's lock: it must be quick,
// and must take a reference if the owner is to be used afterwards.
void *pst_system_some_member(pst_system *system, bool (*take)(void *owner));

// Returns PST_OK, or PST_FORKED in a child of the process that made the system.
pst_status pst_system_check_fork(const pst_system *system, pst_error *err);

// Takes a reference, given back by pst_system_release.
void pst_system_retain(pst_system *system);

// Background work of the library that the end of the program should wait for (bounded).
// wait returns PST_OK when there is none left, or PST_TIMEOUT. Thread: any. Realtime: no.
void pst_system_begin_work(pst_system *system);
void pst_system_end_work(pst_system *system);
pst_status pst_system_wait_work(pst_system *system, int64_t timeout_ns);

// A stream has lost its device: a sign for those who watch the list. Thread: any. Realtime: no.
void pst_system_sign(pst_system *system);

// For the end of the program: as if every watch of the list were closed. Thread: any. Realtime: no.
void pst_system_close_watches(pst_system *system);

// For the end of the program: ends the host APIs within timeout_ns, unless a handle uses them. A
// client of JACK that just disappears makes the server lose periods of the others. The next
// question loads them again. Thread: any. Realtime: no.
void pst_system_unload(pst_system *system, int64_t timeout_ns);

#endif
