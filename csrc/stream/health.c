// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "base/clock.h"
#include "base/error.h"
#include "stream/state.h"

// The watchdog. Hosts do not tell when a device has gone: the callbacks just stop. So whoever asks
// or waits looks at the time since the last one. There is no thread for it.

// A silence that was never looked at before may be our own: the process was stopped, or the machine
// slept. Only when it goes on under our eyes for so long it is the device's.
static const int64_t confirm_ns = 50 * PST_NS_PER_MS;

// A look at the host needs the lock, so that no other run begins in the middle of it. If somebody
// else has it, a control call is under way, which will find out.
static bool lock_for_look(pst_stream *stream, bool has_control) {
    return has_control || pthread_mutex_trylock(&stream->control) == 0;
}

static void unlock_after_look(pst_stream *stream, bool has_control) {
    if (!has_control)
        pthread_mutex_unlock(&stream->control);
}

static bool is_host_active(const pst_stream *stream) {
    return stream->line.handle != NULL && pst_handle_is_active(stream->line.handle);
}

// Whether the host says that a run is over which nobody ended.
static bool is_gone(pst_stream *stream, bool has_control) {
    if (!lock_for_look(stream, has_control))
        return false;
    // The host first: if it is inactive because of our own verdict, the phase tells.
    const bool active = is_host_active(stream);
    const bool running =
        atomic_load(&stream->host_runs) && pst_flow_phase(&stream->flow) == PST_PHASE_RUNNING;
    unlock_after_look(stream, has_control);
    return running && !active;
}

static int64_t stall_after_ns(const pst_stream *stream) {
    if (stream->stall_after_ns > 0)
        return stream->stall_after_ns;
    const pst_counts *counts = &stream->flow.counts;
    const int64_t seen = pst_count_get(&counts->max_block_frames);
    const int64_t block = seen > stream->info.block_frames ? seen : stream->info.block_frames;
    const int64_t ten_blocks_ns =
        (int64_t)(10.0 * (double)block * 1e9 / stream->info.samplerate_hz);
    const int64_t least_ns = PST_NS_PER_SECOND / 4;
    return ten_blocks_ns > least_ns ? ten_blocks_ns : least_ns;
}

static int64_t lost_after_ns(const pst_stream *stream) {
    if (stream->lost_after_ns > 0)
        return stream->lost_after_ns;
    // Hosts may take seconds to begin in earnest, with some blocks before that.
    const double begun_frames = 0.25 * stream->info.samplerate_hz;
    const int64_t n_frames =
        pst_count_get(&stream->flow.counts.frames) - atomic_load(&stream->frames_at_start);
    const bool begun = (double)n_frames >= begun_frames;
    const int64_t least_ns = begun ? PST_NS_PER_SECOND : 5 * PST_NS_PER_SECOND;
    const int64_t twice_ns = 2 * stall_after_ns(stream);
    return twice_ns > least_ns ? twice_ns : least_ns;
}

static int64_t last_sign_ns(const pst_stream *stream) {
    const int64_t callback_ns = pst_count_get(&stream->flow.counts.last_callback_ns);
    const int64_t start_ns = atomic_load(&stream->host_started_ns);
    return callback_ns > start_ns ? callback_ns : start_ns;
}

// Whether this same silence was noticed confirm_ns ago. Threads may notice it at the same time;
// then the later one counts.
static bool is_confirmed(pst_stream *stream, int64_t last_ns, int64_t now_ns) {
    if (atomic_load(&stream->suspect_last_ns) == last_ns)
        return now_ns - atomic_load(&stream->suspect_since_ns) >= confirm_ns;
    atomic_store(&stream->suspect_since_ns, now_ns);
    atomic_store(&stream->suspect_last_ns, last_ns);
    return false;
}

// The state of a stream whose phase was running a moment ago.
static pst_state look_at_run(pst_stream *stream, bool has_control) {
    const uint32_t presence = atomic_load(&stream->presence);
    if (presence != PST_DEVICE_HERE)
        return presence == PST_DEVICE_AWAY ? PST_STATE_REOPENING : PST_STATE_LOST;
    if (!atomic_load(&stream->host_runs))
        return PST_STATE_RUNNING; // A start or stop is under way.
    const int64_t now_ns = pst_now_ns();
    const int64_t last_ns = last_sign_ns(stream);
    if (stream->info.is_realtime && now_ns - last_ns <= stall_after_ns(stream))
        return PST_STATE_RUNNING;
    if (is_gone(stream, has_control))
        return PST_STATE_LOST;
    // The blocks of a free clock wait for us. And a run may have ended, or begun, in between.
    if (!stream->info.is_realtime || pst_flow_phase(&stream->flow) != PST_PHASE_RUNNING ||
        last_sign_ns(stream) != last_ns)
        return PST_STATE_RUNNING;
    const bool confirmed = is_confirmed(stream, last_ns, now_ns);
    return confirmed && now_ns - last_ns > lost_after_ns(stream) ? PST_STATE_LOST
                                                                 : PST_STATE_STALLED;
}

