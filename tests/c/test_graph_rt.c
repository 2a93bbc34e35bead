// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "graph_rig.h"
#include "rt_guard.h"

// Rendering neither allocates nor frees nor locks, whatever is sent to it meanwhile.

enum { Q = 128 };

static float out[2 * 64 * Q];
static float noise[2000];

static void render_guarded(pst_graph *graph, int64_t n_frames) {
    rt_guard_enter();
    const int32_t result = pst_graph_render(NULL, out, n_frames, NULL, 0, graph);
    const int n_calls = rt_guard_leave();
    CHECK_EQ(result, PST_CALLBACK_CONTINUE);
    CHECK_TEXT(n_calls == 0, "%d calls, the last of %s", n_calls, rt_guard_culprit());
}

static void move_params(pst_gnode *node, double now_s) {
    static const double curve[] = {1, 2, 1};
    const pst_kind_info *kind = pst_gnode_kind(node);
    for (uint32_t p = 0; p < kind->n_params; ++p) {
        pst_param *param = pst_gnode_param(node, p);
        const pst_automation series[] = {
            {.kind = PST_AUTOMATE_SET, .value = 1, .time_s = now_s},
            {.kind = PST_AUTOMATE_LINEAR, .value = 2, .time_s = now_s + 0.01},
            {.kind = PST_AUTOMATE_EXPONENTIAL, .value = 3, .time_s = now_s + 0.02},
            {.kind = PST_AUTOMATE_TARGET,
             .value = 1,
             .time_s = now_s + 0.03,
             .time_constant_s = 0.01},
            {.kind = PST_AUTOMATE_CURVE,
             .values = curve,
             .n_values = 3,
             .time_s = now_s + 0.04,
             .duration_s = 0.01},
        };
        for (int i = 0; i < 5; ++i)
            CHECK_EQ(pst_param_automate(param, &series[i], NULL), PST_OK);
    }
}

static void test_all_kinds(void) {
    if (!rt_guard_works()) {
        check_skip("sanitizers interpose the same functions");
        return;
    }
    const pst_kind_info *kind;
    for (uint32_t k = 0; (kind = pst_graph_kind(k)) != NULL; ++k) {
        if (!can_make(kind))
            continue;
        pst_graph *graph = make_graph(2, Q, RIG_RATE);
        pst_gnode *source = add_sound(graph, noise, 2, (int64_t)4 * Q, RIG_RATE);
        pst_gnode *node = NULL;
        CHECK_EQ(add_any(graph, kind, noise, &node), PST_OK);
        for (uint32_t i = 0; i < pst_gnode_n_inputs(node); ++i)
            wire(source, 0, node, i);
        if (pst_gnode_n_outputs(node) > 0)
            hear(graph, node);
        if (kind->is_source)
            start(node, 0.001);
        render_guarded(graph, 2 * Q + 17);
        move_params(node, (double)pst_graph_frame(graph) / RIG_RATE);
        if (kind->is_source)
            CHECK_EQ(pst_gnode_stop(node, 0.02, NULL), PST_OK);
        render_guarded(graph, 30 * Q);
        CHECK_EQ(pst_gnode_disconnect(source, -1, NULL, -1, NULL), PST_OK);
        render_guarded(graph, Q);
        pst_gnode_release(node);
        pst_gnode_release(source);
        CHECK_EQ(pst_graph_send(graph, NULL), PST_OK);
        render_guarded(graph, Q);
        pst_graph_release(graph);
    }
}

static void test_changes_on_the_way(void) {
    if (!rt_guard_works()) {
        check_skip("sanitizers interpose the same functions");
        return;
    }
    pst_graph *graph = make_graph(2, Q, RIG_RATE);
    pst_gnode *osc = add(graph, "oscillator");
    pst_gnode *delay = add(graph, "delay");
    pst_gnode *gain = add(graph, "gain");
    set_param(gain, 0, 0.5);
    start(osc, 0.0);
    wire(osc, 0, delay, 0);
    wire(delay, 0, gain, 0);
    hear(graph, gain);
    render_guarded(graph, 4 * Q);
    wire(gain, 0, delay, 0); // A cycle,
    wire_param(osc, delay, 0);
    render_guarded(graph, 4 * Q);
    pst_gnode *wide = add_sound(graph, noise, 2, (int64_t)4 * Q, RIG_RATE);
    wire(wide, 0, delay, 0); // more channels,
    for (uint32_t type = 0; type < 4; ++type) {
        const pst_setting setting = {.name = "type", .number = type};
        CHECK_EQ(pst_gnode_set(osc, &setting, NULL), PST_OK);
        set_rules(gain, 1 + type, PST_COUNT_EXPLICIT, PST_MIXING_SPEAKERS);
        CHECK_EQ(pst_param_set_rate(pst_gnode_param(gain, 0), (pst_param_rate)(type % 2), NULL),
                 PST_OK);
        render_guarded(graph, 3 * Q);
    }
    CHECK_EQ(pst_gnode_disconnect(gain, -1, delay, -1, NULL), PST_OK);
    pst_gnode_release(osc);
    pst_gnode_release(delay);
    pst_gnode_release(gain);
    pst_gnode_release(wide);
    render_guarded(graph, 4 * Q);
    pst_graph_release(graph);
}

int main(void) {
    fill_noise(noise, sizeof noise / sizeof noise[0], 1);
    RUN(test_all_kinds);
    RUN(test_changes_on_the_way);
    return check_done();
}
