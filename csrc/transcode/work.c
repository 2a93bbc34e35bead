// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/error.h"
#include "chain/run.h"
#include "chain/stage.h"
#include "pastream/feed.h"
#include "pastream/resample.h"
#include "transcode/job.h"

// The job's own thread: it opens the input, plans and opens the result, and runs the chain between
// them. With more threads there are more chains, with a row of buffers from each to the next.

enum { FEED_BUFFERS = 8 };

// What the chains are made of, until they own it.
typedef struct parts {
    pst_source *source;
    pst_stage *stages[PST_FIT_MAX_STAGES];
    uint32_t n_stages;
    pst_sink *sink;
} parts;

// Notes where an error comes from.
static pst_status came_from(pst_job *job, const char *origin, pst_status status) {
    if (status < 0 && job->origin == NULL)
        job->origin = origin;
    return status;
}

// ---- The input --------------------------------------------------------------------------------

// Returns the frames of a time, as many as can be counted.
static int64_t frames_of(double seconds, double rate_hz) {
    const double n = seconds * rate_hz;
    return n < 4.0e18 ? (int64_t)llround(n) : INT64_C(4000000000000000000);
}

static pst_status go_to_start(pst_job *job, const pst_decoder_info *info, pst_error *err) {
    const double rate_hz = (double)info->format.rate_hz;
    const pst_job_config *config = &job->config;
    job->start_frame = frames_of(config->start_s, rate_hz);
    job->n_wanted = config->duration_s < 0.0 ? -1 : frames_of(config->duration_s, rate_hz);
    const int64_t n_all = pst_decoder_claimed(job->decoder);
    if (info->n_frames >= 0 && job->start_frame > info->n_frames)
        return pst_fail(err, PST_BAD_ARGUMENT, 0, "start_s is %g; the input lasts only %.6g s",
                        config->start_s, (double)info->n_frames / rate_hz);
    int64_t n_total = n_all < 0 ? -1 : n_all > job->start_frame ? n_all - job->start_frame : 0;
    if (job->n_wanted >= 0 && (n_total < 0 || n_total > job->n_wanted))
        n_total = n_all < 0 ? -1 : job->n_wanted;
    atomic_store(&job->total_frames, n_total);
    return info->is_seekable && info->n_frames >= 0 && job->start_frame > 0
               ? pst_decoder_seek(job->decoder, job->start_frame, err)
               : PST_OK;
}

// Makes the rows of the gains as long as the input has channels.
static pst_status fit_gains(pst_job *job, uint32_t n_channels, pst_error *err) {
    const uint32_t n_sources = job->config.n_gain_sources, n_rows = job->config.format.n_channels;
    if (job->gains == NULL || n_sources == n_channels)
        return PST_OK;
    if (!job->config.leaves_channels || n_sources > n_channels)
        return pst_fail(err, PST_BAD_ARGUMENT, 0,
                        "the gains are for an input of %u channels%s; this one has %u",
                        (unsigned)n_sources, job->config.leaves_channels ? " or more" : "",
                        (unsigned)n_channels);
    float *wide = pst_alloc_array((size_t)n_rows * n_channels, sizeof *wide);
    if (wide == NULL)
        return pst_fail_memory(err);
    for (uint32_t row = 0; row < n_rows; ++row)
        for (uint32_t k = 0; k < n_channels; ++k)
            wide[(size_t)row * n_channels + k] =
                k < n_sources ? job->gains[(size_t)row * n_sources + k] : 0.0f;
    pst_free(job->gains);
    job->gains = wide;
    job->config.gains = wide;
    return PST_OK;
}

static pst_status open_input(pst_job *job, pst_error *err) {
    pst_io *io = job->config.input;
    job->result.in_length_bytes = pst_io_is_seekable(io) ? pst_io_length(io) : -1;
    pst_status status = pst_decoder_open(&job->decoder, io, job->config.raw, err);
    if (status != PST_OK)
        return status;
    pst_decoder_info info;
    pst_decoder_get_info(job->decoder, &info);
    job->result.in_format = info.format;
    job->result.in_total_frames = info.n_frames;
    job->result.in_bitrate_bps = info.bitrate_bps;
    atomic_store(&job->in_rate_hz, info.format.rate_hz);
    status = fit_gains(job, info.format.n_channels, err);
    return status == PST_OK ? go_to_start(job, &info, err) : status;
}

// ---- The result -------------------------------------------------------------------------------

// How many frames will come, if that is certain; -1: it is not.
static int64_t count_out(const pst_job *job, const pst_file_format *out) {
    const int64_t n_in = atomic_load(&job->total_frames);
    const int64_t in_hz = (int64_t)job->result.in_format.rate_hz;
    if (job->result.in_total_frames < 0 || n_in > INT64_MAX / 4 / (int64_t)out->rate_hz)
        return -1;
    if (in_hz == (int64_t)out->rate_hz)
        return n_in;
    return pst_resampled_frames(n_in, (double)in_hz, (double)out->rate_hz);
}

