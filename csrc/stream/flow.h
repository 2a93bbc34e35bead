// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_STREAM_FLOW_H
#define PST_STREAM_FLOW_H

#include <stdalign.h>

#include "base/alloc.h"
#include "base/event.h"
#include "core/matrix.h"
#include "core/queue.h"
#include "device/backend.h"
#include "pastream/callback.h"
#include "stream/clock_model.h"
#include "stream/clock_view.h"
#include "stream/counts.h"
#include "stream/gaps.h"
#include "stream/histogram.h"
#include "stream/loss.h"
#include "stream/meter.h"

// The realtime half of a stream: all that the callback touches. Control sets it up while no
// callback runs; during a run the two meet only in the atomics of `phase`, `ask` and the shared
// part, in the rings and in the event queue.

// Of the slots of the event queue some are kept for what happens once in a while, which must not be
// lost in a storm of xruns, and the last of these for the end of the run.
enum { PST_EVENT_SLOTS = 1024, PST_EVENT_SLOTS_KEPT = 16, PST_EVENT_SLOTS_FOR_END = 2 };

// How far a run has come. Control sets idle, running and aborted; the callback ends a run by
// complete or aborted.
typedef enum pst_phase {
    PST_PHASE_IDLE = 0,
    PST_PHASE_RUNNING = 1,
    PST_PHASE_COMPLETE = 2, // The limits were reached; the host may still play.
    PST_PHASE_ABORTED = 3
} pst_phase;

// What control wants of the callback.
typedef enum pst_ask {
    PST_ASK_NOTHING = 0,
    PST_ASK_SILENCE = 1 // Touch no ring any more, and ask the host to end.
} pst_ask;

typedef struct pst_flow_input {
    bool exists;
    pst_ring *ring;               // NULL if there is no such side, or only the callback gets it.
    _Atomic(pst_matrix *) matrix; // From the device to the ring; NULL: channel k to channel k.
    pst_format format;
    pst_format device_format;
    uint32_t n_channels;
    uint32_t device_channels; // 0 before the device is known: as n_channels.
    uint32_t device_frame_bytes;
    pst_overflow policy;
    int64_t skip_frames;
    int64_t total_frames; // Or PST_UNLIMITED.
    // Since the last frame was stored:
    int64_t missing_frames; // Dropped or lost. Noted in the gaps before the next frame is stored.
    int64_t owed_frames;    // The same with PST_OVERFLOW_SILENCE, which puts them in as silence.
    uint32_t missed_flags;  // Host flags of callbacks that stored nothing.
} pst_flow_input;

typedef struct pst_flow_output {
    bool exists;
    // NULL if there is no such side, or only the callback fills it. Control changes it while no
    // callback runs; atomic for others who look.
    pst_ring *_Atomic ring;
    bool loops;           // The ring is full of a caller's memory, which is played again and again.
    _Atomic bool is_held; // Nothing is taken from the ring.
    _Atomic(pst_matrix *) matrix; // From the ring to the device; NULL: channel k to channel k.
    pst_format format;
    pst_format device_format;
    uint32_t n_channels;
    uint32_t device_channels; // 0 before the device is known: as n_channels.
    uint32_t device_frame_bytes;
    pst_underflow policy;
    bool keep_nonfinite;
    int64_t total_frames; // Or PST_UNLIMITED.
    int64_t pad_frames;   // Or PST_UNLIMITED.
    int64_t run_frames;   // Or PST_UNLIMITED.
    int64_t taken_frames; // From the ring, in this run.
    int64_t pad_left;
    int64_t end_frame; // The first frame after the padding; -1 while it is not known.
    bool
        begun; // The ring has held a frame in this run: from here on an empty ring is an underflow.
    bool ended; // Padding, or done.
} pst_flow_output;

// What stands between the rings and the device, in hook.c.
typedef struct pst_hook {
    pst_callback_fn function; // NULL: none.
    void *user;
    // Room for n_frames in the stream's formats and channels, for blocks that cannot stay where the
    // device has them. Made with the function or before the first matrix.
    uint8_t *input;
    uint8_t *output;
    uint32_t n_frames;
} pst_hook;

// An event with its run, so that a reader can pass over those of an older one.
typedef struct pst_flow_event {
    pst_stream_event event;
    uint64_t run;
} pst_flow_event;

