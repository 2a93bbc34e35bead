// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "graph/kinds.h"
#include "graph/nodes/chance.h"

// A cloud of grains: short pieces of a sound, each from a place by chance, each under a window, and
// as many at once as somebody wants. A grain begins when it is its time, whatever the quantum.

enum { GRAIN_DURATION = 0, POSITION_MIN = 1, POSITION_MAX = 2, PLAYBACK_RATE = 3 };
enum { BUFFER = 0, WINDOW = 1, GRAIN_COUNT = 2, SEED = 3 };
enum { MAX_COUNT = 2048, MAX_GRAINS = 4096, WINDOW_POINTS = 1024, STRETCH = 64 };

static const pst_param_info params[] = {
    [GRAIN_DURATION] = {.name = "grain_duration", .initial = 0.1f, .min = 0.001f, .max = 60.0f},
    [POSITION_MIN] = {.name = "position_min", .initial = 0.0f, .min = 0.0f, .max = 1.0f},
    [POSITION_MAX] = {.name = "position_max", .initial = 1.0f, .min = 0.0f, .max = 1.0f},
    [PLAYBACK_RATE] = {.name = "playback_rate", .initial = 1.0f, .min = -64.0f, .max = 64.0f},
};

typedef enum outline { HANN = 0, TRIANGLE = 1, TRAPEZOID = 2, GAUSSIAN = 3, RECTANGLE = 4 } outline;

static const char *const windows[] = {"hann",     "triangle",  "trapezoid",
                                      "gaussian", "rectangle", NULL};

static const pst_attribute_info attributes[] = {
    [BUFFER] = {.name = "buffer", .kind = PST_ATTRIBUTE_SOUND},
    [WINDOW] = {.name = "window", .kind = PST_ATTRIBUTE_CHOICE, .choices = windows},
    [GRAIN_COUNT] = {.name = "grain_count",
                     .kind = PST_ATTRIBUTE_INTEGER,
                     .initial = 8.0,
                     .min = 1.0,
                     .max = MAX_COUNT},
    [SEED] = {.name = "seed",
              .kind = PST_ATTRIBUTE_INTEGER,
              .initial = 1.0,
              .min = 0.0,
              .max = 4294967295.0,
              .is_fixed = true},
};

typedef struct window_table {
    pst_shared shared;
    double mean_square;
    float values[WINDOW_POINTS + 2]; // And the last one once more.
} window_table;

typedef struct grain {
    double place;  // In frames of the sound,
    double step;   // which it goes on by with each frame.
    double age;    // In frames.
    double length; // The same.
    float gain;
} grain;

typedef struct cloud {
    grain *grains; // MAX_GRAINS.
    uint32_t n_grains;
    uint64_t n_born;
    bool has_begun;
    double next; // When the next one begins: a frame, and a part of one.
} cloud;

// ---- Control side -------------------------------------------------------------------------------

static void destroy_window(pst_shared *shared) {
    pst_free(shared);
}

// x: from -1 to 1.
static double window_at(outline shape, double x) {
    const double size = fabs(x);
    switch (shape) {
    case HANN:
        return 0.5 + 0.5 * cos(3.14159265358979323846 * x);
    case TRIANGLE:
        return 1.0 - size;
    case TRAPEZOID: // A quarter up, a half there, a quarter down.
        return size < 0.5 ? 1.0 : 2.0 - 2.0 * size;
    case GAUSSIAN: // Three deviations to each side, without what is left there.
        return (exp(-4.5 * x * x) - exp(-4.5)) / (1.0 - exp(-4.5));
    case RECTANGLE:
        return 1.0;
    }
    return 0.0;
}

