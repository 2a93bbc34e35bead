// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_STREAM_KEEPER_PRIVATE_H
#define PST_STREAM_KEEPER_PRIVATE_H

#include <pthread.h>

#include "stream/state.h"

// Shared by keeper.c and reopen.c.

struct pst_keeper {
    _Atomic uint32_t n_refs; // The stream's and the thread's.
    _Atomic bool ends;
    _Atomic bool is_leaky; // A handle was given up, and with it what it may still touch.
    pst_system *system;    // Retained.
    pst_event wake;
    int64_t step_ns;           // Deadline of host calls.
    int64_t reopen_timeout_ns; // Negative: none.

    // The thread's own once it runs.
    pst_stream_config config; // What to open. Devices go by their uids.
    pst_virtual_config virtual_config;
    pst_virtual_memory *memory; // NULL for other devices.
    int64_t pause_ns;           // Before the next try.

    pthread_mutex_t lock; // Guards all below. Held briefly.
    pst_stream *stream;   // NULL once it is closed.
    pst_line left;        // To be closed.
    int64_t away_since_ns;
    char input_uid[PST_UID_BYTES], output_uid[PST_UID_BYTES];
    pst_error last; // Why the last try failed.
};

// Returns the stream with a reference, or NULL if it is closed. Before it is closed nobody frees
// it.
pst_stream *pst_keeper_hold(pst_keeper *keeper);

// Writes down which devices a handle is on. Thread: the keeper's, or control before it runs.
void pst_keeper_note_uids(pst_keeper *keeper, const pst_handle *handle);

// One try to find the device, with a list that was read after list_ns. The flow is only named here,
// and touched when the stream is held. Returns whether the stream runs again.
bool pst_keeper_try_to_open(pst_keeper *keeper, pst_flow *flow, int64_t list_ns);

#endif
