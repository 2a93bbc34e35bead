// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "base/task.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>

#include "base/clock.h"
#include "base/thread.h"
#include "check.h"

static void nap(void) {
    pst_sleep_until_ns(pst_now_ns() + PST_NS_PER_MS / 2);
}

static int add_one(void *arg) {
    return ++*(int *)arg;
}

static void test_result_comes_back_in_time(void) {
    int value = 41, result = 0;
    CHECK_EQ(pst_task_run("task", add_one, &value, 10 * PST_NS_PER_SECOND, NULL, &result, NULL),
             PST_OK);
    CHECK_EQ(result, 42);
    CHECK_EQ(value, 42);
    CHECK_EQ(pst_task_run("task", add_one, &value, -1, NULL, NULL, NULL), PST_OK);
    CHECK_EQ(value, 43);
}

// ---- A call that hangs -----------------------------------------------------------------------

typedef struct hang {
    _Atomic bool may_go;
    _Atomic int n_late;
    _Atomic int late_result;
} hang;

static int wait_to_go(void *arg) {
    hang *h = arg;
    while (!atomic_load(&h->may_go))
        nap();
    return 7;
}

static void note_late(void *arg, int result) {
    hang *h = arg;
    atomic_store(&h->late_result, result);
    atomic_fetch_add(&h->n_late, 1);
}

static void test_late_return_hands_the_argument_over(void) {
    static hang h;
    pst_error err = {PST_OK, 0, ""};
    int result = -1;
    CHECK_EQ(pst_task_run("Stop", wait_to_go, &h, 5 * PST_NS_PER_MS, note_late, &result, &err),
             PST_TIMEOUT);
    CHECK_EQ(err.status, PST_TIMEOUT);
    CHECK(strstr(err.text, "Stop") != NULL);
    CHECK_EQ(result, -1);
    CHECK_EQ(atomic_load(&h.n_late), 0);
    atomic_store(&h.may_go, true);
    while (atomic_load(&h.n_late) == 0)
        nap();
    CHECK_EQ(atomic_load(&h.late_result), 7);
}

static void test_no_care_is_allowed(void) {
    static hang h;
    CHECK_EQ(pst_task_run("Stop", wait_to_go, &h, 0, NULL, NULL, NULL), PST_TIMEOUT);
    atomic_store(&h.may_go, true);
}

// The deadline falls into the moment of the return, again and again: exactly one side gets arg.
static int return_at_once(void *arg) {
    (void)arg;
    return 3;
}

static void test_exactly_one_side_owns_the_argument(void) {
    static hang h;
    int n_in_time = 0;
    int n_late = 0;
    for (int i = 0; i < 500; ++i) {
        int result = 0;
        const pst_status status =
            pst_task_run("race", return_at_once, &h, 1000 * (i % 100), note_late, &result, NULL);
        if (status == PST_OK) {
            CHECK_EQ(result, 3);
            ++n_in_time;
        } else {
            CHECK_EQ(status, PST_TIMEOUT);
            ++n_late;
        }
    }
    while (atomic_load(&h.n_late) < n_late)
        nap();
    nap();
    CHECK_EQ(atomic_load(&h.n_late), n_late);
    CHECK_EQ(n_in_time + n_late, 500);
}

// ---- What threads are like -------------------------------------------------------------------

typedef struct look {
    sigset_t mask;
    sigset_t child_mask;
    char name[32];
    uint64_t id;
} look;

static void *look_from_child(void *arg) {
    look *l = arg;
    pthread_sigmask(SIG_SETMASK, NULL, &l->child_mask);
    return NULL;
}

static int look_around(void *arg) {
    look *l = arg;
    pthread_t child;
    pthread_sigmask(SIG_SETMASK, NULL, &l->mask);
    pthread_getname_np(pthread_self(), l->name, sizeof l->name);
    l->id = pst_thread_id();
    // As a host API would start its own threads inside our call.
    if (pthread_create(&child, NULL, look_from_child, l) != 0)
        return -1;
    pthread_join(child, NULL);
    return 0;
}

static void test_signals_are_blocked_in_threads_and_their_children(void) {
    sigset_t before, after;
    pthread_sigmask(SIG_SETMASK, NULL, &before);
    look l;
    int result = -1;
    REQUIRE(pst_task_run("a-very-long-name-of-a-thread", look_around, &l, -1, NULL, &result,
                         NULL) == PST_OK);
    CHECK_EQ(result, 0);
    static const int blocked[] = {SIGINT, SIGTERM, SIGHUP, SIGPROF, SIGALRM, SIGCHLD, SIGUSR1};
    for (size_t i = 0; i < sizeof blocked / sizeof blocked[0]; ++i) {
        CHECK_EQ(sigismember(&l.mask, blocked[i]), 1);
        CHECK_EQ(sigismember(&l.child_mask, blocked[i]), 1);
    }
    CHECK_EQ(sigismember(&l.mask, SIGSEGV), 0);
    CHECK_STR(l.name, "a-very-long-nam");
    CHECK(l.id != 0 && l.id != pst_thread_id());
    pthread_sigmask(SIG_SETMASK, NULL, &after);
    for (int number = 1; number < 32; ++number)
        CHECK_EQ(sigismember(&after, number), sigismember(&before, number));
}

static void try_realtime(void *arg) {
    pst_error err = {PST_OK, 0, ""};
    const pst_status status = pst_thread_try_realtime(1000, &err);
    *(pst_status *)arg = status;
    CHECK(status == PST_OK || err.status == status);
    CHECK(status == PST_OK || err.text[0] != '\0');
}

static void test_realtime_is_asked_for_politely(void) {
    pst_status status = PST_LIMIT;
    pst_thread thread;
    REQUIRE(pst_thread_start(&thread, "rt", try_realtime, &status, NULL) == PST_OK);
    pst_thread_join(&thread);
    CHECK(status == PST_OK || status == PST_UNSUPPORTED || status == PST_SYSTEM_ERROR);
}

static void set_flag(void *arg) {
    atomic_store((_Atomic bool *)arg, true);
}

static void test_detached_thread_runs_alone(void) {
    static _Atomic bool flag;
    pst_thread thread;
    REQUIRE(pst_thread_start(&thread, "alone", set_flag, &flag, NULL) == PST_OK);
    pst_thread_detach(&thread);
    while (!atomic_load(&flag))
        nap();
}

int main(void) {
    RUN(test_result_comes_back_in_time);
    RUN(test_late_return_hands_the_argument_over);
    RUN(test_no_care_is_allowed);
    RUN(test_exactly_one_side_owns_the_argument);
    RUN(test_signals_are_blocked_in_threads_and_their_children);
    RUN(test_realtime_is_asked_for_politely);
    RUN(test_detached_thread_runs_alone);
    return check_done();
}
