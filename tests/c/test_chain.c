// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "chain/stage.h"
#include "failing_alloc.h"
#include "core/ring_private.h"
#include "ring_fixture.h"
#include "stream_fixture.h"

// The chain: what goes in comes out, whoever is slower, and however it ends.

enum { N_CHANNELS = 2, FRAME_BYTES = 8 }; // Of F32.

// ---- A sink and a source that do as they are told ---------------------------------------------

typedef struct told_sink {
    pst_sink base;
    uint64_t limit;  // Fails, or ends, after so many frames.
    pst_status then; // PST_OK: there is no limit.
    pst_status at_end;
    uint64_t n_taken;
    uint64_t most; // Per push.
    _Atomic bool blocked;
    _Atomic int n_ends;
    pst_ending ending;
    _Atomic bool *destroyed;
    uint8_t memory[1 << 20];
} told_sink;

static pst_status told_push(pst_sink *sink, const pst_piece *piece, uint64_t *n_taken,
                            pst_error *err) {
    told_sink *self = (told_sink *)sink;
    if (atomic_load(&self->blocked)) {
        pst_sleep_until_ns(pst_now_ns() + PST_NS_PER_MS);
        return PST_TIMEOUT;
    }
    if (self->then != PST_OK && self->n_taken >= self->limit)
        return self->then < 0 ? pst_fail(err, self->then, 28, "told to fail") : self->then;
    uint64_t n = piece->n_frames < self->most ? piece->n_frames : self->most;
    if (self->then != PST_OK && n > self->limit - self->n_taken)
        n = self->limit - self->n_taken;
    memcpy(self->memory + self->n_taken * FRAME_BYTES, piece->data, n * FRAME_BYTES);
    self->n_taken += n;
    *n_taken = n;
    return PST_OK;
}

static void told_wake(pst_sink *sink) {
    told_sink *self = (told_sink *)sink;
    CHECK_EQ(atomic_load(&self->n_ends), 0); // Never after the end.
}

static pst_status told_end(pst_sink *sink, pst_ending ending, pst_error *err) {
    told_sink *self = (told_sink *)sink;
    atomic_fetch_add(&self->n_ends, 1);
    self->ending = ending;
    return self->at_end != PST_OK ? pst_fail(err, self->at_end, 0, "told to fail at the end")
                                  : PST_OK;
}

static void told_destroy(pst_sink *sink) {
    told_sink *self = (told_sink *)sink;
    if (self->destroyed != NULL)
        atomic_store(self->destroyed, true);
    free(self);
}

static const pst_sink_ops told_ops = {
    .name = "told", .push = told_push, .wake = told_wake, .end = told_end, .destroy = told_destroy};

static told_sink *make_told(void) {
    told_sink *self = calloc(1, sizeof *self);
    self->base = (pst_sink){.ops = &told_ops, .format = PST_FORMAT_F32, .n_channels = N_CHANNELS};
    self->most = 1000;
    return self;
}

static uint8_t *make_frames(uint64_t n_frames) {
    uint8_t *frames = malloc((size_t)n_frames * FRAME_BYTES);
    fill_frames(frames, FRAME_BYTES, 0, n_frames);
    return frames;
}

static pst_source *memory_source(const uint8_t *frames, uint64_t n_frames) {
    pst_source *source = NULL;
    CHECK_EQ(pst_source_memory(&source, frames, n_frames, PST_FORMAT_F32, N_CHANNELS, NULL),
             PST_OK);
    return source;
}

static pst_chain *make_chain(pst_source *source, pst_sink *sink) {
    pst_chain *chain = NULL;
    pst_error err = {.status = PST_OK};
    CHECK_TEXT(pst_chain_create(&chain, NULL, source, sink, &err) == PST_OK, "%s", err.text);
    return chain;
}

static void start_chain(pst_chain *chain) {
    pst_error err = {.status = PST_OK};
    CHECK_TEXT(pst_chain_start(chain, &err) == PST_OK, "%s", err.text);
}

static pst_chain_progress progress_of(pst_chain *chain) {
    pst_chain_progress progress;
    pst_chain_get_progress(chain, &progress);
    return progress;
}

static void wait_pushed(pst_chain *chain, int64_t n_frames) {
    const int64_t deadline_ns = pst_deadline_ns(PATIENCE_NS);
    while (progress_of(chain).pushed_frames < n_frames && pst_now_ns() < deadline_ns)
        pst_sleep_until_ns(pst_now_ns() + PST_NS_PER_MS / 4);
    CHECK(progress_of(chain).pushed_frames >= n_frames);
}

