// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include <sys/wait.h>
#include <unistd.h>

#include "stream_fixture.h"

#if CHECK_ASAN
#include <sanitizer/lsan_interface.h>
// A stream whose host hangs is leaked on purpose.
#define LEAKED_ON_PURPOSE(pointer) __lsan_ignore_object(pointer)
#else
#define LEAKED_ON_PURPOSE(pointer) ((void)(pointer))
#endif

#if CHECK_TSAN
// Nobody joins the thread of a device whose host hangs.
const char *__tsan_default_options(void);
const char *__tsan_default_options(void) {
    return "report_thread_leaks=0";
}
#endif

// Control of streams: every call in every state, from many threads, with hosts that hang.

// ---- Calls in all states -----------------------------------------------------------------------

typedef enum op { START, STOP, ABORT, CLOSE, WAIT, SET_LIMITS, FINISH, N_OPS } op;

static pst_status apply(pst_stream *stream, op call, pst_error *err) {
    switch (call) {
    case START:
        return pst_stream_start(stream, err);
    case STOP:
        return pst_stream_stop(stream, err);
    case ABORT:
        return pst_stream_abort(stream, err);
    case CLOSE:
        return pst_stream_close(stream, err);
    case WAIT:
        return pst_stream_wait(stream, 0, err);
    case SET_LIMITS:
        return pst_stream_set_limits(stream, 0, PST_UNLIMITED, PST_UNLIMITED, 0, -1, err);
    default:
        pst_ring_end(pst_stream_output_ring(stream));
        return wait_state(stream, PST_STATE_FINISHED) ? PST_OK : PST_TIMEOUT;
    }
}

// What the call should return, and the state after it.
static pst_status expect(op call, pst_state *state) {
    const bool runs = *state == PST_STATE_RUNNING;
    const bool closed = *state == PST_STATE_CLOSED;
    switch (call) {
    case START:
        if (closed)
            return PST_CLOSED;
        *state = PST_STATE_RUNNING;
        return PST_OK;
    case STOP:
        if (runs)
            *state = PST_STATE_STOPPED;
        return PST_OK;
    case ABORT:
        if (runs)
            *state = PST_STATE_ABORTED;
        return PST_OK;
    case CLOSE:
        *state = PST_STATE_CLOSED;
        return PST_OK;
    case WAIT:
        return closed ? PST_CLOSED : runs ? PST_TIMEOUT : PST_OK;
    case SET_LIMITS:
        return closed ? PST_CLOSED : runs ? PST_BAD_STATE : PST_OK;
    default:
        *state = PST_STATE_FINISHED;
        return PST_OK;
    }
}

// All sequences of three calls. A run only finishes if there is one.
static void test_all_sequences(void) {
    pst_system *system = make_system();
    for (int i = 0; i < N_OPS * N_OPS * N_OPS; ++i) {
        const op calls[] = {(op)(i % N_OPS), (op)(i / N_OPS % N_OPS), (op)(i / N_OPS / N_OPS)};
        stream_setup setup = make_setup(false, true);
        pst_stream *stream = open_stream(system, &setup);
        pst_state state = PST_STATE_STOPPED;
        for (int j = 0; j < 3; ++j) {
            if (calls[j] == FINISH && state != PST_STATE_RUNNING)
                break;
            pst_error err = {.status = PST_OK};
            const pst_status wanted = expect(calls[j], &state);
            CHECK_TEXT(apply(stream, calls[j], &err) == wanted, "calls %d %d %d, call %d", calls[0],
                       calls[1], calls[2], j);
            CHECK_EQ(err.status, wanted < 0 ? wanted : PST_OK);
            CHECK((wanted < 0) == (err.text[0] != '\0'));
            CHECK_TEXT(pst_stream_state(stream) == state,
                       "calls %d %d %d, call %d: state %d, not %d", calls[0], calls[1], calls[2], j,
                       pst_stream_state(stream), state);
            CHECK_EQ(pst_stream_reason(stream, NULL), PST_OK);
        }
        end_stream(stream);
    }
    pst_system_release(system);
}

