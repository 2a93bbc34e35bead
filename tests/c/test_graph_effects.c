// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "graph_rig.h"
#include "pastream/effects.h"

// Nodes that do what effects of chains do: the same samples come out, taps change without a click,
// and channels come and go.

enum { N = 24000, MAX_TAPS = 8192 };

static float sound[2 * N], out[2 * N], other[2 * N];
static double taps[MAX_TAPS];

static pst_gnode *add_fir(pst_graph *graph, const double *values, uint32_t n) {
    const pst_setting setting = {.name = "taps", .numbers = values, .n_numbers = n};
    pst_gnode *node = NULL;
    CHECK_EQ(pst_graph_add(graph, &node, "fir_filter", &setting, 1, NULL), PST_OK);
    return node;
}

static void set_taps(pst_gnode *node, const double *values, uint32_t n) {
    const pst_setting setting = {.name = "taps", .numbers = values, .n_numbers = n};
    CHECK_EQ(pst_gnode_set(node, &setting, NULL), PST_OK);
}

// A sound, planes of N frames, through a node, which is released.
static void play(pst_graph *graph, pst_gnode *node, const float *data, uint32_t n_channels) {
    pst_gnode *source = add_sound(graph, data, n_channels, N, RIG_RATE);
    wire(source, 0, node, 0);
    hear(graph, node);
    render(graph, out, N);
    pst_gnode_release(source);
    pst_gnode_release(node);
    pst_graph_release(graph);
}

// The same through an effect, interleaved.
static void play_effect(pst_effect *effect, const float *data, uint32_t n_channels) {
    for (int i = 0; i < N; ++i)
        for (uint32_t c = 0; c < n_channels; ++c)
            other[(uint32_t)i * n_channels + c] = data[c * N + (uint32_t)i];
    pst_effect_process(effect, other, N);
    pst_effect_destroy(effect);
}

// ---- Filters ------------------------------------------------------------------------------------

static void test_filters_have_the_samples_of_the_effect(void) {
    static const uint32_t sizes[] = {1, 2, 64, 128, 1000, MAX_TAPS};
    for (int k = 0; k < 6; ++k)
        for (uint32_t n_channels = 1; n_channels <= 2; ++n_channels) {
            pst_graph *graph = make_graph(n_channels, 128, RIG_RATE);
            play(graph, add_fir(graph, taps, sizes[k]), sound, n_channels);
            pst_effect *effect = NULL;
            CHECK_EQ(pst_effect_fir(&effect, PST_FORMAT_F32, n_channels, taps, sizes[k], NULL),
                     PST_OK);
            play_effect(effect, sound, n_channels);
            // Many taps are computed by transforms there.
            const double most = most_different(out, other, (size_t)N * n_channels);
            CHECK_TEXT(most <= (sizes[k] <= 128 ? 0.0 : 5e-5), "%u taps: %g", sizes[k], most);
        }
}

static void test_quanta_make_no_difference_at_all(void) {
    static const uint32_t quanta[] = {1, 100, 1000, 16384};
    for (int k = 0; k < 4; ++k) {
        pst_graph *graph = make_graph(2, 128, RIG_RATE);
        play(graph, add_fir(graph, taps, 300), sound, 2);
        memcpy(other, out, sizeof out);
        graph = make_graph(2, quanta[k], RIG_RATE);
        play(graph, add_fir(graph, taps, 300), sound, 2);
        CHECK_TEXT(memcmp(out, other, sizeof out) == 0, "%u", quanta[k]);
    }
}

