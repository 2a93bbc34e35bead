// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_TESTS_EFFECT_MODEL_H
#define PST_TESTS_EFFECT_MODEL_H

#include <math.h>
#include <stdlib.h>

#include "pastream/effects.h"

// What each effect should make of one channel, computed in float64 from the definition, as slowly
// as that is.

static inline void model_delay(double *y, const double *x, int n, int n_delay) {
    for (int i = 0; i < n; ++i)
        y[i] = i < n_delay ? 0.0 : x[i - n_delay];
}

static inline void model_fir(double *y, const double *x, int n, const double *taps, int n_taps) {
    for (int i = 0; i < n; ++i) {
        y[i] = 0.0;
        for (int k = 0; k < n_taps && k <= i; ++k)
            y[i] += taps[k] * x[i - k];
    }
}

// Direct form I.
static inline void model_iir(double *y, const double *x, int n, const double *sos, int n_sections) {
    for (int i = 0; i < n; ++i)
        y[i] = x[i];
    for (int s = 0; s < n_sections; ++s, sos += 6) {
        double x1 = 0.0, x2 = 0.0, y1 = 0.0, y2 = 0.0;
        for (int i = 0; i < n; ++i) {
            const double x0 = y[i];
            const double y0 =
                (sos[0] * x0 + sos[1] * x1 + sos[2] * x2 - sos[4] * y1 - sos[5] * y2) / sos[3];
            x2 = x1;
            x1 = x0;
            y2 = y1;
            y1 = y0;
            y[i] = y0;
        }
    }
}

static inline double model_curve(const pst_compressor_config *c, double level) {
    const double knee = c->knee_width_db, over = level - c->threshold_db;
    if (c->expansion_ratio > 1.0 && level < c->expansion_threshold_db)
        return c->expansion_threshold_db + (level - c->expansion_threshold_db) * c->expansion_ratio;
    if (over <= -knee / 2.0)
        return level;
    if (over >= knee / 2.0)
        return c->threshold_db + over / c->ratio;
    return level + (1.0 / c->ratio - 1.0) * pow(over + knee / 2.0, 2.0) / (2.0 * knee);
}

static inline void model_compressor(double *y, const double *x, int n,
                                    const pst_compressor_config *c) {
    double peak = 0.0;
    for (int i = 0; i < n; ++i) {
        const double now = fabs(x[i]), time = now >= peak ? c->attack_s : c->release_s;
        const double kept = time > 0.0 ? exp(-1.0 / (time * c->rate_hz)) : 0.0;
        peak = kept * peak + (1.0 - kept) * now;
        const double level = 20.0 * log10(fmax(peak, 1e-12));
        y[i] = x[i] * pow(10.0, (model_curve(c, level) - level + c->master_gain_db) / 20.0);
    }
}

// Gains of all channels for n frames and n_ahead more, of the frame's loudest samples.
static inline void model_limiter(double *gains, const double *peaks, int n, int n_ahead,
                                 double ceiling, double kept) {
    const int n_all = n + n_ahead;
    double *going = calloc((size_t)n_all, sizeof *going);
    double now = 1.0;
    for (int i = 0; i < n_all; ++i) {
        double least = 1.0;
        for (int k = i; k >= 0 && k >= i - n_ahead; --k)
            if (k < n && peaks[k] > ceiling)
                least = fmin(least, ceiling / peaks[k]);
        now = least < now ? least : least - (least - now) * kept;
        going[i] = now;
    }
    for (int i = 0; i < n; ++i) {
        gains[i] = 0.0;
        for (int k = i; k <= i + n_ahead; ++k)
            gains[i] += going[k] / (n_ahead + 1);
    }
    free(going);
}

#endif
