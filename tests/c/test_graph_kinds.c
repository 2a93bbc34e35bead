// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "failing_alloc.h"
#include "graph_rig.h"

// What holds for every kind of node, whoever writes it: its table is in order, it does not depend
// on the size of quanta, it goes along with any number of channels, and it can do without memory.

enum { N = 4096, N_CHANNELS = 2 };

static float noise[4 * N];

// One node with sound at all inputs, params that move, and all outputs to be heard.
static pst_status build(pst_graph *graph, const pst_kind_info *kind) {
    pst_gnode *node = NULL;
    pst_gnode *source = NULL;
    pst_gnode *end = pst_graph_destination(graph);
    const float *planes[] = {noise, noise + N};
    pst_sound *sound = NULL;
    pst_status status = pst_sound_create(&sound, planes, N_CHANNELS, N / 2, RIG_RATE, NULL);
    const pst_setting setting = {.name = "buffer", .sound = sound};
    if (status == PST_OK)
        status = pst_graph_add(graph, &source, "buffer_source", &setting, 1, NULL);
    if (status == PST_OK)
        status = add_any(graph, kind, noise, &node);
    for (uint32_t i = 0; status == PST_OK && i < pst_gnode_n_inputs(node); ++i)
        status = pst_gnode_connect(source, 0, node, i, NULL);
    for (uint32_t i = 0; status == PST_OK && i < pst_gnode_n_outputs(node); ++i)
        status = pst_gnode_connect(node, i, end, 0, NULL);
    for (uint32_t p = 0; status == PST_OK && p < kind->n_params; ++p) {
        double min, max;
        pst_param *param = pst_gnode_param(node, p);
        pst_param_limits(param, &min, &max);
        const double wanted = kind->params[p].initial * 1.25 + 0.01;
        const pst_automation ramp = {.kind = PST_AUTOMATE_LINEAR,
                                     .value = wanted < min   ? min
                                              : wanted > max ? max
                                                             : wanted,
                                     .time_s = 1000.5 / RIG_RATE};
        if (kind->params[p].rate == PST_RATE_A)
            status = pst_param_automate(param, &ramp, NULL);
    }
    if (status == PST_OK)
        status = pst_gnode_start(source, 0, 0, -1, NULL);
    if (status == PST_OK && kind->is_source)
        status = pst_gnode_start(node, 100.25 / RIG_RATE, 0, -1, NULL);
    if (status == PST_OK && kind->is_source)
        status = pst_gnode_stop(node, 3000.75 / RIG_RATE, NULL);
    pst_sound_release(sound);
    pst_gnode_release(source);
    pst_gnode_release(node);
    pst_gnode_release(end);
    return status;
}

static void render_kind(const pst_kind_info *kind, uint32_t quantum, float *out) {
    pst_graph *graph = make_graph(N_CHANNELS, quantum, RIG_RATE);
    CHECK_TEXT(build(graph, kind) == PST_OK, "%s cannot be built", kind->name);
    for (int done = 0; done < N; done += 512)
        render(graph, out + done * N_CHANNELS, 512);
    pst_graph_release(graph);
}

static void test_tables_are_in_order(void) {
    const pst_kind_info *kind;
    uint32_t k;
    for (k = 0; (kind = pst_graph_kind(k)) != NULL; ++k) {
        CHECK(kind->name != NULL && kind->channel_count >= 1);
        CHECK(kind->n_inputs <= PST_GRAPH_MAX_CHANNELS);
        CHECK(kind->n_outputs <= PST_GRAPH_MAX_CHANNELS);
        for (uint32_t p = 0; p < kind->n_params; ++p) {
            const pst_param_info *info = &kind->params[p];
            CHECK(info->name != NULL);
            CHECK_TEXT(info->is_within_nyquist ||
                           (info->min <= info->initial && info->initial <= info->max),
                       "%s.%s", kind->name, info->name);
        }
        for (uint32_t i = 0; i < kind->n_attributes; ++i) {
            const pst_attribute_info *info = &kind->attributes[i];
            CHECK(info->name != NULL);
            CHECK((info->choices != NULL) == (info->kind == PST_ATTRIBUTE_CHOICE));
            if (info->kind == PST_ATTRIBUTE_INTEGER || info->kind == PST_ATTRIBUTE_NUMBER)
                CHECK_TEXT(info->min <= info->initial && info->initial <= info->max, "%s.%s",
                           kind->name, info->name);
        }
        for (uint32_t j = 0; j < k; ++j)
            CHECK(strcmp(kind->name, pst_graph_kind(j)->name) != 0);
    }
    CHECK(k >= 9);
}

