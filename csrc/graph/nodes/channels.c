// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "graph/kinds.h"

// Taking channels apart, and putting them together. Nothing is copied.

static const pst_attribute_info splitter_attributes[] = {
    {.name = "number_of_outputs",
     .kind = PST_ATTRIBUTE_INTEGER,
     .initial = 6,
     .min = 1,
     .max = PST_GRAPH_MAX_CHANNELS,
     .is_fixed = true},
};

static void splitter_ports(const pst_slot *slots, pst_ports *ports) {
    ports->n_outputs = (uint32_t)slots[0].number;
    ports->channel_count = ports->n_outputs;
}

static void split(pst_unit *unit, const pst_quantum *q) PST_RT {
    for (uint32_t o = 0; o < unit->n_outputs; ++o)
        if (q->inputs[0].is_silent)
            pst_bus_silence(&q->outputs[o], 1);
        else
            pst_bus_show(&q->outputs[o], q->inputs[0].channels + o, 1);
}

const pst_kind pst_kind_channel_splitter = {
    .info =
        {
            .name = "channel_splitter",
            .n_inputs = 1,
            .n_outputs = 6,
            .output_channels = 1,
            .channel_count = 6,
            .count_mode = PST_COUNT_EXPLICIT,
            .mixing = PST_MIXING_DISCRETE,
            .freedom = PST_CHANNELS_FIXED,
            .attributes = splitter_attributes,
            .n_attributes = PST_COUNT_OF(splitter_attributes),
        },
    .ports = splitter_ports,
    .process = split,
};

static const pst_attribute_info merger_attributes[] = {
    {.name = "number_of_inputs",
     .kind = PST_ATTRIBUTE_INTEGER,
     .initial = 6,
     .min = 1,
     .max = PST_GRAPH_MAX_CHANNELS,
     .is_fixed = true},
};

typedef struct merger {
    float *planes[PST_GRAPH_MAX_CHANNELS];
} merger;

static void merger_ports(const pst_slot *slots, pst_ports *ports) {
    ports->n_inputs = (uint32_t)slots[0].number;
}

static uint32_t merger_channels(const pst_slot *slots, uint32_t output, const uint32_t *inputs,
                                uint32_t n_inputs) {
    (void)slots;
    (void)output;
    (void)inputs;
    return n_inputs;
}

static void merge(pst_unit *unit, const pst_quantum *q) PST_RT {
    merger *self = unit->state;
    for (uint32_t i = 0; i < unit->n_inputs; ++i)
        self->planes[i] = q->inputs[i].channels[0];
    pst_bus_show(&q->outputs[0], self->planes, unit->n_inputs);
}

const pst_kind pst_kind_channel_merger = {
    .info =
        {
            .name = "channel_merger",
            .n_inputs = 6,
            .n_outputs = 1,
            .channel_count = 1,
            .count_mode = PST_COUNT_EXPLICIT,
            .freedom = PST_CHANNELS_FIXED,
            .attributes = merger_attributes,
            .n_attributes = PST_COUNT_OF(merger_attributes),
        },
    .state_bytes = sizeof(merger),
    .ports = merger_ports,
    .max_channels = merger_channels,
    .process = merge,
};
