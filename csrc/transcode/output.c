// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "base/alloc.h"
#include "base/error.h"
#include "chain/stage.h"
#include "core/peak.h"
#include "transcode/job.h"

// The result of a job as a sink. Unlike the file of a recording it need not be whole before its
// end: it has no name until then.

typedef struct job_output {
    pst_sink base;
    pst_job *job;
} job_output;

static pst_status check_frames(const pst_job *job, uint64_t n_frames, pst_error *err) {
    const int64_t most = job->config.max_frames;
    const int64_t n_before = pst_encoder_frames(job->encoder);
    if (most < 0 || n_frames <= (uint64_t)(most - n_before))
        return PST_OK;
    return pst_fail(err, PST_LIMIT, 0, "The result would have more than max_frames, %lld frames",
                    (long long)most);
}

static pst_status check_bytes(const pst_job *job, int64_t n_bytes, pst_error *err) {
    const int64_t most = job->config.max_bytes;
    if (most < 0 || n_bytes <= most)
        return PST_OK;
    return pst_fail(err, PST_LIMIT, 0, "The result would have more than max_bytes, %lld bytes",
                    (long long)most);
}

// ---- The sink ---------------------------------------------------------------------------------

static int64_t count(pst_job *job) {
    const int64_t n_bytes = pst_io_written(job->config.output);
    atomic_store_explicit(&job->out_frames, pst_encoder_frames(job->encoder), memory_order_relaxed);
    atomic_store_explicit(&job->out_bytes, n_bytes, memory_order_relaxed);
    atomic_store_explicit(&job->n_packets, pst_io_packets(job->config.output),
                          memory_order_relaxed);
    return n_bytes;
}

static pst_status output_push(pst_sink *sink, const pst_piece *piece, uint64_t *n_taken,
                              pst_error *err) {
    const job_output *self = (const job_output *)sink;
    pst_job *job = self->job;
    pst_status status = check_frames(job, piece->n_frames, err);
    if (status != PST_OK)
        return status;
    const double peak = pst_peak_of(piece->data, self->base.format,
                                    (size_t)piece->n_frames * self->base.n_channels);
    job->peak = peak > job->peak ? peak : job->peak;
    status = pst_encoder_write(job->encoder, piece->data, self->base.format, piece->n_frames, err);
    if (status == PST_OK)
        status = check_bytes(job, count(job), err);
    *n_taken = piece->n_frames;
    return status;
}

// A pipe may keep a write waiting.
static void output_wake(pst_sink *sink) {
    const job_output *self = (const job_output *)sink;
    pst_encoder_cancel(self->job->encoder, true);
}

// The codec has found that the head of a pipe, which went out first, is not true.
static pst_status refuse_short(const pst_job *job, pst_error *err) {
    return pst_fail(
        err, PST_BAD_FILE, 0,
        "The input is damaged: it says that it has %lld frames, but only %lld came; the "
        "head of the pipe, which cannot be changed any more, says so, too",
        (long long)atomic_load(&job->total_frames), (long long)atomic_load(&job->in_frames));
}

static pst_status output_end(pst_sink *sink, pst_ending ending, pst_error *err) {
    const job_output *self = (const job_output *)sink;
    pst_job *job = self->job;
    // A place that is written as it goes ends with what is there.
    pst_status status = pst_encoder_finish(job->encoder, err);
    const int64_t n_bytes = count(job);
    if (status == PST_BAD_STATE && ending == PST_ENDING_COMPLETE)
        return refuse_short(job, err);
    if (ending != PST_ENDING_COMPLETE || status != PST_OK)
        return status;
    status = check_bytes(job, n_bytes, err);
    if (status != PST_OK || pst_job_is_cancelled(job))
        return status;
    if (job->config.file != NULL)
        status = pst_new_file_complete(job->config.file, job->config.syncs, err);
    job->is_complete = status == PST_OK;
    return status;
}

static void output_destroy(pst_sink *sink) {
    pst_free(sink);
}

static const pst_sink_ops output_ops = {
    .name = "output",
    .push = output_push,
    .wake = output_wake,
    .end = output_end,
    .destroy = output_destroy,
};

pst_status pst_job_sink(pst_sink **sink, pst_job *job, pst_format format, pst_error *err) {
    pst_file_format written;
    pst_encoder_get_format(job->encoder, &written);
    job_output *self = pst_alloc(sizeof *self);
    if (self == NULL)
        return pst_fail_memory(err);
    self->base = (pst_sink){.ops = &output_ops,
                            .format = format,
                            .n_channels = written.n_channels,
                            .rate_hz = (double)written.rate_hz};
    self->job = job;
    *sink = &self->base;
    return PST_OK;
}
