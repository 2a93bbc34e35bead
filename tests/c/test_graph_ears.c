// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include <pthread.h>

#include "failing_alloc.h"
#include "graph/hrtf/hrtf.h"
#include "head_rig.h"

// Filters of ears, made from a head.

static double level_of(const pst_ears *ears, size_t at) {
    double sum = 0.0;
    for (uint32_t i = 0; i < ears->n_taps; ++i)
        sum += pow((double)ears->taps[at * ears->n_taps + i], 2);
    return sqrt(sum);
}

static void test_ears_have_the_delays_and_levels_of_the_head(void) {
    static const double rates[] = {8000, 44100, 48000, 192000};
    for (int r = 0; r < 4; ++r) {
        pst_ears *ears = make_ears(rates[r]);
        CHECK(ears->n_taps >= rates[r] * 0.005);
        const size_t front = pst_ears_at(PST_EARS_ROWS / 2, 0);
        const double power = pow(level_of(ears, front), 2) + pow(level_of(ears, front + 1), 2);
        // The echo makes a difference between bands.
        CHECK_NEAR(power, 1.0, rates[r] == RATE ? 1e-3 : 0.25);
        for (uint32_t row = 4; row < PST_EARS_ROWS; ++row)
            for (uint32_t column = 0; column < PST_EARS_COLUMNS; ++column) {
                const double up = (row - 9.0) * turn / 36.0;
                const double right = column * turn / PST_EARS_COLUMNS;
                const float to[3] = {0, (float)(-cos(up) * sin(right)), 0};
                for (int e = 0; e < 2; ++e) {
                    const size_t at = pst_ears_at(row, column) + (size_t)e;
                    const double near = nearness(to, e);
                    // Where nobody has measured, at 15 degrees, it is only about right.
                    const double doubt = row % 3 == 0 && column % 3 == 0 ? 0.3 : 1.2;
                    const double late = (delay_of(near) - (LATE - 12.0)) * rates[r] / RATE;
                    CHECK_NEAR(ears->delays[at], late, doubt * rates[r] / RATE);
                    const double level = level_of(ears, at) / level_of(ears, front);
                    CHECK_NEAR(level, gain_of(near) / gain_of(0.0), 0.12 * doubt + 0.02);
                }
            }
        CHECK(ears->longest > 0.0f);
        pst_shared_release(&ears->shared);
    }
}

static void test_the_pole_that_nobody_measured_is_in_the_middle(void) {
    pst_ears *ears = make_ears(RATE);
    for (uint32_t column = 0; column < PST_EARS_COLUMNS; ++column) {
        const size_t at = pst_ears_at(0, column);
        CHECK_NEAR(ears->delays[at], ears->delays[at + 1], 1e-3);
        for (uint32_t i = 0; i < ears->n_taps; ++i)
            CHECK_NEAR(ears->taps[at * ears->n_taps + i], ears->taps[(at + 1) * ears->n_taps + i],
                       1e-5);
    }
    pst_shared_release(&ears->shared);
}

static void test_heads_that_make_no_sense_are_refused(void) {
    static float broken[2 * N_DIRECTIONS * N_FRAMES];
    static float nowhere[3 * N_DIRECTIONS];
    pst_ears *ears = NULL;
    pst_error err;
    pst_head head = head_of();
    head.n_directions = 0;
    CHECK_EQ(pst_ears_create(&ears, &head, RATE, &err), PST_BAD_FILE);
    head = head_of();
    head.n_frames = 4;
    CHECK_EQ(pst_ears_create(&ears, &head, RATE, &err), PST_BAD_FILE);
    head = head_of();
    head.rate_hz = NAN;
    CHECK_EQ(pst_ears_create(&ears, &head, RATE, &err), PST_BAD_FILE);
    head = head_of();
    head.directions = nowhere;
    CHECK_EQ(pst_ears_create(&ears, &head, RATE, &err), PST_BAD_FILE);
    head = head_of();
    head.responses = broken; // Silent,
    CHECK_EQ(pst_ears_create(&ears, &head, RATE, &err), PST_BAD_FILE);
    memcpy(broken, responses, sizeof broken);
    broken[77] = NAN; // and no number.
    CHECK_EQ(pst_ears_create(&ears, &head, RATE, &err), PST_BAD_FILE);
    CHECK(ears == NULL);
}

