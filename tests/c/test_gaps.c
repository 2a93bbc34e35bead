// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "stream/gaps.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/thread.h"
#include "check.h"
#include "pastream/stream.h"

// The log of gaps, and the history under it.

static pst_gaps *make_gaps(void) {
    return pst_alloc(sizeof(pst_gaps));
}

static void check_look(const pst_gaps *gaps, uint64_t position, uint64_t n_frames, int64_t missing,
                       int64_t gap_frames, uint32_t flags) {
    pst_gaps_view view;
    pst_gaps_look(gaps, position, n_frames, &view);
    CHECK_EQ(view.missing, missing);
    CHECK_EQ(view.gap_frames, gap_frames);
    CHECK_EQ(view.flags, flags);
}

static void test_empty(void) {
    pst_gaps *gaps = make_gaps();
    check_look(gaps, 0, 10, 0, 0, 0);
    check_look(gaps, UINT64_C(1) << 53, 1, 0, 0, 0);
    pst_free(gaps);
}

static void test_one_gap(void) {
    pst_gaps *gaps = make_gaps();
    pst_gaps_push(gaps, 100, 164, 7, 0);
    check_look(gaps, 0, 100, 0, 0, 0);            // Ends before the gap.
    check_look(gaps, 0, 101, 0, 7, PST_FLAG_GAP); // Contains it.
    check_look(gaps, 99, 2, 0, 7, PST_FLAG_GAP);
    check_look(gaps, 100, 1, 7, 7, PST_FLAG_GAP); // Begins with it.
    check_look(gaps, 101, 50, 7, 0, 0);           // Lies behind it.
    check_look(gaps, 1000, 50, 7, 0, 0);
    check_look(gaps, 50, 0, 0, 0, 0);
    pst_free(gaps);
}

static void test_gap_at_the_start(void) {
    pst_gaps *gaps = make_gaps();
    pst_gaps_push(gaps, 0, 64, 40, 0);
    check_look(gaps, 0, 1, 40, 40, PST_FLAG_GAP);
    check_look(gaps, 1, 1, 40, 0, 0);
    pst_free(gaps);
}

static void test_flags(void) {
    pst_gaps *gaps = make_gaps();
    pst_gaps_push(gaps, 64, 128, 0, PST_FLAG_INPUT_OVERFLOW);
    pst_gaps_push(gaps, 128, 192, 0, PST_FLAG_PRIMING);
    pst_gaps_push(gaps, 256, 320, 5, PST_FLAG_OUTPUT_UNDERFLOW);
    check_look(gaps, 0, 64, 0, 0, 0);
    check_look(gaps, 0, 65, 0, 0, PST_FLAG_INPUT_OVERFLOW);
    check_look(gaps, 127, 1, 0, 0, PST_FLAG_INPUT_OVERFLOW);
    check_look(gaps, 127, 2, 0, 0, PST_FLAG_INPUT_OVERFLOW | PST_FLAG_PRIMING);
    check_look(gaps, 192, 64, 0, 0, 0);
    check_look(gaps, 191, 66, 0, 5, PST_FLAG_PRIMING | PST_FLAG_OUTPUT_UNDERFLOW | PST_FLAG_GAP);
    check_look(gaps, 300, 100, 5, 0, PST_FLAG_OUTPUT_UNDERFLOW);
    check_look(gaps, 320, 100, 5, 0, 0);
    check_look(gaps, 0, 1000, 0, 5,
               PST_FLAG_INPUT_OVERFLOW | PST_FLAG_PRIMING | PST_FLAG_OUTPUT_UNDERFLOW |
                   PST_FLAG_GAP);
    pst_free(gaps);
}

// All runs over random gaps, against sums that are taken anew for each.
static void test_against_model(void) {
    enum { N_POSITIONS = 300 };
    for (uint64_t seed = 1; seed <= 20; ++seed) {
        uint64_t state = seed;
        const uint64_t origin = seed % 2 == 0 ? 0 : (UINT64_C(1) << 32) - 100;
        int64_t before[N_POSITIONS] = {0}; // Missing just before the position.
        uint32_t flags[N_POSITIONS] = {0};
        pst_gaps *gaps = make_gaps();
        for (uint32_t at = 0; at < N_POSITIONS;) {
            const uint32_t n = check_random_in(&state, 1, 9);
            const uint32_t end = at + n < N_POSITIONS ? at + n : N_POSITIONS;
            const uint32_t missing =
                check_random(&state) % 3 == 0 ? check_random_in(&state, 1, 1000) : 0;
            const uint32_t entry_flags = check_random(&state) % 3 == 0 ? PST_FLAG_PRIMING : 0;
            if (missing > 0 || entry_flags != 0)
                pst_gaps_push(gaps, origin + at, origin + end, missing, entry_flags);
            before[at] = missing;
            for (; at < end; ++at)
                flags[at] = entry_flags;
        }
        for (uint32_t begin = 0; begin < N_POSITIONS; ++begin) {
            int64_t all_before = 0;
            for (uint32_t i = 0; i <= begin; ++i)
                all_before += before[i];
            int64_t gap_frames = 0;
            uint32_t seen = 0;
            for (uint32_t end = begin + 1; end <= N_POSITIONS; ++end) {
                gap_frames += before[end - 1];
                seen |= flags[end - 1] | (before[end - 1] > 0 ? PST_FLAG_GAP : 0);
                check_look(gaps, origin + begin, end - begin, all_before, gap_frames, seen);
            }
        }
        pst_free(gaps);
    }
}

