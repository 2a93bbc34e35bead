// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "stream/histogram.h"

#include <math.h>
#include <pthread.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "check.h"
#include "rt_guard.h"

// Distributions: their bins, their moments, and that nobody sees one half counted.

static pst_distribution read_all(const pst_histogram *histogram) {
    pst_distribution found;
    pst_histogram_read(histogram, &found);
    return found;
}

static int64_t sum_of_bins(const pst_distribution *found) {
    int64_t sum = 0;
    for (int i = 0; i < PST_DISTRIBUTION_BINS; ++i)
        sum += found->bins[i];
    return sum;
}

static void test_edges_rise_and_hold_their_values(void) {
    CHECK(pst_distribution_edge(0) == 0.0);
    CHECK(pst_distribution_edge(1) == 1.0 / 4096.0);
    CHECK(pst_distribution_edge(97) == 1.0);
    CHECK(pst_distribution_edge(98) == 1.125);
    CHECK(pst_distribution_edge(PST_DISTRIBUTION_BINS - 1) == 256.0);
    CHECK(isinf(pst_distribution_edge(PST_DISTRIBUTION_BINS)));
    CHECK(isinf(pst_distribution_edge(UINT32_MAX)));
    pst_histogram *histogram = pst_alloc(sizeof *histogram);
    for (uint32_t bin = 0; bin < PST_DISTRIBUTION_BINS; ++bin) {
        const double low = pst_distribution_edge(bin);
        const double high = pst_distribution_edge(bin + 1);
        CHECK(low < high);
        pst_histogram_clear(histogram);
        pst_histogram_add(histogram, low);
        pst_histogram_add(histogram, isinf(high) ? 1e30 : low + 0.99 * (high - low));
        CHECK_EQ(read_all(histogram).bins[bin], 2);
    }
    pst_free(histogram);
}

static void test_moments(void) {
    pst_histogram *histogram = pst_alloc(sizeof *histogram);
    const pst_distribution empty = read_all(histogram);
    CHECK_EQ(empty.n, 0);
    CHECK(empty.mean == 0.0 && empty.deviation == 0.0 && empty.largest == 0.0);
    // A day of callbacks with a jitter of a millionth: nothing is lost in the sums.
    const int n = 1000000;
    for (int i = 0; i < n; ++i)
        pst_histogram_add(histogram, i % 2 == 0 ? 1.0 + 1e-6 : 1.0 - 1e-6);
    const pst_distribution steady = read_all(histogram);
    CHECK_EQ(steady.n, n);
    CHECK(fabs(steady.mean - 1.0) < 1e-12);
    CHECK(fabs(steady.deviation - 1e-6) < 1e-12);
    pst_histogram_clear(histogram);
    for (int i = 1; i <= 5; ++i)
        pst_histogram_add(histogram, i);
    const pst_distribution found = read_all(histogram);
    CHECK_EQ(found.n, 5);
    CHECK_EQ(sum_of_bins(&found), 5);
    CHECK(found.smallest == 1.0 && found.largest == 5.0);
    CHECK(fabs(found.mean - 3.0) < 1e-12 && fabs(found.deviation - sqrt(2.0)) < 1e-12);
    pst_free(histogram);
}

static void test_nonsense_counts_as_zero(void) {
    pst_histogram *histogram = pst_alloc(sizeof *histogram);
    pst_histogram_add(histogram, (double)NAN);
    pst_histogram_add(histogram, -3.0);
    pst_histogram_add(histogram, (double)INFINITY);
    const pst_distribution found = read_all(histogram);
    CHECK_EQ(found.bins[0], 2);
    CHECK_EQ(found.bins[PST_DISTRIBUTION_BINS - 1], 1);
    CHECK(found.smallest == 0.0);
    pst_free(histogram);
}

static void test_realtime(void) {
    if (!rt_guard_works()) {
        check_skip("the sanitizer interposes the same functions");
        return;
    }
    pst_histogram *histogram = pst_alloc(sizeof *histogram);
    rt_guard_enter();
    pst_histogram_clear(histogram);
    pst_histogram_add(histogram, 0.5);
    CHECK(pst_distribution_edge(3) > 0.0);
    CHECK_EQ(rt_guard_leave(), 0);
    pst_free(histogram);
}

typedef struct pair {
    pst_histogram histogram;
    _Atomic bool is_over;
} pair;

static void *keep_adding(void *arg) {
    pair *p = arg;
    // Slow enough that a reader gets a quiet moment, as between two callbacks.
    for (int i = 0; i < 600; ++i) {
        pst_histogram_add(&p->histogram, 1.0 + i % 4);
        pst_sleep_until_ns(pst_now_ns() + 500000);
    }
    atomic_store(&p->is_over, true);
    return NULL;
}

static void test_a_reader_sees_one_instant(void) {
    pair *p = pst_alloc(sizeof *p);
    pthread_t thread;
    REQUIRE(pthread_create(&thread, NULL, keep_adding, p) == 0);
    while (!atomic_load(&p->is_over)) {
        const pst_distribution found = read_all(&p->histogram);
        if (!CHECK_EQ(sum_of_bins(&found), found.n))
            break;
        if (found.n == 0)
            continue;
        // 1, 2, 3, 4, 1, 2, ...: the sum follows from n.
        const int64_t rest = found.n % 4;
        const double sum = 10.0 * (double)(found.n / 4) + (double)(rest * (rest + 1) / 2);
        if (!CHECK(fabs(found.mean * (double)found.n - sum) < 1e-3))
            break;
    }
    pthread_join(thread, NULL);
    CHECK_EQ(read_all(&p->histogram).n, 600);
    pst_free(p);
}

int main(void) {
    RUN(test_edges_rise_and_hold_their_values);
    RUN(test_moments);
    RUN(test_nonsense_counts_as_zero);
    RUN(test_realtime);
    RUN(test_a_reader_sees_one_instant);
    return check_done();
}
