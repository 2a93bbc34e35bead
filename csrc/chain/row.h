// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_CHAIN_ROW_H
#define PST_CHAIN_ROW_H

#include "chain/stage.h"

// A row of stages that pieces are pushed through: what comes of a piece has gone through all of
// them before the next one is looked at. It knows nothing of threads, sources and sinks: a chain's
// worker uses it, and so does whoever runs stages on a thread of its own. All calls come from one
// thread at a time.

// What is behind the last stage.
typedef struct pst_row_ops {
    // Takes a piece, all of it. Returns PST_OK, PST_END (nothing more will be taken), or an error.
    pst_status (*emit)(void *user, const pst_piece *piece, pst_error *err);
    // A border: see pst_sink_ops.settle. NULL: borders do not count.
    pst_status (*settle)(void *user, pst_error *err);
    // Whether what is under way is wanted no more. NULL: it always is.
    bool (*is_called_off)(void *user);
    // The first stage has used so many frames of the piece that was given, and what came of them is
    // gone. Not called where there are no stages. NULL: nobody wants to know.
    void (*pass)(void *user, uint64_t n_frames);
} pst_row_ops;

// Filled by its owner, the last two members with zeros.
typedef struct pst_row {
    pst_stage *const *stages; // Borrowed.
    uint32_t n_stages;        // 0 to PST_CHAIN_MAX_STAGES.
    const pst_row_ops *ops;
    void *user;
    const char *taker;  // How emit is called in errors.
    pst_media taken;    // What emit takes; with format 0 whatever comes.
    uint32_t failed_at; // After an error: 1 is the first stage, n_stages + 1 is emit.
    pst_media media[PST_CHAIN_MAX_STAGES]; // What last came out of each stage.
} pst_row;

// Pushes a piece, whose media is told, through all stages.
// Returns PST_OK, also if it was called off; PST_END from emit; or an error.
// Thread: worker. Realtime: no.
pst_status pst_row_give(pst_row *row, const pst_piece *piece, pst_error *err);

// Tells all stages that a buffer ends here, behind the last piece that was given. Returns as above.
// Thread: worker. Realtime: no.
pst_status pst_row_settle(pst_row *row, pst_error *err);

// Gives on what the stages still hold, from the first one to the last. Returns as above.
// Thread: worker. Realtime: no.
pst_status pst_row_drain(pst_row *row, pst_error *err);

// Forgets what the stages hold. Returns PST_OK or an error. Thread: worker. Realtime: no.
pst_status pst_row_reset(pst_row *row, pst_error *err);

// Moves the begin of a piece on. Thread: any. Realtime: yes.
void pst_piece_advance(pst_piece *piece, uint64_t n_frames) PST_RT;

#endif
