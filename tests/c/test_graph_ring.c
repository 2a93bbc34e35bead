// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "base/thread.h"
#include "graph_rig.h"
#include "pastream/format.h"
#include "pastream/graph_ring.h"

// Sound out of a graph into a ring, and out of a ring into a graph.

enum { Q = 64 };

static float out[2 * 64 * Q];
static float noise[2 * 64 * Q];
static float got[2 * 64 * Q];

static pst_ring *make_ring(uint64_t capacity, uint32_t frame_bytes) {
    const pst_ring_config config = {
        .capacity_frames = capacity, .frame_bytes = frame_bytes, .memory = PST_RING_COPYING};
    pst_ring *ring = NULL;
    CHECK_EQ(pst_ring_create(&ring, &config, NULL), PST_OK);
    return ring;
}

static pst_gnode *add_tap(pst_graph *graph, pst_ring *ring, uint32_t n_channels,
                          bool drops_oldest) {
    pst_gnode *node = NULL;
    const pst_setting settings[] = {
        {.name = "ring", .ring = ring},
        {.name = "channels", .number = n_channels},
        {.name = "when_full", .number = drops_oldest},
    };
    CHECK_EQ(pst_graph_add(graph, &node, "tap", settings, 3, NULL), PST_OK);
    return node;
}

static pst_gnode *add_source(pst_graph *graph, pst_ring *ring, uint32_t n_channels,
                             pst_format format, int reader) {
    pst_gnode *node = NULL;
    const pst_setting settings[] = {
        {.name = "ring", .ring = ring},
        {.name = "channels", .number = n_channels},
        {.name = "format", .number = format - PST_FORMAT_F32},
        {.name = "reader", .number = reader},
    };
    CHECK_EQ(pst_graph_add(graph, &node, "stream_source", settings, 4, NULL), PST_OK);
    hear(graph, node);
    return node;
}

static int64_t frame_at(const pst_gnode *node, uint64_t position) {
    int64_t frame = -1;
    CHECK_EQ(pst_gnode_tapped_frame(node, position, &frame, NULL), PST_OK);
    return frame;
}

// ---- Taps ---------------------------------------------------------------------------------------

static void test_a_tap_takes_what_it_passes_on(void) {
    pst_graph *graph = make_graph(2, Q, RIG_RATE);
    pst_ring *ring = make_ring(8 * Q, 8);
    pst_gnode *node = add_tap(graph, ring, 2, false);
    hear(graph, node);
    int64_t frame;
    CHECK_EQ(pst_gnode_tapped_frame(node, 0, &frame, NULL), PST_BAD_STATE);
    render(graph, out, Q); // Silence is sound as well.
    pst_gnode *source = add_sound(graph, noise, 2, 3 * Q, RIG_RATE);
    wire(source, 0, node, 0);
    render(graph, out, 5 * Q);
    CHECK_EQ(pst_ring_read(ring, 0, got, 64 * Q), 6 * Q);
    for (int i = 0; i < 2 * Q; ++i)
        CHECK_SAME(got[i], 0);
    CHECK(memcmp(got + 2 * Q, out, 10 * Q * sizeof *out) == 0);
    CHECK_SAME(got[2 * Q + 3], noise[3 * Q + 1]);
    CHECK_EQ(frame_at(node, 3), 3);
    CHECK_EQ(pst_gnode_lost_frames(node), 0);
    pst_gnode_release(source);
    pst_gnode_release(node);
    pst_graph_release(graph);
    CHECK(pst_ring_ended(ring)); // Whoever waits there learns of it.
    pst_ring_release(ring);
}

static void test_taps_need_no_listener_and_have_channels_of_their_own(void) {
    static const uint32_t counts[] = {1, 2, 4, 5};
    for (int i = 0; i < 4; ++i) {
        pst_graph *graph = make_graph(2, Q, RIG_RATE);
        pst_ring *ring = make_ring(4 * Q, counts[i] * 4);
        pst_gnode *node = add_tap(graph, ring, counts[i], false);
        pst_gnode *source = add_sound(graph, noise, 2, 2 * Q, RIG_RATE);
        wire(source, 0, node, 0);
        render(graph, out, 2 * Q);
        CHECK_EQ(pst_ring_read(ring, 0, got, 64 * Q), 2 * Q);
        for (uint32_t f = 0; f < 2 * Q; ++f) {
            const float left = noise[f];
            const float right = noise[2 * Q + f];
            const float *frame = got + f * counts[i];
            if (counts[i] == 1) {
                CHECK_NEAR(frame[0], ((double)left + (double)right) / 2, 1e-7);
                continue;
            }
            CHECK_SAME(frame[0], left);
            CHECK_SAME(frame[1], right);
            for (uint32_t c = 2; c < counts[i]; ++c)
                CHECK_SAME(frame[c], 0);
        }
        pst_gnode_release(source);
        pst_gnode_release(node);
        pst_graph_release(graph);
        pst_ring_release(ring);
    }
}

