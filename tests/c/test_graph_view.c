// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include <math.h>

#include "graph_rig.h"
#include "pastream/graph_view.h"

// What a graph is made of can be read, and made again.

enum { Q = 32 };

static void test_nodes_and_connections_are_listed_in_order(void) {
    pst_graph *graph = make_graph(1, Q, RIG_RATE);
    pst_gnode *a = add_constant(graph, 1.0);
    pst_gnode *b = add_constant(graph, 2.0);
    pst_gnode *gain = add(graph, "gain");
    wire(b, 0, gain, 0);
    wire(a, 0, gain, 0);
    CHECK_EQ(pst_gnode_connect_param(a, 0, pst_gnode_param(gain, 0), NULL), PST_OK);
    hear(graph, gain);
    pst_gnode *nodes[8] = {NULL};
    CHECK_EQ(pst_graph_list(graph, nodes, 2), 5);
    CHECK(nodes[2] == NULL);
    pst_gnode_release(nodes[0]);
    pst_gnode_release(nodes[1]);
    CHECK_EQ(pst_graph_list(graph, nodes, 8), 5);
    CHECK(nodes[2] == a && nodes[3] == b && nodes[4] == gain);
    for (int i = 0; i < 5; ++i)
        pst_gnode_release(nodes[i]);
    pst_connection in[3];
    CHECK_EQ(pst_gnode_connections(gain, in, 1), 3);
    pst_gnode_release(in[0].source);
    CHECK_EQ(pst_gnode_connections(gain, in, 3), 3);
    CHECK(in[0].source == b && !in[0].is_param);
    CHECK(in[1].source == a && !in[1].is_param);
    CHECK(in[2].source == a && in[2].is_param);
    CHECK_EQ(in[2].input, 0);
    for (int i = 0; i < 3; ++i)
        pst_gnode_release(in[i].source);
    pst_gnode_release(a);
    pst_gnode_release(gain);
    // What nobody can hear any more is not there; b still sounds.
    pst_gnode_release(b);
    CHECK_EQ(pst_graph_list(graph, NULL, 0), 5);
    pst_graph_release(graph);
}

static void test_what_was_dropped_is_not_listed(void) {
    pst_graph *graph = make_graph(1, Q, RIG_RATE);
    pst_gnode_release(add(graph, "gain"));
    CHECK_EQ(pst_graph_list(graph, NULL, 0), 2);
    pst_graph_release(graph);
}

static void test_times_of_sources(void) {
    pst_graph *graph = make_graph(1, Q, RIG_RATE);
    pst_gnode *source = add(graph, "buffer_source");
    pst_source_times times;
    pst_gnode_get_times(source, &times);
    CHECK(!times.is_started);
    CHECK(isinf(times.stop_s));
    CHECK_EQ(pst_gnode_start(source, 0.5, 0.25, 2.0, NULL), PST_OK);
    CHECK_EQ(pst_gnode_stop(source, 1.5, NULL), PST_OK);
    CHECK_EQ(pst_gnode_start(source, 9.0, 0.0, -1.0, NULL), PST_BAD_STATE);
    pst_gnode_get_times(source, &times);
    CHECK(times.is_started);
    CHECK_SAME(times.start_s, 0.5);
    CHECK_SAME(times.stop_s, 1.5);
    CHECK_SAME(times.offset_s, 0.25);
    CHECK_SAME(times.duration_s, 2.0);
    pst_gnode_release(source);
    pst_graph_release(graph);
}

static void test_sounds_are_written_to_and_read(void) {
    pst_sound *sound = NULL;
    CHECK_EQ(pst_sound_create(&sound, NULL, 3, 100, RIG_RATE, NULL), PST_OK);
    pst_sound_shape shape;
    pst_sound_get_shape(sound, &shape);
    CHECK_EQ(shape.n_channels, 3);
    CHECK_EQ(shape.n_frames, 100);
    CHECK_SAME(shape.rate_hz, RIG_RATE);
    float *plane = pst_sound_samples(sound);
    for (int c = 0; c < 3; ++c)
        for (int i = 0; i < 100; ++i) {
            CHECK_SAME(plane[c * shape.stride_floats + i], 0.0f);
            plane[c * shape.stride_floats + i] = (float)(c + 1);
        }
    // At half the rate, what lies behind the last frame is needed: that is the last frame again.
    pst_sound_seal(sound);
    pst_graph *graph = make_graph(3, Q, RIG_RATE);
    pst_gnode *source = add(graph, "buffer_source");
    CHECK_EQ(pst_gnode_set(source, &(pst_setting){.name = "buffer", .sound = sound}, NULL), PST_OK);
    CHECK(pst_gnode_get_wave(source, "buffer") == NULL);
    CHECK(pst_gnode_get_sound(source, "loop") == NULL);
    CHECK(pst_gnode_get_sound(source, "no") == NULL);
    pst_sound *found = pst_gnode_get_sound(source, "buffer");
    CHECK(found == sound);
    pst_sound_release(found);
    set_param(source, 0, 0.5);
    hear(graph, source);
    CHECK_EQ(pst_gnode_start(source, 0.0, 0.0, -1.0, NULL), PST_OK);
    static float out[3 * 200];
    render(graph, out, 200);
    for (int i = 0; i < 3 * 200; ++i)
        CHECK_SAME(out[i], (float)(i % 3 + 1));
    pst_gnode_release(source);
    pst_graph_release(graph);
    pst_sound_release(sound);
}

