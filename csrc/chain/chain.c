// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "chain/chain_private.h"

#include <stdio.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/thread.h"
#include "chain/run.h"
#include "device/handle.h"

// The life of a chain, and everything that others may tell it or ask it. The worker is in worker.c.

// ---- Life -------------------------------------------------------------------------------------

void pst_source_destroy(pst_source *source) {
    if (source != NULL)
        source->ops->destroy(source);
}

void pst_sink_destroy(pst_sink *sink) {
    if (sink != NULL)
        sink->ops->destroy(sink);
}

// How a part of a chain is called in errors. The stages are numbered from 1.
static const char *name_part(const pst_chain *chain, uint32_t place, char *text, size_t n_bytes) {
    if (place == 0)
        snprintf(text, n_bytes, "the source (%s)", chain->source->ops->name);
    else if (place <= chain->n_stages)
        snprintf(text, n_bytes, "stage %u (%s)", (unsigned)place, chain->stages[place - 1]->name);
    else
        snprintf(text, n_bytes, "the sink (%s)", chain->sink->ops->name);
    return text;
}

// Whether what comes out at one place is what the next one takes, as far as that is known by now.
static pst_status check_neighbours(const pst_chain *chain, uint32_t place, const pst_media *given,
                                   const pst_media *taken, pst_error *err) {
    if (pst_media_fits(given, taken))
        return PST_OK;
    char giver[96], taker[96], gives[PST_MEDIA_TEXT_BYTES], takes[PST_MEDIA_TEXT_BYTES];
    return pst_fail(err, PST_BAD_ARGUMENT, 0, "%s gives %s, %s takes %s",
                    name_part(chain, place, giver, sizeof giver), pst_media_text(given, gives),
                    name_part(chain, place + 1, taker, sizeof taker), pst_media_text(taken, takes));
}

static pst_status check_parts(const pst_chain *chain, pst_error *err) {
    const pst_source *source = chain->source;
    const pst_sink *sink = chain->sink;
    pst_media given = pst_source_media(source);
    pst_status status = PST_OK;
    for (uint32_t i = 0; i < chain->n_stages && status == PST_OK; ++i) {
        const pst_stage *stage = chain->stages[i];
        for (uint32_t k = 0; k < i; ++k)
            if (chain->stages[k] == stage)
                return pst_fail(err, PST_BAD_ARGUMENT, 0, "stages %u and %u are the same one",
                                (unsigned)(k + 1), (unsigned)(i + 1));
        status = check_neighbours(chain, i, &given, &stage->in, err);
        const double rate_hz = given.rate_hz;
        given = stage->out;
        if (given.rate_hz <= 0.0 && stage->in.rate_hz <= 0.0)
            given.rate_hz = rate_hz;
    }
    const pst_media taken = pst_sink_media(sink);
    return status != PST_OK ? status
                            : check_neighbours(chain, chain->n_stages, &given, &taken, err);
}

pst_status pst_chain_create(pst_chain **chain, pst_system *system, pst_source *source,
                            pst_sink *sink, pst_error *err) {
    return pst_chain_create_staged(chain, system, source, NULL, 0, sink, err);
}

pst_status pst_chain_create_staged(pst_chain **chain, pst_system *system, pst_source *source,
                                   pst_stage *const *stages, uint32_t n_stages, pst_sink *sink,
                                   pst_error *err) {
    if (n_stages > PST_CHAIN_MAX_STAGES)
        return pst_fail(err, PST_BAD_ARGUMENT, 0, "n_stages is %u; a chain can have at most %d",
                        (unsigned)n_stages, PST_CHAIN_MAX_STAGES);
    pst_chain *made = pst_alloc(sizeof *made);
    if (made == NULL)
        return pst_fail_memory(err);
    made->source = source;
    made->sink = sink;
    made->n_stages = n_stages;
    for (uint32_t i = 0; i < n_stages; ++i)
        made->stages[i] = stages[i];
    pst_status status = check_parts(made, err);
    if (status == PST_OK)
        status = pst_event_init(&made->over, err);
    if (status != PST_OK)
        goto fail;
    status = pst_event_init(&made->orders, err);
    if (status != PST_OK) {
        pst_event_deinit(&made->over);
        goto fail;
    }
    made->source_media = pst_source_media(source);
    made->row = (pst_row){.stages = made->stages,
                          .n_stages = n_stages,
                          .ops = &pst_chain_row_ops,
                          .user = made,
                          .taker = sink->ops->name,
                          .taken = pst_sink_media(sink)};
    made->system = system;
    if (system != NULL)
        pst_system_retain(system);
    made->pid = getpid();
    pthread_mutex_init(&made->lock, NULL);
    made->is_open = true;
    atomic_init(&made->n_owners, 1);
    atomic_init(&made->n_refs, 1);
    atomic_init(&made->state, PST_CHAIN_CREATED);
    atomic_init(&made->seek_frame, PST_NO_SEEK);
    *chain = made;
    return PST_OK;

fail:
    pst_free(made);
    return status;
}