static void test_what_does_not_fit_is_counted_and_seen(void) {
    pst_graph *graph = make_graph(1, Q, RIG_RATE);
    pst_ring *ring = make_ring(100, 4);
    pst_gnode *node = add_tap(graph, ring, 1, false);
    pst_gnode *source = add_sound(graph, noise, 1, 64 * Q, RIG_RATE);
    wire(source, 0, node, 0);
    render(graph, out, 3 * Q); // 192; 100 fit.
    CHECK_EQ(pst_gnode_lost_frames(node), 92);
    CHECK_EQ(pst_ring_read(ring, 0, got, 64), 64);
    render(graph, out, Q); // All of it fits.
    render(graph, out, Q);
    CHECK_EQ(pst_gnode_lost_frames(node), 92 + Q);
    CHECK_EQ(pst_ring_read(ring, 0, got + 64, 100), 100);
    render(graph, out, Q);
    CHECK_EQ(pst_ring_read(ring, 0, got + 164, 100), Q);
    for (uint64_t p = 0; p < 164 + Q; ++p) {
        const int64_t frame = frame_at(node, p);
        CHECK_EQ(frame, p < 100 ? p : p < 164 ? p + 92 : p + 92 + Q);
        CHECK_SAME(got[p], noise[frame]);
    }
    pst_ring_end(ring); // Whoever has enough says so.
    render(graph, out, 4 * Q);
    CHECK_EQ(pst_ring_written(ring), 164 + Q);
    CHECK_EQ(pst_gnode_lost_frames(node), 92 + Q);
    pst_gnode_release(source);
    pst_gnode_release(node);
    pst_graph_release(graph);
    pst_ring_release(ring);
}

static void test_the_oldest_may_be_left_out_instead(void) {
    pst_graph *graph = make_graph(1, Q, RIG_RATE);
    pst_ring *ring = make_ring(100, 4);
    pst_gnode *node = add_tap(graph, ring, 1, true);
    pst_gnode *source = add_sound(graph, noise, 1, 64 * Q, RIG_RATE);
    wire(source, 0, node, 0);
    render(graph, out, 5 * Q);
    CHECK_EQ(pst_gnode_lost_frames(node), 0); // The reader has lost them:
    CHECK_EQ(pst_ring_dropped(ring, 0), 5 * Q - 100);
    CHECK_EQ(pst_ring_position(ring, 0), 5 * Q - 100);
    CHECK_EQ(pst_ring_read(ring, 0, got, 100), 100);
    for (int i = 0; i < 100; ++i)
        CHECK_SAME(got[i], noise[5 * Q - 100 + i]);
    CHECK_EQ(frame_at(node, 5 * Q), 5 * Q);
    pst_gnode_release(source);
    pst_gnode_release(node);
    pst_graph_release(graph);
    pst_ring_release(ring);
}

static void test_many_gaps(void) {
    // More than the log holds: what is old is described by the oldest that is known.
    enum { N_GAPS = 1100 };
    pst_graph *graph = make_graph(1, Q, RIG_RATE);
    pst_ring *ring = make_ring(Q, 4);
    pst_gnode *node = add_tap(graph, ring, 1, false);
    for (int i = 0; i < N_GAPS; ++i) {
        render(graph, out, 2 * Q);
        CHECK_EQ(pst_ring_read(ring, 0, got, Q), Q);
    }
    CHECK_EQ(pst_gnode_lost_frames(node), (uint64_t)N_GAPS * Q);
    CHECK_EQ(frame_at(node, (uint64_t)(N_GAPS - 1) * Q), (int64_t)(N_GAPS - 1) * 2 * Q);
    CHECK_EQ(frame_at(node, (uint64_t)(N_GAPS - 1000) * Q), (int64_t)(N_GAPS - 1000) * 2 * Q);
    CHECK_EQ(frame_at(node, 0), (N_GAPS - 1024) * Q);
    pst_gnode_release(node);
    pst_graph_release(graph);
    pst_ring_release(ring);
}

// ---- Sources ------------------------------------------------------------------------------------

