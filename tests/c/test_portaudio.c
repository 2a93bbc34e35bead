// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

// PortAudio, with whatever it finds on this machine, which is often nothing. Streams on real
// servers are tested from Python.

#include <sys/wait.h>
#include <unistd.h>

#include "capture_fd.h"
#include "device/jack_watch.h"
#include "device/portaudio_clock.h"
#include "device/portaudio_library.h"
#include "device/registry.h"
#include "device_fixture.h"

// The sanitizers should look at us only: ALSA's and Pulse's plugins leak and have races of their
// own.
const char *__asan_default_options(void);
const char *__tsan_default_suppressions(void);

const char *__asan_default_options(void) {
    return "detect_leaks=0";
}

const char *__tsan_default_suppressions(void) {
    return "race:libpulse\nrace:libasound\nrace:libjack\nrace:libportaudio\nmutex:libjack\n";
}

// ---- The list --------------------------------------------------------------------------------

static pst_system *make_real_system(void) {
    pst_system *system = NULL;
    CHECK_EQ(pst_system_create(&system, NULL), PST_OK);
    return system;
}

static int32_t find_device(pst_system *system, const char *uid) {
    for (int32_t i = 0; i < pst_system_device_count(system); ++i) {
        pst_device_info info;
        if (pst_system_get_device(system, i, &info, NULL) == PST_OK && strcmp(info.uid, uid) == 0)
            return i;
    }
    return PST_NO_INDEX;
}

static void check_list(pst_system *system) {
    const int32_t n_devices = pst_system_device_count(system);
    const int32_t n_hostapis = pst_system_hostapi_count(system);
    CHECK(n_devices >= 2);
    // The virtual host comes last.
    CHECK_EQ(find_device(system, "Virtual/loopback"), n_devices - 2);
    CHECK_EQ(find_device(system, "Virtual/null"), n_devices - 1);
    int32_t n_counted = 0;
    for (int32_t i = 0; i < n_hostapis; ++i) {
        pst_hostapi_info hostapi;
        CHECK_EQ(pst_system_get_hostapi(system, i, &hostapi, NULL), PST_OK);
        CHECK(hostapi.name[0] != '\0');
        CHECK(hostapi.default_input >= PST_NO_INDEX && hostapi.default_input < n_devices);
        CHECK(hostapi.default_output >= PST_NO_INDEX && hostapi.default_output < n_devices);
        n_counted += hostapi.n_devices;
    }
    CHECK_EQ(n_counted, n_devices);
    for (int32_t i = 0; i < n_devices; ++i) {
        pst_device_info info;
        CHECK_EQ(pst_system_get_device(system, i, &info, NULL), PST_OK);
        CHECK_EQ(find_device(system, info.uid), i);
        CHECK(info.hostapi >= 0 && info.hostapi < n_hostapis);
        CHECK(info.low_input_latency_s >= 0.0 && info.low_input_latency_s <= 10.0);
        CHECK(info.high_output_latency_s >= 0.0 && info.high_output_latency_s <= 10.0);
        CHECK_EQ(info.is_virtual, i >= n_devices - 2);
    }
    for (int direction = PST_INPUT; direction <= PST_OUTPUT; ++direction) {
        const int32_t device = pst_system_default_device(system, (pst_direction)direction);
        CHECK(device >= PST_NO_INDEX && device < n_devices - 2);
    }
}

static void test_loading_is_quiet(void) {
    fd_capture *capture = capture_begin();
    for (int i = 0; i < 2; ++i) {
        pst_system *system = make_real_system();
        CHECK_EQ(pst_system_load(system, NULL), PST_OK);
        check_list(system);
        CHECK_EQ(pst_system_refresh(system, NULL), PST_OK);
        check_list(system);
        pst_system_release(system);
    }
    CHECK_STR(capture_end(capture), "");
    capture_free(capture);
}

