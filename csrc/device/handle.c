// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "device/handle_private.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/task.h"

// What is done with an open device. Opening is in open.c.

typedef enum host_call { CALL_START, CALL_STOP, CALL_ABORT, CALL_CLOSE } host_call;

typedef struct call_job {
    pst_handle *handle; // Holds a reference.
    host_call call;
    pst_error error;
} call_job;

static const char *verb_of(host_call call) {
    static const char *const verbs[] = {"start", "stop", "abort", "close"};
    return verbs[call];
}

void pst_handle_unref(pst_handle *handle) {
    if (atomic_fetch_sub_explicit(&handle->n_refs, 1, memory_order_acq_rel) == 1)
        pst_free(handle);
}

pst_status pst_handle_give_up(pst_handle *handle, pst_system *system, const char *verb,
                              int64_t timeout_ns, pst_error *err) {
    atomic_store(&handle->is_abandoned, true);
    atomic_fetch_add_explicit(&system->n_abandoned, 1, memory_order_relaxed);
    return pst_fail(err, PST_TIMEOUT, 0,
                    "%s did not %s within %.3g s; it hangs in the host API and is given up",
                    handle->name, verb, (double)timeout_ns / (double)PST_NS_PER_SECOND);
}

pst_status pst_handle_fail(const pst_handle *handle, pst_status status, const pst_error *detail,
                           pst_error *err) {
    return pst_fail(err, status, detail->native_code, "%s: %s", handle->name, detail->text);
}

static pst_status make_call(pst_handle *handle, host_call call, pst_error *err) {
    const pst_backend_ops *ops = handle->claim.ops;
    switch (call) {
    case CALL_START:
        return ops->start(handle->native, err);
    case CALL_STOP:
        return ops->stop(handle->native, err);
    case CALL_ABORT:
        return ops->abort(handle->native, err);
    case CALL_CLOSE:
        return ops->close(handle->native, err);
    }
    return PST_BAD_ARGUMENT;
}

static int run_call(void *arg) {
    call_job *job = arg;
    return make_call(job->handle, job->call, &job->error);
}

// The host answered after the handle was given up. The helper thread puts things in order, so that
// the device is free again and the list can be refreshed. This too may hang; nobody waits for it.
static void call_came_back_late(void *arg, int result) {
    call_job *job = arg;
    pst_handle *handle = job->handle;
    pst_status status = result;
    if (job->call == CALL_START && status == PST_OK)
        (void)make_call(handle, CALL_ABORT, NULL);
    if (job->call != CALL_CLOSE)
        status = make_call(handle, CALL_CLOSE, NULL);
    if (status == PST_OK)
        pst_system_unclaim(&handle->claim);
    pst_free(job);
    pst_handle_unref(handle);
}

static pst_status call_without_helper(pst_handle *handle, host_call call, pst_status why,
                                      pst_error *err) {
    return call == CALL_START ? why : make_call(handle, call, err);
}

// Calls the host on a helper thread.
static pst_status call_host(pst_handle *handle, host_call call, int64_t timeout_ns,
                            pst_error *err) {
    call_job *job = pst_alloc(sizeof *job);
    if (job == NULL)
        return call_without_helper(handle, call, pst_fail_memory(err), err);
    job->handle = handle;
    job->call = call;
    // A call that comes back late gives the claim back, and with it perhaps the system.
    pst_system *system = handle->claim.system;
    pst_system_retain(system);
    atomic_fetch_add_explicit(&handle->n_refs, 1, memory_order_relaxed);
    int result = PST_OK;
    pst_status status =
        pst_task_run("pst-host", run_call, job, timeout_ns, call_came_back_late, &result, err);
    if (status == PST_TIMEOUT) {
        status = pst_handle_give_up(handle, system, verb_of(call), timeout_ns, err);
    } else {
        if (status != PST_OK)
            status = call_without_helper(handle, call, status, err);
        else if (result != PST_OK)
            status = pst_handle_fail(handle, result, &job->error, err);
        pst_free(job);
        pst_handle_unref(handle);
    }
    pst_system_release(system);
    return status;
}

static pst_status check_usable(const pst_handle *handle, pst_error *err) {
    if (pst_handle_is_abandoned(handle))
        return pst_fail(err, PST_DEVICE_LOST, 0,
                        "%s hangs in the host API and was given up; close it and open it again",
                        handle->name);
    return pst_system_check_fork(handle->claim.system, err);
}

pst_status pst_handle_start(pst_handle *handle, int64_t timeout_ns, pst_error *err) {
    pst_status status = check_usable(handle, err);
    if (status != PST_OK || handle->is_started)
        return status;
    status = call_host(handle, CALL_START, timeout_ns, err);
    handle->is_started = status == PST_OK;
    return status;
}

static pst_status end_run(pst_handle *handle, host_call call, int64_t timeout_ns, pst_error *err) {
    pst_status status = check_usable(handle, err);
    if (status != PST_OK || !handle->is_started)
        return status;
    status = call_host(handle, call, timeout_ns, err);
    if (status == PST_OK)
        handle->is_started = false;
    return status;
}

pst_status pst_handle_stop(pst_handle *handle, int64_t timeout_ns, pst_error *err) {
    return end_run(handle, CALL_STOP, timeout_ns, err);
}

pst_status pst_handle_abort(pst_handle *handle, int64_t timeout_ns, pst_error *err) {
    return end_run(handle, CALL_ABORT, timeout_ns, err);
}

pst_status pst_handle_close(pst_handle *handle, int64_t timeout_ns, pst_error *err) {
    if (handle == NULL)
        return PST_OK;
    pst_status status = check_usable(handle, err);
    if (status == PST_FORKED)
        return status; // The parent's, with all its memory.
    if (status == PST_OK)
        status = end_run(handle, CALL_ABORT, timeout_ns, err);
    // A host that refuses to abort is closed all the same; one that hangs is not.
    if (!pst_handle_is_abandoned(handle)) {
        status = call_host(handle, CALL_CLOSE, timeout_ns, err);
        if (status == PST_OK)
            pst_system_unclaim(&handle->claim);
        else if (!pst_handle_is_abandoned(handle))
            atomic_fetch_add_explicit(&handle->claim.system->n_abandoned, 1, memory_order_relaxed);
    }
    pst_handle_unref(handle);
    return status;
}

bool pst_handle_is_active(pst_handle *handle) {
    return check_usable(handle, NULL) == PST_OK && handle->claim.ops->is_active(handle->native);
}

const char *pst_handle_uid(const pst_handle *handle, pst_direction direction) PST_RT {
    return direction == PST_INPUT ? handle->claim.input.uid : handle->claim.output.uid;
}

bool pst_handle_is_abandoned(const pst_handle *handle) PST_RT {
    return atomic_load(&handle->is_abandoned);
}
