// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "base/alloc.h"
#include "base/error.h"
#include "core/convert.h"
#include "graph/render/frames.h"
#include "graph/nodes/rings.h"

// Plays what comes out of a ring.

enum { CHANNELS, FORMAT, READER, LEAD, RING };

enum { OWN_READER = -1 };

// In the order of pst_format, which begins with 1.
static const char *const formats[] = {"float32", "float64", "int32", "int24",
                                      "int16",   "int8",    "uint8", NULL};

static const pst_attribute_info attributes[] = {
    [CHANNELS] = {.name = "channels",
                  .kind = PST_ATTRIBUTE_INTEGER,
                  .initial = 2,
                  .min = 1,
                  .max = PST_GRAPH_MAX_CHANNELS,
                  .is_fixed = true},
    [FORMAT] = {.name = "format",
                .kind = PST_ATTRIBUTE_CHOICE,
                .choices = formats,
                .is_fixed = true},
    [READER] = {.name = "reader",
                .kind = PST_ATTRIBUTE_INTEGER,
                .min = OWN_READER,
                .max = PST_RING_MAX_READERS - 1,
                .is_fixed = true},
    [LEAD] = {.name = "lead", .kind = PST_ATTRIBUTE_INTEGER, .max = INT32_MAX, .is_fixed = true},
    [RING] = {.name = "ring", .kind = PST_ATTRIBUTE_RING, .is_fixed = true},
};

typedef struct source {
    uint32_t n_channels;
    uint32_t reader;
    bool owns_reader;
    uint64_t lead_frames;
    pst_convert_fn convert;
    float *frames; // A quantum of them.
    bool has_begun;
    _Atomic uint64_t n_lost;
} source;

static pst_format format_of(const pst_slot *slots) {
    return (pst_format)((int)slots[FORMAT].number + PST_FORMAT_F32);
}

static pst_status check(const pst_slot *slots, const pst_slot *wanted, uint32_t attribute,
                        pst_error *err) {
    if (attribute != RING)
        return PST_OK;
    return pst_node_check_ring(
        wanted, (uint32_t)slots[CHANNELS].number * pst_format_bytes(format_of(slots)), err);
}

static uint32_t max_channels(const pst_slot *slots, uint32_t output, const uint32_t *inputs,
                             uint32_t n_inputs) {
    (void)output;
    (void)inputs;
    (void)n_inputs;
    return (uint32_t)slots[CHANNELS].number;
}

static pst_status init(pst_unit *unit, pst_error *err) {
    source *self = unit->state;
    self->n_channels = (uint32_t)unit->slots[CHANNELS].number;
    self->lead_frames = (uint64_t)unit->slots[LEAD].number;
    self->convert = pst_convert_kernel(PST_FORMAT_F32, format_of(unit->slots));
    self->frames = pst_alloc_array((size_t)self->n_channels * unit->quantum_frames, sizeof(float));
    if (self->frames == NULL)
        return pst_fail_memory(err);
    if (unit->slots[READER].number != OWN_READER) {
        self->reader = (uint32_t)unit->slots[READER].number;
        return PST_OK;
    }
    if (pst_ring_attach(pst_ring_of(&unit->slots[RING]), &self->reader) != PST_OK)
        return pst_fail(err, PST_LIMIT, 0, "ring has %d readers, which is the most it can have",
                        PST_RING_MAX_READERS);
    self->owns_reader = true;
    return PST_OK;
}

static void deinit(pst_unit *unit) {
    const source *self = unit->state;
    pst_free(self->frames);
    if (self->owns_reader)
        pst_ring_detach(pst_ring_of(&unit->slots[RING]), self->reader);
}

// Returns whether it sounds, or begins now. What is there then beyond the lead is too old, unless
// somebody has put it there before.
static bool begin(source *self, pst_ring *ring, uint64_t n_there, bool is_ended) PST_RT {
    if (self->has_begun)
        return true;
    if (n_there == 0 || (n_there < self->lead_frames && !is_ended))
        return false;
    if (self->owns_reader && self->lead_frames > 0 && n_there > self->lead_frames)
        pst_ring_skip(ring, self->reader, n_there - self->lead_frames);
    self->has_begun = true;
    return true;
}

// Reads n frames, which are there. Where memory has an edge, there are two spans.
static void read(source *self, pst_ring *ring, float *const *planes, uint32_t to,
                 uint32_t n) PST_RT {
    pst_span span;
    while (n > 0 && pst_ring_begin_read(ring, self->reader, n, &span) > 0) {
        const uint32_t n_here = (uint32_t)span.n_frames;
        pst_kernel_counts counts = {0, 0};
        self->convert((unsigned char *)self->frames, span.data, (size_t)n_here * self->n_channels,
                      &counts);
        pst_frames_split(planes, to, self->frames, self->n_channels, n_here);
        pst_ring_commit_read(ring, self->reader, n_here);
        to += n_here;
        n -= n_here;
    }
}

static void process(pst_unit *unit, const pst_quantum *q) PST_RT {
    source *self = unit->state;
    pst_ring *ring = pst_ring_of(&unit->slots[RING]);
    const uint32_t n_wanted = q->end - q->first;
    const bool is_ended = pst_ring_ended(ring); // Before what it has then is counted.
    const bool sounds = begin(self, ring, pst_ring_readable(ring, self->reader), is_ended);
    const uint64_t n_there = pst_ring_readable(ring, self->reader);
    const uint32_t n = !sounds ? 0 : n_there < n_wanted ? (uint32_t)n_there : n_wanted;
    unit->is_over = is_ended && n == n_there;
    if (sounds && !is_ended)
        pst_count_add(&self->n_lost, n_wanted - n);
    if (n == 0)
        pst_bus_silence(&q->outputs[0], self->n_channels);
    else if (n == q->n_frames)
        read(self, ring, pst_bus_open(&q->outputs[0], self->n_channels), 0, n);
    else
        read(self, ring, pst_bus_open_zeroed(&q->outputs[0], self->n_channels), q->first, n);
}

const pst_kind pst_kind_stream_source = {
    .info =
        {
            .name = "stream_source",
            .n_outputs = 1,
            .channel_count = 2,
            .is_source = true,
            .attributes = attributes,
            .n_attributes = PST_COUNT_OF(attributes),
        },
    .state_bytes = sizeof(source),
    .check = check,
    .max_channels = max_channels,
    .init = init,
    .deinit = deinit,
    .process = process,
};

uint64_t pst_stream_source_lost(const pst_unit *unit) PST_RT {
    const source *self = unit->state;
    return atomic_load_explicit(&self->n_lost, memory_order_relaxed);
}
