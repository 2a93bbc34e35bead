// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include <stdatomic.h>

#include "base/alloc.h"
#include "base/error.h"
#include "chain/stage.h"

// Frames in memory as a source.

// Per piece, so that a stop does not come too late.
static const uint64_t most_frames = 16384;

typedef struct memory_source {
    pst_source base;
    const uint8_t *frames; // Borrowed.
    uint64_t n_frames;
    uint64_t position;
    uint32_t frame_bytes;
    _Atomic bool stopping;
} memory_source;

static pst_status memory_pull(pst_source *source, pst_piece *piece, pst_error *err) {
    const memory_source *self = (const memory_source *)source;
    (void)err;
    const uint64_t left = self->n_frames - self->position;
    if (left == 0 || atomic_load(&self->stopping))
        return PST_END;
    *piece = (pst_piece){.data = self->frames + self->position * self->frame_bytes,
                         .n_frames = left < most_frames ? left : most_frames,
                         .frame = (int64_t)self->position};
    return PST_OK;
}

static void memory_pass(pst_source *source, uint64_t n_frames) {
    memory_source *self = (memory_source *)source;
    self->position += n_frames;
}

static void memory_stop(pst_source *source) {
    memory_source *self = (memory_source *)source;
    atomic_store(&self->stopping, true);
}

static pst_status memory_seek(pst_source *source, int64_t frame, pst_error *err) {
    memory_source *self = (memory_source *)source;
    (void)err;
    self->position = (uint64_t)frame;
    return PST_OK;
}

// It never waits.
static void memory_wake(pst_source *source) {
    (void)source;
}

static void memory_end(pst_source *source) {
    (void)source;
}

static void memory_destroy(pst_source *source) {
    pst_free(source);
}

static const pst_source_ops memory_source_ops = {
    .name = "memory",
    .pull = memory_pull,
    .pass = memory_pass,
    .stop = memory_stop,
    .wake = memory_wake,
    .seek = memory_seek,
    .end = memory_end,
    .destroy = memory_destroy,
};

pst_status pst_source_memory(pst_source **source, const void *frames, uint64_t n_frames,
                             pst_format format, uint32_t n_channels, pst_error *err) {
    const pst_status status = pst_check_frames(format, n_channels, err);
    if (status != PST_OK)
        return status;
    if (frames == NULL && n_frames > 0)
        return pst_fail(err, PST_BAD_ARGUMENT, 0, "frames is NULL and n_frames %llu",
                        (unsigned long long)n_frames);
    memory_source *self = pst_alloc(sizeof *self);
    if (self == NULL)
        return pst_fail_memory(err);
    self->base = (pst_source){.ops = &memory_source_ops,
                              .format = format,
                              .n_channels = n_channels,
                              .n_seekable = (int64_t)n_frames};
    self->frames = frames;
    self->n_frames = n_frames;
    self->frame_bytes = n_channels * pst_format_bytes(format);
    atomic_init(&self->stopping, false);
    *source = &self->base;
    return PST_OK;
}
