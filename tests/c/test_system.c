// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

// pst_system: loading, refreshing, looking up, members and work, life and fork.

#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fake_backend.h"

// ---- Answers ---------------------------------------------------------------------------------

static void test_virtual_devices_are_there(void) {
    pst_system *system = make_system();
    CHECK_EQ(pst_system_hostapi_count(system), 1);
    CHECK_EQ(pst_system_device_count(system), 2);
    pst_hostapi_info hostapi;
    CHECK_EQ(pst_system_get_hostapi(system, 0, &hostapi, NULL), PST_OK);
    CHECK_STR(hostapi.name, "Virtual");
    CHECK_EQ(hostapi.n_devices, 2);
    CHECK_EQ(hostapi.default_input, 0);
    CHECK_EQ(hostapi.default_output, 0);
    static const char *const names[] = {"loopback", "null"};
    static const char *const uids[] = {"Virtual/loopback", "Virtual/null"};
    for (int32_t i = 0; i < 2; ++i) {
        pst_device_info info;
        CHECK_EQ(pst_system_get_device(system, i, &info, NULL), PST_OK);
        CHECK_STR(info.name, names[i]);
        CHECK_STR(info.uid, uids[i]);
        CHECK_EQ(info.hostapi, 0);
        CHECK_EQ(info.max_input_channels, 64);
        CHECK_EQ(info.max_output_channels, 64);
        CHECK(info.default_samplerate_hz >= 48000.0 && info.default_samplerate_hz <= 48000.0);
        CHECK(info.is_virtual);
        CHECK_EQ(info.is_loopback, i == 0);
    }
    // Never the system's default.
    CHECK_EQ(pst_system_default_device(system, PST_INPUT), PST_NO_INDEX);
    CHECK_EQ(pst_system_default_device(system, PST_OUTPUT), PST_NO_INDEX);
    CHECK_EQ(pst_system_default_device(system, PST_DUPLEX), PST_NO_INDEX);
    pst_system_release(system);
}

static void test_backends_follow_each_other(void) {
    fake_reset();
    pst_system *system = make_fake_system();
    CHECK_EQ(atomic_load(&fake.n_calls[FAKE_LOAD]), 0); // Nothing is touched before.
    CHECK_EQ(pst_system_device_count(system), 4);
    CHECK_EQ(pst_system_hostapi_count(system), 2);
    CHECK_EQ(atomic_load(&fake.n_calls[FAKE_LOAD]), 1);
    pst_device_info info;
    CHECK_EQ(pst_system_get_device(system, 1, &info, NULL), PST_OK);
    CHECK_STR(info.uid, "Fake/speaker");
    CHECK_EQ(pst_system_get_device(system, 2, &info, NULL), PST_OK);
    CHECK_STR(info.uid, "Virtual/loopback");
    CHECK_EQ(info.hostapi, 1);
    CHECK_EQ(pst_system_default_device(system, PST_INPUT), 0);
    CHECK_EQ(pst_system_default_device(system, PST_OUTPUT), 1);
    CHECK_EQ(pst_system_default_device(system, PST_DUPLEX), PST_NO_INDEX);
    pst_hostapi_info hostapi;
    CHECK_EQ(pst_system_get_hostapi(system, 1, &hostapi, NULL), PST_OK);
    CHECK_EQ(hostapi.default_input, 2);
    pst_system_release(system);
    CHECK_EQ(atomic_load(&fake.n_calls[FAKE_UNLOAD]), 1);
}

static void test_unknown_indices(void) {
    fake_reset();
    pst_system *system = make_fake_system();
    static const int32_t wrong[] = {-1, 4, 5, INT32_MAX, INT32_MIN};
    for (int i = 0; i < 5; ++i) {
        pst_device_info info;
        pst_hostapi_info hostapi;
        pst_error err = {.status = PST_OK};
        CHECK_EQ(pst_system_get_device(system, wrong[i], &info, &err), PST_NO_DEVICE);
        CHECK(strstr(err.text, "2 'loopback'") != NULL);
        CHECK(strstr(err.text, "0 'mic'") != NULL);
        CHECK_EQ(pst_system_get_hostapi(system, wrong[i], &hostapi, &err), PST_NO_DEVICE);
        CHECK(strstr(err.text, "0 to 1") != NULL);
    }
    CHECK_EQ(pst_system_default_device(system, (pst_direction)0), PST_NO_INDEX);
    pst_system_release(system);
}