static void test_new_taps_take_over_without_a_click(void) {
    static const double one[] = {1.0}, half[] = {0.25, 0.25}, minus[] = {0, 0, 0, -1.0};
    pst_graph *graph = make_graph(1, 128, RIG_RATE);
    pst_gnode *node = add_fir(graph, one, 1);
    pst_gnode *source = add_constant(graph, 1.0);
    wire(source, 0, node, 0);
    hear(graph, node);
    render(graph, out, 1024);
    set_taps(node, half, 2); // Seen by the next quantum,
    render(graph, out + 1024, 256);
    set_taps(node, minus, 4); // and on the way there by another one.
    render(graph, out + 1280, 1024);
    CHECK_SAME(out[1023], 1.0);
    for (int i = 1024; i < 1280; ++i)
        CHECK_NEAR(out[i], 1.0 - 0.5 * (i - 1024) / 480.0, 1e-5);
    const double turned = 1.0 - 0.5 * 256.0 / 480.0;
    for (int i = 1280; i < 1760; ++i)
        CHECK_NEAR(out[i], turned + (-1.0 - turned) * (i - 1280) / 480.0, 1e-5);
    for (int i = 1761; i < 2304; ++i)
        CHECK_SAME(out[i], -1.0);
    set_taps(node, NULL, 0);
    render(graph, out, 1024);
    CHECK_SAME(out[1023], 1.0); // A wire.
    pst_gnode_release(source);
    pst_gnode_release(node);
    pst_graph_release(graph);
}

static void test_new_taps_reach_back_as_far_as_they_are_long(void) {
    // A click at 0, and nothing that sounds from then to 1500. Taps that come at 1024 find it.
    static double far[2001];
    far[2000] = 1.0;
    static const double one[] = {1.0};
    const float click[] = {1.0f};
    for (int goes_on = 0; goes_on < 2; ++goes_on) {
        pst_graph *graph = make_graph(1, 128, RIG_RATE);
        pst_gnode *node = add_fir(graph, one, 1);
        pst_gnode *source = add_sound(graph, click, 1, 1, RIG_RATE);
        pst_gnode *zeros = add(graph, "constant_source");
        set_param(zeros, 0, 0.0);
        start(zeros, goes_on != 0 ? 0.0 : 1500.0 / RIG_RATE);
        wire(source, 0, node, 0);
        wire(zeros, 0, node, 0);
        hear(graph, node);
        render(graph, out, 1024);
        set_taps(node, far, 2001);
        render(graph, out + 1024, 3000);
        for (int i = 0; i < 4000; ++i)
            CHECK_TEXT(out[i] == (i == 0 || i == 2000 ? 1.0f : 0.0f), "%d: %g", i, (double)out[i]);
        pst_gnode_release(source);
        pst_gnode_release(zeros);
        pst_gnode_release(node);
        pst_graph_release(graph);
    }
}

static void test_what_is_in_the_filter_comes_out(void) {
    const float click[] = {1.0f};
    pst_graph *graph = make_graph(1, 32, RIG_RATE);
    pst_gnode *node = add_fir(graph, taps, 777);
    pst_gnode *source = add_sound(graph, click, 1, 1, RIG_RATE);
    wire(source, 0, node, 0);
    hear(graph, node);
    render(graph, out, 2048);
    for (int i = 0; i < 2048; ++i)
        CHECK_SAME(out[i], i < 777 ? (float)taps[i] : 0.0f);
    pst_gnode_release(source);
    pst_gnode_release(node);
    pst_graph_release(graph);
}

static void test_bad_taps_are_refused(void) {
    static double many[MAX_TAPS + 1];
    static const double huge[] = {0.5, -1e39};
    pst_graph *graph = make_graph(1, 128, RIG_RATE);
    const pst_setting settings[] = {{.name = "taps", .numbers = many, .n_numbers = MAX_TAPS + 1},
                                    {.name = "taps", .numbers = many, .n_numbers = 0},
                                    {.name = "taps", .numbers = huge, .n_numbers = 2}};
    for (int i = 0; i < 3; ++i) {
        pst_gnode *node = NULL;
        pst_error err = {.status = PST_OK};
        CHECK_EQ(pst_graph_add(graph, &node, "fir_filter", &settings[i], 1, &err),
                 PST_BAD_ARGUMENT);
        CHECK_TEXT(strncmp(err.text, "taps", 4) == 0, "%s", err.text);
    }
    pst_graph_release(graph);
}

