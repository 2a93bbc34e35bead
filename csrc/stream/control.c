// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include <sched.h>

#include "base/clock.h"
#include "base/error.h"
#include "stream/state.h"

// Starting, stopping, closing. All changes of a stream are here, under its lock.

// Takes the lock of a stream that is open. In a forked child nobody would ever give it back. Leaves
// err alone if the stream is closed, which is no failure for some.
static pst_status enter(pst_stream *stream, pst_error *err) {
    const pst_status status = pst_system_check_fork(stream->system, err);
    if (status != PST_OK)
        return status;
    pthread_mutex_lock(&stream->control);
    if (!atomic_load(&stream->closing))
        return PST_OK;
    pthread_mutex_unlock(&stream->control);
    return PST_CLOSED;
}

static bool is_running(pst_state state) {
    return state == PST_STATE_RUNNING || state == PST_STATE_STALLED || state == PST_STATE_REOPENING;
}

pst_status pst_stream_lock(pst_stream *stream, pst_error *err) {
    const pst_status status = enter(stream, err);
    return status == PST_CLOSED ? pst_fail(err, PST_CLOSED, 0, "The stream is closed") : status;
}

void pst_stream_unlock(pst_stream *stream) {
    pthread_mutex_unlock(&stream->control);
}

// ---- The end of a run ------------------------------------------------------------------------

// Wakes everybody for good. Thread: any, lock or not.
static void send_home(pst_stream *stream) {
    atomic_store(&stream->closing, true);
    if (stream->flow.in.ring != NULL)
        pst_ring_interrupt(stream->flow.in.ring, true);
    pst_ring *output = pst_stream_borrow_output_ring(stream);
    if (output != NULL)
        pst_ring_interrupt(output, true);
    pst_ring_release(output);
    pst_event_post(&stream->flow.over);
}

// Ends the run that the host has stopped calling back for, unless the callback did so itself.
static void settle_run(pst_stream *stream, pst_phase phase, pst_status reason) {
    pst_flow *flow = &stream->flow;
    if (pst_flow_phase(flow) != PST_PHASE_RUNNING)
        return;
    const int64_t frame = pst_count_get(&flow->counts.frames);
    if (phase == PST_PHASE_ABORTED)
        pst_flow_push_event(flow, PST_EVENT_ABORTED, 0, frame, 0, pst_now_ns());
    pst_flow_empty_output(flow);
    atomic_store(&flow->reason, reason);
    atomic_store(&flow->reason_frame, frame);
    atomic_store(&flow->phase, phase);
    if (flow->in.ring != NULL)
        pst_ring_end(flow->in.ring);
    pst_event_post(&flow->over);
}

// Closes the device, each step within step_ns. Under the lock.
static pst_status close_device(pst_stream *stream, int64_t step_ns, pst_error *err) {
    atomic_store(&stream->flow.ask, PST_ASK_SILENCE);
    atomic_store(&stream->flow.halting, true);
    atomic_store(&stream->host_runs, false);
    send_home(stream);
    const pst_status status = pst_line_close(&stream->line, step_ns, err);
    pst_keeper_end(stream->keeper, status != PST_OK);
    if (status == PST_OK)
        settle_run(stream, PST_PHASE_ABORTED, PST_OK);
    else
        atomic_store(&stream->given_up, true); // It may still call back, whenever it likes.
    atomic_store(&stream->closed, true);
    return status;
}

// A device that does not do what it should is as good as lost, for a stream that can do without it
// for a while. Returns false for others.
static bool leave_to_keeper(pst_stream *stream) {
    return stream->keeper != NULL && pst_keeper_take_line(stream);
}

// Makes the host end its callbacks. A host that hangs or refuses costs the stream its device.
static pst_status halt_host(pst_stream *stream, bool play_out, pst_error *err) {
    const int64_t step_ns = stream->control_timeout_ns;
    pst_status status = PST_OK;
    atomic_store(&stream->host_runs, false);
    atomic_store(&stream->flow.halting, true);
    if (stream->line.handle == NULL)
        return PST_OK; // It is away.
    if (play_out) {
        const int64_t latency_ns = (int64_t)(stream->info.output_latency_s * 1e9);
        const int64_t more_ns = latency_ns < step_ns / 2 ? latency_ns : step_ns / 2;
        status = pst_handle_stop(stream->line.handle, step_ns + more_ns, err);
    }
    if (!play_out || (status != PST_OK && status != PST_TIMEOUT)) {
        atomic_store(&stream->flow.ask, PST_ASK_SILENCE);
        status = pst_handle_abort(stream->line.handle, step_ns, err);
    }
    if (status != PST_OK && leave_to_keeper(stream))
        return PST_OK;
    if (status != PST_OK)
        (void)close_device(stream, step_ns, NULL);
    return status;
}

