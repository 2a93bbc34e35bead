// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include <pthread.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/denormals.h"
#include "base/event.h"
#include "base/log.h"
#include "base/thread.h"
#include "core/queue.h"
#include "core/ring_private.h"
#include "pastream/format.h"
#include "ring_fixture.h"
#include "rt_guard.h"

// Every function marked PST_RT of base, format, ring and queue, under the guard.

#define GUARDED(...)                                                                               \
    do {                                                                                           \
        rt_guard_enter();                                                                          \
        __VA_ARGS__;                                                                               \
        const int n_forbidden = rt_guard_leave();                                                  \
        CHECK_TEXT(n_forbidden == 0, "%d calls, the last of %s", n_forbidden, rt_guard_culprit()); \
    } while (0)

static bool needs_guard(void) {
    if (!rt_guard_works())
        check_skip("the sanitizer interposes the same functions");
    return rt_guard_works();
}

static void test_guard_sees_what_is_forbidden(void) {
    if (!needs_guard())
        return;
    pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    rt_guard_enter();
    void *volatile memory = malloc(10);
    free(memory);
    CHECK_EQ(rt_guard_leave(), 2);
    CHECK_STR(rt_guard_culprit(), "free");
    rt_guard_enter();
    pthread_mutex_lock(&mutex);
    pthread_mutex_unlock(&mutex);
    CHECK_EQ(rt_guard_leave(), 1);
    CHECK_STR(rt_guard_culprit(), "pthread_mutex_lock");
    memory = malloc(10); // Outside: allowed.
    free(memory);
    GUARDED((void)0);
}

static void test_base(void) {
    if (!needs_guard())
        return;
    static pst_log log;
    char text[PST_LOG_TEXT_BYTES];
    GUARDED({
        CHECK(pst_strerror(PST_OK) != NULL && pst_version() != NULL);
        CHECK(pst_now_ns() > 0 && pst_thread_id() != 0);
        CHECK(pst_deadline_ns(5) > 0);
        pst_denormals_restore(pst_denormals_flush());
        for (int i = 0; i < 200; ++i)
            pst_log_push(&log, "a line\n");
        while (pst_log_pop(&log, text))
            continue;
        CHECK(pst_log_dropped(&log) > 0);
    });
}

static void test_formats(void) {
    if (!needs_guard())
        return;
    static uint8_t src[8 * 64], dst[8 * 64];
    GUARDED({
        pst_convert_counts counts = {0, 0};
        for (int d = PST_FORMAT_F32; d <= PST_FORMAT_U8; ++d) {
            CHECK(pst_format_bytes((pst_format)d) > 0);
            CHECK(pst_format_name((pst_format)d) != NULL);
            pst_silence(dst, (pst_format)d, 64);
            for (int s = PST_FORMAT_F32; s <= PST_FORMAT_U8; ++s)
                CHECK_EQ(pst_convert(dst, (pst_format)d, src, (pst_format)s, 64, &counts), PST_OK);
        }
    });
}

static void test_queue(void) {
    if (!needs_guard())
        return;
    pst_queue *queue = NULL;
    REQUIRE(pst_queue_create(&queue, 8, 40, NULL) == PST_OK);
    GUARDED({
        uint8_t item[40] = {0};
        for (int i = 0; i < 20; ++i)
            pst_queue_push(queue, item);
        CHECK_EQ(pst_queue_count(queue), 8);
        while (pst_queue_pop(queue, item))
            continue;
    });
    pst_queue_destroy(queue);
}

// ---- The ring --------------------------------------------------------------------------------

