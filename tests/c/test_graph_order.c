// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "graph_rig.h"

// Which nodes are rendered, in what order, and what becomes of cycles.

enum { Q = 128, N = 8 * Q };

static float out[2 * N];
static float other[2 * N];

static void test_chains_are_rendered_from_their_sources_on(void) {
    pst_graph *graph = make_graph(1, Q, RIG_RATE);
    pst_gnode *last = add(graph, "gain"); // The last one is made first.
    hear(graph, last);
    for (int i = 0; i < 20; ++i) {
        pst_gnode *before = add(graph, "gain");
        set_param(before, 0, 2.0);
        wire(before, 0, last, 0);
        pst_gnode_release(last);
        last = before;
    }
    pst_gnode *source = add_constant(graph, 0.5);
    wire(source, 0, last, 0);
    render(graph, out, Q);
    CHECK_SAME(out[0], 0.5f * (1 << 20));
    CHECK_SAME(out[Q - 1], 0.5f * (1 << 20));
    pst_gnode_release(last);
    pst_gnode_release(source);
    pst_graph_release(graph);
}

static void build_fan(pst_graph *graph) {
    pst_gnode *bus = add(graph, "gain");
    hear(graph, bus);
    for (int i = 0; i < 50; ++i) {
        pst_gnode *source = add(graph, "oscillator");
        set_param(source, 0, 100.0 + 37.3 * i);
        start(source, 0.001 * i);
        pst_gnode *gain = add(graph, "gain");
        set_param(gain, 0, 1.0 / (i + 3));
        wire(source, 0, gain, 0);
        wire(gain, 0, bus, 0);
        pst_gnode_release(source);
        pst_gnode_release(gain);
    }
    pst_gnode_release(bus);
}

static void test_the_same_graph_has_the_same_bits(void) {
    float *const results[2] = {out, other};
    for (int i = 0; i < 2; ++i) {
        pst_graph *graph = make_graph(2, Q, RIG_RATE);
        build_fan(graph);
        render(graph, results[i], N);
        pst_graph_release(graph);
    }
    CHECK(memcmp(out, other, sizeof out) == 0);
    CHECK(out[N] != 0.0f);
}

static void test_a_second_connection_counts_once(void) {
    pst_graph *graph = make_graph(1, Q, RIG_RATE);
    pst_gnode *source = add_constant(graph, 0.25);
    pst_gnode *gain = add(graph, "gain");
    for (int i = 0; i < 3; ++i) {
        wire(source, 0, gain, 0);
        wire_param(source, gain, 0);
    }
    hear(graph, gain);
    render(graph, out, Q);
    CHECK_NEAR(out[5], 0.25 * 1.25, 1e-7);
    pst_gnode *end = pst_graph_destination(graph);
    CHECK_EQ(pst_gnode_disconnect(gain, -1, end, -1, NULL), PST_OK);
    CHECK_EQ(pst_gnode_disconnect(gain, -1, end, -1, NULL), PST_BAD_ARGUMENT);
    CHECK_EQ(pst_gnode_disconnect(gain, -1, NULL, -1, NULL), PST_OK);
    render(graph, out, Q);
    CHECK_SAME(out[5], 0);
    pst_gnode_release(end);
    pst_gnode_release(source);
    pst_gnode_release(gain);
    pst_graph_release(graph);
}

static void test_ports_that_are_not_there_are_refused(void) {
    pst_graph *graph = make_graph(1, Q, RIG_RATE);
    pst_graph *another = make_graph(1, Q, RIG_RATE);
    pst_gnode *a = add(graph, "gain");
    pst_gnode *b = add(another, "gain");
    pst_error err = {.status = PST_OK};
    CHECK_EQ(pst_gnode_connect(a, 1, a, 0, &err), PST_BAD_ARGUMENT);
    CHECK(strstr(err.text, "output is 1") != NULL);
    CHECK_EQ(pst_gnode_connect(a, 0, a, 7, &err), PST_BAD_ARGUMENT);
    CHECK(strstr(err.text, "input is 7") != NULL);
    CHECK_EQ(pst_gnode_connect(a, 0, b, 0, &err), PST_BAD_ARGUMENT);
    CHECK_EQ(pst_gnode_disconnect(a, 3, NULL, -1, &err), PST_BAD_ARGUMENT);
    CHECK_EQ(pst_gnode_disconnect(a, -1, a, 9, &err), PST_BAD_ARGUMENT);
    CHECK(pst_gnode_param(a, 1) == NULL);
    pst_gnode_release(a);
    pst_gnode_release(b);
    pst_graph_release(graph);
    pst_graph_release(another);
}

// ---- Cycles -------------------------------------------------------------------------------------

