// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "stream/pace.h"

#include "base/clock.h"
#include "stream/callback.h"

static const int64_t longest_slice_ns = 10 * PST_NS_PER_MS;

static int64_t smaller(int64_t a, int64_t b) {
    return a < b ? a : b;
}

static uint64_t within_ring(const pst_ring *ring, int64_t n_frames) {
    pst_ring_info info;
    pst_ring_get_info(ring, &info);
    return n_frames <= 0                               ? 0
           : (uint64_t)n_frames < info.capacity_frames ? (uint64_t)n_frames
                                                       : info.capacity_frames;
}

// Returns how much of the next block will be stored.
static int64_t frames_to_store(const pst_flow *flow, uint32_t n_frames) {
    const pst_flow_input *in = &flow->in;
    const int64_t end = flow->frame + n_frames;
    const int64_t stop = in->total_frames >= 0 ? smaller(in->total_frames, end) : end;
    const int64_t begin = in->skip_frames > flow->frame ? in->skip_frames : flow->frame;
    return stop > begin ? stop - begin : 0;
}

static int64_t frames_to_play(const pst_flow *flow, uint32_t n_frames) {
    const pst_flow_output *out = &flow->out;
    if (out->ended)
        return 0;
    const int64_t n_in_run = pst_frames_before(out->run_frames, flow->frame, n_frames);
    if (out->total_frames < 0)
        return n_in_run;
    return smaller(out->total_frames - out->taken_frames, n_in_run);
}

// An output that nobody ever writes to must not hold up a capture.
static bool must_wait_for_output(const pst_flow *flow) {
    const bool has_end = flow->out.total_frames >= 0 || flow->out.run_frames >= 0;
    // It alone decides when the run ends.
    const bool output_decides = !flow->in.exists || (flow->in.total_frames < 0 && has_end);
    return flow->out.begun || output_decides || pst_ring_readable(flow->out.ring, 0) > 0;
}

// The driver is about to be told to stop, and must not spin until then.
static bool refuse(int64_t deadline_ns) {
    const int64_t soon_ns = pst_now_ns() + PST_NS_PER_MS;
    pst_sleep_until_ns(soon_ns < deadline_ns ? soon_ns : deadline_ns);
    return false;
}

static bool is_over(const pst_flow *flow) {
    return pst_flow_phase(flow) != PST_PHASE_RUNNING ||
           atomic_load_explicit(&flow->halting, memory_order_relaxed);
}

// Waits for one of the rings: for room in the input's, for frames in the output's. In slices, since
// control cannot wake a single waiter of a ring.
static bool wait_for_ring(const pst_flow *flow, bool is_input, uint64_t n_frames,
                          int64_t deadline_ns) {
    for (;;) {
        const int64_t left_ns = deadline_ns - pst_now_ns();
        const int64_t slice_ns = left_ns < longest_slice_ns ? left_ns : longest_slice_ns;
        const int64_t timeout_ns = slice_ns > 0 ? slice_ns : 0;
        if (is_input)
            pst_ring_pass_idle(flow->in.ring, n_frames);
        const pst_status status =
            is_input ? pst_ring_wait_writable(flow->in.ring, n_frames, timeout_ns)
                     : pst_ring_wait_readable(flow->out.ring, 0, n_frames, timeout_ns);
        // An input ring that somebody else ended is for the overflow policy.
        if (status == PST_OK || status == PST_END)
            return true;
        if (status != PST_TIMEOUT || is_over(flow))
            return refuse(deadline_ns);
        if (left_ns <= 0)
            return false;
    }
}

// The silence that is owed may be more than the ring holds. It goes in as the readers make room for
// it; the next block has to come after it.
static bool pay_all(pst_flow *flow, int64_t deadline_ns) {
    while (flow->in.owed_frames > 0) {
        if (!wait_for_ring(flow, true, 1, deadline_ns))
            return false;
        const pst_block none = {.now_ns = pst_count_get(&flow->counts.last_callback_ns)};
        const int64_t n_owed = flow->in.owed_frames;
        pst_capture_pay(flow, &none);
        if (flow->in.owed_frames == n_owed)
            return true; // A ring that takes nothing.
    }
    return true;
}

// An output that plays on without its ring waits for it no longer than a real device would.
static bool wait_a_block(pst_flow *flow, uint64_t n_wanted, uint32_t n_frames,
                         int64_t deadline_ns) {
    if (flow->paced_frame != flow->frame) {
        flow->paced_frame = flow->frame;
        flow->paced_since_ns = pst_now_ns();
    }
    const int64_t block_ns = (int64_t)(n_frames * 1e9 / flow->samplerate_hz);
    const int64_t end_ns = flow->paced_since_ns + block_ns;
    return wait_for_ring(flow, false, n_wanted, smaller(end_ns, deadline_ns)) ||
           (!is_over(flow) && pst_now_ns() >= end_ns);
}

// An output that is held takes as long as it would on a real device.
static bool sleep_a_block(pst_flow *flow, uint32_t n_frames, int64_t deadline_ns) {
    if (flow->paced_frame != flow->frame) {
        flow->paced_frame = flow->frame;
        flow->paced_since_ns = pst_now_ns();
    }
    const int64_t end_ns = flow->paced_since_ns + (int64_t)(n_frames * 1e9 / flow->samplerate_hz);
    const int64_t slice_ns = pst_now_ns() + longest_slice_ns;
    pst_sleep_until_ns(smaller(smaller(end_ns, deadline_ns), slice_ns));
    return !is_over(flow) && pst_now_ns() >= end_ns;
}

bool pst_stream_pace(void *user, uint32_t n_frames, int64_t timeout_ns) {
    pst_flow *flow = user;
    const int64_t deadline_ns = pst_deadline_ns(timeout_ns);
    if (is_over(flow))
        return refuse(deadline_ns);
    if (flow->in.ring != NULL) {
        if (!pay_all(flow, deadline_ns))
            return false;
        const uint64_t n = within_ring(flow->in.ring, frames_to_store(flow, n_frames));
        if (!wait_for_ring(flow, true, n, deadline_ns))
            return false;
    }
    if (flow->out.ring == NULL)
        return true;
    if (atomic_load(&flow->out.is_held))
        return sleep_a_block(flow, n_frames, deadline_ns);
    if (flow->out.loops || !must_wait_for_output(flow))
        return true;
    const uint64_t n = within_ring(flow->out.ring, frames_to_play(flow, n_frames));
    return flow->out.run_frames < 0 ? wait_for_ring(flow, false, n, deadline_ns)
                                    : wait_a_block(flow, n, n_frames, deadline_ns);
}
