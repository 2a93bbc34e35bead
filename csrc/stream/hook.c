// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "stream/hook.h"

#include "base/error.h"
#include "core/convert.h"
#include "stream/callback.h"

enum { LEAST_ROOM_FRAMES = 4096, MOST_FRAMES = 65536 };

// A side that does not exist has no channels.
static uint8_t *make_block(uint32_t n_frames, uint32_t n_channels, pst_format format) {
    return pst_alloc_array(n_frames, (size_t)n_channels * pst_format_bytes(format));
}

pst_status pst_hook_make_room(pst_flow *flow, uint32_t block_frames, pst_error *err) {
    const uint32_t n_frames = block_frames > LEAST_ROOM_FRAMES ? block_frames : LEAST_ROOM_FRAMES;
    if (flow->hook.n_frames > 0)
        return PST_OK;
    uint8_t *input = make_block(n_frames, flow->in.n_channels, flow->in.format);
    uint8_t *output = make_block(n_frames, flow->out.n_channels, flow->out.format);
    if (input == NULL || output == NULL) {
        pst_free(input);
        pst_free(output);
        return pst_fail_memory(err);
    }
    flow->hook.input = input;
    flow->hook.output = output;
    flow->hook.n_frames = n_frames;
    return PST_OK;
}

pst_status pst_hook_init(pst_flow *flow, const pst_stream_config *config, pst_error *err) {
    if (!config->callback)
        return PST_OK;
    const pst_status status = pst_hook_make_room(flow, config->block_frames, err);
    if (status != PST_OK)
        return status;
    flow->hook.function = config->callback;
    flow->hook.user = config->callback_user;
    return PST_OK;
}

void pst_hook_deinit(pst_flow *flow) {
    pst_free(flow->hook.input);
    pst_free(flow->hook.output);
    flow->hook = (pst_hook){.function = NULL};
}

// ---- On the audio thread -----------------------------------------------------------------------

// The function may work in the device's own memory if that holds what the ring would.
static bool is_direct_input(const pst_flow *flow, const pst_pass_source *device) PST_RT {
    return device->data != NULL && device->format == flow->in.format && device->matrix == NULL;
}

static bool is_direct_output(const pst_flow *flow, const pst_pass_target *device) PST_RT {
    return device->data != NULL && device->format == flow->out.format && device->matrix == NULL;
}

// Sets piece->source to the captured frames in the stream's format and channels.
static void bring_input(pst_flow *flow, pst_pass *piece, const pst_pass_source *device) PST_RT {
    const pst_flow_input *in = &flow->in;
    if (is_direct_input(flow, device)) {
        piece->source = *device;
        return;
    }
    piece->source = (pst_pass_source){.data = flow->hook.input,
                                      .format = in->format,
                                      .frame_bytes = in->n_channels * pst_format_bytes(in->format)};
    if (device->data != NULL)
        pst_convert_input(flow, flow->hook.input, device, (size_t)piece->n_frames);
    else
        pst_silence(flow->hook.input, in->format, (size_t)piece->n_frames * in->n_channels);
}

// Sets piece->target to what the ring has to play, in the stream's format and channels.
static void bring_output(pst_flow *flow, pst_pass *piece, const pst_pass_target *device) PST_RT {
    const pst_flow_output *out = &flow->out;
    if (is_direct_output(flow, device)) {
        piece->target = *device;
    } else {
        piece->target =
            (pst_pass_target){.data = flow->hook.output,
                              .format = out->format,
                              .frame_bytes = out->n_channels * pst_format_bytes(out->format)};
        pst_silence(flow->hook.output, out->format, (size_t)piece->n_frames * out->n_channels);
    }
    if (out->ring != NULL && device->data != NULL)
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
static void send_output(pst_flow *flow, const pst_pass *piece,
                        const pst_pass_target *device) PST_RT {
    const pst_flow_output *out = &flow->out;
    const size_t n_frames = (size_t)piece->n_frames;
    if (device->data == NULL)
        return;
    if (flow->hook.function && !out->keep_nonfinite)
        pst_count_add(&flow->counts.nonfinite, (int64_t)pst_scrub(piece->target.data, out->format,
                                                                  n_frames * out->n_channels));
    if (!is_direct_output(flow, device))
        pst_convert_output(flow, device, piece->target.data, n_frames);
    const int64_t n_in_run = pst_frames_before(out->run_frames, piece->frame, piece->n_frames);
    if (n_in_run < piece->n_frames)
        pst_silence(device->data + (size_t)n_in_run * device->frame_bytes, device->format,
                    (size_t)(piece->n_frames - n_in_run) * out->device_channels);
}

// first: where the piece begins in the block.
static void move_piece(pst_flow *flow, const pst_pass *pass, int64_t first,
                       pst_pass *piece) PST_RT {
    pst_pass_source source = pass->source;
    pst_pass_target target = pass->target;
    if (source.data != NULL)
        source.data += (size_t)first * source.frame_bytes;
    if (target.data != NULL)
        target.data += (size_t)first * target.frame_bytes;
    piece->source.data = NULL;
    piece->target.data = NULL;
    if (flow->in.exists)
        bring_input(flow, piece, &source);
    if (flow->out.exists)
        bring_output(flow, piece, &target);
    if (flow->hook.function && piece->result == PST_CALLBACK_CONTINUE)
        call(flow, piece);
    if (flow->out.exists)
        send_output(flow, piece, &target);
    if (flow->in.ring != NULL)
        pst_capture_block(flow, piece);
    pst_watch_silence(flow, piece);
    pst_meter_pass(flow, piece);
}

void pst_hook_block(pst_flow *flow, pst_pass *pass) PST_RT {
    const bool needs_room = (flow->in.exists && !is_direct_input(flow, &pass->source)) ||
                            (flow->out.exists && !is_direct_output(flow, &pass->target));
    const int64_t most_frames = needs_room ? flow->hook.n_frames : MOST_FRAMES;
    const int64_t n_frames = pass->n_frames;
    for (int64_t done = 0; done < n_frames;) {
        pst_pass piece = *pass;
        const int64_t n_left = n_frames - done;
        piece.frame = pass->frame + done;
        piece.n_frames = n_left < most_frames ? n_left : most_frames;
        move_piece(flow, pass, done, &piece);
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