// ---- Backends in trouble ---------------------------------------------------------------------

static void test_failing_backend_leaves_the_others(void) {
    fake_reset();
    atomic_store(&fake.fail_in, FAKE_LOAD);
    atomic_store(&fake.fail_status, PST_HOST_ERROR);
    pst_system *system = make_fake_system();
    for (int i = 0; i < 2; ++i) { // Also when asked again.
        pst_error err = {.status = PST_OK};
        CHECK_EQ(pst_system_load(system, &err), PST_OK);
        CHECK_EQ(err.status, PST_HOST_ERROR);
        CHECK_STR(err.text, "the fake host was told to fail");
        CHECK_EQ(err.native_code, 77);
    }
    CHECK_EQ(atomic_load(&fake.n_calls[FAKE_LOAD]), 1);
    CHECK_EQ(pst_system_device_count(system), 2);
    pst_error err = {.status = PST_OK};
    pst_device_info info;
    CHECK_EQ(pst_system_get_device(system, 0, &info, &err), PST_OK);
    CHECK_STR(info.name, "loopback");
    CHECK_EQ(err.status, PST_OK);
    CHECK_EQ(pst_system_get_device(system, 7, &info, &err), PST_NO_DEVICE);
    CHECK(strstr(err.text, "told to fail") != NULL); // It may be why the device is not there.

    atomic_store(&fake.fail_in, FAKE_NOTHING);
    err.status = PST_OK;
    CHECK_EQ(pst_system_refresh(system, &err), PST_OK);
    CHECK_EQ(err.status, PST_OK);
    CHECK_EQ(pst_system_device_count(system), 4);
    pst_system_release(system);
    CHECK_EQ(atomic_load(&fake.n_calls[FAKE_UNLOAD]), 1); // Not for the one that failed.
}

static void test_memory_trouble_is_told(void) {
    fake_reset();
    atomic_store(&fake.fail_in, FAKE_LOAD);
    atomic_store(&fake.fail_status, PST_NO_MEMORY);
    pst_system *system = make_fake_system();
    CHECK_EQ(pst_system_load(system, NULL), PST_NO_MEMORY);
    CHECK_EQ(pst_system_device_count(system), 0);
    CHECK_EQ(pst_system_default_device(system, PST_INPUT), PST_NO_INDEX);
    atomic_store(&fake.fail_in, FAKE_NOTHING);
    CHECK_EQ(pst_system_device_count(system), 4);
    pst_system_release(system);
}

static void test_hanging_backend_leaves_the_others(void) {
    fake_reset();
    atomic_store(&fake.hang_in, FAKE_LOAD);
    pst_system *system = make_fake_system();
    system->load_timeout_ns = 20 * PST_NS_PER_MS;
    pst_error err = {.status = PST_OK};
    CHECK_EQ(pst_system_load(system, &err), PST_OK);
    CHECK_EQ(err.status, PST_TIMEOUT);
    CHECK(strstr(err.text, "Fake") != NULL);
    CHECK_EQ(pst_system_device_count(system), 2);
    CHECK_EQ(pst_system_refresh(system, &err), PST_DEVICE_BUSY);
    CHECK_EQ(atomic_load(&fake.n_calls[FAKE_LOAD]), 1);
    // When it comes back after all, it is put away, and can be tried again.
    fake_let_go();
    CHECK(fake_wait_done(FAKE_UNLOAD, 1));
    while (pst_system_refresh(system, NULL) == PST_DEVICE_BUSY)
        pst_sleep_until_ns(pst_now_ns() + PST_NS_PER_MS);
    CHECK_EQ(pst_system_device_count(system), 4);
    pst_system_release(system);
    CHECK_EQ(atomic_load(&fake.n_calls[FAKE_UNLOAD]), 2);
}

