// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include <string.h>

#include "base/clock.h"
#include "base/thread.h"
#include "graph/control/model.h"
#include "graph_rig.h"
#include "pastream/device.h"
#include "pastream/graph_output.h"
#include "rt_guard.h"

// Graphs as they are played on devices: silence, fades, what is counted, and who waits.

enum { Q = 32, FADE = 240 }; // 5 ms of 48000 Hz.

static float out[64 * Q];

static pst_graph_output *make_output(pst_graph *graph) {
    pst_graph_output *output = NULL;
    CHECK_EQ(pst_graph_output_create(&output, graph, NULL), PST_OK);
    return output;
}

static void play_at(pst_graph_output *output, float *data, int64_t n_frames,
                    const pst_callback_time *time, uint32_t flags) {
    CHECK_EQ(pst_graph_output_render(NULL, data, n_frames, time, flags, output),
             PST_CALLBACK_CONTINUE);
}

static void play(pst_graph_output *output, float *data, int64_t n_frames) {
    play_at(output, data, n_frames, NULL, 0);
}

static pst_graph_output_status status_of(const pst_graph_output *output) {
    pst_graph_output_status status;
    pst_graph_output_get_status(output, &status);
    return status;
}

// ---- Sound --------------------------------------------------------------------------------------

static void test_blocks_of_any_size_have_the_same_bits(void) {
    static float wanted[64 * Q];
    pst_graph *graph = make_graph(2, Q, RIG_RATE);
    pst_gnode *osc = add(graph, "oscillator");
    start(osc, 0.001);
    hear(graph, osc);
    render(graph, wanted, 30 * Q);
    pst_gnode_release(osc);
    pst_graph_release(graph);

    graph = make_graph(2, Q, RIG_RATE);
    osc = add(graph, "oscillator");
    start(osc, 0.001);
    hear(graph, osc);
    pst_graph_output *output = make_output(graph);
    pst_graph_release(graph); // The output keeps it.
    pst_graph_output_resume(output, false);
    uint64_t seed = 3;
    for (int64_t done = 0; done < 30 * Q;) {
        int64_t n = 1 + check_random(&seed) % (3 * Q);
        n = n < 30 * Q - done ? n : 30 * Q - done;
        play(output, out + 2 * done, n);
        done += n;
    }
    CHECK(memcmp(out, wanted, sizeof(float) * 2 * 30 * Q) == 0);
    CHECK_EQ(status_of(output).n_frames, 30 * Q);
    pst_gnode_release(osc);
    pst_graph_output_release(output);
}

static void test_time_stands_still_while_suspended(void) {
    pst_graph *graph = make_graph(1, Q, RIG_RATE);
    pst_gnode *source = add_constant(graph, 1.0);
    hear(graph, source);
    pst_graph_output *output = make_output(graph);
    out[0] = out[5] = 7.0f;
    CHECK(status_of(output).is_silent);
    play(output, out, 6);
    CHECK_SAME(out[0], 0);
    CHECK_SAME(out[5], 0);
    CHECK_EQ(pst_graph_frame(graph), 0);
    pst_graph_output_suspend(output); // Nothing to do.
    CHECK(status_of(output).is_silent);
    pst_graph_output_resume(output, false);
    CHECK(!status_of(output).is_silent);
    play(output, out, 6);
    CHECK_SAME(out[0], 1);
    CHECK_EQ(pst_graph_frame(graph), Q);
    pst_gnode_release(source);
    pst_graph_output_release(output);
    pst_graph_release(graph);
}

// How loud frame i of a fade is, counted from the silent end.
static float fade_at(int i) {
    return (float)i / FADE;
}

static void test_the_way_out_and_back_fades(void) {
    pst_graph *graph = make_graph(1, Q, RIG_RATE);
    pst_gnode *source = add_constant(graph, 1.0);
    hear(graph, source);
    pst_graph_output *output = make_output(graph);
    pst_graph_output_resume(output, false);
    play(output, out, 50);
    const uint32_t news = pst_graph_output_news(output);
    pst_graph_output_suspend(output);
    play(output, out, 100); // In two pieces, the second of which is too long.
    CHECK(!status_of(output).is_silent);
    CHECK_EQ(pst_graph_output_news(output), news);
    memset(out + FADE, 1, 60 * sizeof *out);
    play(output, out + 100, 200);
    CHECK(status_of(output).is_silent);
    CHECK_EQ(pst_graph_output_news(output), news + 1);
    for (int i = 0; i < FADE; ++i)
        CHECK_SAME(out[i], fade_at(FADE - 1 - i));
    for (int i = FADE; i < 300; ++i)
        CHECK_SAME(out[i], 0);
    const int64_t frame = pst_graph_frame(graph);
    CHECK_EQ(frame, (50 + FADE + Q - 1) / Q * Q);
    CHECK_EQ(graph->live_left, 0); // The last quantum was played to its end.
    play(output, out, 100);
    CHECK_EQ(pst_graph_frame(graph), frame);
    pst_graph_output_resume(output, false);
    play(output, out, 7);
    play(output, out + 7, 293);
    for (int i = 0; i < 300; ++i)
        CHECK_SAME(out[i], i < FADE ? fade_at(i) : 1.0f);
    pst_gnode_release(source);
    pst_graph_output_release(output);
    pst_graph_release(graph);
}

