// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "device/virtual.h"

#include <math.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/error.h"
#include "device/settings.h"
#include "device/text.h"

// The virtual host: its devices, and the control side of its streams. What happens while they run
// is in virtual_driver.c.

static const double default_rate_hz = 48000.0;
static const double default_block_s = 0.010;
enum { MIN_DEFAULT_BLOCK_FRAMES = 16 };

// ---- Devices ---------------------------------------------------------------------------------

static pst_status add_device(pst_device_list *list, const char *name, bool is_loopback) {
    pst_device_info info = {
        .max_input_channels = PST_VIRTUAL_CHANNELS,
        .max_output_channels = PST_VIRTUAL_CHANNELS,
        .default_samplerate_hz = default_rate_hz,
        .low_input_latency_s = default_block_s,
        .low_output_latency_s = default_block_s,
        .high_input_latency_s = default_block_s,
        .high_output_latency_s = default_block_s,
        .is_virtual = true,
        .is_loopback = is_loopback,
    };
    pst_text_copy(info.name, sizeof info.name, name);
    return pst_device_list_add_device(list, &info);
}

static pst_status load(void **backend, pst_device_list *list, pst_error *err) {
    *backend = NULL; // The streams share nothing.
    const pst_hostapi_info hostapi = {
        .name = "Virtual",
        .default_input = PST_VIRTUAL_LOOPBACK,
        .default_output = PST_VIRTUAL_LOOPBACK,
    };
    pst_status status = pst_device_list_add_hostapi(list, &hostapi);
    if (status == PST_OK)
        status = add_device(list, "loopback", true); // PST_VIRTUAL_LOOPBACK
    if (status == PST_OK)
        status = add_device(list, "null", false); // PST_VIRTUAL_NULL
    return status == PST_OK ? PST_OK : pst_fail_memory(err);
}

static pst_format suit(void *backend, const pst_open_request *request, pst_direction direction) {
    (void)backend;
    return direction == PST_INPUT ? request->input.format : request->output.format;
}

// Any rate, any format, any combination that passed the checks of all backends.
static pst_status check(void *backend, const pst_open_request *request, pst_error *err) {
    (void)backend;
    return request->virtual_config != NULL ? pst_virtual_config_check(request->virtual_config, err)
                                           : PST_OK;
}

// ---- Opening and closing ---------------------------------------------------------------------

static uint32_t block_frames_of(const pst_open_request *request) {
    if (request->block_frames != 0)
        return request->block_frames;
    const double frames = round(request->samplerate_hz * default_block_s);
    return frames > MIN_DEFAULT_BLOCK_FRAMES ? (uint32_t)frames : MIN_DEFAULT_BLOCK_FRAMES;
}

static pst_status make_loop(pst_virtual *device, uint32_t max_block_frames, pst_error *err) {
    const pst_loop_config config = {
        .input_format = device->input_format,
        .output_format = device->output_format,
        .n_inputs = device->n_inputs,
        .n_outputs = device->n_outputs,
        .delay_frames = device->delay_frames,
        .max_block_frames = max_block_frames,
    };
    return pst_loop_create(&device->loop, &config, err);
}

// Allocates all that a run will need.
static pst_status make_buffers(pst_virtual *device, bool is_looped, pst_error *err) {
    const uint32_t max_frames = pst_faults_max_block(&device->config, device->block_frames);
    device->delay_frames = (uint64_t)device->config.latency_frames + max_frames;
    if (device->has_input) {
        device->input = pst_alloc_array(max_frames, (size_t)device->n_inputs *
                                                        pst_format_bytes(device->input_format));
        if (device->input == NULL)
            return pst_fail_memory(err);
        pst_silence(device->input, device->input_format, (size_t)max_frames * device->n_inputs);
    }
    if (device->has_output) {
        device->output = pst_alloc_array(max_frames, (size_t)device->n_outputs *
                                                         pst_format_bytes(device->output_format));
        if (device->output == NULL)
            return pst_fail_memory(err);
    }
    return is_looped ? make_loop(device, max_frames, err) : PST_OK;
}

static void destroy(pst_virtual *device) {
    pst_loop_destroy(device->loop);
    pst_free(device->input);
    pst_free(device->output);
    pst_event_deinit(&device->wake);
    pst_free(device);
}

static void describe(const pst_virtual *device, pst_open_info *info) {
    const double rate = device->samplerate_hz;
    *info = (pst_open_info){
        .samplerate_hz = rate,
        .counter = PST_COUNTER_EXACT,
        .counter_grain = device->block_frames,
        .settle_s = 0.0,
        .is_realtime = device->config.clock != PST_CLOCK_FREE,
    };
    // Together they are the way round, delay_frames.
    if (device->has_input)
        info->input_latency_s = pst_settings_plausible_latency((double)device->block_frames / rate);
    if (device->has_output)
        info->output_latency_s = pst_settings_plausible_latency(
            (double)(device->delay_frames - device->block_frames) / rate);
}

