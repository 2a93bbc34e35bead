// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include <string.h>

#include "base/denormals.h"
#include "graph/automation.h"
#include "graph/plan.h"

// The renderer. All of it is realtime.

// ---- Inputs -------------------------------------------------------------------------------------

// Returns whether anything that leads there is active.
static bool gather(const pst_plane_kernels *kernels, pst_gather *gather,
                   const pst_channel_rules *rules) PST_RT {
    pst_bus *bus = gather->bus;
    bool is_active = false;
    uint32_t n_channels = 1;
    uint32_t n_sounding = 0;
    const pst_bus *sounding = NULL;
    for (uint32_t i = 0; i < gather->n_sources; ++i) {
        const pst_bus *source = gather->sources[i];
        is_active |= source->is_active;
        n_channels = source->n_channels > n_channels ? source->n_channels : n_channels;
        if (source->is_silent)
            continue;
        ++n_sounding;
        sounding = source;
    }
    if (!is_active) {
        pst_bus_rest(bus);
        return false;
    }
    if (rules->mode == PST_COUNT_EXPLICIT ||
        (rules->mode == PST_COUNT_CLAMPED_MAX && n_channels > rules->count))
        n_channels = rules->count;
    if (n_sounding == 0)
        pst_bus_silence(bus, n_channels);
    else if (n_sounding == 1 && sounding->n_channels == n_channels)
        pst_bus_pass(bus, sounding);
    else {
        pst_bus_open(bus, n_channels);
        bool adds = false;
        for (uint32_t i = 0; i < gather->n_sources; ++i) {
            if (gather->sources[i]->is_silent)
                continue;
            pst_bus_mix(kernels, bus->own, n_channels, gather->sources[i], rules->mixing, adds);
            adds = true;
        }
    }
    return true;
}

// ---- Params -------------------------------------------------------------------------------------

static float limited(const pst_live_param *param, float x) PST_RT {
    x = x == x ? x : param->initial;
    x = x < param->min ? param->min : x;
    return x > param->max ? param->max : x;
}

static void limit_plane(const pst_quantum *q, const pst_live_param *param) PST_RT {
    q->kernels->limit(param->plane, param->min, param->max, param->initial, q->n_frames);
}

static void set_steady(pst_values *values, const pst_live_param *param, float x) PST_RT {
    *values = (pst_values){.is_steady = true, .value = limited(param, x), .values = param->plane};
}

static void add_sound(const pst_quantum *q, pst_live_param *param, pst_values *values,
                      const pst_bus *sound, bool is_flat) PST_RT {
    const float *plane = sound->channels[0];
    if (param->rate == PST_RATE_K) {
        set_steady(values, param, param->plane[0] + plane[0]);
        return;
    }
    if (is_flat)
        q->kernels->fill(param->plane, param->plane[0], q->n_frames);
    q->kernels->add(param->plane, plane, q->n_frames);
    limit_plane(q, param);
    *values =
        (pst_values){.is_steady = false, .value = param->plane[0], .values = param->plane};
}

static const pst_channel_rules mono = {1, PST_COUNT_EXPLICIT, PST_MIXING_SPEAKERS};

static void render_param(const pst_quantum *q, pst_live_param *param, pst_values *values,
                         pst_gather *feed) PST_RT {
    const bool is_heard = feed != NULL && gather(q->kernels, feed, &mono) && !feed->bus->is_silent;
    if (param->is_final && !is_heard)
        return;
    bool is_flat = true;
    param->plane[0] = param->initial;
    if (param->track != NULL && param->rate == PST_RATE_K)
        param->plane[0] = pst_track_value(param->track, &param->place, q->frame);
    else if (param->track != NULL)
        is_flat = pst_track_fill(param->track, &param->place, q->frame, q->n_frames, param->plane);
    param->is_final = false;
    if (is_heard)
        add_sound(q, param, values, feed->bus, is_flat);
    else if (is_flat) {
        set_steady(values, param, param->plane[0]);
        param->is_final =
            param->track == NULL || pst_track_is_over(param->track, &param->place, q->frame);
    } else {
        limit_plane(q, param);
        *values =
            (pst_values){.is_steady = false, .value = param->plane[0], .values = param->plane};
    }
}

