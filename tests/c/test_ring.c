// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "pastream/ring.h"

#include <pthread.h>

#include "core/ring_private.h"
#include "ring_fixture.h"

static void test_bad_configurations_are_refused(void) {
    uint8_t memory[64];
    const struct {
        pst_ring_config config;
        pst_status status;
    } cases[] = {
        {{.capacity_frames = 0, .frame_bytes = 4}, PST_BAD_ARGUMENT},
        {{.capacity_frames = 4, .frame_bytes = 0}, PST_BAD_ARGUMENT},
        {{.capacity_frames = 4, .frame_bytes = PST_RING_MAX_FRAME_BYTES + 1}, PST_BAD_ARGUMENT},
        {{.capacity_frames = 4, .frame_bytes = 4, .memory = (pst_ring_memory)9}, PST_BAD_ARGUMENT},
        {{.capacity_frames = 4, .frame_bytes = 4, .memory = PST_RING_FLAT}, PST_BAD_ARGUMENT},
        {{.capacity_frames = UINT64_MAX,
          .frame_bytes = 4,
          .memory = PST_RING_FLAT,
          .flat_memory = memory},
         PST_BAD_ARGUMENT},
        {{.capacity_frames = UINT64_C(1) << 60, .frame_bytes = 4}, PST_NO_MEMORY},
        {{.capacity_frames = UINT64_MAX, .frame_bytes = 65536}, PST_NO_MEMORY},
        {{.capacity_frames = UINT64_MAX, .frame_bytes = 1, .memory = PST_RING_MIRRORED},
         PST_NO_MEMORY},
        {{.capacity_frames = UINT64_C(1) << 40, .frame_bytes = 8, .memory = PST_RING_COPYING},
         PST_NO_MEMORY},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; ++i) {
        pst_ring *ring = NULL;
        pst_error err = {PST_OK, 0, ""};
        const pst_status status = pst_ring_create(&ring, &cases[i].config, &err);
        CHECK_TEXT(status == cases[i].status, "case %zu: %d", i, status);
        CHECK_EQ(err.status, status);
        CHECK(err.text[0] != '\0' && ring == NULL);
    }
}

static void test_references(void) {
    ring_box box;
    REQUIRE(open_ring(&box, PST_RING_AUTO, 10, 4));
    pst_ring_retain(box.ring);
    pst_ring_release(box.ring);
    CHECK_EQ(put_frames(&box, 1), 1); // Still there.
    close_ring(&box);
    pst_ring_release(NULL);
}

static void fill_and_empty(pst_ring_memory kind, uint64_t capacity, uint32_t frame_bytes) {
    ring_box box;
    if (!open_ring(&box, kind, capacity, frame_bytes))
        return;
    const uint64_t full = box.info.capacity_frames;
    CHECK(full >= capacity);
    CHECK(kind == PST_RING_AUTO || box.info.memory_kind == kind);
    CHECK(box.info.memory_kind != PST_RING_AUTO);
    if (box.info.memory_kind != PST_RING_MIRRORED)
        CHECK_EQ(full, capacity);
    const uint64_t n_copies = box.info.memory_kind == PST_RING_FLAT ? 1 : 2;
    CHECK_EQ(box.info.memory_bytes, n_copies * full * frame_bytes);
    pst_span span;
    CHECK_EQ(pst_ring_readable(box.ring, 0), 0);
    CHECK_EQ(pst_ring_begin_read(box.ring, 0, full, &span), 0);
    CHECK_EQ(pst_ring_writable(box.ring), full);
    // Full at every offset: the edge falls everywhere.
    const uint64_t step = full / 3 + 1;
    for (uint64_t shift = 0; shift < 2 * full; shift += step) {
        CHECK_EQ(put_frames(&box, full + 5), full);
        CHECK_EQ(pst_ring_writable(box.ring), 0);
        CHECK_EQ(pst_ring_begin_write(box.ring, 1, &span), 0);
        CHECK_EQ(pst_ring_readable(box.ring, 0), full);
        if (box.info.memory_kind != PST_RING_FLAT) {
            CHECK_EQ(pst_ring_begin_read(box.ring, 0, UINT64_MAX, &span), full);
            CHECK(frames_are(span.data, frame_bytes, span.position, full));
            CHECK(span.data == box.info.memory + span.position % full * box.info.frame_bytes);
            CHECK_EQ(span.offset_frames, span.position % full);
            pst_ring_commit_read(box.ring, 0, 0);
        }
        CHECK_EQ(take_frames(&box, 0, UINT64_MAX), full);
        CHECK_EQ(put_frames(&box, step), step < full ? step : full);
        CHECK_EQ(take_frames(&box, 0, step), step < full ? step : full);
    }
    CHECK_EQ(pst_ring_position(box.ring, 0), pst_ring_written(box.ring));
    close_ring(&box);
}

