// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "stream/rate.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"

// How many frames the stream gets is fixed beforehand: after n device frames it has had
// floor(n * stream rate / device rate) - hold_frames, where hold_frames is the most that the
// input's resampler is behind. So a driver without a clock can wait for exactly these frames, and
// both sides move in step. The output begins with as much silence as keeps it from running dry.

enum {
    LEAST_SLICE_FRAMES = 4096, // Of the device. Longer blocks are handed over in slices.
    DIRECTIONS = 2
};

typedef struct rate_side {
    pst_live_resampler *resampler; // NULL if the side is not there.
    uint32_t n_channels;
    float *device; // On the output what is to be played, n_device frames; on the input silence, for
                   // blocks that bring none.
    int64_t n_device;
    int64_t device_capacity;
    float *stream; // Frames of the stream; on the input n_stream of them wait.
    int64_t n_stream;
    int64_t stream_capacity;
} rate_side;

struct pst_rate {
    // The stream's.
    pst_process_fn process;
    pst_pace_fn pace;
    void *user;
    double stream_hz;
    // The device's.
    double device_hz;
    uint32_t slice_frames;
    rate_side in, out;
    // Stream frames per device frame, as a ratio of whole numbers.
    uint64_t numerator, denominator;
    int64_t hold_frames; // Of the stream.
    int64_t lead_frames; // Of the device: the silence at the begin of the output.

    // Of the run.
    int64_t n_passed;   // Device frames before this block.
    int64_t n_due;      // floor(n_passed * ratio),
    uint64_t remainder; // and what that leaves, in units of 1 / denominator.
    int64_t n_given;    // Stream frames handed to the stream.
    bool is_begun;
    int64_t first_counter; // Device counter at the begin of the run.
    int64_t drain_frames;  // Device frames to play after the stream's end; -1 before that.
};

// ---- Counting --------------------------------------------------------------------------------

// Returns how many stream frames the next n_frames device frames are worth.
static int64_t frames_due(const pst_rate *rate, int64_t n_frames, uint64_t *remainder) PST_RT {
    const uint64_t units = (uint64_t)n_frames * rate->numerator + rate->remainder;
    *remainder = units % rate->denominator;
    return (int64_t)(units / rate->denominator);
}

// Returns how many frames the stream gets in the next n_frames device frames.
static int64_t frames_to_give(const pst_rate *rate, int64_t n_frames) PST_RT {
    uint64_t remainder;
    const int64_t due = rate->n_due + frames_due(rate, n_frames, &remainder) - rate->hold_frames;
    return due > rate->n_given ? due - rate->n_given : 0;
}

static void advance(pst_rate *rate, int64_t n_frames) PST_RT {
    uint64_t remainder;
    rate->n_due += frames_due(rate, n_frames, &remainder);
    rate->remainder = remainder;
    rate->n_passed += n_frames;
}

// ---- Moving ----------------------------------------------------------------------------------

static void take_input(rate_side *side, const float *src, int64_t n_frames) PST_RT {
    while (n_frames > 0) {
        int64_t n_used = 0;
        const int64_t n_made = pst_live_resampler_process(
            side->resampler, src, n_frames, side->stream + side->n_stream * side->n_channels,
            side->stream_capacity - side->n_stream, &n_used);
        if (n_used == 0 && n_made == 0)
            return;
        side->n_stream += n_made;
        src += n_used * side->n_channels;
        n_frames -= n_used;
    }
}

static void drop_input(rate_side *side, int64_t n_frames) PST_RT {
    side->n_stream -= n_frames;
    memmove(side->stream, side->stream + n_frames * side->n_channels,
            (size_t)(side->n_stream * side->n_channels) * sizeof *side->stream);
}

static void make_output(rate_side *side, int64_t n_frames) PST_RT {
    const float *src = side->stream;
    for (;;) {
        int64_t n_used = 0;
        const int64_t n_made = pst_live_resampler_process(
            side->resampler, src, n_frames, side->device + side->n_device * side->n_channels,
            side->device_capacity - side->n_device, &n_used);
        if (n_used == 0 && n_made == 0)
            return;
        side->n_device += n_made;
        src += n_used * side->n_channels;
        n_frames -= n_used;
    }
}

