// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include <sys/wait.h>
#include <unistd.h>

#include "chain/stage.h"
#include "core/ring_private.h"
#include "recording_fixture.h"

// Recordings over the runs of a stream, beside its other readers.

static void test_a_recording_is_of_one_run(void) {
    pst_system *system = make_system();
    stream_setup setup = make_setup(true, false);
    setup.config.input_total_frames = 3000;
    pst_stream *stream = open_stream(system, &setup);
    const pst_take take = any_take();
    for (int run = 0; run < 20; ++run) {
        pst_recording *recording = record(stream, &take, 0);
        start_stream(stream);
        CHECK_EQ(pst_stream_wait(stream, PATIENCE_NS, NULL), PST_OK);
        pst_recording *next = record(stream, &take, 0);
        start_stream(stream); // At once: the first must still get all of its run.
        CHECK_EQ(pst_stream_wait(stream, PATIENCE_NS, NULL), PST_OK);
        finish(recording, PST_CHAIN_DONE);
        check_counts(recording, 0, 3000);
        finish(next, PST_CHAIN_DONE);
        check_counts(next, 0, 3000);
        pst_recording_destroy(recording);
        pst_recording_destroy(next);
    }
    CHECK_EQ(atomic_load(&stream->workers), 0);
    end_stream(stream);
    pst_system_release(system);
}

// Somebody who does not let go of the last run's frames is not ignored.
static void test_a_start_waits_for_readers_but_not_for_ever(void) {
    pst_system *system = make_system();
    stream_setup setup = make_setup(true, false);
    setup.config.input_total_frames = 3000;
    setup.config.control_timeout_s = 0.2;
    pst_stream *stream = open_stream(system, &setup);
    pst_ring *ring = pst_stream_input_ring(stream);
    uint32_t reader;
    REQUIRE(pst_ring_attach(ring, &reader) == PST_OK);
    start_stream(stream);
    CHECK_EQ(pst_stream_wait(stream, PATIENCE_NS, NULL), PST_OK);
    pst_span span;
    CHECK_EQ(pst_ring_begin_read(ring, reader, 10, &span), 10);
    pst_error err = {.status = PST_OK};
    CHECK_EQ(pst_stream_start(stream, &err), PST_BAD_STATE);
    CHECK(strstr(err.text, "has not let go") != NULL);
    CHECK_EQ(pst_ring_readable(ring, reader), 3000);
    pst_ring_commit_read(ring, reader, 0);
    start_stream(stream);
    CHECK_EQ(pst_stream_wait(stream, PATIENCE_NS, NULL), PST_OK);
    CHECK_EQ(pst_ring_position(ring, reader), 3000);
    end_stream(stream);
    pst_system_release(system);
}

// The stream's own reader holds a recording up only once somebody reads there.
static void test_a_reader_that_nobody_uses_holds_nobody_up(void) {
    pst_system *system = make_system();
    for (int used = 0; used < 2; ++used) {
        stream_setup setup = make_setup(true, false);
        setup.config.input_total_frames = 100000;
        pst_stream *stream = open_stream(system, &setup);
        pst_ring *ring = pst_stream_input_ring(stream);
        const pst_take take = any_take();
        pst_recording *recording = record(stream, &take, 0);
        start_stream(stream);
        if (used) {
            CHECK_EQ(pst_stream_wait_input(stream, 0, 1, PATIENCE_NS, NULL), PST_OK);
            const uint64_t begin = pst_ring_position(ring, 0);
            pst_ring_skip(ring, 0, 1);
            const int64_t most = (int64_t)begin + 1 + 4096;
            pst_sleep_until_ns(pst_now_ns() + 5 * PST_NS_PER_MS);
            CHECK(stats_of(stream).captured_frames <= most);
            while (pst_stream_wait_input(stream, 0, 1, PATIENCE_NS, NULL) == PST_OK)
                pst_ring_skip(ring, 0, 1000);
        }
        CHECK_EQ(pst_stream_wait(stream, PATIENCE_NS, NULL), PST_OK);
        finish(recording, PST_CHAIN_DONE);
        check_counts(recording, 0, 100000);
        CHECK_EQ(stats_of(stream).dropped_frames, 0);
        pst_recording_destroy(recording);
        end_stream(stream);
    }
    pst_system_release(system);
}

