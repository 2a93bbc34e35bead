// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "pastream/graph_meter.h"

#include <float.h>
#include <math.h>

#include "base/alloc.h"
#include "base/error.h"
#include "graph/kinds.h"
#include "graph/control/model.h"
#include "graph/nodes/trail.h"

// Passes sound on, and measures it in short pieces, of which whoever reads puts a window together.

enum { CHANNELS, WINDOW };
enum { LEAST_FRAMES = 64 }; // Of a piece.

static const pst_attribute_info attributes[] = {
    [CHANNELS] = {.name = "channels",
                  .kind = PST_ATTRIBUTE_INTEGER,
                  .initial = 2,
                  .min = 1,
                  .max = PST_GRAPH_MAX_CHANNELS,
                  .is_fixed = true},
    [WINDOW] = {.name = "window",
                .kind = PST_ATTRIBUTE_NUMBER,
                .initial = 0.3,
                .min = 0.001,
                .max = 10,
                .is_fixed = true},
};

typedef struct meter {
    uint32_t n_channels;
    float *memory; // A quantum of
    float *planes[PST_GRAPH_MAX_CHANNELS];
    // Pieces of the same length, made of whole quanta. The trail has two numbers of each channel
    // for each: its peak, and the sum of its squares.
    int64_t piece_frames;
    uint32_t n_pieces; // Of the window.
    pst_trail trail;
    int64_t piece; // The one that is measured at present.
    bool is_quiet; // Nothing in it but zeros so far.
    float values[2 * PST_GRAPH_MAX_CHANNELS];
    double sums[PST_GRAPH_MAX_CHANNELS];
    // Since the last reset.
    _Atomic uint32_t n_resets;    // Asked for,
    _Atomic uint32_t resets_done; // and done.
    _Atomic float max_peaks[PST_GRAPH_MAX_CHANNELS];
    _Atomic uint64_t n_clipped[PST_GRAPH_MAX_CHANNELS];
} meter;

static pst_status init(pst_unit *unit, pst_error *err) {
    meter *self = unit->state;
    const uint32_t quantum = unit->quantum_frames;
    self->n_channels = (uint32_t)unit->slots[CHANNELS].number;
    self->memory = pst_alloc_array((size_t)self->n_channels * quantum, sizeof(float));
    if (self->memory == NULL)
        return pst_fail_memory(err);
    for (uint32_t c = 0; c < self->n_channels; ++c)
        self->planes[c] = self->memory + (size_t)c * quantum;
    self->piece_frames = (LEAST_FRAMES + quantum - 1) / quantum * (int64_t)quantum;
    self->piece = -1;
    const double n = unit->slots[WINDOW].number * unit->rate_hz / (double)self->piece_frames;
    self->n_pieces = n < 1.5 ? 1 : (uint32_t)(n + 0.5);
    return pst_trail_init(&self->trail, 2 * self->n_channels, 2 * self->n_channels * self->n_pieces,
                          err);
}

static void deinit(pst_unit *unit) {
    meter *self = unit->state;
    pst_trail_deinit(&self->trail);
    pst_free(self->memory);
}

static void reset(meter *self) PST_RT {
    const uint32_t wanted = atomic_load_explicit(&self->n_resets, memory_order_acquire);
    if (wanted == atomic_load_explicit(&self->resets_done, memory_order_relaxed))
        return;
    for (uint32_t c = 0; c < self->n_channels; ++c) {
        atomic_store_explicit(&self->max_peaks[c], 0.0f, memory_order_relaxed);
        atomic_store_explicit(&self->n_clipped[c], 0, memory_order_relaxed);
    }
    atomic_store_explicit(&self->resets_done, wanted, memory_order_release);
}

static void begin_piece(meter *self, int64_t piece) PST_RT {
    self->piece = piece;
    self->is_quiet = true;
    for (uint32_t c = 0; c < self->n_channels; ++c) {
        self->values[2 * c] = 0.0f;
        self->sums[c] = 0.0;
    }
}

static void measure(meter *self, uint32_t c, const float *plane, uint32_t n) PST_RT {
    float peak = self->values[2 * c];
    double sum = 0.0;
    uint32_t n_clipped = 0;
    for (uint32_t i = 0; i < n; ++i) {
        float size = fabsf(plane[i]);
        size = size <= FLT_MAX ? size : 0.0f; // NaN, too.
        peak = size > peak ? size : peak;
        sum += (double)size * (double)size;
        n_clipped += size >= 1.0f;
    }
    self->values[2 * c] = peak;
    self->sums[c] += sum;
    if (peak > atomic_load_explicit(&self->max_peaks[c], memory_order_relaxed))
        atomic_store_explicit(&self->max_peaks[c], peak, memory_order_relaxed);
    if (n_clipped > 0)
        atomic_store_explicit(&self->n_clipped[c],
                              n_clipped +
                                  atomic_load_explicit(&self->n_clipped[c], memory_order_relaxed),
                              memory_order_relaxed);
}