static void use_everything(ring_box *box) {
    pst_ring *ring = box->ring;
    const uint64_t full = box->info.capacity_frames;
    uint8_t block[4 * 64] = {0};
    pst_ring_info info;
    pst_span span;
    uint32_t reader = 0;
    GUARDED({
        pst_ring_retain(ring);
        pst_ring_get_info(ring, &info);
        CHECK_EQ(pst_ring_attach(ring, &reader), PST_OK);
        for (int i = 0; i < 100; ++i) {
            pst_ring_make_room(ring, 64);
            if (pst_ring_begin_write(ring, 64, &span) > 0)
                pst_ring_commit_write(ring, span.n_frames);
            pst_ring_write(ring, block, 64);
            CHECK(pst_ring_writable(ring) <= full);
            CHECK(pst_ring_written(ring) > 0);
            if (i % 3 == 0 && pst_ring_begin_read(ring, reader, 64, &span) > 0)
                pst_ring_commit_read(ring, reader, span.n_frames / 2);
            pst_ring_read(ring, reader, block, 64);
            pst_ring_skip(ring, reader, 10);
            CHECK(pst_ring_readable(ring, reader) <= full);
            CHECK(pst_ring_position(ring, reader) + pst_ring_dropped(ring, reader) > 0);
        }
        pst_ring_detach(ring, reader);
        pst_ring_interrupt(ring, true);
        pst_ring_interrupt(ring, false);
        pst_ring_end(ring);
        CHECK(pst_ring_ended(ring));
        pst_ring_restart(ring);
    });
    pst_ring_release(ring); // The reference from above.
}

static void test_ring_with_nobody_waiting(void) {
    if (!needs_guard())
        return;
    for (int kind = 0; kind < N_RING_KINDS; ++kind) {
        ring_box box;
        REQUIRE(open_ring(&box, ring_kinds[kind], 256, 4));
        use_everything(&box);
        CHECK_EQ(pst_ring_wakes(box.ring), 0);
        close_ring(&box);
    }
}

typedef struct sleeper {
    pst_ring *ring;
    uint32_t reader;
    _Atomic bool is_over;
    pthread_t thread;
} sleeper;

static void *keep_waiting(void *arg) {
    sleeper *s = arg;
    while (!atomic_load(&s->is_over)) {
        const pst_status status = pst_ring_wait_readable(s->ring, s->reader, 1, PST_NS_PER_MS);
        if (status == PST_OK)
            pst_ring_skip(s->ring, s->reader, 1000);
    }
    return NULL;
}

static void test_ring_with_waiters(void) {
    if (!needs_guard())
        return;
    for (int kind = 0; kind < N_RING_KINDS; ++kind) {
        ring_box box;
        REQUIRE(open_ring(&box, ring_kinds[kind], 256, 4));
        sleeper s = {.ring = box.ring};
        REQUIRE(pst_ring_attach(box.ring, &s.reader) == PST_OK);
        REQUIRE(pthread_create(&s.thread, NULL, keep_waiting, &s) == 0);
        for (int round = 0; round < 20; ++round) {
            pst_sleep_until_ns(pst_now_ns() + PST_NS_PER_MS / 4);
            // A descriptor is armed too.
            CHECK(pst_ring_arm_readable(box.ring, 0, 1) >= 0);
            use_everything(&box);
            pst_ring_skip(box.ring, 0, 1000);
        }
        CHECK(pst_ring_wakes(box.ring) > 0);
        atomic_store(&s.is_over, true);
        pthread_join(s.thread, NULL);
        close_ring(&box);
    }
}

static void test_event_with_waiters(void) {
    if (!needs_guard())
        return;
    pst_event event;
    REQUIRE(pst_event_init(&event, NULL) == PST_OK);
    pst_event_prepare(&event); // Counts as a waiter.
    CHECK(pst_event_arm_fd(&event) >= 0);
    GUARDED({
        pst_event_post(&event);
        pst_event_prepare(&event);
        pst_event_cancel(&event);
        CHECK(!pst_event_fd_armed(&event));
        pst_event_disarm_fd(&event);
        CHECK_EQ(pst_event_wakes(&event), 2);
    });
    pst_event_cancel(&event);
    pst_event_deinit(&event);
}

int main(void) {
    RUN(test_guard_sees_what_is_forbidden);
    RUN(test_base);
    RUN(test_formats);
    RUN(test_queue);
    RUN(test_ring_with_nobody_waiting);
    RUN(test_ring_with_waiters);
    RUN(test_event_with_waiters);
    return check_done();
}
