// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "chain/nodes/node.h"

// Channels in another order, more or fewer of them. Samples are only moved.

typedef struct pick_stage {
    pst_stage base;
    bool is_identity;
    int32_t *sources; // As many as channels come out.
} pick_stage;

// Moves one channel. sample_bytes is a constant where this is called, so that no copy is a call.
static inline void move_samples(uint8_t *to, size_t to_bytes, const uint8_t *from,
                                size_t from_bytes, uint64_t n_frames, size_t sample_bytes) {
    for (uint64_t i = 0; i < n_frames; ++i)
        memcpy(to + i * to_bytes, from + i * from_bytes, sample_bytes);
}

static void move_channel(uint8_t *to, size_t to_bytes, const uint8_t *from, size_t from_bytes,
                         uint64_t n_frames, size_t sample_bytes) {
    switch (sample_bytes) {
    case 1:
        move_samples(to, to_bytes, from, from_bytes, n_frames, 1);
        break;
    case 2:
        move_samples(to, to_bytes, from, from_bytes, n_frames, 2);
        break;
    case 3:
        move_samples(to, to_bytes, from, from_bytes, n_frames, 3);
        break;
    case 4:
        move_samples(to, to_bytes, from, from_bytes, n_frames, 4);
        break;
    default:
        move_samples(to, to_bytes, from, from_bytes, n_frames, 8);
        break;
    }
}

static pst_status pick_process(pst_stage *stage, const pst_piece *in, uint64_t *n_used,
                               pst_piece *out, pst_error *err) {
    const pick_stage *self = (const pick_stage *)stage;
    (void)err;
    if (self->is_identity) {
        *out = *in;
        *n_used = in->n_frames;
        return PST_OK;
    }
    const size_t sample_bytes = pst_format_bytes(stage->in.format);
    const size_t in_bytes = pst_media_bytes(&stage->in), out_bytes = pst_media_bytes(&stage->out);
    *out = pst_stage_begin(stage, in);
    *n_used = out->n_frames;
    pst_silence(stage->scratch, stage->out.format, (size_t)out->n_frames * stage->out.n_channels);
    for (uint32_t k = 0; k < stage->out.n_channels; ++k)
        if (self->sources[k] >= 0)
            move_channel(stage->scratch + k * sample_bytes, out_bytes,
                         in->data + (size_t)self->sources[k] * sample_bytes, in_bytes,
                         out->n_frames, sample_bytes);
    return PST_OK;
}

static void pick_deinit(pst_stage *stage) {
    pst_free(((pick_stage *)stage)->sources);
}

static const pst_stage_ops pick_ops = {
    .name = "pick", .process = pick_process, .deinit = pick_deinit};

pst_status pst_stage_pick(pst_stage **stage, pst_format format, uint32_t in_channels,
                          const int32_t *sources, uint32_t n_out, pst_error *err) {
    const pst_media in = {.format = format, .n_channels = in_channels};
    const pst_media out = {.format = format, .n_channels = n_out};
    pst_stage *made = NULL;
    const pst_status status =
        pst_stage_create(&made, sizeof(pick_stage), &pick_ops, &in, &out, true, err);
    if (status != PST_OK)
        return status;
    pick_stage *self = (pick_stage *)made;
    self->sources = pst_alloc_array(n_out, sizeof *sources);
    if (self->sources == NULL) {
        pst_stage_destroy(made);
        return pst_fail_memory(err);
    }
    memcpy(self->sources, sources, n_out * sizeof *sources);
    self->is_identity = n_out == in_channels;
    for (uint32_t k = 0; k < n_out; ++k)
        self->is_identity = self->is_identity && sources[k] == (int32_t)k;
    *stage = made;
    return PST_OK;
}
