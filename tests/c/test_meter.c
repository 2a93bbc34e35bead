// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "stream/meter.h"

#include <math.h>
#include <pthread.h>
#include <string.h>

#include "base/alloc.h"
#include "check.h"
#include "rt_guard.h"
#include "stream/meter_scan.h"

// Meters against the plainest way to compute the same.

enum { RATE_HZ = 1000, SLICE = 10, WINDOW = 10 * SLICE, MAX_CHANNELS = 256, MAX_FRAMES = 700 };

static const pst_format formats[] = {PST_FORMAT_F32, PST_FORMAT_F64, PST_FORMAT_I32, PST_FORMAT_I24,
                                     PST_FORMAT_I16, PST_FORMAT_I8,  PST_FORMAT_U8};

// All samples that a meter was fed, as floats, one channel after the other in each frame.
typedef struct history {
    pst_meter *meter;
    uint32_t n_channels;
    float full_scale;
    float *samples;
    int64_t n_frames;
    int64_t reset_frame;
} history;

static bool begin(history *h, uint32_t n_channels, pst_format format) {
    *h = (history){.n_channels = n_channels, .full_scale = pst_meter_full_scale(format)};
    h->meter = pst_meter_create(n_channels, RATE_HZ, h->full_scale);
    h->samples = pst_alloc_array((size_t)MAX_FRAMES * n_channels, sizeof *h->samples);
    return h->meter != NULL && h->samples != NULL;
}

static void end(history *h) {
    pst_meter_destroy(h->meter);
    pst_free(h->samples);
}

// Feeds n_frames of random samples of a format, some of them at full scale.
static void feed(history *h, pst_format format, int64_t n_frames, uint64_t *state) {
    const size_t n = (size_t)n_frames * h->n_channels;
    float *floats = h->samples + (size_t)h->n_frames * h->n_channels;
    uint8_t *data = pst_alloc_array(n + 1, 8);
    for (size_t i = 0; i < n; ++i) {
        const double x = (double)(check_random(state) % 2000001) / 1e6 - 1.0;
        floats[i] = check_random(state) % 40 == 0 ? (x < 0.0 ? -1.0f : 1.0f) : 0.9f * (float)x;
    }
    CHECK_EQ(pst_convert(data, format, floats, PST_FORMAT_F32, n, NULL), PST_OK);
    CHECK_EQ(pst_convert(floats, PST_FORMAT_F32, data, format, n, NULL), PST_OK);
    pst_meter_feed(h->meter, data, format, n_frames);
    h->n_frames += n_frames;
    pst_free(data);
}

static void check_channel(const history *h, uint32_t channel, const pst_meter_channel *found,
                          int64_t n_window) {
    float peak = 0.0f, max_peak = 0.0f;
    double sum = 0.0;
    int64_t n_clipped = 0;
    for (int64_t i = 0; i < h->n_frames; ++i) {
        const float size = fabsf(h->samples[(size_t)i * h->n_channels + channel]);
        if (i >= h->reset_frame) {
            max_peak = fmaxf(max_peak, size);
            n_clipped += size >= h->full_scale;
        }
        if (i < h->n_frames - n_window)
            continue;
        peak = fmaxf(peak, size);
        sum += (double)size * (double)size;
    }
    const double rms = n_window > 0 ? sqrt(sum / (double)n_window) : 0.0;
    CHECK(found->peak == (double)peak);
    CHECK(found->max_peak == (double)max_peak);
    CHECK(fabs(found->rms - rms) < 1e-5);
    CHECK_EQ(found->n_clipped, n_clipped);
}

static void check(const history *h) {
    static pst_meter_channel channels[MAX_CHANNELS];
    pst_meter_reading reading;
    pst_meter_read(h->meter, &reading, channels);
    // Ten full slices, and the one that is being filled.
    const int64_t n_full = h->n_frames / SLICE < 10 ? h->n_frames / SLICE : 10;
    CHECK_EQ(reading.frames, h->n_frames);
    CHECK_EQ(reading.window_frames, n_full * SLICE + h->n_frames % SLICE);
    for (uint32_t c = 0; c < h->n_channels; ++c)
        check_channel(h, c, &channels[c], reading.window_frames);
}

static void test_against_the_plain_sum(void) {
    const uint32_t widths[] = {1, 2, 3, 5, 6, 8, 11, 16, 17, 64, 256};
    uint64_t state = 7;
    for (size_t w = 0; w < sizeof widths / sizeof *widths; ++w)
        for (size_t f = 0; f < sizeof formats / sizeof *formats; ++f) {
            history h;
            REQUIRE(begin(&h, widths[w], formats[f]));
            check(&h);
            while (h.n_frames < 3 * WINDOW) {
                feed(&h, formats[f], check_random_in(&state, 0, 37), &state);
                check(&h);
            }
            feed(&h, formats[f], 2 * WINDOW + 3, &state); // More than the window at once.
            check(&h);
            end(&h);
        }
}

static void test_reset_and_clear(void) {
    uint64_t state = 3;
    history h;
    REQUIRE(begin(&h, 2, PST_FORMAT_F32));
    feed(&h, PST_FORMAT_F32, 57, &state);
    pst_meter_reset(h.meter);
    h.reset_frame = h.n_frames;
    feed(&h, PST_FORMAT_F32, 5, &state);
    check(&h);
    feed(&h, PST_FORMAT_F32, 60, &state);
    check(&h);
    pst_meter_clear(h.meter);
    h.n_frames = h.reset_frame = 0;
    check(&h);
    feed(&h, PST_FORMAT_F32, 12, &state);
    check(&h);
    end(&h);
}

