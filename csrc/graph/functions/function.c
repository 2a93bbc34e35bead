// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "graph/functions/function.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/denormals.h"
#include "base/error.h"

// Making nodes with functions, and calling those that need no packing.

void pst_function_config_default(pst_function_config *config) PST_RT {
    *config = (pst_function_config){.n_inputs = 1, .n_outputs = 1, .n_channels = 1};
}

// ---- Blocks -------------------------------------------------------------------------------------

pst_process_block pst_function_block(const pst_function *f) PST_RT {
    return (pst_process_block){.rate_hz = f->rate_hz,
                               .n_inputs = f->config.n_inputs,
                               .n_channels = f->config.n_channels,
                               .n_outputs = f->config.n_outputs,
                               .n_output_channels = f->n_output_channels,
                               .n_params = f->config.n_params};
}

int32_t pst_function_call(pst_function *f, const pst_process_block *block) PST_RT {
    const pst_function_config *config = &f->config;
    atomic_fetch_add_explicit(&f->n_blocks, 1, memory_order_relaxed);
    if (!config->keeps_denormals)
        return config->process(f->in, f->out, f->values, block, config->user);
    const uint64_t saved = pst_denormals_allow();
    const int32_t result = config->process(f->in, f->out, f->values, block, config->user);
    pst_denormals_restore(saved);
    return result;
}

// Params are shown where they are; what is steady is written out once.
static uint64_t show_params(pst_function *f, const pst_quantum *q) PST_RT {
    uint64_t steady = 0;
    for (uint32_t p = 0; p < f->config.n_params; ++p) {
        const pst_values *values = &q->params[p];
        if (!values->is_steady) {
            f->values[p] = values->values + q->first;
            continue;
        }
        float *plane = f->value_planes + (size_t)p * f->quantum_frames;
        steady |= UINT64_C(1) << p;
        f->values[p] = plane;
        if (f->kept_values[p] == values->value) // Never NaN, but at first.
            continue;
        q->kernels->fill(plane, values->value, f->quantum_frames);
        f->kept_values[p] = values->value;
    }
    return steady;
}

static void show_ports(pst_function *f, const pst_unit *unit, const pst_quantum *q) PST_RT {
    uint32_t k = 0;
    for (uint32_t i = 0; i < unit->n_inputs; ++i)
        for (uint32_t c = 0; c < f->config.n_channels; ++c)
            f->in[k++] = q->inputs[i].channels[c] + q->first;
    k = 0;
    for (uint32_t o = 0; o < unit->n_outputs; ++o) {
        float *const *planes = pst_bus_open_zeroed(&q->outputs[o], f->output_channels[o]);
        for (uint32_t c = 0; c < f->output_channels[o]; ++c)
            f->out[k++] = planes[c] + q->first;
    }
}

static void process_in_place(pst_function *f, pst_unit *unit, const pst_quantum *q) PST_RT {
    const bool may_end = f->result == PST_PROCESS_MAY_END && !pst_function_is_fed(unit, q);
    unit->is_resting = may_end;
    if (may_end) {
        pst_function_rest(unit, q);
        unit->is_over = unit->n_inputs == 0;
        return;
    }
    pst_process_block block = pst_function_block(f);
    block.frame = q->frame + q->first;
    block.n_frames = q->end - q->first;
    block.steady = show_params(f, q);
    show_ports(f, unit, q);
    f->result = pst_function_call(f, &block);
    if (!pst_process_is_result(f->result)) {
        atomic_store_explicit(&f->has_failed, true, memory_order_release);
        pst_function_rest(unit, q);
    }
}

// ---- The kind -----------------------------------------------------------------------------------

static pst_function *of(const pst_unit *unit) PST_RT {
    return *(pst_function *const *)unit->state;
}

