// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_TESTS_STAGE_RIG_H
#define PST_TESTS_STAGE_RIG_H

#include <stdlib.h>

#include "base/clock.h"
#include "base/error.h"
#include "chain/stage.h"
#include "check.h"

// A source that gives what it is told to, cut into pieces of random lengths, and a sink that keeps
// what comes, with all that was said about each frame. Between them is what is to be tested.

#define RIG_PATIENCE_NS (20 * PST_NS_PER_SECOND)

// Frames that follow each other.
typedef struct rig_run {
    uint64_t n_frames;
    int64_t frame;
    bool is_filler;
    bool begins;
} rig_run;

typedef struct rig_source {
    pst_source base;
    const uint8_t *data; // Of all runs, one after another.
    rig_run runs[16];
    int n_runs;
    uint64_t most; // Frames per piece, at random.
    uint64_t random;
    int64_t fail_at; // A pull behind so many frames fails; negative: none.
    // State:
    int run;
    uint64_t n_passed; // Of the run.
    uint64_t n_given;  // In all.
    uint64_t n_piece;
    int n_timeouts;
} rig_source;

static inline uint32_t rig_frame_bytes(pst_format format, uint32_t n_channels) {
    return n_channels * pst_format_bytes(format);
}

static pst_status rig_pull(pst_source *source, pst_piece *piece, pst_error *err) {
    rig_source *self = (rig_source *)source;
    if (self->fail_at >= 0 && (int64_t)self->n_given >= self->fail_at)
        return pst_fail(err, PST_SYSTEM_ERROR, 5, "the source was told to fail");
    if (self->run == self->n_runs)
        return PST_END;
    if (check_random_in(&self->random, 0, 9) == 0 && ++self->n_timeouts < 50)
        return PST_TIMEOUT; // Nothing yet.
    const rig_run *run = &self->runs[self->run];
    const uint64_t n_left = run->n_frames - self->n_passed;
    const uint64_t n = check_random_in(&self->random, 1, (uint32_t)self->most);
    self->n_piece = n < n_left ? n : n_left;
    *piece =
        (pst_piece){.data = self->data + self->n_given * rig_frame_bytes(self->base.format,
                                                                         self->base.n_channels),
                    .n_frames = self->n_piece,
                    .frame = run->frame + (int64_t)self->n_passed,
                    .is_filler = run->is_filler,
                    .begins = run->begins && self->n_passed == 0};
    return PST_OK;
}

static void rig_pass(pst_source *source, uint64_t n_frames) {
    rig_source *self = (rig_source *)source;
    CHECK(n_frames <= self->n_piece);
    self->n_piece -= n_frames;
    self->n_passed += n_frames;
    self->n_given += n_frames;
    if (self->run < self->n_runs && self->n_passed == self->runs[self->run].n_frames) {
        ++self->run;
        self->n_passed = 0;
    }
}

static void rig_nothing(pst_source *source) {
    (void)source;
}

static void rig_destroy(pst_source *source) {
    free(source);
}

static const pst_source_ops rig_source_ops = {.name = "rig",
                                              .pull = rig_pull,
                                              .pass = rig_pass,
                                              .stop = rig_nothing,
                                              .wake = rig_nothing,
                                              .end = rig_nothing,
                                              .destroy = rig_destroy};

static inline rig_source *rig_make_source(const void *data, pst_format format, uint32_t n_channels,
                                          double rate_hz, uint64_t most, uint64_t seed) {
    rig_source *self = calloc(1, sizeof *self);
    self->base = (pst_source){
        .ops = &rig_source_ops, .format = format, .n_channels = n_channels, .rate_hz = rate_hz};
    self->data = data;
    self->most = most;
    self->random = seed;
    self->fail_at = -1;
    return self;
}

static inline void rig_add_run(rig_source *self, uint64_t n_frames, int64_t frame, bool is_filler,
                               bool begins) {
    self->runs[self->n_runs++] = (rig_run){n_frames, frame, is_filler, begins};
}

// ---- The sink -----------------------------------------------------------------------------------