typedef struct pst_flow {
    // Set by control before a run, and the callback's own during it.
    pst_flow_input in;
    pst_flow_output out;
    pst_hook hook;
    double samplerate_hz;
    double input_latency_s; // Where the host's times of single blocks say nothing.
    double output_latency_s;
    bool is_realtime;
    bool counter_is_exact;
    bool has_ages;    // The line has an age and a delay.
    bool is_resuming; // The next callback is the first since the device came back.
    bool was_resumed; // It came back, in this run.
    int64_t frame;    // Number of the next device frame.
    uint64_t run;     // Counts the runs.
    double load;      // Smoothed.
    pst_clock_line line;
    pst_clock_model clock;
    pst_loss loss;
    pst_queue *events;  // Pushed to by the callback.
    int64_t entered_ns; // When the last callback with frames began,
    double next_share;  // and one over the duration of its block, in ns; 0: there was none.

    // The driver's, in pace.c.
    int64_t paced_frame;    // The block that pace has begun to wait for,
    int64_t paced_since_ns; // and when.

    // Looked at by the callback, written by control.
    alignas(PST_CACHE_LINE_BYTES) _Atomic uint32_t phase; // pst_phase.
    _Atomic uint32_t ask;                                 // pst_ask.
    _Atomic bool halting; // The host is being told to stop: a free clock must not wait for rings.
    pst_meter_place input_meter;
    pst_meter_place output_meter;

    // Written by the callback, looked at by everybody.
    alignas(PST_CACHE_LINE_BYTES) pst_counts counts;
    _Atomic int32_t reason;          // pst_status: why the callback aborted the run.
    _Atomic int64_t reason_frame;    // And where.
    _Atomic int64_t over_ns;         // When the callback ended the run, monotonic clock.
    _Atomic uint64_t shown_run;      // As run.
    _Atomic uint64_t ended_run;      // The last run whose end has begun.
    _Atomic uint64_t first_position; // Ring position where the run began,
    _Atomic int64_t first_frame;     // and the number of the frame there, if none is missing.
    pst_clock_view view;
    pst_event over; // Posted at the end of a run, and whenever the state changes.
    pst_gaps gaps;
    pst_history arrivals;    // First position, end position, time of the callback.
    pst_histogram intervals; // As in pst_timing.
    pst_histogram loads;
} pst_flow;

// The limits of one run, as in pst_stream_config.
typedef struct pst_limits {
    int64_t input_skip_frames;
    int64_t input_total_frames;
    int64_t output_total_frames;
    int64_t output_pad_frames;
    int64_t output_run_frames;
} pst_limits;

// Makes the event and the queue of a flow whose bytes are zero. The sides and the device's facts
// are the caller's to fill in. Returns PST_OK, PST_NO_MEMORY or PST_SYSTEM_ERROR.
// Thread: control. Realtime: no.
pst_status pst_flow_init(pst_flow *flow, pst_error *err);
void pst_flow_deinit(pst_flow *flow);

// Takes over what the device told when it was opened. Thread: control. Realtime: yes.
void pst_flow_set_device(pst_flow *flow, const pst_open_info *info) PST_RT;

// Sets everything to the begin of a run, with the phase running. Does not touch the rings.
// Thread: control, while no callback runs. Realtime: yes.
void pst_flow_begin_run(pst_flow *flow, const pst_limits *limits) PST_RT;

// Goes on with the run on another device, or the same opened again, of the same rate: what passed
// meanwhile counts as lost at its first callback.
// Thread: control, while no callback runs. Realtime: yes.
void pst_flow_resume(pst_flow *flow, const pst_open_info *info) PST_RT;

// Discards what the output ring holds, and its end: nothing of it may reach the next run. From here
// on a writer that waits for room is told that the run is over, though the phase says so later.
// Thread: callback, or control while no callback runs. Realtime: yes.
void pst_flow_empty_output(pst_flow *flow) PST_RT;

// Pushes an event. Thread: callback, or control while no callback runs. Realtime: yes.
void pst_flow_push_event(pst_flow *flow, pst_event_kind kind, uint32_t flags, int64_t frame,
                         int64_t n_frames, int64_t time_ns) PST_RT;

static inline pst_phase pst_flow_phase(const pst_flow *flow) PST_RT {
    return (pst_phase)atomic_load_explicit(&flow->phase, memory_order_acquire);
}

#endif
