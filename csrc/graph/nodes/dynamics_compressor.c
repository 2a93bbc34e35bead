// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include <math.h>
#include <stdatomic.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "core/kernels/natural.h"
#include "graph/kinds.h"
#include "graph/control/model.h"
#include "pastream/graph_dynamics.h"

// The compressor that browsers agree on, in blocks of 32 frames. In each, a level goes through the
// peaks of what comes in: it is the factor that the curve asks for, down at once and up slowly. At
// the end of a block the gain sets out for where the level is then, quickly down, and up the more
// slowly the less there is to go. What it is applied to has waited for 6 ms.
//
// Blocks begin where the node first had sound, whatever the quanta are.

enum { BLOCK = PST_PRESS_FRAMES };
enum { THRESHOLD = 0, KNEE, RATIO, ATTACK, RELEASE, N_PARAMS };

static const pst_param_info params[] = {
    [THRESHOLD] = {.name = "threshold",
                   .initial = -24.0f,
                   .min = -100.0f,
                   .max = 0.0f,
                   .rate = PST_RATE_K,
                   .rate_is_fixed = true},
    [KNEE] = {.name = "knee",
              .initial = 30.0f,
              .min = 0.0f,
              .max = 40.0f,
              .rate = PST_RATE_K,
              .rate_is_fixed = true},
    [RATIO] = {.name = "ratio",
               .initial = 12.0f,
               .min = 1.0f,
               .max = 20.0f,
               .rate = PST_RATE_K,
               .rate_is_fixed = true},
    [ATTACK] = {.name = "attack",
                .initial = 0.003f,
                .min = 0.0f,
                .max = 1.0f,
                .rate = PST_RATE_K,
                .rate_is_fixed = true},
    [RELEASE] = {.name = "release",
                 .initial = 0.25f,
                 .min = 0.0f,
                 .max = 1.0f,
                 .rate = PST_RATE_K,
                 .rate_is_fixed = true},
};

typedef struct compressor {
    _Atomic float reduction_db; // For everybody.
    // What follows from the params.
    float settings[N_PARAMS]; // Theirs.
    pst_press_curve curve;
    float makeup;
    // The line.
    float *lines[2]; // In one piece.
    uint32_t mask;
    uint32_t delay;      // Frames.
    uint32_t written;    // Frames, modulo 2^32.
    uint32_t n_channels; // Of the sound in the line.
    uint32_t quiet;      // Frames since the last that was not silence, up to delay,
    uint32_t narrow;     // and since the last that was stereo.
    int64_t next;        // Frame after the last that came.
    // The gain.
    double level;
    double arc;         // The gain is its sine.
    double deepest_db;  // How far the gain had to go down since it last rose; negative: it rose.
    double gain_db;     // At the end of the last block,
    double metered_db;  // and as the meter shows it.
    double meter_keeps; // What is left of its way up after a block.
    uint32_t n_done;    // Frames of the block.
    float peaks[BLOCK]; // Of these; then zeros.
    float gains[BLOCK];
} compressor;

static double to_db(double level) PST_RT {
    return 20.0 / 2.30258509299404568402 * pst_natural_log(level);
}

static double to_level(double db) PST_RT {
    return pst_power_of_e(2.30258509299404568402 / 20.0 * db);
}

// ---- The curve ----------------------------------------------------------------------------------

static double knee_at(double x, double threshold, double bend) PST_RT {
    return x < threshold ? x : threshold + (1.0 - pst_power_of_e(-bend * (x - threshold))) / bend;
}

// How steep the knee is at x, in decibels per decibel.
static double steepness(double x, double threshold, double bend) PST_RT {
    const double near = x * 1.001;
    return to_db(knee_at(near, threshold, bend) / knee_at(x, threshold, bend)) / to_db(1.001);
}

