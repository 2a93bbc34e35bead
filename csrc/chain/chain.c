// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "pastream/chain.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/event.h"
#include "base/thread.h"
#include "chain/stage.h"
#include "device/handle.h"

// The state is the only thing that both sides decide about: control moves it from created to
// running or cancelled, the worker to all others. What the worker wrote before the last state is
// read after it.

struct pst_chain {
    pst_system *system; // NULL, or retained.
    pst_source *source;
    pst_sink *sink;
    pid_t pid;
    _Atomic uint32_t n_owners; // Who may call pst_chain_*.
    _Atomic uint32_t n_refs;   // The owners together, and the worker.
    _Atomic uint32_t state;    // pst_chain_state.
    _Atomic bool stopping;
    _Atomic bool cancelling;
    _Atomic int64_t pulled_frames;
    _Atomic int64_t pushed_frames;
    _Atomic int64_t filler_frames;
    pst_event over;
    pst_error error; // Written by the worker before the last state.

    // Held for every call from outside into the two sides, so that none comes after their end.
    pthread_mutex_t lock;
    bool is_open; // Until then.
};

// ---- Life -------------------------------------------------------------------------------------

void pst_source_destroy(pst_source *source) {
    if (source != NULL)
        source->ops->destroy(source);
}

void pst_sink_destroy(pst_sink *sink) {
    if (sink != NULL)
        sink->ops->destroy(sink);
}

pst_status pst_chain_create(pst_chain **chain, pst_system *system, pst_source *source,
                            pst_sink *sink, pst_error *err) {
    if (source->format != sink->format || source->n_channels != sink->n_channels)
        return pst_fail(err, PST_BAD_ARGUMENT, 0,
                        "the source gives %u channels of %s, the sink takes %u of %s",
                        (unsigned)source->n_channels, pst_format_name(source->format),
                        (unsigned)sink->n_channels, pst_format_name(sink->format));
    pst_chain *made = pst_alloc(sizeof *made);
    if (made == NULL)
        return pst_fail_memory(err);
    const pst_status status = pst_event_init(&made->over, err);
    if (status != PST_OK) {
        pst_free(made);
        return status;
    }
    made->system = system;
    if (system != NULL)
        pst_system_retain(system);
    made->source = source;
    made->sink = sink;
    made->pid = getpid();
    pthread_mutex_init(&made->lock, NULL);
    made->is_open = true;
    atomic_init(&made->n_owners, 1);
    atomic_init(&made->n_refs, 1);
    atomic_init(&made->state, PST_CHAIN_CREATED);
    *chain = made;
    return PST_OK;
}

void pst_chain_retain(pst_chain *chain) PST_RT {
    atomic_fetch_add_explicit(&chain->n_owners, 1, memory_order_relaxed);
}

static void drop(pst_chain *chain) {
    if (atomic_fetch_sub(&chain->n_refs, 1) > 1)
        return;
    pst_source_destroy(chain->source);
    pst_sink_destroy(chain->sink);
    if (chain->system != NULL)
        pst_system_release(chain->system);
    pthread_mutex_destroy(&chain->lock);
    pst_event_deinit(&chain->over);
    pst_free(chain);
}

static bool is_child(const pst_chain *chain) {
    return chain->pid != getpid();
}

void pst_chain_release(pst_chain *chain) {
    if (chain == NULL || is_child(chain))
        return; // A child has nothing to give back: all of it is the parent's.
    if (atomic_fetch_sub(&chain->n_owners, 1) > 1)
        return;
    pst_chain_cancel(chain);
    drop(chain);
}

static pst_status check_fork(const pst_chain *chain, pst_error *err) {
    return is_child(chain)
               ? pst_fail(err, PST_FORKED, 0,
                          "The chain belongs to the process that made it, which was forked since")
               : PST_OK;
}

// ---- The worker -------------------------------------------------------------------------------

static bool is_cancelled(const pst_chain *chain) {
    return atomic_load(&chain->cancelling);
}

