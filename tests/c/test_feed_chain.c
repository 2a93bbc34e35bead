// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "chain/stage.h"
#include "check.h"
#include "failing_alloc.h"
#include "feed_rig.h"
#include "pastream/node.h"

// Chains between feeds, and chains that feeds join: what goes through, and how the end of one
// reaches the other.

// ---- A stage that fails, or takes its time ------------------------------------------------------

typedef struct odd_stage {
    pst_stage base;
    int64_t fail_at; // Negative: never.
    int sleep_ms;
    _Atomic bool *is_wanted; // Says PST_TIMEOUT until then; NULL: never.
    int n_ends;
} odd_stage;

static pst_status odd_process(pst_stage *stage, const pst_piece *in, uint64_t *n_used,
                              pst_piece *out, pst_error *err) {
    odd_stage *self = (odd_stage *)stage;
    if (self->is_wanted != NULL && !atomic_load(self->is_wanted)) {
        pst_sleep_until_ns(pst_now_ns() + PST_NS_PER_MS);
        return PST_TIMEOUT;
    }
    if (self->fail_at >= 0 && in->frame >= self->fail_at)
        return pst_fail(err, PST_SYSTEM_ERROR, 5, "the stage was told to fail");
    if (self->sleep_ms > 0)
        pst_sleep_until_ns(pst_now_ns() + self->sleep_ms * PST_NS_PER_MS);
    *out = *in;
    *n_used = in->n_frames;
    return PST_OK;
}

static pst_status odd_end(pst_stage *stage, pst_ending ending, pst_error *err) {
    odd_stage *self = (odd_stage *)stage;
    CHECK_EQ(++self->n_ends, 1);
    return self->fail_at == INT64_MAX && ending == PST_ENDING_COMPLETE
               ? pst_fail(err, PST_HOST_ERROR, 0, "the stage was told to fail at its end")
               : PST_OK;
}

static const pst_stage_ops odd_ops = {.name = "odd", .process = odd_process, .end = odd_end};

static odd_stage *make_odd(int64_t fail_at) {
    const pst_media open = {.kind = PST_MEDIA_FRAMES};
    pst_stage *stage = NULL;
    CHECK_EQ(pst_stage_create_open(&stage, sizeof(odd_stage), &odd_ops, &open, &open, NULL),
             PST_OK);
    ((odd_stage *)stage)->fail_at = fail_at;
    return (odd_stage *)stage;
}

// ---- One chain ----------------------------------------------------------------------------------

static void test_buffers_keep_their_borders_and_times(void) {
    pst_feed *in = make_feed(4), *out = make_feed(4);
    pst_stage *gain = NULL;
    CHECK_EQ(pst_node_gain(&gain, NULL, 1.0, 0, NULL), PST_OK);
    pst_chain *chain = start(from_feed(in), gain, to_feed(out));
    CHECK_EQ(put(in, 0, 10000, 500), PST_OK);
    CHECK_EQ(put(in, 10000, 1, PST_NO_PTS), PST_OK);
    CHECK_EQ(put(in, 20000, 300, 50000), PST_OK);
    expect(out, 0, 10000, 500);
    expect(out, 10000, 1, 10500);
    expect(out, 20000, 300, 50000);
    CHECK_EQ(pst_stage_set_gain(gain, 2.0, NULL), PST_OK); // The rest is computed in pieces.
    CHECK_EQ(put(in, 0, 10000, PST_NO_PTS), PST_OK);
    pst_feed_end(in);
    pst_buffer buffer;
    CHECK_EQ(pst_feed_get(out, &buffer, PATIENCE_NS, NULL), PST_OK);
    CHECK_EQ(buffer.n_frames, 10000);
    CHECK_EQ(buffer.pts, 50300);
    for (int i = 0; i < 10000; ++i)
        if (!CHECK_EQ(((const int32_t *)buffer.data)[i], 2 * i))
            break;
    pst_feed_pass(out, &buffer);
    CHECK_EQ(get_status(out, NULL), PST_END);
    CHECK_EQ(finish(chain), PST_CHAIN_DONE);
    pst_feed_release(in);
    pst_feed_release(out);
}

static void test_known_sources_feed_nodes(void) {
    pst_feed *out = make_feed(10);
    pst_stage *chunks = NULL;
    CHECK_EQ(pst_node_rechunk(&chunks, NULL, 7000, false, NULL), PST_OK);
    pst_chain *chain = start(from_memory(30000), chunks, to_feed(out));
    for (int i = 0; i < 4; ++i)
        expect(out, 7000 * i, 7000, 7000 * i);
    expect(out, 28000, 2000, 28000);
    CHECK_EQ(get_status(out, NULL), PST_END);
    CHECK_EQ(finish(chain), PST_CHAIN_DONE);
    pst_feed_release(out);
}

