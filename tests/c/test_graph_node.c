// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "base/alloc.h"
#include "graph/control/model.h"
#include "graph_rig.h"

// What a writer of nodes may rely on: a kind that notes what it gets.

enum { Q = 64, TAIL = 5 * Q };

static float out[2 * 64 * Q];
static float noise[2 * 64 * Q];

typedef struct probe {
    int n_calls;
    int64_t frame;
    uint32_t n_channels;
    bool is_silent;
    bool is_active;
    uint32_t first, end;
    float listener_x;
    int n_changed;
    double old_number;
    int n_moves;
    uint32_t room_channels;
} probe;

typedef struct room {
    pst_shared shared;
    uint32_t n_channels;
} room;

static void destroy_room(pst_shared *shared) {
    pst_free(shared);
}

static pst_status make_room(const pst_slot *slots, const pst_site *site, uint32_t n_channels,
                            pst_shared **made, pst_error *err) {
    (void)slots;
    (void)err;
    CHECK_EQ(site->quantum_frames, Q);
    room *self = pst_alloc(sizeof *self);
    pst_shared_init(&self->shared, destroy_room);
    self->n_channels = n_channels;
    *made = &self->shared;
    return PST_OK;
}

static void move(pst_unit *unit, pst_shared *new_room, const pst_shared *old_room) PST_RT {
    probe *self = unit->state;
    (void)old_room;
    ++self->n_moves;
    self->room_channels = ((const room *)new_room)->n_channels;
}

static void changed(pst_unit *unit, uint32_t attribute, const pst_slot *old) PST_RT {
    probe *self = unit->state;
    (void)attribute;
    ++self->n_changed;
    self->old_number = old->number;
}

static void process(pst_unit *unit, const pst_quantum *q) PST_RT {
    probe *self = unit->state;
    ++self->n_calls;
    self->frame = q->frame;
    self->first = q->first;
    self->end = q->end;
    self->listener_x = q->listener == NULL ? -1 : q->listener[0].value;
    if (unit->n_inputs > 0) {
        self->n_channels = q->inputs[0].n_channels;
        self->is_silent = q->inputs[0].is_silent;
        self->is_active = q->inputs[0].is_active;
    }
    pst_bus_silence(&q->outputs[0], 1);
}

static bool has_tail(const pst_unit *unit, int64_t n_frames) PST_RT {
    (void)unit;
    return n_frames < TAIL;
}

static const pst_attribute_info attributes[] = {
    {.name = "number", .kind = PST_ATTRIBUTE_NUMBER, .initial = 3, .min = 1, .max = 9},
};

static const pst_kind probe_kind = {
    .info = {.name = "probe",
             .n_inputs = 1,
             .n_outputs = 1,
             .channel_count = 2,
             .hears_listener = true,
             .attributes = attributes,
             .n_attributes = 1},
    .state_bytes = sizeof(probe),
    .make_room = make_room,
    .move = move,
    .changed = changed,
    .process = process,
    .has_tail = has_tail,
};

static const pst_kind source_kind = {
    .info = {.name = "source_probe", .n_outputs = 1, .channel_count = 1, .is_source = true},
    .state_bytes = sizeof(probe),
    .process = process,
};

// Sounds from the fourth quantum on, whatever comes.
static void process_always(pst_unit *unit, const pst_quantum *q) PST_RT {
    process(unit, q);
    if (q->frame < (int64_t)3 * Q && !q->inputs[0].is_active)
        pst_bus_rest(&q->outputs[0]);
    else
        q->kernels->fill(pst_bus_open(&q->outputs[0], 1)[0], 0.5f, q->n_frames);
}

static const pst_kind always_kind = {
    .info = {.name = "always", .n_inputs = 1, .n_outputs = 1, .channel_count = 2},
    .state_bytes = sizeof(probe),
    .hears_silence = true,
    .process = process_always,
};

static pst_gnode *add_probe(pst_graph *graph, const pst_kind *kind) {
    pst_gnode *node = NULL;
    CHECK_EQ(pst_graph_add_kind(graph, &node, kind, NULL, 0, NULL), PST_OK);
    hear(graph, node);
    return node;
}

static const probe *seen(const pst_gnode *node) {
    return node->live.state;
}