// ---- From end to end --------------------------------------------------------------------------

static void test_all_frames_arrive_and_the_sink_is_completed(void) {
    enum { N = 100000 };
    uint8_t *frames = make_frames(N);
    told_sink *sink = make_told();
    _Atomic bool destroyed = false;
    sink->destroyed = &destroyed;
    pst_chain *chain = make_chain(memory_source(frames, N), &sink->base);
    CHECK_EQ(progress_of(chain).state, PST_CHAIN_CREATED);
    CHECK_EQ(pst_chain_wait(chain, 0, NULL), PST_BAD_STATE);
    start_chain(chain);
    CHECK_EQ(pst_chain_start(chain, NULL), PST_BAD_STATE);
    CHECK_EQ(pst_chain_wait(chain, PATIENCE_NS, NULL), PST_OK);
    const pst_chain_progress progress = progress_of(chain);
    CHECK_EQ(progress.state, PST_CHAIN_DONE);
    CHECK_EQ(progress.pulled_frames, N);
    CHECK_EQ(progress.pushed_frames, N);
    CHECK_EQ(progress.filler_frames, 0);
    CHECK_EQ(pst_chain_error(chain, NULL), PST_OK);
    CHECK_EQ(sink->n_taken, N);
    CHECK_EQ(sink->n_ends, 1);
    CHECK_EQ(sink->ending, PST_ENDING_COMPLETE);
    CHECK(memcmp(sink->memory, frames, (size_t)N * FRAME_BYTES) == 0);
    CHECK(!atomic_load(&destroyed));
    pst_chain_release(chain);
    const int64_t deadline_ns = pst_deadline_ns(PATIENCE_NS);
    while (!atomic_load(&destroyed) && pst_now_ns() < deadline_ns)
        pst_sleep_until_ns(pst_now_ns() + PST_NS_PER_MS / 4); // The worker is still going home.
    CHECK(atomic_load(&destroyed));
    free(frames);
}

// Through a ring that is much smaller than the data, from one chain to another.
static void test_two_chains_in_a_row_wait_for_each_other(void) {
    enum { N = 50000 };
    for (int kind = 0; kind < N_RING_KINDS; ++kind) {
        ring_box box;
        REQUIRE(open_ring(&box, ring_kinds[kind], 100, FRAME_BYTES));
        uint8_t *frames = make_frames(N);
        told_sink *sink = make_told();
        sink->most = 33;
        pst_sink *in = NULL;
        pst_source *out = NULL;
        CHECK_EQ(pst_sink_ring(&in, box.ring, NULL, PST_FORMAT_F32, N_CHANNELS, NULL), PST_OK);
        CHECK_EQ(pst_source_ring(&out, box.ring, 0, PST_FORMAT_F32, N_CHANNELS, NULL), PST_OK);
        pst_chain *first = make_chain(memory_source(frames, N), in);
        pst_chain *second = make_chain(out, &sink->base);
        start_chain(first);
        start_chain(second);
        CHECK_EQ(pst_chain_wait(second, PATIENCE_NS, NULL), PST_OK); // By the end of the ring.
        CHECK_EQ(pst_chain_wait(first, PATIENCE_NS, NULL), PST_OK);
        CHECK_EQ(sink->n_taken, N);
        CHECK(memcmp(sink->memory, frames, (size_t)N * FRAME_BYTES) == 0);
        pst_chain_release(first);
        pst_chain_release(second);
        close_ring(&box);
        free(frames);
    }
}

// ---- Stop and cancel --------------------------------------------------------------------------

