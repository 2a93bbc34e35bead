// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "stream/clock_view.h"

#include <string.h>

// A sequence lock without fences. Who loads a new word (acquire) also sees the odd sequence that
// was stored before it (release), so it notices when it looks at the sequence again.

_Static_assert(sizeof(pst_clock_line) == PST_CLOCK_VIEW_WORDS * sizeof(uint64_t),
               "a line is copied word by word");

void pst_clock_view_store(pst_clock_view *view, const pst_clock_line *line) PST_RT {
    uint64_t words[PST_CLOCK_VIEW_WORDS];
    memcpy(words, line, sizeof words);
    const uint64_t sequence = atomic_load_explicit(&view->sequence, memory_order_relaxed);
    atomic_store_explicit(&view->sequence, sequence + 1, memory_order_relaxed);
    for (int i = 0; i < PST_CLOCK_VIEW_WORDS; ++i)
        atomic_store_explicit(&view->words[i], words[i], memory_order_release);
    atomic_store_explicit(&view->sequence, sequence + 2, memory_order_release);
}

void pst_clock_view_load(const pst_clock_view *view, pst_clock_line *line) PST_RT {
    uint64_t words[PST_CLOCK_VIEW_WORDS];
    uint64_t before, after;
    do {
        before = atomic_load_explicit(&view->sequence, memory_order_acquire);
        for (int i = 0; i < PST_CLOCK_VIEW_WORDS; ++i)
            words[i] = atomic_load_explicit(&view->words[i], memory_order_acquire);
        after = atomic_load_explicit(&view->sequence, memory_order_relaxed);
    } while (before != after || (before & 1) != 0);
    memcpy(line, words, sizeof *line);
}
