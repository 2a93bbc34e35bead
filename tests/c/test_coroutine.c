// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "base/coroutine.h"

#include <signal.h>

#include "base/thread.h"
#include "check.h"
#include "failing_alloc.h"

enum { STACK_BYTES = 128 * 1024 };

// ---- To and fro ------------------------------------------------------------------------------

typedef struct counter {
    int n;
    int last;
} counter;

static void count(pst_coroutine *self, void *user) {
    counter *c = user;
    for (int i = 0; i < c->last; ++i) {
        c->n = i;
        pst_coroutine_yield(self);
    }
    c->n = -1;
}

static void test_it_goes_on_where_it_stopped(void) {
    counter c = {.n = -2, .last = 100};
    pst_coroutine *coroutine;
    REQUIRE(pst_coroutine_create(&coroutine, count, &c, STACK_BYTES, NULL) == PST_OK);
    CHECK(!pst_coroutine_is_under_way(coroutine));
    CHECK_EQ(c.n, -2);
    for (int i = 0; i < c.last; ++i) {
        CHECK(pst_coroutine_resume(coroutine));
        CHECK_EQ(c.n, i);
        CHECK(pst_coroutine_is_under_way(coroutine));
    }
    CHECK(!pst_coroutine_resume(coroutine));
    CHECK_EQ(c.n, -1);
    CHECK(!pst_coroutine_is_under_way(coroutine));
    CHECK(!pst_coroutine_resume(coroutine));
    pst_coroutine_destroy(coroutine);
}

static void test_one_that_was_never_begun_can_go(void) {
    counter c = {.last = 1};
    pst_coroutine *coroutine;
    REQUIRE(pst_coroutine_create(&coroutine, count, &c, STACK_BYTES, NULL) == PST_OK);
    pst_coroutine_destroy(coroutine);
    pst_coroutine_destroy(NULL);
    CHECK_EQ(c.n, 0);
}

// ---- Its stack -------------------------------------------------------------------------------

typedef struct sum {
    int depth;
    double result;
} sum;

// Uses much of the stack, and looks at all of it again after having been away.
static double add_up(pst_coroutine *self, int depth) {
    double terms[64];
    for (int i = 0; i < 64; ++i)
        terms[i] = depth + i / 64.0;
    double total = depth > 0 ? add_up(self, depth - 1) : 0;
    pst_coroutine_yield(self);
    for (int i = 0; i < 64; ++i)
        total += terms[i];
    return total;
}

static void add(pst_coroutine *self, void *user) {
    sum *s = user;
    s->result = add_up(self, s->depth);
}

static double expected_sum(int depth) {
    double total = 0;
    for (int d = 0; d <= depth; ++d)
        total += 64.0 * d + 31.5;
    return total;
}

static void test_stacks_do_not_mix(void) {
    sum sums[8] = {{0, 0}};
    pst_coroutine *all[8];
    for (int i = 0; i < 8; ++i) {
        sums[i].depth = 10 + i;
        REQUIRE(pst_coroutine_create(&all[i], add, &sums[i], STACK_BYTES, NULL) == PST_OK);
    }
    for (bool goes_on = true; goes_on;) {
        goes_on = false;
        for (int i = 0; i < 8; ++i)
            goes_on |= pst_coroutine_resume(all[i]);
    }
    for (int i = 0; i < 8; ++i) {
        CHECK(sums[i].result == expected_sum(10 + i));
        pst_coroutine_destroy(all[i]);
    }
}

// ---- One in another --------------------------------------------------------------------------

static void run_inner(pst_coroutine *self, void *user) {
    pst_coroutine *inner = user;
    while (pst_coroutine_resume(inner))
        pst_coroutine_yield(self);
}

