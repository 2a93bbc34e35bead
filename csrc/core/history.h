// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_CORE_HISTORY_H
#define PST_CORE_HISTORY_H

#include <stdatomic.h>

#include "pastream/base.h"

// The last 1024 entries of something that the audio thread notes down and any thread looks up, by
// the entry's first word, which never gets smaller. Old entries are written over; a lookup that
// meets one notices, and treats it as gone.

enum { PST_HISTORY_ENTRIES = 1024, PST_HISTORY_WORDS = 4 };

typedef struct pst_history_entry {
    uint64_t words[PST_HISTORY_WORDS];
} pst_history_entry;

typedef struct pst_history {
    _Atomic uint64_t n_begun; // Entries whose writing has begun.
    _Atomic uint64_t n_done;  // Entries that can be read.
    _Atomic uint64_t words[PST_HISTORY_ENTRIES][PST_HISTORY_WORDS];
} pst_history;

// Forgets everything. Thread: control, while nobody pushes. Realtime: yes.
void pst_history_clear(pst_history *history) PST_RT;

// Adds an entry. Thread: callback. Realtime: yes.
void pst_history_push(pst_history *history, const pst_history_entry *entry) PST_RT;

// Returns how many entries were ever pushed. Thread: any. Realtime: yes.
uint64_t pst_history_count(const pst_history *history) PST_RT;

// Reads entry `index`, counted from the first ever pushed. Returns false if it is not there yet or
// not any more. Thread: any. Realtime: yes.
bool pst_history_get(const pst_history *history, uint64_t index, pst_history_entry *entry) PST_RT;

// Finds the last entry whose first word is at most `key`. Returns false if there is none, or if it
// is so old that it was written over. Thread: any. Realtime: yes (eleven steps).
bool pst_history_find(const pst_history *history, uint64_t key, uint64_t *index,
                      pst_history_entry *entry) PST_RT;

#endif
