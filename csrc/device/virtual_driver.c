// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "device/virtual.h"

#include "base/clock.h"
#include "device/settings.h"

enum { DRIVER_PRIORITY = 20 };

#define PACE_SLICE_NS (100 * PST_NS_PER_MS)

// Frame n of the input is taken at time_of(n), and frame n of the output is heard when frame n +
// delay is taken, so that the times fit the loopback. A block is due when its last frame was taken.

static bool is_stopping(const pst_virtual *device) {
    return atomic_load(&device->is_stopping);
}

// Waits for a time of the device. Returns false if the device was stopped.
static bool wait_until(pst_virtual *device, int64_t due_ns) {
    return pst_device_clock_wait(&device->clock, due_ns, &device->wake, &device->is_stopping);
}

static int64_t time_of(const pst_virtual *device, uint64_t frame) {
    return pst_device_clock_time_of(&device->clock, frame);
}

// What a device would tell: never before the event, and with the error that the script asks for.
static double told_span_s(int64_t span_ns, int64_t off_ns) {
    const double told_s =
        (double)((span_ns > 0 ? span_ns : 0) + off_ns) / (double)PST_NS_PER_SECOND;
    return told_s >= 0.0 && told_s <= PST_MAX_LATENCY_S ? told_s : -1.0;
}

static pst_verdict call_process(pst_virtual *device, uint32_t n_frames, uint32_t flags) {
    const int64_t now_ns = pst_device_clock_now(&device->clock);
    const int64_t off_ns = device->faults.latency_ns;
    const int64_t taken_ns = time_of(device, device->frame);
    const int64_t heard_ns = time_of(device, device->frame + device->delay_frames);
    const pst_block block = {
        .input = device->has_input ? device->input : NULL,
        .output = device->has_output ? device->output : NULL,
        .n_frames = n_frames,
        .flags = flags,
        .device_frame = (int64_t)(device->config.first_frame + device->frame),
        .now_ns = now_ns,
        .input_age_s = device->has_input ? told_span_s(now_ns - taken_ns, -off_ns) : -1.0,
        .output_delay_s = device->has_output ? told_span_s(heard_ns - now_ns, off_ns) : -1.0,
    };
    return device->process(device->user, &block);
}

static uint32_t xrun_flags(const pst_virtual *device) {
    return (device->has_input ? (uint32_t)PST_FLAG_INPUT_OVERFLOW : 0) |
           (device->has_output ? (uint32_t)PST_FLAG_OUTPUT_UNDERFLOW : 0);
}

// The device's clock goes on without us: nothing is heard, and what was played is forgotten.
static void lose_frames(pst_virtual *device, uint64_t n_frames) {
    if (device->loop != NULL && n_frames > 0)
        pst_loop_skip(device->loop, device->frame, n_frames);
    device->frame += n_frames;
}

// On a free clock the other side decides when a block comes. Returns false if the device was
// stopped.
static bool wait_for_pace(pst_virtual *device, uint32_t n_frames) {
    if (!device->clock.is_free || device->pace == NULL)
        return !is_stopping(device);
    while (!is_stopping(device)) {
        if (device->pace(device->user, n_frames, PACE_SLICE_NS))
            return true;
    }
    return false;
}

static bool wait_for_block(pst_virtual *device, uint32_t n_frames) {
    if (!wait_for_pace(device, n_frames))
        return false;
    if (device->frame < device->faults.burst_end)
        return true;
    return wait_until(device, time_of(device, device->frame + n_frames) + device->faults.late_ns);
}

static void make_input(pst_virtual *device, uint32_t n_frames) {
    if (!device->has_input)
        return;
    if (device->loop != NULL)
        pst_loop_read(device->loop, device->frame, device->input, n_frames);
    else if (device->signal.kind != PST_INPUT_DEVICE) // Silence is there from the start.
        pst_signal_fill(&device->signal, device->input, device->config.first_frame + device->frame,
                        n_frames);
}

static void take_output(pst_virtual *device, uint32_t n_frames) {
    if (device->loop != NULL)
        pst_loop_write(device->loop, device->frame, device->output, n_frames);
    device->frame += n_frames;
}

static void go_away(pst_virtual *device) {
    pst_virtual_memory *memory = device->memory;
    if (memory == NULL)
        return;
    const int64_t away_ns = device->config.away_ns;
    atomic_store(&memory->n_faults_done, device->faults.n_done);
    atomic_store(&memory->back_ns, pst_deadline_ns(away_ns));
}

// Plays the device until the next block has been handed over. Sets *verdict; returns false if the
// device was stopped.
static bool run_block(pst_virtual *device, pst_verdict *verdict) {
    pst_faults *faults = &device->faults;
    pst_faults_step(faults, device->frame);
    if (faults->has_drift)
        pst_device_clock_set_drift(&device->clock, device->frame, faults->drift_ppm);
    lose_frames(device, faults->lost_frames);
    if (faults->is_silent) {
        go_away(device);
        return true;
    }

    uint32_t flags = faults->has_xrun ? xrun_flags(device) : 0;
    for (; faults->n_empty > 0 && *verdict == PST_CONTINUE; --faults->n_empty) {
        if (!wait_until(device, time_of(device, device->frame)))
            return false;
        *verdict = call_process(device, 0, flags);
        flags = 0;
    }
    if (*verdict != PST_CONTINUE)
        return true;

    const uint32_t n_frames = pst_faults_next_block(faults);
    if (!wait_for_block(device, n_frames))
        return false;
    make_input(device, n_frames);
    *verdict = call_process(device, n_frames, flags);
    take_output(device, n_frames);
    return true;
}

void pst_virtual_drive(void *arg) {
    pst_virtual *device = arg;
    if (!device->clock.is_free) { // A thread that never sleeps should not be in the others' way.
        const pst_status status = pst_thread_try_realtime(DRIVER_PRIORITY, NULL);
        (void)status; // Most users may not, and need not.
    }

    pst_verdict verdict = PST_CONTINUE;
    bool is_running = true;
    while (is_running && verdict == PST_CONTINUE && !device->faults.is_silent)
        is_running = run_block(device, &verdict);

    if (is_running && verdict == PST_COMPLETE && device->has_output && !device->clock.is_free)
        (void)wait_until(device, time_of(device, device->frame + device->delay_frames));
    // A device that only went silent keeps up appearances.
    if (!device->faults.is_silent || device->faults.is_dead)
        atomic_store(&device->is_active, false);
}