static pst_status open_output(pst_job *job, pst_error *err) {
    pst_file_format out;
    pst_status status = pst_job_plan_format(&job->config, &job->result.in_format, &out, err);
    if (status != PST_OK)
        return status;
    pst_encoder_options options = job->config.options;
    options.n_frames = count_out(job, &out);
    if (job->config.max_s >= 0.0) {
        const int64_t most = frames_of(job->config.max_s, (double)out.rate_hz);
        if (job->config.max_frames < 0 || job->config.max_frames > most)
            job->config.max_frames = most;
    }
    if (job->config.max_frames >= 0 && options.n_frames > job->config.max_frames)
        return pst_fail(err, PST_LIMIT, 0,
                        "The result would have %lld frames; max_frames allows %lld",
                        (long long)options.n_frames, (long long)job->config.max_frames);
    pst_tags *tags = NULL;
    status = pst_job_merge_tags(&tags, job, &out, err);
    options.tags = tags;
    if (status == PST_OK)
        status = pst_encoder_open(&job->encoder, job->config.output, &out, &options, err);
    pst_tags_destroy(tags);
    if (status != PST_OK)
        return status;
    pst_encoder_get_format(job->encoder, &job->result.out_format);
    atomic_store(&job->out_rate_hz, out.rate_hz);
    return PST_OK;
}

// ---- The chains -------------------------------------------------------------------------------

static void destroy_parts(parts *made) {
    pst_source_destroy(made->source);
    for (uint32_t i = 0; i < made->n_stages; ++i)
        pst_stage_destroy(made->stages[i]);
    pst_sink_destroy(made->sink);
    *made = (parts){0};
}

static pst_status make_parts(pst_job *job, parts *made, pst_error *err) {
    const pst_file_format *in = &job->result.in_format, *out = &job->result.out_format;
    const bool has_stages = in->rate_hz != out->rate_hz || in->n_channels != out->n_channels ||
                            job->gains != NULL || job->config.graph != NULL;
    const pst_format format = pst_job_plan_frames(job->decoder, out, has_stages);
    pst_status status = came_from(job, "input", pst_job_source(&made->source, job, format, err));
    if (status == PST_OK)
        status = came_from(job, "output", pst_job_sink(&made->sink, job, format, err));
    pst_fit fit;
    pst_fit_default(&fit);
    fit.quality = job->config.quality;
    fit.engine = job->config.engine;
    fit.gains = job->gains;
    fit.graph = job->config.graph;
    if (status == PST_OK)
        status = came_from(
            job, "resample",
            pst_chain_fit(made->stages, &made->n_stages, made->source, made->sink, &fit, err));
    return status;
}

// Makes one chain of the first parts, up to the feed that it ends with, and lets the next one begin
// there. ends_here: there is no next one.
static pst_status add_chain(pst_job *job, parts *made, bool has_stages, bool ends_here,
                            pst_error *err) {
    pst_feed *feed = NULL;
    pst_sink *sink = made->sink;
    pst_source *next = NULL;
    pst_status status = PST_OK;
    if (!ends_here) {
        sink = NULL;
        status = pst_feed_create(&feed, PST_MEDIA_FRAMES, FEED_BUFFERS, err);
        if (status == PST_OK)
            status = pst_sink_feed(&sink, feed, err);
        if (status == PST_OK)
            status = pst_source_feed(&next, feed, err);
        pst_feed_release(feed);
    }
    if (status == PST_OK)
        status = pst_chain_create_staged(&job->chains[job->n_chains], NULL, made->source,
                                         made->stages, has_stages ? made->n_stages : 0, sink, err);
    if (status != PST_OK) {
        pst_source_destroy(next);
        if (!ends_here)
            pst_sink_destroy(sink);
        return status;
    }
    pthread_mutex_lock(&job->lock);
    ++job->n_chains;
    pthread_mutex_unlock(&job->lock);
    made->source = next;
    if (has_stages)
        made->n_stages = 0;
    if (ends_here)
        made->sink = NULL;
    return PST_OK;
}

static pst_status make_chains(pst_job *job, parts *made, pst_error *err) {
    const uint32_t n_threads = job->config.n_threads;
    const bool has_stages = made->n_stages > 0;
    pst_status status = PST_OK;
    if (n_threads > 1)
        status = add_chain(job, made, false, false, err);
    if (status == PST_OK && n_threads > 2 && has_stages)
        status = add_chain(job, made, true, false, err);
    if (status == PST_OK)
        status = add_chain(job, made, true, true, err);
    return came_from(job, "job", status);
}

