// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "graph_rig.h"
#include "kernel_rig.h"
#include "pastream/graph_dynamics.h"

// Compressors in the manner of Web Audio: their curve, when the gain moves and how fast, and that
// whoever cuts their sound into pieces does not hear it.

enum { THRESHOLD = 0, KNEE, RATIO, ATTACK, RELEASE };
enum { N = 48000, LOOKAHEAD = 288 }; // 6 ms.

static float out[2 * N], other[2 * N], sound[2 * N];

static pst_gnode *add_compressor(pst_graph *graph, double threshold, double knee, double ratio) {
    pst_gnode *node = add(graph, "dynamics_compressor");
    set_param(node, THRESHOLD, threshold);
    set_param(node, KNEE, knee);
    set_param(node, RATIO, ratio);
    return node;
}

static double reduction_of(const pst_gnode *node) {
    float db = 1.0f;
    CHECK_EQ(pst_compressor_read_reduction(node, &db, NULL), PST_OK);
    return (double)db;
}

// ---- The curve ----------------------------------------------------------------------------------

// What becomes of a level, in decibels, where there is no knee.
static double line_db(double x_db, double threshold, double ratio) {
    return x_db <= threshold ? x_db : threshold + (x_db - threshold) / ratio;
}

static void test_steady_sound_follows_the_line(void) {
    static const double cases[][3] = {{-24, 12, -6}, {-40, 4, -20}, {-10, 20, 0}, {-50, 2, -30}};
    for (int i = 0; i < 4; ++i) {
        const double threshold = cases[i][0], ratio = cases[i][1], x_db = cases[i][2];
        pst_graph *graph = make_graph(1, 128, RIG_RATE);
        pst_gnode *node = add_compressor(graph, threshold, 0.0, ratio);
        pst_gnode *source = add_constant(graph, pow(10.0, x_db / 20.0));
        wire(source, 0, node, 0);
        hear(graph, node);
        render(graph, out, N);
        const double makeup_db = -0.6 * line_db(0.0, threshold, ratio);
        const double wanted_db = line_db(x_db, threshold, ratio) + makeup_db;
        CHECK_NEAR(20.0 * log10((double)out[N - 1]), wanted_db, 0.01);
        CHECK_NEAR(reduction_of(node), line_db(x_db, threshold, ratio) - x_db, 0.6);
        pst_gnode_release(source);
        pst_gnode_release(node);
        pst_graph_release(graph);
    }
}

static void test_a_knee_is_steady_and_bends_one_way(void) {
    pst_graph *graph = make_graph(1, 128, RIG_RATE);
    pst_gnode *node = add_compressor(graph, -40.0, 30.0, 8.0);
    pst_gnode *source = add(graph, "constant_source");
    wire(source, 0, node, 0);
    hear(graph, node);
    start(source, 0.0);
    double last = 0.0, last_slope = 1.0;
    for (int step = 0; step <= 24; ++step) {
        const double x_db = -48.0 + 2.0 * step;
        set_param(source, 0, pow(10.0, x_db / 20.0));
        render(graph, out, N / 2);
        const double y_db = 20.0 * log10((double)out[N / 2 - 1]);
        if (step > 0) {
            const double slope = (y_db - last) / 2.0;
            CHECK_TEXT(slope <= last_slope + 0.02, "%g dB: %g after %g", x_db, slope, last_slope);
            if (x_db <= -40.0)
                CHECK_NEAR(slope, 1.0, 0.01);
            if (x_db >= -8.0)
                CHECK_NEAR(slope, 0.125, 0.01);
            last_slope = slope;
        }
        last = y_db;
    }
    pst_gnode_release(source);
    pst_gnode_release(node);
    pst_graph_release(graph);
}

static void test_quiet_sound_only_waits(void) {
    // Once the gain is up, which it is not at the beginning.
    pst_graph *graph = make_graph(2, 128, RIG_RATE);
    pst_gnode *node = add_compressor(graph, 0.0, 0.0, 20.0);
    set_param(node, RELEASE, 0.0);
    pst_gnode *source = add_sound(graph, sound, 2, N, RIG_RATE);
    wire(source, 0, node, 0);
    hear(graph, node);
    render(graph, out, N);
    for (int i = N / 4; i < N; ++i)
        for (int c = 0; c < 2; ++c)
            CHECK_SAME(out[2 * i + c], sound[c * N + i - LOOKAHEAD]);
    CHECK_NEAR(reduction_of(node), 0.0, 2.0);
    pst_gnode_release(source);
    pst_gnode_release(node);
    pst_graph_release(graph);
}

