// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "stream/clock_model.h"

#include <math.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/thread.h"
#include "check.h"
#include "stream/clock_view.h"
#include "stream/clock_wall.h"

// The clock model against simulated devices, and the way its line goes to other threads.

typedef struct device {
    pst_clock_model model;
    double rate_hz;
    double drift_ppm;
    uint32_t block_frames;
    int64_t frame;
    int64_t now_ns;
    int64_t base_frame; // Where the present drift began,
    double base_ns;     // and when.
    double jitter_ns;
    double worst_ns; // Error of the model, seen right after each callback.
    uint64_t random;
} device;

static device make_device(uint32_t block_frames, double jitter_ns) {
    device d = {.rate_hz = 48000.0,
                .block_frames = block_frames,
                .base_ns = 5e12,
                .jitter_ns = jitter_ns,
                .random = 3};
    pst_clock_model_init(&d.model, d.rate_hz);
    return d;
}

// When a block that begins with this frame is complete.
static double truth_ns(const device *d, int64_t frame) {
    return d->base_ns +
           (double)(frame - d->base_frame) * 1e9 / (d->rate_hz * (1.0 + d->drift_ppm * 1e-6));
}

static void set_drift(device *d, double ppm) {
    d->base_ns = truth_ns(d, d->frame);
    d->base_frame = d->frame;
    d->drift_ppm = ppm;
}

static void call(device *d, int64_t late_ns) {
    const double jitter_ns = d->jitter_ns * (check_random(&d->random) % 1000) / 1000.0;
    const int64_t due_ns = (int64_t)(truth_ns(d, d->frame) + jitter_ns) + late_ns;
    d->now_ns = due_ns > d->now_ns ? due_ns : d->now_ns + 10000;
    pst_clock_model_update(&d->model, d->frame, d->block_frames, d->now_ns);
    const double error =
        fabs((double)pst_clock_model_ns(&d->model, d->frame) - truth_ns(d, d->frame));
    if (error > d->worst_ns)
        d->worst_ns = error;
    d->frame += d->block_frames;
}

static void run_for(device *d, double seconds) {
    const int64_t end = d->frame + (int64_t)(seconds * d->rate_hz);
    while (d->frame < end)
        call(d, 0);
}

static void test_exact_callbacks(void) {
    const uint32_t blocks[] = {1, 2, 64, 256, 1000, 4096, 65536};
    for (int i = 0; i < 7; ++i) {
        device d = make_device(blocks[i], 0.0);
        run_for(&d, blocks[i] < 64 ? 1.5 : 60);
        CHECK(d.worst_ns < 50.0);
        CHECK(fabs(pst_clock_model_drift_ppm(&d.model)) < 0.1);
    }
}

static void test_drift_is_measured(void) {
    const double drifts_ppm[] = {-500, -37, 0, 12, 200, 1000};
    for (int i = 0; i < 6; ++i) {
        device d = make_device(256, 500e3);
        set_drift(&d, drifts_ppm[i]);
        run_for(&d, 30);
        CHECK_TEXT(fabs(pst_clock_model_drift_ppm(&d.model) - drifts_ppm[i]) < 5.0,
                   "drift %g, measured %g", drifts_ppm[i], pst_clock_model_drift_ppm(&d.model));
        d.worst_ns = 0;
        run_for(&d, 30);
        CHECK_TEXT(d.worst_ns < 200e3, "worst error %g ns", d.worst_ns);
    }
}

// Every callback of a fast device is earlier than the nominal rate says.
// The standard error covers the real one, and gets smaller with time.
static void test_drift_error(void) {
    int n_covered = 0;
    for (int i = 0; i < 20; ++i) {
        device d = make_device(256, 500e3);
        d.random += (uint64_t)i;
        set_drift(&d, 100.0);
        run_for(&d, 1.0);
        CHECK(isinf(d.model.error_ns));
        run_for(&d, 1.5);
        const double early_ns = d.model.error_ns;
        run_for(&d, 30);
        CHECK(early_ns > 0.0 && d.model.error_ns < early_ns);
        const double error_ppm = d.model.error_ns / d.model.nominal_ns * 1e6;
        CHECK(error_ppm < 5.0);
        n_covered += fabs(pst_clock_model_drift_ppm(&d.model) - 100.0) <= 3.0 * error_ppm;
    }
    CHECK_TEXT(n_covered >= 18, "within three standard errors: %d of 20", n_covered);
}

