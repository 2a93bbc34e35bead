// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "device/system.h"

#include "base/clock.h"
#include "base/error.h"

// The list of devices: loading and refreshing. What answers from it is in lookup.c, what calls
// backends for it in generation.c.
//
// Only the thread inside the gate `loading` calls load and unload of backends, on a helper thread.
// If that does not come back, the slot stays is_loading, and the list does without its devices, or
// keeps those of the generation that is in use.

int64_t pst_system_gate_deadline_ns(const pst_system *system) {
    return pst_deadline_ns((int64_t)(system->n_slots + 1) * system->load_timeout_ns);
}

static uint32_t count_old(const pst_slot *slot) {
    uint32_t n = 0;
    for (const pst_generation *each = slot->old; each != NULL; each = each->next)
        ++n;
    return n;
}

// ---- The list --------------------------------------------------------------------------------

// What is about to take the place of slots' generations.
typedef struct replacement {
    pst_generation *made[PST_MAX_SLOTS]; // NULL where there is none.
} replacement;

// Appends what streams on old generations of a slot hold, and the new one does not have.
static pst_status keep_held(pst_device_list *list, const pst_generation *generation,
                            uint32_t slot) {
    pst_status status = PST_OK;
    const pst_device_list *part = generation->part;
    for (int32_t i = 0; i < part->n_devices && status == PST_OK; ++i) {
        const pst_listed_device *device = &part->devices[i];
        if (device->n_claims > 0)
            status = pst_device_list_keep(list, &device->info,
                                          part->hostapis[device->info.hostapi].name, slot);
    }
    return status;
}

// Joins the lists of the backends: of those that were loaded anew, and of the others as they are.
// Inside the gate, so they do not change. Returns NULL if there is no memory for it.
static pst_device_list *join_lists(pst_system *system, const replacement *new) {
    pst_device_list *list = pst_device_list_create();
    pst_status status = list != NULL ? PST_OK : PST_NO_MEMORY;
    for (uint32_t i = 0; i < system->n_slots && status == PST_OK; ++i) {
        const pst_slot *slot = &system->slots[i];
        pst_generation *used = new->made[i] != NULL ? new->made[i] : slot->current;
        if (used != NULL)
            status = pst_device_list_append(list, used->part, i);
    }
    pthread_mutex_lock(&system->lock); // For the counts of claims.
    for (uint32_t i = 0; i < system->n_slots && status == PST_OK; ++i) {
        const pst_slot *slot = &system->slots[i];
        if (new->made[i] != NULL && slot->current != NULL)
            status = keep_held(list, slot->current, i);
        for (const pst_generation *old = slot->old; old != NULL && status == PST_OK;
             old = old->next)
            status = keep_held(list, old, i);
    }
    pthread_mutex_unlock(&system->lock);
    if (status == PST_OK)
        return list;
    pst_device_list_destroy(list);
    return NULL;
}

// With the lock held.
static void install(pst_slot *slot, pst_generation *made) {
    slot->is_replacing = false;
    if (made == NULL)
        return;
    pst_generation *before = slot->current;
    if (before != NULL) {
        before->is_old = true;
        before->next = slot->old;
        slot->old = before;
    }
    slot->current = made;
}

// Puts new generations and their list into place, at one moment.
static void replace(pst_system *system, const replacement *new, pst_device_list *list,
                    const pst_error *complaint) {
    pthread_mutex_lock(&system->lock);
    for (uint32_t i = 0; i < system->n_slots; ++i)
        install(&system->slots[i], new->made[i]);
    pst_device_list *before = system->list;
    system->list = list;
    ++system->list_number;
    pst_device_watches_post(system);
    if (complaint != NULL)
        system->complaint = *complaint;
    pthread_mutex_unlock(&system->lock);
    pst_device_list_destroy(before);
}

static pst_status fail_still_out(const pst_slot *slot, pst_status status, pst_error *err) {
    return pst_fail(err, status, 0, "%s has not answered since its devices were last read",
                    slot->ops->name);
}

// With the lock held, inside the gate: whether the slot can be loaded anew.
static pst_status check_slot(const pst_slot *slot, pst_error *err) {
    if (slot->is_loading)
        return fail_still_out(slot, PST_DEVICE_BUSY, err);
    const uint32_t n_claims = slot->current != NULL ? slot->current->n_claims : 0;
    if (n_claims > 0 && !slot->ops->may_load_beside)
        return pst_fail(err, PST_DEVICE_BUSY, 0,
                        "The list of devices cannot be read again while streams of %s are open (%u "
                        "now)",
                        slot->ops->name, (unsigned)n_claims);
    if (n_claims > 0 && count_old(slot) >= PST_MAX_GENERATIONS - 1)
        return pst_fail(err, PST_DEVICE_BUSY, 0,
                        "The list of devices cannot be read again while streams of %s are open "
                        "from %d lists before; close some",
                        slot->ops->name, PST_MAX_GENERATIONS);
    return PST_OK;
}

// Decides how a slot is loaded anew: beside what is in use, or in the place of what is not. Then it
// takes that out, into *old, and keeps new streams waiting until the list is replaced.
static pst_status begin_replacing(pst_system *system, pst_slot *slot, pst_generation **old,
                                  pst_error *err) {
    pthread_mutex_lock(&system->lock);
    const pst_status status = check_slot(slot, err);
    *old = NULL;
    if (status == PST_OK && slot->current != NULL && slot->current->n_claims == 0) {
        *old = slot->current;
        slot->current = NULL;
        slot->is_replacing = true;
    }
    pthread_mutex_unlock(&system->lock);
    return status;
}