static void test_silence_lowers_the_window_and_nothing_else(void) {
    pst_meter *meter = pst_meter_create(1, RATE_HZ, 1.0f);
    const float loud[] = {1.0f, -2.0f, 0.5f};
    pst_meter_channel channel;
    pst_meter_reading reading;
    pst_meter_feed(meter, loud, PST_FORMAT_F32, 3);
    pst_meter_feed(meter, NULL, PST_FORMAT_F32, 2 * WINDOW);
    pst_meter_read(meter, &reading, &channel);
    CHECK_EQ(reading.frames, 3 + 2 * WINDOW);
    CHECK(channel.peak == 0.0 && channel.rms == 0.0);
    CHECK(channel.max_peak == 2.0);
    CHECK_EQ(channel.n_clipped, 2);
    pst_meter_destroy(meter);
}

static void test_what_is_not_finite_counts_as_zero(void) {
    pst_meter *meter = pst_meter_create(1, RATE_HZ, 1.0f);
    const float odd[] = {(float)NAN, (float)INFINITY, (float)-INFINITY, 0.25f};
    pst_meter_channel channel;
    pst_meter_reading reading;
    pst_meter_feed(meter, odd, PST_FORMAT_F32, 4);
    pst_meter_read(meter, &reading, &channel);
    CHECK(channel.peak == 0.25 && channel.max_peak == 0.25);
    CHECK(fabs(channel.rms - 0.125) < 1e-6);
    CHECK_EQ(channel.n_clipped, 0);
    pst_meter_destroy(meter);
}

static void test_full_scale_of_each_format(void) {
    for (size_t f = 0; f < sizeof formats / sizeof *formats; ++f) {
        uint8_t data[4 * 8] = {0};
        // One too many, one too few, nearly, and half.
        const float wanted[] = {1.0f, -1.0f, 0.98f, 0.5f};
        CHECK_EQ(pst_convert(data, formats[f], wanted, PST_FORMAT_F32, 4, NULL), PST_OK);
        pst_meter *meter = pst_meter_create(1, RATE_HZ, pst_meter_full_scale(formats[f]));
        pst_meter_channel channel;
        pst_meter_reading reading;
        pst_meter_feed(meter, data, formats[f], 4);
        pst_meter_read(meter, &reading, &channel);
        CHECK_EQ(channel.n_clipped, 2);
        pst_meter_destroy(meter);
    }
}

static void test_realtime(void) {
    if (!rt_guard_works()) {
        check_skip("the sanitizer interposes the same functions");
        return;
    }
    static const float data[2 * 300];
    pst_meter *meter = pst_meter_create(2, RATE_HZ, 1.0f);
    pst_meter_channel channels[2];
    pst_meter_reading reading;
    rt_guard_enter();
    pst_meter_feed(meter, data, PST_FORMAT_F32, 300);
    pst_meter_reset(meter);
    pst_meter_read(meter, &reading, channels);
    pst_meter_clear(meter);
    CHECK(pst_meter_full_scale(PST_FORMAT_I16) < 1.0f);
    CHECK_EQ(rt_guard_leave(), 0);
    pst_meter_destroy(meter);
    pst_meter_destroy(NULL);
}

typedef struct race {
    pst_meter *meter;
    _Atomic bool is_over;
} race;

// Block k holds 64 frames of k * 2^-12 on both channels.
static void *keep_feeding(void *arg) {
    race *r = arg;
    float block[2 * 64];
    for (int k = 1; k <= 4000; ++k) {
        for (int i = 0; i < 2 * 64; ++i)
            block[i] = (float)k / 4096.0f;
        pst_meter_feed(r->meter, block, PST_FORMAT_F32, 64);
        for (volatile int wait = 0; wait < 500; ++wait)
            continue;
    }
    atomic_store(&r->is_over, true);
    return NULL;
}

static void test_a_reader_sees_one_block(void) {
    race r = {.meter = pst_meter_create(2, RATE_HZ, 1.0f)};
    pthread_t thread;
    REQUIRE(pthread_create(&thread, NULL, keep_feeding, &r) == 0);
    while (!atomic_load(&r.is_over)) {
        pst_meter_channel channels[2];
        pst_meter_reading reading;
        pst_meter_read(r.meter, &reading, channels);
        const double peak = (double)(reading.frames / 64) / 4096.0;
        if (!CHECK(channels[0].max_peak == peak && channels[1].max_peak == peak) ||
            !CHECK(channels[0].peak == peak && channels[1].peak == peak) ||
            !CHECK(channels[0].rms == channels[1].rms))
            break;
    }
    pthread_join(thread, NULL);
    pst_meter_destroy(r.meter);
}

int main(void) {
    RUN(test_against_the_plain_sum);
    RUN(test_reset_and_clear);
    RUN(test_silence_lowers_the_window_and_nothing_else);
    RUN(test_what_is_not_finite_counts_as_zero);
    RUN(test_full_scale_of_each_format);
    RUN(test_realtime);
    RUN(test_a_reader_sees_one_block);
    return check_done();
}