// The knee is to end as steep as the line begins. Halving an interval (of logarithms) so many times
// is what browsers do; where no bend is right, which is so for a ratio of 1, it shows.
static double find_bend(double threshold, double knee_end, double slope) PST_RT {
    enum { N_HALVINGS = 15 };
    double least = 0.1, most = 10000.0, bend = 5.0;
    for (int i = 0; i < N_HALVINGS; ++i) {
        if (steepness(knee_end, threshold, bend) < slope)
            most = bend;
        else
            least = bend;
        bend = sqrt(least * most);
    }
    return bend;
}

static double pressed(const compressor *self, double x) PST_RT {
    const pst_press_curve *c = &self->curve;
    if (x < (double)c->knee_end)
        return knee_at(x, (double)c->threshold, (double)c->bend);
    return pst_power_of_e((double)c->slope * (pst_natural_log(x) - (double)c->knee_log) +
                          (double)c->pressed_log);
}

static void bend_curve(compressor *self, double rate_hz) PST_RT {
    const double rise_s = 0.0025;
    const float *s = self->settings;
    const double threshold = to_level((double)s[THRESHOLD]);
    const double knee_end = to_level((double)s[THRESHOLD] + (double)s[KNEE]);
    const double slope = 1.0 / (double)s[RATIO];
    const double bend = find_bend(threshold, knee_end, slope);
    self->curve = (pst_press_curve){
        .threshold = (float)threshold,
        .bend = (float)bend,
        .knee_end = (float)knee_end,
        .knee_log = (float)pst_natural_log(knee_end),
        .pressed_log = (float)pst_natural_log(knee_at(knee_end, threshold, bend)),
        .slope = (float)slope,
        .rise = (float)(1.0 / (rise_s * rate_hz)),
    };
    // What full scale has lost is given back, in part.
    self->makeup = (float)pst_power_of_e(-0.6 * pst_natural_log(pressed(self, 1.0)));
}

static void take_settings(compressor *self, const pst_quantum *q) PST_RT {
    bool is_same = self->makeup > 0.0f;
    for (uint32_t p = 0; p < N_PARAMS; ++p) {
        is_same = is_same && self->settings[p] == q->params[p].value;
        self->settings[p] = q->params[p].value;
    }
    if (!is_same)
        bend_curve(self, q->rate_hz);
}

// ---- The gain -----------------------------------------------------------------------------------

// In how many frames the gain rises by 5 dB, if there are so many to go: from 0.09 of the release
// time for 12 dB to 0.98 of it for nothing.
static double rise_frames(double to_go_db, double release_frames) PST_RT {
    const double x = 0.25 * ((to_go_db > 12.0 ? 0.0 : 12.0 - to_go_db));
    const double steps = 0.09 + x * (0.07 + (x - 1.0) * (0.095 + (x - 2.0) * (0.11 / 6.0)));
    return release_frames * (steps + 0.00094632 * x * (x - 1.0) * (x - 2.0) * (x - 3.0));
}

// The way of the gain, from where it is to where the level wants it.
static pst_press_way set_out(compressor *self, double rate_hz) PST_RT {
    const double right_angle = 1.57079632679489661923;
    const double goal = self->level < 1.0 ? asin(self->level) / right_angle : 1.0;
    if (goal > self->arc) {
        self->deepest_db = -1.0;
        const double to_go_db = self->arc > 0.0 ? to_db(goal / self->arc) : 12.0;
        const double frames = rise_frames(to_go_db, (double)self->settings[RELEASE] * rate_hz);
        const double step_db = frames > 0.05 ? 5.0 / frames : 100.0;
        return (pst_press_way){0.0, self->arc, to_level(step_db), self->makeup};
    }
    const double down_db = goal > 0.0 && self->arc > 0.0 ? to_db(self->arc / goal) : 1.0;
    self->deepest_db = down_db > self->deepest_db ? down_db : self->deepest_db;
    const double way_db = self->deepest_db > 0.5 ? self->deepest_db : 0.5;
    const double attack_s = (double)self->settings[ATTACK];
    const double attack_frames = (attack_s > 0.001 ? attack_s : 0.001) * rate_hz;
    const double left = pst_power_of_e(pst_natural_log(0.25 / way_db) / attack_frames);
    return (pst_press_way){goal, self->arc - goal, left, self->makeup};
}