static void test_limits_are_checked(void) {
    pst_system *system = make_system();
    stream_setup setup = make_setup(true, true);
    pst_stream *stream = open_stream(system, &setup);
    pst_error err;
    CHECK_EQ(pst_stream_set_limits(stream, -1, -1, -1, 0, -1, &err), PST_BAD_ARGUMENT);
    CHECK(strstr(err.text, "input_skip_frames") != NULL);
    CHECK_EQ(pst_stream_set_limits(stream, 0, -2, -1, 0, -1, &err), PST_BAD_ARGUMENT);
    CHECK_EQ(pst_stream_set_limits(stream, 0, -1, -5, 0, -1, &err), PST_BAD_ARGUMENT);
    CHECK_EQ(pst_stream_set_limits(stream, 0, -1, -1, -2, -1, &err), PST_BAD_ARGUMENT);
    CHECK_EQ(pst_stream_set_limits(stream, 0, -1, -1, 0, -2, &err), PST_BAD_ARGUMENT);
    CHECK(strstr(err.text, "output_run_frames") != NULL);
    CHECK_EQ(pst_stream_set_limits(stream, 10, 100, -1, 0, -1, &err), PST_OK);
    start_stream(stream);
    CHECK_EQ(pst_stream_wait(stream, PATIENCE_NS, NULL), PST_OK);
    CHECK_EQ(stats_of(stream).captured_frames, 90);
    end_stream(stream);
    pst_system_release(system);
}

static void test_start_fails(void) {
    pst_system *system = make_system();
    stream_setup setup = make_setup(true, true);
    setup.host.start_status = PST_DEVICE_BUSY;
    pst_stream *stream = open_stream(system, &setup);
    CHECK_EQ(write_counter(stream, 0, 100), 100);
    for (int i = 0; i < 3; ++i) {
        pst_error err = {.status = PST_OK};
        CHECK_EQ(pst_stream_start(stream, &err), PST_DEVICE_BUSY);
        CHECK_EQ(err.status, PST_DEVICE_BUSY);
        CHECK_EQ(pst_stream_state(stream), PST_STATE_STOPPED);
        CHECK_EQ(pst_ring_readable(pst_stream_output_ring(stream), 0), 100);
        CHECK(!pst_ring_ended(pst_stream_input_ring(stream)));
    }
    CHECK_EQ(pst_stream_stop(stream, NULL), PST_OK);
    end_stream(stream);
    pst_system_release(system);
}

// ---- Waiting -----------------------------------------------------------------------------------

typedef struct waiter {
    pst_stream *stream;
    int kind;
    pst_thread thread;
    pst_status status;
    _Atomic bool begun;
} waiter;

static void wait_somehow(void *arg) {
    waiter *w = arg;
    atomic_store(&w->begun, true);
    switch (w->kind) {
    case 0:
        w->status = pst_stream_wait(w->stream, -1, NULL);
        break;
    case 1:
        w->status = pst_stream_wait_input(w->stream, 0, 4096, -1, NULL);
        break;
    default:
        w->status = pst_stream_wait_output(w->stream, 4096, -1, NULL);
    }
}

static void start_waiter(waiter *w, pst_stream *stream, int kind) {
    *w = (waiter){.stream = stream, .kind = kind};
    CHECK_EQ(pst_thread_start(&w->thread, "waiter", wait_somehow, w, NULL), PST_OK);
}

static void let_them_wait(const waiter *waiters, int n) {
    for (int i = 0; i < n; ++i)
        while (!atomic_load(&waiters[i].begun))
            pst_sleep_until_ns(pst_now_ns() + 100000);
    pst_sleep_until_ns(pst_now_ns() + 2 * PST_NS_PER_MS);
}

// A stream on which nothing moves: its clock waits for the output that nobody writes.
static pst_stream *open_blocked(pst_system *system) {
    stream_setup setup = make_setup(true, true);
    setup.config.output_total_frames = 1000000;
    return open_stream(system, &setup);
}

