// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "graph/render/bus.h"

#include <assert.h>
#include <string.h>

float *const *pst_bus_open(pst_bus *bus, uint32_t n_channels) PST_RT {
    assert(n_channels >= 1 && n_channels <= bus->capacity);
    bus->channels = bus->own;
    bus->n_channels = n_channels < bus->capacity ? n_channels : bus->capacity;
    bus->is_active = true;
    bus->is_silent = false;
    return bus->own;
}

float *const *pst_bus_open_zeroed(pst_bus *bus, uint32_t n_channels) PST_RT {
    pst_bus_open(bus, n_channels);
    for (uint32_t c = 0; c < bus->n_channels; ++c)
        memset(bus->own[c], 0, bus->n_frames * sizeof(float));
    return bus->own;
}

void pst_bus_silence(pst_bus *bus, uint32_t n_channels) PST_RT {
    bus->channels = bus->zeros;
    bus->n_channels = n_channels;
    bus->is_active = true;
    bus->is_silent = true;
}

void pst_bus_pass(pst_bus *bus, const pst_bus *input) PST_RT {
    bus->channels = input->channels;
    bus->n_channels = input->n_channels;
    bus->is_active = true;
    bus->is_silent = input->is_silent;
}

void pst_bus_show(pst_bus *bus, float *const *planes, uint32_t n_channels) PST_RT {
    bus->channels = planes;
    bus->n_channels = n_channels;
    bus->is_active = true;
    bus->is_silent = false;
}

void pst_bus_rest(pst_bus *bus) PST_RT {
    pst_bus_silence(bus, 1);
    bus->is_active = false;
}

// ---- Mixing -------------------------------------------------------------------------------------

// What one source channel gives to one destination channel.
typedef struct path {
    uint8_t to;
    uint8_t from;
    float gain;
} path;

typedef struct layout {
    uint8_t n_from;
    uint8_t n_to;
    uint8_t n_paths;
    path paths[8];
} layout;

// Orders: L R; L R SL SR; L R C LFE SL SR.
#define HALF_POWER 0.70710678118654752440f
static const layout layouts[] = {
    {1, 2, 2, {{0, 0, 1}, {1, 0, 1}}},
    {1, 4, 2, {{0, 0, 1}, {1, 0, 1}}},
    {1, 6, 1, {{2, 0, 1}}},
    {2, 4, 2, {{0, 0, 1}, {1, 1, 1}}},
    {2, 6, 2, {{0, 0, 1}, {1, 1, 1}}},
    {4, 6, 4, {{0, 0, 1}, {1, 1, 1}, {4, 2, 1}, {5, 3, 1}}},
    {2, 1, 2, {{0, 0, 0.5f}, {0, 1, 0.5f}}},
    {4, 1, 4, {{0, 0, 0.25f}, {0, 1, 0.25f}, {0, 2, 0.25f}, {0, 3, 0.25f}}},
    {6, 1, 5, {{0, 0, HALF_POWER}, {0, 1, HALF_POWER}, {0, 2, 1}, {0, 4, 0.5f}, {0, 5, 0.5f}}},
    {4, 2, 4, {{0, 0, 0.5f}, {0, 2, 0.5f}, {1, 1, 0.5f}, {1, 3, 0.5f}}},
    {6,
     2,
     6,
     {{0, 0, 1},
      {0, 2, HALF_POWER},
      {0, 4, HALF_POWER},
      {1, 1, 1},
      {1, 2, HALF_POWER},
      {1, 5, HALF_POWER}}},
    {6, 4, 6, {{0, 0, 1}, {0, 2, HALF_POWER}, {1, 1, 1}, {1, 2, HALF_POWER}, {2, 4, 1}, {3, 5, 1}}},
};

static const layout *find_layout(uint32_t n_from, uint32_t n_to) PST_RT {
    for (size_t i = 0; i < sizeof layouts / sizeof layouts[0]; ++i)
        if (layouts[i].n_from == n_from && layouts[i].n_to == n_to)
            return &layouts[i];
    return NULL;
}

typedef struct mixer {
    const pst_plane_kernels *kernels;
    float *const *to;
    const pst_bus *from;
    size_t n;
    uint32_t written; // A bit per channel that holds something already.
} mixer;

static void take_path(mixer *m, path p) PST_RT {
    float *to = m->to[p.to];
    const float *from = m->from->channels[p.from];
    const bool adds = (m->written >> p.to & 1) != 0;
    m->written |= UINT32_C(1) << p.to;
    if (p.gain == 1.0f) {
        if (adds)
            m->kernels->add(to, from, m->n);
        else
            memcpy(to, from, m->n * sizeof(float));
    } else if (adds)
        m->kernels->add_scaled(to, from, p.gain, m->n);
    else
        m->kernels->scale(to, from, p.gain, m->n);
}

void pst_bus_mix(const pst_plane_kernels *kernels, float *const *to, uint32_t n_to,
                 const pst_bus *from, pst_mixing mixing, bool adds) PST_RT {
    const uint32_t all = n_to == 32 ? UINT32_MAX : (UINT32_C(1) << n_to) - 1;
    mixer m = {kernels, to, from, from->n_frames, adds ? all : 0};
    if (!from->is_silent) {
        const layout *found = NULL;
        if (mixing == PST_MIXING_SPEAKERS && from->n_channels != n_to)
            found = find_layout(from->n_channels, n_to);
        if (found != NULL)
            for (uint32_t i = 0; i < found->n_paths; ++i)
                take_path(&m, found->paths[i]);
        else
            for (uint32_t c = 0; c < n_to && c < from->n_channels; ++c)
                take_path(&m, (path){(uint8_t)c, (uint8_t)c, 1.0f});
    }
    for (uint32_t c = 0; c < n_to; ++c)
        if ((m.written >> c & 1) == 0)
            memset(to[c], 0, m.n * sizeof(float));
}

float pst_bus_gain(uint32_t n_from, uint32_t from, uint32_t n_to, uint32_t to) PST_RT {
    const layout *found = find_layout(n_from, n_to);
    if (found == NULL)
        return from == to ? 1.0f : 0.0f;
    for (uint32_t i = 0; i < found->n_paths; ++i)
        if (found->paths[i].from == from && found->paths[i].to == to)
            return found->paths[i].gain;
    return 0.0f;
}
