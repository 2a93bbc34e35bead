// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "base/thread.h"
#include "graph/nodes/trail.h"
#include "graph_rig.h"
#include "pastream/graph_analyser.h"

// What analysers tell about what they have heard.

enum { Q = 128, SIZE = 256 };

static float out[64 * Q];
static float noise[PST_ANALYSER_MAX_FRAMES * 4];

static pst_gnode *add_analyser(pst_graph *graph, double fft_size, double smoothing) {
    pst_gnode *node = NULL;
    const pst_setting settings[] = {
        {.name = "fft_size", .number = fft_size},
        {.name = "smoothing_time_constant", .number = smoothing},
    };
    CHECK_EQ(pst_graph_add(graph, &node, "analyser", settings, 2, NULL), PST_OK);
    return node;
}

static uint32_t read_sound(pst_gnode *node, float *sound, uint32_t n) {
    CHECK_EQ(pst_analyser_read_sound(node, sound, &n, NULL), PST_OK);
    return n;
}

static uint32_t read_decibels(pst_gnode *node, float *decibels, uint32_t n) {
    CHECK_EQ(pst_analyser_read_decibels(node, decibels, &n, NULL), PST_OK);
    return n;
}

static void set_number(pst_gnode *node, const char *name, double number) {
    const pst_setting setting = {.name = name, .number = number};
    CHECK_EQ(pst_gnode_set(node, &setting, NULL), PST_OK);
}

static void test_the_last_frames_are_there(void) {
    static const uint32_t quanta[] = {1, 100, 128, 4096, 16384};
    static float sound[PST_ANALYSER_MAX_FRAMES];
    static float block[16384];
    for (int i = 0; i < 5; ++i) {
        pst_graph *graph = make_graph(1, quanta[i], RIG_RATE);
        pst_gnode *source = add_sound(graph, noise, 1, sizeof noise / sizeof noise[0], RIG_RATE);
        pst_gnode *node = add_analyser(graph, PST_ANALYSER_MAX_FRAMES, 0);
        wire(source, 0, node, 0);
        int64_t last = 0;
        while (last < 3 * PST_ANALYSER_MAX_FRAMES) {
            for (int k = 0; k < 7; ++k)
                render(graph, block, quanta[i]);
            last = pst_graph_frame(graph);
            if (quanta[i] == 1 && last % 4096 > 7)
                continue;
            CHECK_EQ(read_sound(node, sound, PST_ANALYSER_MAX_FRAMES), PST_ANALYSER_MAX_FRAMES);
            for (int64_t f = 0; f < PST_ANALYSER_MAX_FRAMES; ++f) {
                const int64_t at = last - PST_ANALYSER_MAX_FRAMES + f;
                const bool is_known = at < (int64_t)(sizeof noise / sizeof noise[0]);
                if (is_known && sound[f] != (at < 0 ? 0.0f : noise[at]))
                    FAIL("quanta of %u: frame %lld is wrong", quanta[i], (long long)at);
            }
        }
        pst_gnode_release(source);
        pst_gnode_release(node);
        pst_graph_release(graph);
    }
}

