// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include <math.h>

#include "failing_alloc.h"
#include "recording_fixture.h"

// Recordings of a device whose frames count: every frame that is not where it belongs shows.

// ---- Beginning and ending ---------------------------------------------------------------------

static void test_a_run_from_its_first_frame(void) {
    pst_system *system = make_system();
    for (int how = 0; how < 4; ++how) {
        stream_setup setup = make_setup(true, false);
        setup.config.input_total_frames = how == 0 ? 300000 : PST_UNLIMITED; // More than a block.
        pst_stream *stream = open_stream(system, &setup);
        const pst_take take = any_take();
        pst_recording *recording = record(stream, &take, 0);
        CHECK_EQ(info_of(recording).take_state, PST_TAKE_WAITING);
        CHECK_EQ(pst_recording_wait(recording, 0, NULL), PST_TIMEOUT);
        start_stream(stream);
        if (how > 0)
            wait_recorded(recording, 10000); // More than the ring, which nobody else reads.
        if (how == 1)
            CHECK_EQ(pst_stream_stop(stream, NULL), PST_OK);
        else if (how == 2)
            CHECK_EQ(pst_stream_abort(stream, NULL), PST_OK);
        else if (how == 3)
            CHECK_EQ(pst_stream_close(stream, NULL), PST_OK);
        finish(recording, PST_CHAIN_DONE);
        const int64_t n_frames = stats_of(stream).captured_frames;
        CHECK(how > 0 || n_frames == 300000);
        check_counts(recording, 0, n_frames);
        CHECK_EQ(pst_recording_error(recording, NULL), PST_OK);
        CHECK_EQ(atomic_load(&stream->workers), 0);
        CHECK_EQ(pst_recording_copy(recording, n_frames, 1, NULL), 0);
        CHECK_EQ(pst_recording_copy(recording, -1, 1, NULL), 0);
        pst_segment none;
        CHECK(!pst_recording_get_segment(recording, 1, &none));
        CHECK(!pst_recording_get_segment(recording, -1, &none));
        pst_recording_destroy(recording);
        end_stream(stream);
    }
    pst_recording_destroy(NULL);
    pst_system_release(system);
}

static void test_many_at_once_each_with_its_own_frames(void) {
    enum { N = PST_RING_MAX_READERS - 1 };
    pst_system *system = make_system();
    stream_setup setup = make_setup(true, false);
    setup.config.input_total_frames = 60000;
    pst_stream *stream = open_stream(system, &setup);
    pst_recording *recordings[N];
    for (int i = 0; i < N; ++i) {
        pst_take take = any_take();
        take.start_frame = 1000 * i + i;
        take.total_frames = 30000 + i;
        recordings[i] = record(stream, &take, 0);
    }
    pst_error err;
    pst_recording *one_more = NULL;
    const pst_take take = any_take();
    CHECK_EQ(pst_recording_create(&one_more, stream, &take, 0, &err), PST_LIMIT);
    CHECK(strstr(err.text, "16 readers") != NULL);
    pst_ring_claim(pst_stream_input_ring(stream), true);
    start_stream(stream);
    const read_result result = read_counter(stream, 100, 0); // And a reader.
    CHECK_EQ(result.n_frames, 60000);
    for (int i = 0; i < N; ++i) {
        finish(recordings[i], PST_CHAIN_DONE);
        check_counts(recordings[i], 1000 * i + i, 30000 + i);
        pst_recording_destroy(recordings[i]);
    }
    end_stream(stream);
    pst_system_release(system);
}

static void test_it_stops_now_or_at_a_frame(void) {
    pst_system *system = make_system();
    stream_setup setup = make_setup(true, false);
    pst_stream *stream = open_stream(system, &setup);
    const pst_take take = any_take();
    pst_recording *at = record(stream, &take, 0);
    pst_recording *now = record(stream, &take, 0);
    pst_recording *early = record(stream, &take, 0);
    pst_recording_stop(early, PST_UNLIMITED); // Before there is a run.
    finish(early, PST_CHAIN_DONE);
    check_counts(early, 0, 0);
    pst_recording_stop(at, 12345);
    pst_recording_stop(at, 99999); // The first to come counts.
    start_stream(stream);
    wait_recorded(now, 5000);
    const int64_t before = stats_of(stream).captured_frames;
    pst_recording_stop(now, PST_UNLIMITED);
    finish(now, PST_CHAIN_DONE);
    CHECK(info_of(now).n_frames >= before);
    check_counts(now, 0, info_of(now).n_frames);
    finish(at, PST_CHAIN_DONE);
    check_counts(at, 0, 12345);
    pst_recording_destroy(at);
    pst_recording_destroy(now);
    pst_recording_destroy(early);
    end_stream(stream);
    pst_system_release(system);
}

