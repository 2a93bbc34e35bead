// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "chain/stage.h"

#include <math.h>

#include "base/alloc.h"
#include "base/error.h"

pst_status pst_check_frames(pst_format format, uint32_t n_channels, pst_error *err) {
    if (pst_format_bytes(format) == 0)
        return pst_fail(err, PST_BAD_ARGUMENT, 0, "format is %d, which is no sample format",
                        (int)format);
    if (n_channels < 1 || n_channels > PST_MAX_CHANNELS)
        return pst_fail(err, PST_BAD_ARGUMENT, 0, "n_channels is %u; it must be from 1 to %d",
                        (unsigned)n_channels, PST_MAX_CHANNELS);
    return PST_OK;
}

pst_status pst_check_ring(const pst_ring *ring, pst_format format, uint32_t n_channels,
                          pst_error *err) {
    const pst_status status = pst_check_frames(format, n_channels, err);
    if (status != PST_OK)
        return status;
    pst_ring_info info;
    pst_ring_get_info(ring, &info);
    const uint32_t frame_bytes = n_channels * pst_format_bytes(format);
    if (info.frame_bytes != frame_bytes)
        return pst_fail(err, PST_BAD_ARGUMENT, 0,
                        "the ring has %u bytes per frame; %u channels of %s are %u",
                        (unsigned)info.frame_bytes, (unsigned)n_channels, pst_format_name(format),
                        (unsigned)frame_bytes);
    return PST_OK;
}

bool pst_is_same_rate(double a_hz, double b_hz) PST_RT {
    return a_hz <= 0.0 || b_hz <= 0.0 || fabs(a_hz - b_hz) < 0.5;
}

uint64_t pst_piece_frames(const pst_ring_info *info) PST_RT {
    const uint64_t most = 16384;
    const uint64_t quarter = info->capacity_frames / 4;
    return quarter < 1 ? 1 : quarter < most ? quarter : most;
}

// ---- What all stages have in common -----------------------------------------------------------

// Enough for the calls not to count, little enough for the nearest cache.
static uint64_t scratch_frames(uint32_t frame_bytes) {
    enum { BYTES = 32768, MOST = 4096, LEAST = 64 };
    const uint64_t n = BYTES / frame_bytes;
    return n > MOST ? MOST : n < LEAST ? LEAST : n;
}

uint32_t pst_side_bytes(const pst_stage_side *side) PST_RT {
    return side->n_channels * pst_format_bytes(side->format);
}

pst_status pst_stage_create(pst_stage **stage, size_t n_bytes, const pst_stage_ops *ops,
                            const pst_stage_side *in, const pst_stage_side *out, bool has_scratch,
                            pst_error *err) {
    pst_status status = pst_check_frames(in->format, in->n_channels, err);
    if (status == PST_OK)
        status = pst_check_frames(out->format, out->n_channels, err);
    if (status != PST_OK)
        return status;
    pst_stage *made = pst_alloc(n_bytes);
    if (made == NULL)
        return pst_fail_memory(err);
    made->ops = ops;
    made->in = *in;
    made->out = *out;
    if (has_scratch) {
        made->scratch_frames = scratch_frames(pst_side_bytes(out));
        made->scratch = pst_alloc_array((size_t)made->scratch_frames, pst_side_bytes(out));
        if (made->scratch == NULL) {
            pst_free(made);
            return pst_fail_memory(err);
        }
    }
    *stage = made;
    return PST_OK;
}

void pst_stage_destroy(pst_stage *stage) {
    if (stage == NULL)
        return;
    if (stage->ops->deinit != NULL)
        stage->ops->deinit(stage);
    pst_free(stage->scratch);
    pst_free(stage);
}

void pst_stage_count(pst_stage *stage, const pst_convert_counts *counts) PST_RT {
    if (counts->n_clipped > 0)
        atomic_fetch_add_explicit(&stage->n_clipped, counts->n_clipped, memory_order_relaxed);
    if (counts->n_nonfinite > 0)
        atomic_fetch_add_explicit(&stage->n_nonfinite, counts->n_nonfinite, memory_order_relaxed);
}

void pst_stage_get_counts(const pst_stage *stage, pst_convert_counts *counts) PST_RT {
    counts->n_clipped = atomic_load_explicit(&stage->n_clipped, memory_order_relaxed);
    counts->n_nonfinite = atomic_load_explicit(&stage->n_nonfinite, memory_order_relaxed);
}

pst_piece pst_stage_begin(pst_stage *stage, const pst_piece *in) PST_RT {
    pst_piece out = *in;
    out.n_frames = in->n_frames < stage->scratch_frames ? in->n_frames : stage->scratch_frames;
    out.data = stage->scratch;
    return out;
}
