// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include <float.h>
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "graph/kinds.h"
#include "graph/nodes/oversampling.h"

// Each sample becomes what a curve says, perhaps at a higher rate, so that overtones which there is
// no room for do not come back as something else.

enum { CURVE = 0, OVERSAMPLE = 1 };
enum { AS_IT_IS = 0, BY_TWO = 1, BY_FOUR = 2 };

static const char *const rates[] = {"none", "2x", "4x", NULL};

static const pst_attribute_info attributes[] = {
    // Places between so many points are still exact in float32.
    [CURVE] = {.name = "curve", .kind = PST_ATTRIBUTE_NUMBERS, .min = 2, .max = 1 << 24},
    [OVERSAMPLE] = {.name = "oversample", .kind = PST_ATTRIBUTE_CHOICE, .choices = rates},
};

typedef struct curve {
    pst_shared shared;
    uint32_t n_points;
    float silence;  // What silence becomes.
    float points[]; // n_points, and the last one once more.
} curve;

typedef struct shaper_room {
    pst_shared shared;
    uint32_t n_channels;
    pst_oversampling_room room;
    pst_oversampling_past pasts[]; // n_channels.
} shaper_room;

typedef struct shaper {
    uint32_t n_channels; // Of the pasts.
    uint32_t quiet;      // Frames of silence, up to PST_OVERSAMPLING_TAIL.
} shaper;

static const curve *curve_of(const pst_slot *slots) PST_RT {
    return (const curve *)slots[CURVE].prepared;
}

// ---- Control side -------------------------------------------------------------------------------

static pst_status check(const pst_slot *slots, const pst_slot *wanted, uint32_t attribute,
                        pst_error *err) {
    if (attribute != CURVE || wanted->object == NULL)
        return PST_OK;
    if (slots[CURVE].object != NULL)
        return pst_fail(err, PST_BAD_STATE, 0,
                        "curve was set before; make another node for another curve");
    const pst_numbers *numbers = (const pst_numbers *)wanted->object;
    for (uint32_t i = 0; i < numbers->n; ++i)
        if (fabs(numbers->values[i]) > (double)FLT_MAX)
            return pst_fail(err, PST_BAD_ARGUMENT, 0,
                            "curve[%u] is %g; it must be in the range of float32", i,
                            numbers->values[i]);
    return PST_OK;
}

static void destroy_curve(pst_shared *shared) {
    pst_free(shared);
}

static pst_status prepare(const pst_slot *slots, const pst_slot *wanted, uint32_t attribute,
                          pst_site *site, pst_shared **prepared, pst_error *err) {
    (void)slots;
    (void)site;
    const pst_numbers *numbers = (const pst_numbers *)wanted->object;
    if (attribute != CURVE || numbers == NULL)
        return PST_OK;
    curve *made = pst_alloc(sizeof *made + ((size_t)numbers->n + 1) * sizeof(float));
    if (made == NULL)
        return pst_fail_memory(err);
    pst_shared_init(&made->shared, destroy_curve);
    made->n_points = numbers->n;
    for (uint32_t i = 0; i < numbers->n; ++i)
        made->points[i] = (float)numbers->values[i];
    made->points[numbers->n] = made->points[numbers->n - 1];
    const float zero = 0.0f;
    pst_kernels_now()->planes->bend(&made->silence, made->points, made->n_points, &zero, 1);
    *prepared = &made->shared;
    return PST_OK;
}

static void destroy_room(pst_shared *shared) {
    pst_free(shared);
}

static pst_status make_room(const pst_slot *slots, const pst_site *site, uint32_t n_channels,
                            pst_shared **room, pst_error *err) {
    (void)slots;
    (void)site;
    shaper_room *made = pst_alloc(sizeof *made + n_channels * sizeof made->pasts[0]);
    if (made == NULL)
        return pst_fail_memory(err);
    pst_shared_init(&made->shared, destroy_room);
    made->n_channels = n_channels;
    *room = &made->shared;
    return PST_OK;
}

static pst_status init(pst_unit *unit, pst_error *err) {
    (void)err;
    ((shaper *)unit->state)->n_channels = 1;
    return PST_OK;
}

// ---- Renderer -----------------------------------------------------------------------------------

static void move(pst_unit *unit, pst_shared *room, const pst_shared *old_room) PST_RT {
    (void)unit;
    shaper_room *to = (shaper_room *)room;
    const shaper_room *from = (const shaper_room *)old_room;
    if (from != NULL)
        memcpy(to->pasts, from->pasts, from->n_channels * sizeof to->pasts[0]);
}

// Filters of another rate begin anew, and all settle again.
static void changed(pst_unit *unit, uint32_t attribute, const pst_slot *old) PST_RT {
    shaper *self = unit->state;
    shaper_room *room = (shaper_room *)unit->room;
    self->quiet = 0;
    if (attribute == OVERSAMPLE && unit->slots[OVERSAMPLE].number != old->number && room != NULL)
        memset(room->pasts, 0, room->n_channels * sizeof room->pasts[0]);
}

