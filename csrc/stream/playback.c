// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "core/convert.h"
#include "stream/callback.h"

// Ring to device. The output first plays what is in the ring. It ends after output_total_frames of
// them, or when the ring was ended and is empty; from there on it pads. With output_run_frames it
// ends with the run, and whatever is not there is padding.

void pst_convert_output(pst_flow *flow, const pst_pass_target *target, const void *src,
                        size_t n_frames) PST_RT {
    const pst_flow_output *out = &flow->out;
    pst_convert_counts seen = {0, 0};
    if (target->matrix != NULL)
        pst_matrix_apply(target->matrix, target->data, target->format, src, out->format, n_frames,
                         out->keep_nonfinite, &seen);
    else
        pst_convert_samples(target->data, target->format, src, out->format,
                            n_frames * out->n_channels, out->keep_nonfinite, &seen);
    pst_count_changes(&flow->counts, &seen);
}

// Publishes the whole memory of a looping ring once more. It is the audio thread's own then: nobody
// else writes.
static bool rewind_ring(pst_ring *ring) PST_RT {
    pst_span span;
    if (pst_ring_begin_write(ring, UINT64_MAX, &span) == 0)
        return false;
    pst_ring_commit_write(ring, span.n_frames);
    return true;
}

// Begins to read up to n_frames; false if there are none.
static bool begin(pst_flow_output *out, int64_t n_frames, pst_span *span) PST_RT {
    if (pst_ring_begin_read(out->ring, 0, (uint64_t)n_frames, span) > 0)
        return true;
    return out->loops && rewind_ring(out->ring) &&
           pst_ring_begin_read(out->ring, 0, (uint64_t)n_frames, span) > 0;
}

// Fetches up to n_frames from the ring. Returns how many there were.
static int64_t fetch(pst_flow *flow, const pst_pass_target *target, int64_t n_frames) PST_RT {
    pst_flow_output *out = &flow->out;
    int64_t n_fetched = 0;
    pst_span span;
    while (n_fetched < n_frames && begin(out, n_frames - n_fetched, &span)) {
        pst_pass_target at = *target;
        at.data += (size_t)n_fetched * at.frame_bytes;
        pst_convert_output(flow, &at, span.data, (size_t)span.n_frames);
        pst_ring_commit_read(out->ring, 0, span.n_frames);
        n_fetched += (int64_t)span.n_frames;
    }
    out->taken_frames += n_fetched;
    pst_count_add(&flow->counts.played, n_fetched);
    return n_fetched;
}

static void count_missing(pst_flow *flow, pst_pass *pass, int64_t frame, int64_t n_frames) PST_RT {
    pst_count_add(&flow->counts.missing, n_frames);
    pst_flow_push_event(flow, PST_EVENT_OUTPUT_MISSING, pass->block->flags, frame, n_frames,
                        pass->block->now_ns);
    pass->is_xrun = true;
    if (flow->out.policy == PST_UNDERFLOW_RAISE) {
        pass->failure = PST_UNDERFLOW;
        pass->failure_frame = frame;
    }
}

// Plays from the ring, and finds out whether that was the end. Returns how many frames are done:
// played, or silent because they were missing, or because it is held. The rest is padding.
static int64_t play(pst_flow *flow, pst_pass *pass) PST_RT {
    pst_flow_output *out = &flow->out;
    const int64_t n_frames = pass->n_frames;
    const int64_t n_in_run = pst_frames_before(out->run_frames, pass->frame, n_frames);
    if (atomic_load_explicit(&out->is_held, memory_order_relaxed)) {
        out->ended = n_in_run < n_frames;
        pst_count_add(&flow->counts.padded, n_in_run);
        return n_in_run;
    }
    const int64_t n_left =
        out->total_frames < 0 ? INT64_MAX : out->total_frames - out->taken_frames;
    const int64_t n_wanted = n_in_run < n_left ? n_in_run : n_left;
    // Looked at first: after the end nothing is written any more, so an empty ring stays empty.
    const bool ring_ended = pst_ring_ended(out->ring);
    const int64_t n_played = fetch(flow, &pass->target, n_wanted);
    if (n_played > 0)
        out->begun = true;
    const bool ring_empty = n_played < n_wanted || pst_ring_readable(out->ring, 0) == 0;
    if (n_played == n_left || (ring_ended && ring_empty)) {
        out->ended = true;
        return n_played;
    }
    if (out->run_frames >= 0) {
        out->ended = n_in_run < n_frames;
        return n_played;
    }
    if (n_played < n_frames && out->begun)
        count_missing(flow, pass, pass->frame + n_played, n_frames - n_played);
    return n_frames;
}

void pst_play_block(pst_flow *flow, pst_pass *pass) PST_RT {
    pst_flow_output *out = &flow->out;
    const int64_t n_done = out->ended ? 0 : play(flow, pass);
    if (!out->ended && out->run_frames < 0)
        return;
    const int64_t n_padded = pass->n_frames - n_done;
    pst_count_add(&flow->counts.padded, n_padded);
    if (out->end_frame >= 0 || out->pad_left < 0)
        return;
    const int64_t n_wanted = n_padded < out->pad_left ? n_padded : out->pad_left;
    out->pad_left -= n_wanted;
    if (out->pad_left == 0)
        out->end_frame = pass->frame + n_done + n_wanted;
}
