// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "graph/data/shared.h"
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
    pst_free(sound->samples);
    pst_free(sound);
}

enum { LINE = PST_CACHE_LINE_BYTES / sizeof(float) }; // In front of each plane: keeps it aligned.

// Floats from one plane to the next.
static size_t stride_of(int64_t n_frames) {
    return ((size_t)n_frames + LINE) / LINE * LINE + LINE;
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
    const size_t stride = stride_of(n_frames);
    const bool fits = stride <= (SIZE_MAX - LINE) / n_channels;
    made->samples = fits ? pst_alloc_array(stride * n_channels + LINE, sizeof(float)) : NULL;
    if (made->samples == NULL) {
        destroy_sound(&made->shared);
        return pst_fail_memory(err);
    }
    for (uint32_t c = 0; c < n_channels; ++c) {
        made->channels[c] = made->samples + LINE + c * stride;
        if (channels != NULL)
            memcpy(made->channels[c], channels[c], (size_t)n_frames * sizeof(float));
    }
    pst_sound_seal(made);
    *sound = made;
    return PST_OK;
}

void pst_sound_get_shape(const pst_sound *sound, pst_sound_shape *shape) PST_RT {
    *shape = (pst_sound_shape){.n_channels = sound->n_channels,
                               .n_frames = sound->n_frames,
                               .rate_hz = sound->rate_hz,
                               .stride_floats = (int64_t)stride_of(sound->n_frames)};
}

float *pst_sound_samples(pst_sound *sound) PST_RT {
    return sound->channels[0];
}

void pst_sound_seal(pst_sound *sound) PST_RT {
    for (uint32_t c = 0; c < sound->n_channels; ++c)
        sound->channels[c][sound->n_frames] = sound->channels[c][sound->n_frames - 1];
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
