// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include <math.h>

#include "base/error.h"
#include "chain/recordings/take.h"
#include "stream/state.h"

static pst_status check_pre_roll(const pst_take *take, const pst_stream_info *info,
                                 const pst_ring_info *ring, pst_error *err) {
    const uint64_t half = ring->capacity_frames / 2;
    const uint64_t beside_block =
        ring->capacity_frames > info->block_frames ? ring->capacity_frames - info->block_frames : 0;
    const uint64_t most = half < beside_block ? half : beside_block;
    if (take->pre_roll_frames < 0 || (uint64_t)take->pre_roll_frames > most)
        return pst_fail(err, PST_BAD_ARGUMENT, 0,
                        "pre_roll_frames is %lld; it must be from 0 to %llu, half of the stream's "
                        "ring",
                        (long long)take->pre_roll_frames, (unsigned long long)most);
    if (take->pre_roll_frames > 0 && ring->memory_kind == PST_RING_FLAT)
        return pst_fail(err, PST_BAD_ARGUMENT, 0,
                        "pre_roll_frames is %lld; a stream over flat memory cannot keep any",
                        (long long)take->pre_roll_frames);
    if (take->pre_roll_frames > 0 && take->trigger == PST_TRIGGER_NONE &&
        (take->start_frame >= 0 || take->start_time_s > 0.0))
        return pst_fail(err, PST_BAD_ARGUMENT, 0,
                        "pre_roll_frames is %lld; with a start it needs a trigger",
                        (long long)take->pre_roll_frames);
    return PST_OK;
}

static pst_status check_trigger(const pst_take *take, uint32_t n_channels, pst_error *err) {
    if (take->trigger < PST_TRIGGER_NONE || take->trigger > PST_TRIGGER_CALL)
        return pst_fail(err, PST_BAD_ARGUMENT, 0, "trigger is %d, which is none",
                        (int)take->trigger);
    if (take->trigger == PST_TRIGGER_LEVEL && !(take->level > 0.0 && take->level <= 1.0))
        return pst_fail(err, PST_BAD_ARGUMENT, 0,
                        "level is %g; it must be more than 0 and at most 1", take->level);
    for (uint32_t i = 0; i < take->n_watched; ++i) {
        if (take->watched[i] >= n_channels)
            return pst_fail(err, PST_BAD_ARGUMENT, 0, "watched has %u; the channels are 0 to %u",
                            (unsigned)take->watched[i], (unsigned)n_channels - 1);
    }
    if (take->release_frames == 0 || take->release_frames < PST_UNLIMITED ||
        (take->release_frames > 0 && take->trigger != PST_TRIGGER_LEVEL))
        return pst_fail(err, PST_BAD_ARGUMENT, 0,
                        "release_frames is %lld; it must be at least 1, with a trigger by level",
                        (long long)take->release_frames);
    if (take->retrigger &&
        (take->trigger == PST_TRIGGER_NONE || (take->total_frames < 0 && take->release_frames < 0)))
        return pst_fail(err, PST_BAD_ARGUMENT, 0,
                        "retrigger is set; it needs a trigger, and total_frames or release_frames "
                        "to end a segment");
    return PST_OK;
}

pst_status pst_check_take(pst_stream *stream, const pst_take *take, const pst_stream_info *info,
                          pst_error *err) {
    if (pst_stream_input_ring(stream) == NULL)
        return pst_fail(err, PST_BAD_ARGUMENT, 0, "The stream has no input");
    pst_ring_info ring;
    pst_ring_get_info(pst_stream_input_ring(stream), &ring);
    if (take->start_frame < PST_UNLIMITED)
        return pst_fail(err, PST_BAD_ARGUMENT, 0, "start_frame is %lld; it must be at least 0",
                        (long long)take->start_frame);
    if (!isfinite(take->start_time_s))
        return pst_fail(err, PST_BAD_ARGUMENT, 0, "start_time_s is %g; it must be a finite number",
                        take->start_time_s);
    if (take->total_frames == 0 || take->total_frames < PST_UNLIMITED)
        return pst_fail(err, PST_BAD_ARGUMENT, 0, "total_frames is %lld; it must be at least 1",
                        (long long)take->total_frames);
    const pst_status status = check_trigger(take, stream->flow.in.n_channels, err);
    return status == PST_OK ? check_pre_roll(take, info, &ring, err) : status;
}