// What the host APIs had to say about the devices that are not there.
static void test_log_has_the_lines(void) {
    pst_system *system = make_real_system();
    CHECK(!pst_system_pop_log(system, NULL, 0));
    CHECK_EQ(pst_system_load(system, NULL), PST_OK);
    char line[256];
    int n_lines = 0;
    while (pst_system_pop_log(system, line, sizeof line)) {
        CHECK(line[0] != '\0');
        CHECK(strchr(line, '\n') == NULL);
        ++n_lines;
    }
    CHECK(!pst_system_pop_log(system, line, sizeof line));
    printf("# %d lines of chatter\n", n_lines);
    pst_system_release(system);
}

static void test_version(void) {
    char text[256] = "";
    pst_system_backend_version(text, sizeof text);
    CHECK_TEXT(strstr(text, "PortAudio") != NULL, "got \"%s\"", text);
    char small[4] = "xxx";
    pst_system_backend_version(small, sizeof small);
    CHECK_STR(small, "Por");
    pst_system_backend_version(NULL, 0);
}

// Every device says what is wrong with a rate that it cannot have.
static void test_odd_settings_are_refused(void) {
    pst_system *system = make_real_system();
    const int32_t n_devices = pst_system_device_count(system) - 2;
    for (int32_t i = 0; i < n_devices; ++i) {
        pst_device_info info;
        CHECK_EQ(pst_system_get_device(system, i, &info, NULL), PST_OK);
        pst_side side = make_side(i, 1, PST_FORMAT_F64);
        pst_error err = {.status = PST_OK};
        const pst_status status =
            info.max_output_channels > 0
                ? pst_system_check(system, NULL, &side, info.default_samplerate_hz, &err)
                : pst_system_check(system, &side, NULL, info.default_samplerate_hz, &err);
        CHECK_EQ(status, PST_UNSUPPORTED); // PortAudio has no float64.
        CHECK(strstr(err.text, info.name) != NULL);
    }
    pst_system_release(system);
}

static void test_virtual_stream_beside_portaudio(void) {
    pst_system *system = make_real_system();
    const int32_t loopback = find_device(system, "Virtual/loopback");
    notes *noted = make_notes(4800);
    const pst_side side = make_side(loopback, 2, PST_FORMAT_F32);
    const pst_open_request request =
        make_request(side, side, 48000.0, 480, NULL, process_notes, noted);
    CHECK(run_request(system, &request, NULL));
    CHECK_EQ(atomic_load(&noted->n_frames), 4800);
    free(noted);
    pst_system_release(system);
}

// ---- Copies and the watch --------------------------------------------------------------------

// A copy has a state of its own: neither we nor other copies notice what it does.
static void test_copies_are_independent(void) {
    if (CHECK_ASAN || CHECK_TSAN) {
        check_skip("sanitizers do not allow RTLD_DEEPBIND");
        return;
    }
    fd_capture *capture = capture_begin(); // Nobody holds back the host APIs here.
    pst_pa first, second;
    pst_pa_instance *ours, *copy;
    pst_error err = {.status = PST_OK};
    const pst_status status = pst_pa_load_copy(&first, &err);
    CHECK_TEXT(status == PST_OK, "%s", err.text);
    CHECK_EQ(pst_pa_load_copy(&second, NULL), PST_OK);
    CHECK(first.initialize != second.initialize);
    CHECK_EQ(first.initialize(), paNoError);
    CHECK(first.device_count() >= 0);
    CHECK_EQ(second.device_count(), paNotInitialized);
    CHECK_EQ(Pa_GetDeviceCount(), paNotInitialized);
    CHECK_EQ(pst_pa_take(&ours, NULL), PST_OK);
    CHECK(ours->pa.initialize == Pa_Initialize);
    CHECK_EQ(first.terminate(), paNoError);
    // It is taken, so the next one is a copy, which waits for the next user when it is given back.
    CHECK_EQ(pst_pa_take(&copy, NULL), PST_OK);
    CHECK(copy->pa.initialize != Pa_Initialize);
    pst_pa_give_back(copy, false);
    pst_pa_instance *again;
    CHECK_EQ(pst_pa_take(&again, NULL), PST_OK);
    CHECK(again == copy);
    pst_pa_give_back(again, true);
    CHECK_EQ(pst_pa_take(&again, NULL), PST_OK); // That one was spent.
    CHECK(again->pa.initialize != Pa_Initialize);
    pst_pa_give_back(again, false);
    pst_pa_give_back(ours, false);

    // Somebody else has initialised the one that we are linked with, and keeps it.
    CHECK_EQ(Pa_Initialize(), paNoError);
    CHECK_EQ(pst_pa_take(&copy, NULL), PST_OK);
    CHECK(copy->pa.initialize != Pa_Initialize);
    pst_pa_give_back(copy, false);
    pst_system *system = make_real_system();
    CHECK_EQ(pst_system_load(system, NULL), PST_OK);
    check_list(system);
    pst_system_release(system);
    CHECK(Pa_GetDeviceCount() >= 0);
    CHECK_EQ(Pa_Terminate(), paNoError);
    capture_end(capture);
    capture_free(capture);
}

