// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "graph_rig.h"
#include "pastream/simd.h"

// Wave shapers: the curve, what oversampling does and does not do, and sound that nobody puts in.

enum { N = 8192, MANY = 4097 };

static float sound[2 * N], out[2 * N], other[2 * N];
static const double turn = 6.283185307179586;

static const double wire_points[] = {-1, 0, 1};

static pst_gnode *add_shaper(pst_graph *graph, const double *points, uint32_t n,
                             double oversample) {
    const pst_setting settings[] = {{.name = "oversample", .number = oversample},
                                    {.name = "curve", .numbers = points, .n_numbers = n}};
    pst_gnode *node = NULL;
    CHECK_EQ(pst_graph_add(graph, &node, "wave_shaper", settings, 2, NULL), PST_OK);
    return node;
}

// Sound of one or two channels through a shaper.
static void play(float *to, const float *data, uint32_t n_channels, const double *points,
                 uint32_t n_points, double oversample, uint32_t quantum) {
    pst_graph *graph = make_graph(n_channels, quantum, RIG_RATE);
    pst_gnode *node = add_shaper(graph, points, n_points, oversample);
    pst_gnode *source = add_sound(graph, data, n_channels, N, RIG_RATE);
    wire(source, 0, node, 0);
    hear(graph, node);
    render(graph, to, N);
    pst_gnode_release(source);
    pst_gnode_release(node);
    pst_graph_release(graph);
}

// ---- The curve ----------------------------------------------------------------------------------

static double bent(const double *points, uint32_t n, double x) {
    const double place = fmin(fmax((n - 1) / 2.0 * (x + 1.0), 0.0), n - 1.0);
    const uint32_t below = (uint32_t)place;
    const double high = below + 1 < n ? points[below + 1] : points[below];
    return points[below] + (high - points[below]) * (place - below);
}

static void test_samples_lie_on_the_curve(void) {
    static const uint32_t sizes[] = {2, 3, 4, 7, 256, MANY};
    static double points[MANY];
    uint64_t seed = 5;
    for (int i = 0; i < MANY; ++i)
        points[i] = check_random(&seed) * 0x1p-31 - 1.0;
    for (int i = 0; i < N; ++i)
        other[i] = 1.5f * sound[i];
    for (int k = 0; k < 6; ++k) {
        play(out, other, 1, points, sizes[k], 0, 128);
        for (int i = 0; i < N; ++i)
            CHECK_NEAR(out[i], bent(points, sizes[k], (double)other[i]), 3e-7 * sizes[k]);
    }
}

static void test_a_curve_is_copied_and_set_once(void) {
    double points[] = {-0.5, 0, 0.5};
    pst_graph *graph = make_graph(1, 128, RIG_RATE);
    pst_gnode *node = add_shaper(graph, points, 3, 0);
    pst_gnode *source = add_constant(graph, 1.0);
    wire(source, 0, node, 0);
    hear(graph, node);
    points[2] = 9.0;
    render(graph, out, 128);
    CHECK_SAME(out[0], 0.5);
    pst_error err = {.status = PST_OK};
    const pst_setting again = {.name = "curve", .numbers = points, .n_numbers = 3};
    CHECK_EQ(pst_gnode_set(node, &again, &err), PST_BAD_STATE);
    CHECK(strstr(err.text, "curve was set before") != NULL);
    const pst_setting none = {.name = "curve"};
    CHECK_EQ(pst_gnode_set(node, &none, NULL), PST_OK);
    render(graph, out, 128);
    CHECK_SAME(out[0], 1.0); // A wire.
    pst_gnode_release(source);
    pst_gnode_release(node);
    pst_graph_release(graph);
}

static void test_bad_curves_are_refused(void) {
    static const double one[] = {1}, huge[] = {0, 1e39}, odd[] = {0, NAN};
    const struct {
        const double *points;
        uint32_t n;
        const char *text;
    } cases[] = {{one, 1, "curve has 1 numbers"},
                 {huge, 2, "curve[1] is 1e+39"},
                 {odd, 2, "curve[1] is nan"}};
    pst_graph *graph = make_graph(1, 128, RIG_RATE);
    for (int i = 0; i < 3; ++i) {
        const pst_setting setting = {
            .name = "curve", .numbers = cases[i].points, .n_numbers = cases[i].n};
        pst_gnode *node = NULL;
        pst_error err = {.status = PST_OK};
        CHECK_EQ(pst_graph_add(graph, &node, "wave_shaper", &setting, 1, &err), PST_BAD_ARGUMENT);
        CHECK_TEXT(strstr(err.text, cases[i].text) != NULL, "%s", err.text);
    }
    pst_graph_release(graph);
}

