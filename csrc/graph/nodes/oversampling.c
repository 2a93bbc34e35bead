// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "graph/nodes/oversampling.h"

#include <string.h>

enum {
    WIDE = PST_OVERSAMPLING_WIDE,
    NARROW = PST_OVERSAMPLING_NARROW,
    WIDE_PAIRS = WIDE / 2,
    NARROW_PAIRS = NARROW / 2
};

// Taps of the samples between two others, from the middle, and mirrored. The wide one is for twice
// the rate of the sound, the narrow one, which has more room to fall, for four times.
static const float wide_taps[WIDE_PAIRS] = {
    0.635961115f,     -0.210236579f,    0.124065757f,     -0.086433731f,   0.0650202185f,
    -0.0510156453f,   0.041041702f,     -0.033522021f,    0.0276290383f,   -0.0228806324f,
    0.0189833008f,    -0.0157404579f,   0.0130221006f,    -0.0107302265f,  0.0087968763f,
    -0.00716435956f,  0.00579184294f,   -0.00464028167f,  0.00368219567f,  -0.00288823224f,
    0.00223844731f,   -0.00170934061f,  0.00128595997f,   -0.00094891747f, 0.000687114487f,
    -0.000484509772f, 0.000333303236f,  -0.000220331902f, 0.000140704477f, -8.37739717e-05f,
    4.71881322e-05f,  -2.78275747e-05f,
};
static const float narrow_taps[NARROW_PAIRS] = {
    0.618760824f, -0.163772523f, 0.0608979128f, -0.0201689042f, 0.00495700352f, -0.000674330862f,
};

// A line is what came before, and then what is new: this is where that begins.
static float *wide_line(float *line, const float *past) PST_RT {
    memcpy(line, past, WIDE * sizeof *line);
    return line + WIDE;
}

static float *narrow_line(float *line, const float *past) PST_RT {
    memcpy(line, past, NARROW * sizeof *line);
    return line + NARROW;
}

// Keeps the last of n new ones.
static void keep_wide(float *past, const float *line, size_t n) PST_RT {
    memcpy(past, line + n - WIDE, WIDE * sizeof *past);
}

static void keep_narrow(float *past, const float *line, size_t n) PST_RT {
    memcpy(past, line + n - NARROW, NARROW * sizeof *past);
}

// n samples become twice as many, alternating: those between two of x, and these, as much later.
static void split(const pst_kernels *k, const float *taps, size_t n_pairs, float *between,
                  float *plain, const float *x, size_t n) PST_RT {
    k->filter->sum_mirrored(between, x, taps, n_pairs, n);
    memcpy(plain, x + 1 - n_pairs, n * sizeof *plain);
}

// The other way: the mean of what is between the samples of x, and of plain.
static void join(const pst_kernels *k, const float *taps, size_t n_pairs, float *y, const float *x,
                 const float *plain, size_t n) PST_RT {
    k->filter->sum_mirrored(y, x, taps, n_pairs, n);
    k->planes->mean(y, plain, n);
}

static void shape_by_four(const pst_kernels *k, pst_oversampling_past *past,
                          pst_oversampling_room *room, pst_oversampling_fn shape, void *user,
                          float *const *halved, size_t n) PST_RT {
    float *twice = narrow_line(room->twice, past->twice);
    float *first = narrow_line(room->shaped[0], past->shaped[0]);
    float *second = narrow_line(room->shaped[1], past->shaped[1]);
    k->planes->interleave(twice, halved[0], halved[1], n);
    split(k, narrow_taps, NARROW_PAIRS, first, second, twice, 2 * n);
    keep_narrow(past->twice, twice, 2 * n);
    shape(user, first, 2 * n);
    shape(user, second, 2 * n);
    join(k, narrow_taps, NARROW_PAIRS, twice, first, second - NARROW_PAIRS, 2 * n);
    keep_narrow(past->shaped[0], first, 2 * n);
    keep_narrow(past->shaped[1], second, 2 * n);
    k->planes->separate(halved[0], halved[1], twice, n);
}

void pst_oversampling_run(const pst_kernels *kernels, bool by_four, pst_oversampling_past *past,
                          pst_oversampling_room *room, pst_oversampling_fn shape, void *user,
                          float *y, const float *x, size_t n) PST_RT {
    float *plain = wide_line(room->plain, past->plain);
    float *const halved[2] = {wide_line(room->halved[0], past->halved[0]),
                              wide_line(room->halved[1], past->halved[1])};
    memcpy(plain, x, n * sizeof *x);
    split(kernels, wide_taps, WIDE_PAIRS, halved[0], halved[1], plain, n);
    keep_wide(past->plain, plain, n);
    // Four times as many are an odd number of samples later, twice the rate: there the two have
    // changed places.
    if (by_four) {
        shape_by_four(kernels, past, room, shape, user, halved, n);
        join(kernels, wide_taps, WIDE_PAIRS, y, halved[1], halved[0] + 1 - WIDE_PAIRS, n);
    } else {
        shape(user, halved[0], n);
        shape(user, halved[1], n);
        join(kernels, wide_taps, WIDE_PAIRS, y, halved[0], halved[1] - WIDE_PAIRS, n);
    }
    keep_wide(past->halved[0], halved[0], n);
    keep_wide(past->halved[1], halved[1], n);
}