static void test_fast_without_jitter(void) {
    for (int sign = -1; sign <= 1; sign += 2) {
        device d = make_device(1024, 0.0);
        set_drift(&d, sign * 200.0);
        run_for(&d, 10);
        CHECK(fabs(pst_clock_model_drift_ppm(&d.model) - sign * 200.0) < 0.1);
    }
}

static void test_drift_changes(void) {
    device d = make_device(256, 100e3);
    run_for(&d, 20);
    set_drift(&d, 300);
    run_for(&d, 20);
    CHECK(fabs(pst_clock_model_drift_ppm(&d.model) - 300.0) < 5.0);
    CHECK(d.worst_ns < 3e6);
}

static void test_drift_needs_time(void) {
    device d = make_device(256, 500e3);
    run_for(&d, 0.5);
    CHECK(pst_clock_model_drift_ppm(&d.model) == 0.0);
}

// A late callback, and a burst that catches up, must not bend the line.
static void test_late_callbacks(void) {
    device d = make_device(128, 50e3);
    run_for(&d, 10);
    d.worst_ns = 0;
    for (int i = 0; i < 40; ++i) {
        call(&d, (int64_t)check_random_in(&d.random, 1, 900) * PST_NS_PER_MS);
        run_for(&d, 1.5);
    }
    CHECK_TEXT(d.worst_ns < 60e3, "worst error %g ns", d.worst_ns);
    CHECK(fabs(pst_clock_model_drift_ppm(&d.model)) < 10.0);
}

// All callbacks are late for some seconds, as on a machine that is busy.
static void test_long_lateness(void) {
    device d = make_device(128, 50e3);
    run_for(&d, 10);
    d.worst_ns = 0;
    const int64_t end = d.frame + 48000;
    while (d.frame < end)
        call(&d, 15 * PST_NS_PER_MS);
    CHECK(d.worst_ns < 60e3);
    run_for(&d, 5);
    CHECK(d.worst_ns < 60e3);
}

static void test_first_callback_late(void) {
    device d = make_device(256, 50e3);
    call(&d, 300 * PST_NS_PER_MS);
    run_for(&d, 1);
    d.worst_ns = 0;
    run_for(&d, 10);
    CHECK(d.worst_ns < 300e3);
}

// Frames that come before they can be there: a host that empties a buffer at once.
static void test_early_burst(void) {
    device d = make_device(128, 50e3);
    run_for(&d, 10);
    d.worst_ns = 0;
    const double shift = 100e6;
    d.base_ns -= shift;
    for (int i = 0; i < 30; ++i)
        call(&d, 0);
    d.base_ns += shift;
    d.worst_ns = 0;
    run_for(&d, 10);
    CHECK_TEXT(d.worst_ns < 100e3, "worst error %g ns", d.worst_ns);
}

// A jump that stays is the truth.
static void test_jump_is_learnt(void) {
    device d = make_device(128, 50e3);
    run_for(&d, 10);
    d.base_ns += 400e6;
    run_for(&d, 5);
    d.worst_ns = 0;
    run_for(&d, 10);
    CHECK_TEXT(d.worst_ns < 100e3, "worst error %g ns", d.worst_ns);
}

static void test_restart_keeps_rate(void) {
    device d = make_device(128, 50e3);
    set_drift(&d, 150);
    run_for(&d, 20);
    d.frame += 72000; // Lost, and said to be.
    pst_clock_model_restart(&d.model);
    CHECK(fabs(pst_clock_model_drift_ppm(&d.model) - 150.0) < 5.0);
    call(&d, 0);
    d.worst_ns = 0;
    run_for(&d, 10);
    CHECK(d.worst_ns < 100e3);
}