static void test_every_kind_capacity_and_frame_size(void) {
    static const uint32_t frame_bytes[] = {1, 2, 3, 4, 6, 8, 15, 100, 4096, 4099};
    static const uint64_t capacities[] = {1, 2, 3, 7, 64, 1000, 1025};
    for (int kind = 0; kind < N_RING_KINDS; ++kind)
        for (size_t f = 0; f < sizeof frame_bytes / sizeof frame_bytes[0]; ++f)
            for (size_t c = 0; c < sizeof capacities / sizeof capacities[0]; ++c)
                if (frame_bytes[f] * capacities[c] < 100000 &&
                    (ring_kinds[kind] != PST_RING_MIRRORED || frame_bytes[f] != 4099))
                    fill_and_empty(ring_kinds[kind], capacities[c], frame_bytes[f]);
}

static void test_mirror_shows_the_same_memory(void) {
    for (int kind = 1; kind <= 2; ++kind) {
        ring_box box;
        REQUIRE(open_ring(&box, ring_kinds[kind], 1000, 4));
        const uint64_t n_half = box.info.capacity_frames * 4;
        put_frames(&box, box.info.capacity_frames);
        CHECK(memcmp(box.info.memory, box.info.memory + n_half, (size_t)n_half) == 0);
        close_ring(&box);
    }
}

static void test_rounding_that_is_dear_is_not_done(void) {
    ring_box box;
    REQUIRE(open_ring(&box, PST_RING_AUTO, 10, 65535)); // Rounded up: 256 MiB.
    CHECK_EQ(box.info.memory_kind, PST_RING_COPYING);
    CHECK_EQ(box.info.capacity_frames, 10);
    close_ring(&box);
    REQUIRE(open_ring(&box, PST_RING_AUTO, 10, 4)); // Rounded up: one page.
    CHECK_EQ(box.info.memory_kind, PST_RING_MIRRORED);
    CHECK_EQ(box.info.capacity_frames * 4 % 4096, 0);
    close_ring(&box);
}

static void test_copying_calls(void) {
    for (int kind = 0; kind < N_RING_KINDS; ++kind) {
        ring_box box;
        REQUIRE(open_ring(&box, ring_kinds[kind], 700, 6));
        uint8_t in[6 * 300], out[6 * 300];
        uint64_t written = 0, taken = 0, random = 7;
        for (int round = 0; round < 2000; ++round) {
            const uint64_t wanted = check_random_in(&random, 0, 300);
            fill_frames(in, 6, written, wanted);
            const uint64_t room = pst_ring_writable(box.ring);
            const uint64_t n_in = pst_ring_write(box.ring, in, wanted);
            CHECK_EQ(n_in, wanted < room ? wanted : room);
            written += n_in;
            CHECK_EQ(pst_ring_written(box.ring), written);
            const uint64_t asked = check_random_in(&random, 0, 300);
            if (round % 5 == 4) {
                taken += pst_ring_skip(box.ring, 0, asked);
            } else {
                const uint64_t n_out = pst_ring_read(box.ring, 0, out, asked);
                CHECK(frames_are(out, 6, taken, n_out));
                taken += n_out;
            }
            CHECK_EQ(pst_ring_position(box.ring, 0), taken);
            CHECK_EQ(pst_ring_readable(box.ring, 0), written - taken);
        }
        CHECK(written > 1000 && taken > 1000);
        close_ring(&box);
    }
}

