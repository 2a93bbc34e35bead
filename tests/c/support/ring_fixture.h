// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_TESTS_RING_FIXTURE_H
#define PST_TESTS_RING_FIXTURE_H

#include <stdlib.h>

#include "check.h"
#include "pastream/ring.h"

// Rings whose frames say which position they are for: a frame that is lost, doubled, torn or
// overwritten shows.

static const pst_ring_memory ring_kinds[] = {PST_RING_AUTO, PST_RING_MIRRORED, PST_RING_COPYING,
                                             PST_RING_FLAT};
enum { N_RING_KINDS = 4 };

// A ring, and the memory that it needs if it is flat.
typedef struct ring_box {
    pst_ring *ring;
    pst_ring_info info;
    void *flat_memory;
} ring_box;

CHECK_UNUSED static bool open_ring(ring_box *box, pst_ring_memory kind, uint64_t capacity_frames,
                                   uint32_t frame_bytes) {
    box->flat_memory = kind == PST_RING_FLAT ? calloc((size_t)capacity_frames, frame_bytes) : NULL;
    const pst_ring_config config = {.capacity_frames = capacity_frames,
                                    .frame_bytes = frame_bytes,
                                    .memory = kind,
                                    .flat_memory = box->flat_memory};
    pst_error err = {PST_OK, 0, ""};
    if (pst_ring_create(&box->ring, &config, &err) != PST_OK) {
        FAIL("no ring of %llu frames: %s", (unsigned long long)capacity_frames, err.text);
        free(box->flat_memory);
        return false;
    }
    pst_ring_get_info(box->ring, &box->info);
    return true;
}

CHECK_UNUSED static void close_ring(ring_box *box) {
    pst_ring_release(box->ring);
    free(box->flat_memory);
}

// Byte number i of the frame at a position.
CHECK_UNUSED static uint8_t frame_byte(uint64_t position, uint32_t i) {
    const uint64_t mixed = (position + 1) * UINT64_C(0x9E3779B97F4A7C15);
    return (uint8_t)((mixed >> (8 * (i % 7))) + i);
}

CHECK_UNUSED static void fill_frames(void *data, uint32_t frame_bytes, uint64_t position,
                                     uint64_t n_frames) {
    uint8_t *bytes = data;
    for (uint64_t p = position; p < position + n_frames; ++p)
        for (uint32_t i = 0; i < frame_bytes; ++i)
            *bytes++ = frame_byte(p, i);
}

// Whether all frames are those of the positions from position on.
CHECK_UNUSED static bool frames_are(const void *data, uint32_t frame_bytes, uint64_t position,
                                    uint64_t n_frames) {
    const uint8_t *bytes = data;
    for (uint64_t p = position; p < position + n_frames; ++p)
        for (uint32_t i = 0; i < frame_bytes; ++i)
            if (*bytes++ != frame_byte(p, i))
                return false;
    return true;
}

// Writes n_frames of the right content through a span. Returns how many went in.
CHECK_UNUSED static uint64_t put_frames(ring_box *box, uint64_t n_frames) {
    uint64_t n_done = 0;
    while (n_done < n_frames) {
        pst_span span;
        const uint64_t n = pst_ring_begin_write(box->ring, n_frames - n_done, &span);
        if (n == 0)
            break;
        fill_frames(span.data, box->info.frame_bytes, span.position, n);
        pst_ring_commit_write(box->ring, n);
        n_done += n;
    }
    return n_done;
}

// Reads up to n_frames through spans and checks them. Returns how many came.
CHECK_UNUSED static uint64_t take_frames(ring_box *box, uint32_t reader, uint64_t n_frames) {
    uint64_t n_done = 0;
    while (n_done < n_frames) {
        pst_span span;
        const uint64_t n = pst_ring_begin_read(box->ring, reader, n_frames - n_done, &span);
        if (n == 0)
            break;
        CHECK(frames_are(span.data, box->info.frame_bytes, span.position, n));
        pst_ring_commit_read(box->ring, reader, n);
        n_done += n;
    }
    return n_done;
}

#endif