static void test_large_numbers(void) {
    const int64_t starts[] = {INT64_C(1) << 31, INT64_C(1) << 32, INT64_C(1) << 53};
    for (int i = 0; i < 3; ++i) {
        device d = make_device(256, 50e3);
        d.frame = d.base_frame = starts[i] - 1000;
        d.base_ns = 86400e9;
        run_for(&d, 20);
        CHECK(d.worst_ns < 200e3);
    }
}

// A day in simulation.
static void test_a_day(void) {
    device d = make_device(8192, 1e6);
    set_drift(&d, -120);
    run_for(&d, 60);
    d.worst_ns = 0;
    run_for(&d, 24 * 3600.0);
    CHECK(d.worst_ns < 1.2e6);
    CHECK(fabs(pst_clock_model_drift_ppm(&d.model) + 120.0) < 20.0);
}

static void test_nonsense_rate_is_bounded(void) {
    device d = make_device(256, 0.0);
    d.rate_hz = 30000.0; // Not what it said.
    run_for(&d, 60);
    CHECK(isfinite(pst_clock_model_drift_ppm(&d.model)));
    CHECK(fabs(pst_clock_model_drift_ppm(&d.model)) < 60000.0);
}

// ---- The view ----------------------------------------------------------------------------------

typedef struct race {
    pst_clock_view view;
    _Atomic bool done;
    _Atomic uint64_t n_read;
} race;

static void store_all(void *arg) {
    race *shared = arg;
    for (int64_t i = 1; i < 300000 || (atomic_load(&shared->n_read) < 1000 && i < 30000000); ++i) {
        const pst_clock_line line = {
            i, i + 1, (double)i + 2, (double)i + 5, (double)i + 3, (double)i + 4};
        pst_clock_view_store(&shared->view, &line);
    }
    atomic_store(&shared->done, true);
}

static void test_view_is_whole(void) {
    race *shared = pst_alloc(sizeof *shared);
    pst_thread thread;
    REQUIRE(pst_thread_start(&thread, "writer", store_all, shared, NULL) == PST_OK);
    while (!atomic_load(&shared->done)) {
        pst_clock_line line;
        pst_clock_view_load(&shared->view, &line);
        if (line.frame == 0)
            continue;
        CHECK(line.ns == line.frame + 1 && line.ns_per_frame == (double)line.frame + 2 &&
              line.error_ns == (double)line.frame + 5 && line.age_ns == (double)line.frame + 3 &&
              line.delay_ns == (double)line.frame + 4);
        atomic_fetch_add(&shared->n_read, 1);
    }
    pst_thread_join(&thread);
    pst_free(shared);
}

// ---- The calendar ------------------------------------------------------------------------------

static void test_clocks_are_read_together(void) {
    for (int i = 0; i < 100; ++i) {
        int64_t monotonic_ns, wall_ns, error_ns;
        const int64_t before_ns = pst_now_ns();
        pst_clock_wall_read(&monotonic_ns, &wall_ns, &error_ns);
        const int64_t after_ns = pst_now_ns();
        CHECK(before_ns <= monotonic_ns && monotonic_ns <= after_ns + 1);
        CHECK(error_ns >= 0 && error_ns <= after_ns - before_ns);
        CHECK(wall_ns > INT64_C(1600000000) * PST_NS_PER_SECOND);
    }
}

int main(void) {
    RUN(test_exact_callbacks);
    RUN(test_drift_is_measured);
    RUN(test_drift_error);
    RUN(test_fast_without_jitter);
    RUN(test_drift_changes);
    RUN(test_drift_needs_time);
    RUN(test_late_callbacks);
    RUN(test_long_lateness);
    RUN(test_first_callback_late);
    RUN(test_early_burst);
    RUN(test_jump_is_learnt);
    RUN(test_restart_keeps_rate);
    RUN(test_large_numbers);
    RUN(test_a_day);
    RUN(test_nonsense_rate_is_bounded);
    RUN(test_view_is_whole);
    RUN(test_clocks_are_read_together);
    return check_done();
}
