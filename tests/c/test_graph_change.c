// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "base/alloc.h"
#include "base/error.h"
#include "base/thread.h"
#include "graph/control/change.h"
#include "graph_rig.h"

// Graphs that are changed while they are rendered, by other threads.

enum { Q = 32 };

static float out[64 * Q];

// Changes of it act once they are sent.
static pst_graph *make_sent(void) {
    pst_graph_config config = config_of(1, Q, RIG_RATE);
    config.sends_at_once = false;
    return make_with(&config);
}

static void test_changes_wait_for_the_next_quantum(void) {
    pst_graph *graph = make_graph(1, Q, RIG_RATE);
    pst_gnode *source = add_constant(graph, 1.0);
    hear(graph, source);
    render(graph, out, Q / 2);
    set_param(source, 0, 2.0);
    render(graph, out + Q / 2, Q);
    CHECK_SAME(out[Q - 1], 1);
    CHECK_SAME(out[Q], 2);
    CHECK_EQ(pst_graph_frame(graph), 2 * Q);
    pst_gnode_release(source);
    pst_graph_release(graph);
}

static void test_what_is_held_back_acts_at_once(void) {
    pst_graph *graph = make_graph(1, Q, RIG_RATE);
    pst_graph_begin(graph);
    pst_gnode *source = add_constant(graph, 1.0);
    pst_graph_begin(graph);
    hear(graph, source);
    CHECK_EQ(pst_graph_commit(graph, NULL), PST_OK);
    render(graph, out, Q);
    CHECK_SAME(out[0], 0);
    CHECK_EQ(pst_graph_commit(graph, NULL), PST_OK);
    CHECK_EQ(pst_graph_commit(graph, NULL), PST_BAD_STATE);
    render(graph, out, Q);
    CHECK_SAME(out[0], 1);
    pst_gnode_release(source);
    pst_graph_release(graph);
}

static void test_who_sends_later_hears_later(void) {
    pst_graph *graph = make_sent();
    pst_gnode *source = add_constant(graph, 1.0);
    hear(graph, source);
    render(graph, out, Q);
    CHECK_SAME(out[0], 0);
    CHECK_EQ(pst_graph_send(graph, NULL), PST_OK);
    render(graph, out, Q);
    CHECK_SAME(out[0], 1);
    pst_gnode_release(source);
    pst_graph_release(graph);
}

// What is sent late begins late, from its beginning.
static void test_a_start_that_comes_late_begins_at_the_begin(void) {
    pst_graph *graph = make_sent();
    pst_gnode *node = add(graph, "oscillator");
    hear(graph, node);
    start(node, 0.3 / RIG_RATE);
    render(graph, out, Q);
    CHECK_EQ(pst_graph_send(graph, NULL), PST_OK);
    render(graph, out, Q);
    CHECK_SAME(out[0], 0);
    CHECK_NEAR(out[1], sin(6.283185307179586 * 440 / RIG_RATE), 1e-5);
    // And what is cut off in such a graph goes, too.
    pst_gnode *delay = add(graph, "delay");
    wire(node, 0, delay, 0);
    hear(graph, delay);
    CHECK_EQ(pst_graph_send(graph, NULL), PST_OK);
    render(graph, out, Q);
    CHECK_EQ(pst_gnode_disconnect(node, -1, NULL, -1, NULL), PST_OK);
    CHECK_EQ(pst_gnode_disconnect(delay, -1, NULL, -1, NULL), PST_OK);
    pst_gnode_release(delay);
    CHECK_EQ(pst_graph_send(graph, NULL), PST_OK);
    CHECK_EQ(pst_graph_send(graph, NULL), PST_OK);
    CHECK_EQ(graph->n_nodes, 3); // With the graph's own two.
    pst_gnode_release(node);
    pst_graph_release(graph);
}

// Whoever renders may send while another one is about a transaction.
static void test_half_a_transaction_is_not_sent(void) {
    pst_graph *graph = make_sent();
    pst_gnode *source = add_constant(graph, 1.0);
    hear(graph, source);
    pst_graph_begin(graph); // What was before is no part of it.
    set_param(source, 0, 2.0);
    CHECK_EQ(pst_graph_send(graph, NULL), PST_OK);
    render(graph, out, Q);
    CHECK_SAME(out[0], 1);
    CHECK_EQ(pst_graph_commit(graph, NULL), PST_OK);
    CHECK_EQ(pst_graph_send(graph, NULL), PST_OK);
    render(graph, out, Q);
    CHECK_SAME(out[0], 2);
    pst_gnode_release(source);
    pst_graph_release(graph);
}

