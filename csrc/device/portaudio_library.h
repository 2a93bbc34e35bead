// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_DEVICE_PORTAUDIO_LIBRARY_H
#define PST_DEVICE_PORTAUDIO_LIBRARY_H

#include <portaudio.h>

#if defined(__has_include)
#if __has_include(<pa_linux_alsa.h>)
#include <pa_linux_alsa.h>
#define PST_PA_ALSA 1
#endif
#endif
#ifndef PST_PA_ALSA
typedef struct PaAlsaStreamInfo PaAlsaStreamInfo;
#endif

#include "pastream/base.h"

// The functions of one instance of PortAudio.
//
// PortAudio keeps its state in static variables, so it exists once per process. That is too little
// in three cases: another library of this process has initialised it, with a list of devices that
// only that one can renew; a JACK server has died, after which Pa_Terminate ends the process by a
// failed assertion; and the list is read again while streams are open. Then we load a private copy
// of the library file, with a state of its own, and leave the other alone.
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
    PaError (*set_jack_name)(const char *);  // NULL if it was built without JACK,
    PaError (*get_jack_name)(const char **); // and so is this one.
    // NULL if it was built without ALSA.
    void (*alsa_init_info)(PaAlsaStreamInfo *);
    void (*alsa_set_realtime)(PaStream *, int);
    PaError (*alsa_set_periods)(int);
} pst_pa;

enum { PST_JACK_NAME_BYTES = 64 };

// An instance that somebody uses, or that waits for the next user: a copy stays in memory for good,
// so it is used again.
typedef struct pst_pa_instance {
    pst_pa pa;
    bool is_taken;
    char jack_name[PST_JACK_NAME_BYTES]; // Of its client at the JACK server; empty if it has none.
    struct pst_pa_instance *next;
} pst_pa_instance;

// Takes an instance that nobody has initialised: the one that we are linked with, a copy that was
// given back, or a new copy. The caller gives it back.
// Returns PST_OK, PST_UNSUPPORTED (no copy can be made here), PST_NO_MEMORY or PST_SYSTEM_ERROR.
// Thread: control, worker. Realtime: no.
PST_NODISCARD pst_status pst_pa_take(pst_pa_instance **instance, pst_error *err);

// Gives an instance back. is_spent: it could not be terminated, and is never used again.
// Thread: control, worker. Realtime: no.
void pst_pa_give_back(pst_pa_instance *instance, bool is_spent);

// Keeps the name that an initialised instance has at the JACK server.
// Thread: control, worker. Realtime: no.
void pst_pa_note_jack_name(pst_pa_instance *instance);

// Whether a client of the JACK server belongs to one of our instances: it is no device to list.
// Thread: control, worker. Realtime: no.
bool pst_pa_is_own_client(const char *jack_name);

// Fills in the functions of a new copy; for tests.
PST_NODISCARD pst_status pst_pa_load_copy(pst_pa *pa, pst_error *err);

#endif
