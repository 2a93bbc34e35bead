// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "graph_rig.h"

// How channels become more and fewer.

enum { Q = 64, N = 2 * Q, MOST = PST_GRAPH_MAX_CHANNELS };

static float data[MOST * N];
static float out[MOST * N];

// What channel `to` of n_to takes of channel `from` of n_from, written down another way than in the
// engine: by the names of speakers.
static const char *names_of(uint32_t n) {
    switch (n) {
    case 1:
        return "M";
    case 2:
        return "LR";
    case 4:
        return "LRlr";
    case 6:
        return "LRCElr"; // E: effects.
    }
    return NULL;
}

static double speaker_gain(uint32_t n_from, char from, uint32_t n_to, char to) {
    const double h = sqrt(0.5);
    if (from == to)
        return 1.0;
    if (n_from < n_to) // Only mono is spread.
        return n_from == 1 && (n_to == 6 ? to == 'C' : to == 'L' || to == 'R') ? 1.0 : 0.0;
    if (n_to == 1) {
        if (n_from == 2)
            return 0.5;
        if (n_from == 4)
            return 0.25;
        return from == 'C' ? 1.0 : from == 'E' ? 0.0 : from == 'L' || from == 'R' ? h : 0.5;
    }
    if (from == 'C' && (to == 'L' || to == 'R'))
        return h;
    if (n_to == 2 && ((from == 'l' && to == 'L') || (from == 'r' && to == 'R')))
        return n_from == 4 ? 0.5 : h;
    return 0.0;
}

static double gain_of(uint32_t n_from, uint32_t from, uint32_t n_to, uint32_t to,
                      pst_mixing mixing) {
    const bool known = names_of(n_from) != NULL && names_of(n_to) != NULL;
    if (mixing == PST_MIXING_DISCRETE || !known || n_from == n_to)
        return from == to ? 1.0 : 0.0;
    const char a = names_of(n_from)[from];
    const char b = names_of(n_to)[to];
    if (n_from == 4 && n_to == 2 && a == b)
        return 0.5;
    return speaker_gain(n_from, a, n_to, b);
}

static void check_pair(uint32_t n_from, uint32_t n_to, pst_mixing mixing) {
    pst_graph *graph = make_graph(n_to, Q, RIG_RATE);
    pst_gnode *source = add_sound(graph, data, n_from, N, RIG_RATE);
    pst_gnode *gain = add(graph, "gain");
    set_rules(gain, n_to, PST_COUNT_EXPLICIT, mixing);
    wire(source, 0, gain, 0);
    hear(graph, gain);
    render(graph, out, N);
    double most = 0.0;
    for (uint32_t i = 0; i < N; ++i)
        for (uint32_t to = 0; to < n_to; ++to) {
            double wanted = 0.0;
            for (uint32_t from = 0; from < n_from; ++from)
                wanted += gain_of(n_from, from, n_to, to, mixing) * (double)data[from * N + i];
            most = fmax(most, fabs((double)out[i * n_to + to] - wanted));
        }
    CHECK_TEXT(most < 1e-6, "%u to %u, %d: %g away", n_from, n_to, (int)mixing, most);
    pst_gnode_release(source);
    pst_gnode_release(gain);
    pst_graph_release(graph);
}

static void test_all_pairs(void) {
    for (uint32_t n_from = 1; n_from <= 8; ++n_from)
        for (uint32_t n_to = 1; n_to <= 8; ++n_to) {
            check_pair(n_from, n_to, PST_MIXING_SPEAKERS);
            check_pair(n_from, n_to, PST_MIXING_DISCRETE);
        }
    check_pair(MOST, 6, PST_MIXING_SPEAKERS);
    check_pair(2, MOST, PST_MIXING_SPEAKERS);
    check_pair(MOST, MOST, PST_MIXING_SPEAKERS);
}

