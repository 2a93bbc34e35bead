// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "stream/loss.h"

#include "base/clock.h"
#include "check.h"
#include "pastream/stream.h"

// Losses from the device's clock, against hosts that run in simulated time.

typedef struct host {
    pst_loss loss;
    pst_counter counter;
    double rate_hz;
    double drift_ppm;
    uint32_t block_frames;
    int64_t device_frame; // Of the next block.
    int64_t now_ns;       // Of the last callback.
    double jitter_ns;     // Wake-ups are late by up to that.
    uint64_t random;
    int64_t n_calls;
    // Found:
    int64_t n_lost;
    int64_t n_losses;
    int64_t gap_frame;
} host;

static host make_host(pst_counter counter, uint32_t block_frames, uint32_t grain,
                      int64_t settle_ns) {
    host h = {.counter = counter,
              .rate_hz = 48000.0,
              .block_frames = block_frames,
              .jitter_ns = 300e3,
              .random = 7};
    const pst_loss_config config = {counter, h.rate_hz, grain, settle_ns};
    pst_loss_init(&h.loss, &config);
    return h;
}

static int64_t true_time_ns(const host *h, int64_t frame) {
    const double rate = h->rate_hz * (1.0 + h->drift_ppm * 1e-6);
    return 1000000000 + (int64_t)((double)frame * 1e9 / rate);
}

// Hands the next block over: when it is complete, and late_ns after that, but not before the last.
static void call(host *h, int64_t late_ns, uint32_t flags) {
    const int64_t jitter_ns = (int64_t)(h->jitter_ns * (check_random(&h->random) % 1000) / 1000.0);
    const int64_t due_ns = true_time_ns(h, h->device_frame + h->block_frames) + jitter_ns + late_ns;
    h->now_ns = due_ns > h->now_ns ? due_ns : h->now_ns + 20000;
    const pst_block block = {
        .n_frames = h->block_frames,
        .flags = flags,
        .now_ns = h->now_ns,
        // An estimate goes by the time of the callback.
        .device_frame = h->counter == PST_COUNTER_ESTIMATED
                            ? (int64_t)((double)(h->now_ns - true_time_ns(h, 0)) * h->rate_hz *
                                        (1.0 + h->drift_ppm * 1e-6) / 1e9) -
                                  h->block_frames
                            : h->device_frame,
    };
    int64_t gap_frame = -1;
    const int64_t n_lost = pst_loss_update(&h->loss, &block, &gap_frame);
    if (n_lost > 0) {
        h->n_lost += n_lost;
        h->gap_frame = gap_frame;
        ++h->n_losses;
    }
    CHECK(n_lost >= 0);
    h->device_frame += h->block_frames;
    ++h->n_calls;
}

static void run_for(host *h, double seconds) {
    const int64_t end = h->device_frame + (int64_t)(seconds * h->rate_hz);
    while (h->device_frame < end)
        call(h, 0, 0);
}

// The device goes on without us.
static void lose(host *h, int64_t n_frames) {
    h->device_frame += n_frames;
}

// ---- Exact counters ----------------------------------------------------------------------------

static void test_exact(void) {
    host h = make_host(PST_COUNTER_EXACT, 64, 0, 0);
    h.device_frame = (INT64_C(1) << 32) - 640;
    run_for(&h, 1);
    CHECK_EQ(h.n_losses, 0);
    const int64_t count = h.loss.count;
    lose(&h, 1);
    call(&h, 0, 0);
    CHECK_EQ(h.n_lost, 1);
    CHECK_EQ(h.gap_frame, count);
    lose(&h, 72000);
    call(&h, 0, 0);
    CHECK_EQ(h.n_lost, 72001);
    run_for(&h, 1);
    CHECK_EQ(h.n_losses, 2);
}

static void test_exact_goes_back(void) {
    host h = make_host(PST_COUNTER_EXACT, 64, 0, 0);
    run_for(&h, 1);
    h.device_frame = 0;
    run_for(&h, 1);
    CHECK_EQ(h.n_lost, 0);
    lose(&h, 100);
    call(&h, 0, 0);
    CHECK_EQ(h.n_lost, 100);
}