// The last reference may be that of a call that hangs.
static void test_release_while_a_backend_hangs(void) {
    static const fake_call calls[] = {FAKE_LOAD, FAKE_UNLOAD};
    for (int i = 0; i < 2; ++i) {
        fake_reset();
        atomic_store(&fake.hang_in, calls[i]);
        pst_system *system = make_fake_system();
        system->load_timeout_ns = 20 * PST_NS_PER_MS;
        CHECK_EQ(pst_system_load(system, NULL), PST_OK);
        pst_system_release(system); // Comes back.
        fake_let_go();
        CHECK(fake_wait_done(FAKE_UNLOAD, 1));
    }
}

// ---- Refresh ---------------------------------------------------------------------------------

static void test_refresh_replaces_the_list(void) {
    fake_reset();
    pst_system *system = make_fake_system();
    CHECK_EQ(pst_system_device_count(system), 4);
    fake.devices[2] = (fake_device){"new", 1, 1};
    fake.n_devices = 3;
    CHECK_EQ(pst_system_device_count(system), 4);
    CHECK_EQ(pst_system_refresh(system, NULL), PST_OK);
    CHECK_EQ(pst_system_device_count(system), 5);
    fake.n_devices = 0;
    CHECK_EQ(pst_system_refresh(system, NULL), PST_OK);
    CHECK_EQ(pst_system_device_count(system), 2);
    CHECK_EQ(atomic_load(&fake.n_calls[FAKE_LOAD]), 3);
    CHECK_EQ(atomic_load(&fake.n_calls[FAKE_UNLOAD]), 2);
    pst_system_release(system);
}

static pst_verdict process_nothing(void *user, const pst_block *block) PST_RT {
    (void)user;
    (void)block;
    return PST_CONTINUE;
}

// Releases the system; a thread that sweeps may hold it for another moment.
static void release_swept(pst_system *system) {
    CHECK_EQ(pst_system_wait_work(system, PATIENCE_NS), PST_OK);
    pst_system_release(system);
    CHECK(fake_wait_done(FAKE_UNLOAD, atomic_load(&fake.n_calls[FAKE_LOAD])));
    CHECK_EQ(atomic_load(&fake.n_calls[FAKE_UNLOAD]), atomic_load(&fake.n_calls[FAKE_LOAD]));
}

static pst_status claim_input(pst_system *system, int32_t device, int64_t deadline_ns,
                              pst_claim *claim, pst_error *err) {
    const pst_side input = {.device = device};
    return pst_system_claim(system, &input, &no_side, deadline_ns, claim, err);
}

static pst_handle *open_fake(pst_system *system, int32_t device) {
    const pst_open_request request = make_request(make_side(device, 1, PST_FORMAT_F32), no_side,
                                                  44100.0, 64, NULL, process_nothing, NULL);
    pst_open_info info;
    pst_handle *handle = open_handle(system, &request, &info);
    CHECK_EQ(pst_handle_start(handle, PATIENCE_NS, NULL), PST_OK);
    return handle;
}

// The backend is loaded once more beside what is open, which goes on, and is unloaded with the last
// handle on it.
static void test_refresh_while_streams_are_open(void) {
    fake_reset();
    pst_system *system = make_fake_system();
    pst_handle *on_virtual = open_fake(system, 2);
    CHECK_EQ(pst_system_refresh(system, NULL), PST_OK); // Not in the way.
    CHECK_EQ(atomic_load(&fake.n_calls[FAKE_UNLOAD]), 1);
    pst_handle *first = open_fake(system, 0);
    pst_handle *second = open_fake(system, 0);
    fake.devices[2] = (fake_device){"new", 1, 1};
    fake.n_devices = 3;
    for (int i = 0; i < 20; ++i) // Those in between are unloaded at once.
        CHECK_EQ(pst_system_refresh(system, NULL), PST_OK);
    CHECK_EQ(atomic_load(&fake.n_calls[FAKE_UNLOAD]), 20);
    CHECK_EQ(pst_system_device_count(system), 5);
    CHECK(pst_handle_is_active(first) && pst_handle_is_active(on_virtual));
    CHECK_EQ(pst_handle_close(first, PATIENCE_NS, NULL), PST_OK);
    CHECK_EQ(pst_system_wait_work(system, PATIENCE_NS), PST_OK);
    CHECK_EQ(atomic_load(&fake.n_calls[FAKE_UNLOAD]), 20);
    CHECK_EQ(pst_handle_close(second, PATIENCE_NS, NULL), PST_OK);
    CHECK_EQ(pst_system_wait_work(system, PATIENCE_NS), PST_OK);
    CHECK_EQ(atomic_load(&fake.n_calls[FAKE_UNLOAD]), 21);
    CHECK_EQ(pst_handle_close(on_virtual, PATIENCE_NS, NULL), PST_OK);
    release_swept(system);
}

