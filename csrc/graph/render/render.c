// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include <string.h>

#include "base/denormals.h"
#include "graph/params/automation.h"
#include "graph/render/frames.h"
#include "graph/render/gather.h"
#include "graph/control/plan.h"

// The renderer. All of it is realtime.

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
    *values = (pst_values){.is_steady = false, .value = param->plane[0], .values = param->plane};
}

static const pst_channel_rules mono = {1, PST_COUNT_EXPLICIT, PST_MIXING_SPEAKERS};

static void render_param(const pst_quantum *q, pst_live_param *param, pst_values *values,
                         pst_gather *feed) PST_RT {
    const bool is_heard =
        feed != NULL && pst_gather_run(feed, q->kernels, &mono) && !feed->bus->is_silent;
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

// A quantum of a plan under way.
typedef struct turn {
    pst_graph *graph;
    pst_plan *plan;
    pst_quantum q;
    uint32_t index; // Of the step,
    pst_step *step; // which is this.
} turn;

// Tells those whom the outputs lead to. They come later in the quantum.
static void tell(const turn *t, bool is_active) PST_RT {
    pst_step *step = t->step;
    step->is_told = is_active;
    for (uint32_t i = 0; i < step->n_consumers; ++i) {
        const pst_consumer *consumer = &step->consumers[i];
        const uint64_t bit = UINT64_C(1) << (consumer->source & 63);
        uint64_t *word = &consumer->gather->active[consumer->source / 64];
        *word = is_active ? *word | bit : *word & ~bit;
        if (consumer->step == PST_NO_STEP)
            continue;
        t->plan->n_active[consumer->step] += is_active ? 1 : UINT32_MAX;
        t->plan->wake[consumer->step] = INT64_MIN;
    }
}

static void set_active(const turn *t, bool is_active) PST_RT {
    pst_gnode *node = t->step->node;
    if (node->live_active != is_active) {
        node->live_active = is_active;
        atomic_store_explicit(&node->live_sounds, is_active, memory_order_release);
        if (!is_active && (node->kind->has_tail || node->kind->hears_silence))
            atomic_fetch_add_explicit(&t->graph->n_rested, 1, memory_order_release);
    }
    if (t->step->is_told != is_active)
        tell(t, is_active);
}

// until: the first frame for which there may be something to do, unless an input says so before.
static void rest(const turn *t, int64_t until) PST_RT {
    for (uint32_t o = 0; o < t->step->node->live.n_outputs; ++o)
        pst_bus_rest(&t->step->outputs[o]);
    set_active(t, false);
    t->plan->wake[t->index] = until;
}

static void end_source(const turn *t) PST_RT {
    pst_gnode *node = t->step->node;
    node->live.schedule.first = INT64_MAX;
    node->live.schedule.end = INT64_MAX;
    atomic_store_explicit(&node->has_ended, true, memory_order_release);
    atomic_fetch_add_explicit(&t->graph->n_ended, 1, memory_order_release);
}

// Returns whether the source sounds in this quantum, and in which of its frames.
static bool is_source_active(turn *t) PST_RT {
    const pst_schedule *schedule = &t->step->node->live.schedule;
    const int64_t frame = t->q.frame;
    const int64_t next = frame + t->q.n_frames;
    // What was stopped before it began has ended as well.
    const bool is_started = schedule->first != INT64_MAX;
    if (is_started && (schedule->end <= frame || schedule->end <= schedule->first))
        end_source(t);
    if (schedule->first >= next)
        return false;
    t->q.first = schedule->first > frame ? (uint32_t)(schedule->first - frame) : 0;
    t->q.end = schedule->end < next ? (uint32_t)(schedule->end - frame) : t->q.n_frames;
    return true;
}

static void settle_source(const turn *t) PST_RT {
    const pst_unit *unit = &t->step->node->live;
    if (unit->is_over || unit->schedule.end <= t->q.frame + t->q.n_frames)
        end_source(t);
}

// A tail keeps the channels that there were.
static bool has_tail(const turn *t) PST_RT {
    pst_gnode *node = t->step->node;
    if (!node->live_active || !node->kind->has_tail ||
        !node->kind->has_tail(&node->live, node->live_idle))
        return false;
    node->live_idle += t->q.n_frames;
    for (uint32_t i = 0; i < node->live.n_inputs; ++i)
        pst_bus_silence(&t->step->inputs[i], node->live_widths[i]);
    return true;
}

// Channels that an input has by its rules alone.
static bool sounds_alone(const turn *t) PST_RT {
    const pst_gnode *node = t->step->node;
    if (!node->kind->sounds_alone || !node->kind->sounds_alone(node->live.slots))
        return false;
    const pst_channel_rules *rules = &node->live_rules;
    for (uint32_t i = 0; i < node->live.n_inputs; ++i)
        pst_bus_silence(&t->step->inputs[i], rules->mode == PST_COUNT_EXPLICIT ? rules->count : 1);
    return true;
}

static bool gather_inputs(const turn *t) PST_RT {
    const pst_step *step = t->step;
    pst_gnode *node = step->node;
    bool is_active = false;
    for (uint32_t i = 0; i < node->live.n_inputs; ++i)
        is_active |= pst_gather_run(&step->gathers[i], t->q.kernels, &node->live_rules);
    if (!is_active)
        return has_tail(t) || sounds_alone(t);
    node->live_idle = 0;
    for (uint32_t i = 0; i < node->live.n_inputs; ++i)
        node->live_widths[i] = step->inputs[i].n_channels;
    return true;
}

// ---- Steps --------------------------------------------------------------------------------------

static void call(turn *t,
                 void (*function)(pst_unit *unit, const pst_quantum *quantum) PST_RT) PST_RT {
    pst_gnode *node = t->step->node;
    t->q.inputs = t->step->inputs;
    t->q.outputs = t->step->outputs;
    t->q.params = node->live_values;
    if (function)
        function(&node->live, &t->q);
}

static void render_source(turn *t) PST_RT {
    if (!is_source_active(t)) {
        rest(t, t->step->node->live.schedule.first);
        return;
    }
    pst_gnode *node = t->step->node;
    for (uint32_t i = 0; i < node->live.n_inputs; ++i)
        pst_gather_run(&t->step->gathers[i], t->q.kernels, &node->live_rules);
    render_params(&t->q, t->step);
    call(t, node->kind->process);
    set_active(t, !node->live.is_resting);
    settle_source(t);
}

static bool is_any_output_active(const pst_step *step) PST_RT {
    bool is_active = false;
    for (uint32_t o = 0; o < step->node->live.n_outputs; ++o)
        is_active |= step->outputs[o].is_active;
    return is_active;
}

static void render_whole(turn *t) PST_RT {
    const pst_kind *kind = t->step->node->kind;
    if (kind->info.is_source) {
        render_source(t);
        return;
    }
    // What has no inputs, as the listener, has params that somebody may look at.
    if (t->step->node->live.n_inputs > 0 && !gather_inputs(t) && !kind->hears_silence) {
        rest(t, INT64_MAX);
        return;
    }
    render_params(&t->q, t->step);
    call(t, kind->process);
    set_active(t, !kind->hears_silence || is_any_output_active(t->step));
}

static void render_read(turn *t) PST_RT {
    render_params(&t->q, t->step);
    call(t, t->step->node->kind->read);
    set_active(t, is_any_output_active(t->step));
}

static void render_write(turn *t) PST_RT {
    pst_gnode *node = t->step->node;
    for (uint32_t i = 0; i < node->live.n_inputs; ++i)
        pst_gather_run(&t->step->gathers[i], t->q.kernels, &node->live_rules);
    call(t, node->kind->write);
}

static void render_step(turn *t) PST_RT {
    switch (t->step->role) {
    case PST_ROLE_WHOLE:
        render_whole(t);
        break;
    case PST_ROLE_READ:
        render_read(t);
        break;
    case PST_ROLE_WRITE:
        render_write(t);
        break;
    case PST_ROLE_MUTED:
        rest(t, INT64_MAX);
        break;
    }
}

void pst_plan_rouse(pst_plan *plan) PST_RT {
    for (uint32_t i = 0; i < plan->n_steps; ++i)
        plan->wake[i] = INT64_MIN;
}

void pst_plan_render(pst_plan *plan, pst_graph *graph, int64_t frame) PST_RT {
    turn t = {
        .graph = graph,
        .plan = plan,
        .q = {.frame = frame,
              .n_frames = graph->config.quantum_frames,
              .rate_hz = graph->config.rate_hz,
              .kernels = pst_kernels_now()->planes,
              .device = &graph->live_input,
              .listener = plan->listener,
              .end = graph->config.quantum_frames},
    };
    const int64_t next = frame + graph->config.quantum_frames;
    for (uint32_t i = 0; i < plan->n_steps; ++i) {
        if (plan->wake[i] >= next)
            continue;
        t.index = i;
        t.step = &plan->steps[i];
        render_step(&t);
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
    pst_frames_join(output, bus->channels, from, n_channels, n);
}

static void render_quantum(pst_graph *graph) PST_RT {
    const int64_t frame = atomic_load_explicit(&graph->frame, memory_order_relaxed);
    pst_change_take(graph);
    pst_input_take(&graph->live_input);
    if (graph->live_is_roused && graph->live_plan != NULL)
        pst_plan_rouse(graph->live_plan);
    graph->live_is_roused = false;
    if (graph->live_plan != NULL)
        pst_plan_render(graph->live_plan, graph, frame);
    // Released: who sees the frame sees what the quantum has published.
    atomic_store_explicit(&graph->frame, frame + graph->config.quantum_frames,
                          memory_order_release);
    graph->live_left = graph->config.quantum_frames;
}

int32_t pst_graph_render(const void *input, void *output, int64_t n_frames,
                         const pst_callback_time *time, uint32_t flags, void *user) PST_RT {
    (void)time;
    (void)flags;
    pst_graph *graph = user;
    float *out = output;
    const uint64_t denormals = pst_denormals_flush();
    pst_input_begin(&graph->live_input, input, n_frames);
    while (n_frames > 0) {
        if (graph->live_left == 0)
            render_quantum(graph);
        const uint32_t n = n_frames < graph->live_left ? (uint32_t)n_frames : graph->live_left;
        give(graph, graph->config.quantum_frames - graph->live_left, out, n);
        graph->live_left -= n;
        out += (size_t)n * graph->config.n_channels;
        n_frames -= n;
    }
    pst_input_end(&graph->live_input);
    pst_denormals_restore(denormals);
    return PST_CALLBACK_CONTINUE;
}

void pst_graph_feed(pst_graph *graph, const float *frames, int64_t n_frames) PST_RT {
    pst_input_feed(&graph->live_input, frames, n_frames);
}
