// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

// Streams that outlive their device.

#include "fake_backend.h"
#include "pastream/diagnostics.h"
#include "pastream/recording.h"
#include "stream_fixture.h"

#if CHECK_TSAN
// Nobody joins the thread of a device whose host hangs.
const char *__tsan_default_options(void);
const char *__tsan_default_options(void) {
    return "report_thread_leaks=0";
}
#endif

// A wall clock, a short patience, and a device that goes away after 100 ms.
static stream_setup make_mortal(pst_fault_kind kind, bool has_input, bool has_output) {
    stream_setup setup = make_setup(has_input, has_output);
    setup.host.clock = PST_CLOCK_WALL;
    setup.config.input_ring_frames = setup.config.output_ring_frames = 1 << 17;
    setup.config.stall_after_s = 0.1;
    setup.config.lost_after_s = 0.2;
    setup.config.on_lost = PST_ON_LOST_REOPEN;
    if (kind != 0)
        add_fault(&setup, kind, 4800, 0);
    return setup;
}

static bool wait_event(pst_stream *stream, pst_event_kind kind, pst_stream_event *event) {
    const int64_t end_ns = pst_deadline_ns(PATIENCE_NS);
    while (pst_now_ns() < end_ns) {
        if (!pst_stream_pop_event(stream, event))
            pst_sleep_until_ns(pst_now_ns() + PST_NS_PER_MS);
        else if (event->kind == kind)
            return true;
    }
    return FAIL("event %d does not come", (int)kind);
}

static pst_verdict process_nothing(void *user, const pst_block *block) PST_RT {
    (void)user;
    (void)block;
    return PST_CONTINUE;
}

// ---- The run goes on ----------------------------------------------------------------------------

// The frames before and after the outage are right, in one ring, and what was lost is counted.
static void test_recording_goes_on(void) {
    static const pst_fault_kind kinds[] = {PST_FAULT_VANISH, PST_FAULT_DEAD};
    for (int i = 0; i < 2; ++i) {
        pst_system *system = make_system();
        stream_setup setup = make_mortal(kinds[i], true, false);
        setup.host.away_ns = 100 * PST_NS_PER_MS;
        pst_stream *stream = open_stream(system, &setup);
        start_stream(stream);
        pst_stream_event lost, back;
        REQUIRE(wait_event(stream, PST_EVENT_DEVICE_LOST, &lost));
        CHECK_EQ(lost.frame, 4800);
        const int64_t n_counted = stats_of(stream).frames; // Unless it is back already.
        CHECK(n_counted == 4800 || pst_stream_state(stream) == PST_STATE_RUNNING);
        REQUIRE(wait_event(stream, PST_EVENT_DEVICE_BACK, &back));
        CHECK_EQ(back.frame, 4800);
        CHECK(back.n_frames >= 4800); // As long as it was away.
        CHECK(wait_frames(stream, back.frame + back.n_frames + 4800));
        CHECK_EQ(pst_stream_state(stream), PST_STATE_RUNNING);
        CHECK_EQ(pst_stream_reason(stream, NULL), PST_OK);
        CHECK_EQ(pst_stream_stop(stream, NULL), PST_OK);
        CHECK_EQ(stats_of(stream).lost_frames, back.n_frames);
        check_conservation(stream);

        pst_ring *ring = pst_stream_input_ring(stream);
        pst_span span;
        const uint64_t n_frames = pst_ring_begin_read(ring, 0, 1 << 16, &span);
        CHECK_EQ(n_frames, stats_of(stream).captured_frames);
        for (uint64_t n = 0; n < n_frames; ++n) {
            int32_t value; // The device counts from its own start.
            memcpy(&value, span.data + 4 * n, 4);
            CHECK_EQ(value, n < 4800 ? n : n - 4800);
        }
        pst_frames_info info;
        pst_stream_describe_input(stream, span.position + 4800, 64, &info);
        CHECK_EQ(info.frame, 4800 + back.n_frames);
        CHECK_EQ(info.gap_frames, back.n_frames);
        pst_ring_commit_read(ring, 0, n_frames);
        end_stream(stream);
        pst_system_release(system);
    }
}

