// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include <stdatomic.h>
#include <stdio.h>

#include "base/alloc.h"
#include "base/error.h"
#include "chain/ends/user_buffer.h"
#include "pastream/user_parts.h"

// A stage of functions of the caller's: what is given to them comes back by pulling, at any time
// and in any number of buffers.

enum { NAME_BYTES = 32 };

typedef struct user_stage {
    pst_stage base;
    pst_stage_functions functions;
    void *user;
    char name[NAME_BYTES];
    pst_user_giver giver;
    pst_user_patience patience;
    bool is_pushed; // The piece that is being processed is inside.
    bool is_flushed;
    bool has_ended;
} user_stage;

// Pulls once. Returns PST_OK (out->n_frames may be 0 for an empty buffer), PST_TIMEOUT or PST_END
// (there is nothing), or an error.
static pst_status pull(user_stage *self, pst_piece *out, pst_error *err) {
    if (self->has_ended)
        return PST_END;
    pst_buffer buffer = {.media = {.kind = self->base.out.kind}, .pts = PST_NO_PTS};
    const pst_status status = self->functions.pull(self->user, &buffer, err);
    self->has_ended = status == PST_END;
    return status == PST_OK ? pst_user_give(&self->giver, self->base.out.kind, &buffer, out, err)
                            : status;
}

// Pushes the piece, unless it is inside already.
static pst_status push(user_stage *self, const pst_piece *in, pst_error *err) {
    if (self->is_pushed || self->has_ended)
        return PST_OK;
    const pst_buffer buffer = pst_user_buffer(in);
    const pst_status status = self->functions.push(self->user, &buffer, err);
    self->is_pushed = status == PST_OK;
    if (self->is_pushed && in->media->kind == PST_MEDIA_FRAMES)
        pst_user_giver_follow(&self->giver, in);
    return status == PST_TIMEOUT ? PST_OK : status; // It must be pulled first.
}

static pst_status user_process(pst_stage *stage, const pst_piece *in, uint64_t *n_used,
                               pst_piece *out, pst_error *err) {
    user_stage *self = (user_stage *)stage;
    pst_status status = push(self, in, err);
    if (status != PST_OK)
        return status;
    do
        status = pull(self, out, err);
    while (status == PST_OK && out->n_frames == 0);
    if (status == PST_OK) {
        pst_user_went_on(&self->patience);
        return PST_OK;
    }
    if (status != PST_TIMEOUT && status != PST_END)
        return status;
    if (!self->is_pushed && !self->has_ended) { // It takes nothing and gives nothing.
        pst_user_wait(&self->patience);
        return PST_TIMEOUT;
    }
    *out = (pst_piece){0};
    *n_used = in->n_frames;
    self->is_pushed = false;
    return PST_OK;
}

static pst_status user_drain(pst_stage *stage, pst_piece *out, pst_error *err) {
    user_stage *self = (user_stage *)stage;
    pst_status status = PST_OK;
    if (!self->is_flushed && self->functions.flush != NULL)
        status = self->functions.flush(self->user, err);
    if (status != PST_OK)
        return status;
    self->is_flushed = true;
    do
        status = pull(self, out, err);
    while (status == PST_OK && out->n_frames == 0);
    if (status == PST_TIMEOUT)
        pst_user_wait(&self->patience);
    else
        pst_user_went_on(&self->patience);
    if (status == PST_END)
        *out = (pst_piece){0};
    return status == PST_END ? PST_OK : status;
}

static pst_status user_reset(pst_stage *stage, pst_error *err) {
    user_stage *self = (user_stage *)stage;
    self->is_pushed = self->is_flushed = self->has_ended = false;
    pst_user_giver_reset(&self->giver);
    return self->functions.reset != NULL ? self->functions.reset(self->user, err) : PST_OK;
}

static void user_wake(pst_stage *stage) {
    user_stage *self = (user_stage *)stage;
    pst_user_wake(&self->patience);
    if (self->functions.wake != NULL)
        self->functions.wake(self->user);
}

static void user_deinit(pst_stage *stage) {
    user_stage *self = (user_stage *)stage;
    if (self->functions.free != NULL)
        self->functions.free(self->user);
    pst_user_giver_deinit(&self->giver);
    pst_user_patience_deinit(&self->patience);
}

static const pst_stage_ops user_stage_ops = {
    .name = "user",
    .process = user_process,
    .drain = user_drain,
    .reset = user_reset,
    .wake = user_wake,
    .deinit = user_deinit,
};

pst_status pst_stage_user(pst_stage **stage, const char *name, pst_media_kind in,
                          pst_media_kind out, const pst_stage_functions *functions, void *user,
                          pst_error *err) {
    if (functions == NULL || functions->push == NULL || functions->pull == NULL)
        return pst_fail(err, PST_BAD_ARGUMENT, 0, "functions has no push, or no pull");
    const pst_media taken = {.kind = in}, given = {.kind = out};
    pst_user_patience patience;
    pst_status status = pst_user_patience_init(&patience, err);
    if (status != PST_OK)
        return status;
    pst_stage *made = NULL;
    status = pst_stage_create_open(&made, sizeof(user_stage), &user_stage_ops, &taken, &given, err);
    if (status != PST_OK) {
        pst_user_patience_deinit(&patience);
        return status;
    }
    user_stage *self = (user_stage *)made;
    self->functions = *functions;
    self->user = user;
    self->patience = patience;
    snprintf(self->name, sizeof self->name, "%s", name != NULL ? name : "user");
    made->name = self->name;
    *stage = made;
    return PST_OK;
}