static void render_params(const pst_quantum *q, const pst_step *step) PST_RT {
    pst_gnode *node = step->node;
    for (uint32_t p = 0; p < node->kind->info.n_params; ++p) {
        pst_gather *feed = step->feeds == NULL ? NULL : step->feeds[p];
        if (feed != NULL || !node->live_params[p].is_final)
            render_param(q, &node->live_params[p], &node->live_values[p], feed);
    }
}

// ---- Activity -----------------------------------------------------------------------------------

static void set_active(pst_gnode *node, bool is_active) PST_RT {
    node->live_active = is_active;
    atomic_store_explicit(&node->live_sounds, is_active, memory_order_relaxed);
}

static void rest(const pst_step *step) PST_RT {
    pst_gnode *node = step->node;
    if (!node->live_active)
        return;
    for (uint32_t o = 0; o < node->live.n_outputs; ++o)
        pst_bus_rest(&step->outputs[o]);
    set_active(node, false);
}

static void end_source(pst_graph *graph, const pst_step *step) PST_RT {
    pst_gnode *node = step->node;
    node->live.schedule.first = INT64_MAX;
    atomic_store_explicit(&node->has_ended, true, memory_order_release);
    atomic_fetch_add_explicit(&graph->n_ended, 1, memory_order_release);
}

// Returns whether the source sounds in this quantum, and in which of its frames.
static bool is_source_active(pst_graph *graph, pst_quantum *q, const pst_step *step) PST_RT {
    const pst_schedule *schedule = &step->node->live.schedule;
    const int64_t next = q->frame + q->n_frames;
    if (schedule->first >= next) {
        // What was stopped before it began has ended as well.
        if (schedule->first != INT64_MAX && schedule->end <= q->frame)
            end_source(graph, step);
        return false;
    }
    if (schedule->end <= q->frame || schedule->end <= schedule->first) {
        end_source(graph, step);
        return false;
    }
    q->first = schedule->first > q->frame ? (uint32_t)(schedule->first - q->frame) : 0;
    q->end = schedule->end < next ? (uint32_t)(schedule->end - q->frame) : q->n_frames;
    return true;
}

static void settle_source(pst_graph *graph, const pst_quantum *q, const pst_step *step) PST_RT {
    pst_unit *unit = &step->node->live;
    if (unit->is_over || unit->schedule.end <= q->frame + q->n_frames)
        end_source(graph, step);
}

// A tail keeps the channels that there were.
static bool has_tail(const pst_quantum *q, const pst_step *step) PST_RT {
    pst_gnode *node = step->node;
    if (!node->live_active || node->kind->has_tail == NULL ||
        !node->kind->has_tail(&node->live, node->live_idle))
        return false;
    node->live_idle += q->n_frames;
    for (uint32_t i = 0; i < node->live.n_inputs; ++i)
        pst_bus_silence(&step->inputs[i], node->live_widths[i]);
    return true;
}

static bool gather_inputs(const pst_quantum *q, const pst_step *step) PST_RT {
    pst_gnode *node = step->node;
    bool is_active = false;
    for (uint32_t i = 0; i < node->live.n_inputs; ++i)
        is_active |= gather(q->kernels, &step->gathers[i], &node->live_rules);
    if (!is_active)
        return has_tail(q, step);
    node->live_idle = 0;
    for (uint32_t i = 0; i < node->live.n_inputs; ++i)
        node->live_widths[i] = step->inputs[i].n_channels;
    return true;
}

// ---- Steps --------------------------------------------------------------------------------------

static void call(const pst_step *step, pst_quantum *q,
                 void (*function)(pst_unit *unit, const pst_quantum *quantum) PST_RT) PST_RT {
    pst_gnode *node = step->node;
    q->inputs = step->inputs;
    q->outputs = step->outputs;
    q->params = node->live_values;
    if (function != NULL)
        function(&node->live, q);
}

