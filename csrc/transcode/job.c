// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "transcode/job.h"

#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/thread.h"
#include "pastream/graph.h"

// The life of a job, and everything that others may tell it or ask it. Its thread is in work.c.

void pst_job_config_default(pst_job_config *config) PST_RT {
    *config = (pst_job_config){
        .keeps_tags = true,
        .duration_s = -1.0,
        .quality = PST_RESAMPLE_BEST,
        .max_s = -1.0,
        .max_frames = PST_UNLIMITED,
        .max_bytes = PST_UNLIMITED,
        .n_threads = 1,
    };
    pst_encoder_options_init(&config->options);
}

// ---- Life -------------------------------------------------------------------------------------

static pst_status copy_config(pst_job *job, const pst_job_config *config, pst_error *err) {
    job->config = *config;
    if (config->graph != NULL)
        pst_graph_retain(config->graph);
    if (config->raw != NULL) {
        job->raw = *config->raw;
        job->config.raw = &job->raw;
    }
    if (config->gains != NULL) {
        const size_t n_gains = (size_t)config->n_gain_sources * config->format.n_channels;
        job->gains = pst_alloc_array(n_gains, sizeof *job->gains);
        if (job->gains == NULL)
            return pst_fail_memory(err);
        memcpy(job->gains, config->gains, n_gains * sizeof *job->gains);
        job->config.gains = job->gains;
    }
    if (config->options.tags == NULL)
        return PST_OK;
    const pst_status status = pst_tags_copy(&job->tags, config->options.tags, err);
    job->config.options.tags = job->tags;
    return status;
}

static void free_parts(pst_job *job) {
    pst_tags_destroy(job->tags);
    pst_free(job->gains);
    pst_graph_release(job->config.graph);
    pst_free(job);
}

pst_status pst_job_create(pst_job **job, const pst_job_config *config, pst_error *err) {
    *job = NULL;
    pst_status status = pst_job_check(config, err);
    if (status != PST_OK)
        return status;
    pst_job *made = pst_alloc(sizeof *made);
    if (made == NULL)
        return pst_fail_memory(err);
    status = copy_config(made, config, err);
    made->output = config->output;
    if (status == PST_OK && config->file != NULL)
        status =
            pst_io_open_fd(&made->output, pst_new_file_fd(config->file), false, PST_IO_WRITE, err);
    if (status == PST_OK)
        status = pst_event_init(&made->over, err);
    if (status != PST_OK) {
        if (config->file != NULL)
            pst_io_close(made->output, NULL);
        free_parts(made);
        return status;
    }
    made->config.output = made->output;
    made->input = config->input;
    made->pid = getpid();
    made->result.damage.first_frame = -1;
    pthread_mutex_init(&made->lock, NULL);
    atomic_init(&made->n_owners, 1);
    atomic_init(&made->n_refs, 1);
    atomic_init(&made->state, PST_CHAIN_CREATED);
    atomic_init(&made->total_frames, -1);
    *job = made;
    return PST_OK;
}

static bool is_child(const pst_job *job) {
    return job->pid != getpid();
}

void pst_job_retain(pst_job *job) PST_RT {
    atomic_fetch_add_explicit(&job->n_owners, 1, memory_order_relaxed);
}

void pst_job_drop(pst_job *job) {
    if (atomic_fetch_sub(&job->n_refs, 1) > 1)
        return;
    pthread_mutex_destroy(&job->lock);
    pst_event_deinit(&job->over);
    free_parts(job);
}

void pst_job_release(pst_job *job) {
    if (job == NULL || is_child(job) || atomic_fetch_sub(&job->n_owners, 1) > 1)
        return; // A child has nothing to give back: all of it is the parent's.
    pst_job_cancel(job);
    pst_job_drop(job);
}

static pst_status check_fork(const pst_job *job, pst_error *err) {
    return is_child(job)
               ? pst_fail(err, PST_FORKED, 0,
                          "The job belongs to the process that made it, which was forked since")
               : PST_OK;
}

// ---- Control ----------------------------------------------------------------------------------

pst_status pst_job_start(pst_job *job, pst_error *err) {
    pst_status status = check_fork(job, err);
    if (status != PST_OK)
        return status;
    uint32_t seen = PST_CHAIN_CREATED;
    if (!atomic_compare_exchange_strong(&job->state, &seen, PST_CHAIN_RUNNING))
        return pst_fail(err, PST_BAD_STATE, 0, "The job was started or cancelled before");
    atomic_store(&job->started_ns, pst_now_ns());
    pst_thread thread;
    pst_error why = {.status = PST_OK};
    atomic_fetch_add(&job->n_refs, 1);
    status = pst_thread_start(&thread, "pst-job", pst_job_work, job, &why);
    if (status == PST_OK) {
        pst_thread_detach(&thread);
        return PST_OK;
    }
    job->origin = "job";
    pst_job_finish(job, status, &why);
    atomic_fetch_sub(&job->n_refs, 1);
    if (err != NULL)
        *err = why;
    return status;
}

