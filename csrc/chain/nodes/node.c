// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "chain/nodes/node.h"

#include "base/alloc.h"
#include "base/error.h"
#include "chain/row.h"
#include "chain/times.h"

// A stage with open sides around a row of stages that are made when it is known what comes.
//
// A row pushes, but a stage gives one piece for each call. So what comes of the inner stages waits
// in front of the next one, and the last of those that have something to do goes first. What was
// used of the piece that came is told when nothing of it waits any more: it may be the giver's own
// memory.

enum { MOST_INNER = PST_NODE_MAX_STAGES + 1 }; // The first one may convert.

typedef struct node_stage {
    pst_stage base;
    char *name;
    pst_node_make make;
    void *spec;
    void (*free_spec)(void *spec);
    pst_media expected; // All 0: anything.
    // The row:
    pst_media in; // What it is made for; no channels: it is not made.
    pst_stage *inner[MOST_INNER];
    pst_media media[MOST_INNER];   // What comes out of each.
    pst_piece waiting[MOST_INNER]; // In front of each but the first.
    uint32_t n_inner;
    uint64_t n_taken; // Of the piece that came.
    uint32_t n_ended; // Inner stages that are drained, or settled.
} node_stage;

// ---- The row ----------------------------------------------------------------------------------

static void destroy_row(node_stage *self) {
    while (self->n_inner > 0)
        pst_stage_destroy(self->inner[--self->n_inner]);
    self->in = (pst_media){0};
    for (uint32_t i = 0; i < MOST_INNER; ++i)
        self->waiting[i].n_frames = 0;
    self->n_taken = 0;
    self->n_ended = 0;
}

static bool is_same_sound(const pst_media *a, const pst_media *b) {
    return a->format == b->format && a->n_channels == b->n_channels && a->rate_hz == b->rate_hz;
}

static bool has_same_times(const pst_media *a, const pst_media *b) {
    return a->time_base_num == b->time_base_num && a->time_base_den == b->time_base_den &&
           a->told_pts == b->told_pts && a->told_frame == b->told_frame;
}

// Tells what comes out of each stage, when `in` goes into the first.
static void tell(node_stage *self) {
    const pst_media *before = &self->in;
    for (uint32_t i = 0; i < self->n_inner; ++i) {
        pst_media *behind = &self->media[i];
        *behind = self->inner[i]->out;
        if (behind->rate_hz <= 0.0)
            behind->rate_hz = before->rate_hz;
        pst_keep_times(behind, before);
        before = behind;
    }
}

// Returns the frames as they reach the first stage of the kind's own.
static pst_status convert_first(node_stage *self, const pst_media *in, pst_media *own,
                                pst_error *err) {
    *own = *in;
    if (!pst_media_fits(in, &(pst_media){.n_channels = self->expected.n_channels,
                                         .rate_hz = self->expected.rate_hz})) {
        char wanted[PST_MEDIA_TEXT_BYTES], came[PST_MEDIA_TEXT_BYTES];
        return pst_fail(err, PST_BAD_ARGUMENT, 0, "%s expects %s; what came is %s", self->name,
                        pst_media_text(&self->expected, wanted), pst_media_text(in, came));
    }
    if (self->expected.format == 0 || self->expected.format == in->format)
        return PST_OK;
    own->format = self->expected.format;
    const pst_status status = pst_stage_convert(&self->inner[0], in->format, own->format,
                                                in->n_channels, PST_DITHER_NONE, 0, err);
    self->n_inner = status == PST_OK;
    return status;
}

static pst_status make_row(node_stage *self, const pst_media *in, pst_error *err) {
    pst_media own;
    pst_status status = convert_first(self, in, &own, err);
    if (status == PST_OK) {
        uint32_t n_made = 0;
        status = self->make(self->spec, &own, self->inner + self->n_inner, &n_made, err);
        self->n_inner += n_made;
    }
    if (status != PST_OK) {
        destroy_row(self);
        return status;
    }
    self->in = *in;
    for (uint32_t i = 0; i < self->n_inner; ++i)
        self->inner[i]->owner = &self->base;
    tell(self);
    return PST_OK;
}

