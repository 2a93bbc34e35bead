// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_DEVICE_VIRTUAL_SIGNAL_H
#define PST_DEVICE_VIRTUAL_SIGNAL_H

#include "pastream/device.h"

// What a virtual device hears if it is not its own output: a counter, a sine, or nothing.
typedef struct pst_signal {
    pst_virtual_input kind;
    pst_format format;
    uint32_t n_channels;
    double samplerate_hz;
} pst_signal;

// Writes n_frames, the first of which has this number. PST_INPUT_DEVICE is silence. All channels
// are alike.
// Thread: any. Realtime: yes.
void pst_signal_fill(const pst_signal *signal, void *dst, uint64_t frame, uint32_t n_frames) PST_RT;

#endif
