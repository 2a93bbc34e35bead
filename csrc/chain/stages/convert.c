// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "base/error.h"
#include "chain/stage.h"
#include "core/convert.h"
#include "core/dither.h"

// Another sample format.

typedef struct convert_stage {
    pst_stage base;
    bool has_noise;
    pst_noise noise;
} convert_stage;

static pst_status convert_process(pst_stage *stage, const pst_piece *in, uint64_t *n_used,
                                  pst_piece *out, pst_error *err) {
    convert_stage *self = (convert_stage *)stage;
    (void)err;
    if (stage->in.format == stage->out.format) {
        *out = *in;
        *n_used = in->n_frames;
        return PST_OK;
    }
    pst_convert_counts counts = {0, 0};
    *out = pst_stage_begin(stage, in);
    *n_used = out->n_frames;
    const size_t n_samples = (size_t)out->n_frames * stage->in.n_channels;
    if (self->has_noise)
        pst_convert_with_noise(&self->noise, stage->scratch, stage->out.format, 0, in->data,
                               stage->in.format, n_samples, &counts);
    else
        pst_convert_samples(stage->scratch, stage->out.format, in->data, stage->in.format,
                            n_samples, false, &counts);
    pst_stage_count(stage, &counts);
    return PST_OK;
}

static const pst_stage_ops convert_ops = {
    .name = "convert",
    .process = convert_process,
};

pst_status pst_stage_convert(pst_stage **stage, pst_format in_format, pst_format out_format,
                             uint32_t n_channels, pst_dither dither, uint64_t seed,
                             pst_error *err) {
    if ((unsigned)dither > PST_DITHER_TPDF)
        return pst_fail(err, PST_BAD_ARGUMENT, 0, "dither is %d, which is no dither", (int)dither);
    const pst_media in = {.format = in_format, .n_channels = n_channels};
    const pst_media out = {.format = out_format, .n_channels = n_channels};
    const pst_status status =
        pst_stage_create(stage, sizeof(convert_stage), &convert_ops, &in, &out, true, err);
    if (status != PST_OK)
        return status;
    convert_stage *self = (convert_stage *)*stage;
    self->has_noise = dither == PST_DITHER_TPDF;
    pst_noise_init(&self->noise, seed);
    return PST_OK;
}