static void test_write_whole(void) {
    for (int kind = 0; kind < N_RING_KINDS; ++kind) {
        ring_box box;
        REQUIRE(open_ring(&box, ring_kinds[kind], 700, 6));
        const uint64_t full = box.info.capacity_frames;
        uint8_t in[6 * 300], out[6 * 300];
        // The edge falls at many places.
        for (uint64_t at = 0; at < 3 * full; at += 300) {
            fill_frames(in, 6, at, 300);
            CHECK(pst_ring_write_whole(box.ring, in, 300));
            CHECK_EQ(pst_ring_read(box.ring, 0, out, 300), 300);
            CHECK(frames_are(out, 6, at, 300));
        }
        const uint64_t written = pst_ring_written(box.ring);
        put_frames(&box, full - 299);
        CHECK(!pst_ring_write_whole(box.ring, in, 300));
        CHECK(!pst_ring_write_whole(box.ring, in, full + 1));
        CHECK_EQ(pst_ring_written(box.ring), written + full - 299);
        CHECK(pst_ring_write_whole(box.ring, in, 299));
        CHECK_EQ(pst_ring_writable(box.ring), 0);
        CHECK(pst_ring_write_whole(box.ring, in, 0));
        pst_ring_skip(box.ring, 0, full);
        pst_ring_end(box.ring);
        CHECK(!pst_ring_write_whole(box.ring, in, 1));
        CHECK_EQ(pst_ring_written(box.ring), written + full);
        close_ring(&box);
    }
}

static void test_flat_spans_end_at_the_edge(void) {
    ring_box box;
    pst_span span;
    REQUIRE(open_ring(&box, PST_RING_FLAT, 10, 3));
    CHECK_EQ(put_frames(&box, 7), 7);
    CHECK_EQ(take_frames(&box, 0, 7), 7);
    CHECK_EQ(pst_ring_begin_write(box.ring, 10, &span), 3);
    fill_frames(span.data, 3, span.position, 3);
    pst_ring_commit_write(box.ring, 3);
    CHECK_EQ(pst_ring_begin_write(box.ring, 10, &span), 7); // The rest.
    CHECK(span.data == box.info.memory);
    fill_frames(span.data, 3, span.position, 7);
    pst_ring_commit_write(box.ring, 7);
    CHECK_EQ(pst_ring_begin_read(box.ring, 0, 10, &span), 3);
    pst_ring_commit_read(box.ring, 0, 1);
    CHECK_EQ(pst_ring_begin_read(box.ring, 0, 10, &span), 2);
    pst_ring_commit_read(box.ring, 0, 2);
    CHECK_EQ(pst_ring_begin_read(box.ring, 0, 10, &span), 7);
    CHECK(frames_are(span.data, 3, 10, 7));
    close_ring(&box);
}

static void test_commits_are_bounded_by_the_span(void) {
    ring_box box;
    pst_span span;
    REQUIRE(open_ring(&box, PST_RING_COPYING, 10, 2));
    pst_ring_commit_write(box.ring, 4); // Nothing was begun.
    pst_ring_commit_read(box.ring, 0, 4);
    CHECK_EQ(pst_ring_written(box.ring), 0);
    pst_ring_begin_write(box.ring, 3, &span);
    pst_ring_commit_write(box.ring, UINT64_MAX);
    CHECK_EQ(pst_ring_written(box.ring), 3);
    pst_ring_commit_write(box.ring, 1); // The span is used up.
    CHECK_EQ(pst_ring_written(box.ring), 3);
    pst_ring_begin_read(box.ring, 0, 2, &span);
    pst_ring_commit_read(box.ring, 0, 99);
    CHECK_EQ(pst_ring_position(box.ring, 0), 2);
    CHECK_EQ(pst_ring_begin_read(box.ring, 0, 0, &span), 0);
    pst_ring_commit_read(box.ring, 0, 1);
    CHECK_EQ(pst_ring_position(box.ring, 0), 2);
    CHECK_EQ(pst_ring_write(box.ring, "", 0), 0);
    CHECK_EQ(pst_ring_read(box.ring, 0, NULL, 0), 0);
    close_ring(&box);
}

