// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "device/portaudio.h"

#include <string.h>

#include "base/error.h"
#include "device/settings.h"
#include "device/text.h"

// ---- The list --------------------------------------------------------------------------------

static int32_t index_of(PaDeviceIndex device) {
    return device == paNoDevice ? PST_NO_INDEX : device;
}

static bool starts_with(const char *text, const char *head) {
    return strncmp(text, head, strlen(head)) == 0;
}

static bool ends_with(const char *text, const char *tail) {
    const size_t n = strlen(text), n_tail = strlen(tail);
    return n >= n_tail && strcmp(text + n - n_tail, tail) == 0;
}

// The names that PortAudio's PulseAudio and WASAPI parts give to what listens to an output.
static bool is_monitor(const char *name) {
    return starts_with(name, "Monitor of ") || ends_with(name, ".monitor") ||
           ends_with(name, "[Loopback]");
}

// On JACK every client is a device. Those of other copies of PortAudio in this process have the
// ports of our own streams.
static bool is_ourselves(const PaHostApiInfo *hostapi, const PaDeviceInfo *device) {
    return hostapi->type == paJACK && pst_pa_is_own_client(device->name);
}

static pst_status add_device(pst_device_list *list, const PaDeviceInfo *from) {
    pst_device_info info = {
        .max_input_channels = from->maxInputChannels,
        .max_output_channels = from->maxOutputChannels,
        .default_samplerate_hz = from->defaultSampleRate,
        .low_input_latency_s = pst_settings_plausible_latency(from->defaultLowInputLatency),
        .low_output_latency_s = pst_settings_plausible_latency(from->defaultLowOutputLatency),
        .high_input_latency_s = pst_settings_plausible_latency(from->defaultHighInputLatency),
        .high_output_latency_s = pst_settings_plausible_latency(from->defaultHighOutputLatency),
    };
    pst_text_copy(info.name, sizeof info.name, from->name);
    info.is_loopback = info.max_input_channels > 0 && is_monitor(info.name);
    return pst_device_list_add_device(list, &info);
}

// The devices of a host API are numbered in a row, and the host APIs follow each other.
pst_status pst_portaudio_list(const pst_pa *pa, pst_device_list *list) {
    const PaDeviceIndex n_devices = pa->device_count();
    PaDeviceIndex device = 0;
    for (PaHostApiIndex i = 0; i < pa->hostapi_count(); ++i) {
        const PaHostApiInfo *from = pa->hostapi_info(i);
        pst_hostapi_info info = {
            .default_input = index_of(from->defaultInputDevice),
            .default_output = index_of(from->defaultOutputDevice),
        };
        pst_text_copy(info.name, sizeof info.name, from->name);
        pst_status status = pst_device_list_add_hostapi(list, &info);
        for (; status == PST_OK && device < n_devices && pa->device_info(device)->hostApi == i;
             ++device) {
            if (is_ourselves(from, pa->device_info(device)))
                pst_device_list_skip(list);
            else
                status = add_device(list, pa->device_info(device));
        }
        if (status != PST_OK)
            return status;
    }
    pst_device_list_set_defaults(list, index_of(pa->default_input()),
                                 index_of(pa->default_output()));
    return PST_OK;
}

PaHostApiTypeId pst_portaudio_hostapi_of(const pst_pa *pa, PaDeviceIndex device) {
    const PaDeviceInfo *info = pa->device_info(device);
    const PaHostApiInfo *hostapi = info != NULL ? pa->hostapi_info(info->hostApi) : NULL;
    return hostapi != NULL ? hostapi->type : paInDevelopment;
}

// ---- Settings --------------------------------------------------------------------------------

static PaSampleFormat format_of(pst_format format) {
    switch (format) {
    case PST_FORMAT_F32:
        return paFloat32;
    case PST_FORMAT_I32:
        return paInt32;
    case PST_FORMAT_I24:
        return paInt24;
    case PST_FORMAT_I16:
        return paInt16;
    case PST_FORMAT_I8:
        return paInt8;
    case PST_FORMAT_U8:
        return paUInt8;
    case PST_FORMAT_F64:
        break;
    }
    return 0;
}

bool pst_portaudio_has_format(pst_format format) {
    return format_of(format) != 0;
}

static double suggested_latency(const pst_side *side, const PaDeviceInfo *info, bool is_input) {
    if (side->latency_s > 0.0)
        return side->latency_s;
    const bool is_high = side->latency_s < 0.0;
    const double low = is_input ? info->defaultLowInputLatency : info->defaultLowOutputLatency;
    const double high = is_input ? info->defaultHighInputLatency : info->defaultHighOutputLatency;
    return pst_settings_plausible_latency(is_high ? high : low);
}

const PaStreamParameters *pst_portaudio_params(const pst_pa *pa, const pst_side *side,
                                               pst_direction direction, PaStreamParameters *params,
                                               pst_portaudio_alsa *alsa) {
    if (side->device == PST_NO_INDEX)
        return NULL;
    *params = (PaStreamParameters){
        .device = side->device,
        .channelCount = (int)side->n_channels,
        .sampleFormat = format_of(side->device_format),
        .suggestedLatency =
            suggested_latency(side, pa->device_info(side->device), direction == PST_INPUT),
    };
    pst_portaudio_alsa_apply(pa, side, direction, alsa, params);
    return params;
}

bool pst_portaudio_takes(const pst_pa *pa, const pst_open_request *request, pst_direction direction,
                         pst_format format) {
    if (!pst_portaudio_has_format(format))
        return false;
    pst_side side = direction == PST_INPUT ? request->input : request->output;
    side.device_format = format;
    PaStreamParameters params;
    pst_portaudio_alsa alsa;
    const PaStreamParameters *used = pst_portaudio_params(pa, &side, direction, &params, &alsa);
    return pa->is_format_supported(direction == PST_INPUT ? used : NULL,
                                   direction == PST_INPUT ? NULL : used,
                                   request->samplerate_hz) == paFormatIsSupported;
}

bool pst_portaudio_is_gone(const pst_portaudio *backend, const pst_open_request *request,
                           pst_error *err) {
    if (!pst_jack_watch_is_gone(&backend->jack))
        return false;
    const int32_t device =
        request->input.device != PST_NO_INDEX ? request->input.device : request->output.device;
    if (pst_portaudio_hostapi_of(&backend->pa, device) != paJACK)
        return false;
    pst_fail(err, PST_DEVICE_LOST, 0,
             "the JACK server is gone; read the list of devices again when it is back");
    return true;
}

void pst_system_backend_version(char *text, size_t n_bytes) {
    if (n_bytes > 0)
        pst_text_copy(text, n_bytes, Pa_GetVersionText());
}