static void test_generations_are_bounded(void) {
    fake_reset();
    pst_system *system = make_fake_system();
    pst_handle *handles[PST_MAX_GENERATIONS];
    pst_error err = {.status = PST_OK};
    for (int i = 0; i < PST_MAX_GENERATIONS; ++i) {
        handles[i] = open_fake(system, 0);
        const bool is_last = i == PST_MAX_GENERATIONS - 1;
        CHECK_EQ(pst_system_refresh(system, &err), is_last ? PST_DEVICE_BUSY : PST_OK);
    }
    CHECK(strstr(err.text, "Fake") != NULL);
    CHECK_EQ(pst_system_device_count(system), 4); // As it was.
    CHECK_EQ(pst_handle_close(handles[3], PATIENCE_NS, NULL), PST_OK);
    CHECK_EQ(pst_system_wait_work(system, PATIENCE_NS), PST_OK);
    CHECK_EQ(pst_system_refresh(system, NULL), PST_OK);
    for (int i = 0; i < PST_MAX_GENERATIONS; ++i)
        CHECK_EQ(i == 3 ? PST_OK : pst_handle_close(handles[i], PATIENCE_NS, NULL), PST_OK);
    CHECK_EQ(pst_system_wait_work(system, PATIENCE_NS), PST_OK);
    release_swept(system);
}

// Some hosts show only what can be opened. What a stream of ours holds stays in the list, at its
// end, and cannot be opened once more.
static void test_a_held_device_stays_listed(void) {
    fake_reset();
    pst_system *system = make_fake_system();
    pst_handle *handle = open_fake(system, 0);
    fake.devices[0].name = "another";
    CHECK_EQ(pst_system_refresh(system, NULL), PST_OK);
    CHECK_EQ(pst_system_device_count(system), 5);
    pst_device_info info;
    CHECK_EQ(pst_system_get_device(system, 4, &info, NULL), PST_OK);
    CHECK_STR(info.uid, "Fake/mic");
    CHECK_EQ(info.hostapi, 0);
    pst_hostapi_info hostapi;
    CHECK_EQ(pst_system_get_hostapi(system, 0, &hostapi, NULL), PST_OK);
    CHECK_EQ(hostapi.n_devices, 3);
    CHECK_EQ(hostapi.default_input, 0);
    pst_claim claim;
    pst_error err = {.status = PST_OK};
    CHECK_EQ(claim_input(system, 4, 0, &claim, &err), PST_DEVICE_BUSY);
    CHECK(strstr(err.text, "mic") != NULL);
    CHECK_EQ(pst_handle_close(handle, PATIENCE_NS, NULL), PST_OK);
    CHECK_EQ(pst_system_refresh(system, NULL), PST_OK);
    CHECK_EQ(pst_system_device_count(system), 4);
    release_swept(system);
}

