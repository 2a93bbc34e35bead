// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_STREAM_RATE_H
#define PST_STREAM_RATE_H

#include "device/backend.h"
#include "dsp/live_resampler.h"

// A device that runs at another rate than its stream. This stands between the two: to the device it
// is the process function, to the stream it looks like a device of the stream's rate. The stream's
// frames, limits, counters and times know nothing of it.
typedef struct pst_rate pst_rate;

// Makes one for a request whose sides, rate, process, pace and user are the stream's, and rewrites
// those so that the request opens the device at device_hz.
// Returns PST_OK, PST_BAD_ARGUMENT (rates too far apart) or PST_NO_MEMORY.
// Thread: control. Realtime: no. Ownership: the caller's. It must outlive the device, as user does.
PST_NODISCARD pst_status pst_rate_create(pst_rate **rate, pst_open_request *request,
                                         double device_hz, pst_resample_quality quality,
                                         pst_error *err);

// NULL is allowed.
void pst_rate_destroy(pst_rate *rate);

// Turns what the device told at its opening into what the stream is to believe.
// Thread: control. Realtime: yes.
void pst_rate_translate_info(const pst_rate *rate, pst_open_info *info) PST_RT;

// Sets everything to the begin of a run. NULL is allowed.
// Thread: control, while no callback runs. Realtime: yes.
void pst_rate_begin_run(pst_rate *rate) PST_RT;

#endif
