// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include <float.h>
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "graph/kinds.h"
#include "graph/nodes/width.h"

// A filter with a finite answer. What it remembers is its input, which does not depend on the taps:
// so others can take over at any time, and do so within 10 ms, by lines from the old to the new.

enum {
    MAX_TAPS = 8192,
    CHUNK = 256,
    // The past, and as much again, so that it is seldom moved to the beginning.
    LINE = 2 * MAX_TAPS + CHUNK
};

static const pst_attribute_info attributes[] = {
    {.name = "taps", .kind = PST_ATTRIBUTE_NUMBERS, .min = 1, .max = MAX_TAPS},
};

typedef struct taps {
    pst_shared shared;
    uint32_t n;
    float values[];
} taps;

typedef struct fir_room {
    pst_shared shared;
    uint32_t n_channels;
    float *mixed;   // A quantum of each channel.
    float *lines[]; // n_channels, each of LINE, and what the kernels read behind it.
} fir_room;

typedef struct fir {
    pst_width width;
    uint32_t at;    // Where the next frame goes in the lines.
    uint32_t quiet; // Frames of silence behind the last sound, up to MAX_TAPS.
    int64_t next;   // Frame behind the last that came.
    float fade_step;
    uint32_t fade_left;  // Frames until the taps are the new ones. Until then those before,
    uint32_t n_old;      // so many
    float old[MAX_TAPS]; // of them, have a share.
    float other[CHUNK];  // What they make of the sound.
} fir;

// Without taps it is a wire.
static const float wire_tap = 1.0f;

static uint32_t n_taps(const pst_slot *slot) PST_RT {
    return slot->prepared == NULL ? 1 : ((const taps *)slot->prepared)->n;
}

static const float *values_of(const pst_slot *slot) PST_RT {
    return slot->prepared == NULL ? &wire_tap : ((const taps *)slot->prepared)->values;
}

// ---- Control side -------------------------------------------------------------------------------

static void destroy_taps(pst_shared *shared) {
    pst_free(shared);
}

static pst_status prepare(const pst_slot *slots, const pst_slot *wanted, uint32_t attribute,
                          pst_site *site, pst_shared **prepared, pst_error *err) {
    (void)slots;
    (void)attribute;
    (void)site;
    const pst_numbers *numbers = (const pst_numbers *)wanted->object;
    if (numbers == NULL)
        return PST_OK;
    for (uint32_t i = 0; i < numbers->n; ++i)
        if (fabs(numbers->values[i]) > (double)FLT_MAX)
            return pst_fail(err, PST_BAD_ARGUMENT, 0,
                            "taps[%u] is %g; it must be in the range of float32", i,
                            numbers->values[i]);
    taps *made = pst_alloc(sizeof *made + numbers->n * sizeof(float));
    if (made == NULL)
        return pst_fail_memory(err);
    pst_shared_init(&made->shared, destroy_taps);
    made->n = numbers->n;
    for (uint32_t i = 0; i < numbers->n; ++i)
        made->values[i] = (float)numbers->values[i];
    *prepared = &made->shared;
    return PST_OK;
}

static void destroy_room(pst_shared *shared) {
    fir_room *self = (fir_room *)shared;
    for (uint32_t c = 0; c < self->n_channels; ++c)
        pst_free(self->lines[c]);
    pst_free(self->mixed);
    pst_free(self);
}

static pst_status make_room(const pst_slot *slots, const pst_site *site, uint32_t n_channels,
                            pst_shared **room, pst_error *err) {
    (void)slots;
    fir_room *made = pst_alloc(sizeof *made + n_channels * sizeof(float *));
    if (made == NULL)
        return pst_fail_memory(err);
    pst_shared_init(&made->shared, destroy_room);
    made->n_channels = n_channels;
    made->mixed = pst_alloc_array((size_t)n_channels * site->quantum_frames, sizeof(float));
    bool ok = made->mixed != NULL;
    for (uint32_t c = 0; c < n_channels && ok; ++c) {
        made->lines[c] = pst_alloc_array(LINE + PST_SUM_SLACK, sizeof(float));
        ok = made->lines[c] != NULL;
    }
    if (!ok) {
        destroy_room(&made->shared);
        return pst_fail_memory(err);
    }
    *room = &made->shared;
    return PST_OK;
}

static pst_status init(pst_unit *unit, pst_error *err) {
    (void)err;
    fir *self = unit->state;
    self->width.n_channels = 1;
    self->at = MAX_TAPS;
    self->quiet = MAX_TAPS;
    return PST_OK;
}

// ---- Renderer -----------------------------------------------------------------------------------

static void move(pst_unit *unit, pst_shared *room, const pst_shared *old_room) PST_RT {
    (void)unit;
    const fir_room *to = (const fir_room *)room;
    const fir_room *from = (const fir_room *)old_room;
    for (uint32_t c = 0; from != NULL && c < from->n_channels; ++c)
        memcpy(to->lines[c], from->lines[c], LINE * sizeof(float));
}

// What sounds now is a filter itself, also on the way from one to another.
static void changed(pst_unit *unit, uint32_t attribute, const pst_slot *old) PST_RT {
    (void)attribute;
    fir *self = unit->state;
    const float *values = values_of(old);
    const uint32_t n = n_taps(old);
    const float share = self->fade_step * (float)self->fade_left; // Of those before the old ones.
    const uint32_t n_before = self->fade_left > 0 ? self->n_old : 0;
    for (uint32_t i = 0; i < n || i < n_before; ++i) {
        const float before = i < n_before ? self->old[i] : 0.0f;
        const float after = i < n ? values[i] : 0.0f;
        self->old[i] = after + (before - after) * share;
    }
    self->n_old = n > n_before ? n : n_before;
    self->fade_left = (uint32_t)(0.01 * unit->rate_hz);
    self->fade_step = 1.0f / (float)self->fade_left;
}

