// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PASTREAM_USER_PARTS_H
#define PASTREAM_USER_PARTS_H

#include "pastream/chain.h"
#include "pastream/buffer.h"

#if !defined(PST_CFFI) && defined(__cplusplus)
extern "C" {
#endif

// Parts of a chain that are made of functions of the caller's. The chain's worker calls them, one
// at a time, except those marked "any": these come from any thread, while another one may be under
// way. Each may take its time; whoever cancels the chain does not wait for it, but the chain is not
// over before it has returned.
//
// Failures are a negative status, with text for whoever waits for the chain. PST_TIMEOUT is none:
// it says "not yet", and the same call comes again after some milliseconds. user is the caller's,
// and what the other parameters point to is valid during the call.
//
// free is called once, when nothing of the part is used any more, from whatever thread. It is not
// called when making the part fails: user stays the caller's then.

typedef struct pst_source_functions {
    // Gives the next buffer, whose memory stays as it is until the next call of pull, or end.
    // Returns PST_OK, PST_TIMEOUT, PST_END, or an error.
    pst_status (*pull)(void *user, pst_buffer *buffer, pst_error *err);
    // Any: a pull that waits shall return soon. NULL: none waits.
    void (*wake)(void *user);
    // The last pull was made. NULL: nothing to do.
    void (*end)(void *user);
    void (*free)(void *user); // NULL: nothing to do.
} pst_source_functions;

typedef struct pst_sink_functions {
    // Takes a buffer, all of it. Frames that lie ready come as one.
    // Returns PST_OK, PST_TIMEOUT (nothing was taken), PST_END (no more is wanted: the chain ends
    // without an error), or an error.
    pst_status (*push)(void *user, const pst_buffer *buffer, pst_error *err);
    // Any: a push that waits shall return soon. NULL: none waits.
    void (*wake)(void *user);
    // Nothing more comes. how: PST_CHAIN_DONE, PST_CHAIN_FAILED or PST_CHAIN_CANCELLED. Called once
    // if the chain was started. Returns PST_OK, or an error, which counts if it is the first. NULL:
    // nothing to do.
    pst_status (*end)(void *user, pst_chain_state how, pst_error *err);
    void (*free)(void *user); // NULL: nothing to do.
} pst_sink_functions;

typedef struct pst_stage_functions {
    // Takes a buffer, all of it. Returns PST_OK, PST_TIMEOUT (not before what there is was pulled;
    // nothing was taken), or an error.
    pst_status (*push)(void *user, const pst_buffer *buffer, pst_error *err);
    // Gives the next buffer of what has come of those pushed; its memory stays as it is until the
    // next call. Returns PST_OK, PST_TIMEOUT (none, before more is pushed; after flush: not yet),
    // PST_END (there will not be one: what is pushed from now on is dropped), or an error.
    pst_status (*pull)(void *user, pst_buffer *buffer, pst_error *err);
    // Nothing more will be pushed, unless there is a reset. Returns PST_OK or an error. NULL:
    // nothing to do.
    pst_status (*flush)(void *user, pst_error *err);
    // Forgets what is inside. Returns PST_OK or an error. NULL: nothing is.
    pst_status (*reset)(void *user, pst_error *err);
    // Any: a call that waits shall return soon. NULL: none waits.
    void (*wake)(void *user);
    void (*free)(void *user); // NULL: nothing to do.
} pst_stage_functions;

// A source of functions of the caller's, which are copied. Each buffer tells what it is; kind says
// whether they are frames or packets.
// Returns PST_OK, PST_BAD_ARGUMENT (no pull), PST_NO_MEMORY, PST_SYSTEM_ERROR.
// Thread: control. Realtime: no.
PST_API PST_NODISCARD pst_status pst_source_user(pst_source **source, pst_media_kind kind,
                                                 const pst_source_functions *functions, void *user,
                                                 pst_error *err);

// A sink of functions of the caller's, which are copied.
// Returns PST_OK, PST_BAD_ARGUMENT (no push), PST_NO_MEMORY, PST_SYSTEM_ERROR.
// Thread: control. Realtime: no.
PST_API PST_NODISCARD pst_status pst_sink_user(pst_sink **sink, pst_media_kind kind,
                                               const pst_sink_functions *functions, void *user,
                                               pst_error *err);

// A stage of functions of the caller's, which are copied. name: in errors; copied, cut if it is
// longer than 31 bytes; NULL: "user".
// Returns PST_OK, PST_BAD_ARGUMENT (no push or no pull), PST_NO_MEMORY, PST_SYSTEM_ERROR.
// Thread: control. Realtime: no.
PST_API PST_NODISCARD pst_status pst_stage_user(pst_stage **stage, const char *name,
                                                pst_media_kind in, pst_media_kind out,
                                                const pst_stage_functions *functions, void *user,
                                                pst_error *err);

#if !defined(PST_CFFI) && defined(__cplusplus)
}
#endif
#endif
