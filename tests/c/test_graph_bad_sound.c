// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "graph/control/model.h"
#include "graph_rig.h"

// What is no number, or far too large, does not stay: whatever a node got for a moment, at an input
// or at a param, it sounds again. And when its inputs have ended, every node comes to rest.

enum { N = 12000, BAD_AT = 1200, CHECKED = N / 4, N_CHANNELS = 2 };

static float noise[N_CHANNELS * N], out[N_CHANNELS * N];

static const float bads[] = {NAN, -INFINITY, 3e38f};

// One way to try a kind: with a choice of one of its attributes, and something bad at one place.
typedef struct trial {
    const pst_kind_info *kind;
    const char *attribute; // NULL: all as it is.
    uint32_t choice;
    int place; // An input, then a param; -1: nothing bad.
    float bad;
} trial;

static pst_gnode *make_node(pst_graph *graph, const trial *t) {
    pst_gnode *node = NULL;
    CHECK_EQ(add_any(graph, t->kind, noise, &node), PST_OK);
    const pst_setting choice = {.name = t->attribute, .number = t->choice};
    if (t->attribute != NULL && pst_gnode_set(node, &choice, NULL) != PST_OK) {
        // It can only be given at the beginning, or needs what is not installed.
        pst_gnode_release(node);
        return NULL;
    }
    for (uint32_t p = 0; p < t->kind->n_params; ++p)
        if (strcmp(t->kind->params[p].name, "gate") == 0)
            set_param(node, p, 1.0);
    for (uint32_t i = 0; i < t->kind->n_attributes; ++i)
        if (strcmp(t->kind->attributes[i].name, "loop") == 0) {
            const pst_setting loop = {.name = "loop", .number = 1};
            CHECK_EQ(pst_gnode_set(node, &loop, NULL), PST_OK);
        }
    return node;
}

// Three bad samples, quite a while after the beginning.
static void add_bad(pst_graph *graph, pst_gnode *node, const trial *t) {
    if (t->place < 0)
        return;
    const float samples[] = {t->bad, t->bad, t->bad};
    const float *planes[] = {samples};
    const uint32_t n_inputs = pst_gnode_n_inputs(node);
    pst_sound *sound = NULL;
    pst_gnode *source = NULL;
    CHECK_EQ(pst_sound_create(&sound, planes, 1, 3, RIG_RATE, NULL), PST_OK);
    const pst_setting setting = {.name = "buffer", .sound = sound};
    CHECK_EQ(pst_graph_add(graph, &source, "buffer_source", &setting, 1, NULL), PST_OK);
    start(source, (double)BAD_AT / RIG_RATE);
    if ((uint32_t)t->place < n_inputs)
        wire(source, 0, node, (uint32_t)t->place);
    else
        wire_param(source, node, (uint32_t)t->place - n_inputs);
    pst_sound_release(sound);
    pst_gnode_release(source);
}

// Returns how loud the end is: the sum of sizes. Negative: there is no such node.
static double loudness(const trial *t) {
    pst_graph *graph = make_graph(N_CHANNELS, 128, RIG_RATE);
    pst_gnode *node = make_node(graph, t);
    if (node == NULL) {
        pst_graph_release(graph);
        return -1.0;
    }
    pst_gnode *source = add_sound(graph, noise, N_CHANNELS, N, RIG_RATE);
    const pst_setting loop = {.name = "loop", .number = 1};
    CHECK_EQ(pst_gnode_set(source, &loop, NULL), PST_OK);
    for (uint32_t i = 0; i < pst_gnode_n_inputs(node); ++i)
        wire(source, 0, node, i);
    pst_gnode *end = pst_graph_destination(graph);
    for (uint32_t i = 0; i < pst_gnode_n_outputs(node); ++i)
        wire(node, i, end, 0);
    add_bad(graph, node, t);
    if (t->kind->is_source)
        start(node, 0.0);
    render(graph, out, N);
    // A compressor takes its time for 700 dB.
    for (int i = 0; t->place >= 0 && t->bad > 1e38f && i < 32; ++i)
        render(graph, out, N);
    double sum = 0.0;
    for (int i = N_CHANNELS * (N - CHECKED); i < N_CHANNELS * N; ++i)
        sum += fabs((double)out[i]);
    pst_gnode_release(end);
    pst_gnode_release(source);
    pst_gnode_release(node);
    pst_graph_release(graph);
    return sum;
}