void pst_chain_retain(pst_chain *chain) PST_RT {
    atomic_fetch_add_explicit(&chain->n_owners, 1, memory_order_relaxed);
}

void pst_chain_drop(pst_chain *chain) {
    if (atomic_fetch_sub(&chain->n_refs, 1) > 1)
        return;
    pst_source_destroy(chain->source);
    for (uint32_t i = 0; i < chain->n_stages; ++i)
        pst_stage_destroy(chain->stages[i]);
    pst_sink_destroy(chain->sink);
    if (chain->system != NULL)
        pst_system_release(chain->system);
    pthread_mutex_destroy(&chain->lock);
    pst_event_deinit(&chain->orders);
    pst_event_deinit(&chain->over);
    pst_free(chain);
}

static bool cancel_unstarted(pst_chain *chain);

static bool is_child(const pst_chain *chain) {
    return chain->pid != getpid();
}

void pst_chain_release(pst_chain *chain) {
    if (chain == NULL || is_child(chain))
        return; // A child has nothing to give back: all of it is the parent's.
    if (atomic_fetch_sub(&chain->n_owners, 1) > 1)
        return;
    pst_chain_cancel(chain);
    pst_chain_drop(chain);
}

void pst_chain_leave(pst_chain *chain) {
    if (chain == NULL || is_child(chain) || atomic_fetch_sub(&chain->n_owners, 1) > 1)
        return;
    cancel_unstarted(chain);
    pst_chain_drop(chain);
}

static pst_status check_fork(const pst_chain *chain, pst_error *err) {
    return is_child(chain)
               ? pst_fail(err, PST_FORKED, 0,
                          "The chain belongs to the process that made it, which was forked since")
               : PST_OK;
}

// ---- Control ----------------------------------------------------------------------------------

// From here on there is a worker.
static pst_status begin_work(pst_chain *chain, pst_error *err) {
    const pst_status status = check_fork(chain, err);
    if (status != PST_OK)
        return status;
    uint32_t seen = PST_CHAIN_CREATED;
    if (!atomic_compare_exchange_strong(&chain->state, &seen, PST_CHAIN_RUNNING))
        return pst_fail(err, PST_BAD_STATE, 0, "The chain was started or cancelled before");
    atomic_fetch_add(&chain->n_refs, 1);
    if (chain->system != NULL)
        pst_system_begin_work(chain->system);
    return PST_OK;
}

pst_status pst_chain_start(pst_chain *chain, pst_error *err) {
    pst_status status = begin_work(chain, err);
    if (status != PST_OK)
        return status;
    pst_thread thread;
    status = pst_thread_start(&thread, "pst-chain", pst_chain_work, chain, err);
    if (status == PST_OK) {
        pst_thread_detach(&thread);
        return PST_OK;
    }
    pst_error why = {.status = PST_OK};
    pst_chain_finish(chain, status, err != NULL ? err : &why);
    if (chain->system != NULL)
        pst_system_end_work(chain->system);
    atomic_fetch_sub(&chain->n_refs, 1);
    return status;
}

pst_status pst_chain_run(pst_chain *chain, pst_error *err) {
    const pst_status status = begin_work(chain, err);
    if (status != PST_OK)
        return status;
    pst_chain_work(chain);
    return pst_chain_error(chain, err);
}

// Returns whether the chain had not been started, and now never will be.
static bool cancel_unstarted(pst_chain *chain) {
    uint32_t seen = PST_CHAIN_CREATED;
    if (!atomic_compare_exchange_strong(&chain->state, &seen, PST_CHAIN_CANCELLED))
        return false;
    (void)pst_chain_shut(chain, false);
    chain->source->ops->end(chain->source);
    pst_event_post(&chain->over);
    return true;
}

void pst_chain_stop(pst_chain *chain) {
    if (is_child(chain) || cancel_unstarted(chain) || atomic_exchange(&chain->stopping, true))
        return;
    pthread_mutex_lock(&chain->lock);
    if (chain->is_open) {
        chain->source->ops->stop(chain->source);
        chain->source->ops->wake(chain->source);
    }
    pthread_mutex_unlock(&chain->lock);
    pst_event_post(&chain->orders);
}

void pst_chain_cancel(pst_chain *chain) {
    if (is_child(chain) || cancel_unstarted(chain) || atomic_exchange(&chain->cancelling, true))
        return;
    pthread_mutex_lock(&chain->lock);
    if (chain->is_open) {
        chain->source->ops->wake(chain->source);
        for (uint32_t i = 0; i < chain->n_stages; ++i)
            if (chain->stages[i]->ops->wake != NULL)
                chain->stages[i]->ops->wake(chain->stages[i]);
        chain->sink->ops->wake(chain->sink);
    }
    pthread_mutex_unlock(&chain->lock);
    pst_event_post(&chain->orders);
}