// Only the newest 1024 are left.
static void test_wraps(void) {
    pst_gaps *gaps = make_gaps();
    const uint64_t n = 3000;
    for (uint64_t i = 0; i < n; ++i)
        pst_gaps_push(gaps, i * 10, i * 10 + 10, 1, 0);
    for (uint64_t i = n - PST_HISTORY_ENTRIES + 1; i < n; ++i) {
        check_look(gaps, i * 10, 10, (int64_t)i + 1, 1, PST_FLAG_GAP);
        check_look(gaps, i * 10 + 1, 9, (int64_t)i + 1, 0, 0);
    }
    // Older ones are taken for the oldest that is known.
    check_look(gaps, 0, 10, (int64_t)(n - PST_HISTORY_ENTRIES + 1), 0, 0);
    pst_gaps_view view;
    pst_gaps_look(gaps, 0, n * 10, &view);
    CHECK(view.gap_frames >= PST_HISTORY_ENTRIES - 1 && view.gap_frames <= (int64_t)n);
    pst_gaps_clear(gaps);
    check_look(gaps, 0, n * 10, 0, 0, 0);
    pst_free(gaps);
}

static void test_history_bounds(void) {
    pst_history *history = pst_alloc(sizeof *history);
    pst_history_entry entry;
    uint64_t index;
    CHECK(!pst_history_get(history, 0, &entry));
    CHECK(!pst_history_find(history, 100, &index, &entry));
    for (uint64_t i = 0; i < 5000; ++i) {
        const pst_history_entry pushed = {{i * 2, i, ~i, i ^ 5}};
        pst_history_push(history, &pushed);
        CHECK_EQ(pst_history_count(history), i + 1);
    }
    CHECK(!pst_history_get(history, 5000, &entry));
    CHECK(!pst_history_get(history, 5000 - PST_HISTORY_ENTRIES - 1, &entry));
    for (uint64_t i = 5000 - PST_HISTORY_ENTRIES; i < 5000; ++i) {
        CHECK(pst_history_get(history, i, &entry));
        CHECK_EQ(entry.words[1], i);
        CHECK(pst_history_find(history, i * 2 + 1, &index, &entry));
        CHECK_EQ(index, i);
    }
    CHECK(!pst_history_find(history, 10, &index, &entry));
    pst_free(history);
}

// One thread writes as fast as it can, another looks up: what it gets is whole or refused.
typedef struct race {
    pst_history history;
    _Atomic bool done;
    _Atomic uint64_t n_read;
} race;

static void push_all(void *arg) {
    race *shared = arg;
    for (uint64_t i = 0; i < 400000 || (atomic_load(&shared->n_read) < 1000 && i < 40000000); ++i) {
        const pst_history_entry entry = {{i, i + 1, i + 2, i + 3}};
        pst_history_push(&shared->history, &entry);
    }
    atomic_store(&shared->done, true);
}

static void test_race(void) {
    race *shared = pst_alloc(sizeof *shared);
    pst_thread thread;
    REQUIRE(pst_thread_start(&thread, "pusher", push_all, shared, NULL) == PST_OK);
    uint64_t state = 1;
    while (!atomic_load(&shared->done)) {
        const uint64_t n = pst_history_count(&shared->history);
        const uint64_t back = check_random_in(&state, 0, PST_HISTORY_ENTRIES + 10);
        const uint64_t key = n > back ? n - back : 0;
        pst_history_entry entry;
        uint64_t index;
        if (pst_history_find(&shared->history, key, &index, &entry)) {
            CHECK_EQ(entry.words[0], index);
            CHECK(index <= key);
            for (uint64_t i = 0; i < PST_HISTORY_WORDS; ++i)
                CHECK_EQ(entry.words[i], index + i);
            atomic_fetch_add(&shared->n_read, 1);
        }
    }
    pst_thread_join(&thread);
    CHECK(atomic_load(&shared->n_read) > 0);
    pst_free(shared);
}

int main(void) {
    RUN(test_empty);
    RUN(test_one_gap);
    RUN(test_gap_at_the_start);
    RUN(test_flags);
    RUN(test_against_model);
    RUN(test_wraps);
    RUN(test_history_bounds);
    RUN(test_race);
    return check_done();
}
