// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "pastream/recording.h"

#include <math.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/error.h"
#include "chain/series/sink.h"
#include "chain/recordings/store.h"
#include "chain/recordings/take.h"
#include "stream/state.h"

// A recording: a take as the source, a store or a series of files as the sink, and a chain between
// them. The chain owns both, and is held until the end, so they can be asked as long as the
// recording is there.

struct pst_recording {
    pid_t pid;
    pst_chain *chain;
    pst_source *take;
    pst_sink *store; // Of these two one is NULL.
    pst_sink *files;
};

static pst_status make_sink(pst_recording *made, const pst_series *series, int64_t max_frames,
                            pst_error *err) {
    const pst_source *take = made->take;
    return series != NULL
               ? pst_sink_series(&made->files, series, take->format, err)
               : pst_sink_store(&made->store, take->format, take->n_channels, max_frames, err);
}

// Frames of the files for one of the device; 1 for a recording in memory.
static double ratio_of(const pst_recording *recording) {
    const pst_sink *files = recording->files;
    if (files == NULL || llround(recording->take->rate_hz) == llround(files->rate_hz))
        return 1.0;
    return files->rate_hz / recording->take->rate_hz;
}

static pst_status make_chain(pst_recording *made, pst_system *system, struct pst_graph *graph,
                             pst_error *err) {
    pst_stage *stages[PST_FIT_MAX_STAGES];
    uint32_t n_stages = 0;
    pst_sink *sink = made->files != NULL ? made->files : made->store;
    pst_fit fit;
    pst_fit_default(&fit);
    fit.graph = graph;
    if (ratio_of(made) == 1.0)
        made->take->rate_hz = sink->rate_hz;
    pst_status status = pst_chain_fit(stages, &n_stages, made->take, sink, &fit, err);
    if (status != PST_OK)
        return status;
    status = pst_chain_create_staged(&made->chain, system, made->take, stages, n_stages, sink, err);
    for (uint32_t i = 0; status != PST_OK && i < n_stages; ++i)
        pst_stage_destroy(stages[i]);
    return status;
}

// Closes a place that no sink has taken.
static void give_up_place(const pst_series *series) {
    if (series != NULL && series->place != NULL)
        pst_io_close(series->place, NULL);
}

static pst_status create(pst_recording **recording, pst_stream *stream, const pst_take *take,
                         const pst_series *series, int64_t max_frames, pst_error *err) {
    pst_recording *made = pst_alloc(sizeof *made);
    if (made == NULL) {
        give_up_place(series);
        return pst_fail_memory(err);
    }
    made->pid = getpid();
    pst_status status = pst_source_take(&made->take, stream, take, err);
    if (status != PST_OK)
        goto fail;
    status = make_sink(made, series, max_frames, err);
    if (status == PST_OK)
        status = make_chain(made, stream->system, series != NULL ? series->graph : NULL, err);
    if (status != PST_OK)
        goto fail;
    status = pst_chain_start(made->chain, err);
    if (status != PST_OK) {
        pst_recording_destroy(made);
        return status;
    }
    *recording = made;
    return PST_OK;

fail:
    if (made->files == NULL)
        give_up_place(series);
    pst_source_destroy(made->take);
    pst_sink_destroy(made->store);
    pst_sink_destroy(made->files);
    pst_free(made);
    return status;
}

pst_status pst_recording_create(pst_recording **recording, pst_stream *stream, const pst_take *take,
                                int64_t max_frames, pst_error *err) {
    return create(recording, stream, take, NULL, max_frames, err);
}

pst_status pst_recording_create_files(pst_recording **recording, pst_stream *stream,
                                      const pst_take *take, const pst_series *series,
                                      pst_error *err) {
    return create(recording, stream, take, series, 0, err);
}

// Locks of the take and the store may have been held at the fork, by a worker that is not here.
static bool is_child(const pst_recording *recording) {
    return recording->pid != getpid();
}

void pst_recording_destroy(pst_recording *recording) {
    if (recording == NULL)
        return;
    if (recording->files != NULL) {
        pst_recording_stop(recording, PST_UNLIMITED);
        pst_chain_leave(recording->chain);
    } else {
        pst_chain_release(recording->chain);
    }
    pst_free(recording);
}