static void test_without_a_curve_it_is_a_wire(void) {
    for (int oversample = 0; oversample < 3; ++oversample) {
        play(out, sound, 2, NULL, 0, oversample, 128);
        for (int i = 0; i < N; ++i)
            for (int c = 0; c < 2; ++c)
                CHECK_SAME(out[2 * i + c], sound[c * N + i]);
    }
}

// ---- Oversampling -------------------------------------------------------------------------------

static int delay_of(int oversample) {
    return oversample == 2 ? 68 : oversample == 1 ? 63 : 0;
}

static void test_straight_curves_only_delay(void) {
    // All that can be heard passes as it was.
    static const double frequencies[] = {20, 1000, 10000, 21700};
    for (int oversample = 0; oversample < 3; ++oversample)
        for (int f = 0; f < 4; ++f) {
            const double step = turn * frequencies[f] / RIG_RATE;
            for (int i = 0; i < N; ++i)
                other[i] = (float)(0.9 * sin(step * i));
            play(out, other, 1, wire_points, 3, oversample, 128);
            for (int i = 300; i < N; ++i)
                CHECK_NEAR(out[i], 0.9 * sin(step * (i - delay_of(oversample))), 4e-5);
        }
}

// The amplitude of a frequency in what has settled, in decibels.
static double amplitude_db(const float *x, double hz) {
    enum { FROM = 512, FRAMES = 4800 };
    double re = 0.0, im = 0.0;
    for (int i = 0; i < FRAMES; ++i) {
        const double window = 1.0 - cos(turn * i / FRAMES);
        re += window * (double)x[FROM + i] * cos(turn * hz / RIG_RATE * i);
        im += window * (double)x[FROM + i] * sin(turn * hz / RIG_RATE * i);
    }
    return 20.0 * log10(2.0 * sqrt(re * re + im * im) / FRAMES + 1e-12);
}

static void test_overtones_are_not_folded_down(void) {
    // The cube of a sine of 17 kHz has one of 51 kHz, which is folded down to 3 kHz; and its fifth
    // power one of 85 kHz, to 11 kHz: for that it takes four times the rate.
    static double cube[MANY], fifth[MANY];
    for (int i = 0; i < MANY; ++i) {
        const double x = 2.0 * i / (MANY - 1) - 1.0;
        cube[i] = 4.0 * x * x * x - 3.0 * x; // Of a sine it makes the third overtone alone,
        fifth[i] = 16.0 * pow(x, 5) - 20.0 * x * x * x + 5.0 * x; // and this the fifth.
    }
    for (int i = 0; i < N; ++i)
        other[i] = (float)(0.999 * sin(turn * 17000.0 / RIG_RATE * i));
    play(out, other, 1, cube, MANY, 0, 128);
    CHECK_NEAR(amplitude_db(out, 3000), 0.0, 0.1);
    for (int oversample = 1; oversample < 3; ++oversample) {
        play(out, other, 1, cube, MANY, oversample, 128);
        CHECK_TEXT(amplitude_db(out, 3000) < -88.0, "%g dB", amplitude_db(out, 3000));
    }
    play(out, other, 1, fifth, MANY, 1, 128);
    CHECK_NEAR(amplitude_db(out, 11000), 0.0, 0.2);
    play(out, other, 1, fifth, MANY, 2, 128);
    CHECK_TEXT(amplitude_db(out, 11000) < -88.0, "%g dB", amplitude_db(out, 11000));
}

static void test_quanta_make_no_difference_at_all(void) {
    static const double points[] = {-1, -0.9, 0.1, 0.9, 1};
    static const uint32_t quanta[] = {1, 63, 100, 129, 1024};
    for (int oversample = 0; oversample < 3; ++oversample) {
        play(out, sound, 2, points, 5, oversample, 128);
        for (int k = 0; k < 5; ++k) {
            play(other, sound, 2, points, 5, oversample, quanta[k]);
            CHECK_TEXT(memcmp(out, other, sizeof out) == 0, "%u", quanta[k]);
        }
    }
}

