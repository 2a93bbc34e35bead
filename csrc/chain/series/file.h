// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_CHAIN_SERIES_FILE_H
#define PST_CHAIN_SERIES_FILE_H

#include "pastream/series.h"

// One file of a series, from its opening to its end.

typedef struct pst_open_file {
    pst_encoder *encoder; // NULL: there is none.
    pst_io *io;           // The encoder's.
    int fd;               // Of a path; -1 of a place.
} pst_open_file;

// Opens a path, and begins a file there. Returns as pst_encoder_open, and PST_SYSTEM_ERROR.
// Thread: control or worker. Realtime: no.
PST_NODISCARD pst_status pst_open_file_path(pst_open_file *file, const char *path, bool overwrites,
                                            const pst_file_format *format,
                                            const pst_encoder_options *options, pst_error *err);

// Begins a file in a place, which it takes if this succeeds.
PST_NODISCARD pst_status pst_open_file_place(pst_open_file *file, pst_io *io,
                                             const pst_file_format *format,
                                             const pst_encoder_options *options, pst_error *err);

// Ends the file and closes it; with syncs the disk has all of it then. n_bytes: gets its size.
// Returns as pst_encoder_finish, and what closing it met with.
pst_status pst_open_file_end(pst_open_file *file, bool syncs, int64_t *n_bytes, pst_error *err);

#endif