static void render_whole(pst_graph *graph, const pst_step *step, pst_quantum *q) PST_RT {
    pst_gnode *node = step->node;
    const pst_kind *kind = node->kind;
    const bool is_source = kind->info.is_source;
    const bool is_idle = kind->info.n_inputs == 0 && !is_source; // The listener: only params.
    if (!is_idle &&
        !(is_source ? is_source_active(graph, q, step) : gather_inputs(q, step))) {
        rest(step);
        return;
    }
    if (!node->live_active)
        set_active(node, true);
    render_params(q, step);
    call(step, q, kind->process);
    if (is_source)
        settle_source(graph, q, step);
}

static void render_read(const pst_step *step, pst_quantum *q) PST_RT {
    render_params(q, step);
    call(step, q, step->node->kind->read);
    bool is_active = false;
    for (uint32_t o = 0; o < step->node->live.n_outputs; ++o)
        is_active |= step->outputs[o].is_active;
    if (is_active != step->node->live_active)
        set_active(step->node, is_active);
}

static void render_write(const pst_step *step, pst_quantum *q) PST_RT {
    pst_gnode *node = step->node;
    for (uint32_t i = 0; i < node->live.n_inputs; ++i)
        gather(q->kernels, &step->gathers[i], &node->live_rules);
    call(step, q, node->kind->write);
}

void pst_plan_render(pst_plan *plan, pst_graph *graph, int64_t frame) PST_RT {
    pst_quantum q = {
        .frame = frame,
        .n_frames = graph->config.quantum_frames,
        .rate_hz = graph->config.rate_hz,
        .kernels = pst_kernels_now()->planes,
        .listener = plan->listener,
        .end = graph->config.quantum_frames,
    };
    for (uint32_t i = 0; i < plan->n_steps; ++i) {
        const pst_step *step = &plan->steps[i];
        switch (step->role) {
        case PST_ROLE_WHOLE:
            render_whole(graph, step, &q);
            break;
        case PST_ROLE_READ:
            render_read(step, &q);
            break;
        case PST_ROLE_WRITE:
            render_write(step, &q);
            break;
        case PST_ROLE_MUTED:
            rest(step);
            break;
        }
    }
}

// ---- Blocks -------------------------------------------------------------------------------------

// The destination has gathered what there is to hear.
static void give(const pst_graph *graph, uint32_t from, float *output, uint32_t n) PST_RT {
    const uint32_t n_channels = graph->config.n_channels;
    const pst_bus *bus = graph->live_plan == NULL ? NULL : graph->live_plan->output->bus;
    if (bus == NULL || bus->is_silent) {
        memset(output, 0, (size_t)n * n_channels * sizeof *output);
        return;
    }
    // A bus that is active has the channels of the graph: the destination's rules are explicit.
    for (uint32_t c = 0; c < n_channels; ++c) {
        const float *plane = bus->channels[c] + from;
        for (size_t i = 0; i < n; ++i)
            output[i * n_channels + c] = plane[i];
    }
}

static void render_quantum(pst_graph *graph) PST_RT {
    const int64_t frame = atomic_load_explicit(&graph->frame, memory_order_relaxed);
    pst_change_take(graph);
    if (graph->live_plan != NULL)
        pst_plan_render(graph->live_plan, graph, frame);
    // Released: who sees the frame sees what the quantum has published.
    atomic_store_explicit(&graph->frame, frame + graph->config.quantum_frames,
                          memory_order_release);
    graph->live_left = graph->config.quantum_frames;
}

int32_t pst_graph_render(const void *input, void *output, int64_t n_frames,
                         const pst_callback_time *time, uint32_t flags, void *user) PST_RT {
    (void)input;
    (void)time;
    (void)flags;
    pst_graph *graph = user;
    float *out = output;
    const uint64_t denormals = pst_denormals_flush();
    while (n_frames > 0) {
        if (graph->live_left == 0)
            render_quantum(graph);
        const uint32_t n =
            n_frames < graph->live_left ? (uint32_t)n_frames : graph->live_left;
        give(graph, graph->config.quantum_frames - graph->live_left, out, n);
        graph->live_left -= n;
        out += (size_t)n * graph->config.n_channels;
        n_frames -= n;
    }
    pst_denormals_restore(denormals);
    return PST_CALLBACK_CONTINUE;
}
