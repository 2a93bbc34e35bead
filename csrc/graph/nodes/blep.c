// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "graph/nodes/blep.h"

#include <math.h>

enum { REACH = 2 }; // Frames to each side of an edge.

// Phases as whole numbers and parts: a phase is less than 64 cycles from the first one, and what is
// above 0 is rounded down when it becomes an integer.
double pst_blep_phases(double *phases, double phase, double step, uint32_t n) PST_RT {
    for (uint32_t i = 0; i < n; ++i) {
        const double sum = phase + 64.0 + (double)(int32_t)i * step;
        phases[i] = sum - (double)(int32_t)sum;
    }
    const double next = phase + 64.0 + (double)n * step;
    return next - (double)(int32_t)next;
}

double pst_blep_phases_moving(double *phases, double phase, const double *steps,
                              uint32_t n) PST_RT {
    for (uint32_t i = 0; i < n; ++i) {
        phases[i] = phase;
        const double next = phase + steps[i];
        phase = next >= 1.0 ? next - 1.0 : next < 0.0 ? next + 1.0 : next;
        phase = phase < 1.0 ? phase : 0.0; // What was a little below 0 is rounded to 1.
    }
    return phase;
}

// What a jump by 1 lacks, u frames after it; and a corner by 1. Nothing from two frames on.
static double jump_at(double u) PST_RT {
    const double x = fabs(u);
    const double y = 2.0 - x;
    const double size =
        x >= 1.0 ? y * y * y * y / -24.0 : (((3.0 * x - 8.0) * x * x + 16.0) * x - 12.0) / 24.0;
    return u < 0.0 ? -size : size;
}

static double corner_at(double u) PST_RT {
    const double x = fabs(u);
    const double y = 2.0 - x;
    return (x >= 1.0 ? y * y * y * y * y
                     : ((3.0 * x - 10.0) * x * x * x + 40.0 * x - 60.0) * x + 28.0) /
           120.0;
}

static float lack_at(const pst_edge *edge, double frames, double step) PST_RT {
    double sum = 0.0;
    if (edge->jump != 0.0)
        sum += edge->jump * jump_at(frames);
    if (edge->corner != 0.0)
        sum += edge->corner * step * corner_at(frames);
    return (float)sum;
}

// How far the phase is beyond the edge, at most half a period to each side.
static double beyond(double phase, double edge) PST_RT {
    const double way = phase - edge;
    return way >= 0.5 ? way - 1.0 : way < -0.5 ? way + 1.0 : way;
}

// With less than eight frames in a period, the next edges of the same kind may be near as well.
static float lack_of_many(const pst_edge *edge, double way, double step) PST_RT {
    float sum = 0.0f;
    for (int k = -1; k <= 1; ++k) {
        const double frames = (way + k) / step;
        if (fabs(frames) < REACH)
            sum += lack_at(edge, frames, step);
    }
    return sum;
}

// How many frames can be passed over, at least one.
static uint32_t frames_to_next(double way, double step, bool is_forward) PST_RT {
    const double to_go = is_forward ? (way < 0.0 ? -way : 1.0 - way) : way > 0.0 ? way : 1.0 + way;
    const double frames = to_go / step - REACH;
    return frames < 1.0 ? 1 : frames < PST_BLEP_STRETCH ? (uint32_t)frames : PST_BLEP_STRETCH;
}

void pst_blep_smooth(float *plane, const double *phases, const double *steps, bool is_steady,
                     uint32_t n, const pst_edge *edges, uint32_t n_edges) PST_RT {
    for (uint32_t e = 0; e < n_edges; ++e)
        for (uint32_t i = 0; i < n;) {
            // A wave that goes backwards jumps the other way, and is smoothed to the same.
            const double step = fabs(steps[i]);
            const double way = beyond(phases[i], edges[e].at);
            const bool is_near = fabs(way) < REACH * step;
            if (step >= 0.125)
                plane[i] += lack_of_many(&edges[e], way, step);
            else if (is_near)
                plane[i] += lack_at(&edges[e], way / step, step);
            if (is_near || !is_steady || step < 1e-9)
                ++i;
            else
                i += frames_to_next(way, step, steps[i] > 0.0);
        }
}
