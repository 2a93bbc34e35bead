// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include <float.h>
#include <math.h>

#include "graph/kinds.h"

// An envelope of lines, which a gate begins and ends. Its stages follow each other at exact times,
// so that it makes no difference when somebody looks.

enum {
    GATE,
    ATTACK_TIME,
    ATTACK_LEVEL,
    DECAY_TIME,
    SUSTAIN_TIME,
    SUSTAIN_LEVEL,
    RELEASE_TIME,
    N_PARAMS
};
enum { ONE_SHOT = 0 };

#define SECONDS(param, start)                                                                      \
    {.name = (param), .initial = (start), .max = FLT_MAX, .rate = PST_RATE_K, .rate_is_fixed = true}
#define LEVEL(param, start)                                                                        \
    {.name = (param),                                                                              \
     .initial = (start),                                                                           \
     .min = -FLT_MAX,                                                                              \
     .max = FLT_MAX,                                                                               \
     .rate = PST_RATE_K,                                                                           \
     .rate_is_fixed = true}

static const pst_param_info params[N_PARAMS] = {
    [GATE] = {.name = "gate", .initial = 0.0f, .min = 0.0f, .max = 1.0f},
    [ATTACK_TIME] = SECONDS("attack_time", 0.125f),
    [ATTACK_LEVEL] = LEVEL("attack_level", 1.0f),
    [DECAY_TIME] = SECONDS("decay_time", 0.125f),
    [SUSTAIN_TIME] = SECONDS("sustain_time", 0.0f),
    [SUSTAIN_LEVEL] = LEVEL("sustain_level", 0.5f),
    [RELEASE_TIME] = SECONDS("release_time", 0.125f),
};

static const pst_attribute_info attributes[] = {
    [ONE_SHOT] = {.name = "one_shot", .kind = PST_ATTRIBUTE_BOOL},
};

typedef enum stage { IDLE = 0, ATTACK, DECAY, SUSTAIN, RELEASE } stage;

typedef struct adsr {
    stage stage;
    double begin;  // Its first frame, which may lie between two.
    double length; // In frames; INFINITY: as long as the gate is open.
    double from, to;
    bool is_open; // The gate.
} adsr;

enum { STRETCH = 64 };

static double level_at(const adsr *self, double frame) PST_RT {
    if (self->stage == IDLE)
        return 0.0;
    const double slope = self->from == self->to ? 0.0 : (self->to - self->from) / self->length;
    return self->from + slope * (frame - self->begin);
}

// Of the stages.
static const uint8_t times[] = {0, ATTACK_TIME, DECAY_TIME, SUSTAIN_TIME, RELEASE_TIME};

static void enter(adsr *self, const pst_quantum *q, stage next, double begin, double from) PST_RT {
    self->stage = next;
    self->begin = begin;
    self->from = from;
    self->to = next == ATTACK    ? (double)q->params[ATTACK_LEVEL].value
               : next == DECAY   ? (double)q->params[SUSTAIN_LEVEL].value
               : next == SUSTAIN ? from
                                 : 0.0;
    self->length = next == IDLE ? INFINITY : (double)q->params[times[next]].value * q->rate_hz;
    if (next == SUSTAIN && self->length == 0.0 && self->is_open)
        self->length = INFINITY;
}

// Goes on to the stage that a frame belongs to.
static void settle(adsr *self, const pst_quantum *q, double frame) PST_RT {
    while (self->stage != IDLE && frame - self->begin >= self->length) {
        const stage next = self->stage == RELEASE ? IDLE : (stage)(self->stage + 1);
        enter(self, q, next, self->begin + self->length, self->to);
    }
}

static void turn_gate(adsr *self, const pst_unit *unit, const pst_quantum *q, bool is_open,
                      double frame) PST_RT {
    settle(self, q, frame);
    self->is_open = is_open;
    const bool is_over = self->stage == IDLE || self->stage == RELEASE;
    const bool waits = self->stage == SUSTAIN && self->length == INFINITY;
    if (is_open)
        enter(self, q, ATTACK, frame, level_at(self, frame));
    else if (!is_over && (waits || unit->slots[ONE_SHOT].number == 0.0))
        enter(self, q, RELEASE, frame, level_at(self, frame));
}

// Frames of one stage.
static uint32_t write_stage(const adsr *self, double frame, float *to, uint32_t n) PST_RT {
    const double left = ceil(self->begin + self->length) - frame;
    if (self->stage != IDLE && left < n)
        n = left > 1.0 ? (uint32_t)left : 1;
    for (uint32_t i = 0; i < n; ++i)
        to[i] = (float)level_at(self, frame + i);
    return n;
}

// Writes frames from i on, and moves the gate.
static void write_envelope(const pst_unit *unit, const pst_quantum *q, uint32_t i, float *to,
                           uint32_t n) PST_RT {
    adsr *self = unit->state;
    for (uint32_t k = 0; k < n;) {
        const double frame = (double)(q->frame + i + k);
        const bool is_open = pst_value_at(&q->params[GATE], i + k) > 0.0f;
        if (is_open != self->is_open)
            turn_gate(self, unit, q, is_open, frame);
        uint32_t same = q->params[GATE].is_steady ? n - k : 1;
        while (k + same < n && (q->params[GATE].values[i + k + same] > 0.0f) == is_open)
            ++same;
        for (const uint32_t end = k + same; k < end;) {
            settle(self, q, (double)(q->frame + i + k));
            k += write_stage(self, (double)(q->frame + i + k), to + k, end - k);
        }
    }
}

// Whether nothing happens in this quantum.
static bool is_idle(const pst_unit *unit, const pst_quantum *q) PST_RT {
    adsr *self = unit->state;
    settle(self, q, (double)q->frame);
    return self->stage == IDLE && q->params[GATE].is_steady &&
           (q->params[GATE].value > 0.0f) == self->is_open;
}

static void process(pst_unit *unit, const pst_quantum *q) PST_RT {
    const pst_bus *input = &q->inputs[0];
    pst_bus *output = &q->outputs[0];
    float envelope[STRETCH];
    if (is_idle(unit, q)) {
        pst_bus_rest(output);
        return;
    }
    const bool multiplies = input->is_connected;
    float *const *planes = pst_bus_open(output, multiplies ? input->n_channels : 1);
    for (uint32_t i = 0; i < q->n_frames; i += STRETCH) {
        const uint32_t n = q->n_frames - i < STRETCH ? q->n_frames - i : STRETCH;
        write_envelope(unit, q, i, multiplies ? envelope : planes[0] + i, n);
        for (uint32_t c = 0; multiplies && c < output->n_channels; ++c)
            q->kernels->multiply(planes[c] + i, input->channels[c] + i, envelope, n);
    }
    if (multiplies && !input->is_active)
        pst_bus_rest(output);
    else if (multiplies && input->is_silent)
        pst_bus_silence(output, input->n_channels);
}

const pst_kind pst_kind_adsr = {
    .info =
        {
            .name = "adsr",
            .n_inputs = 1,
            .n_outputs = 1,
            .channel_count = 2,
            .params = params,
            .n_params = N_PARAMS,
            .attributes = attributes,
            .n_attributes = PST_COUNT_OF(attributes),
        },
    .hears_silence = true,
    .state_bytes = sizeof(adsr),
    .process = process,
};