static void test_all_levels_compute_the_same_bits(void) {
    static const double points[] = {-1, -0.9, 0.1, 0.9, 1};
    const pst_kernel_level now = pst_kernel_level_now();
    for (int oversample = 0; oversample < 3; ++oversample) {
        CHECK_EQ(pst_kernel_use(PST_KERNEL_SCALAR), PST_OK);
        play(out, sound, 2, points, 5, oversample, 100);
        for (int level = 0; level < 32; ++level) {
            if ((pst_kernel_levels() >> level & 1) == 0)
                continue;
            CHECK_EQ(pst_kernel_use((pst_kernel_level)level), PST_OK);
            play(other, sound, 2, points, 5, oversample, 100);
            CHECK_TEXT(memcmp(out, other, sizeof out) == 0, "%s",
                       pst_kernel_level_name((pst_kernel_level)level));
        }
    }
    CHECK_EQ(pst_kernel_use(now), PST_OK);
}

static void test_channels_come_and_go_without_a_gap(void) {
    // To the right there is something for a while, to the left always the same.
    enum { LONG = 2000, SHORT = 1500 };
    memset(other, 0, sizeof other);
    fill_noise(other + LONG, SHORT, 3);
    for (int oversample = 1; oversample < 3; ++oversample) {
        pst_graph *graph = make_graph(2, 128, RIG_RATE);
        pst_gnode *node = add_shaper(graph, wire_points, 3, oversample);
        float sine[N];
        for (int i = 0; i < N; ++i)
            sine[i] = (float)(0.4 * sin(turn * 1000.0 / RIG_RATE * i));
        pst_gnode *mono = add_sound(graph, sine, 1, N, RIG_RATE);
        wire(mono, 0, node, 0);
        hear(graph, node);
        render(graph, out, 1024);
        pst_gnode *stereo = add_sound(graph, other, 2, LONG, RIG_RATE);
        wire(stereo, 0, node, 0);
        render(graph, out + 2 * 1024, N - 1024);
        bool differs = false;
        for (int i = 300; i < N; ++i) {
            CHECK_NEAR(out[2 * i], sine[i - delay_of(oversample)], 4e-5);
            differs |= fabs((double)(out[2 * i] - out[2 * i + 1])) > 0.1;
        }
        CHECK(differs);
        CHECK_NEAR(out[2 * N - 1], out[2 * N - 2], 1e-6);
        pst_gnode_release(mono);
        pst_gnode_release(stereo);
        pst_gnode_release(node);
        pst_graph_release(graph);
    }
}

static void test_what_is_in_the_filters_comes_out(void) {
    // One frame; what follows is its answer, whose sum is it.
    memset(other, 0, sizeof other);
    const float click[] = {1.0f};
    for (int oversample = 1; oversample < 3; ++oversample) {
        pst_graph *graph = make_graph(1, 16, RIG_RATE);
        pst_gnode *node = add_shaper(graph, wire_points, 3, oversample);
        pst_gnode *source = add_sound(graph, click, 1, 1, RIG_RATE);
        wire(source, 0, node, 0);
        hear(graph, node);
        render(graph, out, 1024);
        double sum = 0.0;
        for (int i = 0; i < 1024; ++i)
            sum += (double)out[i];
        CHECK_NEAR(sum, 1.0, 1e-6);
        CHECK_NEAR(out[delay_of(oversample)], 0.9, 0.1);
        CHECK_SAME(out[300], 0.0);
        pst_gnode_release(source);
        pst_gnode_release(node);
        pst_graph_release(graph);
    }
}

static void test_one_bad_sample_does_not_stay(void) {
    static const float bad[] = {NAN, INFINITY, -INFINITY};
    for (int oversample = 0; oversample < 3; ++oversample)
        for (int i = 0; i < 3; ++i) {
            memcpy(other, sound, sizeof other);
            other[1000] = bad[i];
            play(out, sound, 1, wire_points, 3, oversample, 128);
            float clean[N];
            memcpy(clean, out, sizeof clean);
            play(out, other, 1, wire_points, 3, oversample, 128);
            for (int k = 0; k < N; ++k)
                if (k < 1000 || k > 1000 + 150)
                    CHECK_SAME(out[k], clean[k]);
        }
}

// ---- Sound that nobody puts in ------------------------------------------------------------------