// ---- Time ---------------------------------------------------------------------------------------

static void test_what_comes_out_is_6_ms_old(void) {
    static const double rates[] = {3000, 8000, 44100, 192000, 768000};
    for (int i = 0; i < 5; ++i) {
        pst_graph *graph = make_graph(1, 128, rates[i]);
        pst_gnode *node = add_compressor(graph, -20.0, 0.0, 4.0);
        const float click[] = {0.5f, 0.0f};
        pst_gnode *source = add_sound(graph, click, 1, 2, rates[i]);
        wire(source, 0, node, 0);
        hear(graph, node);
        render(graph, out, 8192);
        const int delay = (int)(0.006 * rates[i]);
        for (int k = 0; k < 8192; ++k)
            CHECK_TEXT((out[k] != 0.0f) == (k == delay), "%g Hz: %g at %d", rates[i],
                       (double)out[k], k);
        pst_gnode_release(source);
        pst_gnode_release(node);
        pst_graph_release(graph);
    }
}

static void test_the_gain_is_down_before_the_loud_sound_comes(void) {
    // A second of quiet, then full scale: some of the way is gone when it comes out.
    for (int i = 0; i < N; ++i)
        other[i] = i < N / 2 ? 1e-3f : 1.0f;
    pst_graph *graph = make_graph(1, 128, RIG_RATE);
    pst_gnode *node = add_compressor(graph, -24.0, 0.0, 12.0);
    pst_gnode *source = add_sound(graph, other, 1, N, RIG_RATE);
    wire(source, 0, node, 0);
    hear(graph, node);
    render(graph, out, N);
    const double makeup = pow(10.0, 0.6 * 22.0 / 20.0);
    const double before = (double)out[N / 2 - 1] / 1e-3 / makeup;
    const double first = (double)out[N / 2 + LOOKAHEAD] / makeup;
    CHECK_NEAR(before, 1.0, 0.02);
    CHECK_TEXT(first < 0.3, "%g", first);
    // And it never rises again.
    for (int i = N / 2 + LOOKAHEAD + 1; i < N; ++i)
        CHECK(out[i] <= out[i - 1] * (1.0f + 1e-6f));
    pst_gnode_release(source);
    pst_gnode_release(node);
    pst_graph_release(graph);
}

// Frames in which the gain goes from 6 dB below what it becomes to 1 dB below it.
static int frames_up(double release_s) {
    for (int i = 0; i < N; ++i)
        other[i] = i < N / 4 ? 1.0f : 1e-3f;
    pst_graph *graph = make_graph(1, 128, RIG_RATE);
    pst_gnode *node = add_compressor(graph, -24.0, 0.0, 12.0);
    set_param(node, RELEASE, release_s);
    pst_gnode *source = add_sound(graph, other, 1, N, RIG_RATE);
    wire(source, 0, node, 0);
    hear(graph, node);
    render(graph, out, N);
    const double whole = 1e-3 * pow(10.0, 0.6 * 22.0 / 20.0);
    int begin = 0, end = 0;
    for (int i = N / 4 + LOOKAHEAD; i < N && end == 0; ++i) {
        if (begin == 0 && (double)out[i] > 0.501 * whole)
            begin = i;
        if ((double)out[i] > 0.891 * whole)
            end = i;
    }
    pst_gnode_release(source);
    pst_gnode_release(node);
    pst_graph_release(graph);
    return end - begin;
}

static void test_the_release_is_the_release(void) {
    const int n = frames_up(0.2);
    CHECK_TEXT(n > 0.03 * 0.2 * RIG_RATE && n < 0.4 * RIG_RATE, "%d", n);
    const double factor = frames_up(0.4) / (double)n;
    CHECK_TEXT(factor > 1.85 && factor < 2.05, "%g", factor);
}

// ---- Channels -----------------------------------------------------------------------------------

static void test_both_channels_have_one_gain(void) {
    for (int i = 0; i < N; ++i) {
        other[i] = 0.9f;      // The left one is loud,
        other[N + i] = 0.01f; // and presses both.
    }
    pst_graph *graph = make_graph(2, 128, RIG_RATE);
    pst_gnode *node = add_compressor(graph, -30.0, 10.0, 10.0);
    pst_gnode *source = add_sound(graph, other, 2, N, RIG_RATE);
    wire(source, 0, node, 0);
    hear(graph, node);
    render(graph, out, N);
    for (int i = LOOKAHEAD; i < N; ++i)
        CHECK_NEAR(out[2 * i + 1] * 90.0f, out[2 * i], 1e-5);
    pst_gnode_release(source);
    pst_gnode_release(node);
    pst_graph_release(graph);
}

