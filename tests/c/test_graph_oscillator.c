// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "dsp/fft.h"
#include "graph_rig.h"

// Oscillators have the partials that they should have, and nothing else.

enum { N = 8192 };

static float out[2 * N];
static double re[N], im[N];

// The sine of partial k; all cosines are 0.
static double partial_of(int shape, int k) {
    const double pi = 3.14159265358979323846;
    const bool is_odd = k % 2 == 1;
    switch (shape) {
    case 0:
        return k == 1 ? 1.0 : 0.0;
    case 1:
        return is_odd ? 4.0 / (k * pi) : 0.0;
    case 2:
        return (is_odd ? 2.0 : -2.0) / (k * pi);
    default:
        return is_odd ? (k % 4 == 1 ? 8.0 : -8.0) / (k * pi * k * pi) : 0.0;
    }
}

static pst_gnode *add_shape(pst_graph *graph, int shape, double hz) {
    pst_gnode *node = add_with(graph, "oscillator", "type", shape);
    set_param(node, 0, hz);
    hear(graph, node);
    start(node, 0.0);
    return node;
}

// Gives the sines of all bins of N frames, of which the wave has so many cycles.
static void analyse(int shape, int n_cycles) {
    pst_graph *graph = make_graph(1, 128, RIG_RATE);
    pst_gnode *node = add_shape(graph, shape, (double)n_cycles * RIG_RATE / N);
    render(graph, out, N);
    pst_fft *fft = pst_fft_create(N);
    for (int i = 0; i < N; ++i) {
        re[i] = (double)out[i] * 2 / N;
        im[i] = 0.0;
    }
    pst_fft_run(fft, re, im);
    pst_fft_destroy(fft);
    pst_gnode_release(node);
    pst_graph_release(graph);
}

// The weakest partials of low notes may be missing: those of the last part of an octave.
static int least_partials(int n_cycles) {
    const int all = (N / 2 - 1) / n_cycles;
    const double kept = all <= 32 ? 1.0 : all <= 128 ? 0.94 : all <= 512 ? 0.89 : 0.79;
    return (int)(all * kept);
}

static void check_shape(int shape, int n_cycles) {
    analyse(shape, n_cycles);
    const double gain = -im[n_cycles] / partial_of(shape, 1);
    CHECK_NEAR(gain, shape == 0 ? 1.0 : shape == 3 ? 1.0 : 0.8485, 0.001);
    double off = 0.0;
    double stray = 0.0;
    for (int bin = 0; bin < N / 2; ++bin) {
        const int k = bin / n_cycles;
        const double wanted = bin % n_cycles == 0 && k > 0 ? partial_of(shape, k) * gain : 0.0;
        const double error = hypot(re[bin], -im[bin] - wanted);
        if (wanted == 0.0)
            stray = fmax(stray, error);
        else if (k <= least_partials(n_cycles))
            off = fmax(off, error);
    }
    CHECK_TEXT(off < 5e-6, "shape %d, %d cycles: a partial is %g away", shape, n_cycles, off);
    CHECK_TEXT(stray < 5e-6, "shape %d, %d cycles: %g of what should not be", shape, n_cycles,
               stray);
}

static void test_partials(void) {
    static const int cycles[] = {3, 10, 31, 75, 128, 171, 500, 1365, 2047, 3000, 4000};
    for (int shape = 0; shape < 4; ++shape)
        for (int i = 0; i < 11; ++i)
            check_shape(shape, cycles[i]);
}

static void test_half_the_rate_and_more_is_silent(void) {
    for (int shape = 0; shape < 4; ++shape) {
        pst_graph *graph = make_graph(1, 128, RIG_RATE);
        pst_gnode *node = add_shape(graph, shape, 1e6); // Limited to half the rate.
        set_param(node, 1, 1200.0);
        render(graph, out, N);
        for (int i = 0; i < N; ++i)
            CHECK_SAME(out[i], 0);
        pst_gnode_release(node);
        pst_graph_release(graph);
    }
}

