// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "pastream/user_parts.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "check.h"
#include "failing_alloc.h"

// Chains whose source, stages and sink are functions of the test's.

enum { N_CHANNELS = 2, MOST = 4096 };

#define PATIENCE_NS (20 * PST_NS_PER_SECOND)

// What one part does and has seen. Frame k is (k, -k).
typedef struct told {
    // Of sources: so many buffers of so many frames, with these pts.
    int n_buffers;
    uint64_t n_frames;
    bool is_planar;
    int64_t pts[8];
    pst_media media;
    int n_not_yet;   // "Not yet" so often before each success.
    pst_status then; // In place of the end.
    // What went by.
    _Atomic int n_calls;
    int n_done;
    int n_waits;
    float frames[MOST][N_CHANNELS];
    uint64_t n_seen;
    uint64_t sizes[64];
    int64_t begins[64];
    uint32_t flags[64];
    int n_seen_buffers;
    pst_chain_state how;
    _Atomic int n_ends, n_frees, n_wakes;
    _Atomic bool is_blocked;
    bool is_flushed;
    bool is_silent; // A stage: gives nothing.
    float memory[MOST * N_CHANNELS];
} told;

static told *make_told(void) {
    told *self = calloc(1, sizeof *self);
    self->media = (pst_media){.kind = PST_MEDIA_FRAMES,
                              .format = PST_FORMAT_F32,
                              .n_channels = N_CHANNELS,
                              .rate_hz = 48000.0};
    for (int i = 0; i < 8; ++i)
        self->pts[i] = PST_NO_PTS;
    return self;
}

static void fill(told *self, uint64_t first) {
    const uint64_t n = self->n_frames;
    for (uint64_t i = 0; i < n; ++i) {
        const float x = (float)(first + i);
        if (self->is_planar) {
            self->memory[i] = x;
            self->memory[n + i] = -x;
        } else {
            self->memory[2 * i] = x;
            self->memory[2 * i + 1] = -x;
        }
    }
}

static bool says_not_yet(told *self) {
    if (self->n_waits >= self->n_not_yet) {
        self->n_waits = 0;
        return false;
    }
    ++self->n_waits;
    return true;
}

static pst_status told_pull(void *user, pst_buffer *buffer, pst_error *err) {
    told *self = user;
    atomic_fetch_add(&self->n_calls, 1);
    if (says_not_yet(self))
        return PST_TIMEOUT;
    if (self->n_done == self->n_buffers)
        return self->then < 0 ? pst_fail(err, self->then, 7, "told to fail") : PST_END;
    fill(self, (uint64_t)self->n_done * self->n_frames);
    *buffer = (pst_buffer){.media = self->media,
                           .data = self->memory,
                           .n_frames = self->n_frames,
                           .is_planar = self->is_planar,
                           .pts = self->n_done < 8 ? self->pts[self->n_done] : PST_NO_PTS};
    ++self->n_done;
    return PST_OK;
}

static void note(told *self, const pst_buffer *buffer) {
    const int k = self->n_seen_buffers++ % 64;
    self->sizes[k] = buffer->n_frames;
    self->begins[k] = buffer->pts;
    self->media = buffer->media;
    if (buffer->media.kind == PST_MEDIA_PACKETS) {
        const pst_packet *packet = buffer->data;
        self->sizes[k] = packet->n_bytes;
        self->begins[k] = packet->pts;
        self->flags[k] = packet->flags;
        return;
    }
    if (self->n_seen + buffer->n_frames <= MOST)
        memcpy(self->frames[self->n_seen], buffer->data,
               (size_t)buffer->n_frames * sizeof self->frames[0]);
    self->n_seen += buffer->n_frames;
}

static pst_status told_push(void *user, const pst_buffer *buffer, pst_error *err) {
    told *self = user;
    atomic_fetch_add(&self->n_calls, 1);
    if (says_not_yet(self) || atomic_load(&self->is_blocked))
        return PST_TIMEOUT;
    if (self->then != PST_OK && self->n_seen_buffers == self->n_buffers)
        return self->then < 0 ? pst_fail(err, self->then, 7, "told to fail") : self->then;
    note(self, buffer);
    return PST_OK;
}

static void told_wake(void *user) {
    atomic_fetch_add(&((told *)user)->n_wakes, 1);
}

