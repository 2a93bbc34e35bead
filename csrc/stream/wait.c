// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "base/clock.h"
#include "base/error.h"
#include "stream/state.h"

// Waiting, in slices: after each the watchdog has a look. A waiter keeps the stream alive.

static const int64_t slice_ns = 100 * PST_NS_PER_MS;
// The host is not going to tell that it has played everything.
static const int64_t drain_slice_ns = 5 * PST_NS_PER_MS;

static int64_t slice_until(int64_t deadline_ns, int64_t longest_ns) {
    const int64_t end_ns = pst_now_ns() + longest_ns;
    return end_ns < deadline_ns ? end_ns : deadline_ns;
}

static pst_status fail_closed(pst_error *err) {
    return pst_fail(err, PST_CLOSED, 0, "The stream is closed");
}

static bool is_running(pst_state state) {
    return state == PST_STATE_RUNNING || state == PST_STATE_STALLED || state == PST_STATE_REOPENING;
}

// ---- For the end of the run --------------------------------------------------------------------

static pst_status wait_for_end(pst_stream *stream, int64_t timeout_ns, pst_error *err) {
    const int64_t deadline_ns = pst_deadline_ns(timeout_ns);
    for (;;) {
        const uint32_t ticket = pst_event_prepare(&stream->flow.over);
        const pst_state state = pst_stream_look(stream, false);
        if (!is_running(state) || pst_now_ns() >= deadline_ns) {
            pst_event_cancel(&stream->flow.over);
            if (state == PST_STATE_CLOSED)
                return fail_closed(err);
            if (is_running(state))
                return pst_fail(err, PST_TIMEOUT, 0, "The stream was still running after %.3g s",
                                (double)timeout_ns * 1e-9);
            return pst_stream_explain(stream, state, err);
        }
        const bool draining = pst_flow_phase(&stream->flow) == PST_PHASE_COMPLETE;
        (void)pst_event_wait(&stream->flow.over, ticket,
                             slice_until(deadline_ns, draining ? drain_slice_ns : slice_ns));
    }
}

pst_status pst_stream_wait(pst_stream *stream, int64_t timeout_ns, pst_error *err) {
    const pst_status status = pst_system_check_fork(stream->system, err);
    if (status != PST_OK)
        return status;
    pst_stream_retain(stream);
    const pst_status result = wait_for_end(stream, timeout_ns, err);
    pst_stream_release(stream);
    return result;
}

int pst_stream_arm_over(pst_stream *stream) {
    const pst_status status = pst_system_check_fork(stream->system, NULL);
    if (status != PST_OK)
        return status;
    const int fd = pst_event_arm_fd(&stream->flow.over);
    if (fd >= 0 && !is_running(pst_stream_look(stream, false)))
        pst_event_post(&stream->flow.over);
    // The host is not going to tell that it has played everything.
    const bool draining = pst_flow_phase(&stream->flow) == PST_PHASE_COMPLETE;
    return fd >= 0 && draining ? (int)PST_UNSUPPORTED : fd;
}

// ---- For a ring --------------------------------------------------------------------------------

typedef struct ring_wait {
    pst_ring *ring;
    bool is_input;
    uint32_t reader;
    uint64_t n_frames;
} ring_wait;

static pst_status look_at_ring(const ring_wait *wait, int64_t timeout_ns) {
    return wait->is_input
               ? pst_ring_wait_readable(wait->ring, wait->reader, wait->n_frames, timeout_ns)
               : pst_ring_wait_writable(wait->ring, wait->n_frames, timeout_ns);
}

// What the end of the wait means for the caller, once the ring or the watchdog has ended it.
static pst_status explain_end(pst_stream *stream, pst_status status, pst_state state,
                              pst_error *err) {
    if (status == PST_CLOSED)
        return fail_closed(err);
    if (status == PST_END && (state == PST_STATE_ABORTED || state == PST_STATE_LOST)) {
        const pst_status reason = pst_stream_explain(stream, state, err);
        return reason != PST_OK ? reason : PST_END;
    }
    return status;
}

static bool is_in_run(const pst_stream *stream, uint64_t run) {
    return pst_flow_phase(&stream->flow) == PST_PHASE_RUNNING &&
           atomic_load(&stream->flow.shown_run) == run &&
           atomic_load(&stream->flow.ended_run) != run;
}