static void test_channels_come_and_go_without_a_gap(void) {
    // Mono, and for a while something to the right besides.
    enum { SHORT = 1000, END = 4096 };
    memset(other, 0, sizeof other);
    fill_noise(other + SHORT, SHORT, 9);
    pst_graph *graph = make_graph(2, 128, RIG_RATE);
    pst_gnode *node = add_compressor(graph, -20.0, 0.0, 4.0);
    pst_gnode *mono = add_sound(graph, sound, 1, N, RIG_RATE);
    pst_gnode *stereo = add_sound(graph, other, 2, SHORT, RIG_RATE);
    wire(mono, 0, node, 0);
    wire(stereo, 0, node, 0);
    hear(graph, node);
    render(graph, out, END);
    int n_differ = 0;
    for (int i = LOOKAHEAD; i < END; ++i) {
        const int k = i - LOOKAHEAD;
        const double right = (double)sound[k] + (k < SHORT ? (double)other[SHORT + k] : 0.0);
        // Both have the gain that the other one has.
        CHECK_NEAR((double)out[2 * i] * right, (double)out[2 * i + 1] * (double)sound[k], 1e-6);
        n_differ += out[2 * i] != out[2 * i + 1];
    }
    CHECK(n_differ > SHORT - 10 && n_differ <= SHORT);
    pst_gnode_release(mono);
    pst_gnode_release(stereo);
    pst_gnode_release(node);
    pst_graph_release(graph);
}

// ---- Pieces, silence, and what is no number -----------------------------------------------------

static void test_quanta_make_no_difference_at_all(void) {
    static const uint32_t quanta[] = {1, 7, 100, 256, 4096};
    for (int k = -1; k < 5; ++k) {
        pst_graph *graph = make_graph(2, k < 0 ? 128 : quanta[k], RIG_RATE);
        pst_gnode *node = add_compressor(graph, -30.0, 20.0, 8.0);
        pst_gnode *source = add_sound(graph, sound, 2, N, RIG_RATE);
        wire(source, 0, node, 0);
        hear(graph, node);
        render(graph, k < 0 ? out : other, 12000);
        if (k >= 0)
            CHECK_TEXT(memcmp(out, other, 12000 * 2 * sizeof *out) == 0, "%u", quanta[k]);
        pst_gnode_release(source);
        pst_gnode_release(node);
        pst_graph_release(graph);
    }
}

static void test_silence_counts_though_nobody_calls(void) {
    // Loud; then nothing, once as zeros and once as no sound at all; then quiet.
    double levels[2];
    for (int is_gap = 0; is_gap < 2; ++is_gap) {
        pst_graph *graph = make_graph(1, 128, RIG_RATE);
        pst_gnode *node = add_compressor(graph, -40.0, 0.0, 12.0);
        pst_gnode *loud = add(graph, "constant_source");
        pst_gnode *quiet = add(graph, "constant_source");
        set_param(quiet, 0, 1e-3);
        pst_gnode *zeros = add_constant(graph, 0.0);
        wire(loud, 0, node, 0);
        wire(quiet, 0, node, 0);
        if (is_gap == 0)
            wire(zeros, 0, node, 0);
        start(loud, 0.0);
        CHECK_EQ(pst_gnode_stop(loud, 0.25, NULL), PST_OK);
        start(quiet, 0.35);
        hear(graph, node);
        render(graph, out, N / 2);
        levels[is_gap] = (double)out[(int)(0.36 * RIG_RATE)];
        pst_gnode_release(loud);
        pst_gnode_release(quiet);
        pst_gnode_release(zeros);
        pst_gnode_release(node);
        pst_graph_release(graph);
    }
    CHECK_NEAR(levels[1], levels[0], 0.02 * levels[0]);
}

static void test_one_bad_sample_does_not_stay(void) {
    static const float bad[] = {NAN, INFINITY, -INFINITY, 3e38f, 1e-42f};
    for (int i = 0; i < 5; ++i) {
        memcpy(other, sound, sizeof sound);
        other[100] = bad[i];
        other[N + 300] = bad[i];
        pst_graph *graph = make_graph(2, 128, RIG_RATE);
        pst_gnode *node = add_compressor(graph, -30.0, 10.0, 4.0);
        set_param(node, RELEASE, 0.01);
        pst_gnode *source = add_sound(graph, other, 2, N, RIG_RATE);
        wire(source, 0, node, 0);
        hear(graph, node);
        render(graph, out, N);
        for (int k = 0; k < N; ++k)
            CHECK(k == 100 + LOOKAHEAD || k == 300 + LOOKAHEAD || isfinite(out[2 * k]));
        double sum = 0.0;
        for (int k = N / 2; k < N; ++k)
            sum += fabs((double)out[2 * k]);
        CHECK_TEXT(sum / (N / 2) > 0.02, "after %g it is %g", (double)bad[i], sum / (N / 2));
        CHECK(isfinite(reduction_of(node)));
        pst_gnode_release(source);
        pst_gnode_release(node);
        pst_graph_release(graph);
    }
}

