// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "device/hotplug.h"

#include <poll.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/thread.h"
#include "device/chatter.h"
#include "device/signs.h"

static const int64_t quiet_ns = 250 * PST_NS_PER_MS;
static const int64_t longest_burst_ns = 2 * PST_NS_PER_SECOND;
// A server answers some time after the first sign of it. Counted from look to look.
static const int64_t later_ns[] = {PST_NS_PER_SECOND, 2 * PST_NS_PER_SECOND};
enum { N_LATER = sizeof later_ns / sizeof later_ns[0] };

struct pst_hotplug {
    _Atomic uint32_t n_refs; // The system's and the thread's.
    _Atomic bool ends;
    pst_system *system; // Retained.
    pst_event event;    // Posted at signs and at the end.
    pst_signs signs;
};

static void unref(pst_hotplug *hotplug) {
    if (atomic_fetch_sub_explicit(&hotplug->n_refs, 1, memory_order_acq_rel) != 1)
        return;
    pst_event_deinit(&hotplug->event);
    pst_system_release(hotplug->system);
    pst_free(hotplug);
}

// ---- When to look ------------------------------------------------------------------------------

typedef struct schedule {
    uint32_t n_seen; // Signs.
    int64_t first_ns;
    int64_t due_ns; // PST_NEVER_NS: no look is planned.
    int n_later;    // Looks that have been planned without a new sign.
} schedule;

static void note_signs(schedule *plan, uint32_t n_signs) {
    if (n_signs == plan->n_seen)
        return;
    const int64_t now_ns = pst_now_ns();
    const bool is_first = plan->due_ns == PST_NEVER_NS || plan->n_later > 0;
    plan->n_seen = n_signs;
    plan->n_later = 0;
    if (is_first)
        plan->first_ns = now_ns;
    const int64_t latest_ns = plan->first_ns + longest_burst_ns;
    plan->due_ns = now_ns + quiet_ns < latest_ns ? now_ns + quiet_ns : latest_ns;
}

static void plan_next(schedule *plan, bool has_changed) {
    plan->due_ns = PST_NEVER_NS;
    if (has_changed || plan->n_later == N_LATER)
        return;
    plan->due_ns = pst_now_ns() + later_ns[plan->n_later++];
}

// ---- The thread --------------------------------------------------------------------------------

// Sleeps until there is a sign, or until a look is due.
static void sleep_until(pst_hotplug *hotplug, const schedule *plan) {
    struct pollfd fds[2] = {{.fd = pst_event_arm_fd(&hotplug->event), .events = POLLIN},
                            {.fd = hotplug->signs.inotify_fd, .events = POLLIN}};
    // What came before the arming.
    if (atomic_load(&hotplug->ends) || atomic_load(&hotplug->signs.count) != plan->n_seen)
        return;
    const int64_t left_ns = plan->due_ns - pst_now_ns();
    int timeout_ms = -1;
    if (plan->due_ns != PST_NEVER_NS)
        timeout_ms = left_ns > 0 ? (int)(left_ns / PST_NS_PER_MS) + 1 : 0;
    if (fds[0].fd < 0) // No descriptor to be had: now and then is better than never.
        timeout_ms = timeout_ms < 0 || timeout_ms > 500 ? 500 : timeout_ms;
    if (poll(fds, 2, timeout_ms) > 0 && (fds[1].revents & POLLIN) != 0)
        pst_signs_read_files(&hotplug->signs);
}

// Returns whether the list is another one now.
static bool look(pst_hotplug *hotplug) {
    pst_chatter_hold_stderr();
    pst_signs_find_jack(&hotplug->signs);
    pst_chatter_release_stderr();
    const uint64_t before = pst_system_list_digest(hotplug->system);
    const pst_status status = pst_system_refresh(hotplug->system, NULL);
    return status == PST_OK && pst_system_list_digest(hotplug->system) != before;
}

static void run(void *arg) {
    pst_hotplug *hotplug = arg;
    pst_system *system = hotplug->system;
    pst_system_retain(system);
    const bool has_handlers = pst_chatter_take_handlers();
    pst_chatter_hold_stderr();
    pst_signs_begin(&hotplug->signs, &hotplug->event);
    pst_chatter_release_stderr();
    // One look at once, as the list may be older than the first sign.
    schedule plan = {.due_ns = pst_now_ns(), .n_later = N_LATER};
    while (!atomic_load(&hotplug->ends)) {
        note_signs(&plan, atomic_load(&hotplug->signs.count));
        if (pst_now_ns() >= plan.due_ns)
            plan_next(&plan, look(hotplug));
        else
            sleep_until(hotplug, &plan);
    }
    pst_chatter_hold_stderr();
    pst_signs_end(&hotplug->signs);
    pst_chatter_release_stderr();
    if (has_handlers)
        pst_chatter_drop_handlers();
    unref(hotplug);
    pst_system_end_work(system);
    pst_system_release(system);
}

pst_status pst_hotplug_start(pst_hotplug **hotplug, pst_system *system, pst_error *err) {
    pst_hotplug *made = pst_alloc(sizeof *made);
    if (made == NULL)
        return pst_fail_memory(err);
    pst_status status = pst_event_init(&made->event, err);
    if (status != PST_OK) {
        pst_free(made);
        return status;
    }
    atomic_init(&made->n_refs, 2);
    made->system = system;
    made->signs.event = &made->event;
    pst_system_retain(system);
    pst_system_begin_work(system);
    pst_thread thread;
    // The name that host APIs' messages are kept for: it calls into JACK.
    status = pst_thread_start(&thread, "pst-host", run, made, err);
    if (status == PST_OK) {
        pst_thread_detach(&thread);
        *hotplug = made;
        return PST_OK;
    }
    pst_system_end_work(system);
    unref(made);
    unref(made);
    return status;
}

void pst_hotplug_end(pst_hotplug *hotplug) {
    if (hotplug == NULL)
        return;
    atomic_store(&hotplug->ends, true);
    pst_event_post(&hotplug->event);
    unref(hotplug);
}

void pst_hotplug_sign(pst_hotplug *hotplug) PST_RT {
    pst_signs_add(&hotplug->signs);
}
