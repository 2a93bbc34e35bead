// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include <poll.h>
#include <pthread.h>

#include "base/clock.h"
#include "core/ring_private.h"
#include "pastream/ring.h"
#include "ring_fixture.h"

static bool is_readable(int fd) {
    struct pollfd entry = {.fd = fd, .events = POLLIN};
    return poll(&entry, 1, 0) == 1;
}

static void test_looking_only(void) {
    ring_box box;
    REQUIRE(open_ring(&box, PST_RING_COPYING, 100, 4));
    CHECK_EQ(pst_ring_wait_readable(box.ring, 0, 1, 0), PST_TIMEOUT);
    CHECK_EQ(pst_ring_wait_readable(box.ring, 0, 0, 0), PST_OK);
    CHECK_EQ(pst_ring_wait_writable(box.ring, 100, 0), PST_OK);
    put_frames(&box, 60);
    CHECK_EQ(pst_ring_wait_readable(box.ring, 0, 60, 0), PST_OK);
    CHECK_EQ(pst_ring_wait_readable(box.ring, 0, 61, 0), PST_TIMEOUT);
    CHECK_EQ(pst_ring_wait_writable(box.ring, 40, 0), PST_OK);
    CHECK_EQ(pst_ring_wait_writable(box.ring, 41, 0), PST_TIMEOUT);
    CHECK_EQ(pst_ring_wait_readable(box.ring, 0, 101, 0), PST_BAD_ARGUMENT);
    CHECK_EQ(pst_ring_wait_writable(box.ring, 101, 0), PST_BAD_ARGUMENT);
    CHECK_EQ(pst_ring_arm_readable(box.ring, 0, 101), PST_BAD_ARGUMENT);
    CHECK_EQ(pst_ring_arm_writable(box.ring, 101), PST_BAD_ARGUMENT);
    close_ring(&box);
}

static void test_timeouts(void) {
    ring_box box;
    REQUIRE(open_ring(&box, PST_RING_COPYING, 100, 4));
    put_frames(&box, 99);
    const int64_t before = pst_now_ns();
    CHECK_EQ(pst_ring_wait_readable(box.ring, 0, 100, 3 * PST_NS_PER_MS), PST_TIMEOUT);
    CHECK_EQ(pst_ring_wait_writable(box.ring, 2, 3 * PST_NS_PER_MS), PST_TIMEOUT);
    CHECK(pst_now_ns() - before >= 6 * PST_NS_PER_MS);
    // Nothing is left behind that would cost later blocks a system call.
    take_frames(&box, 0, 99);
    put_frames(&box, 99);
    CHECK_EQ(pst_ring_wakes(box.ring), 0);
    close_ring(&box);
}

static void test_ends_and_interruptions(void) {
    ring_box box;
    REQUIRE(open_ring(&box, PST_RING_COPYING, 100, 4));
    put_frames(&box, 10);
    pst_ring_end(box.ring);
    CHECK_EQ(pst_ring_wait_readable(box.ring, 0, 10, -1), PST_OK); // Still there.
    CHECK_EQ(pst_ring_wait_readable(box.ring, 0, 11, -1), PST_END);
    CHECK_EQ(pst_ring_wait_writable(box.ring, 1, -1), PST_END);
    pst_ring_interrupt(box.ring, true);
    CHECK_EQ(pst_ring_wait_readable(box.ring, 0, 10, -1), PST_CLOSED);
    CHECK_EQ(pst_ring_wait_writable(box.ring, 1, -1), PST_CLOSED);
    pst_ring_interrupt(box.ring, false);
    CHECK_EQ(pst_ring_wait_readable(box.ring, 0, 10, -1), PST_OK);
    pst_ring_restart(box.ring);
    CHECK_EQ(pst_ring_wait_writable(box.ring, 90, -1), PST_OK);
    close_ring(&box);
}