// ---- Channels, of all that remembers sound ------------------------------------------------------

// Noise to the right for a while, then mono, then silence for longer than the node remembers, and
// then something to the left alone.
static void test_what_was_on_a_channel_before_does_not_come_back(void) {
    static const char *const kinds[] = {"delay", "fir_filter", "limiter", "dynamics_compressor",
                                        "peak_compressor"};
    enum { PART = 3000 };
    static float right[2 * PART], mono[PART], left[2 * PART];
    fill_noise(right + PART, PART, 4);
    fill_noise(mono, PART, 5);
    fill_noise(left, PART, 6);
    for (int k = 0; k < 5; ++k) {
        pst_graph *graph = make_graph(2, 128, RIG_RATE);
        pst_gnode *node = NULL;
        const pst_setting settings[] = {{.name = "max_delay_time", .number = 0.05},
                                        {.name = "taps", .numbers = taps, .n_numbers = 700}};
        CHECK_EQ(pst_graph_add(graph, &node, kinds[k], &settings[k == 1], k < 2, NULL), PST_OK);
        if (k == 0)
            set_param(node, 0, 0.04);
        hear(graph, node);
        pst_gnode *first = add_sound(graph, right, 2, PART, RIG_RATE);
        wire(first, 0, node, 0);
        render(graph, out, PART);
        pst_gnode *second = add_sound(graph, mono, 1, PART, RIG_RATE);
        wire(second, 0, node, 0);
        render(graph, out, PART);
        render(graph, out, 30000 / 2);
        pst_gnode *third = add_sound(graph, left, 2, PART, RIG_RATE);
        wire(third, 0, node, 0);
        render(graph, out, 2 * PART);
        bool is_heard = false;
        for (int i = 0; i < 2 * PART; ++i) {
            CHECK_TEXT(out[2 * i + 1] == 0.0f, "%s: %g at %d", kinds[k], (double)out[2 * i + 1], i);
            is_heard |= out[2 * i] != 0.0f;
        }
        CHECK(is_heard);
        pst_gnode_release(first);
        pst_gnode_release(second);
        pst_gnode_release(third);
        pst_gnode_release(node);
        pst_graph_release(graph);
    }
}

static void test_filters_go_along_with_channels(void) {
    // 5.1, of which each channel is its own; and mono becomes its centre.
    static float six[6 * 2000];
    fill_noise(six, sizeof six / sizeof six[0], 8);
    static const double late[] = {0, 0, 0.5};
    pst_graph *graph = make_graph(6, 128, RIG_RATE);
    pst_gnode *node = add_fir(graph, late, 3);
    pst_gnode *mono = add_sound(graph, sound, 1, 500, RIG_RATE);
    wire(mono, 0, node, 0);
    hear(graph, node);
    render(graph, out, 256);
    pst_gnode *wide = add_sound(graph, six, 6, 2000, RIG_RATE);
    wire(wide, 0, node, 0);
    render(graph, out + 6 * 256, 2256);
    for (int i = 0; i < 2510; ++i)
        for (int c = 0; c < 6; ++c) {
            const int k = i - 2;
            float x = c == 2 && k >= 0 && k < 500 ? sound[k] : 0.0f;
            x += k >= 256 && k < 2256 ? six[c * 2000 + k - 256] : 0.0f;
            CHECK_SAME(out[6 * i + c], 0.5f * x);
        }
    pst_gnode_release(mono);
    pst_gnode_release(wide);
    pst_gnode_release(node);
    pst_graph_release(graph);
}