// Returns the last stage in front of which something waits; 0: none.
static uint32_t last_waiting(const node_stage *self) {
    uint32_t i = self->n_inner;
    while (i > 1 && self->waiting[i - 1].n_frames == 0)
        --i;
    return i > 1 ? i - 1 : 0;
}

// What stage number i has given is out, or waits in front of the next. Returns whether it is out.
static bool hand_on(node_stage *self, uint32_t i, pst_piece *given, pst_piece *out) {
    if (given->n_frames == 0)
        return false;
    if (given->media == NULL)
        given->media = &self->media[i];
    if (i + 1 == self->n_inner)
        *out = *given;
    else
        self->waiting[i + 1] = *given;
    return i + 1 == self->n_inner;
}

// Brings what waits in front of stage number i through it.
static pst_status process_waiting(node_stage *self, uint32_t i, pst_piece *out, bool *is_out,
                                  pst_error *err) {
    pst_stage *stage = self->inner[i];
    pst_piece given = {0};
    uint64_t n_used = 0;
    const pst_status status = stage->ops->process(stage, &self->waiting[i], &n_used, &given, err);
    if (status == PST_OK) {
        pst_piece_advance(&self->waiting[i], n_used);
        *is_out = hand_on(self, i, &given, out);
    }
    return status;
}

// ---- The stage ----------------------------------------------------------------------------------

// Tells what was used when nothing of it is on its way.
static void report(node_stage *self, uint64_t *n_used) {
    if (last_waiting(self) > 0)
        return;
    *n_used = self->n_taken;
    self->n_taken = 0;
}

static pst_status work(node_stage *self, const pst_piece *in, uint64_t *n_used, pst_piece *out,
                       pst_error *err) {
    bool is_out = false;
    while (!is_out) {
        const uint32_t i = last_waiting(self);
        pst_status status = PST_OK;
        if (i > 0) {
            status = process_waiting(self, i, out, &is_out, err);
        } else {
            pst_piece rest = *in, given = {0};
            uint64_t n = 0;
            pst_piece_advance(&rest, self->n_taken);
            if (rest.n_frames == 0)
                break;
            status = self->inner[0]->ops->process(self->inner[0], &rest, &n, &given, err);
            if (status == PST_OK) {
                self->n_taken += n;
                is_out = hand_on(self, 0, &given, out);
            }
        }
        if (status != PST_OK)
            return status;
    }
    report(self, n_used);
    return PST_OK;
}

typedef pst_status (*ending_op)(pst_stage *stage, pst_piece *out, pst_error *err);

// Gets out what the stages hold, from the first to the last. Nothing is out when all have done it.
static pst_status finish(node_stage *self, bool settles, pst_piece *out, pst_error *err) {
    bool is_out = false;
    pst_status status = PST_OK;
    while (!is_out && status == PST_OK) {
        const uint32_t i = last_waiting(self);
        if (i > 0) {
            status = process_waiting(self, i, out, &is_out, err);
            continue;
        }
        if (self->n_ended == self->n_inner)
            break;
        pst_stage *stage = self->inner[self->n_ended];
        const ending_op op = settles ? stage->ops->settle : stage->ops->drain;
        pst_piece given = {0};
        if (op != NULL)
            status = op(stage, &given, err);
        if (status == PST_OK && given.n_frames == 0)
            ++self->n_ended;
        else if (status == PST_OK)
            is_out = hand_on(self, self->n_ended, &given, out);
    }
    if (!is_out && status == PST_OK)
        self->n_ended = 0;
    return status;
}

static pst_status node_settle(pst_stage *stage, pst_piece *out, pst_error *err) {
    return finish((node_stage *)stage, true, out, err);
}

