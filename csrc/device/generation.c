// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "base/alloc.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/task.h"
#include "base/thread.h"
#include "device/system.h"

// How generations of a backend come and go: load and unload are called here, and nowhere else.

// ---- One backend -----------------------------------------------------------------------------

typedef struct load_job {
    pst_system *system; // Retained until the job is over.
    pst_slot *slot;
    pst_generation *old;  // What to unload first, or NULL.
    pst_generation *made; // What to load then, or NULL.
    int64_t timeout_ns;
    pst_error error;
} load_job;

static void free_generation(pst_generation *generation) {
    if (generation == NULL)
        return;
    pst_device_list_destroy(generation->part);
    pst_free(generation);
}

static pst_generation *make_generation(const pst_slot *slot) {
    pst_generation *made = pst_alloc(sizeof *made);
    if (made == NULL)
        return NULL;
    made->ops = slot->ops;
    made->part = pst_device_list_create();
    if (made->part == NULL) {
        pst_free(made);
        return NULL;
    }
    return made;
}

static int run_unload(void *arg) {
    const pst_generation *generation = arg;
    if (generation->ops->unload != NULL)
        generation->ops->unload(generation->backend);
    return PST_OK;
}

static void free_late(void *arg, int result) {
    (void)result;
    free_generation(arg);
}

void pst_generation_destroy(pst_generation *generation, int64_t timeout_ns) {
    if (generation == NULL)
        return;
    if (generation->ops->unload == NULL) {
        free_generation(generation);
        return;
    }
    const pst_status status =
        pst_task_run("pst-host", run_unload, generation, timeout_ns, free_late, NULL, NULL);
    if (status == PST_TIMEOUT)
        return;
    if (status != PST_OK) // No helper thread to be had.
        (void)run_unload(generation);
    free_generation(generation);
}

static int run_load(void *arg) {
    load_job *job = arg;
    if (job->old != NULL)
        (void)run_unload(job->old);
    if (job->made == NULL)
        return PST_OK;
    return job->made->ops->load(&job->made->backend, job->made->part, &job->error);
}

static void free_job(load_job *job) {
    free_generation(job->old);
    free_generation(job->made);
    pst_free(job);
}

static void set_loading(const load_job *job, bool is_loading) {
    pthread_mutex_lock(&job->system->lock);
    job->slot->is_loading = is_loading;
    pthread_mutex_unlock(&job->system->lock);
}

// Nobody waits any more, and the list has been made without it: the next refresh may try again.
static void load_came_back_late(void *arg, int result) {
    load_job *job = arg;
    pst_system *system = job->system;
    if (result == PST_OK && job->made != NULL)
        (void)run_unload(job->made);
    set_loading(job, false);
    free_job(job);
    pst_system_release(system);
}

pst_status pst_generation_exchange(pst_system *system, pst_slot *slot, pst_generation *old,
                                   pst_generation **made, int64_t timeout_ns, pst_error *complaint,
                                   pst_error *err) {
    load_job *job = pst_alloc(sizeof *job);
    if (job != NULL && made != NULL)
        job->made = make_generation(slot);
    if (job == NULL || (made != NULL && job->made == NULL)) {
        pst_free(job);
        pst_generation_destroy(old, timeout_ns);
        return pst_fail_memory(err);
    }
    job->system = system;
    job->slot = slot;
    job->old = old;
    job->timeout_ns = timeout_ns;
    pst_system_retain(system);
    set_loading(job, true);
    int result = PST_OK;
    pst_status status =
        pst_task_run("pst-host", run_load, job, timeout_ns, load_came_back_late, &result, err);
    if (status == PST_TIMEOUT) { // The job, and its reference, belong to the helper thread now.
        pst_fail(complaint, PST_TIMEOUT, 0,
                 "%s did not answer within %.3g s, so its devices could not be read",
                 slot->ops->name, (double)timeout_ns / (double)PST_NS_PER_SECOND);
        return PST_OK;
    }
    set_loading(job, false);
    if (status != PST_OK && job->old != NULL) // Nothing was called.
        (void)run_unload(job->old);
    if (status == PST_OK && result == PST_OK && made != NULL) {
        *made = job->made;
        job->made = NULL;
    } else if (status == PST_OK && result == PST_NO_MEMORY) {
        status = pst_fail_memory(err);
    } else if (status == PST_OK && result != PST_OK) {
        *complaint = job->error;
    }
    free_job(job);
    pst_system_release(system);
    return status;
}

// ---- Old generations -------------------------------------------------------------------------

// Takes one that nobody uses any more out of its slot; NULL if there is none.
static pst_generation *take_unused(pst_system *system, pst_slot *slot) {
    pst_generation *found = NULL;
    pthread_mutex_lock(&system->lock);
    pst_generation **link = &slot->old;
    while (*link != NULL && (*link)->n_claims > 0)
        link = &(*link)->next;
    if (*link != NULL && !slot->is_loading) {
        found = *link;
        *link = found->next;
    }
    pthread_mutex_unlock(&system->lock);
    return found;
}

void pst_system_sweep(pst_system *system, int64_t timeout_ns) {
    for (uint32_t i = 0; i < system->n_slots; ++i) {
        pst_generation *unused;
        pst_error complaint;
        while ((unused = take_unused(system, &system->slots[i])) != NULL) {
            const pst_status status = pst_generation_exchange(system, &system->slots[i], unused,
                                                              NULL, timeout_ns, &complaint, NULL);
            (void)status; // As it would be at the end of the program.
        }
    }
}

static void sweep_and_release(void *arg) {
    pst_system *system = arg;
    if (pst_gate_enter(&system->loading, pst_system_gate_deadline_ns(system))) {
        pst_system_sweep(system, system->load_timeout_ns);
        pst_gate_leave(&system->loading);
    }
    pst_system_end_work(system);
    pst_system_release(system);
}

void pst_system_sweep_later(pst_system *system) {
    pst_thread thread;
    pst_system_retain(system);
    pst_system_begin_work(system);
    if (pst_thread_start(&thread, "pst-sweeper", sweep_and_release, system, NULL) == PST_OK) {
        pst_thread_detach(&thread);
        return;
    }
    pst_system_end_work(system); // The next refresh, or the end of the program, finds it.
    pst_system_release(system);
}
