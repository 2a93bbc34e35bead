// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_CHAIN_CHAIN_PRIVATE_H
#define PST_CHAIN_CHAIN_PRIVATE_H

#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

#include "base/event.h"
#include "chain/row.h"

// What control (chain.c) and the worker (worker.c) share.
//
// The state is the only thing that both sides decide about: control moves it from created to
// running or cancelled, the worker to all others. What the worker wrote before the last state is
// read after it.

enum { PST_NO_SEEK = -1 };

struct pst_chain {
    pst_system *system; // NULL, or retained.
    pst_source *source;
    pst_sink *sink;
    pst_stage *stages[PST_CHAIN_MAX_STAGES];
    uint32_t n_stages;
    pid_t pid;
    _Atomic uint32_t n_owners; // Who may call pst_chain_*.
    _Atomic uint32_t n_refs;   // The owners together, and the worker.
    _Atomic uint32_t state;    // pst_chain_state.
    _Atomic bool stopping;
    _Atomic bool cancelling;
    _Atomic uint32_t pause;     // pst_chain_pause_kind.
    _Atomic int64_t seek_frame; // Asked for and not begun, or PST_NO_SEEK.
    _Atomic int64_t n_seeks;    // That are done.
    _Atomic int64_t pulled_frames;
    _Atomic int64_t pushed_frames;
    _Atomic int64_t filler_frames;
    _Atomic int64_t dropped_frames;
    _Atomic int64_t next_frame;
    pst_event orders; // To the worker, while it is held.
    pst_event over;

    // Written by the worker before the last state.
    pst_error error;
    int32_t origin; // Of the error: where it is in the chain.

    // The worker's own.
    pst_row row;            // Of the stages.
    pst_media source_media; // Of the source, where it is told.
    bool is_full;           // The sink takes no more.
    bool has_dropped;       // Since the last frame that went on.
    bool must_flush;        // Before the next push: there was a seek,
    int64_t sought_frame;   // to here, as the sink counts,
    int64_t n_sought;       // for so many calls in all.
    int64_t came_ns;        // When the sink was last given something, or told that nothing came.

    // Held for every call from outside into the two sides, so that none comes after their end.
    pthread_mutex_t lock;
    bool is_open;    // Until then.
    int64_t n_asked; // Seeks.
};

// What a chain's stages give goes to its sink.
extern const pst_row_ops pst_chain_row_ops;

// The worker's thread. Thread: worker. Realtime: no.
void pst_chain_work(void *chain);

// Closes both sides of a chain and tells everybody. status: what its end was.
// Thread: worker, or control if there is none. Realtime: no.
void pst_chain_finish(pst_chain *chain, pst_status status, pst_error *err);

// From here on nobody else calls into the two sides. Returns false if there is a seek to do first.
bool pst_chain_shut(pst_chain *chain, bool seeks_first);

// Drops the worker's reference. Thread: worker. Realtime: no.
void pst_chain_drop(pst_chain *chain);

#endif
