// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "device/handle_private.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/task.h"
#include "device/settings.h"
#include "device/text.h"

// Opening a device, and asking whether it could be opened.

#define CHECK_TIMEOUT_NS (5 * PST_NS_PER_SECOND)

// All that a helper thread needs, since the caller may give up and go.
typedef struct open_job {
    pst_handle *handle;       // Not open yet.
    pst_open_request request; // Devices as the backend counts.
    pst_virtual_config virtual_config;
    pst_open_info info;
    bool is_question; // Only check.
    int64_t deadline_ns;
    pst_error error;
} open_job;

// ---- On the helper thread --------------------------------------------------------------------

static void resolve_format(open_job *job, pst_side *side, pst_direction direction) {
    const pst_claim *claim = &job->handle->claim;
    if (side->device != PST_NO_INDEX && side->device_format == 0)
        side->device_format = claim->ops->suit(claim->backend, &job->request, direction);
}

// If it is the rate that the devices do not like, says so, and which ones they do. Asking takes
// at most half of the time that is left: some hosts open the device for each question.
static void explain_rates(open_job *job) {
    static const double rates_hz[] = {8000,  11025, 16000, 22050,  32000,  44100,
                                      48000, 88200, 96000, 176400, 192000, 384000};
    const pst_claim *claim = &job->handle->claim;
    const int64_t now_ns = pst_now_ns();
    const int64_t end_ns = now_ns + (job->deadline_ns - now_ns) / 2;
    pst_open_request trial = job->request;
    if (claim->ops->check(claim->backend, &trial, NULL) == PST_OK)
        return;
    char works[PST_ERROR_TEXT_BYTES] = "";
    for (size_t i = 0; i < sizeof rates_hz / sizeof rates_hz[0] && pst_now_ns() < end_ns; ++i) {
        trial.samplerate_hz = rates_hz[i];
        if (claim->ops->check(claim->backend, &trial, NULL) == PST_OK)
            pst_text_appendf(works, sizeof works, "%s%.0f", works[0] != '\0' ? ", " : "",
                             rates_hz[i]);
    }
    if (works[0] != '\0')
        pst_fail(&job->error, PST_UNSUPPORTED, job->error.native_code,
                 "samplerate_hz is %.10g, which it cannot do with these channels and formats; it "
                 "can do %s",
                 job->request.samplerate_hz, works);
}

static int run_open(void *arg) {
    open_job *job = arg;
    const pst_claim *claim = &job->handle->claim;
    resolve_format(job, &job->request.input, PST_INPUT);
    resolve_format(job, &job->request.output, PST_OUTPUT);
    const pst_status status = job->is_question
                                  ? claim->ops->check(claim->backend, &job->request, &job->error)
                                  : claim->ops->open(claim->backend, &job->request,
                                                     &job->handle->native, &job->info, &job->error);
    if (status == PST_UNSUPPORTED)
        explain_rates(job);
    if (job->request.input.device != PST_NO_INDEX)
        job->info.input_device_format = job->request.input.device_format;
    if (job->request.output.device != PST_NO_INDEX)
        job->info.output_device_format = job->request.output.device_format;
    return status;
}

// Nobody wants the device any more.
static void open_came_back_late(void *arg, int result) {
    open_job *job = arg;
    pst_handle *handle = job->handle;
    pst_status status = PST_OK;
    if (result == PST_OK && !job->is_question)
        status = handle->claim.ops->close(handle->native, NULL);
    if (status == PST_OK)
        pst_system_unclaim(&handle->claim);
    pst_free(job);
    pst_handle_unref(handle);
}

// ---- On the caller's thread ------------------------------------------------------------------

