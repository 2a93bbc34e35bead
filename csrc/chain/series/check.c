// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "chain/series/check.h"

#include <time.h>

#include "base/error.h"
#include "chain/series/name.h"
#include "chain/stage.h"

static pst_status refuse(pst_error *err, const char *field, int64_t value, const char *wanted) {
    return pst_fail(err, PST_BAD_ARGUMENT, 0, "%s is %lld; it must be %s", field, (long long)value,
                    wanted);
}

static pst_status check_name(const char *name, pst_error *err) {
    char path[PST_SERIES_MAX_PATH];
    return name == NULL ? PST_OK : pst_series_name(path, sizeof path, name, 1, time(NULL), err);
}

pst_status pst_check_series(const pst_series *series, pst_format format, pst_error *err) {
    if ((series->first == NULL) == (series->place == NULL))
        return pst_fail(err, PST_BAD_ARGUMENT, 0, "one of first and place must be given");
    if (series->max_frames < PST_UNLIMITED || series->max_frames == 0)
        return refuse(err, "max_frames", series->max_frames, "at least 1, or PST_UNLIMITED");
    if (series->max_bytes < PST_UNLIMITED || series->max_bytes == 0)
        return refuse(err, "max_bytes", series->max_bytes, "at least 1, or PST_UNLIMITED");
    if (series->sync_every_ns < 0)
        return refuse(err, "sync_every_ns", series->sync_every_ns, "at least 0");
    if (series->on_disk_full != PST_DISK_FULL_STOP &&
        series->on_disk_full != PST_DISK_FULL_CONTINUE)
        return refuse(err, "on_disk_full", series->on_disk_full, "a pst_disk_full");
    if (series->next == NULL &&
        (series->max_frames > 0 || series->max_bytes > 0 || series->splits_segments ||
         series->on_disk_full == PST_DISK_FULL_CONTINUE))
        return pst_fail(err, PST_BAD_ARGUMENT, 0,
                        "next is NULL; more than one file needs a template for their names");
    pst_status status = check_name(series->first, err);
    if (status == PST_OK)
        status = check_name(series->next, err);
    return status == PST_OK ? pst_check_frames(format, series->format.n_channels, err) : status;
}
