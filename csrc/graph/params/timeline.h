// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_GRAPH_TIMELINE_H
#define PST_GRAPH_TIMELINE_H

#include "graph/data/shared.h"
#include "pastream/param.h"

// How the value of a param goes in time, on both sides.
//
// The control side keeps events, in order, and their rules. From them it makes a track: a row of
// closed formulas, each from one frame to the next one's. A track holds all that is needed to tell
// the value at any time, so the renderer keeps nothing but a place in it, and can be given another
// one at any time.

typedef enum pst_segment_kind {
    PST_SEGMENT_FLAT = 0,        // v0
    PST_SEGMENT_LINEAR = 1,      // v0 + (v1 - v0) (t - t0) / span
    PST_SEGMENT_EXPONENTIAL = 2, // v0 (v1 / v0)^((t - t0) / span)
    PST_SEGMENT_TARGET = 3,      // v1 + (v0 - v1) e^(-(t - t0) / span)
    PST_SEGMENT_CURVE = 4        // curve at (n - 1) (t - t0) / span, linear between its values.
} pst_segment_kind;

typedef struct pst_segment {
    int64_t first; // The first frame for which it holds.
    pst_segment_kind kind;
    double t0;
    double span;
    double v0;
    double v1;
    pst_numbers *curve;
} pst_segment;

// Returns its value at a time of its own.
double pst_segment_value(const pst_segment *segment, double time_s) PST_RT;

// What the renderer reads. Shared. There is a flat segment at the end, and the first one has
// INT64_MIN as first frame.
typedef struct pst_track {
    pst_shared shared;
    double rate_hz;
    uint32_t n;
    pst_segment segments[];
} pst_track;

typedef enum pst_mark_kind {
    PST_MARK_SET = 0,
    PST_MARK_LINEAR = 1,
    PST_MARK_EXPONENTIAL = 2,
    PST_MARK_TARGET = 3,
    PST_MARK_CURVE = 4,
    PST_MARK_STAY = 5 // Keeps the value that there is.
} pst_mark_kind;

typedef struct pst_mark {
    pst_mark_kind kind;
    double time_s; // Of ramps: their end.
    double end_s;  // Of curves: where they end, or were cut.
    double value;
    double span_s; // Time constant of targets; duration of curves, cut or not.
    pst_numbers *curve;
} pst_mark;

// The control side's. Not safe by itself.
typedef struct pst_param_timeline {
    double rate_hz;
    double initial; // Before the first event.
    pst_mark *events;
    uint32_t n;
    uint32_t capacity;
} pst_param_timeline;

void pst_param_timeline_init(pst_param_timeline *timeline, double initial, double rate_hz);
void pst_param_timeline_deinit(pst_param_timeline *timeline);

// Returns as pst_param_automate. now_s: what times in the past become.
pst_status pst_param_timeline_automate(pst_param_timeline *timeline,
                                       const pst_automation *automation, double now_s,
                                       pst_error *err);

// Returns the value at a time.
double pst_param_timeline_value(const pst_param_timeline *timeline, double time_s);

// Forgets what is over at a time and has no effect on what comes.
void pst_param_timeline_forget(pst_param_timeline *timeline, double time_s);

// Returns a track with one reference, or NULL if there is no memory.
PST_NODISCARD pst_track *pst_param_timeline_track(const pst_param_timeline *timeline);

// Returns the first frame n with n / rate >= time, both as doubles; INT64_MAX: there is none.
int64_t pst_first_frame(double time_s, double rate_hz) PST_RT;

#endif