// Frame numbers keep to the monotonic clock over the outage.
static void test_numbers_keep_time(void) {
    pst_system *system = make_system();
    stream_setup setup = make_mortal(PST_FAULT_VANISH, true, false);
    setup.config.overflow = PST_OVERFLOW_SILENCE;
    pst_stream *stream = open_stream(system, &setup);
    start_stream(stream);
    const double before_s = pst_stream_input_time_s(stream, 0);
    pst_stream_event back;
    REQUIRE(wait_event(stream, PST_EVENT_DEVICE_BACK, &back));
    CHECK(wait_frames(stream, back.frame + back.n_frames + 9600));
    CHECK_EQ(pst_stream_stop(stream, NULL), PST_OK);
    const pst_stream_stats stats = stats_of(stream);
    const double passed_s = (double)(stats.last_callback_ns - stats.start_ns) * 1e-9;
    const double counted_s = (double)stats.frames / 48000.0;
    // A busy machine is late now and then, but numbers do not run away from time.
    CHECK_TEXT(counted_s < passed_s + 0.05 && counted_s > passed_s - 0.5, "%g s in %g s", counted_s,
               passed_s);
    CHECK(before_s >= 0.0);
    CHECK_EQ(stats.inserted_frames, stats.lost_frames); // Silence in their place.
    CHECK_EQ(stats.captured_frames, stats.frames);
    end_stream(stream);
    pst_system_release(system);
}

static void test_several_outages(void) {
    pst_system *system = make_system();
    stream_setup setup = make_mortal(PST_FAULT_DEAD, true, false);
    add_fault(&setup, PST_FAULT_VANISH, 4800, 0); // Of its second life.
    add_fault(&setup, PST_FAULT_DEAD, 4800, 0);
    pst_stream *stream = open_stream(system, &setup);
    start_stream(stream);
    pst_stream_event event;
    int64_t n_lost = 0;
    for (int i = 0; i < 3; ++i) {
        REQUIRE(wait_event(stream, PST_EVENT_DEVICE_BACK, &event));
        n_lost += event.n_frames;
    }
    CHECK(wait_frames(stream, event.frame + event.n_frames + 9600));
    CHECK_EQ(pst_stream_stop(stream, NULL), PST_OK);
    CHECK_EQ(stats_of(stream).lost_frames, n_lost);
    check_conservation(stream);
    end_stream(stream);
    pst_system_release(system);
}

// A free clock waits for its device: nothing is lost, and every frame is there.
static void test_free_clock(void) {
    pst_system *system = make_system();
    stream_setup setup = make_setup(true, true);
    setup.config.on_lost = PST_ON_LOST_REOPEN;
    setup.config.input_total_frames = setup.config.output_total_frames = 20000;
    setup.config.input_ring_frames = setup.config.output_ring_frames = 1 << 15;
    add_fault(&setup, PST_FAULT_DEAD, 6400, 0);
    pst_stream *stream = open_stream(system, &setup);
    CHECK_EQ(write_counter(stream, 0, 20000), 20000);
    start_stream(stream);
    CHECK_EQ(pst_stream_wait(stream, PATIENCE_NS, NULL), PST_OK);
    CHECK_EQ(pst_stream_state(stream), PST_STATE_FINISHED);
    const pst_stream_stats stats = stats_of(stream);
    CHECK_EQ(stats.captured_frames, 20000);
    CHECK_EQ(stats.played_frames, 20000);
    CHECK_EQ(stats.lost_frames, 0);
    end_stream(stream);
    pst_system_release(system);
}

// The device has another rate than the stream: what changes it is made anew with the device.
static void test_changed_rate(void) {
    pst_system *system = make_system();
    stream_setup setup = make_mortal(PST_FAULT_DEAD, true, true);
    setup.config.input = setup.config.output = make_side(NULL_DEVICE, 1, PST_FORMAT_F32);
    setup.config.device_samplerate_hz = 44100.0;
    pst_stream *stream = open_stream(system, &setup);
    start_stream(stream);
    pst_stream_event back;
    REQUIRE(wait_event(stream, PST_EVENT_DEVICE_BACK, &back));
    CHECK(wait_frames(stream, back.frame + back.n_frames + 4800));
    CHECK_EQ(pst_stream_stop(stream, NULL), PST_OK);
    CHECK_EQ(stats_of(stream).lost_frames, back.n_frames);
    check_conservation(stream);
    end_stream(stream);
    pst_system_release(system);
}