static pst_status prepare(const pst_slot *slots, const pst_slot *wanted, uint32_t attribute,
                          pst_site *site, pst_shared **prepared, pst_error *err) {
    (void)slots;
    (void)site;
    if (attribute != WINDOW)
        return PST_OK;
    window_table *made = pst_alloc(sizeof *made);
    if (made == NULL)
        return pst_fail_memory(err);
    pst_shared_init(&made->shared, destroy_window);
    for (uint32_t i = 0; i <= WINDOW_POINTS; ++i) {
        const double x = 2.0 * i / WINDOW_POINTS - 1.0;
        made->values[i] = (float)window_at((outline)(uint32_t)wanted->number, x);
        if (i < WINDOW_POINTS)
            made->mean_square += (double)made->values[i] * (double)made->values[i] / WINDOW_POINTS;
    }
    made->values[WINDOW_POINTS + 1] = made->values[WINDOW_POINTS];
    *prepared = &made->shared;
    return PST_OK;
}

static uint32_t max_channels(const pst_slot *slots, uint32_t output, const uint32_t *inputs,
                             uint32_t n_inputs) {
    (void)output;
    (void)inputs;
    (void)n_inputs;
    const pst_sound *sound = (const pst_sound *)slots[BUFFER].object;
    return sound == NULL ? 1 : sound->n_channels;
}

static pst_status init(pst_unit *unit, pst_error *err) {
    cloud *self = unit->state;
    self->grains = pst_alloc_array(MAX_GRAINS, sizeof *self->grains);
    return self->grains == NULL ? pst_fail_memory(err) : PST_OK;
}

static void deinit(pst_unit *unit) {
    pst_free(((cloud *)unit->state)->grains);
}

// ---- Renderer -----------------------------------------------------------------------------------

// Grains of another sound end at once.
static void changed(pst_unit *unit, uint32_t attribute, const pst_slot *old) PST_RT {
    (void)old;
    if (attribute == BUFFER)
        ((cloud *)unit->state)->n_grains = 0;
}

// The next grain, which begins a part of a frame before frame i of the quantum. Returns how many
// frames later another one will.
static double bear(const pst_unit *unit, const pst_quantum *q, uint32_t i) PST_RT {
    cloud *self = unit->state;
    const pst_sound *sound = (const pst_sound *)unit->slots[BUFFER].object;
    const double n_grains = unit->slots[GRAIN_COUNT].number;
    const double length = (double)pst_value_at(&q->params[GRAIN_DURATION], i) * q->rate_hz;
    const double low = (double)pst_value_at(&q->params[POSITION_MIN], i);
    const double high = (double)pst_value_at(&q->params[POSITION_MAX], i);
    const double chance = pst_chance((uint64_t)unit->slots[SEED].number, self->n_born++);
    const double last = (double)(sound->n_frames - 1);
    grain made = {.length = length};
    made.step = (double)pst_value_at(&q->params[PLAYBACK_RATE], i) * (sound->rate_hz / q->rate_hz);
    // A grain does not go beyond the sound; it ends earlier if the sound is too short for it.
    double span = length * fabs(made.step);
    if (span > last) {
        made.length = last / fabs(made.step);
        span = last;
    }
    made.place = (low + (high - low) * chance) * (last - span) + (made.step < 0.0 ? span : 0.0);
    made.age = (double)(q->frame + i) - self->next;
    made.place += made.age * made.step;
    const double loudness =
        n_grains * ((const window_table *)unit->slots[WINDOW].prepared)->mean_square;
    made.gain = (float)(1.0 / sqrt(loudness > 1.0 ? loudness : 1.0));
    if (self->n_grains < MAX_GRAINS && made.age < made.length)
        self->grains[self->n_grains++] = made;
    const double gap = length / n_grains;
    return gap > 0.25 ? gap : 0.25;
}

// Reads n values on the lines between them; what lies behind the last one counts for nothing.
static void trace(const pst_quantum *q, float *to, const float *values, double place, double step,
                  uint32_t n) PST_RT {
    const double end = place + (n - 1) * step;
    const double first = floor(place < end ? place : end);
    values += (int64_t)first;
    if (step == 1.0) {
        q->kernels->shift(to, values, (float)(place - first), n);
        return;
    }
    uint32_t places[STRETCH];
    float parts[STRETCH];
    q->kernels->places_of(places, parts, place - first, step, n);
    q->kernels->look_up(to, values, places, parts, n);
}