static void process(pst_unit *unit, const pst_quantum *q) PST_RT {
    pst_function *f = of(unit);
    if (atomic_load_explicit(&f->has_failed, memory_order_acquire)) {
        pst_function_rest(unit, q);
        unit->is_over = true;
    } else if (q->first >= q->end)
        pst_function_rest(unit, q);
    else if (f->n_slots > 0)
        pst_blocks_process(f, unit, q);
    else
        process_in_place(f, unit, q);
}

static pst_status init(pst_unit *unit, pst_error *err) {
    (void)err;
    *(pst_function **)unit->state = (pst_function *)unit->kind;
    return PST_OK;
}

static void close_worker(pst_function *f) PST_RT {
    atomic_store_explicit(&f->is_closed, true, memory_order_release);
    if (f->ring_in != NULL)
        pst_ring_interrupt(f->ring_in, true);
}

static void deinit(pst_unit *unit) {
    close_worker((pst_function *)unit->kind);
}

static void destroy(const pst_kind *kind) {
    pst_function_release((pst_function *)kind);
}

// ---- Making -------------------------------------------------------------------------------------

static pst_status check_number(const char *name, uint32_t x, uint32_t min, uint32_t max,
                               pst_error *err) {
    if (x >= min && x <= max)
        return PST_OK;
    return pst_fail(err, PST_BAD_ARGUMENT, 0, "%s is %u; it must be from %u to %u", name, x, min,
                    max);
}

static pst_status check_param(const pst_function_config *config, uint32_t p, pst_error *err) {
    const pst_param_info *info = &config->params[p];
    if (info->name == NULL || info->name[0] == '\0')
        return pst_fail(err, PST_BAD_ARGUMENT, 0, "params[%u] has no name", p);
    for (uint32_t k = 0; k < p; ++k)
        if (strcmp(config->params[k].name, info->name) == 0)
            return pst_fail(err, PST_BAD_ARGUMENT, 0, "params[%u] is named \"%s\", as params[%u]",
                            p, info->name, k);
    if (!info->is_within_nyquist &&
        !(info->min <= info->initial && info->initial <= info->max)) // NaN, too.
        return pst_fail(err, PST_BAD_ARGUMENT, 0,
                        "the default of \"%s\" is %g; it must be from %g to %g", info->name,
                        (double)info->initial, (double)info->min, (double)info->max);
    return PST_OK;
}

static pst_status check(const pst_function_config *config, pst_error *err) {
    const uint32_t most = PST_GRAPH_MAX_CHANNELS;
    pst_status status = check_number("inputs", config->n_inputs, 0, most, err);
    if (status == PST_OK)
        status = check_number("outputs", config->n_outputs, 0, most, err);
    if (status == PST_OK)
        status = check_number("channels", config->n_channels, 1, most, err);
    for (uint32_t o = 0; status == PST_OK && o < config->n_outputs; ++o)
        if (config->output_channels != NULL)
            status = check_number("output_channels", config->output_channels[o], 1, most, err);
    if (status == PST_OK)
        status = check_number("block", config->block_frames, 0, PST_QUANTUM_MAX, err);
    if (status == PST_OK)
        status =
            check_number("look_ahead", config->look_ahead_frames, 0, PST_FUNCTION_MAX_AHEAD, err);
    if (status == PST_OK && config->n_params > PST_FUNCTION_MAX_PARAMS)
        status = pst_fail(err, PST_BAD_ARGUMENT, 0, "there are %u params; there may be %d",
                          config->n_params, PST_FUNCTION_MAX_PARAMS);
    for (uint32_t p = 0; status == PST_OK && p < config->n_params; ++p)
        status = check_param(config, p, err);
    if (status == PST_OK &&
        (config->underrun < PST_UNDERRUN_SILENCE || config->underrun > PST_UNDERRUN_BYPASS))
        status = pst_fail(err, PST_BAD_ARGUMENT, 0, "underrun is %d, which is none",
                          (int)config->underrun);
    if (status == PST_OK && config->underrun == PST_UNDERRUN_BYPASS && config->n_inputs == 0)
        status = pst_fail(err, PST_BAD_ARGUMENT, 0,
                          "underrun is bypass; a node without inputs has nothing to pass");
    return status;
}

