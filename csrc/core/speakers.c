// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "core/speakers.h"

#include <string.h>

#define HALF 0.5f
#define QUARTER 0.25f
#define ROOT 0.70710678f // Of one half: as loud as before from two loudspeakers.

typedef struct speaker_rule {
    uint32_t n_sources;
    uint32_t n_destinations;
    float gains[24]; // Row by row: what goes to the first loudspeaker, ...
} speaker_rule;

static const speaker_rule rules[] = {
    {1, 2, {1, 1}},
    {1, 4, {1, 1, 0, 0}},
    {1, 6, {0, 0, 1, 0, 0, 0}},
    {2, 4, {1, 0, 0, 1, 0, 0, 0, 0}},
    {2, 6, {1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0}},
    {4, 6, {1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1}},
    {2, 1, {HALF, HALF}},
    {4, 1, {QUARTER, QUARTER, QUARTER, QUARTER}},
    {6, 1, {ROOT, ROOT, 1, 0, HALF, HALF}},
    {4, 2, {HALF, 0, HALF, 0, 0, HALF, 0, HALF}},
    {6, 2, {1, 0, ROOT, 0, ROOT, 0, 0, 1, ROOT, 0, 0, ROOT}},
    {6, 4, {1, 0, ROOT, 0, 0, 0, 0, 1, ROOT, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1}},
};

void pst_speakers_gains(float *gains, uint32_t n_sources, uint32_t n_destinations) PST_RT {
    const size_t n_gains = (size_t)n_sources * n_destinations;
    for (size_t i = 0; i < sizeof rules / sizeof *rules; ++i)
        if (rules[i].n_sources == n_sources && rules[i].n_destinations == n_destinations) {
            memcpy(gains, rules[i].gains, n_gains * sizeof *gains);
            return;
        }
    for (size_t i = 0; i < n_gains; ++i)
        gains[i] = i / n_sources == i % n_sources ? 1.0f : 0.0f;
}