static uint32_t longest(const pst_unit *unit) PST_RT {
    const fir *self = unit->state;
    const uint32_t n = n_taps(&unit->slots[0]);
    return self->fade_left > 0 && self->n_old > n ? self->n_old : n;
}

// Makes room for n frames, at most CHUNK, behind the past.
static void slide(fir *self, const fir_room *room, uint32_t n) PST_RT {
    if (self->at + n <= LINE)
        return;
    for (uint32_t c = 0; c < room->n_channels; ++c)
        memcpy(room->lines[c], room->lines[c] + self->at - MAX_TAPS, MAX_TAPS * sizeof(float));
    self->at = MAX_TAPS;
}

// Silence, while nobody called.
static void catch_up(fir *self, const fir_room *room, int64_t n_frames) PST_RT {
    uint32_t left = n_frames < MAX_TAPS ? (uint32_t)n_frames : MAX_TAPS;
    while (left > 0) {
        const uint32_t n = left < CHUNK ? left : CHUNK;
        slide(self, room, n);
        for (uint32_t c = 0; c < room->n_channels; ++c)
            memset(room->lines[c] + self->at, 0, n * sizeof(float));
        self->at += n;
        left -= n;
    }
}

static void fade(const fir *self, float *y, uint32_t n) PST_RT {
    for (uint32_t i = 0; i < n && i < self->fade_left; ++i)
        y[i] += (self->other[i] - y[i]) * (self->fade_step * (float)(self->fade_left - i));
}

// Up to CHUNK frames of all channels, from the frame `from` on. planes NULL: they are not heard.
static void run_chunk(pst_unit *unit, float *const *input, float *const *planes, uint32_t from,
                      uint32_t n) PST_RT {
    fir *self = unit->state;
    const fir_room *room = (const fir_room *)unit->room;
    const pst_kernels *kernels = pst_kernels_now();
    slide(self, room, n);
    for (uint32_t c = 0; c < self->width.n_channels; ++c) {
        float *x = room->lines[c] + self->at;
        memcpy(x, input[c] + from, n * sizeof *x);
        // What is no number would be heard until all taps are past it.
        (void)kernels->convert->scrub_f32((unsigned char *)(void *)x, n);
        if (planes == NULL)
            continue;
        kernels->filter->sum_f32(planes[c] + from, x, values_of(&unit->slots[0]),
                                 n_taps(&unit->slots[0]), 1, n);
        if (self->fade_left == 0)
            continue;
        kernels->filter->sum_f32(self->other, x, self->old, self->n_old, 1, n);
        fade(self, planes[c] + from, n);
    }
    self->at += n;
    self->fade_left -= n < self->fade_left ? n : self->fade_left;
}

static void process(pst_unit *unit, const pst_quantum *q) PST_RT {
    fir *self = unit->state;
    const fir_room *room = (const fir_room *)unit->room;
    const pst_bus *input = &q->inputs[0];
    if (room == NULL) {
        pst_bus_silence(&q->outputs[0], 1);
        return;
    }
    if (q->frame > self->next)
        catch_up(self, room, q->frame - self->next);
    self->next = q->frame + q->n_frames;
    const uint32_t n_kept = longest(unit);
    const pst_width_lines lines = {.lines = room->lines,
                                   .n_lines = room->n_channels,
                                   .n_samples = LINE,
                                   .n_kept = MAX_TAPS,
                                   .is_empty = self->quiet >= MAX_TAPS};
    pst_width_fit(&self->width, &lines, input->n_channels, q->n_frames);
    float *mixed[PST_GRAPH_MAX_CHANNELS];
    float *const *from = input->channels;
    if (input->n_channels != self->width.n_channels) {
        for (uint32_t c = 0; c < self->width.n_channels; ++c)
            mixed[c] = room->mixed + (size_t)c * q->n_frames;
        pst_bus_mix(q->kernels, mixed, self->width.n_channels, input, PST_MIXING_SPEAKERS, false);
        from = mixed;
    }
    float *const *planes = NULL;
    if (input->is_silent && self->quiet >= n_kept)
        pst_bus_silence(&q->outputs[0], self->width.n_channels);
    else
        planes = pst_bus_open(&q->outputs[0], self->width.n_channels);
    for (uint32_t i = 0; i < q->n_frames; i += CHUNK)
        run_chunk(unit, from, planes, i, q->n_frames - i < CHUNK ? q->n_frames - i : CHUNK);
    const uint32_t quiet = self->quiet + q->n_frames;
    self->quiet = !input->is_silent ? 0 : quiet < MAX_TAPS ? quiet : MAX_TAPS;
}

static bool has_tail(const pst_unit *unit, int64_t n_frames) PST_RT {
    return n_frames + 1 < longest(unit);
}

const pst_kind pst_kind_fir_filter = {
    .info =
        {
            .name = "fir_filter",
            .n_inputs = 1,
            .n_outputs = 1,
            .channel_count = 2,
            .attributes = attributes,
            .n_attributes = PST_COUNT_OF(attributes),
        },
    .state_bytes = sizeof(fir),
    .prepare = prepare,
    .init = init,
    .make_room = make_room,
    .move = move,
    .changed = changed,
    .process = process,
    .has_tail = has_tail,
};
