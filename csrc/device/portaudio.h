// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_DEVICE_PORTAUDIO_H
#define PST_DEVICE_PORTAUDIO_H

#include "device/backend.h"
#include "device/gate.h"
#include "device/jack_watch.h"
#include "device/portaudio_alsa.h"

// The backend over PortAudio. What PortAudio wants: one thread at a time in Initialize, Terminate,
// Open, Close and the questions about devices. Its JACK part also wants one thread at a time in
// Start and Stop, since all its streams wait on one condition and can take each other's wake-up.
//
// When a JACK server goes, nothing of PortAudio's JACK part may be called any more, and PortAudio
// is not ended; the next load uses another copy of it. So does a load while this one is in use.
typedef struct pst_portaudio {
    pst_pa_instance *instance; // Taken, ...
    pst_pa pa;                 // ... and its functions.
    pst_gate calls;
    pst_gate jack_calls;
    pst_jack_watch jack;
    char name[48]; // Of this program, for hosts that show one. JACK adds a suffix where it must.
} pst_portaudio;

// How long a call waits for another one that is in the gate. Longer than any patient caller's
// deadline; after that the helper thread should not pile up with others.
#define PST_PORTAUDIO_PATIENCE_NS (INT64_C(5) * 1000000000)

// Enters a gate, or fails with PST_TIMEOUT.
PST_NODISCARD pst_status pst_portaudio_enter(pst_gate *gate, pst_error *err);

// ---- portaudio_query.c: questions, all from inside the gate `calls` ---------------------------

// Appends PortAudio's host APIs and devices. Returns PST_OK or PST_NO_MEMORY.
PST_NODISCARD pst_status pst_portaudio_list(const pst_pa *pa, pst_device_list *list);

// Returns the host API of a device.
PaHostApiTypeId pst_portaudio_hostapi_of(const pst_pa *pa, PaDeviceIndex device);

// One side of a request in PortAudio's words, which refer to alsa and to side. Returns params, or
// NULL for a side that is not there.
const PaStreamParameters *pst_portaudio_params(const pst_pa *pa, const pst_side *side,
                                               pst_direction direction, PaStreamParameters *params,
                                               pst_portaudio_alsa *alsa);

// Whether the format has a counterpart in PortAudio; float64 has none.
bool pst_portaudio_has_format(pst_format format);

// Whether a request is for JACK and its server has gone; then fills in *err.
bool pst_portaudio_is_gone(const pst_portaudio *backend, const pst_open_request *request,
                           pst_error *err);

// Whether the device takes this side of a request with a format.
bool pst_portaudio_takes(const pst_pa *pa, const pst_open_request *request, pst_direction direction,
                         pst_format format);

// ---- portaudio_error.c -----------------------------------------------------------------------

// Turns a PaError into a status and a text that begins with `what`.
pst_status pst_portaudio_fail(const pst_pa *pa, pst_error *err, PaError code, const char *what);

// Fails because a device could not be opened, or would not be: as pst_portaudio_fail, but on ALSA
// "illegal combination" means that opening failed for no reason that PortAudio knows.
pst_status pst_portaudio_fail_device(const pst_pa *pa, const pst_open_request *request,
                                     pst_error *err, PaError code, const char *what);

#endif