static void test_stop_brings_what_is_there_and_no_more(void) {
    ring_box box;
    REQUIRE(open_ring(&box, PST_RING_AUTO, 1000, FRAME_BYTES));
    told_sink *sink = make_told();
    atomic_store(&sink->blocked, true);
    pst_source *source = NULL;
    CHECK_EQ(pst_source_ring(&source, box.ring, 0, PST_FORMAT_F32, N_CHANNELS, NULL), PST_OK);
    pst_chain *chain = make_chain(source, &sink->base);
    start_chain(chain);
    uint8_t *frames = make_frames(700);
    CHECK_EQ(pst_ring_write(box.ring, frames, 400), 400);
    pst_chain_stop(chain);
    CHECK_EQ(pst_ring_write(box.ring, frames, 300), 300); // Too late.
    CHECK_EQ(progress_of(chain).state, PST_CHAIN_DRAINING);
    CHECK_EQ(pst_chain_wait(chain, PST_NS_PER_MS, NULL), PST_TIMEOUT);
    atomic_store(&sink->blocked, false);
    CHECK_EQ(pst_chain_wait(chain, PATIENCE_NS, NULL), PST_OK);
    CHECK_EQ(progress_of(chain).state, PST_CHAIN_DONE);
    CHECK_EQ(sink->n_taken, 400);
    CHECK_EQ(sink->ending, PST_ENDING_COMPLETE);
    pst_chain_stop(chain);
    pst_chain_cancel(chain); // Too late: it stays done.
    CHECK_EQ(progress_of(chain).state, PST_CHAIN_DONE);
    CHECK_EQ(pst_ring_writable(box.ring), box.info.capacity_frames); // The reader is given back.
    pst_chain_release(chain);
    close_ring(&box);
    free(frames);
}

// A stop wakes a source that waits for frames; it does not wait for the next slice.
static void test_stop_and_cancel_wake_whoever_waits(void) {
    for (int how = 0; how < 3; ++how) {
        ring_box box;
        REQUIRE(open_ring(&box, PST_RING_AUTO, 512, FRAME_BYTES));
        uint8_t *frames = make_frames(20000);
        pst_chain *chain;
        told_sink *told = NULL;
        if (how < 2) { // The source waits.
            pst_source *source = NULL;
            told = make_told();
            CHECK_EQ(pst_source_ring(&source, box.ring, 0, PST_FORMAT_F32, N_CHANNELS, NULL),
                     PST_OK);
            chain = make_chain(source, &told->base);
            start_chain(chain);
            while (atomic_load(&box.ring->readers[0].event.n_waiters) == 0)
                pst_sleep_until_ns(pst_now_ns() + PST_NS_PER_MS / 4);
        } else { // The sink does.
            pst_sink *sink = NULL;
            CHECK_EQ(pst_sink_ring(&sink, box.ring, NULL, PST_FORMAT_F32, N_CHANNELS, NULL),
                     PST_OK);
            chain = make_chain(memory_source(frames, 20000), sink);
            start_chain(chain);
            while (atomic_load(&box.ring->room_event.n_waiters) == 0)
                pst_sleep_until_ns(pst_now_ns() + PST_NS_PER_MS / 4);
        }
        if (how == 0)
            pst_chain_stop(chain);
        else
            pst_chain_cancel(chain);
        CHECK_EQ(pst_chain_wait(chain, PATIENCE_NS, NULL), PST_OK);
        CHECK_EQ(progress_of(chain).state, how == 0 ? PST_CHAIN_DONE : PST_CHAIN_CANCELLED);
        if (told != NULL)
            CHECK_EQ(told->ending, how == 0 ? PST_ENDING_COMPLETE : PST_ENDING_CANCELLED);
        if (how == 2) { // Others can write to it afterwards, once it is begun anew.
            CHECK(pst_ring_ended(box.ring));
            pst_ring_restart(box.ring);
            pst_ring_skip(box.ring, 0, UINT64_MAX);
            CHECK_EQ(pst_ring_wait_writable(box.ring, 1, 0), PST_OK);
        }
        pst_chain_release(chain);
        close_ring(&box);
        free(frames);
    }
}

static void test_a_chain_that_never_ran_is_cancelled(void) {
    for (int how = 0; how < 3; ++how) {
        told_sink *sink = make_told();
        _Atomic bool destroyed = false;
        sink->destroyed = &destroyed;
        pst_chain *chain = make_chain(memory_source(NULL, 0), &sink->base);
        pst_chain_retain(chain);
        if (how == 0)
            pst_chain_stop(chain);
        else if (how == 1)
            pst_chain_cancel(chain);
        if (how < 2) {
            CHECK_EQ(pst_chain_wait(chain, 0, NULL), PST_OK);
            CHECK_EQ(progress_of(chain).state, PST_CHAIN_CANCELLED);
            CHECK_EQ(pst_chain_start(chain, NULL), PST_BAD_STATE);
        }
        CHECK_EQ(sink->n_ends, 0);
        pst_chain_release(chain);
        CHECK(!destroyed);
        pst_chain_release(chain);
        CHECK(destroyed);
    }
    pst_chain_release(NULL);
    pst_source_destroy(NULL);
    pst_sink_destroy(NULL);
}

