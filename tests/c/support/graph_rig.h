// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_TESTS_GRAPH_RIG_H
#define PST_TESTS_GRAPH_RIG_H

#include <math.h>
#include <stdlib.h>

#include "check.h"
#include "pastream/graph.h"

// For tests of graphs: short names, failures that tell themselves, and sound to look at.

enum { RIG_RATE = 48000 };

CHECK_UNUSED static pst_graph_config config_of(uint32_t n_channels, uint32_t quantum, double rate) {
    pst_graph_config config;
    pst_graph_config_default(&config);
    config.rate_hz = rate;
    config.n_channels = n_channels;
    config.quantum_frames = quantum;
    return config;
}

CHECK_UNUSED static pst_graph *make_with(const pst_graph_config *config) {
    pst_graph *graph = NULL;
    CHECK_EQ(pst_graph_create(&graph, config, NULL), PST_OK);
    return graph;
}

CHECK_UNUSED static pst_graph *make_graph(uint32_t n_channels, uint32_t quantum, double rate) {
    const pst_graph_config config = config_of(n_channels, quantum, rate);
    return make_with(&config);
}

CHECK_UNUSED static pst_gnode *add_with(pst_graph *graph, const char *kind, const char *name,
                                        double number) {
    pst_gnode *node = NULL;
    pst_error err = {.status = PST_OK};
    const pst_setting setting = {.name = name, .number = number};
    CHECK_TEXT(pst_graph_add(graph, &node, kind, &setting, name != NULL, &err) == PST_OK, "%s",
               err.text);
    return node;
}

CHECK_UNUSED static pst_gnode *add(pst_graph *graph, const char *kind) {
    return add_with(graph, kind, NULL, 0);
}

CHECK_UNUSED static void wire(pst_gnode *from, uint32_t output, pst_gnode *to, uint32_t input) {
    pst_error err = {.status = PST_OK};
    CHECK_TEXT(pst_gnode_connect(from, output, to, input, &err) == PST_OK, "%s", err.text);
}

CHECK_UNUSED static void wire_param(pst_gnode *from, pst_gnode *to, uint32_t param) {
    CHECK_EQ(pst_gnode_connect_param(from, 0, pst_gnode_param(to, param), NULL), PST_OK);
}

CHECK_UNUSED static void hear(pst_graph *graph, pst_gnode *node) {
    pst_gnode *end = pst_graph_destination(graph);
    wire(node, 0, end, 0);
    pst_gnode_release(end);
}

CHECK_UNUSED static void set_param(pst_gnode *node, uint32_t param, double value) {
    CHECK_EQ(pst_param_set_value(pst_gnode_param(node, param), value, NULL), PST_OK);
}

CHECK_UNUSED static void set_rules(pst_gnode *node, uint32_t count, pst_count_mode mode,
                                   pst_mixing mixing) {
    const pst_channel_rules rules = {count, mode, mixing};
    CHECK_EQ(pst_gnode_set_channels(node, &rules, NULL), PST_OK);
}

CHECK_UNUSED static void start(pst_gnode *node, double when_s) {
    CHECK_EQ(pst_gnode_start(node, when_s, 0.0, -1.0, NULL), PST_OK);
}

// A constant source that sounds from now on.
CHECK_UNUSED static pst_gnode *add_constant(pst_graph *graph, double value) {
    pst_gnode *node = add(graph, "constant_source");
    set_param(node, 0, value);
    start(node, 0.0);
    return node;
}

// A source that plays sound once: n_channels planes of n_frames.
CHECK_UNUSED static pst_gnode *add_sound(pst_graph *graph, const float *data, uint32_t n_channels,
                                         int64_t n_frames, double rate) {
    const float *planes[PST_GRAPH_MAX_CHANNELS];
    for (uint32_t c = 0; c < n_channels; ++c)
        planes[c] = data + c * n_frames;
    pst_sound *sound = NULL;
    CHECK_EQ(pst_sound_create(&sound, planes, n_channels, n_frames, rate, NULL), PST_OK);
    pst_gnode *node = NULL;
    const pst_setting setting = {.name = "buffer", .sound = sound};
    CHECK_EQ(pst_graph_add(graph, &node, "buffer_source", &setting, 1, NULL), PST_OK);
    pst_sound_release(sound);
    start(node, 0.0);
    return node;
}