static pst_status refuse_child(pst_error *err) {
    return pst_fail(err, PST_FORKED, 0,
                    "The recording belongs to the process that made it, which was forked since");
}

static void order(pst_recording *recording, pst_order what, int64_t frame) {
    if (!is_child(recording))
        pst_take_order(recording->take, what, frame);
}

void pst_recording_stop(pst_recording *recording, int64_t frame) {
    order(recording, PST_ORDER_STOP, frame);
}

void pst_recording_cancel(pst_recording *recording) {
    pst_chain_cancel(recording->chain);
}

void pst_recording_pause(pst_recording *recording, int64_t frame) {
    order(recording, PST_ORDER_PAUSE, frame);
}

void pst_recording_resume(pst_recording *recording, int64_t frame) {
    order(recording, PST_ORDER_RESUME, frame);
}

pst_status pst_recording_trigger(pst_recording *recording, int64_t frame, pst_error *err) {
    if (is_child(recording))
        return refuse_child(err);
    if (!pst_take_has_trigger(recording->take))
        return pst_fail(err, PST_BAD_STATE, 0, "The recording has no trigger to pull");
    order(recording, PST_ORDER_TRIGGER, frame);
    return PST_OK;
}

pst_status pst_recording_wait(pst_recording *recording, int64_t timeout_ns, pst_error *err) {
    return pst_chain_wait(recording->chain, timeout_ns, err);
}

int pst_recording_arm(pst_recording *recording) {
    return pst_chain_arm(recording->chain);
}

pst_status pst_recording_error(pst_recording *recording, pst_error *err) {
    return pst_chain_error(recording->chain, err);
}

void pst_recording_get_info(pst_recording *recording, pst_recording_info *info) {
    pst_chain_progress progress;
    pst_chain_get_progress(recording->chain, &progress);
    *info = (pst_recording_info){.state = progress.state, .take_state = PST_TAKE_OVER};
    if (recording->store != NULL)
        info->n_frames = pst_store_frames(recording->store);
    if (is_child(recording))
        return;
    pst_series_info files;
    pst_take_look(recording->take, &info->take_state, &info->lost_frames);
    if (pst_recording_get_series(recording, &files))
        info->n_frames = files.n_frames;
    else
        info->n_segments = pst_store_segments(recording->store);
}

bool pst_recording_get_segment(pst_recording *recording, int64_t index, pst_segment *segment) {
    return recording->store != NULL && !is_child(recording) &&
           pst_store_get_segment(recording->store, index, segment);
}

int64_t pst_recording_copy(pst_recording *recording, int64_t offset, int64_t n_frames, void *dst) {
    return recording->store == NULL ? 0 : pst_store_copy(recording->store, offset, n_frames, dst);
}

// ---- Files --------------------------------------------------------------------------------------

pst_status pst_recording_split(pst_recording *recording, int64_t frame, pst_error *err) {
    if (is_child(recording))
        return refuse_child(err);
    if (recording->files == NULL || !pst_series_can_split(recording->files))
        return pst_fail(err, PST_BAD_STATE, 0,
                        "The recording is into one place, which cannot be followed by another");
    if (frame < 0)
        frame = pst_take_next_frame(recording->take);
    pst_series_split(recording->files, llround((double)frame * ratio_of(recording)));
    return PST_OK;
}

bool pst_recording_get_series(pst_recording *recording, pst_series_info *info) {
    const bool has_files = recording->files != NULL && !is_child(recording);
    if (has_files)
        pst_series_look(recording->files, info);
    return has_files;
}

bool pst_recording_get_file(pst_recording *recording, int64_t index, pst_series_file *file,
                            char *path, size_t n_bytes) {
    const bool exists = recording->files != NULL && !is_child(recording) &&
                        pst_series_get_file(recording->files, index, file, path, n_bytes);
    if (exists)
        file->frame = llround((double)file->frame / ratio_of(recording));
    return exists;
}
