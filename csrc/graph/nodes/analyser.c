// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "pastream/graph_analyser.h"

#include <float.h>
#include <math.h>
#include <pthread.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "graph/kinds.h"
#include "graph/control/model.h"
#include "graph/nodes/trail.h"
#include "graph/nodes/spectrum.h"

// Passes sound on, and keeps the last of it. All else is computed by those who read.

enum { FFT_SIZE, MIN_DECIBELS, MAX_DECIBELS, SMOOTHING };

static const pst_attribute_info attributes[] = {
    [FFT_SIZE] = {.name = "fft_size",
                  .kind = PST_ATTRIBUTE_INTEGER,
                  .initial = 2048,
                  .min = 32,
                  .max = PST_ANALYSER_MAX_FRAMES},
    [MIN_DECIBELS] = {.name = "min_decibels",
                      .kind = PST_ATTRIBUTE_NUMBER,
                      .initial = -100,
                      .min = -FLT_MAX,
                      .max = FLT_MAX},
    [MAX_DECIBELS] = {.name = "max_decibels",
                      .kind = PST_ATTRIBUTE_NUMBER,
                      .initial = -30,
                      .min = -FLT_MAX,
                      .max = FLT_MAX},
    [SMOOTHING] = {.name = "smoothing_time_constant",
                   .kind = PST_ATTRIBUTE_NUMBER,
                   .initial = 0.8,
                   .min = 0,
                   .max = 1},
};

typedef struct analyser {
    pst_trail trail;
    float *mono; // A quantum.
    // Of those who read, and never of the renderer.
    pthread_mutex_t lock;
    bool has_lock;
    pst_spectrum *spectrum; // NULL: nobody has asked for one.
    int64_t frame;          // Up to which it has heard; -1: nothing.
} analyser;

static pst_status check(const pst_slot *slots, const pst_slot *wanted, uint32_t attribute,
                        pst_error *err) {
    const double x = wanted->number;
    if (attribute == FFT_SIZE && ((uint32_t)x & ((uint32_t)x - 1)) != 0)
        return pst_fail(err, PST_BAD_ARGUMENT, 0, "fft_size is %g; it must be a power of two", x);
    if (attribute == MIN_DECIBELS && x >= slots[MAX_DECIBELS].number)
        return pst_fail(err, PST_BAD_ARGUMENT, 0,
                        "min_decibels is %g; it must be below max_decibels, which is %g", x,
                        slots[MAX_DECIBELS].number);
    if (attribute == MAX_DECIBELS && x <= slots[MIN_DECIBELS].number)
        return pst_fail(err, PST_BAD_ARGUMENT, 0,
                        "max_decibels is %g; it must be above min_decibels, which is %g", x,
                        slots[MIN_DECIBELS].number);
    return PST_OK;
}

static pst_status init(pst_unit *unit, pst_error *err) {
    analyser *self = unit->state;
    self->frame = -1;
    const int code = pthread_mutex_init(&self->lock, NULL);
    if (code != 0)
        return pst_fail_errno(err, code, "make a lock");
    self->has_lock = true;
    self->mono = pst_alloc_array(unit->quantum_frames, sizeof(float));
    if (self->mono == NULL)
        return pst_fail_memory(err);
    return pst_trail_init(&self->trail, unit->quantum_frames, PST_ANALYSER_MAX_FRAMES, err);
}

static void deinit(pst_unit *unit) {
    analyser *self = unit->state;
    pst_trail_deinit(&self->trail);
    pst_free(self->mono);
    pst_spectrum_destroy(self->spectrum);
    if (self->has_lock)
        pthread_mutex_destroy(&self->lock);
}

static void process(pst_unit *unit, const pst_quantum *q) PST_RT {
    analyser *self = unit->state;
    const pst_bus *input = &q->inputs[0];
    pst_bus_pass(&q->outputs[0], input);
    if (input->is_silent)
        return;
    const float *mono = input->channels[0];
    if (input->n_channels > 1) {
        pst_bus_mix(q->kernels, &self->mono, 1, input, PST_MIXING_SPEAKERS, false);
        mono = self->mono;
    }
    pst_trail_write(&self->trail, q->frame, mono);
}

const pst_kind pst_kind_analyser = {
    .info =
        {
            .name = "analyser",
            .n_inputs = 1,
            .n_outputs = 1,
            .channel_count = 2,
            .is_pulled = true,
            .attributes = attributes,
            .n_attributes = PST_COUNT_OF(attributes),
        },
    .state_bytes = sizeof(analyser),
    .check = check,
    .init = init,
    .deinit = deinit,
    .process = process,
};

// ---- Reading ------------------------------------------------------------------------------------

typedef struct settings {
    uint32_t n_frames;
    double min_decibels;
    double max_decibels;
    double smoothing;
} settings;

static settings get_settings(pst_gnode *node) {
    pthread_mutex_lock(&node->graph->lock);
    const settings now = {.n_frames = (uint32_t)node->slots[FFT_SIZE].number,
                          .min_decibels = node->slots[MIN_DECIBELS].number,
                          .max_decibels = node->slots[MAX_DECIBELS].number,
                          .smoothing = node->slots[SMOOTHING].number};
    pthread_mutex_unlock(&node->graph->lock);
    return now;
}

