// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include <string.h>

#include "graph_rig.h"
#include "pastream/graph_functions.h"
#include "rt_guard.h"

// Nodes with functions of the user's: what they get, when, and what is heard of it.

enum { Q = 128, N = 40 * Q };

static float noise[2 * N];
static float out[2 * N];

// ---- A function that notes what it gets ---------------------------------------------------------

typedef struct notes {
    int n_calls;
    pst_process_block first, last;
    int64_t n_frames; // Of all calls.
    bool is_gapless;
    bool has_zeros;
    float gain; // The first value of the first param.
    int n_left; // Calls until it says that it may end; -1: never.
    int32_t failure;
} notes;

static int32_t invert(const float *const *inputs, float *const *outputs, const float *const *params,
                      const pst_process_block *block, void *user) PST_RT {
    notes *self = user;
    if (self->n_calls++ == 0) {
        self->first = *block;
        self->is_gapless = true;
        self->has_zeros = true;
    } else
        self->is_gapless &= self->last.frame + self->last.n_frames == block->frame;
    self->last = *block;
    self->n_frames += block->n_frames;
    for (int64_t c = 0; c < block->n_output_channels; ++c)
        for (int64_t i = 0; i < block->n_frames; ++i) {
            self->has_zeros &= outputs[c][i] == 0.0f;
            const float gain = block->n_params > 0 ? params[0][i] : 1.0f;
            const float x = c < block->n_inputs * block->n_channels ? inputs[c][i] : 0.5f;
            outputs[c][i] = -x * gain;
        }
    self->gain = block->n_params > 0 ? params[0][0] : 0.0f;
    if (self->failure != 0)
        return self->failure;
    return self->n_left >= 0 && self->n_calls >= self->n_left ? PST_PROCESS_MAY_END
                                                              : PST_PROCESS_CONTINUE;
}

static pst_function_config config_for(notes *self) {
    pst_function_config config;
    pst_function_config_default(&config);
    *self = (notes){.n_left = -1};
    config.process = invert;
    config.user = self;
    return config;
}

typedef struct rig {
    pst_graph *graph;
    pst_gnode *node;
    pst_function *function;
    pst_gnode *source;
} rig;

// A function between noise and the output, started.
static rig make_rig(uint32_t n_channels, const pst_function_config *config) {
    rig r = {.graph = make_graph(n_channels, Q, RIG_RATE)};
    pst_error err = {.status = PST_OK};
    CHECK_TEXT(pst_graph_add_function(r.graph, &r.node, &r.function, config, &err) == PST_OK, "%s",
               err.text);
    if (config->n_outputs > 0)
        hear(r.graph, r.node);
    if (config->n_inputs > 0) {
        r.source = add_sound(r.graph, noise, config->n_channels, N, RIG_RATE);
        wire(r.source, 0, r.node, 0);
        start(r.node, 0.0);
    }
    return r;
}

static void end_rig(rig *r) {
    pst_gnode_release(r->source);
    pst_gnode_release(r->node);
    pst_graph_release(r->graph);
    pst_function_release(r->function);
}

static void check_inverted(int64_t from, int64_t to, int64_t latency, float gain) {
    for (int64_t i = from; i < to; ++i) {
        const float wanted = i < latency ? 0.0f : -noise[i - latency] * gain;
        CHECK_TEXT(out[i] == wanted, "frame %lld: %.9g instead of %.9g", (long long)i,
                   (double)out[i], (double)wanted);
        if (out[i] != wanted)
            return;
    }
}

// ---- By the renderer ----------------------------------------------------------------------------

static void test_in_place(void) {
    notes self;
    const pst_function_config config = config_for(&self);
    rig r = make_rig(1, &config);
    CHECK_EQ(pst_function_latency_frames(r.function), 0);
    render(r.graph, out, 10 * Q);
    check_inverted(0, 10 * Q, 0, 1.0f);
    CHECK_EQ(self.n_calls, 10);
    CHECK(self.is_gapless && self.has_zeros);
    CHECK_EQ(self.first.frame, 0);
    CHECK_EQ(self.first.n_frames, Q);
    CHECK_SAME(self.first.rate_hz, RIG_RATE);
    CHECK_EQ(self.first.n_inputs, 1);
    CHECK_EQ(self.first.n_channels, 1);
    CHECK_EQ(self.first.n_output_channels, 1);
    pst_function_stats stats;
    pst_function_get_stats(r.function, &stats);
    CHECK_EQ(stats.n_blocks, 10);
    CHECK(!stats.has_failed);
    end_rig(&r);
}

