// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "base/error.h"
#include "graph/kinds.h"
#include "pastream/effects.h"

// Effects of dsp as nodes, always of two channels: mono is twice the same. The limiter has one gain
// for both, which is the one that mono alone would get.

enum { CHUNK = 256 };

#define FIXED_NUMBER(title, first, least, most)                                                    \
    {.name = (title),                                                                              \
     .kind = PST_ATTRIBUTE_NUMBER,                                                                 \
     .initial = (first),                                                                           \
     .min = (least),                                                                               \
     .max = (most),                                                                                \
     .is_fixed = true}

typedef struct effect_node {
    pst_effect *effect;
    int64_t delay;   // Frames.
    int64_t settles; // Frames of silence after which it is as in the beginning.
    int64_t quiet;   // Frames of silence so far,
    int64_t narrow;  // and of what was not stereo.
    int64_t next;    // Frame behind the last that came.
    float frames[2 * CHUNK];
} effect_node;

// release_s: in which 63 % of the way back are gone.
static pst_status begin(pst_unit *unit, double release_s) {
    effect_node *self = unit->state;
    pst_effect_info info;
    pst_effect_get_info(self->effect, &info);
    self->delay = (int64_t)info.delay_frames;
    // e^-18 is less than float32 can tell from nothing, beside 1.
    self->settles = 2 * self->delay + (int64_t)(18.0 * release_s * unit->rate_hz);
    self->quiet = self->settles;
    self->narrow = INT64_MAX / 2;
    return PST_OK;
}

static void deinit(pst_unit *unit) {
    pst_effect_destroy(((effect_node *)unit->state)->effect);
}

static void run_chunk(effect_node *self, const pst_quantum *q, float *const *planes,
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
    effect_node *self = unit->state;
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
    return n_frames < ((const effect_node *)unit->state)->settles;
}

// ---- Limiter ------------------------------------------------------------------------------------

enum { CEILING = 0, LOOK_AHEAD, LIMITER_RELEASE };

static const pst_attribute_info limiter_attributes[] = {
    [CEILING] = FIXED_NUMBER("ceiling", -1.0, -200.0, 200.0),
    [LOOK_AHEAD] = FIXED_NUMBER("look_ahead", 0.005, 0.0, 1.0),
    [LIMITER_RELEASE] = FIXED_NUMBER("release", 0.05, 0.0, 60.0),
};

static pst_status init_limiter(pst_unit *unit, pst_error *err) {
    effect_node *self = unit->state;
    const pst_limiter_config config = {.rate_hz = unit->rate_hz,
                                       .ceiling_db = unit->slots[CEILING].number,
                                       .lookahead_s = unit->slots[LOOK_AHEAD].number,
                                       .release_s = unit->slots[LIMITER_RELEASE].number};
    const pst_status status = pst_effect_limiter(&self->effect, PST_FORMAT_F32, 2, &config, err);
    return status == PST_OK ? begin(unit, config.release_s) : status;
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
            .attributes = limiter_attributes,
            .n_attributes = PST_COUNT_OF(limiter_attributes),
        },
    .state_bytes = sizeof(effect_node),
    .init = init_limiter,
    .deinit = deinit,
    .process = process,
    .has_tail = has_tail,
};

// ---- Compressor and expander --------------------------------------------------------------------

enum { THRESHOLD = 0, KNEE, RATIO, ATTACK, RELEASE, MAKEUP, EXPANSION_THRESHOLD, EXPANSION_RATIO };

static const pst_attribute_info compressor_attributes[] = {
    [THRESHOLD] = FIXED_NUMBER("threshold", -18.0, -200.0, 200.0),
    [KNEE] = FIXED_NUMBER("knee", 6.0, 0.0, 200.0),
    [RATIO] = FIXED_NUMBER("ratio", 4.0, 1.0, 1e6),
    [ATTACK] = FIXED_NUMBER("attack", 0.01, 0.0, 60.0),
    [RELEASE] = FIXED_NUMBER("release", 0.1, 0.0, 60.0),
    [MAKEUP] = FIXED_NUMBER("makeup", 0.0, -200.0, 200.0),
    [EXPANSION_THRESHOLD] = FIXED_NUMBER("expansion_threshold", -60.0, -200.0, 200.0),
    [EXPANSION_RATIO] = FIXED_NUMBER("expansion_ratio", 1.0, 1.0, 1e6),
};

static pst_status init_compressor(pst_unit *unit, pst_error *err) {
    effect_node *self = unit->state;
    const pst_slot *slots = unit->slots;
    const pst_compressor_config config = {.rate_hz = unit->rate_hz,
                                          .threshold_db = slots[THRESHOLD].number,
                                          .knee_width_db = slots[KNEE].number,
                                          .ratio = slots[RATIO].number,
                                          .expansion_ratio = slots[EXPANSION_RATIO].number,
                                          .expansion_threshold_db =
                                              slots[EXPANSION_THRESHOLD].number,
                                          .attack_s = slots[ATTACK].number,
                                          .release_s = slots[RELEASE].number,
                                          .master_gain_db = slots[MAKEUP].number};
    const pst_status status = pst_effect_compressor(&self->effect, PST_FORMAT_F32, 2, &config, err);
    // Levels go down to that of silence, which is -240 dB: e^-28.
    return status == PST_OK ? begin(unit, 2.0 * config.release_s) : status;
}

const pst_kind pst_kind_peak_compressor = {
    .info =
        {
            .name = "peak_compressor",
            .n_inputs = 1,
            .n_outputs = 1,
            .channel_count = 2,
            .count_mode = PST_COUNT_CLAMPED_MAX,
            .freedom = PST_CHANNELS_AT_MOST_STEREO,
            .attributes = compressor_attributes,
            .n_attributes = PST_COUNT_OF(compressor_attributes),
        },
    .state_bytes = sizeof(effect_node),
    .init = init_compressor,
    .deinit = deinit,
    .process = process,
    .has_tail = has_tail,
};
