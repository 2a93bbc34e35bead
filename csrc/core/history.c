// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "core/history.h"

// How a reader notices that an entry changed under it, without locks and without fences:
//
//     access                  by       order
//     n_begun, store          pusher   relaxed, before the words
//     words, store            pusher   release: who sees a new word also sees the new n_begun
//     n_done, store           pusher   release: the words were stored before
//     n_done, load            reader   acquire
//     words, load             reader   acquire: the next load comes after them
//     n_begun, load           reader   relaxed, after the words
//
// Entry i is written over by entry i + 1024, so i is whole as long as n_begun is at most i + 1024.

void pst_history_clear(pst_history *history) PST_RT {
    atomic_store_explicit(&history->n_done, 0, memory_order_release);
    atomic_store_explicit(&history->n_begun, 0, memory_order_release);
}

void pst_history_push(pst_history *history, const pst_history_entry *entry) PST_RT {
    const uint64_t index = atomic_load_explicit(&history->n_done, memory_order_relaxed);
    _Atomic uint64_t *words = history->words[index % PST_HISTORY_ENTRIES];
    atomic_store_explicit(&history->n_begun, index + 1, memory_order_relaxed);
    for (int i = 0; i < PST_HISTORY_WORDS; ++i)
        atomic_store_explicit(&words[i], entry->words[i], memory_order_release);
    atomic_store_explicit(&history->n_done, index + 1, memory_order_release);
}

uint64_t pst_history_count(const pst_history *history) PST_RT {
    return atomic_load_explicit(&history->n_done, memory_order_acquire);
}

bool pst_history_get(const pst_history *history, uint64_t index, pst_history_entry *entry) PST_RT {
    const _Atomic uint64_t *words = history->words[index % PST_HISTORY_ENTRIES];
    if (index >= pst_history_count(history))
        return false;
    for (int i = 0; i < PST_HISTORY_WORDS; ++i)
        entry->words[i] = atomic_load_explicit(&words[i], memory_order_acquire);
    const uint64_t n_begun = atomic_load_explicit(&history->n_begun, memory_order_relaxed);
    return n_begun <= index + PST_HISTORY_ENTRIES;
}

bool pst_history_find(const pst_history *history, uint64_t key, uint64_t *index,
                      pst_history_entry *entry) PST_RT {
    uint64_t end = pst_history_count(history);
    uint64_t begin = end > PST_HISTORY_ENTRIES ? end - PST_HISTORY_ENTRIES : 0;
    bool found = false;
    // All entries before begin are at most key or gone; all from end on are beyond key.
    while (begin < end) {
        const uint64_t middle = begin + (end - begin) / 2;
        pst_history_entry seen;
        if (!pst_history_get(history, middle, &seen)) {
            begin = middle + 1;
            found = false; // What was found before it is older still.
        } else if (seen.words[0] <= key) {
            begin = middle + 1;
            found = true;
            *index = middle;
            *entry = seen;
        } else {
            end = middle;
        }
    }
    return found;
}
