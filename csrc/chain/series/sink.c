// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "chain/series/sink.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>
#include <time.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/error.h"
#include "chain/series/check.h"
#include "chain/series/file.h"
#include "chain/series/log.h"
#include "chain/series/name.h"
#include "codec/codec.h"
#include "codec/io.h"
#include "core/peak.h"

// Files one after another as a sink. The next file is opened before the last one is ended; frames
// wait in the source meanwhile. All of it happens on the chain's worker.

#define UPDATE_EVERY_NS (PST_NS_PER_SECOND / 2)
#define RETRY_AFTER_NS PST_NS_PER_SECOND

enum {
    FREE_BYTES = 1 << 20 // On a disk that was full, before another file is tried.
};

typedef struct series_sink {
    pst_sink base;
    pst_series series; // The texts and the tags are copies.
    pst_encoder_options options;
    pst_tags *tags;

    // The worker's.
    pst_open_file file;
    int64_t file_frames; // In this file.
    int64_t updated_ns;
    int64_t synced_ns;
    int64_t retry_ns;            // While the disk is full.
    pst_convert_counts ended;    // Of the files before this one.
    _Atomic int64_t split_frame; // INT64_MAX: none.

    // Its lock also guards changes of `file.encoder`, and `ended`.
    pst_series_log log;
} series_sink;

static const pst_series_entry *last_entry(const series_sink *self) {
    return pst_series_log_last(&self->log);
}

// ---- Errors -------------------------------------------------------------------------------------

static bool is_for_want_of_room(const pst_error *err) {
    return err->native_code == ENOSPC || err->native_code == EDQUOT;
}

// ---- From file to file --------------------------------------------------------------------------

static pst_status open_next(series_sink *self, pst_open_file *file, const char *path,
                            pst_error *err) {
    const pst_series *series = &self->series;
    if (path == NULL)
        return pst_open_file_place(file, series->place, &series->format, &self->options, err);
    if (pst_series_log_has(&self->log, path))
        return pst_fail_errno(err, EEXIST, "begin another file of the same name");
    return pst_open_file_path(file, path, series->overwrites, &series->format, &self->options, err);
}

// The name of the next file in *path, NULL for a place.
static pst_status name_next(const series_sink *self, char **path, pst_error *err) {
    char name[PST_SERIES_MAX_PATH];
    const bool is_first = self->log.info.n_files == 0;
    *path = NULL;
    if (is_first && self->series.place != NULL)
        return PST_OK;
    const pst_status status =
        pst_series_name(name, sizeof name, is_first ? self->series.first : self->series.next,
                        self->log.info.n_files + 1, time(NULL), err);
    if (status == PST_OK && (*path = pst_alloc_text(name)) == NULL)
        return pst_fail_memory(err);
    return status;
}

// Ends the file, if there is one. Its frames are its own whatever goes wrong.
static pst_status end_file(series_sink *self, pst_error *err) {
    if (self->file.encoder == NULL)
        return PST_OK;
    pst_convert_counts counts;
    pst_encoder_get_counts(self->file.encoder, &counts);
    pst_open_file file = self->file;
    pthread_mutex_lock(&self->log.lock);
    self->file = (pst_open_file){NULL, NULL, -1};
    self->ended.n_clipped += counts.n_clipped;
    self->ended.n_nonfinite += counts.n_nonfinite;
    pthread_mutex_unlock(&self->log.lock);
    int64_t n_bytes = 0;
    const pst_status status =
        pst_open_file_end(&file, self->series.sync_every_ns > 0, &n_bytes, err);
    pst_series_log_end(&self->log, n_bytes);
    return status;
}

// Opens the next file for a frame, and ends the one before.
static pst_status next_file(series_sink *self, int64_t frame, pst_error *err) {
    char *path = NULL;
    pst_open_file opened = {NULL, NULL, -1};
    pst_status status = pst_series_log_reserve(&self->log, err);
    if (status == PST_OK)
        status = name_next(self, &path, err);
    if (status == PST_OK)
        status = open_next(self, &opened, path, err);
    if (status != PST_OK) {
        pst_series_log_fail(&self->log, path, false, err);
        pst_free(path);
        return status;
    }
    status = end_file(self, err);
    if (status != PST_OK)
        pst_series_log_fail(&self->log, last_entry(self)->path, true, err);
    pst_series_log_begin(&self->log, path, frame);
    pthread_mutex_lock(&self->log.lock);
    self->file = opened;
    pthread_mutex_unlock(&self->log.lock);
    self->file_frames = 0;
    self->updated_ns = self->synced_ns = pst_now_ns();
    return status;
}

