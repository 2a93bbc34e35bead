// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_CHAIN_STAGE_H
#define PST_CHAIN_STAGE_H

#include "pastream/chain.h"

// What a chain is made of. A source embeds pst_source as its first member and fills it; so does a
// sink with pst_sink. Stages, which change frames on the way, will stand between the two calls of
// the pump in chain.c, pull and push, and need no more than pst_piece.
//
// All calls come from the chain's worker, except those marked "any": they may come at the same time
// as the others, one at a time, and never after end. No call blocks for longer than
// PST_CHAIN_SLICE_NS unless the outside does (a slow disk).

#define PST_CHAIN_SLICE_NS INT64_C(100000000)

// A run of frames on its way.
typedef struct pst_piece {
    const uint8_t *data; // The source's, valid until the next pass.
    uint64_t n_frames;
    int64_t frame;  // Number of the first one, counted as the source counts: of the device, or of
                    // the file. A jump between two pieces is a gap.
    bool is_filler; // Silence in place of frames that are lost.
    bool begins;    // A new segment of a take: what came before has nothing to do with it.
} pst_piece;

typedef struct pst_source_ops {
    // Gives the next piece, waiting for it. Until the pass the source keeps it where it is.
    // Returns PST_OK (at least one frame), PST_TIMEOUT (nothing yet, or woken), PST_END, or an
    // error.
    pst_status (*pull)(pst_source *source, pst_piece *piece, pst_error *err);
    // Moves on over n_frames of the piece, 0 to all of it.
    void (*pass)(pst_source *source, uint64_t n_frames);
    // Any: the source shall end with what there is now.
    void (*stop)(pst_source *source);
    // Any: a pull that waits returns soon.
    void (*wake)(pst_source *source);
    // The last pull was made: gives back what others may be waiting for. Called once, by whoever
    // cancels the chain if it was never started.
    void (*end)(pst_source *source);
    // Frees it. Also without end, if the chain was never started.
    void (*destroy)(pst_source *source);
} pst_source_ops;

struct pst_source {
    const pst_source_ops *ops;
    pst_format format;
    uint32_t n_channels;
};

// How a chain ended, for its sink.
typedef enum pst_ending {
    PST_ENDING_COMPLETE = 0,
    PST_ENDING_BROKEN = 1,   // Something failed: keep what is there, in a usable state.
    PST_ENDING_CANCELLED = 2 // Nobody wants it.
} pst_ending;

typedef struct pst_sink_ops {
    // Takes frames from the begin of a piece, waiting for room.
    // Returns PST_OK (n_taken is at least 1), PST_TIMEOUT (no room yet, or woken), PST_END (nothing
    // more will ever be taken; no error), or an error.
    pst_status (*push)(pst_sink *sink, const pst_piece *piece, uint64_t *n_taken, pst_error *err);
    // Any: a push that waits returns soon.
    void (*wake)(pst_sink *sink);
    // Completes and closes. Called once, if the chain was started. Returns PST_OK or an error,
    // which counts if it is the first.
    pst_status (*end)(pst_sink *sink, pst_ending ending, pst_error *err);
    // Frees it. Also without end, if the chain was never started.
    void (*destroy)(pst_sink *sink);
} pst_sink_ops;

struct pst_sink {
    const pst_sink_ops *ops;
    pst_format format;
    uint32_t n_channels;
};

// Returns PST_OK, or PST_BAD_ARGUMENT if this is no format, or these are no channels.
// Thread: any. Realtime: no.
pst_status pst_check_frames(pst_format format, uint32_t n_channels, pst_error *err);

// The same for the frames of a ring.
pst_status pst_check_ring(const pst_ring *ring, pst_format format, uint32_t n_channels,
                          pst_error *err);

// Returns how long a piece of a ring may be at most: the producer needs room beside it, and a stop
// should not wait for long. Thread: any. Realtime: yes.
uint64_t pst_piece_frames(const pst_ring_info *info) PST_RT;

#endif
