// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "base/log.h"

#include <string.h>

// Every slot carries a turn, which says who may touch it: for lap L of the queue, a pusher waits
// for 2L and leaves 2L + 1, a popper waits for 2L + 1 and leaves 2L + 2. The counters only decide
// which of several pushers (or poppers) gets the next slot; the turn, stored with release and
// loaded with acquire, hands the text over.

static size_t text_length(const char *text) PST_RT {
    size_t n = 0;
    while (n < PST_LOG_TEXT_BYTES - 1 && text[n] != '\0')
        ++n;
    while (n > 0 && (text[n - 1] == '\n' || text[n - 1] == '\r'))
        --n;
    return n;
}

// Claims the next slot whose turn is 2 * lap + odd. Returns NULL if that turn has not come.
static pst_log_slot *claim(pst_log *log, _Atomic uint64_t *counter, uint64_t odd,
                           uint64_t *turn) PST_RT {
    uint64_t place = atomic_load_explicit(counter, memory_order_relaxed);
    for (;;) {
        pst_log_slot *slot = &log->slots[place % PST_LOG_SLOTS];
        const uint64_t wanted = 2 * (place / PST_LOG_SLOTS) + odd;
        const uint64_t seen = atomic_load_explicit(&slot->turn, memory_order_acquire);
        if (seen < wanted)
            return NULL;
        if (seen > wanted) { // Another thread was faster.
            place = atomic_load_explicit(counter, memory_order_relaxed);
            continue;
        }
        if (atomic_compare_exchange_weak_explicit(counter, &place, place + 1, memory_order_relaxed,
                                                  memory_order_relaxed)) {
            *turn = wanted;
            return slot;
        }
    }
}

bool pst_log_push(pst_log *log, const char *text) PST_RT {
    uint64_t turn;
    pst_log_slot *slot = claim(log, &log->n_pushed, 0, &turn);
    if (slot == NULL) {
        atomic_fetch_add_explicit(&log->n_dropped, 1, memory_order_relaxed);
        return false;
    }
    const size_t length = text_length(text);
    memcpy(slot->text, text, length);
    slot->text[length] = '\0';
    atomic_store_explicit(&slot->turn, turn + 1, memory_order_release);
    return true;
}

bool pst_log_pop(pst_log *log, char *text) PST_RT {
    uint64_t turn;
    pst_log_slot *slot = claim(log, &log->n_popped, 1, &turn);
    if (slot == NULL)
        return false;
    memcpy(text, slot->text, PST_LOG_TEXT_BYTES);
    atomic_store_explicit(&slot->turn, turn + 1, memory_order_release);
    return true;
}

uint64_t pst_log_dropped(const pst_log *log) PST_RT {
    return atomic_load_explicit(&log->n_dropped, memory_order_relaxed);
}
