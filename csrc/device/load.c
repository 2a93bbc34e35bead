// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "device/system.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/task.h"

// The list of devices: loading and refreshing. What answers from it is in lookup.c.
//
// Only the thread inside the gate `loading` calls load and unload of backends, on a helper thread.
// If that does not come back, the slot stays is_loading, and the list does without its devices.

// How long one thread waits for another one that loads: each backend may take its time.
static int64_t gate_deadline_ns(const pst_system *system) {
    return pst_deadline_ns((int64_t)(system->n_slots + 1) * system->load_timeout_ns);
}

// ---- One backend -----------------------------------------------------------------------------

typedef struct load_job {
    pst_system *system; // Retained until the job is over.
    pst_slot *slot;
    pst_slot old;   // What to unload first, if part is set.
    bool is_unload; // And that is all.
    int64_t timeout_ns;
    void *backend;
    pst_device_list *part;
    pst_error error;
} load_job;

static int run_unload(void *arg) {
    const pst_slot *slot = arg;
    slot->ops->unload(slot->backend);
    return PST_OK;
}

static void free_late(void *arg, int result) {
    (void)result;
    pst_free(arg);
}

void pst_slot_unload(const pst_slot *slot, int64_t timeout_ns) {
    if (slot->ops->unload == NULL)
        return;
    pst_slot *copy = pst_alloc(sizeof *copy);
    pst_status status = PST_NO_MEMORY;
    if (copy != NULL) {
        *copy = *slot;
        status = pst_task_run("pst-host", run_unload, copy, timeout_ns, free_late, NULL, NULL);
        if (status == PST_TIMEOUT)
            return;
        pst_free(copy);
    }
    if (status != PST_OK) // No helper thread to be had.
        slot->ops->unload(slot->backend);
}

static int run_load(void *arg) {
    load_job *job = arg;
    if (job->old.part != NULL && job->old.ops->unload != NULL)
        job->old.ops->unload(job->old.backend);
    if (job->is_unload)
        return PST_OK;
    return job->slot->ops->load(&job->backend, job->part, &job->error);
}

static void free_job(load_job *job) {
    pst_device_list_destroy(job->old.part);
    pst_device_list_destroy(job->part);
    pst_free(job);
}

// Nobody waits any more, and the list has been made without it: the next refresh may try again.
static void load_came_back_late(void *arg, int result) {
    load_job *job = arg;
    pst_system *system = job->system;
    if (result == PST_OK && !job->is_unload && job->slot->ops->unload != NULL)
        job->slot->ops->unload(job->backend);
    pthread_mutex_lock(&system->lock);
    job->slot->is_loading = false;
    pthread_mutex_unlock(&system->lock);
    free_job(job);
    pst_system_release(system);
}

static load_job *make_job(pst_system *system, pst_slot *slot) {
    load_job *job = pst_alloc(sizeof *job);
    if (job == NULL)
        return NULL;
    job->part = pst_device_list_create();
    if (job->part == NULL) {
        pst_free(job);
        return NULL;
    }
    job->system = system;
    job->slot = slot;
    pst_system_retain(system);
    pthread_mutex_lock(&system->lock);
    job->old = *slot;
    slot->part = NULL;
    slot->backend = NULL;
    slot->is_loading = true;
    pthread_mutex_unlock(&system->lock);
    return job;
}

// Runs a job, which is gone afterwards. A backend that cannot be loaded, or does not come back,
// leaves its reason in *complaint. Returns something else than PST_OK only for our own troubles.
static pst_status run_job(load_job *job, pst_error *complaint, pst_error *err) {
    pst_system *system = job->system;
    pst_slot *slot = job->slot;
    const int64_t timeout_ns = job->timeout_ns;
    int result = PST_OK;
    pst_status status =
        pst_task_run("pst-host", run_load, job, timeout_ns, load_came_back_late, &result, err);
    if (status == PST_TIMEOUT) { // The job, and its reference, belong to the helper thread now.
        pst_fail(complaint, PST_TIMEOUT, 0,
                 "%s did not answer within %.3g s, so its devices are not listed", slot->ops->name,
                 (double)timeout_ns / (double)PST_NS_PER_SECOND);
        return PST_OK;
    }
    pthread_mutex_lock(&system->lock);
    slot->is_loading = false;
    if (status != PST_OK) { // Nothing was called.
        slot->backend = job->old.backend;
        slot->part = job->old.part;
        job->old.part = NULL;
    } else if (result == PST_OK && !job->is_unload) {
        slot->backend = job->backend;
        slot->part = job->part;
        job->part = NULL;
    }
    pthread_mutex_unlock(&system->lock);
    if (status == PST_OK && result == PST_NO_MEMORY)
        status = pst_fail_memory(err);
    else if (status == PST_OK && result != PST_OK)
        *complaint = job->error;
    free_job(job);
    pst_system_release(system);
    return status;
}

// Loads a backend, or unloads and loads it.
static pst_status load_slot(pst_system *system, pst_slot *slot, pst_error *complaint,
                            pst_error *err) {
    load_job *job = make_job(system, slot);
    if (job == NULL)
        return pst_fail_memory(err);
    job->timeout_ns = system->load_timeout_ns;
    return run_job(job, complaint, err);
}

static void unload_slot(pst_system *system, pst_slot *slot, int64_t timeout_ns) {
    load_job *job = make_job(system, slot);
    if (job == NULL)
        return; // It stays loaded.
    job->is_unload = true;
    job->timeout_ns = timeout_ns;
    pst_error complaint;
    (void)run_job(job, &complaint, NULL);
}

// ---- The list --------------------------------------------------------------------------------

