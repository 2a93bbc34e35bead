// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

// Watching the list of devices, and the thread that reads it again after a sign.

#include <poll.h>
#include <pthread.h>
#include <unistd.h>

#include "device/hotplug.h"
#include "fake_backend.h"
#include "stream_fixture.h"

static pst_device_watch *open_watch(pst_system *system) {
    pst_device_watch *watch = NULL;
    pst_error err = {.status = PST_OK};
    if (!CHECK_TEXT(pst_device_watch_create(&watch, system, &err) == PST_OK, "%s", err.text))
        exit(1);
    return watch;
}

// Waits until the list has so many devices. Returns its number.
static uint64_t wait_devices(pst_system *system, pst_device_watch *watch, int32_t n_devices) {
    const int64_t end_ns = pst_deadline_ns(PATIENCE_NS);
    uint64_t number = pst_system_list_number(system);
    while (pst_system_device_count(system) != n_devices) {
        if (!CHECK_TEXT(pst_now_ns() < end_ns, "there are %d devices",
                        (int)pst_system_device_count(system)))
            break;
        (void)!pst_device_watch_wait(watch, number, PST_NS_PER_SECOND);
        number = pst_system_list_number(system);
    }
    return number;
}

static void end_system(pst_system *system) {
    CHECK_EQ(pst_system_wait_work(system, PATIENCE_NS), PST_OK);
    pst_system_release(system);
}

// A sign makes the thread read the list, and every watch hears of the new one.
static void test_a_sign_brings_a_new_list(void) {
    fake_reset();
    pst_system *system = make_fake_system();
    CHECK_EQ(pst_system_device_count(system), 4);
    pst_device_watch *first = open_watch(system);
    pst_device_watch *second = open_watch(system);
    REQUIRE(fake_wait_done(FAKE_LOAD, 2)); // It looks once when it begins.
    fake_plug_in(2, (fake_device){"new", 1, 1});
    pst_hotplug_sign(system->hotplug);
    const uint64_t number = wait_devices(system, first, 5);
    CHECK_EQ(pst_device_watch_wait(second, number - 1, PATIENCE_NS), PST_OK);
    CHECK_EQ(pst_device_watch_wait(second, number, PST_NS_PER_MS), PST_TIMEOUT);
    fake_unplug_from(1);
    pst_hotplug_sign(system->hotplug);
    (void)wait_devices(system, second, 3);
    pst_device_watch_release(first);
    pst_device_watch_release(second);
    end_system(system);
}

// Signs that come in a burst cost one look, and what comes late is found by the later looks.
static void test_bursts_and_latecomers(void) {
    fake_reset();
    pst_system *system = make_fake_system();
    CHECK_EQ(pst_system_device_count(system), 4);
    pst_device_watch *watch = open_watch(system);
    REQUIRE(fake_wait_done(FAKE_LOAD, 2));
    for (int i = 0; i < 50; ++i)
        pst_hotplug_sign(system->hotplug);
    REQUIRE(fake_wait_done(FAKE_LOAD, 3));
    fake_unplug_from(1);
    (void)wait_devices(system, watch, 3);
    CHECK(atomic_load(&fake.n_calls[FAKE_LOAD]) <= 5);
    pst_device_watch_release(watch);
    end_system(system);
}

// Anybody's refresh is told. The list and its number go together.
static void test_a_refresh_is_told(void) {
    fake_reset();
    pst_system *system = make_fake_system();
    CHECK_EQ(pst_system_device_count(system), 4);
    pst_device_watch *watch = open_watch(system);
    REQUIRE(fake_wait_done(FAKE_LOAD, 2));
    (void)wait_devices(system, watch, 4);
    pst_sleep_until_ns(pst_now_ns() + 20 * PST_NS_PER_MS); // Until that list is in place.
    const uint64_t number = pst_system_list_number(system);
    const uint64_t digest = pst_system_list_digest(system);
    int fd = pst_device_watch_arm_fd(watch, number);
    REQUIRE(fd >= 0);
    struct pollfd wait = {.fd = fd, .events = POLLIN};
    CHECK_EQ(poll(&wait, 1, 0), 0);
    CHECK_EQ(pst_system_refresh(system, NULL), PST_OK);
    CHECK_EQ(poll(&wait, 1, 5000), 1);
    CHECK_EQ(pst_device_watch_wait(watch, number, 0), PST_OK);
    CHECK_EQ(pst_system_list_digest(system), digest); // The same devices.
    fake_rename(0, "another");
    CHECK_EQ(pst_system_refresh(system, NULL), PST_OK);
    CHECK(pst_system_list_digest(system) != digest);
    fd = pst_device_watch_arm_fd(watch, number); // That number is old: readable at once.
    wait.fd = fd;
    CHECK_EQ(poll(&wait, 1, 5000), 1);
    pst_device_watch_release(watch);
    end_system(system);
}

