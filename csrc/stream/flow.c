// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "stream/flow.h"

#include "base/clock.h"

pst_status pst_flow_init(pst_flow *flow, pst_error *err) {
    const pst_status status = pst_event_init(&flow->over, err);
    if (status != PST_OK)
        return status;
    const pst_status queued =
        pst_queue_create(&flow->events, PST_EVENT_SLOTS, sizeof(pst_flow_event), err);
    if (queued != PST_OK)
        pst_event_deinit(&flow->over);
    return queued;
}

void pst_flow_deinit(pst_flow *flow) {
    pst_meter_destroy(atomic_load(&flow->input_meter));
    pst_meter_destroy(atomic_load(&flow->output_meter));
    pst_matrix_destroy(atomic_load(&flow->in.matrix));
    pst_matrix_destroy(atomic_load(&flow->out.matrix));
    pst_queue_destroy(flow->events);
    pst_event_deinit(&flow->over);
}

// The rate and the sides stay what they are, for others may be looking at them.
static void take_device(pst_flow *flow, const pst_open_info *info) PST_RT {
    flow->input_latency_s = info->input_latency_s;
    flow->output_latency_s = info->output_latency_s;
    flow->is_realtime = info->is_realtime;
    flow->counter_is_exact = info->counter == PST_COUNTER_EXACT;
    flow->in.device_format = info->input_device_format;
    if (flow->in.device_channels == 0)
        flow->in.device_channels = flow->in.n_channels;
    flow->in.device_frame_bytes =
        flow->in.device_channels * pst_format_bytes(info->input_device_format);
    flow->out.device_format = info->output_device_format;
    if (flow->out.device_channels == 0)
        flow->out.device_channels = flow->out.n_channels;
    flow->out.device_frame_bytes =
        flow->out.device_channels * pst_format_bytes(info->output_device_format);
    const pst_loss_config loss = {.counter = info->counter,
                                  .rate_hz = flow->samplerate_hz,
                                  .grain_frames = info->counter_grain,
                                  .settle_ns = (int64_t)(info->settle_s * 1e9)};
    pst_loss_init(&flow->loss, &loss);
}

void pst_flow_set_device(pst_flow *flow, const pst_open_info *info) PST_RT {
    flow->samplerate_hz = info->samplerate_hz;
    flow->in.exists = info->input_device_format != 0;
    flow->out.exists = info->output_device_format != 0;
    take_device(flow, info);
}

void pst_flow_resume(pst_flow *flow, const pst_open_info *info) PST_RT {
    take_device(flow, info);
    flow->has_ages = false;
    flow->next_share = 0.0;
    flow->is_resuming = true;
    flow->was_resumed = true;
}

static void clear_meter(pst_meter_place *place) PST_RT {
    pst_meter *meter = atomic_load(place);
    if (meter != NULL)
        pst_meter_clear(meter);
}

void pst_flow_begin_run(pst_flow *flow, const pst_limits *limits) PST_RT {
    pst_flow_input *in = &flow->in;
    in->skip_frames = limits->input_skip_frames;
    in->total_frames = limits->input_total_frames;
    in->missing_frames = 0;
    in->owed_frames = 0;
    in->missed_flags = 0;

    pst_flow_output *out = &flow->out;
    out->total_frames = limits->output_total_frames;
    out->pad_frames = limits->output_pad_frames;
    out->run_frames = limits->output_run_frames;
    out->pad_left = limits->output_pad_frames;
    out->end_frame = -1;
    out->taken_frames = 0;
    out->begun = false;
    out->ended = false;

    flow->frame = 0;
    flow->paced_frame = -1;
    flow->load = 0.0;
    flow->next_share = 0.0;
    flow->has_ages = false;
    flow->is_resuming = false;
    flow->was_resumed = false;
    flow->line = (pst_clock_line){0};
    const pst_loss_config loss = flow->loss.config;
    pst_loss_init(&flow->loss, &loss);
    pst_clock_model_init(&flow->clock, flow->samplerate_hz);
    ++flow->run;

    pst_counts_clear(&flow->counts);
    pst_count_set(&flow->counts.start_ns, pst_now_ns());
    pst_gaps_clear(&flow->gaps);
    pst_history_clear(&flow->arrivals);
    pst_histogram_clear(&flow->intervals);
    pst_histogram_clear(&flow->loads);
    clear_meter(&flow->input_meter);
    clear_meter(&flow->output_meter);
    pst_clock_view_store(&flow->view, &flow->line);
    atomic_store_explicit(&flow->reason, PST_OK, memory_order_relaxed);
    atomic_store_explicit(&flow->reason_frame, 0, memory_order_relaxed);
    atomic_store_explicit(&flow->over_ns, 0, memory_order_relaxed);
    atomic_store_explicit(&flow->shown_run, flow->run, memory_order_relaxed);
    if (in->ring != NULL)
        atomic_store_explicit(&flow->first_position, pst_ring_written(in->ring),
                              memory_order_relaxed);
    atomic_store_explicit(&flow->first_frame, in->skip_frames, memory_order_relaxed);
    atomic_store_explicit(&flow->ask, PST_ASK_NOTHING, memory_order_relaxed);
    atomic_store_explicit(&flow->halting, false, memory_order_relaxed);
    // What was written above is the callback's from here on.
    atomic_store_explicit(&flow->phase, PST_PHASE_RUNNING, memory_order_release);
}

void pst_flow_empty_output(pst_flow *flow) PST_RT {
    pst_ring *ring = flow->out.ring;
    atomic_store(&flow->ended_run, flow->run);
    if (ring == NULL)
        return;
    pst_ring_skip(ring, 0, UINT64_MAX);
    pst_ring_restart(ring);
}

// Returns how many slots an event of this kind leaves to others.
static uint32_t slots_kept_from(pst_event_kind kind) PST_RT {
    switch (kind) {
    case PST_EVENT_HOST_XRUN:
    case PST_EVENT_DEVICE_LOSS:
    case PST_EVENT_INPUT_DROPPED:
    case PST_EVENT_OUTPUT_MISSING:
        return PST_EVENT_SLOTS_KEPT;
    case PST_EVENT_DEVICE_LOST:
    case PST_EVENT_DEVICE_BACK:
    case PST_EVENT_INPUT_SILENT:
        return PST_EVENT_SLOTS_FOR_END;
    case PST_EVENT_FINISHED:
    case PST_EVENT_ABORTED:
        break;
    }
    return 0;
}

void pst_flow_push_event(pst_flow *flow, pst_event_kind kind, uint32_t flags, int64_t frame,
                         int64_t n_frames, int64_t time_ns) PST_RT {
    const pst_flow_event item = {.event = {.kind = kind,
                                           .flags = flags,
                                           .frame = frame,
                                           .n_frames = n_frames,
                                           .time_ns = time_ns},
                                 .run = flow->run};
    const uint32_t n_free = PST_EVENT_SLOTS - pst_queue_count(flow->events);
    if (n_free <= slots_kept_from(kind) || !pst_queue_push(flow->events, &item))
        pst_count_add(&flow->counts.events_dropped, 1);
}
