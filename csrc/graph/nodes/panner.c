// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include <float.h>
#include <math.h>
#include <string.h>

#include "graph/hrtf/hrtf.h"
#include "graph/kinds.h"
#include "graph/nodes/sides.h"

// Puts sound somewhere in space: the listener hears it more on one side, quieter with the
// distance, and quieter when it is turned away.

enum {
    PANNING_MODEL = 0,
    DISTANCE_MODEL = 1,
    REF_DISTANCE = 2,
    MAX_DISTANCE = 3,
    ROLLOFF_FACTOR = 4,
    CONE_INNER_ANGLE = 5,
    CONE_OUTER_ANGLE = 6,
    CONE_OUTER_GAIN = 7
};
enum { EQUALPOWER = 0, HRTF = 1 };
enum { INVERSE = 1 };

#define PLACE(param, start) {.name = param, .initial = start, .min = -FLT_MAX, .max = FLT_MAX}

static const pst_param_info params[] = {
    PLACE("position_x", 0),    PLACE("position_y", 0),    PLACE("position_z", 0),
    PLACE("orientation_x", 1), PLACE("orientation_y", 0), PLACE("orientation_z", 0),
};

static const char *const panning_models[] = {"equalpower", "HRTF", NULL};
static const char *const distance_models[] = {"linear", "inverse", "exponential", NULL};

#define NUMBER(attribute, start, least, most)                                                      \
    {.name = attribute, .kind = PST_ATTRIBUTE_NUMBER, .initial = start, .min = least, .max = most}

static const pst_attribute_info attributes[] = {
    [PANNING_MODEL] = {.name = "panning_model",
                       .kind = PST_ATTRIBUTE_CHOICE,
                       .choices = panning_models},
    [DISTANCE_MODEL] = {.name = "distance_model",
                        .kind = PST_ATTRIBUTE_CHOICE,
                        .initial = INVERSE,
                        .choices = distance_models},
    [REF_DISTANCE] = NUMBER("ref_distance", 1, 0, DBL_MAX),
    [MAX_DISTANCE] = NUMBER("max_distance", 10000, DBL_MIN, DBL_MAX), // Above 0.
    [ROLLOFF_FACTOR] = NUMBER("rolloff_factor", 1, 0, DBL_MAX),
    [CONE_INNER_ANGLE] = NUMBER("cone_inner_angle", 360, -DBL_MAX, DBL_MAX),
    [CONE_OUTER_ANGLE] = NUMBER("cone_outer_angle", 360, -DBL_MAX, DBL_MAX),
    [CONE_OUTER_GAIN] = NUMBER("cone_outer_gain", 0, 0, 1),
};

// What the geometry is made of, in the order of the params here and of the listener.
enum { SOURCE = 0, ORIENTATION = 3, LISTENER = 6, FORWARD = 9, UP = 12, N_VALUES = 15 };

enum { STRETCH = 128 }; // Frames at once.

typedef struct panner {
    bool is_known;          // sides are those of
    bool is_mono;           // sound of one channel
    float values[N_VALUES]; // at this place.
    pst_sides sides;
} panner;

// ---- Control side -------------------------------------------------------------------------------

// Each node has filters of its own. The ears they are made from are read once for all.
static pst_status prepare(const pst_slot *slots, const pst_slot *wanted, uint32_t attribute,
                          pst_site *site, pst_shared **prepared, pst_error *err) {
    (void)slots;
    if (attribute != PANNING_MODEL || wanted->number != HRTF)
        return PST_OK;
    pst_shared **ears = &site->commons[PST_COMMON_EARS];
    if (*ears == NULL) {
        pst_ears *taken = NULL;
        const pst_status status = pst_ears_take(&taken, site->rate_hz, err);
        if (status != PST_OK)
            return status;
        *ears = &taken->shared;
    }
    pst_hrtf *hrtf = NULL;
    const pst_status status = pst_hrtf_create(&hrtf, (pst_ears *)*ears, site->quantum_frames, err);
    *prepared = (pst_shared *)hrtf;
    return status;
}

// NULL: the model is another one.
static pst_hrtf *hrtf_of(const pst_unit *unit) PST_RT {
    return (pst_hrtf *)unit->slots[PANNING_MODEL].prepared;
}

static void changed(pst_unit *unit, uint32_t attribute, const pst_slot *old) PST_RT {
    ((panner *)unit->state)->is_known = false;
    pst_hrtf *hrtf = hrtf_of(unit);
    if (attribute == PANNING_MODEL && hrtf != NULL && old->prepared != NULL)
        pst_hrtf_follow(hrtf, (const pst_hrtf *)old->prepared);
}

// ---- Geometry -----------------------------------------------------------------------------------

