// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "graph/render/frames.h"

#include <string.h>

#include "core/kernels/kernels.h"

void pst_frames_join(float *frames, float *const *planes, size_t from, uint32_t n_channels,
                     size_t n) PST_RT {
    if (n_channels == 1) {
        memcpy(frames, planes[0] + from, n * sizeof *frames);
        return;
    }
    if (n_channels == 2) {
        pst_kernels_now()->planes->interleave(frames, planes[0] + from, planes[1] + from, n);
        return;
    }
    for (uint32_t c = 0; c < n_channels; ++c) {
        const float *plane = planes[c] + from;
        for (size_t i = 0; i < n; ++i)
            frames[i * n_channels + c] = plane[i];
    }
}

void pst_frames_split(float *const *planes, size_t to, const float *frames, uint32_t n_channels,
                      size_t n) PST_RT {
    if (n_channels == 1) {
        memcpy(planes[0] + to, frames, n * sizeof *frames);
        return;
    }
    for (uint32_t c = 0; c < n_channels; ++c) {
        float *plane = planes[c] + to;
        for (size_t i = 0; i < n; ++i)
            plane[i] = frames[i * n_channels + c];
    }
}