// The meter falls with the gain, and rises slowly.
static void meter(compressor *self) PST_RT {
    const double right_angle = 1.57079632679489661923;
    const double gain = self->arc < 1.0 ? sin(right_angle * self->arc) : 1.0;
    const double gain_db = gain > 1e-10 ? to_db(gain) : -200.0;
    const double mean_db = 0.5 * (self->gain_db + gain_db);
    self->metered_db = gain_db < self->metered_db
                           ? gain_db
                           : mean_db + (self->metered_db - mean_db) * self->meter_keeps;
    self->gain_db = gain_db;
    atomic_store_explicit(&self->reduction_db, (float)self->metered_db, memory_order_relaxed);
}

static bool is_at_ease(const compressor *self) PST_RT {
    return self->level >= 1.0 && self->arc >= 1.0;
}

// The gains of the next block.
static void begin_block(compressor *self, double rate_hz) PST_RT {
    const pst_press_way way = set_out(self, rate_hz);
    self->arc = pst_kernels_now()->dynamics->press_gains(&way, self->gains);
    self->n_done = 0;
    memset(self->peaks, 0, sizeof self->peaks);
}

// A level that is all but there has arrived.
static void follow(compressor *self, const float *peaks) PST_RT {
    const double all_but_one = 1.0 - 1e-9;
    const double level = pst_kernels_now()->dynamics->press_level(&self->curve, self->level, peaks);
    self->level = level < all_but_one ? level : 1.0;
}

static const float silence[BLOCK];

// What was silence, while nobody called. It takes larger steps.
static void catch_up(compressor *self, int64_t n_frames, double rate_hz) PST_RT {
    enum { STRIDE = 16 };
    for (; n_frames > 0 && !is_at_ease(self); n_frames -= STRIDE * BLOCK) {
        const pst_press_way way = set_out(self, rate_hz);
        const double n = n_frames < STRIDE * BLOCK ? (double)n_frames : STRIDE * BLOCK;
        const double power = n * pst_natural_log(way.factor);
        const double arc = way.goal + way.way * pst_power_of_e(power < 10.0 ? power : 10.0);
        self->arc = arc < 1.0 ? arc : 1.0;
        for (int i = 0; i < STRIDE; ++i)
            follow(self, silence);
    }
}

// ---- Units --------------------------------------------------------------------------------------

static pst_status init(pst_unit *unit, pst_error *err) {
    const double lookahead_s = 0.006, meter_s = 0.325;
    compressor *self = unit->state;
    self->delay = (uint32_t)(lookahead_s * unit->rate_hz);
    uint32_t n = 2 * BLOCK;
    while (n < self->delay + BLOCK)
        n *= 2;
    self->mask = n - 1;
    self->lines[0] = pst_alloc_array((size_t)2 * n, sizeof(float));
    if (self->lines[0] == NULL)
        return pst_fail_memory(err);
    self->lines[1] = self->lines[0] + n;
    self->n_channels = 1;
    self->quiet = self->delay;
    self->next = -1;
    self->arc = 1.0;
    self->deepest_db = -1.0;
    self->meter_keeps = exp(-BLOCK / (meter_s * unit->rate_hz));
    self->n_done = BLOCK;
    return PST_OK;
}

static void deinit(pst_unit *unit) {
    pst_free(((compressor *)unit->state)->lines[0]);
}

// ---- Renderer -----------------------------------------------------------------------------------

static uint32_t least_of(uint32_t a, uint32_t b) PST_RT {
    return a < b ? a : b;
}