static void test_quanta_make_no_difference(void) {
    static const uint32_t quanta[] = {1, 32, 100, 2048};
    static float whole[N_CHANNELS * N];
    static float out[N_CHANNELS * N];
    const pst_kind_info *kind;
    for (uint32_t k = 0; (kind = pst_graph_kind(k)) != NULL; ++k) {
        if (!can_make(kind))
            continue;
        render_kind(kind, 128, whole);
        for (int i = 0; i < 4; ++i) {
            render_kind(kind, quanta[i], out);
            const double most = most_different(out, whole, (size_t)N_CHANNELS * N);
            CHECK_TEXT(most <= 1e-5, "%s: quanta of %u are %g away", kind->name, quanta[i], most);
        }
    }
}

static void test_values_that_are_no_numbers_pass(void) {
    // Nothing hangs or crashes, and what other nodes say is still heard.
    const pst_kind_info *kind;
    static float out[N_CHANNELS * N];
    float odd[512];
    for (int i = 0; i < 512; ++i)
        odd[i] = i % 3 == 0 ? NAN : i % 3 == 1 ? INFINITY : 1e-40f;
    for (uint32_t k = 0; (kind = pst_graph_kind(k)) != NULL; ++k) {
        if (!can_make(kind))
            continue;
        pst_graph *graph = make_graph(N_CHANNELS, 128, RIG_RATE);
        pst_gnode *node = NULL;
        pst_gnode *source = add_sound(graph, odd, 1, 512, RIG_RATE);
        CHECK_EQ(add_any(graph, kind, noise, &node), PST_OK);
        for (uint32_t i = 0; i < pst_gnode_n_inputs(node); ++i)
            wire(source, 0, node, i);
        for (uint32_t p = 0; p < kind->n_params; ++p)
            CHECK_EQ(pst_gnode_connect_param(source, 0, pst_gnode_param(node, p), NULL), PST_OK);
        for (uint32_t i = 0; i < pst_gnode_n_outputs(node); ++i) {
            pst_gnode *quiet = add(graph, "gain");
            wire(node, i, quiet, 0);
            set_param(quiet, 0, 0.0);
            hear(graph, quiet);
            pst_gnode_release(quiet);
        }
        if (kind->is_source)
            start(node, 0.0);
        pst_gnode *good = add_constant(graph, 0.5);
        hear(graph, good);
        render(graph, out, N);
        for (int i = 0; i < N_CHANNELS * N; ++i)
            CHECK_SAME(out[i], 0.5f);
        pst_gnode_release(good);
        pst_gnode_release(node);
        pst_gnode_release(source);
        pst_graph_release(graph);
    }
}

// ---- Without memory -----------------------------------------------------------------------------

static pst_status use(const pst_kind_info *kind) {
    pst_graph_config config;
    pst_graph_config_default(&config);
    config.rate_hz = RIG_RATE;
    pst_graph *graph = NULL;
    pst_status status = pst_graph_create(&graph, &config, NULL);
    if (status != PST_OK)
        return status;
    static float out[N_CHANNELS * 512];
    status = build(graph, kind);
    render(graph, out, 256);
    // What could not be sent is sent later.
    if (status == PST_OK)
        status = pst_graph_send(graph, NULL);
    render(graph, out, 256);
    pst_graph_release(graph);
    return status;
}

static void test_each_allocation_may_fail(void) {
    if (!failing_alloc_works()) {
        check_skip("sanitizers bring an allocator of their own");
        return;
    }
    const pst_kind_info *kind;
    for (uint32_t k = 0; (kind = pst_graph_kind(k)) != NULL; ++k) {
        if (!can_make(kind))
            continue;
        CHECK_EQ(use(kind), PST_OK);
        for (long n = 1;; ++n) {
            failing_alloc_begin(n);
            const pst_status status = use(kind);
            const bool got_by = failing_alloc_end() < n;
            CHECK_TEXT(failing_alloc_live() == 0, "%s, %ld: memory was lost", kind->name, n);
            if (got_by) {
                CHECK_EQ(status, PST_OK);
                break;
            }
            // Where only a sweep had no memory, it is done later.
            CHECK_TEXT(status == PST_NO_MEMORY || status == PST_OK, "%s, %ld: %d", kind->name, n,
                       (int)status);
        }
    }
}

int main(void) {
    fill_noise(noise, sizeof noise / sizeof noise[0], 1);
    RUN(test_tables_are_in_order);
    RUN(test_quanta_make_no_difference);
    RUN(test_values_that_are_no_numbers_pass);
    RUN(test_each_allocation_may_fail);
    return check_done();
}