// An impulse, a delay of so many frames, and a gain from its end to its beginning.
static void render_echo(double delay_frames, uint32_t quantum, float *result, int64_t n) {
    pst_graph *graph = make_graph(1, quantum, RIG_RATE);
    const float one = 1.0f;
    pst_gnode *source = add_sound(graph, &one, 1, 1, RIG_RATE);
    pst_gnode *delay = add(graph, "delay");
    set_param(delay, 0, delay_frames / RIG_RATE);
    pst_gnode *gain = add(graph, "gain");
    set_param(gain, 0, 0.5);
    wire(source, 0, delay, 0);
    wire(delay, 0, gain, 0);
    wire(gain, 0, delay, 0);
    hear(graph, delay);
    render(graph, result, n);
    pst_gnode_release(source);
    pst_gnode_release(delay);
    pst_gnode_release(gain);
    pst_graph_release(graph);
}

static void check_echo(const float *got, int64_t n, int64_t period) {
    float wanted = 0.0f;
    int n_wrong = 0;
    for (int64_t i = 0; i < n; ++i) {
        const bool is_echo = i > 0 && i % period == 0;
        wanted = is_echo ? (wanted == 0.0f ? 1.0f : wanted / 2) : wanted;
        n_wrong += fabsf(got[i] - (is_echo ? wanted : 0.0f)) > 1e-6f;
    }
    CHECK_EQ(n_wrong, 0);
}

static void test_echoes_keep_their_time(void) {
    render_echo(200, Q, out, N);
    check_echo(out, N, 200);
    render_echo(200, 50, out, N);
    check_echo(out, N, 200);
    render_echo(Q, Q, out, N);
    check_echo(out, N, Q);
}

static void test_a_delay_in_a_cycle_lasts_a_quantum_at_least(void) {
    render_echo(10, Q, out, N);
    check_echo(out, N, Q);
    render_echo(0, 64, out, N);
    check_echo(out, N, 64);
}

static void test_an_echo_dies(void) {
    // 0.5 every 128 frames: after 200 of them even the smallest numbers are gone.
    static float tail[300 * Q];
    render_echo(Q, Q, tail, 300 * Q);
    CHECK(tail[100 * Q] > 0.0f);
    for (int i = 200 * Q; i < 300 * Q; ++i)
        CHECK_SAME(tail[i], 0);
}

static void test_a_cycle_without_a_delay_is_silent(void) {
    pst_graph *graph = make_graph(1, Q, RIG_RATE);
    pst_gnode *source = add_constant(graph, 0.25);
    pst_gnode *a = add(graph, "gain");
    pst_gnode *b = add(graph, "gain");
    wire(source, 0, a, 0);
    wire(a, 0, b, 0);
    wire(b, 0, a, 0);
    hear(graph, b);
    hear(graph, source); // What is not in it goes on.
    render(graph, out, Q);
    CHECK_SAME(out[9], 0.25f);
    CHECK_EQ(pst_gnode_disconnect(b, 0, a, 0, NULL), PST_OK);
    render(graph, out, Q);
    CHECK_SAME(out[0], 0.5f);
    wire(a, 0, a, 0); // Of one node.
    render(graph, out, Q);
    CHECK_SAME(out[0], 0.25f);
    pst_gnode_release(source);
    pst_gnode_release(a);
    pst_gnode_release(b);
    pst_graph_release(graph);
}

static void test_cycles_may_go_through_params(void) {
    // gain -> delay -> gain's own param: x[n] = 0.25 (1 + 0.5 x[n - Q])
    pst_graph *graph = make_graph(1, Q, RIG_RATE);
    pst_gnode *source = add_constant(graph, 0.25);
    pst_gnode *gain = add(graph, "gain");
    pst_gnode *delay = add(graph, "delay");
    pst_gnode *half = add(graph, "gain");
    set_param(half, 0, 0.5);
    wire(source, 0, gain, 0);
    wire(gain, 0, delay, 0);
    wire(delay, 0, half, 0);
    wire_param(half, gain, 0);
    hear(graph, gain);
    render(graph, out, 4 * Q);
    double x = 0.25;
    for (int k = 0; k < 4; ++k) {
        CHECK_NEAR(out[k * Q], x, 1e-7);
        CHECK_NEAR(out[k * Q + Q - 1], x, 1e-7);
        x = 0.25 * (1 + 0.5 * x);
    }
    // Without the delay: silence.
    wire_param(gain, gain, 0);
    render(graph, out, Q);
    CHECK_SAME(out[0], 0);
    pst_gnode_release(source);
    pst_gnode_release(gain);
    pst_gnode_release(delay);
    pst_gnode_release(half);
    pst_graph_release(graph);
}