static void told_end(void *user) {
    atomic_fetch_add(&((told *)user)->n_ends, 1);
}

static pst_status told_finish(void *user, pst_chain_state how, pst_error *err) {
    told *self = user;
    (void)err;
    atomic_fetch_add(&self->n_ends, 1);
    self->how = how;
    return PST_OK;
}

static void told_free(void *user) {
    atomic_fetch_add(&((told *)user)->n_frees, 1);
}

static const pst_source_functions source_functions = {
    .pull = told_pull, .wake = told_wake, .end = told_end, .free = told_free};
static const pst_sink_functions sink_functions = {
    .push = told_push, .wake = told_wake, .end = told_finish, .free = told_free};

// ---- A stage that gives each frame back, doubled, in buffers of n_frames ----------------------

static pst_status double_push(void *user, const pst_buffer *buffer, pst_error *err) {
    told *self = user;
    (void)err;
    if (self->n_seen - (uint64_t)self->n_done >= self->n_frames)
        return PST_TIMEOUT; // It wants to be pulled first.
    note(self, buffer);
    return PST_OK;
}

static pst_status double_pull(void *user, pst_buffer *buffer, pst_error *err) {
    told *self = user;
    (void)err;
    uint64_t n = self->n_seen - (uint64_t)self->n_done;
    if (self->is_silent || (n < self->n_frames && !self->is_flushed))
        return self->is_flushed ? PST_END : PST_TIMEOUT;
    if (n == 0)
        return PST_END;
    n = n < self->n_frames ? n : self->n_frames;
    for (uint64_t i = 0; i < n; ++i)
        for (int c = 0; c < N_CHANNELS; ++c)
            self->memory[i * N_CHANNELS + (uint64_t)c] =
                2.0F * self->frames[self->n_done + (int)i][c];
    *buffer =
        (pst_buffer){.media = self->media, .data = self->memory, .n_frames = n, .pts = PST_NO_PTS};
    self->n_done += (int)n;
    return PST_OK;
}

static pst_status double_flush(void *user, pst_error *err) {
    (void)err;
    ((told *)user)->is_flushed = true;
    return PST_OK;
}

static const pst_stage_functions double_functions = {
    .push = double_push, .pull = double_pull, .flush = double_flush, .free = told_free};

// ---- Chains -------------------------------------------------------------------------------------

static pst_chain *chain_of(told *source, pst_media_kind kind, told *stage, told *sink) {
    pst_source *from = NULL;
    pst_stage *through = NULL;
    pst_sink *to = NULL;
    pst_chain *chain = NULL;
    pst_error err = {.status = PST_OK};
    CHECK_EQ(pst_source_user(&from, kind, &source_functions, source, NULL), PST_OK);
    CHECK_EQ(pst_sink_user(&to, kind, &sink_functions, sink, NULL), PST_OK);
    if (stage != NULL)
        CHECK_EQ(pst_stage_user(&through, "doubler", kind, kind, &double_functions, stage, NULL),
                 PST_OK);
    CHECK_TEXT(pst_chain_create_staged(&chain, NULL, from, &through, stage != NULL, to, &err) ==
                   PST_OK,
               "%s", err.text);
    return chain;
}

static pst_status run(pst_chain *chain, pst_error *err) {
    CHECK_EQ(pst_chain_start(chain, err), PST_OK);
    return pst_chain_wait(chain, PATIENCE_NS, err);
}

// The worker lets go of the chain a moment after its end.
static void drop(pst_chain *chain, const told *last) {
    pst_chain_release(chain);
    const int64_t deadline_ns = pst_deadline_ns(PATIENCE_NS);
    while (atomic_load(&last->n_frees) == 0 && pst_now_ns() < deadline_ns)
        pst_sleep_until_ns(pst_now_ns() + PST_NS_PER_MS / 4);
    CHECK_EQ(atomic_load(&last->n_frees), 1);
}

static void check_frames(const told *sink, uint64_t n_frames, float factor) {
    CHECK_EQ(sink->n_seen, n_frames);
    uint64_t n_wrong = 0;
    for (uint64_t i = 0; i < n_frames; ++i)
        n_wrong +=
            sink->frames[i][0] != factor * (float)i || sink->frames[i][1] != -factor * (float)i;
    CHECK_EQ(n_wrong, 0);
}

