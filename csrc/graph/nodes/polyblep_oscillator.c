// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include <math.h>
#include <string.h>

#include "graph/kinds.h"
#include "graph/nodes/blep.h"
#include "graph/nodes/pitch.h"
#include "graph/data/wave.h"

// Shapes that can be bent while they sound, as those of analogue synthesizers: computed as they
// are drawn, with their edges smoothed.

enum { FREQUENCY = 0, DETUNE = 1, WIDTH = 2 };
enum { TYPE = 0 };

static const pst_param_info params[] = {
    [FREQUENCY] = {.name = "frequency", .initial = 440.0f, .is_within_nyquist = true},
    [DETUNE] = {.name = "detune", .initial = 0.0f, .min = -153600.0f, .max = 153600.0f},
    [WIDTH] = {.name = "width", .initial = 0.5f, .min = 0.0f, .max = 1.0f},
};

typedef enum outline {
    SINE = 0,
    TRIANGLE = 1,
    SQUARE = 2,
    SAWTOOTH = 3,
    RAMP = 4,
    PULSE = 5,
    SLOPE = 6,
    TRAPEZOID = 7,
    HALF_SINE = 8,
    FULL_SINE = 9
} outline;

static const char *const types[] = {"sine",  "triangle",  "square",    "sawtooth",  "ramp", "pulse",
                                    "slope", "trapezoid", "half_sine", "full_sine", NULL};

static const pst_attribute_info attributes[] = {
    [TYPE] = {.name = "type", .kind = PST_ATTRIBUTE_CHOICE, .choices = types},
};

static pst_status prepare(const pst_slot *slots, const pst_slot *wanted, uint32_t attribute,
                          pst_site *site, pst_shared **prepared, pst_error *err) {
    (void)slots;
    (void)attribute;
    const outline shape = (outline)(uint32_t)wanted->number;
    if (shape != SINE && shape != HALF_SINE && shape != FULL_SINE)
        return PST_OK;
    pst_shared **common = &site->commons[PST_COMMON_SINE];
    if (*common == NULL) {
        pst_wave *wave = NULL;
        const pst_status status = pst_wave_create_shape(&wave, PST_SHAPE_SINE, site->rate_hz, err);
        if (status != PST_OK)
            return status;
        *common = (pst_shared *)wave;
    }
    *prepared = pst_shared_retain(*common);
    return PST_OK;
}

static pst_status init(pst_unit *unit, pst_error *err) {
    (void)err;
    pst_pitch_init(unit->state, unit->rate_hz);
    return PST_OK;
}

// ---- Edges --------------------------------------------------------------------------------------

enum { MAX_EDGES = 4 };

// Slopes need some room.
static double limited(double width) PST_RT {
    const double least = 1e-6;
    return width < least ? least : width > 1.0 - least ? 1.0 - least : width;
}

// Returns how many edges a shape has.
static uint32_t find_edges(outline shape, double width, pst_edge *edges) PST_RT {
    const double pi = 3.14159265358979323846;
    switch (shape) {
    case SINE:
        return 0;
    case TRIANGLE:
        edges[0] = (pst_edge){.at = 0.25, .corner = -8.0};
        edges[1] = (pst_edge){.at = 0.75, .corner = 8.0};
        return 2;
    case SQUARE:
        edges[0] = (pst_edge){.at = 0.0, .jump = 2.0};
        edges[1] = (pst_edge){.at = 0.5, .jump = -2.0};
        return 2;
    case SAWTOOTH:
        edges[0] = (pst_edge){.at = 0.5, .jump = -2.0};
        return 1;
    case RAMP:
        edges[0] = (pst_edge){.at = 0.5, .jump = 2.0};
        return 1;
    case PULSE:
        if (width <= 0.0 || width >= 1.0)
            return 0;
        edges[0] = (pst_edge){.at = 0.0, .jump = 2.0};
        edges[1] = (pst_edge){.at = width, .jump = -2.0};
        return 2;
    case SLOPE: {
        const double w = limited(width);
        const double corner = 2.0 / w + 2.0 / (1.0 - w);
        edges[0] = (pst_edge){.at = 0.0, .corner = corner};
        edges[1] = (pst_edge){.at = w, .corner = -corner};
        return 2;
    }
    case TRAPEZOID: {
        const double rise = 1.0 - limited(width), quarter = 0.25 * rise;
        const double corner = 4.0 / rise;
        edges[0] = (pst_edge){.at = quarter, .corner = -corner};
        edges[1] = (pst_edge){.at = 0.5 - quarter, .corner = -corner};
        edges[2] = (pst_edge){.at = 0.5 + quarter, .corner = corner};
        edges[3] = (pst_edge){.at = 1.0 - quarter, .corner = corner};
        return 4;
    }
    case HALF_SINE:
        edges[0] = (pst_edge){.at = 0.0, .corner = 2.0 * pi};
        edges[1] = (pst_edge){.at = 0.5, .corner = 2.0 * pi};
        return 2;
    case FULL_SINE:
        edges[0] = (pst_edge){.at = 0.0, .corner = 2.0 * pi};
        return 1;
    }
    return 0;
}

// ---- Shapes -------------------------------------------------------------------------------------

static double triangle_at(double p) PST_RT {
    return p < 0.25 ? 4.0 * p : p < 0.75 ? 2.0 - 4.0 * p : 4.0 * p - 4.0;
}

static double slope_at(double p, double w) PST_RT {
    return p < w ? 2.0 * p / w - 1.0 : 1.0 - 2.0 * (p - w) / (1.0 - w);
}

