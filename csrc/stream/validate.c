// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include <math.h>

#include "base/error.h"
#include "device/settings.h"
#include "stream/channels.h"
#include "stream/state.h"

// What can be said about a configuration without asking a device.

static const double longest_timeout_s = 1e6;

static pst_status refuse_int(pst_error *err, const char *field, int64_t value, const char *right) {
    return pst_fail(err, PST_BAD_ARGUMENT, 0, "%s is %lld; it must be %s", field, (long long)value,
                    right);
}

static pst_status refuse_real(pst_error *err, const char *field, double value, const char *right) {
    return pst_fail(err, PST_BAD_ARGUMENT, 0, "%s is %g; it must be %s", field, value, right);
}

pst_status pst_stream_check_limits(const pst_limits *limits, pst_error *err) {
    if (limits->input_skip_frames < 0)
        return refuse_int(err, "input_skip_frames", limits->input_skip_frames, "0 or more");
    if (limits->input_total_frames < PST_UNLIMITED)
        return refuse_int(err, "input_total_frames", limits->input_total_frames,
                          "0 or more, or PST_UNLIMITED");
    if (limits->output_total_frames < PST_UNLIMITED)
        return refuse_int(err, "output_total_frames", limits->output_total_frames,
                          "0 or more, or PST_UNLIMITED");
    if (limits->output_pad_frames < PST_UNLIMITED)
        return refuse_int(err, "output_pad_frames", limits->output_pad_frames,
                          "0 or more, or PST_UNLIMITED");
    if (limits->output_run_frames < PST_UNLIMITED)
        return refuse_int(err, "output_run_frames", limits->output_run_frames,
                          "0 or more, or PST_UNLIMITED");
    return PST_OK;
}

static pst_status check_side(const pst_side *side, const char *name, pst_error *err) {
    if (side->device == PST_NO_INDEX)
        return PST_OK;
    if (side->n_channels < 1 || side->n_channels > PST_MAX_CHANNELS)
        return pst_fail(err, PST_BAD_ARGUMENT, 0, "%s.n_channels is %u; it must be 1 to %d", name,
                        (unsigned)side->n_channels, PST_MAX_CHANNELS);
    if (pst_format_bytes(side->format) == 0)
        return pst_fail(err, PST_BAD_ARGUMENT, 0, "%s.format is %d, which is no sample format",
                        name, (int)side->format);
    if (side->format == PST_FORMAT_I24)
        return pst_fail(err, PST_BAD_ARGUMENT, 0,
                        "%s.format is int24, which has no place in arrays; it must be int32, with "
                        "int24 as device_format",
                        name);
    if (side->device_format != 0 && pst_format_bytes(side->device_format) == 0)
        return pst_fail(err, PST_BAD_ARGUMENT, 0,
                        "%s.device_format is %d, which is no sample format", name,
                        (int)side->device_format);
    if (!isfinite(side->latency_s))
        return pst_fail(err, PST_BAD_ARGUMENT, 0, "%s.latency_s is %g; it must be finite", name,
                        side->latency_s);
    return PST_OK;
}

pst_status pst_stream_check_ring(const pst_ring *ring, uint32_t n_channels, pst_format format,
                                 uint32_t block_frames, const char *name, pst_error *err) {
    pst_ring_info info;
    pst_ring_get_info(ring, &info);
    const uint32_t frame_bytes = n_channels * pst_format_bytes(format);
    if (info.frame_bytes != frame_bytes)
        return pst_fail(err, PST_BAD_ARGUMENT, 0,
                        "%s has frames of %u bytes; %u channels of %s need %u", name,
                        (unsigned)info.frame_bytes, (unsigned)n_channels, pst_format_name(format),
                        (unsigned)frame_bytes);
    // A caller's memory may be a whole recording, which may be shorter than a block.
    if (info.memory_kind != PST_RING_FLAT && info.capacity_frames < block_frames)
        return pst_fail(err, PST_BAD_ARGUMENT, 0,
                        "%s holds %llu frames, which is less than a block of %u", name,
                        (unsigned long long)info.capacity_frames, (unsigned)block_frames);
    return PST_OK;
}

static pst_status check_ring(const pst_ring *ring, const pst_side *side, const char *name,
                             uint32_t block_frames, pst_error *err) {
    if (ring == NULL || side->device == PST_NO_INDEX)
        return PST_OK;
    return pst_stream_check_ring(ring, side->n_channels, side->format, block_frames, name, err);
}

