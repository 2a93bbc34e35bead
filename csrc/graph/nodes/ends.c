// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include <float.h>

#include "graph/kinds.h"

// What every graph has: where all sound goes, and who hears it.

const pst_kind pst_kind_destination = {
    .info =
        {
            .name = "destination",
            .n_inputs = 1,
            .channel_count = 2, // The graph's.
            .count_mode = PST_COUNT_EXPLICIT,
            .freedom = PST_CHANNELS_FIXED_COUNT,
            .is_single = true,
        },
};

#define PLACE(param, start) {.name = param, .initial = start, .min = -FLT_MAX, .max = FLT_MAX}

static const pst_param_info listener_params[] = {
    PLACE("position_x", 0), PLACE("position_y", 0), PLACE("position_z", 0),
    PLACE("forward_x", 0),  PLACE("forward_y", 0),  PLACE("forward_z", -1),
    PLACE("up_x", 0),       PLACE("up_y", 1),       PLACE("up_z", 0),
};

const pst_kind pst_kind_listener = {
    .info =
        {
            .name = "listener",
            .channel_count = 1,
            .freedom = PST_CHANNELS_FIXED,
            .is_single = true,
            .params = listener_params,
            .n_params = PST_COUNT_OF(listener_params),
        },
};
