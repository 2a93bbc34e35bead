// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PASTREAM_GRAPH_OUTPUT_H
#define PASTREAM_GRAPH_OUTPUT_H

#include "pastream/graph.h"

#if !defined(PST_CFFI) && defined(__cplusplus)
extern "C" {
#endif

// What plays a graph on a device: its render function is the callback of a stream. While it is
// suspended the graph's time stands still, and silence is played; on the way there and back the
// sound fades. Threads wait here for a time of the graph, and for what the renderer has to tell.
typedef struct pst_graph_output pst_graph_output;

// How long a fade is, in seconds.
#define PST_GRAPH_FADE_S 0.005

// Makes the output of a graph, which it retains. It is suspended, and has one reference.
// Returns PST_OK, PST_NO_MEMORY or PST_SYSTEM_ERROR. Thread: control. Realtime: no (allocates).
PST_API pst_status pst_graph_output_create(pst_graph_output **output, pst_graph *graph,
                                           pst_error *err);

// Adds a reference. Thread: any. Realtime: yes.
PST_API void pst_graph_output_retain(pst_graph_output *output) PST_RT;

// Drops a reference; the last one frees. NULL is allowed.
// Thread: any but callback; at the last one nobody may render or wait. Realtime: no.
PST_API void pst_graph_output_release(pst_graph_output *output);

// Renders the graph, as pst_graph_render, or silence. The user pointer is the output.
// Returns PST_CALLBACK_CONTINUE. Thread: callback; one at a time. Realtime: yes.
PST_API int32_t pst_graph_output_render(const void *input, void *data, int64_t n_frames,
                                        const pst_callback_time *time, uint32_t flags,
                                        void *output) PST_RT;

// Goes on with the graph from the next block on. was_cut: the device has stopped meanwhile, so the
// sound fades in, even if it was not faded out.
// Thread: control, one at a time. Realtime: no (locks).
PST_API void pst_graph_output_resume(pst_graph_output *output, bool was_cut);

// Fades the sound out; then the graph stands still. That this has come to its end is news.
// Thread: control, one at a time. Realtime: yes.
PST_API void pst_graph_output_suspend(pst_graph_output *output) PST_RT;

// Lets the graph stand still at once: the device does not play any more, or is gone.
// Thread: control, one at a time. Realtime: yes.
PST_API void pst_graph_output_cut(pst_graph_output *output) PST_RT;

typedef struct pst_graph_output_status {
    bool is_silent;      // Suspended, and faded out: the graph is not rendered.
    int64_t n_frames;    // Frames of the device so far, silence included.
    int64_t n_blocks;    // Calls by the device.
    int64_t n_underruns; // Those that the host has called late, or before which frames were lost.
    int64_t lost_frames; // By the device's clock.
    // From a call to the moment when its first frame is heard, in seconds; 0: not known. The last
    // one, and what was seen since the last reset.
    double latency_s;
    double average_latency_s;
    double min_latency_s;
    double max_latency_s;
    // This frame of the graph is heard at this time of the monotonic clock; 0 s: nothing was.
    int64_t heard_frame;
    double heard_s;
} pst_graph_output_status;

// Thread: any. Realtime: yes.
PST_API void pst_graph_output_get_status(const pst_graph_output *output,
                                         pst_graph_output_status *status) PST_RT;

// Begins the average, smallest and largest latency anew, with the next block.
// Thread: any. Realtime: yes.
PST_API void pst_graph_output_reset_latency(pst_graph_output *output) PST_RT;

// Counts what the renderer has told so far: that a source has ended, or that the sound is faded
// out; and calls of pst_graph_output_wake. It wraps.
// Thread: any. Realtime: yes.
PST_API uint32_t pst_graph_output_news(const pst_graph_output *output) PST_RT;

// Tells everybody who waits to look again. Thread: any. Realtime: yes.
PST_API void pst_graph_output_wake(pst_graph_output *output) PST_RT;

// Waits until the graph has rendered `frame` frames, or the count of news is not `news` any more.
// Returns PST_OK or PST_TIMEOUT. Thread: any, several at once. Realtime: no (blocks).
PST_API PST_NODISCARD pst_status pst_graph_output_wait(pst_graph_output *output, int64_t frame,
                                                       uint32_t news, int64_t timeout_ns);

#if !defined(PST_CFFI) && defined(__cplusplus)
}
#endif
#endif