static void test_watch_without_a_server(void) {
    fd_capture *capture = capture_begin();
    pst_jack_watch watch = {.client = NULL};
    setenv("JACK_DEFAULT_SERVER", "pastream-test-none", 1);
    pst_jack_watch_begin(&watch);
    CHECK(watch.client == NULL);
    CHECK(!watch.has_frames);
    pst_jack_watch_end(&watch);
    pst_jack_watch_end(&watch);
    pst_jack_watch_suspect(&watch);
    CHECK(pst_jack_watch_is_gone(&watch));
    capture_end(capture);
    capture_free(capture);
}

// ---- Fork ------------------------------------------------------------------------------------

// PortAudio's connections belong to the parent. A system made in the child has the virtual host,
// and says why it has no more.
static int try_in_child(void) {
    pst_system *system = make_real_system();
    pst_error err = {.status = PST_OK};
    int n_wrong = pst_system_load(system, &err) != PST_OK;
    n_wrong += err.status != PST_FORKED;
    n_wrong += pst_system_device_count(system) != 2;
    notes *noted = make_notes(480);
    const pst_side side = make_side(0, 2, PST_FORMAT_F32);
    const pst_open_request request =
        make_request(side, side, 48000.0, 48, NULL, process_notes, noted);
    n_wrong += !run_request(system, &request, NULL);
    n_wrong += atomic_load(&noted->n_frames) != 480;
    pst_system_release(system);
    return n_wrong;
}

static void test_fork(void) {
    if (CHECK_TSAN) {
        check_skip("ThreadSanitizer does not support threads before a fork");
        return;
    }
    pst_system *system = make_real_system();
    CHECK_EQ(pst_system_load(system, NULL), PST_OK);
    fflush(stdout);
    const pid_t child = fork();
    if (child == 0)
        _exit(try_in_child());
    int code = -1;
    CHECK_EQ(waitpid(child, &code, 0), child);
    CHECK(WIFEXITED(code));
    CHECK_EQ(WEXITSTATUS(code), 0);
    check_list(system);
    pst_system_release(system);
}

// ---- The frame counter -----------------------------------------------------------------------

static void test_frame_clock_counts(void) {
    pst_frame_clock clock = {.is_running = false};
    CHECK_EQ(pst_frame_clock_step(&clock, 100, 256), 100);
    CHECK_EQ(pst_frame_clock_step(&clock, 356, 256), 356);
    // Several callbacks out of one period.
    CHECK_EQ(pst_frame_clock_step(&clock, 612, 64), 612);
    CHECK_EQ(pst_frame_clock_step(&clock, 612, 64), 676);
    CHECK_EQ(pst_frame_clock_step(&clock, 612, 128), 740);
    // A small step back stays one.
    CHECK_EQ(pst_frame_clock_step(&clock, 868, 256), 868);
    CHECK_EQ(pst_frame_clock_step(&clock, 860, 256), 860);
}

