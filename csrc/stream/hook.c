// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "stream/hook.h"

#include "base/error.h"
#include "core/convert.h"
#include "stream/callback.h"

enum { LEAST_ROOM_FRAMES = 4096, MOST_FRAMES = 65536 };

static bool make_room(uint8_t **room, const pst_side *side, uint32_t n_frames) {
    if (side->device == PST_NO_INDEX)
        return true;
    *room = pst_alloc_array(n_frames, (size_t)side->n_channels * pst_format_bytes(side->format));
    return *room != NULL;
}

pst_status pst_hook_init(pst_flow *flow, const pst_stream_config *config, pst_error *err) {
    pst_hook *hook = &flow->hook;
    if (!config->callback)
        return PST_OK;
    hook->n_frames =
        config->block_frames > LEAST_ROOM_FRAMES ? config->block_frames : LEAST_ROOM_FRAMES;
    if (!make_room(&hook->input, &config->input, hook->n_frames) ||
        !make_room(&hook->output, &config->output, hook->n_frames)) {
        pst_hook_deinit(flow);
        return pst_fail_memory(err);
    }
    hook->function = config->callback;
    hook->user = config->callback_user;
    return PST_OK;
}

void pst_hook_deinit(pst_flow *flow) {
    pst_free(flow->hook.input);
    pst_free(flow->hook.output);
    flow->hook = (pst_hook){.function = NULL};
}

// ---- On the audio thread -----------------------------------------------------------------------

// Where the frames of a block are for the function, and where they have to go.
typedef struct hook_plan {
    bool input_is_direct; // The function gets the device's own memory.
    bool output_is_direct;
    int64_t most_frames; // Handed over at once.
} hook_plan;

static hook_plan make_plan(const pst_flow *flow, const pst_block *block) PST_RT {
    const pst_flow_input *in = &flow->in;
    const pst_flow_output *out = &flow->out;
    const hook_plan plan = {
        .input_is_direct = block->input != NULL && in->device_format == in->format,
        .output_is_direct = block->output != NULL && out->device_format == out->format};
    const bool needs_room =
        (in->exists && !plan.input_is_direct) || (out->exists && !plan.output_is_direct);
    return (hook_plan){plan.input_is_direct, plan.output_is_direct,
                       needs_room ? flow->hook.n_frames : MOST_FRAMES};
}

static void count_changes(pst_flow *flow, const pst_convert_counts *seen) PST_RT {
    pst_count_add(&flow->counts.clipped, (int64_t)seen->n_clipped);
    pst_count_add(&flow->counts.nonfinite, (int64_t)seen->n_nonfinite);
}

// Sets piece->source to the captured frames in the stream's format.
static void bring_input(pst_flow *flow, const hook_plan *plan, pst_pass *piece,
                        const uint8_t *device_input) PST_RT {
    const pst_flow_input *in = &flow->in;
    const size_t n_samples = (size_t)piece->n_frames * in->n_channels;
    const uint32_t frame_bytes = in->n_channels * pst_format_bytes(in->format);
    pst_convert_counts seen = {0, 0};
    piece->source = (pst_source){device_input, in->format, frame_bytes};
    if (plan->input_is_direct)
        return;
    piece->source.data = flow->hook.input;
    if (device_input == NULL)
        pst_silence(flow->hook.input, in->format, n_samples);
    else
        (void)pst_convert(flow->hook.input, in->format, device_input, in->device_format, n_samples,
                          &seen);
    count_changes(flow, &seen);
}

// Sets piece->target to what the ring has to play, in the stream's format.
static void bring_output(pst_flow *flow, const hook_plan *plan, pst_pass *piece,
                         uint8_t *device_output) PST_RT {
    const pst_flow_output *out = &flow->out;
    const uint32_t frame_bytes = out->n_channels * pst_format_bytes(out->format);
    piece->target = (pst_target){device_output, out->format, frame_bytes};
    if (!plan->output_is_direct) {
        piece->target.data = flow->hook.output;
        pst_silence(flow->hook.output, out->format, (size_t)piece->n_frames * out->n_channels);
    }
    if (out->ring != NULL && device_output != NULL)
        pst_play_block(flow, piece);
}