static void test_a_source_plays_what_is_there(void) {
    pst_graph *graph = make_graph(2, Q, RIG_RATE);
    pst_ring *ring = make_ring(8 * Q, 8);
    pst_gnode *node = add_source(graph, ring, 2, PST_FORMAT_F32, 0);
    start(node, 10.0 / RIG_RATE);
    render(graph, out, Q); // Not yet: that is no loss.
    CHECK_SAME(out[2 * Q - 1], 0);
    CHECK_EQ(pst_gnode_lost_frames(node), 0);
    CHECK_EQ(pst_ring_write(ring, noise, 100), 100);
    render(graph, out, 2 * Q);
    CHECK(memcmp(out, noise, 200 * sizeof *out) == 0);
    for (int i = 200; i < 4 * Q; ++i)
        CHECK_SAME(out[i], 0);
    CHECK_EQ(pst_gnode_lost_frames(node), 28);
    render(graph, out, Q);
    CHECK_EQ(pst_gnode_lost_frames(node), 28 + Q);
    CHECK_EQ(pst_ring_write(ring, noise, 70), 70);
    render(graph, out, Q);
    CHECK(!pst_gnode_has_ended(node));
    pst_ring_end(ring);
    render(graph, out, Q);
    CHECK(memcmp(out, noise + 2 * Q, 12 * sizeof *out) == 0);
    CHECK_SAME(out[12], 0);
    CHECK_EQ(pst_gnode_lost_frames(node), 28 + Q); // The end is no loss either.
    CHECK(pst_gnode_has_ended(node));
    pst_gnode_release(node);
    pst_graph_release(graph);
    pst_ring_release(ring);
}

static void test_sources_start_and_stop_in_time(void) {
    pst_graph *graph = make_graph(1, Q, RIG_RATE);
    pst_ring *ring = make_ring(8 * Q, 4);
    pst_gnode *node = add_source(graph, ring, 1, PST_FORMAT_F32, 0);
    CHECK_EQ(pst_ring_write(ring, noise, 8 * Q), 8 * Q);
    start(node, 10.0 / RIG_RATE);
    CHECK_EQ(pst_gnode_stop(node, 200.0 / RIG_RATE, NULL), PST_OK);
    render(graph, out, 6 * Q);
    for (int i = 0; i < 6 * Q; ++i)
        CHECK_SAME(out[i], i < 10 || i >= 200 ? 0 : noise[i - 10]);
    CHECK_EQ(pst_ring_readable(ring, 0), 8 * Q - 190);
    CHECK(pst_gnode_has_ended(node));
    CHECK_EQ(pst_gnode_lost_frames(node), 0);
    pst_gnode_release(node);
    pst_graph_release(graph);
    pst_ring_release(ring);
}

static void test_readers_of_their_own(void) {
    // Two sources hear the same, the one with a lead later, and without what is too old then.
    pst_graph *graph = make_graph(2, Q, RIG_RATE);
    pst_ring *ring = make_ring(16 * Q, 4);
    pst_gnode *nodes[2];
    pst_gnode *merger = add_with(graph, "channel_merger", "number_of_inputs", 2);
    hear(graph, merger);
    CHECK_EQ(pst_ring_write(ring, noise, 10), 10); // Not theirs.
    for (int i = 0; i < 2; ++i) {
        const pst_setting settings[] = {
            {.name = "ring", .ring = ring},
            {.name = "channels", .number = 1},
            {.name = "reader", .number = -1},
            {.name = "lead", .number = i * 100},
        };
        CHECK_EQ(pst_graph_add(graph, &nodes[i], "stream_source", settings, 4, NULL), PST_OK);
        wire(nodes[i], 0, merger, (uint32_t)i);
        start(nodes[i], 0);
    }
    CHECK_EQ(pst_ring_write(ring, noise, 90), 90);
    render(graph, out, Q);
    CHECK_SAME(out[2 * Q - 2], noise[Q - 1]);
    CHECK_SAME(out[1], 0);
    CHECK_EQ(pst_gnode_lost_frames(nodes[1]), 0);
    CHECK_EQ(pst_ring_write(ring, noise + 90, 60), 60); // 150.
    render(graph, out, 2 * Q);
    CHECK_SAME(out[0], noise[Q]);
    CHECK_SAME(out[1], noise[50]);
    CHECK_SAME(out[2 * 99 + 1], noise[149]);
    CHECK_SAME(out[2 * 100 + 1], 0);
    CHECK_EQ(pst_gnode_lost_frames(nodes[1]), 28);
    pst_gnode_release(nodes[0]);
    pst_gnode_release(nodes[1]);
    pst_gnode_release(merger);
    pst_graph_release(graph);
    CHECK_EQ(pst_ring_skip(ring, 0, 1000), 160);
    CHECK_EQ(pst_ring_writable(ring), 16 * Q); // They hold nobody up any more.
    uint32_t reader;
    for (int i = 1; i < PST_RING_MAX_READERS; ++i)
        CHECK_EQ(pst_ring_attach(ring, &reader), PST_OK);
    graph = make_graph(1, Q, RIG_RATE);
    pst_error err;
    pst_gnode *node = NULL;
    const pst_setting settings[] = {{.name = "ring", .ring = ring},
                                    {.name = "channels", .number = 1},
                                    {.name = "reader", .number = -1}};
    CHECK_EQ(pst_graph_add(graph, &node, "stream_source", settings, 3, &err), PST_LIMIT);
    CHECK_TEXT(strstr(err.text, "16 readers") != NULL, "%s", err.text);
    pst_graph_release(graph);
    pst_ring_release(ring);
}