static uint32_t greatest_divisor(uint32_t a, uint32_t b) {
    while (b != 0) {
        const uint32_t remainder = a % b;
        a = b;
        b = remainder;
    }
    return a;
}

// A block is complete in the quantum that has its last frame. The renderer makes it there and then,
// a worker in time for the next quantum.
static pst_status find_latency(pst_function *f, pst_error *err) {
    f->shared_frames = greatest_divisor(f->block_frames, f->quantum_frames);
    const int64_t ahead = f->config.look_ahead_frames;
    f->latency = (int64_t)f->block_frames - f->shared_frames;
    if (!pst_function_has_worker(f))
        return PST_OK;
    f->latency += f->quantum_frames;
    if (ahead == 0)
        return PST_OK;
    if (ahead < f->latency)
        return pst_fail(err, PST_BAD_ARGUMENT, 0,
                        "look_ahead is %u; blocks of %u frames and quanta of %u need at least %u",
                        f->config.look_ahead_frames, f->block_frames, f->quantum_frames,
                        (uint32_t)f->latency);
    f->latency = ahead;
    return PST_OK;
}

static pst_status copy_params(pst_function *f, pst_error *err) {
    const uint32_t n = f->config.n_params;
    size_t n_bytes = 1;
    for (uint32_t p = 0; p < n; ++p)
        n_bytes += strlen(f->config.params[p].name) + 1;
    f->params = pst_alloc_array(n, sizeof *f->params);
    f->names = pst_alloc(n_bytes);
    if (f->params == NULL || f->names == NULL)
        return pst_fail_memory(err);
    char *name = f->names;
    for (uint32_t p = 0; p < n; ++p) {
        f->params[p] = f->config.params[p];
        f->params[p].rate_is_fixed |= f->params[p].rate == PST_RATE_K;
        f->params[p].name = strcpy(name, f->config.params[p].name);
        name += strlen(name) + 1;
    }
    f->config.params = f->params;
    return PST_OK;
}

static void fill_kind(pst_function *f) {
    uint32_t widest = 1;
    for (uint32_t o = 0; o < f->config.n_outputs; ++o) {
        f->output_channels[o] =
            f->config.output_channels == NULL ? f->config.n_channels : f->config.output_channels[o];
        f->n_output_channels += f->output_channels[o];
        widest = f->output_channels[o] > widest ? f->output_channels[o] : widest;
    }
    f->config.output_channels = f->output_channels;
    f->n_input_channels = f->config.n_inputs * f->config.n_channels;
    f->kind = (pst_kind){
        .info = {.name = "function",
                 .n_inputs = f->config.n_inputs,
                 .n_outputs = f->config.n_outputs,
                 .output_channels = widest,
                 .channel_count = f->config.n_channels,
                 .count_mode = PST_COUNT_EXPLICIT,
                 .freedom = PST_CHANNELS_FIXED_COUNT,
                 .is_source = true,
                 .params = f->params,
                 .n_params = f->config.n_params},
        .state_bytes = sizeof(pst_function *),
        .init = init,
        .deinit = deinit,
        .destroy = destroy,
        .process = process,
    };
}

static pst_status allocate(pst_function *f, pst_error *err) {
    const uint32_t n_params = f->config.n_params;
    const uint32_t n_values = f->quantum_frames;
    f->in = pst_alloc_array(f->n_input_channels, sizeof *f->in);
    f->out = pst_alloc_array(f->n_output_channels, sizeof *f->out);
    f->values = pst_alloc_array(n_params, sizeof *f->values);
    f->value_planes = pst_alloc_array((size_t)n_params * n_values, sizeof(float));
    f->kept_values = pst_alloc_array(n_params, sizeof(float));
    if (f->in == NULL || f->out == NULL || f->values == NULL || f->value_planes == NULL ||
        f->kept_values == NULL)
        return pst_fail_memory(err);
    for (uint32_t p = 0; p < n_params; ++p)
        f->kept_values[p] = NAN;
    return PST_OK;
}

