// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_CODEC_PUSH_BYTE_QUEUE_H
#define PST_CODEC_PUSH_BYTE_QUEUE_H

#include "pastream/base.h"

// Bytes that go in at one end and come out at the other, of one thread. It grows with what is in
// it.

typedef struct pst_byte_queue {
    uint8_t *room;
    size_t n_room;
    size_t begin, end;
} pst_byte_queue;

// Appends a copy of n_bytes. Returns false if memory is short: then nothing was appended.
PST_NODISCARD bool pst_byte_queue_put(pst_byte_queue *queue, const void *data, size_t n_bytes);

static inline size_t pst_byte_queue_bytes(const pst_byte_queue *queue) {
    return queue->end - queue->begin;
}

// Returns the first byte that waits; valid until the next call that changes the queue.
static inline const uint8_t *pst_byte_queue_front(const pst_byte_queue *queue) {
    return queue->room + queue->begin;
}

// Drops n_bytes, which are there, from the front.
void pst_byte_queue_drop(pst_byte_queue *queue, size_t n_bytes);

void pst_byte_queue_free(pst_byte_queue *queue);

#endif