// What goes wrong beside an open stream leaves it, and the list, as they were.
static void test_a_load_beside_that_fails(void) {
    static const pst_status statuses[] = {PST_UNSUPPORTED, PST_HOST_ERROR, PST_NO_MEMORY};
    static const pst_status wanted[] = {PST_DEVICE_BUSY, PST_DEVICE_BUSY, PST_NO_MEMORY};
    for (int i = 0; i < 3; ++i) {
        fake_reset();
        pst_system *system = make_fake_system();
        pst_handle *handle = open_fake(system, 0);
        atomic_store(&fake.fail_in, FAKE_LOAD);
        atomic_store(&fake.fail_status, statuses[i]);
        pst_error err = {.status = PST_OK};
        CHECK_EQ(pst_system_refresh(system, &err), wanted[i]);
        CHECK(err.status != PST_OK);
        CHECK_EQ(pst_system_device_count(system), 4);
        CHECK(pst_handle_is_active(handle));
        CHECK_EQ(atomic_load(&fake.n_calls[FAKE_LOAD]), 2);
        CHECK_EQ(pst_handle_close(handle, PATIENCE_NS, NULL), PST_OK);
        pst_system_release(system);
        CHECK_EQ(atomic_load(&fake.n_calls[FAKE_UNLOAD]), 1);
    }
}

// At the end of the program: what is not in use is ended, and can be used again.
static void test_unload(void) {
    fake_reset();
    pst_system *system = make_fake_system();
    pst_system_unload(system, PATIENCE_NS); // Nothing is loaded.
    CHECK_EQ(pst_system_device_count(system), 4);
    const pst_open_request request = make_request(make_side(0, 2, PST_FORMAT_F32), no_side, 44100.0,
                                                  64, NULL, process_nothing, NULL);
    pst_open_info info;
    pst_handle *handle = open_handle(system, &request, &info);
    pst_system_unload(system, PATIENCE_NS);
    CHECK_EQ(atomic_load(&fake.n_calls[FAKE_UNLOAD]), 0);
    CHECK_EQ(pst_handle_close(handle, PATIENCE_NS, NULL), PST_OK);
    pst_system_unload(system, PATIENCE_NS);
    CHECK_EQ(atomic_load(&fake.n_calls[FAKE_UNLOAD]), 1);
    pst_system_unload(system, PATIENCE_NS);
    CHECK_EQ(atomic_load(&fake.n_calls[FAKE_UNLOAD]), 1);
    CHECK_EQ(pst_system_device_count(system), 4);
    CHECK_EQ(atomic_load(&fake.n_calls[FAKE_LOAD]), 2);
    // One that hangs is left alone.
    atomic_store(&fake.hang_in, FAKE_UNLOAD);
    pst_system_unload(system, PST_NS_PER_MS);
    CHECK_EQ(pst_system_device_count(system), 2);
    CHECK_EQ(pst_system_refresh(system, NULL), PST_DEVICE_BUSY);
    pst_system_release(system);
    fake_let_go();
    CHECK(fake_wait_done(FAKE_UNLOAD, 2));
    CHECK_EQ(atomic_load(&fake.n_calls[FAKE_LOAD]), 2);
}

// ---- Several threads -------------------------------------------------------------------------

static void *look_around(void *arg) {
    pst_system *system = arg;
    for (int i = 0; i < 60; ++i) {
        // A refresh may find the fake in use by a question of another thread.
        const pst_status status = i % 10 == 3 ? pst_system_refresh(system, NULL) : PST_OK;
        CHECK(status == PST_OK || status == PST_DEVICE_BUSY);
        CHECK_EQ(pst_system_device_count(system), 4);
        pst_device_info info;
        CHECK_EQ(pst_system_get_device(system, i % 4, &info, NULL), PST_OK);
        const pst_side side = make_side(i % 2 ? 0 : 2, 1, PST_FORMAT_F32);
        CHECK_EQ(pst_system_check(system, &side, NULL, 44100.0, NULL), PST_OK);
    }
    return NULL;
}

static void test_threads_at_once(void) {
    fake_reset();
    pst_system *system = make_fake_system();
    pthread_t threads[4];
    for (int i = 0; i < 4; ++i)
        CHECK_EQ(pthread_create(&threads[i], NULL, look_around, system), 0);
    for (int i = 0; i < 4; ++i)
        pthread_join(threads[i], NULL);
    release_swept(system);
}

// A claim that waits for a refresh finds its device, or hears that the numbers have changed.
static void *refresh_slowly(void *arg) {
    CHECK_EQ(pst_system_refresh(arg, NULL), PST_OK);
    return NULL;
}