static void test_what_was_not_rendered_was_silence(void) {
    // Two blocks of sound, nothing, sound again; and nothing lies where the ring had some.
    pst_graph *graph = make_graph(1, Q, RIG_RATE);
    pst_gnode *first = add_sound(graph, noise, 1, 2 * Q, RIG_RATE);
    pst_gnode *node = add_analyser(graph, 1024, 0);
    wire(first, 0, node, 0);
    float sound[1024];
    render(graph, out, 4 * Q);
    CHECK_EQ(read_sound(node, sound, 1024), 1024);
    for (int i = 0; i < 1024; ++i)
        CHECK_SAME(sound[i], i < 512 || i >= 768 ? 0.0f : noise[i - 512]);
    for (int i = 0; i < 600; ++i) // More than it keeps.
        render(graph, out, Q);
    pst_gnode *second = add_sound(graph, noise, 1, Q, RIG_RATE);
    wire(second, 0, node, 0);
    render(graph, out, Q);
    CHECK_EQ(read_sound(node, sound, 1024), 1024);
    for (int i = 0; i < 1024; ++i)
        CHECK_SAME(sound[i], i < 1024 - Q ? 0.0f : noise[i - 1024 + Q]);
    // Silence that is active is none the less silence.
    pst_gnode *quiet = add_constant(graph, 1);
    pst_gnode *gain = add(graph, "gain");
    set_param(gain, 0, 0);
    wire(quiet, 0, gain, 0);
    wire(gain, 0, node, 0);
    render(graph, out, 2 * Q);
    CHECK_EQ(read_sound(node, sound, 2 * Q), 2 * Q);
    CHECK_SAME(sound[0], 0);
    pst_gnode_release(gain);
    pst_gnode_release(quiet);
    pst_gnode_release(second);
    pst_gnode_release(first);
    pst_gnode_release(node);
    pst_graph_release(graph);
}

static void test_channels_become_one(void) {
    // As speakers, whatever the node's own rules are; what goes on is as it was.
    pst_graph *graph = make_graph(2, Q, RIG_RATE);
    pst_gnode *source = add_sound(graph, noise, 2, SIZE, RIG_RATE);
    pst_gnode *node = add_analyser(graph, SIZE, 0);
    set_rules(node, 2, PST_COUNT_EXPLICIT, PST_MIXING_DISCRETE);
    wire(source, 0, node, 0);
    hear(graph, node);
    render(graph, out, SIZE);
    float sound[SIZE];
    CHECK_EQ(read_sound(node, sound, SIZE), SIZE);
    for (int i = 0; i < SIZE; ++i) {
        CHECK_NEAR(sound[i], 0.5 * ((double)noise[i] + (double)noise[SIZE + i]), 1e-7);
        CHECK_SAME(out[2 * i + 1], noise[SIZE + i]);
    }
    pst_gnode_release(source);
    pst_gnode_release(node);
    pst_graph_release(graph);
}

static void test_a_quantum_is_read_once(void) {
    // However often, and as what: and another size begins anew.
    pst_graph *graph = make_graph(1, Q, RIG_RATE);
    pst_gnode *source = add_constant(graph, 1);
    pst_gnode *node = add_analyser(graph, SIZE, 0.5);
    wire(source, 0, node, 0);
    float first[SIZE / 2], again[SIZE];
    uint8_t bytes[SIZE / 2];
    uint32_t n = SIZE / 2;
    CHECK_EQ(read_decibels(node, first, SIZE), SIZE / 2);
    CHECK(isinf(first[0]));
    render(graph, out, 2 * Q);
    CHECK_EQ(read_decibels(node, first, SIZE), SIZE / 2);
    const double full = 20 * log10(0.42);
    CHECK_NEAR(first[0], full - 6.0206, 1e-3);
    CHECK_EQ(pst_analyser_read_decibel_bytes(node, bytes, &n, NULL), PST_OK);
    CHECK_EQ(n, SIZE / 2);
    CHECK_EQ(bytes[0], 255);
    CHECK_EQ(read_sound(node, again, 1), 1);
    CHECK_EQ(read_decibels(node, again, SIZE), SIZE / 2);
    CHECK_SAME(again[0], first[0]);
    render(graph, out, Q);
    CHECK_EQ(read_decibels(node, again, 3), 3);
    CHECK_NEAR(again[0], full + 20 * log10(0.75), 1e-3);
    set_number(node, "fft_size", 64);
    CHECK_EQ(read_decibels(node, again, SIZE), 32);
    CHECK_NEAR(again[0], full - 6.0206, 1e-3);
    pst_gnode_release(source);
    pst_gnode_release(node);
    pst_graph_release(graph);
}

