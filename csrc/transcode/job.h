// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_TRANSCODE_JOB_H
#define PST_TRANSCODE_JOB_H

#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

#include "base/event.h"
#include "codec/codec.h"
#include "pastream/transcode.h"

// What control (job.c) and the job's own thread (work.c) share.
//
// The state is the only thing that both sides decide about: control moves it from created to
// running or cancelled, the job's thread to all others. What that wrote before the last state is
// read after it.

struct pst_job {
    pst_job_config config; // With copies of its own.
    pst_file_format raw;
    pst_tags *tags; // NULL, or those that were told.
    float *gains;   // NULL, or the same.
    pid_t pid;
    _Atomic uint32_t n_owners; // Who may call pst_job_*.
    _Atomic uint32_t n_refs;   // The owners together, and the job's thread.
    _Atomic uint32_t state;    // pst_chain_state.
    _Atomic bool cancelling;
    pst_event over;

    // Progress.
    _Atomic int64_t in_frames;
    _Atomic int64_t out_frames;
    _Atomic int64_t total_frames;
    _Atomic int64_t in_bytes;
    _Atomic int64_t out_bytes;
    _Atomic int64_t n_packets;
    _Atomic uint32_t in_rate_hz;
    _Atomic uint32_t out_rate_hz;
    _Atomic int64_t started_ns; // 0: not yet.
    _Atomic int64_t ended_ns;

    // Held to cancel what is there at that moment, and to add or take away.
    pthread_mutex_t lock;
    pst_io *input; // Whoever owns it by now. NULL once nothing may wait in it any more.
    pst_io *output;
    pst_chain *chains[PST_JOB_MAX_THREADS]; // In the order of the sound.
    uint32_t n_chains;

    // Written by the job's thread before the last state.
    pst_error error;
    const char *origin; // Of the error.
    pst_job_result result;

    // The thread's own.
    pst_decoder *decoder;
    pst_encoder *encoder;
    int64_t start_frame; // Of the input,
    int64_t n_wanted;    // and how many from there; -1: to the end.
    double peak;         // Only whoever encodes writes it.
    bool is_complete;    // The file has its name.
};

static inline bool pst_job_is_cancelled(const pst_job *job) {
    return atomic_load_explicit(&job->cancelling, memory_order_seq_cst);
}

// The job's thread. Thread: worker. Realtime: no.
void pst_job_work(void *job);

// Closes what the job has open and tells everybody. status: what its end was.
// Thread: worker, or control if there is none. Realtime: no.
void pst_job_finish(pst_job *job, pst_status status, const pst_error *err);

// Drops the reference of the job's thread.
void pst_job_drop(pst_job *job);

// ---- plan.c: what the result is to be ---------------------------------------------------------

// Checks what can be checked without the input. Returns PST_OK, PST_BAD_ARGUMENT, PST_UNSUPPORTED.
pst_status pst_job_check(const pst_job_config *config, pst_error *err);

// Tells what the result's format is, from that of the input. Returns as pst_encoder_check.
pst_status pst_job_plan_format(const pst_job_config *config, const pst_file_format *in,
                               pst_file_format *out, pst_error *err);

// Returns in which format the frames go from the decoder to the encoder, through stages or not.
pst_format pst_job_plan_frames(const pst_decoder *decoder, const pst_file_format *out,
                               bool has_stages);

// Makes the tags of the result. Returns PST_OK or PST_NO_MEMORY.
pst_status pst_job_merge_tags(pst_tags **merged, const pst_job *job, const pst_file_format *out,
                              pst_error *err);

// ---- The two ends -----------------------------------------------------------------------------

// A source of the part of the input that is wanted, numbered from 0, with the job's counters.
// Returns PST_OK, PST_NO_MEMORY. Thread: worker. Realtime: no.
pst_status pst_job_source(pst_source **source, pst_job *job, pst_format format, pst_error *err);

// A sink that encodes, and completes the file at the end. Returns as above.
pst_status pst_job_sink(pst_sink **sink, pst_job *job, pst_format format, pst_error *err);

#endif
