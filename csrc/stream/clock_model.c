// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "stream/clock_model.h"

#include <math.h>

#include "base/clock.h"

enum {
    WINDOW_CALLBACKS = 4, // At least so many make a window.
    SLOPE_POINTS = 5,     // So many make a rate: a second.
    STRANGE_WINDOWS = 8   // So many in a row are the truth.
};
static const int64_t window_ns = 250 * PST_NS_PER_MS;

void pst_clock_model_init(pst_clock_model *model, double samplerate_hz) PST_RT {
    *model = (pst_clock_model){0};
    model->nominal_ns = (double)PST_NS_PER_SECOND / samplerate_hz;
    model->ns_per_frame = model->nominal_ns;
    model->error_ns = (double)INFINITY;
}

void pst_clock_model_restart(pst_clock_model *model) PST_RT {
    model->begun = false;
    model->n_points = 0;
    model->n_strange = 0;
}

static double smaller(double a, double b) PST_RT {
    return a < b ? a : b;
}

static double larger(double a, double b) PST_RT {
    return a > b ? a : b;
}

static int64_t whole_ns(double ns) PST_RT {
    return (int64_t)(ns < 0.0 ? ns - 0.5 : ns + 0.5);
}

int64_t pst_clock_model_ns(const pst_clock_model *model, int64_t frame) PST_RT {
    return model->anchor.ns + whole_ns((double)(frame - model->anchor.frame) * model->ns_per_frame);
}

double pst_clock_model_drift_ppm(const pst_clock_model *model) PST_RT {
    return (model->nominal_ns / model->ns_per_frame - 1.0) * 1e6;
}

static void begin_window(pst_clock_model *model, int64_t now_ns) PST_RT {
    model->window_start_ns = now_ns;
    model->window_callbacks = 0;
}

// Least squares over the points there are, relative to the newest, where numbers are small.
static void fit_line(pst_clock_model *model) PST_RT {
    const uint32_t n = model->n_points < PST_CLOCK_POINTS ? model->n_points : PST_CLOCK_POINTS;
    const pst_clock_point newest = model->points[(model->n_points - 1) % PST_CLOCK_POINTS];
    double sum_x = 0.0, sum_y = 0.0, sum_xx = 0.0, sum_xy = 0.0, sum_yy = 0.0;
    for (uint32_t i = 0; i < n; ++i) {
        const double x = (double)(model->points[i].frame - newest.frame);
        const double y = (double)(model->points[i].ns - newest.ns) - x * model->nominal_ns;
        sum_x += x;
        sum_y += y;
        sum_xx += x * x;
        sum_xy += x * y;
        sum_yy += y * y;
    }
    const double spread = n * sum_xx - sum_x * sum_x;
    if (n >= SLOPE_POINTS && spread > 0.0) {
        const double slope = (n * sum_xy - sum_x * sum_y) / spread;
        const double bound = 0.05 * model->nominal_ns;
        model->ns_per_frame = model->nominal_ns + larger(-bound, smaller(bound, slope));
        // What the line leaves of the points' own spread, squared, for n - 2 free numbers.
        const double rest = larger(0.0, sum_yy - sum_y * sum_y / n - slope * slope * spread / n);
        model->error_ns = sqrt(rest / (n - 2) * n / spread);
    }
    // The line goes through the middle of the points, whatever its slope.
    const double rest = model->ns_per_frame - model->nominal_ns;
    model->anchor.frame = newest.frame;
    model->anchor.ns = newest.ns + whole_ns((sum_y - rest * sum_x) / n);
}

static void end_window(pst_clock_model *model) PST_RT {
    const double offset = model->window_offset_ns;
    const bool strange =
        model->n_points >= SLOPE_POINTS && (offset > model->limit_ns || offset < -model->limit_ns);
    if (strange && ++model->n_strange < STRANGE_WINDOWS)
        return;
    if (strange)
        model->n_points = 0;
    model->n_strange = 0;
    model->points[model->n_points++ % PST_CLOCK_POINTS] = model->window_best;
    if (model->n_points == 2 * PST_CLOCK_POINTS) // Keeps the place in the array, never wraps.
        model->n_points = PST_CLOCK_POINTS;
    fit_line(model);
}

void pst_clock_model_update(pst_clock_model *model, int64_t frame, uint32_t n_frames,
                            int64_t now_ns) PST_RT {
    if (!model->begun) {
        model->begun = true;
        model->anchor = (pst_clock_point){frame, now_ns};
        begin_window(model, now_ns);
    }
    double offset = (double)(now_ns - pst_clock_model_ns(model, frame));
    bool is_earliest = model->window_callbacks == 0 || offset < model->window_offset_ns;
    // Until there is a first point the line follows every early callback at once.
    if (model->n_points == 0 && offset < 0.0) {
        model->anchor = (pst_clock_point){frame, now_ns};
        is_earliest = true;
        offset = 0.0;
    }
    if (is_earliest) {
        model->window_offset_ns = offset;
        model->window_best = (pst_clock_point){frame, now_ns};
    }
    const double block_ns = n_frames * model->nominal_ns;
    model->limit_ns = larger(2e6, smaller(20e6, 0.5 * block_ns));
    ++model->window_callbacks;
    if (now_ns - model->window_start_ns >= window_ns &&
        model->window_callbacks >= WINDOW_CALLBACKS) {
        end_window(model);
        begin_window(model, now_ns);
    }
}
