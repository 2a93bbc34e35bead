// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "stream/callback.h"

// Losses and the clock, at the begin of every callback: the frames that are stored afterwards can
// be looked up at once by whoever they wake.

static const double longest_latency_ns = 10e9;

static double bounded(double ns) PST_RT {
    return ns < 0.0 ? 0.0 : ns > longest_latency_ns ? longest_latency_ns : ns;
}

// Returns how many frames passed without a device, by the clock as it was before. A free clock has
// waited.
static int64_t frames_away(const pst_flow *flow, const pst_block *block) PST_RT {
    if (!flow->is_realtime)
        return 0;
    const bool has_clock = flow->clock.anchor.ns != 0;
    const double due_ns = has_clock ? (double)pst_clock_model_ns(&flow->clock, flow->frame)
                                    : (double)pst_count_get(&flow->counts.start_ns) +
                                          block->n_frames * flow->clock.nominal_ns;
    const double n_frames = ((double)block->now_ns - due_ns) / flow->clock.nominal_ns;
    return n_frames > 0.5 ? (int64_t)(n_frames + 0.5) : 0;
}

// The device is back, or goes on only now in earnest.
static void account_for_outage(pst_flow *flow, pst_pass *pass) PST_RT {
    const int64_t n_away = frames_away(flow, pass->block);
    if (flow->is_resuming || n_away > 0)
        pst_flow_push_event(flow, flow->is_resuming ? PST_EVENT_DEVICE_BACK : PST_EVENT_DEVICE_LOSS,
                            pass->block->flags, flow->frame, n_away, pass->block->now_ns);
    flow->is_resuming = false;
    pass->is_xrun = true;
    pass->frame = flow->frame + n_away;
    pst_count_add(&flow->counts.lost, n_away);
    if (flow->in.ring != NULL)
        pst_capture_lose(flow, flow->frame, n_away);
    pst_clock_model_restart(&flow->clock);
}

static void account_for_loss(pst_flow *flow, pst_pass *pass) PST_RT {
    int64_t gap_frame = 0;
    const int64_t n_lost = pst_loss_update(&flow->loss, pass->block, &gap_frame);
    pass->frame = flow->frame + n_lost;
    if (flow->is_resuming || (flow->was_resumed && flow->loss.restarted)) {
        account_for_outage(flow, pass);
        return;
    }
    if (flow->loss.restarted)
        pst_clock_model_restart(&flow->clock);
    if (n_lost == 0)
        return;
    pass->is_xrun = true;
    pst_count_add(&flow->counts.lost, n_lost);
    // Frames keep their numbers once somebody may have seen them. So a gap that was found late
    // counts from here on, and only the event tells where it really was.
    const int64_t n_late = flow->loss.count - n_lost - pass->block->n_frames - gap_frame;
    pst_flow_push_event(flow, PST_EVENT_DEVICE_LOSS, pass->block->flags, flow->frame - n_late,
                        n_lost, pass->block->now_ns);
    if (flow->in.ring != NULL)
        pst_capture_lose(flow, flow->frame, n_lost);
    // With an exact counter the line still holds: the frames in the gap had their time.
    if (!flow->counter_is_exact)
        pst_clock_model_restart(&flow->clock);
}

// How long before the callback the input was taken, and how long after it the output is heard. The
// host tells both for this callback; they are wanted for one that comes on time.
static void follow_latency(pst_flow *flow, const pst_block *block, double late_ns) PST_RT {
    const double block_ns = block->n_frames * flow->clock.nominal_ns;
    // No host can deliver a block before its last frame was taken.
    const double least_age_ns =
        flow->input_latency_s * 1e9 > block_ns ? flow->input_latency_s * 1e9 : block_ns;
    const double age_ns =
        block->input_age_s >= 0.0 ? block->input_age_s * 1e9 - late_ns : least_age_ns;
    const double delay_ns = block->output_delay_s >= 0.0 ? block->output_delay_s * 1e9 + late_ns
                                                         : flow->output_latency_s * 1e9;
    // A host that leaves out its own delay in these numbers must not bend them.
    const double much_ns = 20e6;
    if (flow->has_ages && late_ns > much_ns)
        return;
    const double share = flow->has_ages ? 1.0 / 32.0 : 1.0;
    flow->line.age_ns += (bounded(age_ns) - flow->line.age_ns) * share;
    flow->line.delay_ns += (bounded(delay_ns) - flow->line.delay_ns) * share;
    flow->has_ages = true;
}

static void show_clock(pst_flow *flow, const pst_pass *pass) PST_RT {
    const pst_block *block = pass->block;
    pst_clock_model_update(&flow->clock, pass->frame, block->n_frames, block->now_ns);
    const int64_t due_ns = pst_clock_model_ns(&flow->clock, pass->frame);
    if (block->n_frames > 0)
        follow_latency(flow, block, (double)(block->now_ns - due_ns));
    if (flow->line.ns_per_frame != flow->clock.ns_per_frame)
        pst_count_set(&flow->counts.drift_ppb,
                      (int64_t)(pst_clock_model_drift_ppm(&flow->clock) * 1e3));
    flow->line.frame = flow->clock.anchor.frame;
    flow->line.ns = flow->clock.anchor.ns;
    flow->line.ns_per_frame = flow->clock.ns_per_frame;
    flow->line.error_ns = flow->clock.error_ns;
    pst_clock_view_store(&flow->view, &flow->line);
    pst_count_set(&flow->counts.last_callback_ns, block->now_ns);
}

void pst_keep_time(pst_flow *flow, pst_pass *pass) PST_RT {
    account_for_loss(flow, pass);
    show_clock(flow, pass);
}