// Returns whether the job had not been started, and now never will be.
static bool cancel_unstarted(pst_job *job) {
    uint32_t seen = PST_CHAIN_CREATED;
    if (!atomic_compare_exchange_strong(&job->state, &seen, PST_CHAIN_RUNNING))
        return false;
    atomic_store(&job->cancelling, true);
    pst_job_finish(job, PST_OK, NULL);
    return true;
}

// The chains are told first, the last one before the others: what then ends in one of them, since a
// read was called back or its neighbour has gone, is not taken for the end of the sound.
void pst_job_cancel(pst_job *job) {
    if (is_child(job) || cancel_unstarted(job) || atomic_exchange(&job->cancelling, true))
        return;
    pthread_mutex_lock(&job->lock);
    for (uint32_t i = job->n_chains; i > 0; --i)
        pst_chain_cancel(job->chains[i - 1]);
    if (job->output != NULL)
        pst_io_cancel(job->output, true);
    if (job->input != NULL)
        pst_io_cancel(job->input, true);
    pthread_mutex_unlock(&job->lock);
}

static pst_chain_state state_of(pst_job *job) PST_RT {
    return (pst_chain_state)atomic_load(&job->state);
}

static bool is_over(pst_chain_state state) {
    return state >= PST_CHAIN_DONE;
}

pst_status pst_job_error(pst_job *job, pst_error *err) {
    if (state_of(job) != PST_CHAIN_FAILED)
        return PST_OK;
    if (err != NULL)
        *err = job->error;
    return job->error.status;
}

const char *pst_job_origin(pst_job *job) PST_RT {
    return state_of(job) == PST_CHAIN_FAILED ? job->origin : NULL;
}

pst_status pst_job_wait(pst_job *job, int64_t timeout_ns, pst_error *err) {
    const pst_status status = check_fork(job, err);
    if (status != PST_OK)
        return status;
    if (state_of(job) == PST_CHAIN_CREATED)
        return pst_fail(err, PST_BAD_STATE, 0, "The job was not started");
    const int64_t deadline_ns = pst_deadline_ns(timeout_ns);
    for (;;) {
        const uint32_t ticket = pst_event_prepare(&job->over);
        if (is_over(state_of(job)) || pst_now_ns() >= deadline_ns) {
            pst_event_cancel(&job->over);
            break;
        }
        (void)pst_event_wait(&job->over, ticket, deadline_ns);
    }
    if (is_over(state_of(job)))
        return pst_job_error(job, err);
    return pst_fail(err, PST_TIMEOUT, 0, "The job was not done within %.3g s",
                    (double)timeout_ns * 1e-9);
}

int pst_job_arm(pst_job *job) {
    if (is_child(job))
        return PST_FORKED;
    const int fd = pst_event_arm_fd(&job->over);
    if (fd >= 0 && is_over(state_of(job)))
        pst_event_post(&job->over);
    return fd;
}

void pst_job_get_progress(pst_job *job, pst_job_progress *progress) PST_RT {
    progress->state = state_of(job);
    progress->in_frames = atomic_load(&job->in_frames);
    progress->out_frames = atomic_load(&job->out_frames);
    progress->total_frames = atomic_load(&job->total_frames);
    progress->in_bytes = atomic_load(&job->in_bytes);
    progress->out_bytes = atomic_load(&job->out_bytes);
    progress->n_packets = atomic_load(&job->n_packets);
    progress->in_rate_hz = atomic_load(&job->in_rate_hz);
    progress->out_rate_hz = atomic_load(&job->out_rate_hz);
    const int64_t started_ns = atomic_load(&job->started_ns);
    const int64_t ended_ns = atomic_load(&job->ended_ns);
    progress->elapsed_ns =
        started_ns == 0 ? 0 : (ended_ns != 0 ? ended_ns : pst_now_ns()) - started_ns;
}

pst_status pst_job_get_result(pst_job *job, pst_job_result *result, pst_error *err) {
    if (!is_over(state_of(job)))
        return pst_fail(err, PST_BAD_STATE, 0, "The job is not over");
    *result = job->result;
    return PST_OK;
}