static void test_claim_during_refresh(void) {
    for (int changes = 0; changes < 2; ++changes) {
        fake_reset();
        pst_system *system = make_fake_system();
        CHECK_EQ(pst_system_load(system, NULL), PST_OK);
        atomic_store(&fake.hang_in, FAKE_LOAD);
        pthread_t thread;
        CHECK_EQ(pthread_create(&thread, NULL, refresh_slowly, system), 0);
        while (atomic_load(&fake.n_calls[FAKE_LOAD]) < 2)
            pst_sleep_until_ns(pst_now_ns() + PST_NS_PER_MS / 5);
        pst_claim claim;
        CHECK_EQ(claim_input(system, 0, pst_now_ns() + 5 * PST_NS_PER_MS, &claim, NULL),
                 PST_TIMEOUT);
        // What is of another backend does not wait.
        CHECK_EQ(claim_input(system, 2, 0, &claim, NULL), PST_OK);
        pst_system_unclaim(&claim);
        if (changes)
            fake.devices[0].name = "another";
        fake_let_go();
        const pst_status status = claim_input(system, 0, pst_now_ns() + PATIENCE_NS, &claim, NULL);
        // The refresh may have been over before the claim looked.
        CHECK(status == PST_OK || (changes && status == PST_NO_DEVICE));
        if (status == PST_OK)
            pst_system_unclaim(&claim);
        pthread_join(thread, NULL);
        pst_system_release(system);
    }
}

// ---- Members and work ------------------------------------------------------------------------

typedef struct fake_stream {
    pst_member member;
    bool is_taken;
} fake_stream;

static bool take(void *owner) {
    fake_stream *stream = owner;
    if (stream->is_taken)
        return false;
    stream->is_taken = true;
    return true;
}

static void test_members(void) {
    pst_system *system = make_system();
    fake_stream streams[4];
    memset(streams, 0, sizeof streams);
    CHECK(pst_system_some_member(system, take) == NULL);
    for (int i = 0; i < 4; ++i)
        pst_system_join(system, &streams[i].member, &streams[i]);
    CHECK(pst_system_some_member(system, take) == &streams[0]);
    pst_system_leave(system, &streams[1].member);
    pst_system_leave(system, &streams[1].member); // Once more does nothing.
    CHECK(pst_system_some_member(system, take) == &streams[2]);
    pst_system_leave(system, &streams[0].member);
    pst_system_leave(system, &streams[3].member);
    CHECK(pst_system_some_member(system, take) == NULL);
    pst_system_leave(system, &streams[2].member);
    pst_system_join(system, &streams[1].member, &streams[1]);
    CHECK(pst_system_some_member(system, take) == &streams[1]);
    pst_system_leave(system, &streams[1].member);
    pst_system_release(system);
}

static void *work_a_little(void *arg) {
    pst_sleep_until_ns(pst_now_ns() + 5 * PST_NS_PER_MS);
    pst_system_end_work(arg);
    return NULL;
}

static void test_work(void) {
    pst_system *system = make_system();
    CHECK_EQ(pst_system_wait_work(system, 0), PST_OK);
    pst_system_begin_work(system);
    pst_system_begin_work(system);
    CHECK_EQ(pst_system_wait_work(system, 0), PST_TIMEOUT);
    CHECK_EQ(pst_system_wait_work(system, PST_NS_PER_MS), PST_TIMEOUT);
    pst_system_end_work(system);
    CHECK_EQ(pst_system_wait_work(system, 0), PST_TIMEOUT);
    pthread_t thread;
    CHECK_EQ(pthread_create(&thread, NULL, work_a_little, system), 0);
    CHECK_EQ(pst_system_wait_work(system, PATIENCE_NS), PST_OK);
    pthread_join(thread, NULL);
    pst_system_release(system);
}

