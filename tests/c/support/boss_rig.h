// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_TESTS_BOSS_RIG_H
#define PST_TESTS_BOSS_RIG_H

#include "memory_place.h"
#include "ring_fixture.h"
#include "stage_rig.h"

// For tests of what one may tell a chain while it runs.

enum { N = 60000 };
static int32_t data[N]; // Each frame is its own number.

CHECK_UNUSED static pst_source *memory_source(void) {
    pst_source *source = NULL;
    CHECK_EQ(pst_source_memory(&source, data, N, PST_FORMAT_I32, 1, NULL), PST_OK);
    return source;
}

CHECK_UNUSED static pst_chain_progress progress_of(pst_chain *chain) {
    pst_chain_progress progress;
    pst_chain_get_progress(chain, &progress);
    return progress;
}

CHECK_UNUSED static void nap(void) {
    pst_sleep_until_ns(pst_now_ns() + PST_NS_PER_MS / 4);
}

// ---- A sink that gives orders ------------------------------------------------------------------

// From within a push, so that it is sure when they come.
typedef struct boss_sink {
    pst_sink base;
    rig_result *result;
    pst_chain *chain;
    uint64_t order_at;                     // After so many frames,
    void (*order)(struct boss_sink *self); // this, once.
    pst_status then;                       // And this is what the push gives.
    uint64_t most;
    _Atomic int n_idle;
    int n_flushes;
} boss_sink;

static pst_status boss_push(pst_sink *sink, const pst_piece *piece, uint64_t *n_taken,
                            pst_error *err) {
    boss_sink *self = (boss_sink *)sink;
    if (self->order_at > 0 && self->result->n_frames >= self->order_at) {
        self->order_at = 0;
        if (self->order != NULL)
            self->order(self);
        if (self->then != PST_OK)
            return self->then < 0 ? pst_fail(err, self->then, 28, "the sink was told to fail")
                                  : self->then;
    }
    uint64_t n = piece->n_frames < self->most ? piece->n_frames : self->most;
    if (self->order_at > 0 && n > self->order_at - self->result->n_frames)
        n = self->order_at - self->result->n_frames;
    rig_keep(self->result, piece, n, rig_frame_bytes(sink->format, sink->n_channels));
    *n_taken = n;
    return PST_OK;
}

static pst_status boss_idle(pst_sink *sink, pst_error *err) {
    boss_sink *self = (boss_sink *)sink;
    (void)err;
    atomic_fetch_add(&self->n_idle, 1);
    return PST_OK;
}

static void boss_flush(pst_sink *sink) {
    ++((boss_sink *)sink)->n_flushes;
}

static pst_status boss_end(pst_sink *sink, pst_ending ending, pst_error *err) {
    (void)ending;
    (void)err;
    ++((boss_sink *)sink)->result->n_ends;
    return PST_OK;
}

static const pst_sink_ops boss_ops = {.name = "boss",
                                      .push = boss_push,
                                      .idle = boss_idle,
                                      .flush = boss_flush,
                                      .wake = rig_wake,
                                      .end = boss_end,
                                      .destroy = rig_free_sink};

CHECK_UNUSED static boss_sink *make_boss(rig_result *result, pst_format format) {
    boss_sink *self = calloc(1, sizeof *self);
    self->base = (pst_sink){.ops = &boss_ops, .format = format, .n_channels = 1};
    self->result = result;
    self->most = 1000;
    return self;
}

CHECK_UNUSED static pst_chain *make_chain(pst_source *source, pst_stage *stage, pst_sink *sink) {
    pst_chain *chain = NULL;
    pst_error err = {.status = PST_OK};
    CHECK_TEXT(pst_chain_create_staged(&chain, NULL, source, &stage, stage != NULL, sink, &err) ==
                   PST_OK,
               "%s", err.text);
    return chain;
}

CHECK_UNUSED static void check_frames(const rig_result *result, uint64_t from, uint64_t n,
                                      int32_t first) {
    REQUIRE(from + n <= result->n_frames);
    const int32_t *got = (const int32_t *)(void *)result->data;
    int n_wrong = 0;
    for (uint64_t i = 0; i < n; ++i)
        n_wrong +=
            got[from + i] != first + (int32_t)i || result->frames[from + i] != first + (int64_t)i;
    CHECK_EQ(n_wrong, 0);
}

#endif
