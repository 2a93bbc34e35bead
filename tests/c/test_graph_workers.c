// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include <pthread.h>
#include <sched.h>

#include "failing_alloc.h"
#include "graph_rig.h"
#include "pastream/graph_functions.h"

// Nodes whose blocks a worker makes: latency, what is heard when it is late, and how it ends.

enum { Q = 128, N = 200 * Q };

static float noise[N];
static float out[N];

typedef struct rig {
    pst_graph *graph;
    pst_gnode *node;
    pst_function *function;
    pst_gnode *source;
} rig;

static void end_rig(rig *r) {
    pst_gnode_release(r->source);
    pst_gnode_release(r->node);
    pst_graph_release(r->graph);
    pst_function_release(r->function);
}

// A worker between noise and the output, started.
static rig make_rig(const pst_function_config *config) {
    rig r = {.graph = make_graph(1, Q, RIG_RATE)};
    pst_error err = {.status = PST_OK};
    CHECK_TEXT(pst_graph_add_function(r.graph, &r.node, &r.function, config, &err) == PST_OK, "%s",
               err.text);
    hear(r.graph, r.node);
    r.source = add_sound(r.graph, noise, 1, N, RIG_RATE);
    wire(r.source, 0, r.node, 0);
    start(r.node, 0.0);
    return r;
}

static void check_inverted(int64_t from, int64_t to, int64_t latency) {
    for (int64_t i = from; i < to; ++i) {
        const float wanted = i < latency ? 0.0f : -noise[i - latency];
        CHECK_TEXT(out[i] == wanted, "frame %lld: %.9g instead of %.9g", (long long)i,
                   (double)out[i], (double)wanted);
        if (out[i] != wanted)
            return;
    }
}

// Makes all blocks that wait; returns how many.
static int work_on(pst_function *function, int64_t timeout_ns, int32_t result) {
    pst_function_memory memory;
    pst_function_get_memory(function, &memory);
    pst_process_block block;
    int n = 0;
    while (pst_function_next(function, timeout_ns, &block) == PST_OK) {
        for (int64_t i = 0; i < block.n_frames; ++i)
            memory.outputs[i] = -memory.inputs[i];
        pst_function_done(function, result);
        ++n;
    }
    return n;
}

static int work(const rig *r, int32_t result) {
    return work_on(r->function, 0, result);
}

static pst_function_config worker_config(uint32_t block, uint32_t look_ahead) {
    pst_function_config config;
    pst_function_config_default(&config);
    config.block_frames = block;
    config.look_ahead_frames = look_ahead;
    return config;
}

static void test_worker(void) {
    static const struct {
        uint32_t block, ahead;
        int64_t latency;
    } cases[] = {{0, 0, 128},   {256, 0, 256},   {64, 0, 128},
                 {100, 0, 224}, {128, 500, 500}, {96, 2000, 2000}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; ++i) {
        const pst_function_config config = worker_config(cases[i].block, cases[i].ahead);
        rig r = make_rig(&config);
        CHECK_EQ(pst_function_latency_frames(r.function), cases[i].latency);
        for (int k = 0; k < 30; ++k) {
            render(r.graph, out + (size_t)k * Q, Q);
            work(&r, PST_PROCESS_CONTINUE);
        }
        check_inverted(0, 30 * Q, cases[i].latency);
        pst_function_stats stats;
        pst_function_get_stats(r.function, &stats);
        CHECK_EQ(stats.n_underruns, 0);
        CHECK_EQ(stats.missing_frames, 0);
        CHECK_EQ(stats.n_lost, 0);
        end_rig(&r);
    }
}

// A worker that is away for a while: what it has not made is missing, the rest is where it was.
static void test_late_worker(void) {
    static const pst_underrun policies[] = {PST_UNDERRUN_SILENCE, PST_UNDERRUN_HOLD,
                                            PST_UNDERRUN_BYPASS};
    for (int p = 0; p < 3; ++p) {
        pst_function_config config = worker_config(Q, 4 * Q);
        config.underrun = policies[p];
        rig r = make_rig(&config);
        const int64_t latency = 4 * Q;
        for (int k = 0; k < 30; ++k) {
            render(r.graph, out + (size_t)k * Q, Q);
            if (k < 10 || k >= 20)
                work(&r, PST_PROCESS_CONTINUE);
        }
        // The last block that was made in time is that of quantum 9.
        const int64_t from = 10 * Q + latency;
        const int64_t to = 21 * Q;
        check_inverted(0, from, latency);
        check_inverted(to, 30 * Q, latency);
        for (int64_t i = from; i < to; ++i)
            CHECK_SAME(out[i], p == 0 ? 0.0f : p == 1 ? -noise[10 * Q - 1] : noise[i - latency]);
        pst_function_stats stats;
        pst_function_get_stats(r.function, &stats);
        CHECK_EQ(stats.n_underruns, 1);
        CHECK_EQ(stats.missing_frames, to - from);
        CHECK_EQ(stats.n_lost, 7); // Quanta 10 to 16: their time was over.
        end_rig(&r);
    }
}