static void test_a_fade_may_turn_round(void) {
    pst_graph *graph = make_graph(1, Q, RIG_RATE);
    pst_gnode *source = add_constant(graph, 1.0);
    hear(graph, source);
    pst_graph_output *output = make_output(graph);
    pst_graph_output_resume(output, false);
    play(output, out, 50);
    pst_graph_output_suspend(output);
    play(output, out, 100);
    pst_graph_output_resume(output, false);
    play(output, out + 100, 110);
    for (int i = 0; i < 100; ++i)
        CHECK_SAME(out[100 + i], fade_at(FADE - 100 + i));
    CHECK_SAME(out[200], 1);
    // A device that was gone meanwhile begins with silence, whatever it played at last.
    pst_graph_output_resume(output, true);
    play(output, out, 300);
    CHECK_SAME(out[0], 0);
    CHECK_SAME(out[100], fade_at(100));
    CHECK_SAME(out[FADE], 1);
    pst_graph_output_suspend(output);
    pst_graph_output_resume(output, true);
    pst_graph_output_suspend(output);
    play(output, out, 5); // There is nothing to fade out, but the end of a quantum.
    CHECK_SAME(out[0], 0);
    CHECK(!status_of(output).is_silent);
    play(output, out, Q);
    CHECK_SAME(out[0], 0);
    CHECK(status_of(output).is_silent);
    pst_gnode_release(source);
    pst_graph_output_release(output);
    pst_graph_release(graph);
}

static void test_what_is_heard_is_played_as_early_after_a_pause(void) {
    pst_graph_config config = config_of(1, Q, RIG_RATE);
    config.n_input_channels = 1;
    pst_graph *graph = make_with(&config);
    pst_gnode *input = add_with(graph, "device_input", "channels", 1);
    hear(graph, input);
    pst_graph_output *output = make_output(graph);
    float heard[10 * Q];
    fill_noise(heard, 10 * Q, 1);
    for (int turn = 0; turn < 3; ++turn) {
        pst_graph_output_resume(output, turn > 0);
        pst_graph_output_render(heard, out, 10 * Q, NULL, 0, output);
        CHECK_SAME(out[10 * Q - 1], heard[10 * Q - 1]);
        pst_graph_output_suspend(output);
        pst_graph_output_render(heard, out, 10 * Q, NULL, 0, output);
        CHECK_SAME(out[0], heard[0] * fade_at(FADE - 1));
        CHECK(status_of(output).is_silent);
    }
    pst_gnode_release(input);
    pst_graph_output_release(output);
    pst_graph_release(graph);
}

static uint32_t count_parcels(pst_graph *graph) {
    uint32_t n = 0;
    for (const pst_letter *letter = atomic_load(&graph->inbox.latest); letter != NULL;
         letter = letter->next)
        ++n;
    return n;
}

static void test_what_is_sent_to_a_device_is_not_replaced(void) {
    pst_graph *graph = make_graph(1, Q, RIG_RATE);
    pst_gnode *source = add_constant(graph, 1.0);
    pst_graph_output *output = make_output(graph);
    pst_graph_output_resume(output, false);
    CHECK_EQ(count_parcels(graph), 1);
    for (int i = 0; i < 10; ++i)
        set_param(source, 0, i);
    hear(graph, source);
    CHECK_EQ(count_parcels(graph), 11); // What waited has grown once.
    play(output, out, 1);
    CHECK_SAME(out[0], 9);
    CHECK_EQ(count_parcels(graph), 0);
    // As soon as nobody plays it, only the last track waits.
    pst_graph_output_suspend(output);
    play(output, out, 10 * Q);
    for (int i = 0; i < 10; ++i)
        set_param(source, 0, i);
    CHECK_EQ(count_parcels(graph), 1);
    pst_graph_output_resume(output, false);
    pst_graph_output_cut(output);
    CHECK(status_of(output).is_silent);
    for (int i = 0; i < 10; ++i)
        set_param(source, 0, 20 + i);
    CHECK_EQ(count_parcels(graph), 1);
    pst_graph_output_resume(output, true);
    play(output, out, 300);
    CHECK_SAME(out[0], 0);
    CHECK_SAME(out[299], 29);
    pst_gnode_release(source);
    pst_graph_output_release(output);
    pst_graph_release(graph);
}