// Whoever drops the last reference does not wait, and the worker goes home by itself.
static void test_a_dropped_chain_ends_by_itself(void) {
    ring_box box;
    REQUIRE(open_ring(&box, PST_RING_AUTO, 512, FRAME_BYTES));
    const int64_t deadline_ns = pst_deadline_ns(PATIENCE_NS);
    for (int i = 0; i < 50; ++i) {
        uint32_t reader;
        while (pst_ring_attach(box.ring, &reader) != PST_OK && pst_now_ns() < deadline_ns)
            pst_sleep_until_ns(pst_now_ns() + PST_NS_PER_MS);
        pst_source *source = NULL;
        CHECK_EQ(pst_source_ring(&source, box.ring, reader, PST_FORMAT_F32, N_CHANNELS, NULL),
                 PST_OK);
        pst_chain *chain = make_chain(source, &make_told()->base);
        start_chain(chain);
        pst_chain_release(chain);
    }
    while (atomic_load(&box.ring->n_refs) > 1 && pst_now_ns() < deadline_ns)
        pst_sleep_until_ns(pst_now_ns() + PST_NS_PER_MS);
    CHECK_EQ(atomic_load(&box.ring->n_refs), 1);
    CHECK_EQ(atomic_load(&box.ring->taken), 1); // Only reader 0.
    close_ring(&box);
}

// ---- Errors -----------------------------------------------------------------------------------

static void test_the_first_error_is_kept(void) {
    uint8_t *frames = make_frames(5000);
    for (int at_end = 0; at_end < 2; ++at_end) {
        told_sink *sink = make_told();
        sink->limit = 1234;
        sink->then = at_end ? PST_OK : PST_SYSTEM_ERROR;
        sink->at_end = PST_HOST_ERROR;
        pst_chain *chain = make_chain(memory_source(frames, 5000), &sink->base);
        start_chain(chain);
        pst_error err = {.status = PST_OK};
        const pst_status wanted = at_end ? PST_HOST_ERROR : PST_SYSTEM_ERROR;
        CHECK_EQ(pst_chain_wait(chain, PATIENCE_NS, &err), wanted);
        CHECK_EQ(err.status, wanted);
        CHECK_EQ(err.native_code, at_end ? 0 : 28);
        CHECK_STR(err.text, at_end ? "told to fail at the end" : "told to fail");
        err = (pst_error){.status = PST_OK};
        CHECK_EQ(pst_chain_error(chain, &err), wanted);
        CHECK_EQ(err.status, wanted);
        CHECK_EQ(progress_of(chain).state, PST_CHAIN_FAILED);
        CHECK_EQ(progress_of(chain).pushed_frames, at_end ? 5000 : 1234);
        CHECK_EQ(sink->n_ends, 1);
        CHECK_EQ(sink->ending, at_end ? PST_ENDING_COMPLETE : PST_ENDING_BROKEN);
        pst_chain_release(chain);
    }
    free(frames);
}

static void test_a_sink_that_takes_no_more_ends_the_chain_well(void) {
    uint8_t *frames = make_frames(5000);
    told_sink *sink = make_told();
    sink->limit = 777;
    sink->then = PST_END;
    pst_chain *chain = make_chain(memory_source(frames, 5000), &sink->base);
    start_chain(chain);
    CHECK_EQ(pst_chain_wait(chain, PATIENCE_NS, NULL), PST_OK);
    CHECK_EQ(progress_of(chain).state, PST_CHAIN_DONE);
    CHECK_EQ(sink->n_taken, 777);
    pst_chain_release(chain);
    free(frames);
}

