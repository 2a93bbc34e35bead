// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "base/alloc.h"
#include "base/clock.h"
#include "base/error.h"
#include "device/text.h"
#include "stream/channels.h"
#include "stream/hook.h"
#include "stream/state.h"

// How streams come and go.

static const int64_t default_control_timeout_ns = PST_NS_PER_SECOND;

void pst_stream_config_default(pst_stream_config *config) PST_RT {
    *config = (pst_stream_config){
        .input = {.device = PST_NO_INDEX},
        .output = {.device = PST_NO_INDEX},
        .overflow = PST_OVERFLOW_RAISE,
        .underflow = PST_UNDERFLOW_SILENCE,
        .input_total_frames = PST_UNLIMITED,
        .output_total_frames = PST_UNLIMITED,
        .output_run_frames = PST_UNLIMITED,
    };
}

uint64_t pst_default_ring_frames(double samplerate_hz, uint32_t frame_bytes) PST_RT {
    if (!(samplerate_hz >= 1.0) || frame_bytes == 0)
        return 0;
    const double rate = samplerate_hz < 1e9 ? samplerate_hz : 1e9;
    const uint64_t minute = (uint64_t)(60.0 * rate + 0.5);
    const uint64_t least = (uint64_t)(2.0 * rate + 0.5);
    const uint64_t affordable = (UINT64_C(64) << 20) / frame_bytes;
    const uint64_t wanted = minute < affordable ? minute : affordable;
    return wanted > least ? wanted : least;
}

static bool changes_rate(const pst_stream_config *config) {
    return config->device_samplerate_hz > 0.0 &&
           config->device_samplerate_hz != config->samplerate_hz;
}

static int64_t ns_or(double seconds, int64_t otherwise_ns) {
    return seconds > 0.0 ? (int64_t)(seconds * 1e9) + 1 : otherwise_ns;
}

static pst_status make_ring(pst_ring **ring, pst_ring *given, bool without, const pst_side *side,
                            uint64_t wanted_frames, uint32_t block_frames, double samplerate_hz,
                            pst_error *err) {
    if (side->device == PST_NO_INDEX || without)
        return PST_OK;
    if (given != NULL) {
        pst_ring_retain(given);
        *ring = given;
        return PST_OK;
    }
    const uint32_t frame_bytes = side->n_channels * pst_format_bytes(side->format);
    pst_ring_config config = {.capacity_frames = wanted_frames, .frame_bytes = frame_bytes};
    if (wanted_frames == 0)
        config.capacity_frames = pst_default_ring_frames(samplerate_hz, frame_bytes);
    // One block on its way in and one on its way out is the least that can work.
    if (config.capacity_frames < 2 * (uint64_t)block_frames)
        config.capacity_frames = 2 * (uint64_t)block_frames;
    return pst_ring_create(ring, &config, err);
}

// Returns the frames of the stream in a block of the device.
static uint32_t ring_block_frames(const pst_stream_config *config) {
    if (!changes_rate(config))
        return config->block_frames;
    return (uint32_t)(config->block_frames * config->samplerate_hz / config->device_samplerate_hz) +
           1;
}

static pst_status make_rings(pst_stream *stream, const pst_stream_config *config, pst_error *err) {
    const double samplerate_hz = stream->info.samplerate_hz;
    const uint32_t block_frames = ring_block_frames(config);
    const pst_status status =
        make_ring(&stream->flow.in.ring, config->input_ring, config->without_input_ring,
                  &config->input, config->input_ring_frames, block_frames, samplerate_hz, err);
    if (status != PST_OK)
        return status;
    pst_ring *output = NULL;
    const pst_status made =
        make_ring(&output, config->output_ring, config->without_output_ring, &config->output,
                  config->output_ring_frames, block_frames, samplerate_hz, err);
    atomic_init(&stream->flow.out.ring, output);
    return made;
}

static void take_config(pst_stream *stream, const pst_stream_config *config) {
    pst_flow *flow = &stream->flow;
    flow->in.format = config->input.format;
    flow->in.n_channels = config->input.device != PST_NO_INDEX ? config->input.n_channels : 0;
    flow->in.policy = config->overflow;
    flow->out.format = config->output.format;
    flow->out.n_channels = config->output.device != PST_NO_INDEX ? config->output.n_channels : 0;
    flow->out.policy = config->underflow;
    flow->out.keep_nonfinite = config->keep_nonfinite;
    stream->limits = (pst_limits){config->input_skip_frames, config->input_total_frames,
                                  config->output_total_frames, config->output_pad_frames,
                                  config->output_run_frames};
    stream->control_timeout_ns = ns_or(config->control_timeout_s, default_control_timeout_ns);
    stream->stall_after_ns = ns_or(config->stall_after_s, 0);
    stream->lost_after_ns = ns_or(config->lost_after_s, 0);
}