// Moves one piece on. Returns PST_OK, PST_END when the sink takes no more, or an error.
static pst_status push_all(pst_chain *chain, const pst_piece *piece, pst_error *err) {
    const uint32_t frame_bytes =
        chain->source->n_channels * pst_format_bytes(chain->source->format);
    pst_piece rest = *piece;
    while (rest.n_frames > 0 && !is_cancelled(chain)) {
        uint64_t n_taken = 0;
        const pst_status status = chain->sink->ops->push(chain->sink, &rest, &n_taken, err);
        if (status == PST_TIMEOUT)
            continue;
        if (status != PST_OK)
            return status;
        chain->source->ops->pass(chain->source, n_taken);
        rest.data += n_taken * frame_bytes;
        rest.n_frames -= n_taken;
        rest.frame += (int64_t)n_taken;
        rest.begins = false;
        atomic_fetch_add(&chain->pushed_frames, (int64_t)n_taken);
        if (rest.is_filler)
            atomic_fetch_add(&chain->filler_frames, (int64_t)n_taken);
    }
    return PST_OK;
}

// Moves frames until one side ends. Returns PST_OK, or what failed.
static pst_status pump(pst_chain *chain, pst_error *err) {
    pst_status status = PST_OK;
    while ((status == PST_OK || status == PST_TIMEOUT) && !is_cancelled(chain)) {
        pst_piece piece;
        status = chain->source->ops->pull(chain->source, &piece, err);
        if (status == PST_OK) {
            atomic_fetch_add(&chain->pulled_frames, (int64_t)piece.n_frames);
            status = push_all(chain, &piece, err);
        }
    }
    return status < 0 && status != PST_TIMEOUT ? status : PST_OK;
}

// From here on nobody else calls into the two sides.
static void shut(pst_chain *chain) {
    pthread_mutex_lock(&chain->lock);
    chain->is_open = false;
    pthread_mutex_unlock(&chain->lock);
}

// Whether a side was called back from a wait, which has not failed by that.
static bool is_called_back(const pst_chain *chain, pst_status status, const pst_error *err) {
    return status != PST_OK && is_cancelled(chain) && err->status == status &&
           err->native_code == ECANCELED;
}

// Closes both sides, and tells everybody. Only the first error counts: a second is its consequence.
static void finish(pst_chain *chain, pst_status status, pst_error *err) {
    atomic_store(&chain->state, PST_CHAIN_DRAINING);
    shut(chain);
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
        status = ended;
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

static void work(void *arg) {
    pst_chain *chain = arg;
    pst_system *system = chain->system;
    pst_error err = {.status = PST_OK};
    const pst_status status = pump(chain, &err);
    finish(chain, status, &err);
    if (system != NULL)
        pst_system_end_work(system); // The chain, or whoever owns it, holds the system.
    drop(chain);
}

// ---- Control ----------------------------------------------------------------------------------

pst_status pst_chain_start(pst_chain *chain, pst_error *err) {
    pst_status status = check_fork(chain, err);
    if (status != PST_OK)
        return status;
    uint32_t seen = PST_CHAIN_CREATED;
    if (!atomic_compare_exchange_strong(&chain->state, &seen, PST_CHAIN_RUNNING))
        return pst_fail(err, PST_BAD_STATE, 0, "The chain was started or cancelled before");
    pst_thread thread;
    atomic_fetch_add(&chain->n_refs, 1);
    if (chain->system != NULL)
        pst_system_begin_work(chain->system);
    status = pst_thread_start(&thread, "pst-chain", work, chain, err);
    if (status == PST_OK) {
        pst_thread_detach(&thread);
        return PST_OK;
    }
    pst_error why = {.status = PST_OK};
    finish(chain, status, err != NULL ? err : &why);
    if (chain->system != NULL)
        pst_system_end_work(chain->system);
    atomic_fetch_sub(&chain->n_refs, 1);
    return status;
}

// Returns whether the chain had not been started, and now never will be.
static bool cancel_unstarted(pst_chain *chain) {
    uint32_t seen = PST_CHAIN_CREATED;
    if (!atomic_compare_exchange_strong(&chain->state, &seen, PST_CHAIN_CANCELLED))
        return false;
    shut(chain);
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
}

void pst_chain_cancel(pst_chain *chain) {
    if (is_child(chain) || cancel_unstarted(chain) || atomic_exchange(&chain->cancelling, true))
        return;
    pthread_mutex_lock(&chain->lock);
    if (chain->is_open) {
        chain->source->ops->wake(chain->source);
        chain->sink->ops->wake(chain->sink);
    }
    pthread_mutex_unlock(&chain->lock);
}

static pst_chain_state state_of(pst_chain *chain) {
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
    progress->pulled_frames = atomic_load(&chain->pulled_frames);
    progress->pushed_frames = atomic_load(&chain->pushed_frames);
    progress->filler_frames = atomic_load(&chain->filler_frames);
}
