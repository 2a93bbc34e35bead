// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "base/error.h"
#include "graph/kinds.h"
#include "pastream/effects.h"

// The limiter of dsp, always of two channels: mono is twice the same. Both have the gain that the
// louder one needs, so that is what mono alone would get.

enum { CEILING = 0, LOOK_AHEAD, RELEASE };
enum { CHUNK = 256 };

static const pst_attribute_info attributes[] = {
    [CEILING] = {.name = "ceiling",
                 .kind = PST_ATTRIBUTE_NUMBER,
                 .initial = -1.0,
                 .min = -200.0,
                 .max = 200.0,
                 .is_fixed = true},
    [LOOK_AHEAD] = {.name = "look_ahead",
                    .kind = PST_ATTRIBUTE_NUMBER,
                    .initial = 0.005,
                    .min = 0.0,
                    .max = 1.0,
                    .is_fixed = true},
    [RELEASE] = {.name = "release",
                 .kind = PST_ATTRIBUTE_NUMBER,
                 .initial = 0.05,
                 .min = 0.0,
                 .max = 60.0,
                 .is_fixed = true},
};

typedef struct limiter {
    pst_effect *effect;
    int64_t delay;   // Frames.
    int64_t settles; // Frames of silence after which the gain is up again.
    int64_t quiet;   // Frames of silence so far,
    int64_t narrow;  // and of what was not stereo.
    int64_t next;    // Frame behind the last that came.
    float frames[2 * CHUNK];
} limiter;

static pst_status init(pst_unit *unit, pst_error *err) {
    limiter *self = unit->state;
    const pst_limiter_config config = {.rate_hz = unit->rate_hz,
                                       .ceiling_db = unit->slots[CEILING].number,
                                       .lookahead_s = unit->slots[LOOK_AHEAD].number,
                                       .release_s = unit->slots[RELEASE].number};
    const pst_status status = pst_effect_limiter(&self->effect, PST_FORMAT_F32, 2, &config, err);
    if (status != PST_OK)
        return status;
    pst_effect_info info;
    pst_effect_get_info(self->effect, &info);
    self->delay = (int64_t)info.delay_frames;
    // e^-18 is less than float32 can tell from nothing, beside 1.
    self->settles = 2 * self->delay + (int64_t)(18.0 * config.release_s * config.rate_hz);
    self->quiet = self->settles;
    self->narrow = INT64_MAX / 2;
    return PST_OK;
}

static void deinit(pst_unit *unit) {
    pst_effect_destroy(((limiter *)unit->state)->effect);
}

static void run_chunk(limiter *self, const pst_quantum *q, float *const *planes,
                      uint32_t n_channels, uint32_t from, uint32_t n) PST_RT {
    const pst_bus *input = &q->inputs[0];
    float *left = input->channels[0] + from;
    float *right = input->channels[input->n_channels - 1] + from;
    float unheard[CHUNK];
    q->kernels->interleave(self->frames, left, right, n);
    pst_effect_process(self->effect, self->frames, n);
    if (planes != NULL)
        q->kernels->separate(planes[0] + from, n_channels == 2 ? planes[1] + from : unheard,
                             self->frames, n);
}

static void process(pst_unit *unit, const pst_quantum *q) PST_RT {
    limiter *self = unit->state;
    const pst_bus *input = &q->inputs[0];
    const bool is_silent = input->is_silent && self->quiet >= self->delay;
    // All was silent for so long, or else it would have been called.
    if (q->frame > self->next)
        pst_effect_reset(self->effect);
    self->next = q->frame + q->n_frames;
    self->narrow = input->n_channels == 2 ? 0 : self->narrow + q->n_frames;
    const uint32_t n_channels = self->narrow > self->delay + q->n_frames ? 1 : 2;
    self->quiet = input->is_silent ? self->quiet + q->n_frames : 0;
    float *const *planes = NULL;
    if (is_silent)
        pst_bus_silence(&q->outputs[0], n_channels);
    else
        planes = pst_bus_open(&q->outputs[0], n_channels);
    for (uint32_t i = 0; i < q->n_frames; i += CHUNK)
        run_chunk(self, q, planes, n_channels, i,
                  q->n_frames - i < CHUNK ? q->n_frames - i : CHUNK);
}

static bool has_tail(const pst_unit *unit, int64_t n_frames) PST_RT {
    return n_frames < ((const limiter *)unit->state)->settles;
}

const pst_kind pst_kind_limiter = {
    .info =
        {
            .name = "limiter",
            .n_inputs = 1,
            .n_outputs = 1,
            .channel_count = 2,
            .count_mode = PST_COUNT_CLAMPED_MAX,
            .freedom = PST_CHANNELS_AT_MOST_STEREO,
            .attributes = attributes,
            .n_attributes = PST_COUNT_OF(attributes),
        },
    .state_bytes = sizeof(limiter),
    .init = init,
    .deinit = deinit,
    .process = process,
    .has_tail = has_tail,
};