static void take_device(pst_stream *stream, const pst_stream_config *config,
                        const pst_open_info *info) {
    pst_flow_set_device(&stream->flow, info);
    const pst_handle *handle = stream->line.handle;
    pst_text_copy(stream->input_uid, sizeof stream->input_uid, pst_handle_uid(handle, PST_INPUT));
    pst_text_copy(stream->output_uid, sizeof stream->output_uid,
                  pst_handle_uid(handle, PST_OUTPUT));
    stream->info = (pst_stream_info){
        .samplerate_hz = info->samplerate_hz,
        .input_latency_s = info->input_latency_s,
        .output_latency_s = info->output_latency_s,
        .block_frames = config->block_frames,
        .input_format = config->input.device != PST_NO_INDEX ? config->input.format : 0,
        .output_format = config->output.device != PST_NO_INDEX ? config->output.format : 0,
        .input_device_format = info->input_device_format,
        .output_device_format = info->output_device_format,
        .is_realtime = info->is_realtime,
    };
}

// *leaked: the host may still touch the stream.
static pst_status open_device(pst_stream *stream, const pst_stream_config *config, bool *leaked,
                              pst_error *err) {
    if (config->on_lost != PST_ON_LOST_RAISE) {
        const pst_status status = pst_keeper_create(&stream->keeper, stream, config, err);
        if (status != PST_OK)
            return status;
    }
    pst_virtual_memory *memory = stream->keeper != NULL ? pst_keeper_memory(stream->keeper) : NULL;
    pst_open_info info = {0};
    const pst_status status = pst_line_open(&stream->line, stream->system, config, &stream->flow,
                                            memory, &info, leaked, err);
    if (status == PST_TIMEOUT)
        pst_keeper_end(stream->keeper, true); // What virtual devices remember may be in use.
    if (status == PST_OK)
        take_device(stream, config, &info);
    return status;
}

pst_status pst_stream_open(pst_stream **stream, pst_system *system, const pst_stream_config *config,
                           pst_error *err) {
    bool leaked = false;
    pst_status status = pst_system_check_fork(system, err);
    if (status != PST_OK)
        return status;
    status = pst_stream_check_config(config, err);
    if (status != PST_OK)
        return status;
    pst_stream *made = pst_alloc(sizeof *made);
    if (made == NULL)
        return pst_fail_memory(err);
    status = pst_flow_init(&made->flow, err);
    if (status != PST_OK)
        goto fail_flow;
    const int code = pthread_mutex_init(&made->control, NULL);
    if (code != 0) {
        status = pst_fail_errno(err, code, "make a lock");
        goto fail_lock;
    }
    atomic_init(&made->n_refs, 1);
    pst_system_retain(system);
    made->system = system;
    take_config(made, config);
    status = pst_channels_init(&made->flow, config, err);
    if (status == PST_OK)
        status = pst_hook_init(&made->flow, config, err);
    if (status == PST_OK)
        status = open_device(made, config, &leaked, err);
    if (status != PST_OK)
        goto fail_device;
    status = make_rings(made, config, err);
    if (status == PST_OK && made->keeper != NULL)
        status = pst_keeper_start(made->keeper, err);
    if (status != PST_OK)
        goto fail_rings;
    pst_system_join(system, &made->member, made);
    *stream = made;
    return PST_OK;

fail_rings:
    leaked = pst_line_close(&made->line, made->control_timeout_ns, NULL) != PST_OK;
    pst_keeper_end(made->keeper, leaked);
    pst_ring_release(made->flow.in.ring);
    pst_ring_release(made->flow.out.ring);
fail_device:
    pst_keeper_release(made->keeper);
    pst_system_release(system);
    if (leaked)
        return status;
    pst_hook_deinit(&made->flow);
    pthread_mutex_destroy(&made->control);
fail_lock:
    pst_flow_deinit(&made->flow);
fail_flow:
    pst_free(made);
    return status;
}

void pst_stream_destroy(pst_stream *stream) {
    pst_system *system = stream->system;
    pst_system_leave(system, &stream->member);
    pst_keeper_release(stream->keeper);
    if (!atomic_load(&stream->given_up)) {
        pst_ring_release(stream->flow.in.ring);
        pst_ring_release(stream->flow.out.ring);
        pst_hook_deinit(&stream->flow);
        pst_flow_deinit(&stream->flow);
        pthread_mutex_destroy(&stream->control);
        pst_free(stream);
    }
    pst_system_release(system);
}