// The clock's line has just been brought up to date.
static void call(pst_flow *flow, pst_pass *piece) PST_RT {
    const pst_clock_line *line = &flow->line;
    const pst_callback_time time = {
        .input_adc_s = pst_clock_line_input_s(line, piece->frame),
        .output_dac_s = pst_clock_line_output_s(line, piece->frame),
        .current_s = (double)piece->block->now_ns * 1e-9,
        .samplerate_hz = flow->samplerate_hz,
        .frame = piece->frame,
    };
    piece->result = flow->hook.function(piece->source.data, piece->target.data, piece->n_frames,
                                        &time, piece->block->flags, flow->hook.user);
    if (piece->result != PST_CALLBACK_CONTINUE && piece->failure == PST_OK)
        piece->failure_frame = piece->frame;
}

// Brings what the function left to the device.
static void send_output(pst_flow *flow, const hook_plan *plan, const pst_pass *piece,
                        uint8_t *device_output) PST_RT {
    const pst_flow_output *out = &flow->out;
    const size_t n_samples = (size_t)piece->n_frames * out->n_channels;
    if (plan->output_is_direct) {
        if (!out->keep_nonfinite)
            pst_count_add(&flow->counts.nonfinite,
                          (int64_t)pst_scrub(device_output, out->format, n_samples));
    } else if (device_output != NULL) {
        const pst_target device = {device_output, out->device_format, out->device_frame_bytes};
        pst_play_samples(flow, &device, piece->target.data, out->format, n_samples);
    }
    const int64_t n_in_run = pst_frames_before(out->run_frames, piece->frame, piece->n_frames);
    if (n_in_run < piece->n_frames && device_output != NULL)
        pst_silence(device_output + (size_t)n_in_run * out->device_frame_bytes, out->device_format,
                    (size_t)(piece->n_frames - n_in_run) * out->n_channels);
}

static void move_piece(pst_flow *flow, const hook_plan *plan, pst_pass *piece,
                       int64_t first) PST_RT {
    const uint8_t *device_input = piece->block->input;
    uint8_t *device_output = piece->block->output;
    if (device_input != NULL)
        device_input += (size_t)first * flow->in.device_frame_bytes;
    if (device_output != NULL)
        device_output += (size_t)first * flow->out.device_frame_bytes;
    piece->source = (pst_source){.data = NULL};
    piece->target = (pst_target){.data = NULL};
    if (flow->in.exists)
        bring_input(flow, plan, piece, device_input);
    if (flow->out.exists)
        bring_output(flow, plan, piece, device_output);
    if (piece->result == PST_CALLBACK_CONTINUE)
        call(flow, piece);
    if (flow->out.exists)
        send_output(flow, plan, piece, device_output);
    if (flow->in.ring != NULL)
        pst_capture_block(flow, piece);
    pst_watch_silence(flow, piece);
    pst_meter_pass(flow, piece);
}

void pst_hook_block(pst_flow *flow, pst_pass *pass) PST_RT {
    const hook_plan plan = make_plan(flow, pass->block);
    const int64_t n_frames = pass->n_frames;
    for (int64_t done = 0; done < n_frames;) {
        pst_pass piece = *pass;
        const int64_t n_left = n_frames - done;
        piece.frame = pass->frame + done;
        piece.n_frames = n_left < plan.most_frames ? n_left : plan.most_frames;
        move_piece(flow, &plan, &piece, done);
        done += piece.n_frames;
        // Of several reasons to end the run the first counts.
        pass->is_xrun = piece.is_xrun;
        if (pass->failure == PST_OK && pass->result == PST_CALLBACK_CONTINUE) {
            pass->failure = piece.failure;
            pass->failure_frame = piece.failure_frame;
        }
        pass->result = piece.result;
    }
}