static void test_a_delay_may_be_in_the_way_of_its_own_time(void) {
    pst_graph *graph = make_graph(1, Q, RIG_RATE);
    pst_gnode *source = add_constant(graph, 0.25);
    pst_gnode *delay = add(graph, "delay");
    pst_gnode *nothing = add(graph, "gain");
    set_param(nothing, 0, 0.0);
    wire(source, 0, delay, 0);
    wire(delay, 0, nothing, 0);
    wire_param(nothing, delay, 0);
    hear(graph, delay);
    render(graph, out, 4 * Q);
    CHECK_SAME(out[Q - 1], 0);
    CHECK_SAME(out[Q], 0.25);
    CHECK_SAME(out[4 * Q - 1], 0.25);
    pst_gnode_release(source);
    pst_gnode_release(delay);
    pst_gnode_release(nothing);
    pst_graph_release(graph);
}

static void test_delays_out_of_cycles_may_be_short(void) {
    pst_graph *graph = make_graph(1, Q, RIG_RATE);
    float ramp[Q];
    for (int i = 0; i < Q; ++i)
        ramp[i] = (float)(i + 1);
    pst_gnode *source = add_sound(graph, ramp, 1, Q, RIG_RATE);
    pst_gnode *delay = add(graph, "delay");
    set_param(delay, 0, 2.5 / RIG_RATE);
    wire(source, 0, delay, 0);
    hear(graph, delay);
    render(graph, out, 2 * Q);
    CHECK_NEAR(out[2], 0.5, 1e-4);
    CHECK_NEAR(out[10], 8.5, 1e-4);
    CHECK_NEAR(out[Q + 2], Q * 0.5, 1e-2);
    CHECK_SAME(out[Q + 3], 0);
    pst_gnode_release(source);
    pst_gnode_release(delay);
    pst_graph_release(graph);
}

// ---- Many ---------------------------------------------------------------------------------------

static void test_a_thousand_nodes(void) {
    pst_graph *graph = make_graph(1, Q, RIG_RATE);
    pst_graph_begin(graph);
    pst_gnode *bus = add(graph, "gain");
    hear(graph, bus);
    for (int i = 0; i < 500; ++i) {
        pst_gnode *source = add(graph, "constant_source");
        pst_gnode *gain = add(graph, "gain");
        set_param(source, 0, 0.5);
        set_param(gain, 0, 0.25);
        start(source, 0.0);
        CHECK_EQ(pst_gnode_stop(source, (double)(1 + i % 4) * Q / RIG_RATE, NULL), PST_OK);
        wire(source, 0, gain, 0);
        wire(gain, 0, bus, 0);
        pst_gnode_release(source);
        pst_gnode_release(gain);
    }
    pst_gnode_release(bus);
    CHECK_EQ(pst_graph_commit(graph, NULL), PST_OK);
    render(graph, out, 5 * Q);
    for (int k = 0; k < 5; ++k) {
        CHECK_NEAR(out[k * Q], 0.125 * 125 * (4 - k), 1e-3);
        CHECK_NEAR(out[k * Q + Q - 1], 0.125 * 125 * (4 - k), 1e-3);
    }
    pst_graph_release(graph);
}

static void test_a_chain_of_ten_thousand(void) {
    pst_graph *graph = make_graph(1, 16, RIG_RATE);
    pst_graph_begin(graph);
    pst_gnode *first = add_constant(graph, 1.0);
    pst_gnode *at = add(graph, "gain");
    wire(first, 0, at, 0);
    for (int i = 0; i < 10000; ++i) {
        pst_gnode *next = add(graph, "gain");
        wire(at, 0, next, 0);
        pst_gnode_release(at);
        at = next;
    }
    hear(graph, at);
    CHECK_EQ(pst_graph_commit(graph, NULL), PST_OK);
    render(graph, out, 32);
    CHECK_SAME(out[31], 1);
    pst_gnode_release(at);
    pst_gnode_release(first);
    pst_graph_release(graph);
}

int main(void) {
    RUN(test_chains_are_rendered_from_their_sources_on);
    RUN(test_the_same_graph_has_the_same_bits);
    RUN(test_a_second_connection_counts_once);
    RUN(test_ports_that_are_not_there_are_refused);
    RUN(test_echoes_keep_their_time);
    RUN(test_a_delay_in_a_cycle_lasts_a_quantum_at_least);
    RUN(test_an_echo_dies);
    RUN(test_a_cycle_without_a_delay_is_silent);
    RUN(test_cycles_may_go_through_params);
    RUN(test_a_delay_may_be_in_the_way_of_its_own_time);
    RUN(test_delays_out_of_cycles_may_be_short);
    RUN(test_a_thousand_nodes);
    RUN(test_a_chain_of_ten_thousand);
    return check_done();
}
