// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "base/event.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>

#include "base/clock.h"
#include "check.h"

static bool is_readable(int fd) {
    struct pollfd entry = {.fd = fd, .events = POLLIN};
    return poll(&entry, 1, 0) == 1;
}

static void test_post_before_wait_is_not_lost(void) {
    pst_event event;
    REQUIRE(pst_event_init(&event, NULL) == PST_OK);
    uint32_t ticket = pst_event_prepare(&event);
    pst_event_post(&event);
    CHECK_EQ(pst_event_wait(&event, ticket, PST_NEVER_NS), PST_OK);
    // A post before prepare is not for this wait.
    pst_event_post(&event);
    ticket = pst_event_prepare(&event);
    CHECK_EQ(pst_event_wait(&event, ticket, pst_deadline_ns(PST_NS_PER_MS)), PST_TIMEOUT);
    pst_event_deinit(&event);
}

static void test_deadlines(void) {
    pst_event event;
    REQUIRE(pst_event_init(&event, NULL) == PST_OK);
    for (int i = 0; i < 3; ++i) {
        const int64_t deadline = pst_now_ns() + i * 2 * PST_NS_PER_MS;
        const uint32_t ticket = pst_event_prepare(&event);
        CHECK_EQ(pst_event_wait(&event, ticket, deadline), PST_TIMEOUT);
        CHECK(pst_now_ns() >= deadline);
    }
    const uint32_t ticket = pst_event_prepare(&event);
    CHECK_EQ(pst_event_wait(&event, ticket, 0), PST_TIMEOUT); // Long gone.
    pst_event_deinit(&event);
}

static void test_nobody_waiting_costs_no_system_call(void) {
    pst_event event;
    REQUIRE(pst_event_init(&event, NULL) == PST_OK);
    for (int i = 0; i < 1000; ++i)
        pst_event_post(&event);
    CHECK_EQ(pst_event_wakes(&event), 0);
    pst_event_prepare(&event);
    pst_event_cancel(&event);
    pst_event_post(&event);
    CHECK_EQ(pst_event_wakes(&event), 0);
    pst_event_prepare(&event);
    pst_event_post(&event);
    CHECK_EQ(pst_event_wakes(&event), 1);
    pst_event_cancel(&event);
    pst_event_deinit(&event);
}

// ---- Two threads playing ball ----------------------------------------------------------------

enum { N_ROUNDS = 20000 };

typedef struct court {
    pst_event to_left;
    pst_event to_right;
    _Atomic uint32_t ball;
} court;

static void wait_for_ball(court *c, pst_event *event, uint32_t wanted) {
    while (atomic_load(&c->ball) != wanted) {
        const uint32_t ticket = pst_event_prepare(event);
        if (atomic_load(&c->ball) == wanted)
            pst_event_cancel(event);
        else
            CHECK_EQ(pst_event_wait(event, ticket, pst_deadline_ns(20 * PST_NS_PER_SECOND)),
                     PST_OK);
    }
}

static void *play_right(void *arg) {
    court *c = arg;
    for (uint32_t i = 0; i < N_ROUNDS; ++i) {
        wait_for_ball(c, &c->to_right, 2 * i + 1);
        atomic_store(&c->ball, 2 * i + 2);
        pst_event_post(&c->to_left);
    }
    return NULL;
}

static void test_no_wakeup_is_lost(void) {
    static court c;
    REQUIRE(pst_event_init(&c.to_left, NULL) == PST_OK);
    REQUIRE(pst_event_init(&c.to_right, NULL) == PST_OK);
    pthread_t right;
    REQUIRE(pthread_create(&right, NULL, play_right, &c) == 0);
    for (uint32_t i = 0; i < N_ROUNDS; ++i) {
        atomic_store(&c.ball, 2 * i + 1);
        pst_event_post(&c.to_right);
        wait_for_ball(&c, &c.to_left, 2 * i + 2);
    }
    pthread_join(right, NULL);
    CHECK_EQ(atomic_load(&c.ball), 2 * N_ROUNDS);
    pst_event_deinit(&c.to_left);
    pst_event_deinit(&c.to_right);
}

// ---- Several waiters -------------------------------------------------------------------------

typedef struct crowd {
    pst_event event;
    _Atomic uint32_t round;
    _Atomic uint32_t n_seen;
} crowd;

static void *wait_in_crowd(void *arg) {
    crowd *c = arg;
    for (uint32_t round = 1; round <= 50; ++round) {
        while (atomic_load(&c->round) < round) {
            const uint32_t ticket = pst_event_prepare(&c->event);
            if (atomic_load(&c->round) >= round)
                pst_event_cancel(&c->event);
            else
                pst_event_wait(&c->event, ticket, PST_NEVER_NS);
        }
        atomic_fetch_add(&c->n_seen, 1);
    }
    return NULL;
}