static void test_nothing_piles_up_where_nobody_renders(void) {
    pst_graph *graph = make_graph(1, Q, RIG_RATE);
    pst_gnode *last = add_constant(graph, 1.0);
    pst_gnode *first = last;
    pst_gnode_retain(first);
    for (int i = 0; i < 100; ++i) {
        pst_gnode *gain = add(graph, "gain");
        wire(last, 0, gain, 0);
        set_param(first, 0, i);
        const pst_automation ramp = {.kind = PST_AUTOMATE_LINEAR, .value = 1, .time_s = i + 1.0};
        CHECK_EQ(pst_param_automate(pst_gnode_param(first, 0), &ramp, NULL), PST_OK);
        pst_gnode_release(last);
        last = gain;
    }
    hear(graph, last);
    CHECK(atomic_load(&graph->inbox.latest) == &graph->unread->letter);
    CHECK(graph->unread->letter.next == NULL);
    int n_changes = 0;
    for (const pst_change *change = graph->unread->first; change != NULL;
         change = change->next[graph->unread->link])
        ++n_changes;
    CHECK_EQ(n_changes, 3); // A start, a plan, a track.
    render(graph, out, Q);
    CHECK_SAME(out[0], 99);
    pst_gnode_release(first);
    pst_gnode_release(last);
    pst_graph_release(graph);
}

static pst_graph *at_work; // Somebody begins to render it while a plan is made.

static void destroy_room(pst_shared *shared) {
    pst_free(shared);
}

static pst_status make_room_meanwhile(const pst_slot *slots, const pst_site *site,
                                      uint32_t n_channels, pst_shared **made, pst_error *err) {
    (void)slots;
    (void)site;
    (void)n_channels;
    *made = pst_alloc(sizeof **made);
    if (*made == NULL)
        return pst_fail_memory(err);
    pst_shared_init(*made, destroy_room);
    render(at_work, out, Q);
    return PST_OK;
}

static void double_it(pst_unit *unit, const pst_quantum *q) PST_RT {
    (void)unit;
    q->kernels->fill(pst_bus_open(&q->outputs[0], 1)[0], 2.0f * q->inputs[0].channels[0][0],
                     q->n_frames);
}

static const pst_kind roomy_kind = {
    .info = {.name = "roomy", .n_inputs = 1, .n_outputs = 1, .channel_count = 2},
    .make_room = make_room_meanwhile,
    .process = double_it,
};

// What was sent is replaced as a whole, and never taken back: a renderer that comes just then would
// do without it.
static void test_what_was_sent_stays_sent(void) {
    at_work = make_graph(1, Q, RIG_RATE);
    pst_gnode *source = add_constant(at_work, 1.0);
    hear(at_work, source);
    pst_gnode *twice = NULL;
    CHECK_EQ(pst_graph_add_kind(at_work, &twice, &roomy_kind, NULL, 0, NULL), PST_OK);
    hear(at_work, twice);
    memset(out, 0, sizeof out);
    wire(source, 0, twice, 0);
    CHECK_SAME(out[0], 1);
    CHECK_SAME(out[Q - 1], 1);
    render(at_work, out, Q);
    CHECK_SAME(out[0], 3);
    set_param(source, 0, 2);
    set_param(source, 0, 3);
    render(at_work, out, Q);
    CHECK_SAME(out[0], 9);
    pst_gnode_release(source);
    pst_gnode_release(twice);
    pst_graph_release(at_work);
}

