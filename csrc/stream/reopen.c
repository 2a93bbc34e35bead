// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "base/alloc.h"
#include "base/clock.h"
#include "base/error.h"
#include "device/system.h"
#include "device/text.h"
#include "stream/keeper_private.h"

// How a keeper finds a device again, and gives it to its stream. Nothing is held while the host
// takes its time to open.

static void remember_failure(pst_keeper *keeper, const pst_error *why) {
    pthread_mutex_lock(&keeper->lock);
    keeper->last = *why;
    pthread_mutex_unlock(&keeper->lock);
}

static bool open_line(pst_keeper *keeper, const pst_stream_config *config, pst_flow *flow,
                      pst_line *line, pst_open_info *info) {
    bool leaked;
    pst_error err = {.status = PST_OK};
    const pst_status status =
        pst_line_open(line, keeper->system, config, flow, keeper->memory, info, &leaked, &err);
    if (status == PST_OK)
        return true;
    if (status == PST_TIMEOUT)
        atomic_store(&keeper->is_leaky, true);
    remember_failure(keeper, &err);
    return false;
}

// Puts the default device of a direction in the place of one that is not there. Returns false if
// there is none.
static bool choose_default(pst_keeper *keeper, pst_side *side, pst_direction direction) {
    if (side->device == PST_NO_INDEX)
        return true;
    pst_device_info info;
    const int32_t index = pst_system_default_device(keeper->system, direction);
    if (index == PST_NO_INDEX ||
        pst_system_get_device(keeper->system, index, &info, NULL) != PST_OK)
        return false;
    side->device = index;
    pst_text_copy(side->uid, sizeof side->uid, info.uid);
    return true;
}

// Tries the same devices, and then perhaps the default ones.
static bool open_some(pst_keeper *keeper, pst_flow *flow, pst_line *line, pst_open_info *info) {
    pst_stream_config config = keeper->config;
    pst_keeper_get_uid(keeper, PST_INPUT, config.input.uid, sizeof config.input.uid);
    pst_keeper_get_uid(keeper, PST_OUTPUT, config.output.uid, sizeof config.output.uid);
    if (open_line(keeper, &config, flow, line, info))
        return true;
    return config.on_lost == PST_ON_LOST_DEFAULT && !atomic_load(&keeper->ends) &&
           choose_default(keeper, &config.input, PST_INPUT) &&
           choose_default(keeper, &config.output, PST_OUTPUT) &&
           open_line(keeper, &config, flow, line, info);
}

// Whether the stream can go on with a device as it is.
static bool fits(const pst_stream *stream, const pst_open_info *info, pst_error *err) {
    const double off = info->samplerate_hz / stream->info.samplerate_hz - 1.0;
    if (off < 1e-6 && off > -1e-6 && info->is_realtime == stream->info.is_realtime)
        return true;
    pst_fail(err, PST_UNSUPPORTED, 0,
             "the device came back with a rate of %.10g Hz or another kind of clock; the stream "
             "has %.10g Hz",
             info->samplerate_hz, stream->info.samplerate_hz);
    return false;
}

// Gives an open line to the stream and starts it. Under the stream's lock. If that does not work
// the line stays the caller's.
static pst_status start_line(pst_keeper *keeper, pst_stream *stream, pst_line *line,
                             const pst_open_info *info) {
    pst_error err = {.status = PST_OK};
    if (!fits(stream, info, &err)) {
        remember_failure(keeper, &err);
        return PST_UNSUPPORTED;
    }
    pst_flow_resume(&stream->flow, info);
    pst_rate_begin_run(line->rate);
    pst_tap_open(line->tap);
    const pst_status status = pst_handle_start(line->handle, keeper->step_ns, &err);
    if (status != PST_OK) {
        remember_failure(keeper, &err);
        return pst_tap_cut(line->tap) ? status : PST_DEVICE_LOST;
    }
    stream->line = *line;
    atomic_store(&stream->frames_at_start, pst_count_get(&stream->flow.counts.frames));
    atomic_store(&stream->host_started_ns, pst_now_ns());
    atomic_store(&stream->host_runs, true);
    atomic_store(&stream->presence, PST_DEVICE_HERE);
    pst_keeper_note_uids(keeper, line->handle);
    pst_event_post(&stream->flow.over);
    return PST_OK;
}

// Returns whether the stream runs on it.
static bool attach(pst_keeper *keeper, pst_line *line, const pst_open_info *info) {
    pst_stream *stream = pst_keeper_hold(keeper);
    bool runs = false;
    if (stream != NULL) {
        pthread_mutex_lock(&stream->control);
        if (!atomic_load(&stream->closing) && pst_flow_phase(&stream->flow) == PST_PHASE_RUNNING &&
            atomic_load(&stream->presence) == PST_DEVICE_AWAY)
            runs = start_line(keeper, stream, line, info) == PST_OK;
        pthread_mutex_unlock(&stream->control);
        pst_stream_release(stream);
    }
    if (!runs && pst_line_close(line, keeper->step_ns, NULL) != PST_OK)
        atomic_store(&keeper->is_leaky, true);
    return runs;
}

static void give_up_in_time(pst_keeper *keeper) {
    pthread_mutex_lock(&keeper->lock);
    const int64_t away_ns = pst_now_ns() - keeper->away_since_ns;
    pthread_mutex_unlock(&keeper->lock);
    if (keeper->reopen_timeout_ns < 0 || away_ns < keeper->reopen_timeout_ns)
        return;
    pst_stream *stream = pst_keeper_hold(keeper);
    if (stream == NULL)
        return;
    pthread_mutex_lock(&stream->control);
    if (atomic_load(&stream->presence) == PST_DEVICE_AWAY)
        atomic_store(&stream->presence, PST_DEVICE_GONE);
    pthread_mutex_unlock(&stream->control);
    pst_event_post(&stream->flow.over);
    pst_stream_release(stream);
}

bool pst_keeper_try_to_open(pst_keeper *keeper, pst_flow *flow, int64_t list_ns) {
    // The virtual host has nothing to look for, unless another device may take its place.
    if (keeper->memory == NULL || keeper->config.on_lost == PST_ON_LOST_DEFAULT) {
        pst_error err = {.status = PST_OK};
        if (pst_system_refresh_since(keeper->system, list_ns, &err) != PST_OK)
            remember_failure(keeper, &err);
    }
    pst_line line;
    pst_open_info info = {0};
    if (!atomic_load(&keeper->ends) && open_some(keeper, flow, &line, &info) &&
        attach(keeper, &line, &info))
        return true;
    give_up_in_time(keeper);
    return false;
}
