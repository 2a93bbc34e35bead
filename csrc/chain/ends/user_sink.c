// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include <stdatomic.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "chain/ends/user_buffer.h"
#include "pastream/user_parts.h"

// A sink of functions of the caller's. A call costs much where it leads into a language that has a
// lock: so frames that come in small pieces are collected up to the border of a buffer.

// What is collected at most, and the least that is made room for.
enum { MOST_BYTES = 1 << 20, LEAST_BYTES = 1 << 14 };

typedef struct user_sink {
    pst_sink base;
    pst_sink_functions functions;
    void *user;
    pst_user_patience patience;
    uint8_t *frames; // What is collected: of these media, from this frame on.
    uint64_t n_bytes;
    pst_media media;
    int64_t frame;
    uint64_t n_frames;
    bool is_filler;
    bool begins;
    bool is_full; // The user wants no more.
    _Atomic bool is_called_back;
} user_sink;

static pst_status give(user_sink *self, const pst_piece *piece, pst_error *err) {
    const pst_buffer buffer = pst_user_buffer(piece);
    const pst_status status = self->functions.push(self->user, &buffer, err);
    if (status == PST_TIMEOUT)
        pst_user_wait(&self->patience);
    else
        pst_user_went_on(&self->patience);
    return status;
}

static pst_status give_collected(user_sink *self, pst_error *err) {
    if (self->n_frames == 0)
        return PST_OK;
    const pst_piece piece = {.data = self->frames,
                             .n_frames = self->n_frames,
                             .frame = self->frame,
                             .is_filler = self->is_filler,
                             .begins = self->begins,
                             .is_whole = true,
                             .media = &self->media};
    const pst_status status = give(self, &piece, err);
    if (status == PST_OK)
        self->n_frames = 0;
    return status;
}

// Whether a piece goes on where what is collected ends.
static bool goes_on(const user_sink *self, const pst_piece *piece) {
    const pst_media *a = &self->media, *b = piece->media;
    return piece->frame == self->frame + (int64_t)self->n_frames && !piece->begins &&
           piece->is_filler == self->is_filler && a->format == b->format &&
           a->n_channels == b->n_channels && a->rate_hz == b->rate_hz;
}

// Makes room, as much as makes sense, for so many bytes more.
static pst_status make_room(user_sink *self, uint64_t used, uint64_t wanted, pst_error *err) {
    uint64_t size = self->n_bytes < LEAST_BYTES ? LEAST_BYTES : self->n_bytes;
    while (size < used + wanted && size < MOST_BYTES)
        size *= 2;
    if (size == self->n_bytes)
        return PST_OK;
    uint8_t *more = pst_alloc((size_t)size);
    if (more == NULL)
        return pst_fail_memory(err);
    if (used > 0)
        memcpy(more, self->frames, (size_t)used);
    pst_free(self->frames);
    self->frames = more;
    self->n_bytes = size;
    return PST_OK;
}

static pst_status collect(user_sink *self, const pst_piece *piece, uint64_t *n_taken,
                          pst_error *err) {
    const uint32_t frame_bytes = pst_media_bytes(piece->media);
    const uint64_t used = self->n_frames * frame_bytes;
    pst_status status = PST_OK;
    if (self->n_frames > 0 && (!goes_on(self, piece) || used + frame_bytes > MOST_BYTES)) {
        status = give_collected(self, err);
        return status == PST_OK ? PST_TIMEOUT : status; // The piece comes again.
    }
    status = make_room(self, used, piece->n_frames * frame_bytes, err);
    if (status != PST_OK)
        return status;
    const uint64_t room = (self->n_bytes - used) / frame_bytes;
    if (self->n_frames == 0) {
        self->media = *piece->media;
        self->frame = piece->frame;
        self->is_filler = piece->is_filler;
        self->begins = piece->begins;
    }
    *n_taken = piece->n_frames < room ? piece->n_frames : room;
    memcpy(self->frames + used, piece->data, (size_t)(*n_taken * frame_bytes));
    self->n_frames += *n_taken;
    return PST_OK;
}

static pst_status user_push(pst_sink *sink, const pst_piece *piece, uint64_t *n_taken,
                            pst_error *err) {
    user_sink *self = (user_sink *)sink;
    if (self->is_full)
        return PST_END;
    pst_status status = PST_OK;
    if (!piece->is_whole) {
        status = collect(self, piece, n_taken, err);
    } else {
        status = give_collected(self, err);
        if (status == PST_OK)
            status = give(self, piece, err);
        if (status == PST_OK)
            *n_taken = piece->n_frames;
    }
    self->is_full = status == PST_END;
    return status;
}

// The border is now: whoever wants the user to take it later calls him back.
static pst_status user_settle(pst_sink *sink, pst_error *err) {
    user_sink *self = (user_sink *)sink;
    pst_status status = self->is_full ? PST_OK : give_collected(self, err);
    while (status == PST_TIMEOUT && !atomic_load(&self->is_called_back))
        status = give_collected(self, err);
    self->is_full = self->is_full || status == PST_END;
    return status < 0 && status != PST_TIMEOUT ? status : PST_OK;
}

static void user_flush(pst_sink *sink) {
    ((user_sink *)sink)->n_frames = 0;
}

static void user_wake(pst_sink *sink) {
    user_sink *self = (user_sink *)sink;
    atomic_store(&self->is_called_back, true);
    pst_user_wake(&self->patience);
    if (self->functions.wake != NULL)
        self->functions.wake(self->user);
}

static pst_status user_end(pst_sink *sink, pst_ending ending, pst_error *err) {
    static const pst_chain_state states[] = {[PST_ENDING_COMPLETE] = PST_CHAIN_DONE,
                                             [PST_ENDING_BROKEN] = PST_CHAIN_FAILED,
                                             [PST_ENDING_CANCELLED] = PST_CHAIN_CANCELLED};
    user_sink *self = (user_sink *)sink;
    return self->functions.end != NULL ? self->functions.end(self->user, states[ending], err)
                                       : PST_OK;
}

static void user_destroy(pst_sink *sink) {
    user_sink *self = (user_sink *)sink;
    if (self->functions.free != NULL)
        self->functions.free(self->user);
    pst_user_patience_deinit(&self->patience);
    pst_free(self->frames);
    pst_free(self);
}

static const pst_sink_ops user_sink_ops = {
    .name = "user",
    .push = user_push,
    .settle = user_settle,
    .flush = user_flush,
    .wake = user_wake,
    .end = user_end,
    .destroy = user_destroy,
};

pst_status pst_sink_user(pst_sink **sink, pst_media_kind kind, const pst_sink_functions *functions,
                         void *user, pst_error *err) {
    if (functions == NULL || functions->push == NULL)
        return pst_fail(err, PST_BAD_ARGUMENT, 0, "functions has no push");
    user_sink *self = pst_alloc(sizeof *self);
    if (self == NULL)
        return pst_fail_memory(err);
    const pst_status status = pst_user_patience_init(&self->patience, err);
    if (status != PST_OK) {
        pst_free(self);
        return status;
    }
    self->base = (pst_sink){.ops = &user_sink_ops, .kind = kind};
    self->functions = *functions;
    self->user = user;
    atomic_init(&self->is_called_back, false);
    *sink = &self->base;
    return PST_OK;
}
