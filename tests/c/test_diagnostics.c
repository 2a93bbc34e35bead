// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include <math.h>

#include "base/clock.h"
#include "flow_rig.h"

// What the callback measures of itself, on a flow without a device.

static const pst_limits no_limits = {.input_total_frames = PST_UNLIMITED,
                                     .output_total_frames = PST_UNLIMITED,
                                     .output_run_frames = PST_UNLIMITED};

static rig_setup capture(void) {
    return (rig_setup){.has_input = true,
                       .in_format = PST_FORMAT_F32,
                       .in_device_format = PST_FORMAT_F32,
                       .in_channels = 2,
                       .in_capacity = 4096,
                       .overflow = PST_OVERFLOW_DROP_OLDEST,
                       .limits = no_limits};
}

static void hand_over(rig *r, uint32_t n_frames, int64_t now_ns) {
    const pst_block block = {.input = r->in_block,
                             .n_frames = n_frames,
                             .device_frame = r->device_frame,
                             .now_ns = now_ns,
                             .input_age_s = -1.0,
                             .output_delay_s = -1.0};
    r->device_frame += n_frames;
    CHECK_EQ(pst_stream_process(r->flow, &block), PST_CONTINUE);
}

static pst_distribution intervals(const rig *r) {
    pst_distribution found;
    pst_histogram_read(&r->flow->intervals, &found);
    return found;
}

static pst_distribution loads(const rig *r) {
    pst_distribution found;
    pst_histogram_read(&r->flow->loads, &found);
    return found;
}

static void test_intervals_are_in_blocks(void) {
    const rig_setup setup = capture();
    rig *r = rig_make(&setup);
    const int64_t start_ns = pst_now_ns();
    // 480 frames are 10 ms, 48 are 1 ms.
    hand_over(r, 480, start_ns);
    CHECK_EQ(intervals(r).n, 0);
    hand_over(r, 48, start_ns + 10 * PST_NS_PER_MS);                    // On time: 1.
    hand_over(r, 0, start_ns + 10 * PST_NS_PER_MS + PST_NS_PER_MS / 2); // Does not count.
    hand_over(r, 480, start_ns + 11 * PST_NS_PER_MS);                   // On time.
    hand_over(r, 480, start_ns + 36 * PST_NS_PER_MS);                   // 2.5 blocks.
    hand_over(r, 480, start_ns + 41 * PST_NS_PER_MS);                   // Half a block.
    const pst_distribution found = intervals(r);
    CHECK_EQ(found.n, 4);
    CHECK(fabs(found.smallest - 0.5) < 1e-9 && fabs(found.largest - 2.5) < 1e-9);
    CHECK(fabs(found.mean - 1.25) < 1e-9);
    CHECK(fabs(found.deviation - sqrt(2.25 / 4.0)) < 1e-6);
    CHECK_EQ(loads(r).n, 5);
    rig_destroy(r);
}

static void test_timing_begins_anew_with_each_run(void) {
    const rig_setup setup = capture();
    rig *r = rig_make(&setup);
    hand_over(r, 64, PST_NS_PER_MS);
    hand_over(r, 64, 2 * PST_NS_PER_MS);
    CHECK_EQ(intervals(r).n, 1);
    rig_begin(r, &no_limits);
    CHECK_EQ(intervals(r).n, 0);
    CHECK_EQ(loads(r).n, 0);
    // The pause between two runs is no interval.
    hand_over(r, 64, 900 * PST_NS_PER_MS);
    CHECK_EQ(intervals(r).n, 0);
    rig_destroy(r);
}

static void test_the_clock_maps_frames_to_times(void) {
    const rig_setup setup = capture();
    rig *r = rig_make(&setup);
    pst_clock_reading reading = {0};
    pst_flow_read_clock(r->flow, &reading);
    CHECK(reading.ns_per_frame == 0.0);
    // 100 ppm fast: 10 ms blocks every 9.999 ms.
    for (int64_t i = 0; i < 1000; ++i) {
        hand_over(r, 480, PST_NS_PER_SECOND + i * 9999000);
        pst_ring_skip(r->flow->in.ring, 0, UINT64_MAX);
    }
    pst_flow_read_clock(r->flow, &reading);
    CHECK(fabs(reading.drift_ppm - 100.01) < 0.1);
    CHECK(reading.drift_error_ppm < 0.1);
    const double due_ns = 1e9 + (double)reading.frame / 480.0 * 9999000.0;
    CHECK(fabs((double)reading.frame_ns - due_ns) < 1000.0);
    CHECK(fabs(reading.input_age_s - 0.01) < 1e-9); // No host knows less than a block.
    rig_destroy(r);
}

// ---- Silence -----------------------------------------------------------------------------------

static int64_t zero_frames(const rig *r) {
    pst_stream_stats stats;
    pst_counts_read(&r->flow->counts, &stats);
    return stats.zero_frames;
}

