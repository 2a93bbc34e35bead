// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "core/ring_private.h"
#include "pastream/ring.h"
#include "ring_fixture.h"

// Several readers, and what the producer may take from them.

static void test_every_reader_sees_everything(void) {
    for (int kind = 0; kind < N_RING_KINDS; ++kind) {
        ring_box box;
        uint32_t second, third;
        REQUIRE(open_ring(&box, ring_kinds[kind], 100, 4));
        const uint64_t full = box.info.capacity_frames;
        CHECK_EQ(put_frames(&box, 10), 10);
        CHECK_EQ(pst_ring_attach(box.ring, &second), PST_OK); // From here on.
        CHECK_EQ(pst_ring_readable(box.ring, second), 0);
        CHECK_EQ(pst_ring_position(box.ring, second), 10);
        CHECK_EQ(put_frames(&box, 20), 20);
        CHECK_EQ(pst_ring_attach(box.ring, &third), PST_OK);
        CHECK_EQ(take_frames(&box, 0, 1000), 30);
        CHECK_EQ(take_frames(&box, second, 5), 5);
        // The slowest decides.
        CHECK_EQ(pst_ring_writable(box.ring), full - 15);
        pst_ring_detach(box.ring, second);
        CHECK_EQ(pst_ring_writable(box.ring), full);
        CHECK_EQ(put_frames(&box, full), full);
        CHECK_EQ(pst_ring_readable(box.ring, third), full);
        CHECK_EQ(pst_ring_position(box.ring, third), 30);
        CHECK_EQ(take_frames(&box, third, full), full);
        close_ring(&box);
    }
}

static void test_readers_have_a_limit_and_come_back(void) {
    ring_box box;
    uint32_t reader;
    REQUIRE(open_ring(&box, PST_RING_AUTO, 100, 4));
    for (uint32_t i = 1; i < PST_RING_MAX_READERS; ++i) {
        CHECK_EQ(pst_ring_attach(box.ring, &reader), PST_OK);
        CHECK_EQ(reader, i);
    }
    CHECK_EQ(pst_ring_attach(box.ring, &reader), PST_LIMIT);
    pst_ring_detach(box.ring, 5);
    pst_ring_detach(box.ring, 0);
    CHECK_EQ(pst_ring_attach(box.ring, &reader), PST_OK);
    CHECK_EQ(reader, 0);
    CHECK_EQ(pst_ring_attach(box.ring, &reader), PST_OK);
    CHECK_EQ(reader, 5);
    close_ring(&box);
}

static void test_without_readers_nothing_holds_the_producer_up(void) {
    ring_box box;
    uint32_t reader;
    REQUIRE(open_ring(&box, PST_RING_COPYING, 100, 4));
    pst_ring_detach(box.ring, 0);
    for (int i = 0; i < 10; ++i)
        CHECK_EQ(put_frames(&box, 77), 77);
    CHECK_EQ(pst_ring_attach(box.ring, &reader), PST_OK);
    CHECK_EQ(pst_ring_position(box.ring, reader), 770);
    CHECK_EQ(put_frames(&box, 1000), 100);
    CHECK_EQ(take_frames(&box, reader, 1000), 100);
    close_ring(&box);
}

static void test_numbers_that_are_no_reader(void) {
    ring_box box;
    pst_span span;
    uint8_t data[16];
    static const uint32_t numbers[] = {1, 15, 16, 17, 32, UINT32_MAX};
    REQUIRE(open_ring(&box, PST_RING_AUTO, 100, 4));
    put_frames(&box, 50);
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; ++i) {
        const uint32_t reader = numbers[i];
        CHECK_EQ(pst_ring_readable(box.ring, reader), 0);
        CHECK_EQ(pst_ring_position(box.ring, reader), 0);
        CHECK_EQ(pst_ring_dropped(box.ring, reader), 0);
        CHECK_EQ(pst_ring_begin_read(box.ring, reader, 4, &span), 0);
        CHECK(span.data == NULL && span.n_frames == 0);
        CHECK_EQ(pst_ring_read(box.ring, reader, data, 4), 0);
        CHECK_EQ(pst_ring_skip(box.ring, reader, 4), 0);
        pst_ring_commit_read(box.ring, reader, 4);
        pst_ring_detach(box.ring, reader);
        CHECK_EQ(pst_ring_wait_readable(box.ring, reader, 1, 0), PST_BAD_ARGUMENT);
        CHECK_EQ(pst_ring_arm_readable(box.ring, reader, 1), PST_BAD_ARGUMENT);
    }
    CHECK_EQ(pst_ring_readable(box.ring, 0), 50);
    close_ring(&box);
}

