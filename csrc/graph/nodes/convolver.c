// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include <math.h>

#include "base/alloc.h"
#include "base/error.h"
#include "dsp/live_convolver.h"
#include "graph/kinds.h"

// A room, or whatever else a response was taken of. What the control side makes of the response
// has the memory for the sound as well: it is one node's own, and another response begins in
// silence.

enum { NORMALIZE = 0, BUFFER = 1 };

static const pst_attribute_info attributes[] = {
    [NORMALIZE] = {.name = "normalize", .kind = PST_ATTRIBUTE_BOOL, .initial = 1.0},
    [BUFFER] = {.name = "buffer", .kind = PST_ATTRIBUTE_SOUND},
};

typedef struct room {
    pst_shared shared;
    int64_t n_frames; // Of the response.
    pst_live_convolver *convolver;
} room;

typedef struct reverb {
    int64_t next; // The frame behind the last that was processed.
} reverb;

static void destroy_room(pst_shared *shared) {
    room *self = (room *)shared;
    pst_live_convolver_destroy(self->convolver);
    pst_free(self);
}

// What makes responses about equally loud.
static double gain_of(const pst_sound *sound) {
    double sum = 0.0;
    for (uint32_t c = 0; c < sound->n_channels; ++c)
        for (int64_t i = 0; i < sound->n_frames; ++i)
            sum += (double)sound->channels[c][i] * (double)sound->channels[c][i];
    const double rms = sqrt(sum / ((double)sound->n_channels * (double)sound->n_frames));
    const double least = 0.000125;
    const double gain = 0.00125 / (isfinite(rms) && rms > least ? rms : least);
    return gain * (44100.0 / sound->rate_hz) * (sound->n_channels == 4 ? 0.5 : 1.0);
}

static pst_status prepare(const pst_slot *slots, const pst_slot *wanted, uint32_t attribute,
                          pst_site *site, pst_shared **prepared, pst_error *err) {
    if (attribute != BUFFER || wanted->object == NULL)
        return PST_OK;
    const pst_sound *sound = (const pst_sound *)wanted->object;
    if (sound->n_channels != 1 && sound->n_channels != 2 && sound->n_channels != 4)
        return pst_fail(err, PST_UNSUPPORTED, 0, "buffer has %u channels; it must have 1, 2 or 4",
                        sound->n_channels);
    if (sound->rate_hz != site->rate_hz)
        return pst_fail(err, PST_UNSUPPORTED, 0,
                        "buffer has a rate of %g Hz; it must be that of the graph, %g Hz",
                        sound->rate_hz, site->rate_hz);
    const pst_response response = {
        .channels = (const float *const *)sound->channels,
        .n_channels = sound->n_channels,
        .n_frames = sound->n_frames,
        .gain = slots[NORMALIZE].number != 0.0 ? gain_of(sound) : 1.0,
    };
    room *made = pst_alloc(sizeof *made);
    if (made == NULL)
        return pst_fail_memory(err);
    pst_shared_init(&made->shared, destroy_room);
    made->n_frames = sound->n_frames;
    const pst_status status =
        pst_live_convolver_create(&made->convolver, &response, site->quantum_frames, err);
    if (status != PST_OK) {
        destroy_room(&made->shared);
        return status;
    }
    *prepared = &made->shared;
    return PST_OK;
}

// What was in stereo goes on for a while when the input is mono already.
static uint32_t max_channels(const pst_slot *slots, uint32_t output, const uint32_t *inputs,
                             uint32_t n_inputs) {
    (void)slots;
    (void)output;
    (void)inputs;
    (void)n_inputs;
    return 2;
}

// ---- Renderer -----------------------------------------------------------------------------------

static const room *room_of(const pst_unit *unit) PST_RT {
    return (const room *)unit->slots[BUFFER].prepared;
}

static void process(pst_unit *unit, const pst_quantum *q) PST_RT {
    reverb *self = unit->state;
    const pst_bus *input = &q->inputs[0];
    const room *in_use = room_of(unit);
    if (in_use == NULL) {
        pst_bus_silence(&q->outputs[0], 1);
        return;
    }
    // Where it was not called, everything had faded.
    if (self->next != q->frame)
        pst_live_convolver_reset(in_use->convolver);
    self->next = q->frame + q->n_frames;
    const uint32_t n_out = pst_live_convolver_n_out(in_use->convolver, input->n_channels);
    if (input->is_silent && pst_live_convolver_is_silent(in_use->convolver)) {
        pst_bus_silence(&q->outputs[0], n_out);
        return;
    }
    (void)pst_live_convolver_run(
        in_use->convolver, input->is_silent ? NULL : (const float *const *)input->channels,
        input->n_channels, pst_bus_open(&q->outputs[0], n_out), q->n_frames);
}

static bool has_tail(const pst_unit *unit, int64_t n_frames) PST_RT {
    const room *in_use = room_of(unit);
    return in_use != NULL && n_frames < in_use->n_frames;
}

const pst_kind pst_kind_convolver = {
    .info =
        {
            .name = "convolver",
            .n_inputs = 1,
            .n_outputs = 1,
            .channel_count = 2,
            .count_mode = PST_COUNT_CLAMPED_MAX,
            .freedom = PST_CHANNELS_AT_MOST_STEREO,
            .attributes = attributes,
            .n_attributes = PST_COUNT_OF(attributes),
        },
    .state_bytes = sizeof(reverb),
    .prepare = prepare,
    .max_channels = max_channels,
    .process = process,
    .has_tail = has_tail,
};