static pst_status create(pst_function **function, const pst_graph *graph,
                         const pst_function_config *config, pst_error *err) {
    pst_status status = check(config, err);
    if (status != PST_OK)
        return status;
    pst_function *f = pst_alloc(sizeof *f);
    if (f == NULL)
        return pst_fail_memory(err);
    atomic_init(&f->n_refs, 1);
    f->config = *config;
    f->rate_hz = graph->config.rate_hz;
    f->quantum_frames = graph->config.quantum_frames;
    f->block_frames = config->block_frames == 0 ? f->quantum_frames : config->block_frames;
    status = copy_params(f, err);
    if (status == PST_OK)
        status = find_latency(f, err);
    if (status == PST_OK) {
        fill_kind(f);
        status = allocate(f, err);
    }
    if (status == PST_OK &&
        (pst_function_has_worker(f) || config->is_packed || f->block_frames != f->quantum_frames))
        status = pst_blocks_init(f, err);
    if (status != PST_OK) {
        pst_function_release(f);
        return status;
    }
    *function = f;
    return PST_OK;
}

pst_status pst_graph_add_function(pst_graph *graph, pst_gnode **node, pst_function **function,
                                  const pst_function_config *config, pst_error *err) {
    pst_function *made = NULL;
    pst_status status = create(&made, graph, config, err);
    if (status != PST_OK)
        return status;
    pst_function_retain(made); // The node's, which is dropped even if there will be none.
    status = pst_graph_add_kind(graph, node, &made->kind, NULL, 0, err);
    if (status != PST_OK) {
        pst_function_release(made);
        return status;
    }
    *function = made;
    return PST_OK;
}

// ---- Handles ------------------------------------------------------------------------------------

void pst_function_retain(pst_function *f) PST_RT {
    atomic_fetch_add_explicit(&f->n_refs, 1, memory_order_relaxed);
}

void pst_function_release(pst_function *f) {
    if (f == NULL || atomic_fetch_sub_explicit(&f->n_refs, 1, memory_order_acq_rel) != 1)
        return;
    pst_blocks_deinit(f);
    pst_free(f->params);
    pst_free(f->names);
    pst_free(f->in);
    pst_free(f->out);
    pst_free(f->values);
    pst_free(f->value_planes);
    pst_free(f->kept_values);
    pst_free(f);
}

int64_t pst_function_latency_frames(const pst_function *f) PST_RT {
    return f->latency;
}

void pst_function_get_memory(const pst_function *f, pst_function_memory *memory) PST_RT {
    *memory = (pst_function_memory){
        .inputs = f->work_in, .outputs = f->work_out, .block_frames = f->block_frames};
}

void pst_function_close(pst_function *f) PST_RT {
    atomic_store_explicit(&f->has_failed, true, memory_order_release);
    close_worker(f);
}

void pst_function_get_stats(const pst_function *f, pst_function_stats *stats) PST_RT {
    *stats = (pst_function_stats){
        .n_blocks = atomic_load_explicit(&f->n_blocks, memory_order_relaxed),
        .n_underruns = atomic_load_explicit(&f->n_underruns, memory_order_relaxed),
        .missing_frames = atomic_load_explicit(&f->missing_frames, memory_order_relaxed),
        .n_lost = atomic_load_explicit(&f->n_lost, memory_order_relaxed) +
                  (f->ring_in == NULL ? 0 : pst_ring_dropped(f->ring_in, 0)),
        .has_failed = atomic_load_explicit(&f->has_failed, memory_order_acquire),
        .is_closed = atomic_load_explicit(&f->is_closed, memory_order_acquire),
    };
}
