// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include <float.h>
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "graph/kinds.h"

// Plays a sound: at any rate, from any place, in a loop. The place is kept in frames of the sound,
// as a float64, and what lies between two frames is a line between them.

enum { PLAYBACK_RATE = 0, DETUNE = 1 };
enum { BUFFER = 0, LOOP = 1, LOOP_START = 2, LOOP_END = 3 };

static const pst_param_info params[] = {
    [PLAYBACK_RATE] = {.name = "playback_rate",
                       .initial = 1.0f,
                       .min = -FLT_MAX,
                       .max = FLT_MAX,
                       .rate = PST_RATE_K,
                       .rate_is_fixed = true},
    [DETUNE] = {.name = "detune",
                .initial = 0.0f,
                .min = -FLT_MAX,
                .max = FLT_MAX,
                .rate = PST_RATE_K,
                .rate_is_fixed = true},
};

static const pst_attribute_info attributes[] = {
    [BUFFER] = {.name = "buffer", .kind = PST_ATTRIBUTE_SOUND},
    [LOOP] = {.name = "loop", .kind = PST_ATTRIBUTE_BOOL},
    [LOOP_START] = {.name = "loop_start",
                    .kind = PST_ATTRIBUTE_NUMBER,
                    .min = -DBL_MAX,
                    .max = DBL_MAX},
    [LOOP_END] = {.name = "loop_end",
                  .kind = PST_ATTRIBUTE_NUMBER,
                  .min = -DBL_MAX,
                  .max = DBL_MAX},
};

typedef struct player {
    bool has_begun;
    bool was_in_loop;
    double place; // In frames of the sound.
    double left;  // Frames of the sound that may still be played.
} player;

