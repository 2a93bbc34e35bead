// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

// Encoders by push without memory: each failure is told, kept, and leaves nothing behind.

#include "failing_alloc.h"
#include "push_encode_rig.h"

static pst_tags *tags;

// Uses everything that takes memory: frames that wait, planes, times, tags, packets that pile up,
// a second stream. Returns the first failure.
static pst_status use(const pst_push_encoder_config *config, int64_t *n_frames, pst_error *err) {
    enum { PIECE = 500 };
    pst_push_encoder *encoder = NULL;
    pst_status status = pst_push_encoder_create(&encoder, config, err);
    if (status != PST_OK) {
        CHECK(encoder == NULL);
        return status;
    }
    for (int turn = 0; turn < 2 && status == PST_OK; ++turn) {
        for (int at = 0; at + PIECE <= PUSH_FRAMES && status == PST_OK; at += PIECE)
            status =
                pst_push_encoder_write(encoder, push_sound() + (size_t)at * PUSH_CHANNELS,
                                       PST_FORMAT_F32, PIECE, at % (2 * PIECE) == 0, 2 * at, err);
        if (status != PST_OK) {
            // It is kept, except that of a time that could not be noted: nothing has changed then.
            const pst_status again = pst_push_encoder_write(encoder, push_sound(), PST_FORMAT_F32,
                                                            0, false, PST_NO_PTS, NULL);
            CHECK(again == status || again == PST_OK);
        }
        const pst_status ended = pst_push_encoder_end(encoder, err);
        status = status == PST_OK ? ended : status;
        pst_packet packet;
        while (pst_push_encoder_next(encoder, &packet) == PST_OK)
            *n_frames += packet.duration;
        if (turn == 0 && status == PST_OK)
            status = pst_push_encoder_reset(encoder, err);
    }
    pst_push_encoder_destroy(encoder);
    return status;
}

static void starve(const push_kind *kind) {
    // The libraries behind the others end the process, or go on, where they get none.
    if (kind->container == PST_CONTAINER_AU || kind->encoding == PST_ENCODING_VORBIS ||
        kind->encoding == PST_ENCODING_MP3 || kind->encoding == PST_ENCODING_AAC)
        return;
    pst_push_encoder_config config = push_config(kind);
    config.chunk_frames = 1200;
    config.options.tags = kind->container == PST_CONTAINER_RAW || !is_file(kind) ? NULL : tags;
    int64_t n_all = 0;
    CHECK_EQ(use(&config, &n_all, NULL), PST_OK);
    CHECK(n_all >= (int64_t)2 * PUSH_FRAMES);
    int n_failures = 0;
    long n = 1;
    for (; n < 500; ++n) {
        int64_t n_frames = 0;
        pst_error err = {0};
        failing_alloc_begin(n);
        const pst_status status = use(&config, &n_frames, &err);
        if (failing_alloc_end() < n) {
            CHECK_EQ(status, PST_OK);
            CHECK_EQ(n_frames, n_all);
            break;
        }
        // libFLAC can do without some.
        CHECK_TEXT(status == PST_OK ? n_frames == n_all : err.status == status,
                   "%s: allocation %ld failed unseen", kind->name, n);
        n_failures += status != PST_OK;
        CHECK_EQ(failing_alloc_live(), 0);
    }
    CHECK_TEXT(n_failures > 15 && n < 500, "%s: %d of %ld allocations", kind->name, n_failures, n);
}

static void test_every_allocation_failing_in_turn(void) {
    if (!failing_alloc_works()) {
        check_skip("needs an allocator of our own");
        return;
    }
    REQUIRE(pst_tags_create(&tags, NULL) == PST_OK);
    REQUIRE(pst_tags_add(tags, "title", "Hunger", NULL) == PST_OK);
    (void)push_sound();
    for_each_kind(starve);
    pst_tags_destroy(tags);
}

int main(void) {
    RUN(test_every_allocation_failing_in_turn);
    return check_done();
}
