// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_CHAIN_ENDS_USER_BUFFER_H
#define PST_CHAIN_ENDS_USER_BUFFER_H

#include "base/event.h"
#include "chain/stage.h"
#include "pastream/buffer.h"

// What the parts that are made of functions of the caller's have in common.

// ---- From the caller's buffers to pieces --------------------------------------------------------

typedef struct pst_user_giver {
    pst_media media; // Of the last buffer.
    uint8_t *frames; // Planes, brought into order; NULL until there are some.
    uint64_t n_bytes;
    int64_t next_frame; // Where the next buffer begins if it does not say so,
    bool has_begun;     // unless nothing was given yet: then as what went in, if it is known.
    int64_t in_frame;
    double in_rate_hz; // 0: not known.
} pst_user_giver;

// Makes a piece of a buffer, which it is valid as long as, and counts on. What the caller may have
// put into it is checked. Returns PST_OK, PST_BAD_ARGUMENT, PST_NO_MEMORY.
// Thread: worker. Realtime: no.
pst_status pst_user_give(pst_user_giver *giver, pst_media_kind kind, const pst_buffer *buffer,
                         pst_piece *piece, pst_error *err);

// Tells what went into whoever gives, for the time of the first buffer. Only the first call counts.
// Thread: worker. Realtime: yes.
void pst_user_giver_follow(pst_user_giver *giver, const pst_piece *in) PST_RT;

// Forgets what came before. Thread: worker. Realtime: yes.
void pst_user_giver_reset(pst_user_giver *giver) PST_RT;

// Thread: any. Realtime: no.
void pst_user_giver_deinit(pst_user_giver *giver);

// Returns a buffer of all of a piece. Thread: worker. Realtime: yes.
pst_buffer pst_user_buffer(const pst_piece *piece) PST_RT;

// ---- Patience -----------------------------------------------------------------------------------

// Waits between two calls of which the first has said "not yet": longer from call to call.
typedef struct pst_user_patience {
    pst_event woken;
    int64_t wait_ns;
} pst_user_patience;

// Returns PST_OK or PST_SYSTEM_ERROR. Thread: control. Realtime: no.
PST_NODISCARD pst_status pst_user_patience_init(pst_user_patience *patience, pst_error *err);

// Thread: any. Realtime: no.
void pst_user_patience_deinit(pst_user_patience *patience);

// Waits. Thread: worker. Realtime: no (blocks).
void pst_user_wait(pst_user_patience *patience);

// Something has come: the next wait is a short one. Thread: worker. Realtime: yes.
void pst_user_went_on(pst_user_patience *patience) PST_RT;

// Ends a wait. Thread: any. Realtime: yes.
void pst_user_wake(pst_user_patience *patience) PST_RT;

#endif