static int32_t note_frame(const void *input, void *output, int64_t n_frames,
                          const pst_callback_time *time, uint32_t flags, void *user) PST_RT {
    (void)input, (void)output, (void)flags;
    _Atomic int64_t *next = user;
    atomic_store(next, time->frame + n_frames);
    return PST_CALLBACK_CONTINUE;
}

// So does a function on the audio thread, with the frame numbers of the stream.
static void test_a_callback_goes_on(void) {
    static const float gains[] = {0.0f, 1.0f};
    pst_system *system = make_system();
    stream_setup setup = make_mortal(PST_FAULT_VANISH, true, true);
    _Atomic int64_t next = 0;
    setup.config.callback = note_frame;
    setup.config.callback_user = (void *)&next;
    setup.config.input_map = (pst_channel_map){2, gains}; // The second channel of two.
    pst_stream *stream = open_stream(system, &setup);
    start_stream(stream);
    pst_stream_event back;
    REQUIRE(wait_event(stream, PST_EVENT_DEVICE_BACK, &back));
    CHECK(wait_frames(stream, back.frame + back.n_frames + 4800));
    CHECK_EQ(pst_stream_stop(stream, NULL), PST_OK);
    CHECK_EQ(atomic_load(&next), stats_of(stream).frames);
    check_conservation(stream);
    end_stream(stream);
    pst_system_release(system);
}

// ---- Control while the device is away -----------------------------------------------------------

static pst_stream *open_away(pst_system *system, stream_setup *setup) {
    setup->host.away_ns = -1;
    pst_stream *stream = open_stream(system, setup);
    start_stream(stream);
    pst_stream_event lost;
    wait_event(stream, PST_EVENT_DEVICE_LOST, &lost);
    CHECK_EQ(pst_stream_state(stream), PST_STATE_REOPENING);
    return stream;
}

static void test_control_while_away(void) {
    pst_system *system = make_system();
    stream_setup setup = make_mortal(PST_FAULT_VANISH, true, true);
    pst_stream *stream = open_away(system, &setup);
    CHECK_EQ(pst_stream_start(stream, NULL), PST_OK); // It runs.
    CHECK_EQ(pst_stream_set_limits(stream, 0, -1, -1, 0, 0, NULL), PST_BAD_STATE);
    CHECK_EQ(pst_stream_wait(stream, 20 * PST_NS_PER_MS, NULL), PST_TIMEOUT);
    CHECK_EQ(pst_stream_wait_input(stream, 0, 9000, 20 * PST_NS_PER_MS, NULL), PST_TIMEOUT);
    CHECK_EQ(pst_stream_reason(stream, NULL), PST_OK);
    CHECK_EQ(pst_stream_stop(stream, NULL), PST_OK);
    CHECK_EQ(pst_stream_state(stream), PST_STATE_STOPPED);
    CHECK_EQ(pst_stream_reason(stream, NULL), PST_OK);
    CHECK_EQ(pst_stream_start(stream, NULL), PST_OK); // Waits for the device, too.
    CHECK_EQ(pst_stream_state(stream), PST_STATE_REOPENING);
    CHECK_EQ(pst_stream_abort(stream, NULL), PST_OK);
    CHECK_EQ(pst_stream_state(stream), PST_STATE_ABORTED);
    CHECK_EQ(pst_stream_start(stream, NULL), PST_OK);
    end_stream(stream);
    pst_system_release(system);
}

static void test_start_waits_for_the_device(void) {
    pst_system *system = make_system();
    stream_setup setup = make_mortal(PST_FAULT_DEAD, true, false);
    setup.host.away_ns = 150 * PST_NS_PER_MS;
    pst_stream *stream = open_stream(system, &setup);
    start_stream(stream);
    pst_stream_event event;
    REQUIRE(wait_event(stream, PST_EVENT_DEVICE_LOST, &event));
    CHECK_EQ(pst_stream_stop(stream, NULL), PST_OK);
    CHECK_EQ(pst_stream_start(stream, NULL), PST_OK);
    REQUIRE(wait_event(stream, PST_EVENT_DEVICE_BACK, &event));
    CHECK_EQ(event.frame, 0); // Counted from the start.
    CHECK(wait_frames(stream, event.n_frames + 1000));
    CHECK_EQ(pst_stream_stop(stream, NULL), PST_OK);
    check_conservation(stream);
    end_stream(stream);
    pst_system_release(system);
}