static void test_a_dropped_recording_gives_its_reader_back(void) {
    pst_system *system = make_system();
    stream_setup setup = make_setup(true, false);
    pst_stream *stream = open_stream(system, &setup);
    start_stream(stream);
    const pst_take take = any_take();
    for (int i = 0; i < 30; ++i) {
        pst_recording *recording = NULL;
        while (pst_recording_create(&recording, stream, &take, 0, NULL) == PST_LIMIT)
            pst_sleep_until_ns(pst_now_ns() + PST_NS_PER_MS / 4);
        if (i % 3 == 1)
            wait_recorded(recording, 1);
        if (i % 3 == 2) {
            pst_recording_cancel(recording);
            finish(recording, PST_CHAIN_CANCELLED);
        }
        pst_recording_destroy(recording);
    }
    CHECK_EQ(pst_system_wait_work(system, PATIENCE_NS), PST_OK);
    CHECK_EQ(atomic_load(&stream->workers), 0);
    CHECK_EQ(atomic_load(&pst_stream_input_ring(stream)->taken), 1);
    end_stream(stream);
    pst_system_release(system);
}

// A start waits for the frames of every worker that is there, also of one whose reader was somebody
// else's a moment ago.
static void *come_and_go(void *arg) {
    pst_stream *stream = arg;
    intptr_t n_forgotten = 0;
    for (int i = 0; i < 50000; ++i) {
        uint32_t reader = 0;
        bool is_running;
        uint64_t run;
        if (pst_stream_attach_worker(stream, &reader, &is_running, &run, NULL) != PST_OK)
            return (void *)-1;
        for (int look = 0; look < 10; ++look)
            n_forgotten += (atomic_load(&stream->workers) >> reader & 1) == 0;
        pst_stream_detach_worker(stream, reader);
    }
    return (void *)n_forgotten;
}

static void test_a_worker_that_goes_does_not_take_another_with_it(void) {
    pst_system *system = make_system();
    stream_setup setup = make_setup(true, false);
    pst_stream *stream = open_stream(system, &setup);
    enum { N = 8 }; // More than there are processors, so that some are stopped half-way.
    pthread_t threads[N];
    for (int i = 0; i < N; ++i)
        REQUIRE(pthread_create(&threads[i], NULL, come_and_go, stream) == 0);
    for (int i = 0; i < N; ++i) {
        void *n_forgotten = NULL;
        pthread_join(threads[i], &n_forgotten);
        CHECK_EQ((intptr_t)n_forgotten, 0);
    }
    CHECK_EQ(atomic_load(&stream->workers), 0);
    end_stream(stream);
    pst_system_release(system);
}

// A worker holds its locks most of the time here. Returns 0, or what went wrong.
static int try_in_child(pst_recording *recording) {
    pst_segment segment;
    pst_error err = {.status = PST_OK};
    alarm(5); // A lock that is held for ever ends the child.
    const pst_recording_info info = info_of(recording);
    if (info.take_state != PST_TAKE_OVER || info.n_segments != 0)
        return 1;
    if (pst_recording_get_segment(recording, 0, &segment))
        return 2;
    pst_recording_pause(recording, PST_UNLIMITED);
    pst_recording_resume(recording, PST_UNLIMITED);
    pst_recording_stop(recording, PST_UNLIMITED);
    if (pst_recording_trigger(recording, PST_UNLIMITED, &err) != PST_FORKED ||
        pst_recording_wait(recording, -1, &err) != PST_FORKED)
        return 3;
    pst_recording_destroy(recording);
    return 0;
}