// Makes the handle and the job around a claim, which the handle owns from then on.
static open_job *make_job(const pst_open_request *request, const pst_claim *claim) {
    open_job *job = pst_alloc(sizeof *job);
    pst_handle *handle = pst_alloc(sizeof *handle);
    if (job == NULL || handle == NULL) {
        pst_free(job);
        pst_free(handle);
        return NULL;
    }
    atomic_init(&handle->n_refs, 1);
    atomic_init(&handle->is_abandoned, false);
    handle->claim = *claim;
    pst_settings_name(handle->name, sizeof handle->name, request, &claim->input, &claim->output);
    job->handle = handle;
    job->request = *request;
    job->request.input.device = claim->input_index;
    job->request.output.device = claim->output_index;
    if (request->virtual_config != NULL) {
        job->virtual_config = *request->virtual_config;
        job->request.virtual_config = &job->virtual_config;
    }
    return job;
}

// Runs a job, which is gone for the caller afterwards. *handle is set only if the device is open.
static pst_status run_job(open_job *job, int64_t timeout_ns, pst_handle **handle,
                          pst_open_info *info, bool *abandoned, pst_error *err) {
    pst_handle *made = job->handle;
    pst_system *system = made->claim.system;
    const bool is_question = job->is_question;
    pst_system_retain(system); // As in call_host.
    atomic_fetch_add_explicit(&made->n_refs, 1, memory_order_relaxed);
    int result = PST_OK;
    pst_status status =
        pst_task_run("pst-host", run_open, job, timeout_ns, open_came_back_late, &result, err);
    if (status == PST_TIMEOUT) {
        *abandoned = true;
        status = pst_handle_give_up(made, system, is_question ? "answer" : "open", timeout_ns, err);
    } else {
        if (status == PST_OK && result != PST_OK)
            status = pst_handle_fail(made, result, &job->error, err);
        if (status == PST_OK && !is_question) {
            *info = job->info;
            *handle = made;
            atomic_fetch_add_explicit(&made->n_refs, 1, memory_order_relaxed);
        } else {
            pst_system_unclaim(&made->claim);
        }
        pst_free(job);
        pst_handle_unref(made);
    }
    pst_handle_unref(made);
    pst_system_release(system);
    return status;
}

// Claims the devices, checks the settings and makes the job.
static pst_status prepare_job(open_job **job, pst_system *system, const pst_open_request *request,
                              int64_t timeout_ns, pst_error *err) {
    const int64_t deadline_ns = pst_deadline_ns(timeout_ns);
    pst_claim claim;
    pst_status status =
        pst_system_claim(system, &request->input, &request->output, deadline_ns, &claim, err);
    if (status != PST_OK)
        return status;
    status = pst_settings_check(request, &claim.input, &claim.output, err);
    if (status == PST_OK) {
        *job = make_job(request, &claim);
        if (*job == NULL)
            status = pst_fail_memory(err);
    }
    if (status != PST_OK) {
        pst_system_unclaim(&claim);
        return status;
    }
    (*job)->deadline_ns = deadline_ns;
    return PST_OK;
}

pst_status pst_handle_open(pst_handle **handle, pst_system *system, const pst_open_request *request,
                           int64_t timeout_ns, pst_open_info *info, bool *abandoned,
                           pst_error *err) {
    *abandoned = false;
    if (!request->process)
        return pst_fail(err, PST_BAD_ARGUMENT, 0, "The request has no process function");
    open_job *job;
    const pst_status status = prepare_job(&job, system, request, timeout_ns, err);
    if (status != PST_OK)
        return status;
    return run_job(job, timeout_ns, handle, info, abandoned, err);
}

pst_status pst_system_check(pst_system *system, const pst_side *input, const pst_side *output,
                            double samplerate_hz, pst_error *err) {
    const pst_side absent = {.device = PST_NO_INDEX};
    const pst_open_request request = {
        .input = input != NULL ? *input : absent,
        .output = output != NULL ? *output : absent,
        .samplerate_hz = samplerate_hz,
    };
    open_job *job;
    const pst_status status = prepare_job(&job, system, &request, CHECK_TIMEOUT_NS, err);
    if (status != PST_OK)
        return status;
    job->is_question = true;
    bool abandoned;
    return run_job(job, CHECK_TIMEOUT_NS, NULL, NULL, &abandoned, err);
}
