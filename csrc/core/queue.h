// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_CORE_QUEUE_H
#define PST_CORE_QUEUE_H

#include "pastream/base.h"

// A queue of fixed-size items from one thread to one other: events out of the audio thread,
// commands into it.

typedef struct pst_queue pst_queue;

// Makes a queue for n_items items (at least 1) of item_bytes (at least 1).
// Returns PST_OK, PST_BAD_ARGUMENT or PST_NO_MEMORY.
// Thread: control. Realtime: no (allocates). Ownership: the caller's, until pst_queue_destroy.
PST_NODISCARD pst_status pst_queue_create(pst_queue **queue, uint32_t n_items, uint32_t item_bytes,
                                          pst_error *err);

// Frees the queue; items in it are forgotten. NULL is allowed. Neither side may be active.
void pst_queue_destroy(pst_queue *queue);

// Copies one item in. Returns false if the queue is full; then nothing was changed.
// Thread: the pushing one. Realtime: yes.
bool pst_queue_push(pst_queue *queue, const void *item) PST_RT;

// Copies the oldest item out. Returns false if there is none.
// Thread: the popping one. Realtime: yes.
bool pst_queue_pop(pst_queue *queue, void *item) PST_RT;

// Returns how many items wait. Thread: any. Realtime: yes.
uint32_t pst_queue_count(const pst_queue *queue) PST_RT;

#endif
