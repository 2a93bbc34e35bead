// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "graph/nodes/trail.h"

#include <string.h>

#include "base/alloc.h"
#include "base/error.h"

// A sequence lock without fences, as in stream/clock_view.c: who loads a new sample (acquire) also
// sees the stamp that was stored before it (release), so it notices when it looks at that again.

#define NEVER INT64_C(-1)   // Nothing was written there yet.
#define UNDER_WAY INT64_MAX // Something is being written, which is later than what there was.

pst_status pst_trail_init(pst_trail *trail, uint32_t block_frames, uint32_t n_frames,
                          pst_error *err) {
    const uint32_t n_blocks = 2 * (n_frames / block_frames + 1);
    const size_t n_samples = (size_t)n_blocks * block_frames;
    *trail = (pst_trail){.block_frames = block_frames, .n_blocks = n_blocks};
    trail->stamps = pst_alloc_array(n_blocks, sizeof *trail->stamps);
    trail->samples = pst_alloc_array(n_samples, sizeof *trail->samples);
    if (trail->stamps == NULL || trail->samples == NULL)
        return pst_fail_memory(err);
    for (uint32_t i = 0; i < n_blocks; ++i)
        atomic_init(&trail->stamps[i], NEVER);
    for (size_t i = 0; i < n_samples; ++i)
        atomic_init(&trail->samples[i], 0.0f);
    return PST_OK;
}

void pst_trail_deinit(pst_trail *trail) {
    pst_free(trail->stamps);
    pst_free(trail->samples);
}

void pst_trail_write(pst_trail *trail, int64_t frame, const float *samples) PST_RT {
    const uint32_t block = (uint32_t)(frame / trail->block_frames % trail->n_blocks);
    _Atomic float *kept = trail->samples + (size_t)block * trail->block_frames;
    atomic_store_explicit(&trail->stamps[block], UNDER_WAY, memory_order_relaxed);
    for (uint32_t i = 0; i < trail->block_frames; ++i)
        atomic_store_explicit(&kept[i], samples[i], memory_order_release);
    atomic_store_explicit(&trail->stamps[block], frame, memory_order_release);
}

// Reads n frames of the block that begins at `frame`.
static bool read_block(const pst_trail *trail, int64_t frame, uint32_t skip, float *samples,
                       uint32_t n) PST_RT {
    const uint32_t block = (uint32_t)(frame / trail->block_frames % trail->n_blocks);
    _Atomic int64_t *stamp = &trail->stamps[block];
    const _Atomic float *kept = trail->samples + (size_t)block * trail->block_frames + skip;
    const int64_t before = atomic_load_explicit(stamp, memory_order_acquire);
    if (before < frame) {
        memset(samples, 0, n * sizeof *samples);
        return true;
    }
    for (uint32_t i = 0; i < n; ++i)
        samples[i] = atomic_load_explicit(&kept[i], memory_order_acquire);
    return before == frame && atomic_load_explicit(stamp, memory_order_relaxed) == frame;
}

// The earliest first: they are the next to be replaced.
bool pst_trail_read(const pst_trail *trail, int64_t end, float *samples, uint32_t n) PST_RT {
    int64_t frame = end - n;
    while (frame < 0 && n > 0) {
        *samples++ = 0.0f;
        ++frame;
        --n;
    }
    while (n > 0) {
        const uint32_t skip = (uint32_t)(frame % trail->block_frames);
        const uint32_t left = trail->block_frames - skip;
        const uint32_t n_here = n < left ? n : left;
        if (!read_block(trail, frame - skip, skip, samples, n_here))
            return false;
        samples += n_here;
        frame += n_here;
        n -= n_here;
    }
    return true;
}
