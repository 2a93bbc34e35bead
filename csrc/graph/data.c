// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "graph/shared.h"
#include "pastream/graph_kinds.h"

static void free_shared(pst_shared *shared) {
    pst_free(shared);
}

pst_numbers *pst_numbers_create(const double *values, uint32_t n) {
    pst_numbers *numbers = pst_alloc(sizeof *numbers + n * sizeof(double));
    if (numbers == NULL)
        return NULL;
    pst_shared_init(&numbers->shared, free_shared);
    numbers->n = n;
    memcpy(numbers->values, values, n * sizeof(double));
    return numbers;
}

static void destroy_sound(pst_shared *shared) {
    pst_sound *sound = (pst_sound *)shared;
    for (uint32_t c = 0; c < sound->n_channels; ++c)
        if (sound->channels[c] != NULL)
            pst_free(sound->channels[c] - PST_CACHE_LINE_BYTES / sizeof(float));
    pst_free(sound);
}

pst_status pst_sound_create(pst_sound **sound, const float *const *channels, uint32_t n_channels,
                            int64_t n_frames, double rate_hz, pst_error *err) {
    if (n_channels < 1 || n_channels > PST_GRAPH_MAX_CHANNELS)
        return pst_fail(err, PST_BAD_ARGUMENT, 0, "n_channels is %u; it must be from 1 to %d",
                        n_channels, PST_GRAPH_MAX_CHANNELS);
    if (n_frames < 1)
        return pst_fail(err, PST_BAD_ARGUMENT, 0, "n_frames is %lld; it must be at least 1",
                        (long long)n_frames);
    if (!(rate_hz >= 3000.0 && rate_hz <= 768000.0))
        return pst_fail(err, PST_BAD_ARGUMENT, 0, "rate_hz is %g; it must be from 3000 to 768000",
                        rate_hz);
    pst_sound *made = pst_alloc(sizeof *made + n_channels * sizeof(float *));
    if (made == NULL)
        return pst_fail_memory(err);
    pst_shared_init(&made->shared, destroy_sound);
    made->n_channels = n_channels;
    made->n_frames = n_frames;
    made->rate_hz = rate_hz;
    // A line in front keeps the planes aligned.
    const size_t margin = PST_CACHE_LINE_BYTES / sizeof(float);
    const size_t n = (size_t)n_frames;
    for (uint32_t c = 0; c < n_channels; ++c) {
        float *plane = pst_alloc_array(n + 2 * margin, sizeof(float));
        if (plane == NULL) {
            destroy_sound(&made->shared);
            return pst_fail_memory(err);
        }
        made->channels[c] = plane + margin;
        memcpy(made->channels[c], channels[c], n * sizeof(float));
        made->channels[c][n] = channels[c][n - 1];
    }
    *sound = made;
    return PST_OK;
}

void pst_sound_retain(pst_sound *sound) PST_RT {
    pst_shared_retain(&sound->shared);
}

void pst_sound_release(pst_sound *sound) {
    pst_shared_release((pst_shared *)sound);
}

static void destroy_hold(pst_shared *shared) {
    pst_ring_release(((pst_ring_hold *)shared)->ring);
    pst_free(shared);
}

pst_ring_hold *pst_ring_hold_create(pst_ring *ring) {
    pst_ring_hold *hold = pst_alloc(sizeof *hold);
    if (hold == NULL)
        return NULL;
    pst_shared_init(&hold->shared, destroy_hold);
    pst_ring_retain(ring);
    hold->ring = ring;
    return hold;
}