// Blocks of any size out of periods of any size: as long as nothing is lost, numbers follow without
// a gap; and a loss is as large as it was.
static void test_frame_clock_follows_blocks(void) {
    static const uint32_t blocks[] = {1, 2, 16, 100, 128, 200, 1000, 4096};
    for (size_t b = 0; b < sizeof blocks / sizeof blocks[0]; ++b) {
        for (int side = 0; side < 2; ++side) {
            pst_frame_clock clock = {.period_frames = 128, .is_output_only = side == 1};
            uint32_t period = 0, n_lost = 0;
            int64_t first = 0;
            for (int64_t passed = 0; passed < 20000; passed += blocks[b]) {
                // PortAudio calls in the period that brings the block's last frame, or, with
                // output alone, in the one that needs its first.
                const int64_t last = side == 1 ? passed : passed + blocks[b] - 1;
                period = (uint32_t)(last / 128);
                if (passed >= 10000)
                    n_lost = 5 * 128;
                const int64_t frame =
                    pst_frame_clock_step(&clock, 7000 + period * 128 + n_lost, blocks[b]);
                if (passed == 0)
                    first = frame;
                CHECK_EQ(frame - first, passed + n_lost);
            }
        }
    }
}

// A late callback is told the period of now, and those that catch up the same.
static void test_frame_clock_is_right_after_a_delay(void) {
    pst_frame_clock clock = {.period_frames = 128};
    CHECK_EQ(pst_frame_clock_step(&clock, 1000, 128), 1000);
    CHECK_EQ(pst_frame_clock_step(&clock, 1000 + 3 * 128, 128), 1000 + 3 * 128); // Really 1 * 128.
    CHECK_EQ(pst_frame_clock_step(&clock, 1000 + 3 * 128, 128), 1000 + 3 * 128);
    CHECK_EQ(pst_frame_clock_step(&clock, 1000 + 3 * 128, 128), 1000 + 3 * 128); // Caught up.
    CHECK_EQ(pst_frame_clock_step(&clock, 1000 + 4 * 128, 128), 1000 + 4 * 128);
}

// JACK counts in 32 bits: after a day at 48 kHz it begins anew.
static void test_frame_clock_goes_on_after_32_bits(void) {
    pst_frame_clock clock = {.is_running = false};
    int64_t wanted = INT64_C(4294967296) - 1000 * 512;
    for (int i = 0; i < 20000; ++i, wanted += 512)
        CHECK_EQ(pst_frame_clock_step(&clock, (uint32_t)wanted, 512), wanted);
    wanted += INT64_C(250000000); // A gap of an hour and a half.
    CHECK_EQ(pst_frame_clock_step(&clock, (uint32_t)wanted, 512), wanted);
}

static void test_frame_clock_understands_seconds(void) {
    for (uint64_t count = 0; count < UINT64_C(4294967296); count += 98765431)
        CHECK_EQ(pst_frame_clock_count((double)count / 44100.0, 44100.0), count);
}

int main(void) {
    RUN(test_loading_is_quiet);
    RUN(test_log_has_the_lines);
    RUN(test_version);
    RUN(test_odd_settings_are_refused);
    RUN(test_virtual_stream_beside_portaudio);
    RUN(test_copies_are_independent);
    RUN(test_fork);
    RUN(test_frame_clock_counts);
    RUN(test_frame_clock_follows_blocks);
    RUN(test_frame_clock_is_right_after_a_delay);
    RUN(test_frame_clock_goes_on_after_32_bits);
    RUN(test_frame_clock_understands_seconds);
    RUN(test_watch_without_a_server); // Last: it changes the environment.
    return check_done();
}
