// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_DEVICE_JACK_WATCH_H
#define PST_DEVICE_JACK_WATCH_H

#include <stdatomic.h>

#include "pastream/base.h"

// A client of our own at the JACK server, beside PortAudio's. It has no ports and processes
// nothing; it is there for what PortAudio knows and does not tell:
//
// - that the server has gone. From then on PortAudio's JACK functions hang for ten minutes, or end
//   the process by a failed assertion;
// - the frame number of the current period, which tells losses to the period, and its length.
//
// libjack is used if PortAudio has brought it into the process; we are not linked with it.
typedef struct pst_jack_watch {
    void *client; // NULL if there is no server, or no libjack.
    _Atomic bool is_gone;
    bool has_frames;        // The frame number can be relied on.
    uint32_t period_frames; // When the watch began; 0 if not known.
    uint32_t (*last_frame_time)(const void *client) PST_RT;
    bool answers; // The server was asked when the watch began, and answered.
} pst_jack_watch;

// Begins to watch. Where PortAudio has found a server and we find none, it has gone in between.
// Thread: control, worker. Realtime: no (may take as long as the server likes).
void pst_jack_watch_begin(pst_jack_watch *watch);

// Ends it. Does nothing if it was not begun.
void pst_jack_watch_end(pst_jack_watch *watch);

// Asks the server for an answer, and knows that it has gone if none comes: libjack's own news may
// come later. For each call into JACK that does not survive a dead server.
// Thread: control, worker, one at a time. Realtime: no (waits for the server as long as it likes).
void pst_jack_watch_ask(pst_jack_watch *watch);

// To be told when a call into JACK has failed: perhaps the server has just gone. Waits a moment for
// the news; where there is no watch, the worst is taken for granted.
// Thread: control, worker. Realtime: no (sleeps).
void pst_jack_watch_suspect(pst_jack_watch *watch);

// Thread: any. Realtime: yes.
bool pst_jack_watch_is_gone(const pst_jack_watch *watch) PST_RT;

// Returns the number of the current period's first frame, in 32 bits; only if has_frames.
// Thread: callback of a JACK client of this process. Realtime: yes (reads shared memory).
uint32_t pst_jack_watch_frame(const pst_jack_watch *watch) PST_RT;

#endif
