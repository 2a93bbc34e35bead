// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include <math.h>
#include <string.h>

#include "core/kernels/natural.h"
#include "graph/kinds.h"
#include "graph/nodes/blep.h"
#include "graph/nodes/chance.h"
#include "graph/nodes/pitch.h"

// Some saws that are a little out of tune with each other.

enum { FREQUENCY = 0, DETUNE = 1 };
enum { SAW_COUNT = 0, SPREAD = 1, SEED = 2 };
enum { MAX_SAWS = 16 };

static const pst_param_info params[] = {
    [FREQUENCY] = {.name = "frequency", .initial = 440.0f, .is_within_nyquist = true},
    [DETUNE] = {.name = "detune", .initial = 25.0f, .min = 0.0f, .max = 1200.0f},
};

static const pst_attribute_info attributes[] = {
    [SAW_COUNT] = {.name = "saw_count",
                   .kind = PST_ATTRIBUTE_INTEGER,
                   .initial = 7.0,
                   .min = 1.0,
                   .max = MAX_SAWS},
    [SPREAD] = {.name = "spread", .kind = PST_ATTRIBUTE_NUMBER, .min = 0.0, .max = 1.0},
    [SEED] = {.name = "seed",
              .kind = PST_ATTRIBUTE_INTEGER,
              .initial = 1.0,
              .min = 0.0,
              .max = 4294967295.0,
              .is_fixed = true},
};

// What follows from the attributes and the detune.
typedef struct chorus {
    uint32_t n_saws;
    double detune, spread;
    double away[MAX_SAWS];   // From the middle, in parts of the detune: -1 to 1.
    double ratios[MAX_SAWS]; // To the frequency, while the detune is steady.
    float gains[2][MAX_SAWS];
} chorus;

typedef struct saws {
    pst_pitch pitch; // Of what they are around; its phase does not count.
    double phases[MAX_SAWS];
    chorus chorus;
} saws;

static pst_status init(pst_unit *unit, pst_error *err) {
    (void)err;
    pst_pitch_init(&((saws *)unit->state)->pitch, unit->rate_hz);
    return PST_OK;
}

static uint32_t max_channels(const pst_slot *slots, uint32_t output, const uint32_t *inputs,
                             uint32_t n_inputs) {
    (void)output;
    (void)inputs;
    (void)n_inputs;
    return slots[SPREAD].number > 0.0 ? 2 : 1;
}

// ---- Renderer -----------------------------------------------------------------------------------

// A natural logarithm, of a cent.
static const double CENT = 0x1.2ed733253d1ddp-11;

static double ratio_of(double away, double detune) PST_RT {
    return pst_power_of_e(away * detune * CENT);
}

// Those that are as far above as others below are on the other side.
static void place(chorus *c, uint32_t j, double spread) PST_RT {
    const double quarter = 0.78539816339744830962; // Of pi.
    const double side = spread * (j % 2 == 0 ? c->away[j] : -c->away[j]);
    const double gain = 1.0 / sqrt(c->n_saws);
    c->gains[0][j] = (float)gain;
    if (spread > 0.0) {
        c->gains[0][j] = (float)(gain * sqrt(2.0) * cos(quarter * (1.0 + side)));
        c->gains[1][j] = (float)(gain * sqrt(2.0) * sin(quarter * (1.0 + side)));
    }
}

static void gather(const pst_unit *unit, const pst_quantum *q, chorus *c) PST_RT {
    const uint32_t n_saws = (uint32_t)unit->slots[SAW_COUNT].number;
    const double detune = (double)q->params[DETUNE].value;
    const double spread = unit->slots[SPREAD].number;
    if (c->n_saws == n_saws && c->detune == detune && c->spread == spread)
        return;
    c->n_saws = n_saws;
    c->detune = detune;
    c->spread = spread;
    for (uint32_t j = 0; j < n_saws; ++j) {
        c->away[j] = n_saws == 1 ? 0.0 : 2.0 * j / (n_saws - 1.0) - 1.0;
        c->ratios[j] = ratio_of(c->away[j], detune);
        place(c, j, spread);
    }
}

