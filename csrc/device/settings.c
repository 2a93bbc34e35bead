// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "device/settings.h"

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "device/text.h"

static pst_status check_channels(const char *which, const pst_side *side, const char *name,
                                 int32_t max_channels, pst_error *err) {
    if (max_channels <= 0)
        return pst_fail(err, PST_UNSUPPORTED, 0, "'%s' has no %s channels", name, which);
    const uint32_t most =
        max_channels < PST_MAX_CHANNELS ? (uint32_t)max_channels : (uint32_t)PST_MAX_CHANNELS;
    if (side->n_channels == 0)
        return pst_fail(err, PST_BAD_ARGUMENT, 0,
                        "%s.n_channels is 0; '%s' can do 1 to %u channels", which, name,
                        (unsigned)most);
    if (side->n_channels > most)
        return pst_fail(err, PST_UNSUPPORTED, 0,
                        "%s.n_channels is %u; '%s' can do 1 to %u channels", which,
                        (unsigned)side->n_channels, name, (unsigned)most);
    return PST_OK;
}

bool pst_settings_has_alsa(const pst_side *side) {
    const pst_alsa_options *alsa = &side->alsa;
    return side->device != PST_NO_INDEX &&
           (alsa->pcm[0] != '\0' || alsa->n_periods != 0 || alsa->is_realtime);
}

static pst_status check_alsa(const char *which, const pst_side *side, const pst_device_info *info,
                             pst_error *err) {
    if (memchr(side->alsa.pcm, '\0', sizeof side->alsa.pcm) == NULL)
        return pst_fail(err, PST_BAD_ARGUMENT, 0, "%s.alsa.pcm is not ended by a NUL", which);
    if (side->alsa.n_periods == 1 || side->alsa.n_periods > PST_ALSA_MAX_PERIODS)
        return pst_fail(err, PST_BAD_ARGUMENT, 0,
                        "%s.alsa.n_periods is %u; it must be 0, or 2 to %d", which,
                        (unsigned)side->alsa.n_periods, PST_ALSA_MAX_PERIODS);
    if (info->is_virtual && pst_settings_has_alsa(side))
        return pst_fail(err, PST_UNSUPPORTED, 0,
                        "%s.alsa has options, and '%s' is a virtual device", which, info->name);
    return PST_OK;
}

static pst_status check_side(const char *which, const pst_side *side, const pst_device_info *info,
                             int32_t max_channels, pst_error *err) {
    const pst_status status = check_channels(which, side, info->name, max_channels, err);
    if (status != PST_OK)
        return status;
    if (pst_format_bytes(side->format) == 0)
        return pst_fail(err, PST_BAD_ARGUMENT, 0, "%s.format is %d, which is no sample format",
                        which, (int)side->format);
    if (side->format == PST_FORMAT_I24)
        return pst_fail(err, PST_BAD_ARGUMENT, 0,
                        "%s.format is int24; use int32 with %s.device_format int24", which, which);
    if (side->device_format != 0 && pst_format_bytes(side->device_format) == 0)
        return pst_fail(err, PST_BAD_ARGUMENT, 0,
                        "%s.device_format is %d, which is no sample format", which,
                        (int)side->device_format);
    if (!isfinite(side->latency_s) || side->latency_s > PST_MAX_LATENCY_S)
        return pst_fail(err, PST_BAD_ARGUMENT, 0,
                        "%s.latency_s is %g; it must be at most %g (0: low, negative: high)", which,
                        side->latency_s, PST_MAX_LATENCY_S);
    return check_alsa(which, side, info, err);
}

pst_status pst_settings_check(const pst_open_request *request, const pst_device_info *input,
                              const pst_device_info *output, pst_error *err) {
    const double rate = request->samplerate_hz;
    if (!(rate >= PST_MIN_SAMPLERATE_HZ && rate <= PST_MAX_SAMPLERATE_HZ)) // NaN fails too.
        return pst_fail(err, PST_BAD_ARGUMENT, 0, "samplerate_hz is %g; it must be %g to %g", rate,
                        PST_MIN_SAMPLERATE_HZ, PST_MAX_SAMPLERATE_HZ);
    if (request->block_frames > PST_MAX_BLOCK_FRAMES)
        return pst_fail(err, PST_BAD_ARGUMENT, 0,
                        "block_frames is %u; it must be 1 to %d, or 0 to let the host choose",
                        (unsigned)request->block_frames, PST_MAX_BLOCK_FRAMES);
    pst_status status = PST_OK;
    if (request->input.device != PST_NO_INDEX)
        status = check_side("input", &request->input, input, input->max_input_channels, err);
    if (status == PST_OK && request->output.device != PST_NO_INDEX)
        status = check_side("output", &request->output, output, output->max_output_channels, err);
    return status;
}

void pst_settings_name(char *text, size_t n_bytes, const pst_open_request *request,
                       const pst_device_info *input, const pst_device_info *output) {
    const bool has_input = request->input.device != PST_NO_INDEX;
    const bool has_output = request->output.device != PST_NO_INDEX;
    text[0] = '\0';
    if (has_input && has_output && strcmp(input->uid, output->uid) != 0)
        pst_text_appendf(text, n_bytes, "'%s' and '%s'", input->name, output->name);
    else
        pst_text_appendf(text, n_bytes, "'%s'", has_input ? input->name : output->name);
}

double pst_settings_plausible_latency(double latency_s) {
    return latency_s >= 0.0 && latency_s <= PST_MAX_LATENCY_S ? latency_s : 0.0;
}
