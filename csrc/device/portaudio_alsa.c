// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "device/portaudio_alsa.h"

#include "base/error.h"
#include "device/portaudio.h"
#include "device/settings.h"

// What PortAudio takes where nobody says otherwise.
enum { DEFAULT_PERIODS = 4 };

static bool can_be_told(const pst_pa *pa) {
#ifdef PST_PA_ALSA
    return pa->alsa_init_info != NULL && pa->alsa_set_realtime != NULL &&
           pa->alsa_set_periods != NULL;
#else
    (void)pa;
    return false;
#endif
}

static pst_status check_side(const pst_pa *pa, const pst_side *side, pst_error *err) {
    if (!pst_settings_has_alsa(side))
        return PST_OK;
    if (pst_portaudio_hostapi_of(pa, side->device) != paALSA)
        return pst_fail(err, PST_UNSUPPORTED, 0,
                        "options for ALSA were given, and the device is not ALSA's");
    if (!can_be_told(pa))
        return pst_fail(err, PST_UNSUPPORTED, 0, "this PortAudio takes no options for ALSA");
    return PST_OK;
}

pst_status pst_portaudio_alsa_check(const pst_pa *pa, const pst_open_request *request,
                                    pst_error *err) {
    const pst_status status = check_side(pa, &request->input, err);
    return status != PST_OK ? status : check_side(pa, &request->output, err);
}

void pst_portaudio_alsa_apply(const pst_pa *pa, const pst_side *side, pst_direction direction,
                              pst_portaudio_alsa *store, PaStreamParameters *params) {
#ifdef PST_PA_ALSA
    if (side->device == PST_NO_INDEX || side->alsa.pcm[0] == '\0')
        return;
    PaAlsaStreamInfo *info = &store->infos[direction == PST_INPUT ? 0 : 1];
    pa->alsa_init_info(info);
    info->deviceString = side->alsa.pcm;
    params->device = paUseHostApiSpecificDeviceSpecification;
    params->hostApiSpecificStreamInfo = info;
#else
    (void)pa, (void)side, (void)direction, (void)store, (void)params;
#endif
}

static uint32_t periods(const pst_open_request *request) {
    const uint32_t n_input =
        request->input.device != PST_NO_INDEX ? request->input.alsa.n_periods : 0;
    const uint32_t n_output =
        request->output.device != PST_NO_INDEX ? request->output.alsa.n_periods : 0;
    return n_input > n_output ? n_input : n_output;
}

void pst_portaudio_alsa_before_open(const pst_pa *pa, const pst_open_request *request) {
    if (periods(request) != 0)
        (void)pa->alsa_set_periods((int)periods(request));
}

void pst_portaudio_alsa_after_open(const pst_pa *pa, const pst_open_request *request,
                                   PaStream *stream) {
    if (periods(request) != 0)
        (void)pa->alsa_set_periods(DEFAULT_PERIODS);
    const bool wants_input =
        request->input.device != PST_NO_INDEX && request->input.alsa.is_realtime;
    const bool wants_output =
        request->output.device != PST_NO_INDEX && request->output.alsa.is_realtime;
    if (stream != NULL && (wants_input || wants_output))
        pa->alsa_set_realtime(stream, 1);
}