static void test_bad_graphs_are_refused(void) {
    pst_graph_config config;
    pst_graph *graph = NULL;
    pst_error err;
    pst_graph_config_default(&config);
    config.rate_hz = 2999;
    CHECK_EQ(pst_graph_create(&graph, &config, &err), PST_BAD_ARGUMENT);
    pst_graph_config_default(&config);
    config.n_channels = 33;
    CHECK_EQ(pst_graph_create(&graph, &config, &err), PST_BAD_ARGUMENT);
    pst_graph_config_default(&config);
    config.quantum_frames = 0;
    CHECK_EQ(pst_graph_create(&graph, &config, &err), PST_BAD_ARGUMENT);
    CHECK(graph == NULL);
    pst_graph_release(NULL);
    pst_gnode_release(NULL);
    pst_sound_release(NULL);
    pst_wave_release(NULL);
}

// ---- Threads ------------------------------------------------------------------------------------

typedef struct renderer {
    pst_graph *graph;
    _Atomic bool stops;
    _Atomic int n_torn; // Quanta in which a transaction was seen in parts.
    _Atomic int n_quanta;
} renderer;

static void render_for_ever(void *arg) {
    renderer *self = arg;
    float block[2 * Q];
    while (!atomic_load(&self->stops)) {
        pst_graph_render(NULL, block, Q, NULL, 0, self->graph);
        for (int i = 0; i < Q; ++i)
            if (block[2 * i] != 3.0f) {
                atomic_fetch_add(&self->n_torn, 1);
                break;
            }
        atomic_fetch_add(&self->n_quanta, 1);
    }
}

// The left channel is the sum of two constants, which is 3 at any time.
static void test_transactions_are_taken_as_a_whole(void) {
    pst_graph *graph = make_graph(2, Q, RIG_RATE);
    renderer self = {.graph = graph};
    pst_gnode *merger = add_with(graph, "channel_merger", "number_of_inputs", 2);
    pst_gnode *sum = add(graph, "gain");
    pst_gnode *a = add_constant(graph, 1.0);
    pst_gnode *b = add_constant(graph, 2.0);
    pst_graph_begin(graph);
    wire(a, 0, sum, 0);
    wire(b, 0, sum, 0);
    wire(sum, 0, merger, 0);
    hear(graph, merger);
    CHECK_EQ(pst_graph_commit(graph, NULL), PST_OK);
    pst_thread thread;
    CHECK_EQ(pst_thread_start(&thread, "renderer", render_for_ever, &self, NULL), PST_OK);
    for (int i = 0; i < 300; ++i) {
        pst_graph_begin(graph);
        set_param(a, 0, i % 7);
        set_param(b, 0, 3 - i % 7);
        if (i % 3 == 0) { // The order of two is turned round.
            CHECK_EQ(pst_gnode_disconnect(a, -1, sum, -1, NULL), PST_OK);
            wire(a, 0, sum, 0);
        }
        if (i % 5 == 0) {
            pst_gnode *right = add(graph, "delay");
            wire(a, 0, right, 0);
            wire(right, 0, merger, 1);
            pst_gnode_release(right);
        }
        CHECK_EQ(pst_graph_commit(graph, NULL), PST_OK);
        // The renderer is to see some of them.
        const int seen = atomic_load(&self.n_quanta);
        while (i % 10 == 0 && atomic_load(&self.n_quanta) == seen)
            ;
    }
    atomic_store(&self.stops, true);
    pst_thread_join(&thread);
    CHECK_EQ(atomic_load(&self.n_torn), 0);
    CHECK(atomic_load(&self.n_quanta) > 0);
    pst_gnode_release(merger);
    pst_gnode_release(sum);
    pst_gnode_release(a);
    pst_gnode_release(b);
    pst_graph_release(graph);
}

typedef struct changer {
    pst_graph *graph;
    uint64_t random;
} changer;