// Flags alone are no loss, and a loss needs no flag.
static void test_flags_are_no_amount(void) {
    const pst_counter counters[] = {PST_COUNTER_EXACT, PST_COUNTER_ESTIMATED, PST_COUNTER_NONE};
    for (int i = 0; i < 3; ++i) {
        host h = make_host(counters[i], 256, 0, 0);
        run_for(&h, 2);
        for (int j = 0; j < 2000; ++j)
            call(&h, 0, PST_FLAG_INPUT_OVERFLOW);
        CHECK_EQ(h.n_losses, 0);
    }
}

// ---- Estimated counters ------------------------------------------------------------------------

static void test_estimated_finds_losses(void) {
    const int64_t sizes[] = {256, 512, 1024, 72192};
    for (int i = 0; i < 4; ++i) {
        host h = make_host(PST_COUNTER_ESTIMATED, 256, 256, 100 * PST_NS_PER_MS);
        run_for(&h, 3);
        const int64_t count = h.loss.count;
        lose(&h, sizes[i]);
        run_for(&h, 2);
        CHECK_EQ(h.n_losses, 1);
        CHECK_EQ(h.n_lost, sizes[i]);
        CHECK_EQ(h.gap_frame, count);
        run_for(&h, 5);
        CHECK_EQ(h.n_losses, 1);
    }
}

// Without a grain the amount is as good as the wake-ups.
static void test_estimated_without_grain(void) {
    host h = make_host(PST_COUNTER_ESTIMATED, 128, 0, 100 * PST_NS_PER_MS);
    run_for(&h, 3);
    lose(&h, 10000);
    run_for(&h, 2);
    CHECK_EQ(h.n_losses, 1);
    CHECK(h.n_lost > 10000 - 48 && h.n_lost < 10000 + 48);
}

static void test_estimated_catches_up(void) {
    host h = make_host(PST_COUNTER_ESTIMATED, 256, 256, 200 * PST_NS_PER_MS);
    run_for(&h, 3);
    for (int i = 0; i < 50; ++i) { // Late, and then all that was buffered at once.
        call(&h, (int64_t)check_random_in(&h.random, 1, 150) * PST_NS_PER_MS, 0);
        run_for(&h, 0.5);
    }
    CHECK_EQ(h.n_losses, 0);
}

static void test_two_losses_in_a_row(void) {
    host h = make_host(PST_COUNTER_ESTIMATED, 256, 256, 200 * PST_NS_PER_MS);
    run_for(&h, 3);
    lose(&h, 512);
    run_for(&h, 0.1);
    lose(&h, 1024);
    run_for(&h, 3);
    CHECK_EQ(h.n_lost, 1536);
}

static void test_heavy_jitter(void) {
    host h = make_host(PST_COUNTER_ESTIMATED, 64, 64, 200 * PST_NS_PER_MS);
    h.jitter_ns = 8e6;
    run_for(&h, 30);
    CHECK_EQ(h.n_losses, 0);
    lose(&h, 640);
    run_for(&h, 3);
    // Found, though not to the block: nobody can tell while six blocks at a time come late.
    CHECK(h.n_lost >= 640 - 128 && h.n_lost <= 640 + 128);
}

// ---- No counter --------------------------------------------------------------------------------

static void test_none_finds_a_stall(void) {
    host h = make_host(PST_COUNTER_NONE, 256, 256, 300 * PST_NS_PER_MS);
    h.drift_ppm = 80;
    run_for(&h, 5);
    lose(&h, 256 * 281); // 1.5 s, without any flag.
    run_for(&h, 3);
    CHECK_EQ(h.n_losses, 1);
    CHECK_EQ(h.n_lost, 256 * 281);
    lose(&h, 512); // Short, but the host says so.
    call(&h, 0, PST_FLAG_INPUT_OVERFLOW);
    run_for(&h, 3);
    CHECK_EQ(h.n_losses, 2);
    CHECK_EQ(h.n_lost, 256 * 283);
}

static void test_none_catches_up(void) {
    host h = make_host(PST_COUNTER_NONE, 256, 0, 300 * PST_NS_PER_MS);
    run_for(&h, 3);
    for (int i = 0; i < 50; ++i) {
        call(&h, (int64_t)check_random_in(&h.random, 60, 250) * PST_NS_PER_MS,
             PST_FLAG_INPUT_OVERFLOW);
        run_for(&h, 1);
    }
    CHECK_EQ(h.n_losses, 0);
}