CHECK_UNUSED static bool can_make(const pst_kind_info *kind) {
    return !kind->is_single;
}

// A node of any kind: its attributes have their initial values, except for objects, which it gets.
// noise: 2000 samples.
CHECK_UNUSED static pst_status add_any(pst_graph *graph, const pst_kind_info *kind,
                                       const float *noise, pst_gnode **node) {
    pst_setting settings[8] = {{0}};
    uint32_t n = 0;
    pst_sound *sound = NULL;
    pst_wave *wave = NULL;
    pst_ring *ring = NULL;
    pst_status status = PST_OK;
    for (uint32_t i = 0; i < kind->n_attributes && n < 8 && status == PST_OK; ++i) {
        const pst_attribute_info *info = &kind->attributes[i];
        settings[n].name = info->name;
        if (info->kind == PST_ATTRIBUTE_SOUND && sound == NULL) {
            const float *planes[] = {noise, noise + 1000};
            status = pst_sound_create(&sound, planes, 2, 1000, RIG_RATE, NULL);
            settings[n++].sound = sound;
        } else if (info->kind == PST_ATTRIBUTE_WAVE && wave == NULL) {
            const double parts[] = {0, 1, 0.5};
            status = pst_wave_create(&wave, parts, parts, 3, true, NULL);
            settings[n++].wave = wave;
        } else if (info->kind == PST_ATTRIBUTE_RING && ring == NULL) {
            // Full of stereo.
            const pst_ring_config config = {.capacity_frames = 1000,
                                            .frame_bytes = 2 * sizeof(float),
                                            .memory = PST_RING_COPYING};
            status = pst_ring_create(&ring, &config, NULL);
            if (status == PST_OK)
                pst_ring_write(ring, noise, 1000);
            settings[n++].ring = ring;
        } else if (info->kind == PST_ATTRIBUTE_NUMBERS) {
            static const double numbers[] = {1, 0.5};
            settings[n].numbers = numbers;
            settings[n++].n_numbers = 2;
        }
    }
    if (status == PST_OK)
        status = pst_graph_add(graph, node, kind->name, settings, n, NULL);
    pst_sound_release(sound);
    pst_wave_release(wave);
    pst_ring_release(ring);
    return status;
}

CHECK_UNUSED static void render(pst_graph *graph, float *output, int64_t n_frames) {
    CHECK_EQ(pst_graph_render(NULL, output, n_frames, NULL, 0, graph), PST_CALLBACK_CONTINUE);
}

CHECK_UNUSED static void fill_noise(float *data, size_t n, uint64_t seed) {
    for (size_t i = 0; i < n; ++i)
        data[i] = (float)check_random(&seed) * 0x1p-31f - 1.0f;
}

CHECK_UNUSED static double most_different(const float *a, const float *b, size_t n) {
    double most = 0.0;
    for (size_t i = 0; i < n; ++i) {
        const double d = fabs((double)a[i] - (double)b[i]);
        if (!(d <= most)) // NaN, too.
            most = d;
    }
    return most;
}

// Two samples are the same: CHECK_EQ is for whole numbers.
#define CHECK_SAME(got, wanted)                                                                    \
    CHECK_TEXT((double)(got) == (double)(wanted), "%s: got %.9g, wanted %.9g", #got,               \
               (double)(got), (double)(wanted))

// A value is near to what it should be.
#define CHECK_NEAR(got, wanted, limit)                                                             \
    CHECK_TEXT(fabs((double)(got) - (double)(wanted)) <= (limit), "%s: got %.9g, wanted %.9g",     \
               #got, (double)(got), (double)(wanted))

#endif