static void test_buffers_arrive_as_they_were_given(void) {
    for (int planar = 0; planar < 2; ++planar) {
        told *source = make_told(), *sink = make_told();
        source->n_buffers = 5;
        source->n_frames = 100;
        source->is_planar = planar;
        source->n_not_yet = sink->n_not_yet = 2;
        pst_chain *chain = chain_of(source, PST_MEDIA_FRAMES, NULL, sink);
        pst_error err = {.status = PST_OK};
        CHECK_TEXT(run(chain, &err) == PST_OK, "%s", err.text);
        check_frames(sink, 500, 1.0F);
        CHECK_EQ(sink->n_seen_buffers, 5);
        CHECK_EQ(sink->sizes[4], 100);
        CHECK_EQ(sink->begins[4], 400);
        CHECK(sink->media.rate_hz == 48000.0);
        CHECK_EQ(sink->how, PST_CHAIN_DONE);
        CHECK_EQ(sink->n_ends, 1);
        CHECK_EQ(source->n_ends, 1);
        drop(chain, sink);
        CHECK_EQ(source->n_frees, 1);
        free(source);
        free(sink);
    }
}

static void test_times_are_kept_and_jitter_is_no_gap(void) {
    told *source = make_told(), *sink = make_told();
    source->n_buffers = 4;
    source->n_frames = 100; // 2.08 ms.
    source->media.time_base_num = 1;
    source->media.time_base_den = 1000;
    source->pts[0] = 10;
    source->pts[1] = 12; // 480 + 100 frames, rounded.
    source->pts[3] = 100;
    pst_chain *chain = chain_of(source, PST_MEDIA_FRAMES, NULL, sink);
    pst_error err = {.status = PST_OK};
    CHECK_TEXT(run(chain, &err) == PST_OK, "%s", err.text);
    const int64_t begins[] = {10, 12, 14, 100};
    for (int i = 0; i < 4; ++i)
        CHECK_EQ(sink->begins[i], begins[i]);
    CHECK_EQ(sink->media.time_base_den, 1000);
    drop(chain, sink);
    free(source);
    free(sink);
}

static void test_a_stage_gives_when_and_what_it_likes(void) {
    told *source = make_told(), *stage = make_told(), *sink = make_told();
    source->n_buffers = 7;
    source->n_frames = 100;
    source->pts[0] = 1000;
    stage->n_frames = 64;
    pst_chain *chain = chain_of(source, PST_MEDIA_FRAMES, stage, sink);
    pst_error err = {.status = PST_OK};
    CHECK_TEXT(run(chain, &err) == PST_OK, "%s", err.text);
    check_frames(sink, 700, 2.0F);
    CHECK_EQ(sink->n_seen_buffers, 11);
    CHECK_EQ(sink->sizes[10], 60);
    CHECK_EQ(sink->begins[0], 1000);  // As what went in,
    CHECK_EQ(sink->begins[10], 1640); // and counted on.
    drop(chain, sink);
    CHECK_EQ(stage->n_frees, 1);
    free(source);
    free(stage);
    free(sink);
}

static void test_a_stage_that_gives_nothing_drops_what_comes(void) {
    told *source = make_told(), *stage = make_told(), *sink = make_told();
    source->n_buffers = 3;
    source->n_frames = 10;
    stage->n_frames = 1000;
    stage->is_silent = true;
    pst_chain *chain = chain_of(source, PST_MEDIA_FRAMES, stage, sink);
    pst_error err = {.status = PST_OK};
    CHECK_TEXT(run(chain, &err) == PST_OK, "%s", err.text);
    CHECK_EQ(sink->n_seen, 0);
    CHECK_EQ(stage->n_seen, 30);
    drop(chain, sink);
    free(source);
    free(stage);
    free(sink);
}

