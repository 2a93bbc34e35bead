// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "graph_rig.h"

// The convolver as a node: what it takes, its gain, its channels, and what happens on the way.

enum { Q = 128, N = 40 * Q };

static float out[2 * N];
static float response[4 * 1000];
static float noise[2 * N];

static pst_sound *make_sound(const float *data, uint32_t n_channels, int64_t n, double rate) {
    const float *planes[6];
    for (uint32_t c = 0; c < n_channels; ++c)
        planes[c] = data + c * n;
    pst_sound *sound = NULL;
    CHECK_EQ(pst_sound_create(&sound, planes, n_channels, n, rate, NULL), PST_OK);
    return sound;
}

static pst_gnode *add_convolver(pst_graph *graph, uint32_t n_channels, int64_t n, bool normalizes) {
    pst_sound *sound = make_sound(response, n_channels, n, RIG_RATE);
    pst_gnode *node = NULL;
    const pst_setting settings[] = {{.name = "buffer", .sound = sound},
                                    {.name = "normalize", .number = normalizes}};
    CHECK_EQ(pst_graph_add(graph, &node, "convolver", settings, 2, NULL), PST_OK);
    pst_sound_release(sound);
    return node;
}

static pst_status set_buffer(pst_gnode *node, const float *data, uint32_t n_channels, int64_t n,
                             double rate, pst_error *err) {
    pst_sound *sound = data == NULL ? NULL : make_sound(data, n_channels, n, rate);
    const pst_setting setting = {.name = "buffer", .sound = sound};
    const pst_status status = pst_gnode_set(node, &setting, err);
    pst_sound_release(sound);
    return status;
}

static void test_what_it_refuses(void) {
    pst_graph *graph = make_graph(2, Q, RIG_RATE);
    pst_gnode *node = add(graph, "convolver");
    pst_error err;
    static const uint32_t wrong[] = {3, 5, 6};
    for (int i = 0; i < 3; ++i) {
        CHECK_EQ(set_buffer(node, response, wrong[i], 100, RIG_RATE, &err), PST_UNSUPPORTED);
        CHECK_TEXT(strstr(err.text, "1, 2 or 4") != NULL, "%s", err.text);
    }
    CHECK_EQ(set_buffer(node, response, 1, 100, 44100, &err), PST_UNSUPPORTED);
    CHECK_TEXT(strstr(err.text, "44100") != NULL, "%s", err.text);
    CHECK_EQ(set_buffer(node, response, 1, 100, RIG_RATE, NULL), PST_OK);
    // Another one may follow, or none.
    CHECK_EQ(set_buffer(node, response, 4, 100, RIG_RATE, NULL), PST_OK);
    CHECK_EQ(set_buffer(node, NULL, 0, 0, 0, NULL), PST_OK);
    const pst_channel_rules three = {3, PST_COUNT_CLAMPED_MAX, PST_MIXING_SPEAKERS};
    CHECK(pst_gnode_set_channels(node, &three, NULL) != PST_OK);
    const pst_channel_rules most = {2, PST_COUNT_MAX, PST_MIXING_SPEAKERS};
    CHECK(pst_gnode_set_channels(node, &most, NULL) != PST_OK);
    pst_gnode_release(node);
    pst_graph_release(graph);
}

static void test_without_a_buffer_it_is_silent(void) {
    pst_graph *graph = make_graph(2, Q, RIG_RATE);
    pst_gnode *source = add_constant(graph, 1.0);
    pst_gnode *node = add(graph, "convolver");
    wire(source, 0, node, 0);
    hear(graph, node);
    render(graph, out, N);
    for (int i = 0; i < 2 * N; ++i)
        CHECK_SAME(out[i], 0.0);
    pst_gnode_release(node);
    pst_gnode_release(source);
    pst_graph_release(graph);
}

// The gain that an impulse of 1 shows.
static double shown_gain(uint32_t n_channels, int64_t n, double rate) {
    pst_graph *graph = make_graph(2, Q, rate);
    const float impulse[1] = {1.0f};
    pst_gnode *source = add_sound(graph, impulse, 1, 1, rate);
    pst_gnode *node = add(graph, "convolver");
    CHECK_EQ(set_buffer(node, response, n_channels, n, rate, NULL), PST_OK);
    wire(source, 0, node, 0);
    hear(graph, node);
    render(graph, out, Q);
    pst_gnode_release(node);
    pst_gnode_release(source);
    pst_graph_release(graph);
    return (double)out[0] / (double)response[0];
}

