// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "device/virtual_clock.h"

#include "base/clock.h"

void pst_device_clock_init(pst_device_clock *clock, pst_virtual_clock kind, double samplerate_hz,
                           int64_t start_ns) {
    *clock = (pst_device_clock){
        .is_free = kind == PST_CLOCK_FREE,
        .nominal_hz = samplerate_hz,
        .rate_hz = samplerate_hz,
        .base_ns = start_ns,
        .now_ns = start_ns,
    };
}

void pst_device_clock_set_drift(pst_device_clock *clock, uint64_t frame, double ppm) {
    clock->base_ns = pst_device_clock_time_of(clock, frame);
    clock->base_frame = frame;
    clock->rate_hz = clock->nominal_hz * (1.0 + ppm * 1e-6);
}

int64_t pst_device_clock_time_of(const pst_device_clock *clock, uint64_t frame) {
    const double span_ns =
        (double)(frame - clock->base_frame) * (double)PST_NS_PER_SECOND / clock->rate_hz;
    return clock->base_ns + (int64_t)(span_ns + 0.5);
}

int64_t pst_device_clock_now(const pst_device_clock *clock) {
    return clock->is_free ? clock->now_ns : pst_now_ns();
}

bool pst_device_clock_wait(pst_device_clock *clock, int64_t due_ns, pst_event *wake,
                           const _Atomic bool *is_stopping) {
    if (clock->is_free) {
        if (due_ns > clock->now_ns)
            clock->now_ns = due_ns;
        return !atomic_load(is_stopping);
    }
    for (;;) {
        const uint32_t ticket = pst_event_prepare(wake);
        const bool stopping = atomic_load(is_stopping);
        if (stopping || pst_now_ns() >= due_ns) {
            pst_event_cancel(wake);
            return !stopping;
        }
        (void)pst_event_wait(wake, ticket, due_ns);
    }
}