static void process(pst_unit *unit, const pst_quantum *q) PST_RT {
    meter *self = unit->state;
    const pst_bus *input = &q->inputs[0];
    if (input->is_active)
        pst_bus_pass(&q->outputs[0], input);
    else
        pst_bus_rest(&q->outputs[0]);
    reset(self);
    if (q->frame / self->piece_frames != self->piece)
        begin_piece(self, q->frame / self->piece_frames);
    if (!input->is_silent) {
        float *const *planes = input->channels;
        if (input->n_channels != self->n_channels) {
            pst_bus_mix(q->kernels, self->planes, self->n_channels, input, PST_MIXING_SPEAKERS,
                        false);
            planes = self->planes;
        }
        for (uint32_t c = 0; c < self->n_channels; ++c)
            measure(self, c, planes[c], q->n_frames);
        self->is_quiet = false;
    }
    if (self->is_quiet || (q->frame + q->n_frames) % self->piece_frames != 0)
        return;
    for (uint32_t c = 0; c < self->n_channels; ++c)
        self->values[2 * c + 1] = (float)self->sums[c];
    pst_trail_write(&self->trail, self->piece * 2 * self->n_channels, self->values);
}

const pst_kind pst_kind_meter = {
    .info =
        {
            .name = "meter",
            .n_inputs = 1,
            .n_outputs = 1,
            .channel_count = 2,
            .is_pulled = true,
            .attributes = attributes,
            .n_attributes = PST_COUNT_OF(attributes),
        },
    .state_bytes = sizeof(meter),
    .hears_silence = true,
    .init = init,
    .deinit = deinit,
    .process = process,
};

// ---- Reading ------------------------------------------------------------------------------------

static void add_window(const meter *self, const float *values, pst_graph_meter_reading *reading) {
    for (uint32_t c = 0; c < self->n_channels; ++c) {
        double sum = 0.0;
        for (uint32_t i = 0; i < self->n_pieces; ++i) {
            const float *both = values + 2 * ((size_t)i * self->n_channels + c);
            reading->peak[c] = both[0] > reading->peak[c] ? both[0] : reading->peak[c];
            sum += (double)both[1];
        }
        reading->rms[c] = sqrt(sum / (double)reading->window_frames);
    }
}

pst_status pst_gnode_read_meter(const pst_gnode *node, pst_graph_meter_reading *reading,
                                pst_error *err) {
    const pst_status status = pst_gnode_check_kind(node, &pst_kind_meter, err);
    if (status != PST_OK)
        return status;
    meter *self = pst_gnode_state(node);
    const uint32_t n_values = 2 * self->n_channels * self->n_pieces;
    float *values = pst_alloc_array(n_values, sizeof(float));
    if (values == NULL)
        return pst_fail_memory(err);
    int64_t end;
    do
        end = pst_graph_frame(node->graph) / self->piece_frames;
    while (!pst_trail_read(&self->trail, end * 2 * self->n_channels, values, n_values));
    *reading = (pst_graph_meter_reading){.n_frames = end * self->piece_frames,
                                         .window_frames = self->n_pieces * self->piece_frames,
                                         .n_channels = self->n_channels};
    add_window(self, values, reading);
    pst_free(values);
    // What was there before a reset that is still to be done does not count.
    if (atomic_load_explicit(&self->resets_done, memory_order_acquire) !=
        atomic_load_explicit(&self->n_resets, memory_order_relaxed))
        return PST_OK;
    for (uint32_t c = 0; c < self->n_channels; ++c) {
        reading->max_peak[c] = atomic_load_explicit(&self->max_peaks[c], memory_order_relaxed);
        reading->n_clipped[c] = atomic_load_explicit(&self->n_clipped[c], memory_order_relaxed);
    }
    return PST_OK;
}

pst_status pst_gnode_reset_meter(pst_gnode *node, pst_error *err) {
    const pst_status status = pst_gnode_check_kind(node, &pst_kind_meter, err);
    if (status != PST_OK)
        return status;
    meter *self = pst_gnode_state(node);
    atomic_fetch_add_explicit(&self->n_resets, 1, memory_order_acq_rel);
    return PST_OK;
}