static void test_one_bad_sample_does_not_stay(void) {
    static const float odd[] = {NAN, INFINITY};
    for (int i = 0; i < 2; ++i) {
        pst_graph *graph = make_graph(1, Q, RIG_RATE);
        pst_gnode *source = add_sound(graph, &odd[i], 1, 1, RIG_RATE);
        pst_gnode *other = add_constant(graph, 0.5);
        pst_gnode *node = add_analyser(graph, 32, 0.5);
        wire(source, 0, node, 0);
        wire(other, 0, node, 0);
        render(graph, out, Q);
        float decibels[16];
        // It is 96 frames back, but in the longer window.
        set_number(node, "fft_size", 128);
        CHECK_EQ(read_decibels(node, decibels, 16), 16);
        CHECK(isinf(decibels[0]) && decibels[0] < 0);
        uint8_t bytes[128];
        uint32_t n = 128;
        CHECK_EQ(pst_analyser_read_sound_bytes(node, bytes, &n, NULL), PST_OK);
        CHECK_EQ(bytes[0], i == 0 ? 128 : 255);
        CHECK_EQ(bytes[1], 192);
        render(graph, out, Q);
        CHECK_EQ(read_decibels(node, decibels, 16), 16);
        CHECK_NEAR(decibels[0], 20 * log10(0.42 * 0.5 * 0.5), 1e-3);
        pst_gnode_release(source);
        pst_gnode_release(other);
        pst_gnode_release(node);
        pst_graph_release(graph);
    }
}

static void refuse(pst_graph *graph, const char *name, double value, const char *text) {
    pst_gnode *node = NULL;
    pst_error err = {.status = PST_OK};
    const pst_setting setting = {.name = name, .number = value};
    CHECK_EQ(pst_graph_add(graph, &node, "analyser", &setting, 1, &err), PST_BAD_ARGUMENT);
    CHECK_TEXT(strstr(err.text, text) != NULL, "%s", err.text);
    node = add(graph, "analyser");
    CHECK_EQ(pst_gnode_set(node, &setting, &err), PST_BAD_ARGUMENT);
    CHECK_TEXT(strstr(err.text, name) != NULL, "%s", err.text);
    pst_gnode_release(node);
}

static void test_bad_settings_are_refused(void) {
    pst_graph *graph = make_graph(1, Q, RIG_RATE);
    refuse(graph, "fft_size", 1000, "power of two");
    refuse(graph, "fft_size", 16, "from 32 to 32768");
    refuse(graph, "fft_size", 65536, "from 32 to 32768");
    refuse(graph, "smoothing_time_constant", 1.5, "from 0 to 1");
    refuse(graph, "min_decibels", -30, "below max_decibels, which is -30");
    refuse(graph, "max_decibels", -100, "which is -100");
    refuse(graph, "max_decibels", NAN, "max_decibels is");
    // Together they may be anywhere, in any order.
    pst_gnode *node = NULL;
    const pst_setting both[] = {{.name = "max_decibels", .number = 20},
                                {.name = "min_decibels", .number = -10}};
    CHECK_EQ(pst_graph_add(graph, &node, "analyser", both, 2, NULL), PST_OK);
    uint32_t n = 1;
    float one;
    uint8_t byte;
    pst_gnode *gain = add(graph, "gain");
    pst_error err;
    CHECK_EQ(pst_analyser_read_decibels(gain, &one, &n, &err), PST_BAD_ARGUMENT);
    CHECK(strstr(err.text, "node is of kind gain") != NULL);
    CHECK_EQ(pst_analyser_read_decibel_bytes(gain, &byte, &n, NULL), PST_BAD_ARGUMENT);
    CHECK_EQ(pst_analyser_read_sound(gain, &one, &n, NULL), PST_BAD_ARGUMENT);
    CHECK_EQ(pst_analyser_read_sound_bytes(gain, &byte, &n, NULL), PST_BAD_ARGUMENT);
    pst_gnode_release(gain);
    pst_gnode_release(node);
    pst_graph_release(graph);
}

// ---- Many threads -------------------------------------------------------------------------------

enum { N_ROUNDS = 3000 };

typedef struct show {
    pst_graph *graph;
    pst_gnode *node;
    _Atomic bool is_over;
    _Atomic int n_read;
} show;

