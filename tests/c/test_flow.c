// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include <math.h>

#include "base/clock.h"
#include "base/denormals.h"
#include "flow_rig.h"
#include "stream/pace.h"

// What the callback does besides moving frames: times, events, runs after runs, odd hosts.

static const pst_limits no_limits = {0, PST_UNLIMITED, PST_UNLIMITED, 0, PST_UNLIMITED};

static rig_setup duplex(void) {
    return (rig_setup){.has_input = true,
                       .has_output = true,
                       .in_format = PST_FORMAT_F32,
                       .in_device_format = PST_FORMAT_F32,
                       .out_format = PST_FORMAT_F32,
                       .out_device_format = PST_FORMAT_F32,
                       .in_channels = 2,
                       .out_channels = 2,
                       .in_capacity = 4096,
                       .out_capacity = 4096,
                       .limits = no_limits};
}

static pst_stream_stats stats_of(const rig *r) {
    pst_stream_stats stats;
    pst_counts_read(&r->flow->counts, &stats);
    return stats;
}

// An output that nobody writes to is silent, and nothing is missing.
static void test_unwritten_output(void) {
    const rig_setup setup = duplex();
    rig *r = rig_make(&setup);
    for (int i = 0; i < 10; ++i) {
        rig_block(r, 64, 0, 0);
        rig_read_all(r);
    }
    CHECK_EQ(stats_of(r).missing_frames, 0);
    CHECK_EQ(stats_of(r).n_xruns, 0);
    rig_write(r, 10);
    rig_block(r, 64, 0, 0);
    CHECK_EQ(stats_of(r).missing_frames, 54);
    CHECK_EQ(stats_of(r).n_xruns, 1);
    rig_destroy(r);
}

// One run after the other on the same flow: nothing of the first is in the second.
static void test_runs_are_independent(void) {
    rig_setup setup = duplex();
    setup.overflow = PST_OVERFLOW_SILENCE;
    setup.limits = (pst_limits){7, 500, 300, 100, PST_UNLIMITED};
    rig *r = rig_make(&setup);
    for (int run = 0; run < 3; ++run) {
        if (run > 0) {
            // As control does.
            pst_ring_restart(r->flow->in.ring);
            pst_ring_skip(r->flow->in.ring, 0, UINT64_MAX);
            r->setup.base = (int64_t)pst_ring_written(r->flow->in.ring);
            rig_begin(r, &setup.limits);
        }
        rig_write(r, 1000); // More than will be played.
        for (int i = 0; r->verdict == PST_CONTINUE && i < 100; ++i)
            rig_block(r, 64, i == 3 ? 20 : 0, i == 2 ? PST_FLAG_INPUT_OVERFLOW : 0);
        CHECK_EQ(r->verdict, PST_COMPLETE);
        rig_read_all(r);
        const pst_stream_stats stats = stats_of(r);
        CHECK_EQ(stats.captured_frames, 493);
        CHECK_EQ(stats.inserted_frames, 20);
        CHECK_EQ(stats.played_frames, 300);
        CHECK_EQ(stats.n_input_overflows, 1);
        rig_check_events(r);
    }
    rig_destroy(r);
}

// Events of an old run that nobody fetched do not show up in the next.
static void test_old_events_are_forgotten(void) {
    const rig_setup setup = duplex();
    rig *r = rig_make(&setup);
    rig_block(r, 64, 0, PST_FLAG_INPUT_OVERFLOW);
    rig_read_all(r);
    pst_stream_event event;
    r->setup.base = (int64_t)pst_ring_written(r->flow->in.ring);
    rig_begin(r, &no_limits);
    CHECK(!pst_flow_pop_event(r->flow, &event));
    rig_block(r, 64, 0, PST_FLAG_OUTPUT_UNDERFLOW);
    REQUIRE(pst_flow_pop_event(r->flow, &event));
    CHECK_EQ(event.kind, PST_EVENT_HOST_XRUN);
    CHECK_EQ(event.flags, PST_FLAG_OUTPUT_UNDERFLOW);
    CHECK_EQ(event.n_frames, 0);
    CHECK(!pst_flow_pop_event(r->flow, &event));
    rig_destroy(r);
}

