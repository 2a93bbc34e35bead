// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include <pthread.h>
#include <sched.h>

#include "base/clock.h"
#include "pastream/ring.h"
#include "ring_fixture.h"

// Threads on one ring, every frame looked at and counted. The first value of a frame is its
// position, the second one depends on it: what is lost, doubled, torn or overwritten shows.

enum { FRAME_BYTES = 16, BURST_FRAMES = 300, CAPACITY_FRAMES = 1000 };

#if CHECK_TSAN || CHECK_ASAN
enum { N_FRAMES = 150000 };
#else
enum { N_FRAMES = 1500000 };
#endif

static void fill(void *data, uint64_t position, uint64_t n_frames) {
    uint64_t *words = data;
    for (uint64_t i = 0; i < n_frames; ++i) {
        words[2 * i] = position + i;
        words[2 * i + 1] = ~(position + i) * 3;
    }
}

static bool is_right(const void *data, uint64_t position, uint64_t n_frames) {
    const uint64_t *words = data;
    for (uint64_t i = 0; i < n_frames; ++i)
        if (words[2 * i] != position + i || words[2 * i + 1] != ~(position + i) * 3)
            return false;
    return true;
}

typedef struct end {
    ring_box *box;
    uint32_t reader;
    uint64_t random;
    bool drops; // The producer makes room instead of waiting.
    uint64_t n_received;
    uint64_t first;   // Position of the first frame.
    uint64_t n_begun; // Spans or copies.
    pthread_t thread;
} end;

// ---- Producer --------------------------------------------------------------------------------

static void *produce(void *arg) {
    end *e = arg;
    pst_ring *ring = e->box->ring;
    uint64_t position = 0;
    uint64_t block[2 * BURST_FRAMES];
    while (position < N_FRAMES) {
        const uint64_t left = N_FRAMES - position;
        uint64_t n = check_random_in(&e->random, 1, BURST_FRAMES);
        n = n < left ? n : left;
        if (e->drops)
            pst_ring_make_room(ring, n);
        else if (check_random(&e->random) % 4 == 0)
            CHECK_EQ(pst_ring_wait_writable(ring, n, 20 * PST_NS_PER_SECOND), PST_OK);
        uint64_t n_done;
        if (check_random(&e->random) % 2 == 0) {
            fill(block, position, n);
            n_done = pst_ring_write(ring, block, n);
        } else {
            pst_span span;
            n_done = pst_ring_begin_write(ring, n, &span);
            CHECK_EQ(span.position, position);
            fill(span.data, position, n_done);
            pst_ring_commit_write(ring, n_done);
        }
        position += n_done;
        if (n_done == 0)
            sched_yield();
        else if (check_random(&e->random) % 64 == 0)
            sched_yield();
    }
    pst_ring_end(ring);
    return NULL;
}

// ---- Readers ---------------------------------------------------------------------------------

// One random way of reading. Returns how many frames came; position is that of the first.
static uint64_t read_some(end *e, uint64_t *position) {
    pst_ring *ring = e->box->ring;
    const uint64_t n_wanted = check_random_in(&e->random, 1, BURST_FRAMES);
    uint64_t block[2 * BURST_FRAMES];
    uint64_t n;
    if (check_random(&e->random) % 3 == 0) {
        n = pst_ring_read(ring, e->reader, block, n_wanted);
        *position = n > 0 ? block[0] : 0;
        CHECK(is_right(block, *position, n));
        return n;
    }
    pst_span span;
    n = pst_ring_begin_read(ring, e->reader, n_wanted, &span);
    CHECK(is_right(span.data, span.position, n));
    if (check_random(&e->random) % 8 == 0) {
        // Held for a while: still the same.
        sched_yield();
        CHECK(is_right(span.data, span.position, n));
    }
    // Sometimes not all of it.
    const uint64_t n_done = check_random(&e->random) % 4 == 0 ? n / 2 : n;
    pst_ring_commit_read(ring, e->reader, n_done);
    *position = span.position;
    return n_done;
}

static void *consume(void *arg) {
    end *e = arg;
    pst_ring *ring = e->box->ring;
    uint64_t next = e->first;
    for (;;) {
        const uint64_t n_wanted = check_random_in(&e->random, 1, BURST_FRAMES);
        const pst_status status =
            pst_ring_wait_readable(ring, e->reader, n_wanted, 20 * PST_NS_PER_SECOND);
        if (!CHECK(status == PST_OK || status == PST_END))
            break;
        if (status == PST_END && pst_ring_readable(ring, e->reader) == 0)
            break;
        uint64_t position;
        const uint64_t n = read_some(e, &position);
        if (n > 0) {
            CHECK(e->drops ? position >= next : position == next);
            next = position + n;
            e->n_received += n;
            ++e->n_begun;
        }
    }
    return NULL;
}

