// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "stream/callback.h"

#include "base/denormals.h"
#include "base/thread.h"

// The audio thread's way through the library. Nothing here or below waits, locks or allocates.

enum {
    XRUN_FLAGS = PST_FLAG_INPUT_UNDERFLOW | PST_FLAG_INPUT_OVERFLOW | PST_FLAG_OUTPUT_UNDERFLOW |
                 PST_FLAG_OUTPUT_OVERFLOW
};

// Whatever happens below, what is not filled is silent.
static void clear_output(const pst_flow *flow, const pst_block *block) PST_RT {
    if (flow->out.exists && block->output != NULL)
        pst_silence(block->output, flow->out.device_format,
                    (size_t)block->n_frames * flow->out.device_channels);
}

// Returns whether there is something to do; if not, what to tell the host.
static bool follow_control(const pst_flow *flow, pst_verdict *verdict) PST_RT {
    const pst_phase phase = pst_flow_phase(flow);
    if (phase == PST_PHASE_RUNNING &&
        atomic_load_explicit(&flow->ask, memory_order_relaxed) == PST_ASK_NOTHING)
        return true;
    *verdict = phase == PST_PHASE_COMPLETE ? PST_COMPLETE : PST_ABORT;
    return false;
}

// The matrix of this block: NULL if it would change nothing.
static pst_matrix *look_at_matrix(_Atomic(pst_matrix *) *place) PST_RT {
    pst_matrix *matrix = atomic_load_explicit(place, memory_order_acquire);
    if (matrix == NULL)
        return NULL;
    pst_matrix_refresh(matrix);
    return pst_matrix_is_identity(matrix) ? NULL : matrix;
}

static void look_at_device(pst_flow *flow, pst_pass *pass) PST_RT {
    pst_flow_input *in = &flow->in;
    pst_flow_output *out = &flow->out;
    const pst_block *block = pass->block;
    pass->source = (pst_pass_source){block->input, in->device_format, in->device_frame_bytes,
                                     look_at_matrix(&in->matrix)};
    pass->target = (pst_pass_target){block->output, out->device_format, out->device_frame_bytes,
                                     look_at_matrix(&out->matrix)};
}

// Straight between the rings and the device.
static void move_block(pst_flow *flow, pst_pass *pass) PST_RT {
    if (flow->out.ring != NULL && pass->target.data != NULL)
        pst_play_block(flow, pass);
    if (flow->in.ring != NULL)
        pst_capture_block(flow, pass);
    pst_watch_silence(flow, pass);
    pst_meter_pass(flow, pass);
}

static void move_frames(pst_flow *flow, pst_pass *pass) PST_RT {
    look_at_device(flow, pass);
    const bool has_matrix = pass->source.matrix != NULL || pass->target.matrix != NULL;
    if ((flow->hook.function || has_matrix) && pass->n_frames > 0)
        pst_hook_block(flow, pass);
    else
        move_block(flow, pass);
    flow->frame = pass->frame + pass->n_frames;
}

static void count_flags(pst_flow *flow, pst_pass *pass) PST_RT {
    pst_counts *counts = &flow->counts;
    const uint32_t flags = pass->block->flags;
    if ((flags & XRUN_FLAGS) != 0) {
        pst_count_add(&counts->input_underflows, (flags & PST_FLAG_INPUT_UNDERFLOW) != 0);
        pst_count_add(&counts->input_overflows, (flags & PST_FLAG_INPUT_OVERFLOW) != 0);
        pst_count_add(&counts->output_underflows, (flags & PST_FLAG_OUTPUT_UNDERFLOW) != 0);
        pst_count_add(&counts->output_overflows, (flags & PST_FLAG_OUTPUT_OVERFLOW) != 0);
        pst_flow_push_event(flow, PST_EVENT_HOST_XRUN, flags, pass->frame, 0, pass->block->now_ns);
        pass->is_xrun = true;
    }
    pst_count_set(&counts->flags, pst_count_get(&counts->flags) | flags);
    pst_count_add(&counts->xruns, pass->is_xrun);
}

static void count_block(pst_flow *flow, pst_pass *pass) PST_RT {
    pst_counts *counts = &flow->counts;
    const int64_t n_frames = pass->block->n_frames;
    pst_count_set(&counts->frames, flow->frame);
    pst_count_set(&counts->end_frame, flow->frame);
    if (pst_count_get(&counts->callbacks) == 0)
        pst_count_set(&counts->thread_priority, pst_thread_realtime_priority());
    pst_count_add(&counts->callbacks, 1);
    pst_count_set(&counts->last_block_frames, n_frames);
    if (n_frames > pst_count_get(&counts->max_block_frames))
        pst_count_set(&counts->max_block_frames, n_frames);
    const int64_t smallest = pst_count_get(&counts->min_block_frames);
    if (n_frames > 0 && (smallest == 0 || n_frames < smallest))
        pst_count_set(&counts->min_block_frames, n_frames);
    count_flags(flow, pass);
}

