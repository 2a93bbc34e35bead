// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include <sys/wait.h>
#include <unistd.h>

#include "graph/control/model.h"
#include "graph_rig.h"

// How long nodes live, and sources sound.

enum { Q = 32 };

static float out[64 * Q];

// With the graph's own two.
static uint32_t count_nodes(pst_graph *graph) {
    CHECK_EQ(pst_graph_send(graph, NULL), PST_OK);
    return graph->n_nodes;
}

static void test_nodes_that_sound_need_no_handle(void) {
    pst_graph *graph = make_graph(1, Q, RIG_RATE);
    pst_gnode *source = add_constant(graph, 1.0);
    pst_gnode *gain = add(graph, "gain");
    CHECK_EQ(pst_gnode_stop(source, 4.0 * Q / RIG_RATE, NULL), PST_OK);
    wire(source, 0, gain, 0);
    hear(graph, gain);
    pst_gnode_release(gain);
    pst_gnode_release(source);
    CHECK_EQ(count_nodes(graph), 4);
    render(graph, out, 6 * Q);
    CHECK_SAME(out[4 * Q - 1], 1);
    CHECK_SAME(out[4 * Q], 0);
    CHECK_EQ(count_nodes(graph), 2);
    pst_graph_release(graph);
}

static void test_tails_are_heard_to_the_end(void) {
    pst_graph *graph = make_graph(1, Q, RIG_RATE);
    const float one = 1;
    pst_gnode *source = add_sound(graph, &one, 1, 1, RIG_RATE);
    pst_gnode *delay = add_with(graph, "delay", "max_delay_time", 10.0 * Q / RIG_RATE);
    set_param(delay, 0, 8.0 * Q / RIG_RATE);
    wire(source, 0, delay, 0);
    hear(graph, delay);
    pst_gnode_release(source);
    pst_gnode_release(delay);
    for (int i = 0; i < 30; ++i) {
        render(graph, out + i * Q, Q);
        count_nodes(graph);
    }
    CHECK_NEAR(out[8 * Q], 1, 1e-6);
    CHECK_EQ(count_nodes(graph), 2);
    pst_graph_release(graph);
}

static void test_nodes_without_a_use_go(void) {
    pst_graph *graph = make_graph(1, Q, RIG_RATE);
    pst_gnode *a = add(graph, "gain");
    pst_gnode *b = add(graph, "delay");
    wire(a, 0, b, 0); // A ring that nobody holds, and nothing sounds in.
    wire(b, 0, a, 0);
    hear(graph, a);
    CHECK_EQ(count_nodes(graph), 4);
    pst_gnode_release(a);
    CHECK_EQ(count_nodes(graph), 4);
    pst_gnode_release(b);
    CHECK_EQ(count_nodes(graph), 2);
    pst_gnode *never = add(graph, "oscillator"); // Not started: nobody can do that any more.
    hear(graph, never);
    pst_gnode_release(never);
    CHECK_EQ(count_nodes(graph), 2);
    pst_graph_release(graph);
}

static void test_handles_keep_the_graph(void) {
    pst_graph *graph = make_graph(1, Q, RIG_RATE);
    pst_gnode *gain = add(graph, "gain");
    pst_gnode *end = pst_graph_destination(graph);
    pst_gnode_retain(gain);
    pst_graph_release(graph);
    wire(gain, 0, end, 0);
    set_param(gain, 0, 3.0);
    pst_gnode_release(gain);
    CHECK(pst_param_value(pst_gnode_param(gain, 0)) == 3.0);
    pst_gnode_release(end);
    pst_gnode_release(gain);
}

// Another thread may have been in the middle of something.
static void test_a_child_may_drop_what_it_has(void) {
    pst_graph *graph = make_graph(1, Q, RIG_RATE);
    pst_gnode *first = add(graph, "gain");
    pst_gnode *second = add(graph, "gain");
    for (int is_locked = 0; is_locked < 2; ++is_locked) {
        if (is_locked)
            pthread_mutex_lock(&graph->lock);
        const pid_t pid = fork();
        if (pid == 0) {
            alarm(20);
            pst_gnode_release(first);
            pst_gnode_release(second);
            pst_graph_release(graph);
            _exit(0);
        }
        if (is_locked)
            pthread_mutex_unlock(&graph->lock);
        int status = -1;
        CHECK_EQ(waitpid(pid, &status, 0), pid);
        CHECK_EQ(status, 0);
    }
    pst_gnode_release(first);
    pst_gnode_release(second);
    pst_graph_release(graph);
}