// How many channels leave a gain that mono and quad lead to: told by a splitter.
static void check_count(pst_count_mode mode, uint32_t count, const float *wanted) {
    pst_graph *graph = make_graph(6, Q, RIG_RATE);
    pst_gnode *quad = add_sound(graph, data, 4, N, RIG_RATE);
    pst_gnode *mono = add_constant(graph, 8.0);
    pst_gnode *gain = add(graph, "gain");
    set_rules(gain, count, mode, PST_MIXING_SPEAKERS);
    wire(quad, 0, gain, 0);
    wire(mono, 0, gain, 0);
    pst_gnode *end = pst_graph_destination(graph);
    set_rules(end, 6, PST_COUNT_EXPLICIT, PST_MIXING_DISCRETE);
    wire(gain, 0, end, 0);
    render(graph, out, Q);
    for (uint32_t c = 0; c < 6; ++c)
        CHECK_NEAR(out[c], wanted[c], 1e-5);
    pst_gnode_release(end);
    pst_gnode_release(quad);
    pst_gnode_release(mono);
    pst_gnode_release(gain);
    pst_graph_release(graph);
}

static void test_count_modes(void) {
    const float a = data[0], b = data[N], c = data[2 * N], d = data[3 * N];
    check_count(PST_COUNT_MAX, 1, (float[]){a + 8, b + 8, c, d, 0, 0});
    check_count(PST_COUNT_CLAMPED_MAX, 2, (float[]){(a + c) / 2 + 8, (b + d) / 2 + 8, 0, 0, 0, 0});
    check_count(PST_COUNT_CLAMPED_MAX, 6, (float[]){a + 8, b + 8, c, d, 0, 0});
    check_count(PST_COUNT_EXPLICIT, 1, (float[]){(a + b + c + d) / 4 + 8, 0, 0, 0, 0, 0});
    check_count(PST_COUNT_EXPLICIT, 6, (float[]){a, b, 8, 0, c, d});
}

static void test_what_ends_counts_as_mono(void) {
    // A stereo sound of one quantum, and mono that goes on: through a splitter.
    pst_graph *graph = make_graph(1, Q, RIG_RATE);
    pst_gnode *stereo = add_sound(graph, data, 2, Q, RIG_RATE);
    pst_gnode *mono = add_constant(graph, 0.5);
    pst_gnode *gain = add(graph, "gain");
    pst_gnode *splitter = add_with(graph, "channel_splitter", "number_of_outputs", 2);
    CHECK_EQ(pst_gnode_n_outputs(splitter), 2);
    wire(stereo, 0, gain, 0);
    wire(mono, 0, gain, 0);
    wire(gain, 0, splitter, 0);
    pst_gnode *end = pst_graph_destination(graph);
    wire(splitter, 1, end, 0);
    render(graph, out, 2 * Q);
    CHECK_NEAR(out[3], data[Q + 3] + 0.5f, 1e-6);
    CHECK_SAME(out[Q], 0); // There is no second channel any more.
    CHECK_SAME(out[2 * Q - 1], 0);
    pst_gnode_release(end);
    pst_gnode_release(stereo);
    pst_gnode_release(mono);
    pst_gnode_release(gain);
    pst_gnode_release(splitter);
    pst_graph_release(graph);
}

static void test_thirty_two_channels_come_through(void) {
    pst_graph *graph = make_graph(MOST, Q, RIG_RATE);
    pst_gnode *merger = add_with(graph, "channel_merger", "number_of_inputs", MOST);
    pst_gnode *delay = add(graph, "delay");
    pst_gnode *end = pst_graph_destination(graph);
    for (uint32_t c = 0; c < MOST; c += 2) {
        pst_gnode *source = add_constant(graph, c + 1.0);
        wire(source, 0, merger, c);
        pst_gnode_release(source);
    }
    wire(merger, 0, delay, 0);
    wire(delay, 0, end, 0);
    render(graph, out, Q);
    for (uint32_t c = 0; c < MOST; ++c)
        CHECK_SAME(out[c], c % 2 == 0 ? c + 1 : 0);
    pst_gnode_release(merger);
    pst_gnode_release(delay);
    pst_gnode_release(end);
    pst_graph_release(graph);
}

