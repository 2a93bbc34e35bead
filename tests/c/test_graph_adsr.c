// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "graph_rig.h"
#include "pastream/graph_view.h"

// How long envelopes live that nobody holds: as long as their gates will move, and they sound.

enum { N = 4096, GATE = 0, ATTACK_TIME = 1, DECAY_TIME = 3, SUSTAIN_LEVEL = 5, RELEASE_TIME = 6 };

static float out[N];

static void set_at(pst_gnode *node, uint32_t param, double value, double time_s) {
    const pst_automation set = {.kind = PST_AUTOMATE_SET, .value = value, .time_s = time_s};
    CHECK_EQ(pst_param_automate(pst_gnode_param(node, param), &set, NULL), PST_OK);
}

// An envelope that opens the gain of a constant for some time, without handles.
static pst_graph *make_note(double begin_s, double end_s) {
    pst_graph *graph = make_graph(1, 128, RIG_RATE);
    pst_gnode *one = add_constant(graph, 1.0), *gain = add(graph, "gain");
    pst_gnode *envelope = add(graph, "adsr");
    set_param(gain, 0, 0.0);
    set_param(envelope, ATTACK_TIME, 0.0);
    set_param(envelope, DECAY_TIME, 0.0);
    set_param(envelope, SUSTAIN_LEVEL, 1.0);
    set_param(envelope, RELEASE_TIME, 0.01);
    set_at(envelope, GATE, 1.0, begin_s);
    set_at(envelope, GATE, 0.0, end_s);
    wire(one, 0, gain, 0);
    wire_param(envelope, gain, 0);
    hear(graph, gain);
    pst_gnode_release(one);
    pst_gnode_release(gain);
    pst_gnode_release(envelope);
    return graph;
}

static void test_nobody_needs_to_hold_an_envelope(void) {
    pst_graph *graph = make_note(1000.0 / RIG_RATE, 2000.0 / RIG_RATE);
    // Each call may forget what nobody needs.
    for (int i = 0; i < N; i += 128) {
        pst_gnode_release(add(graph, "gain"));
        CHECK_EQ(pst_graph_send(graph, NULL), PST_OK);
        render(graph, out + i, 128);
    }
    for (int i = 0; i < 2500; ++i) {
        const double released = (i - 2000) / (0.01 * RIG_RATE);
        CHECK_NEAR(out[i], i < 1000 ? 0 : i < 2000 ? 1 : fmax(0, 1 - released), 1e-6);
    }
    pst_graph_release(graph);
}

static void test_an_envelope_that_is_over_is_forgotten(void) {
    pst_graph *graph = make_note(0.0, 500.0 / RIG_RATE);
    CHECK_EQ(pst_graph_send(graph, NULL), PST_OK);
    const uint32_t n_before = pst_graph_list(graph, NULL, 0);
    render(graph, out, 2048);
    CHECK_EQ(pst_graph_send(graph, NULL), PST_OK);
    CHECK_EQ(pst_graph_list(graph, NULL, 0), n_before - 1);
    render(graph, out, 2048);
    for (int i = 0; i < 2048; ++i)
        CHECK_SAME(out[i], 0.0f);
    pst_graph_release(graph);
}

static void test_a_late_envelope_of_sound_is_kept_by_the_sound(void) {
    pst_graph *graph = make_graph(1, 128, RIG_RATE);
    pst_gnode *one = add_constant(graph, 1.0), *envelope = add(graph, "adsr");
    wire(one, 0, envelope, 0);
    hear(graph, envelope);
    pst_gnode_release(envelope);
    CHECK_EQ(pst_graph_send(graph, NULL), PST_OK);
    render(graph, out, 512);
    CHECK_EQ(pst_graph_send(graph, NULL), PST_OK);
    CHECK_EQ(pst_graph_list(graph, NULL, 0), 4);
    pst_gnode_release(one);
    pst_graph_release(graph);
}

int main(void) {
    RUN(test_nobody_needs_to_hold_an_envelope);
    RUN(test_an_envelope_that_is_over_is_forgotten);
    RUN(test_a_late_envelope_of_sound_is_kept_by_the_sound);
    return check_done();
}