// ---- Making room -----------------------------------------------------------------------------

static void test_the_oldest_frames_go(void) {
    for (int kind = 0; kind < N_RING_KINDS; ++kind) {
        ring_box box;
        REQUIRE(open_ring(&box, ring_kinds[kind], 100, 4));
        const uint64_t full = box.info.capacity_frames;
        CHECK_EQ(pst_ring_make_room(box.ring, full), full); // Empty: nothing to lose.
        put_frames(&box, full);
        CHECK(pst_ring_make_room(box.ring, 30) == 30);
        CHECK_EQ(pst_ring_dropped(box.ring, 0), 30);
        CHECK_EQ(pst_ring_position(box.ring, 0), 30);
        CHECK_EQ(put_frames(&box, 50), 30);
        CHECK_EQ(take_frames(&box, 0, UINT64_MAX), full);
        CHECK_EQ(pst_ring_make_room(box.ring, 10), full);
        CHECK_EQ(pst_ring_dropped(box.ring, 0), 30);
        put_frames(&box, 5);
        CHECK_EQ(pst_ring_make_room(box.ring, UINT64_MAX), full); // The whole ring.
        CHECK_EQ(pst_ring_dropped(box.ring, 0), 35);
        CHECK_EQ(pst_ring_readable(box.ring, 0), 0);
        close_ring(&box);
    }
}

static void test_a_held_span_is_left_alone(void) {
    for (int kind = 0; kind < N_RING_KINDS; ++kind) {
        ring_box box;
        pst_span span;
        uint32_t other;
        REQUIRE(open_ring(&box, ring_kinds[kind], 100, 4));
        const uint64_t full = box.info.capacity_frames;
        REQUIRE(pst_ring_attach(box.ring, &other) == PST_OK);
        put_frames(&box, full);
        CHECK_EQ(pst_ring_begin_read(box.ring, 0, 20, &span), 20);
        CHECK_EQ(pst_ring_position(box.ring, 0), 0); // Without the mark of the hold.
        CHECK_EQ(pst_ring_make_room(box.ring, 30), 0);
        CHECK_EQ(pst_ring_dropped(box.ring, 0), 0);
        CHECK_EQ(pst_ring_dropped(box.ring, other), 30); // The other reader did not hold.
        CHECK_EQ(put_frames(&box, 10), 0);
        CHECK(frames_are(span.data, 4, 0, 20));
        pst_ring_commit_read(box.ring, 0, 20);
        CHECK_EQ(pst_ring_make_room(box.ring, 30), 30);
        CHECK_EQ(pst_ring_dropped(box.ring, 0), 10);
        // An empty begin holds nothing.
        CHECK_EQ(pst_ring_begin_read(box.ring, 0, 0, &span), 0);
        CHECK_EQ(pst_ring_make_room(box.ring, 40), 40);
        CHECK_EQ(pst_ring_dropped(box.ring, 0), 20);
        close_ring(&box);
    }
}

static void test_a_new_owner_starts_without_losses(void) {
    ring_box box;
    uint32_t reader;
    REQUIRE(open_ring(&box, PST_RING_COPYING, 100, 4));
    REQUIRE(pst_ring_attach(box.ring, &reader) == PST_OK);
    put_frames(&box, 100);
    CHECK_EQ(pst_ring_make_room(box.ring, 60), 60);
    CHECK_EQ(pst_ring_dropped(box.ring, reader), 60);
    pst_ring_detach(box.ring, reader);
    REQUIRE(pst_ring_attach(box.ring, &reader) == PST_OK);
    CHECK_EQ(pst_ring_dropped(box.ring, reader), 0);
    close_ring(&box);
}

// As a reader is between its first position and its last while it joins: far behind and held.
static void test_a_joining_reader_is_not_waited_for(void) {
    ring_box box;
    uint32_t reader;
    REQUIRE(open_ring(&box, PST_RING_COPYING, 100, 4));
    REQUIRE(pst_ring_attach(box.ring, &reader) == PST_OK);
    put_frames(&box, 90);
    take_frames(&box, 0, 90);
    take_frames(&box, reader, 90);
    put_frames(&box, 90);
    take_frames(&box, 0, 90);
    atomic_store(&box.ring->readers[reader].position, PST_RING_HELD | 10); // 170 behind.
    CHECK_EQ(pst_ring_writable(box.ring), 100);
    CHECK_EQ(pst_ring_make_room(box.ring, 100), 100);
    CHECK_EQ(pst_ring_dropped(box.ring, reader), 0);
    CHECK_EQ(put_frames(&box, 50), 50);
    close_ring(&box);
}