static void test_inputs_and_tails(void) {
    pst_graph *graph = make_graph(2, Q, RIG_RATE);
    pst_gnode *node = add_probe(graph, &probe_kind);
    render(graph, out, 3 * Q);
    CHECK_EQ(seen(node)->n_calls, 0); // Nothing leads there.
    pst_gnode *stereo = add_sound(graph, noise, 2, 3 * Q, RIG_RATE);
    wire(stereo, 0, node, 0);
    render(graph, out, 3 * Q);
    CHECK_EQ(seen(node)->n_calls, 3);
    CHECK_EQ(seen(node)->n_channels, 2);
    CHECK(!seen(node)->is_silent && seen(node)->is_active);
    CHECK_EQ(seen(node)->frame, 5 * Q);
    render(graph, out, Q);
    CHECK_EQ(seen(node)->n_channels, 2); // The tail is as wide.
    CHECK(seen(node)->is_silent);
    render(graph, out, 20 * Q);
    CHECK_EQ(seen(node)->n_calls, 3 + TAIL / Q);
    // Again: a tail of its own.
    pst_gnode *mono = add_constant(graph, 1.0);
    CHECK_EQ(pst_gnode_stop(mono, pst_graph_now(graph) + 2.0 * Q / RIG_RATE, NULL), PST_OK);
    wire(mono, 0, node, 0);
    render(graph, out, 20 * Q);
    CHECK_EQ(seen(node)->n_calls, 5 + 2 * TAIL / Q);
    CHECK_EQ(seen(node)->n_channels, 1);
    pst_gnode_release(node);
    pst_gnode_release(stereo);
    pst_gnode_release(mono);
    pst_graph_release(graph);
}

static void test_silence_that_is_active_counts(void) {
    pst_graph *graph = make_graph(2, Q, RIG_RATE);
    pst_gnode *node = add_probe(graph, &probe_kind);
    pst_gnode *stereo = add_sound(graph, noise, 2, 3 * Q, RIG_RATE);
    pst_gnode *gain = add(graph, "gain");
    set_param(gain, 0, 0.0);
    wire(stereo, 0, gain, 0);
    wire(gain, 0, node, 0);
    render(graph, out, Q);
    CHECK(seen(node)->is_silent && seen(node)->is_active);
    CHECK_EQ(seen(node)->n_channels, 2);
    pst_gnode_release(node);
    pst_gnode_release(stereo);
    pst_gnode_release(gain);
    pst_graph_release(graph);
}

static void test_rooms_grow(void) {
    pst_graph *graph = make_graph(2, Q, RIG_RATE);
    pst_gnode *node = add_probe(graph, &probe_kind);
    pst_gnode *mono = add_constant(graph, 1.0);
    wire(mono, 0, node, 0);
    render(graph, out, Q);
    CHECK_EQ(seen(node)->n_moves, 1);
    CHECK_EQ(seen(node)->room_channels, 1);
    pst_gnode *stereo = add_sound(graph, noise, 2, 3 * Q, RIG_RATE);
    wire(stereo, 0, node, 0);
    render(graph, out, Q);
    CHECK_EQ(seen(node)->n_moves, 2);
    CHECK_EQ(seen(node)->room_channels, 2);
    CHECK_EQ(pst_gnode_disconnect(stereo, -1, NULL, -1, NULL), PST_OK);
    render(graph, out, Q);
    CHECK_EQ(seen(node)->n_moves, 2); // And do not shrink.
    pst_gnode_release(node);
    pst_gnode_release(mono);
    pst_gnode_release(stereo);
    pst_graph_release(graph);
}

static void test_attributes_arrive(void) {
    pst_graph *graph = make_graph(2, Q, RIG_RATE);
    pst_gnode *node = add_probe(graph, &probe_kind);
    pst_setting setting = {.name = "number", .number = 5};
    double number = 0;
    CHECK_EQ(pst_gnode_set(node, &setting, NULL), PST_OK);
    CHECK_EQ(pst_gnode_get_number(node, "number", &number, NULL), PST_OK);
    CHECK_SAME(number, 5);
    CHECK_EQ(seen(node)->n_changed, 0);
    render(graph, out, Q);
    CHECK_EQ(seen(node)->n_changed, 1);
    CHECK_SAME(seen(node)->old_number, 3);
    setting.number = 10;
    CHECK_EQ(pst_gnode_set(node, &setting, NULL), PST_BAD_ARGUMENT);
    setting.number = (double)NAN;
    CHECK_EQ(pst_gnode_set(node, &setting, NULL), PST_BAD_ARGUMENT);
    setting.name = "colour";
    CHECK_EQ(pst_gnode_set(node, &setting, NULL), PST_BAD_ARGUMENT);
    CHECK_EQ(pst_gnode_get_number(node, "colour", &number, NULL), PST_BAD_ARGUMENT);
    pst_gnode_release(node);
    pst_graph_release(graph);
}