// When the host must have played all that it took, by any account.
static int64_t drained_ns(const pst_stream *stream) {
    const int64_t block_frames = pst_count_get(&stream->flow.counts.max_block_frames);
    const double block_s = (double)block_frames / stream->info.samplerate_hz;
    const double longest_s = stream->info.output_latency_s + 2.0 * block_s + 0.5;
    return atomic_load(&stream->flow.over_ns) + (int64_t)(longest_s * 1e9);
}

// Complete is finished once the host has played what it took.
static pst_state look_at_end(pst_stream *stream, bool has_control) {
    if (!stream->flow.out.exists || atomic_load(&stream->drained))
        return PST_STATE_FINISHED;
    if (!lock_for_look(stream, has_control))
        return PST_STATE_RUNNING;
    const bool complete = pst_flow_phase(&stream->flow) == PST_PHASE_COMPLETE;
    const bool drained =
        complete && (!is_host_active(stream) || pst_now_ns() >= drained_ns(stream));
    if (drained)
        atomic_store(&stream->drained, true);
    unlock_after_look(stream, has_control);
    return drained ? PST_STATE_FINISHED : PST_STATE_RUNNING;
}

static pst_state look(pst_stream *stream, bool has_control) {
    if (atomic_load(&stream->closing) || pst_system_check_fork(stream->system, NULL) != PST_OK)
        return PST_STATE_CLOSED;
    switch (pst_flow_phase(&stream->flow)) {
    case PST_PHASE_IDLE:
        return PST_STATE_STOPPED;
    case PST_PHASE_RUNNING:
        return look_at_run(stream, has_control);
    case PST_PHASE_COMPLETE:
        return look_at_end(stream, has_control);
    case PST_PHASE_ABORTED:
        break;
    }
    return PST_STATE_ABORTED;
}

pst_state pst_stream_look_closely(pst_stream *stream) {
    return look(stream, true);
}

pst_state pst_stream_look(pst_stream *stream, bool has_control) {
    const pst_state state = look(stream, has_control);
    if (state == PST_STATE_LOST && !atomic_exchange(&stream->loss_is_told, true))
        pst_system_sign(stream->system);
    if (state != PST_STATE_LOST || stream->keeper == NULL ||
        atomic_load(&stream->presence) != PST_DEVICE_HERE)
        return state;
    pst_keeper_wake(stream->keeper);
    return PST_STATE_REOPENING;
}

pst_status pst_stream_explain(pst_stream *stream, pst_state state, pst_error *err) {
    if (atomic_load(&stream->given_up))
        return pst_fail(err, PST_DEVICE_LOST, 0,
                        "The host did not come back from a call within %.3g s; its handle was "
                        "given up",
                        (double)stream->control_timeout_ns * 1e-9);
    if (state == PST_STATE_LOST && atomic_load(&stream->presence) == PST_DEVICE_GONE)
        return pst_keeper_explain(stream->keeper, pst_count_get(&stream->flow.counts.frames), err);
    const int64_t silent_ns = pst_now_ns() - last_sign_ns(stream);
    if (state == PST_STATE_LOST &&
        (!stream->info.is_realtime || silent_ns <= lost_after_ns(stream)))
        return pst_fail(err, PST_DEVICE_LOST, 0,
                        "The host says that the stream is not active any more, after frame %lld; "
                        "the device or its server is gone",
                        (long long)pst_count_get(&stream->flow.counts.frames));
    if (state == PST_STATE_LOST)
        return pst_fail(err, PST_DEVICE_LOST, 0,
                        "No callback came for %.3g s, after frame %lld; the device or its server "
                        "is gone",
                        (double)silent_ns * 1e-9,
                        (long long)pst_count_get(&stream->flow.counts.frames));
    const pst_status reason = (pst_status)atomic_load(&stream->flow.reason);
    if (state != PST_STATE_ABORTED && state != PST_STATE_CLOSED)
        return PST_OK;
    const long long frame = atomic_load(&stream->flow.reason_frame);
    switch (reason) {
    case PST_OK:
        return PST_OK;
    case PST_OVERFLOW:
        return pst_fail(err, reason, 0,
                        "The input ring was full at frame %lld: it was not read in time; a longer "
                        "ring (buffersize) or another overflow policy helps",
                        frame);
    case PST_UNDERFLOW:
        return pst_fail(err, reason, 0,
                        "The output ring was empty at frame %lld: it was not written in time; more "
                        "frames ahead, or the underflow policy silence, help",
                        frame);
    default:
        return pst_fail(err, reason, 0, "The device or its server was gone after frame %lld",
                        frame);
    }
}

pst_state pst_stream_state(pst_stream *stream) {
    return pst_stream_look(stream, false);
}

pst_status pst_stream_reason(pst_stream *stream, pst_error *err) {
    return pst_stream_explain(stream, pst_stream_look(stream, false), err);
}
