// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include <float.h>
#include <string.h>

#include "core/kernels/kernels.h"
#include "graph/kinds.h"
#include "graph/nodes/recursive.h"

// A filter of second order. While its params move, it gets new coefficients for each frame; else
// it makes blocks of frames at a time.

enum { TYPE = 0 };

static const pst_param_info params[] = {
    [PST_BIQUAD_FREQUENCY] = {.name = "frequency",
                              .initial = 350.0f,
                              .is_within_nyquist = true,
                              .is_not_negative = true},
    [PST_BIQUAD_DETUNE] = {.name = "detune", .initial = 0.0f, .min = -153600.0f, .max = 153600.0f},
    [PST_BIQUAD_Q] = {.name = "q", .initial = 1.0f, .min = -FLT_MAX, .max = FLT_MAX},
    // 10 to the power of 1541 / 40 is the most that a float32 holds.
    [PST_BIQUAD_GAIN] = {.name = "gain", .initial = 0.0f, .min = -FLT_MAX, .max = 1541.0f},
};

static const char *const types[] = {"lowpass", "highpass", "bandpass", "lowshelf", "highshelf",
                                    "peaking", "notch",    "allpass",  NULL};

static const pst_attribute_info attributes[] = {
    [TYPE] = {.name = "type", .kind = PST_ATTRIBUTE_CHOICE, .choices = types},
};

enum { N_COLUMNS = 2 + PST_BLOCK_FRAMES + 2 };

typedef struct biquad {
    double columns[N_COLUMNS][PST_BLOCK_FRAMES];
    double memory[PST_GRAPH_MAX_CHANNELS * PST_BIQUAD_MEMORY];
    float steady[PST_BIQUAD_N_PARAMS]; // What the columns were made for,
    bool has_columns;                  // if they were.
    uint32_t n_channels;               // Of the memory.
} biquad;

static void limits(const pst_slot *slots, uint32_t param, double *min, double *max) {
    (void)slots;
    (void)max;
    if (param == PST_BIQUAD_FREQUENCY)
        *min = 0.0;
}

static pst_status init(pst_unit *unit, pst_error *err) {
    (void)err;
    ((biquad *)unit->state)->n_channels = 1;
    return PST_OK;
}

// ---- Renderer -----------------------------------------------------------------------------------

static void changed(pst_unit *unit, uint32_t attribute, const pst_slot *old) PST_RT {
    (void)attribute;
    (void)old;
    ((biquad *)unit->state)->has_columns = false;
}

static bool depends_on(pst_biquad_type type, uint32_t param) PST_RT {
    const bool is_shelf = type == PST_BIQUAD_LOWSHELF || type == PST_BIQUAD_HIGHSHELF;
    if (param == PST_BIQUAD_Q)
        return !is_shelf;
    if (param == PST_BIQUAD_GAIN)
        return is_shelf || type == PST_BIQUAD_PEAKING;
    return true;
}

// Returns whether it is the same for all frames of the quantum.
static bool find_shape(const pst_unit *unit, const pst_quantum *q, pst_biquad_shape *shape) PST_RT {
    bool is_steady = true;
    *shape = (pst_biquad_shape){.type = (pst_biquad_type)(uint32_t)unit->slots[TYPE].number,
                                .nyquist_hz = q->rate_hz / 2};
    for (uint32_t p = 0; p < PST_BIQUAD_N_PARAMS; ++p) {
        shape->steady[p] = q->params[p].value;
        if (q->params[p].is_steady || !depends_on(shape->type, p))
            continue;
        shape->moving[p] = q->params[p].values;
        is_steady = false;
    }
    return is_steady;
}

static void run_steady(biquad *self, const pst_recursion_kernels *kernels,
                       const pst_biquad_shape *shape, const pst_bus *input, float *const *planes,
                       const pst_quantum *q) PST_RT {
    if (!self->has_columns || memcmp(self->steady, shape->steady, sizeof self->steady) != 0) {
        pst_section section;
        kernels->find_section(&section, shape);
        const double b[] = {section.b0, section.b1, section.b2};
        const double a[] = {1.0, section.a1, section.a2};
        pst_recursive_columns(self->columns, b, 3, a, 3);
        memcpy(self->steady, shape->steady, sizeof self->steady);
        self->has_columns = true;
    }
    const pst_block_filter filter = {2, 2, (const double(*)[PST_BLOCK_FRAMES])self->columns};
    for (uint32_t c = 0; c < self->n_channels; ++c)
        kernels->run_blocks(&filter, planes[c], input->channels[c],
                            self->memory + (size_t)c * PST_BIQUAD_MEMORY, q->n_frames);
}

static bool is_quiet(const biquad *self) PST_RT {
    return pst_recursive_is_quiet(self->memory, (size_t)self->n_channels * PST_BIQUAD_MEMORY);
}

static void process(pst_unit *unit, const pst_quantum *q) PST_RT {
    biquad *self = unit->state;
    const pst_bus *input = &q->inputs[0];
    if (input->n_channels != self->n_channels) {
        pst_recursive_fit(self->memory, PST_BIQUAD_MEMORY, self->n_channels, input->n_channels);
        self->n_channels = input->n_channels;
    }
    if (input->is_silent && is_quiet(self)) {
        pst_bus_silence(&q->outputs[0], self->n_channels);
        return;
    }
    pst_biquad_shape shape;
    const pst_recursion_kernels *kernels = pst_kernels_now()->recursion;
    float *const *planes = pst_bus_open(&q->outputs[0], self->n_channels);
    if (find_shape(unit, q, &shape))
        run_steady(self, kernels, &shape, input, planes, q);
    else
        kernels->run_moving(&shape, planes, (const float *const *)input->channels, self->memory,
                            q->n_frames, self->n_channels);
}

static bool has_tail(const pst_unit *unit, int64_t n_frames) PST_RT {
    (void)n_frames;
    return !is_quiet(unit->state);
}

const pst_kind pst_kind_biquad_filter = {
    .info =
        {
            .name = "biquad_filter",
            .n_inputs = 1,
            .n_outputs = 1,
            .channel_count = 2,
            .params = params,
            .n_params = PST_COUNT_OF(params),
            .attributes = attributes,
            .n_attributes = PST_COUNT_OF(attributes),
        },
    .state_bytes = sizeof(biquad),
    .limits = limits,
    .init = init,
    .changed = changed,
    .process = process,
    .has_tail = has_tail,
};