static void test_close_wakes_everybody(void) {
    pst_system *system = make_system();
    for (int round = 0; round < 25; ++round) {
        pst_stream *stream = open_blocked(system);
        start_stream(stream);
        CHECK_EQ(write_counter(stream, 0, 10), 10); // Now the whole ring is not free either.
        waiter waiters[4];
        for (int i = 0; i < 4; ++i)
            start_waiter(&waiters[i], stream, i % 3);
        if (round % 2 == 0)
            let_them_wait(waiters, 4);
        CHECK_EQ(pst_stream_close(stream, NULL), PST_OK);
        for (int i = 0; i < 4; ++i) {
            pst_thread_join(&waiters[i].thread);
            CHECK_EQ(waiters[i].status, PST_CLOSED);
        }
        pst_stream_release(stream);
    }
    pst_system_release(system);
}

static void test_stop_wakes_everybody(void) {
    pst_system *system = make_system();
    pst_stream *stream = open_blocked(system);
    int n_told = 0;
    for (int round = 0; round < 20; ++round) {
        const bool aborts = round % 2 == 1;
        start_stream(stream);
        CHECK_EQ(write_counter(stream, 0, 10), 10);
        waiter waiters[4];
        for (int i = 0; i < 4; ++i)
            start_waiter(&waiters[i], stream, i % 3);
        let_them_wait(waiters, 4);
        CHECK_EQ(aborts ? pst_stream_abort(stream, NULL) : pst_stream_stop(stream, NULL), PST_OK);
        for (int i = 0; i < 4; ++i)
            pst_thread_join(&waiters[i].thread);
        CHECK_EQ(waiters[0].status, PST_OK);
        CHECK_EQ(waiters[1].status, PST_END);
        CHECK_EQ(waiters[3].status, PST_OK);
        // A writer that waited for room is told that the run is over; one that came too late finds
        // an empty ring.
        CHECK(waiters[2].status == PST_END || waiters[2].status == PST_OK);
        n_told += waiters[2].status == PST_END;
    }
    CHECK(n_told > 0);
    end_stream(stream);
    pst_system_release(system);
}

static void test_several_wait_for_the_end(void) {
    pst_system *system = make_system();
    stream_setup setup = make_setup(false, true);
    pst_stream *stream = open_stream(system, &setup);
    start_stream(stream);
    waiter waiters[5];
    for (int i = 0; i < 5; ++i)
        start_waiter(&waiters[i], stream, 0);
    let_them_wait(waiters, 5);
    CHECK_EQ(write_counter(stream, 0, 500), 500);
    pst_ring_end(pst_stream_output_ring(stream));
    for (int i = 0; i < 5; ++i) {
        pst_thread_join(&waiters[i].thread);
        CHECK_EQ(waiters[i].status, PST_OK);
    }
    CHECK_EQ(pst_stream_state(stream), PST_STATE_FINISHED);
    end_stream(stream);
    pst_system_release(system);
}

static void test_timeouts(void) {
    pst_system *system = make_system();
    pst_stream *stream = open_blocked(system);
    pst_error err = {.status = PST_OK};
    CHECK_EQ(pst_stream_wait_input(stream, 0, 1, 0, &err), PST_TIMEOUT);
    CHECK_EQ(err.status, PST_TIMEOUT);
    start_stream(stream);
    CHECK_EQ(write_counter(stream, 0, 10), 10);
    CHECK_EQ(pst_stream_wait_input(stream, 0, 1, 20 * PST_NS_PER_MS, &err), PST_TIMEOUT);
    CHECK_EQ(pst_stream_wait_output(stream, 4096, 20 * PST_NS_PER_MS, &err), PST_TIMEOUT);
    CHECK_EQ(pst_stream_wait_output(stream, 4000, 0, &err), PST_OK);
    CHECK_EQ(pst_stream_wait(stream, 20 * PST_NS_PER_MS, &err), PST_TIMEOUT);
    CHECK_EQ(pst_stream_wait(stream, 0, &err), PST_TIMEOUT);
    CHECK_EQ(pst_stream_wait_input(stream, 0, 1 << 30, 0, &err), PST_BAD_ARGUMENT);
    CHECK_EQ(pst_stream_wait_input(stream, 3, 1, 0, &err), PST_BAD_ARGUMENT);
    CHECK_EQ(pst_stream_wait_output(stream, 1 << 30, 0, &err), PST_BAD_ARGUMENT);
    end_stream(stream);
    pst_system_release(system);
}

