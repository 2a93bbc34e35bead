// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "base/log.h"

#include <pthread.h>
#include <sched.h>

#include "check.h"

static void test_lines_come_out_in_order(void) {
    static pst_log log;
    char text[PST_LOG_TEXT_BYTES];
    CHECK(!pst_log_pop(&log, text));
    for (int lap = 0; lap < 5; ++lap) {
        for (int i = 0; i < 100; ++i) {
            snprintf(text, sizeof text, "line %d", lap * 100 + i);
            CHECK(pst_log_push(&log, text));
        }
        for (int i = 0; i < 100; ++i) {
            char wanted[PST_LOG_TEXT_BYTES];
            snprintf(wanted, sizeof wanted, "line %d", lap * 100 + i);
            CHECK(pst_log_pop(&log, text));
            CHECK_STR(text, wanted);
        }
        CHECK(!pst_log_pop(&log, text));
    }
    CHECK_EQ(pst_log_dropped(&log), 0);
}

static void test_full_log_drops_and_counts(void) {
    static pst_log log;
    char text[PST_LOG_TEXT_BYTES];
    for (int i = 0; i < PST_LOG_SLOTS + 9; ++i)
        CHECK_EQ(pst_log_push(&log, "x"), i < PST_LOG_SLOTS);
    CHECK_EQ(pst_log_dropped(&log), 9);
    CHECK(pst_log_pop(&log, text));
    CHECK(pst_log_push(&log, "last"));
    for (int i = 0; i < PST_LOG_SLOTS; ++i)
        CHECK(pst_log_pop(&log, text));
    CHECK_STR(text, "last");
    CHECK(!pst_log_pop(&log, text));
}

static void test_lines_are_trimmed_and_cut(void) {
    static pst_log log;
    char text[PST_LOG_TEXT_BYTES];
    CHECK(pst_log_push(&log, "ALSA lib: no card\r\n\n"));
    CHECK(pst_log_pop(&log, text));
    CHECK_STR(text, "ALSA lib: no card");
    CHECK(pst_log_push(&log, ""));
    CHECK(pst_log_pop(&log, text));
    CHECK_STR(text, "");
    char longer[2 * PST_LOG_TEXT_BYTES];
    memset(longer, 'y', sizeof longer);
    longer[sizeof longer - 1] = '\0';
    CHECK(pst_log_push(&log, longer));
    CHECK(pst_log_pop(&log, text));
    CHECK_EQ(strlen(text), PST_LOG_TEXT_BYTES - 1);
}

// ---- Many threads ----------------------------------------------------------------------------

enum { N_PUSHERS = 3, N_LINES = 20000 };

typedef struct pusher {
    pst_log *log;
    int number;
    int n_refused;
} pusher;

static void *push_lines(void *arg) {
    pusher *p = arg;
    for (int i = 0; i < N_LINES; ++i) {
        char text[64];
        snprintf(text, sizeof text, "%d %d", p->number, i);
        if (!pst_log_push(p->log, text)) {
            ++p->n_refused;
            sched_yield();
        }
    }
    return NULL;
}

static void test_threads_lose_nothing_that_is_not_counted(void) {
    static pst_log log;
    pusher pushers[N_PUSHERS];
    pthread_t threads[N_PUSHERS];
    int last[N_PUSHERS];
    long n_popped = 0, n_refused = 0;
    for (int i = 0; i < N_PUSHERS; ++i) {
        pushers[i] = (pusher){&log, i, 0};
        last[i] = -1;
        REQUIRE(pthread_create(&threads[i], NULL, push_lines, &pushers[i]) == 0);
    }
    for (int n_joined = 0;;) {
        char text[PST_LOG_TEXT_BYTES];
        int number = -1, line = -1;
        if (pst_log_pop(&log, text)) {
            CHECK_EQ(sscanf(text, "%d %d", &number, &line), 2);
            CHECK(number >= 0 && number < N_PUSHERS && line > last[number]);
            last[number] = line; // Lines of one thread stay in order.
            ++n_popped;
        } else if (n_joined < N_PUSHERS) {
            pthread_join(threads[n_joined++], NULL);
        } else {
            break;
        }
    }
    for (int i = 0; i < N_PUSHERS; ++i)
        n_refused += pushers[i].n_refused;
    CHECK_EQ(n_popped + n_refused, N_PUSHERS * N_LINES);
    CHECK_EQ(pst_log_dropped(&log), n_refused);
}

int main(void) {
    RUN(test_lines_come_out_in_order);
    RUN(test_full_log_drops_and_counts);
    RUN(test_lines_are_trimmed_and_cut);
    RUN(test_threads_lose_nothing_that_is_not_counted);
    return check_done();
}
