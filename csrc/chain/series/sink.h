// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_CHAIN_SERIES_SINK_H
#define PST_CHAIN_SERIES_SINK_H

#include "chain/stage.h"
#include "pastream/series.h"

// What a sink of pst_sink_series is told and asked while its chain runs, and afterwards.

// Begins a new file with a frame (as the source counts), at once if it has passed. Of several that
// are still to come the first one counts. Thread: any, until the sink is destroyed. Realtime: no.
void pst_series_split(pst_sink *sink, int64_t frame);

// Whether there can be more than one file. Thread: any. Realtime: yes (constant).
bool pst_series_can_split(const pst_sink *sink) PST_RT;

// Thread: any, until the sink is destroyed. Realtime: no.
void pst_series_look(pst_sink *sink, pst_series_info *info);

// Tells about file number `index`, from 0, and copies its path, which is cut if it does not fit; ""
// for a place. Returns false if there is no such file. Thread: as above. Realtime: no.
bool pst_series_get_file(pst_sink *sink, int64_t index, pst_series_file *file, char *path,
                         size_t n_bytes);

#endif