// ---- Many threads ------------------------------------------------------------------------------

typedef struct storm {
    pst_stream *stream;
    uint64_t seed;
    pst_thread thread;
} storm;

static void play_around(void *arg) {
    storm *job = arg;
    uint64_t state = job->seed;
    pst_stream *stream = job->stream;
    for (int i = 0; i < 60; ++i) {
        pst_stream_event event;
        pst_frames_info info;
        pst_error err;
        pst_status status = PST_OK;
        switch (check_random(&state) % 10) {
        case 0:
        case 1:
            status = pst_stream_start(stream, &err);
            break;
        case 2:
            status = pst_stream_stop(stream, &err);
            break;
        case 3:
            status = pst_stream_abort(stream, &err);
            break;
        case 4:
            status = pst_stream_wait(stream, PST_NS_PER_MS, &err);
            break;
        case 5:
            status = pst_stream_set_limits(stream, 0, check_random(&state) % 3000, PST_UNLIMITED, 0,
                                           PST_UNLIMITED, &err);
            break;
        case 6:
            stats_of(stream);
            pst_stream_describe_input(stream, check_random(&state) % 5000, 100, &info);
            break;
        case 7:
            pst_stream_state(stream);
            pst_stream_reason(stream, &err);
            break;
        case 8:
            pst_stream_output_time_s(stream, 100);
            if (job->seed == 1)
                while (pst_stream_pop_event(stream, &event))
                    continue;
            break;
        default:
            if (job->seed == 1)
                status = pst_stream_wait_input(stream, 0, 1, PST_NS_PER_MS, &err);
        }
        CHECK_TEXT(status == PST_OK || status == PST_END || status == PST_TIMEOUT ||
                       status == PST_BAD_STATE || status == PST_CLOSED,
                   "status %d: %s", status, err.text);
        if (i == 50 && job->seed == 2) {
            CHECK_EQ(pst_stream_close(stream, NULL), PST_OK);
        }
    }
    pst_stream_release(stream);
}

static void test_storm(void) {
    pst_system *system = make_system();
    for (int round = 0; round < 6; ++round) {
        stream_setup setup = make_setup(true, true);
        setup.config.input_total_frames = 2000;
        storm jobs[4];
        pst_stream *stream = open_stream(system, &setup);
        for (uint64_t i = 0; i < 4; ++i) {
            pst_stream_retain(stream);
            jobs[i] = (storm){.stream = stream, .seed = i + 1};
            CHECK_EQ(pst_thread_start(&jobs[i].thread, "storm", play_around, &jobs[i], NULL),
                     PST_OK);
        }
        pst_stream_release(stream);
        for (int i = 0; i < 4; ++i)
            pst_thread_join(&jobs[i].thread);
    }
    CHECK_EQ(pst_system_wait_work(system, PATIENCE_NS), PST_OK);
    pst_system_release(system);
}

// ---- Without close -----------------------------------------------------------------------------

static void test_release_without_close(void) {
    pst_system *system = make_system();
    for (int i = 0; i < 10; ++i) {
        stream_setup setup = make_setup(true, true);
        pst_stream *stream = open_stream(system, &setup);
        pst_ring *ring = pst_stream_input_ring(stream);
        pst_ring_retain(ring);
        if (i % 2 == 0)
            start_stream(stream);
        pst_stream_release(stream);
        CHECK_EQ(pst_system_wait_work(system, PATIENCE_NS), PST_OK);
        // Whoever still waits on its rings is told.
        CHECK_EQ(pst_ring_wait_readable(ring, 0, 4096, -1), PST_CLOSED);
        pst_ring_release(ring);
    }
    pst_system_release(system);
}

