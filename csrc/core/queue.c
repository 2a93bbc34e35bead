// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "core/queue.h"

#include <stdalign.h>
#include <stdatomic.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"

// Counters run freely; n_pushed - n_popped items wait.
//
//     access                      by             order
//     own counter, load           its owner      relaxed
//     other side's counter, load  push, pop      acquire: the slot was left, or filled, before
//     own counter, store          push, pop      release: after the slot was filled, or left
//
// Each counter lies on its own cache line, together with the owner's place in the memory.

typedef struct queue_end {
    alignas(PST_CACHE_LINE_BYTES) _Atomic uint64_t count;
    uint32_t slot; // count % n_items.
} queue_end;

struct pst_queue {
    uint32_t n_items;
    uint32_t item_bytes;
    unsigned char *items;
    queue_end pushed;
    queue_end popped;
};

pst_status pst_queue_create(pst_queue **queue, uint32_t n_items, uint32_t item_bytes,
                            pst_error *err) {
    if (n_items == 0 || item_bytes == 0)
        return pst_fail(err, PST_BAD_ARGUMENT, 0, "A queue needs at least one item of one byte");
    pst_queue *made = pst_alloc(sizeof *made);
    if (made == NULL)
        return pst_fail_memory(err);
    made->items = pst_alloc_array(n_items, item_bytes);
    if (made->items == NULL) {
        pst_free(made);
        return pst_fail_memory(err);
    }
    made->n_items = n_items;
    made->item_bytes = item_bytes;
    *queue = made;
    return PST_OK;
}

void pst_queue_destroy(pst_queue *queue) {
    if (queue == NULL)
        return;
    pst_free(queue->items);
    pst_free(queue);
}

static unsigned char *item_at(const pst_queue *queue, const queue_end *end) PST_RT {
    return queue->items + (size_t)end->slot * queue->item_bytes;
}

static void advance(const pst_queue *queue, queue_end *end, uint64_t count) PST_RT {
    end->slot = end->slot + 1 == queue->n_items ? 0 : end->slot + 1;
    atomic_store_explicit(&end->count, count + 1, memory_order_release);
}

bool pst_queue_push(pst_queue *queue, const void *item) PST_RT {
    const uint64_t n_pushed = atomic_load_explicit(&queue->pushed.count, memory_order_relaxed);
    const uint64_t n_popped = atomic_load_explicit(&queue->popped.count, memory_order_acquire);
    if (n_pushed - n_popped == queue->n_items)
        return false;
    memcpy(item_at(queue, &queue->pushed), item, queue->item_bytes);
    advance(queue, &queue->pushed, n_pushed);
    return true;
}

bool pst_queue_pop(pst_queue *queue, void *item) PST_RT {
    const uint64_t n_popped = atomic_load_explicit(&queue->popped.count, memory_order_relaxed);
    const uint64_t n_pushed = atomic_load_explicit(&queue->pushed.count, memory_order_acquire);
    if (n_pushed == n_popped)
        return false;
    memcpy(item, item_at(queue, &queue->popped), queue->item_bytes);
    advance(queue, &queue->popped, n_popped);
    return true;
}

uint32_t pst_queue_count(const pst_queue *queue) PST_RT {
    // Popped first: it can only be behind what was pushed by then.
    const uint64_t n_popped = atomic_load_explicit(&queue->popped.count, memory_order_acquire);
    const uint64_t n_pushed = atomic_load_explicit(&queue->pushed.count, memory_order_acquire);
    const uint64_t n = n_pushed - n_popped;
    return n < queue->n_items ? (uint32_t)n : queue->n_items;
}
