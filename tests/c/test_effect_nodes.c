// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

// Effects as nodes: they are what the sound that comes asks for, and tell at once what no sound
// would do for.

#include "pastream/effect_nodes.h"

#include <math.h>

#include "check.h"
#include "failing_alloc.h"
#include "pastream/processor.h"

enum { N = 3000, N_KINDS = 5 };

static const double sos[6] = {0.2, 0.1, 0.2, 1.0, -1.2, 0.7};
static const double taps[3] = {0.5, 0.25, -0.125};
static double samples[2 * N];
static uint8_t data[2 * N * 8], wanted[2 * N * 8];

static pst_status make_node(int kind, pst_stage **stage) {
    pst_compressor_config compressor;
    pst_limiter_config limiter;
    pst_compressor_config_default(&compressor);
    pst_limiter_config_default(&limiter);
    compressor.rate_hz = limiter.rate_hz = 0.0;
    switch (kind) {
    case 0:
        return pst_node_delay(stage, NULL, 0.001, NULL);
    case 1:
        return pst_node_fir(stage, NULL, taps, 3, NULL);
    case 2:
        return pst_node_iir(stage, NULL, sos, 1, NULL);
    case 3:
        return pst_node_compressor(stage, NULL, &compressor, NULL);
    default:
        return pst_node_limiter(stage, NULL, &limiter, NULL);
    }
}

// The effect itself, for sound of that kind.
static pst_effect *make_effect(int kind, pst_format format, uint32_t n_channels, double rate_hz) {
    pst_effect *effect = NULL;
    pst_compressor_config compressor;
    pst_limiter_config limiter;
    pst_compressor_config_default(&compressor);
    pst_limiter_config_default(&limiter);
    compressor.rate_hz = limiter.rate_hz = rate_hz;
    pst_status status = PST_OK;
    if (kind == 0)
        status =
            pst_effect_delay(&effect, format, n_channels, (uint64_t)lround(0.001 * rate_hz), NULL);
    else if (kind == 1)
        status = pst_effect_fir(&effect, format, n_channels, taps, 3, NULL);
    else if (kind == 2)
        status = pst_effect_iir(&effect, format, n_channels, sos, 1, NULL);
    else if (kind == 3)
        status = pst_effect_compressor(&effect, format, n_channels, &compressor, NULL);
    else
        status = pst_effect_limiter(&effect, format, n_channels, &limiter, NULL);
    CHECK_EQ(status, PST_OK);
    return effect;
}

static void fill(pst_format format) {
    uint64_t seed = 2;
    for (int i = 0; i < 2 * N; ++i)
        samples[i] = 0.99 * ((double)check_random(&seed) * 0x1p-31 - 1.0);
    (void)pst_convert(data, format, samples, PST_FORMAT_F64, (size_t)2 * N, NULL);
}

// Returns what the processor makes of the data, all of it, in place of the data.
static uint64_t run(pst_processor *processor, pst_format format, uint32_t n_channels,
                    double rate_hz) {
    const pst_buffer in = {
        .media = {.format = format, .n_channels = n_channels, .rate_hz = rate_hz},
        .data = data,
        .n_frames = N,
        .pts = PST_NO_PTS};
    pst_error err = {0};
    CHECK_TEXT(pst_processor_put(processor, &in, &err) == PST_OK, "%s", err.text);
    CHECK_EQ(pst_processor_flush(processor, NULL), PST_OK);
    uint64_t n_bytes = 0, n_frames = 0;
    pst_buffer out;
    while (pst_processor_get(processor, &out) == PST_OK) {
        const uint64_t n = out.n_frames * n_channels * pst_format_bytes(format);
        CHECK_EQ(out.media.format, format);
        CHECK(out.media.rate_hz == rate_hz);
        if (n_bytes + n <= sizeof data)
            memcpy(data + n_bytes, out.data, (size_t)n);
        n_bytes += n;
        n_frames += out.n_frames;
    }
    return n_frames;
}

// What the effect makes, the first frames dropped where they should be.
static uint64_t compute(int kind, pst_format format, pst_format middle, uint32_t n_channels,
                        double rate_hz) {
    static double room[2 * (N + 1000)];
    pst_effect *effect = make_effect(kind, middle, n_channels, rate_hz);
    pst_effect_info info;
    pst_effect_get_info(effect, &info);
    memset(room, 0, sizeof room);
    (void)pst_convert(room, middle, data, format, (size_t)N * n_channels, NULL);
    const uint64_t n = N + info.delay_frames;
    pst_effect_process(effect, room, n);
    pst_effect_destroy(effect);
    const uint64_t skipped = info.is_delay_wanted ? 0 : info.delay_frames;
    const uint64_t n_kept = n - skipped < N ? n - skipped : N; // As much as there is room for.
    (void)pst_convert(wanted, format,
                      (uint8_t *)room + skipped * n_channels * pst_format_bytes(middle), middle,
                      (size_t)n_kept * n_channels, NULL);
    return n - skipped;
}

