// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "core/peak.h"

#include <string.h>

// Compilers turn a search for the largest integer into vector instructions, but not one for the
// largest float, where NaN would make the order count. The bits of positive floats are as large as
// the floats are.

enum { PIECE_SAMPLES = 1024 };

static const uint32_t no_sign = 0x7FFFFFFF;
static const uint32_t infinity_bits = 0x7F800000;

static double peak_of_floats(const float *samples, size_t n_samples) PST_RT {
    uint32_t most = 0;
    for (size_t i = 0; i < n_samples; ++i) {
        uint32_t bits;
        memcpy(&bits, &samples[i], sizeof bits);
        bits &= no_sign;
        bits = bits < infinity_bits ? bits : 0;
        most = bits > most ? bits : most;
    }
    float peak;
    memcpy(&peak, &most, sizeof peak);
    return (double)peak;
}

static double farther(double lowest, double highest, double full_scale) PST_RT {
    return (highest > -lowest ? highest : -lowest) / full_scale;
}

static double peak_of_shorts(const int16_t *samples, size_t n_samples) PST_RT {
    int16_t lowest = 0, highest = 0;
    for (size_t i = 0; i < n_samples; ++i) {
        lowest = samples[i] < lowest ? samples[i] : lowest;
        highest = samples[i] > highest ? samples[i] : highest;
    }
    return farther(lowest, highest, 32768.0);
}

static double peak_of_longs(const int32_t *samples, size_t n_samples) PST_RT {
    int32_t lowest = 0, highest = 0;
    for (size_t i = 0; i < n_samples; ++i) {
        lowest = samples[i] < lowest ? samples[i] : lowest;
        highest = samples[i] > highest ? samples[i] : highest;
    }
    return farther(lowest, highest, 2147483648.0);
}

typedef union piece {
    float floats[PIECE_SAMPLES];
    int16_t shorts[PIECE_SAMPLES];
    int32_t longs[PIECE_SAMPLES];
} piece;

double pst_peak_of(const void *data, pst_format format, size_t n_samples) PST_RT {
    const uint8_t *from = data;
    const size_t sample_bytes = pst_format_bytes(format);
    double peak = 0.0;
    while (n_samples > 0) {
        piece p; // Aligned, whatever data is.
        const size_t n = n_samples < PIECE_SAMPLES ? n_samples : PIECE_SAMPLES;
        double here;
        switch (format) {
        case PST_FORMAT_I16:
            memcpy(p.shorts, from, n * sizeof *p.shorts);
            here = peak_of_shorts(p.shorts, n);
            break;
        case PST_FORMAT_I32:
            memcpy(p.longs, from, n * sizeof *p.longs);
            here = peak_of_longs(p.longs, n);
            break;
        case PST_FORMAT_F32:
            memcpy(p.floats, from, n * sizeof *p.floats);
            here = peak_of_floats(p.floats, n);
            break;
        default:
            (void)pst_convert(p.floats, PST_FORMAT_F32, from, format, n, NULL);
            here = peak_of_floats(p.floats, n);
        }
        peak = here > peak ? here : peak;
        from += n * sample_bytes;
        n_samples -= n;
    }
    return peak;
}