static void test_kinds_that_do_not_fit_are_refused(void) {
    pst_feed *packets = NULL;
    pst_error err = {.status = PST_OK};
    CHECK_EQ(pst_feed_create(&packets, PST_MEDIA_PACKETS, 1, NULL), PST_OK);
    pst_stage *gain = NULL;
    CHECK_EQ(pst_node_gain(&gain, "my gain", 1.0, 0, NULL), PST_OK);
    pst_source *source = from_feed(packets);
    pst_sink *sink = to_feed(packets);
    pst_chain *chain = NULL;
    CHECK_EQ(pst_chain_create_staged(&chain, NULL, source, &gain, 1, sink, &err), PST_BAD_ARGUMENT);
    CHECK_STR(err.text, "the source (feed) gives packets, stage 1 (my gain) takes frames");
    pst_source_destroy(source);
    pst_stage_destroy(gain);
    pst_sink_destroy(sink);
    pst_feed_release(packets);
}

static void test_nodes_are_named_in_errors(void) {
    pst_feed *in = make_feed(4), *out = make_feed(4);
    static const int32_t sources[] = {3};
    pst_stage *pick = NULL;
    CHECK_EQ(pst_node_pick(&pick, "fourth", sources, 1, NULL), PST_OK);
    pst_chain *chain = start(from_feed(in), pick, to_feed(out));
    CHECK_EQ(put(in, 0, 10, PST_NO_PTS), PST_OK);
    pst_error err = {.status = PST_OK};
    CHECK_EQ(get_status(out, &err), PST_CLOSED);
    CHECK_STR(err.text, "channel 0 is to be number 3 of those that come; 1 came, counted from 0");
    CHECK_EQ(pst_chain_wait(chain, PATIENCE_NS, &err), PST_BAD_ARGUMENT);
    int32_t place = -1;
    CHECK_STR(pst_chain_origin(chain, &place), "fourth");
    CHECK_EQ(place, 1);
    CHECK_EQ(put(in, 0, 10, PST_NO_PTS), PST_CLOSED); // Whoever puts learns of it.
    CHECK_EQ(finish(chain), PST_CHAIN_FAILED);
    pst_feed_release(in);
    pst_feed_release(out);
}

static void test_stop_ends_behind_what_was_put_in(void) {
    pst_feed *in = make_feed(8), *out = make_feed(8);
    for (int i = 0; i < 5; ++i)
        CHECK_EQ(put(in, (uint64_t)i, 1, PST_NO_PTS), PST_OK);
    pst_chain *chain = NULL;
    CHECK_EQ(pst_chain_create(&chain, NULL, from_feed(in), to_feed(out), NULL), PST_OK);
    CHECK_EQ(pst_chain_start(chain, NULL), PST_OK);
    pst_chain_stop(chain);
    for (int i = 0; i < 5; ++i)
        expect(out, i, 1, i);
    CHECK_EQ(get_status(out, NULL), PST_END);
    CHECK_EQ(finish(chain), PST_CHAIN_DONE);
    pst_feed_release(in);
    pst_feed_release(out);
}

static void test_stages_may_wait_and_have_an_end(void) {
    pst_feed *out = make_feed(8);
    _Atomic bool is_wanted = false;
    odd_stage *stage = make_odd(INT64_MAX);
    stage->is_wanted = &is_wanted;
    pst_chain *chain = start(from_memory(100), &stage->base, to_feed(out));
    atomic_store(&is_wanted, true);
    expect(out, 0, 100, 0);
    pst_error err = {.status = PST_OK};
    CHECK_EQ(get_status(out, &err), PST_CLOSED);
    CHECK_STR(err.text, "the stage was told to fail at its end");
    CHECK_EQ(pst_chain_wait(chain, PATIENCE_NS, &err), PST_HOST_ERROR);
    int32_t place = -1;
    CHECK_STR(pst_chain_origin(chain, &place), "odd");
    CHECK_EQ(place, 1);
    CHECK_EQ(finish(chain), PST_CHAIN_FAILED);
    // A stage that waits for ever does not hold a cancel up.
    stage = make_odd(-1);
    _Atomic bool never = false;
    stage->is_wanted = &never;
    pst_feed *unread = make_feed(1);
    chain = start(from_memory(100), &stage->base, to_feed(unread));
    pst_chain_cancel(chain);
    CHECK_EQ(finish(chain), PST_CHAIN_CANCELLED);
    pst_feed_release(out);
    pst_feed_release(unread);
}

