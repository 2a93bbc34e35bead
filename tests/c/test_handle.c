// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

// Handles: bad settings, formats, rates, deadlines, calls that hang and come back late.

#include <math.h>
#include <pthread.h>

#include "failing_alloc.h"
// Here a refresh has to wait until everything is closed, which shows when that is so.
#define FAKE_MAY_LOAD_BESIDE false
#include "fake_backend.h"

#if CHECK_ASAN
#include <sanitizer/lsan_interface.h>
#endif

static pst_verdict process_nothing(void *user, const pst_block *block) PST_RT {
    (void)user;
    (void)block;
    return PST_CONTINUE;
}

static pst_open_request good_request(int32_t input, int32_t output) {
    return make_request(input == PST_NO_INDEX ? no_side : make_side(input, 1, PST_FORMAT_F32),
                        output == PST_NO_INDEX ? no_side : make_side(output, 1, PST_FORMAT_F32),
                        48000.0, 64, NULL, process_nothing, NULL);
}

static pst_status try_open(pst_system *system, const pst_open_request *request, pst_error *err) {
    pst_handle *handle = NULL;
    pst_open_info info;
    bool abandoned;
    const pst_status status =
        pst_handle_open(&handle, system, request, PATIENCE_NS, &info, &abandoned, err);
    CHECK(!abandoned);
    if (status == PST_OK)
        CHECK_EQ(pst_handle_close(handle, PATIENCE_NS, NULL), PST_OK);
    return status;
}

// ---- Bad settings ----------------------------------------------------------------------------

// Devices of the fake: 0 "mic" (2 in), 1 "speaker" (8 out), then 2 "loopback", 3 "null".
static void check_refused(const pst_open_request *request, pst_status wanted, const char *word,
                          const char *also) {
    pst_system *system = make_fake_system();
    pst_error err = {.status = PST_OK};
    CHECK_EQ(try_open(system, request, &err), wanted);
    CHECK_EQ(err.status, wanted);
    CHECK_TEXT(strstr(err.text, word) != NULL, "no \"%s\" in: %s", word, err.text);
    CHECK_TEXT(strstr(err.text, also) != NULL, "no \"%s\" in: %s", also, err.text);
    CHECK_EQ(atomic_load(&fake.n_calls[FAKE_OPEN]), 0);
    // The question gives the same answer, if the field is one of its own.
    if (request->process && request->block_frames <= 65536) {
        const pst_status asked =
            pst_system_check(system, request->input.device == PST_NO_INDEX ? NULL : &request->input,
                             request->output.device == PST_NO_INDEX ? NULL : &request->output,
                             request->samplerate_hz, NULL);
        CHECK_EQ(asked, wanted);
    }
    pst_system_release(system);
}

