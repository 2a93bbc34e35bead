// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_STREAM_METER_H
#define PST_STREAM_METER_H

#include <stdatomic.h>

#include "pastream/diagnostics.h"

// The meter of one side. The callback feeds it and shows the result after every block; everybody
// may read. It is made when somebody first asks for it, and lives as long as the stream.
typedef struct pst_meter pst_meter;

// Where control puts a meter for the callback to find; NULL: that side is not metered.
typedef pst_meter *_Atomic pst_meter_place;

// Makes a meter for frames at a rate. full_scale: from there on a sample counts as clipped, as a
// share of 1. Returns NULL if there is no memory. Thread: control. Realtime: no.
pst_meter *pst_meter_create(uint32_t n_channels, double samplerate_hz, float full_scale);
void pst_meter_destroy(pst_meter *meter);

// Returns the largest value that a format has, as a share of 1, rounded to float.
// Thread: any. Realtime: yes.
float pst_meter_full_scale(pst_format format) PST_RT;

// Forgets everything. Thread: control, while no callback runs. Realtime: yes.
void pst_meter_clear(pst_meter *meter) PST_RT;

// Forgets the largest peak and the clipped samples, at the next block at the latest.
// Thread: any. Realtime: yes.
void pst_meter_reset(pst_meter *meter) PST_RT;

// Takes n_frames into account. data NULL: silence. What is not finite counts as silence.
// Thread: callback. Realtime: yes (work is proportional to the samples).
void pst_meter_feed(pst_meter *meter, const void *data, pst_format format, int64_t n_frames) PST_RT;

// Gives the state after the last block, whole. channels: room for all of the meter's.
// Thread: any. Realtime: yes (tries again only if four blocks came in between).
void pst_meter_read(const pst_meter *meter, pst_meter_reading *reading,
                    pst_meter_channel *channels) PST_RT;

#endif