// A stream that finds its device lost is a sign, too.
static void test_a_lost_stream_is_a_sign(void) {
    fake_reset();
    pst_system *system = make_fake_system();
    pst_device_watch *watch = open_watch(system);
    REQUIRE(fake_wait_done(FAKE_LOAD, 1));
    stream_setup setup = make_setup(false, false);
    setup.config.input = make_side(0, 1, PST_FORMAT_I16);
    setup.config.stall_after_s = 0.01;
    setup.config.lost_after_s = 0.02;
    pst_stream *stream = NULL;
    CHECK_EQ(pst_stream_open(&stream, system, &setup.config, NULL), PST_OK);
    start_stream(stream);
    fake_rename(1, "another");
    CHECK(wait_state(stream, PST_STATE_LOST)); // The fake never calls back.
    pst_device_info info = {.name = ""};
    const int64_t end_ns = pst_deadline_ns(PATIENCE_NS);
    while (strcmp(info.name, "another") != 0 && pst_now_ns() < end_ns) {
        CHECK_EQ(pst_system_get_device(system, 1, &info, NULL), PST_OK);
        pst_sleep_until_ns(pst_now_ns() + PST_NS_PER_MS);
    }
    CHECK_STR(info.name, "another");
    end_stream(stream);
    pst_device_watch_release(watch);
    end_system(system);
}

static void *wait_for_ever(void *arg) {
    pst_device_watch *watch = arg;
    for (uint64_t number = 0;; ++number) {
        const pst_status status = pst_device_watch_wait(watch, number, PATIENCE_NS);
        if (status != PST_OK)
            return (void *)(intptr_t)status;
    }
}

static void test_close(void) {
    fake_reset();
    pst_system *system = make_fake_system();
    pst_device_watch *watch = open_watch(system);
    pst_device_watch *other = open_watch(system);
    pthread_t thread;
    CHECK_EQ(pthread_create(&thread, NULL, wait_for_ever, watch), 0);
    pst_sleep_until_ns(pst_now_ns() + 20 * PST_NS_PER_MS);
    pst_device_watch_close(watch);
    pst_device_watch_close(watch);
    void *status;
    pthread_join(thread, &status);
    CHECK_EQ((intptr_t)status, PST_CLOSED);
    CHECK(system->hotplug != NULL); // The other one needs it.
    pst_system_close_watches(system);
    CHECK_EQ(pst_device_watch_wait(other, 0, PATIENCE_NS), PST_CLOSED);
    CHECK(system->hotplug == NULL);
    pst_device_watch_release(watch);
    pst_device_watch_release(other);
    pst_device_watch_release(NULL);
    // The next one begins anew.
    watch = open_watch(system);
    CHECK_EQ(pst_device_watch_wait(watch, 0, PATIENCE_NS), PST_OK);
    pst_device_watch_release(watch);
    end_system(system);
}

static void *open_and_close(void *arg) {
    for (int i = 0; i < 20; ++i)
        pst_device_watch_release(open_watch(arg));
    return NULL;
}

static void test_threads_at_once(void) {
    fake_reset();
    pst_system *system = make_fake_system();
    pthread_t threads[3];
    for (int i = 0; i < 3; ++i)
        CHECK_EQ(pthread_create(&threads[i], NULL, open_and_close, system), 0);
    for (int i = 0; i < 3; ++i)
        pthread_join(threads[i], NULL);
    CHECK(system->hotplug == NULL && system->first_watch == NULL);
    end_system(system);
}

int main(void) {
    RUN(test_a_sign_brings_a_new_list);
    RUN(test_bursts_and_latecomers);
    RUN(test_a_refresh_is_told);
    RUN(test_a_lost_stream_is_a_sign);
    RUN(test_close);
    RUN(test_threads_at_once);
    return check_done();
}