static double limited(double step) PST_RT {
    const double low = step < -0.5 ? -0.5 : step;
    return low > 0.5 ? 0.5 : low;
}

static const pst_values no_detune = {.is_steady = true};

static void begin(saws *self, const pst_unit *unit, const pst_quantum *q) PST_RT {
    const chorus *c = &self->chorus;
    const uint64_t seed = (uint64_t)unit->slots[SEED].number;
    const double step = pst_pitch_step(&self->pitch, &q->params[FREQUENCY], &no_detune, q->first);
    const double detune = (double)pst_value_at(&q->params[DETUNE], q->first);
    for (uint32_t j = 0; j < MAX_SAWS; ++j) {
        // Without a seed all of them begin in the middle, at 0.
        self->phases[j] = seed == 0 ? 0.0 : pst_chance(seed, j);
        const double ratio = j < c->n_saws ? ratio_of(c->away[j], detune) : 1.0;
        const double lead = pst_pitch_lead(&unit->schedule, q, limited(step * ratio));
        self->phases[j] = pst_pitch_wrapped(self->phases[j] + lead);
    }
    self->pitch.has_begun = true;
}

static const pst_edge edge = {.at = 0.5, .jump = -2.0};

// One saw's frames; middle: steps of what they are around.
static void draw(saws *self, uint32_t j, const pst_quantum *q, uint32_t from, uint32_t n,
                 const double *middle, float *to) PST_RT {
    const chorus *c = &self->chorus;
    double steps[PST_BLEP_STRETCH];
    double phases[PST_BLEP_STRETCH];
    const pst_values *detune = &q->params[DETUNE];
    const bool is_steady = detune->is_steady && q->params[FREQUENCY].is_steady;
    if (detune->is_steady)
        for (uint32_t i = 0; i < n; ++i)
            steps[i] = limited(middle[i] * c->ratios[j]);
    else
        for (uint32_t i = 0; i < n; ++i)
            steps[i] = limited(middle[i] * ratio_of(c->away[j], (double)detune->values[from + i]));
    self->phases[j] = is_steady ? pst_blep_phases(phases, self->phases[j], steps[0], n)
                                : pst_blep_phases_moving(phases, self->phases[j], steps, n);
    for (uint32_t i = 0; i < n; ++i)
        to[i] = (float)(2.0 * phases[i] - (phases[i] < 0.5 ? 0.0 : 2.0));
    pst_blep_smooth(to, phases, steps, is_steady, n, &edge, 1);
}

static void process(pst_unit *unit, const pst_quantum *q) PST_RT {
    saws *self = unit->state;
    const chorus *c = &self->chorus;
    gather(unit, q, &self->chorus);
    const uint32_t n_wanted = c->spread > 0.0 ? 2 : 1;
    const uint32_t n_channels =
        n_wanted < q->outputs[0].capacity ? n_wanted : q->outputs[0].capacity;
    float *const *planes = pst_bus_open_zeroed(&q->outputs[0], n_channels);
    double middle[PST_BLEP_STRETCH];
    float saw[PST_BLEP_STRETCH];
    if (!self->pitch.has_begun)
        begin(self, unit, q);
    for (uint32_t from = q->first; from < q->end; from += PST_BLEP_STRETCH) {
        const uint32_t n = q->end - from < PST_BLEP_STRETCH ? q->end - from : PST_BLEP_STRETCH;
        pst_pitch_steps(&self->pitch, &q->params[FREQUENCY], &no_detune, from, n, middle);
        for (uint32_t j = 0; j < c->n_saws; ++j) {
            draw(self, j, q, from, n, middle, saw);
            for (uint32_t o = 0; o < n_channels; ++o)
                q->kernels->add_scaled(planes[o] + from, saw, c->gains[o][j], n);
        }
    }
}

const pst_kind pst_kind_supersaw = {
    .info =
        {
            .name = "supersaw",
            .n_outputs = 1,
            .channel_count = 2,
            .is_source = true,
            .params = params,
            .n_params = PST_COUNT_OF(params),
            .attributes = attributes,
            .n_attributes = PST_COUNT_OF(attributes),
        },
    .state_bytes = sizeof(saws),
    .max_channels = max_channels,
    .init = init,
    .process = process,
};