static void run_crowd(pst_ring_memory kind, uint32_t n_readers, bool drops) {
    ring_box box;
    end producer = {.box = &box, .random = 1 + n_readers, .drops = drops};
    end readers[4];
    if (!open_ring(&box, kind, CAPACITY_FRAMES, FRAME_BYTES))
        return;
    for (uint32_t i = 0; i < n_readers; ++i) {
        readers[i] = (end){.box = &box, .random = 100 + i, .drops = drops};
        if (i > 0)
            CHECK_EQ(pst_ring_attach(box.ring, &readers[i].reader), PST_OK);
    }
    for (uint32_t i = 0; i < n_readers; ++i)
        CHECK(pthread_create(&readers[i].thread, NULL, consume, &readers[i]) == 0);
    CHECK(pthread_create(&producer.thread, NULL, produce, &producer) == 0);
    pthread_join(producer.thread, NULL);
    for (uint32_t i = 0; i < n_readers; ++i) {
        pthread_join(readers[i].thread, NULL);
        const uint64_t n_dropped = pst_ring_dropped(box.ring, readers[i].reader);
        CHECK_EQ(readers[i].n_received + n_dropped, N_FRAMES);
        if (!drops)
            CHECK_EQ(n_dropped, 0);
    }
    close_ring(&box);
}

static void test_one_reader_gets_everything(void) {
    for (int kind = 0; kind < N_RING_KINDS; ++kind)
        run_crowd(ring_kinds[kind], 1, false);
}

static void test_two_readers_get_everything(void) {
    for (int kind = 0; kind < N_RING_KINDS; ++kind)
        run_crowd(ring_kinds[kind], 2, false);
}

static void test_four_readers_get_everything(void) {
    for (int kind = 0; kind < N_RING_KINDS; ++kind)
        run_crowd(ring_kinds[kind], 4, false);
}

static void test_received_and_dropped_are_all(void) {
    for (int kind = 0; kind < N_RING_KINDS; ++kind) {
        run_crowd(ring_kinds[kind], 1, true);
        run_crowd(ring_kinds[kind], 3, true);
    }
}

// ---- Coming and going ------------------------------------------------------------------------

// Attaches, at the end or beside the steady reader, reads some blocks without a gap, leaves, again
// and again.
static void *visit(void *arg) {
    end *e = arg;
    pst_ring *ring = e->box->ring;
    while (!pst_ring_ended(ring)) {
        const bool is_beside = check_random(&e->random) % 2 == 0;
        if (!CHECK_EQ(is_beside ? pst_ring_attach_beside(ring, 0, &e->reader)
                                : pst_ring_attach(ring, &e->reader),
                      PST_OK))
            break;
        uint64_t next = pst_ring_position(ring, e->reader);
        CHECK(next <= pst_ring_written(ring));
        for (uint32_t left = check_random_in(&e->random, 0, 20); left > 0; --left) {
            uint64_t position;
            const uint64_t n = read_some(e, &position);
            if (n > 0)
                CHECK(e->drops ? position >= next : position == next);
            next = n > 0 ? position + n : next;
            e->n_received += n;
        }
        if (check_random(&e->random) % 16 == 0)
            sched_yield(); // Now and then it holds the producer up.
        pst_ring_detach(ring, e->reader);
        ++e->n_begun;
    }
    return NULL;
}

static void run_visitors(pst_ring_memory kind, bool drops) {
    ring_box box;
    enum { N_VISITORS = 3 };
    end producer = {.box = &box, .random = 77, .drops = drops};
    end steady = {.box = &box, .random = 78, .drops = drops};
    end visitors[N_VISITORS];
    if (!open_ring(&box, kind, CAPACITY_FRAMES, FRAME_BYTES))
        return;
    for (uint32_t i = 0; i < N_VISITORS; ++i) {
        visitors[i] = (end){.box = &box, .random = 200 + i, .drops = drops};
        CHECK(pthread_create(&visitors[i].thread, NULL, visit, &visitors[i]) == 0);
    }
    CHECK(pthread_create(&steady.thread, NULL, consume, &steady) == 0);
    CHECK(pthread_create(&producer.thread, NULL, produce, &producer) == 0);
    pthread_join(producer.thread, NULL);
    pthread_join(steady.thread, NULL);
    CHECK_EQ(steady.n_received + pst_ring_dropped(box.ring, 0), N_FRAMES);
    for (uint32_t i = 0; i < N_VISITORS; ++i)
        pthread_join(visitors[i].thread, NULL);
    close_ring(&box);
}

static void test_readers_come_and_go(void) {
    for (int kind = 0; kind < N_RING_KINDS; ++kind) {
        run_visitors(ring_kinds[kind], false);
        run_visitors(ring_kinds[kind], true);
    }
}

int main(void) {
    RUN(test_one_reader_gets_everything);
    RUN(test_two_readers_get_everything);
    RUN(test_four_readers_get_everything);
    RUN(test_received_and_dropped_are_all);
    RUN(test_readers_come_and_go);
    return check_done();
}