// ---- Frames -------------------------------------------------------------------------------------

// Tells what was written behind n_before frames of the file.
static void publish(series_sink *self, const pst_piece *piece, int64_t n_before) {
    const int64_t n_now = pst_encoder_frames(self->file.encoder);
    const int64_t n_bytes = pst_io_written(self->file.io);
    const double peak = pst_peak_of(piece->data, self->base.format,
                                    (size_t)(n_now - n_before) * self->base.n_channels);
    self->file_frames = n_now;
    pst_series_log_grow(&self->log, n_now, n_bytes, peak);
}

// Keeps what is written readable, whatever happens to the process, or to the machine.
static pst_status keep_safe(series_sink *self, pst_error *err) {
    const int64_t now_ns = pst_now_ns();
    const int64_t every_ns = self->series.sync_every_ns;
    const bool syncs = every_ns > 0 && now_ns - self->synced_ns >= every_ns;
    if (now_ns - self->updated_ns < UPDATE_EVERY_NS && !syncs)
        return PST_OK;
    self->updated_ns = now_ns;
    if (!syncs)
        return pst_encoder_update(self->file.encoder, err);
    self->synced_ns = now_ns;
    return pst_encoder_sync(self->file.encoder, err);
}

static bool is_full(const series_sink *self) {
    const pst_series *series = &self->series;
    return (series->max_frames >= 0 && self->file_frames >= series->max_frames) ||
           (series->max_bytes >= 0 && self->file_frames > 0 &&
            last_entry(self)->told.n_bytes >= series->max_bytes);
}

// Returns how many of a piece's frames go to this file.
static uint64_t frames_for_file(const series_sink *self, const pst_piece *piece) {
    uint64_t n = piece->n_frames;
    const int64_t split = atomic_load(&self->split_frame);
    if (self->series.max_frames >= 0 && (uint64_t)(self->series.max_frames - self->file_frames) < n)
        n = (uint64_t)(self->series.max_frames - self->file_frames);
    if (split > piece->frame && (uint64_t)(split - piece->frame) < n)
        n = (uint64_t)(split - piece->frame);
    return n;
}

// Begins a new file where the last one is full, or one was asked for at this frame.
static pst_status change_file(series_sink *self, const pst_piece *piece, pst_error *err) {
    int64_t split = atomic_load(&self->split_frame);
    const bool is_new = self->series.splits_segments && piece->begins;
    const bool is_asked = (split <= piece->frame || is_new) && self->file_frames > 0;
    if (split <= piece->frame)
        atomic_compare_exchange_strong(&self->split_frame, &split, INT64_MAX);
    if (!is_asked && !is_full(self)) {
        // The first frame of a file is known with its coming.
        if (self->file_frames == 0)
            pst_series_log_place(&self->log, piece->frame);
        return PST_OK;
    }
    return next_file(self, piece->frame, err);
}

// ---- A full disk --------------------------------------------------------------------------------

// Whether the user wants to go on after a failure.
static bool is_waited_for(const series_sink *self, const pst_error *err) {
    return self->series.on_disk_full == PST_DISK_FULL_CONTINUE && is_for_want_of_room(err);
}

// Ends the file that the disk has no room for, and waits for better times.
static void give_way(series_sink *self) {
    pst_error err = {.status = PST_OK};
    (void)end_file(self, &err); // The error is the one that is known.
    self->retry_ns = pst_now_ns() + RETRY_AFTER_NS;
}

static bool has_room(const char *path) {
    char folder[PST_SERIES_MAX_PATH] = ".";
    const char *slash = strrchr(path, '/');
    struct statvfs info;
    if (slash != NULL)
        (void)snprintf(folder, sizeof folder, "%.*s", (int)(slash - path + 1), path);
    return statvfs(folder, &info) != 0 ||
           (uint64_t)info.f_bavail * info.f_frsize >= (uint64_t)FREE_BYTES;
}