typedef struct scene {
    const float *planes[N_VALUES];
    bool is_moving; // The listener; else the first value of each plane counts.
} scene;

static const pst_values *value_of(const pst_quantum *q, uint32_t i) PST_RT {
    return i < LISTENER ? &q->params[i] : &q->listener[i - LISTENER];
}

static bool has_cone(const pst_unit *unit) PST_RT {
    return unit->slots[CONE_INNER_ANGLE].number != 360.0 ||
           unit->slots[CONE_OUTER_ANGLE].number != 360.0;
}

static double half_angle(const pst_slot *slot) PST_RT {
    return fabs(slot->number) * (3.14159265358979323846 / 360.0);
}

static void find_gains(const pst_unit *unit, const scene *s, const double *distance, double *gains,
                       uint32_t n) PST_RT {
    const pst_space_kernels *space = pst_kernels_now()->space;
    const pst_slot *slots = unit->slots;
    const pst_fall fall = {slots[REF_DISTANCE].number, slots[MAX_DISTANCE].number,
                           slots[ROLLOFF_FACTOR].number};
    memcpy(gains, distance, n * sizeof *gains);
    space->fall[(uint32_t)slots[DISTANCE_MODEL].number](&fall, gains, n);
    if (!has_cone(unit))
        return;
    const pst_cone cone = {half_angle(&slots[CONE_INNER_ANGLE]),
                           half_angle(&slots[CONE_OUTER_ANGLE]), slots[CONE_OUTER_GAIN].number};
    space->shade(&cone, gains, s->planes + SOURCE, s->planes + ORIENTATION, s->planes + LISTENER,
                 s->is_moving, distance, n);
}

// What is computed of a scene, a stretch of each: six axes of the listener, and
enum { RIGHT = 6, AHEAD = 7, DISTANCE = 8, GAIN = 9, N_FINDINGS = 10 };

// At most STRETCH frames.
static void find(const pst_unit *unit, const scene *s, double (*to)[STRETCH], uint32_t n) PST_RT {
    const pst_space_kernels *space = pst_kernels_now()->space;
    double *const axes[] = {to[0], to[1], to[2], to[3], to[4], to[5]};
    const double *const fixed[] = {to[0], to[1], to[2], to[3], to[4], to[5]};
    const pst_bearings bearings = {to[RIGHT], to[AHEAD], to[DISTANCE]};
    space->face(axes, s->planes + FORWARD, s->planes + UP, s->is_moving ? n : 1);
    space->locate(&bearings, s->planes + SOURCE, s->planes + LISTENER, fixed, s->is_moving, n);
    find_gains(unit, s, to[DISTANCE], to[GAIN], n);
}

// One or two channels. right: NULL: there is one.
static void pan(const pst_unit *unit, const scene *s, const float *left, const float *right,
                float *to_left, float *to_right, uint32_t n) PST_RT {
    const pst_space_kernels *space = pst_kernels_now()->space;
    double found[N_FINDINGS][STRETCH] PST_SCRATCH;
    find(unit, s, found, n);
    const pst_bearings bearings = {found[RIGHT], found[AHEAD], found[DISTANCE]};
    if (right == NULL)
        space->place_mono(to_left, to_right, left, &bearings, found[GAIN], n);
    else
        space->place_stereo(to_left, to_right, left, right, &bearings, found[GAIN], n);
}

// Up is where right and ahead say.
static double find_above(double (*found)[STRETCH], const scene *s) PST_RT {
    double above = 0.0;
    for (int k = 0; k < 3; ++k) {
        const int i = (k + 1) % 3, j = (k + 2) % 3;
        const double axis = found[i][0] * found[3 + j][0] - found[j][0] * found[3 + i][0];
        above += axis * ((double)s->planes[SOURCE + k][0] - (double)s->planes[LISTENER + k][0]);
    }
    return above;
}

// ---- Renderer -----------------------------------------------------------------------------------

static bool is_steady(const pst_quantum *q) PST_RT {
    for (uint32_t i = 0; i < N_VALUES; ++i)
        if (!value_of(q, i)->is_steady)
            return false;
    return true;
}

// The first frame's.
static scene scene_of(const pst_quantum *q, float *values) PST_RT {
    scene s = {.is_moving = false};
    for (uint32_t i = 0; i < N_VALUES; ++i) {
        values[i] = value_of(q, i)->value;
        s.planes[i] = &values[i];
    }
    return s;
}