static double trapezoid_at(double p, double rise) PST_RT {
    const double x = triangle_at(p) / rise;
    return x > 1.0 ? 1.0 : x < -1.0 ? -1.0 : x;
}

// scale: of the phase, to that of the sine.
static void draw_sine(const pst_quantum *q, const pst_wave *wave, double scale, float *to,
                      const double *phases, uint32_t n) PST_RT {
    uint32_t places[PST_BLEP_STRETCH];
    for (uint32_t i = 0; i < n; ++i)
        places[i] = (uint32_t)(int64_t)(phases[i] * scale * 0x1p32);
    q->kernels->wave_moving(to, &wave->bands[0].table, places, n);
}

// As it is drawn, with the edges that it has.
static void draw(const pst_quantum *q, outline shape, const pst_wave *wave, double width, float *to,
                 const double *phases, uint32_t n) PST_RT {
    const double rise = 1.0 - limited(width);
    switch (shape) {
    case SINE:
    case HALF_SINE:
        draw_sine(q, wave, 1.0, to, phases, n);
        for (uint32_t i = 0; shape == HALF_SINE && i < n; ++i)
            to[i] = to[i] < 0.0f ? 0.0f : to[i];
        break;
    case FULL_SINE:
        draw_sine(q, wave, 0.5, to, phases, n);
        break;
    case TRIANGLE:
        for (uint32_t i = 0; i < n; ++i)
            to[i] = (float)triangle_at(phases[i]);
        break;
    case SQUARE:
        for (uint32_t i = 0; i < n; ++i)
            to[i] = phases[i] < 0.5 ? 1.0f : -1.0f;
        break;
    case SAWTOOTH:
        for (uint32_t i = 0; i < n; ++i)
            to[i] = (float)(2.0 * phases[i] - (phases[i] < 0.5 ? 0.0 : 2.0));
        break;
    case RAMP:
        for (uint32_t i = 0; i < n; ++i)
            to[i] = (float)((phases[i] < 0.5 ? 0.0 : 2.0) - 2.0 * phases[i]);
        break;
    case PULSE:
        for (uint32_t i = 0; i < n; ++i)
            to[i] = phases[i] < width ? 1.0f : -1.0f;
        break;
    case SLOPE:
        for (uint32_t i = 0; i < n; ++i)
            to[i] = (float)slope_at(phases[i], limited(width));
        break;
    case TRAPEZOID:
        for (uint32_t i = 0; i < n; ++i)
            to[i] = (float)trapezoid_at(phases[i], rise);
        break;
    }
}

// ---- One quantum --------------------------------------------------------------------------------

static void write_stretch(const pst_unit *unit, const pst_quantum *q, const double *phases,
                          const double *steps, bool is_steady, uint32_t from, uint32_t n,
                          float *to) PST_RT {
    const outline shape = (outline)(uint32_t)unit->slots[TYPE].number;
    const pst_wave *wave = (const pst_wave *)unit->slots[TYPE].prepared;
    const pst_values *width = &q->params[WIDTH];
    const bool has_width = shape == PULSE || shape == SLOPE || shape == TRAPEZOID;
    pst_edge edges[MAX_EDGES];
    if (!has_width || width->is_steady) {
        const double w = (double)width->value;
        draw(q, shape, wave, w, to, phases, n);
        pst_blep_smooth(to, phases, steps, is_steady, n, edges, find_edges(shape, w, edges));
        return;
    }
    // Edges that move are looked at frame by frame.
    for (uint32_t i = 0; i < n; ++i) {
        const double w = (double)width->values[from + i];
        draw(q, shape, wave, w, to + i, phases + i, 1);
        pst_blep_smooth(to + i, phases + i, steps + i, true, 1, edges, find_edges(shape, w, edges));
    }
}

static void process(pst_unit *unit, const pst_quantum *q) PST_RT {
    pst_pitch *self = unit->state;
    const pst_values *frequency = &q->params[FREQUENCY], *detune = &q->params[DETUNE];
    const bool is_steady = frequency->is_steady && detune->is_steady;
    double phases[PST_BLEP_STRETCH];
    double steps[PST_BLEP_STRETCH];
    float *plane = pst_bus_open(&q->outputs[0], 1)[0];
    memset(plane, 0, q->first * sizeof *plane);
    memset(plane + q->end, 0, (q->n_frames - q->end) * sizeof *plane);
    if (!self->has_begun)
        pst_pitch_begin(self, &unit->schedule, q,
                        pst_pitch_step(self, frequency, detune, q->first));
    for (uint32_t from = q->first; from < q->end; from += PST_BLEP_STRETCH) {
        const uint32_t n = q->end - from < PST_BLEP_STRETCH ? q->end - from : PST_BLEP_STRETCH;
        if (!is_steady || from == q->first)
            pst_pitch_steps(self, frequency, detune, from, is_steady ? PST_BLEP_STRETCH : n, steps);
        self->phase = is_steady ? pst_blep_phases(phases, self->phase, steps[0], n)
                                : pst_blep_phases_moving(phases, self->phase, steps, n);
        write_stretch(unit, q, phases, steps, is_steady, from, n, plane + from);
    }
}

const pst_kind pst_kind_polyblep_oscillator = {
    .info =
        {
            .name = "polyblep_oscillator",
            .n_outputs = 1,
            .output_channels = 1,
            .channel_count = 2,
            .is_source = true,
            .params = params,
            .n_params = PST_COUNT_OF(params),
            .attributes = attributes,
            .n_attributes = PST_COUNT_OF(attributes),
        },
    .state_bytes = sizeof(pst_pitch),
    .prepare = prepare,
    .init = init,
    .process = process,
};