static void test_one_may_resume_another(void) {
    counter c = {.n = -2, .last = 3};
    pst_coroutine *inner, *outer;
    REQUIRE(pst_coroutine_create(&inner, count, &c, STACK_BYTES, NULL) == PST_OK);
    REQUIRE(pst_coroutine_create(&outer, run_inner, inner, STACK_BYTES, NULL) == PST_OK);
    int n = 0;
    while (pst_coroutine_resume(outer))
        CHECK_EQ(c.n, n++);
    CHECK_EQ(n, 3);
    CHECK_EQ(c.n, -1);
    pst_coroutine_destroy(outer);
    pst_coroutine_destroy(inner);
}

// ---- Threads ---------------------------------------------------------------------------------

static void resume_once(void *arg) {
    pst_coroutine_resume(arg);
}

static void test_it_may_go_on_in_another_thread(void) {
    sum s = {.depth = 6};
    pst_coroutine *coroutine;
    REQUIRE(pst_coroutine_create(&coroutine, add, &s, STACK_BYTES, NULL) == PST_OK);
    for (int i = 0; i <= s.depth + 1; ++i) {
        pst_thread thread;
        if (i % 2 == 0) {
            pst_coroutine_resume(coroutine);
            continue;
        }
        REQUIRE(pst_thread_start(&thread, "other", resume_once, coroutine, NULL) == PST_OK);
        pst_thread_join(&thread);
    }
    CHECK(!pst_coroutine_is_under_way(coroutine));
    CHECK(s.result == expected_sum(s.depth));
    pst_coroutine_destroy(coroutine);
}

static bool blocks_usr1(void) {
    sigset_t mask;
    pthread_sigmask(SIG_SETMASK, NULL, &mask);
    return sigismember(&mask, SIGUSR1) == 1;
}

static void note_signals(pst_coroutine *self, void *user) {
    bool *seen = user;
    for (int i = 0; i < 3; ++i) {
        seen[i] = blocks_usr1();
        pst_coroutine_yield(self);
    }
}

static void test_signals_are_blocked_as_in_the_thread(void) {
    bool seen[3] = {false};
    pst_coroutine *coroutine;
    REQUIRE(pst_coroutine_create(&coroutine, note_signals, seen, STACK_BYTES, NULL) == PST_OK);
    CHECK(!blocks_usr1());
    pst_coroutine_resume(coroutine);
    pst_thread thread;
    REQUIRE(pst_thread_start(&thread, "other", resume_once, coroutine, NULL) == PST_OK);
    pst_thread_join(&thread);
    pst_coroutine_resume(coroutine);
    CHECK(!seen[0]);
    CHECK(seen[1]); // Threads of the library block it.
    CHECK(!seen[2]);
    CHECK(!blocks_usr1());
    pst_coroutine_resume(coroutine);
    pst_coroutine_destroy(coroutine);
}

static void test_without_memory_there_is_none(void) {
    counter c = {.last = 1};
    pst_coroutine *coroutine;
    pst_error err = {PST_OK, 0, ""};
    for (long n = 1; failing_alloc_works(); ++n) {
        failing_alloc_begin(n);
        const pst_status status = pst_coroutine_create(&coroutine, count, &c, STACK_BYTES, &err);
        pst_coroutine_destroy(coroutine);
        if (failing_alloc_end() < n)
            break;
        CHECK_EQ(status, PST_NO_MEMORY);
        CHECK(coroutine == NULL);
        CHECK_EQ(failing_alloc_live(), 0);
    }
    // More than there are addresses.
    CHECK_EQ(pst_coroutine_create(&coroutine, count, &c, SIZE_MAX / 4, &err), PST_NO_MEMORY);
    CHECK(coroutine == NULL);
}

int main(void) {
    RUN(test_it_goes_on_where_it_stopped);
    RUN(test_one_that_was_never_begun_can_go);
    RUN(test_stacks_do_not_mix);
    RUN(test_one_may_resume_another);
    RUN(test_it_may_go_on_in_another_thread);
    RUN(test_signals_are_blocked_as_in_the_thread);
    RUN(test_without_memory_there_is_none);
    return check_done();
}
