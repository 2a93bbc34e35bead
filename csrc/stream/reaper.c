// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "base/clock.h"
#include "base/thread.h"
#include "stream/state.h"

// The end of streams that nobody closed: a thread of the library closes them, so that a garbage
// collector never waits for a host.

void pst_stream_retain(pst_stream *stream) PST_RT {
    atomic_fetch_add_explicit(&stream->n_refs, 1, memory_order_relaxed);
}

static void close_and_release(void *arg) {
    pst_stream *stream = arg;
    pst_system *system = stream->system;
    const pst_status status = pst_stream_close(stream, NULL);
    (void)status;               // Nobody is left to be told.
    pst_stream_release(stream); // Closed, so this does not come back here.
    pst_system_end_work(system);
    pst_system_release(system);
}

// Takes over one reference of the stream.
static void reap(pst_stream *stream) {
    pst_thread thread;
    pst_system_retain(stream->system);
    pst_system_begin_work(stream->system);
    if (pst_thread_start(&thread, "pst-reaper", close_and_release, stream, NULL) == PST_OK)
        pst_thread_detach(&thread);
    else
        close_and_release(stream); // Slow at worst, but bounded.
}

void pst_stream_release(pst_stream *stream) {
    if (stream == NULL || pst_system_check_fork(stream->system, NULL) != PST_OK)
        return; // A child has nothing to give back: all of it is the parent's.
    uint32_t n_refs = atomic_load(&stream->n_refs);
    for (;;) {
        if (n_refs == 1 && !atomic_load(&stream->closed)) {
            reap(stream);
            return;
        }
        if (atomic_compare_exchange_weak(&stream->n_refs, &n_refs, n_refs - 1)) {
            if (n_refs == 1)
                pst_stream_destroy(stream);
            return;
        }
    }
}

// For pst_system_some_member: takes a reference on a stream that nobody is closing yet.
static bool take(void *owner) {
    pst_stream *stream = owner;
    if (atomic_load(&stream->closed) || atomic_exchange(&stream->reaped, true))
        return false;
    uint32_t n_refs = atomic_load(&stream->n_refs);
    while (n_refs > 0) {
        if (atomic_compare_exchange_weak(&stream->n_refs, &n_refs, n_refs + 1))
            return true;
    }
    return false;
}

pst_status pst_system_close_streams(pst_system *system, int64_t timeout_ns) {
    if (pst_system_check_fork(system, NULL) != PST_OK)
        return PST_OK;
    pst_system_close_watches(system);
    pst_stream *stream;
    // All at the same time, since each may take its full deadline.
    while ((stream = pst_system_some_member(system, take)) != NULL)
        reap(stream);
    const int64_t deadline_ns = pst_deadline_ns(timeout_ns);
    const pst_status status = pst_system_wait_work(system, timeout_ns);
    const int64_t left_ns = deadline_ns - pst_now_ns();
    if (status == PST_OK)
        pst_system_unload(system, left_ns > 0 ? left_ns : 0);
    return status;
}