// The last reference on the system may be the one of the thread that closes the stream.
static void test_release_after_system(void) {
    pst_system *system = make_system();
    stream_setup setup = make_setup(true, false);
    pst_stream *stream = open_stream(system, &setup);
    start_stream(stream);
    pst_system_retain(system);
    pst_system_release(system);
    pst_stream_release(stream);
    CHECK_EQ(pst_system_wait_work(system, PATIENCE_NS), PST_OK);
    pst_system_release(system);
}

static void test_close_all(void) {
    pst_system *system = make_system();
    pst_stream *streams[5];
    for (int i = 0; i < 5; ++i) {
        stream_setup setup = make_setup(true, true);
        streams[i] = open_stream(system, &setup);
        if (i != 2)
            start_stream(streams[i]);
    }
    CHECK_EQ(pst_stream_close(streams[4], NULL), PST_OK);
    CHECK_EQ(pst_system_close_streams(system, PATIENCE_NS), PST_OK);
    for (int i = 0; i < 5; ++i) {
        CHECK_EQ(pst_stream_state(streams[i]), PST_STATE_CLOSED);
        end_stream(streams[i]);
    }
    CHECK_EQ(pst_system_close_streams(system, 0), PST_OK);
    pst_system_release(system);
}

// ---- Hosts that hang ---------------------------------------------------------------------------

// How much patience there is with them: longer than a machine that others use, too, stands still.
static const double SHORT_S = 0.2;

static void test_stop_hangs(void) {
    const op calls[] = {STOP, ABORT, CLOSE};
    for (int i = 0; i < 6; ++i) {
        pst_system *system = make_system();
        stream_setup setup = make_setup(true, true);
        setup.config.control_timeout_s = SHORT_S;
        setup.host.stop_hang_ns = i < 3 ? -1 : 1000 * PST_NS_PER_MS;
        pst_stream *stream = open_stream(system, &setup);
        start_stream(stream);
        waiter waiters[2];
        start_waiter(&waiters[0], stream, 0);
        start_waiter(&waiters[1], stream, 0);
        pst_error err = {.status = PST_OK};
        CHECK_EQ(apply(stream, calls[i % 3], &err), PST_TIMEOUT);
        CHECK_EQ(err.status, PST_TIMEOUT);
        CHECK_EQ(pst_stream_state(stream), PST_STATE_CLOSED);
        CHECK_EQ(pst_stream_reason(stream, &err), PST_DEVICE_LOST);
        CHECK_EQ(pst_system_abandoned(system), 1);
        for (int j = 0; j < 2; ++j) {
            pst_thread_join(&waiters[j].thread);
            CHECK_EQ(waiters[j].status, PST_CLOSED);
        }
        CHECK_EQ(pst_stream_start(stream, &err), PST_CLOSED);
        CHECK_EQ(pst_stream_stop(stream, &err), PST_OK);
        // Whoever asks is told that the host may still call back.
        CHECK_EQ(pst_stream_close(stream, &err), PST_TIMEOUT);
        CHECK_EQ(err.status, PST_TIMEOUT);
        LEAKED_ON_PURPOSE(stream);
        pst_stream_release(stream);
        // Other streams work as ever.
        setup.host.stop_hang_ns = 0;
        setup.config.control_timeout_s = 10.0;
        stream = open_stream(system, &setup);
        start_stream(stream);
        CHECK_EQ(pst_stream_stop(stream, NULL), PST_OK);
        end_stream(stream);
        pst_system_release(system);
    }
}

// Everybody wants to end it at once, and the host hangs.
static void end_somehow(void *arg) {
    storm *job = arg;
    const op calls[] = {STOP, ABORT, CLOSE, STOP};
    const pst_status status = apply(job->stream, calls[job->seed], NULL);
    CHECK(status == PST_TIMEOUT || status == PST_OK);
}

