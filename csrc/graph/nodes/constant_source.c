// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include <float.h>
#include <string.h>

#include "graph/kinds.h"

static const pst_param_info params[] = {
    {.name = "offset", .initial = 1.0f, .min = -FLT_MAX, .max = FLT_MAX},
};

static void process(pst_unit *unit, const pst_quantum *q) PST_RT {
    (void)unit;
    float *plane = pst_bus_open(&q->outputs[0], 1)[0];
    const pst_values *offset = &q->params[0];
    const uint32_t n = q->end - q->first;
    memset(plane, 0, q->first * sizeof *plane);
    memset(plane + q->end, 0, (q->n_frames - q->end) * sizeof *plane);
    if (offset->is_steady)
        q->kernels->fill(plane + q->first, offset->value, n);
    else
        memcpy(plane + q->first, offset->values + q->first, n * sizeof *plane);
}

const pst_kind pst_kind_constant_source = {
    .info =
        {
            .name = "constant_source",
            .n_outputs = 1,
            .output_channels = 1,
            .channel_count = 2,
            .is_source = true,
            .params = params,
            .n_params = PST_COUNT_OF(params),
        },
    .process = process,
};
