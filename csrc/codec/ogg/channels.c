// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "codec/ogg/channels.h"

#include <stddef.h>

static const uint8_t orders[][8] = {
    [3] = {0, 2, 1},                // L R C
    [5] = {0, 2, 1, 3, 4},          // L R C, behind L R
    [6] = {0, 2, 1, 5, 3, 4},       // L R C, low, behind L R
    [7] = {0, 2, 1, 6, 5, 3, 4},    // L R C, low, behind, beside L R
    [8] = {0, 2, 1, 7, 5, 6, 3, 4}, // L R C, low, behind L R, beside L R
};

const uint8_t *pst_ogg_channel_order(uint32_t n_channels) {
    if (n_channels < 3 || n_channels == 4 || n_channels > 8)
        return NULL;
    return orders[n_channels];
}
