// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "core/history.h"
#include "graph/render/frames.h"
#include "graph/control/model.h"
#include "graph/nodes/rings.h"
#include "pastream/graph_ring.h"

// Passes sound on, and writes it to a ring.

enum { CHANNELS, WHEN_FULL, RING };
enum { DROP_NEWEST, DROP_OLDEST };

static const char *const when_full[] = {"drop_newest", "drop_oldest", NULL};

static const pst_attribute_info attributes[] = {
    [CHANNELS] = {.name = "channels",
                  .kind = PST_ATTRIBUTE_INTEGER,
                  .initial = 2,
                  .min = 1,
                  .max = PST_GRAPH_MAX_CHANNELS,
                  .is_fixed = true},
    [WHEN_FULL] = {.name = "when_full", .kind = PST_ATTRIBUTE_CHOICE, .choices = when_full},
    [RING] = {.name = "ring", .kind = PST_ATTRIBUTE_RING, .is_fixed = true},
};

typedef struct tap {
    uint32_t n_channels;
    bool owns_ring;
    float *memory; // A quantum of
    float *planes[PST_GRAPH_MAX_CHANNELS];
    // How much greater the number of a frame is than its position in the ring, from a position on:
    // an entry for each change.
    pst_history offsets;
    int64_t offset;
    bool has_begun;
    _Atomic uint64_t n_lost;
} tap;

static pst_status check(const pst_slot *slots, const pst_slot *wanted, uint32_t attribute,
                        pst_error *err) {
    if (attribute != RING)
        return PST_OK;
    return pst_node_check_ring(wanted, (uint32_t)slots[CHANNELS].number * (uint32_t)sizeof(float),
                               err);
}

static pst_status init(pst_unit *unit, pst_error *err) {
    tap *self = unit->state;
    self->n_channels = (uint32_t)unit->slots[CHANNELS].number;
    self->memory = pst_alloc_array((size_t)self->n_channels * unit->quantum_frames, sizeof(float));
    if (self->memory == NULL)
        return pst_fail_memory(err);
    for (uint32_t c = 0; c < self->n_channels; ++c)
        self->planes[c] = self->memory + (size_t)c * unit->quantum_frames;
    self->owns_ring = true;
    return PST_OK;
}

static void deinit(pst_unit *unit) {
    tap *self = unit->state;
    pst_free(self->memory);
    if (self->owns_ring)
        pst_ring_end(pst_ring_of(&unit->slots[RING]));
}

// Notes where the frames in the ring do not follow one another. Before they are there, so that who
// sees them finds the entry.
static void note_offset(tap *self, uint64_t position, int64_t frame) PST_RT {
    const int64_t offset = frame - (int64_t)position;
    if (self->has_begun && offset == self->offset)
        return;
    self->has_begun = true;
    self->offset = offset;
    const pst_history_entry entry = {{position, (uint64_t)offset, 0, 0}};
    pst_history_push(&self->offsets, &entry);
}

// Returns how many frames went in. Where memory has an edge, there are two spans.
static uint32_t write(const tap *self, pst_ring *ring, float *const *planes, uint32_t n) PST_RT {
    uint32_t done = 0;
    pst_span span;
    while (done < n && pst_ring_begin_write(ring, n - done, &span) > 0) {
        float *frames = (float *)(void *)span.data;
        const uint32_t n_here = (uint32_t)span.n_frames;
        if (planes == NULL)
            memset(frames, 0, (size_t)n_here * self->n_channels * sizeof *frames);
        else
            pst_frames_join(frames, planes, done, self->n_channels, n_here);
        pst_ring_commit_write(ring, n_here);
        done += n_here;
    }
    return done;
}

static void process(pst_unit *unit, const pst_quantum *q) PST_RT {
    tap *self = unit->state;
    const pst_bus *input = &q->inputs[0];
    if (input->is_active)
        pst_bus_pass(&q->outputs[0], input);
    else
        pst_bus_rest(&q->outputs[0]);
    pst_ring *ring = pst_ring_of(&unit->slots[RING]);
    if (pst_ring_ended(ring))
        return;
    float *const *planes = input->is_silent ? NULL : input->channels;
    if (planes != NULL && input->n_channels != self->n_channels) {
        pst_bus_mix(q->kernels, self->planes, self->n_channels, input, PST_MIXING_SPEAKERS, false);
        planes = self->planes;
    }
    if (unit->slots[WHEN_FULL].number == DROP_OLDEST && pst_ring_writable(ring) < q->n_frames)
        pst_ring_make_room(ring, q->n_frames);
    note_offset(self, pst_ring_written(ring), q->frame);
    pst_count_add(&self->n_lost, q->n_frames - write(self, ring, planes, q->n_frames));
}

const pst_kind pst_kind_tap = {
    .info =
        {
            .name = "tap",
            .n_inputs = 1,
            .n_outputs = 1,
            .channel_count = 2,
            .is_pulled = true,
            .attributes = attributes,
            .n_attributes = PST_COUNT_OF(attributes),
        },
    .state_bytes = sizeof(tap),
    .hears_silence = true,
    .check = check,
    .init = init,
    .deinit = deinit,
    .process = process,
};

uint64_t pst_tap_lost(const pst_unit *unit) PST_RT {
    const tap *self = unit->state;
    return atomic_load_explicit(&self->n_lost, memory_order_relaxed);
}

// The oldest entry that can still be read.
static bool find_oldest(const pst_history *offsets, pst_history_entry *entry) PST_RT {
    const uint64_t n = pst_history_count(offsets);
    for (uint64_t i = n > PST_HISTORY_ENTRIES ? n - PST_HISTORY_ENTRIES : 0; i < n; ++i)
        if (pst_history_get(offsets, i, entry))
            return true;
    return false;
}

pst_status pst_gnode_tapped_frame(const pst_gnode *node, uint64_t position, int64_t *frame,
                                  pst_error *err) {
    const pst_status status = pst_gnode_check_kind(node, &pst_kind_tap, err);
    if (status != PST_OK)
        return status;
    const tap *self = pst_gnode_state(node);
    uint64_t index;
    pst_history_entry entry;
    if (!pst_history_find(&self->offsets, position, &index, &entry) &&
        !find_oldest(&self->offsets, &entry))
        return pst_fail(err, PST_BAD_STATE, 0, "nothing was written to the ring yet");
    *frame = (int64_t)position + (int64_t)entry.words[1];
    return PST_OK;
}