static void capture_blocks(rig *r, int n_blocks, bool silent) {
    const size_t n_samples = 480 * (size_t)r->setup.in_channels;
    pst_silence(r->in_block, r->setup.in_device_format, n_samples);
    if (!silent)
        r->in_block[5] ^= 1;
    for (int i = 0; i < n_blocks; ++i) {
        hand_over(r, 480, r->device_frame * 1000);
        pst_ring_skip(r->flow->in.ring, 0, UINT64_MAX);
    }
}

static void test_exact_silence_is_noticed(void) {
    const pst_format formats[] = {PST_FORMAT_F32, PST_FORMAT_I16, PST_FORMAT_I24, PST_FORMAT_U8};
    for (int f = 0; f < 4; ++f) {
        rig_setup setup = capture();
        setup.in_device_format = formats[f];
        rig *r = rig_make(&setup);
        pst_stream_event event;
        capture_blocks(r, 10, false);
        CHECK_EQ(zero_frames(r), 0);
        capture_blocks(r, 499, true); // One block less than 5 s.
        CHECK_EQ(zero_frames(r), 499 * 480);
        CHECK(!pst_flow_pop_event(r->flow, &event));
        capture_blocks(r, 1000, true); // Said once.
        REQUIRE(pst_flow_pop_event(r->flow, &event));
        CHECK_EQ(event.kind, PST_EVENT_INPUT_SILENT);
        CHECK_EQ(event.frame, 4800);
        CHECK_EQ(event.n_frames, 240000);
        CHECK(!pst_flow_pop_event(r->flow, &event));
        capture_blocks(r, 1, false);
        CHECK_EQ(zero_frames(r), 0);
        capture_blocks(r, 600, true); // And again the next time.
        CHECK(pst_flow_pop_event(r->flow, &event));
        rig_destroy(r);
    }
}

// A host that gives no memory for input gives silence.
static void test_missing_input_is_silence(void) {
    const rig_setup setup = capture();
    rig *r = rig_make(&setup);
    const pst_block block = {.n_frames = 480, .now_ns = 1};
    CHECK_EQ(pst_stream_process(r->flow, &block), PST_CONTINUE);
    CHECK_EQ(zero_frames(r), 480);
    rig_destroy(r);
}

// ---- R17 ---------------------------------------------------------------------------------------

// An xrun in every cycle for an hour, and nobody looks: every counter is exact, nothing is
// allocated, and the log ends with the end of the run.
static void test_R17_an_hour_of_xruns(void) {
    rig_setup setup = capture();
    const int64_t n_blocks = INT64_C(3600) * RIG_RATE_HZ / 64;
    setup.limits.input_total_frames = 2 * n_blocks * 64;
    setup.overflow = PST_OVERFLOW_DROP_NEWEST;
    rig *r = rig_make(&setup);
    pst_block block = {.input = r->in_block,
                       .n_frames = 64,
                       .flags = PST_FLAG_INPUT_OVERFLOW | PST_FLAG_OUTPUT_UNDERFLOW,
                       .input_age_s = -1.0,
                       .output_delay_s = -1.0};
    pst_verdict verdict = PST_CONTINUE;
    rt_guard_enter();
    for (int64_t i = 0; i < n_blocks && verdict == PST_CONTINUE; ++i) {
        // Every other block is lost.
        block.device_frame = 2 * i * 64;
        block.now_ns = block.device_frame * 20833;
        verdict = pst_stream_process(r->flow, &block);
    }
    CHECK_EQ(verdict, PST_CONTINUE);
    block.device_frame += 128;
    verdict = pst_stream_process(r->flow, &block);
    CHECK_TEXT(rt_guard_leave() == 0, "the callback called %s", rt_guard_culprit());
    CHECK_EQ(verdict, PST_COMPLETE);
    pst_stream_stats stats;
    pst_counts_read(&r->flow->counts, &stats);
    CHECK_EQ(stats.n_xruns, n_blocks + 1);
    CHECK_EQ(stats.n_input_overflows, n_blocks + 1);
    CHECK_EQ(stats.n_output_underflows, n_blocks + 1);
    CHECK_EQ(stats.lost_frames, n_blocks * 64);
    CHECK_EQ(stats.captured_frames + stats.dropped_frames, (n_blocks + 1) * 64 - 64);
    pst_stream_event event = {.kind = PST_EVENT_HOST_XRUN};
    int64_t n_events = 0;
    for (; pst_flow_pop_event(r->flow, &event); ++n_events)
        CHECK(n_events > 0 || event.kind == PST_EVENT_HOST_XRUN);
    CHECK_EQ(event.kind, PST_EVENT_FINISHED);
    // An xrun with every block, a loss before all but the first, a drop with nearly every one.
    CHECK(n_events > 1000 && n_events <= PST_EVENT_SLOTS);
    CHECK(stats.n_events_dropped > 3 * n_blocks - 2000);
    rig_destroy(r);
}

int main(void) {
    RUN(test_intervals_are_in_blocks);
    RUN(test_the_clock_maps_frames_to_times);
    RUN(test_exact_silence_is_noticed);
    RUN(test_missing_input_is_silence);
    RUN(test_R17_an_hour_of_xruns);
    RUN(test_timing_begins_anew_with_each_run);
    return check_done();
}