// Blocks of any size, in quanta of 128, with no more latency than they need.
static void test_blocks(void) {
    static const struct {
        uint32_t block;
        int64_t latency;
    } cases[] = {{128, 0}, {64, 0}, {1, 0}, {256, 128}, {100, 96}, {1000, 992}, {129, 128}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; ++i) {
        notes self;
        pst_function_config config = config_for(&self);
        config.block_frames = cases[i].block;
        config.is_packed = true;
        rig r = make_rig(1, &config);
        CHECK_EQ(pst_function_latency_frames(r.function), cases[i].latency);
        render(r.graph, out, 30 * Q);
        check_inverted(0, 30 * Q, cases[i].latency, 1.0f);
        CHECK_EQ(self.n_calls, 30 * Q / cases[i].block);
        CHECK(self.is_gapless && self.has_zeros);
        CHECK_EQ(self.last.n_frames, cases[i].block);
        pst_function_stats stats;
        pst_function_get_stats(r.function, &stats);
        CHECK_EQ(stats.n_underruns, 0);
        end_rig(&r);
    }
}

static void test_start_and_stop(void) {
    for (int packed = 0; packed < 2; ++packed) {
        notes self;
        pst_function_config config = config_for(&self);
        config.n_inputs = 0;
        config.is_packed = packed != 0;
        rig r = make_rig(1, &config);
        start(r.node, 200.0 / RIG_RATE);
        CHECK_EQ(pst_gnode_stop(r.node, 1000.0 / RIG_RATE, NULL), PST_OK);
        CHECK_EQ(pst_gnode_start(r.node, 0.0, 0.0, -1.0, NULL), PST_BAD_STATE);
        render(r.graph, out, 10 * Q);
        for (int i = 0; i < 10 * Q; ++i)
            CHECK_SAME(out[i], i >= 200 && i < 1000 ? -0.5f : 0.0f);
        CHECK_EQ(self.first.frame, 200);
        CHECK_EQ(self.first.n_frames, 56);
        CHECK_EQ(self.n_frames, 800);
        CHECK(self.is_gapless);
        CHECK(pst_gnode_has_ended(r.node));
        end_rig(&r);
    }
}

static void test_second_start(void) {
    notes self;
    const pst_function_config config = config_for(&self);
    rig r = make_rig(1, &config);
    start(r.node, 300.0 / RIG_RATE);
    render(r.graph, out, 5 * Q);
    CHECK_EQ(self.first.frame, 300);
    check_inverted(300, 5 * Q, 0, 1.0f);
    CHECK_SAME(out[299], 0.0f);
    end_rig(&r);
}

static void test_params(void) {
    const pst_param_info params[] = {
        {.name = "gain", .initial = 0.5f, .min = 0.0f, .max = 4.0f},
        {.name = "cutoff", .initial = 100.0f, .min = 0, .max = 1e4f, .rate = PST_RATE_K}};
    for (int packed = 0; packed < 2; ++packed) {
        notes self;
        pst_function_config config = config_for(&self);
        config.params = params;
        config.n_params = 2;
        config.is_packed = packed != 0;
        config.block_frames = packed ? 2 * Q : Q;
        rig r = make_rig(1, &config);
        CHECK_EQ(strcmp(pst_gnode_kind(r.node)->params[0].name, "gain"), 0);
        render(r.graph, out, 4 * Q);
        CHECK_EQ(self.last.steady, 3);
        CHECK_SAME(self.gain, 0.5f);
        check_inverted(0, 4 * Q, packed * Q, 0.5f);
        // It moves in the middle of a block.
        const pst_automation move = {
            .kind = PST_AUTOMATE_SET, .value = 2.0, .time_s = (7.0 * Q + 10) / RIG_RATE};
        CHECK_EQ(pst_param_automate(pst_gnode_param(r.node, 0), &move, NULL), PST_OK);
        render(r.graph, out + 4 * Q, 8 * Q);
        const int64_t latency = (int64_t)packed * Q;
        check_inverted(4 * Q, 7 * Q + 10 + latency, latency, 0.5f);
        check_inverted(7 * Q + 10 + latency, 12 * Q, latency, 2.0f);
        CHECK_EQ(self.last.steady, 3);
        // The other one has one value for each block, however it moves.
        const pst_automation glide = {
            .kind = PST_AUTOMATE_LINEAR, .value = 1e3, .time_s = 24.0 * Q / RIG_RATE};
        CHECK_EQ(pst_param_automate(pst_gnode_param(r.node, 1), &glide, NULL), PST_OK);
        render(r.graph, out, 8 * Q);
        CHECK_EQ(self.last.steady, 3);
        CHECK_EQ(pst_param_set_rate(pst_gnode_param(r.node, 1), PST_RATE_A, NULL), PST_UNSUPPORTED);
        end_rig(&r);
    }
}

