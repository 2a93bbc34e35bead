// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_DEVICE_SIGNS_H
#define PST_DEVICE_SIGNS_H

#include <stdatomic.h>

#include "base/event.h"

// Signs that devices may have come or gone.
//
// Files, on Linux: ALSA's cards in /dev/snd, the socket of the JACK server, that of PulseAudio or
// of PipeWire in its place. And a client of our own at the JACK server, which hears that the ports
// of other clients come and go, and that the server does.
typedef struct pst_signs {
    pst_event *event; // Posted at each sign.
    _Atomic uint32_t count;
    int inotify_fd; // -1: none.
    void *jack;     // The client; NULL if there is no server, or no libjack.
    _Atomic bool jack_is_gone;
} pst_signs;

// Begins to look; what cannot be looked at is left out.
// Thread: worker. Realtime: no (may take as long as the JACK server likes).
void pst_signs_begin(pst_signs *signs, pst_event *event);
void pst_signs_end(pst_signs *signs);

// Counts a sign. Thread: any. Realtime: yes.
void pst_signs_add(pst_signs *signs) PST_RT;

// Reads what inotify_fd has to say, once it is readable. Thread: worker. Realtime: no.
void pst_signs_read_files(pst_signs *signs);

// Finds the JACK server if it is back. Thread: worker. Realtime: no.
void pst_signs_find_jack(pst_signs *signs);

#endif
