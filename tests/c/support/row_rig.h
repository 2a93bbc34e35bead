// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_TESTS_ROW_RIG_H
#define PST_TESTS_ROW_RIG_H

#include <stdlib.h>

#include "base/error.h"
#include "chain/row.h"
#include "check.h"

// A row of stages on the test's own thread, and what came out of it.

enum { ROW_MOST_BORDERS = 4096, ROW_MOST_PACKETS = 4096 };

typedef struct row_rig {
    pst_row row;
    pst_stage *stages[PST_CHAIN_MAX_STAGES];
    pst_media media; // Of what is given.
    // What came:
    pst_media last; // Media.
    uint8_t *data;  // Frames, or the bytes of packets.
    uint64_t n_bytes, room;
    int64_t *numbers; // Of frames.
    uint64_t n_frames, numbers_room;
    pst_packet packets[ROW_MOST_PACKETS]; // data is the offset in bytes.
    uint64_t n_packets;
    uint64_t borders[ROW_MOST_BORDERS]; // Frames, or packets, before each.
    uint64_t n_borders;
    uint64_t n_fillers, n_begins;
} row_rig;

static void row_keep_bytes(row_rig *self, const uint8_t *data, uint64_t n_bytes) {
    if (self->n_bytes + n_bytes > self->room) {
        self->room = 2 * (self->n_bytes + n_bytes);
        self->data = realloc(self->data, self->room);
    }
    if (n_bytes > 0)
        memcpy(self->data + self->n_bytes, data, n_bytes);
    self->n_bytes += n_bytes;
}

static pst_status row_emit(void *user, const pst_piece *piece, pst_error *err) {
    row_rig *self = user;
    (void)err;
    CHECK(piece->n_frames > 0);
    self->last = *piece->media;
    if (piece->media->kind == PST_MEDIA_PACKETS) {
        const pst_packet *packet = (const pst_packet *)(const void *)piece->data;
        CHECK(self->n_packets < ROW_MOST_PACKETS);
        self->packets[self->n_packets] = *packet;
        self->packets[self->n_packets++].data = (const uint8_t *)(uintptr_t)self->n_bytes;
        row_keep_bytes(self, packet->data, packet->n_bytes);
        return PST_OK;
    }
    if (self->n_frames + piece->n_frames > self->numbers_room) {
        self->numbers_room = 2 * (self->n_frames + piece->n_frames);
        self->numbers = realloc(self->numbers, self->numbers_room * sizeof *self->numbers);
    }
    for (uint64_t i = 0; i < piece->n_frames; ++i)
        self->numbers[self->n_frames++] = piece->frame + (int64_t)i;
    self->n_fillers += piece->is_filler ? piece->n_frames : 0;
    self->n_begins += piece->begins;
    row_keep_bytes(self, piece->data, piece->n_frames * pst_media_bytes(piece->media));
    return PST_OK;
}

static pst_status row_note_border(void *user, pst_error *err) {
    row_rig *self = user;
    (void)err;
    const uint64_t at = self->n_frames + self->n_packets;
    const uint64_t last = self->n_borders == 0 ? 0 : self->borders[self->n_borders - 1];
    if (at > last && self->n_borders < ROW_MOST_BORDERS)
        self->borders[self->n_borders++] = at;
    return PST_OK;
}

static const pst_row_ops row_rig_ops = {.emit = row_emit, .settle = row_note_border};

static inline row_rig *row_make(void) {
    row_rig *self = calloc(1, sizeof *self);
    self->row = (pst_row){.stages = self->stages, .ops = &row_rig_ops, .user = self};
    self->media = (pst_media){
        .kind = PST_MEDIA_FRAMES, .format = PST_FORMAT_F32, .n_channels = 1, .rate_hz = 48000.0};
    return self;
}

// The stage is the row's from then on.
static inline void row_add(row_rig *self, pst_stage *stage) {
    self->stages[self->row.n_stages++] = stage;
    self->row.taken = (pst_media){.kind = stage->out.kind};
}

// Forgets what came.
static inline void row_forget(row_rig *self) {
    self->n_bytes = self->n_frames = self->n_packets = self->n_borders = 0;
    self->n_fillers = self->n_begins = 0;
}

static inline void row_destroy_stages(row_rig *self) {
    for (uint32_t i = 0; i < self->row.n_stages; ++i)
        pst_stage_destroy(self->stages[i]);
    self->row.n_stages = 0;
}

static inline void row_free(row_rig *self) {
    row_destroy_stages(self);
    free(self->data);
    free(self->numbers);
    free(self);
}

// Gives a buffer of frames.
static inline pst_status row_give(row_rig *self, const void *data, uint64_t n_frames, int64_t frame,
                                  pst_error *err) {
    const pst_piece piece = {.data = data,
                             .n_frames = n_frames,
                             .frame = frame,
                             .is_whole = true,
                             .media = &self->media};
    return pst_row_give(&self->row, &piece, err);
}

static inline pst_status row_give_packet(row_rig *self, const pst_packet *packet, pst_error *err) {
    static const pst_media media = {.kind = PST_MEDIA_PACKETS};
    const pst_piece piece = {.data = (const uint8_t *)(const void *)packet,
                             .n_frames = 1,
                             .is_whole = true,
                             .media = &media};
    return pst_row_give(&self->row, &piece, err);
}

// Gives all frames in buffers of random lengths, numbered from `frame` on, and drains.
static inline pst_status row_give_all(row_rig *self, const void *data, uint64_t n_frames,
                                      uint32_t most, int64_t frame, uint64_t seed, pst_error *err) {
    const uint8_t *at = data;
    pst_status status = PST_OK;
    for (uint64_t done = 0; done < n_frames && status == PST_OK;) {
        uint64_t n = check_random_in(&seed, 1, most);
        n = n < n_frames - done ? n : n_frames - done;
        status = row_give(self, at, n, frame + (int64_t)done, err);
        at += n * pst_media_bytes(&self->media);
        done += n;
    }
    return status == PST_OK ? pst_row_drain(&self->row, err) : status;
}

// Whether the frames that came have these numbers, one after the other.
static inline void row_check_numbers(const row_rig *self, int64_t first) {
    uint64_t n_wrong = 0;
    for (uint64_t i = 0; i < self->n_frames; ++i)
        n_wrong += self->numbers[i] != first + (int64_t)i;
    CHECK_TEXT(n_wrong == 0, "%llu numbers are wrong", (unsigned long long)n_wrong);
}

#endif