// What a sound of 1 becomes is how much of it there is.
static void find_sides(pst_unit *unit, const pst_quantum *q, bool is_mono) PST_RT {
    panner *self = unit->state;
    const float all = 1.0f, none = 0.0f;
    float values[N_VALUES];
    const scene s = scene_of(q, values);
    if (self->is_known && self->is_mono == is_mono &&
        memcmp(values, self->values, sizeof values) == 0)
        return;
    pst_sides *sides = &self->sides;
    *sides = (pst_sides){0};
    if (is_mono) {
        pan(unit, &s, &all, NULL, &sides->left[0], &sides->right[0], 1);
    } else {
        pan(unit, &s, &all, &none, &sides->left[0], &sides->right[0], 1);
        pan(unit, &s, &none, &all, &sides->left[1], &sides->right[1], 1);
    }
    memcpy(self->values, values, sizeof values);
    self->is_known = true;
    self->is_mono = is_mono;
}

// Planes of what moves, and of what is steady as far as it has to be a plane, too.
static scene fill_scene(const pst_unit *unit, const pst_quantum *q,
                        float (*steady)[STRETCH]) PST_RT {
    const uint32_t n = q->n_frames < STRETCH ? q->n_frames : STRETCH;
    scene s = {.is_moving = false};
    for (uint32_t i = LISTENER; i < N_VALUES; ++i)
        s.is_moving |= !value_of(q, i)->is_steady;
    for (uint32_t i = 0; i < N_VALUES; ++i) {
        const pst_values *values = value_of(q, i);
        const bool is_plane = i < ORIENTATION || (i < LISTENER ? has_cone(unit) : s.is_moving);
        s.planes[i] = steady[i];
        if (values->is_steady)
            q->kernels->fill(steady[i], values->value, is_plane ? n : 1);
    }
    return s;
}

static void pan_moving(const pst_unit *unit, const pst_quantum *q, float *const *to) PST_RT {
    float steady[N_VALUES][STRETCH] PST_SCRATCH;
    scene s = fill_scene(unit, q, steady);
    float *const *from = q->inputs[0].channels;
    const bool is_mono = q->inputs[0].n_channels == 1;
    for (uint32_t at = 0; at < q->n_frames; at += STRETCH) {
        const uint32_t n = q->n_frames - at < STRETCH ? q->n_frames - at : STRETCH;
        for (uint32_t i = 0; i < N_VALUES; ++i)
            if (!value_of(q, i)->is_steady)
                s.planes[i] = value_of(q, i)->values + at;
        pan(unit, &s, from[0] + at, is_mono ? NULL : from[1] + at, to[0] + at, to[1] + at, n);
    }
}

// All params are k-rate here.
static void hear(pst_hrtf *hrtf, pst_unit *unit, const pst_quantum *q) PST_RT {
    const pst_bus *input = &q->inputs[0];
    float values[N_VALUES];
    double found[N_FINDINGS][STRETCH] PST_SCRATCH;
    const scene s = scene_of(q, values);
    find(unit, &s, found, 1);
    const double right = found[RIGHT][0], ahead = found[AHEAD][0];
    const double level = sqrt(right * right + ahead * ahead);
    const pst_aim aim = {atan2(right, ahead), atan2(find_above(found, &s), level), found[GAIN][0]};
    const float *const from[] = {input->channels[0], input->channels[input->n_channels - 1]};
    pst_hrtf_run(hrtf, &aim, from, pst_bus_open(&q->outputs[0], 2), q->n_frames);
}

static bool has_tail(const pst_unit *unit, int64_t n_frames) PST_RT {
    const pst_hrtf *hrtf = hrtf_of(unit);
    return hrtf != NULL && n_frames < pst_hrtf_tail(hrtf);
}

static void process(pst_unit *unit, const pst_quantum *q) PST_RT {
    const pst_bus *input = &q->inputs[0];
    if (hrtf_of(unit) != NULL) {
        hear(hrtf_of(unit), unit, q);
        return;
    }
    if (input->is_silent) {
        pst_bus_silence(&q->outputs[0], 2);
        return;
    }
    float *const *to = pst_bus_open(&q->outputs[0], 2);
    if (!is_steady(q)) {
        pan_moving(unit, q, to);
        return;
    }
    find_sides(unit, q, input->n_channels == 1);
    pst_sides_apply(&((panner *)unit->state)->sides, q, input, to);
}

const pst_kind pst_kind_panner = {
    .info =
        {
            .name = "panner",
            .n_inputs = 1,
            .n_outputs = 1,
            .output_channels = 2,
            .channel_count = 2,
            .count_mode = PST_COUNT_CLAMPED_MAX,
            .freedom = PST_CHANNELS_AT_MOST_STEREO,
            .hears_listener = true,
            .params = params,
            .n_params = PST_COUNT_OF(params),
            .attributes = attributes,
            .n_attributes = PST_COUNT_OF(attributes),
        },
    .state_bytes = sizeof(panner),
    .prepare = prepare,
    .changed = changed,
    .process = process,
    .has_tail = has_tail,
};
