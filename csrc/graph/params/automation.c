// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "graph/params/automation.h"

#include <float.h>
#include <math.h>

const pst_segment *pst_track_find(const pst_track *track, uint32_t *place, int64_t frame) PST_RT {
    uint32_t i = *place;
    while (i + 1 < track->n && track->segments[i + 1].first <= frame)
        ++i;
    *place = i;
    return &track->segments[i];
}

// How far a target still is, if that is more than float32 can tell; else 0.
static double distance(const pst_segment *s, double time_s) PST_RT {
    const double left = (s->v0 - s->v1) * exp(-(time_s - s->t0) / s->span);
    return fabs(left) > fabs(s->v1) * 0x1p-27 && fabs(left) > (double)FLT_MIN ? left : 0.0;
}

static bool is_flat(const pst_segment *s, double time_s) PST_RT {
    return s->kind == PST_SEGMENT_FLAT ||
           (s->kind == PST_SEGMENT_TARGET && distance(s, time_s) == 0.0);
}

float pst_track_value(const pst_track *track, uint32_t *place, int64_t frame) PST_RT {
    const pst_segment *s = pst_track_find(track, place, frame);
    return (float)pst_segment_value(s, (double)frame / track->rate_hz);
}

bool pst_track_is_over(const pst_track *track, uint32_t *place, int64_t frame) PST_RT {
    const pst_segment *s = pst_track_find(track, place, frame);
    return *place + 1 == track->n && is_flat(s, (double)frame / track->rate_hz);
}

// ---- Blocks -------------------------------------------------------------------------------------

// Factors grow from every so manieth frame of the segment on, wherever the block begins.
enum { GRID = 64 };

// Writes offset + scale e^(slope (t - t0)).
static void fill_factors(float *values, int64_t frame, uint32_t n, double rate_hz,
                         const pst_segment *s, double slope_hz, double scale,
                         double offset) PST_RT {
    const double ratio = exp(slope_hz / rate_hz);
    const double ratio4 = ratio * ratio * (ratio * ratio);
    uint32_t done = 0;
    while (done < n) {
        const int64_t at = frame + done;
        const uint32_t skip = (uint32_t)((at - s->first) & (GRID - 1));
        const int64_t grid = at - skip;
        double lanes[4];
        lanes[0] = scale * exp(slope_hz * ((double)grid / rate_hz - s->t0));
        for (int k = 1; k < 4; ++k)
            lanes[k] = lanes[k - 1] * ratio;
        float row[GRID];
        for (uint32_t i = 0; i < GRID; i += 4)
            for (uint32_t k = 0; k < 4; ++k) {
                row[i + k] = (float)(offset + lanes[k]);
                lanes[k] *= ratio4;
            }
        const uint32_t n_row = n - done < GRID - skip ? n - done : GRID - skip;
        for (uint32_t i = 0; i < n_row; ++i)
            values[done + i] = row[skip + i];
        done += n_row;
    }
}

static void fill_linear(float *values, int64_t frame, uint32_t n, double rate_hz,
                        const pst_segment *s) PST_RT {
    const double slope = (s->v1 - s->v0) / s->span;
    const double per_frame = slope / rate_hz;
    const double base = s->v0 - slope * s->t0;
    for (uint32_t i = 0; i < n; ++i)
        values[i] = (float)(base + per_frame * (double)(frame + i));
}

static void fill_curve(float *values, int64_t frame, uint32_t n, double rate_hz,
                       const pst_segment *s) PST_RT {
    for (uint32_t i = 0; i < n; ++i)
        values[i] = (float)pst_segment_value(s, (double)(frame + i) / rate_hz);
}

static void fill_part(float *values, int64_t frame, uint32_t n, double rate_hz,
                      const pst_segment *s) PST_RT {
    switch (s->kind) {
    case PST_SEGMENT_FLAT:
        for (uint32_t i = 0; i < n; ++i)
            values[i] = (float)s->v0;
        break;
    case PST_SEGMENT_LINEAR:
        fill_linear(values, frame, n, rate_hz, s);
        break;
    case PST_SEGMENT_EXPONENTIAL:
        fill_factors(values, frame, n, rate_hz, s, log(s->v1 / s->v0) / s->span, s->v0, 0.0);
        break;
    case PST_SEGMENT_TARGET:
        if (distance(s, (double)frame / rate_hz) == 0.0)
            for (uint32_t i = 0; i < n; ++i)
                values[i] = (float)s->v1;
        else
            fill_factors(values, frame, n, rate_hz, s, -1.0 / s->span, s->v0 - s->v1, s->v1);
        break;
    case PST_SEGMENT_CURVE:
        fill_curve(values, frame, n, rate_hz, s);
        break;
    }
}

bool pst_track_fill(const pst_track *track, uint32_t *place, int64_t frame, uint32_t n_frames,
                    float *values) PST_RT {
    const double time_s = (double)frame / track->rate_hz;
    const pst_segment *s = pst_track_find(track, place, frame);
    const bool goes_on = *place + 1 == track->n || s[1].first >= frame + n_frames;
    if (goes_on && is_flat(s, time_s)) {
        values[0] = (float)(s->kind == PST_SEGMENT_FLAT ? s->v0 : s->v1);
        return true;
    }
    uint32_t done = 0;
    while (done < n_frames) {
        s = pst_track_find(track, place, frame + done);
        uint32_t n = n_frames - done;
        if (*place + 1 < track->n && s[1].first - (frame + done) < n)
            n = (uint32_t)(s[1].first - (frame + done));
        fill_part(values + done, frame + done, n, track->rate_hz, s);
        done += n;
    }
    return false;
}