// Frames of one grain from `at` on; at most STRETCH.
static void sound_grain(const pst_unit *unit, const pst_quantum *q, const grain *g, uint32_t at,
                        uint32_t n, float *const *planes) PST_RT {
    const pst_sound *sound = (const pst_sound *)unit->slots[BUFFER].object;
    const window_table *window = (const window_table *)unit->slots[WINDOW].prepared;
    float heights[STRETCH], frames[STRETCH], product[STRETCH];
    const double scale = WINDOW_POINTS / g->length;
    trace(q, heights, window->values, g->age * scale, scale, n);
    for (uint32_t c = 0; c < sound->n_channels; ++c) {
        trace(q, frames, sound->channels[c], g->place, g->step, n);
        q->kernels->multiply(product, frames, heights, n);
        q->kernels->add_scaled(planes[c] + at, product, g->gain, n);
    }
}

// Returns whether the grain goes on.
static bool run_grain(const pst_unit *unit, const pst_quantum *q, grain *g, uint32_t from,
                      float *const *planes) PST_RT {
    // The first frame that is not younger than the grain's length does not sound.
    const double left = ceil(g->length - g->age);
    const uint32_t n_left = left < q->end - from ? (uint32_t)left : q->end - from;
    for (uint32_t done = 0; done < n_left; done += STRETCH) {
        const uint32_t n = n_left - done < STRETCH ? n_left - done : STRETCH;
        sound_grain(unit, q, g, from + done, n, planes);
        g->age += n;
        g->place += n * g->step;
    }
    return g->age < g->length;
}

static void process(pst_unit *unit, const pst_quantum *q) PST_RT {
    cloud *self = unit->state;
    const pst_sound *sound = (const pst_sound *)unit->slots[BUFFER].object;
    const double now = (double)(q->frame + q->first);
    if (!self->has_begun)
        self->next = now;
    // Exact, unless that is past.
    if (!self->has_begun && q->frame + q->first == unit->schedule.first &&
        now / q->rate_hz != unit->schedule.start_s)
        self->next = unit->schedule.start_s * q->rate_hz;
    self->has_begun = true;
    if (sound == NULL || q->outputs[0].capacity < sound->n_channels) {
        self->next = (double)(q->frame + q->end);
        pst_bus_silence(&q->outputs[0], 1);
        return;
    }
    float *const *planes = pst_bus_open_zeroed(&q->outputs[0], sound->n_channels);
    uint32_t n_kept = 0;
    for (uint32_t i = 0; i < self->n_grains; ++i)
        if (run_grain(unit, q, &self->grains[i], q->first, planes))
            self->grains[n_kept++] = self->grains[i];
    self->n_grains = n_kept;
    while (self->next <= (double)(q->frame + q->end - 1)) {
        const double frame = ceil(self->next) - (double)q->frame;
        const uint32_t i = frame > q->first ? (uint32_t)frame : q->first;
        const uint32_t before = self->n_grains;
        self->next += bear(unit, q, i);
        if (self->n_grains > before && !run_grain(unit, q, &self->grains[before], i, planes))
            --self->n_grains;
    }
}

const pst_kind pst_kind_granulation = {
    .info =
        {
            .name = "granulation",
            .n_outputs = 1,
            .channel_count = 2,
            .is_source = true,
            .params = params,
            .n_params = PST_COUNT_OF(params),
            .attributes = attributes,
            .n_attributes = PST_COUNT_OF(attributes),
        },
    .state_bytes = sizeof(cloud),
    .prepare = prepare,
    .max_channels = max_channels,
    .init = init,
    .deinit = deinit,
    .changed = changed,
    .process = process,
};