// Whether all sides that have an end have reached it, and there is one.
static bool is_complete(const pst_flow *flow) PST_RT {
    const pst_flow_input *in = &flow->in;
    const pst_flow_output *out = &flow->out;
    const bool in_bounded = in->exists && in->total_frames >= 0;
    const bool in_done = flow->frame >= in->total_frames;
    const bool has_run = out->exists && out->run_frames >= 0;
    const bool out_bounded =
        has_run || (out->ring != NULL && out->pad_frames >= 0 &&
                    (out->total_frames >= 0 || out->ended || pst_ring_ended(out->ring)));
    const bool out_done =
        has_run ? flow->frame >= out->run_frames : out->ended && out->pad_left == 0;
    return (in_bounded || out_bounded) && (in_done || !in_bounded) && (out_done || !out_bounded);
}

// The first frame after a run that is complete: the end of the side that ends last, which may lie
// before the end of its last block.
static int64_t end_of_run(const pst_flow *flow) PST_RT {
    const pst_flow_input *in = &flow->in;
    const pst_flow_output *out = &flow->out;
    const int64_t in_end = in->exists ? in->total_frames : -1;
    const int64_t out_end = !out->exists           ? -1
                            : out->run_frames >= 0 ? out->run_frames
                                                   : out->end_frame;
    const int64_t end = in_end > out_end ? in_end : out_end;
    return end < flow->frame ? end : flow->frame;
}

// Ends the run. Whoever sees the new phase finds all counters final and the output ring empty, and
// may write to it for the next run.
static void end_run(pst_flow *flow, const pst_pass *pass, pst_phase phase) PST_RT {
    const pst_event_kind kind =
        phase == PST_PHASE_COMPLETE ? PST_EVENT_FINISHED : PST_EVENT_ABORTED;
    int64_t frame = pass->failure_frame;
    if (phase == PST_PHASE_COMPLETE) {
        frame = pass->result == PST_CALLBACK_COMPLETE ? flow->frame : end_of_run(flow);
        pst_count_set(&flow->counts.end_frame, frame);
    }
    pst_flow_push_event(flow, kind, pass->block->flags, frame, 0, pass->block->now_ns);
    pst_flow_empty_output(flow);
    atomic_store_explicit(&flow->reason, pass->failure, memory_order_relaxed);
    atomic_store_explicit(&flow->reason_frame, pass->failure_frame, memory_order_relaxed);
    atomic_store_explicit(&flow->over_ns, pst_now_ns(), memory_order_relaxed);
    atomic_store_explicit(&flow->phase, phase, memory_order_release);
    if (flow->in.ring != NULL)
        pst_ring_end(flow->in.ring);
    pst_event_post(&flow->over);
}

static pst_verdict judge(pst_flow *flow, const pst_pass *pass) PST_RT {
    const bool completed = pass->result == PST_CALLBACK_COMPLETE;
    const bool aborted = pass->result != PST_CALLBACK_CONTINUE && !completed;
    if (pass->failure != PST_OK || aborted) {
        end_run(flow, pass, PST_PHASE_ABORTED);
        return PST_ABORT;
    }
    if (completed || is_complete(flow)) {
        end_run(flow, pass, PST_PHASE_COMPLETE);
        return PST_COMPLETE;
    }
    return PST_CONTINUE;
}

// A block without frames has no duration, and is passed over.
static void measure_time(pst_flow *flow, const pst_block *block, int64_t entry_ns) PST_RT {
    if (block->n_frames == 0)
        return;
    if (flow->next_share > 0.0)
        pst_histogram_add(&flow->intervals,
                          (double)(block->now_ns - flow->entered_ns) * flow->next_share);
    flow->entered_ns = block->now_ns;
    flow->next_share = flow->samplerate_hz * 1e-9 / block->n_frames;
    const double load = (double)(pst_now_ns() - entry_ns) * flow->next_share;
    pst_histogram_add(&flow->loads, load);
    flow->load += (load - flow->load) * 0.05;
    pst_count_set(&flow->counts.load_ppm, (int64_t)(flow->load * 1e6));
    if (load * 1e6 > (double)pst_count_get(&flow->counts.max_load_ppm))
        pst_count_set(&flow->counts.max_load_ppm, (int64_t)(load * 1e6));
}

pst_verdict pst_stream_process(void *user, const pst_block *block) PST_RT {
    pst_flow *flow = user;
    pst_verdict verdict;
    clear_output(flow, block);
    if (!follow_control(flow, &verdict))
        return verdict;
    const uint64_t denormals = pst_denormals_flush();
    const int64_t entry_ns = flow->is_realtime ? block->now_ns : pst_now_ns();
    pst_pass pass = {.block = block, .n_frames = block->n_frames};
    pst_keep_time(flow, &pass);
    move_frames(flow, &pass);
    count_block(flow, &pass);
    measure_time(flow, block, entry_ns);
    verdict = judge(flow, &pass);
    pst_denormals_restore(denormals);
    return verdict;
}