static pst_status packet_pull(void *user, pst_buffer *buffer, pst_error *err) {
    static const uint8_t bytes[] = {1, 2, 3, 4, 5};
    static pst_packet packet;
    told *self = user;
    (void)err;
    if (self->n_done == self->n_buffers)
        return PST_END;
    packet = (pst_packet){.data = bytes,
                          .n_bytes = (uint64_t)self->n_done,
                          .pts = 960 * self->n_done,
                          .dts = PST_NO_PTS,
                          .duration = 960,
                          .time_base_num = 1,
                          .time_base_den = (uint32_t)(self->n_frames == 0 ? 48000 : 0),
                          .flags = self->n_done == 0 ? PST_PACKET_HEADER : 0};
    *buffer = (pst_buffer){.media = {.kind = PST_MEDIA_PACKETS}, .data = &packet, .n_frames = 1};
    ++self->n_done;
    return PST_OK;
}

static void test_packets_are_carried(void) {
    const pst_source_functions functions = {.pull = packet_pull, .free = told_free};
    for (int broken = 0; broken < 2; ++broken) {
        told *source = make_told(), *sink = make_told();
        source->n_buffers = 4;
        source->n_frames = (uint64_t)broken;
        pst_source *from = NULL;
        pst_sink *to = NULL;
        pst_chain *chain = NULL;
        pst_error err = {.status = PST_OK};
        CHECK_EQ(pst_source_user(&from, PST_MEDIA_PACKETS, &functions, source, NULL), PST_OK);
        CHECK_EQ(pst_sink_user(&to, PST_MEDIA_PACKETS, &sink_functions, sink, NULL), PST_OK);
        CHECK_EQ(pst_chain_create(&chain, NULL, from, to, NULL), PST_OK);
        CHECK_EQ(run(chain, &err), broken ? PST_BAD_ARGUMENT : PST_OK);
        if (broken) {
            CHECK_TEXT(strstr(err.text, "time base") != NULL, "%s", err.text);
            CHECK_EQ(sink->how, PST_CHAIN_FAILED);
        } else {
            CHECK_EQ(sink->n_seen_buffers, 4);
            CHECK_EQ(sink->sizes[3], 3);
            CHECK_EQ(sink->begins[3], 2880);
            CHECK_EQ(sink->flags[0], PST_PACKET_HEADER);
        }
        drop(chain, sink);
        free(source);
        free(sink);
    }
}

static void test_failures_end_the_chain_and_tell_their_place(void) {
    told *source = make_told(), *sink = make_told();
    source->n_buffers = 2;
    source->n_frames = 10;
    source->then = PST_LIMIT;
    pst_chain *chain = chain_of(source, PST_MEDIA_FRAMES, NULL, sink);
    pst_error err = {.status = PST_OK};
    int32_t place = -1;
    CHECK_EQ(run(chain, &err), PST_LIMIT);
    CHECK(strcmp(err.text, "told to fail") == 0 && err.native_code == 7);
    CHECK(strcmp(pst_chain_origin(chain, &place), "user") == 0);
    CHECK_EQ(place, 0);
    check_frames(sink, 20, 1.0F);
    CHECK_EQ(sink->how, PST_CHAIN_FAILED);
    drop(chain, sink);
    free(source);
    free(sink);

    source = make_told(), sink = make_told();
    source->n_buffers = 1000;
    source->n_frames = 10;
    sink->n_buffers = 3;
    sink->then = PST_DEVICE_LOST;
    chain = chain_of(source, PST_MEDIA_FRAMES, NULL, sink);
    CHECK_EQ(run(chain, &err), PST_DEVICE_LOST);
    (void)pst_chain_origin(chain, &place);
    CHECK_EQ(place, 1);
    check_frames(sink, 30, 1.0F);
    drop(chain, sink);
    free(source);
    free(sink);
}

static void test_a_sink_that_is_full_ends_the_chain_well(void) {
    told *source = make_told(), *sink = make_told();
    source->n_buffers = 1000;
    source->n_frames = 10;
    sink->n_buffers = 3;
    sink->then = PST_END;
    pst_chain *chain = chain_of(source, PST_MEDIA_FRAMES, NULL, sink);
    pst_error err = {.status = PST_OK};
    CHECK_EQ(run(chain, &err), PST_OK);
    check_frames(sink, 30, 1.0F);
    CHECK_EQ(sink->how, PST_CHAIN_DONE);
    drop(chain, sink);
    free(source);
    free(sink);
}