// Stereo comes out as long as there is some in the line.
static void fit_channels(compressor *self, const pst_bus *input, uint32_t n_frames) PST_RT {
    if (input->n_channels > self->n_channels) {
        memcpy(self->lines[1], self->lines[0], (self->mask + 1) * sizeof(float));
        self->n_channels = 2;
    } else if (self->n_channels == 2 && input->n_channels == 1 && self->narrow >= self->delay)
        self->n_channels = 1;
    self->narrow = input->n_channels == 2 ? 0 : least_of(self->narrow + n_frames, self->delay);
}

// n frames that neither a block nor the end of the line divides.
static void run_piece(compressor *self, const pst_quantum *q, float *const *planes, uint32_t at,
                      uint32_t n) PST_RT {
    const pst_bus *input = &q->inputs[0];
    const uint32_t to = self->written & self->mask;
    const uint32_t from = (self->written - self->delay) & self->mask;
    for (uint32_t c = 0; c < self->n_channels; ++c) {
        const float *x = input->channels[c < input->n_channels ? c : 0] + at;
        memcpy(self->lines[c] + to, x, n * sizeof *x);
        if (c < input->n_channels && !input->is_silent)
            pst_kernels_now()->dynamics->peaks(self->peaks + self->n_done, x, n);
        if (planes != NULL)
            q->kernels->multiply(planes[c] + at, self->lines[c] + from, self->gains + self->n_done,
                                 n);
    }
    self->written += n;
    self->n_done += n;
}

static void process(pst_unit *unit, const pst_quantum *q) PST_RT {
    compressor *self = unit->state;
    const pst_bus *input = &q->inputs[0];
    pst_bus *output = &q->outputs[0];
    take_settings(self, q);
    if (self->next >= 0 && q->frame > self->next)
        catch_up(self, q->frame - self->next, q->rate_hz);
    self->next = q->frame + q->n_frames;
    fit_channels(self, input, q->n_frames);
    float *const *planes = NULL;
    if (input->is_silent && self->quiet >= self->delay)
        pst_bus_silence(output, self->n_channels);
    else
        planes = pst_bus_open(output, self->n_channels);
    for (uint32_t i = 0; i < q->n_frames;) {
        if (self->n_done == BLOCK)
            begin_block(self, q->rate_hz);
        const uint32_t to = self->written & self->mask;
        const uint32_t from = (self->written - self->delay) & self->mask;
        uint32_t n = least_of(q->n_frames - i, BLOCK - self->n_done);
        n = least_of(n, self->mask + 1 - (to > from ? to : from));
        run_piece(self, q, planes, i, n);
        i += n;
        if (self->n_done == BLOCK) {
            follow(self, self->peaks);
            meter(self);
        }
    }
    self->quiet = input->is_silent ? least_of(self->quiet + q->n_frames, self->delay) : 0;
}

static bool has_tail(const pst_unit *unit, int64_t n_frames) PST_RT {
    const compressor *self = unit->state;
    (void)n_frames;
    return self->quiet < self->delay;
}

const pst_kind pst_kind_dynamics_compressor = {
    .info =
        {
            .name = "dynamics_compressor",
            .n_inputs = 1,
            .n_outputs = 1,
            .channel_count = 2,
            .count_mode = PST_COUNT_CLAMPED_MAX,
            .freedom = PST_CHANNELS_AT_MOST_STEREO,
            .params = params,
            .n_params = PST_COUNT_OF(params),
        },
    .state_bytes = sizeof(compressor),
    .init = init,
    .deinit = deinit,
    .process = process,
    .has_tail = has_tail,
};

pst_status pst_compressor_read_reduction(const pst_gnode *node, float *reduction_db,
                                         pst_error *err) {
    const pst_status status = pst_gnode_check_kind(node, &pst_kind_dynamics_compressor, err);
    if (status != PST_OK)
        return status;
    const compressor *self = pst_gnode_state(node);
    *reduction_db = atomic_load_explicit(&self->reduction_db, memory_order_relaxed);
    return PST_OK;
}
