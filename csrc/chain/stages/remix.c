// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "base/alloc.h"
#include "base/error.h"
#include "chain/stage.h"
#include "core/matrix.h"
#include "core/speakers.h"

// Other channels made of the ones that come.

typedef struct remix_stage {
    pst_stage base;
    pst_matrix *matrix;
} remix_stage;

static pst_status remix_process(pst_stage *stage, const pst_piece *in, uint64_t *n_used,
                                pst_piece *out, pst_error *err) {
    const remix_stage *self = (const remix_stage *)stage;
    (void)err;
    if (pst_matrix_is_identity(self->matrix) && stage->in.format == stage->out.format) {
        *out = *in;
        *n_used = in->n_frames;
        return PST_OK;
    }
    pst_convert_counts counts = {0, 0};
    *out = pst_stage_begin(stage, in);
    *n_used = out->n_frames;
    pst_matrix_apply(self->matrix, stage->scratch, stage->out.format, in->data, stage->in.format,
                     (size_t)out->n_frames, false, &counts);
    pst_stage_count(stage, &counts);
    return PST_OK;
}

static void remix_deinit(pst_stage *stage) {
    pst_matrix_destroy(((remix_stage *)stage)->matrix);
}

static const pst_stage_ops remix_ops = {
    .name = "remix",
    .process = remix_process,
    .deinit = remix_deinit,
};

void pst_remix_gains(float *gains, uint32_t n_sources, uint32_t n_destinations) PST_RT {
    pst_speakers_gains(gains, n_sources, n_destinations);
}

static pst_status set_gains(remix_stage *self, const float *gains, pst_error *err) {
    const uint32_t n_in = self->base.in.n_channels, n_out = self->base.out.n_channels;
    float *usual = NULL;
    if (gains == NULL) {
        usual = pst_alloc_array((size_t)n_in * n_out, sizeof *usual);
        if (usual == NULL)
            return pst_fail_memory(err);
        pst_speakers_gains(usual, n_in, n_out);
    }
    const pst_status status = pst_matrix_create(&self->matrix, n_in, n_out, err);
    if (status == PST_OK) {
        pst_matrix_set(self->matrix, gains != NULL ? gains : usual);
        pst_matrix_refresh(self->matrix);
    }
    pst_free(usual);
    return status;
}

pst_status pst_stage_remix(pst_stage **stage, pst_format in_format, uint32_t in_channels,
                           pst_format out_format, uint32_t out_channels, const float *gains,
                           pst_error *err) {
    const pst_media in = {.format = in_format, .n_channels = in_channels};
    const pst_media out = {.format = out_format, .n_channels = out_channels};
    pst_stage *made = NULL;
    pst_status status =
        pst_stage_create(&made, sizeof(remix_stage), &remix_ops, &in, &out, true, err);
    if (status == PST_OK && gains != NULL)
        status = pst_matrix_check(gains, in_channels, out_channels, "gains", err);
    if (status == PST_OK)
        status = set_gains((remix_stage *)made, gains, err);
    if (status != PST_OK) {
        pst_stage_destroy(made);
        return status;
    }
    *stage = made;
    return PST_OK;
}
