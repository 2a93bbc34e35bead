// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "base/alloc.h"
#include "base/clock.h"
#include "base/error.h"
#include "device/hotplug.h"

// Those who want to hear of new lists of devices.

struct pst_device_watch {
    pst_system *system; // Retained.
    pst_event event;
    _Atomic bool is_closed;
    bool is_listed;                // This, and below, guarded by the system's lock.
    struct pst_device_watch *next; // Of the system's open ones.
};

void pst_device_watches_post(pst_system *system) {
    for (pst_device_watch *each = system->first_watch; each != NULL; each = each->next)
        pst_event_post(&each->event);
}

// Lists the watch if there is a thread, or if *hotplug is one, which is taken then.
static bool list_watch(pst_device_watch *watch, pst_hotplug **hotplug) {
    pst_system *system = watch->system;
    pthread_mutex_lock(&system->lock);
    if (system->hotplug == NULL) {
        system->hotplug = *hotplug;
        *hotplug = NULL;
    }
    if (system->hotplug != NULL) {
        watch->is_listed = true;
        watch->next = system->first_watch;
        system->first_watch = watch;
    }
    const bool is_listed = watch->is_listed;
    pthread_mutex_unlock(&system->lock);
    return is_listed;
}

// The first watch brings the thread.
static pst_status join(pst_device_watch *watch, pst_error *err) {
    pst_hotplug *hotplug = NULL;
    if (list_watch(watch, &hotplug))
        return PST_OK;
    const pst_status status = pst_hotplug_start(&hotplug, watch->system, err);
    if (status != PST_OK)
        return status;
    (void)list_watch(watch, &hotplug);
    pst_hotplug_end(hotplug); // Somebody else was first.
    return PST_OK;
}

pst_status pst_device_watch_create(pst_device_watch **watch, pst_system *system, pst_error *err) {
    pst_status status = pst_system_check_fork(system, err);
    if (status != PST_OK)
        return status;
    pst_device_watch *made = pst_alloc(sizeof *made);
    if (made == NULL)
        return pst_fail_memory(err);
    status = pst_event_init(&made->event, err);
    if (status != PST_OK) {
        pst_free(made);
        return status;
    }
    pst_system_retain(system);
    made->system = system;
    status = join(made, err);
    if (status != PST_OK) {
        pst_system_release(system);
        pst_event_deinit(&made->event);
        pst_free(made);
        return status;
    }
    *watch = made;
    return PST_OK;
}

// With the lock held. Returns the thread to be ended, if that was the last watch.
static pst_hotplug *leave(pst_device_watch *watch) {
    pst_system *system = watch->system;
    atomic_store(&watch->is_closed, true);
    pst_event_post(&watch->event);
    if (!watch->is_listed)
        return NULL;
    pst_device_watch **link = &system->first_watch;
    while (*link != watch)
        link = &(*link)->next;
    *link = watch->next;
    watch->is_listed = false;
    if (system->first_watch != NULL)
        return NULL;
    pst_hotplug *unused = system->hotplug;
    system->hotplug = NULL;
    return unused;
}

void pst_device_watch_close(pst_device_watch *watch) {
    if (pst_system_check_fork(watch->system, NULL) != PST_OK)
        return;
    pthread_mutex_lock(&watch->system->lock);
    pst_hotplug *unused = leave(watch);
    pthread_mutex_unlock(&watch->system->lock);
    pst_hotplug_end(unused);
}

void pst_system_sign(pst_system *system) {
    pthread_mutex_lock(&system->lock);
    if (system->hotplug != NULL)
        pst_hotplug_sign(system->hotplug);
    pthread_mutex_unlock(&system->lock);
}

void pst_system_close_watches(pst_system *system) {
    pst_hotplug *unused = NULL;
    pthread_mutex_lock(&system->lock);
    while (system->first_watch != NULL)
        unused = leave(system->first_watch);
    pthread_mutex_unlock(&system->lock);
    pst_hotplug_end(unused);
}

void pst_device_watch_release(pst_device_watch *watch) {
    if (watch == NULL || pst_system_check_fork(watch->system, NULL) != PST_OK)
        return;
    pst_device_watch_close(watch);
    pst_system_release(watch->system);
    pst_event_deinit(&watch->event);
    pst_free(watch);
}

static pst_status look(const pst_device_watch *watch, uint64_t number) {
    if (atomic_load(&watch->is_closed))
        return PST_CLOSED;
    return pst_system_list_number(watch->system) != number ? PST_OK : PST_TIMEOUT;
}

pst_status pst_device_watch_wait(pst_device_watch *watch, uint64_t number, int64_t timeout_ns) {
    if (pst_system_check_fork(watch->system, NULL) != PST_OK)
        return PST_FORKED;
    const int64_t deadline_ns = pst_deadline_ns(timeout_ns);
    for (;;) {
        const uint32_t ticket = pst_event_prepare(&watch->event);
        const pst_status status = look(watch, number);
        if (status != PST_TIMEOUT) {
            pst_event_cancel(&watch->event);
            return status;
        }
        if (pst_event_wait(&watch->event, ticket, deadline_ns) == PST_TIMEOUT)
            return look(watch, number);
    }
}

int pst_device_watch_arm_fd(pst_device_watch *watch, uint64_t number) {
    if (pst_system_check_fork(watch->system, NULL) != PST_OK)
        return PST_FORKED;
    const int fd = pst_event_arm_fd(&watch->event);
    if (fd >= 0 && look(watch, number) != PST_TIMEOUT)
        pst_event_post(&watch->event);
    return fd;
}
