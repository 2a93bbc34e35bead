// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_BASE_LOG_H
#define PST_BASE_LOG_H

#include <stdatomic.h>

#include "pastream/base.h"

// A bounded queue of text lines that any thread may push to and any thread may pop from, without
// locks. When it is full, new lines are dropped and counted. All bytes zero is an empty log, so a
// static one needs no initialisation.

enum { PST_LOG_SLOTS = 128, PST_LOG_TEXT_BYTES = 240 };

typedef struct pst_log_slot {
    _Atomic uint64_t turn; // 2 * lap: free for that lap. 2 * lap + 1: holds a line of that lap.
    char text[PST_LOG_TEXT_BYTES];
} pst_log_slot;

typedef struct pst_log {
    _Atomic uint64_t n_pushed; // Also the place of the next push.
    _Atomic uint64_t n_popped; // Also the place of the next pop.
    _Atomic uint64_t n_dropped;
    pst_log_slot slots[PST_LOG_SLOTS];
} pst_log;

// Adds a line, cut to PST_LOG_TEXT_BYTES - 1 bytes; newlines at its end are left out.
// Returns false if the log is full.
// Thread: any. Realtime: yes (tries again only when another thread got in between).
bool pst_log_push(pst_log *log, const char *text) PST_RT;

// Takes the oldest line. text: at least PST_LOG_TEXT_BYTES bytes. Returns false if there is none.
// Thread: any. Realtime: yes.
bool pst_log_pop(pst_log *log, char *text) PST_RT;

// Returns how many lines were dropped since the log began. Thread: any. Realtime: yes.
uint64_t pst_log_dropped(const pst_log *log) PST_RT;

#endif
