// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_CODEC_PUSH_FEED_PLACE_H
#define PST_CODEC_PUSH_FEED_PLACE_H

#include "base/coroutine.h"
#include "codec/io.h"
#include "codec/push/byte_queue.h"

// A place whose bytes are brought by somebody else. It reads like a pipe; where a pipe would be
// waited for, the coroutine that reads gives control back until there is more.

typedef struct pst_feed {
    pst_coroutine *reader;
    const uint8_t *brought; // The caller's, only while it waits for the reader.
    size_t n_brought;
    pst_byte_queue kept; // What was not read at once.
    // How many bytes the reader waits for, which needs them all to go on; 0: it does not wait.
    size_t n_wanted;
    bool is_ended;     // No more is to come.
    bool is_cancelled; // Reading fails, so that the reader comes to an end.
    bool has_met_end;  // The reader asked for what is behind the end.
} pst_feed;

// Makes a place over a feed, which outlives it. Returns PST_OK or PST_NO_MEMORY.
pst_status pst_feed_open(pst_io **io, pst_feed *feed, pst_error *err);

// Keeps what was brought and not read. Returns PST_OK or PST_NO_MEMORY.
pst_status pst_feed_keep(pst_feed *feed, pst_error *err);

// Whether the reader can go on.
bool pst_feed_is_ready(const pst_feed *feed) PST_RT;

// Returns how many bytes are there to be read.
size_t pst_feed_bytes(const pst_feed *feed) PST_RT;

void pst_feed_free(pst_feed *feed);

#endif