static void take_request(pst_virtual *device, const pst_open_request *request) {
    device->process = request->process;
    device->pace = request->pace;
    device->user = request->user;
    device->memory = request->virtual_memory;
    device->samplerate_hz = request->samplerate_hz;
    device->has_input = request->input.device != PST_NO_INDEX;
    device->has_output = request->output.device != PST_NO_INDEX;
    device->n_inputs = device->has_input ? request->input.n_channels : 0;
    device->n_outputs = device->has_output ? request->output.n_channels : 0;
    device->input_format = request->input.device_format;
    device->output_format = request->output.device_format;
    device->block_frames = block_frames_of(request);
    device->signal = (pst_signal){
        .kind = device->config.input,
        .format = device->input_format,
        .n_channels = device->n_inputs,
        .samplerate_hz = device->samplerate_hz,
    };
}

static pst_status open_device(void *backend, const pst_open_request *request, void **handle,
                              pst_open_info *info, pst_error *err) {
    pst_status status = check(backend, request, err);
    if (status != PST_OK)
        return status;
    pst_virtual *device = pst_alloc(sizeof *device);
    if (device == NULL)
        return pst_fail_memory(err);
    status = pst_event_init(&device->wake, err);
    if (status != PST_OK) {
        pst_free(device);
        return status;
    }
    if (request->virtual_config != NULL)
        device->config = *request->virtual_config;
    else
        pst_virtual_config_default(&device->config);
    take_request(device, request);
    const bool is_looped = request->input.device == PST_VIRTUAL_LOOPBACK &&
                           request->output.device == PST_VIRTUAL_LOOPBACK &&
                           device->config.input == PST_INPUT_DEVICE;
    if (device->memory != NULL && pst_now_ns() < atomic_load(&device->memory->back_ns))
        status = pst_fail(err, PST_NO_DEVICE, 0, "the virtual device went away by its script");
    else if (device->config.open_status != PST_OK)
        status = pst_fail(err, device->config.open_status, 0,
                          "the virtual device was told by open_status to fail");
    else
        status = make_buffers(device, is_looped, err);
    if (status != PST_OK) {
        destroy(device);
        return status;
    }
    describe(device, info);
    *handle = device;
    return PST_OK;
}

// ---- Running ---------------------------------------------------------------------------------

static pst_status start(void *handle, pst_error *err) {
    pst_virtual *device = handle;
    if (device->config.start_status != PST_OK)
        return pst_fail(err, device->config.start_status, 0,
                        "the virtual device was told by start_status to fail");
    pst_device_clock_init(&device->clock, device->config.clock, device->samplerate_hz,
                          pst_now_ns());
    pst_faults_init(&device->faults, &device->config, device->block_frames);
    if (device->memory != NULL)
        device->faults.n_done = atomic_load(&device->memory->n_faults_done);
    device->frame = 0;
    if (device->loop != NULL)
        pst_loop_clear(device->loop);
    atomic_store(&device->is_stopping, false);
    atomic_store(&device->is_active, true);
    const pst_status status =
        pst_thread_start(&device->thread, "pst-virtual", pst_virtual_drive, device, err);
    device->has_thread = status == PST_OK;
    if (status != PST_OK)
        atomic_store(&device->is_active, false);
    return status;
}

// A host that hangs: the callbacks go on meanwhile.
static void hang(const pst_virtual *device) {
    const int64_t span_ns = device->config.stop_hang_ns;
    if (span_ns == 0)
        return;
    pst_sleep_until_ns(pst_deadline_ns(span_ns));
    while (span_ns < 0)
        pst_sleep_until_ns(PST_NEVER_NS);
}

static pst_status stop(void *handle, pst_error *err) {
    (void)err;
    pst_virtual *device = handle;
    hang(device);
    if (device->has_thread) {
        atomic_store(&device->is_stopping, true);
        pst_event_post(&device->wake);
        pst_thread_join(&device->thread);
        device->has_thread = false;
    }
    atomic_store(&device->is_active, false);
    return PST_OK;
}

static pst_status close_device(void *handle, pst_error *err) {
    (void)err;
    pst_virtual *device = handle;
    hang(device);
    destroy(device);
    return PST_OK;
}

static bool is_active(void *handle) {
    pst_virtual *device = handle;
    return atomic_load(&device->is_active);
}

const pst_backend_ops pst_backend_virtual = {
    .name = "the virtual host",
    .is_fixed = true,
    .load = load,
    .suit = suit,
    .check = check,
    .open = open_device,
    .start = start,
    .stop = stop,
    .abort = stop,
    .close = close_device,
    .is_active = is_active,
};