static void give_output(rate_side *side, float *dst, int64_t n_frames) PST_RT {
    const int64_t n = n_frames < side->n_device ? n_frames : side->n_device;
    const size_t n_bytes = (size_t)(n * side->n_channels) * sizeof *dst;
    memcpy(dst, side->device, n_bytes);
    pst_silence(dst + n * side->n_channels, PST_FORMAT_F32,
                (size_t)((n_frames - n) * side->n_channels));
    side->n_device -= n;
    memmove(side->device, side->device + n * side->n_channels,
            (size_t)(side->n_device * side->n_channels) * sizeof *dst);
}

// ---- One slice of a block --------------------------------------------------------------------

// The device's counter in frames of the stream. Where nothing is lost it goes on by just the frames
// that are given; a loss is added to them.
static int64_t stream_counter(pst_rate *rate, const pst_block *block) PST_RT {
    if (!rate->is_begun) {
        rate->is_begun = true;
        rate->first_counter = block->device_frame - rate->n_passed;
    }
    const int64_t n_lost = block->device_frame - rate->first_counter - rate->n_passed;
    return rate->n_given + (int64_t)floor((double)n_lost * rate->stream_hz / rate->device_hz);
}

// The block as the stream sees it. Its first frame is an older one than the device's first.
static pst_block stream_block(pst_rate *rate, const pst_block *block, int64_t n_frames) PST_RT {
    const double device_per_stream = rate->device_hz / rate->stream_hz;
    const double first_frame = (double)rate->n_given * device_per_stream;
    const double behind_s = ((double)rate->n_passed - first_frame) / rate->device_hz;
    const double ahead_s = (double)rate->lead_frames / rate->device_hz - behind_s;
    pst_block result = *block;
    result.input = rate->in.resampler != NULL ? rate->in.stream : NULL;
    result.output = rate->out.resampler != NULL ? rate->out.stream : NULL;
    result.n_frames = (uint32_t)n_frames;
    result.device_frame = stream_counter(rate, block);
    if (block->input_age_s >= 0.0)
        result.input_age_s = block->input_age_s + behind_s;
    if (block->output_delay_s >= 0.0)
        result.output_delay_s = block->output_delay_s + (ahead_s > 0.0 ? ahead_s : 0.0);
    return result;
}

// What the stream gave last is still on its way through the resampler when the stream is done.
static pst_verdict drain(pst_rate *rate, float *output, int64_t n_frames) PST_RT {
    rate_side *side = &rate->out;
    pst_silence(side->stream, PST_FORMAT_F32, (size_t)(side->stream_capacity * side->n_channels));
    while (side->n_device < n_frames && side->n_device < rate->drain_frames) {
        const int64_t n_before = side->n_device;
        make_output(side, side->stream_capacity);
        if (side->n_device == n_before)
            break;
    }
    give_output(side, output, n_frames);
    rate->drain_frames -= n_frames;
    return rate->drain_frames > 0 ? PST_CONTINUE : PST_COMPLETE;
}

static pst_verdict move_slice(pst_rate *rate, const pst_block *block) PST_RT {
    const int64_t n_frames = block->n_frames;
    if (rate->drain_frames >= 0)
        return drain(rate, block->output, n_frames);
    const int64_t n_give = frames_to_give(rate, n_frames);
    if (rate->in.resampler != NULL)
        take_input(&rate->in, block->input != NULL ? block->input : rate->in.device, n_frames);
    const pst_block inner = stream_block(rate, block, n_give);
    const pst_verdict verdict = rate->process(rate->user, &inner);
    rate->n_given += n_give;
    advance(rate, n_frames);
    if (rate->in.resampler != NULL)
        drop_input(&rate->in, n_give);
    if (rate->out.resampler == NULL || block->output == NULL)
        return verdict;
    if (verdict == PST_ABORT)
        return verdict;
    make_output(&rate->out, n_give);
    give_output(&rate->out, block->output, n_frames);
    if (verdict != PST_COMPLETE)
        return verdict;
    const double end = (double)rate->n_given * rate->device_hz / rate->stream_hz;
    rate->drain_frames = rate->lead_frames + (int64_t)ceil(end) - rate->n_passed;
    return rate->drain_frames > 0 ? PST_CONTINUE : PST_COMPLETE;
}

