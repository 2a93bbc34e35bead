// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PASTREAM_TRANSCODE_H
#define PASTREAM_TRANSCODE_H

#include "pastream/chain.h"
#include "pastream/codec.h"
#include "pastream/new_file.h"
#include "pastream/resample.h"

#if !defined(PST_CFFI) && defined(__cplusplus)
extern "C" {
#endif

// A job makes one sound file of another, on threads of its own: decoded, cut, mixed to other
// channels, resampled, encoded. It runs once. The first error ends it and is kept.
typedef struct pst_job pst_job;

enum { PST_JOB_MAX_THREADS = 3 };

typedef struct pst_job_config {
    pst_io *input;              // Read from where it stands.
    pst_new_file *file;         // Where the result appears once it is whole; or NULL,
    pst_io *output;             // and it goes here as it is made.
    const pst_file_format *raw; // How to read a file without a header; NULL for others. Copied.
    // Of the result. The container is told; what is 0 of the rest is left open: the container's
    // usual encoding; rate, channels and sample format as the input's, or as near as the codec can
    // store them (channels are never mixed for that). Of an input whose codec is not lossless, the
    // samples of a lossless result get 16 bits.
    pst_file_format format;
    // n_frames does not count. The tags stand for the input's with the same key. Copied.
    pst_encoder_options options;
    bool keeps_tags;    // The input's, except who encoded it, as far as the result can have tags.
    double start_s;     // What part of the input, rounded to its frames: from here,
    double duration_s;  // and so long; negative: to the end.
    const float *gains; // For other channels: row-major [out][in], finite, format.n_channels rows;
                        // NULL: as pst_remix_gains. Copied.
    uint32_t n_gain_sources; // The row's length; the input has to have so many channels. 0 if NULL.
    bool leaves_channels;    // It may have more of them, which are not heard.
    struct pst_graph *graph; // What the sound goes through, in the channels and rate of the result,
                             // which are to be the graph's. NULL: nothing. Retained.
    pst_resample_quality quality;
    pst_resample_engine engine;
    double max_s;         // The job fails when the result grows beyond so many seconds (negative:
    int64_t max_frames;   // it may), frames
    int64_t max_bytes;    // or bytes (PST_UNLIMITED: it may).
    bool fails_on_damage; // Of the input. Else pst_job_result.damage tells.
    bool syncs;           // Wait until the disk has the result.
    uint32_t n_threads;   // 1: all on one. 2: one decodes. 3: one encodes, too. The result is the
                          // same, bit by bit.
} pst_job_config;

// Counters since the start; each only grows. They are read one after another, without a lock.
typedef struct pst_job_progress {
    pst_chain_state state;
    int64_t in_frames;    // That were decoded, of the part that is wanted.
    int64_t out_frames;   // That were encoded.
    int64_t total_frames; // That in_frames will reach; -1: not known.
    int64_t in_bytes;     // How far the input was read.
    int64_t out_bytes;    // How long the result is.
    int64_t n_packets;    // That were encoded, of codecs that make packets.
    uint32_t in_rate_hz;  // 0 until the input is open.
    uint32_t out_rate_hz;
    int64_t elapsed_ns; // Since the start; stands still from the end on.
} pst_job_progress;

// What came of a job. What it had not come to is 0.
typedef struct pst_job_result {
    pst_file_format in_format;
    pst_file_format out_format;
    pst_damage damage;         // Of the input.
    pst_convert_counts counts; // Of what the result could not hold.
    double peak;               // Largest absolute sample that was to be encoded, of full scale.
    int64_t in_length_bytes;   // -1: of a pipe.
    int64_t in_total_frames;   // Of the whole input; -1: it does not say.
    uint32_t in_bitrate_bps;   // Of a lossy input, by its own word or on average; 0: not known.
    uint32_t out_bitrate_bps;  // Average, all bytes of the file counted; 0: there are no frames.
    bool is_complete;          // The whole result is where it should be.
} pst_job_result;

// Fills in the defaults: nothing to read and to write, all of it as it is, tags kept, no limits,
// resampled with PST_RESAMPLE_BEST, one thread. Thread: any. Realtime: yes.
PST_API void pst_job_config_default(pst_job_config *config) PST_RT;

// Makes a job. Nothing is read or written yet.
// Returns PST_OK; PST_BAD_ARGUMENT (the text names the field, or as pst_encoder_check);
// PST_UNSUPPORTED (this build lacks the codec or the engine); PST_NO_MEMORY; PST_SYSTEM_ERROR.
// Thread: control. Realtime: no. Ownership: the caller's, until pst_job_release. If it returns
// PST_OK, the job owns input, file and output, and closes them at its end.
PST_API PST_NODISCARD pst_status pst_job_create(pst_job **job, const pst_job_config *config,
                                                pst_error *err);

// Adds a reference. Thread: any. Realtime: yes.
PST_API void pst_job_retain(pst_job *job) PST_RT;

// Drops a reference. A job that nobody refers to any more is cancelled; this never waits for it.
// NULL is allowed. Thread: any. Realtime: no (may free).
PST_API void pst_job_release(pst_job *job);

// Starts the job. Returns PST_OK, PST_BAD_STATE (it was started or cancelled before),
// PST_NO_MEMORY, PST_SYSTEM_ERROR (no thread; the job has failed), PST_FORKED.
// Thread: any. Realtime: no.
PST_API PST_NODISCARD pst_status pst_job_start(pst_job *job, pst_error *err);

// Ends the job as soon as possible: there will be no new file. Whoever waits for a pipe is called
// back. A job that is about to give the result its name may still complete. Does not wait.
// Idempotent. Thread: any. Realtime: no.
PST_API void pst_job_cancel(pst_job *job);

// Waits until the job is done, failed or cancelled, and its files closed.
// Returns PST_OK (done or cancelled), PST_TIMEOUT, PST_BAD_STATE (never started), PST_FORKED, or
// the error that ended it, as pst_job_error. Thread: any, several at once. Realtime: no (blocks).
PST_API PST_NODISCARD pst_status pst_job_wait(pst_job *job, int64_t timeout_ns, pst_error *err);

// Arms a descriptor that becomes readable at the end of the job; at once if that has come. It
// belongs to the job. Look again after a wake-up.
// Returns it, or a negative pst_status. Thread: one at a time. Realtime: no.
PST_API int pst_job_arm(pst_job *job);

// Thread: any. Realtime: yes.
PST_API void pst_job_get_progress(pst_job *job, pst_job_progress *progress) PST_RT;

// Tells what came of the job.
// Returns PST_OK, or PST_BAD_STATE while it is not over. Thread: any. Realtime: no.
PST_API PST_NODISCARD pst_status pst_job_get_result(pst_job *job, pst_job_result *result,
                                                    pst_error *err);

// Returns the error that ended the job, PST_OK if there is none. Thread: any. Realtime: no.
PST_API pst_status pst_job_error(pst_job *job, pst_error *err);

// Tells what the error that ended the job comes from: "input", "remix", "resample" or "output";
// "job" for the threads between them; NULL if there is no error.
// Thread: any. Realtime: yes. Ownership: static text.
PST_API const char *pst_job_origin(pst_job *job) PST_RT;

#if !defined(PST_CFFI) && defined(__cplusplus)
}
#endif
#endif
