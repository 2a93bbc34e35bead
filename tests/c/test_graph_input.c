// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "graph_rig.h"

// What a graph hears.

enum { Q = 64, N = 64 * Q };

static float noise[2 * N];
static float out[2 * N];

static pst_graph *make_hearing(uint32_t n_inputs, uint32_t n_outputs, uint32_t quantum) {
    pst_graph_config config = config_of(n_outputs, quantum, RIG_RATE);
    config.n_input_channels = n_inputs;
    pst_graph *graph = make_with(&config);
    pst_gnode *node = add(graph, "device_input");
    hear(graph, node);
    pst_gnode_release(node);
    return graph;
}

static void pass(pst_graph *graph, const float *input, float *output, int64_t n_frames) {
    CHECK_EQ(pst_graph_render(input, output, n_frames, NULL, 0, graph), PST_CALLBACK_CONTINUE);
}

static void test_whole_quanta_are_heard_at_once(void) {
    pst_graph *graph = make_hearing(2, 2, Q);
    for (int64_t done = 0, n = Q; done + n <= N; done += n, n = n % (4 * Q) + Q)
        pass(graph, noise + 2 * done, out + 2 * done, n);
    CHECK(memcmp(out, noise, (size_t)40 * Q * 2 * sizeof *out) == 0);
    pst_graph_release(graph);
}

static void test_other_blocks_are_heard_later_but_whole(void) {
    static const int blocks[] = {1, 3, 63, 65, 100, 480, 1000};
    static const uint32_t quanta[] = {1, 7, Q, 128};
    for (int i = 0; i < 7; ++i)
        for (int k = 0; k < 4; ++k) {
            pst_graph *graph = make_hearing(1, 1, quanta[k]);
            memset(out, 0, sizeof out);
            for (int64_t done = 0; done + blocks[i] <= N; done += blocks[i])
                pass(graph, noise + done, out + done, blocks[i]);
            const uint32_t delay = (uint32_t)blocks[i] % quanta[k] == 0 ? 0 : quanta[k] - 1;
            for (uint32_t f = 0; f < N / 2; ++f)
                if (out[f] != (f < delay ? 0 : noise[f - delay]))
                    FAIL("blocks of %d, quanta of %u: frame %u", blocks[i], quanta[k], f);
            pst_graph_release(graph);
        }
}

static void test_blocks_that_change_are_heard_on_without_a_loss(void) {
    pst_graph *graph = make_hearing(1, 1, Q);
    uint64_t seed = 1;
    pass(graph, noise, out, (int64_t)2 * Q);
    CHECK(memcmp(out, noise, 2 * Q * sizeof *out) == 0);
    int64_t done = 2 * Q;
    while (done < N / 2) {
        const int64_t n = 1 + (int64_t)(check_random(&seed) % 300);
        pass(graph, noise + done, out + done, n);
        done += n;
    }
    for (int64_t f = 3 * Q; f < N / 2; ++f)
        CHECK_SAME(out[f], noise[f - Q + 1]);
    pst_graph_release(graph);
}

static void test_channels_are_the_first_ones(void) {
    // As many as the node asks for, or as the graph hears.
    for (uint32_t n_inputs = 0; n_inputs <= 4; ++n_inputs) {
        pst_graph *graph = make_hearing(n_inputs, 3, Q);
        pass(graph, noise, out, Q);
        for (uint32_t f = 0; f < Q; ++f)
            for (uint32_t c = 0; c < 3; ++c) {
                const bool is_heard = c < n_inputs && c < 2;
                CHECK_SAME(out[3 * f + c], is_heard ? noise[f * n_inputs + c] : 0);
            }
        pst_graph_release(graph);
    }
}

static void test_nothing_and_what_is_no_number_is_silence(void) {
    pst_graph *graph = make_hearing(1, 1, Q);
    pass(graph, NULL, out, Q);
    CHECK_SAME(out[0], 0);
    float odd[Q] = {NAN, INFINITY, 0.5f};
    pass(graph, odd, out, Q);
    CHECK_SAME(out[0], 0);
    CHECK_SAME(out[1], 0);
    CHECK_SAME(out[2], 0.5f);
    pass(graph, NULL, out, Q);
    CHECK_SAME(out[2], 0);
    pst_graph_release(graph);
}

static void test_what_it_is_fed_with_comes_without_a_delay(void) {
    pst_graph *graph = make_hearing(2, 2, Q);
    pst_graph_feed(graph, noise, 1000);
    for (int64_t done = 0; done + 77 <= 2000; done += 77)
        pass(graph, NULL, out + 2 * done, 77);
    CHECK(memcmp(out, noise, 2000 * sizeof *out) == 0);
    for (int i = 2000; i < 3800; ++i)
        CHECK_SAME(out[i], 0);
    pst_graph_release(graph);
}

static void test_bad_inputs_are_refused(void) {
    pst_graph_config config;
    pst_graph_config_default(&config);
    CHECK_EQ(config.n_input_channels, 0);
    config.n_input_channels = 33;
    pst_graph *graph = NULL;
    pst_error err;
    CHECK_EQ(pst_graph_create(&graph, &config, &err), PST_BAD_ARGUMENT);
    CHECK(strstr(err.text, "n_input_channels is 33") != NULL);
}

int main(void) {
    fill_noise(noise, sizeof noise / sizeof noise[0], 1);
    RUN(test_whole_quanta_are_heard_at_once);
    RUN(test_other_blocks_are_heard_later_but_whole);
    RUN(test_blocks_that_change_are_heard_on_without_a_loss);
    RUN(test_channels_are_the_first_ones);
    RUN(test_nothing_and_what_is_no_number_is_silence);
    RUN(test_what_it_is_fed_with_comes_without_a_delay);
    RUN(test_bad_inputs_are_refused);
    return check_done();
}
