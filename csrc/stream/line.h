// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_STREAM_LINE_H
#define PST_STREAM_LINE_H

#include "device/handle.h"
#include "stream/flow.h"
#include "stream/rate.h"
#include "stream/tap.h"

// The way from a flow to a device: the handle, and what stands between the two. A stream has one
// after the other when it finds its device again.
typedef struct pst_line {
    pst_handle *handle; // NULL: there is no device.
    pst_rate *rate;     // NULL unless the device runs at another rate.
    pst_tap *tap;       // NULL unless the stream may outlive its device.
} pst_line;

// Opens what config names. memory: what virtual devices remember, or NULL. info: as the flow is to
// see the device. *leaked: the host may still touch the flow; with a tap it never does.
// Returns as pst_stream_open. Thread: control. Realtime: no. Ownership: the caller's.
PST_NODISCARD pst_status pst_line_open(pst_line *line, pst_system *system,
                                       const pst_stream_config *config, pst_flow *flow,
                                       pst_virtual_memory *memory, pst_open_info *info,
                                       bool *leaked, pst_error *err);

// Closes it, each of two steps within step_ns, and clears *line. If it does not return PST_OK, the
// host may still call back: without a tap that was cut before, the flow must be leaked. A line
// without a device is allowed. Thread: control. Realtime: no.
pst_status pst_line_close(pst_line *line, int64_t step_ns, pst_error *err);

#endif