// Returns whether there is a file again.
static pst_status try_again(series_sink *self, int64_t frame, pst_error *err) {
    const int64_t now_ns = pst_now_ns();
    if (now_ns < self->retry_ns)
        return PST_TIMEOUT;
    self->retry_ns = now_ns + RETRY_AFTER_NS;
    const char *path = last_entry(self)->path;
    if (path != NULL && !has_room(path))
        return PST_TIMEOUT;
    const pst_status status = next_file(self, frame, err);
    return status != PST_OK && is_for_want_of_room(err) ? PST_TIMEOUT : status;
}

// ---- The sink -----------------------------------------------------------------------------------

static pst_status write_frames(series_sink *self, const pst_piece *piece, uint64_t *n_taken,
                               pst_error *err) {
    pst_status status = change_file(self, piece, err);
    if (status != PST_OK)
        return status;
    const uint64_t n = frames_for_file(self, piece);
    const int64_t n_before = self->file_frames;
    status = pst_encoder_write(self->file.encoder, piece->data, self->base.format, n, err);
    publish(self, piece, n_before);
    *n_taken = n;
    if (status == PST_OK)
        status = keep_safe(self, err);
    if (status != PST_OK)
        pst_series_log_fail(&self->log, last_entry(self)->path, true, err);
    return status;
}

// Writes frames of the piece, or leaves them out where the disk is full and the user wants so.
static pst_status take_frames(series_sink *self, const pst_piece *piece, uint64_t *n_taken,
                              pst_error *err) {
    pst_status status = PST_OK;
    if (self->file.encoder == NULL)
        status = try_again(self, piece->frame, err);
    if (status == PST_TIMEOUT) {
        pst_series_log_leave_out(&self->log, piece->n_frames);
        *n_taken = piece->n_frames;
        return PST_OK;
    }
    if (status != PST_OK)
        return status;
    const int64_t n_before = self->log.info.n_frames;
    status = write_frames(self, piece, n_taken, err);
    if (status == PST_OK || !is_waited_for(self, err))
        return status;
    give_way(self);
    pst_series_log_leave_out(&self->log,
                             piece->n_frames - (uint64_t)(self->log.info.n_frames - n_before));
    *n_taken = piece->n_frames;
    return PST_OK;
}

static pst_status series_push(pst_sink *sink, const pst_piece *piece, uint64_t *n_taken,
                              pst_error *err) {
    pst_error why = {.status = PST_OK};
    const pst_status status = take_frames((series_sink *)sink, piece, n_taken, &why);
    if (status < 0 && err != NULL)
        *err = why;
    return status;
}

// While nothing comes, nothing is missing.
static pst_status series_idle(pst_sink *sink, pst_error *err) {
    series_sink *self = (series_sink *)sink;
    pst_error why = {.status = PST_OK};
    if (self->file.encoder == NULL)
        return PST_OK;
    self->updated_ns = pst_now_ns();
    const pst_status status = pst_encoder_update(self->file.encoder, &why);
    if (status == PST_OK)
        return PST_OK;
    pst_series_log_fail(&self->log, last_entry(self)->path, true, &why);
    if (is_waited_for(self, &why)) {
        give_way(self);
        return PST_OK;
    }
    if (err != NULL)
        *err = why;
    return status;
}

// A pipe may keep a write waiting.
static void cancel_write(series_sink *self, bool cancelled) {
    pthread_mutex_lock(&self->log.lock);
    if (self->file.encoder != NULL)
        pst_encoder_cancel(self->file.encoder, cancelled);
    pthread_mutex_unlock(&self->log.lock);
}

static void series_wake(pst_sink *sink) {
    cancel_write((series_sink *)sink, true);
}

// However the chain ended, what has arrived is kept.
static pst_status series_end(pst_sink *sink, pst_ending ending, pst_error *err) {
    series_sink *self = (series_sink *)sink;
    pst_error why = {.status = PST_OK};
    cancel_write(self, false);
    const bool has_failed = self->log.info.n_files > 0 && last_entry(self)->told.error_code != 0;
    const pst_status status = end_file(self, &why);
    if (status == PST_OK)
        return PST_OK;
    if (!has_failed)
        pst_series_log_fail(&self->log, last_entry(self)->path, true, &why);
    if (err != NULL)
        *err = why;
    return ending == PST_ENDING_CANCELLED ? PST_OK : status;
}

