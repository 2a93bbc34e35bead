// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_STREAM_TAP_H
#define PST_STREAM_TAP_H

#include <stdatomic.h>

#include "device/backend.h"

// Stands between a device and a stream that may outlive it. Once it is cut, the device's callbacks
// reach the stream no more, whatever the host does: a handle that hangs can be left behind while
// another device takes its place. The device holds the tap as its user; a tap of a handle that was
// abandoned is leaked in place of the stream.
typedef struct pst_tap {
    pst_process_fn process; // Where blocks go.
    pst_pace_fn pace;
    void *user;
    _Atomic bool is_open;
    _Atomic bool is_inside; // A callback is on the other side now.
} pst_tap;

// Makes a closed tap for a request, and rewrites the request's functions and user so that it lies
// between. Returns NULL if there is no memory. Ownership: the caller's, freed by pst_free.
// Thread: control. Realtime: no.
PST_NODISCARD pst_tap *pst_tap_create(pst_open_request *request);

// Lets blocks through. NULL is allowed. Thread: control, before the device is started.
// Realtime: yes.
void pst_tap_open(pst_tap *tap) PST_RT;

// Lets no more through, and waits until nobody is inside. Returns false if that takes half a
// second, which no callback of ours does. NULL is allowed. Thread: control. Realtime: no (sleeps).
PST_NODISCARD bool pst_tap_cut(pst_tap *tap);

#endif