// One side can be called back without disturbing the others.
static void test_one_side_alone_is_interrupted(void) {
    ring_box box;
    uint32_t other;
    REQUIRE(open_ring(&box, PST_RING_COPYING, 100, 4));
    REQUIRE(pst_ring_attach(box.ring, &other) == PST_OK);
    put_frames(&box, 10);
    CHECK(!pst_ring_interrupt_reader(box.ring, other, true));
    CHECK_EQ(pst_ring_wait_readable(box.ring, other, 10, -1), PST_CLOSED);
    CHECK_EQ(pst_ring_wait_readable(box.ring, 0, 10, -1), PST_OK);
    CHECK_EQ(pst_ring_wait_writable(box.ring, 1, -1), PST_OK);
    pst_ring_detach(box.ring, other);
    REQUIRE(pst_ring_attach(box.ring, &other) == PST_OK);
    CHECK_EQ(pst_ring_wait_readable(box.ring, other, 1, 0), PST_TIMEOUT); // A new owner.
    CHECK(!pst_ring_interrupt_producer(box.ring, true));
    CHECK_EQ(pst_ring_wait_writable(box.ring, 1, -1), PST_CLOSED);
    CHECK_EQ(pst_ring_wait_readable(box.ring, 0, 10, -1), PST_OK);
    CHECK(pst_ring_interrupt_producer(box.ring, false));
    CHECK_EQ(pst_ring_wait_writable(box.ring, 1, -1), PST_OK);
    CHECK(!pst_ring_interrupt_reader(box.ring, PST_RING_MAX_READERS, true));
    close_ring(&box);
}

// ---- A waiter in a thread --------------------------------------------------------------------

typedef struct waiter {
    pst_ring *ring;
    bool is_writer;
    uint64_t n_frames;
    _Atomic bool is_done;
    pst_status status;
    pthread_t thread;
} waiter;

static void *wait_there(void *arg) {
    waiter *w = arg;
    w->status = w->is_writer ? pst_ring_wait_writable(w->ring, w->n_frames, -1)
                             : pst_ring_wait_readable(w->ring, 0, w->n_frames, -1);
    atomic_store(&w->is_done, true);
    return NULL;
}

static uint32_t count_waiters(const waiter *w) {
    return w->is_writer ? atomic_load(&w->ring->room_event.n_waiters)
                        : atomic_load(&w->ring->readers[0].event.n_waiters);
}

// Starts a waiter and returns once it sleeps, as far as can be seen.
static bool start_waiter(waiter *w, pst_ring *ring, bool is_writer, uint64_t n_frames) {
    *w = (waiter){.ring = ring, .is_writer = is_writer, .n_frames = n_frames};
    if (!CHECK(pthread_create(&w->thread, NULL, wait_there, w) == 0))
        return false;
    while (count_waiters(w) == 0)
        pst_sleep_until_ns(pst_now_ns() + PST_NS_PER_MS / 5);
    pst_sleep_until_ns(pst_now_ns() + PST_NS_PER_MS);
    return true;
}

static void join_waiter(waiter *w, pst_status wanted) {
    pthread_join(w->thread, NULL);
    CHECK_EQ(w->status, wanted);
}

static void test_a_reader_is_woken_once_there_is_enough(void) {
    ring_box box;
    waiter w;
    REQUIRE(open_ring(&box, PST_RING_AUTO, 1000, 4));
    REQUIRE(start_waiter(&w, box.ring, false, 64));
    for (int i = 0; i < 63; ++i)
        put_frames(&box, 1);
    CHECK_EQ(pst_ring_wakes(box.ring), 0); // Not before.
    CHECK(!atomic_load(&w.is_done));
    put_frames(&box, 1);
    join_waiter(&w, PST_OK);
    CHECK_EQ(pst_ring_wakes(box.ring), 1);
    for (int i = 0; i < 100; ++i)
        put_frames(&box, 1);
    CHECK_EQ(pst_ring_wakes(box.ring), 1); // Nobody waits any more.
    close_ring(&box);
}

