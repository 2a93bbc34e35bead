// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include <stdatomic.h>

#include "base/alloc.h"
#include "base/error.h"
#include "chain/row.h"
#include "pastream/tap.h"

typedef struct tap_stage {
    pst_stage base;
    char *name;
    pst_sink *sink;
    pst_feed *feed; // Borrowed from the sink; NULL: it is another one.
    pst_tap_full full;
    bool is_gone;      // The sink takes no more.
    bool is_at_border; // A buffer begins with the next piece.
    bool is_dropping;  // Until the next border.
    uint64_t n_tapped; // Of the piece at hand.
    pst_error failure; // Of the sink.
    _Atomic bool is_woken;
    _Atomic uint64_t n_dropped;
    // Where the sink wants other frames:
    bool has_media;
    pst_media media; // What comes.
    pst_stage *fit[PST_FIT_MAX_STAGES];
    pst_row row;
} tap_stage;

// ---- The sink ----------------------------------------------------------------------------------

static void drop_oldest(tap_stage *self) {
    pst_buffer buffer;
    if (pst_feed_get(self->feed, &buffer, 0, NULL) != PST_OK)
        return; // Taken by now.
    atomic_fetch_add_explicit(&self->n_dropped, buffer.n_frames, memory_order_relaxed);
    pst_feed_pass(self->feed, &buffer);
}

// Where nobody waits for room: makes some, or does without the buffer.
static void make_room(tap_stage *self) {
    if (self->full == PST_TAP_DROP_OLDEST)
        drop_oldest(self);
    else
        self->is_dropping = true;
}

static void look_for_room(tap_stage *self) {
    pst_feed_info info;
    pst_feed_get_info(self->feed, &info);
    if (info.n_buffers >= info.capacity && !info.is_left)
        make_room(self);
}

// Notes what the sink said. Returns PST_OK also if it is gone.
static pst_status note(tap_stage *self, pst_status status, const pst_error *err) {
    if (status == PST_END)
        self->is_gone = true;
    if (status >= 0 || status == PST_TIMEOUT)
        return status == PST_END ? PST_OK : status;
    self->failure.status = status;
    if (err != NULL && err->status == status)
        self->failure = *err;
    return status;
}

// Gives the sink of a piece what it has not got yet. Returns PST_OK (all is given, or dropped, or
// the sink is gone), PST_TIMEOUT, or an error.
static pst_status give(tap_stage *self, const pst_piece *piece, pst_error *err) {
    pst_piece rest = *piece;
    pst_piece_advance(&rest, self->n_tapped);
    rest.is_whole = piece->is_whole && self->n_tapped == 0;
    while (rest.n_frames > 0 && !self->is_gone) {
        if (self->is_at_border && self->full != PST_TAP_WAIT)
            look_for_room(self);
        self->is_at_border = piece->media->kind == PST_MEDIA_PACKETS;
        if (self->is_dropping) {
            atomic_fetch_add_explicit(&self->n_dropped, rest.n_frames, memory_order_relaxed);
            self->is_dropping = !self->is_at_border;
            break;
        }
        uint64_t n_taken = 0;
        const pst_status status =
            note(self, self->sink->ops->push(self->sink, &rest, &n_taken, err), err);
        if (status == PST_TIMEOUT && self->full != PST_TAP_WAIT && !atomic_load(&self->is_woken)) {
            make_room(self);
            continue;
        }
        if (status != PST_OK)
            return status;
        pst_piece_advance(&rest, n_taken);
        rest.is_whole = rest.is_whole && n_taken == 0;
        self->n_tapped += n_taken;
    }
    self->n_tapped = 0;
    return PST_OK;
}

// What has gone through the stages that make frames fit waits here for the sink.
static pst_status emit(void *user, const pst_piece *piece, pst_error *err) {
    tap_stage *self = user;
    pst_status status = PST_TIMEOUT;
    while (status == PST_TIMEOUT && !atomic_load(&self->is_woken))
        status = give(self, piece, err);
    return status == PST_TIMEOUT ? PST_OK : status;
}

static bool is_called_off(void *user) {
    return atomic_load(&((const tap_stage *)user)->is_woken);
}

static const pst_row_ops row_ops = {.emit = emit, .is_called_off = is_called_off};

static void forget_fit(tap_stage *self) {
    for (uint32_t i = 0; i < self->row.n_stages; ++i)
        pst_stage_destroy(self->fit[i]);
    self->row.n_stages = 0;
    self->has_media = false;
}

// Makes what comes fit the sink, if that does not take anything.
static pst_status make_fit(tap_stage *self, const pst_media *media, pst_error *err) {
    pst_status status = PST_OK;
    if (self->has_media && pst_media_fits(&self->media, media))
        return PST_OK;
    if (self->has_media)
        status = pst_row_drain(&self->row, err);
    forget_fit(self);
    if (status == PST_OK && self->sink->format != 0) {
        const pst_source source = {
            .format = media->format, .n_channels = media->n_channels, .rate_hz = media->rate_hz};
        status = pst_chain_fit(self->fit, &self->row.n_stages, &source, self->sink, NULL, err);
    }
    self->media = *media;
    self->has_media = status == PST_OK;
    return status;
}

