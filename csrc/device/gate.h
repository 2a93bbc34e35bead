// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_DEVICE_GATE_H
#define PST_DEVICE_GATE_H

#include "base/event.h"

// A lock for long and uncertain work, such as calls into a host API: entering has a deadline, and
// the thread that leaves need not be the one that entered.
typedef struct pst_gate {
    _Atomic uint32_t is_taken;
    pst_event left;
} pst_gate;

// Returns PST_OK or PST_SYSTEM_ERROR. Thread: control. Realtime: no.
PST_NODISCARD pst_status pst_gate_init(pst_gate *gate, pst_error *err);

// Nobody may be inside or waiting.
void pst_gate_deinit(pst_gate *gate);

// Waits until nobody is inside, and enters. Returns false when deadline_ns has passed.
// Thread: any. Realtime: no (blocks).
PST_NODISCARD bool pst_gate_enter(pst_gate *gate, int64_t deadline_ns);

// Thread: any. Realtime: no.
void pst_gate_leave(pst_gate *gate);

#endif