static void test_only_compressors_have_a_reduction(void) {
    pst_graph *graph = make_graph(1, 128, RIG_RATE);
    pst_gnode *gain = add(graph, "gain");
    float db = 7.0f;
    pst_error err = {.status = PST_OK};
    CHECK_EQ(pst_compressor_read_reduction(gain, &db, &err), PST_BAD_ARGUMENT);
    CHECK(strstr(err.text, "kind gain") != NULL);
    CHECK_SAME(db, 7.0);
    pst_gnode_release(gain);
    pst_graph_release(graph);
}

// ---- Kernels ------------------------------------------------------------------------------------

static void test_all_levels_compute_the_same_bits(void) {
    const pst_press_curve curve = {.threshold = 0.1f,
                                   .bend = 5.0f,
                                   .knee_end = 0.5f,
                                   .knee_log = -0.693147f,
                                   .pressed_log = -1.2f,
                                   .slope = 0.1f,
                                   .rise = 1.0f / 120};
    const pst_dynamics_kernels *scalar = rig_scalar()->dynamics;
    for (int i = 0; i < rig_n_levels(); ++i) {
        const rig_level level = rig_get(i);
        for (int turn = 0; turn < 200; ++turn) {
            float peaks[2][PST_PRESS_FRAMES] = {{0}}, x[PST_PRESS_FRAMES];
            float gains[2][PST_PRESS_FRAMES];
            for (int k = 0; k < PST_PRESS_FRAMES; ++k)
                x[k] = turn % 3 == 0 ? (float)rig_number() : (float)rig_uniform();
            scalar->peaks(peaks[0], x, PST_PRESS_FRAMES);
            level.table->dynamics->peaks(peaks[1], x, PST_PRESS_FRAMES);
            CHECK(memcmp(peaks[0], peaks[1], sizeof *peaks) == 0);
            const double from = fabs(rig_uniform());
            const double wanted = scalar->press_level(&curve, from, peaks[0]);
            const double got = level.table->dynamics->press_level(&curve, from, peaks[0]);
            CHECK_SAME(got, wanted);
            CHECK(got > 0.0 && got <= 1.0);
            const pst_press_way way = {fabs(rig_uniform()), rig_uniform() * 0.5,
                                       0.9 + 0.2 * fabs(rig_uniform()), 2.5f};
            const double last = scalar->press_gains(&way, gains[0]);
            CHECK_SAME(level.table->dynamics->press_gains(&way, gains[1]), last);
            CHECK(memcmp(gains[0], gains[1], sizeof *gains) == 0);
        }
    }
}

static void test_gains_are_sines(void) {
    const pst_press_way way = {0.25, 0.75, 0.9, 1.0f};
    float gains[PST_PRESS_FRAMES];
    double arc = 0.0;
    const double last = rig_scalar()->dynamics->press_gains(&way, gains);
    for (int i = 0; i < PST_PRESS_FRAMES; ++i) {
        arc = 0.25 + 0.75 * pow(0.9, i + 1);
        CHECK_NEAR(gains[i], sin(1.5707963267948966 * arc), 2e-7);
    }
    CHECK_NEAR(last, arc, 1e-14);
}

int main(void) {
    fill_noise(sound, sizeof sound / sizeof sound[0], 1);
    RUN(test_steady_sound_follows_the_line);
    RUN(test_a_knee_is_steady_and_bends_one_way);
    RUN(test_quiet_sound_only_waits);
    RUN(test_what_comes_out_is_6_ms_old);
    RUN(test_the_gain_is_down_before_the_loud_sound_comes);
    RUN(test_the_release_is_the_release);
    RUN(test_both_channels_have_one_gain);
    RUN(test_channels_come_and_go_without_a_gap);
    RUN(test_quanta_make_no_difference_at_all);
    RUN(test_silence_counts_though_nobody_calls);
    RUN(test_one_bad_sample_does_not_stay);
    RUN(test_only_compressors_have_a_reduction);
    RUN(test_all_levels_compute_the_same_bits);
    RUN(test_gains_are_sines);
    return check_done();
}