static const double shifted[] = {0, 0.5, 1};

static void test_curves_that_bend_silence_sound_alone(void) {
    for (int oversample = 0; oversample < 3; ++oversample) {
        pst_graph *graph = make_graph(2, 128, RIG_RATE);
        pst_gnode *node = add_shaper(graph, shifted, 3, oversample);
        hear(graph, node);
        pst_gnode_release(node); // Nobody holds it, and yet it is heard.
        render(graph, out, 4096);
        for (int i = 512; i < 4096; ++i)
            for (int c = 0; c < 2; ++c)
                CHECK_SAME(out[2 * i + c], 0.5);
        pst_graph_release(graph);
    }
}

static void test_they_sound_on_when_their_input_ends(void) {
    for (int oversample = 0; oversample < 3; ++oversample) {
        pst_graph *graph = make_graph(1, 128, RIG_RATE);
        pst_gnode *node = add_shaper(graph, shifted, 3, oversample);
        pst_gnode *source = add_constant(graph, 1.0);
        CHECK_EQ(pst_gnode_stop(source, 2048.0 / RIG_RATE, NULL), PST_OK);
        wire(source, 0, node, 0);
        hear(graph, node);
        render(graph, out, 4096);
        CHECK_NEAR(out[2000], 1.0, 1e-6);
        for (int i = 2048 + 150; i < 4096; ++i)
            CHECK_NEAR(out[i], 0.5, 1e-6);
        pst_gnode_release(source);
        pst_gnode_release(node);
        pst_graph_release(graph);
    }
}

static void test_a_curve_that_comes_later_wakes_it(void) {
    pst_graph *graph = make_graph(1, 128, RIG_RATE);
    pst_gnode *node = add(graph, "wave_shaper");
    hear(graph, node);
    render(graph, out, 1024);
    CHECK_SAME(out[1023], 0.0);
    const pst_setting curve = {.name = "curve", .numbers = shifted, .n_numbers = 3};
    CHECK_EQ(pst_gnode_set(node, &curve, NULL), PST_OK);
    render(graph, out, 1024);
    CHECK_SAME(out[0], 0.5);
    const pst_setting none = {.name = "curve"};
    CHECK_EQ(pst_gnode_set(node, &none, NULL), PST_OK);
    render(graph, out, 1024);
    CHECK_SAME(out[0], 0.0);
    pst_gnode_release(node);
    pst_graph_release(graph);
}

static void test_alone_it_has_the_channels_of_its_rules(void) {
    // A splitter tells how many there are: there is none behind the last.
    pst_graph *graph = make_graph(1, 128, RIG_RATE);
    pst_gnode *node = add_shaper(graph, shifted, 3, 0);
    pst_gnode *splitter = add(graph, "channel_splitter");
    wire(node, 0, splitter, 0);
    pst_gnode *end = pst_graph_destination(graph);
    wire(splitter, 2, end, 0);
    render(graph, out, 256);
    CHECK_SAME(out[255], 0.0);
    set_rules(node, 3, PST_COUNT_EXPLICIT, PST_MIXING_SPEAKERS);
    render(graph, out, 256);
    CHECK_SAME(out[255], 0.5);
    pst_gnode_release(end);
    pst_gnode_release(splitter);
    pst_gnode_release(node);
    pst_graph_release(graph);
}

int main(void) {
    fill_noise(sound, sizeof sound / sizeof sound[0], 1);
    RUN(test_samples_lie_on_the_curve);
    RUN(test_a_curve_is_copied_and_set_once);
    RUN(test_bad_curves_are_refused);
    RUN(test_without_a_curve_it_is_a_wire);
    RUN(test_straight_curves_only_delay);
    RUN(test_overtones_are_not_folded_down);
    RUN(test_quanta_make_no_difference_at_all);
    RUN(test_all_levels_compute_the_same_bits);
    RUN(test_channels_come_and_go_without_a_gap);
    RUN(test_what_is_in_the_filters_comes_out);
    RUN(test_one_bad_sample_does_not_stay);
    RUN(test_curves_that_bend_silence_sound_alone);
    RUN(test_they_sound_on_when_their_input_ends);
    RUN(test_a_curve_that_comes_later_wakes_it);
    RUN(test_alone_it_has_the_channels_of_its_rules);
    return check_done();
}