// An xrun in every cycle: the queue overflows, the counters do not.
static void test_xrun_storm(void) {
    const rig_setup setup = duplex();
    rig *r = rig_make(&setup);
    const int n = 3 * PST_EVENT_SLOTS;
    for (int i = 0; i < n; ++i) {
        rig_block(r, 2, 0, PST_FLAG_INPUT_OVERFLOW | PST_FLAG_OUTPUT_UNDERFLOW);
        rig_read_all(r);
    }
    const pst_stream_stats stats = stats_of(r);
    CHECK_EQ(stats.n_xruns, n);
    CHECK_EQ(stats.n_input_overflows, n);
    CHECK_EQ(stats.n_output_underflows, n);
    CHECK_EQ(stats.n_events_dropped, n - (PST_EVENT_SLOTS - PST_EVENT_SLOTS_KEPT));
    CHECK_EQ(stats.lost_frames, 0);
    rig_destroy(r);
}

// Outside a run, and once control asks for it, the callback is silent and leaves the rings alone.
static void test_quiet_when_told(void) {
    const rig_setup setup = duplex();
    rig *r = rig_make(&setup);
    rig_write(r, 1000);
    rig_block(r, 64, 0, 0);
    const struct {
        pst_phase phase;
        pst_ask ask;
        pst_verdict verdict;
    } rows[] = {
        {PST_PHASE_RUNNING, PST_ASK_SILENCE, PST_ABORT},
        {PST_PHASE_IDLE, PST_ASK_NOTHING, PST_ABORT},
        {PST_PHASE_ABORTED, PST_ASK_NOTHING, PST_ABORT},
        {PST_PHASE_COMPLETE, PST_ASK_NOTHING, PST_COMPLETE},
    };
    for (int i = 0; i < 4; ++i) {
        atomic_store(&r->flow->phase, rows[i].phase);
        atomic_store(&r->flow->ask, rows[i].ask);
        memset(r->out_block, 0xA5, 64 * 8);
        const pst_block block = {.input = r->in_block, .output = r->out_block, .n_frames = 64};
        CHECK_EQ(pst_stream_process(r->flow, &block), rows[i].verdict);
        CHECK_EQ(stats_of(r).n_callbacks, 1);
        CHECK_EQ(pst_ring_written(r->flow->in.ring), 64);
        CHECK_EQ(pst_ring_position(r->flow->out.ring, 0), 64);
        for (int j = 0; j < 64 * 8; ++j)
            CHECK_EQ(r->out_block[j], 0);
    }
    rig_destroy(r);
}

// Events name the first frame concerned.
static void test_events_tell_where(void) {
    const struct {
        pst_overflow policy;
        int64_t first_dropped[2];
    } rows[] = {
        {PST_OVERFLOW_DROP_NEWEST, {110, 200}},
        {PST_OVERFLOW_SILENCE, {110, 200}},
        {PST_OVERFLOW_DROP_OLDEST, {10, 100}},
    };
    for (int i = 0; i < 3; ++i) {
        rig_setup setup = duplex();
        setup.has_output = false;
        setup.in_capacity = 100;
        setup.overflow = rows[i].policy;
        setup.limits.input_skip_frames = 10;
        rig *r = rig_make(&setup);
        rig_block(r, 200, 0, 0); // 190 frames for 100 places.
        rig_block(r, 10, 0, 0);
        for (int j = 0; j < 2; ++j) {
            pst_stream_event event;
            REQUIRE(pst_flow_pop_event(r->flow, &event));
            CHECK_EQ(event.kind, PST_EVENT_INPUT_DROPPED);
            CHECK_EQ(event.frame, rows[i].first_dropped[j]);
            CHECK_EQ(event.n_frames, j == 0 ? 90 : 10);
        }
        rig_destroy(r);
    }
    rig_setup setup = duplex();
    setup.has_input = false;
    rig *r = rig_make(&setup);
    rig_write(r, 100);
    rig_block(r, 64, 0, 0);
    rig_block(r, 64, 0, 0);
    pst_stream_event event;
    REQUIRE(pst_flow_pop_event(r->flow, &event));
    CHECK_EQ(event.kind, PST_EVENT_OUTPUT_MISSING);
    CHECK_EQ(event.frame, 100);
    CHECK_EQ(event.n_frames, 28);
    CHECK_EQ(event.time_ns, r->now_ns);
    rig_destroy(r);
}

