// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include <float.h>

#include "graph/kinds.h"

// Brings sound to what lies between two numbers.

enum { A = 0, B = 1 };
enum { MODE = 0 };
enum { CLIP = 0, TANH = 1 };

static const pst_param_info params[] = {
    [A] = {.name = "a", .initial = -1.0f, .min = -FLT_MAX, .max = FLT_MAX},
    [B] = {.name = "b", .initial = 1.0f, .min = -FLT_MAX, .max = FLT_MAX},
};

static const char *const modes[] = {"clip", "tanh", NULL};

static const pst_attribute_info attributes[] = {
    [MODE] = {.name = "mode", .kind = PST_ATTRIBUTE_CHOICE, .choices = modes},
};

enum { STRETCH = 64 };

// Values of a param for the frames from i on: its own, or as many of the steady one.
static const float *values_at(const pst_values *values, const float *steady, uint32_t i) PST_RT {
    return values->is_steady ? steady : values->values + i;
}

static void process(pst_unit *unit, const pst_quantum *q) PST_RT {
    const pst_bus *input = &q->inputs[0];
    const pst_values *a = &q->params[A], *b = &q->params[B];
    float steady_a[STRETCH], steady_b[STRETCH];
    q->kernels->fill(steady_a, a->value, STRETCH);
    q->kernels->fill(steady_b, b->value, STRETCH);
    const bool is_soft = unit->slots[MODE].number == TANH;
    float *const *planes = pst_bus_open(&q->outputs[0], input->n_channels);
    for (uint32_t c = 0; c < input->n_channels; ++c)
        for (uint32_t i = 0; i < q->n_frames; i += STRETCH) {
            const uint32_t n = q->n_frames - i < STRETCH ? q->n_frames - i : STRETCH;
            (is_soft ? q->kernels->clip_softly
                     : q->kernels->clip)(planes[c] + i, input->channels[c] + i,
                                         values_at(a, steady_a, i), values_at(b, steady_b, i), n);
        }
}

const pst_kind pst_kind_clip = {
    .info =
        {
            .name = "clip",
            .n_inputs = 1,
            .n_outputs = 1,
            .channel_count = 2,
            .params = params,
            .n_params = PST_COUNT_OF(params),
            .attributes = attributes,
            .n_attributes = PST_COUNT_OF(attributes),
        },
    .process = process,
};