static double rms_of(const float *data, size_t n) {
    double sum = 0;
    for (size_t i = 0; i < n; ++i)
        sum += (double)data[i] * (double)data[i];
    return sqrt(sum / (double)n);
}

static void test_its_gain(void) {
    CHECK_NEAR(shown_gain(1, 1000, 44100) * rms_of(response, 1000), 0.00125, 1e-8);
    CHECK_NEAR(shown_gain(1, 1000, 48000) * rms_of(response, 1000), 0.00125 * 44100 / 48000, 1e-8);
    CHECK_NEAR(shown_gain(2, 1000, 44100) * rms_of(response, 2000), 0.00125, 1e-8);
    // Of an impulse, left hears what goes from left and from right to left: twice the same here.
    for (int i = 0; i < 1000; ++i)
        response[2000 + i] = response[i];
    CHECK_NEAR(shown_gain(4, 1000, 44100) * rms_of(response, 4000), 2 * 0.5 * 0.00125, 1e-8);
    // What is next to nothing is not made loud.
    float kept[64];
    memcpy(kept, response, sizeof kept);
    for (int i = 0; i < 64; ++i)
        response[i] *= 1e-5f;
    CHECK_NEAR(shown_gain(1, 64, 44100), 0.00125 / 0.000125, 1e-5);
    memcpy(response, kept, sizeof kept);
}

static void test_the_gain_is_that_of_its_time(void) {
    // Normalize counts when a buffer is set.
    pst_graph *graph = make_graph(1, Q, RIG_RATE);
    pst_gnode *source = add_constant(graph, 1.0);
    pst_gnode *node = add_convolver(graph, 1, 1, false);
    const pst_setting on = {.name = "normalize", .number = 1};
    wire(source, 0, node, 0);
    hear(graph, node);
    CHECK_EQ(pst_gnode_set(node, &on, NULL), PST_OK);
    render(graph, out, Q);
    CHECK_NEAR(out[5], response[0], 1e-6);
    CHECK_EQ(set_buffer(node, response, 1, 1, RIG_RATE, NULL), PST_OK);
    render(graph, out, Q);
    CHECK_NEAR(fabsf(out[5]), 0.00125 * 44100 / RIG_RATE, 1e-8);
    pst_gnode_release(node);
    pst_gnode_release(source);
    pst_graph_release(graph);
}

static void test_the_tail_is_as_long_as_the_response(void) {
    // A stereo tail stays in stereo; behind it the node does not sound, and is not called.
    enum { TAPS = 1000 };
    pst_graph *graph = make_graph(2, Q, RIG_RATE);
    pst_gnode *source = add_sound(graph, noise, 2, Q, RIG_RATE);
    pst_gnode *node = add_convolver(graph, 1, TAPS, false);
    wire(source, 0, node, 0);
    hear(graph, node);
    render(graph, out, N);
    double low = 0;
    for (int i = 0; i < Q + TAPS - 1; ++i) {
        double left = 0, right = 0;
        for (int k = 0; k < TAPS; ++k)
            if (i - k >= 0 && i - k < Q) {
                left += (double)noise[i - k] * (double)response[k];
                right += (double)noise[Q + i - k] * (double)response[k];
            }
        low =
            fmax(low, fmax(fabs(left - (double)out[2 * i]), fabs(right - (double)out[2 * i + 1])));
    }
    CHECK_TEXT(low < 2e-5, "%g", low);
    for (int i = 2 * (Q + (TAPS + Q - 1) / Q * Q); i < 2 * N; ++i)
        CHECK_SAME(out[i], 0.0);
    pst_gnode_release(node);
    pst_gnode_release(source);
    pst_graph_release(graph);
}