// Flags of callbacks that stored nothing go to the next frames that are stored, and no farther.
static void test_flags_find_frames(void) {
    rig_setup setup = duplex();
    setup.in_capacity = 100;
    setup.overflow = PST_OVERFLOW_DROP_NEWEST;
    rig *r = rig_make(&setup);
    rig_block(r, 60, 0, 0);                         // Positions 0 to 59,
    rig_block(r, 40, 0, PST_FLAG_INPUT_OVERFLOW);   // 60 to 99: the ring is full.
    rig_block(r, 50, 0, PST_FLAG_OUTPUT_UNDERFLOW); // Dropped.
    rig_read_all(r);
    rig_block(r, 30, 0, 0); // 100 to 129.
    rig_block(r, 30, 0, 0); // 130 to 159.
    const struct {
        uint64_t position, n_frames;
        uint32_t flags;
    } rows[] = {
        {0, 60, 0},
        {0, 61, PST_FLAG_INPUT_OVERFLOW},
        {60, 40, PST_FLAG_INPUT_OVERFLOW},
        {100, 30, PST_FLAG_OUTPUT_UNDERFLOW | PST_FLAG_GAP},
        {101, 29, PST_FLAG_OUTPUT_UNDERFLOW},
        {130, 30, 0},
        {0, 160, PST_FLAG_INPUT_OVERFLOW | PST_FLAG_OUTPUT_UNDERFLOW | PST_FLAG_GAP},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; ++i) {
        pst_frames_info info;
        pst_flow_describe_input(r->flow, rows[i].position, rows[i].n_frames, &info);
        CHECK_EQ(info.flags, rows[i].flags);
    }
    rig_destroy(r);
}

// A host that hands over no buffer: the input keeps time as silence, the output waits.
static void test_missing_buffers(void) {
    const rig_setup setup = duplex();
    rig *r = rig_make(&setup);
    rig_write(r, 100);
    const pst_block block = {.n_frames = 64, .now_ns = 1000};
    CHECK_EQ(pst_stream_process(r->flow, &block), PST_CONTINUE);
    CHECK_EQ(stats_of(r).captured_frames, 64);
    CHECK_EQ(stats_of(r).played_frames, 0);
    pst_span span;
    CHECK_EQ(pst_ring_begin_read(r->flow->in.ring, 0, 64, &span), 64);
    for (int i = 0; i < 64 * 8; ++i)
        CHECK_EQ(span.data[i], 0);
    pst_ring_commit_read(r->flow->in.ring, 0, 64);
    rig_destroy(r);
}

// ---- Values ------------------------------------------------------------------------------------

static void play_values(const rig_setup *setup, bool keep, const void *values, uint32_t n_samples,
                        void *played, pst_stream_stats *stats) {
    rig *r = rig_make(setup);
    r->flow->out.keep_nonfinite = keep;
    CHECK_EQ(pst_ring_write(r->flow->out.ring, values, n_samples / 2), n_samples / 2);
    const pst_block block = {
        .input = r->in_block, .output = r->out_block, .n_frames = n_samples / 2, .now_ns = 1};
    pst_stream_process(r->flow, &block);
    memcpy(played, r->out_block, (size_t)n_samples * pst_format_bytes(setup->out_device_format));
    *stats = stats_of(r);
    rig_destroy(r);
}

static void test_nonfinite_output(void) {
    const float values[] = {NAN, INFINITY, -INFINITY, 0.5f};
    const double wide[] = {(double)NAN, (double)INFINITY, -(double)INFINITY, 0.5};
    float played[4];
    double played_wide[4];
    pst_stream_stats stats;
    rig_setup setup = duplex();

    play_values(&setup, false, values, 4, played, &stats);
    CHECK(played[0] == 0.0f && played[1] == 0.0f && played[2] == 0.0f && played[3] == 0.5f);
    CHECK_EQ(stats.n_nonfinite, 3);
    play_values(&setup, true, values, 4, played, &stats);
    CHECK(isnan(played[0]) && played[1] == INFINITY && played[2] == -INFINITY && played[3] == 0.5f);
    CHECK_EQ(stats.n_nonfinite, 0);

    setup.out_format = PST_FORMAT_F64;
    play_values(&setup, true, wide, 4, played, &stats);
    CHECK(isnan(played[0]) && played[1] == INFINITY && played[2] == -INFINITY && played[3] == 0.5f);
    setup.out_device_format = PST_FORMAT_F64;
    play_values(&setup, true, wide, 4, played_wide, &stats);
    CHECK(isnan(played_wide[0]) && played_wide[1] == (double)INFINITY && played_wide[3] == 0.5);
    setup.out_format = PST_FORMAT_F32;
    play_values(&setup, true, values, 4, played_wide, &stats);
    CHECK(isnan(played_wide[0]) && played_wide[1] == (double)INFINITY && played_wide[3] == 0.5);

    // Integers have no place for them.
    int16_t narrow[4];
    setup.out_device_format = PST_FORMAT_I16;
    play_values(&setup, true, values, 4, narrow, &stats);
    CHECK(narrow[0] == 0 && narrow[1] == 32767 && narrow[2] == -32768 && narrow[3] == 16384);
    CHECK_EQ(stats.n_nonfinite, 3);
}