static void test_tails_keep_channels(void) {
    // Both channels of a short stereo sound come out of the delay, though the source is gone.
    pst_graph *graph = make_graph(2, Q, RIG_RATE);
    pst_gnode *stereo = add_sound(graph, data, 2, Q, RIG_RATE);
    pst_gnode *delay = add(graph, "delay");
    set_param(delay, 0, 3.0 * Q / RIG_RATE);
    wire(stereo, 0, delay, 0);
    hear(graph, delay);
    static float got[2 * 5 * Q];
    render(graph, got, 2 * Q);
    CHECK_EQ(pst_gnode_disconnect(stereo, -1, NULL, -1, NULL), PST_OK);
    pst_gnode_release(stereo);
    render(graph, got + 2 * 2 * Q, 3 * Q);
    for (int i = 0; i < Q; ++i) {
        CHECK_SAME(got[2 * (3 * Q + i)], data[i]);
        CHECK_SAME(got[2 * (3 * Q + i) + 1], data[Q + i]);
    }
    CHECK_SAME(got[2 * 4 * Q], 0);
    pst_gnode_release(delay);
    pst_graph_release(graph);
}

static void test_a_delay_may_become_wider_and_narrower(void) {
    pst_graph *graph = make_graph(2, Q, RIG_RATE);
    pst_gnode *mono = add_constant(graph, 0.5);
    pst_gnode *delay = add_with(graph, "delay", "max_delay_time", 4.0 * Q / RIG_RATE);
    set_param(delay, 0, 2.0 * Q / RIG_RATE);
    wire(mono, 0, delay, 0);
    hear(graph, delay);
    render(graph, out, Q);
    pst_gnode *stereo = add_sound(graph, data, 2, Q, RIG_RATE);
    wire(stereo, 0, delay, 0);
    static float got[2 * 12 * Q];
    render(graph, got, 12 * Q);
    // First mono alone, on both sides; then the two; then mono again.
    CHECK_SAME(got[2 * Q], 0.5f);
    CHECK_SAME(got[2 * Q + 1], 0.5f);
    CHECK_NEAR(got[2 * 2 * Q], data[0] + 0.5f, 1e-6);
    CHECK_NEAR(got[2 * 2 * Q + 1], data[Q] + 0.5f, 1e-6);
    for (int i = 2 * 3 * Q; i < 2 * 12 * Q; ++i)
        CHECK_SAME(got[i], 0.5f);
    pst_gnode_release(mono);
    pst_gnode_release(stereo);
    pst_gnode_release(delay);
    pst_graph_release(graph);
}

static void test_rules_that_cannot_be_are_refused(void) {
    pst_graph *graph = make_graph(2, Q, RIG_RATE);
    pst_gnode *gain = add(graph, "gain");
    pst_gnode *splitter = add(graph, "channel_splitter");
    pst_gnode *end = pst_graph_destination(graph);
    pst_channel_rules rules = {0, PST_COUNT_MAX, PST_MIXING_SPEAKERS};
    CHECK_EQ(pst_gnode_set_channels(gain, &rules, NULL), PST_BAD_ARGUMENT);
    rules.count = MOST + 1;
    CHECK_EQ(pst_gnode_set_channels(gain, &rules, NULL), PST_BAD_ARGUMENT);
    pst_gnode_get_channels(splitter, &rules);
    CHECK_EQ(rules.count, 6);
    CHECK_EQ(pst_gnode_set_channels(splitter, &rules, NULL), PST_OK);
    rules.count = 2;
    CHECK_EQ(pst_gnode_set_channels(splitter, &rules, NULL), PST_UNSUPPORTED);
    pst_gnode_get_channels(end, &rules);
    CHECK_EQ(rules.count, 2);
    rules.mixing = PST_MIXING_DISCRETE;
    CHECK_EQ(pst_gnode_set_channels(end, &rules, NULL), PST_OK);
    rules.count = 1;
    CHECK_EQ(pst_gnode_set_channels(end, &rules, NULL), PST_UNSUPPORTED);
    pst_gnode_release(gain);
    pst_gnode_release(splitter);
    pst_gnode_release(end);
    pst_graph_release(graph);
}

int main(void) {
    fill_noise(data, sizeof data / sizeof data[0], 1);
    RUN(test_all_pairs);
    RUN(test_count_modes);
    RUN(test_what_ends_counts_as_mono);
    RUN(test_thirty_two_channels_come_through);
    RUN(test_tails_keep_channels);
    RUN(test_a_delay_may_become_wider_and_narrower);
    RUN(test_rules_that_cannot_be_are_refused);
    return check_done();
}