static void series_destroy(pst_sink *sink) {
    series_sink *self = (series_sink *)sink;
    (void)end_file(self, NULL);
    pst_series_log_deinit(&self->log);
    pst_free((void *)self->series.first);
    pst_free((void *)self->series.next);
    pst_tags_destroy(self->tags);
    pst_free(self);
}

static const pst_sink_ops series_ops = {
    .name = "files",
    .push = series_push,
    .idle = series_idle,
    .wake = series_wake,
    .end = series_end,
    .destroy = series_destroy,
};

// ---- Life ---------------------------------------------------------------------------------------

void pst_series_default(pst_series *series) PST_RT {
    *series = (pst_series){.max_frames = PST_UNLIMITED, .max_bytes = PST_UNLIMITED};
}

static pst_status copy_texts(series_sink *self, const pst_series *series, pst_error *err) {
    self->series.first = pst_alloc_text(series->first);
    self->series.next = pst_alloc_text(series->next);
    if ((series->first != NULL && self->series.first == NULL) ||
        (series->next != NULL && self->series.next == NULL))
        return pst_fail_memory(err);
    if (self->options.tags == NULL)
        return PST_OK;
    const pst_tags *tags = self->options.tags;
    const pst_status status = pst_tags_copy(&self->tags, tags, err);
    self->options.tags = self->tags;
    return status;
}

pst_status pst_sink_series(pst_sink **sink, const pst_series *series, pst_format format,
                           pst_error *err) {
    pst_status status = pst_check_series(series, format, err);
    if (status != PST_OK)
        return status;
    series_sink *self = pst_alloc(sizeof *self);
    if (self == NULL)
        return pst_fail_memory(err);
    self->base = (pst_sink){.ops = &series_ops,
                            .format = format,
                            .n_channels = series->format.n_channels,
                            .rate_hz = (double)series->format.rate_hz};
    self->series = *series;
    pst_encoder_options_init(&self->options);
    if (series->options != NULL)
        self->options = *series->options;
    self->file = (pst_open_file){NULL, NULL, -1};
    atomic_init(&self->split_frame, INT64_MAX);
    pst_series_log_init(&self->log);
    pst_error why = {.status = PST_OK};
    status = copy_texts(self, series, &why);
    if (status == PST_OK)
        status = next_file(self, 0, &why);
    if (status != PST_OK) {
        series_destroy(&self->base);
        if (err != NULL)
            *err = why;
        return status;
    }
    *sink = &self->base;
    return PST_OK;
}

// ---- Looking at it ------------------------------------------------------------------------------

void pst_series_split(pst_sink *sink, int64_t frame) {
    series_sink *self = (series_sink *)sink;
    int64_t now = atomic_load(&self->split_frame);
    while (frame < now && !atomic_compare_exchange_weak(&self->split_frame, &now, frame)) {
    }
}

bool pst_series_can_split(const pst_sink *sink) PST_RT {
    return ((const series_sink *)sink)->series.next != NULL;
}

void pst_series_look(pst_sink *sink, pst_series_info *info) {
    series_sink *self = (series_sink *)sink;
    pst_convert_counts counts = {0, 0};
    pthread_mutex_lock(&self->log.lock);
    *info = self->log.info;
    if (self->file.encoder != NULL)
        pst_encoder_get_counts(self->file.encoder, &counts);
    info->n_clipped = self->ended.n_clipped + counts.n_clipped;
    info->n_nonfinite = self->ended.n_nonfinite + counts.n_nonfinite;
    pthread_mutex_unlock(&self->log.lock);
}

bool pst_series_get_file(pst_sink *sink, int64_t index, pst_series_file *file, char *path,
                         size_t n_bytes) {
    series_sink *self = (series_sink *)sink;
    pthread_mutex_lock(&self->log.lock);
    const bool exists = index >= 0 && index < self->log.info.n_files;
    if (exists) {
        const pst_series_entry *entry = &self->log.entries[index];
        *file = entry->told;
        (void)snprintf(path, n_bytes, "%s", entry->path == NULL ? "" : entry->path);
    }
    pthread_mutex_unlock(&self->log.lock);
    return exists;
}