// ---- The two functions that the device knows ---------------------------------------------------

static pst_verdict process(void *user, const pst_block *block) PST_RT {
    pst_rate *rate = user;
    pst_block slice = *block;
    uint32_t n_done = 0;
    pst_verdict verdict;
    if (rate->out.resampler != NULL && block->output != NULL)
        pst_silence(block->output, PST_FORMAT_F32, (size_t)block->n_frames * rate->out.n_channels);
    do {
        const uint32_t n_left = block->n_frames - n_done;
        slice.n_frames = n_left < rate->slice_frames ? n_left : rate->slice_frames;
        verdict = move_slice(rate, &slice);
        n_done += slice.n_frames;
        const double slice_s = slice.n_frames / rate->device_hz;
        if (block->input != NULL)
            slice.input = (const float *)block->input + (size_t)n_done * rate->in.n_channels;
        if (block->output != NULL)
            slice.output = (float *)block->output + (size_t)n_done * rate->out.n_channels;
        slice.device_frame += slice.n_frames;
        if (slice.input_age_s >= 0.0)
            slice.input_age_s = fmax(slice.input_age_s - slice_s, 0.0);
        if (slice.output_delay_s >= 0.0)
            slice.output_delay_s += slice_s;
        slice.flags = 0; // Told once.
    } while (verdict == PST_CONTINUE && n_done < block->n_frames);
    // A slice that completes has the rest of its block to be silent in.
    return verdict;
}

static bool pace(void *user, uint32_t n_frames, int64_t timeout_ns) {
    const pst_rate *rate = user;
    if (rate->drain_frames >= 0)
        return true;
    return rate->pace(rate->user, (uint32_t)frames_to_give(rate, n_frames), timeout_ns);
}

// ---- Control -----------------------------------------------------------------------------------

static pst_status make_side(rate_side *side, const pst_side *wanted, bool is_input,
                            pst_resample_quality quality, const pst_rate *rate, pst_error *err) {
    if (wanted->device == PST_NO_INDEX)
        return PST_OK;
    // As they are counted: otherwise the two would drift apart.
    const double stream_hz = (double)rate->numerator / 1e3;
    const double device_hz = (double)rate->denominator / 1e3;
    side->n_channels = wanted->n_channels;
    return pst_live_resampler_create(&side->resampler, quality, side->n_channels,
                                     is_input ? device_hz : stream_hz,
                                     is_input ? stream_hz : device_hz, err);
}

static float *make_frames(const rate_side *side, int64_t n_frames) {
    return pst_alloc_array((size_t)n_frames * side->n_channels, sizeof(float));
}

static bool make_buffers(pst_rate *rate) {
    const double stream_per_device = rate->stream_hz / rate->device_hz;
    const int64_t n_given_most = (int64_t)ceil(rate->slice_frames * stream_per_device) + 2;
    rate_side *in = &rate->in;
    rate_side *out = &rate->out;
    if (in->resampler != NULL) {
        in->stream_capacity = 2 * n_given_most + rate->hold_frames + 16;
        in->stream = make_frames(in, in->stream_capacity);
        in->device = make_frames(in, rate->slice_frames);
        if (in->stream == NULL || in->device == NULL)
            return false;
    }
    if (out->resampler != NULL) {
        out->stream_capacity = n_given_most;
        out->stream = make_frames(out, out->stream_capacity);
        // The lead, what a slice takes, and what one more slice of the stream makes of it.
        out->device_capacity = rate->lead_frames + 2 * (int64_t)rate->slice_frames +
                               2 * (int64_t)ceil((double)n_given_most / stream_per_device) + 16;
        out->device = make_frames(out, out->device_capacity);
        if (out->stream == NULL || out->device == NULL)
            return false;
    }
    return true;
}

