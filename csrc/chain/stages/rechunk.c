// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "chain/nodes/node.h"

// Buffers of one length. A gap or a new segment ends one early.

typedef struct rechunk_stage {
    pst_stage base;
    uint32_t chunk_frames;
    bool pads_final;
    uint8_t *chunk;
    uint64_t n_held;  // In the chunk.
    pst_piece pieces; // What is told of the chunk: of its first frame, and whether all is filler.
} rechunk_stage;

// Gives the chunk as it is.
static void give(rechunk_stage *self, pst_piece *out) {
    *out = self->pieces;
    out->data = self->chunk;
    out->n_frames = self->n_held;
    out->is_whole = true;
    out->media = NULL;
    self->n_held = 0;
}

static void hold(rechunk_stage *self, const pst_piece *in, uint64_t n_frames) {
    const uint32_t frame_bytes = pst_media_bytes(&self->base.in);
    if (self->n_held == 0)
        self->pieces = *in;
    self->pieces.is_filler = self->pieces.is_filler && in->is_filler;
    memcpy(self->chunk + self->n_held * frame_bytes, in->data, (size_t)n_frames * frame_bytes);
    self->n_held += n_frames;
}

static pst_status rechunk_process(pst_stage *stage, const pst_piece *in, uint64_t *n_used,
                                  pst_piece *out, pst_error *err) {
    rechunk_stage *self = (rechunk_stage *)stage;
    (void)err;
    const bool goes_on = !in->begins && in->frame == self->pieces.frame + (int64_t)self->n_held;
    if (self->n_held > 0 && !goes_on) {
        give(self, out);
        return PST_OK;
    }
    if (self->n_held == 0 && in->n_frames >= self->chunk_frames) {
        *out = *in;
        out->n_frames = *n_used = self->chunk_frames;
        out->is_whole = true;
        out->media = NULL;
        return PST_OK;
    }
    const uint64_t n_left = self->chunk_frames - self->n_held;
    *n_used = in->n_frames < n_left ? in->n_frames : n_left;
    hold(self, in, *n_used);
    if (self->n_held == self->chunk_frames)
        give(self, out);
    return PST_OK;
}

static pst_status rechunk_drain(pst_stage *stage, pst_piece *out, pst_error *err) {
    rechunk_stage *self = (rechunk_stage *)stage;
    (void)err;
    if (self->n_held == 0)
        return PST_OK;
    if (self->pads_final) {
        const uint64_t n_missing = self->chunk_frames - self->n_held;
        pst_silence(self->chunk + self->n_held * pst_media_bytes(&stage->in), stage->in.format,
                    (size_t)n_missing * stage->in.n_channels);
        self->n_held = self->chunk_frames;
    }
    give(self, out);
    return PST_OK;
}

static pst_status rechunk_reset(pst_stage *stage, pst_error *err) {
    (void)err;
    ((rechunk_stage *)stage)->n_held = 0;
    return PST_OK;
}

static void rechunk_deinit(pst_stage *stage) {
    pst_free(((rechunk_stage *)stage)->chunk);
}

static const pst_stage_ops rechunk_ops = {
    .name = "rechunk",
    .process = rechunk_process,
    .drain = rechunk_drain,
    .reset = rechunk_reset,
    .deinit = rechunk_deinit,
};

pst_status pst_stage_rechunk(pst_stage **stage, pst_format format, uint32_t n_channels,
                             uint32_t n_frames, bool pads_final, pst_error *err) {
    const pst_media side = {.format = format, .n_channels = n_channels};
    pst_stage *made = NULL;
    const pst_status status =
        pst_stage_create(&made, sizeof(rechunk_stage), &rechunk_ops, &side, &side, false, err);
    if (status != PST_OK)
        return status;
    rechunk_stage *self = (rechunk_stage *)made;
    self->chunk_frames = n_frames;
    self->pads_final = pads_final;
    self->chunk = pst_alloc_array(n_frames, pst_media_bytes(&side));
    if (self->chunk == NULL) {
        pst_stage_destroy(made);
        return pst_fail_memory(err);
    }
    *stage = made;
    return PST_OK;
}
