// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "chain/chain_private.h"

#include <errno.h>
#include <math.h>

#include "base/clock.h"
#include "base/error.h"
#include "device/handle.h"

// The pump: a piece from the source goes through the stages into the sink before the next one is
// fetched. Between the steps it looks whether there are orders.

static bool is_cancelled(const pst_chain *chain) {
    return atomic_load(&chain->cancelling);
}

static bool must_seek(const pst_chain *chain) {
    return atomic_load(&chain->seek_frame) != PST_NO_SEEK;
}

// Whoever stops the chain wants to see the end of it.
static bool is_held(const pst_chain *chain) {
    return atomic_load(&chain->pause) == PST_PAUSE_HOLD && !atomic_load(&chain->stopping);
}

// Whether what is under way is wanted no more.
static bool is_called_off(const pst_chain *chain) {
    return is_cancelled(chain) || must_seek(chain);
}

// Notes where an error comes from. place: 0 is the source, 1 the first stage; the sink is last.
static pst_status came_from(pst_chain *chain, uint32_t place, pst_status status) {
    if (status < 0 && status != PST_TIMEOUT)
        chain->origin = (int32_t)place;
    return status;
}

// ---- The sink ---------------------------------------------------------------------------------

static uint32_t sink_place(const pst_chain *chain) {
    return chain->n_stages + 1;
}

// Tells the sink when it has not been given anything for a while.
static pst_status tell_idle(pst_chain *chain, pst_error *err) {
    const int64_t now_ns = pst_now_ns();
    if (chain->sink->ops->idle == NULL || now_ns - chain->came_ns < PST_CHAIN_SLICE_NS)
        return PST_OK;
    chain->came_ns = now_ns;
    return came_from(chain, sink_place(chain), chain->sink->ops->idle(chain->sink, err));
}

// After a seek: the sink forgets what is from before, just before it gets what is from after.
static void flush_sink(pst_chain *chain) {
    if (!chain->must_flush)
        return;
    if (chain->sink->ops->flush != NULL)
        chain->sink->ops->flush(chain->sink);
    chain->must_flush = false;
    atomic_store(&chain->next_frame, chain->sought_frame);
    atomic_store(&chain->n_seeks, chain->n_sought);
}

// Waits for an order while the chain is held.
static pst_status hold(pst_chain *chain, pst_error *err) {
    flush_sink(chain);
    const uint32_t ticket = pst_event_prepare(&chain->orders);
    if (!is_held(chain) || is_called_off(chain))
        pst_event_cancel(&chain->orders);
    else
        (void)pst_event_wait(&chain->orders, ticket, pst_now_ns() + PST_CHAIN_SLICE_NS);
    return tell_idle(chain, err);
}

static void count_pushed(pst_chain *chain, const pst_piece *piece, uint64_t n_taken) {
    atomic_store(&chain->next_frame, piece->frame + (int64_t)n_taken);
    atomic_fetch_add(&chain->pushed_frames, (int64_t)n_taken);
    if (piece->is_filler)
        atomic_fetch_add(&chain->filler_frames, (int64_t)n_taken);
    chain->came_ns = pst_now_ns();
}

// What the sink takes comes from the source itself if there is no stage; it is passed then.
static pst_status give_to_sink(pst_chain *chain, const pst_piece *piece, pst_error *err) {
    pst_sink *sink = chain->sink;
    pst_piece rest = *piece;
    while (rest.n_frames > 0 && !is_called_off(chain)) {
        if (is_held(chain)) {
            const pst_status status = hold(chain, err);
            if (status != PST_OK)
                return status;
            continue;
        }
        flush_sink(chain);
        uint64_t n_taken = 0;
        const pst_status status = sink->ops->push(sink, &rest, &n_taken, err);
        if (status == PST_TIMEOUT)
            continue;
        chain->is_full = status == PST_END;
        if (status != PST_OK)
            return status;
        count_pushed(chain, &rest, n_taken);
        pst_piece_advance(&rest, n_taken);
        if (chain->n_stages == 0)
            chain->source->ops->pass(chain->source, n_taken);
    }
    return PST_OK;
}

