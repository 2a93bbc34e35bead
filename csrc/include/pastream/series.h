// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PASTREAM_SERIES_H
#define PASTREAM_SERIES_H

#include "pastream/chain.h"

#if !defined(PST_CFFI) && defined(__cplusplus)
extern "C" {
#endif

// Sound files one after another: where one ends the next begins, without a frame lost in between.
//
// Templates of names hold these, and all else as it is: {index} is the number of the file, from 1
// ({index:4}: with so many digits at least, up to 9); {time} is the local time at which it was
// opened, as 20261231-235959, or as strftime says it: {time:%H-%M}.

typedef enum pst_disk_full {
    PST_DISK_FULL_STOP = 0,    // The error ends the chain.
    PST_DISK_FULL_CONTINUE = 1 // Frames are left out, and counted, until there is room for a next
                               // file.
} pst_disk_full;

enum { PST_SERIES_MAX_PATH = 4096 };

typedef struct pst_series {
    const char *first;                  // Template of the first file's path. Copied, as all here.
    const char *next;                   // Template of the others', NULL: there is one file only.
    pst_io *place;                      // NULL, or where the first file goes in place of `first`.
    pst_file_format format;             // Of all files.
    const pst_encoder_options *options; // NULL: the defaults.
    bool overwrites;       // Empty files that are there; false: fail with EEXIST. What is no file
                           // (a pipe, a device) is written to in any case.
    int64_t max_frames;    // Of a file, or PST_UNLIMITED.
    int64_t max_bytes;     // A file ends once it has so many, or PST_UNLIMITED.
    bool splits_segments;  // Begin a file with each segment of a take, too.
    int64_t sync_every_ns; // How often to make the disk itself keep what was written; 0: never.
    pst_disk_full on_disk_full;
    struct pst_graph *graph; // Of recordings: what the sound goes through on its way into the files
                             // (pst_fit). NULL: nothing.
} pst_series;

// What became of one file.
typedef struct pst_series_file {
    int64_t frame;      // Number of its first frame, as the source counts.
    int64_t n_frames;   // In it.
    int64_t n_bytes;    // So far; of a place that cannot tell: 0.
    double opened_s;    // Seconds since 1970, UTC.
    bool is_complete;   // Ended and closed.
    int32_t error_code; // errno of what went wrong with it, 0: nothing.
} pst_series_file;

typedef struct pst_series_info {
    int64_t n_files;     // Begun.
    int64_t n_frames;    // In all of them.
    int64_t left_frames; // Left out for want of room on the disk.
    uint64_t n_clipped;  // As in pst_convert_counts.
    uint64_t n_nonfinite;
    double peak;        // Largest absolute sample of all, of full scale.
    int32_t error_code; // errno of the last failure, also if it ended nothing.
    int64_t n_failures;
} pst_series_info;

// Fills in the defaults: no limits, no sync, stop when the disk is full. Thread: any.
// Realtime: yes.
PST_API void pst_series_default(pst_series *series) PST_RT;

// A sink that writes frames of a format of the caller's choice, and of the rate and channels of the
// files. The first file is opened here. Every file is kept readable while it is written, and
// whatever ends the chain leaves all of them complete.
// Returns PST_OK, PST_BAD_ARGUMENT (the text names the field; or as pst_encoder_open),
// PST_SYSTEM_ERROR (with the errno of the first file), PST_UNSUPPORTED, PST_NO_MEMORY.
// Thread: any. Realtime: no (opens). Ownership: takes series->place if it returns PST_OK.
PST_API PST_NODISCARD pst_status pst_sink_series(pst_sink **sink, const pst_series *series,
                                                 pst_format format, pst_error *err);

#if !defined(PST_CFFI) && defined(__cplusplus)
}
#endif
#endif
