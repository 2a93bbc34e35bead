// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "base/thread.h"
#include "graph_rig.h"
#include "pastream/graph_meter.h"

// How loud it is.

enum { Q = 128, N = 64 * Q };

static float noise[2 * N];
static float out[2 * N];

static pst_gnode *add_meter(pst_graph *graph, uint32_t n_channels, double window_s) {
    pst_gnode *node = NULL;
    const pst_setting settings[] = {{.name = "channels", .number = n_channels},
                                    {.name = "window", .number = window_s}};
    CHECK_EQ(pst_graph_add(graph, &node, "meter", settings, 2, NULL), PST_OK);
    return node;
}

static pst_graph_meter_reading read_meter(const pst_gnode *node) {
    pst_graph_meter_reading reading = {0};
    CHECK_EQ(pst_gnode_read_meter(node, &reading, NULL), PST_OK);
    return reading;
}

static void check_window(const pst_graph_meter_reading *r, uint32_t c, const float *plane,
                         int64_t n_there) {
    double sum = 0;
    float peak = 0;
    for (int64_t f = r->n_frames - r->window_frames; f < r->n_frames; ++f) {
        const float x = f < 0 || f >= n_there ? 0 : plane[f];
        sum += (double)x * (double)x;
        peak = fabsf(x) > peak ? fabsf(x) : peak;
    }
    CHECK_SAME(r->peak[c], peak);
    CHECK_NEAR(r->rms[c], sqrt(sum / (double)r->window_frames), 1e-6);
}

static void test_windows_are_of_whole_quanta(void) {
    static const uint32_t quanta[] = {1, 48, 100, 128, 1000};
    for (int i = 0; i < 5; ++i) {
        pst_graph *graph = make_graph(2, quanta[i], RIG_RATE);
        pst_gnode *source = add_sound(graph, noise, 2, N / 2, RIG_RATE);
        pst_gnode *node = add_meter(graph, 2, 0.02);
        wire(source, 0, node, 0);
        for (int k = 0; k < 20; ++k) {
            render(graph, out, 301);
            const pst_graph_meter_reading r = read_meter(node);
            CHECK_EQ(r.n_channels, 2);
            CHECK_EQ(r.n_frames % quanta[i], 0);
            CHECK(pst_graph_frame(graph) - r.n_frames < (quanta[i] < 64 ? 127 : 1));
            CHECK_NEAR(r.window_frames, 960, quanta[i] < 128 ? 64 : quanta[i] / 2 + 1);
            check_window(&r, 0, noise, N / 2);
            check_window(&r, 1, noise + N / 2, N / 2);
        }
        pst_gnode_release(source);
        pst_gnode_release(node);
        pst_graph_release(graph);
    }
}

static void test_sound_passes_as_it_is(void) {
    pst_graph *graph = make_graph(2, Q, RIG_RATE);
    pst_gnode *source = add_sound(graph, noise, 2, 4 * Q, RIG_RATE);
    pst_gnode *node = add_meter(graph, 1, 4.0 * Q / RIG_RATE);
    wire(source, 0, node, 0);
    hear(graph, node);
    render(graph, out, 4 * Q);
    for (int f = 0; f < 4 * Q; ++f)
        CHECK_SAME(out[2 * f + 1], noise[4 * Q + f]);
    float mono[4 * Q];
    for (int f = 0; f < 4 * Q; ++f)
        mono[f] = 0.5f * noise[f] + 0.5f * noise[4 * Q + f];
    const pst_graph_meter_reading r = read_meter(node);
    CHECK_EQ(r.window_frames, 4 * Q);
    CHECK_NEAR(r.peak[0], 0.9, 0.1);
    double sum = 0;
    for (int f = 0; f < 4 * Q; ++f)
        sum += (double)mono[f] * (double)mono[f];
    CHECK_NEAR(r.rms[0], sqrt(sum / (4 * Q)), 1e-6);
    render(graph, out, 4 * Q); // And then nothing.
    CHECK_SAME(read_meter(node).peak[0], 0);
    CHECK_SAME(read_meter(node).rms[0], 0);
    CHECK(read_meter(node).max_peak[0] > 0.5f);
    pst_gnode_release(source);
    pst_gnode_release(node);
    pst_graph_release(graph);
}

static void test_what_is_too_loud_is_counted(void) {
    const float loud[Q] = {0.5f, -1.0f, 1.5f, NAN, INFINITY, -INFINITY, 0.99f};
    pst_graph *graph = make_graph(1, Q, RIG_RATE);
    pst_gnode *source = add_sound(graph, loud, 1, Q, RIG_RATE);
    pst_gnode *node = add_meter(graph, 1, 0.01);
    wire(source, 0, node, 0);
    render(graph, out, Q);
    pst_graph_meter_reading r = read_meter(node);
    CHECK_EQ(r.n_clipped[0], 2);
    CHECK_SAME(r.max_peak[0], 1.5f);
    CHECK_SAME(r.peak[0], 1.5f);
    CHECK(isfinite(r.rms[0]));
    CHECK_EQ(pst_gnode_reset_meter(node, NULL), PST_OK);
    r = read_meter(node);
    CHECK_EQ(r.n_clipped[0], 0);
    CHECK_SAME(r.max_peak[0], 0);
    CHECK_SAME(r.peak[0], 1.5f); // The window is as it was.
    render(graph, out, Q);
    r = read_meter(node);
    CHECK_SAME(r.max_peak[0], 0);
    pst_gnode *gain = add(graph, "gain");
    pst_error err;
    CHECK_EQ(pst_gnode_read_meter(gain, &r, &err), PST_BAD_ARGUMENT);
    CHECK(strstr(err.text, "kind gain; it must be of kind meter") != NULL);
    CHECK_EQ(pst_gnode_reset_meter(gain, NULL), PST_BAD_ARGUMENT);
    pst_gnode_release(gain);
    pst_gnode_release(source);
    pst_gnode_release(node);
    pst_graph_release(graph);
}

// ---- Two threads --------------------------------------------------------------------------------

typedef struct show {
    pst_graph *graph;
    _Atomic bool is_over;
} show;

static void render_for_ever(void *user) {
    show *self = user;
    float block[Q];
    while (!atomic_load(&self->is_over))
        render(self->graph, block, Q);
}

static void test_it_is_read_while_it_measures(void) {
    show self = {.graph = make_graph(1, Q, RIG_RATE)};
    pst_gnode *source = add_constant(self.graph, 0.25);
    pst_gnode *node = add_meter(self.graph, 1, 0.05);
    wire(source, 0, node, 0);
    render(self.graph, out, 50 * Q);
    pst_thread thread;
    CHECK_EQ(pst_thread_start(&thread, "renderer", render_for_ever, &self, NULL), PST_OK);
    for (int i = 0; i < 300; ++i) {
        const pst_graph_meter_reading r = read_meter(node);
        CHECK_SAME(r.peak[0], 0.25f);
        CHECK_NEAR(r.rms[0], 0.25, 1e-6);
        if (i % 10 == 0)
            CHECK_EQ(pst_gnode_reset_meter(node, NULL), PST_OK);
    }
    atomic_store(&self.is_over, true);
    pst_thread_join(&thread);
    pst_gnode_release(source);
    pst_gnode_release(node);
    pst_graph_release(self.graph);
}

int main(void) {
    fill_noise(noise, sizeof noise / sizeof noise[0], 1);
    RUN(test_windows_are_of_whole_quanta);
    RUN(test_sound_passes_as_it_is);
    RUN(test_what_is_too_loud_is_counted);
    RUN(test_it_is_read_while_it_measures);
    return check_done();
}