static pst_status node_drain(pst_stage *stage, pst_piece *out, pst_error *err) {
    return finish((node_stage *)stage, false, out, err);
}

// Frames that are others than before: what is inside comes out, then the row is made for them.
static pst_status change(node_stage *self, const pst_media *in, pst_piece *out, pst_error *err) {
    if (self->in.n_channels > 0) {
        const pst_status status = finish(self, false, out, err);
        if (status != PST_OK || out->n_frames > 0)
            return status;
        destroy_row(self);
    }
    return make_row(self, in, err);
}

static pst_status node_process(pst_stage *stage, const pst_piece *in, uint64_t *n_used,
                               pst_piece *out, pst_error *err) {
    node_stage *self = (node_stage *)stage;
    if (!is_same_sound(&self->in, in->media)) {
        const pst_status status = change(self, in->media, out, err);
        if (status != PST_OK || out->n_frames > 0)
            return status;
    } else if (!has_same_times(&self->in, in->media)) {
        self->in = *in->media;
        tell(self);
    }
    if (self->n_inner > 0)
        return work(self, in, n_used, out, err);
    *out = *in;
    *n_used = in->n_frames;
    return PST_OK;
}

static pst_status node_reset(pst_stage *stage, pst_error *err) {
    node_stage *self = (node_stage *)stage;
    pst_status status = PST_OK;
    self->n_taken = 0;
    self->n_ended = 0;
    for (uint32_t i = 0; i < self->n_inner && status == PST_OK; ++i) {
        self->waiting[i].n_frames = 0;
        if (self->inner[i]->ops->reset != NULL)
            status = self->inner[i]->ops->reset(self->inner[i], err);
    }
    return status;
}

static void node_deinit(pst_stage *stage) {
    node_stage *self = (node_stage *)stage;
    destroy_row(self);
    if (self->free_spec != NULL)
        self->free_spec(self->spec);
    pst_free(self->name);
}

static const pst_stage_ops node_ops = {
    .name = "node",
    .process = node_process,
    .settle = node_settle,
    .drain = node_drain,
    .reset = node_reset,
    .deinit = node_deinit,
};

pst_status pst_node_create(pst_stage **stage, const char *name, pst_node_make make, void *spec,
                           void (*free_spec)(void *spec), pst_error *err) {
    const pst_media side = {.kind = PST_MEDIA_FRAMES};
    pst_stage *made = NULL;
    const pst_status status =
        pst_stage_create_open(&made, sizeof(node_stage), &node_ops, &side, &side, err);
    if (status != PST_OK)
        return status;
    node_stage *self = (node_stage *)made;
    self->name = pst_alloc_text(name);
    if (self->name == NULL) {
        pst_stage_destroy(made);
        return pst_fail_memory(err);
    }
    made->name = self->name;
    self->make = make;
    self->spec = spec;
    self->free_spec = free_spec;
    *stage = made;
    return PST_OK;
}

void *pst_node_spec(const pst_stage *stage, pst_node_make make) PST_RT {
    const node_stage *self = (const node_stage *)stage;
    return stage->ops == &node_ops && self->make == make ? self->spec : NULL;
}

pst_status pst_node_expect(pst_stage *stage, const pst_media *media, pst_error *err) {
    if (stage->ops != &node_ops)
        return pst_fail(err, PST_BAD_ARGUMENT, 0, "stage is a %s stage, which cannot expect frames",
                        stage->name);
    if (media->kind != PST_MEDIA_FRAMES)
        return pst_fail(err, PST_BAD_ARGUMENT, 0, "media is of packets; %s takes frames",
                        stage->name);
    if (media->format != 0 && pst_format_bytes(media->format) == 0)
        return pst_fail(err, PST_BAD_ARGUMENT, 0, "format is %d, which is no sample format",
                        (int)media->format);
    ((node_stage *)stage)->expected = *media;
    return PST_OK;
}