static void test_an_interruption_of_one_side_ends_its_wait(void) {
    ring_box box;
    waiter w;
    REQUIRE(open_ring(&box, PST_RING_AUTO, 100, 4));
    REQUIRE(start_waiter(&w, box.ring, false, 1));
    pst_ring_interrupt_reader(box.ring, 0, true);
    join_waiter(&w, PST_CLOSED);
    put_frames(&box, pst_ring_writable(box.ring));
    REQUIRE(start_waiter(&w, box.ring, true, 1));
    pst_ring_interrupt_producer(box.ring, true);
    join_waiter(&w, PST_CLOSED);
    close_ring(&box);
}

static void test_the_producer_is_woken_by_the_slowest_reader(void) {
    ring_box box;
    waiter w;
    uint32_t other;
    REQUIRE(open_ring(&box, PST_RING_COPYING, 100, 4));
    REQUIRE(pst_ring_attach(box.ring, &other) == PST_OK);
    put_frames(&box, 100);
    REQUIRE(start_waiter(&w, box.ring, true, 40));
    take_frames(&box, 0, 100);
    take_frames(&box, other, 39);
    CHECK_EQ(pst_ring_wakes(box.ring), 0);
    CHECK(!atomic_load(&w.is_done));
    take_frames(&box, other, 1);
    join_waiter(&w, PST_OK);
    CHECK_EQ(pst_ring_wakes(box.ring), 1);
    close_ring(&box);
}

static void test_the_producer_is_woken_by_a_reader_that_leaves(void) {
    ring_box box;
    waiter w;
    REQUIRE(open_ring(&box, PST_RING_COPYING, 100, 4));
    put_frames(&box, 100);
    REQUIRE(start_waiter(&w, box.ring, true, 1));
    pst_ring_detach(box.ring, 0);
    join_waiter(&w, PST_OK);
    close_ring(&box);
}

static void test_end_and_interrupt_wake_both_sides(void) {
    for (int round = 0; round < 2; ++round) {
        ring_box box;
        waiter reader, writer;
        REQUIRE(open_ring(&box, PST_RING_COPYING, 100, 4));
        put_frames(&box, 60);
        REQUIRE(start_waiter(&reader, box.ring, false, 70));
        REQUIRE(start_waiter(&writer, box.ring, true, 70));
        if (round == 0)
            pst_ring_end(box.ring);
        else
            pst_ring_interrupt(box.ring, true);
        join_waiter(&reader, round == 0 ? PST_END : PST_CLOSED);
        join_waiter(&writer, round == 0 ? PST_END : PST_CLOSED);
        close_ring(&box);
    }
}

// The frames that were waited for are taken by make_room: the wait goes on for later ones.
static void test_a_wait_outlasts_dropped_frames(void) {
    ring_box box;
    waiter w;
    REQUIRE(open_ring(&box, PST_RING_COPYING, 100, 4));
    put_frames(&box, 50);
    REQUIRE(start_waiter(&w, box.ring, false, 80));
    CHECK_EQ(pst_ring_make_room(box.ring, 100), 100);
    CHECK_EQ(put_frames(&box, 79), 79);
    pst_sleep_until_ns(pst_now_ns() + 2 * PST_NS_PER_MS);
    CHECK(!atomic_load(&w.is_done));
    CHECK_EQ(put_frames(&box, 1), 1);
    join_waiter(&w, PST_OK);
    CHECK_EQ(pst_ring_readable(box.ring, 0), 80);
    CHECK_EQ(pst_ring_dropped(box.ring, 0), 50);
    close_ring(&box);
}

// ---- Descriptors -----------------------------------------------------------------------------

