// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PASTREAM_DIAGNOSTICS_H
#define PASTREAM_DIAGNOSTICS_H

#include "pastream/stream.h"

#if !defined(PST_CFFI) && defined(__cplusplus)
extern "C" {
#endif

// How a stream is doing: when its callbacks come and how long they take, which frame passes when,
// and how loud it is. All of it is measured in the callback and may be read by any thread, at any
// time, without waiting.

// ---- Callbacks --------------------------------------------------------------------------------

// Bins of a distribution. Bin 0 holds what is below 2^-12, the last one what is 2^8 or more. In
// between every octave has eight bins of equal width.
enum { PST_DISTRIBUTION_BINS = 162 };

// How a ratio was distributed. All 0 as long as n is 0.
typedef struct pst_distribution {
    int64_t n; // How many were measured: the sum of the bins.
    double smallest;
    double largest;
    double mean;
    double deviation; // Standard deviation.
    int64_t bins[PST_DISTRIBUTION_BINS];
} pst_distribution;

// The callbacks of a run, but for those without frames.
typedef struct pst_timing {
    // Time between the begins of two callbacks, over the duration of the block of the first. 1 is
    // on time; the standard deviation is the jitter, in blocks.
    pst_distribution interval;
    // Time spent in the callback, over the duration of its block.
    pst_distribution load;
} pst_timing;

// Returns where a bin begins, the first one at 0; for bin PST_DISTRIBUTION_BINS infinity, where
// the last one ends. Values beyond that are taken for it. Thread: any. Realtime: yes.
PST_API double pst_distribution_edge(uint32_t bin) PST_RT;

// Gives the distributions since start. Each is of one instant, unless callbacks keep coming quicker
// than it can be read, as on a free clock: then its sum of bins may be some ahead of n.
// Thread: any. Realtime: no (waits some milliseconds at most, for a callback under way).
PST_API void pst_stream_get_timing(const pst_stream *stream, pst_timing *timing);

// ---- Clocks -----------------------------------------------------------------------------------

// The line from frame numbers to times, and the pair of clock readings from times to dates. Times
// are of the monotonic clock, which no correction of the date disturbs; on a free clock they are
// simulated, and run ahead of it.
typedef struct pst_clock_reading {
    int64_t frame;          // A block that begins with this frame is handed over
    int64_t frame_ns;       // at this time, if its callback is on time.
    double ns_per_frame;    // As measured; nominal for the first seconds. 0: no callback since
                            // start, and nothing but the last three fields means anything.
    double drift_ppm;       // How much faster than the nominal rate the device runs.
    double drift_error_ppm; // Standard error of that; infinite until it is measured.
    double input_age_s;     // So long before the hand-over the frame was taken, on the input.
    double output_delay_s;  // So long after it the frame is heard, on the output.
    int64_t monotonic_ns;   // The monotonic clock,
    int64_t wall_ns;        // and at the same instant the calendar clock, since 1970 in UTC,
    int64_t wall_error_ns;  // give or take so much.
} pst_clock_reading;

// Reads the clock model and both clocks. Thread: any. Realtime: yes.
PST_API void pst_stream_get_clock(const pst_stream *stream, pst_clock_reading *reading) PST_RT;

// ---- Levels ------------------------------------------------------------------------------------

// What one channel of a side had, in the stream's channels; 1 is full scale. Samples that are not
// finite count as 0.
typedef struct pst_meter_channel {
    double peak;       // Largest absolute value in the window.
    double rms;        // Root of the mean square in the window.
    double max_peak;   // Largest absolute value since start or reset.
    int64_t n_clipped; // Samples at or beyond full scale since then. That is the largest value of
                       // the device's integers, or of the stream's if those are fewer, either way
                       // from 0; 1 for floats and for 32 bits, as near as a float32 tells.
} pst_meter_channel;

typedef struct pst_meter_reading {
    int64_t frames;        // Metered since start.
    int64_t window_frames; // How many of the last ones make the window: up to 110 ms.
} pst_meter_reading;

// Begins to meter the input, the output, or both, if that was not begun: from the next block on,
// and in all runs. On the input that is what the device delivers, before any of it is dropped; on
// the output all that it is sent, silence included. direction: a pst_direction whose sides the
// stream has. Returns PST_OK, PST_BAD_ARGUMENT, PST_CLOSED, PST_FORKED or PST_NO_MEMORY.
// Thread: any. Realtime: no.
PST_API PST_NODISCARD pst_status pst_stream_enable_meters(pst_stream *stream,
                                                          pst_direction direction, pst_error *err);

// Reads the meter of one side: the state after one block, whole. direction: input or output.
// channels: room for all channels of that side in the ring. All is 0 after start. Returns PST_OK,
// or PST_BAD_STATE if that side is not metered. Thread: any. Realtime: yes.
PST_API PST_NODISCARD pst_status pst_stream_read_meters(const pst_stream *stream,
                                                        pst_direction direction,
                                                        pst_meter_reading *reading,
                                                        pst_meter_channel *channels) PST_RT;

// Begins the largest peaks and the clipped samples of both sides anew, with the next block.
// Thread: any. Realtime: yes.
PST_API void pst_stream_reset_meters(pst_stream *stream) PST_RT;

#if !defined(PST_CFFI) && defined(__cplusplus)
}
#endif
#endif
