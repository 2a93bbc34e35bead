// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include <math.h>

#include "base/error.h"
#include "chain/stages/filler_marks.h"
#include "chain/stage.h"

// Another sample rate. Frames that follow each other are one run for the resampler; a gap or a new
// segment ends it, and what is left of it comes before anything new. Fillers are silence in a run.
//
// What comes out is behind what goes in. So where fillers begin and end is kept until then.

typedef struct resample_stage {
    pst_stage base;
    pst_resampler *resampler;
    // The run:
    int64_t n_in;       // 0: there is none.
    int64_t next_frame; // To come in.
    int64_t first_out;  // Number of the first frame to come out.
    int64_t n_out;      // Given so far.
    bool begins;        // A segment, with the next frame to be given.
    bool is_drained;
    // In scratch, and not given yet:
    uint64_t ready_at;
    uint64_t n_ready;
    pst_filler_marks marks;
} resample_stage;

// ---- Frames -----------------------------------------------------------------------------------

// Gives what lies ready, as far as it is of one kind.
static void give(resample_stage *self, pst_piece *out) {
    bool is_filler = false;
    const uint64_t n_alike = pst_filler_marks_at(&self->marks, self->n_out, &is_filler);
    const uint64_t n = self->n_ready < n_alike ? self->n_ready : n_alike;
    *out =
        (pst_piece){.data = self->base.scratch + self->ready_at * pst_media_bytes(&self->base.out),
                    .n_frames = n,
                    .frame = self->first_out + self->n_out,
                    .is_filler = is_filler,
                    .begins = self->begins && n > 0};
    self->begins = self->begins && n == 0;
    self->ready_at += n;
    self->n_ready -= n;
    self->n_out += (int64_t)n;
}

// Gets what is left of the run ready. Nothing is, when it is all out.
static pst_status drain(resample_stage *self, pst_error *err) {
    if (self->n_in == 0 || self->is_drained)
        return PST_OK;
    const int64_t n_most = (int64_t)self->base.scratch_frames;
    int64_t n_made = 0;
    const pst_status status =
        pst_resampler_drain(self->resampler, self->base.scratch, n_most, &n_made, err);
    self->is_drained = n_made < n_most;
    self->ready_at = 0;
    self->n_ready = (uint64_t)n_made;
    return status;
}

static void begin_run(resample_stage *self, const pst_piece *in) {
    const pst_stage *base = &self->base;
    self->next_frame = in->frame;
    self->first_out = llround((double)in->frame * (base->out.rate_hz / base->in.rate_hz));
    self->n_out = 0;
    self->begins = in->begins;
    pst_filler_marks_begin(&self->marks, in->is_filler);
}

static pst_status resample_reset(pst_stage *stage, pst_error *err) {
    resample_stage *self = (resample_stage *)stage;
    self->n_in = 0;
    self->n_ready = 0;
    self->is_drained = false;
    return pst_resampler_reset(self->resampler, err);
}

static bool goes_on(const resample_stage *self, const pst_piece *in) {
    return !in->begins && in->frame == self->next_frame;
}

static pst_status take(resample_stage *self, const pst_piece *in, uint64_t *n_used,
                       pst_error *err) {
    const pst_stage *base = &self->base;
    if (self->n_in == 0)
        begin_run(self, in);
    pst_filler_marks_add(&self->marks,
                         pst_resampled_frames(self->n_in, base->in.rate_hz, base->out.rate_hz),
                         in->is_filler);
    int64_t n_taken = 0, n_made = 0;
    const pst_status status =
        pst_resampler_process(self->resampler, in->data, (int64_t)in->n_frames, &n_taken,
                              base->scratch, (int64_t)base->scratch_frames, &n_made, err);
    self->ready_at = 0;
    self->n_ready = (uint64_t)n_made;
    self->n_in += n_taken;
    self->next_frame += n_taken;
    *n_used = (uint64_t)n_taken;
    return status;
}

static pst_status resample_process(pst_stage *stage, const pst_piece *in, uint64_t *n_used,
                                   pst_piece *out, pst_error *err) {
    resample_stage *self = (resample_stage *)stage;
    pst_status status = PST_OK;
    if (self->n_ready == 0 && self->n_in > 0 && !goes_on(self, in)) {
        status = drain(self, err);
        if (status == PST_OK && self->n_ready == 0)
            status = resample_reset(stage, err);
    }
    if (status == PST_OK && self->n_ready == 0)
        status = take(self, in, n_used, err);
    if (status == PST_OK && self->n_ready > 0)
        give(self, out);
    return status;
}

static pst_status resample_drain(pst_stage *stage, pst_piece *out, pst_error *err) {
    resample_stage *self = (resample_stage *)stage;
    const pst_status status = self->n_ready == 0 ? drain(self, err) : PST_OK;
    if (status == PST_OK && self->n_ready > 0)
        give(self, out);
    return status;
}

static void resample_deinit(pst_stage *stage) {
    pst_resampler_destroy(((resample_stage *)stage)->resampler);
}

static const pst_stage_ops resample_ops = {
    .name = "resample",
    .process = resample_process,
    .drain = resample_drain,
    .reset = resample_reset,
    .deinit = resample_deinit,
};

pst_status pst_stage_resample(pst_stage **stage, const pst_resampler_config *config,
                              pst_error *err) {
    const pst_media in = {
        .format = config->format, .n_channels = config->n_channels, .rate_hz = config->from_hz};
    const pst_media out = {
        .format = config->format, .n_channels = config->n_channels, .rate_hz = config->to_hz};
    pst_stage *made = NULL;
    pst_status status =
        pst_stage_create(&made, sizeof(resample_stage), &resample_ops, &in, &out, true, err);
    if (status == PST_OK)
        status = pst_resampler_create(&((resample_stage *)made)->resampler, config, err);
    if (status != PST_OK) {
        pst_stage_destroy(made);
        return status;
    }
    *stage = made;
    return PST_OK;
}
