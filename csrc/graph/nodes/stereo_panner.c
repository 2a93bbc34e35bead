// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "graph/kinds.h"
#include "graph/nodes/sides.h"

// Moves sound between left and right, with equal power.

static const pst_param_info params[] = {
    {.name = "pan", .initial = 0.0f, .min = -1.0f, .max = 1.0f},
};

typedef struct stereo_panner {
    bool is_known; // sides are those of
    float pan;     // this place,
    bool is_mono;  // for sound of one channel.
    pst_sides sides;
} stereo_panner;

static void find_sides(stereo_panner *self, float pan, bool is_mono) PST_RT {
    if (self->is_known && self->pan == pan && self->is_mono == is_mono)
        return;
    const pst_space_kernels *space = pst_kernels_now()->space;
    const float all = 1.0f, none = 0.0f;
    pst_sides *s = &self->sides;
    *s = (pst_sides){0};
    if (is_mono) {
        space->pan_mono(&s->left[0], &s->right[0], &all, &pan, 1);
    } else {
        space->pan_stereo(&s->left[0], &s->right[0], &all, &none, &pan, 1);
        space->pan_stereo(&s->left[1], &s->right[1], &none, &all, &pan, 1);
    }
    self->is_known = true;
    self->pan = pan;
    self->is_mono = is_mono;
}

static void process(pst_unit *unit, const pst_quantum *q) PST_RT {
    stereo_panner *self = unit->state;
    const pst_bus *input = &q->inputs[0];
    const pst_values *pan = &q->params[0];
    if (input->is_silent) {
        pst_bus_silence(&q->outputs[0], 2);
        return;
    }
    float *const *from = input->channels;
    float *const *to = pst_bus_open(&q->outputs[0], 2);
    const bool is_mono = input->n_channels == 1;
    if (pan->is_steady) {
        find_sides(self, pan->value, is_mono);
        pst_sides_apply(&self->sides, q, input, to);
    } else if (is_mono) {
        pst_kernels_now()->space->pan_mono(to[0], to[1], from[0], pan->values, q->n_frames);
    } else {
        pst_kernels_now()->space->pan_stereo(to[0], to[1], from[0], from[1], pan->values,
                                             q->n_frames);
    }
}

const pst_kind pst_kind_stereo_panner = {
    .info =
        {
            .name = "stereo_panner",
            .n_inputs = 1,
            .n_outputs = 1,
            .output_channels = 2,
            .channel_count = 2,
            .count_mode = PST_COUNT_CLAMPED_MAX,
            .freedom = PST_CHANNELS_AT_MOST_STEREO,
            .params = params,
            .n_params = PST_COUNT_OF(params),
        },
    .state_bytes = sizeof(stereo_panner),
    .process = process,
};