// ---- The stages -------------------------------------------------------------------------------

static pst_status emit(void *user, const pst_piece *piece, pst_error *err) {
    return give_to_sink(user, piece, err);
}

static pst_status settle(void *user, pst_error *err) {
    const pst_chain *chain = user;
    const pst_sink_ops *ops = chain->sink->ops;
    return ops->settle != NULL ? ops->settle(chain->sink, err) : PST_OK;
}

static bool is_unwanted(void *user) {
    return is_called_off(user);
}

static void pass(void *user, uint64_t n_frames) {
    const pst_chain *chain = user;
    chain->source->ops->pass(chain->source, n_frames);
}

const pst_row_ops pst_chain_row_ops = {
    .emit = emit, .settle = settle, .is_called_off = is_unwanted, .pass = pass};

// Notes where in the row an error comes from.
static pst_status came_from_row(pst_chain *chain, pst_status status) {
    return came_from(chain, chain->row.failed_at, status);
}

// ---- The source -------------------------------------------------------------------------------

// Returns a frame of the source as it is counted behind the stages.
static int64_t frame_at_sink(const pst_chain *chain, int64_t frame) {
    double ratio = 1.0, rate_hz = chain->source->rate_hz;
    for (uint32_t i = 0; i < chain->n_stages; ++i) {
        const pst_stage *stage = chain->stages[i];
        const double from_hz = stage->in.rate_hz > 0.0 ? stage->in.rate_hz : rate_hz;
        if (stage->out.rate_hz > 0.0 && from_hz > 0.0)
            ratio *= stage->out.rate_hz / from_hz;
        if (stage->out.rate_hz > 0.0)
            rate_hz = stage->out.rate_hz;
    }
    return llround((double)frame * ratio);
}

static pst_status seek(pst_chain *chain, pst_error *err) {
    pthread_mutex_lock(&chain->lock);
    const int64_t frame = atomic_exchange(&chain->seek_frame, PST_NO_SEEK);
    chain->n_sought = chain->n_asked;
    pthread_mutex_unlock(&chain->lock);
    chain->must_flush = true;
    chain->sought_frame = frame_at_sink(chain, frame);
    const pst_status status = came_from_row(chain, pst_row_reset(&chain->row, err));
    if (status != PST_OK)
        return status;
    return came_from(chain, 0, chain->source->ops->seek(chain->source, frame, err));
}

// Moves one piece, or does what was ordered. Returns PST_OK, PST_TIMEOUT (there was none), PST_END,
// or an error.
static pst_status step(pst_chain *chain, pst_error *err) {
    if (must_seek(chain))
        return seek(chain, err);
    if (is_held(chain))
        return hold(chain, err);
    pst_source *source = chain->source;
    pst_piece piece;
    const pst_status status = came_from(chain, 0, source->ops->pull(source, &piece, err));
    if (status == PST_TIMEOUT) {
        flush_sink(chain); // What is there after a seek is not to be waited for longer.
        const pst_status told = tell_idle(chain, err);
        return told != PST_OK ? told : PST_TIMEOUT;
    }
    if (status != PST_OK)
        return status;
    atomic_fetch_add(&chain->pulled_frames, (int64_t)piece.n_frames);
    if (atomic_load(&chain->pause) == PST_PAUSE_DROP) {
        source->ops->pass(source, piece.n_frames);
        atomic_fetch_add(&chain->dropped_frames, (int64_t)piece.n_frames);
        chain->has_dropped = true;
        flush_sink(chain);
        return tell_idle(chain, err);
    }
    piece.begins = piece.begins || chain->has_dropped;
    chain->has_dropped = false;
    piece.is_whole = true;
    if (piece.media == NULL)
        piece.media = &chain->source_media;
    return came_from_row(chain, pst_row_give(&chain->row, &piece, err));
}