static void test_one_bad_sample_does_not_stay(void) {
    static const char *const kinds[] = {"fir_filter", "limiter", "peak_compressor"};
    static const float bad[] = {NAN, INFINITY, -INFINITY};
    for (int k = 0; k < 3; ++k)
        for (int i = 0; i < 3; ++i) {
            memcpy(other, sound, sizeof other);
            other[1000] = bad[i];
            pst_graph *graph = make_graph(1, 128, RIG_RATE);
            const pst_setting setting = {.name = "taps", .numbers = taps, .n_numbers = 700};
            pst_gnode *node = NULL;
            CHECK_EQ(pst_graph_add(graph, &node, kinds[k], &setting, k == 0, NULL), PST_OK);
            play(graph, node, other, 1);
            double sum = 0.0;
            for (int n = 0; n < N; ++n)
                CHECK(isfinite(out[n]));
            for (int n = 1500; n < N; ++n)
                sum += fabs((double)out[n]);
            CHECK(sum / N > 0.01);
        }
}

// ---- Limiters -----------------------------------------------------------------------------------

static pst_gnode *add_limiter(pst_graph *graph, double ceiling, double look_ahead, double release) {
    const pst_setting settings[] = {{.name = "ceiling", .number = ceiling},
                                    {.name = "look_ahead", .number = look_ahead},
                                    {.name = "release", .number = release}};
    pst_gnode *node = NULL;
    CHECK_EQ(pst_graph_add(graph, &node, "limiter", settings, 3, NULL), PST_OK);
    return node;
}

static void test_limiters_have_the_samples_of_the_effect(void) {
    static const double cases[][3] = {
        {-12, 0.005, 0.05}, {-1, 0, 0}, {-20, 0.02, 0.3}, {6, 0.01, 1}};
    for (int k = 0; k < 4; ++k)
        for (uint32_t n_channels = 1; n_channels <= 2; ++n_channels) {
            pst_graph *graph = make_graph(n_channels, k % 2 != 0 ? 100 : 512, RIG_RATE);
            play(graph, add_limiter(graph, cases[k][0], cases[k][1], cases[k][2]), sound,
                 n_channels);
            const pst_limiter_config config = {.rate_hz = RIG_RATE,
                                               .ceiling_db = cases[k][0],
                                               .lookahead_s = cases[k][1],
                                               .release_s = cases[k][2]};
            pst_effect *effect = NULL;
            CHECK_EQ(pst_effect_limiter(&effect, PST_FORMAT_F32, n_channels, &config, NULL),
                     PST_OK);
            play_effect(effect, sound, n_channels);
            CHECK(memcmp(out, other, (size_t)N * n_channels * sizeof *out) == 0);
        }
}

static void test_nothing_is_beyond_the_ceiling(void) {
    const double ceiling = pow(10.0, -6.0 / 20.0);
    for (int i = 0; i < 2 * N; ++i)
        other[i] = 20.0f * sound[i];
    pst_graph *graph = make_graph(2, 128, RIG_RATE);
    play(graph, add_limiter(graph, -6.0, 0.002, 0.01), other, 2);
    double most = 0.0;
    for (int i = 0; i < 2 * N; ++i)
        most = fmax(most, fabs((double)out[i]));
    CHECK_TEXT(most <= ceiling && most > 0.99 * ceiling, "%g", most);
}

static void test_limiters_recover_while_nothing_sounds(void) {
    // Far too loud; then nothing, once as zeros and once as no sound at all; then a sound within
    // the ceiling, which comes out as it was.
    for (int is_gap = 0; is_gap < 2; ++is_gap) {
        pst_graph *graph = make_graph(1, 128, RIG_RATE);
        pst_gnode *node = add_limiter(graph, 0.0, 0.001, 0.004);
        pst_gnode *loud = add_constant(graph, 8.0);
        CHECK_EQ(pst_gnode_stop(loud, 0.05, NULL), PST_OK);
        pst_gnode *quiet = add(graph, "constant_source");
        set_param(quiet, 0, 0.5);
        start(quiet, 0.25);
        pst_gnode *zeros = add_constant(graph, 0.0);
        wire(loud, 0, node, 0);
        wire(quiet, 0, node, 0);
        if (is_gap == 0)
            wire(zeros, 0, node, 0);
        hear(graph, node);
        render(graph, out, N);
        CHECK_SAME(out[2000], 1.0);
        CHECK_SAME(out[RIG_RATE / 4 + 47], 0.0);
        for (int i = RIG_RATE / 4 + 48; i < N; ++i)
            CHECK_SAME(out[i], 0.5);
        pst_gnode_release(loud);
        pst_gnode_release(quiet);
        pst_gnode_release(zeros);
        pst_gnode_release(node);
        pst_graph_release(graph);
    }
}

