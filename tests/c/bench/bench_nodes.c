// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chain/row.h"
#include "chain/stages/gain.h"
#include "pastream/feed.h"
#include "pastream/node.h"
#include "timing.h"

// What nodes cost beside the work that they do: buffers of 10 ms go through gains, which are called
// straight, stand in a row, or are nodes of a chain between two feeds.

enum { FRAMES = 480, CHANNELS = 2, MOST = 8, BUFFERS = 4000 };

static const pst_media media = {
    .format = PST_FORMAT_F32, .n_channels = CHANNELS, .rate_hz = 48000.0};
static float sound[FRAMES * CHANNELS];

typedef struct bench {
    pst_stage *stages[MOST];
    uint32_t n_stages;
    bool is_identity;
} bench;

static void require(pst_status status) {
    if (status != PST_OK) {
        fprintf(stderr, "bench_nodes: status %d\n", (int)status);
        exit(1);
    }
}

static void make_nodes(bench *b) {
    for (uint32_t i = 0; i < b->n_stages; ++i)
        require(b->is_identity
                    ? pst_node_identity(&b->stages[i], NULL, PST_MEDIA_FRAMES, NULL)
                    : pst_node_gain(&b->stages[i], NULL, i % 2 == 0 ? 0.5 : 2.0, 0, NULL));
}

static void destroy_nodes(bench *b) {
    for (uint32_t i = 0; i < b->n_stages; ++i)
        pst_stage_destroy(b->stages[i]);
}

// The gains' own function, on the frames where they lie.
static void run_straight(void *context, int64_t n_steps) {
    const bench *b = context;
    for (int64_t step = 0; step < n_steps; ++step)
        for (uint32_t i = 0; i < b->n_stages; ++i)
            pst_stage_gain_apply(b->stages[i], sound, FRAMES);
}

static pst_status take(void *user, const pst_piece *piece, pst_error *err) {
    (void)err;
    *(uint64_t *)user += piece->n_frames;
    return PST_OK;
}

static const pst_row_ops take_ops = {.emit = take};

static void run_row(void *context, int64_t n_steps) {
    bench *b = context;
    uint64_t n_taken = 0;
    pst_row row = {
        .stages = b->stages, .n_stages = b->n_stages, .ops = &take_ops, .user = &n_taken};
    for (int64_t step = 0; step < n_steps; ++step) {
        const pst_piece piece = {.data = (const uint8_t *)sound,
                                 .n_frames = FRAMES,
                                 .frame = step * FRAMES,
                                 .is_whole = true,
                                 .media = &media};
        require(pst_row_give(&row, &piece, NULL));
    }
    if (n_taken != (uint64_t)n_steps * FRAMES)
        exit(1);
}

// Puts in and takes out on this thread; the chain has one of its own.
static void run_chain(void *context, int64_t n_steps) {
    bench *b = context;
    pst_feed *in = NULL, *out = NULL;
    pst_source *source = NULL;
    pst_sink *sink = NULL;
    pst_chain *chain = NULL;
    require(pst_feed_create(&in, PST_MEDIA_FRAMES, 64, NULL));
    require(pst_feed_create(&out, PST_MEDIA_FRAMES, 64, NULL));
    require(pst_source_feed(&source, in, NULL));
    require(pst_sink_feed(&sink, out, NULL));
    make_nodes(b);
    require(pst_chain_create_staged(&chain, NULL, source, b->stages, b->n_stages, sink, NULL));
    require(pst_chain_start(chain, NULL));
    const pst_buffer buffer = {
        .media = media, .data = sound, .n_frames = FRAMES, .pts = PST_NO_PTS};
    int64_t n_put = 0, n_got = 0;
    while (n_got < n_steps) {
        pst_buffer got;
        if (n_put < n_steps && n_put - n_got < 60) {
            require(pst_feed_put(in, &buffer, INT64_MAX, NULL));
            ++n_put;
            continue;
        }
        for (int i = 0; i < 30 && n_got < n_put; ++i, ++n_got) {
            require(pst_feed_get(out, &got, INT64_MAX, NULL));
            pst_feed_pass(out, &got);
        }
    }
    pst_feed_end(in);
    require(pst_chain_wait(chain, INT64_MAX, NULL));
    pst_chain_release(chain);
    pst_feed_release(in);
    pst_feed_release(out);
}

static void report(const char *name, const bench *b, double ns, bool is_last) {
    printf("  {\"way\": \"%s\", \"node\": \"%s\", \"nodes\": %u, \"ns_per_buffer\": %.1f}%s\n",
           name, b->is_identity ? "identity" : "gain", (unsigned)b->n_stages, ns,
           is_last ? "" : ",");
}

int main(void) {
    static const uint32_t counts[] = {1, 2, 4, 8};
    printf("[\n");
    for (int kind = 0; kind < 2; ++kind)
        for (int i = 0; i < 4; ++i) {
            bench b = {.n_stages = counts[i], .is_identity = kind == 1};
            if (!b.is_identity) {
                for (uint32_t k = 0; k < b.n_stages; ++k)
                    require(pst_stage_gain(&b.stages[k], media.format, CHANNELS,
                                           k % 2 == 0 ? 0.5 : 2.0, 0, NULL));
                report("straight", &b, timing_ns_per_step(run_straight, &b, BUFFERS), false);
                destroy_nodes(&b);
            }
            make_nodes(&b);
            report("row", &b, timing_ns_per_step(run_row, &b, BUFFERS), false);
            destroy_nodes(&b);
            report("chain", &b, timing_ns_per_step(run_chain, &b, BUFFERS), kind == 1 && i == 3);
        }
    printf("]\n");
    return 0;
}