static void test_clipping_is_counted(void) {
    const float values[] = {2.0f, -2.0f, 0.25f, -1.0f};
    int16_t played[4];
    pst_stream_stats stats;
    rig_setup setup = duplex();
    setup.out_device_format = PST_FORMAT_I16;
    play_values(&setup, false, values, 4, played, &stats);
    CHECK(played[0] == 32767 && played[1] == -32768 && played[2] == 8192 && played[3] == -32768);
    CHECK_EQ(stats.n_clipped, 2);
}

// The thread belongs to the host: its setting is as before.
static void test_denormals_are_restored(void) {
    const uint64_t own = pst_denormals_flush();
    pst_denormals_restore(own);
    const rig_setup setup = duplex();
    rig *r = rig_make(&setup);
    rig_block(r, 64, 0, 0);
    const uint64_t after = pst_denormals_flush();
    pst_denormals_restore(after);
    const uint64_t status_bits = 0x3F; // What the arithmetic noted, on x86.
    CHECK_EQ(after | status_bits, own | status_bits);
    rig_destroy(r);
}

// ---- Times ---------------------------------------------------------------------------------

static void hand_over(rig *r, uint32_t n_frames, int64_t now_ns, double age_s, double delay_s) {
    const pst_block block = {.input = r->in_block,
                             .output = r->out_block,
                             .n_frames = n_frames,
                             .device_frame = r->device_frame,
                             .now_ns = now_ns,
                             .input_age_s = age_s,
                             .output_delay_s = delay_s};
    r->device_frame += n_frames;
    pst_stream_process(r->flow, &block);
}

static void test_times(void) {
    const rig_setup setup = duplex();
    rig *r = rig_make(&setup);
    CHECK(pst_flow_input_time_s(r->flow, 0) == 0.0); // Not known yet.
    CHECK(pst_flow_output_time_s(r->flow, 0) == 0.0);
    const double rate_hz = RIG_RATE_HZ;
    for (int64_t i = 0; i < 500; ++i) {
        const double start_s = 1000.0 + (double)(i * 480) / rate_hz; // Of the block's input.
        // Every tenth callback is 4 ms late; the host knows it and says so.
        const double late_s = i % 10 == 9 ? 0.004 : 0.0;
        const double now_s = start_s + 0.012 + late_s;
        hand_over(r, 480, (int64_t)(now_s * 1e9), 0.012 + late_s, 0.020 - late_s);
        pst_ring_skip(r->flow->in.ring, 0, UINT64_MAX);
        pst_frames_info info;
        pst_flow_describe_input(r->flow, (uint64_t)i * 480, 480, &info);
        CHECK_EQ(info.frame, i * 480);
        CHECK(fabs(info.adc_time_s - start_s) < 20e-6);
        CHECK_EQ(info.callback_ns, (int64_t)(now_s * 1e9));
        CHECK(fabs(pst_flow_output_time_s(r->flow, i * 480) - (start_s + 0.032)) < 20e-6);
    }
    rig_destroy(r);
}

// Hosts without times: what the device said when it was opened, and at least a block.
static void test_times_without_host(void) {
    const rig_setup setup = duplex();
    rig *r = rig_make(&setup);
    r->flow->output_latency_s = 0.03;
    hand_over(r, 480, INT64_C(1000000000), -1.0, -1.0);
    CHECK(fabs(pst_flow_input_time_s(r->flow, 0) - 0.99) < 1e-9);
    CHECK(fabs(pst_flow_output_time_s(r->flow, 0) - 1.03) < 1e-9);
    rig_destroy(r);
}