// Inside the gate.
static pst_status load_slot(pst_system *system, pst_slot *slot, pst_generation **made,
                            pst_error *complaint, pst_error *err) {
    pst_generation *old;
    pst_status status = begin_replacing(system, slot, &old, err);
    if (status != PST_OK)
        return status;
    const bool is_beside = slot->current != NULL;
    pst_error detail = {.status = PST_OK};
    status =
        pst_generation_exchange(system, slot, old, made, system->load_timeout_ns, &detail, err);
    if (detail.status == PST_OK)
        return status;
    if (is_beside) // What is there stays.
        return pst_fail(err, PST_DEVICE_BUSY, 0,
                        "The list of devices cannot be read again while streams of %s are open: %s",
                        slot->ops->name, detail.text);
    *complaint = detail;
    return status;
}

// Inside the gate: whether the last thread that was here gave up waiting for the backend.
static bool is_still_out(pst_system *system, const pst_slot *slot) {
    pthread_mutex_lock(&system->lock);
    const bool is_out = slot->is_loading;
    pthread_mutex_unlock(&system->lock);
    return is_out;
}

// Inside the gate. If it fails, the list is gone, and the next question makes it again.
static pst_status load_all(pst_system *system, bool is_refresh, pst_error *err) {
    pst_error complaint = {.status = PST_OK};
    pst_status status = PST_OK;
    replacement new = {.made = {NULL}};
    if (is_refresh || system->read_ns == 0)
        system->read_ns = pst_now_ns();
    for (uint32_t i = 0; i < system->n_slots && status == PST_OK; ++i) {
        pst_slot *slot = &system->slots[i];
        if (is_still_out(system, slot))
            fail_still_out(slot, PST_TIMEOUT, &complaint);
        else if (slot->current == NULL || (is_refresh && !slot->ops->is_fixed))
            status = load_slot(system, slot, &new.made[i], &complaint, err);
    }
    pst_device_list *list = status == PST_OK ? join_lists(system, &new) : NULL;
    if (status == PST_OK && list == NULL)
        status = pst_fail_memory(err);
    replace(system, &new, list, status == PST_OK ? &complaint : NULL);
    if (status == PST_OK && complaint.status != PST_OK && err != NULL)
        *err = complaint;
    pst_system_sweep(system, system->load_timeout_ns);
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
    status = pst_system_enter_gate(system, pst_system_gate_deadline_ns(system), err);
    if (status != PST_OK)
        return status;
    if (!is_loaded(system, err))
        status = load_all(system, false, err);
    pst_gate_leave(&system->loading);
    return status;
}

// Inside the gate: whether every backend whose devices can change can be loaded anew.
static pst_status check_slots(pst_system *system, pst_error *err) {
    pst_status status = PST_OK;
    pthread_mutex_lock(&system->lock);
    for (uint32_t i = 0; i < system->n_slots && status == PST_OK; ++i) {
        if (!system->slots[i].ops->is_fixed)
            status = check_slot(&system->slots[i], err);
    }
    pthread_mutex_unlock(&system->lock);
    return status;
}

pst_status pst_system_refresh(pst_system *system, pst_error *err) {
    return pst_system_refresh_since(system, INT64_MAX, err);
}

pst_status pst_system_refresh_since(pst_system *system, int64_t since_ns, pst_error *err) {
    pst_status status = pst_system_check_fork(system, err);
    if (status != PST_OK)
        return status;
    status = pst_system_enter_gate(system, pst_system_gate_deadline_ns(system), err);
    if (status != PST_OK)
        return status;
    if (system->list == NULL || system->read_ns <= since_ns) {
        status = check_slots(system, err);
        if (status == PST_OK)
            status = load_all(system, true, err);
    }
    pst_gate_leave(&system->loading);
    return status;
}

// Inside the gate. Leaves alone what is in use.
static void unload_slot(pst_system *system, pst_slot *slot, int64_t deadline_ns) {
    pst_generation *old = NULL;
    if (begin_replacing(system, slot, &old, NULL) != PST_OK || old == NULL)
        return;
    pst_error complaint;
    const int64_t left_ns = deadline_ns - pst_now_ns();
    const pst_status status = pst_generation_exchange(system, slot, old, NULL,
                                                      left_ns > 0 ? left_ns : 0, &complaint, NULL);
    (void)status; // It is gone as far as we are concerned.
}

void pst_system_unload(pst_system *system, int64_t timeout_ns) {
    const int64_t deadline_ns = pst_deadline_ns(timeout_ns);
    if (!pst_gate_enter(&system->loading, deadline_ns))
        return;
    for (uint32_t i = 0; i < system->n_slots; ++i) {
        if (!system->slots[i].ops->is_fixed)
            unload_slot(system, &system->slots[i], deadline_ns);
    }
    const replacement nothing = {.made = {NULL}};
    replace(system, &nothing, NULL, NULL);
    const int64_t left_ns = deadline_ns - pst_now_ns();
    pst_system_sweep(system, left_ns > 0 ? left_ns : 0);
    pst_gate_leave(&system->loading);
}
