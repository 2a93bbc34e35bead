// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "chain/recordings/store.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/error.h"

// Blocks are found through two tables, so that nothing is ever moved: the first table is there from
// the begin, the second ones come with their first block. Whoever has seen n_frames may read so
// many without a lock.

enum {
    BLOCK_BYTES = 1 << 20,
    TABLE_SLOTS = 4096 // 4096 * 4096 blocks are 16 TiB.
};

typedef struct block_table {
    uint8_t *blocks[TABLE_SLOTS];
} block_table;

typedef struct segment_start {
    int64_t frame;
    int64_t offset;
} segment_start;

typedef struct store {
    pst_sink base;
    uint32_t frame_bytes;
    int64_t block_frames;
    int64_t max_frames;
    _Atomic int64_t n_frames; // Published after the frames are in their blocks.
    block_table *tables[TABLE_SLOTS];

    pthread_mutex_t lock; // Guards the rest.
    segment_start *segments;
    int64_t n_segments;
    int64_t n_slots;
} store;

static int64_t smaller(int64_t a, int64_t b) {
    return a < b ? a : b;
}

static uint8_t *block_of(const store *self, int64_t offset) {
    const int64_t index = offset / self->block_frames;
    return self->tables[index / TABLE_SLOTS]->blocks[index % TABLE_SLOTS];
}

// Makes the block that the next frame goes to.
static pst_status add_block(store *self, int64_t offset, pst_error *err) {
    const int64_t index = offset / self->block_frames;
    if (index >= (int64_t)TABLE_SLOTS * TABLE_SLOTS)
        return pst_fail(err, PST_LIMIT, 0, "The recording is as long as a recording can be");
    block_table **table = &self->tables[index / TABLE_SLOTS];
    if (*table == NULL && (*table = pst_alloc(sizeof **table)) == NULL)
        return pst_fail_memory(err);
    uint8_t **block = &(*table)->blocks[index % TABLE_SLOTS];
    if (*block == NULL &&
        (*block = pst_alloc_array((size_t)self->block_frames, self->frame_bytes)) == NULL)
        return pst_fail_memory(err);
    return PST_OK;
}

static pst_status begin_segment(store *self, int64_t frame, int64_t offset, pst_error *err) {
    pst_status status = PST_OK;
    pthread_mutex_lock(&self->lock);
    if (self->n_segments == self->n_slots) {
        const int64_t n_slots = self->n_slots == 0 ? 16 : 2 * self->n_slots;
        segment_start *slots = pst_alloc_array((size_t)n_slots, sizeof *slots);
        if (slots == NULL) {
            status = pst_fail_memory(err);
        } else {
            if (self->n_segments > 0)
                memcpy(slots, self->segments, (size_t)self->n_segments * sizeof *slots);
            pst_free(self->segments);
            self->segments = slots;
            self->n_slots = n_slots;
        }
    }
    if (status == PST_OK)
        self->segments[self->n_segments++] = (segment_start){frame, offset};
    pthread_mutex_unlock(&self->lock);
    return status;
}

static pst_status store_push(pst_sink *sink, const pst_piece *piece, uint64_t *n_taken,
                             pst_error *err) {
    store *self = (store *)sink;
    const int64_t at = atomic_load(&self->n_frames);
    if (at >= self->max_frames)
        return pst_fail(err, PST_LIMIT, 0,
                        "The recording has reached its limit of %lld frames; it keeps them",
                        (long long)self->max_frames);
    pst_status status = add_block(self, at, err);
    if (status == PST_OK && (piece->begins || at == 0))
        status = begin_segment(self, piece->frame, at, err);
    if (status != PST_OK)
        return status;
    const int64_t in_block = at % self->block_frames;
    const int64_t room = smaller(self->block_frames - in_block, self->max_frames - at);
    const int64_t n = smaller(room, (int64_t)piece->n_frames);
    memcpy(block_of(self, at) + in_block * self->frame_bytes, piece->data,
           (size_t)n * self->frame_bytes);
    atomic_store(&self->n_frames, at + n);
    *n_taken = (uint64_t)n;
    return PST_OK;
}

