// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "stream/callback.h"

// Device to ring. Every frame of the device goes one of four ways: stored, skipped, dropped for
// want of room, or lost before it reached us. Frames after the input's end do not count.

static int64_t between(int64_t low, int64_t n, int64_t high) PST_RT {
    return n < low ? low : n > high ? high : n;
}

// The frames that are going to lie at these positions: what came before them, and when they came.
static void note(pst_flow *flow, const pst_block *block, const pst_span *span,
                 uint32_t extra_flags) PST_RT {
    pst_flow_input *in = &flow->in;
    const uint64_t end = span->position + span->n_frames;
    const uint32_t flags = block->flags | in->missed_flags | extra_flags;
    if (flags != 0 || in->missing_frames > 0)
        pst_gaps_push(&flow->gaps, span->position, end, in->missing_frames, flags);
    in->missing_frames = 0;
    in->missed_flags = 0;
    const pst_history_entry arrival = {{span->position, end, (uint64_t)block->now_ns, 0}};
    pst_history_push(&flow->arrivals, &arrival);
}

void pst_convert_input(pst_flow *flow, void *dst, const pst_pass_source *src,
                       size_t n_frames) PST_RT {
    const pst_flow_input *in = &flow->in;
    pst_convert_counts seen = {0, 0};
    if (src->matrix != NULL)
        pst_matrix_apply(src->matrix, dst, in->format, src->data, src->format, n_frames, false,
                         &seen);
    else
        (void)pst_convert(dst, in->format, src->data, src->format, n_frames * in->n_channels,
                          &seen);
    pst_count_changes(&flow->counts, &seen);
}

static pst_pass_source skip(const pst_pass_source *src, int64_t n_frames) PST_RT {
    pst_pass_source rest = *src;
    if (rest.data != NULL)
        rest.data += (size_t)n_frames * rest.frame_bytes;
    return rest;
}

// Begins a write. A stream's own reader holds nobody up who reads beside it unless it is used.
static bool make_span(pst_ring *ring, uint64_t n_frames, pst_span *span) PST_RT {
    if (pst_ring_begin_write(ring, n_frames, span) > 0)
        return true;
    return pst_ring_pass_idle(ring, n_frames) > 0 && pst_ring_begin_write(ring, n_frames, span) > 0;
}

// Puts up to n_frames of src in. Returns how many fitted.
static int64_t store(pst_flow *flow, const pst_block *block, const pst_pass_source *src,
                     int64_t n_frames, uint32_t extra_flags) PST_RT {
    pst_flow_input *in = &flow->in;
    int64_t n_stored = 0;
    pst_span span;
    while (n_stored < n_frames && make_span(in->ring, (uint64_t)(n_frames - n_stored), &span)) {
        const pst_pass_source rest = skip(src, n_stored);
        note(flow, block, &span, extra_flags);
        if (rest.data == NULL)
            pst_silence(span.data, in->format, (size_t)span.n_frames * in->n_channels);
        else
            pst_convert_input(flow, span.data, &rest, (size_t)span.n_frames);
        pst_ring_commit_write(in->ring, span.n_frames);
        n_stored += (int64_t)span.n_frames;
    }
    pst_count_add(&flow->counts.captured, n_stored);
    return n_stored;
}

// Frames that will not be in the ring: a gap, or silence to be put in before the next that fit.
static void leave_out(pst_flow_input *in, int64_t n_frames) PST_RT {
    if (in->policy == PST_OVERFLOW_SILENCE)
        in->owed_frames += n_frames;
    else
        in->missing_frames += n_frames;
}

static void count_dropped(pst_flow *flow, pst_pass *pass, int64_t frame, int64_t n_frames) PST_RT {
    pst_count_add(&flow->counts.dropped, n_frames);
    pst_flow_push_event(flow, PST_EVENT_INPUT_DROPPED, pass->block->flags, frame, n_frames,
                        pass->block->now_ns);
    pass->is_xrun = true;
}