// ---- Public ------------------------------------------------------------------------------------

pst_status pst_stream_set_limits(pst_stream *stream, int64_t input_skip_frames,
                                 int64_t input_total_frames, int64_t output_total_frames,
                                 int64_t output_pad_frames, int64_t output_run_frames,
                                 pst_error *err) {
    const pst_limits limits = {input_skip_frames, input_total_frames, output_total_frames,
                               output_pad_frames, output_run_frames};
    pst_status status = pst_stream_lock(stream, err);
    if (status != PST_OK)
        return status;
    const pst_state state = pst_stream_look(stream, true);
    if (is_running(state))
        status = pst_fail(err, PST_BAD_STATE, 0,
                          "The stream is running; its limits can be changed when it is stopped");
    else
        status = pst_stream_check_limits(&limits, err);
    if (status == PST_OK)
        stream->limits = limits;
    pst_stream_unlock(stream);
    return status;
}

static pst_status check_output_ring(pst_stream *stream, pst_ring *ring, bool loops,
                                    pst_error *err) {
    const pst_flow_output *out = &stream->flow.out;
    if (out->ring == NULL)
        return pst_fail(err, PST_BAD_ARGUMENT, 0, "The stream has no output ring");
    if (ring == stream->flow.in.ring)
        return pst_fail(err, PST_BAD_ARGUMENT, 0,
                        "ring is the stream's input ring; it must be another one");
    pst_ring_info info;
    pst_ring_get_info(ring, &info);
    if (loops && info.memory_kind != PST_RING_FLAT)
        return pst_fail(err, PST_BAD_ARGUMENT, 0,
                        "loops is true; the ring must be over the caller's memory then");
    return pst_stream_check_ring(ring, out->n_channels, out->format, stream->info.block_frames,
                                 "ring", err);
}

static void replace_output_ring(pst_stream *stream, pst_ring *ring, bool loops) {
    pst_flow_output *out = &stream->flow.out;
    pst_ring *old = out->ring;
    pst_ring_retain(ring);
    atomic_store(&out->ring, ring);
    out->loops = loops;
    while (atomic_load(&stream->n_borrowers) != 0)
        sched_yield();
    pst_ring_release(old);
}

pst_status pst_stream_set_output_ring(pst_stream *stream, pst_ring *ring, bool loops,
                                      pst_error *err) {
    pst_status status = pst_stream_lock(stream, err);
    if (status != PST_OK)
        return status;
    const pst_state state = pst_stream_look(stream, true);
    if (is_running(state))
        status = pst_fail(err, PST_BAD_STATE, 0,
                          "The stream is running; its ring can be changed when it is stopped");
    else
        status = check_output_ring(stream, ring, loops, err);
    // The last run's callbacks must be over, even if the run itself is.
    if (status == PST_OK)
        status = halt_host(stream, state != PST_STATE_LOST, err);
    if (status == PST_OK && state == PST_STATE_LOST)
        settle_run(stream, PST_PHASE_ABORTED, PST_DEVICE_LOST);
    if (status == PST_OK)
        replace_output_ring(stream, ring, loops);
    pst_stream_unlock(stream);
    return status;
}

// Starts the host. A device that has gone meanwhile is waited for, if there is a keeper.
static pst_status start_host(pst_stream *stream, pst_error *err) {
    pst_status status = PST_DEVICE_LOST;
    if (stream->line.handle != NULL) {
        pst_rate_begin_run(stream->line.rate);
        pst_tap_open(stream->line.tap);
        status = pst_handle_start(stream->line.handle, stream->control_timeout_ns, err);
        if ((status == PST_DEVICE_LOST || status == PST_TIMEOUT) && leave_to_keeper(stream))
            return PST_OK;
    } else if (stream->keeper != NULL) {
        pst_keeper_start_away(stream);
        return PST_OK;
    }
    if (status == PST_OK) {
        atomic_store(&stream->frames_at_start, 0);
        atomic_store(&stream->host_started_ns, pst_now_ns());
        atomic_store(&stream->host_runs, true);
        pst_keeper_wake(stream->keeper);
    }
    return status;
}