static void test_reading_descriptor(void) {
    ring_box box;
    REQUIRE(open_ring(&box, PST_RING_COPYING, 100, 4));
    const int fd = pst_ring_arm_readable(box.ring, 0, 10);
    REQUIRE(fd >= 0);
    put_frames(&box, 9);
    CHECK(!is_readable(fd));
    CHECK_EQ(pst_ring_wakes(box.ring), 0);
    put_frames(&box, 1);
    CHECK(is_readable(fd));
    put_frames(&box, 50);
    CHECK_EQ(pst_ring_wakes(box.ring), 1);                // One wake-up for each arming.
    CHECK_EQ(pst_ring_arm_readable(box.ring, 0, 60), fd); // Holds already.
    CHECK(is_readable(fd));
    CHECK_EQ(pst_ring_arm_readable(box.ring, 0, 61), fd);
    CHECK(!is_readable(fd));
    pst_ring_end(box.ring);
    CHECK(is_readable(fd));
    CHECK_EQ(pst_ring_arm_readable(box.ring, 0, 61), fd); // Ended: at once.
    CHECK(is_readable(fd));
    pst_ring_restart(box.ring);
    CHECK_EQ(pst_ring_arm_readable(box.ring, 0, 61), fd);
    CHECK(!is_readable(fd));
    pst_ring_interrupt(box.ring, true);
    CHECK(is_readable(fd));
    close_ring(&box);
}

static void test_writing_descriptor(void) {
    ring_box box;
    REQUIRE(open_ring(&box, PST_RING_COPYING, 100, 4));
    const int fd = pst_ring_arm_writable(box.ring, 100);
    CHECK(is_readable(fd));
    put_frames(&box, 100);
    CHECK_EQ(pst_ring_arm_writable(box.ring, 30), fd);
    CHECK(!is_readable(fd));
    take_frames(&box, 0, 29);
    CHECK(!is_readable(fd));
    take_frames(&box, 0, 1);
    CHECK(is_readable(fd));
    close_ring(&box);
}

static void test_a_wait_leaves_the_arming_in_place(void) {
    ring_box box;
    REQUIRE(open_ring(&box, PST_RING_COPYING, 100, 4));
    const int fd = pst_ring_arm_readable(box.ring, 0, 50);
    REQUIRE(fd >= 0);
    CHECK_EQ(pst_ring_wait_readable(box.ring, 0, 80, PST_NS_PER_MS), PST_TIMEOUT);
    CHECK(!is_readable(fd));
    put_frames(&box, 49);
    CHECK(!is_readable(fd));
    put_frames(&box, 1);
    CHECK(is_readable(fd));
    close_ring(&box);
}

static void test_a_reader_that_leaves_takes_its_arming_along(void) {
    ring_box box;
    uint32_t reader, next;
    REQUIRE(open_ring(&box, PST_RING_COPYING, 100, 4));
    REQUIRE(pst_ring_attach(box.ring, &reader) == PST_OK);
    const int fd = pst_ring_arm_readable(box.ring, reader, 1);
    pst_ring_detach(box.ring, reader);
    REQUIRE(pst_ring_attach(box.ring, &next) == PST_OK);
    CHECK_EQ(next, reader);
    put_frames(&box, 10);
    CHECK(!is_readable(fd));
    CHECK_EQ(pst_ring_wakes(box.ring), 0);
    close_ring(&box);
}

int main(void) {
    RUN(test_looking_only);
    RUN(test_timeouts);
    RUN(test_ends_and_interruptions);
    RUN(test_one_side_alone_is_interrupted);
    RUN(test_an_interruption_of_one_side_ends_its_wait);
    RUN(test_a_reader_is_woken_once_there_is_enough);
    RUN(test_the_producer_is_woken_by_the_slowest_reader);
    RUN(test_the_producer_is_woken_by_a_reader_that_leaves);
    RUN(test_end_and_interrupt_wake_both_sides);
    RUN(test_a_wait_outlasts_dropped_frames);
    RUN(test_reading_descriptor);
    RUN(test_writing_descriptor);
    RUN(test_a_wait_leaves_the_arming_in_place);
    RUN(test_a_reader_that_leaves_takes_its_arming_along);
    return check_done();
}