// Ends what begin_replacing began.
static void replace_list(pst_system *system, pst_device_list *list, const pst_error *complaint) {
    pthread_mutex_lock(&system->lock);
    pst_device_list *old = system->list;
    system->list = list;
    system->is_replacing = false;
    if (complaint != NULL)
        system->complaint = *complaint;
    pthread_mutex_unlock(&system->lock);
    pst_device_list_destroy(old);
}

// Joins the lists of the backends that are loaded. Inside the gate, so they do not change.
static pst_status join_lists(pst_system *system, const pst_error *complaint, pst_error *err) {
    pst_device_list *list = pst_device_list_create();
    pst_status status = list != NULL ? PST_OK : PST_NO_MEMORY;
    for (uint32_t i = 0; i < system->n_slots && status == PST_OK; ++i) {
        if (system->slots[i].part != NULL)
            status = pst_device_list_append(list, system->slots[i].part, i);
    }
    if (status != PST_OK) {
        pst_device_list_destroy(list);
        return pst_fail_memory(err);
    }
    replace_list(system, list, complaint);
    return PST_OK;
}

// Inside the gate: whether the last thread that was here gave up waiting for the backend.
static bool is_still_out(pst_system *system, const pst_slot *slot) {
    pthread_mutex_lock(&system->lock);
    const bool is_out = slot->is_loading;
    pthread_mutex_unlock(&system->lock);
    return is_out;
}

static pst_status fail_still_out(const pst_slot *slot, pst_status status, pst_error *err) {
    return pst_fail(err, status, 0, "%s has not answered since its devices were last read",
                    slot->ops->name);
}

// Inside the gate. If it fails, the list is gone, and the next question loads it again.
static pst_status load_all(pst_system *system, bool is_refresh, pst_error *err) {
    pst_error complaint = {.status = PST_OK};
    pst_status status = PST_OK;
    for (uint32_t i = 0; i < system->n_slots && status == PST_OK; ++i) {
        pst_slot *slot = &system->slots[i];
        if (is_still_out(system, slot))
            fail_still_out(slot, PST_TIMEOUT, &complaint);
        else if (slot->part == NULL || (is_refresh && !slot->ops->is_fixed))
            status = load_slot(system, slot, &complaint, err);
    }
    if (status == PST_OK)
        status = join_lists(system, &complaint, err);
    if (status != PST_OK)
        replace_list(system, NULL, NULL);
    else if (complaint.status != PST_OK && err != NULL)
        *err = complaint;
    return status;
}

static bool is_loaded(pst_system *system, pst_error *err) {
    pthread_mutex_lock(&system->lock);
    const bool loaded = system->list != NULL;
    if (loaded && err != NULL && system->complaint.status != PST_OK)
        *err = system->complaint;
    pthread_mutex_unlock(&system->lock);
    return loaded;
}

pst_status pst_system_enter_gate(pst_system *system, int64_t deadline_ns, pst_error *err) {
    if (pst_gate_enter(&system->loading, deadline_ns))
        return PST_OK;
    return pst_fail(err, PST_TIMEOUT, 0, "Another thread is still reading the list of devices");
}

pst_status pst_system_load(pst_system *system, pst_error *err) {
    pst_status status = pst_system_check_fork(system, err);
    if (status != PST_OK || is_loaded(system, err))
        return status;
    // The other thread may have to wait for each backend.
    status = pst_system_enter_gate(system, gate_deadline_ns(system), err);
    if (status != PST_OK)
        return status;
    if (!is_loaded(system, err))
        status = load_all(system, false, err);
    pst_gate_leave(&system->loading);
    return status;
}

// Inside the gate: a backend in use cannot be unloaded under its streams. If none is, keeps new
// streams waiting until the list is replaced.
static pst_status begin_replacing(pst_system *system, pst_error *err) {
    pst_status status = PST_OK;
    pthread_mutex_lock(&system->lock);
    for (uint32_t i = 0; i < system->n_slots && status == PST_OK; ++i) {
        const pst_slot *slot = &system->slots[i];
        if (slot->ops->is_fixed)
            continue;
        if (slot->is_loading)
            status = fail_still_out(slot, PST_DEVICE_BUSY, err);
        else if (slot->n_claims > 0)
            status = pst_fail(err, PST_DEVICE_BUSY, 0,
                              "The list of devices cannot be read again while streams of %s are "
                              "open (%u now)",
                              slot->ops->name, (unsigned)slot->n_claims);
    }
    if (status == PST_OK)
        system->is_replacing = true;
    pthread_mutex_unlock(&system->lock);
    return status;
}

pst_status pst_system_refresh(pst_system *system, pst_error *err) {
    pst_status status = pst_system_check_fork(system, err);
    if (status != PST_OK)
        return status;
    status = pst_system_enter_gate(system, gate_deadline_ns(system), err);
    if (status != PST_OK)
        return status;
    status = begin_replacing(system, err);
    if (status == PST_OK)
        status = load_all(system, true, err);
    pst_gate_leave(&system->loading);
    return status;
}

void pst_system_unload(pst_system *system, int64_t timeout_ns) {
    const int64_t deadline_ns = pst_deadline_ns(timeout_ns);
    if (!pst_gate_enter(&system->loading, deadline_ns))
        return;
    if (begin_replacing(system, NULL) == PST_OK) {
        for (uint32_t i = 0; i < system->n_slots; ++i) {
            pst_slot *slot = &system->slots[i];
            const int64_t left_ns = deadline_ns - pst_now_ns();
            if (slot->part != NULL && !slot->ops->is_fixed)
                unload_slot(system, slot, left_ns > 0 ? left_ns : 0);
        }
        replace_list(system, NULL, NULL);
    }
    pst_gate_leave(&system->loading);
}