// Rates in whole thousandths of a hertz, so that the count of frames is exact for ever.
static void set_ratio(pst_rate *rate) {
    rate->numerator = (uint64_t)llround(rate->stream_hz * 1e3);
    rate->denominator = (uint64_t)llround(rate->device_hz * 1e3);
}

static void set_distances(pst_rate *rate) {
    const double device_per_stream = rate->device_hz / rate->stream_hz;
    rate->hold_frames =
        rate->in.resampler != NULL ? pst_live_resampler_lag(rate->in.resampler) + 1 : 0;
    if (rate->out.resampler != NULL)
        rate->lead_frames = (int64_t)ceil((double)(rate->hold_frames + 2) * device_per_stream) +
                            pst_live_resampler_lag(rate->out.resampler) + 2;
}

pst_status pst_rate_create(pst_rate **rate, pst_open_request *request, double device_hz,
                           pst_resample_quality quality, pst_error *err) {
    pst_rate *made = pst_alloc(sizeof *made);
    if (made == NULL)
        return pst_fail_memory(err);
    made->process = request->process;
    made->pace = request->pace;
    made->user = request->user;
    made->stream_hz = request->samplerate_hz;
    made->device_hz = device_hz;
    made->slice_frames =
        request->block_frames > LEAST_SLICE_FRAMES ? request->block_frames : LEAST_SLICE_FRAMES;
    set_ratio(made);
    pst_status status = make_side(&made->in, &request->input, true, quality, made, err);
    if (status == PST_OK)
        status = make_side(&made->out, &request->output, false, quality, made, err);
    if (status == PST_OK) {
        set_distances(made);
        status = make_buffers(made) ? PST_OK : pst_fail_memory(err);
    }
    if (status != PST_OK) {
        pst_rate_destroy(made);
        return status;
    }
    pst_rate_begin_run(made);
    request->samplerate_hz = device_hz;
    request->input.device_format = request->output.device_format = PST_FORMAT_F32;
    request->process = process;
    request->pace = request->pace != NULL ? pace : NULL;
    request->user = made;
    *rate = made;
    return PST_OK;
}

void pst_rate_destroy(pst_rate *rate) {
    if (rate == NULL)
        return;
    rate_side *sides[DIRECTIONS] = {&rate->in, &rate->out};
    for (int i = 0; i < DIRECTIONS; ++i) {
        pst_live_resampler_destroy(sides[i]->resampler);
        pst_free(sides[i]->device);
        pst_free(sides[i]->stream);
    }
    pst_free(rate);
}

void pst_rate_translate_info(const pst_rate *rate, pst_open_info *info) PST_RT {
    // A device may run a little beside the rate that it was asked for, and the stream with it.
    const double device_hz = info->samplerate_hz;
    info->samplerate_hz = device_hz == rate->device_hz
                              ? rate->stream_hz
                              : rate->stream_hz * (device_hz / rate->device_hz);
    info->input_latency_s += (double)rate->hold_frames / rate->stream_hz;
    info->output_latency_s += (double)rate->lead_frames / rate->device_hz;
    info->counter_grain = 0; // No whole number of stream frames.
}

void pst_rate_begin_run(pst_rate *rate) PST_RT {
    if (rate == NULL)
        return;
    rate->n_passed = rate->n_due = rate->n_given = 0;
    rate->remainder = 0;
    rate->is_begun = false;
    rate->drain_frames = -1;
    rate->in.n_stream = 0;
    if (rate->in.resampler != NULL)
        pst_live_resampler_reset(rate->in.resampler);
    if (rate->out.resampler == NULL)
        return;
    pst_live_resampler_reset(rate->out.resampler);
    rate->out.n_device = rate->lead_frames;
    pst_silence(rate->out.device, PST_FORMAT_F32,
                (size_t)(rate->lead_frames * rate->out.n_channels));
}
