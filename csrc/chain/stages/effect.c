// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "base/alloc.h"
#include "base/error.h"
#include "chain/stages/filler_marks.h"
#include "chain/stage.h"
#include "core/convert.h"
#include "dsp/effect.h"

// An effect. Frames that follow each other are a run. A gap ends it: what is still inside comes out
// first, by as many frames of silence, and has the numbers that it would have had. Behind a gap
// filters begin anew, with silence before; a delay line gives no second silence, since the gap is
// still there behind it; and what follows a level goes on with it. A new segment is a new sound.
//
// The first frames that come out of an effect with a delay that nobody wants are dropped.

typedef struct effect_stage {
    pst_stage base;
    pst_effect *effect;
    uint64_t delay_frames;
    uint8_t *samples; // A scratch in the effect's format.
    // The run:
    bool has_run; // There was one since the last reset,
    bool is_running;
    int64_t next_frame; // To come in.
    int64_t first_out;  // Number of the first frame to come out.
    int64_t n_out;      // Given so far.
    int64_t next_mark;  // Frame of the run at which the next one to come in will be.
    uint64_t n_dropped; // Still to be.
    uint64_t n_inside;  // To be got out by silence.
    bool begins;        // A segment, with the next frame to be given.
    pst_filler_marks marks;
    // In scratch, and not given yet:
    uint64_t ready_at;
    uint64_t n_ready;
} effect_stage;

// Gives what lies ready, as far as it is of one kind.
static void give(effect_stage *self, pst_piece *out) {
    bool is_filler = false;
    const uint64_t n_alike = pst_filler_marks_at(&self->marks, self->n_out, &is_filler);
    const uint64_t n = self->n_ready < n_alike ? self->n_ready : n_alike;
    *out =
        (pst_piece){.data = self->base.scratch + self->ready_at * pst_media_bytes(&self->base.out),
                    .n_frames = n,
                    .frame = self->first_out + self->n_out,
                    .is_filler = is_filler,
                    .begins = self->begins};
    self->begins = false;
    self->ready_at += n;
    self->n_ready -= n;
    self->n_out += (int64_t)n;
}

// Gets ready what comes of n_frames of self->samples, at most those of the scratch.
static void compute(effect_stage *self, uint64_t n_frames) {
    pst_stage *base = &self->base;
    const uint32_t n_channels = base->in.n_channels;
    const uint64_t n_dropped = self->n_dropped < n_frames ? self->n_dropped : n_frames;
    const size_t n_kept = (size_t)(n_frames - n_dropped) * n_channels;
    const uint8_t *kept =
        self->samples + (size_t)n_dropped * n_channels * pst_format_bytes(self->effect->format);
    pst_convert_counts counts = {0, 0};
    pst_effect_process(self->effect, self->samples, n_frames);
    pst_convert_samples(base->scratch, base->out.format, kept, self->effect->format, n_kept, false,
                        &counts);
    pst_stage_count(base, &counts);
    self->n_dropped -= n_dropped;
    self->ready_at = 0;
    self->n_ready = n_frames - n_dropped;
}

// Gets some of what is inside ready. Nothing is, when it is all out: the run is over then.
static void drain(effect_stage *self) {
    const pst_stage *base = &self->base;
    while (self->n_ready == 0 && self->n_inside > 0) {
        const uint64_t n =
            self->n_inside < base->scratch_frames ? self->n_inside : base->scratch_frames;
        pst_silence(self->samples, self->effect->format, (size_t)n * base->in.n_channels);
        self->n_inside -= n;
        compute(self, n);
    }
    self->is_running = self->n_ready > 0;
}

static void begin_run(effect_stage *self, const pst_piece *in) {
    const bool is_new = in->begins || !self->has_run;
    const bool has_shift = self->effect->is_delay_wanted && !is_new;
    const bool is_silent_first = self->effect->is_delay_wanted && is_new;
    if (self->has_run && (is_new || self->effect->forgets_at_gap))
        pst_effect_reset(self->effect);
    self->has_run = self->is_running = true;
    self->next_frame = in->frame;
    self->first_out = in->frame + (has_shift ? (int64_t)self->delay_frames : 0);
    self->n_out = 0;
    self->n_dropped = is_silent_first ? 0 : self->delay_frames;
    self->n_inside = self->delay_frames;
    self->begins = in->begins;
    self->next_mark = is_silent_first ? (int64_t)self->delay_frames : 0;
    pst_filler_marks_begin(&self->marks, in->is_filler && self->next_mark == 0);
}

static uint64_t take(effect_stage *self, const pst_piece *in) {
    pst_stage *base = &self->base;
    const uint64_t n = in->n_frames < base->scratch_frames ? in->n_frames : base->scratch_frames;
    pst_convert_counts counts = {0, 0};
    pst_filler_marks_add(&self->marks, self->next_mark, in->is_filler);
    pst_convert_samples(self->samples, self->effect->format, in->data, base->in.format,
                        (size_t)n * base->in.n_channels, false, &counts);
    pst_stage_count(base, &counts);
    compute(self, n);
    self->next_mark += (int64_t)n;
    self->next_frame += (int64_t)n;
    return n;
}

static pst_status effect_process(pst_stage *stage, const pst_piece *in, uint64_t *n_used,
                                 pst_piece *out, pst_error *err) {
    effect_stage *self = (effect_stage *)stage;
    (void)err;
    if (self->n_ready == 0 && self->is_running && (in->begins || in->frame != self->next_frame))
        drain(self);
    if (self->n_ready == 0) {
        if (!self->is_running)
            begin_run(self, in);
        *n_used = take(self, in);
    }
    if (self->n_ready > 0)
        give(self, out);
    return PST_OK;
}

static pst_status effect_drain(pst_stage *stage, pst_piece *out, pst_error *err) {
    effect_stage *self = (effect_stage *)stage;
    (void)err;
    if (self->n_ready == 0)
        drain(self);
    if (self->n_ready > 0)
        give(self, out);
    return PST_OK;
}

static pst_status effect_reset(pst_stage *stage, pst_error *err) {
    effect_stage *self = (effect_stage *)stage;
    (void)err;
    pst_effect_reset(self->effect);
    self->has_run = self->is_running = false;
    self->n_ready = self->n_inside = 0;
    return PST_OK;
}

static void effect_deinit(pst_stage *stage) {
    pst_free(((effect_stage *)stage)->samples);
    pst_effect_destroy(((effect_stage *)stage)->effect);
}

static const pst_stage_ops effect_ops = {
    .name = "effect",
    .process = effect_process,
    .drain = effect_drain,
    .reset = effect_reset,
    .deinit = effect_deinit,
};

pst_status pst_stage_effect(pst_stage **stage, pst_format format, pst_effect *effect,
                            pst_error *err) {
    const pst_media side = {.format = format, .n_channels = effect->n_channels};
    pst_stage *made = NULL;
    const pst_status status =
        pst_stage_create(&made, sizeof(effect_stage), &effect_ops, &side, &side, true, err);
    if (status != PST_OK)
        return status;
    effect_stage *self = (effect_stage *)made;
    self->samples = pst_alloc_array((size_t)made->scratch_frames * effect->n_channels,
                                    pst_format_bytes(effect->format));
    if (self->samples == NULL) {
        pst_stage_destroy(made);
        return pst_fail_memory(err);
    }
    made->name = effect->ops->name;
    self->effect = effect;
    self->delay_frames = effect->delay_frames;
    *stage = made;
    return PST_OK;
}
