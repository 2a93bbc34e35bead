// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "base/task.h"

#include <stdatomic.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/event.h"
#include "base/thread.h"

enum { RUNNING = 0, RETURNED = 1, ABANDONED = 2 };

// Shared by the caller and the helper thread; the last of the two frees it. Who turns RUNNING into
// something else decides who owns arg.
typedef struct task {
    pst_task_fn fn;
    pst_task_late_fn on_late;
    void *arg;
    int result;
    _Atomic uint32_t state;
    _Atomic uint32_t n_refs;
    pst_event returned;
} task;

static void drop_task(task *job) {
    if (atomic_fetch_sub(&job->n_refs, 1) > 1)
        return;
    pst_event_deinit(&job->returned);
    pst_free(job);
}

static void run_task(void *arg) {
    task *job = arg;
    job->result = job->fn(job->arg);
    if (atomic_exchange(&job->state, RETURNED) == ABANDONED) {
        if (job->on_late != NULL)
            job->on_late(job->arg, job->result);
    } else {
        pst_event_post(&job->returned);
    }
    drop_task(job);
}

// Returns whether the task came back in time; if not, it is abandoned from here on.
static bool wait_for_task(task *job, int64_t deadline_ns) {
    for (;;) {
        const uint32_t ticket = pst_event_prepare(&job->returned);
        if (atomic_load(&job->state) == RETURNED) {
            pst_event_cancel(&job->returned);
            return true;
        }
        if (pst_event_wait(&job->returned, ticket, deadline_ns) == PST_TIMEOUT)
            break;
    }
    uint32_t seen = RUNNING;
    return !atomic_compare_exchange_strong(&job->state, &seen, ABANDONED);
}

pst_status pst_task_run(const char *name, pst_task_fn fn, void *arg, int64_t timeout_ns,
                        pst_task_late_fn on_late, int *result, pst_error *err) {
    task *job = pst_alloc(sizeof *job);
    if (job == NULL)
        return pst_fail_memory(err);
    pst_status status = pst_event_init(&job->returned, err);
    if (status != PST_OK) {
        pst_free(job);
        return status;
    }
    job->fn = fn;
    job->on_late = on_late;
    job->arg = arg;
    atomic_init(&job->state, RUNNING);
    atomic_init(&job->n_refs, 2);

    const int64_t deadline_ns = pst_deadline_ns(timeout_ns);
    pst_thread thread;
    status = pst_thread_start(&thread, name, run_task, job, err);
    if (status != PST_OK) {
        atomic_store(&job->n_refs, 1);
        drop_task(job);
        return status;
    }
    pst_thread_detach(&thread);

    if (wait_for_task(job, deadline_ns)) {
        if (result != NULL)
            *result = job->result;
    } else {
        status = pst_fail(err, PST_TIMEOUT, 0, "%s did not return within %.3f s", name,
                          (double)timeout_ns / (double)PST_NS_PER_SECOND);
    }
    drop_task(job);
    return status;
}
