// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_DEVICE_PORTAUDIO_ALSA_H
#define PST_DEVICE_PORTAUDIO_ALSA_H

#include "device/backend.h"
#include "device/portaudio_library.h"

// What PortAudio lets its users say to ALSA.

// The options of a request, for as long as PortAudio looks at its parameters.
typedef struct pst_portaudio_alsa {
#ifdef PST_PA_ALSA
    PaAlsaStreamInfo infos[2];
#else
    int none;
#endif
} pst_portaudio_alsa;

// Returns PST_OK, or PST_UNSUPPORTED if a side of the request has options that its device, or this
// PortAudio, does not know.
// Thread: control, worker. Realtime: no.
PST_NODISCARD pst_status pst_portaudio_alsa_check(const pst_pa *pa, const pst_open_request *request,
                                                  pst_error *err);

// Puts the options of one side into its parameters, which then refer to store and to side.
void pst_portaudio_alsa_apply(const pst_pa *pa, const pst_side *side, pst_direction direction,
                              pst_portaudio_alsa *store, PaStreamParameters *params);

// Around the call that opens the stream, inside the gate of PortAudio's calls: what PortAudio keeps
// for all streams is set before it, and put back after it. stream is NULL if it was not opened.
void pst_portaudio_alsa_before_open(const pst_pa *pa, const pst_open_request *request);
void pst_portaudio_alsa_after_open(const pst_pa *pa, const pst_open_request *request,
                                   PaStream *stream);

#endif