static void test_nodes_become_what_comes_asks_for(void) {
    static const pst_format formats[] = {PST_FORMAT_I16, PST_FORMAT_F32, PST_FORMAT_I32};
    static const double rates[] = {8000.0, 48000.0};
    for (int kind = 0; kind < N_KINDS; ++kind) {
        pst_stage *stage = NULL;
        pst_processor *processor = NULL;
        CHECK_EQ(make_node(kind, &stage), PST_OK);
        CHECK_EQ(pst_processor_create(&processor, &stage, 1, NULL), PST_OK);
        for (int f = 0; f < 3; ++f)
            for (uint32_t n_channels = 1; n_channels <= 2; ++n_channels) {
                const double rate_hz = rates[n_channels - 1];
                const pst_format middle = f == 2 ? PST_FORMAT_F64 : PST_FORMAT_F32;
                fill(formats[f]);
                const uint64_t n_wanted = compute(kind, formats[f], middle, n_channels, rate_hz);
                CHECK_EQ(run(processor, formats[f], n_channels, rate_hz), n_wanted);
                CHECK_TEXT(memcmp(data, wanted,
                                  (size_t)N * n_channels * pst_format_bytes(formats[f])) == 0,
                           "kind %d, %s, %u channels", kind, pst_format_name(formats[f]),
                           (unsigned)n_channels);
                CHECK_EQ(pst_processor_reset(processor, NULL), PST_OK);
            }
        pst_processor_destroy(processor);
    }
}

static void test_a_rate_that_is_told_must_come(void) {
    pst_compressor_config config;
    pst_compressor_config_default(&config); // 48 kHz.
    pst_stage *stage = NULL;
    pst_processor *processor = NULL;
    pst_error err = {0};
    CHECK_EQ(pst_node_compressor(&stage, "squash", &config, NULL), PST_OK);
    CHECK_EQ(pst_processor_create(&processor, &stage, 1, NULL), PST_OK);
    const pst_buffer in = {.media = {.format = PST_FORMAT_F32, .n_channels = 1, .rate_hz = 44100.0},
                           .data = data,
                           .n_frames = 10,
                           .pts = PST_NO_PTS};
    CHECK_EQ(pst_processor_put(processor, &in, &err), PST_BAD_ARGUMENT);
    CHECK_STR(err.text, "what came has a rate of 44100 Hz; it must be 48000");
    CHECK_STR(pst_processor_origin(processor), "squash");
    pst_processor_destroy(processor);
}

static void test_what_no_sound_would_do_for_is_refused_at_once(void) {
    const double hole[2] = {1.0, NAN};
    const double pole[6] = {1.0, 0.0, 0.0, 1.0, 0.0, 1.5};
    pst_stage *stage = NULL;
    pst_error err = {0};
    CHECK_EQ(pst_node_delay(&stage, NULL, -0.5, &err), PST_BAD_ARGUMENT);
    CHECK_STR(err.text, "delay_s is -0.5; it must be from 0 to 3600 seconds");
    CHECK_EQ(pst_node_delay(&stage, NULL, NAN, &err), PST_BAD_ARGUMENT);
    CHECK_EQ(pst_node_fir(&stage, NULL, hole, 0, &err), PST_BAD_ARGUMENT);
    CHECK_STR(err.text, "n_taps is 0; it must be from 1 to 4194304");
    CHECK_EQ(pst_node_fir(&stage, NULL, hole, 2, &err), PST_BAD_ARGUMENT);
    CHECK_STR(err.text, "taps[1] is nan; it must be a finite number");
    CHECK_EQ(pst_node_iir(&stage, NULL, pole, 1, &err), PST_BAD_ARGUMENT);
    CHECK_EQ(pst_node_iir(&stage, NULL, pole, 300, &err), PST_BAD_ARGUMENT);
    pst_compressor_config compressor;
    pst_compressor_config_default(&compressor);
    compressor.rate_hz = -1.0;
    CHECK_EQ(pst_node_compressor(&stage, NULL, &compressor, &err), PST_BAD_ARGUMENT);
    CHECK_STR(err.text, "rate_hz is -1; it must be above 0, or 0");
    compressor.rate_hz = 0.0;
    compressor.attack_s = -1.0;
    CHECK_EQ(pst_node_compressor(&stage, NULL, &compressor, &err), PST_BAD_ARGUMENT);
    pst_limiter_config limiter;
    pst_limiter_config_default(&limiter);
    limiter.ceiling_db = NAN;
    CHECK_EQ(pst_node_limiter(&stage, NULL, &limiter, &err), PST_BAD_ARGUMENT);
    CHECK(stage == NULL);
}

static void test_every_allocation_failing_in_turn(void) {
    if (!failing_alloc_works()) {
        check_skip("needs an allocator of our own");
        return;
    }
    for (int kind = 0; kind < N_KINDS; ++kind) {
        bool got_by = false;
        for (long n = 1; n < 40 && !got_by; ++n) {
            pst_stage *stage = NULL;
            failing_alloc_begin(n);
            const pst_status status = make_node(kind, &stage);
            pst_stage_destroy(stage);
            got_by = failing_alloc_end() < n;
            CHECK_EQ(status, got_by ? PST_OK : PST_NO_MEMORY);
            CHECK_EQ(failing_alloc_live(), 0);
        }
        CHECK(got_by);
    }
}

int main(void) {
    RUN(test_every_allocation_failing_in_turn);
    RUN(test_nodes_become_what_comes_asks_for);
    RUN(test_a_rate_that_is_told_must_come);
    RUN(test_what_no_sound_would_do_for_is_refused_at_once);
    return check_done();
}