// ---- What is counted ----------------------------------------------------------------------------

static void test_what_the_device_does_is_counted(void) {
    pst_graph *graph = make_graph(1, Q, RIG_RATE);
    pst_graph_output *output = make_output(graph);
    pst_graph_output_resume(output, false);
    CHECK_SAME(status_of(output).latency_s, 0);
    CHECK_SAME(status_of(output).heard_s, 0);
    pst_callback_time time = {.current_s = 10.0, .output_dac_s = 10.25};
    play_at(output, out, 20, &time, 0);
    time = (pst_callback_time){.current_s = 11.0, .output_dac_s = 11.5, .frame = 20};
    play_at(output, out, 20, &time, PST_FLAG_OUTPUT_UNDERFLOW);
    CHECK_EQ(status_of(output).n_underruns, 1);
    CHECK_EQ(status_of(output).lost_frames, 0);
    CHECK_EQ(status_of(output).heard_frame, 20); // Of the graph, whose quantum is half heard.
    CHECK_SAME(status_of(output).heard_s, 11.5);
    time = (pst_callback_time){.current_s = 12.0, .output_dac_s = 12.125, .frame = 140};
    play_at(output, out, 20, &time, 0);
    pst_graph_output_status status = status_of(output);
    CHECK_EQ(status.n_underruns, 2);
    CHECK_EQ(status.lost_frames, 100);
    CHECK_EQ(status.n_frames, 60);
    CHECK_EQ(status.n_blocks, 3);
    CHECK_EQ(status.heard_frame, 40);
    CHECK_SAME(status.latency_s, 0.125);
    CHECK_SAME(status.min_latency_s, 0.125);
    CHECK_SAME(status.max_latency_s, 0.5);
    CHECK_NEAR(status.average_latency_s, 0.875 / 3.0, 1e-12);
    // A new run counts its frames anew, and has lost nothing by that.
    pst_graph_output_reset_latency(output);
    time = (pst_callback_time){.current_s = 20.0, .output_dac_s = 20.25, .frame = 0};
    play_at(output, out, 20, &time, 0);
    status = status_of(output);
    CHECK_EQ(status.lost_frames, 100);
    CHECK_SAME(status.min_latency_s, 0.25);
    CHECK_SAME(status.max_latency_s, 0.25);
    CHECK_SAME(status.average_latency_s, 0.25);
    pst_graph_output_release(output);
    pst_graph_release(graph);
}

static void test_ends_are_news(void) {
    pst_graph *graph = make_graph(1, Q, RIG_RATE);
    pst_gnode *source = add_constant(graph, 1.0);
    CHECK_EQ(pst_gnode_stop(source, 3.0 * Q / RIG_RATE, NULL), PST_OK);
    pst_graph_output *output = make_output(graph);
    pst_graph_output_resume(output, false);
    const uint32_t news = pst_graph_output_news(output);
    play(output, out, 2 * Q);
    CHECK_EQ(pst_graph_output_news(output), news);
    play(output, out, Q);
    CHECK_EQ(pst_graph_output_news(output), news + 1);
    CHECK(pst_gnode_has_ended(source));
    pst_gnode_release(source);
    pst_graph_output_release(output);
    pst_graph_release(graph);
}

static void test_a_graph_is_tidied_while_nobody_changes_it(void) {
    pst_graph *graph = make_graph(1, Q, RIG_RATE);
    pst_gnode *source = add_constant(graph, 1.0);
    hear(graph, source);
    CHECK_EQ(pst_gnode_stop(source, 3.0 * Q / RIG_RATE, NULL), PST_OK);
    pst_gnode_release(source);
    render(graph, out, 4 * Q);
    pst_graph_begin(graph);
    CHECK_EQ(pst_graph_tidy(graph, NULL), PST_OK);
    CHECK_EQ(graph->n_nodes, 3);
    CHECK(atomic_load(&graph->outbox.latest) != NULL);
    CHECK_EQ(pst_graph_commit(graph, NULL), PST_OK);
    render(graph, out, Q);
    CHECK(atomic_load(&graph->outbox.latest) != NULL);
    CHECK_EQ(pst_graph_tidy(graph, NULL), PST_OK);
    CHECK_EQ(graph->n_nodes, 2);
    CHECK(atomic_load(&graph->outbox.latest) == NULL);
    pst_graph_release(graph);
}

// ---- Waiting ------------------------------------------------------------------------------------

typedef struct waiter {
    pst_graph *graph;
    pst_graph_output *output;
    int64_t first, step, end;
    pst_thread thread;
} waiter;

