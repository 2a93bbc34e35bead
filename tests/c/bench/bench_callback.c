// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "stream/callback.h"
#include "stream/hook.h"
#include "timing.h"

// What one callback costs, driven directly: the part of every block that is not the host's.

enum { RATE_HZ = 48000, BLOCK_FRAMES = 64, RING_FRAMES = 1 << 14, MAX_CHANNELS = 8 };

typedef struct bench {
    pst_flow *flow;
    pst_block block;
} bench;

static void fail(const char *what) {
    fprintf(stderr, "bench_callback: %s\n", what);
    exit(1);
}

static pst_ring *make_ring(uint32_t frame_bytes) {
    pst_ring *ring = NULL;
    const pst_ring_config config = {.capacity_frames = RING_FRAMES, .frame_bytes = frame_bytes};
    if (pst_ring_create(&ring, &config, NULL) != PST_OK)
        fail("no ring");
    return ring;
}

static void open_bench(bench *b, uint32_t n_channels, pst_format device_format) {
    static uint64_t memory[2][BLOCK_FRAMES * MAX_CHANNELS]; // 0: numbers that cost nothing extra.
    pst_flow *flow = pst_alloc(sizeof *flow);
    if (!flow || pst_flow_init(flow, NULL) != PST_OK)
        fail("no flow");
    const uint32_t frame_bytes = n_channels * pst_format_bytes(PST_FORMAT_F32);
    flow->in.ring = make_ring(frame_bytes);
    flow->in.format = PST_FORMAT_F32;
    flow->in.n_channels = n_channels;
    flow->out.ring = make_ring(frame_bytes);
    flow->out.format = PST_FORMAT_F32;
    flow->out.n_channels = n_channels;
    const pst_open_info info = {.samplerate_hz = RATE_HZ,
                                .counter = PST_COUNTER_EXACT,
                                .input_device_format = device_format,
                                .output_device_format = device_format,
                                .is_realtime = true};
    pst_flow_set_device(flow, &info);
    const pst_limits limits = {.input_total_frames = PST_UNLIMITED,
                               .output_total_frames = PST_UNLIMITED,
                               .output_run_frames = PST_UNLIMITED};
    pst_flow_begin_run(flow, &limits);
    *b = (bench){.flow = flow,
                 .block = {.input = memory[0],
                           .output = memory[1],
                           .n_frames = BLOCK_FRAMES,
                           .now_ns = pst_now_ns(),
                           .input_age_s = 0.003,
                           .output_delay_s = 0.003}};
}

static int32_t do_nothing(const void *input, void *output, int64_t n_frames,
                          const pst_callback_time *time, uint32_t flags, void *user) PST_RT {
    (void)input, (void)output, (void)n_frames, (void)time, (void)flags, (void)user;
    return PST_CALLBACK_CONTINUE;
}

// What stands between the rings and the device.
typedef enum extra { NOTHING, FUNCTION, SELECTION, MIX, METERS } extra;

static void add_matrix(_Atomic(pst_matrix *) *place, uint32_t n_channels, extra kind) {
    float gains[MAX_CHANNELS * MAX_CHANNELS];
    for (uint32_t d = 0; d < n_channels; ++d)
        for (uint32_t s = 0; s < n_channels; ++s)
            gains[d * n_channels + s] = kind == MIX ? 0.25f : (float)(s == n_channels - 1 - d);
    pst_matrix *matrix = NULL;
    if (pst_matrix_create(&matrix, n_channels, n_channels, NULL) != PST_OK)
        fail("no matrix");
    pst_matrix_set(matrix, gains);
    atomic_store(place, matrix);
}

static void add_extra(bench *b, uint32_t n_channels, extra kind) {
    pst_flow *flow = b->flow;
    if (kind == NOTHING)
        return;
    if (kind == METERS) {
        atomic_store(&flow->input_meter, pst_meter_create(n_channels, RATE_HZ, 1.0f));
        atomic_store(&flow->output_meter, pst_meter_create(n_channels, RATE_HZ, 1.0f));
        return;
    }
    if (pst_hook_make_room(flow, BLOCK_FRAMES, NULL) != PST_OK)
        fail("no room");
    if (kind == FUNCTION) {
        flow->hook.function = do_nothing;
        return;
    }
    add_matrix(&flow->in.matrix, n_channels, kind);
    add_matrix(&flow->out.matrix, n_channels, kind);
}

static void close_bench(bench *b) {
    pst_ring_release(b->flow->in.ring);
    pst_ring_release(b->flow->out.ring);
    pst_hook_deinit(b->flow);
    pst_flow_deinit(b->flow);
    pst_free(b->flow);
}

// The rings are served once in many blocks, so that next to nothing but the callback is timed.
static void serve(bench *b) {
    pst_span span;
    pst_ring_skip(b->flow->in.ring, 0, RING_FRAMES);
    const uint64_t room = pst_ring_begin_write(b->flow->out.ring, RING_FRAMES, &span);
    pst_ring_commit_write(b->flow->out.ring, room);
}

static void call_back(void *context, int64_t n_steps) {
    bench *b = context;
    for (int64_t i = 0; i < n_steps; ++i) {
        if (i % (RING_FRAMES / BLOCK_FRAMES / 2) == 0)
            serve(b);
        if (pst_stream_process(b->flow, &b->block) != PST_CONTINUE)
            fail("the run ended");
        b->block.device_frame += BLOCK_FRAMES;
        b->block.now_ns += INT64_C(1000000000) * BLOCK_FRAMES / RATE_HZ;
    }
}

int main(void) {
    static const struct {
        const char *name;
        uint32_t n_channels;
        pst_format device_format;
        extra extra;
    } cases[] = {
        {"2 channels, float32", 2, PST_FORMAT_F32, NOTHING},
        {"2 channels, int16 device", 2, PST_FORMAT_I16, NOTHING},
        {"8 channels, float32", 8, PST_FORMAT_F32, NOTHING},
        {"2 channels, float32, a function", 2, PST_FORMAT_F32, FUNCTION},
        {"2 channels, float32, both sides metered", 2, PST_FORMAT_F32, METERS},
        {"2 channels, float32, both sides swapped", 2, PST_FORMAT_F32, SELECTION},
        {"2 channels, float32, both sides mixed", 2, PST_FORMAT_F32, MIX},
        {"8 channels, float32, both sides mixed", 8, PST_FORMAT_F32, MIX},
    };
    printf("{\"block_frames\": %d, \"rows\": [", BLOCK_FRAMES);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i) {
        bench b;
        open_bench(&b, cases[i].n_channels, cases[i].device_format);
        add_extra(&b, cases[i].n_channels, cases[i].extra);
        printf("%s{\"name\": \"%s\", \"ns\": %.1f}", i > 0 ? ", " : "", cases[i].name,
               timing_ns_per_step(call_back, &b, 200000));
        close_bench(&b);
    }
    printf("]}\n");
    return 0;
}