static void test_arguments_are_checked(void) {
    ring_box box;
    REQUIRE(open_ring(&box, PST_RING_COPYING, 100, FRAME_BYTES));
    pst_error err;
    pst_source *source = NULL;
    pst_sink *sink = NULL;
    CHECK_EQ(pst_source_ring(&source, box.ring, 0, PST_FORMAT_I16, 3, &err), PST_BAD_ARGUMENT);
    CHECK(strstr(err.text, "8 bytes per frame") != NULL);
    CHECK_EQ(pst_source_ring(&source, box.ring, 5, PST_FORMAT_F32, 2, &err), PST_BAD_ARGUMENT);
    CHECK(strstr(err.text, "reader 5") != NULL);
    CHECK_EQ(pst_source_ring(&source, box.ring, 0, (pst_format)99, 2, &err), PST_BAD_ARGUMENT);
    CHECK(strstr(err.text, "format is 99") != NULL);
    CHECK_EQ(pst_sink_ring(&sink, box.ring, NULL, PST_FORMAT_F32, 0, &err), PST_BAD_ARGUMENT);
    CHECK(strstr(err.text, "n_channels is 0") != NULL);
    CHECK_EQ(pst_source_memory(&source, NULL, 1, PST_FORMAT_F32, 2, &err), PST_BAD_ARGUMENT);
    CHECK_EQ(pst_source_memory(&source, &err, 1, PST_FORMAT_F32, 257, &err), PST_BAD_ARGUMENT);
    CHECK(source == NULL && sink == NULL);
    source = memory_source(NULL, 0);
    told_sink *told = make_told();
    told->base.n_channels = 1;
    pst_chain *chain = NULL;
    CHECK_EQ(pst_chain_create(&chain, NULL, source, &told->base, &err), PST_BAD_ARGUMENT);
    CHECK_STR(err.text, "the source (memory) gives 2 channels of float32, the sink (told) takes 1 "
                        "channel of float32");
    pst_source_destroy(source);
    pst_sink_destroy(&told->base);
    close_ring(&box);
}

// ---- With others ------------------------------------------------------------------------------

static void test_the_descriptor_tells_the_end(void) {
    ring_box box;
    REQUIRE(open_ring(&box, PST_RING_AUTO, 512, FRAME_BYTES));
    pst_source *source = NULL;
    CHECK_EQ(pst_source_ring(&source, box.ring, 0, PST_FORMAT_F32, N_CHANNELS, NULL), PST_OK);
    pst_chain *chain = make_chain(source, &make_told()->base);
    start_chain(chain);
    struct pollfd fd = {.fd = pst_chain_arm(chain), .events = POLLIN};
    CHECK(fd.fd >= 0);
    CHECK_EQ(poll(&fd, 1, 0), 0);
    pst_ring_end(box.ring);
    CHECK_EQ(poll(&fd, 1, 20000), 1);
    CHECK_EQ(pst_chain_wait(chain, 0, NULL), PST_OK);
    CHECK_EQ(pst_chain_arm(chain), fd.fd); // At once, when it is over already.
    CHECK_EQ(poll(&fd, 1, 0), 1);
    pst_chain_release(chain);
    close_ring(&box);
}

static void test_a_chain_into_a_stream_ends_with_its_run(void) {
    pst_system *system = make_system();
    for (int how = 0; how < 3; ++how) {
        stream_setup setup = make_setup(false, true);
        if (how == 2)
            add_fault(&setup, PST_FAULT_DEAD, 64 * 100, 0);
        pst_stream *stream = open_stream(system, &setup);
        uint8_t *frames = calloc(1 << 20, 4);
        pst_source *source = NULL;
        pst_sink *sink = NULL;
        CHECK_EQ(pst_source_memory(&source, frames, 1 << 20, PST_FORMAT_I32, 1, NULL), PST_OK);
        CHECK_EQ(
            pst_sink_ring(&sink, pst_stream_output_ring(stream), stream, PST_FORMAT_I32, 1, NULL),
            PST_OK);
        pst_chain *chain = NULL;
        CHECK_EQ(pst_chain_create(&chain, system, source, sink, NULL), PST_OK);
        start_chain(chain);
        wait_pushed(chain, 4096); // The ring is full before the stream runs.
        start_stream(stream);
        if (how < 2)
            wait_pushed(chain, 8192);
        if (how == 0)
            CHECK_EQ(pst_stream_stop(stream, NULL), PST_OK);
        else if (how == 1)
            CHECK_EQ(pst_stream_close(stream, NULL), PST_OK);
        pst_error err = {.status = PST_OK};
        const pst_status status = pst_chain_wait(chain, PATIENCE_NS, &err);
        CHECK_TEXT(status == (how == 2 ? PST_DEVICE_LOST : PST_OK), "how %d: status %d, %s", how,
                   status, err.text);
        pst_chain_release(chain);
        end_stream(stream);
        free(frames);
    }
    CHECK_EQ(pst_system_wait_work(system, PATIENCE_NS), PST_OK);
    pst_system_release(system);
}

