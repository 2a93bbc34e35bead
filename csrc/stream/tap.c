// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "stream/tap.h"

#include "base/alloc.h"
#include "base/clock.h"

#define CUT_TIMEOUT_NS (PST_NS_PER_SECOND / 2)

// is_inside and is_open are stored and loaded in one order (seq_cst): either the callback sees that
// it is cut, or the cut sees that somebody is inside.
static bool go_in(pst_tap *tap) PST_RT {
    atomic_store(&tap->is_inside, true);
    if (atomic_load(&tap->is_open))
        return true;
    atomic_store(&tap->is_inside, false);
    return false;
}

static pst_verdict process(void *user, const pst_block *block) PST_RT {
    pst_tap *tap = user;
    if (!go_in(tap))
        return PST_ABORT;
    const pst_verdict verdict = tap->process(tap->user, block);
    atomic_store(&tap->is_inside, false);
    return verdict;
}

// On the same thread as process.
static bool pace(void *user, uint32_t n_frames, int64_t timeout_ns) {
    pst_tap *tap = user;
    if (!go_in(tap)) {
        pst_sleep_until_ns(pst_now_ns() + PST_NS_PER_MS);
        return false;
    }
    const bool is_ready = tap->pace(tap->user, n_frames, timeout_ns);
    atomic_store(&tap->is_inside, false);
    return is_ready;
}

pst_tap *pst_tap_create(pst_open_request *request) {
    pst_tap *made = pst_alloc(sizeof *made);
    if (made == NULL)
        return NULL;
    made->process = request->process;
    made->pace = request->pace;
    made->user = request->user;
    request->process = process;
    request->pace = request->pace != NULL ? pace : NULL;
    request->user = made;
    return made;
}

void pst_tap_open(pst_tap *tap) PST_RT {
    if (tap != NULL)
        atomic_store(&tap->is_open, true);
}

bool pst_tap_cut(pst_tap *tap) {
    if (tap == NULL)
        return true;
    const int64_t deadline_ns = pst_deadline_ns(CUT_TIMEOUT_NS);
    atomic_store(&tap->is_open, false);
    while (atomic_load(&tap->is_inside)) {
        if (pst_now_ns() > deadline_ns)
            return false;
        pst_sleep_until_ns(pst_now_ns() + PST_NS_PER_MS / 4);
    }
    return true;
}