// A second begin replaces the first; 0 frames read it again.
static void test_begin_again(void) {
    ring_box box;
    pst_span first, second;
    REQUIRE(open_ring(&box, PST_RING_AUTO, 100, 4));
    put_frames(&box, 50);
    CHECK_EQ(pst_ring_begin_read(box.ring, 0, 20, &first), 20);
    CHECK_EQ(pst_ring_begin_read(box.ring, 0, 30, &second), 30);
    CHECK(first.data == second.data);
    pst_ring_commit_read(box.ring, 0, 10); // An overlapping window: on by less than its length.
    CHECK_EQ(pst_ring_begin_read(box.ring, 0, 30, &second), 30);
    CHECK(second.data == first.data + 40);
    CHECK(frames_are(second.data, 4, 10, 30));
    pst_ring_commit_read(box.ring, 0, 0);
    CHECK_EQ(pst_ring_position(box.ring, 0), 10);
    close_ring(&box);
}

static void test_positions_beyond_32_and_53_bits(void) {
    static const uint64_t starts[] = {(UINT64_C(1) << 31) - 500, (UINT64_C(1) << 32) - 500,
                                      (UINT64_C(1) << 53) - 500, (UINT64_C(1) << 62) - 500};
    for (int kind = 0; kind < N_RING_KINDS; ++kind) {
        for (size_t i = 0; i < sizeof starts / sizeof starts[0]; ++i) {
            ring_box box;
            REQUIRE(open_ring(&box, ring_kinds[kind], 777, 5));
            pst_ring_start_at(box.ring, starts[i]);
            CHECK_EQ(pst_ring_written(box.ring), starts[i]);
            for (uint64_t n = 0; n < 3000; n += 300) {
                CHECK_EQ(put_frames(&box, 300), 300);
                CHECK_EQ(take_frames(&box, 0, 300), 300);
                CHECK_EQ(pst_ring_position(box.ring, 0), starts[i] + n + 300);
            }
            uint32_t reader;
            CHECK_EQ(pst_ring_attach(box.ring, &reader), PST_OK);
            CHECK_EQ(put_frames(&box, 900),
                     box.info.capacity_frames < 900 ? box.info.capacity_frames : 900);
            CHECK(pst_ring_make_room(box.ring, 700) >= 700);
            CHECK(take_frames(&box, reader, 50) == 50);
            close_ring(&box);
        }
    }
}

static void test_end_and_restart(void) {
    ring_box box;
    REQUIRE(open_ring(&box, PST_RING_AUTO, 100, 4));
    CHECK(!pst_ring_ended(box.ring));
    put_frames(&box, 10);
    pst_ring_end(box.ring);
    pst_ring_end(box.ring);
    CHECK(pst_ring_ended(box.ring));
    CHECK_EQ(take_frames(&box, 0, 100), 10); // What is in it can still be read.
    pst_ring_restart(box.ring);
    CHECK(!pst_ring_ended(box.ring));
    CHECK_EQ(put_frames(&box, 5), 5);
    close_ring(&box);
}

int main(void) {
    RUN(test_bad_configurations_are_refused);
    RUN(test_references);
    RUN(test_every_kind_capacity_and_frame_size);
    RUN(test_mirror_shows_the_same_memory);
    RUN(test_rounding_that_is_dear_is_not_done);
    RUN(test_copying_calls);
    RUN(test_write_whole);
    RUN(test_flat_spans_end_at_the_edge);
    RUN(test_commits_are_bounded_by_the_span);
    RUN(test_begin_again);
    RUN(test_positions_beyond_32_and_53_bits);
    RUN(test_end_and_restart);
    return check_done();
}
