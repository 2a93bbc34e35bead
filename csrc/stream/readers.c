// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "base/clock.h"
#include "base/error.h"
#include "stream/state.h"

// Readers of the input beside the stream's own, at the border between two runs: nothing of the last
// run may reach the next, and a worker of the library still gets all of it.

static pst_status attach(pst_stream *stream, uint32_t *reader, bool *is_running, uint64_t *run,
                         pst_error *err) {
    pst_ring *ring = stream->flow.in.ring;
    *is_running = pst_flow_phase(&stream->flow) == PST_PHASE_RUNNING;
    *run = atomic_load(&stream->flow.shown_run);
    const pst_status status =
        *is_running ? pst_ring_attach_beside(ring, 0, reader) : pst_ring_attach(ring, reader);
    if (status == PST_LIMIT)
        return pst_fail(err, status, 0,
                        "The stream has %d readers and recordings, which is the most it can have",
                        PST_RING_MAX_READERS);
    if (status == PST_OK)
        atomic_fetch_or(&stream->workers, UINT32_C(1) << *reader);
    return status;
}

pst_status pst_stream_attach_worker(pst_stream *stream, uint32_t *reader, bool *is_running,
                                    uint64_t *run, pst_error *err) {
    pst_status status = pst_system_check_fork(stream->system, err);
    if (status != PST_OK)
        return status;
    if (stream->flow.in.ring == NULL)
        return pst_fail(err, PST_BAD_ARGUMENT, 0, "The stream has no input");
    // No run begins meanwhile.
    pthread_mutex_lock(&stream->control);
    if (atomic_load(&stream->closing))
        status = pst_fail(err, PST_CLOSED, 0, "The stream is closed");
    else
        status = attach(stream, reader, is_running, run, err);
    pthread_mutex_unlock(&stream->control);
    return status;
}

void pst_stream_detach_worker(pst_stream *stream, uint32_t reader) PST_RT {
    // First: once detached, the reader may be another worker's at once.
    atomic_fetch_and(&stream->workers, ~(UINT32_C(1) << reader));
    pst_ring_detach(stream->flow.in.ring, reader);
}

static bool is_drained(const pst_stream *stream) {
    const pst_ring *ring = stream->flow.in.ring;
    for (uint32_t left = atomic_load(&stream->workers); left != 0; left &= left - 1) {
        if (pst_ring_readable(ring, (uint32_t)__builtin_ctz(left)) > 0)
            return false;
    }
    return true;
}

pst_status pst_stream_clear_input(pst_stream *stream, pst_error *err) {
    pst_ring *ring = stream->flow.in.ring;
    if (ring == NULL)
        return PST_OK;
    const int64_t deadline_ns = pst_deadline_ns(stream->control_timeout_ns);
    // The ring's own reader belongs to whoever starts the stream.
    pst_ring_skip(ring, 0, UINT64_MAX);
    // Still ended: who waits for the end of the last run sees it.
    while (!is_drained(stream) || !pst_ring_clear(ring)) {
        if (atomic_load(&stream->closing))
            return pst_fail(err, PST_CLOSED, 0, "The stream is closed");
        if (pst_now_ns() >= deadline_ns)
            return pst_fail(err, PST_BAD_STATE, 0,
                            "A reader or recording of the stream has not let go of the last run's "
                            "frames");
        pst_sleep_until_ns(pst_now_ns() + PST_NS_PER_MS / 2);
    }
    pst_ring_restart(ring);
    return PST_OK;
}