// A take that begins in the middle of a run gets what the stream's own reader has left.
static void test_the_past_as_far_as_the_ring_holds_it(void) {
    pst_system *system = make_system();
    stream_setup setup = make_setup(true, false);
    setup.config.block_frames = 1000;
    pst_stream *stream = open_stream(system, &setup);
    pst_ring *ring = pst_stream_input_ring(stream);
    start_stream(stream);
    CHECK(wait_frames(stream, 4000));
    pst_ring_skip(ring, 0, 900); // Not enough room for a fifth block: the clock waits.
    pst_take take = any_take();
    take.pre_roll_frames = 1500;
    take.total_frames = 1600;
    pst_recording *before_now = record(stream, &take, 0);
    take.start_frame = 5;
    take.pre_roll_frames = 0;
    pst_recording *from_a_frame = record(stream, &take, 0);
    take.start_frame = 2000;
    pst_recording *later = record(stream, &take, 0);
    take.start_frame = PST_UNLIMITED;
    take.trigger = PST_TRIGGER_LEVEL;
    take.level = 1e-9;
    take.pre_roll_frames = 1000;
    pst_recording *triggered = record(stream, &take, 0); // Not by what was before.
    pst_ring_skip(ring, 0, 3100);
    finish(before_now, PST_CHAIN_DONE);
    check_counts(before_now, 2500, 1600);
    finish(from_a_frame, PST_CHAIN_DONE);
    check_counts(from_a_frame, 900, 1600);
    finish(later, PST_CHAIN_DONE);
    check_counts(later, 2000, 1600);
    finish(triggered, PST_CHAIN_DONE);
    check_counts(triggered, 3000, 1600);
    pst_recording_destroy(before_now);
    pst_recording_destroy(from_a_frame);
    pst_recording_destroy(later);
    pst_recording_destroy(triggered);
    end_stream(stream);
    pst_system_release(system);
}

static void test_a_start_by_the_clock(void) {
    pst_system *system = make_system();
    stream_setup setup = make_setup(true, false);
    setup.host.clock = PST_CLOCK_WALL;
    pst_stream *stream = open_stream(system, &setup);
    start_stream(stream);
    CHECK(wait_frames(stream, 640));
    pst_take take = any_take();
    take.start_time_s = pst_stream_input_time_s(stream, 3000);
    take.total_frames = 500;
    pst_recording *recording = record(stream, &take, 0);
    const int64_t n_then = stats_of(stream).frames; // The machine may be slow.
    const int64_t latest = n_then > 3000 ? n_then : 3000;
    finish(recording, PST_CHAIN_DONE);
    pst_segment segment = {0, 0, 0};
    CHECK(pst_recording_get_segment(recording, 0, &segment));
    // The clock model has learnt a little in between.
    CHECK_TEXT(segment.frame > 3000 - 480 && segment.frame < latest + 480, "frame %lld",
               (long long)segment.frame);
    CHECK_EQ(info_of(recording).n_frames, 500);
    pst_recording_destroy(recording);
    end_stream(stream);
    pst_system_release(system);
}

// ---- Parts ------------------------------------------------------------------------------------

static void test_pauses_leave_frames_out(void) {
    pst_system *system = make_system();
    stream_setup setup = make_setup(true, false);
    setup.config.input_total_frames = 20000;
    pst_stream *stream = open_stream(system, &setup);
    pst_take take = any_take();
    take.total_frames = 10000;
    pst_recording *recording = record(stream, &take, 0);
    pst_recording_pause(recording, 3000);
    pst_recording_resume(recording, 7001);
    start_stream(stream);
    finish(recording, PST_CHAIN_DONE);
    CHECK_EQ(info_of(recording).n_segments, 2);
    CHECK_EQ(info_of(recording).n_frames, 10000);
    CHECK_EQ(info_of(recording).lost_frames, 0);
    check_segment(recording, 0, 0, 3000);
    check_segment(recording, 1, 7001, 7000);
    CHECK_EQ(frame_of(recording, 2999), 2999);
    CHECK_EQ(frame_of(recording, 3000), 7001);
    CHECK_EQ(frame_of(recording, 9999), 14000);
    pst_recording_destroy(recording);
    end_stream(stream);
    pst_system_release(system);
}

