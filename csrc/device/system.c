// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "device/system.h"

#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/error.h"
#include "device/chatter.h"
#include "device/registry.h"

// The life of a system, and what it keeps for streams. Its list of devices is in load.c.

#define LOAD_TIMEOUT_NS (10 * PST_NS_PER_SECOND)
#define UNLOAD_TIMEOUT_NS (2 * PST_NS_PER_SECOND)

// ---- Life ------------------------------------------------------------------------------------

pst_status pst_system_create_with(pst_system **system, const pst_backend_ops *const *backends,
                                  pst_error *err) {
    pst_system *made = pst_alloc(sizeof *made);
    if (made == NULL)
        return pst_fail_memory(err);
    pst_status status = pst_gate_init(&made->loading, err);
    if (status != PST_OK)
        goto fail_gate;
    status = pst_event_init(&made->work_done, err);
    if (status != PST_OK)
        goto fail_event;
    const int code = pthread_mutex_init(&made->lock, NULL);
    if (code != 0) {
        status = pst_fail_errno(err, code, "make a lock");
        goto fail_lock;
    }
    made->pid = getpid();
    made->load_timeout_ns = LOAD_TIMEOUT_NS;
    atomic_init(&made->n_refs, 1);
    atomic_init(&made->n_abandoned, 0);
    for (; backends[made->n_slots] != NULL && made->n_slots < PST_MAX_SLOTS; ++made->n_slots)
        made->slots[made->n_slots].ops = backends[made->n_slots];
    *system = made;
    return PST_OK;

fail_lock:
    pst_event_deinit(&made->work_done);
fail_event:
    pst_gate_deinit(&made->loading);
fail_gate:
    pst_free(made);
    return status;
}

pst_status pst_system_create(pst_system **system, pst_error *err) {
    return pst_system_create_with(system, pst_backends, err);
}

static void destroy(pst_system *system) {
    for (uint32_t i = 0; i < system->n_slots; ++i) {
        pst_slot *slot = &system->slots[i];
        pst_generation_destroy(slot->current, UNLOAD_TIMEOUT_NS);
        while (slot->old != NULL) { // Nothing is open on them: a claim holds the system.
            pst_generation *next = slot->old->next;
            pst_generation_destroy(slot->old, UNLOAD_TIMEOUT_NS);
            slot->old = next;
        }
    }
    pst_device_list_destroy(system->list);
    pthread_mutex_destroy(&system->lock);
    pst_event_deinit(&system->work_done);
    pst_gate_deinit(&system->loading);
    pst_free(system);
}

pst_status pst_system_check_fork(const pst_system *system, pst_error *err) {
    if (system->pid == getpid())
        return PST_OK;
    return pst_fail(err, PST_FORKED, 0,
                    "The process was forked after the audio system was set up; audio works only in "
                    "the parent, or in a process that was started anew");
}

void pst_system_retain(pst_system *system) {
    atomic_fetch_add_explicit(&system->n_refs, 1, memory_order_relaxed);
}

// In a forked child nothing is touched: locks may have been held at the fork, and the sockets
// belong to the parent.
void pst_system_release(pst_system *system) {
    if (system == NULL || pst_system_check_fork(system, NULL) != PST_OK)
        return;
    if (atomic_fetch_sub_explicit(&system->n_refs, 1, memory_order_acq_rel) == 1)
        destroy(system);
}

uint32_t pst_system_abandoned(const pst_system *system) PST_RT {
    return atomic_load_explicit(&system->n_abandoned, memory_order_relaxed);
}

bool pst_system_pop_log(pst_system *system, char *line, size_t n_bytes) {
    (void)system; // Host APIs print for the whole process.
    return n_bytes > 0 && pst_chatter_pop(line, n_bytes);
}

// ---- Members: the open streams ---------------------------------------------------------------

void pst_system_join(pst_system *system, pst_member *member, void *owner) {
    pthread_mutex_lock(&system->lock);
    member->owner = owner;
    member->next = NULL;
    member->prev = system->last_member;
    if (system->last_member != NULL)
        system->last_member->next = member;
    else
        system->first_member = member;
    system->last_member = member;
    pthread_mutex_unlock(&system->lock);
}

void pst_system_leave(pst_system *system, pst_member *member) {
    pthread_mutex_lock(&system->lock);
    if (member->owner != NULL) {
        if (member->prev != NULL)
            member->prev->next = member->next;
        else
            system->first_member = member->next;
        if (member->next != NULL)
            member->next->prev = member->prev;
        else
            system->last_member = member->prev;
        member->next = member->prev = NULL;
        member->owner = NULL;
    }
    pthread_mutex_unlock(&system->lock);
}

void *pst_system_some_member(pst_system *system, bool (*take)(void *owner)) {
    void *taken = NULL;
    pthread_mutex_lock(&system->lock);
    for (pst_member *member = system->first_member; member != NULL && taken == NULL;
         member = member->next) {
        if (take(member->owner))
            taken = member->owner;
    }
    pthread_mutex_unlock(&system->lock);
    return taken;
}

// ---- Background work -------------------------------------------------------------------------

void pst_system_begin_work(pst_system *system) {
    pthread_mutex_lock(&system->lock);
    ++system->n_work;
    pthread_mutex_unlock(&system->lock);
}

void pst_system_end_work(pst_system *system) {
    pthread_mutex_lock(&system->lock);
    const bool was_last = --system->n_work == 0;
    // Posted under the lock, so that a waiter that sees 0 cannot free the event too early.
    if (was_last)
        pst_event_post(&system->work_done);
    pthread_mutex_unlock(&system->lock);
}

static bool is_idle(pst_system *system) {
    pthread_mutex_lock(&system->lock);
    const bool idle = system->n_work == 0;
    pthread_mutex_unlock(&system->lock);
    return idle;
}

pst_status pst_system_wait_work(pst_system *system, int64_t timeout_ns) {
    if (pst_system_check_fork(system, NULL) != PST_OK)
        return PST_OK; // The threads that would do it stayed in the parent.
    const int64_t deadline_ns = pst_deadline_ns(timeout_ns);
    for (;;) {
        const uint32_t ticket = pst_event_prepare(&system->work_done);
        if (is_idle(system)) {
            pst_event_cancel(&system->work_done);
            return PST_OK;
        }
        if (pst_event_wait(&system->work_done, ticket, deadline_ns) == PST_TIMEOUT)
            return is_idle(system) ? PST_OK : PST_TIMEOUT;
    }
}