static void test_negative_frequencies_run_backwards(void) {
    pst_graph *graph = make_graph(2, 128, RIG_RATE);
    pst_gnode *merger = add_with(graph, "channel_merger", "number_of_inputs", 2);
    for (int i = 0; i < 2; ++i) {
        pst_gnode *node = add_with(graph, "oscillator", "type", 2);
        set_param(node, 0, i == 0 ? 1234.5 : -1234.5);
        start(node, 0.0);
        wire(node, 0, merger, (uint32_t)i);
        pst_gnode_release(node);
    }
    hear(graph, merger);
    render(graph, out, N);
    for (int i = 0; i < N; ++i)
        CHECK_NEAR(out[2 * i], -out[2 * i + 1], 2e-5);
    pst_gnode_release(merger);
    pst_graph_release(graph);
}

static void test_steady_and_moving_are_the_same(void) {
    // A frequency from the timeline, and the same as the sound of a constant source.
    for (int shape = 0; shape < 4; ++shape) {
        pst_graph *graph = make_graph(2, 128, RIG_RATE);
        pst_gnode *merger = add_with(graph, "channel_merger", "number_of_inputs", 2);
        pst_gnode *constant = add_constant(graph, 777.0);
        for (int i = 0; i < 2; ++i) {
            pst_gnode *node = add_with(graph, "oscillator", "type", shape);
            set_param(node, 0, i == 0 ? 777.0 : 0.0);
            set_param(node, 1, 350.0);
            if (i == 1)
                wire_param(constant, node, 0);
            start(node, 20.3 / RIG_RATE);
            wire(node, 0, merger, (uint32_t)i);
            pst_gnode_release(node);
        }
        hear(graph, merger);
        render(graph, out, N);
        double most = 0.0;
        for (int i = 0; i < N; ++i)
            most = fmax(most, fabs((double)out[2 * i] - (double)out[2 * i + 1]));
        CHECK_TEXT(most < 5e-5, "shape %d: %g away", shape, most);
        CHECK(out[2 * 100] != 0.0f);
        pst_gnode_release(merger);
        pst_gnode_release(constant);
        pst_graph_release(graph);
    }
}

static void test_waves_of_the_user(void) {
    // Three partials with cosines; the height is 1, unless it is not to be.
    const double real[] = {5, 0.5, 0, -1};
    const double imag[] = {5, 0.25, 1, 0};
    for (int normalize = 0; normalize < 2; ++normalize) {
        pst_graph *graph = make_graph(1, 128, RIG_RATE);
        pst_wave *wave = NULL;
        CHECK_EQ(pst_wave_create(&wave, real, imag, 4, normalize, NULL), PST_OK);
        const pst_setting settings[] = {{.name = "periodic_wave", .wave = wave},
                                        {.name = "type", .number = 4}};
        pst_gnode *node = NULL;
        CHECK_EQ(pst_graph_add(graph, &node, "oscillator", settings, 2, NULL), PST_OK);
        pst_wave_release(wave);
        set_param(node, 0, RIG_RATE / 64.0);
        hear(graph, node);
        start(node, 0.0);
        render(graph, out, N);
        double peak = 0.0;
        double ratio = 0.0;
        for (int i = 0; i < 64; ++i) {
            const double x = 2 * 3.14159265358979323846 * i / 64;
            const double wanted = 0.5 * cos(x) + 0.25 * sin(x) + sin(2 * x) - cos(3 * x);
            if (i == 0)
                ratio = (double)out[0] / wanted;
            CHECK_NEAR(out[i], wanted * ratio, 1e-5);
            peak = fmax(peak, fabs((double)out[i]));
        }
        if (normalize)
            CHECK(peak > 0.99 && peak <= 1.00001);
        else
            CHECK_NEAR(ratio, 1, 1e-5);
        pst_gnode_release(node);
        pst_graph_release(graph);
    }
}

int main(void) {
    RUN(test_partials);
    RUN(test_half_the_rate_and_more_is_silent);
    RUN(test_negative_frequencies_run_backwards);
    RUN(test_steady_and_moving_are_the_same);
    RUN(test_waves_of_the_user);
    return check_done();
}