static void test_a_level_triggers_and_the_past_is_kept(void) {
    pst_system *system = make_system();
    for (uint32_t n_watched = 0; n_watched < 3; ++n_watched) {
        stream_setup setup = make_setup(true, false);
        setup.config.input.n_channels = 2;
        setup.config.input_total_frames = 20000;
        pst_stream *stream = open_stream(system, &setup);
        const uint32_t watched[] = {1, 0};
        pst_take take = any_take();
        take.trigger = PST_TRIGGER_LEVEL;
        take.level = 9000.0 / 2147483648.0; // The samples count.
        take.n_watched = n_watched;
        take.watched = watched;
        take.pre_roll_frames = 1500;
        take.total_frames = 4000;
        pst_recording *recording = record(stream, &take, 0);
        start_stream(stream);
        finish(recording, PST_CHAIN_DONE);
        CHECK_EQ(info_of(recording).n_frames, 4000);
        CHECK_EQ(info_of(recording).n_segments, 1);
        pst_segment segment;
        CHECK(pst_recording_get_segment(recording, 0, &segment));
        int32_t frame[2];
        CHECK_EQ(pst_recording_copy(recording, 1500, 1, frame), 1);
        const uint32_t loudest = n_watched == 1 ? 1 : frame[0] > frame[1] ? 0 : 1;
        CHECK_EQ(frame[loudest], 9000);
        CHECK_EQ(pst_recording_copy(recording, 1499, 1, frame), 1);
        CHECK(frame[loudest] < 9000);
        pst_recording_destroy(recording);
        end_stream(stream);
    }
    pst_system_release(system);
}

static void test_a_call_triggers_again_and_again(void) {
    pst_system *system = make_system();
    stream_setup setup = make_setup(true, false);
    pst_stream *stream = open_stream(system, &setup);
    pst_take take = any_take();
    pst_error err;
    pst_recording *plain = record(stream, &take, 0);
    CHECK_EQ(pst_recording_trigger(plain, 0, &err), PST_BAD_STATE);
    take.trigger = PST_TRIGGER_CALL;
    take.retrigger = true;
    take.total_frames = 1000;
    take.pre_roll_frames = 300;
    pst_recording *recording = record(stream, &take, 0);
    CHECK_EQ(pst_recording_trigger(recording, 5000, NULL), PST_OK);
    start_stream(stream);
    wait_recorded(recording, 1000);
    for (int i = 0; i < 3; ++i) {
        const int64_t frame = stats_of(stream).frames + 2000;
        const int64_t n_before = info_of(recording).n_frames;
        CHECK_EQ(pst_recording_trigger(recording, frame, NULL), PST_OK);
        wait_recorded(recording, n_before + 1000);
        check_segment(recording, 1 + i, frame - 300, 1000);
        CHECK_EQ(frame_of(recording, 1000 * (1 + i)), frame - 300);
    }
    check_segment(recording, 0, 4700, 1000);
    pst_recording_stop(recording, PST_UNLIMITED);
    finish(recording, PST_CHAIN_DONE);
    CHECK_EQ(info_of(recording).n_segments, 4);
    pst_recording_destroy(plain);
    pst_recording_destroy(recording);
    end_stream(stream);
    pst_system_release(system);
}

// ---- What goes wrong --------------------------------------------------------------------------