static void test_a_reader_joins_beside_another(void) {
    for (int kind = 0; kind < N_RING_KINDS; ++kind) {
        ring_box box;
        uint32_t second, third;
        REQUIRE(open_ring(&box, ring_kinds[kind], 100, 4));
        const uint64_t full = box.info.capacity_frames;
        put_frames(&box, 70);
        take_frames(&box, 0, 30);
        CHECK_EQ(pst_ring_attach_beside(box.ring, 0, &second), PST_OK);
        CHECK_EQ(pst_ring_position(box.ring, second), 30);
        take_frames(&box, 0, 40);
        CHECK_EQ(pst_ring_writable(box.ring), full - 40); // It is waited for from now on.
        put_frames(&box, full);
        pst_span span;
        CHECK(pst_ring_begin_read(box.ring, second, 10, &span) > 0);
        CHECK_EQ(pst_ring_attach_beside(box.ring, second, &third), PST_OK); // Of one that is held.
        CHECK_EQ(pst_ring_position(box.ring, third), 30);
        pst_ring_commit_read(box.ring, second, 0);
        CHECK_EQ(take_frames(&box, second, full), full);
        CHECK_EQ(take_frames(&box, third, full), full);
        pst_ring_detach(box.ring, 0);
        pst_ring_detach(box.ring, third);
        CHECK_EQ(pst_ring_attach_beside(box.ring, 0, &third), PST_OK); // Nobody is there: the end.
        CHECK_EQ(pst_ring_position(box.ring, third), pst_ring_written(box.ring));
        CHECK_EQ(pst_ring_attach_beside(box.ring, PST_RING_MAX_READERS, &third), PST_BAD_ARGUMENT);
        close_ring(&box);
    }
}

static void test_an_idle_reader_is_passed_over(void) {
    ring_box box;
    uint32_t other;
    REQUIRE(open_ring(&box, PST_RING_COPYING, 100, 4));
    CHECK(pst_ring_clear(box.ring));
    CHECK_EQ(put_frames(&box, 100), 100);
    CHECK_EQ(pst_ring_pass_idle(box.ring, 10), 0); // It is the only one.
    CHECK_EQ(pst_ring_attach(box.ring, &other), PST_OK);
    CHECK_EQ(pst_ring_pass_idle(box.ring, 10), 10);
    CHECK_EQ(pst_ring_position(box.ring, 0), 10);
    CHECK_EQ(pst_ring_dropped(box.ring, 0), 0);
    CHECK_EQ(put_frames(&box, 10), 10);
    CHECK_EQ(take_frames(&box, 0, 1), 1); // From here on it counts.
    CHECK_EQ(pst_ring_pass_idle(box.ring, 10), 1);
    CHECK(pst_ring_clear(box.ring));
    CHECK_EQ(pst_ring_readable(box.ring, 0), 0);
    CHECK_EQ(put_frames(&box, 100), 100);
    CHECK_EQ(pst_ring_pass_idle(box.ring, 10), 0); // The other one is not idle.
    CHECK_EQ(take_frames(&box, other, 100), 100);
    CHECK_EQ(pst_ring_wait_readable(box.ring, 0, 90, 0), PST_OK); // A wait counts, too.
    CHECK_EQ(pst_ring_pass_idle(box.ring, 50), 10);               // As before.
    close_ring(&box);
}

static void test_an_idle_reader_stays_idle_when_the_others_have_gone(void) {
    ring_box box;
    uint32_t other;
    REQUIRE(open_ring(&box, PST_RING_COPYING, 100, 4));
    CHECK(pst_ring_clear(box.ring));
    CHECK_EQ(pst_ring_attach(box.ring, &other), PST_OK);
    pst_ring_detach(box.ring, other);
    CHECK_EQ(put_frames(&box, 100), 100);
    CHECK_EQ(pst_ring_pass_idle(box.ring, 10), 10);
    CHECK(pst_ring_clear(box.ring)); // Until the next run.
    CHECK_EQ(put_frames(&box, 100), 100);
    CHECK_EQ(pst_ring_pass_idle(box.ring, 10), 0);
    close_ring(&box);
}

