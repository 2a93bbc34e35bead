// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "chain/graph_effect.h"

#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "chain/nodes/node.h"
#include "dsp/effect.h"

// A graph is rendered by whole quanta, so what comes waits for one to be full. The stage takes that
// delay away again.

typedef struct graph_effect {
    pst_effect base;
    pst_graph *graph;
    size_t quantum_frames;
    size_t n_waiting; // Frames of the quantum that is filled; as many of the last one are given.
    float *heard;
    float *played;
} graph_effect;

// Changes n_frames, which are all within one quantum.
static void change_some(graph_effect *self, float *frames, size_t n_frames) PST_RT {
    const size_t at = self->n_waiting * self->base.n_channels;
    const size_t n_bytes = n_frames * self->base.n_channels * sizeof *frames;
    memcpy(self->heard + at, frames, n_bytes);
    memcpy(frames, self->played + at, n_bytes);
    self->n_waiting += n_frames;
    if (self->n_waiting < self->quantum_frames)
        return;
    self->n_waiting = 0;
    pst_graph_render(self->heard, self->played, (int64_t)self->quantum_frames, NULL, 0,
                     self->graph);
}

static void graph_process(pst_effect *effect, void *frames, size_t n_frames) PST_RT {
    graph_effect *self = (graph_effect *)effect;
    float *at = frames;
    while (n_frames > 0) {
        const size_t n_left = self->quantum_frames - self->n_waiting;
        const size_t n = n_frames < n_left ? n_frames : n_left;
        change_some(self, at, n);
        at += n * effect->n_channels;
        n_frames -= n;
    }
}

// The graph itself goes on: only what waits is forgotten.
static void graph_reset(pst_effect *effect) PST_RT {
    graph_effect *self = (graph_effect *)effect;
    self->n_waiting = 0;
    memset(self->played, 0, self->quantum_frames * effect->n_channels * sizeof *self->played);
}

static void graph_deinit(pst_effect *effect) {
    graph_effect *self = (graph_effect *)effect;
    pst_graph_release(self->graph);
    pst_free(self->heard);
    pst_free(self->played);
}

static const pst_effect_ops graph_ops = {
    .name = "graph", .process = graph_process, .reset = graph_reset, .deinit = graph_deinit};

pst_status pst_effect_graph(pst_effect **effect, pst_graph *graph, pst_error *err) {
    pst_graph_config config;
    pst_graph_get_config(graph, &config);
    if (config.n_input_channels != config.n_channels)
        return pst_fail(err, PST_BAD_ARGUMENT, 0,
                        "the graph has %u channels and hears %u; an effect has as many of both",
                        (unsigned)config.n_channels, (unsigned)config.n_input_channels);
    pst_effect *made = NULL;
    pst_status status = pst_effect_create(&made, sizeof(graph_effect), &graph_ops, PST_FORMAT_F32,
                                          config.n_channels, err);
    if (status != PST_OK)
        return status;
    graph_effect *self = (graph_effect *)made;
    const size_t n_samples = (size_t)config.quantum_frames * config.n_channels;
    made->delay_frames = config.quantum_frames;
    made->forgets_at_gap = true;
    self->quantum_frames = config.quantum_frames;
    self->heard = pst_alloc_array(n_samples, sizeof(float));
    self->played = pst_alloc_array(n_samples, sizeof(float));
    pst_graph_retain(graph);
    self->graph = graph;
    status = self->heard == NULL || self->played == NULL ? pst_fail_memory(err)
                                                         : pst_graph_send(graph, err);
    if (status != PST_OK) {
        pst_effect_destroy(made);
        return status;
    }
    *effect = made;
    return PST_OK;
}

// ---- A stage, and a node ------------------------------------------------------------------------

pst_status pst_stage_graph(pst_stage **stage, const pst_media *media, pst_graph *graph,
                           pst_error *err) {
    pst_graph_config config;
    pst_graph_get_config(graph, &config);
    if (config.n_channels != media->n_channels ||
        (media->rate_hz > 0.0 && !pst_is_same_rate(config.rate_hz, media->rate_hz)))
        return pst_fail(err, PST_BAD_ARGUMENT, 0,
                        "the graph has %u channels at %g Hz; what comes has %u at %g Hz, and both "
                        "must be the same",
                        (unsigned)config.n_channels, config.rate_hz, (unsigned)media->n_channels,
                        media->rate_hz);
    pst_effect *effect = NULL;
    pst_status status = pst_effect_graph(&effect, graph, err);
    if (status != PST_OK)
        return status;
    status = pst_stage_effect(stage, media->format, effect, err);
    if (status != PST_OK)
        pst_effect_destroy(effect);
    return status;
}

static pst_status make_stages(void *spec, const pst_media *in, pst_stage **stages,
                              uint32_t *n_stages, pst_error *err) {
    const pst_status status = pst_stage_graph(stages, in, spec, err);
    *n_stages = status == PST_OK;
    return status;
}

static void release(void *spec) {
    pst_graph_release(spec);
}

pst_status pst_node_graph(pst_stage **stage, const char *name, pst_graph *graph, pst_error *err) {
    pst_effect *effect = NULL; // Made only to find out whether it can be.
    pst_status status = pst_effect_graph(&effect, graph, err);
    pst_effect_destroy(effect);
    if (status != PST_OK)
        return status;
    pst_graph_retain(graph);
    status =
        pst_node_create(stage, name != NULL ? name : "graph", make_stages, graph, release, err);
    if (status != PST_OK)
        pst_graph_release(graph);
    return status;
}