static void test_bad_sides(void) {
    fake_reset();
    for (int i = 0; i < 2; ++i) {
        const int32_t device = i == 0 ? 0 : 1;
        const char *which = i == 0 ? "input" : "output";
        const pst_open_request good =
            good_request(i == 0 ? device : PST_NO_INDEX, i == 0 ? PST_NO_INDEX : device);
        pst_open_request bad;
        pst_side *side = i == 0 ? &bad.input : &bad.output;
        char word[40];
#define REFUSED(field, value, status, also)                                                        \
    bad = good;                                                                                    \
    side->field = value;                                                                           \
    snprintf(word, sizeof word, "%s.%s", which, #field);                                           \
    check_refused(&bad, status, word, also);
        REFUSED(n_channels, 0, PST_BAD_ARGUMENT, i == 0 ? "1 to 2" : "1 to 8")
        REFUSED(n_channels, 9, PST_UNSUPPORTED, i == 0 ? "'mic'" : "'speaker'")
        REFUSED(n_channels, UINT32_MAX, PST_UNSUPPORTED, "4294967295")
        REFUSED(format, (pst_format)0, PST_BAD_ARGUMENT, "0")
        REFUSED(format, (pst_format)99, PST_BAD_ARGUMENT, "99")
        REFUSED(format, PST_FORMAT_I24, PST_BAD_ARGUMENT, "device_format")
        REFUSED(device_format, (pst_format)8, PST_BAD_ARGUMENT, "8")
        REFUSED(device_format, (pst_format)-1, PST_BAD_ARGUMENT, "-1")
        REFUSED(latency_s, NAN, PST_BAD_ARGUMENT, "nan")
        REFUSED(latency_s, INFINITY, PST_BAD_ARGUMENT, "inf")
        REFUSED(latency_s, -INFINITY, PST_BAD_ARGUMENT, "-inf")
        REFUSED(latency_s, 10.1, PST_BAD_ARGUMENT, "10.1")
        bad = good;
        side->device = i == 0 ? 1 : 0; // The wrong way round.
        check_refused(&bad, PST_UNSUPPORTED, "no ", which);
        bad = good;
        side->device = 17;
        check_refused(&bad, PST_NO_DEVICE, "17", "0 'mic'");
        side->device = -2;
        check_refused(&bad, PST_NO_DEVICE, "-2", "3 'null'");
    }
}

static void test_bad_requests(void) {
    fake_reset();
    const pst_open_request good = good_request(0, 1);
    pst_open_request bad = good_request(PST_NO_INDEX, PST_NO_INDEX);
    check_refused(&bad, PST_BAD_ARGUMENT, "input.device", "output.device");
    bad = good;
    bad.output.device = 2;
    check_refused(&bad, PST_UNSUPPORTED, "'mic'", "'loopback'");
    static const double rates[] = {0.0, -1.0, 0.999, 1000001.0, 1e300};
    for (int i = 0; i < 5; ++i) {
        bad = good;
        bad.samplerate_hz = rates[i];
        check_refused(&bad, PST_BAD_ARGUMENT, "samplerate_hz", "1 to 1e+06");
    }
    bad.samplerate_hz = NAN;
    check_refused(&bad, PST_BAD_ARGUMENT, "samplerate_hz", "nan");
    bad.samplerate_hz = -INFINITY;
    check_refused(&bad, PST_BAD_ARGUMENT, "samplerate_hz", "-inf");
    bad = good;
    bad.block_frames = 65537;
    check_refused(&bad, PST_BAD_ARGUMENT, "block_frames", "65536");
    bad = good;
    bad.process = NULL;
    check_refused(&bad, PST_BAD_ARGUMENT, "process", "");
}

static void test_good_extremes(void) {
    fake_reset();
    pst_system *system = make_fake_system();
    pst_open_request request = good_request(2, 2);
    request.input.n_channels = request.output.n_channels = 64;
    request.block_frames = 65536;
    request.samplerate_hz = 1e6;
    request.input.latency_s = -1e300;
    CHECK_EQ(try_open(system, &request, NULL), PST_OK);
    request.samplerate_hz = 1.0;
    request.input.latency_s = 10.0;
    CHECK_EQ(try_open(system, &request, NULL), PST_OK);
    request = good_request(2, 3);
    CHECK_EQ(try_open(system, &request, NULL), PST_OK);
    pst_system_release(system);
}

// ---- Formats and rates -----------------------------------------------------------------------

static void test_formats_are_resolved(void) {
    fake_reset();
    pst_system *system = make_fake_system();
    pst_open_request request = good_request(0, 1);
    request.input.device_format = (pst_format)0;
    request.output.format = PST_FORMAT_U8;
    request.output.device_format = (pst_format)0;
    pst_open_info info;
    pst_handle *handle = open_handle(system, &request, &info);
    REQUIRE(handle != NULL);
    CHECK_EQ(atomic_load(&fake.n_calls[FAKE_SUIT]), 2);
    CHECK_EQ(info.input_device_format, PST_FORMAT_I16); // As the fake likes it.
    CHECK_EQ(info.output_device_format, PST_FORMAT_U8);
    CHECK_EQ(fake.opened_format, PST_FORMAT_I16);
    CHECK_EQ(pst_handle_close(handle, PATIENCE_NS, NULL), PST_OK);

    request.input.device_format = PST_FORMAT_I24;
    request.output = no_side;
    handle = open_handle(system, &request, &info);
    REQUIRE(handle != NULL);
    CHECK_EQ(atomic_load(&fake.n_calls[FAKE_SUIT]), 2);
    CHECK_EQ(info.input_device_format, PST_FORMAT_I24);
    CHECK_EQ(info.output_device_format, 0);
    CHECK_EQ(pst_handle_close(handle, PATIENCE_NS, NULL), PST_OK);
    pst_system_release(system);
}

static void test_rates_that_work_are_listed(void) {
    fake_reset();
    fake.only_rate_hz = 96000.0;
    pst_system *system = make_fake_system();
    pst_open_request request = good_request(0, 1);
    pst_error err = {.status = PST_OK};
    CHECK_EQ(try_open(system, &request, &err), PST_UNSUPPORTED);
    CHECK(strstr(err.text, "'mic' and 'speaker'") != NULL);
    CHECK(strstr(err.text, "48000") != NULL);
    CHECK(strstr(err.text, "96000") != NULL);
    CHECK(strstr(err.text, "44100") == NULL);
    CHECK_EQ(pst_system_check(system, &request.input, NULL, 22050.0, &err), PST_UNSUPPORTED);
    CHECK(strstr(err.text, "96000") != NULL);
    CHECK_EQ(pst_system_check(system, &request.input, NULL, 96000.0, &err), PST_OK);
    // If no rate works, it is not the rate.
    fake.only_rate_hz = 12345.0;
    atomic_store(&fake.fail_in, FAKE_OPEN);
    atomic_store(&fake.fail_status, PST_UNSUPPORTED);
    CHECK_EQ(try_open(system, &request, &err), PST_UNSUPPORTED);
    CHECK_STR(err.text, "'mic' and 'speaker': the fake host was told to fail");
    CHECK_EQ(err.native_code, 77);
    pst_system_release(system);
}

// ---- Failing calls ---------------------------------------------------------------------------

static void test_failing_calls(void) {
    static const fake_call calls[] = {FAKE_START, FAKE_STOP, FAKE_ABORT, FAKE_CLOSE};
    for (int i = 0; i < 4; ++i) {
        fake_reset();
        pst_system *system = make_fake_system();
        const pst_open_request request = good_request(0, PST_NO_INDEX);
        pst_open_info info;
        pst_handle *handle = open_handle(system, &request, &info);
        REQUIRE(handle != NULL);
        atomic_store(&fake.fail_in, (int)calls[i]);
        atomic_store(&fake.fail_status, PST_HOST_ERROR);
        pst_error err = {.status = PST_OK};
        CHECK_EQ(pst_handle_start(handle, PATIENCE_NS, &err), i == 0 ? PST_HOST_ERROR : PST_OK);
        CHECK_EQ(pst_handle_stop(handle, PATIENCE_NS, &err), i == 1 ? PST_HOST_ERROR : PST_OK);
        if (i == 2)
            CHECK_EQ(pst_handle_start(handle, PATIENCE_NS, NULL), PST_OK);
        // A device that cannot be aborted can be closed.
        CHECK_EQ(pst_handle_close(handle, PATIENCE_NS, &err), i == 3 ? PST_HOST_ERROR : PST_OK);
        CHECK_STR(err.text, "'mic': the fake host was told to fail");
        CHECK_EQ(pst_system_abandoned(system), i == 3 ? 1 : 0);
        // What could not be closed is in the way of a refresh.
        CHECK_EQ(pst_system_refresh(system, NULL), i == 3 ? PST_DEVICE_BUSY : PST_OK);
#if CHECK_ASAN
        if (i == 3)
            __lsan_ignore_object(system); // Leaked on purpose, for the device that is still open.
#endif
        pst_system_release(system);
    }
}

// ---- Hanging calls ---------------------------------------------------------------------------

#define SHORT_NS (20 * PST_NS_PER_MS)

static void check_given_up(pst_system *system, pst_handle *handle) {
    pst_error err = {.status = PST_OK};
    CHECK(pst_handle_is_abandoned(handle));
    CHECK(!pst_handle_is_active(handle));
    CHECK_EQ(pst_system_abandoned(system), 1);
    CHECK_EQ(pst_handle_start(handle, SHORT_NS, &err), PST_DEVICE_LOST);
    CHECK(strstr(err.text, "'mic'") != NULL);
    CHECK_EQ(pst_handle_stop(handle, SHORT_NS, NULL), PST_DEVICE_LOST);
    CHECK_EQ(pst_handle_abort(handle, SHORT_NS, NULL), PST_DEVICE_LOST);
    CHECK_EQ(pst_system_refresh(system, NULL), PST_DEVICE_BUSY);
    CHECK_EQ(pst_handle_close(handle, SHORT_NS, NULL), PST_DEVICE_LOST);
    CHECK_EQ(pst_system_abandoned(system), 1);
}

// Waits until the late call has cleaned up.
static void wait_refreshable(pst_system *system) {
    const int64_t end_ns = pst_now_ns() + PATIENCE_NS;
    pst_status status;
    while ((status = pst_system_refresh(system, NULL)) == PST_DEVICE_BUSY && pst_now_ns() < end_ns)
        pst_sleep_until_ns(pst_now_ns() + PST_NS_PER_MS);
    CHECK_EQ(status, PST_OK);
}

static void test_hanging_start_stop_abort(void) {
    static const fake_call calls[] = {FAKE_START, FAKE_STOP, FAKE_ABORT};
    for (int i = 0; i < 3; ++i) {
        fake_reset();
        pst_system *system = make_fake_system();
        const pst_open_request request = good_request(0, PST_NO_INDEX);
        pst_open_info info;
        pst_handle *handle = open_handle(system, &request, &info);
        REQUIRE(handle != NULL);
        atomic_store(&fake.hang_in, (int)calls[i]);
        pst_error err = {.status = PST_OK};
        pst_status status = pst_handle_start(handle, i == 0 ? SHORT_NS : PATIENCE_NS, &err);
        CHECK_EQ(status, i == 0 ? PST_TIMEOUT : PST_OK);
        if (i == 1)
            status = pst_handle_stop(handle, SHORT_NS, &err);
        if (i == 2)
            status = pst_handle_abort(handle, SHORT_NS, &err);
        CHECK_EQ(status, PST_TIMEOUT);
        CHECK_EQ(err.status, PST_TIMEOUT);
        CHECK(strstr(err.text, i == 0 ? "start" : i == 1 ? "stop" : "abort") != NULL);
        check_given_up(system, handle);
        // Others can go on meanwhile.
        const pst_open_request other = good_request(2, 2);
        CHECK_EQ(try_open(system, &other, NULL), PST_OK);
        // Coming back late, it closes the device, and if need be aborts it before.
        CHECK_EQ(atomic_load(&fake.n_calls[FAKE_CLOSE]), 0);
        fake_let_go();
        wait_refreshable(system);
        CHECK_EQ(atomic_load(&fake.n_calls[FAKE_CLOSE]), 1);
        CHECK_EQ(atomic_load(&fake.n_calls[FAKE_ABORT]), i == 1 ? 0 : 1);
        CHECK_EQ(pst_system_abandoned(system), 1);
        pst_system_release(system);
        CHECK_EQ(atomic_load(&fake.n_calls[FAKE_UNLOAD]), 2);
    }
}

static void test_hanging_close(void) {
    static const fake_call calls[] = {FAKE_ABORT, FAKE_CLOSE};
    for (int i = 0; i < 2; ++i) {
        fake_reset();
        pst_system *system = make_fake_system();
        const pst_open_request request = good_request(0, PST_NO_INDEX);
        pst_open_info info;
        pst_handle *handle = open_handle(system, &request, &info);
        REQUIRE(handle != NULL);
        CHECK_EQ(pst_handle_start(handle, PATIENCE_NS, NULL), PST_OK);
        atomic_store(&fake.hang_in, (int)calls[i]);
        pst_error err = {.status = PST_OK};
        CHECK_EQ(pst_handle_close(handle, SHORT_NS, &err), PST_TIMEOUT);
        CHECK(strstr(err.text, i == 0 ? "abort" : "close") != NULL);
        CHECK_EQ(pst_system_abandoned(system), 1);
        CHECK_EQ(pst_system_refresh(system, NULL), PST_DEVICE_BUSY);
        fake_let_go();
        wait_refreshable(system);
        CHECK_EQ(atomic_load(&fake.n_calls[FAKE_CLOSE]), 1);
        pst_system_release(system);
    }
}

static void test_hanging_open(void) {
    fake_reset();
    pst_system *system = make_fake_system();
    pst_open_request request = good_request(0, PST_NO_INDEX);
    atomic_store(&fake.hang_in, FAKE_OPEN);
    pst_handle *handle = NULL;
    pst_open_info info;
    bool abandoned = false;
    pst_error err = {.status = PST_OK};
    CHECK_EQ(pst_handle_open(&handle, system, &request, SHORT_NS, &info, &abandoned, &err),
             PST_TIMEOUT);
    CHECK(abandoned);
    CHECK(handle == NULL);
    CHECK(strstr(err.text, "'mic' did not open") != NULL);
    CHECK_EQ(pst_system_refresh(system, NULL), PST_DEVICE_BUSY);
    fake_let_go();
    wait_refreshable(system);
    CHECK_EQ(atomic_load(&fake.n_calls[FAKE_CLOSE]), 1); // What nobody wants is closed.
    CHECK_EQ(atomic_load(&fake.n_calls[FAKE_START]), 0);
    pst_system_release(system);
}

// The system's last reference is that of the hanging call.
static void test_release_while_a_call_hangs(void) {
    fake_reset();
    pst_system *system = make_fake_system();
    const pst_open_request request = good_request(0, PST_NO_INDEX);
    pst_open_info info;
    pst_handle *handle = open_handle(system, &request, &info);
    REQUIRE(handle != NULL);
    CHECK_EQ(pst_handle_start(handle, PATIENCE_NS, NULL), PST_OK);
    atomic_store(&fake.hang_in, FAKE_STOP);
    CHECK_EQ(pst_handle_stop(handle, SHORT_NS, NULL), PST_TIMEOUT);
    CHECK_EQ(pst_handle_close(handle, SHORT_NS, NULL), PST_DEVICE_LOST);
    pst_system_release(system);
    CHECK_EQ(atomic_load(&fake.n_calls[FAKE_UNLOAD]), 0); // Not while a stream hangs.
    fake_let_go();
    CHECK(fake_wait_done(FAKE_UNLOAD, 1));
}

// The virtual host can be told to hang: for a while, or for ever.
static void test_virtual_stop_that_hangs(void) {
    pst_system *system = make_system();
    pst_virtual_config config;
    pst_virtual_config_default(&config);
    notes *noted = make_notes(INT64_MAX);
    pst_open_request request = good_request(LOOPBACK, LOOPBACK);
    request.virtual_config = &config;
    request.process = process_notes;
    request.user = noted;

    config.stop_hang_ns = 30 * PST_NS_PER_MS;
    pst_open_info info;
    pst_handle *handle = open_handle(system, &request, &info);
    REQUIRE(handle != NULL);
    CHECK_EQ(pst_handle_start(handle, PATIENCE_NS, NULL), PST_OK);
    const int64_t before_ns = pst_now_ns();
    CHECK_EQ(pst_handle_stop(handle, PATIENCE_NS, NULL), PST_OK);
    CHECK_EQ(pst_handle_close(handle, PATIENCE_NS, NULL), PST_OK);
    CHECK(pst_now_ns() - before_ns >= 60 * PST_NS_PER_MS);
    CHECK_EQ(pst_system_abandoned(system), 0);

    config.stop_hang_ns = -1;
    handle = open_handle(system, &request, &info);
    REQUIRE(handle != NULL);
    CHECK_EQ(pst_handle_start(handle, PATIENCE_NS, NULL), PST_OK);
    CHECK_EQ(pst_handle_close(handle, SHORT_NS, NULL), PST_TIMEOUT);
    CHECK_EQ(pst_system_abandoned(system), 1);
    // The device goes on calling: its user, the notes, must not be freed.
    CHECK(wait_blocks(noted, atomic_load(&noted->n_blocks) + 2));
    pst_system_release(system);
}

// ---- Threads, memory, descriptors ------------------------------------------------------------

static void *open_and_close(void *arg) {
    pst_system *system = arg;
    for (int i = 0; i < 40; ++i) {
        pst_virtual_config config;
        pst_virtual_config_default(&config);
        config.clock = i % 2 ? PST_CLOCK_FREE : PST_CLOCK_WALL;
        notes *noted = make_notes(i % 3 ? 640 : INT64_MAX);
        pst_open_request request = good_request(LOOPBACK, i % 5 ? LOOPBACK : PST_NO_INDEX);
        request.virtual_config = &config;
        request.process = process_notes;
        request.user = noted;
        pst_open_info info;
        pst_handle *handle = open_handle(system, &request, &info);
        if (handle != NULL) {
            CHECK_EQ(pst_handle_start(handle, PATIENCE_NS, NULL), PST_OK);
            if (i % 4 == 0)
                CHECK_EQ(pst_handle_stop(handle, PATIENCE_NS, NULL), PST_OK);
            CHECK_EQ(pst_handle_close(handle, PATIENCE_NS, NULL), PST_OK);
        }
        free(noted);
    }
    return NULL;
}

static void test_four_threads_open_and_close(void) {
    const int n_fds = failing_alloc_count_fds();
    pst_system *system = make_system();
    pthread_t threads[4];
    for (int i = 0; i < 4; ++i)
        CHECK_EQ(pthread_create(&threads[i], NULL, open_and_close, system), 0);
    for (int i = 0; i < 4; ++i)
        pthread_join(threads[i], NULL);
    CHECK_EQ(pst_system_abandoned(system), 0);
    pst_system_release(system);
    CHECK_EQ(failing_alloc_count_fds(), n_fds);
}

static void test_null_handle(void) {
    CHECK_EQ(pst_handle_close(NULL, 0, NULL), PST_OK);
}

// Makes a system, opens, runs and closes a duplex stream with two formats. Returns the status of
// the first step that failed.
static pst_status whole_life(notes *noted) {
    pst_virtual_config config;
    pst_virtual_config_default(&config);
    config.clock = PST_CLOCK_FREE;
    pst_open_request request = good_request(LOOPBACK, LOOPBACK);
    request.input.device_format = PST_FORMAT_I16;
    request.virtual_config = &config;
    request.process = process_notes;
    request.user = noted;
    atomic_store(&noted->n_frames, 0);
    pst_system *system = NULL;
    pst_status status = pst_system_create_with(&system, virtual_only, NULL);
    if (status != PST_OK)
        return status;
    pst_handle *handle = NULL;
    pst_open_info info;
    bool abandoned;
    status = pst_handle_open(&handle, system, &request, PATIENCE_NS, &info, &abandoned, NULL);
    if (status == PST_OK) {
        status = pst_handle_start(handle, PATIENCE_NS, NULL);
        if (status == PST_OK)
            wait_inactive(handle);
        // These find a way without memory.
        CHECK_EQ(pst_handle_stop(handle, PATIENCE_NS, NULL), PST_OK);
        CHECK_EQ(pst_handle_close(handle, PATIENCE_NS, NULL), PST_OK);
    }
    pst_system_release(system);
    return status;
}

// Helper threads free their last bytes a moment after the caller has gone on.
static void wait_no_live(void) {
    const int64_t end_ns = pst_now_ns() + PATIENCE_NS;
    while (failing_alloc_live() > 0 && pst_now_ns() < end_ns)
        pst_sleep_until_ns(pst_now_ns() + PST_NS_PER_MS / 10);
}

static void test_every_allocation_fails_once(void) {
    if (!failing_alloc_works()) {
        check_skip("allocations cannot be made to fail in this build");
        return;
    }
    notes *noted = make_notes(640);
    CHECK_EQ(whole_life(noted), PST_OK); // What the C library allocates once is there now.
    long n_failed = 0;
    for (long n = 1;; ++n) {
        failing_alloc_begin(n);
        const pst_status status = whole_life(noted);
        wait_no_live();
        const long n_live = failing_alloc_live();
        if (failing_alloc_end() < n)
            break;
        CHECK(n_live <= 0); // Less if a helper thread of the time before freed its last bytes late.
        CHECK(status == PST_OK || status == PST_NO_MEMORY || status == PST_SYSTEM_ERROR);
        n_failed += status != PST_OK;
    }
    CHECK(n_failed > 20);
    free(noted);
}

int main(void) {
    RUN(test_bad_sides);
    RUN(test_bad_requests);
    RUN(test_good_extremes);
    RUN(test_formats_are_resolved);
    RUN(test_rates_that_work_are_listed);
    RUN(test_failing_calls);
    RUN(test_hanging_start_stop_abort);
    RUN(test_hanging_close);
    RUN(test_hanging_open);
    RUN(test_release_while_a_call_hangs);
    RUN(test_virtual_stop_that_hangs);
    RUN(test_four_threads_open_and_close);
    RUN(test_null_handle);
    RUN(test_every_allocation_fails_once);
    return check_done();
}