static void test_the_listener_is_there_before(void) {
    pst_graph *graph = make_graph(2, Q, RIG_RATE);
    pst_gnode *node = add_probe(graph, &probe_kind);
    pst_gnode *source = add_constant(graph, 1.0);
    pst_gnode *listener = pst_graph_listener(graph);
    wire(source, 0, node, 0);
    set_param(listener, 0, 7.0);
    wire_param(source, listener, 0);
    render(graph, out, Q);
    CHECK_SAME(seen(node)->listener_x, 8);
    pst_gnode_release(node);
    pst_gnode_release(source);
    pst_gnode_release(listener);
    pst_graph_release(graph);
}

static void test_sources_know_their_frames(void) {
    pst_graph *graph = make_graph(2, Q, RIG_RATE);
    pst_gnode *node = add_probe(graph, &source_kind);
    start(node, (2.0 * Q + 10) / RIG_RATE);
    CHECK_EQ(pst_gnode_stop(node, (3.0 * Q + 20.5) / RIG_RATE, NULL), PST_OK);
    render(graph, out, 2 * Q);
    CHECK_EQ(seen(node)->n_calls, 0);
    render(graph, out, Q);
    CHECK_EQ(seen(node)->first, 10);
    CHECK_EQ(seen(node)->end, Q);
    render(graph, out, Q);
    CHECK_EQ(seen(node)->first, 0);
    CHECK_EQ(seen(node)->end, 21);
    CHECK(pst_gnode_has_ended(node));
    render(graph, out, 4 * Q);
    CHECK_EQ(seen(node)->n_calls, 2);
    pst_gnode_release(node);
    pst_graph_release(graph);
}

// ---- Kinds of their own -------------------------------------------------------------------------

typedef struct own_kind {
    pst_kind kind;
    int *n_destroyed;
} own_kind;

static void destroy_kind(const pst_kind *kind) {
    ++*((const own_kind *)kind)->n_destroyed;
}

static void test_kinds_of_one_node(void) {
    int n_destroyed = 0;
    own_kind own = {.kind = probe_kind, .n_destroyed = &n_destroyed};
    own.kind.destroy = destroy_kind;
    pst_graph *graph = make_graph(2, Q, RIG_RATE);
    pst_gnode *node = add_probe(graph, &own.kind);
    pst_gnode_release(node);
    CHECK_EQ(pst_graph_send(graph, NULL), PST_OK);
    render(graph, out, Q);
    CHECK_EQ(pst_graph_send(graph, NULL), PST_OK);
    CHECK_EQ(n_destroyed, 1);
    const pst_setting wrong = {.name = "number", .number = 100};
    CHECK_EQ(pst_graph_add_kind(graph, &node, &own.kind, &wrong, 1, NULL), PST_BAD_ARGUMENT);
    CHECK_EQ(n_destroyed, 2);
    pst_graph_release(graph);
}

static void test_some_hear_silence(void) {
    pst_graph *graph = make_graph(1, Q, RIG_RATE);
    pst_gnode *node = add_probe(graph, &always_kind);
    pst_gnode *next = add_probe(graph, &probe_kind);
    wire(node, 0, next, 0);
    render(graph, out, 3 * Q);
    CHECK_EQ(seen(node)->n_calls, 3); // Nothing leads there.
    CHECK(!seen(node)->is_active && seen(node)->is_silent);
    CHECK_EQ(seen(node)->n_channels, 1);
    CHECK_EQ(seen(next)->n_calls, 0); // What it says is told to others.
    CHECK_SAME(out[3 * Q - 1], 0);
    render(graph, out, 2 * Q);
    CHECK_EQ(seen(node)->n_calls, 5);
    CHECK_EQ(seen(next)->n_calls, 2);
    CHECK_SAME(out[0], 0.5f);
    pst_gnode *stereo = add_sound(graph, noise, 2, 2 * Q, RIG_RATE);
    wire(stereo, 0, node, 0);
    render(graph, out, 2 * Q);
    CHECK_EQ(seen(node)->n_channels, 2);
    CHECK(seen(node)->is_active);
    render(graph, out, Q);
    CHECK_EQ(seen(node)->n_calls, 8);
    CHECK_EQ(seen(node)->n_channels, 1);
    pst_gnode_release(stereo);
    pst_gnode_release(next);
    pst_gnode_release(node);
    pst_graph_release(graph);
}

int main(void) {
    fill_noise(noise, sizeof noise / sizeof noise[0], 1);
    RUN(test_inputs_and_tails);
    RUN(test_silence_that_is_active_counts);
    RUN(test_rooms_grow);
    RUN(test_attributes_arrive);
    RUN(test_the_listener_is_there_before);
    RUN(test_sources_know_their_frames);
    RUN(test_kinds_of_one_node);
    RUN(test_some_hear_silence);
    return check_done();
}