// Moves frames until one side ends. Returns PST_OK, or what failed.
static pst_status pump(pst_chain *chain, pst_error *err) {
    pst_status status = PST_OK;
    do {
        while ((status == PST_OK || status == PST_TIMEOUT) && !is_cancelled(chain))
            status = step(chain, err);
        if (status < 0 && status != PST_TIMEOUT)
            return status;
        status = is_cancelled(chain) || chain->is_full
                     ? PST_OK
                     : came_from_row(chain, pst_row_drain(&chain->row, err));
        if (status < 0)
            return status;
        if (!is_called_off(chain))
            flush_sink(chain); // There is nothing behind the last seek.
        status = PST_OK;
    } while (!is_cancelled(chain) && !pst_chain_shut(chain, true));
    return PST_OK;
}

// ---- The end ----------------------------------------------------------------------------------

bool pst_chain_shut(pst_chain *chain, bool seeks_first) {
    pthread_mutex_lock(&chain->lock);
    const bool shuts = !seeks_first || !must_seek(chain);
    if (shuts)
        chain->is_open = false;
    pthread_mutex_unlock(&chain->lock);
    return shuts;
}

// Whether a side was called back from a wait, which has not failed by that.
static bool is_called_back(const pst_chain *chain, pst_status status, const pst_error *err) {
    return status != PST_OK && is_cancelled(chain) && err->status == status &&
           err->native_code == ECANCELED;
}

// Makes sure that the error has a text.
static pst_status name_error(pst_status status, pst_error *err) {
    if (status != PST_OK && err->status != status)
        pst_fail(err, status, 0, "%s", pst_strerror(status));
    return status;
}

// Lets the stages complete what they have opened. Returns the first error, also that from before.
static pst_status end_stages(pst_chain *chain, pst_ending ending, pst_status status,
                             pst_error *err) {
    for (uint32_t i = 0; i < chain->n_stages; ++i) {
        pst_stage *stage = chain->stages[i];
        if (stage->ops->end == NULL)
            continue;
        stage->cause = status != PST_OK ? err : NULL;
        const pst_status ended = stage->ops->end(
            stage, status != PST_OK ? PST_ENDING_BROKEN : ending, status == PST_OK ? err : NULL);
        stage->cause = NULL;
        if (status == PST_OK && !is_called_back(chain, ended, err))
            status = name_error(came_from(chain, i + 1, ended), err);
    }
    return status;
}

// Only the first error counts: a second is its consequence.
void pst_chain_finish(pst_chain *chain, pst_status status, pst_error *err) {
    atomic_store(&chain->state, PST_CHAIN_DRAINING);
    (void)pst_chain_shut(chain, false);
    chain->source->ops->end(chain->source);
    if (is_called_back(chain, status, err))
        status = PST_OK;
    const bool cancelled = status == PST_OK && is_cancelled(chain);
    const pst_ending ending = status != PST_OK ? PST_ENDING_BROKEN
                              : cancelled      ? PST_ENDING_CANCELLED
                                               : PST_ENDING_COMPLETE;
    pst_status first = name_error(status, err);
    first = end_stages(chain, ending, first, err);
    chain->sink->cause = first != PST_OK ? err : NULL;
    const pst_status ended = chain->sink->ops->end(
        chain->sink, first != PST_OK ? PST_ENDING_BROKEN : ending, first == PST_OK ? err : NULL);
    chain->sink->cause = NULL;
    if (first == PST_OK && !is_called_back(chain, ended, err))
        first = name_error(came_from(chain, sink_place(chain), ended), err);
    if (first != PST_OK)
        chain->error = *err;
    status = first;
    atomic_store(&chain->state, status != PST_OK ? PST_CHAIN_FAILED
                                : cancelled      ? PST_CHAIN_CANCELLED
                                                 : PST_CHAIN_DONE);
    pst_event_post(&chain->over);
}

void pst_chain_work(void *arg) {
    pst_chain *chain = arg;
    pst_system *system = chain->system;
    pst_error err = {.status = PST_OK};
    chain->came_ns = pst_now_ns();
    const pst_status status = pump(chain, &err);
    pst_chain_finish(chain, status, &err);
    if (system != NULL)
        pst_system_end_work(system); // The chain, or whoever owns it, holds the system.
    pst_chain_drop(chain);
}