static void test_gives_up_in_time(void) {
    pst_system *system = make_system();
    stream_setup setup = make_mortal(PST_FAULT_VANISH, true, false);
    setup.config.reopen_timeout_s = 0.15;
    setup.host.away_ns = -1;
    pst_stream *stream = open_stream(system, &setup);
    start_stream(stream);
    pst_error err = {.status = PST_OK};
    CHECK_EQ(pst_stream_wait(stream, PATIENCE_NS, &err), PST_DEVICE_LOST);
    CHECK(strstr(err.text, "frame 4800") != NULL);
    CHECK(strstr(err.text, "script") != NULL); // What the last try said.
    CHECK_EQ(pst_stream_state(stream), PST_STATE_LOST);
    CHECK_EQ(pst_stream_wait_input(stream, 0, 9000, PATIENCE_NS, NULL), PST_DEVICE_LOST);
    CHECK_EQ(pst_stream_stop(stream, NULL), PST_OK);
    CHECK_EQ(pst_stream_state(stream), PST_STATE_ABORTED);
    CHECK_EQ(pst_stream_reason(stream, NULL), PST_DEVICE_LOST);
    CHECK_EQ(pst_stream_start(stream, NULL), PST_OK); // Another try.
    CHECK_EQ(pst_stream_wait(stream, PATIENCE_NS, NULL), PST_DEVICE_LOST);
    end_stream(stream);
    pst_system_release(system);
}

// The host hangs in the call that should end what is left of the device. Its handle is given up;
// the stream goes on without it, and ends in order.
static void test_a_handle_that_hangs(void) {
    pst_system *system = make_system();
    stream_setup setup = make_mortal(PST_FAULT_VANISH, true, false);
    setup.config.control_timeout_s = 0.2;
    setup.host.stop_hang_ns = -1;
    pst_stream *stream = open_stream(system, &setup);
    start_stream(stream);
    pst_stream_event back;
    REQUIRE(wait_event(stream, PST_EVENT_DEVICE_BACK, &back));
    CHECK(wait_frames(stream, back.frame + back.n_frames + 4800));
    CHECK_EQ(pst_system_abandoned(system), 1);
    check_conservation(stream);
    CHECK_EQ(pst_stream_close(stream, NULL), PST_TIMEOUT); // The next one hangs, too.
    pst_stream_release(stream);
    pst_system_release(system);
}

// Looks at all there is to see, and changes what may change in a run.
static void look_around(pst_stream *stream, uint32_t turn) {
    const float gains[2][4] = {{1, 0, 0, 1}, {0.5F, 0, 0, 0.5F}};
    pst_timing timing;
    pst_clock_reading reading;
    pst_meter_reading meter;
    pst_meter_channel channels[2];
    pst_frames_info frames;
    pst_stream_info info;
    char uid[PST_UID_BYTES];
    const pst_direction side = turn % 2 == 0 ? PST_INPUT : PST_OUTPUT;
    const pst_status made = pst_stream_enable_meters(stream, side, NULL);
    const pst_status mixed = pst_stream_set_matrix(stream, side, gains[turn / 2 % 2], NULL);
    CHECK(made == PST_OK || made == PST_CLOSED);
    CHECK(mixed == PST_OK || mixed == PST_CLOSED);
    (void)!pst_stream_read_meters(stream, side, &meter, channels);
    pst_stream_reset_meters(stream);
    pst_stream_get_timing(stream, &timing);
    pst_stream_get_clock(stream, &reading);
    pst_stream_get_info(stream, &info);
    pst_stream_describe_input(stream, 1000, 100, &frames);
    pst_stream_device_uid(stream, side, uid, sizeof uid);
    (void)pst_stream_state(stream);
    (void)pst_stream_reason(stream, NULL);
    (void)!pst_stream_wait(stream, PST_NS_PER_MS, NULL);
}

typedef struct onlooker {
    pst_stream *stream;
    _Atomic bool *ends;
} onlooker;

static void *watch_for_ever(void *arg) {
    const onlooker *self = arg;
    for (uint32_t turn = 0; !atomic_load(self->ends); ++turn)
        look_around(self->stream, turn);
    return NULL;
}