// ---- The stage ---------------------------------------------------------------------------------

static pst_status tap(tap_stage *self, const pst_piece *in, pst_error *err) {
    pst_status status = make_fit(self, in->media, err);
    if (status != PST_OK || self->row.n_stages == 0)
        return status == PST_OK ? give(self, in, err) : status;
    pst_piece piece = *in;
    piece.is_whole = false;
    return pst_row_give(&self->row, &piece, err);
}

static pst_status tap_process(pst_stage *stage, const pst_piece *in, uint64_t *n_used,
                              pst_piece *out, pst_error *err) {
    tap_stage *self = (tap_stage *)stage;
    const pst_status status = self->is_gone ? PST_OK : tap(self, in, err);
    if (status != PST_OK)
        return status;
    *out = *in;
    *n_used = in->n_frames;
    return PST_OK;
}

static pst_status tap_settle(pst_stage *stage, pst_piece *out, pst_error *err) {
    tap_stage *self = (tap_stage *)stage;
    (void)out;
    self->is_at_border = true;
    self->is_dropping = false;
    if (self->is_gone || self->sink->ops->settle == NULL)
        return PST_OK;
    const pst_status status = note(self, self->sink->ops->settle(self->sink, err), err);
    return status == PST_TIMEOUT ? PST_OK : status;
}

static pst_status tap_drain(pst_stage *stage, pst_piece *out, pst_error *err) {
    tap_stage *self = (tap_stage *)stage;
    const pst_status status = self->is_gone ? PST_OK : pst_row_drain(&self->row, err);
    return status == PST_OK ? tap_settle(stage, out, err) : status;
}

static pst_status tap_reset(pst_stage *stage, pst_error *err) {
    tap_stage *self = (tap_stage *)stage;
    self->n_tapped = 0;
    self->is_at_border = true;
    self->is_dropping = false;
    if (!self->is_gone && self->sink->ops->flush != NULL)
        self->sink->ops->flush(self->sink);
    return pst_row_reset(&self->row, err);
}

static void tap_wake(pst_stage *stage) {
    tap_stage *self = (tap_stage *)stage;
    atomic_store(&self->is_woken, true);
    if (self->sink->ops->wake != NULL)
        self->sink->ops->wake(self->sink);
}

static pst_status tap_end(pst_stage *stage, pst_ending ending, pst_error *err) {
    tap_stage *self = (tap_stage *)stage;
    if (ending == PST_ENDING_BROKEN)
        self->sink->cause = self->failure.status != PST_OK ? &self->failure : stage->cause;
    const pst_status status = self->sink->ops->end(self->sink, ending, err);
    self->sink->cause = NULL;
    return self->is_gone ? PST_OK : status; // What nobody wants does not count.
}

static void tap_deinit(pst_stage *stage) {
    tap_stage *self = (tap_stage *)stage;
    forget_fit(self);
    pst_sink_destroy(self->sink);
    pst_free(self->name);
}

static const pst_stage_ops tap_ops = {
    .name = "tap",
    .process = tap_process,
    .settle = tap_settle,
    .drain = tap_drain,
    .reset = tap_reset,
    .wake = tap_wake,
    .end = tap_end,
    .deinit = tap_deinit,
};

pst_status pst_node_tap_sink(pst_stage **stage, const char *name, pst_sink *sink, pst_error *err) {
    const pst_media side = {.kind = sink->kind};
    pst_stage *made = NULL;
    const pst_status status =
        pst_stage_create_open(&made, sizeof(tap_stage), &tap_ops, &side, &side, err);
    if (status != PST_OK)
        return status;
    tap_stage *self = (tap_stage *)made;
    self->name = pst_alloc_text(name == NULL ? tap_ops.name : name);
    if (self->name == NULL) {
        pst_stage_destroy(made);
        return pst_fail_memory(err);
    }
    made->name = self->name;
    self->sink = sink;
    self->row = (pst_row){.stages = self->fit, .ops = &row_ops, .user = self};
    self->is_at_border = true;
    *stage = made;
    return PST_OK;
}

pst_status pst_node_tap_feed(pst_stage **stage, const char *name, pst_feed *feed, pst_tap_full full,
                             pst_error *err) {
    if (full < PST_TAP_WAIT || full > PST_TAP_DROP_NEWEST)
        return pst_fail(err, PST_BAD_ARGUMENT, 0, "full is %d, which is no way to go on",
                        (int)full);
    pst_sink *sink = NULL;
    pst_status status = pst_sink_feed(&sink, feed, err);
    if (status == PST_OK)
        status = pst_node_tap_sink(stage, name, sink, err);
    if (status != PST_OK) {
        pst_sink_destroy(sink);
        return status;
    }
    ((tap_stage *)*stage)->feed = feed;
    ((tap_stage *)*stage)->full = full;
    return PST_OK;
}

uint64_t pst_node_tap_dropped(const pst_stage *stage) PST_RT {
    if (stage->ops != &tap_ops)
        return 0;
    return atomic_load_explicit(&((const tap_stage *)stage)->n_dropped, memory_order_relaxed);
}
