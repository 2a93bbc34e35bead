// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "core/planes.h"

#include <string.h>

// Copies n samples of a size that the compiler knows.
static inline void copy_samples(uint8_t *to, size_t to_step, const uint8_t *from, size_t from_step,
                                size_t n_bytes, size_t n) {
    for (size_t i = 0; i < n; ++i, to += to_step, from += from_step)
        memcpy(to, from, n_bytes);
}

static void copy_channel(uint8_t *to, size_t to_step, const uint8_t *from, size_t from_step,
                         uint32_t sample_bytes, size_t n) {
    switch (sample_bytes) {
    case 1:
        copy_samples(to, to_step, from, from_step, 1, n);
        break;
    case 2:
        copy_samples(to, to_step, from, from_step, 2, n);
        break;
    case 3:
        copy_samples(to, to_step, from, from_step, 3, n);
        break;
    case 4:
        copy_samples(to, to_step, from, from_step, 4, n);
        break;
    default:
        copy_samples(to, to_step, from, from_step, 8, n);
    }
}

void pst_interleave(void *frames, const void *planes, size_t plane_frames, uint32_t sample_bytes,
                    uint32_t n_channels, size_t n_frames) {
    const size_t frame_bytes = (size_t)sample_bytes * n_channels;
    for (uint32_t c = 0; c < n_channels; ++c)
        copy_channel((uint8_t *)frames + (size_t)c * sample_bytes, frame_bytes,
                     (const uint8_t *)planes + (size_t)c * plane_frames * sample_bytes,
                     sample_bytes, sample_bytes, n_frames);
}

void pst_deinterleave(void *planes, size_t plane_frames, const void *frames, uint32_t sample_bytes,
                      uint32_t n_channels, size_t n_frames) {
    const size_t frame_bytes = (size_t)sample_bytes * n_channels;
    for (uint32_t c = 0; c < n_channels; ++c)
        copy_channel((uint8_t *)planes + (size_t)c * plane_frames * sample_bytes, sample_bytes,
                     (const uint8_t *)frames + (size_t)c * sample_bytes, frame_bytes, sample_bytes,
                     n_frames);
}
