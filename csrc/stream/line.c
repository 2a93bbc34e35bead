// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "stream/line.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/error.h"
#include "stream/callback.h"
#include "stream/channels.h"
#include "stream/pace.h"

// Opening may wake a device or a server, and nobody waits for the lock of a stream yet.
#define DEFAULT_OPEN_TIMEOUT_NS (5 * PST_NS_PER_SECOND)

static int64_t open_timeout_ns(const pst_stream_config *config) {
    const double told_s = config->control_timeout_s;
    return told_s > 0.0 ? (int64_t)(told_s * 1e9) + 1 : DEFAULT_OPEN_TIMEOUT_NS;
}

static bool changes_rate(const pst_stream_config *config) {
    return config->device_samplerate_hz > 0.0 &&
           config->device_samplerate_hz != config->samplerate_hz;
}

// Puts in what stands between: nearest to the device is the tap, which cuts off all the rest.
static pst_status make_way(pst_line *line, const pst_stream_config *config,
                           pst_open_request *request, pst_error *err) {
    if (changes_rate(config)) {
        const pst_status status = pst_rate_create(
            &line->rate, request, config->device_samplerate_hz, config->resample_quality, err);
        if (status != PST_OK)
            return status;
    }
    if (config->on_lost == PST_ON_LOST_RAISE)
        return PST_OK;
    line->tap = pst_tap_create(request);
    return line->tap != NULL ? PST_OK : pst_fail_memory(err);
}

static void free_way(pst_line *line) {
    pst_rate_destroy(line->rate);
    pst_free(line->tap);
    *line = (pst_line){.handle = NULL};
}

pst_status pst_line_open(pst_line *line, pst_system *system, const pst_stream_config *config,
                         pst_flow *flow, pst_virtual_memory *memory, pst_open_info *info,
                         bool *leaked, pst_error *err) {
    pst_open_request request = {
        .input = pst_channels_of_device(&config->input, &config->input_map),
        .output = pst_channels_of_device(&config->output, &config->output_map),
        .samplerate_hz = config->samplerate_hz,
        .block_frames = config->block_frames,
        .virtual_config = config->virtual_config,
        .virtual_memory = memory,
        .process = pst_stream_process,
        .pace = pst_stream_pace,
        .user = flow,
    };
    *line = (pst_line){.handle = NULL};
    *leaked = false;
    bool abandoned = false;
    pst_status status = make_way(line, config, &request, err);
    if (status == PST_OK)
        status = pst_handle_open(&line->handle, system, &request, open_timeout_ns(config), info,
                                 &abandoned, err);
    if (status != PST_OK) {
        *leaked = abandoned && line->tap == NULL;
        if (!abandoned)
            free_way(line);
        return status;
    }
    if (line->rate != NULL)
        pst_rate_translate_info(line->rate, info);
    return PST_OK;
}

pst_status pst_line_close(pst_line *line, int64_t step_ns, pst_error *err) {
    const pst_status status = pst_handle_close(line->handle, step_ns, err);
    // Cut in time: nobody is on the other side.
    const bool is_cut = line->tap != NULL && !atomic_load(&line->tap->is_open) &&
                        !atomic_load(&line->tap->is_inside);
    if (status != PST_OK) {
        line->tap = NULL; // Perhaps still called.
        if (!is_cut)
            line->rate = NULL;
    }
    free_way(line);
    return status;
}