static pst_status start_run(pst_stream *stream, pst_error *err) {
    pst_status status = pst_stream_clear_input(stream, err);
    if (status != PST_OK)
        return status;
    atomic_store(&stream->drained, false);
    atomic_store(&stream->loss_is_told, false);
    pst_flow_begin_run(&stream->flow, &stream->limits);
    pst_event_post(&stream->flow.over); // For those that wait for a run.
    status = start_host(stream, err);
    if (status == PST_OK)
        return status;
    if (pst_handle_is_abandoned(stream->line.handle))
        (void)close_device(stream, stream->control_timeout_ns, NULL);
    else
        atomic_store(&stream->flow.phase, PST_PHASE_IDLE);
    return status;
}

pst_status pst_stream_start(pst_stream *stream, pst_error *err) {
    pst_status status = pst_stream_lock(stream, err);
    if (status != PST_OK)
        return status;
    const bool is_lost = pst_stream_look(stream, true) == PST_STATE_LOST;
    if (pst_flow_phase(&stream->flow) != PST_PHASE_RUNNING || is_lost) {
        // The last run's callbacks must be over, even if the run itself is.
        status = halt_host(stream, !is_lost, err);
        if (status == PST_OK && is_lost)
            settle_run(stream, PST_PHASE_ABORTED, PST_DEVICE_LOST);
        if (status == PST_OK)
            status = start_run(stream, err);
    }
    pst_stream_unlock(stream);
    return status;
}

static pst_status end_run(pst_stream *stream, bool play_out, pst_error *err) {
    pst_status status = enter(stream, err);
    if (status == PST_CLOSED)
        return PST_OK; // It does not run any more.
    if (status != PST_OK)
        return status;
    const pst_state state = pst_stream_look(stream, true);
    const bool is_lost = state == PST_STATE_LOST;
    // Nothing plays out what a device holds that does not answer.
    const bool is_silent = pst_stream_look_closely(stream) == PST_STATE_LOST;
    const bool cut_short = !play_out && state == PST_STATE_RUNNING;
    status = halt_host(stream, play_out && !is_silent, err);
    if (status == PST_OK) {
        settle_run(stream, play_out && !is_lost ? PST_PHASE_IDLE : PST_PHASE_ABORTED,
                   is_lost ? PST_DEVICE_LOST : PST_OK);
        // Complete, but it was not let to play that out.
        if (cut_short && pst_flow_phase(&stream->flow) == PST_PHASE_COMPLETE)
            atomic_store(&stream->flow.phase, PST_PHASE_ABORTED);
        atomic_store(&stream->drained, true);
    }
    pst_stream_unlock(stream);
    return status;
}

pst_status pst_stream_stop(pst_stream *stream, pst_error *err) {
    return end_run(stream, true, err);
}

pst_status pst_stream_abort(pst_stream *stream, pst_error *err) {
    return end_run(stream, false, err);
}

void pst_stream_clear_output(pst_stream *stream) {
    if (pst_stream_lock(stream, NULL) != PST_OK)
        return;
    if (stream->flow.out.ring != NULL && pst_flow_phase(&stream->flow) != PST_PHASE_RUNNING) {
        pst_ring_skip(stream->flow.out.ring, 0, UINT64_MAX);
        pst_ring_restart(stream->flow.out.ring);
    }
    pst_stream_unlock(stream);
}

pst_status pst_stream_close(pst_stream *stream, pst_error *err) {
    const int64_t end_ns = pst_deadline_ns(2 * stream->control_timeout_ns);
    send_home(stream);
    if (pst_system_check_fork(stream->system, NULL) != PST_OK)
        return PST_OK; // The device is the parent's.
    pst_status status = PST_OK;
    pthread_mutex_lock(&stream->control);
    if (!atomic_load(&stream->closed)) {
        // Half of what is left for each of the two host calls.
        const int64_t half_ns = (end_ns - pst_now_ns()) / 2;
        const int64_t least_ns = stream->control_timeout_ns / 8;
        status = close_device(stream, half_ns > least_ns ? half_ns : least_ns, err);
    } else if (atomic_load(&stream->given_up)) {
        // By whatever call before: what belongs to the callback must not be freed.
        status = pst_fail(err, PST_TIMEOUT, 0, "The host did not come back from an earlier call");
    }
    pthread_mutex_unlock(&stream->control);
    return status == PST_OK ? PST_OK : PST_TIMEOUT;
}
