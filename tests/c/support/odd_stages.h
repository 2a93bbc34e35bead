// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_TESTS_ODD_STAGES_H
#define PST_TESTS_ODD_STAGES_H

#include <stdatomic.h>

#include "base/clock.h"
#include "base/error.h"
#include "chain/stage.h"
#include "check.h"

// Stages that do what no real one does alone, for those who run stages.

// ---- A stage that does what it is told ---------------------------------------------------------

typedef struct odd_stage {
    pst_stage base;
    uint64_t n_drop;  // Frames that it swallows, at the begin.
    uint64_t n_late;  // Frames of silence before all others: the last come with the drain.
    bool is_delay;    // Then those are not made up for: it gives more than it gets.
    double rate_hz;   // That it says it gives; 0: what comes.
    pst_status fails; // At the first frame, and at the end.
    bool ends_badly;
    bool waits; // Until it is woken.
    _Atomic bool is_woken;
    _Atomic int n_ends;
    // State:
    uint64_t n_dropped;
    pst_media media;
    float kept[64]; // Mono float32.
    uint64_t n_kept;
    bool has_begun;
    int64_t n_out;
    float out[64];
} odd_stage;

static _Atomic int n_all_ends; // Of odd stages.

static pst_status odd_process(pst_stage *stage, const pst_piece *in, uint64_t *n_used,
                              pst_piece *out, pst_error *err) {
    odd_stage *self = (odd_stage *)stage;
    if (self->fails != PST_OK)
        return pst_fail(err, self->fails, 5, "it was told to fail");
    if (self->waits && !atomic_load(&self->is_woken)) {
        pst_sleep_until_ns(pst_now_ns() + PST_NS_PER_MS);
        return PST_TIMEOUT;
    }
    self->media = *in->media;
    if (self->rate_hz > 0.0)
        self->media.rate_hz = self->rate_hz;
    if (self->n_dropped < self->n_drop) {
        const uint64_t n = self->n_drop - self->n_dropped;
        *n_used = n < in->n_frames ? n : in->n_frames;
        self->n_dropped += *n_used;
        return PST_OK;
    }
    *out = *in;
    out->is_whole = false;
    out->media = &self->media;
    *n_used = in->n_frames;
    if (self->n_late == 0)
        return PST_OK;
    // Frame by frame through a line of n_late frames.
    *n_used = out->n_frames = 1;
    if (!self->has_begun) {
        self->n_out = in->frame;
        self->n_kept = self->is_delay ? self->n_late : 0;
        memset(self->kept, 0, sizeof self->kept);
    }
    self->has_begun = true;
    memcpy(&self->kept[self->n_kept++], in->data, sizeof(float));
    out->n_frames = self->n_kept > self->n_late;
    if (out->n_frames == 0)
        return PST_OK;
    self->out[0] = self->kept[0];
    memmove(self->kept, self->kept + 1, --self->n_kept * sizeof(float));
    out->data = (const uint8_t *)self->out;
    out->frame = self->n_out++;
    return PST_OK;
}

static pst_status odd_drain(pst_stage *stage, pst_piece *out, pst_error *err) {
    odd_stage *self = (odd_stage *)stage;
    (void)err;
    memcpy(self->out, self->kept, sizeof self->out);
    *out = (pst_piece){.data = (const uint8_t *)self->out,
                       .n_frames = self->n_kept,
                       .frame = self->n_out,
                       .media = &self->media};
    self->n_out += (int64_t)self->n_kept;
    self->n_kept = 0;
    return PST_OK;
}

static pst_status odd_reset(pst_stage *stage, pst_error *err) {
    odd_stage *self = (odd_stage *)stage;
    (void)err;
    self->n_kept = self->n_dropped = 0;
    self->has_begun = false;
    return PST_OK;
}

static void odd_wake(pst_stage *stage) {
    atomic_store(&((odd_stage *)stage)->is_woken, true);
}

static pst_status odd_end(pst_stage *stage, pst_ending ending, pst_error *err) {
    odd_stage *self = (odd_stage *)stage;
    (void)ending;
    CHECK_EQ(atomic_fetch_add(&self->n_ends, 1), 0);
    atomic_fetch_add(&n_all_ends, 1);
    if (self->fails == PST_OK && !self->ends_badly)
        return PST_OK;
    return pst_fail(err, PST_SYSTEM_ERROR, 7, "a bad end");
}

static const pst_stage_ops odd_ops = {.name = "odd",
                                      .process = odd_process,
                                      .drain = odd_drain,
                                      .reset = odd_reset,
                                      .wake = odd_wake,
                                      .end = odd_end};

static inline odd_stage *make_odd(void) {
    const pst_media side = {.kind = PST_MEDIA_FRAMES};
    pst_stage *stage = NULL;
    CHECK_EQ(pst_stage_create_open(&stage, sizeof(odd_stage), &odd_ops, &side, &side, NULL),
             PST_OK);
    return (odd_stage *)stage;
}

// ---- A stage that makes packets ----------------------------------------------------------------

// A packet for each buffer: its samples' bytes, as many of them as it is told.
typedef struct pack_stage {
    pst_stage base;
    uint64_t n_bytes; // At most.
    uint8_t add;      // To each byte.
    uint64_t n_skip;  // Buffers that become none.
    uint8_t bytes[256];
    pst_packet packet;
    pst_media media;
} pack_stage;

static pst_status pack_process(pst_stage *stage, const pst_piece *in, uint64_t *n_used,
                               pst_piece *out, pst_error *err) {
    pack_stage *self = (pack_stage *)stage;
    (void)err;
    *n_used = in->n_frames;
    if (self->n_skip > 0) {
        --self->n_skip;
        return PST_OK;
    }
    const uint64_t n_in = in->n_frames * pst_media_bytes(in->media);
    const uint64_t n = n_in < self->n_bytes ? n_in : self->n_bytes;
    for (uint64_t i = 0; i < n; ++i)
        self->bytes[i] = (uint8_t)(in->data[i] + self->add);
    self->packet = (pst_packet){.data = self->bytes,
                                .n_bytes = n,
                                .pts = in->frame + self->add,
                                .dts = PST_NO_PTS,
                                .duration = (int64_t)in->n_frames,
                                .time_base_num = 1,
                                .time_base_den = 48000,
                                .flags = self->add};
    self->media = (pst_media){.kind = PST_MEDIA_PACKETS};
    *out = (pst_piece){.data = (const uint8_t *)&self->packet,
                       .n_frames = 1,
                       .is_whole = true,
                       .media = &self->media};
    return PST_OK;
}

static const pst_stage_ops pack_ops = {.name = "pack", .process = pack_process};

static inline pst_stage *make_pack(uint64_t n_bytes, uint8_t add, uint64_t n_skip) {
    const pst_media in = {.kind = PST_MEDIA_FRAMES}, out = {.kind = PST_MEDIA_PACKETS};
    pst_stage *stage = NULL;
    CHECK_EQ(pst_stage_create_open(&stage, sizeof(pack_stage), &pack_ops, &in, &out, NULL), PST_OK);
    pack_stage *self = (pack_stage *)stage;
    self->n_bytes = n_bytes;
    self->add = add;
    self->n_skip = n_skip;
    return stage;
}

#endif