static void test_forked_children_never_wait_for_a_worker(void) {
    if (CHECK_TSAN) {
        check_skip("ThreadSanitizer does not follow forks of programs with threads");
        return;
    }
    pst_system *system = make_system();
    stream_setup setup = make_setup(true, false);
    pst_stream *stream = open_stream(system, &setup);
    pst_take take = any_take();
    take.trigger = PST_TRIGGER_LEVEL; // The worker looks at every sample.
    take.level = 1.0;
    pst_recording *recording = record(stream, &take, 0);
    start_stream(stream);
    fflush(stdout);
    int n_wrong = 0;
    for (int i = 0; i < 20 && n_wrong == 0; ++i) {
        CHECK(wait_frames(stream, stats_of(stream).frames + 1));
        const pid_t child = fork();
        if (child == 0)
            _exit(try_in_child(recording));
        REQUIRE(child > 0);
        int code = -1;
        CHECK_EQ(waitpid(child, &code, 0), child);
        n_wrong += !WIFEXITED(code) || WEXITSTATUS(code) != 0;
    }
    CHECK_EQ(n_wrong, 0);
    CHECK_EQ(info_of(recording).take_state, PST_TAKE_WAITING);
    pst_recording_stop(recording, PST_UNLIMITED);
    finish(recording, PST_CHAIN_DONE);
    pst_recording_destroy(recording);
    end_stream(stream);
    pst_system_release(system);
}

// However much there is to hear, one step hears a piece of it: between two of them orders, and the
// end, come through. A device without a clock may have more for ever.
static void test_a_step_hears_one_piece(void) {
    pst_system *system = make_system();
    stream_setup setup = make_setup(true, false);
    setup.config.input_total_frames = 30000;
    setup.config.input_ring_frames = 1 << 15;
    pst_stream *stream = open_stream(system, &setup);
    pst_take take = any_take();
    take.trigger = PST_TRIGGER_LEVEL; // No sample is as loud as that.
    take.level = 1.0;
    pst_source *source = NULL;
    REQUIRE(pst_source_take(&source, stream, &take, NULL) == PST_OK);
    start_stream(stream);
    CHECK_EQ(pst_stream_wait(stream, PATIENCE_NS, NULL), PST_OK);
    const uint64_t most = (1 << 15) / 4;
    pst_piece piece;
    pst_error err = {.status = PST_OK};
    for (uint64_t before = 0, at = 0; at < 30000; before = at) {
        CHECK_EQ(source->ops->pull(source, &piece, &err), PST_TIMEOUT);
        at = pst_ring_position(pst_stream_input_ring(stream), 1);
        if (!CHECK_TEXT(at > before && at <= before + most, "%d to %d", (int)before, (int)at))
            break;
    }
    while (source->ops->pull(source, &piece, &err) == PST_TIMEOUT)
        continue;
    CHECK_EQ(err.status, PST_OK);
    pst_source_destroy(source);
    end_stream(stream);
    pst_system_release(system);
}

// The recording holds the stream, so a program may drop the two in any order.
static void test_the_stream_may_be_dropped_first(void) {
    pst_system *system = make_system();
    stream_setup setup = make_setup(true, false);
    pst_stream *stream = open_stream(system, &setup);
    const pst_take take = any_take();
    pst_recording *recording = record(stream, &take, 0);
    start_stream(stream);
    pst_stream_release(stream);
    wait_recorded(recording, 1000);
    pst_recording_destroy(recording);
    CHECK_EQ(pst_system_close_streams(system, PATIENCE_NS), PST_OK);
    pst_system_release(system);
}

int main(void) {
    RUN(test_a_recording_is_of_one_run);
    RUN(test_a_start_waits_for_readers_but_not_for_ever);
    RUN(test_a_reader_that_nobody_uses_holds_nobody_up);
    RUN(test_a_dropped_recording_gives_its_reader_back);
    RUN(test_a_worker_that_goes_does_not_take_another_with_it);
    RUN(test_forked_children_never_wait_for_a_worker);
    RUN(test_a_step_hears_one_piece);
    RUN(test_the_stream_may_be_dropped_first);
    return check_done();
}