static void mix_pasts(pst_oversampling_past *to, const pst_oversampling_past *from) PST_RT {
    float *a = (float *)(void *)to;
    const float *b = (const float *)(const void *)from;
    for (size_t i = 0; i < sizeof *to / sizeof *a; ++i)
        a[i] = 0.5f * (a[i] + b[i]);
}

// Mono becomes stereo and the other way in the filters as it does in front of them; other channels
// begin with silence.
static void fit_channels(shaper *self, shaper_room *room, uint32_t n_channels) PST_RT {
    const uint32_t n_old = self->n_channels;
    for (uint32_t c = n_old; c < n_channels; ++c)
        memset(&room->pasts[c], 0, sizeof room->pasts[c]);
    if (n_old == 1 && n_channels == 2)
        room->pasts[1] = room->pasts[0];
    if (n_old == 2 && n_channels == 1)
        mix_pasts(&room->pasts[0], &room->pasts[1]);
    self->n_channels = n_channels;
}

typedef struct shaping {
    const pst_plane_kernels *kernels;
    const curve *curve;
} shaping;

static void shape(void *user, float *x, size_t n) PST_RT {
    const shaping *s = user;
    s->kernels->bend(x, s->curve->points, s->curve->n_points, x, n);
}

static void shape_slowly(pst_unit *unit, const pst_quantum *q, float *const *planes) PST_RT {
    shaper *self = unit->state;
    shaper_room *room = (shaper_room *)unit->room;
    const pst_bus *input = &q->inputs[0];
    const bool by_four = unit->slots[OVERSAMPLE].number == BY_FOUR;
    shaping user = {q->kernels, curve_of(unit->slots)};
    if (self->n_channels != input->n_channels)
        fit_channels(self, room, input->n_channels);
    for (uint32_t c = 0; c < input->n_channels; ++c)
        for (uint32_t i = 0; i < q->n_frames; i += PST_OVERSAMPLING_BLOCK) {
            const uint32_t left = q->n_frames - i;
            pst_oversampling_run(pst_kernels_now(), by_four, &room->pasts[c], &room->room, shape,
                                 &user, planes[c] + i, input->channels[c] + i,
                                 left < PST_OVERSAMPLING_BLOCK ? left : PST_OVERSAMPLING_BLOCK);
        }
}

// Whether what comes out does not change any more.
static bool is_settled(const pst_unit *unit, const pst_bus *input) PST_RT {
    const shaper *self = unit->state;
    return input->is_silent && (unit->slots[OVERSAMPLE].number == AS_IT_IS || unit->room == NULL ||
                                self->quiet >= PST_OVERSAMPLING_TAIL);
}

static void count_silence(shaper *self, const pst_quantum *q) PST_RT {
    const uint32_t left = PST_OVERSAMPLING_TAIL - self->quiet;
    if (!q->inputs[0].is_silent)
        self->quiet = 0;
    else
        self->quiet += q->n_frames < left ? q->n_frames : left;
}

static void process(pst_unit *unit, const pst_quantum *q) PST_RT {
    const pst_bus *input = &q->inputs[0];
    pst_bus *output = &q->outputs[0];
    const curve *made = curve_of(unit->slots);
    const bool is_settled_now = is_settled(unit, input);
    count_silence(unit->state, q);
    if (made == NULL) {
        pst_bus_pass(output, input);
        return;
    }
    if (is_settled_now && made->silence == 0.0f) {
        pst_bus_silence(output, input->n_channels);
        return;
    }
    float *const *planes = pst_bus_open(output, input->n_channels);
    if (is_settled_now)
        for (uint32_t c = 0; c < output->n_channels; ++c)
            q->kernels->fill(planes[c], made->silence, q->n_frames);
    else if (unit->slots[OVERSAMPLE].number != AS_IT_IS)
        shape_slowly(unit, q, planes);
    else
        for (uint32_t c = 0; c < output->n_channels; ++c)
            q->kernels->bend(planes[c], made->points, made->n_points, input->channels[c],
                             q->n_frames);
}

static bool has_tail(const pst_unit *unit, int64_t n_frames) PST_RT {
    return unit->slots[OVERSAMPLE].number != AS_IT_IS && curve_of(unit->slots) != NULL &&
           n_frames < PST_OVERSAMPLING_TAIL;
}

static bool sounds_alone(const pst_slot *slots) PST_RT {
    return curve_of(slots) != NULL && curve_of(slots)->silence != 0.0f;
}

const pst_kind pst_kind_wave_shaper = {
    .info =
        {
            .name = "wave_shaper",
            .n_inputs = 1,
            .n_outputs = 1,
            .channel_count = 2,
            .attributes = attributes,
            .n_attributes = PST_COUNT_OF(attributes),
        },
    .state_bytes = sizeof(shaper),
    .check = check,
    .prepare = prepare,
    .init = init,
    .make_room = make_room,
    .move = move,
    .changed = changed,
    .process = process,
    .has_tail = has_tail,
    .sounds_alone = sounds_alone,
};