// Makes room for n_frames by taking the oldest from the readers. What reader 0 loses by it counts
// as dropped; other readers have their own counters in the ring. Returns how many fit.
static int64_t take_back(pst_flow *flow, pst_pass *pass, int64_t n_frames) PST_RT {
    pst_ring *ring = flow->in.ring;
    const uint64_t dropped = pst_ring_dropped(ring, 0);
    const uint64_t position = pst_ring_position(ring, 0);
    const uint64_t room = pst_ring_make_room(ring, (uint64_t)n_frames);
    const int64_t n_taken = (int64_t)(pst_ring_dropped(ring, 0) - dropped);
    if (n_taken > 0) {
        pst_gaps_view gaps;
        pst_gaps_look(&flow->gaps, position, 1, &gaps);
        const uint64_t first_position =
            atomic_load_explicit(&flow->first_position, memory_order_relaxed);
        const int64_t frame =
            flow->in.skip_frames + (int64_t)(position - first_position) + gaps.missing;
        count_dropped(flow, pass, frame, n_taken);
    }
    return between(0, (int64_t)room, n_frames);
}

void pst_capture_pay(pst_flow *flow, const pst_block *block) PST_RT {
    pst_flow_input *in = &flow->in;
    if (in->owed_frames == 0)
        return;
    const pst_pass_source silence = {.data = NULL};
    const int64_t n_paid = store(flow, block, &silence, in->owed_frames, PST_FLAG_GAP);
    pst_count_add(&flow->counts.inserted, n_paid);
    in->owed_frames -= n_paid;
}

// Stores as much of a block as the policy lets it, and returns how much that is.
static int64_t store_block(pst_flow *flow, pst_pass *pass, const pst_pass_source *src,
                           int64_t n_frames) PST_RT {
    pst_flow_input *in = &flow->in;
    const pst_block *block = pass->block;
    pst_capture_pay(flow, block);
    if (in->owed_frames > 0)
        return 0; // Nothing may overtake them.
    int64_t n_stored = store(flow, block, src, n_frames, 0);
    while (n_stored < n_frames && in->policy == PST_OVERFLOW_DROP_OLDEST) {
        const int64_t room = take_back(flow, pass, n_frames - n_stored);
        if (room == 0)
            break; // A reader holds what lies in the way.
        const pst_pass_source rest = skip(src, n_stored);
        n_stored += store(flow, block, &rest, room, 0);
    }
    return n_stored;
}

void pst_capture_lose(pst_flow *flow, int64_t frame, int64_t n_frames) PST_RT {
    pst_flow_input *in = &flow->in;
    const int64_t before_end = pst_frames_before(in->total_frames, frame, n_frames);
    const int64_t before_begin = between(0, in->skip_frames - frame, before_end);
    leave_out(in, before_end - before_begin);
}

void pst_capture_block(pst_flow *flow, pst_pass *pass) PST_RT {
    pst_flow_input *in = &flow->in;
    const int64_t end = pst_frames_before(in->total_frames, pass->frame, pass->n_frames);
    const int64_t begin = between(0, in->skip_frames - pass->frame, end);
    pst_count_add(&flow->counts.skipped, begin);
    const pst_pass_source src = skip(&pass->source, begin);
    const int64_t n_wanted = end - begin;
    const int64_t n_stored = store_block(flow, pass, &src, n_wanted);
    if (n_stored == 0)
        in->missed_flags |= pass->block->flags;
    if (n_stored == n_wanted)
        return;
    const int64_t first_dropped = pass->frame + begin + n_stored;
    leave_out(in, n_wanted - n_stored);
    count_dropped(flow, pass, first_dropped, n_wanted - n_stored);
    if (in->policy == PST_OVERFLOW_RAISE) {
        pass->failure = PST_OVERFLOW;
        pass->failure_frame = first_dropped;
    }
}