static void test_ports(void) {
    static const uint32_t widths[] = {2, 1};
    notes self;
    pst_function_config config = config_for(&self);
    config.n_channels = 2;
    config.n_inputs = 2;
    config.n_outputs = 2;
    config.output_channels = widths;
    rig r = make_rig(2, &config);
    pst_gnode *end = pst_graph_destination(r.graph);
    CHECK_EQ(pst_gnode_disconnect(r.node, 0, end, -1, NULL), PST_OK);
    wire(r.node, 1, end, 0);
    pst_gnode_release(end);
    pst_gnode *other = add_constant(r.graph, 0.25);
    wire(other, 0, r.node, 1);
    render(r.graph, out, 2 * Q);
    CHECK_EQ(self.last.n_output_channels, 3);
    // The third channel of all inputs is the first of the second, which is the constant.
    for (int i = 0; i < 2 * 2 * Q; ++i)
        CHECK_SAME(out[i], -0.25f);
    pst_gnode_release(other);
    end_rig(&r);
}

// One that listens is called though it leads nowhere.
static void test_listener(void) {
    notes self;
    pst_function_config config = config_for(&self);
    config.n_outputs = 0;
    rig r = make_rig(1, &config);
    render(r.graph, out, 3 * Q);
    CHECK_EQ(self.n_calls, 3);
    end_rig(&r);
}

static void test_failure(void) {
    for (int packed = 0; packed < 2; ++packed) {
        notes self;
        pst_function_config config = config_for(&self);
        config.is_packed = packed != 0;
        rig r = make_rig(1, &config);
        render(r.graph, out, Q);
        CHECK(out[Q - 1] != 0.0f);
        self.failure = 7; // From the next block on, which is not heard.
        render(r.graph, out, 4 * Q);
        for (int i = 0; i < 4 * Q; ++i)
            CHECK_SAME(out[i], 0.0f);
        CHECK_EQ(self.n_calls, 2);
        pst_function_stats stats;
        pst_function_get_stats(r.function, &stats);
        CHECK(stats.has_failed);
        CHECK(pst_gnode_has_ended(r.node));
        end_rig(&r);
    }
}

// Not called without input once it has said so, and forgotten if nobody holds it.
static void test_rest(void) {
    for (int packed = 0; packed < 2; ++packed) {
        notes self;
        pst_function_config config = config_for(&self);
        config.is_packed = packed != 0;
        rig r = make_rig(1, &config);
        self.n_left = 3;
        render(r.graph, out, N + 3 * Q);
        CHECK_EQ(self.n_calls, N / Q); // As long as the noise.
        pst_gnode *again = add_constant(r.graph, 1.0);
        wire(again, 0, r.node, 0);
        render(r.graph, out, 2 * Q);
        CHECK_EQ(self.n_calls, N / Q + 2);
        CHECK_SAME(out[Q], -1.0f);
        pst_function_stats stats;
        CHECK_EQ(pst_gnode_disconnect(again, -1, NULL, -1, NULL), PST_OK);
        render(r.graph, out, 2 * Q);
        pst_gnode_release(again);
        pst_gnode_release(r.source);
        pst_gnode_release(r.node);
        r.source = NULL;
        r.node = NULL;
        CHECK_EQ(pst_graph_send(r.graph, NULL), PST_OK);
        render(r.graph, out, Q);
        CHECK_EQ(pst_graph_send(r.graph, NULL), PST_OK);
        pst_function_get_stats(r.function, &stats);
        CHECK(stats.is_closed);
        end_rig(&r);
    }
}

static void test_kept_alive(void) {
    notes self;
    const pst_function_config config = config_for(&self);
    rig r = make_rig(1, &config);
    start(r.node, 5.0 * Q / RIG_RATE);
    pst_gnode_release(r.node);
    r.node = NULL;
    for (int i = 0; i < 10; ++i) {
        render(r.graph, out, Q);
        CHECK_EQ(pst_graph_send(r.graph, NULL), PST_OK);
    }
    CHECK_EQ(self.n_calls, 5);
    end_rig(&r);
}

