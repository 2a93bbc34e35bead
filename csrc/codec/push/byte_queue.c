// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "codec/push/byte_queue.h"

#include <string.h>

#include "base/alloc.h"

enum {
    FIRST_BYTES = 1 << 15,
    LARGE_BYTES = 1 << 22 // An empty queue gives more than this back.
};

static bool make_room(pst_byte_queue *q, size_t n_bytes) {
    const size_t n = pst_byte_queue_bytes(q);
    uint8_t *room = q->room;
    // Moving what is there costs no more than bringing in as much again did.
    if (n + n_bytes > q->n_room || n > q->begin) {
        size_t n_room = q->n_room == 0 ? FIRST_BYTES : 2 * q->n_room;
        while (n_room < n + n_bytes)
            n_room *= 2;
        room = pst_alloc(n_room);
        if (room == NULL)
            return false;
        q->n_room = n_room;
    }
    if (n > 0)
        memmove(room, q->room + q->begin, n);
    if (room != q->room)
        pst_free(q->room);
    q->room = room;
    q->begin = 0;
    q->end = n;
    return true;
}

bool pst_byte_queue_put(pst_byte_queue *queue, const void *data, size_t n_bytes) {
    if (n_bytes == 0)
        return true;
    if (queue->n_room - queue->end < n_bytes && !make_room(queue, n_bytes))
        return false;
    memcpy(queue->room + queue->end, data, n_bytes);
    queue->end += n_bytes;
    return true;
}

void pst_byte_queue_drop(pst_byte_queue *queue, size_t n_bytes) {
    queue->begin += n_bytes;
    if (queue->begin < queue->end)
        return;
    queue->begin = queue->end = 0;
    if (queue->n_room > LARGE_BYTES)
        pst_byte_queue_free(queue);
}

void pst_byte_queue_free(pst_byte_queue *queue) {
    pst_free(queue->room);
    *queue = (pst_byte_queue){0};
}