static void test_references(void) {
    fake_reset();
    pst_system *system = make_fake_system();
    CHECK_EQ(pst_system_load(system, NULL), PST_OK);
    pst_system_retain(system);
    pst_system_release(system);
    CHECK_EQ(atomic_load(&fake.n_calls[FAKE_UNLOAD]), 0);
    pst_system_release(system);
    CHECK_EQ(atomic_load(&fake.n_calls[FAKE_UNLOAD]), 1);
    pst_system_release(NULL);
}

// ---- Fork ------------------------------------------------------------------------------------

// In the child every call says so, and nothing is called in the backend. Returns how many checks
// failed.
static int try_in_child(pst_system *system, pst_handle *handle) {
    int n_wrong = 0;
    pst_device_info info;
    pst_open_info open_info;
    pst_handle *another;
    bool abandoned;
    pst_error err = {.status = PST_OK};
    const pst_side side = make_side(0, 1, PST_FORMAT_F32);
    const pst_open_request request =
        make_request(side, no_side, 44100.0, 64, NULL, process_nothing, NULL);
    n_wrong += pst_system_load(system, &err) != PST_FORKED;
    n_wrong += strstr(err.text, "forked") == NULL;
    n_wrong += pst_system_refresh(system, NULL) != PST_FORKED;
    n_wrong += pst_system_get_device(system, 0, &info, NULL) != PST_FORKED;
    n_wrong += pst_system_device_count(system) != 0;
    n_wrong += pst_system_check(system, &side, NULL, 44100.0, NULL) != PST_FORKED;
    n_wrong += pst_handle_open(&another, system, &request, PATIENCE_NS, &open_info, &abandoned,
                               NULL) != PST_FORKED;
    n_wrong += pst_handle_start(handle, PATIENCE_NS, NULL) != PST_FORKED;
    n_wrong += pst_handle_stop(handle, PATIENCE_NS, NULL) != PST_FORKED;
    n_wrong += pst_handle_is_active(handle);
    n_wrong += pst_handle_close(handle, PATIENCE_NS, NULL) != PST_FORKED;
    n_wrong += pst_system_wait_work(system, PATIENCE_NS) != PST_OK;
    pst_system_release(system);
    n_wrong += atomic_load(&fake.n_calls[FAKE_UNLOAD]) != 0;
    n_wrong += atomic_load(&fake.n_calls[FAKE_CLOSE]) != 0;
    return n_wrong;
}

static void test_fork(void) {
    if (CHECK_TSAN) {
        check_skip("ThreadSanitizer does not support threads before a fork");
        return;
    }
    fake_reset();
    pst_system *system = make_fake_system();
    const pst_open_request request = make_request(make_side(0, 2, PST_FORMAT_F32), no_side, 44100.0,
                                                  64, NULL, process_nothing, NULL);
    pst_open_info info;
    pst_handle *handle = open_handle(system, &request, &info);
    REQUIRE(handle != NULL);
    fflush(stdout);
    const pid_t child = fork();
    if (child == 0)
        _exit(try_in_child(system, handle));
    int code = -1;
    CHECK_EQ(waitpid(child, &code, 0), child);
    CHECK(WIFEXITED(code));
    CHECK_EQ(WEXITSTATUS(code), 0);
    CHECK_EQ(pst_handle_start(handle, PATIENCE_NS, NULL), PST_OK);
    CHECK_EQ(pst_handle_close(handle, PATIENCE_NS, NULL), PST_OK);
    pst_system_release(system);
}

int main(void) {
    RUN(test_virtual_devices_are_there);
    RUN(test_backends_follow_each_other);
    RUN(test_unknown_indices);
    RUN(test_failing_backend_leaves_the_others);
    RUN(test_memory_trouble_is_told);
    RUN(test_hanging_backend_leaves_the_others);
    RUN(test_release_while_a_backend_hangs);
    RUN(test_refresh_replaces_the_list);
    RUN(test_refresh_while_streams_are_open);
    RUN(test_generations_are_bounded);
    RUN(test_a_held_device_stays_listed);
    RUN(test_a_load_beside_that_fails);
    RUN(test_unload);
    RUN(test_threads_at_once);
    RUN(test_claim_during_refresh);
    RUN(test_members);
    RUN(test_work);
    RUN(test_references);
    RUN(test_fork);
    return check_done();
}