static void test_a_head_of_one_direction_hears_it_everywhere(void) {
    pst_head head = head_of();
    head.n_directions = 1;
    head.n_frames = 32;
    pst_ears *ears = NULL;
    CHECK_EQ(pst_ears_create(&ears, &head, 768000, NULL), PST_OK);
    for (uint32_t i = 0; i < 2 * ears->n_taps; ++i)
        CHECK_SAME(ears->taps[pst_ears_at(3, 11) * ears->n_taps + i],
                   ears->taps[pst_ears_at(9, 40) * ears->n_taps + i]);
    pst_shared_release(&ears->shared);
}

static void test_each_allocation_may_fail(void) {
    if (!failing_alloc_works()) {
        check_skip("sanitizers bring an allocator of their own");
        return;
    }
    pst_head head = head_of();
    head.n_directions = 4;
    for (long n = 1;; ++n) {
        pst_ears *ears = NULL;
        pst_hrtf *hrtf = NULL;
        failing_alloc_begin(n);
        pst_status status = pst_ears_create(&ears, &head, RATE, NULL);
        if (status == PST_OK)
            status = pst_hrtf_create(&hrtf, ears, 128, NULL);
        pst_shared_release((pst_shared *)hrtf);
        pst_shared_release((pst_shared *)ears);
        const bool got_by = failing_alloc_end() < n;
        CHECK_TEXT(failing_alloc_live() == 0, "%ld: memory was lost", n);
        CHECK_EQ(status, got_by ? PST_OK : PST_NO_MEMORY);
        if (got_by)
            break;
    }
}

// ---- The head of this system --------------------------------------------------------------------

enum { N_THREADS = 3, N_TURNS = 200 };

static void *take_and_give_back(void *kept) {
    for (int i = 0; i < N_TURNS; ++i) {
        pst_ears *ears = NULL;
        CHECK_EQ(pst_ears_take(&ears, RATE, NULL), PST_OK);
        CHECK(ears == kept);
        pst_shared_release(&ears->shared);
    }
    return NULL;
}

static void test_a_head_is_read_once(void) {
    pst_ears *kept = NULL, *again = NULL, *other = NULL;
    pst_error err = {.status = PST_OK};
    if (pst_hrtf_file() == NULL) {
        CHECK_EQ(pst_ears_take(&kept, RATE, &err), PST_UNSUPPORTED);
        CHECK(strstr(err.text, "libmysofa") != NULL);
        return;
    }
    if (pst_ears_take(&kept, RATE, &err) == PST_UNSUPPORTED) {
        check_skip("there is no head on this system");
        return;
    }
    CHECK_TEXT(kept != NULL, "%s", err.text);
    CHECK_EQ(pst_ears_take(&again, RATE, NULL), PST_OK);
    CHECK(again == kept);
    CHECK_EQ(pst_ears_take(&other, 16000, NULL), PST_OK);
    CHECK(other != kept);
    CHECK_SAME(other->rate_hz, 16000);
    pthread_t threads[N_THREADS];
    for (int i = 0; i < N_THREADS; ++i)
        CHECK_EQ(pthread_create(&threads[i], NULL, take_and_give_back, kept), 0);
    for (int i = 0; i < N_THREADS; ++i)
        CHECK_EQ(pthread_join(threads[i], NULL), 0);
    pst_shared_release(&other->shared);
    pst_shared_release(&again->shared);
    pst_shared_release(&kept->shared);
}

// Whoever is first makes the list's entry; whoever is last takes it away.
static void *take_alone(void *unused) {
    (void)unused;
    for (int i = 0; i < 2; ++i) {
        pst_ears *ears = NULL;
        CHECK_EQ(pst_ears_take(&ears, 8000, NULL), PST_OK);
        CHECK_SAME(ears->rate_hz, 8000);
        pst_shared_release(&ears->shared);
    }
    return NULL;
}

static void test_threads_may_read_it_at_once(void) {
    pst_ears *ears = NULL;
    if (pst_ears_take(&ears, 8000, NULL) != PST_OK) {
        check_skip("there is no head on this system");
        return;
    }
    pst_shared_release(&ears->shared);
    pthread_t threads[2];
    for (int i = 0; i < 2; ++i)
        CHECK_EQ(pthread_create(&threads[i], NULL, take_alone, NULL), 0);
    for (int i = 0; i < 2; ++i)
        CHECK_EQ(pthread_join(threads[i], NULL), 0);
}

int main(void) {
    compute_head();
    RUN(test_ears_have_the_delays_and_levels_of_the_head);
    RUN(test_the_pole_that_nobody_measured_is_in_the_middle);
    RUN(test_heads_that_make_no_sense_are_refused);
    RUN(test_a_head_of_one_direction_hears_it_everywhere);
    RUN(test_each_allocation_may_fail);
    RUN(test_a_head_is_read_once);
    RUN(test_threads_may_read_it_at_once);
    return check_done();
}
