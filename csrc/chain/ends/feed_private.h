// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_CHAIN_ENDS_FEED_PRIVATE_H
#define PST_CHAIN_ENDS_FEED_PRIVATE_H

#include <stdatomic.h>

#include "pastream/feed.h"

// How the sides of a feed work that are parts of chains: they see its memory.

// A buffer in its own memory, in which more can be put until it is in the feed.
typedef struct pst_feed_memory {
    struct pst_feed_memory *next; // In the row, or among those to be used again.
    uint8_t *bytes;
    size_t n_bytes; // In use,
    size_t n_room;  // of so many.
    pst_media media;
    uint64_t n_frames;
    int64_t frame; // Number of the first one.
    bool is_filler;
    bool begins;
    pst_packet packet; // Its data are the bytes.
} pst_feed_memory;

// Reserves room for a buffer, waiting for it until deadline_ns, or until *woken, which is reset.
// woken: may be NULL; whoever sets it calls pst_feed_wake. Returns PST_OK, PST_TIMEOUT, PST_CLOSED,
// PST_BAD_STATE, PST_NO_MEMORY, PST_FORKED. The memory is given back by one of the next two.
// Thread: any. Realtime: no (blocks).
pst_status pst_feed_reserve(pst_feed *feed, int64_t deadline_ns, _Atomic bool *woken,
                            pst_feed_memory **memory, pst_error *err);

// Puts it into the row, or forgets it if nothing will be taken any more. pts: NULL if its frame is
// told already; else this and what came before make it. Thread: any. Realtime: no.
void pst_feed_commit(pst_feed *feed, pst_feed_memory *memory, const int64_t *pts);

// Thread: any. Realtime: no.
void pst_feed_forget(pst_feed *feed, pst_feed_memory *memory);

// Makes room for more bytes. Returns where they go, NULL: no memory. Thread: any. Realtime: no.
uint8_t *pst_feed_make_room(pst_feed_memory *memory, size_t n_bytes);

// Makes it a copy of a packet. Returns PST_OK or PST_NO_MEMORY. Thread: any. Realtime: no.
pst_status pst_feed_copy_packet(pst_feed_memory *memory, const pst_packet *packet, pst_error *err);

// Takes the first buffer out, likewise. Returns as pst_feed_get, also PST_TIMEOUT if woken. It is
// given back by pst_feed_forget. Thread: any. Realtime: no (blocks).
pst_status pst_feed_take(pst_feed *feed, int64_t deadline_ns, _Atomic bool *woken,
                         pst_feed_memory **memory, pst_error *err);

// Ends all waits that were told to end. Thread: any. Realtime: yes.
void pst_feed_wake(pst_feed *feed) PST_RT;

// Returns the kind of the feed. Thread: any. Realtime: yes.
pst_media_kind pst_feed_kind(const pst_feed *feed) PST_RT;

#endif