static void test_after_a_pause_it_begins_anew(void) {
    // The second sound comes long after the tail of the first, and sounds the same.
    enum { PAUSE = 20 * Q };
    pst_graph *graph = make_graph(2, Q, RIG_RATE);
    pst_gnode *first = add_sound(graph, noise, 2, 3 * Q + 17, RIG_RATE);
    pst_gnode *node = add_convolver(graph, 4, 1000, true);
    wire(first, 0, node, 0);
    hear(graph, node);
    render(graph, out, PAUSE);
    pst_sound *sound = make_sound(noise, 2, 3 * Q + 17, RIG_RATE);
    pst_gnode *second = NULL;
    const pst_setting setting = {.name = "buffer", .sound = sound};
    CHECK_EQ(pst_graph_add(graph, &second, "buffer_source", &setting, 1, NULL), PST_OK);
    pst_sound_release(sound);
    start(second, (double)PAUSE / RIG_RATE);
    wire(second, 0, node, 0);
    render(graph, out + 2 * PAUSE, PAUSE);
    CHECK(memcmp(out, out + 2 * PAUSE, 2 * PAUSE * sizeof *out) == 0);
    pst_gnode_release(second);
    pst_gnode_release(first);
    pst_gnode_release(node);
    pst_graph_release(graph);
}

static void test_another_buffer_on_the_way(void) {
    // From the next quantum on there is the new response to what comes then, and nothing else.
    pst_graph *graph = make_graph(2, Q, RIG_RATE);
    pst_gnode *source = add_sound(graph, noise, 2, N, RIG_RATE);
    pst_gnode *node = add_convolver(graph, 2, 1000, false);
    wire(source, 0, node, 0);
    hear(graph, node);
    render(graph, out, 7 * Q);
    static const float wire_response[2] = {0.5f, 0.0f};
    CHECK_EQ(set_buffer(node, wire_response, 1, 2, RIG_RATE, NULL), PST_OK);
    const pst_setting off = {.name = "normalize", .number = 0};
    CHECK_EQ(pst_gnode_set(node, &off, NULL), PST_OK);
    CHECK_EQ(set_buffer(node, wire_response, 1, 2, RIG_RATE, NULL), PST_OK);
    render(graph, out, 7 * Q);
    for (int i = 0; i < 7 * Q; ++i) {
        CHECK_NEAR(out[2 * i], 0.5f * noise[7 * Q + i], 1e-6);
        CHECK_NEAR(out[2 * i + 1], 0.5f * noise[N + 7 * Q + i], 1e-6);
    }
    CHECK_EQ(set_buffer(node, NULL, 0, 0, 0, NULL), PST_OK);
    render(graph, out, 2 * Q);
    for (int i = 0; i < 4 * Q; ++i)
        CHECK_SAME(out[i], 0.0);
    pst_gnode_release(node);
    pst_gnode_release(source);
    pst_graph_release(graph);
}

static void test_one_bad_sample_is_not_heard(void) {
    static float bad[4 * Q];
    for (int i = 0; i < 4 * Q; ++i)
        bad[i] = i == 50 ? NAN : i == 300 ? INFINITY : 0.25f;
    pst_graph *graph = make_graph(1, Q, RIG_RATE);
    pst_gnode *source = add_sound(graph, bad, 1, 4 * Q, RIG_RATE);
    pst_gnode *node = add_convolver(graph, 1, 500, true);
    wire(source, 0, node, 0);
    hear(graph, node);
    render(graph, out, 10 * Q);
    for (int i = 0; i < 10 * Q; ++i)
        CHECK_TEXT(isfinite(out[i]), "%d: %g", i, (double)out[i]);
    pst_gnode_release(node);
    pst_gnode_release(source);
    pst_graph_release(graph);
}

int main(void) {
    fill_noise(response, sizeof response / sizeof *response, 5);
    fill_noise(noise, sizeof noise / sizeof *noise, 6);
    RUN(test_what_it_refuses);
    RUN(test_without_a_buffer_it_is_silent);
    RUN(test_its_gain);
    RUN(test_the_gain_is_that_of_its_time);
    RUN(test_the_tail_is_as_long_as_the_response);
    RUN(test_after_a_pause_it_begins_anew);
    RUN(test_another_buffer_on_the_way);
    RUN(test_one_bad_sample_is_not_heard);
    return check_done();
}