static void change_one(changer *self, pst_gnode **nodes, uint32_t i, uint32_t k) {
    switch (check_random_in(&self->random, 0, 9)) {
    case 0:
        pst_gnode_connect(nodes[i], 0, nodes[k], 0, NULL);
        break;
    case 1:
        pst_gnode_disconnect(nodes[i], -1, NULL, -1, NULL);
        break;
    case 2:
        pst_gnode_connect_param(nodes[i], 0, pst_gnode_param(nodes[k], 0), NULL);
        break;
    case 3:
        hear(self->graph, nodes[i]);
        break;
    case 4:
        pst_param_set_value(pst_gnode_param(nodes[i], 0), k * 0.1, NULL);
        break;
    case 5: {
        const pst_automation ramp = {
            .kind = PST_AUTOMATE_LINEAR, .value = 0.5, .time_s = pst_graph_now(self->graph) + 0.01};
        pst_param_automate(pst_gnode_param(nodes[i], 0), &ramp, NULL);
        break;
    }
    case 6: {
        const pst_channel_rules rules = {1 + k % 4, PST_COUNT_EXPLICIT, PST_MIXING_SPEAKERS};
        pst_gnode_set_channels(nodes[i], &rules, NULL);
        break;
    }
    case 7: {
        const pst_setting type = {.name = "type", .number = k % 4};
        pst_gnode_set(nodes[i], &type, NULL);
        break;
    }
    case 8:
        pst_param_value(pst_gnode_param(nodes[i], 0));
        pst_gnode_has_ended(nodes[i]);
        break;
    default:
        pst_param_set_rate(pst_gnode_param(nodes[i], 0), (pst_param_rate)(k % 2), NULL);
    }
}

static void change_for_a_while(void *arg) {
    static const char *const kinds[] = {"gain", "delay", "oscillator", "constant_source"};
    enum { N_NODES = 8 };
    changer *self = arg;
    pst_gnode *nodes[N_NODES] = {NULL};
    for (int n = 0; n < (CHECK_TSAN ? 300 : 1500); ++n) {
        const uint32_t i = check_random_in(&self->random, 0, N_NODES - 1);
        const uint32_t k = check_random_in(&self->random, 0, N_NODES - 1);
        if (nodes[i] == NULL || check_random_in(&self->random, 0, 20) == 0) {
            pst_gnode_release(nodes[i]);
            nodes[i] = add(self->graph, kinds[i % 4]);
            if (i % 4 >= 2) {
                pst_gnode_start(nodes[i], 0, 0, -1, NULL);
                pst_gnode_stop(nodes[i], pst_graph_now(self->graph) + 0.05, NULL);
            }
        }
        if (nodes[k] != NULL)
            change_one(self, nodes, i, k);
    }
    for (int i = 0; i < N_NODES; ++i)
        pst_gnode_release(nodes[i]);
}

static void render_anything(void *arg) {
    renderer *self = arg;
    float block[2 * Q];
    while (!atomic_load(&self->stops))
        pst_graph_render(NULL, block, Q, NULL, 0, self->graph);
}

static void test_many_threads_change_a_graph(void) {
    enum { N_CHANGERS = 3 };
    pst_graph *graph = make_graph(2, Q, RIG_RATE);
    renderer self = {.graph = graph};
    changer changers[N_CHANGERS];
    pst_thread threads[N_CHANGERS + 1];
    CHECK_EQ(pst_thread_start(&threads[N_CHANGERS], "renderer", render_anything, &self, NULL),
             PST_OK);
    for (int i = 0; i < N_CHANGERS; ++i) {
        changers[i] = (changer){graph, 17u * (uint64_t)(i + 1)};
        CHECK_EQ(pst_thread_start(&threads[i], "changer", change_for_a_while, &changers[i], NULL),
                 PST_OK);
    }
    for (int i = 0; i < N_CHANGERS; ++i)
        pst_thread_join(&threads[i]);
    atomic_store(&self.stops, true);
    pst_thread_join(&threads[N_CHANGERS]);
    // What still sounded has its time, and then nothing is left.
    for (int i = 0; i < 400 && graph->n_nodes > 2; ++i) {
        render(graph, out, 32 * Q);
        CHECK_EQ(pst_graph_send(graph, NULL), PST_OK);
    }
    pst_graph_release(graph);
}

int main(void) {
    RUN(test_changes_wait_for_the_next_quantum);
    RUN(test_what_is_held_back_acts_at_once);
    RUN(test_who_sends_later_hears_later);
    RUN(test_a_start_that_comes_late_begins_at_the_begin);
    RUN(test_half_a_transaction_is_not_sent);
    RUN(test_nothing_piles_up_where_nobody_renders);
    RUN(test_what_was_sent_stays_sent);
    RUN(test_bad_graphs_are_refused);
    RUN(test_transactions_are_taken_as_a_whole);
    RUN(test_many_threads_change_a_graph);
    return check_done();
}