static void *record_for_ever(void *arg) {
    const onlooker *self = arg;
    pst_take take;
    pst_take_default(&take);
    take.pre_roll_frames = 500;
    while (!atomic_load(self->ends)) {
        pst_recording *recording = NULL;
        const pst_status status = pst_recording_create(&recording, self->stream, &take, 0, NULL);
        CHECK(status == PST_OK || status == PST_CLOSED || status == PST_LIMIT);
        pst_sleep_until_ns(pst_now_ns() + 3 * PST_NS_PER_MS);
        if (recording != NULL)
            pst_recording_stop(recording, PST_UNLIMITED);
        pst_recording_destroy(recording);
    }
    return NULL;
}

// The device comes and goes, the stream starts, stops and closes, and all the time others look at
// it. There is nothing to see but that it is safe: see it under the sanitizers.
static void test_onlookers_while_devices_come_and_go(void) {
    pst_system *system = make_system();
    for (int i = 0; i < 2; ++i) {
        stream_setup setup = make_mortal(0, true, true);
        setup.config.input.n_channels = setup.config.output.n_channels = 2;
        setup.config.device_samplerate_hz = i == 0 ? 0.0 : 44100.0;
        setup.config.stall_after_s = 0.005;
        setup.config.lost_after_s = 0.01;
        for (int k = 0; k < 3; ++k)
            add_fault(&setup, k % 2 == 0 ? PST_FAULT_DEAD : PST_FAULT_VANISH, 1000, 0);
        setup.host.away_ns = 5 * PST_NS_PER_MS;
        pst_stream *stream = open_stream(system, &setup);
        _Atomic bool ends = false;
        onlooker self = {stream, &ends};
        pthread_t threads[3];
        for (int k = 0; k < 3; ++k)
            REQUIRE(pthread_create(&threads[k], NULL, k < 2 ? watch_for_ever : record_for_ever,
                                   &self) == 0);
        for (int run = 0; run < 6; ++run) {
            const pst_status status = pst_stream_start(stream, NULL);
            CHECK(status == PST_OK || status == PST_BAD_STATE);
            pst_sleep_until_ns(pst_now_ns() + (run == 0 ? 200 : 15) * PST_NS_PER_MS);
            if (run < 5)
                CHECK_EQ(run % 2 == 0 ? pst_stream_stop(stream, NULL)
                                      : pst_stream_abort(stream, NULL),
                         PST_OK);
        }
        CHECK_EQ(pst_stream_close(stream, NULL), PST_OK);
        atomic_store(&ends, true);
        for (int k = 0; k < 3; ++k)
            pthread_join(threads[k], NULL);
        pst_stream_release(stream);
        CHECK_EQ(pst_system_wait_work(system, PATIENCE_NS), PST_OK);
    }
    pst_system_release(system);
}

// Closing and dropping at any moment of an outage.
static void test_close_at_any_time(void) {
    pst_system *system = make_system();
    for (int i = 0; i < 16; ++i) {
        stream_setup setup = make_mortal(PST_FAULT_DEAD, true, i % 2 == 0);
        setup.config.stall_after_s = 0.001;
        setup.config.lost_after_s = 0.002;
        setup.host.faults[0].at_frame = 64;
        setup.host.away_ns = i % 3 == 0 ? -1 : i % 3 * 10 * PST_NS_PER_MS;
        pst_stream *stream = open_stream(system, &setup);
        start_stream(stream);
        pst_sleep_until_ns(pst_now_ns() + i * 6 * PST_NS_PER_MS);
        if (i % 4 < 2)
            CHECK_EQ(pst_stream_close(stream, NULL), PST_OK);
        pst_stream_release(stream);
    }
    CHECK_EQ(pst_system_wait_work(system, PATIENCE_NS), PST_OK);
    CHECK_EQ(pst_system_abandoned(system), 0);
    pst_system_release(system);
}

static void test_bad_settings(void) {
    pst_system *system = make_system();
    stream_setup setup = make_setup(true, false);
    setup.config.on_lost = (pst_on_lost)3;
    pst_stream *stream;
    pst_error err = {.status = PST_OK};
    CHECK_EQ(pst_stream_open(&stream, system, &setup.config, &err), PST_BAD_ARGUMENT);
    CHECK(strstr(err.text, "on_lost") != NULL);
    setup.config.on_lost = PST_ON_LOST_REOPEN;
    setup.config.reopen_timeout_s = -1.0;
    CHECK_EQ(pst_stream_open(&stream, system, &setup.config, &err), PST_BAD_ARGUMENT);
    CHECK(strstr(err.text, "reopen_timeout_s") != NULL);
    pst_system_release(system);
}

// ---- Which device -------------------------------------------------------------------------------

