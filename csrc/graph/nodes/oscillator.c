// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include <float.h>
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "graph/kinds.h"
#include "graph/nodes/pitch.h"
#include "graph/data/wave.h"

// A wave, read from tables at a phase which is the sum of the frequencies so far.

enum { FREQUENCY = 0, DETUNE = 1 };
enum { PERIODIC_WAVE = 0, TYPE = 1 };
enum { CUSTOM = 4 };

static const pst_param_info params[] = {
    [FREQUENCY] = {.name = "frequency", .initial = 440.0f, .is_within_nyquist = true},
    // Twice as far, the frequency is beyond what a float32 can be.
    [DETUNE] = {.name = "detune", .initial = 0.0f, .min = -153600.0f, .max = 153600.0f},
};

static const char *const types[] = {"sine", "square", "sawtooth", "triangle", "custom", NULL};

static const pst_attribute_info attributes[] = {
    [PERIODIC_WAVE] = {.name = "periodic_wave", .kind = PST_ATTRIBUTE_WAVE},
    [TYPE] = {.name = "type", .kind = PST_ATTRIBUTE_CHOICE, .choices = types},
};

typedef struct oscillator {
    pst_pitch pitch;
    const pst_wave_band *band; // The last one; NULL: none.
} oscillator;

// ---- Control side -------------------------------------------------------------------------------

static pst_status check(const pst_slot *slots, const pst_slot *wanted, uint32_t attribute,
                        pst_error *err) {
    if (attribute == TYPE && wanted->number == CUSTOM && slots[PERIODIC_WAVE].object == NULL)
        return pst_fail(err, PST_BAD_STATE, 0,
                        "type is \"custom\"; that needs a periodic_wave, which was not given");
    return PST_OK;
}

static pst_status prepare(const pst_slot *slots, const pst_slot *wanted, uint32_t attribute,
                          pst_site *site, pst_shared **prepared, pst_error *err) {
    (void)slots;
    if (attribute != TYPE || wanted->number == CUSTOM)
        return PST_OK;
    pst_shared **common = &site->commons[PST_COMMON_SINE + (uint32_t)wanted->number];
    if (*common == NULL) {
        pst_wave *wave = NULL;
        const pst_shape shape = (pst_shape)(uint32_t)wanted->number;
        const pst_status status = pst_wave_create_shape(&wave, shape, site->rate_hz, err);
        if (status != PST_OK)
            return status;
        *common = (pst_shared *)wave;
    }
    *prepared = pst_shared_retain(*common);
    return PST_OK;
}

static pst_status init(pst_unit *unit, pst_error *err) {
    (void)err;
    pst_pitch_init(&((oscillator *)unit->state)->pitch, unit->rate_hz);
    return PST_OK;
}

// ---- Renderer -----------------------------------------------------------------------------------

static double step_at(oscillator *self, const pst_quantum *q, uint32_t i) PST_RT {
    return pst_pitch_step(&self->pitch, &q->params[FREQUENCY], &q->params[DETUNE], i);
}

static uint32_t to_phase(double cycles) PST_RT {
    return (uint32_t)(int64_t)(cycles * 0x1p32);
}

static bool is_best(const pst_wave_band *band, double step) PST_RT {
    const double f = fabs(step);
    return band == NULL ? f >= 0.5 : f >= band->low && f < band->high;
}

static const pst_wave_band *pick(oscillator *self, const pst_wave *wave, double step) PST_RT {
    if (!is_best(self->band, step))
        self->band = pst_wave_pick(wave, step);
    return self->band;
}

// The last band was of the wave that goes now.
static void changed(pst_unit *unit, uint32_t attribute, const pst_slot *old) PST_RT {
    (void)attribute;
    (void)old;
    ((oscillator *)unit->state)->band = NULL;
}

// A step is rounded to 32 bits, which adds up; the phase is not.
enum { MOST_STEPS = 128 };

static void write_steady(oscillator *self, const pst_quantum *q, const pst_wave *wave,
                         float *plane) PST_RT {
    const double step = step_at(self, q, 0);
    const pst_wave_band *band = pick(self, wave, step);
    if (band == NULL)
        memset(plane + q->first, 0, (q->end - q->first) * sizeof *plane);
    for (uint32_t from = q->first; from < q->end; from += MOST_STEPS) {
        const uint32_t n = q->end - from < MOST_STEPS ? q->end - from : MOST_STEPS;
        if (band != NULL)
            q->kernels->wave_steady(plane + from, &band->table, to_phase(self->pitch.phase),
                                    (uint32_t)(int32_t)lrint(step * 0x1p32), n);
        self->pitch.phase = pst_pitch_wrapped(self->pitch.phase + n * step);
    }
}

// Frames of one table, at most so many at once.
enum { STRETCH = 64 };

static void write_stretch(const pst_quantum *q, const pst_wave_band *band, const uint32_t *phases,
                          float *to, uint32_t n) PST_RT {
    if (band == NULL)
        memset(to, 0, n * sizeof *to);
    else
        q->kernels->wave_moving(to, &band->table, phases, n);
}

static void write_moving(oscillator *self, const pst_quantum *q, const pst_wave *wave,
                         float *plane) PST_RT {
    double steps[STRETCH];
    uint32_t phases[STRETCH];
    for (uint32_t from = q->first; from < q->end; from += STRETCH) {
        const uint32_t n = q->end - from < STRETCH ? q->end - from : STRETCH;
        pst_pitch_steps(&self->pitch, &q->params[FREQUENCY], &q->params[DETUNE], from, n, steps);
        for (uint32_t i = 0; i < n;) {
            const pst_wave_band *band = pick(self, wave, steps[i]);
            double phase = self->pitch.phase;
            uint32_t k = i;
            do {
                phases[k] = to_phase(phase);
                phase += steps[k++];
            } while (k < n && is_best(band, steps[k]));
            self->pitch.phase = pst_pitch_wrapped(phase);
            write_stretch(q, band, phases + i, plane + from + i, k - i);
            i = k;
        }
    }
}

static void process(pst_unit *unit, const pst_quantum *q) PST_RT {
    oscillator *self = unit->state;
    const pst_slot *type = &unit->slots[TYPE];
    const pst_wave *wave =
        (const pst_wave *)(type->number == CUSTOM ? unit->slots[PERIODIC_WAVE].object
                                                  : type->prepared);
    if (!self->pitch.has_begun)
        pst_pitch_begin(&self->pitch, &unit->schedule, q, step_at(self, q, q->first));
    if (wave == NULL) {
        pst_bus_silence(&q->outputs[0], 1);
        return;
    }
    float *plane = pst_bus_open(&q->outputs[0], 1)[0];
    memset(plane, 0, q->first * sizeof *plane);
    memset(plane + q->end, 0, (q->n_frames - q->end) * sizeof *plane);
    if (q->params[FREQUENCY].is_steady && q->params[DETUNE].is_steady)
        write_steady(self, q, wave, plane);
    else
        write_moving(self, q, wave, plane);
}

const pst_kind pst_kind_oscillator = {
    .info =
        {
            .name = "oscillator",
            .n_outputs = 1,
            .output_channels = 1,
            .channel_count = 2,
            .is_source = true,
            .params = params,
            .n_params = PST_COUNT_OF(params),
            .attributes = attributes,
            .n_attributes = PST_COUNT_OF(attributes),
        },
    .state_bytes = sizeof(oscillator),
    .check = check,
    .prepare = prepare,
    .init = init,
    .changed = changed,
    .process = process,
};
