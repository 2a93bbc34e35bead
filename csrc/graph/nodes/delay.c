// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "graph/kinds.h"
#include "graph/nodes/width.h"

// A line that goes round, for each channel. In a cycle it is read before it is written.

static const pst_param_info params[] = {
    {.name = "delay_time", .initial = 0.0f, .min = 0.0f, .max = 1.0f},
};

static const pst_attribute_info attributes[] = {
    {.name = "max_delay_time",
     .kind = PST_ATTRIBUTE_NUMBER,
     .initial = 1.0,
     .min = 1e-6,
     .max = 180.0,
     .is_fixed = true},
};

typedef struct delay_line {
    pst_shared shared;
    uint64_t mask; // A power of two of frames, less one.
    uint32_t n_channels;
    float *mixed;    // A quantum of each channel, for inputs of fewer.
    float *planes[]; // n_channels, each with its first frame once more behind the last.
} delay_line;

typedef struct delay {
    uint64_t written; // Frames since the beginning.
    uint64_t quiet;   // Frames written since the last that was not silence.
    pst_width width;
} delay;

static void limits(const pst_slot *slots, uint32_t param, double *min, double *max) {
    (void)param;
    (void)min;
    *max = slots[0].number;
}

static pst_status init(pst_unit *unit, pst_error *err) {
    (void)err;
    delay *self = unit->state;
    self->width.n_channels = 1;
    self->quiet = UINT64_MAX / 2;
    return PST_OK;
}

// ---- The line -----------------------------------------------------------------------------------

static void destroy_line(pst_shared *shared) {
    delay_line *self = (delay_line *)shared;
    for (uint32_t c = 0; c < self->n_channels; ++c)
        pst_free(self->planes[c]);
    pst_free(self->mixed);
    pst_free(self);
}

static uint64_t max_frames(const pst_slot *slots, double rate_hz) PST_RT {
    return (uint64_t)ceil(slots[0].number * rate_hz);
}

static pst_status make_room(const pst_slot *slots, const pst_site *site, uint32_t n_channels,
                            pst_shared **room, pst_error *err) {
    uint64_t n = 1;
    while (n < max_frames(slots, site->rate_hz) + site->quantum_frames + 2)
        n *= 2;
    delay_line *made = pst_alloc(sizeof *made + n_channels * sizeof(float *));
    if (made == NULL)
        return pst_fail_memory(err);
    pst_shared_init(&made->shared, destroy_line);
    made->n_channels = n_channels;
    made->mask = n - 1;
    made->mixed = pst_alloc_array((size_t)n_channels * site->quantum_frames, sizeof(float));
    bool ok = made->mixed != NULL;
    for (uint32_t c = 0; c < n_channels && ok; ++c) {
        made->planes[c] = pst_alloc_array(n + 1, sizeof(float));
        ok = made->planes[c] != NULL;
    }
    if (!ok) {
        destroy_line(&made->shared);
        return pst_fail_memory(err);
    }
    *room = &made->shared;
    return PST_OK;
}

static void move(pst_unit *unit, pst_shared *room, const pst_shared *old_room) PST_RT {
    const delay_line *to = (const delay_line *)room;
    const delay_line *from = (const delay_line *)old_room;
    (void)unit;
    for (uint32_t c = 0; from != NULL && c < from->n_channels; ++c)
        memcpy(to->planes[c], from->planes[c], (from->mask + 2) * sizeof(float));
}

// ---- Sound --------------------------------------------------------------------------------------

static void copy_in(const delay_line *line, uint32_t channel, uint64_t at, const float *from,
                    uint32_t n, bool scrubs) PST_RT {
    const uint64_t place = at & line->mask;
    const uint64_t room = line->mask + 1 - place;
    const size_t n_first = n < room ? n : (size_t)room;
    float *plane = line->planes[channel];
    memcpy(plane + place, from, n_first * sizeof(float));
    memcpy(plane, from + n_first, (n - n_first) * sizeof(float));
    if (scrubs) {
        const pst_convert_kernels *kernels = pst_kernels_now()->convert;
        (void)kernels->scrub_f32((unsigned char *)(void *)(plane + place), n_first);
        (void)kernels->scrub_f32((unsigned char *)(void *)plane, n - n_first);
    }
    plane[line->mask + 1] = plane[0];
}

// In a cycle, silence is looked for, since nobody says that it is; and what is no number would go
// round for ever.
static void write_line(pst_unit *unit, const pst_quantum *q, bool is_cyclic) PST_RT {
    delay *self = unit->state;
    const delay_line *line = (const delay_line *)unit->room;
    const pst_bus *input = &q->inputs[0];
    const uint64_t n_max = max_frames(unit->slots, unit->rate_hz);
    const pst_width_lines lines = {.lines = line->planes,
                                   .n_lines = line->n_channels,
                                   .n_samples = line->mask + 2,
                                   .n_kept = n_max,
                                   .is_empty = self->quiet > n_max};
    pst_width_fit(&self->width, &lines, input->n_channels, q->n_frames);
    bool is_quiet = input->is_silent;
    if (!is_quiet && is_cyclic) {
        is_quiet = true;
        for (uint32_t c = 0; c < input->n_channels && is_quiet; ++c)
            is_quiet = q->kernels->is_zero(input->channels[c], q->n_frames);
    }
    self->quiet = is_quiet ? self->quiet + q->n_frames : 0;
    // Where the line is still wider than the input, the input is mixed to it on its way in.
    float *targets[PST_GRAPH_MAX_CHANNELS];
    for (uint32_t c = 0; c < self->width.n_channels; ++c)
        targets[c] = line->mixed + (size_t)c * q->n_frames;
    const bool is_same = input->n_channels == self->width.n_channels;
    if (!is_same)
        pst_bus_mix(q->kernels, targets, self->width.n_channels, input, PST_MIXING_SPEAKERS, false);
    for (uint32_t c = 0; c < self->width.n_channels; ++c)
        copy_in(line, c, self->written, is_same ? input->channels[c] : targets[c], q->n_frames,
                is_cyclic);
    self->written += q->n_frames;
}