static pst_status wait_for_ring(pst_stream *stream, const ring_wait *wait, int64_t timeout_ns,
                                pst_error *err) {
    const int64_t deadline_ns = pst_deadline_ns(timeout_ns);
    // A writer that waits for room in one run must not write what it has into the next.
    const uint64_t run = atomic_load(&stream->flow.shown_run);
    const bool ran = is_in_run(stream, run);
    for (;;) {
        const int64_t left_ns = slice_until(deadline_ns, slice_ns) - pst_now_ns();
        const pst_status status = look_at_ring(wait, left_ns > 0 ? left_ns : 0);
        if (!wait->is_input && ran && !is_in_run(stream, run) && status != PST_CLOSED)
            return explain_end(stream, PST_END, pst_stream_look(stream, false), err);
        if (status == PST_OK)
            return PST_OK;
        if (status != PST_TIMEOUT)
            return explain_end(stream, status, pst_stream_look(stream, false), err);
        const pst_state state = pst_stream_look(stream, false);
        if (state == PST_STATE_LOST)
            return pst_stream_explain(stream, state, err);
        if (pst_now_ns() >= deadline_ns)
            return pst_fail(err, PST_TIMEOUT, 0, "%llu frames were not there within %.3g s",
                            (unsigned long long)wait->n_frames, (double)timeout_ns * 1e-9);
    }
}

static pst_status wait_for(pst_stream *stream, const ring_wait *wait, int64_t timeout_ns,
                           pst_error *err) {
    if (wait->ring == NULL)
        return pst_fail(err, PST_BAD_ARGUMENT, 0, "The stream has no %s ring",
                        wait->is_input ? "input" : "output");
    // Most waits are over before they begin.
    const pst_status seen = wait->is_input ? look_at_ring(wait, 0) : PST_TIMEOUT;
    if (seen == PST_OK)
        return PST_OK;
    if (seen == PST_BAD_ARGUMENT)
        return pst_fail(err, PST_BAD_ARGUMENT, 0,
                        "reader %u is not attached, or %llu frames are more than the ring holds",
                        (unsigned)wait->reader, (unsigned long long)wait->n_frames);
    const pst_status status = pst_system_check_fork(stream->system, err);
    if (status != PST_OK)
        return status;
    pst_stream_retain(stream);
    const pst_status result = wait_for_ring(stream, wait, timeout_ns, err);
    pst_stream_release(stream);
    return result;
}

pst_status pst_stream_wait_input(pst_stream *stream, uint32_t reader, uint64_t n_frames,
                                 int64_t timeout_ns, pst_error *err) {
    const ring_wait wait = {stream->flow.in.ring, true, reader, n_frames};
    return wait_for(stream, &wait, timeout_ns, err);
}

bool pst_stream_take_input(pst_stream *stream, uint32_t reader, void *data, uint64_t n_frames,
                           pst_frames_info *info) {
    pst_ring *ring = stream->flow.in.ring;
    if (ring == NULL || pst_ring_wait_readable(ring, reader, n_frames, 0) != PST_OK)
        return false;
    // From here on nothing is taken from the reader.
    pst_span span;
    (void)pst_ring_begin_read(ring, reader, n_frames, &span);
    if (pst_ring_readable(ring, reader) < n_frames) {
        pst_ring_commit_read(ring, reader, 0);
        return false;
    }
    if (info != NULL)
        pst_stream_describe_input(stream, span.position, n_frames, info);
    return pst_ring_read(ring, reader, data, n_frames) == n_frames;
}

pst_status pst_stream_next_input(pst_stream *stream, uint32_t reader, uint64_t n_passed,
                                 uint64_t n_frames, uint64_t max_frames, int64_t timeout_ns,
                                 pst_span *span, pst_error *err) {
    *span = (pst_span){NULL, 0, 0, 0};
    pst_ring *ring = stream->flow.in.ring;
    // Not pst_ring_commit_read, which wants the thread that began.
    if (ring != NULL)
        (void)pst_ring_skip(ring, reader, n_passed);
    const pst_status status = pst_stream_wait_input(stream, reader, n_frames, timeout_ns, err);
    if (ring != NULL && status != PST_TIMEOUT)
        (void)pst_ring_begin_read(ring, reader, max_frames, span);
    return status;
}

pst_status pst_stream_wait_output(pst_stream *stream, uint64_t n_frames, int64_t timeout_ns,
                                  pst_error *err) {
    pst_ring *ring = pst_stream_borrow_output_ring(stream);
    const ring_wait wait = {ring, false, 0, n_frames};
    const pst_status status = wait_for(stream, &wait, timeout_ns, err);
    pst_ring_release(ring);
    return status;
}
