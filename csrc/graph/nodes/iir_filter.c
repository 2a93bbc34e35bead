// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include <math.h>

#include "base/alloc.h"
#include "base/error.h"
#include "core/kernels/kernels.h"
#include "graph/kinds.h"
#include "graph/nodes/recursive.h"

// A filter whose coefficients are given once and for all.

enum { FEEDFORWARD = 0, FEEDBACK = 1, N_ATTRIBUTES };
enum { MOST = PST_BLOCK_MOST + 1 };

static const pst_attribute_info attributes[] = {
    [FEEDFORWARD] = {.name = "feedforward",
                     .kind = PST_ATTRIBUTE_NUMBERS,
                     .min = 1,
                     .max = MOST,
                     .is_fixed = true},
    [FEEDBACK] = {.name = "feedback",
                  .kind = PST_ATTRIBUTE_NUMBERS,
                  .min = 1,
                  .max = MOST,
                  .is_fixed = true},
};

typedef struct blocks {
    pst_shared shared;
    uint32_t n_samples, n_results;
    double columns[2 * PST_BLOCK_MOST + PST_BLOCK_FRAMES][PST_BLOCK_FRAMES];
} blocks;

typedef struct iir {
    double *memory;      // n_samples + n_results of the blocks, for each channel.
    uint32_t n_numbers;  // So many.
    uint32_t n_channels; // Of the memory.
} iir;

// ---- Control side -------------------------------------------------------------------------------

static pst_status check(const pst_slot *slots, const pst_slot *wanted, uint32_t attribute,
                        pst_error *err) {
    (void)slots;
    const char *name = attributes[attribute].name;
    const pst_numbers *numbers = (const pst_numbers *)wanted->object;
    if (numbers == NULL)
        return pst_fail(err, PST_BAD_ARGUMENT, 0, "%s was not given; it must have 1 to %d numbers",
                        name, MOST);
    if (attribute == FEEDBACK && numbers->values[0] == 0.0)
        return pst_fail(err, PST_BAD_ARGUMENT, 0, "%s[0] is 0; it must be another number", name);
    bool has_any = false;
    for (uint32_t i = 0; i < numbers->n; ++i)
        has_any |= numbers->values[i] != 0.0;
    if (!has_any)
        return pst_fail(err, PST_BAD_ARGUMENT, 0, "%s has only zeros; one must be another number",
                        name);
    return PST_OK;
}

static void destroy_blocks(pst_shared *shared) {
    pst_free(shared);
}

static pst_status divide(double *to, uint32_t *n, const pst_shared *from, double by,
                         const char *name, pst_error *err) {
    const pst_numbers *numbers = (const pst_numbers *)from;
    *n = numbers->n;
    for (uint32_t i = 0; i < numbers->n; ++i) {
        to[i] = numbers->values[i] / by;
        if (!isfinite(to[i]))
            return pst_fail(err, PST_BAD_ARGUMENT, 0,
                            "%s[%u] is %g; that is too much for a feedback[0] of %g", name, i,
                            numbers->values[i], by);
    }
    return PST_OK;
}

static pst_status prepare(const pst_slot *slots, const pst_slot *wanted, uint32_t attribute,
                          pst_site *site, pst_shared **prepared, pst_error *err) {
    (void)site;
    if (attribute != FEEDBACK)
        return PST_OK;
    double b[MOST], a[MOST];
    const double first = ((const pst_numbers *)wanted->object)->values[0];
    uint32_t n_b = 0, n_a = 0;
    pst_status status = divide(b, &n_b, slots[FEEDFORWARD].object, first, "feedforward", err);
    if (status == PST_OK)
        status = divide(a, &n_a, wanted->object, first, "feedback", err);
    if (status != PST_OK)
        return status;
    blocks *made = pst_alloc(sizeof *made);
    if (made == NULL)
        return pst_fail_memory(err);
    pst_shared_init(&made->shared, destroy_blocks);
    made->n_samples = n_b - 1;
    made->n_results = n_a - 1;
    pst_recursive_columns(made->columns, b, n_b, a, n_a);
    *prepared = &made->shared;
    return PST_OK;
}

static const blocks *blocks_of(const pst_unit *unit) PST_RT {
    return (const blocks *)unit->slots[FEEDBACK].prepared;
}

static pst_status init(pst_unit *unit, pst_error *err) {
    iir *self = unit->state;
    self->n_channels = 1;
    self->n_numbers = blocks_of(unit)->n_samples + blocks_of(unit)->n_results;
    self->memory =
        pst_alloc_array((size_t)self->n_numbers * PST_GRAPH_MAX_CHANNELS, sizeof(double));
    return self->memory == NULL ? pst_fail_memory(err) : PST_OK;
}

static void deinit(pst_unit *unit) {
    pst_free(((iir *)unit->state)->memory);
}

// ---- Renderer -----------------------------------------------------------------------------------

static bool is_quiet(const iir *self) PST_RT {
    return pst_recursive_is_quiet(self->memory, (size_t)self->n_channels * self->n_numbers);
}

static void process(pst_unit *unit, const pst_quantum *q) PST_RT {
    iir *self = unit->state;
    const pst_bus *input = &q->inputs[0];
    if (input->n_channels != self->n_channels) {
        pst_recursive_fit(self->memory, self->n_numbers, self->n_channels, input->n_channels);
        self->n_channels = input->n_channels;
    }
    if (input->is_silent && is_quiet(self)) {
        pst_bus_silence(&q->outputs[0], self->n_channels);
        return;
    }
    const blocks *made = blocks_of(unit);
    const pst_block_filter filter = {made->n_samples, made->n_results, made->columns};
    float *const *planes = pst_bus_open(&q->outputs[0], self->n_channels);
    for (uint32_t c = 0; c < self->n_channels; ++c)
        pst_kernels_now()->recursion->run_blocks(&filter, planes[c], input->channels[c],
                                                 self->memory + (size_t)c * self->n_numbers,
                                                 q->n_frames);
}

static bool has_tail(const pst_unit *unit, int64_t n_frames) PST_RT {
    (void)n_frames;
    return !is_quiet(unit->state);
}

const pst_kind pst_kind_iir_filter = {
    .info =
        {
            .name = "iir_filter",
            .n_inputs = 1,
            .n_outputs = 1,
            .channel_count = 2,
            .attributes = attributes,
            .n_attributes = N_ATTRIBUTES,
        },
    .state_bytes = sizeof(iir),
    .check = check,
    .prepare = prepare,
    .init = init,
    .deinit = deinit,
    .process = process,
    .has_tail = has_tail,
};