static void render_for_ever(void *user) {
    show *self = user;
    float block[Q];
    while (!atomic_load(&self->is_over))
        render(self->graph, block, Q);
}

// What was heard is a ramp: so every frame is one more than the last.
static void read_for_a_while(void *user) {
    show *self = user;
    static _Thread_local float sound[4096];
    for (int i = 0; i < N_ROUNDS / 10; ++i) {
        uint32_t n = 4096;
        CHECK_EQ(pst_analyser_read_sound(self->node, sound, &n, NULL), PST_OK);
        for (uint32_t k = 1; k < n; ++k) {
            const float step = sound[k] - sound[k - 1];
            if (step != 1.0f && sound[k] != 0.0f)
                FAIL("%g follows %g", (double)sound[k], (double)sound[k - 1]);
        }
        atomic_fetch_add(&self->n_read, 1);
    }
}

static void test_sound_is_read_while_it_is_made(void) {
    pst_graph *graph = make_graph(1, Q, RIG_RATE);
    // 2^22 frames in a loop: whole numbers in float32.
    enum { N = 1 << 15 };
    static float ramp[N];
    for (int i = 0; i < N; ++i)
        ramp[i] = (float)i;
    const float *planes[] = {ramp};
    pst_sound *sound = NULL;
    CHECK_EQ(pst_sound_create(&sound, planes, 1, N, RIG_RATE, NULL), PST_OK);
    pst_gnode *source = NULL;
    const pst_setting settings[] = {{.name = "buffer", .sound = sound},
                                    {.name = "loop", .number = 1}};
    CHECK_EQ(pst_graph_add(graph, &source, "buffer_source", settings, 2, NULL), PST_OK);
    pst_sound_release(sound);
    start(source, 0.0);
    show self = {.graph = graph, .node = add_analyser(graph, 4096, 0)};
    wire(source, 0, self.node, 0);
    pst_thread renderer, readers[2];
    CHECK_EQ(pst_thread_start(&renderer, "renderer", render_for_ever, &self, NULL), PST_OK);
    for (int i = 0; i < 2; ++i)
        CHECK_EQ(pst_thread_start(&readers[i], "reader", read_for_a_while, &self, NULL), PST_OK);
    for (int i = 0; i < 2; ++i)
        pst_thread_join(&readers[i]);
    atomic_store(&self.is_over, true);
    pst_thread_join(&renderer);
    CHECK_EQ(atomic_load(&self.n_read), 2 * (N_ROUNDS / 10));
    pst_gnode_release(self.node);
    pst_gnode_release(source);
    pst_graph_release(graph);
}

static void test_who_is_overtaken_is_told(void) {
    pst_trail trail;
    float block[4] = {1, 2, 3, 4};
    float got[8];
    CHECK_EQ(pst_trail_init(&trail, 4, 8, NULL), PST_OK);
    for (int64_t frame = 0; frame < 4 * 100; frame += 4) {
        block[0] = (float)frame;
        pst_trail_write(&trail, frame, block);
        CHECK(pst_trail_read(&trail, frame + 4, got, 8));
        CHECK_SAME(got[4], frame);
        CHECK_SAME(got[0], frame == 0 ? 0 : frame - 4);
    }
    CHECK(pst_trail_read(&trail, 4 * 98, got, 8)); // Late, but not too late.
    CHECK(!pst_trail_read(&trail, 4 * 90, got, 8));
    pst_trail_deinit(&trail);
}

int main(void) {
    fill_noise(noise, sizeof noise / sizeof noise[0], 1);
    RUN(test_the_last_frames_are_there);
    RUN(test_what_was_not_rendered_was_silence);
    RUN(test_channels_become_one);
    RUN(test_a_quantum_is_read_once);
    RUN(test_one_bad_sample_does_not_stay);
    RUN(test_bad_settings_are_refused);
    RUN(test_sound_is_read_while_it_is_made);
    RUN(test_who_is_overtaken_is_told);
    return check_done();
}
