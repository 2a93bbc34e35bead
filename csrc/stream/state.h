// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_STREAM_STATE_H
#define PST_STREAM_STATE_H

#include <pthread.h>

#include "device/handle.h"
#include "stream/flow.h"
#include "stream/keeper.h"

// A stream: the realtime half, and around it what control needs.
//
// Control calls come from any thread, at once. Those that change the stream hold `control`, also
// while they wait for the host, which pst_handle bounds in time. Those that only look, or wait for
// frames, never wait for `control`. Whoever closes first sets `closing`, which sends everybody else
// home; `closed` says that no host call is under way or will come.

struct pst_stream {
    pst_flow flow; // First: it wants to lie on a cache line.

    // Constant once open.
    pst_keeper *keeper; // NULL: a device that is lost stays lost.
    pst_system *system; // Retained.
    pst_stream_info info;
    char input_uid[PST_UID_BYTES], output_uid[PST_UID_BYTES]; // Of the devices at opening.
    int64_t control_timeout_ns;
    int64_t stall_after_ns; // 0: goes by the blocks.
    int64_t lost_after_ns;  // 0: goes by stall_after_ns.
    pst_member member;

    _Atomic uint32_t n_refs;
    _Atomic bool closing;
    _Atomic bool closed;
    _Atomic bool reaped;          // A thread of the library is on the way to close it.
    _Atomic uint32_t n_borrowers; // Threads between reading the output ring and retaining it.
    _Atomic bool given_up; // The host never came back: the stream's memory must never be freed.

    // What the watchdog remembers, in health.c.
    _Atomic bool host_runs;          // Between a start that succeeded and the next stop.
    _Atomic int64_t host_started_ns; // When that was.
    _Atomic int64_t frames_at_start; // The run's count of frames then.
    _Atomic uint32_t presence;       // pst_presence.
    _Atomic bool drained;            // Complete, and played out.
    _Atomic bool loss_is_told;       // To those who watch the list of devices.
    _Atomic int64_t suspect_last_ns; // The last callback when the silence was first noticed.
    _Atomic int64_t suspect_since_ns;

    // A bit per reader of the input ring that a worker of the library reads through: what these
    // have not taken yet is not discarded by a start.
    _Atomic uint32_t workers;

    pthread_mutex_t control;
    pst_line line;     // Without a handle once closed, or while the device is away. Guarded by
                       // control.
    pst_limits limits; // Of the next run. Guarded by control.
};

// ---- open.c ------------------------------------------------------------------------------------

// Returns PST_OK, or PST_BAD_ARGUMENT with the name of the field in the text.
pst_status pst_stream_check_config(const pst_stream_config *config, pst_error *err);
pst_status pst_stream_check_limits(const pst_limits *limits, pst_error *err);

// Frees a closed stream that nobody refers to, unless the host never gave it back.
void pst_stream_destroy(pst_stream *stream);

// Refuses a ring of the caller's that does not fit its side. name is what the text calls it.
pst_status pst_stream_check_ring(const pst_ring *ring, uint32_t n_channels, pst_format format,
                                 uint32_t block_frames, const char *name, pst_error *err);

// ---- stream.c ----------------------------------------------------------------------------------

// Returns the output ring with a reference for the caller, NULL if there is none.
// Thread: any. Realtime: no (waits for nobody, but release may free).
pst_ring *pst_stream_borrow_output_ring(pst_stream *stream);

// ---- control.c -----------------------------------------------------------------------------

// Takes `control` of a stream that is open. Returns PST_OK, PST_CLOSED or PST_FORKED.
pst_status pst_stream_lock(pst_stream *stream, pst_error *err);
void pst_stream_unlock(pst_stream *stream);
// ---- readers.c ---------------------------------------------------------------------------------

// Attaches a reader to the input ring for a worker of the library, at the oldest frame of the run
// that the ring's own reader has not read; at the end if the stream does not run. is_running:
// whether it does; run: the last run's number.
// Returns PST_OK, PST_LIMIT, PST_CLOSED, PST_FORKED, PST_BAD_ARGUMENT (no input).
// Thread: any. Realtime: no.
PST_NODISCARD pst_status pst_stream_attach_worker(pst_stream *stream, uint32_t *reader,
                                                  bool *is_running, uint64_t *run, pst_error *err);

// Gives the reader back. Thread: any. Realtime: yes.
void pst_stream_detach_worker(pst_stream *stream, uint32_t reader) PST_RT;

// Discards what readers have not read of the last run, after waiting for the workers to take it.
// Under the lock, while no run is on. Returns PST_OK, PST_BAD_STATE (somebody does not let go),
// PST_CLOSED.
PST_NODISCARD pst_status pst_stream_clear_input(pst_stream *stream, pst_error *err);

// ---- health.c ------------------------------------------------------------------------------

// Returns the state. has_control: the caller holds `control`.
pst_state pst_stream_look(pst_stream *stream, bool has_control);

// The same under the lock `control`, and before a keeper makes something else of a lost device.
pst_state pst_stream_look_closely(pst_stream *stream);

// Says why a stream is not well: fills err and returns the status, PST_OK if there is nothing to
// tell.
pst_status pst_stream_explain(pst_stream *stream, pst_state state, pst_error *err);

#endif
