// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include <float.h>

#include "graph/kinds.h"

static const pst_param_info params[] = {
    {.name = "gain", .initial = 1.0f, .min = -FLT_MAX, .max = FLT_MAX},
};

static void process(pst_unit *unit, const pst_quantum *q) PST_RT {
    (void)unit;
    const pst_bus *input = &q->inputs[0];
    const pst_values *gain = &q->params[0];
    pst_bus *output = &q->outputs[0];
    if (input->is_silent || (gain->is_steady && gain->value == 0.0f)) {
        pst_bus_silence(output, input->n_channels);
        return;
    }
    if (gain->is_steady && gain->value == 1.0f) {
        pst_bus_pass(output, input);
        return;
    }
    float *const *planes = pst_bus_open(output, input->n_channels);
    for (uint32_t c = 0; c < output->n_channels; ++c)
        if (gain->is_steady)
            q->kernels->scale(planes[c], input->channels[c], gain->value, q->n_frames);
        else
            q->kernels->multiply(planes[c], input->channels[c], gain->values, q->n_frames);
}

const pst_kind pst_kind_gain = {
    .info =
        {
            .name = "gain",
            .n_inputs = 1,
            .n_outputs = 1,
            .channel_count = 2,
            .params = params,
            .n_params = PST_COUNT_OF(params),
        },
    .process = process,
};