static void test_worker_is_called_back(void) {
    const pst_function_config config = worker_config(0, 0);
    rig r = make_rig(&config);
    pst_process_block block;
    render(r.graph, out, Q);
    CHECK_EQ(pst_function_next(r.function, 0, &block), PST_OK);
    CHECK_EQ(pst_function_next(r.function, 0, &block), PST_BAD_STATE);
    pst_gnode_release(r.source);
    pst_gnode_release(r.node);
    pst_graph_release(r.graph);
    // The block is still there, though the graph is not.
    pst_function_done(r.function, PST_PROCESS_CONTINUE);
    CHECK_EQ(pst_function_next(r.function, -1, &block), PST_CLOSED);
    pst_function_release(r.function);
}

static void test_worker_fails(void) {
    const pst_function_config config = worker_config(0, 0);
    rig r = make_rig(&config);
    render(r.graph, out, Q);
    CHECK_EQ(work(&r, -1), 1);
    render(r.graph, out, Q);
    CHECK_SAME(out[Q / 2], 0.0f);
    CHECK(pst_gnode_has_ended(r.node));
    end_rig(&r);
}

// A thread works while another renders as fast as it can: whatever is heard is right.
static void *work_for_ever(void *function) {
    work_on(function, -1, PST_PROCESS_CONTINUE);
    return NULL;
}

static void test_two_threads(void) {
    for (uint32_t block = 64; block <= 256; block *= 2) {
        const pst_function_config config = worker_config(block, 4 * Q);
        rig r = make_rig(&config);
        pthread_t thread;
        CHECK_EQ(pthread_create(&thread, NULL, work_for_ever, r.function), 0);
        for (int k = 0; k < N / Q; ++k) {
            render(r.graph, out + (size_t)k * Q, Q);
            if (k % 8 != 0)
                sched_yield();
        }
        pst_function_close(r.function);
        CHECK_EQ(pthread_join(thread, NULL), 0);
        uint64_t n_missing = 0;
        for (int i = 4 * Q; i < N; ++i) {
            const bool is_missing = out[i] == 0.0f && noise[i - 4 * Q] != 0.0f;
            n_missing += is_missing;
            CHECK(is_missing || out[i] == -noise[i - 4 * Q]);
        }
        pst_function_stats stats;
        pst_function_get_stats(r.function, &stats);
        CHECK_EQ(stats.missing_frames, n_missing);
        CHECK_TEXT(stats.n_blocks + stats.n_lost <= N / block, "%d blocks",
                   (int)(stats.n_blocks + stats.n_lost));
        end_rig(&r);
    }
}

// ---- Without memory -----------------------------------------------------------------------------

static pst_status use(void) {
    const pst_param_info params[] = {{.name = "a", .max = 1}, {.name = "b", .max = 1}};
    pst_function_config config = worker_config(0, 0);
    config.underrun = PST_UNDERRUN_BYPASS;
    config.params = params;
    config.n_params = 2;
    pst_graph_config graph_config;
    pst_graph_config_default(&graph_config);
    pst_graph *graph = NULL;
    pst_gnode *node = NULL;
    pst_function *function = NULL;
    pst_status status = pst_graph_create(&graph, &graph_config, NULL);
    if (status == PST_OK)
        status = pst_graph_add_function(graph, &node, &function, &config, NULL);
    if (status == PST_OK)
        status = pst_gnode_start(node, 0.0, 0.0, -1.0, NULL);
    pst_gnode_release(node);
    pst_graph_release(graph);
    pst_function_release(function);
    return status;
}

static void test_without_memory(void) {
    if (!failing_alloc_works()) {
        check_skip("sanitizers bring an allocator of their own");
        return;
    }
    CHECK_EQ(use(), PST_OK);
    for (long n = 1;; ++n) {
        failing_alloc_begin(n);
        const pst_status status = use();
        const bool got_by = failing_alloc_end() < n;
        CHECK_TEXT(failing_alloc_live() == 0, "%ld: memory was lost", n);
        if (got_by) {
            CHECK_EQ(status, PST_OK);
            break;
        }
        CHECK_TEXT(status == PST_NO_MEMORY || status == PST_SYSTEM_ERROR, "%ld: %d", n,
                   (int)status);
    }
}

int main(void) {
    fill_noise(noise, N, 3);
    RUN(test_worker);
    RUN(test_late_worker);
    RUN(test_worker_is_called_back);
    RUN(test_worker_fails);
    RUN(test_two_threads);
    RUN(test_without_memory);
    return check_done();
}