static void test_a_cancel_ends_all_waits(void) {
    for (int at_sink = 0; at_sink < 2; ++at_sink) {
        told *source = make_told(), *sink = make_told();
        source->n_buffers = 1000;
        source->n_frames = 10;
        source->n_not_yet = at_sink ? 0 : 1 << 30;
        atomic_store(&sink->is_blocked, at_sink);
        pst_chain *chain = chain_of(source, PST_MEDIA_FRAMES, NULL, sink);
        CHECK_EQ(pst_chain_start(chain, NULL), PST_OK);
        const int64_t deadline_ns = pst_deadline_ns(PATIENCE_NS);
        while (atomic_load(at_sink ? &sink->n_calls : &source->n_calls) < 3 &&
               pst_now_ns() < deadline_ns)
            pst_sleep_until_ns(pst_now_ns() + PST_NS_PER_MS / 4);
        pst_chain_cancel(chain);
        CHECK_EQ(pst_chain_wait(chain, PATIENCE_NS, NULL), PST_OK);
        CHECK_EQ(sink->how, PST_CHAIN_CANCELLED);
        CHECK_EQ(sink->n_wakes, 1);
        CHECK_EQ(source->n_wakes, 1);
        drop(chain, sink);
        free(source);
        free(sink);
    }
}

static void test_a_stop_lets_the_source_end(void) {
    told *source = make_told(), *sink = make_told();
    source->n_buffers = 1 << 30;
    source->n_frames = 1;
    pst_chain *chain = chain_of(source, PST_MEDIA_FRAMES, NULL, sink);
    CHECK_EQ(pst_chain_start(chain, NULL), PST_OK);
    pst_sleep_until_ns(pst_now_ns() + PST_NS_PER_MS);
    pst_chain_stop(chain);
    CHECK_EQ(pst_chain_wait(chain, PATIENCE_NS, NULL), PST_OK);
    CHECK_EQ(sink->how, PST_CHAIN_DONE);
    CHECK_EQ(sink->n_seen, (uint64_t)source->n_done);
    drop(chain, sink);
    free(source);
    free(sink);
}

static void test_what_lies_ready_comes_as_one(void) {
    static float frames[3000][N_CHANNELS];
    for (int i = 0; i < 3000; ++i) {
        frames[i][0] = (float)i;
        frames[i][1] = (float)-i;
    }
    told *sink = make_told();
    pst_source *from = NULL;
    pst_sink *to = NULL;
    pst_stage *gain = NULL;
    pst_chain *chain = NULL;
    CHECK_EQ(pst_source_memory(&from, frames, 3000, PST_FORMAT_F32, N_CHANNELS, NULL), PST_OK);
    // It gives what fits into its scratch at a time.
    CHECK_EQ(pst_stage_remix(&gain, PST_FORMAT_F32, 2, PST_FORMAT_F32, 2,
                             (const float[]){0.5F, 0.0F, 0.0F, 0.5F}, NULL),
             PST_OK);
    CHECK_EQ(pst_sink_user(&to, PST_MEDIA_FRAMES, &sink_functions, sink, NULL), PST_OK);
    pst_error err = {.status = PST_OK};
    CHECK_TEXT(pst_chain_create_staged(&chain, NULL, from, &gain, 1, to, &err) == PST_OK, "%s",
               err.text);
    CHECK_EQ(run(chain, &err), PST_OK);
    check_frames(sink, 3000, 0.5F);
    CHECK_EQ(sink->n_seen_buffers, 1);
    drop(chain, sink);
    free(sink);
}