// Runs all chains, the last one here. Returns PST_OK, or what failed first on the sound's way.
static pst_status run_chains(pst_job *job, pst_error *err) {
    const uint32_t last = job->n_chains - 1;
    uint32_t n_started = 0;
    pst_status status = PST_OK;
    while (status == PST_OK && n_started < last) {
        status = pst_chain_start(job->chains[n_started], err);
        n_started += status == PST_OK;
    }
    (void)came_from(job, "job", status);
    if (status == PST_OK)
        status = pst_chain_run(job->chains[last], err);
    pst_chain_progress progress;
    pst_chain_get_progress(job->chains[last], &progress);
    for (uint32_t i = 0; i < n_started; ++i) {
        // A pipe may keep the first one waiting when nobody wants it any more.
        if (progress.state != PST_CHAIN_DONE)
            pst_chain_cancel(job->chains[i]);
        const pst_status ended = pst_chain_wait(job->chains[i], -1, NULL);
        (void)ended; // Looked at below.
    }
    if (job->origin != NULL)
        return status;
    for (uint32_t i = 0; i <= last; ++i) {
        status = pst_chain_error(job->chains[i], err);
        if (status != PST_OK) {
            const char *origin = pst_chain_origin(job->chains[i], NULL);
            return came_from(job, strcmp(origin, "feed") == 0 ? "job" : origin, status);
        }
    }
    return PST_OK;
}

static void add_counts(pst_convert_counts *sum, const pst_convert_counts *counts) {
    sum->n_clipped += counts->n_clipped;
    sum->n_nonfinite += counts->n_nonfinite;
}

static void release_chains(pst_job *job) {
    pthread_mutex_lock(&job->lock);
    const uint32_t n_chains = job->n_chains;
    job->n_chains = 0;
    pthread_mutex_unlock(&job->lock);
    for (uint32_t i = 0; i < n_chains; ++i)
        pst_chain_release(job->chains[i]);
}

static pst_status convert(pst_job *job, pst_error *err) {
    parts made = {0};
    pst_stage *stages[PST_FIT_MAX_STAGES];
    pst_status status = make_parts(job, &made, err);
    const uint32_t n_stages = made.n_stages;
    memcpy(stages, made.stages, sizeof stages);
    if (status == PST_OK)
        status = make_chains(job, &made, err);
    // A cancel from here on finds them; the one before told nobody.
    if (status == PST_OK && !pst_job_is_cancelled(job))
        status = run_chains(job, err);
    // The chains hold them still, unless they could not be made.
    for (uint32_t i = 0; i < n_stages; ++i) {
        pst_convert_counts counts;
        pst_stage_get_counts(stages[i], &counts);
        add_counts(&job->result.counts, &counts);
    }
    destroy_parts(&made);
    release_chains(job);
    return status;
}

// ---- The whole --------------------------------------------------------------------------------

// What was found out on the way, whatever the end was.
static void tell_result(pst_job *job) {
    pst_job_result *result = &job->result;
    if (job->decoder != NULL)
        pst_decoder_get_damage(job->decoder, &result->damage);
    if (job->encoder != NULL) {
        pst_convert_counts counts;
        pst_encoder_get_counts(job->encoder, &counts);
        add_counts(&result->counts, &counts);
    }
    result->peak = job->peak;
    result->is_complete = job->is_complete;
    const int64_t n_frames = atomic_load(&job->out_frames);
    if (n_frames > 0)
        result->out_bitrate_bps =
            (uint32_t)llround(8.0 * (double)atomic_load(&job->out_bytes) *
                              (double)result->out_format.rate_hz / (double)n_frames);
}

static void close_all(pst_job *job) {
    pthread_mutex_lock(&job->lock);
    job->input = job->output = NULL;
    pthread_mutex_unlock(&job->lock);
    if (job->decoder != NULL)
        pst_decoder_release(job->decoder);
    else
        pst_io_close(job->config.input, NULL);
    if (job->encoder != NULL)
        pst_encoder_release(job->encoder);
    else
        pst_io_close(job->config.output, NULL);
    pst_new_file_destroy(job->config.file);
    job->decoder = NULL;
    job->encoder = NULL;
    job->config.input = job->config.output = NULL;
    job->config.file = NULL;
}

// Whoever has cancelled a job does not want to know what else went wrong.
void pst_job_finish(pst_job *job, pst_status status, const pst_error *err) {
    const bool is_cancelled = pst_job_is_cancelled(job) && !job->is_complete;
    tell_result(job);
    close_all(job);
    if (status != PST_OK)
        job->error = *err;
    atomic_store(&job->ended_ns, pst_now_ns());
    atomic_store(&job->state, is_cancelled       ? PST_CHAIN_CANCELLED
                              : status != PST_OK ? PST_CHAIN_FAILED
                                                 : PST_CHAIN_DONE);
    pst_event_post(&job->over);
}

void pst_job_work(void *arg) {
    pst_job *job = arg;
    pst_error err = {.status = PST_OK};
    pst_status status = PST_OK;
    if (!pst_job_is_cancelled(job))
        status = came_from(job, "input", open_input(job, &err));
    if (status == PST_OK && !pst_job_is_cancelled(job))
        status = came_from(job, "output", open_output(job, &err));
    if (status == PST_OK && !pst_job_is_cancelled(job))
        status = convert(job, &err);
    pst_job_finish(job, status, &err);
    pst_job_drop(job);
}