// Hours of drift, in either direction, with trouble that lets jumps count now and then.
static void test_drift_is_no_loss(void) {
    const double drifts_ppm[] = {-500, -200, -20, 20, 200, 500};
    const pst_counter counters[] = {PST_COUNTER_ESTIMATED, PST_COUNTER_NONE};
    for (int c = 0; c < 2; ++c) {
        for (int i = 0; i < 6; ++i) {
            host h = make_host(counters[c], 2048, 0, 0);
            h.drift_ppm = drifts_ppm[i];
            for (int minute = 0; minute < 4 * 60; ++minute) {
                run_for(&h, 60);
                call(&h, 70 * PST_NS_PER_MS, minute % 3 == 0 ? PST_FLAG_OUTPUT_UNDERFLOW : 0);
            }
            CHECK_EQ(h.n_losses, 0);
        }
    }
}

// Some blocks at once, and then nothing for a second: a host without a clock that begins in
// earnest.
static void test_slow_beginning(void) {
    host h = make_host(PST_COUNTER_NONE, 256, 0, 300 * PST_NS_PER_MS);
    int n_restarts = 0;
    for (int i = 0; i < 2000; ++i) {
        if (i == 8)
            lose(&h, 60000);
        call(&h, 0, 0);
        n_restarts += h.loss.restarted;
    }
    CHECK_EQ(h.n_losses, 0);
    CHECK_EQ(n_restarts, 1);
    lose(&h, 48128);
    run_for(&h, 3);
    CHECK_EQ(h.n_losses, 1);
    CHECK(h.n_lost > 48128 - 100 && h.n_lost < 48128 + 100);
}

static void test_first_callback_late(void) {
    const pst_counter counters[] = {PST_COUNTER_ESTIMATED, PST_COUNTER_NONE};
    for (int c = 0; c < 2; ++c) {
        host h = make_host(counters[c], 256, 0, 200 * PST_NS_PER_MS);
        call(&h, 400 * PST_NS_PER_MS, 0);
        run_for(&h, 5);
        CHECK_EQ(h.n_losses, 0);
        lose(&h, 48000);
        call(&h, 0, PST_FLAG_INPUT_OVERFLOW);
        run_for(&h, 3);
        CHECK_EQ(h.n_losses, 1);
        CHECK(h.n_lost > 48000 - 100 && h.n_lost < 48000 + 100);
    }
}

// PulseAudio through ALSA: some blocks at once, and the rest begins in earnest much later.
static void test_slow_start(void) {
    host h = make_host(PST_COUNTER_NONE, 512, 0, 200 * PST_NS_PER_MS);
    for (int i = 0; i < 7; ++i)
        call(&h, 0, PST_FLAG_INPUT_UNDERFLOW);
    lose(&h, 80000);
    call(&h, 0, PST_FLAG_INPUT_UNDERFLOW);
    CHECK(h.loss.restarted);
    run_for(&h, 5);
    CHECK(!h.loss.restarted);
    CHECK_EQ(h.n_losses, 0);
    lose(&h, 24000); // Later on it counts.
    run_for(&h, 3);
    CHECK_EQ(h.n_losses, 1);
    CHECK(h.n_lost > 24000 - 100 && h.n_lost < 24000 + 100);
}

static void test_empty_and_varying_blocks(void) {
    host h = make_host(PST_COUNTER_EXACT, 64, 0, 0);
    for (int i = 0; i < 10000; ++i) {
        h.block_frames = check_random(&h.random) % 5 == 0 ? 0 : check_random(&h.random) % 4096;
        call(&h, 0, 0);
    }
    CHECK_EQ(h.n_losses, 0);
    CHECK_EQ(h.loss.count, h.device_frame);
}

int main(void) {
    RUN(test_exact);
    RUN(test_exact_goes_back);
    RUN(test_flags_are_no_amount);
    RUN(test_estimated_finds_losses);
    RUN(test_estimated_without_grain);
    RUN(test_estimated_catches_up);
    RUN(test_two_losses_in_a_row);
    RUN(test_heavy_jitter);
    RUN(test_none_finds_a_stall);
    RUN(test_none_catches_up);
    RUN(test_drift_is_no_loss);
    RUN(test_slow_beginning);
    RUN(test_first_callback_late);
    RUN(test_slow_start);
    RUN(test_empty_and_varying_blocks);
    return check_done();
}
