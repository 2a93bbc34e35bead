// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_STREAM_CLOCK_VIEW_H
#define PST_STREAM_CLOCK_VIEW_H

#include <stdatomic.h>

#include "pastream/base.h"

// The line of the clock model, as the callback shows it to the other threads.
typedef struct pst_clock_line {
    int64_t frame;       // This frame was handed over
    int64_t ns;          // at this time.
    double ns_per_frame; // 0: there was no callback yet.
    double error_ns;     // Standard error of that.
    double age_ns;       // So long before that it was taken, on the input.
    double delay_ns;     // So long after that it is heard, on the output.
} pst_clock_line;

enum { PST_CLOCK_VIEW_WORDS = 6 };

// Returns when a block that begins with this frame is handed over, in nanoseconds.
static inline double pst_clock_line_ns(const pst_clock_line *line, int64_t frame) PST_RT {
    return (double)line->ns + (double)(frame - line->frame) * line->ns_per_frame;
}

// Returns when a frame of the input is taken, in seconds; 0 if there was no callback yet.
static inline double pst_clock_line_input_s(const pst_clock_line *line, int64_t frame) PST_RT {
    return line->ns_per_frame > 0.0 ? (pst_clock_line_ns(line, frame) - line->age_ns) * 1e-9 : 0.0;
}

// Returns when a frame of the output is heard, in seconds; 0 if there was no callback yet.
static inline double pst_clock_line_output_s(const pst_clock_line *line, int64_t frame) PST_RT {
    return line->ns_per_frame > 0.0 ? (pst_clock_line_ns(line, frame) + line->delay_ns) * 1e-9
                                    : 0.0;
}

typedef struct pst_clock_view {
    _Atomic uint64_t sequence; // Odd while the words change.
    _Atomic uint64_t words[PST_CLOCK_VIEW_WORDS];
} pst_clock_view;

// Thread: callback, or control while no callback runs. Realtime: yes.
void pst_clock_view_store(pst_clock_view *view, const pst_clock_line *line) PST_RT;

// Gives the line that was stored last, whole.
// Thread: any. Realtime: yes (tries again only if the callback got in between).
void pst_clock_view_load(const pst_clock_view *view, pst_clock_line *line) PST_RT;

#endif