void pst_chain_pause(pst_chain *chain, pst_chain_pause_kind kind) {
    if (is_child(chain) || (unsigned)kind > PST_PAUSE_DROP)
        return;
    atomic_store(&chain->pause, (uint32_t)kind);
    pst_event_post(&chain->orders);
}

static pst_status check_seek(const pst_chain *chain, int64_t frame, pst_error *err) {
    const pst_source *source = chain->source;
    if (source->ops->seek == NULL || source->n_seekable <= 0)
        return pst_fail(err, PST_BAD_STATE, 0,
                        "The chain cannot go to a frame: its source (%s) only goes forward",
                        source->ops->name);
    if (frame < 0 || frame > source->n_seekable)
        return pst_fail(err, PST_BAD_ARGUMENT, 0, "frame is %lld; it must be from 0 to %lld",
                        (long long)frame, (long long)source->n_seekable);
    if (!chain->is_open || atomic_load(&chain->stopping) || atomic_load(&chain->cancelling))
        return pst_fail(err, PST_BAD_STATE, 0,
                        "The chain is over, or being stopped: it cannot go to a frame any more");
    return PST_OK;
}

pst_status pst_chain_seek(pst_chain *chain, int64_t frame, pst_error *err) {
    pst_status status = check_fork(chain, err);
    if (status != PST_OK)
        return status;
    pthread_mutex_lock(&chain->lock);
    status = check_seek(chain, frame, err);
    if (status == PST_OK) {
        ++chain->n_asked;
        atomic_store(&chain->seek_frame, frame);
        if (chain->sink->ops->nudge != NULL)
            chain->sink->ops->nudge(chain->sink);
    }
    pthread_mutex_unlock(&chain->lock);
    pst_event_post(&chain->orders);
    return status;
}

static pst_chain_state state_of(pst_chain *chain) PST_RT {
    const pst_chain_state state = (pst_chain_state)atomic_load(&chain->state);
    return state == PST_CHAIN_RUNNING && atomic_load(&chain->stopping) ? PST_CHAIN_DRAINING : state;
}

static bool is_over(pst_chain_state state) {
    return state >= PST_CHAIN_DONE;
}

pst_status pst_chain_error(pst_chain *chain, pst_error *err) {
    if (state_of(chain) != PST_CHAIN_FAILED)
        return PST_OK;
    if (err != NULL)
        *err = chain->error;
    return chain->error.status;
}

const char *pst_chain_origin(pst_chain *chain, int32_t *place) PST_RT {
    if (state_of(chain) != PST_CHAIN_FAILED)
        return NULL;
    if (place != NULL)
        *place = chain->origin;
    return chain->origin == 0                           ? chain->source->ops->name
           : (uint32_t)chain->origin <= chain->n_stages ? chain->stages[chain->origin - 1]->name
                                                        : chain->sink->ops->name;
}

pst_status pst_chain_wait(pst_chain *chain, int64_t timeout_ns, pst_error *err) {
    const pst_status status = check_fork(chain, err);
    if (status != PST_OK)
        return status;
    if (state_of(chain) == PST_CHAIN_CREATED)
        return pst_fail(err, PST_BAD_STATE, 0, "The chain was not started");
    const int64_t deadline_ns = pst_deadline_ns(timeout_ns);
    for (;;) {
        const uint32_t ticket = pst_event_prepare(&chain->over);
        if (is_over(state_of(chain)) || pst_now_ns() >= deadline_ns) {
            pst_event_cancel(&chain->over);
            break;
        }
        (void)pst_event_wait(&chain->over, ticket, deadline_ns);
    }
    if (is_over(state_of(chain)))
        return pst_chain_error(chain, err);
    return pst_fail(err, PST_TIMEOUT, 0, "The chain was not done within %.3g s",
                    (double)timeout_ns * 1e-9);
}

int pst_chain_arm(pst_chain *chain) {
    if (is_child(chain))
        return PST_FORKED;
    const int fd = pst_event_arm_fd(&chain->over);
    if (fd >= 0 && is_over(state_of(chain)))
        pst_event_post(&chain->over);
    return fd;
}

void pst_chain_get_progress(pst_chain *chain, pst_chain_progress *progress) {
    progress->state = state_of(chain);
    progress->n_seeks = atomic_load(&chain->n_seeks);
    progress->pulled_frames = atomic_load(&chain->pulled_frames);
    progress->pushed_frames = atomic_load(&chain->pushed_frames);
    progress->filler_frames = atomic_load(&chain->filler_frames);
    progress->dropped_frames = atomic_load(&chain->dropped_frames);
    progress->next_frame = atomic_load(&chain->next_frame);
}