// now: the line's frame that belongs to the first frame of the quantum.
static void read_steady(const delay_line *line, uint32_t channel, uint64_t now, double frames,
                        float *plane, uint32_t n) PST_RT {
    // A param is a float32: what is within its rounding of a whole number of frames is one.
    const double whole = rint(frames);
    if (fabs(frames - whole) <= frames * 0x1p-23)
        frames = whole;
    const uint64_t back = (uint64_t)ceil(frames);
    const float part = (float)((double)back - frames);
    const uint64_t mask = line->mask;
    for (uint32_t i = 0; i < n;) {
        const uint64_t place = (now + i - back) & mask;
        const float *from = line->planes[channel] + place;
        const uint64_t room = mask + 1 - place;
        const uint32_t n_run = n - i < room ? n - i : (uint32_t)room;
        if (part == 0.0f)
            memcpy(plane + i, from, n_run * sizeof *plane);
        else
            for (uint32_t k = 0; k < n_run; ++k)
                plane[i + k] = from[k] + (from[k + 1] - from[k]) * part;
        i += n_run;
    }
}

static void read_moving(const delay_line *line, uint64_t now, const pst_quantum *q, double least,
                        float *const *planes, uint32_t n_channels) PST_RT {
    enum { STRETCH = 64 };
    uint32_t places[STRETCH];
    float parts[STRETCH];
    const uint32_t mask = (uint32_t)line->mask;
    for (uint32_t i = 0; i < q->n_frames; i += STRETCH) {
        const uint32_t n = q->n_frames - i < STRETCH ? q->n_frames - i : STRETCH;
        q->kernels->delay_places(places, parts, (uint32_t)(now + i) & mask, mask,
                                 q->params[0].values + i, q->rate_hz, least, n);
        for (uint32_t c = 0; c < n_channels; ++c)
            q->kernels->look_up(planes[c] + i, line->planes[c], places, parts, n);
    }
}

static void read_line(pst_unit *unit, const pst_quantum *q, uint64_t now, uint32_t least) PST_RT {
    const delay *self = unit->state;
    const delay_line *line = (const delay_line *)unit->room;
    const pst_values *time_s = &q->params[0];
    const uint32_t n_channels = self->width.n_channels;
    float *const *planes = pst_bus_open(&q->outputs[0], n_channels);
    if (!time_s->is_steady) {
        read_moving(line, now, q, least, planes, n_channels);
        return;
    }
    double frames = (double)time_s->value * q->rate_hz;
    frames = frames > least ? frames : least;
    for (uint32_t c = 0; c < n_channels; ++c)
        read_steady(line, c, now, frames, planes[c], q->n_frames);
}

static bool is_empty(const pst_unit *unit) PST_RT {
    const delay *self = unit->state;
    return unit->room == NULL ||
           self->quiet > max_frames(unit->slots, unit->rate_hz) + unit->quantum_frames;
}

static void process(pst_unit *unit, const pst_quantum *q) PST_RT {
    delay *self = unit->state;
    if (unit->room == NULL) {
        pst_bus_silence(&q->outputs[0], 1);
        return;
    }
    write_line(unit, q, false);
    if (is_empty(unit))
        pst_bus_silence(&q->outputs[0], self->width.n_channels);
    else
        read_line(unit, q, self->written - q->n_frames, 0);
}

static void read(pst_unit *unit, const pst_quantum *q) PST_RT {
    const delay *self = unit->state;
    if (is_empty(unit))
        pst_bus_rest(&q->outputs[0]);
    else
        read_line(unit, q, self->written, q->n_frames);
}

static void write(pst_unit *unit, const pst_quantum *q) PST_RT {
    if (unit->room != NULL)
        write_line(unit, q, true);
}

static bool has_tail(const pst_unit *unit, int64_t n_frames) PST_RT {
    (void)n_frames;
    return !is_empty(unit);
}

const pst_kind pst_kind_delay = {
    .info =
        {
            .name = "delay",
            .n_inputs = 1,
            .n_outputs = 1,
            .channel_count = 2,
            .breaks_cycles = true,
            .params = params,
            .n_params = PST_COUNT_OF(params),
            .attributes = attributes,
            .n_attributes = PST_COUNT_OF(attributes),
        },
    .state_bytes = sizeof(delay),
    .limits = limits,
    .init = init,
    .make_room = make_room,
    .move = move,
    .process = process,
    .has_tail = has_tail,
    .read = read,
    .write = write,
};