// ---- Compressors --------------------------------------------------------------------------------

static void test_compressors_have_the_samples_of_the_effect(void) {
    // Threshold, knee, ratio, attack, release, makeup, expansion threshold and ratio.
    static const char *const names[] = {
        "threshold",           "knee",           "ratio", "attack", "release", "makeup",
        "expansion_threshold", "expansion_ratio"};
    static const double cases[][8] = {{-20, 6, 4, 0.01, 0.1, 0, -60, 1},
                                      {-40, 0, 20, 0, 0.02, 12, -10, 3}};
    for (int k = 0; k < 2; ++k)
        for (uint32_t n_channels = 1; n_channels <= 2; ++n_channels) {
            pst_graph *graph = make_graph(n_channels, k % 2 != 0 ? 100 : 512, RIG_RATE);
            pst_setting settings[8] = {{0}};
            for (int i = 0; i < 8; ++i)
                settings[i] = (pst_setting){.name = names[i], .number = cases[k][i]};
            pst_gnode *node = NULL;
            CHECK_EQ(pst_graph_add(graph, &node, "peak_compressor", settings, 8, NULL), PST_OK);
            play(graph, node, sound, n_channels);
            const pst_compressor_config config = {.rate_hz = RIG_RATE,
                                                  .threshold_db = cases[k][0],
                                                  .knee_width_db = cases[k][1],
                                                  .ratio = cases[k][2],
                                                  .attack_s = cases[k][3],
                                                  .release_s = cases[k][4],
                                                  .master_gain_db = cases[k][5],
                                                  .expansion_threshold_db = cases[k][6],
                                                  .expansion_ratio = cases[k][7]};
            pst_effect *effect = NULL;
            CHECK_EQ(pst_effect_compressor(&effect, PST_FORMAT_F32, n_channels, &config, NULL),
                     PST_OK);
            play_effect(effect, sound, n_channels);
            CHECK(memcmp(out, other, (size_t)N * n_channels * sizeof *out) == 0);
            CHECK(most_different(out, sound, 100) > 0.01);
        }
}

int main(void) {
    uint64_t seed = 11;
    fill_noise(sound, sizeof sound / sizeof sound[0], 1);
    for (int i = 0; i < MAX_TAPS; ++i)
        taps[i] = (check_random(&seed) * 0x1p-31 - 1.0) / (1.0 + 0.1 * i);
    RUN(test_filters_have_the_samples_of_the_effect);
    RUN(test_quanta_make_no_difference_at_all);
    RUN(test_new_taps_take_over_without_a_click);
    RUN(test_new_taps_reach_back_as_far_as_they_are_long);
    RUN(test_what_is_in_the_filter_comes_out);
    RUN(test_bad_taps_are_refused);
    RUN(test_what_was_on_a_channel_before_does_not_come_back);
    RUN(test_filters_go_along_with_channels);
    RUN(test_one_bad_sample_does_not_stay);
    RUN(test_limiters_have_the_samples_of_the_effect);
    RUN(test_nothing_is_beyond_the_ceiling);
    RUN(test_limiters_recover_while_nothing_sounds);
    RUN(test_compressors_have_the_samples_of_the_effect);
    return check_done();
}
