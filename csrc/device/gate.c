// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "device/gate.h"

pst_status pst_gate_init(pst_gate *gate, pst_error *err) {
    atomic_init(&gate->is_taken, 0);
    return pst_event_init(&gate->left, err);
}

void pst_gate_deinit(pst_gate *gate) {
    pst_event_deinit(&gate->left);
}

bool pst_gate_enter(pst_gate *gate, int64_t deadline_ns) {
    for (;;) {
        const uint32_t ticket = pst_event_prepare(&gate->left);
        if (atomic_exchange(&gate->is_taken, 1) == 0) {
            pst_event_cancel(&gate->left);
            return true;
        }
        if (pst_event_wait(&gate->left, ticket, deadline_ns) == PST_TIMEOUT)
            return atomic_exchange(&gate->is_taken, 1) == 0;
    }
}

void pst_gate_leave(pst_gate *gate) {
    atomic_store(&gate->is_taken, 0);
    pst_event_post(&gate->left);
}