static void test_bad_buffers_are_refused(void) {
    const struct {
        pst_media media;
        const char *word;
    } rows[] = {
        {{PST_MEDIA_PACKETS, 0, 0, 0.0, 0, 0, 0, 0}, "packets"},
        {{PST_MEDIA_FRAMES, (pst_format)99, 2, 48000.0, 0, 0, 0, 0}, "format"},
        {{PST_MEDIA_FRAMES, PST_FORMAT_F32, 0, 48000.0, 0, 0, 0, 0}, "n_channels"},
        {{PST_MEDIA_FRAMES, PST_FORMAT_F32, 2, 0.0, 0, 0, 0, 0}, "rate"},
        {{PST_MEDIA_FRAMES, PST_FORMAT_F32, 2, 48000.0, 1, 0, 0, 0}, "time base"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; ++i) {
        told *source = make_told(), *sink = make_told();
        source->n_buffers = 1;
        source->n_frames = 1;
        source->media = rows[i].media;
        pst_chain *chain = chain_of(source, PST_MEDIA_FRAMES, NULL, sink);
        pst_error err = {.status = PST_OK};
        CHECK_EQ(run(chain, &err), PST_BAD_ARGUMENT);
        CHECK_TEXT(strstr(err.text, rows[i].word) != NULL, "%s", err.text);
        drop(chain, sink);
        free(source);
        free(sink);
    }
}

static void test_functions_are_needed(void) {
    pst_source *source = NULL;
    pst_sink *sink = NULL;
    pst_stage *stage = NULL;
    const pst_source_functions no_pull = {.free = told_free};
    const pst_sink_functions no_push = {.free = told_free};
    const pst_stage_functions half = {.push = double_push, .free = told_free};
    told *user = make_told();
    CHECK_EQ(pst_source_user(&source, PST_MEDIA_FRAMES, &no_pull, user, NULL), PST_BAD_ARGUMENT);
    CHECK_EQ(pst_sink_user(&sink, PST_MEDIA_FRAMES, &no_push, user, NULL), PST_BAD_ARGUMENT);
    CHECK_EQ(pst_stage_user(&stage, NULL, PST_MEDIA_FRAMES, PST_MEDIA_FRAMES, &half, user, NULL),
             PST_BAD_ARGUMENT);
    CHECK_EQ(user->n_frees, 0);
    // Parts that no chain got let go of their user, too.
    CHECK_EQ(pst_source_user(&source, PST_MEDIA_FRAMES, &source_functions, user, NULL), PST_OK);
    pst_source_destroy(source);
    CHECK_EQ(pst_sink_user(&sink, PST_MEDIA_FRAMES, &sink_functions, user, NULL), PST_OK);
    pst_sink_destroy(sink);
    CHECK_EQ(pst_stage_user(&stage, NULL, PST_MEDIA_FRAMES, PST_MEDIA_FRAMES, &double_functions,
                            user, NULL),
             PST_OK);
    pst_stage_destroy(stage);
    CHECK_EQ(user->n_frees, 3);
    CHECK_EQ(user->n_ends, 0);
    free(user);
}

static void test_failing_allocations(void) {
    if (!failing_alloc_works())
        return;
    bool got_by = false;
    long n_failed = 0;
    for (long n = 1; !got_by && n < 20; ++n) {
        told *user = make_told();
        pst_source *source = NULL;
        pst_sink *sink = NULL;
        pst_stage *stage = NULL;
        failing_alloc_begin(n);
        const pst_status a =
            pst_source_user(&source, PST_MEDIA_FRAMES, &source_functions, user, NULL);
        const pst_status b = pst_sink_user(&sink, PST_MEDIA_FRAMES, &sink_functions, user, NULL);
        const pst_status c = pst_stage_user(&stage, NULL, PST_MEDIA_FRAMES, PST_MEDIA_FRAMES,
                                            &double_functions, user, NULL);
        pst_source_destroy(source);
        pst_sink_destroy(sink);
        pst_stage_destroy(stage);
        got_by = failing_alloc_end() < n;
        CHECK_EQ(failing_alloc_live(), 0);
        const int n_made = (a == PST_OK) + (b == PST_OK) + (c == PST_OK);
        CHECK_EQ(user->n_frees, n_made);
        n_failed += n_made < 3;
        free(user);
    }
    CHECK(got_by && n_failed >= 3);
}

int main(void) {
    RUN(test_buffers_arrive_as_they_were_given);
    RUN(test_times_are_kept_and_jitter_is_no_gap);
    RUN(test_a_stage_gives_when_and_what_it_likes);
    RUN(test_a_stage_that_gives_nothing_drops_what_comes);
    RUN(test_packets_are_carried);
    RUN(test_failures_end_the_chain_and_tell_their_place);
    RUN(test_a_sink_that_is_full_ends_the_chain_well);
    RUN(test_a_cancel_ends_all_waits);
    RUN(test_a_stop_lets_the_source_end);
    RUN(test_what_lies_ready_comes_as_one);
    RUN(test_bad_buffers_are_refused);
    RUN(test_functions_are_needed);
    RUN(test_failing_allocations);
    return check_done();
}