// A host that gives a constant for latency, however late it is: a late callback does not bend it.
static void test_times_of_constant_latency(void) {
    const rig_setup setup = duplex();
    rig *r = rig_make(&setup);
    int64_t now_ns = 0;
    for (int64_t i = 0; i < 1000; ++i) {
        const int64_t late_ns = i % 50 == 49 ? 300 * PST_NS_PER_MS : 0;
        const int64_t due_ns = i * 10 * PST_NS_PER_MS + late_ns;
        now_ns = due_ns > now_ns ? due_ns : now_ns + 1000;
        hand_over(r, 480, now_ns, 0.015, 0.025);
        pst_ring_skip(r->flow->in.ring, 0, UINT64_MAX);
        CHECK(fabs(pst_flow_input_time_s(r->flow, i * 480) - ((double)i * 0.01 - 0.015)) < 1e-3);
        CHECK(fabs(pst_flow_output_time_s(r->flow, i * 480) - ((double)i * 0.01 + 0.025)) < 1e-3);
    }
    rig_destroy(r);
}

// A block that is not in the history any more has about its time.
static void test_old_arrivals(void) {
    const rig_setup setup = duplex();
    rig *r = rig_make(&setup);
    for (int64_t i = 0; i < 3000; ++i) {
        hand_over(r, 48, i * 1000000, 0.001, 0.001);
        pst_ring_skip(r->flow->in.ring, 0, UINT64_MAX);
    }
    pst_frames_info info;
    pst_flow_describe_input(r->flow, 48, 48, &info);
    CHECK_EQ(info.frame, 48);
    CHECK(info.callback_ns >= 1000000 && info.callback_ns <= 2000000);
    pst_flow_describe_input(r->flow, 2990 * 48, 48, &info);
    CHECK_EQ(info.callback_ns, INT64_C(2990000000));
    rig_destroy(r);
}

// An estimated counter finds a loss late: the numbers jump when it is found, the event tells where
// it was.
static void test_loss_found_late(void) {
    const rig_setup setup = duplex();
    rig *r = rig_make(&setup);
    const pst_open_info info = {.samplerate_hz = RIG_RATE_HZ,
                                .input_device_format = PST_FORMAT_F32,
                                .output_device_format = PST_FORMAT_F32,
                                .counter = PST_COUNTER_ESTIMATED,
                                .counter_grain = 480,
                                .settle_s = 0.1};
    pst_flow_set_device(r->flow, &info);
    int64_t now_ns = 0;
    for (int i = 0; i < 100; ++i) {
        if (i == 50) {
            r->device_frame += 4800;
            now_ns += 100000000;
        }
        now_ns += 10000000;
        hand_over(r, 480, now_ns, -1.0, -1.0);
        pst_ring_skip(r->flow->in.ring, 0, UINT64_MAX);
    }
    pst_stream_event event;
    REQUIRE(pst_flow_pop_event(r->flow, &event));
    CHECK_EQ(event.kind, PST_EVENT_DEVICE_LOSS);
    CHECK_EQ(event.n_frames, 4800);
    CHECK_EQ(event.frame, 50 * 480);
    CHECK_EQ(stats_of(r).lost_frames, 4800);
    CHECK_EQ(stats_of(r).frames, 100 * 480 + 4800);
    pst_frames_info described;
    pst_flow_describe_input(r->flow, 0, 100 * 480, &described);
    CHECK_EQ(described.frame, 0);
    CHECK_EQ(described.gap_frames, 4800);
    pst_flow_describe_input(r->flow, 99 * 480, 480, &described);
    CHECK_EQ(described.frame, 99 * 480 + 4800);
    rig_destroy(r);
}

static void test_load(void) {
    const rig_setup setup = duplex();
    rig *r = rig_make(&setup);
    for (int i = 0; i < 100; ++i) {
        rig_block(r, 480, 0, 0);
        rig_read_all(r);
    }
    const pst_stream_stats stats = stats_of(r);
    CHECK(stats.cpu_load >= 0.0 && stats.cpu_load <= stats.max_cpu_load);
    CHECK_EQ(stats.min_block_frames, 480);
    CHECK_EQ(stats.max_block_frames, 480);
    rig_block(r, 0, 0, 0);
    rig_block(r, 7, 0, 0);
    CHECK_EQ(stats_of(r).min_block_frames, 7);
    CHECK_EQ(stats_of(r).last_block_frames, 7);
    rig_destroy(r);
}

// ---- Pacing ------------------------------------------------------------------------------------

static bool may_go(rig *r, uint32_t n_frames) {
    return pst_stream_pace(r->flow, n_frames, 0);
}