static pst_status check(const pst_slot *slots, const pst_slot *wanted, uint32_t attribute,
                        pst_error *err) {
    if (attribute == BUFFER && slots[BUFFER].object != NULL && wanted->object != NULL)
        return pst_fail(err, PST_BAD_STATE, 0,
                        "buffer was set before; make another node for another sound");
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

// ---- One quantum --------------------------------------------------------------------------------

typedef struct run {
    const pst_sound *sound;
    double step; // Frames of the sound per frame.
    bool loops;
    double start, end; // Of the loop, or of the sound.
} run;

// Times of whole frames are not always exact as products.
static double frames_of(double time_s, double rate_hz) PST_RT {
    const double frames = time_s * rate_hz;
    const double whole = rint(frames);
    return fabs(frames - whole) <= 1e-12 * fabs(whole) ? whole : frames;
}

static run look(const pst_unit *unit, const pst_quantum *q) PST_RT {
    const pst_slot *slots = unit->slots;
    const pst_sound *sound = (const pst_sound *)slots[BUFFER].object;
    run r = {.sound = sound, .loops = slots[LOOP].number != 0.0, .end = (double)sound->n_frames};
    r.step = (double)q->params[PLAYBACK_RATE].value * (sound->rate_hz / q->rate_hz);
    if (q->params[DETUNE].value != 0.0f)
        r.step *= exp2((double)q->params[DETUNE].value / 1200.0);
    if (!isfinite(r.step))
        r.step = 0.0;
    const double start = frames_of(slots[LOOP_START].number, sound->rate_hz);
    const double end = frames_of(slots[LOOP_END].number, sound->rate_hz);
    if (r.loops && start >= 0.0 && end > 0.0 && start < end && start < r.end) {
        r.start = start;
        r.end = end < r.end ? end : r.end;
    }
    return r;
}

// What passes between the exact start and its first frame is played, but not heard.
static void begin(pst_unit *unit, const pst_quantum *q, const run *r) PST_RT {
    player *self = unit->state;
    const pst_schedule *schedule = &unit->schedule;
    const int64_t frame = q->frame + q->first;
    const double most = (double)r->sound->n_frames;
    double place = frames_of(schedule->offset_s, r->sound->rate_hz);
    place = place > most ? most : place;
    if (r->loops && r->step >= 0.0 && place > r->end)
        place = r->end;
    if (r->loops && r->step < 0.0 && place < r->start)
        place = r->start;
    self->has_begun = true;
    self->place = place;
    self->left = schedule->duration_s < 0.0 ? INFINITY : schedule->duration_s * r->sound->rate_hz;
    // A sound that was set later begins later.
    if (frame == schedule->first && (double)frame / q->rate_hz != schedule->start_s)
        self->place += ((double)frame - schedule->start_s * q->rate_hz) * r->step;
}

// Brings the place back into the loop once it has been there.
static void wrap(player *self, const run *r) PST_RT {
    if (!r->loops)
        return;
    const double length = r->end - r->start;
    self->was_in_loop |= self->place >= r->start && self->place < r->end;
    if (!self->was_in_loop && self->place >= r->end && r->step >= 0.0)
        self->was_in_loop = true;
    if (!self->was_in_loop)
        return;
    if (self->place >= r->end || self->place < r->start)
        self->place -= length * floor((self->place - r->start) / length);
    if (self->place >= r->end) // Rounded.
        self->place = r->start;
}

static bool is_out(const player *self, const run *r) PST_RT {
    if (r->loops && self->was_in_loop)
        return false;
    return r->step < 0.0 ? self->place < 0.0 : self->place >= (double)r->sound->n_frames;
}

// How many frames, at most n, come before the place passes a border.
static uint32_t frames_to(double place, double step, double low, double high, uint32_t n) PST_RT {
    if (step == 0.0)
        return n;
    const double room =
        step > 0.0 ? ceil((high - place) / step) : floor((low - place) / step) + 1.0;
    return room < 1.0 ? 1 : room < n ? (uint32_t)room : n;
}

static float one(const run *r, const player *self, const float *from, double place) PST_RT {
    const int64_t last = r->sound->n_frames - 1;
    if (place < 0.0 || place >= (double)last + 1.0)
        return 0.0f;
    int64_t i = (int64_t)place;
    const float part = (float)(place - (double)i);
    int64_t next = i + 1; // Behind the last frame there is it once more.
    if (r->loops && self->was_in_loop && (double)next >= r->end)
        next = (int64_t)r->start;
    return from[i] + (from[next] - from[i]) * part;
}

enum { STRETCH = 64 }; // Frames at once.

// Lines between frames, far from all borders. The same places count for all channels.
static void play_lines(const pst_plane_kernels *kernels, const run *r, double place,
                       float *const *planes, uint32_t at, uint32_t n) PST_RT {
    uint32_t places[STRETCH] PST_SCRATCH;
    float parts[STRETCH] PST_SCRATCH;
    for (uint32_t done = 0; done < n; done += STRETCH) {
        const uint32_t m = n - done < STRETCH ? n - done : STRETCH;
        const double begin = place + done * r->step;
        const double end = begin + (m - 1) * r->step;
        const int64_t first = (int64_t)(begin < end ? begin : end);
        kernels->places_of(places, parts, begin - (double)first, r->step, m);
        for (uint32_t c = 0; c < r->sound->n_channels; ++c)
            kernels->look_up(planes[c] + at + done, r->sound->channels[c] + first, places, parts,
                             m);
    }
}

// n frames on one side of all borders.
static void play(const pst_plane_kernels *kernels, const run *r, const player *self,
                 float *const *planes, uint32_t at, uint32_t n) PST_RT {
    const double place = self->place;
    const double final = place + (n - 1) * r->step;
    const int64_t first = (int64_t)place;
    const bool is_whole = r->step == 1.0 && (double)first == place;
    const bool is_plain =
        final < r->end - 1.0 && place < r->end - 1.0 && place >= 0.0 && final >= 0.0;
    if (is_plain && r->step != 1.0 && fabs(r->step) < 1e6) {
        play_lines(kernels, r, place, planes, at, n);
        return;
    }
    for (uint32_t c = 0; c < r->sound->n_channels; ++c) {
        const float *from = r->sound->channels[c];
        float *to = planes[c] + at;
        if (is_whole && place >= 0.0 && final <= (double)r->sound->n_frames - 1.0)
            memcpy(to, from + first, n * sizeof *to);
        else if (is_plain && r->step == 1.0)
            kernels->shift(to, from + first, (float)(place - (double)first), n);
        else
            for (uint32_t i = 0; i < n; ++i)
                to[i] = one(r, self, from, place + i * r->step);
    }
}

static uint32_t frames_left(const player *self, const run *r, uint32_t n) PST_RT {
    if (isinf(self->left) || r->step == 0.0)
        return n;
    // What is a rounding away from a whole number of frames is one.
    const double frames = ceil(self->left / fabs(r->step) - 1e-6);
    return frames < n ? (uint32_t)(frames < 0.0 ? 0.0 : frames) : n;
}

static void process(pst_unit *unit, const pst_quantum *q) PST_RT {
    player *self = unit->state;
    if (unit->slots[BUFFER].object == NULL) {
        pst_bus_silence(&q->outputs[0], 1);
        return;
    }
    const run r = look(unit, q);
    if (!self->has_begun)
        begin(unit, q, &r);
    float *const *planes = pst_bus_open(&q->outputs[0], r.sound->n_channels);
    uint32_t at = q->first;
    wrap(self, &r);
    while (at < q->end && !is_out(self, &r)) {
        uint32_t n = frames_left(self, &r, q->end - at);
        if (n == 0)
            break;
        const double low = r.loops ? r.start : 0.0;
        const double high = r.end;
        if (self->place < low || self->place >= high) // On the way into the loop.
            n = 1;
        else
            n = frames_to(self->place, r.step, low, high, n);
        play(q->kernels, &r, self, planes, at, n);
        self->place += n * r.step;
        self->left -= n * fabs(r.step);
        at += n;
        wrap(self, &r);
    }
    unit->is_over = is_out(self, &r) || frames_left(self, &r, 1) == 0;
    for (uint32_t c = 0; c < r.sound->n_channels; ++c) {
        memset(planes[c], 0, q->first * sizeof(float));
        memset(planes[c] + at, 0, (q->n_frames - at) * sizeof(float));
    }
}

const pst_kind pst_kind_buffer_source = {
    .info =
        {
            .name = "buffer_source",
            .n_outputs = 1,
            .channel_count = 2,
            .is_source = true,
            .takes_part = true,
            .params = params,
            .n_params = PST_COUNT_OF(params),
            .attributes = attributes,
            .n_attributes = PST_COUNT_OF(attributes),
        },
    .state_bytes = sizeof(player),
    .check = check,
    .max_channels = max_channels,
    .process = process,
};