static pst_status check_without_ring(const pst_stream_config *config, bool without,
                                     const pst_ring *ring, const char *name, pst_error *err) {
    if (without && !config->callback)
        return pst_fail(err, PST_BAD_ARGUMENT, 0,
                        "without_%s is true, but there is no callback; it must be false", name);
    if (without && ring != NULL)
        return pst_fail(err, PST_BAD_ARGUMENT, 0,
                        "without_%s is true and %s is given; it must be one of the two", name,
                        name);
    return PST_OK;
}

static pst_status check_timeout(double seconds, const char *field, pst_error *err) {
    if (seconds >= 0.0 && seconds <= longest_timeout_s)
        return PST_OK;
    return refuse_real(err, field, seconds, "0 to 1000000 s");
}

pst_status pst_stream_check_config(const pst_stream_config *config, pst_error *err) {
    const pst_limits limits = {config->input_skip_frames, config->input_total_frames,
                               config->output_total_frames, config->output_pad_frames,
                               config->output_run_frames};
    pst_status status;
    if (config->input.device == PST_NO_INDEX && config->output.device == PST_NO_INDEX)
        return pst_fail(err, PST_BAD_ARGUMENT, 0,
                        "input.device and output.device are both missing; a stream needs one");
    // Written so that NaN is refused too.
    if (!(config->samplerate_hz >= PST_MIN_SAMPLERATE_HZ &&
          config->samplerate_hz <= PST_MAX_SAMPLERATE_HZ))
        return refuse_real(err, "samplerate_hz", config->samplerate_hz, "1 to 1000000 Hz");
    const double device_hz = config->device_samplerate_hz;
    if (device_hz != 0.0 &&
        !(device_hz >= PST_MIN_SAMPLERATE_HZ && device_hz <= PST_MAX_SAMPLERATE_HZ &&
          device_hz <= config->samplerate_hz * PST_RESAMPLE_MAX_RATIO &&
          config->samplerate_hz <= device_hz * PST_RESAMPLE_MAX_RATIO))
        return refuse_real(err, "device_samplerate_hz", device_hz,
                           "0, or 1 to 1000000 Hz and within a factor of 256 of samplerate_hz");
    if ((unsigned)config->resample_quality > PST_RESAMPLE_HOLD)
        return refuse_int(err, "resample_quality", (int64_t)config->resample_quality,
                          "a pst_resample_quality");
    if (config->block_frames > PST_MAX_BLOCK_FRAMES)
        return refuse_int(err, "block_frames", config->block_frames, "0 to 65536");
    if ((unsigned)config->overflow > PST_OVERFLOW_SILENCE)
        return refuse_int(err, "overflow", (int64_t)config->overflow, "a pst_overflow");
    if ((unsigned)config->on_lost > PST_ON_LOST_DEFAULT)
        return refuse_int(err, "on_lost", (int64_t)config->on_lost, "a pst_on_lost");
    if ((unsigned)config->underflow > PST_UNDERFLOW_RAISE)
        return refuse_int(err, "underflow", (int64_t)config->underflow, "a pst_underflow");
    if (config->input_ring != NULL && config->input_ring == config->output_ring)
        return pst_fail(err, PST_BAD_ARGUMENT, 0,
                        "input_ring and output_ring are the same; they must be two rings");
    if ((status = pst_stream_check_limits(&limits, err)) != PST_OK ||
        (status = check_timeout(config->stall_after_s, "stall_after_s", err)) != PST_OK ||
        (status = check_timeout(config->lost_after_s, "lost_after_s", err)) != PST_OK ||
        (status = check_timeout(config->control_timeout_s, "control_timeout_s", err)) != PST_OK ||
        (status = check_timeout(config->reopen_timeout_s, "reopen_timeout_s", err)) != PST_OK ||
        (status = check_side(&config->input, "input", err)) != PST_OK ||
        (status = check_side(&config->output, "output", err)) != PST_OK ||
        (status = pst_channels_check(config, err)) != PST_OK ||
        (status = check_without_ring(config, config->without_input_ring, config->input_ring,
                                     "input_ring", err)) != PST_OK ||
        (status = check_without_ring(config, config->without_output_ring, config->output_ring,
                                     "output_ring", err)) != PST_OK)
        return status;
    status =
        check_ring(config->input_ring, &config->input, "input_ring", config->block_frames, err);
    if (status != PST_OK)
        return status;
    return check_ring(config->output_ring, &config->output, "output_ring", config->block_frames,
                      err);
}