static void test_a_seek_forgets_what_waits(void) {
    pst_feed *out = make_feed(1);
    pst_chain *chain = start(from_memory(N), NULL, to_feed(out));
    expect(out, 0, 16384, 0);
    CHECK_EQ(pst_chain_seek(chain, 30000, NULL), PST_OK);
    pst_chain_progress progress;
    const int64_t deadline_ns = pst_deadline_ns(PATIENCE_NS);
    do {
        pst_sleep_until_ns(pst_now_ns() + PST_NS_PER_MS / 4);
        pst_chain_get_progress(chain, &progress);
    } while (progress.n_seeks == 0 && pst_now_ns() < deadline_ns);
    CHECK_EQ(progress.n_seeks, 1);
    expect(out, 30000, 16384, 30000);
    expect(out, 46384, N - 46384, 46384);
    CHECK_EQ(get_status(out, NULL), PST_END);
    CHECK_EQ(finish(chain), PST_CHAIN_DONE);
    pst_feed_release(out);
}

// ---- Two chains ---------------------------------------------------------------------------------

static void test_two_chains_are_one(void) {
    pst_feed *between = make_feed(2), *out = make_feed(2);
    pst_stage *first = NULL, *second = NULL;
    CHECK_EQ(pst_node_identity(&first, NULL, PST_MEDIA_FRAMES, NULL), PST_OK);
    CHECK_EQ(pst_node_rechunk(&second, NULL, 1000, false, NULL), PST_OK);
    pst_chain *chains[] = {start(from_memory(N), first, to_feed(between)),
                           start(from_feed(between), second, to_feed(out))};
    for (int i = 0; i < N / 1000; ++i)
        expect(out, 1000 * i, 1000, 1000 * i);
    CHECK_EQ(get_status(out, NULL), PST_END);
    CHECK_EQ(finish(chains[0]), PST_CHAIN_DONE);
    CHECK_EQ(finish(chains[1]), PST_CHAIN_DONE);
    pst_feed_release(between);
    pst_feed_release(out);
}

static void test_failures_go_both_ways(void) {
    for (int where = 0; where < 2; ++where) {
        pst_feed *between = make_feed(2), *out = make_feed(2);
        odd_stage *stages[] = {make_odd(where == 0 ? 20000 : -1),
                               make_odd(where == 1 ? 20000 : -1)};
        pst_chain *chains[] = {start(from_memory(N), &stages[0]->base, to_feed(between)),
                               start(from_feed(between), &stages[1]->base, to_feed(out))};
        expect(out, 0, 16384, 0);
        expect(out, 16384, 16384, 16384);
        pst_error err = {.status = PST_OK};
        CHECK_EQ(get_status(out, &err), PST_CLOSED);
        CHECK_STR(err.text, "the stage was told to fail");
        CHECK_EQ(pst_chain_wait(chains[where], PATIENCE_NS, &err), PST_SYSTEM_ERROR);
        int32_t place = -1;
        if (where == 0) {
            // What follows says that it is not the first cause.
            CHECK_EQ(pst_chain_wait(chains[1], PATIENCE_NS, &err), PST_CLOSED);
            CHECK_EQ(err.native_code, EPIPE);
            CHECK_STR(err.text, "the stage was told to fail");
            CHECK_STR(pst_chain_origin(chains[1], &place), "feed");
            CHECK_EQ(place, 0);
        }
        CHECK_EQ(finish(chains[0]), where == 0 ? PST_CHAIN_FAILED : PST_CHAIN_DONE);
        CHECK_EQ(finish(chains[1]), PST_CHAIN_FAILED);
        pst_feed_release(between);
        pst_feed_release(out);
    }
}

static void test_whoever_leaves_ends_all_before(void) {
    pst_feed *between = make_feed(2), *out = make_feed(2);
    pst_chain *chains[] = {start(from_memory(N), NULL, to_feed(between)),
                           start(from_feed(between), NULL, to_feed(out))};
    expect(out, 0, 16384, 0);
    pst_feed_leave(out);
    CHECK_EQ(finish(chains[1]), PST_CHAIN_DONE);
    CHECK_EQ(finish(chains[0]), PST_CHAIN_DONE);
    pst_feed_release(between);
    pst_feed_release(out);
    // A cancelled chain: what follows it fails, what is before it ends.
    for (int which = 0; which < 2; ++which) {
        between = make_feed(1);
        out = make_feed(1);
        chains[0] = start(from_memory(N), NULL, to_feed(between));
        chains[1] = start(from_feed(between), NULL, to_feed(out));
        pst_chain_cancel(chains[which]);
        pst_error err = {.status = PST_OK};
        pst_status status = PST_OK;
        while (status == PST_OK)
            status = get_status(out, &err);
        CHECK_EQ(status, PST_CLOSED);
        CHECK_STR(err.text, "The feed was cancelled");
        const pst_chain_state first = finish(chains[0]), second = finish(chains[1]);
        CHECK_EQ(first, which == 0 ? PST_CHAIN_CANCELLED : PST_CHAIN_DONE);
        CHECK_EQ(second, which == 0 ? PST_CHAIN_FAILED : PST_CHAIN_CANCELLED);
        pst_feed_release(between);
        pst_feed_release(out);
    }
}