static void test_source_that_ends(void) {
    for (int packed = 0; packed < 2; ++packed) {
        notes self;
        pst_function_config config = config_for(&self);
        config.n_inputs = 0;
        config.is_packed = packed != 0;
        config.block_frames = packed ? 3 * Q : Q;
        rig r = make_rig(1, &config);
        self.n_left = 2;
        start(r.node, 0.0);
        render(r.graph, out, 20 * Q);
        const int n = packed ? 6 * Q : 2 * Q;
        const int latency = packed ? 2 * Q : 0;
        for (int i = 0; i < 20 * Q; ++i)
            CHECK_SAME(out[i], i >= latency && i < n + latency ? -0.5f : 0.0f);
        CHECK_EQ(self.n_calls, 2);
        CHECK(pst_gnode_has_ended(r.node));
        end_rig(&r);
    }
}

static void test_guarded(void) {
    if (!rt_guard_works()) {
        check_skip("sanitizers interpose the same functions");
        return;
    }
    for (int kind = 0; kind < 3; ++kind) {
        notes self;
        pst_function_config config = config_for(&self);
        config.is_packed = kind == 1;
        if (kind == 2) {
            config.process = NULL; // A worker, which is not there.
            config.underrun = PST_UNDERRUN_BYPASS;
        }
        rig r = make_rig(1, &config);
        rt_guard_enter();
        pst_graph_render(NULL, out, 20 * Q, NULL, 0, r.graph);
        const int n_calls = rt_guard_leave();
        CHECK_TEXT(n_calls == 0, "%d calls, the last of %s", n_calls, rt_guard_culprit());
        end_rig(&r);
    }
}

// ---- Refusals -----------------------------------------------------------------------------------

static void check_refused(const pst_function_config *config, const char *text) {
    pst_graph *graph = make_graph(1, Q, RIG_RATE);
    pst_gnode *node = NULL;
    pst_function *function = NULL;
    pst_error err = {.status = PST_OK};
    CHECK_EQ(pst_graph_add_function(graph, &node, &function, config, &err), PST_BAD_ARGUMENT);
    CHECK_TEXT(strstr(err.text, text) != NULL, "\"%s\" instead of \"%s\"", err.text, text);
    CHECK(node == NULL && function == NULL);
    pst_graph_release(graph);
}

static void test_refusals(void) {
    const pst_param_info twice[] = {{.name = "a", .max = 1}, {.name = "a", .max = 1}};
    const pst_param_info outside[] = {{.name = "a", .initial = 2, .max = 1}};
    const pst_param_info nameless[] = {{.name = "", .max = 1}};
    const uint32_t widths[] = {33};
    notes self;
    pst_function_config config = config_for(&self);
    config.n_inputs = 33;
    check_refused(&config, "inputs is 33");
    config = config_for(&self);
    config.n_channels = 0;
    check_refused(&config, "channels is 0");
    config = config_for(&self);
    config.output_channels = widths;
    check_refused(&config, "output_channels is 33");
    config = config_for(&self);
    config.block_frames = PST_QUANTUM_MAX + 1;
    check_refused(&config, "block is 16385");
    config = config_for(&self);
    config.params = twice;
    config.n_params = 2;
    check_refused(&config, "params[1] is named \"a\"");
    config.params = outside;
    config.n_params = 1;
    check_refused(&config, "default of \"a\" is 2");
    config.params = nameless;
    check_refused(&config, "params[0] has no name");
    config = config_for(&self);
    config.process = NULL;
    config.block_frames = 1000;
    config.look_ahead_frames = 1000;
    check_refused(&config, "look_ahead is 1000");
    config.look_ahead_frames = 0;
    config.n_inputs = 0;
    config.underrun = PST_UNDERRUN_BYPASS;
    check_refused(&config, "underrun is bypass");
}

int main(void) {
    fill_noise(noise, sizeof noise / sizeof noise[0], 3);
    RUN(test_in_place);
    RUN(test_blocks);
    RUN(test_start_and_stop);
    RUN(test_second_start);
    RUN(test_params);
    RUN(test_ports);
    RUN(test_listener);
    RUN(test_failure);
    RUN(test_rest);
    RUN(test_kept_alive);
    RUN(test_source_that_ends);
    RUN(test_guarded);
    RUN(test_refusals);
    return check_done();
}