static void test_gaps_are_filled_or_left_out(void) {
    pst_system *system = make_system();
    for (int how = 0; how < 3; ++how) {
        stream_setup setup = make_setup(true, false);
        add_fault(&setup, PST_FAULT_STALL, 6400, 9000);
        setup.config.input_total_frames = 30000;
        if (how == 2)
            setup.config.overflow = PST_OVERFLOW_SILENCE; // The stream itself fills them.
        pst_stream *stream = open_stream(system, &setup);
        pst_take take = any_take();
        take.leave_gaps_out = how == 1;
        pst_recording *recording = record(stream, &take, 0);
        start_stream(stream);
        finish(recording, PST_CHAIN_DONE);
        const pst_stream_stats stats = stats_of(stream);
        REQUIRE(stats.lost_frames > 0);
        const pst_recording_info info = info_of(recording);
        const int64_t n_lost = how == 2 ? stats.inserted_frames : stats.lost_frames;
        CHECK_EQ(info.lost_frames, n_lost);
        CHECK_EQ(info.n_frames, how == 1 ? 30000 - stats.lost_frames : 30000);
        CHECK_EQ(info.n_segments, how == 1 ? 2 : 1);
        CHECK_EQ(frame_of(recording, info.n_frames - 1), 29999); // Time is kept.
        int64_t n_silent = 0;
        for (int64_t i = 1; i < info.n_frames; ++i)
            n_silent += frame_of(recording, i) == 0;
        CHECK_EQ(n_silent, how == 1 ? 0 : n_lost);
        if (how == 1) {
            pst_segment first, second;
            CHECK(pst_recording_get_segment(recording, 0, &first));
            CHECK(pst_recording_get_segment(recording, 1, &second));
            CHECK_EQ(second.frame - first.n_frames, stats.lost_frames);
            CHECK_EQ(frame_of(recording, second.offset), second.frame);
        }
        pst_recording_destroy(recording);
        end_stream(stream);
    }
    pst_system_release(system);
}

static void test_a_full_recording_fails_and_keeps_what_it_has(void) {
    pst_system *system = make_system();
    stream_setup setup = make_setup(true, false);
    pst_stream *stream = open_stream(system, &setup);
    const pst_take take = any_take();
    pst_recording *recording = record(stream, &take, 5555);
    start_stream(stream);
    finish(recording, PST_CHAIN_FAILED);
    pst_error err;
    CHECK_EQ(pst_recording_wait(recording, 0, &err), PST_LIMIT);
    CHECK(strstr(err.text, "5555 frames") != NULL);
    check_counts(recording, 0, 5555);
    CHECK_EQ(pst_stream_state(stream), PST_STATE_RUNNING); // The stream goes on.
    pst_recording_destroy(recording);
    end_stream(stream);
    pst_system_release(system);
}

static void test_a_lost_device_fails_it_and_what_came_is_kept(void) {
    pst_system *system = make_system();
    for (int complete = 0; complete < 2; ++complete) {
        stream_setup setup = make_setup(true, false);
        add_fault(&setup, PST_FAULT_DEAD, 6400, 0);
        pst_stream *stream = open_stream(system, &setup);
        pst_take take = any_take();
        take.total_frames = complete ? 6400 : PST_UNLIMITED;
        pst_recording *recording = record(stream, &take, 0);
        start_stream(stream);
        finish(recording, complete ? PST_CHAIN_DONE : PST_CHAIN_FAILED);
        CHECK_EQ(pst_recording_error(recording, NULL), complete ? PST_OK : PST_DEVICE_LOST);
        check_counts(recording, 0, 6400);
        pst_recording_destroy(recording);
        end_stream(stream);
    }
    pst_system_release(system);
}

// ---- Arguments and memory ---------------------------------------------------------------------

