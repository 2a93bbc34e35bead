// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "graph/nodes/width.h"

#include <string.h>

static void widen(const pst_width_lines *to, uint32_t n_old, uint32_t n_channels) PST_RT {
    const size_t n_bytes = to->n_samples * sizeof(float);
    float *const *lines = to->lines;
    for (uint32_t c = n_old; c < n_channels; ++c)
        memset(lines[c], 0, n_bytes);
    if (n_old == 1 && (n_channels == 2 || n_channels == 4))
        memcpy(lines[1], lines[0], n_bytes);
    // Mono is the centre of 5.1, and the rear of quad is not.
    if (n_old == 1 && n_channels == 6) {
        memcpy(lines[2], lines[0], n_bytes);
        memset(lines[0], 0, n_bytes);
    }
    for (uint32_t c = 2; n_old == 4 && n_channels == 6 && c < 4; ++c) {
        memcpy(lines[c + 2], lines[c], n_bytes);
        memset(lines[c], 0, n_bytes);
    }
}

void pst_width_fit(pst_width *width, const pst_width_lines *lines, uint32_t n_channels,
                   uint32_t n_frames) PST_RT {
    if (n_channels > lines->n_lines)
        n_channels = lines->n_lines;
    if (lines->is_empty && n_channels < width->n_channels)
        width->n_channels = n_channels;
    if (n_channels > width->n_channels) {
        widen(lines, width->n_channels, n_channels);
        width->n_channels = n_channels;
    }
    if (n_channels == width->n_channels || n_channels != width->n_narrow) {
        width->n_narrow = n_channels;
        width->narrow = 0;
        return;
    }
    width->narrow += n_frames;
    if (width->narrow > lines->n_kept)
        width->n_channels = n_channels;
}