static void test_waves_tell_their_series(void) {
    pst_wave *wave = NULL;
    const double real[] = {0, 0.5, 0.25};
    const double imag[] = {0, -1, 2};
    CHECK_EQ(pst_wave_create(&wave, real, imag, 3, false, NULL), PST_OK);
    pst_graph *graph = make_graph(1, Q, RIG_RATE);
    pst_gnode *node = add(graph, "oscillator");
    CHECK(pst_gnode_get_wave(node, "periodic_wave") == NULL);
    const pst_setting setting = {.name = "periodic_wave", .wave = wave};
    CHECK_EQ(pst_gnode_set(node, &setting, NULL), PST_OK);
    pst_wave *found = pst_gnode_get_wave(node, "periodic_wave");
    CHECK(found == wave);
    double re[3];
    double im[3];
    bool normalize = true;
    CHECK_EQ(pst_wave_get_series(found, NULL, NULL, 0, &normalize), 3);
    CHECK(!normalize);
    CHECK_EQ(pst_wave_get_series(found, re, im, 3, &normalize), 3);
    for (int k = 0; k < 3; ++k) {
        CHECK_SAME(re[k], real[k]);
        CHECK_SAME(im[k], imag[k]);
    }
    pst_wave_release(found);
    pst_wave_release(wave);
    pst_gnode_release(node);
    pst_graph_release(graph);
}

// ---- Timelines ----------------------------------------------------------------------------------

typedef struct listed {
    double initial;
    pst_automation calls[16];
    double values[32];
    uint32_t n;
} listed;

static void list(pst_param *param, listed *to) {
    uint32_t n_values = 32;
    to->n = pst_param_list(param, &to->initial, to->calls, 16, to->values, &n_values);
    CHECK(to->n <= 16 && n_values <= 32);
}

static uint32_t count(pst_param *param) {
    double initial;
    uint32_t n_values = 0;
    return pst_param_list(param, &initial, NULL, 0, NULL, &n_values);
}

static void automate(pst_param *param, pst_automation automation) {
    CHECK_EQ(pst_param_automate(param, &automation, NULL), PST_OK);
}

static void check_again(pst_graph *graph, pst_param *param) {
    listed first;
    list(param, &first);
    pst_gnode *other = add(graph, "gain");
    pst_param *copy = pst_gnode_param(other, 0);
    for (uint32_t i = 0; i < first.n; ++i)
        automate(copy, first.calls[i]);
    listed second;
    list(copy, &second);
    CHECK_EQ(first.n, second.n);
    if (first.n != second.n)
        return;
    for (uint32_t i = 0; i < first.n; ++i) {
        CHECK_EQ(first.calls[i].kind, second.calls[i].kind);
        CHECK_SAME(first.calls[i].time_s, second.calls[i].time_s);
        CHECK_SAME(first.calls[i].value, second.calls[i].value);
        CHECK_EQ(first.calls[i].n_values, second.calls[i].n_values);
        for (uint32_t k = 0; k < first.calls[i].n_values; ++k)
            CHECK_SAME(first.calls[i].values[k], second.calls[i].values[k]);
    }
    pst_gnode_release(other);
}

static void test_a_timeline_can_be_made_again(void) {
    pst_graph *graph = make_graph(1, Q, RIG_RATE);
    pst_gnode *gain = add(graph, "gain");
    pst_param *param = pst_gnode_param(gain, 0);
    CHECK_EQ(count(param), 0);
    listed first;
    list(param, &first);
    CHECK_SAME(first.initial, 1.0);
    automate(param, (pst_automation){PST_AUTOMATE_TARGET, .value = 3, .time_constant_s = 0.5});
    automate(param, (pst_automation){PST_AUTOMATE_LINEAR, .value = 2, .time_s = 1});
    check_again(graph, param);
    const double values[] = {1, 2, 4};
    automate(param, (pst_automation){PST_AUTOMATE_CURVE, .time_s = 2, .duration_s = 2,
                                     .values = values, .n_values = 3});
    check_again(graph, param);
    automate(param, (pst_automation){PST_AUTOMATE_HOLD, .time_s = 3.25});
    automate(param, (pst_automation){PST_AUTOMATE_EXPONENTIAL, .value = 9, .time_s = 4});
    automate(param, (pst_automation){PST_AUTOMATE_TARGET, .value = 1, .time_s = 5,
                                     .time_constant_s = 0.1});
    automate(param, (pst_automation){PST_AUTOMATE_HOLD, .time_s = 5.5});
    check_again(graph, param);
    CHECK_EQ(count(param), 7);
    pst_gnode_release(gain);
    pst_graph_release(graph);
}

static void test_a_ramp_from_zero_that_was_cut_can_be_made_again(void) {
    pst_graph *graph = make_graph(1, Q, RIG_RATE);
    pst_gnode *gain = add(graph, "gain");
    pst_param *param = pst_gnode_param(gain, 0);
    automate(param, (pst_automation){PST_AUTOMATE_SET, .value = 0});
    automate(param, (pst_automation){PST_AUTOMATE_EXPONENTIAL, .value = 2, .time_s = 1});
    automate(param, (pst_automation){PST_AUTOMATE_HOLD, .time_s = 0.5});
    check_again(graph, param);
    pst_gnode_release(gain);
    pst_graph_release(graph);
}

int main(void) {
    RUN(test_nodes_and_connections_are_listed_in_order);
    RUN(test_what_was_dropped_is_not_listed);
    RUN(test_times_of_sources);
    RUN(test_sounds_are_written_to_and_read);
    RUN(test_waves_tell_their_series);
    RUN(test_a_timeline_can_be_made_again);
    RUN(test_a_ramp_from_zero_that_was_cut_can_be_made_again);
    return check_done();
}