static void wait_often(void *arg) {
    const waiter *self = arg;
    for (int64_t frame = self->first; frame <= self->end; frame += self->step) {
        while (pst_graph_frame(self->graph) < frame) {
            const uint32_t news = pst_graph_output_news(self->output);
            const pst_status status =
                pst_graph_output_wait(self->output, frame, news, 20 * PST_NS_PER_SECOND);
            if (!CHECK_EQ(status, PST_OK))
                return;
        }
    }
}

static void test_many_wait_for_their_times(void) {
    enum { WAITERS = 4, QUANTA = 2000 };
    pst_graph *graph = make_graph(1, Q, RIG_RATE);
    pst_graph_output *output = make_output(graph);
    pst_graph_output_resume(output, false);
    waiter waiters[WAITERS];
    for (int i = 0; i < WAITERS; ++i) {
        waiters[i] = (waiter){graph, output, 5 + 3 * i, 17 + 10 * i, (int64_t)QUANTA * Q, {0}};
        CHECK_EQ(pst_thread_start(&waiters[i].thread, "waiter", wait_often, &waiters[i], NULL),
                 PST_OK);
    }
    for (int i = 0; i < QUANTA; ++i) {
        play(output, out, Q);
        if (i % 100 == 0)
            pst_graph_output_wake(output);
    }
    for (int i = 0; i < WAITERS; ++i)
        pst_thread_join(&waiters[i].thread);
    pst_graph_output_release(output);
    pst_graph_release(graph);
}

static void test_a_wait_ends_in_time(void) {
    pst_graph *graph = make_graph(1, Q, RIG_RATE);
    pst_graph_output *output = make_output(graph);
    const uint32_t news = pst_graph_output_news(output);
    CHECK_EQ(pst_graph_output_wait(output, 0, news, 0), PST_OK);
    CHECK_EQ(pst_graph_output_wait(output, 1, news, 0), PST_TIMEOUT);
    CHECK_EQ(pst_graph_output_wait(output, 1, news, PST_NS_PER_MS), PST_TIMEOUT);
    pst_graph_output_wake(output);
    CHECK_EQ(pst_graph_output_wait(output, 1, news, -1), PST_OK);
    CHECK_EQ(pst_graph_output_wait(output, 1, news + 1, 0), PST_TIMEOUT);
    pst_graph_output_retain(output);
    pst_graph_output_release(output);
    pst_graph_output_release(output);
    pst_graph_output_release(NULL);
    pst_graph_release(graph);
}

static void test_rendering_is_realtime(void) {
    if (!rt_guard_works()) {
        check_skip("sanitizers interpose the same functions");
        return;
    }
    pst_graph *graph = make_graph(2, Q, RIG_RATE);
    pst_gnode *source = add_constant(graph, 1.0);
    hear(graph, source);
    CHECK_EQ(pst_gnode_stop(source, 3.0 * Q / RIG_RATE, NULL), PST_OK);
    pst_graph_output *output = make_output(graph);
    CHECK_EQ(pst_graph_output_wait(output, Q, pst_graph_output_news(output), 0), PST_TIMEOUT);
    const pst_callback_time time = {.current_s = 1.0, .output_dac_s = 1.5, .frame = 9};
    pst_graph_output_resume(output, false);
    rt_guard_enter();
    for (int i = 0; i < 5; ++i)
        pst_graph_output_render(NULL, out, Q - 1, &time, 0, output);
    pst_graph_output_suspend(output);
    for (int i = 0; i < 10; ++i)
        pst_graph_output_render(NULL, out, Q, &time, 0, output);
    pst_graph_output_cut(output);
    pst_graph_output_render(NULL, out, Q, &time, 0, output);
    const int n_calls = rt_guard_leave();
    CHECK_TEXT(n_calls == 0, "%d calls, the last of %s", n_calls, rt_guard_culprit());
    pst_gnode_release(source);
    pst_graph_output_release(output);
    pst_graph_release(graph);
}

int main(void) {
    RUN(test_blocks_of_any_size_have_the_same_bits);
    RUN(test_time_stands_still_while_suspended);
    RUN(test_the_way_out_and_back_fades);
    RUN(test_a_fade_may_turn_round);
    RUN(test_what_is_heard_is_played_as_early_after_a_pause);
    RUN(test_what_is_sent_to_a_device_is_not_replaced);
    RUN(test_what_the_device_does_is_counted);
    RUN(test_ends_are_news);
    RUN(test_a_graph_is_tidied_while_nobody_changes_it);
    RUN(test_many_wait_for_their_times);
    RUN(test_a_wait_ends_in_time);
    RUN(test_rendering_is_realtime);
    return check_done();
}
