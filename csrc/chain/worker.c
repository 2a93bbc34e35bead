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

// What was used up of a piece.
static void advance(pst_piece *piece, uint64_t n_frames, uint32_t frame_bytes) {
    piece->data += n_frames * frame_bytes;
    piece->n_frames -= n_frames;
    piece->frame += (int64_t)n_frames;
    piece->begins = piece->begins && n_frames == 0;
}

// What the sink takes comes from the source itself if there is no stage; it is passed then.
static pst_status give_to_sink(pst_chain *chain, const pst_piece *piece, pst_error *err) {
    pst_sink *sink = chain->sink;
    const uint32_t frame_bytes = sink->n_channels * pst_format_bytes(sink->format);
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
        const pst_status status =
            came_from(chain, sink_place(chain), sink->ops->push(sink, &rest, &n_taken, err));
        if (status == PST_TIMEOUT)
            continue;
        chain->is_full = status == PST_END;
        if (status != PST_OK)
            return status;
        if (chain->n_stages == 0)
            chain->source->ops->pass(chain->source, n_taken);
        count_pushed(chain, &rest, n_taken);
        advance(&rest, n_taken, frame_bytes);
    }
    return PST_OK;
}

// ---- The stages -------------------------------------------------------------------------------

// Gives a piece to a stage and what comes of it to the next, and so on; there are not many. Returns
// PST_OK, also if it was called off; PST_END when the sink takes no more; or an error.
static pst_status give_to(pst_chain *chain, uint32_t index, const pst_piece *piece,
                          pst_error *err) {
    if (index == chain->n_stages)
        return give_to_sink(chain, piece, err);
    pst_stage *stage = chain->stages[index];
    pst_piece rest = *piece;
    pst_status status = PST_OK;
    while (status == PST_OK && rest.n_frames > 0 && !is_called_off(chain)) {
        pst_piece out = {0};
        uint64_t n_used = 0;
        status = came_from(chain, index + 1, stage->ops->process(stage, &rest, &n_used, &out, err));
        if (status == PST_OK && out.n_frames > 0)
            status = give_to(chain, index + 1, &out, err);
        if (index == 0) // The stage may have given the source's own frames.
            chain->source->ops->pass(chain->source, n_used);
        advance(&rest, n_used, pst_side_bytes(&stage->in));
    }
    return status;
}

// After the source's end: gives on what the stages still hold, from the first one to the last.
static pst_status drain(pst_chain *chain, pst_error *err) {
    pst_status status = PST_OK;
    for (uint32_t i = 0; i < chain->n_stages; ++i) {
        pst_stage *stage = chain->stages[i];
        while (status == PST_OK && stage->ops->drain != NULL && !is_called_off(chain)) {
            pst_piece out = {0};
            status = came_from(chain, i + 1, stage->ops->drain(stage, &out, err));
            if (status == PST_OK && out.n_frames == 0)
                break;
            if (status == PST_OK)
                status = give_to(chain, i + 1, &out, err);
        }
    }
    return status;
}

// ---- The source -------------------------------------------------------------------------------

// Returns a frame of the source as it is counted behind the stages.
static int64_t frame_at_sink(const pst_chain *chain, int64_t frame) {
    double ratio = 1.0;
    for (uint32_t i = 0; i < chain->n_stages; ++i)
        if (chain->stages[i]->out.rate_hz > 0.0)
            ratio *= chain->stages[i]->out.rate_hz / chain->stages[i]->in.rate_hz;
    return llround((double)frame * ratio);
}

static pst_status seek(pst_chain *chain, pst_error *err) {
    pthread_mutex_lock(&chain->lock);
    const int64_t frame = atomic_exchange(&chain->seek_frame, PST_NO_SEEK);
    chain->n_sought = chain->n_asked;
    pthread_mutex_unlock(&chain->lock);
    chain->must_flush = true;
    chain->sought_frame = frame_at_sink(chain, frame);
    pst_status status = PST_OK;
    for (uint32_t i = 0; i < chain->n_stages && status == PST_OK; ++i)
        if (chain->stages[i]->ops->reset != NULL)
            status = came_from(chain, i + 1, chain->stages[i]->ops->reset(chain->stages[i], err));
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
    return give_to(chain, 0, &piece, err);
}

// Moves frames until one side ends. Returns PST_OK, or what failed.
static pst_status pump(pst_chain *chain, pst_error *err) {
    pst_status status = PST_OK;
    do {
        while ((status == PST_OK || status == PST_TIMEOUT) && !is_cancelled(chain))
            status = step(chain, err);
        if (status < 0 && status != PST_TIMEOUT)
            return status;
        status = is_cancelled(chain) || chain->is_full ? PST_OK : drain(chain, err);
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
    const pst_status ended =
        chain->sink->ops->end(chain->sink, ending, status == PST_OK ? err : NULL);
    if (status == PST_OK && !is_called_back(chain, ended, err))
        status = came_from(chain, sink_place(chain), ended);
    if (status != PST_OK) {
        if (err->status != status)
            pst_fail(err, status, 0, "%s", pst_strerror(status));
        chain->error = *err;
    }
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