static void try_places(trial t) {
    t.place = -1;
    const double clean = loudness(&t);
    if (clean < 0.0)
        return;
    const int n_places = (int)(t.kind->n_inputs + t.kind->n_params);
    for (t.place = 0; t.place < n_places; ++t.place)
        for (size_t i = 0; i < sizeof bads / sizeof bads[0]; ++i) {
            t.bad = bads[i];
            // A param is brought into its range, where much may be right: a grain of a minute.
            if (t.bad > 1e38f && (uint32_t)t.place >= t.kind->n_inputs)
                continue;
            const double got = loudness(&t);
            CHECK_TEXT(isfinite(got) && got >= 0.5 * clean && got <= 2.0 * clean,
                       "%s, %s %u, place %d: %g after %g, %g without", t.kind->name,
                       t.attribute != NULL ? t.attribute : "-", t.choice, t.place, got,
                       (double)t.bad, clean);
        }
}

static void test_bad_sound_does_not_stay(void) {
    // Ears take long to read, and are shared by those who have them at the same time.
    pst_graph *graph = make_graph(1, 128, RIG_RATE);
    pst_gnode *ears = NULL;
    const pst_setting model = {.name = "panning_model", .number = 1};
    const pst_status has_ears = pst_graph_add(graph, &ears, "panner", &model, 1, NULL);
    const pst_kind_info *kind;
    for (uint32_t k = 0; (kind = pst_graph_kind(k)) != NULL; ++k) {
        if (!can_make(kind) || kind->n_outputs == 0)
            continue;
        try_places((trial){.kind = kind});
        for (uint32_t a = 0; a < kind->n_attributes; ++a)
            if (kind->attributes[a].kind == PST_ATTRIBUTE_CHOICE)
                for (uint32_t c = 1; kind->attributes[a].choices[c] != NULL; ++c)
                    try_places(
                        (trial){.kind = kind, .attribute = kind->attributes[a].name, .choice = c});
    }
    if (has_ears == PST_OK)
        pst_gnode_release(ears);
    pst_graph_release(graph);
}

static void test_bad_sound_does_not_go_round_for_ever(void) {
    for (size_t i = 0; i < sizeof bads / sizeof bads[0]; ++i) {
        pst_graph *graph = make_graph(N_CHANNELS, 128, RIG_RATE);
        pst_gnode *delay = add(graph, "delay");
        pst_gnode *gain = add(graph, "gain");
        set_param(delay, 0, 0.01);
        set_param(gain, 0, 0.5);
        wire(delay, 0, gain, 0);
        wire(gain, 0, delay, 0);
        pst_gnode *source = add_sound(graph, noise, N_CHANNELS, N, RIG_RATE);
        wire(source, 0, delay, 0);
        const trial t = {.place = 0, .bad = bads[i]};
        add_bad(graph, delay, &t);
        hear(graph, gain);
        render(graph, out, N);
        double sum = 0.0;
        for (int k = N_CHANNELS * (N - 960); k < N_CHANNELS * N; ++k)
            sum += fabs((double)out[k]);
        CHECK_TEXT(isfinite(sum) && sum > 1.0 && (sum < 5000.0 || bads[i] > 1e38f), "%g after %g",
                   sum, (double)bads[i]);
        pst_gnode_release(source);
        pst_gnode_release(gain);
        pst_gnode_release(delay);
        pst_graph_release(graph);
    }
}

// Some curves make sound of silence.
static bool is_alone(const pst_gnode *node) {
    return node->kind->sounds_alone && node->kind->sounds_alone(node->slots);
}

static void test_every_node_comes_to_rest(void) {
    const pst_kind_info *kind;
    for (uint32_t k = 0; (kind = pst_graph_kind(k)) != NULL; ++k) {
        if (!can_make(kind) || kind->n_outputs == 0 || kind->n_inputs == 0)
            continue;
        pst_graph *graph = make_graph(N_CHANNELS, 128, RIG_RATE);
        const trial t = {.kind = kind};
        pst_gnode *node = make_node(graph, &t);
        pst_gnode *source = add_sound(graph, noise, N_CHANNELS, N / 8, RIG_RATE);
        for (uint32_t i = 0; i < pst_gnode_n_inputs(node); ++i)
            wire(source, 0, node, i);
        hear(graph, node);
        // Nothing is so small that it would not end.
        render(graph, out, N);
        for (int i = 0; i < 29; ++i)
            render(graph, out, N);
        CHECK_TEXT(!node->live_active || kind->is_pulled || is_alone(node), "%s sounds on",
                   kind->name);
        for (int i = 0; i < N_CHANNELS * N; ++i)
            CHECK_TEXT(out[i] == 0.0f || is_alone(node), "%s: %g", kind->name, (double)out[i]);
        pst_gnode_release(source);
        pst_gnode_release(node);
        pst_graph_release(graph);
    }
}

int main(void) {
    fill_noise(noise, sizeof noise / sizeof noise[0], 1);
    RUN(test_bad_sound_does_not_stay);
    RUN(test_bad_sound_does_not_go_round_for_ever);
    RUN(test_every_node_comes_to_rest);
    return check_done();
}