static void test_all_formats(void) {
    for (int format = PST_FORMAT_F32; format <= PST_FORMAT_U8; ++format) {
        const uint32_t bytes = pst_format_bytes((pst_format)format);
        unsigned char samples[3 * Q * 8];
        float wanted[3 * Q];
        CHECK_EQ(
            pst_convert(samples, (pst_format)format, noise, PST_FORMAT_F32, (size_t)3 * Q, NULL),
            PST_OK);
        CHECK_EQ(
            pst_convert(wanted, PST_FORMAT_F32, samples, (pst_format)format, (size_t)3 * Q, NULL),
            PST_OK);
        pst_graph *graph = make_graph(3, Q, RIG_RATE);
        pst_ring *ring = make_ring(Q, 3 * bytes);
        uint32_t reader = 0;
        CHECK_EQ(pst_ring_attach(ring, &reader), PST_OK);
        pst_ring_detach(ring, 0);
        pst_gnode *node = add_source(graph, ring, 3, (pst_format)format, (int)reader);
        start(node, 0);
        CHECK_EQ(pst_ring_write(ring, samples, Q), Q);
        render(graph, out, Q);
        CHECK_TEXT(memcmp(out, wanted, sizeof wanted) == 0, "%s",
                   pst_format_name((pst_format)format));
        pst_gnode_release(node);
        pst_graph_release(graph);
        pst_ring_release(ring);
    }
}

static void test_memory_with_an_edge(void) {
    // Spans end there.
    static float memory[100], other[100];
    const pst_ring_config config = {
        .capacity_frames = 100, .frame_bytes = 4, .memory = PST_RING_FLAT, .flat_memory = memory};
    pst_ring_config second = config;
    second.flat_memory = other;
    pst_ring *from = NULL, *to = NULL;
    CHECK_EQ(pst_ring_create(&from, &config, NULL), PST_OK);
    CHECK_EQ(pst_ring_create(&to, &second, NULL), PST_OK);
    pst_graph *graph = make_graph(1, Q, RIG_RATE);
    pst_gnode *node = add_source(graph, from, 1, PST_FORMAT_F32, 0);
    pst_gnode *tap = add_tap(graph, to, 1, false);
    wire(node, 0, tap, 0);
    start(node, 0);
    for (int i = 0; i < 10; ++i) {
        CHECK_EQ(pst_ring_write(from, noise + i * Q, Q), Q);
        render(graph, out, Q);
        CHECK_EQ(pst_ring_read(to, 0, got, 100), Q);
        CHECK(memcmp(got, noise + i * Q, Q * sizeof *got) == 0);
        CHECK(memcmp(out, noise + i * Q, Q * sizeof *got) == 0);
    }
    pst_gnode_release(tap);
    pst_gnode_release(node);
    pst_graph_release(graph);
    pst_ring_release(from);
    pst_ring_release(to);
}

static void test_bad_numbers_do_not_get_in(void) {
    const float odd[] = {NAN, INFINITY, -INFINITY, 0.5f};
    pst_graph *graph = make_graph(1, Q, RIG_RATE);
    pst_ring *ring = make_ring(Q, 4);
    pst_gnode *node = add_source(graph, ring, 1, PST_FORMAT_F32, 0);
    CHECK_EQ(pst_ring_write(ring, odd, 4), 4);
    start(node, 0);
    render(graph, out, Q);
    for (int i = 0; i < 3; ++i)
        CHECK_SAME(out[i], 0);
    CHECK_SAME(out[3], 0.5f);
    pst_gnode_release(node);
    pst_graph_release(graph);
    pst_ring_release(ring);
}