static void test_a_chain_that_never_runs_is_missed(void) {
    pst_feed *in = make_feed(1), *out = make_feed(1);
    pst_chain *chain = NULL;
    CHECK_EQ(pst_chain_create(&chain, NULL, from_feed(in), to_feed(out), NULL), PST_OK);
    pst_chain_release(chain);
    CHECK_EQ(put(in, 0, 1, 0), PST_CLOSED);
    CHECK_EQ(get_status(out, NULL), PST_CLOSED);
    pst_feed_release(in);
    pst_feed_release(out);
}

static void test_a_slow_end_holds_all_of_it(void) {
    pst_feed *between = make_feed(2), *out = make_feed(1);
    odd_stage *slow = make_odd(-1);
    slow->sleep_ms = 1;
    pst_stage *chunks = NULL;
    CHECK_EQ(pst_node_rechunk(&chunks, NULL, 500, false, NULL), PST_OK);
    pst_chain *chains[] = {start(from_memory(N), chunks, to_feed(between)),
                           start(from_feed(between), &slow->base, to_feed(out))};
    for (int i = 0; i < N / 500; ++i) {
        pst_feed_info info;
        pst_feed_get_info(between, &info);
        CHECK(info.n_buffers <= 2 && info.n_put <= (uint64_t)i + 2 + 3);
        expect(out, 500 * i, 500, 500 * i);
        if (i == 20 && failing_alloc_works())
            failing_alloc_begin(0);
        if (i == 80 && failing_alloc_works())
            CHECK(failing_alloc_end() <= 4); // It all lives on the same memory, once there is it.
    }
    CHECK_EQ(finish(chains[0]), PST_CHAIN_DONE);
    CHECK_EQ(finish(chains[1]), PST_CHAIN_DONE);
    pst_feed_release(between);
    pst_feed_release(out);
}

// Three threads, dropped at any moment and in any order.
static void test_chains_and_feeds_are_dropped_at_any_moment(void) {
    uint64_t random = 11;
    for (int round = 0; round < 60; ++round) {
        pst_feed *in = make_feed(1), *between = make_feed(1), *out = make_feed(1);
        pst_chain *chains[] = {start(from_feed(in), NULL, to_feed(between)),
                               start(from_feed(between), NULL, to_feed(out))};
        const uint32_t n_moved = check_random_in(&random, 0, 5);
        for (uint32_t i = 0; i < n_moved; ++i) {
            CHECK_EQ(put(in, i, 1, PST_NO_PTS), PST_OK);
            if (check_random_in(&random, 0, 1) == 1 && i > 0)
                expect(out, (int32_t)i - 1, 1, (int64_t)i - 1);
            else if (i > 0)
                CHECK_EQ(get_status(out, NULL), PST_OK);
        }
        if (check_random_in(&random, 0, 1) == 1) {
            pst_feed_release(between);
            between = NULL;
        }
        switch (check_random_in(&random, 0, 4)) {
        case 0:
            pst_feed_end(in);
            break;
        case 1:
            pst_feed_leave(out);
            break;
        case 2:
            pst_feed_cancel(in);
            break;
        case 3:
            pst_feed_release(in);
            in = NULL;
            break;
        default:
            break;
        }
        const uint32_t first = check_random_in(&random, 0, 1);
        pst_chain_release(chains[first]);
        pst_feed_release(out);
        pst_chain_release(chains[1 - first]);
        pst_feed_release(between);
        pst_feed_release(in);
    }
}

int main(void) {
    fill_data();
    RUN(test_buffers_keep_their_borders_and_times);
    RUN(test_known_sources_feed_nodes);
    RUN(test_kinds_that_do_not_fit_are_refused);
    RUN(test_nodes_are_named_in_errors);
    RUN(test_stop_ends_behind_what_was_put_in);
    RUN(test_stages_may_wait_and_have_an_end);
    RUN(test_a_seek_forgets_what_waits);
    RUN(test_two_chains_are_one);
    RUN(test_failures_go_both_ways);
    RUN(test_whoever_leaves_ends_all_before);
    RUN(test_a_chain_that_never_runs_is_missed);
    RUN(test_a_slow_end_holds_all_of_it);
    RUN(test_chains_and_feeds_are_dropped_at_any_moment);
    return check_done();
}
