// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_DEVICE_CHATTER_H
#define PST_DEVICE_CHATTER_H

#include "pastream/base.h"

// Host APIs talk: ALSA prints a page of complaints while its devices are listed, JACK says that no
// server runs, PortAudio names the line that failed. Here their lines are kept for pst_chatter_pop
// (and from there for Python's logging), and do not reach the terminal.
//
// Only what comes from threads named "pst-host", and from the threads that these started (they
// inherit the name), counts as chatter. What other threads print goes where it always went.

// Takes JACK's and ALSA's own message handlers, until the last matching call of drop_handlers.
// Returns false if the process was forked since the first call ever: then the host APIs belong to
// the parent, and must be left alone.
// Thread: control, worker. Realtime: no.
PST_NODISCARD bool pst_chatter_take_handlers(void);

// Takes them again, after a library may have set its own.
void pst_chatter_retake_handlers(void);

void pst_chatter_drop_handlers(void);

// Watches the C library's stderr, until the last matching call of release: around calls into a host
// API, and while its audio threads run. Does nothing where the C library has no way for it.
// Thread: control, worker. Realtime: no.
void pst_chatter_hold_stderr(void);
void pst_chatter_release_stderr(void);

// Takes the oldest line. Returns false if there is none. Thread: any. Realtime: no.
bool pst_chatter_pop(char *line, size_t n_bytes);

#endif
