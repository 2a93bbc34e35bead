// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_CHAIN_SERIES_LOG_H
#define PST_CHAIN_SERIES_LOG_H

#include <pthread.h>

#include "pastream/series.h"

// What became of the files of a series: written by the sink's worker, looked at by anybody.

typedef struct pst_series_entry {
    pst_series_file told;
    char *path; // NULL of a place.
} pst_series_entry;

typedef struct pst_series_log {
    pthread_mutex_t lock; // Guards the rest against the worker, which reads it without.
    pst_series_entry *entries;
    int64_t n_slots;
    pst_series_info info;
} pst_series_log;

// Thread: control. Realtime: no.
void pst_series_log_init(pst_series_log *log);
void pst_series_log_deinit(pst_series_log *log);

// ---- The worker's. Realtime: no. ----------------------------------------------------------------

// Returns the last file; there must be one.
const pst_series_entry *pst_series_log_last(const pst_series_log *log);

// Whether a file of this path has been begun. Two files of one series never have the same.
bool pst_series_log_has(const pst_series_log *log, const char *path);

// Makes room for one more file. Returns PST_OK or PST_NO_MEMORY.
PST_NODISCARD pst_status pst_series_log_reserve(pst_series_log *log, pst_error *err);

// Notes a new file, for which there is room. Ownership: takes path, which may be NULL.
void pst_series_log_begin(pst_series_log *log, char *path, int64_t frame);

// Notes the first frame of the last file.
void pst_series_log_place(pst_series_log *log, int64_t frame);

// Notes how far the last file is: its frames and bytes in all, and the peak of the new frames.
void pst_series_log_grow(pst_series_log *log, int64_t n_frames, int64_t n_bytes, double peak);

// Notes that the last file is complete.
void pst_series_log_end(pst_series_log *log, int64_t n_bytes);

// Notes a failure, of the last file if is_its_own, and puts the path before the text, unless it is
// NULL.
void pst_series_log_fail(pst_series_log *log, const char *path, bool is_its_own, pst_error *err);

// Notes frames that were left out.
void pst_series_log_leave_out(pst_series_log *log, uint64_t n_frames);

#endif