static void test_arguments_are_checked(void) {
    pst_system *system = make_system();
    stream_setup setup = make_setup(true, false);
    pst_stream *stream = open_stream(system, &setup);
    static const uint32_t second[] = {1};
    struct {
        const char *field;
        pst_take take;
    } wrong[] = {
        {"start_frame", any_take()},    {"total_frames", any_take()},   {"pre_roll", any_take()},
        {"pre_roll", any_take()},       {"level", any_take()},          {"watched", any_take()},
        {"release_frames", any_take()}, {"release_frames", any_take()}, {"retrigger", any_take()},
        {"retrigger", any_take()},      {"trigger is 9", any_take()},   {"pre_roll", any_take()},
        {"start_time_s", any_take()},   {"start_time_s", any_take()},
    };
    wrong[0].take.start_frame = -2;
    wrong[1].take.total_frames = 0;
    wrong[2].take.pre_roll_frames = 2049;
    wrong[3].take.pre_roll_frames = -1;
    wrong[4].take.trigger = PST_TRIGGER_LEVEL;
    wrong[4].take.level = 1.5;
    wrong[5].take.n_watched = 1;
    wrong[5].take.watched = second;
    wrong[6].take.release_frames = 0;
    wrong[7].take.release_frames = 100; // Without a level.
    wrong[8].take.retrigger = true;
    wrong[9].take.retrigger = true; // Without an end.
    wrong[9].take.trigger = PST_TRIGGER_CALL;
    wrong[10].take.trigger = (pst_trigger)9;
    wrong[11].take.pre_roll_frames = 10;
    wrong[11].take.start_frame = 100;
    wrong[12].take.start_time_s = (double)NAN;
    wrong[13].take.start_time_s = -(double)INFINITY;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; ++i) {
        pst_error err = {.status = PST_OK};
        pst_recording *recording = NULL;
        CHECK_EQ(pst_recording_create(&recording, stream, &wrong[i].take, 0, &err),
                 PST_BAD_ARGUMENT);
        CHECK_TEXT(strstr(err.text, wrong[i].field) != NULL, "%s: %s", wrong[i].field, err.text);
        CHECK(recording == NULL);
    }
    const pst_take take = any_take();
    pst_recording *recording = NULL;
    CHECK_EQ(pst_recording_create(&recording, stream, &take, -1, NULL), PST_BAD_ARGUMENT);
    CHECK_EQ(atomic_load(&stream->workers), 0);
    CHECK_EQ(pst_stream_close(stream, NULL), PST_OK);
    CHECK_EQ(pst_recording_create(&recording, stream, &take, 0, NULL), PST_CLOSED);
    end_stream(stream);
    setup = make_setup(false, true);
    stream = open_stream(system, &setup);
    CHECK_EQ(pst_recording_create(&recording, stream, &take, 0, NULL), PST_BAD_ARGUMENT);
    end_stream(stream);
    pst_system_release(system);
}

static pst_status make_and_run(pst_stream *stream) {
    pst_take take = any_take();
    take.total_frames = 300;
    pst_recording *recording = NULL;
    pst_status status = pst_recording_create(&recording, stream, &take, 0, NULL);
    if (status != PST_OK) {
        CHECK(recording == NULL);
        return status;
    }
    status = pst_recording_wait(recording, PATIENCE_NS, NULL);
    if (status == PST_OK)
        CHECK_EQ(info_of(recording).n_frames, 300);
    pst_recording_destroy(recording);
    return status;
}

static void test_failing_allocations(void) {
    if (!failing_alloc_works()) {
        check_skip("sanitizers bring an allocator of their own");
        return;
    }
    pst_system *system = make_system();
    stream_setup setup = make_setup(true, false);
    pst_stream *stream = open_stream(system, &setup);
    start_stream(stream);
    CHECK_EQ(make_and_run(stream), PST_OK);
    bool got_by = false;
    int n_failed = 0;
    for (long n = 1; n < 100 && !got_by; ++n) {
        failing_alloc_begin(n);
        const pst_status status = make_and_run(stream);
        CHECK_EQ(pst_system_wait_work(system, PATIENCE_NS), PST_OK);
        got_by = failing_alloc_end() < n;
        CHECK(status == PST_OK || status == PST_NO_MEMORY || status == PST_SYSTEM_ERROR);
        CHECK(!got_by || status == PST_OK);
        CHECK_EQ(atomic_load(&stream->workers), 0);
        n_failed += status != PST_OK;
    }
    CHECK(got_by && n_failed >= 6);
    end_stream(stream);
    pst_system_release(system);
}

int main(void) {
    RUN(test_a_run_from_its_first_frame);
    RUN(test_many_at_once_each_with_its_own_frames);
    RUN(test_it_stops_now_or_at_a_frame);
    RUN(test_the_past_as_far_as_the_ring_holds_it);
    RUN(test_a_start_by_the_clock);
    RUN(test_pauses_leave_frames_out);
    RUN(test_a_level_triggers_and_the_past_is_kept);
    RUN(test_a_call_triggers_again_and_again);
    RUN(test_gaps_are_filled_or_left_out);
    RUN(test_a_full_recording_fails_and_keeps_what_it_has);
    RUN(test_a_lost_device_fails_it_and_what_came_is_kept);
    RUN(test_arguments_are_checked);
    RUN(test_failing_allocations);
    return check_done();
}