// Gets a spectrum of the right size ready. With the lock of those who read.
static pst_status resize(analyser *self, uint32_t n_frames, pst_error *err) {
    if (self->spectrum != NULL && self->spectrum->n_frames == n_frames)
        return PST_OK;
    pst_spectrum *spectrum = pst_spectrum_create(n_frames);
    if (spectrum == NULL)
        return pst_fail_memory(err);
    pst_spectrum_destroy(self->spectrum);
    self->spectrum = spectrum;
    self->frame = -1;
    return PST_OK;
}

// Returns up to which frame it is.
static int64_t read_sound(const pst_gnode *node, const analyser *self) {
    int64_t frame;
    do
        frame = pst_graph_frame(node->graph);
    while (!pst_trail_read(&self->trail, frame, self->spectrum->sound, self->spectrum->n_frames));
    return frame;
}

// Begins to read: on success the lock is held.
static pst_status begin(pst_gnode *node, settings *now, pst_error *err) {
    pst_status status = pst_gnode_check_kind(node, &pst_kind_analyser, err);
    if (status != PST_OK)
        return status;
    analyser *self = pst_gnode_state(node);
    *now = get_settings(node);
    pthread_mutex_lock(&self->lock);
    status = resize(self, now->n_frames, err);
    if (status != PST_OK)
        pthread_mutex_unlock(&self->lock);
    return status;
}

static pst_status begin_spectrum(pst_gnode *node, settings *now, uint32_t *n, pst_error *err) {
    const pst_status status = begin(node, now, err);
    if (status != PST_OK)
        return status;
    analyser *self = pst_gnode_state(node);
    if (pst_graph_frame(node->graph) != self->frame) {
        self->frame = read_sound(node, self);
        pst_spectrum_update(self->spectrum, now->smoothing);
    }
    if (*n > now->n_frames / 2)
        *n = now->n_frames / 2;
    return PST_OK;
}

static pst_status begin_sound(pst_gnode *node, uint32_t *n, pst_error *err) {
    settings now;
    const pst_status status = begin(node, &now, err);
    if (status != PST_OK)
        return status;
    read_sound(node, pst_gnode_state(node));
    if (*n > now.n_frames)
        *n = now.n_frames;
    return PST_OK;
}

static void end(const pst_gnode *node) {
    analyser *self = pst_gnode_state(node);
    pthread_mutex_unlock(&self->lock);
}

static double decibels_of(double magnitude) {
    return magnitude > 0.0 ? 20.0 * log10(magnitude) : -INFINITY;
}

// Also of infinities, and of what is no number: that is `odd`.
static uint8_t byte_of(double x, uint8_t odd) {
    if (isnan(x))
        return odd;
    return x <= 0.0 ? 0 : x >= 255.0 ? 255 : (uint8_t)x;
}

pst_status pst_analyser_read_decibels(pst_gnode *node, float *decibels, uint32_t *n,
                                      pst_error *err) {
    settings now;
    const pst_status status = begin_spectrum(node, &now, n, err);
    if (status != PST_OK)
        return status;
    const analyser *self = pst_gnode_state(node);
    for (uint32_t k = 0; k < *n; ++k)
        decibels[k] = (float)decibels_of(self->spectrum->magnitudes[k]);
    end(node);
    return PST_OK;
}

pst_status pst_analyser_read_decibel_bytes(pst_gnode *node, uint8_t *bytes, uint32_t *n,
                                           pst_error *err) {
    settings now;
    const pst_status status = begin_spectrum(node, &now, n, err);
    if (status != PST_OK)
        return status;
    const analyser *self = pst_gnode_state(node);
    const double scale = 255.0 / (now.max_decibels - now.min_decibels);
    for (uint32_t k = 0; k < *n; ++k)
        bytes[k] =
            byte_of((decibels_of(self->spectrum->magnitudes[k]) - now.min_decibels) * scale, 0);
    end(node);
    return PST_OK;
}

pst_status pst_analyser_read_sound(pst_gnode *node, float *sound, uint32_t *n, pst_error *err) {
    const pst_status status = begin_sound(node, n, err);
    if (status != PST_OK)
        return status;
    const analyser *self = pst_gnode_state(node);
    memcpy(sound, self->spectrum->sound, *n * sizeof *sound);
    end(node);
    return PST_OK;
}

pst_status pst_analyser_read_sound_bytes(pst_gnode *node, uint8_t *bytes, uint32_t *n,
                                         pst_error *err) {
    const pst_status status = begin_sound(node, n, err);
    if (status != PST_OK)
        return status;
    const analyser *self = pst_gnode_state(node);
    for (uint32_t i = 0; i < *n; ++i)
        bytes[i] = byte_of(128.0 * (1.0 + (double)self->spectrum->sound[i]), 128);
    end(node);
    return PST_OK;
}