static void test_all_hang_together(void) {
    pst_system *system = make_system();
    stream_setup setup = make_setup(true, true);
    setup.config.control_timeout_s = SHORT_S;
    setup.host.stop_hang_ns = -1;
    pst_stream *stream = open_stream(system, &setup);
    start_stream(stream);
    storm jobs[4];
    for (uint64_t i = 0; i < 4; ++i) {
        jobs[i] = (storm){.stream = stream, .seed = i};
        CHECK_EQ(pst_thread_start(&jobs[i].thread, "end", end_somehow, &jobs[i], NULL), PST_OK);
    }
    for (int i = 0; i < 4; ++i)
        pst_thread_join(&jobs[i].thread);
    CHECK_EQ(pst_stream_state(stream), PST_STATE_CLOSED);
    CHECK_EQ(pst_system_abandoned(system), 1);
    LEAKED_ON_PURPOSE(stream);
    pst_stream_release(stream);
    pst_system_release(system);
}

static void test_hanging_stream_is_released(void) {
    pst_system *system = make_system();
    stream_setup setup = make_setup(true, true);
    setup.config.control_timeout_s = SHORT_S;
    setup.host.stop_hang_ns = -1;
    pst_stream *stream = open_stream(system, &setup);
    start_stream(stream);
    LEAKED_ON_PURPOSE(stream);
    pst_stream_release(stream);
    CHECK_EQ(pst_system_wait_work(system, PATIENCE_NS), PST_OK);
    CHECK_EQ(pst_system_abandoned(system), 1);
    pst_system_release(system);
}

// ---- Fork --------------------------------------------------------------------------------------

// Returns which check failed in the child, 0 for none.
static int try_in_child(pst_system *system, pst_stream *stream) {
    pst_error err;
    stream_setup setup = make_setup(true, true);
    pst_stream *other = NULL;
    if (pst_stream_open(&other, system, &setup.config, &err) != PST_FORKED)
        return 1;
    if (pst_stream_start(stream, &err) != PST_FORKED)
        return 2;
    if (pst_stream_wait(stream, -1, &err) != PST_FORKED)
        return 3;
    if (pst_stream_wait_input(stream, 0, 4096, -1, &err) != PST_FORKED)
        return 4;
    if (pst_stream_state(stream) != PST_STATE_CLOSED)
        return 5;
    if (pst_stream_close(stream, &err) != PST_OK || pst_stream_close(stream, &err) != PST_OK)
        return 6;
    if (pst_system_close_streams(system, -1) != PST_OK)
        return 7;
    pst_stream_release(stream);
    pst_system_release(system);
    return 0;
}

static void test_fork(void) {
    if (CHECK_TSAN) {
        check_skip("ThreadSanitizer does not follow forks of programs with threads");
        return;
    }
    pst_system *system = make_system();
    stream_setup setup = make_setup(true, true);
    setup.host.clock = PST_CLOCK_WALL;
    pst_stream *stream = open_stream(system, &setup);
    start_stream(stream);
    CHECK(wait_frames(stream, 64));
    fflush(stdout);
    const pid_t child = fork();
    if (child == 0)
        _exit(try_in_child(system, stream));
    REQUIRE(child > 0);
    int code = -1;
    CHECK_EQ(waitpid(child, &code, 0), child);
    CHECK_EQ(WIFEXITED(code) ? WEXITSTATUS(code) : -1, 0);
    // The parent goes on.
    CHECK_EQ(pst_stream_state(stream), PST_STATE_RUNNING);
    CHECK(wait_frames(stream, stats_of(stream).frames + 64));
    end_stream(stream);
    pst_system_release(system);
}

int main(void) {
    RUN(test_all_sequences);
    RUN(test_limits_are_checked);
    RUN(test_start_fails);
    RUN(test_close_wakes_everybody);
    RUN(test_stop_wakes_everybody);
    RUN(test_several_wait_for_the_end);
    RUN(test_timeouts);
    RUN(test_storm);
    RUN(test_release_without_close);
    RUN(test_release_after_system);
    RUN(test_close_all);
    RUN(test_stop_hangs);
    RUN(test_all_hang_together);
    RUN(test_hanging_stream_is_released);
    RUN(test_fork);
    return check_done();
}