// The child of a fork has no worker; nothing there waits for one, and the parent goes on.
static void test_a_forked_child_is_refused(void) {
    if (CHECK_TSAN) {
        check_skip("the sanitizer does not start threads after a fork");
        return;
    }
    ring_box box;
    REQUIRE(open_ring(&box, PST_RING_AUTO, 512, FRAME_BYTES));
    pst_source *source = NULL;
    CHECK_EQ(pst_source_ring(&source, box.ring, 0, PST_FORMAT_F32, N_CHANNELS, NULL), PST_OK);
    pst_chain *chain = make_chain(source, &make_told()->base);
    start_chain(chain);
    const pid_t child = fork();
    if (child == 0) {
        const bool refused = pst_chain_wait(chain, -1, NULL) == PST_FORKED &&
                             pst_chain_start(chain, NULL) == PST_FORKED &&
                             pst_chain_arm(chain) == PST_FORKED;
        pst_chain_stop(chain);
        pst_chain_cancel(chain);
        pst_chain_release(chain);
        _exit(refused ? 0 : 1);
    }
    int code = -1;
    CHECK_EQ(waitpid(child, &code, 0), child);
    CHECK_EQ(code, 0);
    CHECK_EQ(progress_of(chain).state, PST_CHAIN_RUNNING);
    pst_ring_end(box.ring);
    CHECK_EQ(pst_chain_wait(chain, PATIENCE_NS, NULL), PST_OK);
    pst_chain_release(chain);
    close_ring(&box);
}

static pst_status make_and_run(ring_box *box, const uint8_t *frames) {
    pst_source *source = NULL;
    pst_sink *sink = NULL;
    pst_chain *chain = NULL;
    pst_status status = pst_source_memory(&source, frames, 10, PST_FORMAT_F32, N_CHANNELS, NULL);
    if (status == PST_OK)
        status = pst_sink_ring(&sink, box->ring, NULL, PST_FORMAT_F32, N_CHANNELS, NULL);
    if (status == PST_OK)
        status = pst_chain_create(&chain, NULL, source, sink, NULL);
    if (status != PST_OK) {
        pst_source_destroy(source);
        pst_sink_destroy(sink);
        return status;
    }
    pst_error err = {.status = PST_OK};
    status = pst_chain_start(chain, &err);
    CHECK_EQ(status, err.status);
    CHECK_EQ(pst_chain_wait(chain, PATIENCE_NS, NULL), status); // Never hangs.
    CHECK(pst_ring_ended(box->ring));
    pst_chain_release(chain);
    pst_ring_restart(box->ring);
    pst_ring_skip(box->ring, 0, UINT64_MAX);
    return status;
}

static void test_failing_allocations(void) {
    if (!failing_alloc_works()) {
        check_skip("sanitizers bring an allocator of their own");
        return;
    }
    ring_box box;
    REQUIRE(open_ring(&box, PST_RING_AUTO, 512, FRAME_BYTES));
    uint8_t *frames = make_frames(10);
    CHECK_EQ(make_and_run(&box, frames), PST_OK);
    bool got_by = false;
    int n_failed = 0;
    for (long n = 1; n < 100 && !got_by; ++n) {
        failing_alloc_begin(n);
        const pst_status status = make_and_run(&box, frames);
        const int64_t deadline_ns = pst_deadline_ns(PATIENCE_NS);
        while (atomic_load(&box.ring->n_refs) > 1 && pst_now_ns() < deadline_ns)
            pst_sleep_until_ns(pst_now_ns() + PST_NS_PER_MS / 4);
        got_by = failing_alloc_end() < n;
        CHECK_EQ(atomic_load(&box.ring->n_refs), 1);
        CHECK(status == PST_OK || status == PST_NO_MEMORY || status == PST_SYSTEM_ERROR);
        CHECK(!got_by || status == PST_OK);
        n_failed += status != PST_OK;
    }
    CHECK(got_by && n_failed >= 3);
    free(frames);
    close_ring(&box);
}

int main(void) {
    RUN(test_all_frames_arrive_and_the_sink_is_completed);
    RUN(test_two_chains_in_a_row_wait_for_each_other);
    RUN(test_stop_brings_what_is_there_and_no_more);
    RUN(test_stop_and_cancel_wake_whoever_waits);
    RUN(test_a_chain_that_never_ran_is_cancelled);
    RUN(test_a_dropped_chain_ends_by_itself);
    RUN(test_the_first_error_is_kept);
    RUN(test_a_sink_that_takes_no_more_ends_the_chain_well);
    RUN(test_arguments_are_checked);
    RUN(test_the_descriptor_tells_the_end);
    RUN(test_a_chain_into_a_stream_ends_with_its_run);
    RUN(test_a_forked_child_is_refused);
    RUN(test_failing_allocations);
    return check_done();
}
