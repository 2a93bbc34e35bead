// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include <math.h>
#include <string.h>

#include "core/kernels/kernels.h"
#include "core/kernels/natural.h"
#include "graph/kinds.h"

// Noise that is the same each time: sample n of a seed is a number of its own, and colours are
// filters that begin with the sound.

enum { TYPE = 0, SEED = 1 };
enum { WHITE = 0, PINK = 1, BROWN = 2 };

static const char *const types[] = {"white", "pink", "brown", NULL};

static const pst_attribute_info attributes[] = {
    [TYPE] = {.name = "type", .kind = PST_ATTRIBUTE_CHOICE, .choices = types},
    [SEED] = {.name = "seed", .kind = PST_ATTRIBUTE_INTEGER, .max = UINT32_MAX, .is_fixed = true},
};

// A pole and a zero in turn, over all frequencies from 1/5000 of the rate on, make a slope of
// 3 dB per octave that bends by 0.07 dB. The numbers were found by search.
enum { N_POLES = 6, N_SECTIONS = N_POLES / 2, STRETCH = 64 };
static const double poles[N_POLES] = {0.99886261, 0.99331216, 0.97282598,
                                      0.88346982, 0.52465088, -0.35718624};
static const double zeros[N_POLES] = {0.99698493, 0.98627957, 0.94469811,
                                      0.75694277, 0.18527012, -0.44314642};
#define PINK_GAIN 1.8531471 // What they do to the power of white noise, as its root.

#define BROWN_HZ 20.0      // Below, it is white.
#define COLOURED_LEVEL 0.2 // Root of the mean square: so that next to nothing is beyond 1.
#define WHITE_LEVEL 0.57735026918962576 // The same of white noise.

typedef struct noise {
    uint32_t seed_key;
    uint64_t n_done; // Samples.
    pst_section pink[N_SECTIONS];
    pst_section brown;
    double memory[2 * N_SECTIONS];
} noise;

static uint32_t mixed(uint32_t x) PST_RT {
    x = (x ^ x >> 16) * 0x7FEB352Du;
    x = (x ^ x >> 15) * 0x846CA68Bu;
    return x ^ x >> 16;
}

static pst_status init(pst_unit *unit, pst_error *err) {
    (void)err;
    noise *self = unit->state;
    self->seed_key = mixed((uint32_t)unit->slots[SEED].number + 0x9E3779B9u);
    for (int i = 0; i < N_SECTIONS; ++i) {
        const double *p = poles + 2 * i, *z = zeros + 2 * i;
        const double gain = i == 0 ? COLOURED_LEVEL / (PINK_GAIN * WHITE_LEVEL) : 1.0;
        self->pink[i] = (pst_section){.b0 = gain,
                                      .b1 = -gain * (z[0] + z[1]),
                                      .b2 = gain * z[0] * z[1],
                                      .a1 = -(p[0] + p[1]),
                                      .a2 = p[0] * p[1]};
    }
    const double pole = pst_power_of_e(-6.283185307179586 * BROWN_HZ / unit->rate_hz);
    self->brown =
        (pst_section){.b0 = COLOURED_LEVEL / WHITE_LEVEL * sqrt(1.0 - pole * pole), .a1 = -pole};
    return PST_OK;
}

// The memory is that of another colour.
static void changed(pst_unit *unit, uint32_t attribute, const pst_slot *old) PST_RT {
    (void)attribute;
    (void)old;
    noise *self = unit->state;
    memset(self->memory, 0, sizeof self->memory);
}

// Up to where the count of 32 bits begins anew; then the keys change.
static uint32_t write_white(noise *self, const pst_quantum *q, float *to, uint32_t n) PST_RT {
    const uint32_t first = (uint32_t)self->n_done, high = (uint32_t)(self->n_done >> 32);
    const uint32_t keys[2] = {self->seed_key, mixed(self->seed_key ^ (high + 0x85157AF5u))};
    const uint64_t left = UINT64_C(0x100000000) - first;
    if (n > left)
        n = (uint32_t)left;
    q->kernels->noise(to, keys, first, n);
    self->n_done += n;
    return n;
}

static void colour(noise *self, double type, float *plane, uint32_t n) PST_RT {
    double frames[STRETCH];
    const bool is_pink = type == PINK;
    for (uint32_t i = 0; i < n; i += STRETCH) {
        const uint32_t n_here = n - i < STRETCH ? n - i : STRETCH;
        for (uint32_t k = 0; k < n_here; ++k)
            frames[k] = (double)plane[i + k];
        pst_kernels_now()->filter->run_sections(is_pink ? self->pink : &self->brown,
                                                is_pink ? N_SECTIONS : 1, self->memory, frames,
                                                n_here, 1);
        for (uint32_t k = 0; k < n_here; ++k)
            plane[i + k] = (float)frames[k];
    }
}

static void process(pst_unit *unit, const pst_quantum *q) PST_RT {
    noise *self = unit->state;
    const double type = unit->slots[TYPE].number;
    float *plane = pst_bus_open(&q->outputs[0], 1)[0];
    memset(plane, 0, q->first * sizeof *plane);
    memset(plane + q->end, 0, (q->n_frames - q->end) * sizeof *plane);
    for (uint32_t i = q->first; i < q->end;)
        i += write_white(self, q, plane + i, q->end - i);
    if (type != WHITE)
        colour(self, type, plane + q->first, q->end - q->first);
}

const pst_kind pst_kind_noise = {
    .info =
        {
            .name = "noise",
            .n_outputs = 1,
            .output_channels = 1,
            .channel_count = 2,
            .is_source = true,
            .attributes = attributes,
            .n_attributes = PST_COUNT_OF(attributes),
        },
    .state_bytes = sizeof(noise),
    .init = init,
    .changed = changed,
    .process = process,
};