static pst_stream *open_on_fake(pst_system *system, pst_on_lost on_lost) {
    stream_setup setup = make_setup(false, false);
    setup.config.input = make_side(0, 1, PST_FORMAT_I16);
    setup.config.on_lost = on_lost;
    setup.config.stall_after_s = 0.01;
    setup.config.lost_after_s = 0.02;
    pst_stream *stream = NULL;
    CHECK_EQ(pst_stream_open(&stream, system, &setup.config, NULL), PST_OK);
    return stream;
}

static bool wait_opened(int n_starts) {
    return fake_wait_done(FAKE_START, n_starts);
}

static void check_uid(pst_stream *stream, const char *wanted) {
    char uid[PST_UID_BYTES];
    const int64_t end_ns = pst_deadline_ns(PATIENCE_NS);
    do { // It is written down after the start.
        pst_stream_device_uid(stream, PST_INPUT, uid, sizeof uid);
    } while (strcmp(uid, wanted) != 0 && pst_now_ns() < end_ns);
    CHECK_STR(uid, wanted);
    pst_stream_device_uid(stream, PST_OUTPUT, uid, sizeof uid);
    CHECK_STR(uid, "");
}

// The fake never calls back, so its devices are always lost. The list is read again each time, and
// the device found by its uid, wherever it is.
static void test_the_same_device_is_found(void) {
    fake_reset();
    pst_system *system = make_fake_system();
    pst_stream *stream = open_on_fake(system, PST_ON_LOST_REOPEN);
    fake_plug_in(2, fake.devices[0]);
    fake_rename(0, "new");
    const uint64_t number = pst_system_list_number(system);
    start_stream(stream);
    CHECK(wait_opened(2));
    CHECK_EQ(atomic_load(&fake.opened_input), 2);
    check_uid(stream, "Fake/mic");
    CHECK(pst_system_list_number(system) > number);
    end_stream(stream);
    CHECK_EQ(pst_system_wait_work(system, PATIENCE_NS), PST_OK);
    pst_system_release(system);
}

static void test_default_device(void) {
    fake_reset();
    pst_system *system = make_fake_system();
    pst_stream *stream = open_on_fake(system, PST_ON_LOST_DEFAULT);
    start_stream(stream);
    CHECK(wait_opened(2)); // As long as it is there, it is taken.
    check_uid(stream, "Fake/mic");
    fake_rename(0, "other");
    CHECK(wait_opened(4));
    check_uid(stream, "Fake/other");
    end_stream(stream);
    CHECK_EQ(pst_system_wait_work(system, PATIENCE_NS), PST_OK);
    pst_system_release(system);
}

// A uid says which device is opened, though its index is of an older list.
static void test_open_by_uid(void) {
    fake_reset();
    pst_system *system = make_fake_system();
    pst_side input = make_side(1, 1, PST_FORMAT_F32);
    snprintf(input.uid, sizeof input.uid, "Fake/mic");
    const pst_open_request request =
        make_request(input, no_side, 44100.0, 64, NULL, process_nothing, NULL);
    pst_open_info info;
    pst_handle *handle = open_handle(system, &request, &info);
    REQUIRE(handle != NULL);
    CHECK_EQ(atomic_load(&fake.opened_input), 0);
    CHECK_EQ(pst_handle_close(handle, PATIENCE_NS, NULL), PST_OK);
    snprintf(input.uid, sizeof input.uid, "Fake/nobody");
    pst_error err = {.status = PST_OK};
    CHECK_EQ(pst_system_check(system, &input, NULL, 44100.0, &err), PST_NO_DEVICE);
    CHECK(strstr(err.text, "Fake/nobody") != NULL);
    pst_system_release(system);
}

int main(void) {
    RUN(test_recording_goes_on);
    RUN(test_numbers_keep_time);
    RUN(test_several_outages);
    RUN(test_free_clock);
    RUN(test_changed_rate);
    RUN(test_a_callback_goes_on);
    RUN(test_control_while_away);
    RUN(test_start_waits_for_the_device);
    RUN(test_gives_up_in_time);
    RUN(test_a_handle_that_hangs);
    RUN(test_onlookers_while_devices_come_and_go);
    RUN(test_close_at_any_time);
    RUN(test_bad_settings);
    RUN(test_the_same_device_is_found);
    RUN(test_default_device);
    RUN(test_open_by_uid);
    return check_done();
}