// It never waits.
static void store_wake(pst_sink *sink) {
    (void)sink;
}

// What is there stays, whatever happened.
static pst_status store_end(pst_sink *sink, pst_ending ending, pst_error *err) {
    (void)sink;
    (void)ending;
    (void)err;
    return PST_OK;
}

static void store_destroy(pst_sink *sink) {
    store *self = (store *)sink;
    for (int i = 0; i < TABLE_SLOTS && self->tables[i] != NULL; ++i) {
        for (int j = 0; j < TABLE_SLOTS; ++j)
            pst_free(self->tables[i]->blocks[j]);
        pst_free(self->tables[i]);
    }
    pst_free(self->segments);
    pthread_mutex_destroy(&self->lock);
    pst_free(self);
}

static const pst_sink_ops store_ops = {
    .name = "memory",
    .push = store_push,
    .wake = store_wake,
    .end = store_end,
    .destroy = store_destroy,
};

static int64_t half_of_memory(void) {
    const long n_pages = sysconf(_SC_PHYS_PAGES);
    const long page_bytes = sysconf(_SC_PAGESIZE);
    return n_pages > 0 && page_bytes > 0 ? (int64_t)n_pages / 2 * page_bytes : INT64_MAX;
}

pst_status pst_sink_store(pst_sink **sink, pst_format format, uint32_t n_channels,
                          int64_t max_frames, pst_error *err) {
    const pst_status status = pst_check_frames(format, n_channels, err);
    if (status != PST_OK)
        return status;
    if (max_frames < 0)
        return pst_fail(err, PST_BAD_ARGUMENT, 0, "max_frames is %lld; it must be at least 0",
                        (long long)max_frames);
    store *self = pst_alloc(sizeof *self);
    if (self == NULL)
        return pst_fail_memory(err);
    self->base = (pst_sink){.ops = &store_ops, .format = format, .n_channels = n_channels};
    self->frame_bytes = n_channels * pst_format_bytes(format);
    self->block_frames = BLOCK_BYTES / self->frame_bytes;
    self->max_frames = max_frames > 0 ? max_frames : half_of_memory() / self->frame_bytes;
    pthread_mutex_init(&self->lock, NULL);
    *sink = &self->base;
    return PST_OK;
}

// ---- Looking at it ----------------------------------------------------------------------------

int64_t pst_store_frames(const pst_sink *sink) {
    return atomic_load(&((const store *)sink)->n_frames);
}

int64_t pst_store_segments(pst_sink *sink) {
    store *self = (store *)sink;
    pthread_mutex_lock(&self->lock);
    const int64_t n = self->n_segments;
    pthread_mutex_unlock(&self->lock);
    return n;
}

bool pst_store_get_segment(pst_sink *sink, int64_t index, pst_segment *segment) {
    store *self = (store *)sink;
    pthread_mutex_lock(&self->lock);
    const bool exists = index >= 0 && index < self->n_segments;
    if (exists) {
        const segment_start *start = &self->segments[index];
        const bool is_last = index + 1 == self->n_segments;
        const int64_t end = is_last ? atomic_load(&self->n_frames) : start[1].offset;
        *segment = (pst_segment){start->frame, start->offset, end - start->offset};
    }
    pthread_mutex_unlock(&self->lock);
    return exists;
}

int64_t pst_store_copy(const pst_sink *sink, int64_t offset, int64_t n_frames, void *dst) {
    const store *self = (const store *)sink;
    const int64_t n_there = atomic_load(&self->n_frames);
    if (offset < 0 || offset >= n_there || n_frames <= 0)
        return 0;
    const int64_t n = smaller(n_frames, n_there - offset);
    uint8_t *to = dst;
    for (int64_t done = 0; done < n;) {
        const int64_t at = offset + done;
        const int64_t in_block = at % self->block_frames;
        const int64_t part = smaller(self->block_frames - in_block, n - done);
        memcpy(to + done * self->frame_bytes, block_of(self, at) + in_block * self->frame_bytes,
               (size_t)part * self->frame_bytes);
        done += part;
    }
    return n;
}