static void test_bad_rings_are_refused(void) {
    pst_graph *graph = make_graph(1, Q, RIG_RATE);
    pst_ring *ring = make_ring(Q, 8);
    static const char *const names[] = {"tap", "stream_source"};
    for (int i = 0; i < 2; ++i) {
        pst_gnode *node = NULL;
        pst_error err;
        const pst_setting settings[] = {{.name = "ring", .ring = ring},
                                        {.name = "channels", .number = 3}};
        CHECK_EQ(pst_graph_add(graph, &node, names[i], NULL, 0, &err), PST_BAD_ARGUMENT);
        CHECK_TEXT(strstr(err.text, "ring is none") != NULL, "%s", err.text);
        CHECK_EQ(pst_graph_add(graph, &node, names[i], settings, 2, &err), PST_BAD_ARGUMENT);
        CHECK_TEXT(strstr(err.text, "8 bytes; with these channels they must have 12") != NULL, "%s",
                   err.text);
        CHECK_EQ(pst_graph_add(graph, &node, names[i], settings, 1, &err), PST_OK);
        CHECK_EQ(pst_gnode_set(node, settings, &err), PST_BAD_STATE);
        pst_gnode_release(node);
    }
    CHECK(!pst_ring_ended(ring)); // By a node that was not made.
    pst_gnode *gain = add(graph, "gain");
    int64_t frame;
    CHECK_EQ(pst_gnode_tapped_frame(gain, 0, &frame, NULL), PST_BAD_ARGUMENT);
    CHECK_EQ(pst_gnode_lost_frames(gain), 0);
    pst_gnode_release(gain);
    pst_graph_release(graph);
    pst_ring_release(ring);
}

// ---- Two threads --------------------------------------------------------------------------------

enum { N_ROUNDS = 2000 };

typedef struct show {
    pst_ring *ring;
    _Atomic bool is_over;
    pst_graph *graph;
} show;

static void render_for_a_while(void *user) {
    show *self = user;
    for (int i = 0; i < N_ROUNDS; ++i)
        render(self->graph, out, Q);
}

static void test_rings_lead_to_other_threads(void) {
    // A ramp goes through two graphs, each of which is rendered by a thread of its own.
    static float ramp[1 << 14];
    enum { N = 1 << 14 };
    for (int i = 0; i < N; ++i)
        ramp[i] = (float)(i + 1);
    pst_ring *ring = make_ring(4096, 4);
    show self = {.ring = ring, .graph = make_graph(1, Q, RIG_RATE)};
    pst_gnode *tap = add_tap(self.graph, ring, 1, false);
    pst_gnode *sound = add_sound(self.graph, ramp, 1, N, RIG_RATE);
    wire(sound, 0, tap, 0);
    pst_graph *other = make_graph(1, Q, RIG_RATE);
    pst_gnode *node = add_source(other, ring, 1, PST_FORMAT_F32, 0);
    start(node, 0);
    pst_thread thread;
    CHECK_EQ(pst_thread_start(&thread, "renderer", render_for_a_while, &self, NULL), PST_OK);
    float last = 0;
    static float block[Q];
    for (int i = 0; i < N_ROUNDS; ++i) {
        render(other, block, Q);
        for (int k = 0; k < Q; ++k)
            if (block[k] != 0) {
                if (block[k] <= last)
                    FAIL("%g follows %g", (double)block[k], (double)last);
                last = block[k];
            }
    }
    pst_thread_join(&thread);
    CHECK_EQ(pst_ring_written(ring) + pst_gnode_lost_frames(tap), (uint64_t)N_ROUNDS * Q);
    pst_gnode_release(tap);
    pst_gnode_release(sound);
    pst_gnode_release(node);
    pst_graph_release(self.graph);
    pst_graph_release(other);
    pst_ring_release(ring);
}

int main(void) {
    fill_noise(noise, sizeof noise / sizeof noise[0], 1);
    RUN(test_a_tap_takes_what_it_passes_on);
    RUN(test_taps_need_no_listener_and_have_channels_of_their_own);
    RUN(test_what_does_not_fit_is_counted_and_seen);
    RUN(test_the_oldest_may_be_left_out_instead);
    RUN(test_many_gaps);
    RUN(test_a_source_plays_what_is_there);
    RUN(test_sources_start_and_stop_in_time);
    RUN(test_readers_of_their_own);
    RUN(test_all_formats);
    RUN(test_memory_with_an_edge);
    RUN(test_bad_numbers_do_not_get_in);
    RUN(test_bad_rings_are_refused);
    RUN(test_rings_lead_to_other_threads);
    return check_done();
}