static void test_a_post_wakes_everybody(void) {
    static crowd c;
    enum { N_WAITERS = 4 };
    REQUIRE(pst_event_init(&c.event, NULL) == PST_OK);
    pthread_t threads[N_WAITERS];
    for (int i = 0; i < N_WAITERS; ++i)
        REQUIRE(pthread_create(&threads[i], NULL, wait_in_crowd, &c) == 0);
    for (uint32_t round = 1; round <= 50; ++round) {
        atomic_store(&c.round, round);
        pst_event_post(&c.event);
        while (atomic_load(&c.n_seen) < round * N_WAITERS)
            pst_sleep_until_ns(pst_now_ns() + PST_NS_PER_MS / 10);
    }
    for (int i = 0; i < N_WAITERS; ++i)
        pthread_join(threads[i], NULL);
    pst_event_deinit(&c.event);
}

// ---- Signals ---------------------------------------------------------------------------------

static void ignore_signal(int number) {
    (void)number;
}

typedef struct sleeper {
    pst_event event;
    _Atomic bool is_done;
    pst_status status;
} sleeper;

static void *sleep_through(void *arg) {
    sleeper *s = arg;
    const uint32_t ticket = pst_event_prepare(&s->event);
    s->status = pst_event_wait(&s->event, ticket, PST_NEVER_NS);
    atomic_store(&s->is_done, true);
    return NULL;
}

static void test_a_signal_does_not_end_the_wait(void) {
    static sleeper s;
    REQUIRE(pst_event_init(&s.event, NULL) == PST_OK);
    const struct sigaction action = {.sa_handler = ignore_signal}; // No SA_RESTART: EINTR.
    sigaction(SIGUSR1, &action, NULL);
    pthread_t thread;
    REQUIRE(pthread_create(&thread, NULL, sleep_through, &s) == 0);
    while (atomic_load(&s.event.n_waiters) == 0)
        pst_sleep_until_ns(pst_now_ns() + PST_NS_PER_MS);
    for (int i = 0; i < 10; ++i) {
        pthread_kill(thread, SIGUSR1);
        pst_sleep_until_ns(pst_now_ns() + PST_NS_PER_MS);
    }
    CHECK(!atomic_load(&s.is_done));
    pst_event_post(&s.event);
    pthread_join(thread, NULL);
    CHECK_EQ(s.status, PST_OK);
    pst_event_deinit(&s.event);
}

// ---- The descriptor --------------------------------------------------------------------------

static void test_descriptor_wakes_once_per_arming(void) {
    pst_event event;
    REQUIRE(pst_event_init(&event, NULL) == PST_OK);
    pst_event_post(&event); // Not armed: nothing happens.
    const int fd = pst_event_arm_fd(&event);
    REQUIRE(fd >= 0);
    CHECK(pst_event_fd_armed(&event));
    CHECK(!is_readable(fd));
    pst_event_post(&event);
    CHECK(is_readable(fd));
    CHECK(!pst_event_fd_armed(&event));
    CHECK_EQ(pst_event_wakes(&event), 1);
    pst_event_post(&event); // Once is enough.
    CHECK_EQ(pst_event_wakes(&event), 1);
    CHECK_EQ(pst_event_arm_fd(&event), fd); // Clears the last.
    CHECK(!is_readable(fd));
    pst_event_disarm_fd(&event);
    pst_event_post(&event);
    CHECK(!is_readable(fd));
    CHECK((fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
    CHECK((fcntl(fd, F_GETFL) & O_NONBLOCK) != 0);
    pst_event_deinit(&event);
    CHECK(fcntl(fd, F_GETFD) == -1); // Closed.
}

static void test_many_armings_do_not_fill_the_descriptor(void) {
    pst_event event;
    REQUIRE(pst_event_init(&event, NULL) == PST_OK);
    for (int i = 0; i < 100000; ++i) {
        const int fd = pst_event_arm_fd(&event);
        pst_event_post(&event);
        if (i % 1000 == 0)
            CHECK(is_readable(fd));
    }
    pst_event_deinit(&event);
}

int main(void) {
    RUN(test_post_before_wait_is_not_lost);
    RUN(test_deadlines);
    RUN(test_nobody_waiting_costs_no_system_call);
    RUN(test_no_wakeup_is_lost);
    RUN(test_a_post_wakes_everybody);
    RUN(test_a_signal_does_not_end_the_wait);
    RUN(test_descriptor_wakes_once_per_arming);
    RUN(test_many_armings_do_not_fill_the_descriptor);
    return check_done();
}
