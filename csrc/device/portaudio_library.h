// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_DEVICE_PORTAUDIO_LIBRARY_H
#define PST_DEVICE_PORTAUDIO_LIBRARY_H

#include <portaudio.h>

#include "pastream/base.h"

// The functions of one instance of PortAudio.
//
// PortAudio keeps its state in static variables, so it exists once per process. That is too little
// in two cases: another library of this process has initialised it, with a list of devices that
// only that one can renew; and a JACK server has died, after which Pa_Terminate ends the process by
// a failed assertion. Then we load a private copy of the library file, with a state of its own, and
// leave the other alone.
typedef struct pst_pa {
    PaError (*initialize)(void);
    PaError (*terminate)(void);
    PaDeviceIndex (*device_count)(void);
    const PaDeviceInfo *(*device_info)(PaDeviceIndex);
    PaHostApiIndex (*hostapi_count)(void);
    const PaHostApiInfo *(*hostapi_info)(PaHostApiIndex);
    PaDeviceIndex (*default_input)(void);
    PaDeviceIndex (*default_output)(void);
    PaError (*is_format_supported)(const PaStreamParameters *, const PaStreamParameters *, double);
    PaError (*open_stream)(PaStream **, const PaStreamParameters *, const PaStreamParameters *,
                           double, unsigned long, PaStreamFlags, PaStreamCallback *, void *);
    PaError (*close_stream)(PaStream *);
    PaError (*start_stream)(PaStream *);
    PaError (*stop_stream)(PaStream *);
    PaError (*abort_stream)(PaStream *);
    PaError (*is_stream_active)(PaStream *);
    const PaStreamInfo *(*stream_info)(PaStream *);
    const char *(*error_text)(PaError);
    const PaHostErrorInfo *(*last_host_error)(void);
    PaError (*set_jack_name)(const char *); // NULL if it was built without JACK.
} pst_pa;

// Fills in the functions of an instance that nobody has initialised: those that we are linked with,
// or of a new copy. Copies are never unloaded.
// Returns PST_OK, PST_UNSUPPORTED (no copy can be made here) or PST_SYSTEM_ERROR.
// Thread: control, worker. Realtime: no.
PST_NODISCARD pst_status pst_pa_find_unused(pst_pa *pa, pst_error *err);

// Fills in the functions of a new copy; for tests.
PST_NODISCARD pst_status pst_pa_load_copy(pst_pa *pa, pst_error *err);

#endif