static void test_pace_waits_for_room(void) {
    rig_setup setup = duplex();
    setup.has_output = false;
    setup.limits = (pst_limits){100, 5000, PST_UNLIMITED, 0, PST_UNLIMITED};
    rig *r = rig_make(&setup);
    CHECK(may_go(r, 4196)); // 100 of them are skipped.
    CHECK(may_go(r, 8000)); // More than the ring can ever take: as much as it can.
    rig_block(r, 4196, 0, 0);
    CHECK(!may_go(r, 1));
    rig_read(r, 803, false);
    CHECK(!may_go(r, 4000)); // 804 up to the end.
    rig_read(r, 1, false);
    CHECK(may_go(r, 4000));
    rig_block(r, 4000, 0, 0);
    CHECK_EQ(r->verdict, PST_COMPLETE);
    CHECK(!may_go(r, 10));
    rig_destroy(r);
}

// Silence that is owed goes in as room is made, even if it is more than the ring holds.
static void test_pace_pays_silence(void) {
    rig_setup setup = duplex();
    setup.has_output = false;
    setup.in_capacity = 1000;
    setup.overflow = PST_OVERFLOW_SILENCE;
    rig *r = rig_make(&setup);
    rig_block(r, 100, 0, 0);
    rig_block(r, 100, 5000, 0); // 900 of them fit now, and none of the block.
    CHECK_EQ(r->flow->in.owed_frames, 4200);
    CHECK_EQ(stats_of(r).dropped_frames, 100);
    int64_t n_read = 0;
    for (int i = 0; i < 100 && !may_go(r, 100); ++i)
        n_read += (int64_t)pst_ring_skip(r->flow->in.ring, 0, 300);
    CHECK_EQ(r->flow->in.owed_frames, 0);
    CHECK_EQ(stats_of(r).inserted_frames, 5100);
    CHECK(n_read >= 4200);
    pst_frames_info info;
    pst_flow_describe_input(r->flow, 5199, 1, &info);
    CHECK_EQ(info.frame, 5199);
    CHECK_EQ(info.flags, PST_FLAG_GAP);
    rig_destroy(r);
}

static void test_pace_waits_for_frames(void) {
    rig_setup setup = duplex();
    setup.has_input = false;
    setup.limits = (pst_limits){0, PST_UNLIMITED, 1000, 50, PST_UNLIMITED};
    rig *r = rig_make(&setup);
    CHECK(!may_go(r, 64)); // Nothing else could end such a run.
    rig_write(r, 63);
    CHECK(!may_go(r, 64));
    rig_write(r, 1);
    CHECK(may_go(r, 64));
    rig_block(r, 64, 0, 0);
    CHECK(!may_go(r, 64));
    rig_write(r, 936);
    CHECK(may_go(r, 4000)); // All that is going to be played is there.
    rig_block(r, 936, 0, 0);
    CHECK(may_go(r, 64)); // Padding.
    rig_block(r, 64, 0, 0);
    CHECK_EQ(r->verdict, PST_COMPLETE);
    rig_destroy(r);
}

static void test_pace_of_duplex(void) {
    rig_setup setup = duplex();
    rig *r = rig_make(&setup);
    CHECK(may_go(r, 64)); // An output that nobody writes to does not hold up the input,
    rig_write(r, 1);
    CHECK(!may_go(r, 64)); // but one that somebody writes to does,
    rig_end_output(r);
    CHECK(may_go(r, 64)); // unless that was all.
    rig_destroy(r);

    setup.limits.output_total_frames = 1000;
    r = rig_make(&setup);
    CHECK(!may_go(r, 64)); // The output alone decides when the run ends.
    rig_write(r, 64);
    CHECK(may_go(r, 64));
    atomic_store(&r->flow->halting, true);
    CHECK(!may_go(r, 64));
    rig_destroy(r);
}

int main(void) {
    RUN(test_denormals_are_restored); // First, while the setting is still as it was.
    RUN(test_unwritten_output);
    RUN(test_runs_are_independent);
    RUN(test_old_events_are_forgotten);
    RUN(test_xrun_storm);
    RUN(test_quiet_when_told);
    RUN(test_events_tell_where);
    RUN(test_flags_find_frames);
    RUN(test_missing_buffers);
    RUN(test_nonfinite_output);
    RUN(test_clipping_is_counted);
    RUN(test_times);
    RUN(test_times_without_host);
    RUN(test_times_of_constant_latency);
    RUN(test_old_arrivals);
    RUN(test_loss_found_late);
    RUN(test_load);
    RUN(test_pace_waits_for_room);
    RUN(test_pace_pays_silence);
    RUN(test_pace_waits_for_frames);
    RUN(test_pace_of_duplex);
    return check_done();
}
