// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_DEVICE_VIRTUAL_CLOCK_H
#define PST_DEVICE_VIRTUAL_CLOCK_H

#include <stdatomic.h>

#include "base/event.h"
#include "pastream/device.h"

// The clock of a virtual device: when is which frame taken? Times are counted from where the rate
// last changed, not added up from block to block, so they do not drift.
typedef struct pst_device_clock {
    bool is_free;
    double nominal_hz;
    double rate_hz;      // As the device runs, drift included.
    uint64_t base_frame; // Taken at base_ns.
    int64_t base_ns;
    int64_t now_ns; // On a free clock: the simulated time.
} pst_device_clock;

// Frame 0 is taken at start_ns.
void pst_device_clock_init(pst_device_clock *clock, pst_virtual_clock kind, double samplerate_hz,
                           int64_t start_ns);

// From this frame on, the device runs so much faster than its nominal rate.
void pst_device_clock_set_drift(pst_device_clock *clock, uint64_t frame, double ppm);

// Returns when a frame is taken; frames from base_frame on.
int64_t pst_device_clock_time_of(const pst_device_clock *clock, uint64_t frame);

// Returns the monotonic time, or the simulated one of a free clock.
int64_t pst_device_clock_now(const pst_device_clock *clock);

// Waits until due_ns; a free clock jumps there instead. Nobody waits for what has passed.
// Returns false if *is_stopping became true, which must be followed by a post of *wake.
// Realtime: no (sleeps).
bool pst_device_clock_wait(pst_device_clock *clock, int64_t due_ns, pst_event *wake,
                           const _Atomic bool *is_stopping);

#endif