static void test_sources_start_and_stop_once(void) {
    pst_graph *graph = make_graph(1, Q, RIG_RATE);
    pst_gnode *node = add(graph, "constant_source");
    pst_gnode *gain = add(graph, "gain");
    CHECK_EQ(pst_gnode_stop(node, 1, NULL), PST_BAD_STATE);
    CHECK_EQ(pst_gnode_start(node, -1, 0, -1, NULL), PST_BAD_ARGUMENT);
    CHECK_EQ(pst_gnode_start(node, (double)NAN, 0, -1, NULL), PST_BAD_ARGUMENT);
    CHECK_EQ(pst_gnode_start(node, 0, 1, -1, NULL), PST_BAD_ARGUMENT);
    CHECK_EQ(pst_gnode_start(gain, 0, 0, -1, NULL), PST_BAD_ARGUMENT);
    start(node, 2.0 * Q / RIG_RATE);
    CHECK_EQ(pst_gnode_start(node, 0, 0, -1, NULL), PST_BAD_STATE);
    CHECK_EQ(pst_gnode_stop(node, 9, NULL), PST_OK);
    CHECK_EQ(pst_gnode_stop(node, 1.0 * Q / RIG_RATE, NULL), PST_OK); // Before it begins.
    hear(graph, node);
    CHECK(!pst_gnode_has_ended(node));
    render(graph, out, 4 * Q);
    for (int i = 0; i < 4 * Q; ++i)
        CHECK_SAME(out[i], 0);
    CHECK(pst_gnode_has_ended(node));
    CHECK_EQ(pst_gnode_stop(node, 1, NULL), PST_OK);
    pst_gnode_release(node);
    pst_gnode_release(gain);
    pst_graph_release(graph);
}

static void test_sources_end_where_nobody_hears(void) {
    pst_graph *graph = make_graph(1, Q, RIG_RATE);
    float data[3 * Q] = {0};
    pst_gnode *node = add_sound(graph, data, 1, 3 * Q, RIG_RATE);
    render(graph, out, 2 * Q);
    CHECK(!pst_gnode_has_ended(node));
    render(graph, out, Q);
    CHECK(pst_gnode_has_ended(node));
    pst_gnode_release(node);
    pst_graph_release(graph);
}

static void test_times_may_be_far_away(void) {
    pst_graph *graph = make_graph(1, Q, RIG_RATE);
    pst_gnode *node = add(graph, "constant_source");
    start(node, 1e14);
    CHECK_EQ(pst_gnode_stop(node, 1e300, NULL), PST_OK);
    const pst_automation ramp = {.kind = PST_AUTOMATE_LINEAR, .value = 2, .time_s = 3e13};
    CHECK_EQ(pst_param_automate(pst_gnode_param(node, 0), &ramp, NULL), PST_OK);
    hear(graph, node);
    render(graph, out, Q);
    CHECK_SAME(out[0], 0);
    CHECK(!pst_gnode_has_ended(node));
    pst_gnode_release(node);
    pst_graph_release(graph);
}

static void test_a_stop_reaches_what_sleeps(void) {
    pst_graph *graph = make_graph(1, Q, RIG_RATE);
    pst_gnode *node = add(graph, "constant_source");
    start(node, 100.0);
    render(graph, out, 4 * Q);
    CHECK_EQ(pst_gnode_stop(node, 10.0 * Q / RIG_RATE, NULL), PST_OK);
    render(graph, out, 4 * Q);
    CHECK(pst_gnode_has_ended(node));
    pst_gnode_release(node);
    pst_graph_release(graph);
}

static void test_echoes_that_died_are_forgotten(void) {
    pst_graph *graph = make_graph(1, Q, RIG_RATE);
    const float one = 1;
    pst_gnode *source = add_sound(graph, &one, 1, 1, RIG_RATE);
    pst_gnode *delay = add_with(graph, "delay", "max_delay_time", 2.0 * Q / RIG_RATE);
    pst_gnode *gain = add(graph, "gain");
    set_param(gain, 0, 0.25);
    wire(source, 0, delay, 0);
    wire(delay, 0, gain, 0);
    wire(gain, 0, delay, 0);
    hear(graph, delay);
    pst_gnode_release(source);
    pst_gnode_release(delay);
    pst_gnode_release(gain);
    render(graph, out, 30 * Q);
    CHECK(out[20 * Q] > 0.0f);
    CHECK_EQ(count_nodes(graph), 4);
    for (int i = 0; i < 4; ++i)
        render(graph, out, 30 * Q);
    CHECK_EQ(count_nodes(graph), 2);
    pst_graph_release(graph);
}

static void test_what_is_cut_off_is_forgotten(void) {
    // A delay with sound in it, which nobody hears and nobody holds.
    pst_graph *graph = make_graph(1, Q, RIG_RATE);
    pst_gnode *source = add_constant(graph, 1.0);
    pst_gnode *delay = add(graph, "delay");
    wire(source, 0, delay, 0);
    hear(graph, delay);
    render(graph, out, 4 * Q);
    CHECK_EQ(pst_gnode_disconnect(source, -1, NULL, -1, NULL), PST_OK);
    CHECK_EQ(pst_gnode_disconnect(delay, -1, NULL, -1, NULL), PST_OK);
    pst_gnode_release(delay);
    count_nodes(graph);
    CHECK_EQ(count_nodes(graph), 3);
    pst_gnode_release(source);
    pst_graph_release(graph);
}

int main(void) {
    RUN(test_nodes_that_sound_need_no_handle);
    RUN(test_tails_are_heard_to_the_end);
    RUN(test_nodes_without_a_use_go);
    RUN(test_handles_keep_the_graph);
    RUN(test_a_child_may_drop_what_it_has);
    RUN(test_sources_start_and_stop_once);
    RUN(test_sources_end_where_nobody_hears);
    RUN(test_times_may_be_far_away);
    RUN(test_a_stop_reaches_what_sleeps);
    RUN(test_echoes_that_died_are_forgotten);
    RUN(test_what_is_cut_off_is_forgotten);
    return check_done();
}
