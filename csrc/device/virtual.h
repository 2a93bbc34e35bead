// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_DEVICE_VIRTUAL_H
#define PST_DEVICE_VIRTUAL_H

#include <stdatomic.h>

#include "base/event.h"
#include "base/thread.h"
#include "device/backend.h"
#include "device/virtual_clock.h"
#include "device/virtual_fault.h"
#include "device/virtual_loop.h"
#include "device/virtual_signal.h"

// An open stream of the virtual host. A driver thread plays the device: it sleeps until a block is
// due (or asks for its pace, on a free clock), makes the input, calls process, and takes the
// output. Nothing is allocated after opening.

enum { PST_VIRTUAL_CHANNELS = 64, PST_VIRTUAL_LOOPBACK = 0, PST_VIRTUAL_NULL = 1 };

typedef struct pst_virtual {
    // Fixed at open.
    pst_process_fn process;
    pst_pace_fn pace;
    void *user;
    double samplerate_hz;
    bool has_input, has_output;
    uint32_t n_inputs, n_outputs; // Channels.
    pst_format input_format, output_format;
    pst_virtual_config config;
    pst_virtual_memory *memory; // NULL: this is the only opening.
    uint32_t block_frames;
    uint64_t delay_frames; // From an output frame to the input frame that it comes back as.
    unsigned char *input;  // Room for the largest block that can be.
    unsigned char *output;
    pst_signal signal;
    pst_loop *loop; // NULL if nothing comes back.

    // The driver's own, from start to the end of its thread.
    pst_device_clock clock;
    pst_faults faults;
    uint64_t frame; // Of the next block, since start.

    // Between the driver and control.
    _Atomic bool is_stopping;
    _Atomic bool is_active;
    pst_event wake; // Posted when is_stopping was set.
    pst_thread thread;
    bool has_thread;
} pst_virtual;

// The driver's thread; arg is the pst_virtual, whose clock, faults and frame are ready.
void pst_virtual_drive(void *arg);

// Checks the fields of a configuration. Returns PST_OK or PST_BAD_ARGUMENT; the text names the
// field.
PST_NODISCARD pst_status pst_virtual_config_check(const pst_virtual_config *config, pst_error *err);

#endif
