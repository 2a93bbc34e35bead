// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "base/alloc.h"
#include "base/error.h"
#include "chain/stage.h"
#include "transcode/job.h"

// The wanted part of a sound file as a source. What lies before it was sought over, or is read and
// passed over.

typedef struct job_input {
    pst_source base;
    pst_source *file;
    pst_job *job;
    int64_t n_skipped; // Still to be passed over.
    int64_t n_left;    // Still to be given; -1: all.
} job_input;

// Looks whether the input is what it says, as far as that matters.
static pst_status check_damage(const job_input *self, pst_error *err) {
    pst_damage damage;
    pst_decoder_get_damage(self->job->decoder, &damage);
    if (damage.flags == 0 || !self->job->config.fails_on_damage)
        return PST_OK;
    const uint32_t flags = damage.flags;
    const char *what = (flags & PST_DAMAGE_TRUNCATED) != 0  ? "it ends before its time"
                       : (flags & PST_DAMAGE_CORRUPT) != 0  ? "parts of it make no sense"
                       : (flags & PST_DAMAGE_MISSING) != 0  ? "parts of it are missing"
                       : (flags & PST_DAMAGE_CHECKSUM) != 0 ? "its checksum is another"
                                                            : "its header says what is not so";
    if (damage.first_frame < 0)
        return pst_fail(err, PST_BAD_FILE, 0, "The input is damaged: %s", what);
    return pst_fail(err, PST_BAD_FILE, 0, "The input is damaged: %s, about at frame %lld", what,
                    (long long)damage.first_frame);
}

static void note_bytes(const job_input *self) {
    const int64_t at = pst_io_tell(self->job->config.input);
    if (at > atomic_load_explicit(&self->job->in_bytes, memory_order_relaxed))
        atomic_store_explicit(&self->job->in_bytes, at, memory_order_relaxed);
}

static pst_status end(const job_input *self, pst_error *err) {
    const pst_job *job = self->job;
    if (self->n_skipped == 0)
        return PST_END;
    const double rate_hz = self->base.rate_hz;
    return pst_fail(err, PST_BAD_ARGUMENT, 0, "start_s is %g; the input lasts only %.6g s",
                    job->config.start_s, (double)(job->start_frame - self->n_skipped) / rate_hz);
}

static pst_status input_pull(pst_source *source, pst_piece *piece, pst_error *err) {
    job_input *self = (job_input *)source;
    if (self->n_left == 0 && self->n_skipped == 0)
        return PST_END;
    pst_status status = self->file->ops->pull(self->file, piece, err);
    note_bytes(self);
    if (status == PST_OK || status == PST_END) {
        const pst_status damaged = check_damage(self, err);
        status = damaged != PST_OK ? damaged : status;
    }
    if (status != PST_OK)
        return status == PST_END ? end(self, err) : status;
    if (self->n_skipped > 0) {
        const uint64_t n = (uint64_t)self->n_skipped < piece->n_frames ? (uint64_t)self->n_skipped
                                                                       : piece->n_frames;
        self->file->ops->pass(self->file, n);
        self->n_skipped -= (int64_t)n;
        return PST_TIMEOUT;
    }
    if (self->n_left >= 0 && piece->n_frames > (uint64_t)self->n_left)
        piece->n_frames = (uint64_t)self->n_left;
    piece->frame -= self->job->start_frame;
    return PST_OK;
}

static void input_pass(pst_source *source, uint64_t n_frames) {
    job_input *self = (job_input *)source;
    self->file->ops->pass(self->file, n_frames);
    if (self->n_left >= 0)
        self->n_left -= (int64_t)n_frames;
    atomic_fetch_add_explicit(&self->job->in_frames, (int64_t)n_frames, memory_order_relaxed);
}

static void input_stop(pst_source *source) {
    job_input *self = (job_input *)source;
    self->file->ops->stop(self->file);
}

static void input_wake(pst_source *source) {
    job_input *self = (job_input *)source;
    self->file->ops->wake(self->file);
}

static void input_end(pst_source *source) {
    job_input *self = (job_input *)source;
    self->file->ops->end(self->file);
}

static void input_destroy(pst_source *source) {
    job_input *self = (job_input *)source;
    pst_source_destroy(self->file);
    pst_free(self);
}

static const pst_source_ops input_ops = {
    .name = "input",
    .pull = input_pull,
    .pass = input_pass,
    .stop = input_stop,
    .wake = input_wake,
    .end = input_end,
    .destroy = input_destroy,
};

pst_status pst_job_source(pst_source **source, pst_job *job, pst_format format, pst_error *err) {
    job_input *self = pst_alloc(sizeof *self);
    if (self == NULL)
        return pst_fail_memory(err);
    const pst_status status = pst_source_file(&self->file, job->decoder, format, false, err);
    if (status != PST_OK) {
        pst_free(self);
        return status;
    }
    self->base = *self->file;
    self->base.ops = &input_ops;
    self->base.n_seekable = 0;
    self->job = job;
    self->n_skipped = job->start_frame - pst_decoder_position(job->decoder);
    self->n_left = job->n_wanted;
    *source = &self->base;
    return PST_OK;
}
