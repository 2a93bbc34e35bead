// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_CHAIN_SERIES_NAME_H
#define PST_CHAIN_SERIES_NAME_H

#include <time.h>

#include "pastream/base.h"

// Writes the path that a template (see pst_series) makes of a file's number and time.
// Returns PST_OK, or PST_BAD_ARGUMENT (a field that is not closed or has a wrong format, or a path
// that does not fit). Thread: any. Realtime: no.
PST_NODISCARD pst_status pst_series_name(char *path, size_t n_bytes, const char *template,
                                         int64_t index, time_t opened, pst_error *err);

#endif
