// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "device/portaudio.h"

#include <errno.h>

#include "base/error.h"

typedef struct error_row {
    PaError code;
    pst_status status;
} error_row;

static const error_row rows[] = {
    {paInsufficientMemory, PST_NO_MEMORY},
    {paInvalidChannelCount, PST_UNSUPPORTED},
    {paInvalidSampleRate, PST_UNSUPPORTED},
    {paSampleFormatNotSupported, PST_UNSUPPORTED},
    {paBadIODeviceCombination, PST_UNSUPPORTED},
    {paBufferTooBig, PST_UNSUPPORTED},
    {paBufferTooSmall, PST_UNSUPPORTED},
    {paInvalidFlag, PST_UNSUPPORTED},
    {paInvalidDevice, PST_NO_DEVICE},
    {paInvalidHostApi, PST_NO_DEVICE},
    {paHostApiNotFound, PST_NO_DEVICE},
    {paDeviceUnavailable, PST_DEVICE_BUSY},
    {paTimedOut, PST_TIMEOUT},
    {paStreamIsStopped, PST_BAD_STATE},
    {paStreamIsNotStopped, PST_BAD_STATE},
    {paNotInitialized, PST_BAD_STATE},
};

// What lies behind paUnanticipatedHostError, where the host's own code says it.
static pst_status status_of_host_code(PaHostApiTypeId hostapi, long code) {
    if (hostapi != paALSA && hostapi != paOSS)
        return PST_HOST_ERROR;
    switch (code < 0 ? -code : code) {
    case EBUSY:
        return PST_DEVICE_BUSY;
    case ENODEV:
    case ENXIO:
        return PST_DEVICE_LOST;
    case ENOENT:
        return PST_NO_DEVICE;
    case EINVAL:
        return PST_UNSUPPORTED;
    default:
        return PST_HOST_ERROR;
    }
}

pst_status pst_portaudio_fail(const pst_pa *pa, pst_error *err, PaError code, const char *what) {
    if (code == paUnanticipatedHostError) {
        const PaHostErrorInfo *host = pa->last_host_error();
        if (host != NULL && host->errorText != NULL && host->errorText[0] != '\0')
            return pst_fail(err, status_of_host_code(host->hostApiType, host->errorCode),
                            (int32_t)host->errorCode, "%s: %s (%s)", what, host->errorText,
                            pa->error_text(code));
    }
    pst_status status = PST_HOST_ERROR;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; ++i) {
        if (rows[i].code == code)
            status = rows[i].status;
    }
    return pst_fail(err, status, code, "%s: %s", what, pa->error_text(code));
}

pst_status pst_portaudio_fail_device(const pst_pa *pa, const pst_open_request *request,
                                     pst_error *err, PaError code, const char *what) {
    const PaDeviceIndex device =
        request->input.device != PST_NO_INDEX ? request->input.device : request->output.device;
    if (code == paBadIODeviceCombination && pst_portaudio_hostapi_of(pa, device) == paALSA)
        return pst_fail(err, PST_DEVICE_LOST, code,
                        "%s: ALSA cannot reach it; it was unplugged, or the server behind it is "
                        "not running",
                        what);
    return pst_portaudio_fail(pa, err, code, what);
}
