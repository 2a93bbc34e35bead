// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include <inttypes.h>
#include <math.h>

#include "base/error.h"
#include "mixer/voice.h"

// Whether arguments are what the header allows. The texts name the field.

static pst_status check_gain(float gain, pst_error *err) {
    if (!isfinite(gain) || gain < 0)
        return pst_fail(err, PST_BAD_ARGUMENT, 0, "gain is %g; it must be 0 or more", (double)gain);
    return PST_OK;
}

static pst_status check_curve(const char *name, pst_curve curve, pst_error *err) {
    if ((int)curve < PST_CURVE_LINEAR || (int)curve > PST_CURVE_EXPONENTIAL)
        return pst_fail(err, PST_BAD_ARGUMENT, 0, "%s is %d, which is no pst_curve", name,
                        (int)curve);
    return PST_OK;
}

static pst_status check_count(const char *name, int64_t value, int64_t least, int64_t most,
                              pst_error *err) {
    if (value < least || value > most)
        return pst_fail(err, PST_BAD_ARGUMENT, 0,
                        "%s is %" PRId64 "; it must be from %" PRId64 " to %" PRId64, name, value,
                        least, most);
    return PST_OK;
}

static pst_status check_moment(const pst_moment *moment, pst_error *err) {
    if (moment->frame < -1)
        return pst_fail(err, PST_BAD_ARGUMENT, 0, "frame is %" PRId64 "; it must be -1 or more",
                        moment->frame);
    if (!isfinite(moment->time_s))
        return pst_fail(err, PST_BAD_ARGUMENT, 0, "time_s is not a finite number");
    return PST_OK;
}

static pst_status check_loop(const pst_loop *loop, int64_t n_frames, pst_error *err) {
    const int64_t end = loop->end_frame < 0 ? n_frames : loop->end_frame;
    pst_status status = check_count("n_repeats", loop->n_repeats, -1, INT64_MAX, err);
    if (status != PST_OK || loop->n_repeats == 0)
        return status;
    status = check_count("loop.end_frame", end, 1, n_frames, err);
    if (status == PST_OK)
        status = check_count("loop.start_frame", loop->start_frame, 0, end - 1, err);
    if (status == PST_OK)
        status = check_curve("loop.crossfade_curve", loop->crossfade_curve, err);
    if (status != PST_OK)
        return status;
    const int64_t length = end - loop->start_frame;
    const int64_t most = loop->start_frame >= loop->crossfade_frames ? length : length / 2;
    return check_count("loop.crossfade_frames", loop->crossfade_frames, 0, most, err);
}

static pst_status check_gains(const float *gains, size_t n_gains, pst_error *err) {
    for (size_t i = 0; i < n_gains; ++i)
        if (!isfinite(gains[i]))
            return pst_fail(err, PST_BAD_ARGUMENT, 0, "gains[%zu] is not a finite number", i);
    return PST_OK;
}

static pst_status check_data(const pst_voice_config *config, pst_error *err) {
    if (config->data == NULL)
        return pst_fail(err, PST_BAD_ARGUMENT, 0, "data is NULL");
    pst_status status = check_count("n_frames", config->n_frames, 1, INT64_MAX / 1024, err);
    if (status == PST_OK)
        status = check_count("offset_frames", config->offset_frames, 0, config->n_frames - 1, err);
    if (status == PST_OK)
        status = check_loop(&config->loop, config->n_frames, err);
    return status;
}

static pst_status check_ring(const pst_voice_config *config, pst_error *err) {
    if (config->data != NULL)
        return pst_fail(err, PST_BAD_ARGUMENT, 0, "data is given together with ring");
    pst_status status = check_count("n_frames", config->n_frames, 0, 0, err);
    if (status == PST_OK)
        status = check_count("offset_frames", config->offset_frames, 0, 0, err);
    if (status == PST_OK)
        status = check_count("loop.n_repeats", config->loop.n_repeats, 0, 0, err);
    if (status != PST_OK)
        return status;
    pst_ring_info info;
    pst_ring_get_info(config->ring, &info);
    if (info.frame_bytes != config->n_channels * sizeof(float))
        return pst_fail(err, PST_BAD_ARGUMENT, 0,
                        "ring has frames of %u bytes; %u channels of float32 are %zu bytes",
                        info.frame_bytes, config->n_channels, config->n_channels * sizeof(float));
    return PST_OK;
}

pst_status pst_voice_config_check(const pst_voice_config *config, uint32_t n_channels,
                                  const pst_mixer *mixer, pst_error *err) {
    pst_status status = check_count("n_channels", config->n_channels, 1, PST_MAX_CHANNELS, err);
    if (status == PST_OK)
        status = config->ring != NULL ? check_ring(config, err) : check_data(config, err);
    if (status != PST_OK)
        return status;
    if (config->gains != NULL)
        status = check_gains(config->gains, (size_t)n_channels * config->n_channels, err);
    else if (config->n_channels != 1 && config->n_channels != n_channels)
        return pst_fail(err, PST_BAD_ARGUMENT, 0,
                        "n_channels is %u; without gains it must be 1%s%u", config->n_channels,
                        " or the mixer's ", n_channels);
    if (status == PST_OK)
        status = check_moment(&config->start, err);
    if (status == PST_OK)
        status = check_gain(config->gain, err);
    if (status == PST_OK)
        status = check_count("fade_in_frames", config->fade_in_frames, 0, INT64_MAX, err);
    if (status == PST_OK)
        status = check_curve("fade_in_curve", config->fade_in_curve, err);
    if (status == PST_OK && config->replaces != NULL && config->replaces->mixer != mixer)
        return pst_fail(err, PST_BAD_ARGUMENT, 0, "replaces is a voice of another mixer");
    return status;
}

pst_status pst_command_check(const pst_command *command, const pst_voice *voice, pst_error *err) {
    pst_status status = check_moment(&command->moment, err);
    if (status == PST_OK)
        status = check_count("ramp_frames", command->ramp_frames, 0, INT64_MAX, err);
    if (status == PST_OK)
        status = check_curve("curve", command->curve, err);
    if (status != PST_OK)
        return status;
    if (voice == NULL && command->kind != PST_COMMAND_GAIN)
        return pst_fail(err, PST_BAD_ARGUMENT, 0, "kind is %d; a mixer knows PST_COMMAND_GAIN only",
                        (int)command->kind);
    if (voice != NULL && voice->ring != NULL &&
        (command->kind == PST_COMMAND_SEEK || command->kind == PST_COMMAND_LOOP))
        return pst_fail(err, PST_BAD_ARGUMENT, 0, "kind is %d, which is not for a ring's voice",
                        (int)command->kind);
    switch (command->kind) {
    case PST_COMMAND_PAUSE:
    case PST_COMMAND_RESUME:
    case PST_COMMAND_CANCEL:
        return PST_OK;
    case PST_COMMAND_GAIN:
        return check_gain(command->gain, err);
    case PST_COMMAND_SEEK:
        return check_count("seek_frame", command->seek_frame, 0, voice->n_frames, err);
    case PST_COMMAND_LOOP:
        return check_loop(&command->loop, voice->n_frames, err);
    default:
        return pst_fail(err, PST_BAD_ARGUMENT, 0, "kind is %d, which is no pst_command_kind",
                        (int)command->kind);
    }
}
