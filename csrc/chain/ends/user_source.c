// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include <stdatomic.h>

#include "base/alloc.h"
#include "base/error.h"
#include "chain/ends/user_buffer.h"
#include "pastream/user_parts.h"

// A source of functions of the caller's.

typedef struct user_source {
    pst_source base;
    pst_source_functions functions;
    void *user;
    pst_user_giver giver;
    pst_user_patience patience;
    pst_piece piece; // What is left of the last buffer.
    uint32_t frame_bytes;
    _Atomic bool stopping;
    bool has_ended;
} user_source;

static pst_status user_pull(pst_source *source, pst_piece *piece, pst_error *err) {
    user_source *self = (user_source *)source;
    if (self->piece.n_frames == 0) {
        if (atomic_load(&self->stopping))
            return PST_END;
        pst_buffer buffer = {.media = {.kind = source->kind}, .pts = PST_NO_PTS};
        pst_status status = self->functions.pull(self->user, &buffer, err);
        if (status == PST_TIMEOUT)
            pst_user_wait(&self->patience);
        if (status != PST_OK)
            return status;
        pst_user_went_on(&self->patience);
        status = pst_user_give(&self->giver, source->kind, &buffer, &self->piece, err);
        if (status != PST_OK)
            return status;
        self->frame_bytes = pst_media_bytes(&self->giver.media);
        if (self->piece.n_frames == 0)
            return PST_TIMEOUT; // An empty buffer.
    }
    *piece = self->piece;
    return PST_OK;
}

static void user_pass(pst_source *source, uint64_t n_frames) {
    user_source *self = (user_source *)source;
    self->piece.data += n_frames * self->frame_bytes;
    self->piece.n_frames -= n_frames;
    self->piece.frame += (int64_t)n_frames;
    self->piece.begins = self->piece.begins && n_frames == 0;
}

static void user_wake(pst_source *source) {
    user_source *self = (user_source *)source;
    pst_user_wake(&self->patience);
    if (self->functions.wake != NULL)
        self->functions.wake(self->user);
}

static void user_stop(pst_source *source) {
    user_source *self = (user_source *)source;
    atomic_store(&self->stopping, true);
}

static void user_end(pst_source *source) {
    user_source *self = (user_source *)source;
    if (!self->has_ended && self->functions.end != NULL)
        self->functions.end(self->user);
    self->has_ended = true;
}

static void user_destroy(pst_source *source) {
    user_source *self = (user_source *)source;
    if (self->functions.free != NULL)
        self->functions.free(self->user);
    pst_user_giver_deinit(&self->giver);
    pst_user_patience_deinit(&self->patience);
    pst_free(self);
}

static const pst_source_ops user_source_ops = {
    .name = "user",
    .pull = user_pull,
    .pass = user_pass,
    .stop = user_stop,
    .wake = user_wake,
    .end = user_end,
    .destroy = user_destroy,
};

pst_status pst_source_user(pst_source **source, pst_media_kind kind,
                           const pst_source_functions *functions, void *user, pst_error *err) {
    if (functions == NULL || functions->pull == NULL)
        return pst_fail(err, PST_BAD_ARGUMENT, 0, "functions has no pull");
    user_source *self = pst_alloc(sizeof *self);
    if (self == NULL)
        return pst_fail_memory(err);
    const pst_status status = pst_user_patience_init(&self->patience, err);
    if (status != PST_OK) {
        pst_free(self);
        return status;
    }
    self->base = (pst_source){.ops = &user_source_ops, .kind = kind};
    self->functions = *functions;
    self->user = user;
    atomic_init(&self->stopping, false);
    *source = &self->base;
    return PST_OK;
}