static void test_a_claimed_reader_is_not_idle(void) {
    ring_box box;
    uint32_t other;
    REQUIRE(open_ring(&box, PST_RING_COPYING, 100, 4));
    CHECK_EQ(pst_ring_attach(box.ring, &other), PST_OK);
    CHECK(pst_ring_clear(box.ring));
    pst_ring_claim(box.ring, true);
    CHECK_EQ(put_frames(&box, 100), 100);
    CHECK_EQ(pst_ring_pass_idle(box.ring, 10), 0);
    CHECK(pst_ring_clear(box.ring));
    CHECK_EQ(put_frames(&box, 100), 100);
    CHECK_EQ(take_frames(&box, other, 100), 100);
    CHECK_EQ(pst_ring_pass_idle(box.ring, 10), 0);
    pst_ring_claim(box.ring, false);
    CHECK(pst_ring_clear(box.ring));
    CHECK_EQ(put_frames(&box, 100), 100);
    CHECK_EQ(take_frames(&box, other, 100), 100);
    CHECK_EQ(pst_ring_pass_idle(box.ring, 10), 10);
    close_ring(&box);
}

static void test_clearing_moves_all_but_those_that_hold_a_span(void) {
    ring_box box;
    uint32_t other;
    pst_span span;
    REQUIRE(open_ring(&box, PST_RING_COPYING, 100, 4));
    CHECK_EQ(pst_ring_attach(box.ring, &other), PST_OK);
    put_frames(&box, 50);
    CHECK_EQ(pst_ring_begin_read(box.ring, other, 5, &span), 5);
    CHECK(!pst_ring_clear(box.ring));
    CHECK_EQ(pst_ring_position(box.ring, 0), 50);
    CHECK_EQ(pst_ring_position(box.ring, other), 0);
    pst_ring_commit_read(box.ring, other, 5);
    CHECK(pst_ring_clear(box.ring));
    CHECK_EQ(pst_ring_position(box.ring, other), 50);
    CHECK_EQ(pst_ring_dropped(box.ring, other), 0);
    CHECK_EQ(put_frames(&box, 100), 100);
    CHECK_EQ(take_frames(&box, other, 100), 100);
    close_ring(&box);
}

// The producer takes back what nobody has read; a span that is held stays.
static void test_a_producer_takes_back_what_it_wrote(void) {
    for (int kind = 0; kind < N_RING_KINDS; ++kind) {
        ring_box box;
        REQUIRE(open_ring(&box, ring_kinds[kind], 100, 4));
        uint32_t other;
        REQUIRE(pst_ring_attach(box.ring, &other) == PST_OK);
        uint8_t frames[4 * 100], got[4 * 100];
        fill_frames(frames, 4, 0, 100);
        CHECK_EQ(pst_ring_write(box.ring, frames, 80), 80);
        CHECK_EQ(pst_ring_read(box.ring, 0, got, 10), 10);
        pst_span span;
        CHECK_EQ(pst_ring_begin_read(box.ring, other, 30, &span), 30);
        CHECK(!pst_ring_discard(box.ring));
        CHECK_EQ(pst_ring_readable(box.ring, 0), 0);
        CHECK_EQ(pst_ring_dropped(box.ring, 0), 0); // Nobody was too late.
        CHECK(memcmp(span.data, frames, 4 * 30) == 0);
        pst_ring_commit_read(box.ring, other, 30);
        CHECK_EQ(pst_ring_readable(box.ring, other), 50);
        CHECK(pst_ring_discard(box.ring));
        CHECK_EQ(pst_ring_readable(box.ring, other), 0);
        CHECK_EQ(pst_ring_position(box.ring, 0), 80);
        const uint64_t capacity = box.info.capacity_frames;
        CHECK_EQ(pst_ring_writable(box.ring), capacity);
        fill_frames(frames, 4, 80, 60);
        CHECK_EQ(pst_ring_write(box.ring, frames, 60), 60);
        CHECK_EQ(pst_ring_read(box.ring, 0, got, 100), 60);
        CHECK(memcmp(got, frames, 4 * 60) == 0);
        close_ring(&box);
    }
}

int main(void) {
    RUN(test_a_reader_joins_beside_another);
    RUN(test_an_idle_reader_is_passed_over);
    RUN(test_an_idle_reader_stays_idle_when_the_others_have_gone);
    RUN(test_a_claimed_reader_is_not_idle);
    RUN(test_clearing_moves_all_but_those_that_hold_a_span);
    RUN(test_every_reader_sees_everything);
    RUN(test_readers_have_a_limit_and_come_back);
    RUN(test_without_readers_nothing_holds_the_producer_up);
    RUN(test_numbers_that_are_no_reader);
    RUN(test_the_oldest_frames_go);
    RUN(test_a_held_span_is_left_alone);
    RUN(test_a_new_owner_starts_without_losses);
    RUN(test_a_joining_reader_is_not_waited_for);
    RUN(test_a_producer_takes_back_what_it_wrote);
    return check_done();
}
