// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "chain/series/log.h"

#include <string.h>
#include <time.h>

#include "base/alloc.h"
#include "base/error.h"

void pst_series_log_init(pst_series_log *log) {
    pthread_mutex_init(&log->lock, NULL);
}

void pst_series_log_deinit(pst_series_log *log) {
    for (int64_t i = 0; i < log->info.n_files; ++i)
        pst_free(log->entries[i].path);
    pst_free(log->entries);
    pthread_mutex_destroy(&log->lock);
}

static pst_series_entry *last(pst_series_log *log) {
    return &log->entries[log->info.n_files - 1];
}

const pst_series_entry *pst_series_log_last(const pst_series_log *log) {
    return &log->entries[log->info.n_files - 1];
}

bool pst_series_log_has(const pst_series_log *log, const char *path) {
    for (int64_t i = log->info.n_files - 1; i >= 0; --i)
        if (log->entries[i].path != NULL && strcmp(log->entries[i].path, path) == 0)
            return true;
    return false;
}

pst_status pst_series_log_reserve(pst_series_log *log, pst_error *err) {
    if (log->info.n_files < log->n_slots)
        return PST_OK;
    const int64_t n_slots = log->n_slots == 0 ? 16 : 2 * log->n_slots;
    pst_series_entry *entries = pst_alloc_array((size_t)n_slots, sizeof *entries);
    if (entries == NULL)
        return pst_fail_memory(err);
    pthread_mutex_lock(&log->lock);
    if (log->info.n_files > 0)
        memcpy(entries, log->entries, (size_t)log->info.n_files * sizeof *entries);
    pst_series_entry *old = log->entries;
    log->entries = entries;
    log->n_slots = n_slots;
    pthread_mutex_unlock(&log->lock);
    pst_free(old);
    return PST_OK;
}

static double wall_time_s(void) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

void pst_series_log_begin(pst_series_log *log, char *path, int64_t frame) {
    pthread_mutex_lock(&log->lock);
    log->entries[log->info.n_files++] =
        (pst_series_entry){.told = {.frame = frame, .opened_s = wall_time_s()}, .path = path};
    pthread_mutex_unlock(&log->lock);
}

void pst_series_log_place(pst_series_log *log, int64_t frame) {
    pthread_mutex_lock(&log->lock);
    last(log)->told.frame = frame;
    pthread_mutex_unlock(&log->lock);
}

void pst_series_log_grow(pst_series_log *log, int64_t n_frames, int64_t n_bytes, double peak) {
    pthread_mutex_lock(&log->lock);
    log->info.n_frames += n_frames - last(log)->told.n_frames;
    last(log)->told.n_frames = n_frames;
    last(log)->told.n_bytes = n_bytes;
    log->info.peak = peak > log->info.peak ? peak : log->info.peak;
    pthread_mutex_unlock(&log->lock);
}

void pst_series_log_end(pst_series_log *log, int64_t n_bytes) {
    pthread_mutex_lock(&log->lock);
    last(log)->told.n_bytes = n_bytes;
    last(log)->told.is_complete = true;
    pthread_mutex_unlock(&log->lock);
}

void pst_series_log_fail(pst_series_log *log, const char *path, bool is_its_own, pst_error *err) {
    pthread_mutex_lock(&log->lock);
    log->info.error_code = err->native_code;
    log->info.n_failures += 1;
    if (is_its_own && log->info.n_files > 0)
        last(log)->told.error_code = err->native_code;
    pthread_mutex_unlock(&log->lock);
    if (path != NULL) {
        const pst_error inner = *err;
        pst_fail(err, inner.status, inner.native_code, "\"%s\": %s", path, inner.text);
    }
}

void pst_series_log_leave_out(pst_series_log *log, uint64_t n_frames) {
    pthread_mutex_lock(&log->lock);
    log->info.left_frames += (int64_t)n_frames;
    pthread_mutex_unlock(&log->lock);
}