// What came. It outlives the chain.
typedef struct rig_result {
    uint64_t n_frames;
    uint8_t *data;
    int64_t *frames; // The number of each frame,
    bool *fillers;   // whether it was silence for a lost one,
    bool *begins;    // and the first of a segment.
    uint64_t room;
    uint64_t n_ends;
} rig_result;

typedef struct rig_sink {
    pst_sink base;
    rig_result *result;
    uint64_t most;
    uint64_t random;
} rig_sink;

static void rig_keep(rig_result *result, const pst_piece *piece, uint64_t n, uint32_t frame_bytes) {
    if (result->n_frames + n > result->room) {
        result->room = 2 * (result->n_frames + n);
        result->data = realloc(result->data, result->room * frame_bytes);
        result->frames = realloc(result->frames, result->room * sizeof *result->frames);
        result->fillers = realloc(result->fillers, result->room * sizeof *result->fillers);
        result->begins = realloc(result->begins, result->room * sizeof *result->begins);
    }
    memcpy(result->data + result->n_frames * frame_bytes, piece->data, n * frame_bytes);
    for (uint64_t i = 0; i < n; ++i) {
        result->frames[result->n_frames + i] = piece->frame + (int64_t)i;
        result->fillers[result->n_frames + i] = piece->is_filler;
        result->begins[result->n_frames + i] = piece->begins && i == 0;
    }
    result->n_frames += n;
}

static pst_status rig_push(pst_sink *sink, const pst_piece *piece, uint64_t *n_taken,
                           pst_error *err) {
    rig_sink *self = (rig_sink *)sink;
    (void)err;
    CHECK(piece->n_frames > 0);
    if (check_random_in(&self->random, 0, 9) == 0)
        return PST_TIMEOUT;
    const uint64_t n = check_random_in(&self->random, 1, (uint32_t)self->most);
    *n_taken = n < piece->n_frames ? n : piece->n_frames;
    rig_keep(self->result, piece, *n_taken,
             rig_frame_bytes(self->base.format, self->base.n_channels));
    return PST_OK;
}

static void rig_wake(pst_sink *sink) {
    (void)sink;
}

static pst_status rig_end(pst_sink *sink, pst_ending ending, pst_error *err) {
    (void)ending;
    (void)err;
    ++((rig_sink *)sink)->result->n_ends;
    return PST_OK;
}

static void rig_free_sink(pst_sink *sink) {
    free(sink);
}

static const pst_sink_ops rig_sink_ops = {
    .name = "rig", .push = rig_push, .wake = rig_wake, .end = rig_end, .destroy = rig_free_sink};

static inline pst_sink *rig_make_sink(rig_result *result, pst_format format, uint32_t n_channels,
                                      double rate_hz, uint64_t most, uint64_t seed) {
    rig_sink *self = calloc(1, sizeof *self);
    self->base = (pst_sink){
        .ops = &rig_sink_ops, .format = format, .n_channels = n_channels, .rate_hz = rate_hz};
    self->result = result;
    self->most = most;
    self->random = seed;
    return &self->base;
}

static inline void rig_forget(rig_result *result) {
    free(result->data);
    free(result->frames);
    free(result->fillers);
    free(result->begins);
    *result = (rig_result){0};
}

// Runs a chain to its end, which is to be good. Returns it, for those who want to look at it.
static inline pst_chain *rig_run_chain(pst_source *source, pst_stage *const *stages,
                                       uint32_t n_stages, pst_sink *sink) {
    pst_chain *chain = NULL;
    pst_error err = {.status = PST_OK};
    if (!CHECK_TEXT(pst_chain_create_staged(&chain, NULL, source, stages, n_stages, sink, &err) ==
                        PST_OK,
                    "%s", err.text))
        abort();
    CHECK_TEXT(pst_chain_start(chain, &err) == PST_OK, "%s", err.text);
    CHECK_TEXT(pst_chain_wait(chain, RIG_PATIENCE_NS, &err) == PST_OK, "%s", err.text);
    return chain;
}

#endif
