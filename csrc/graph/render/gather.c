// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "graph/render/gather.h"

static uint32_t lowest_bit(uint64_t bits) PST_RT {
#if defined(__GNUC__)
    return (uint32_t)__builtin_ctzll(bits);
#else
    uint32_t n = 0;
    for (; (bits & 1) == 0; bits >>= 1)
        ++n;
    return n;
#endif
}

// Goes through the active sources of a gather, in order.
typedef struct walk {
    const pst_gather *gather;
    uint32_t word;
    uint64_t bits; // Of the word, still to come.
} walk;

static walk walk_of(const pst_gather *gather) PST_RT {
    return (walk){gather, 0, gather->n_words > 0 ? gather->active[0] : 0};
}

static const pst_bus *next_source(walk *w) PST_RT {
    while (w->bits == 0) {
        if (++w->word >= w->gather->n_words)
            return NULL;
        w->bits = w->gather->active[w->word];
    }
    const uint32_t i = lowest_bit(w->bits);
    w->bits &= w->bits - 1;
    return w->gather->sources[64 * w->word + i];
}

// What the active sources of a gather have in common.
typedef struct crowd {
    bool is_active;
    uint32_t n_channels;     // Of the widest one.
    uint32_t n_sounding;     // Those that are not silent,
    uint32_t widest;         // the widest of these,
    const pst_bus *sounding; // and one of them.
} crowd;

static crowd look_at(const pst_gather *gather) PST_RT {
    crowd found = {.n_channels = 1};
    walk w = walk_of(gather);
    for (const pst_bus *source = next_source(&w); source != NULL; source = next_source(&w)) {
        const uint32_t n = source->n_channels;
        found.is_active = true;
        found.n_channels = n > found.n_channels ? n : found.n_channels;
        if (source->is_silent)
            continue;
        ++found.n_sounding;
        found.widest = n > found.widest ? n : found.widest;
        found.sounding = source;
    }
    return found;
}

static void mix(const pst_plane_kernels *kernels, const pst_gather *gather, uint32_t n_channels,
                pst_mixing mixing) PST_RT {
    float *const *planes = pst_bus_open(gather->bus, n_channels);
    bool adds = false;
    walk w = walk_of(gather);
    for (const pst_bus *source = next_source(&w); source != NULL; source = next_source(&w)) {
        if (source->is_silent)
            continue;
        pst_bus_mix(kernels, planes, n_channels, source, mixing, adds);
        adds = true;
    }
}

// Mono becomes stereo as late as can be, and without a copy.
static void mix_mono_to_stereo(const pst_plane_kernels *kernels, pst_gather *gather,
                               const crowd *found) PST_RT {
    float *plane = found->sounding->channels[0];
    if (found->n_sounding > 1) {
        mix(kernels, gather, 1, PST_MIXING_SPEAKERS);
        plane = gather->bus->own[0];
    }
    gather->twice[0] = plane;
    gather->twice[1] = plane;
    pst_bus_show(gather->bus, gather->twice, 2);
}

bool pst_gather_run(pst_gather *gather, const pst_plane_kernels *kernels,
                    const pst_channel_rules *rules) PST_RT {
    const crowd found = look_at(gather);
    if (!found.is_active) {
        pst_bus_rest(gather->bus);
        return false;
    }
    uint32_t n_channels = found.n_channels;
    if (rules->mode == PST_COUNT_EXPLICIT ||
        (rules->mode == PST_COUNT_CLAMPED_MAX && n_channels > rules->count))
        n_channels = rules->count;
    if (found.n_sounding == 0)
        pst_bus_silence(gather->bus, n_channels);
    else if (found.n_sounding == 1 && found.widest == n_channels)
        pst_bus_pass(gather->bus, found.sounding);
    else if (found.widest == 1 && n_channels == 2 && rules->mixing == PST_MIXING_SPEAKERS)
        mix_mono_to_stereo(kernels, gather, &found);
    else
        mix(kernels, gather, n_channels, rules->mixing);
    return true;
}
