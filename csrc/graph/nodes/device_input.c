// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "graph/render/input.h"
#include "graph/kinds.h"

// What the device hears, or what the graph was fed with.

static const pst_attribute_info attributes[] = {
    {.name = "channels",
     .kind = PST_ATTRIBUTE_INTEGER,
     .initial = 2,
     .min = 1,
     .max = PST_GRAPH_MAX_CHANNELS,
     .is_fixed = true},
};

static uint32_t max_channels(const pst_slot *slots, uint32_t output, const uint32_t *inputs,
                             uint32_t n_inputs) {
    (void)output;
    (void)inputs;
    (void)n_inputs;
    return (uint32_t)slots[0].number;
}

static bool sounds_alone(const pst_slot *slots) PST_RT {
    (void)slots;
    return true;
}

static void process(pst_unit *unit, const pst_quantum *q) PST_RT {
    const uint32_t most = (uint32_t)unit->slots[0].number;
    const uint32_t n_channels = q->device->n_channels < most ? q->device->n_channels : most;
    if (n_channels == 0)
        pst_bus_rest(&q->outputs[0]);
    else if (q->device->is_silent)
        pst_bus_silence(&q->outputs[0], n_channels);
    else
        pst_bus_show(&q->outputs[0], q->device->planes, n_channels);
}

const pst_kind pst_kind_device_input = {
    .info =
        {
            .name = "device_input",
            .n_outputs = 1,
            .channel_count = 2,
            .attributes = attributes,
            .n_attributes = PST_COUNT_OF(attributes),
        },
    .hears_silence = true,
    .max_channels = max_channels,
    .sounds_alone = sounds_alone,
    .process = process,
};
