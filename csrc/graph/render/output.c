// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "pastream/graph_output.h"

#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/event.h"
#include "graph/control/model.h"
#include "pastream/device.h"

typedef enum output_phase {
    SILENT = 0, // The graph stands still.
    SOUNDING = 1,
    FADING = 2 // Out, and silent then.
} output_phase;

// Which frame of the graph is heard when. A sequence lock without fences, as in clock_view.c.
typedef struct pst_sight {
    _Atomic uint32_t sequence; // Odd while it changes.
    _Atomic int64_t frame;
    _Atomic double heard_s;
} pst_sight;

// What calls of the device have shown. Written by the renderer alone.
typedef struct pst_seen {
    _Atomic int64_t n_frames;
    _Atomic int64_t n_blocks;
    _Atomic int64_t n_underruns;
    _Atomic int64_t lost_frames;
    _Atomic double latency_s;
    _Atomic double latency_sum_s;
    _Atomic int64_t n_latencies;
    _Atomic double min_latency_s;
    _Atomic double max_latency_s;
} pst_seen;

struct pst_graph_output {
    _Atomic uint32_t n_refs;
    pst_graph *graph; // A reference.
    pst_event event;
    _Atomic uint32_t n_news;
    _Atomic int64_t alarm; // Whoever waits for an earlier frame than this moves it there.
    _Atomic output_phase phase;
    _Atomic bool was_cut;
    _Atomic bool resets_latency;
    pst_seen seen;
    pst_sight sight;
    // The renderer's.
    uint32_t fade_frames;
    uint32_t level;     // Of fade_frames.
    int64_t next_frame; // Of the device.
    uint32_t n_ended;   // Sources of the graph.
};

// ---- Life ---------------------------------------------------------------------------------------

pst_status pst_graph_output_create(pst_graph_output **output, pst_graph *graph, pst_error *err) {
    pst_graph_output *made = pst_alloc(sizeof *made);
    if (made == NULL)
        return pst_fail_memory(err);
    const pst_status status = pst_event_init(&made->event, err);
    if (status != PST_OK) {
        pst_free(made);
        return status;
    }
    atomic_init(&made->n_refs, 1);
    atomic_init(&made->alarm, INT64_MAX);
    pst_graph_retain(graph);
    made->graph = graph;
    made->fade_frames = (uint32_t)(graph->config.rate_hz * PST_GRAPH_FADE_S);
    made->level = made->fade_frames; // The first sound is heard as it is.
    *output = made;
    return PST_OK;
}

void pst_graph_output_retain(pst_graph_output *output) PST_RT {
    atomic_fetch_add_explicit(&output->n_refs, 1, memory_order_relaxed);
}

void pst_graph_output_release(pst_graph_output *output) {
    if (output == NULL || atomic_fetch_sub_explicit(&output->n_refs, 1, memory_order_acq_rel) != 1)
        return;
    pst_event_deinit(&output->event);
    pst_graph_release(output->graph);
    pst_free(output);
}

// ---- Control ------------------------------------------------------------------------------------

void pst_graph_output_resume(pst_graph_output *output, bool was_cut) {
    // With the lock: whoever is about to take back what was sent has sent it again by then.
    pthread_mutex_lock(&output->graph->lock);
    atomic_store_explicit(&output->graph->is_played, true, memory_order_relaxed);
    pthread_mutex_unlock(&output->graph->lock);
    if (was_cut)
        atomic_store_explicit(&output->was_cut, true, memory_order_relaxed);
    atomic_store_explicit(&output->phase, SOUNDING, memory_order_release);
}

void pst_graph_output_suspend(pst_graph_output *output) PST_RT {
    output_phase expected = SOUNDING;
    atomic_compare_exchange_strong_explicit(&output->phase, &expected, FADING, memory_order_acq_rel,
                                            memory_order_relaxed);
}

void pst_graph_output_cut(pst_graph_output *output) PST_RT {
    atomic_store_explicit(&output->phase, SILENT, memory_order_release);
    atomic_store_explicit(&output->graph->is_played, false, memory_order_relaxed);
    pst_graph_output_wake(output);
}

void pst_graph_output_reset_latency(pst_graph_output *output) PST_RT {
    atomic_store_explicit(&output->resets_latency, true, memory_order_relaxed);
}

static void look(const pst_sight *sight, pst_graph_output_status *status) PST_RT {
    uint32_t before, after;
    do {
        before = atomic_load_explicit(&sight->sequence, memory_order_acquire);
        status->heard_frame = atomic_load_explicit(&sight->frame, memory_order_acquire);
        status->heard_s = atomic_load_explicit(&sight->heard_s, memory_order_acquire);
        after = atomic_load_explicit(&sight->sequence, memory_order_relaxed);
    } while (before != after || (before & 1) != 0);
}

void pst_graph_output_get_status(const pst_graph_output *output,
                                 pst_graph_output_status *status) PST_RT {
    const pst_seen *seen = &output->seen;
    const int64_t n = atomic_load_explicit(&seen->n_latencies, memory_order_acquire);
    const double sum_s = atomic_load_explicit(&seen->latency_sum_s, memory_order_relaxed);
    *status = (pst_graph_output_status){
        .is_silent = atomic_load_explicit(&output->phase, memory_order_acquire) == SILENT,
        .n_frames = atomic_load_explicit(&seen->n_frames, memory_order_relaxed),
        .n_blocks = atomic_load_explicit(&seen->n_blocks, memory_order_relaxed),
        .n_underruns = atomic_load_explicit(&seen->n_underruns, memory_order_relaxed),
        .lost_frames = atomic_load_explicit(&seen->lost_frames, memory_order_relaxed),
        .latency_s = atomic_load_explicit(&seen->latency_s, memory_order_relaxed),
        .average_latency_s = n > 0 ? sum_s / (double)n : 0.0,
        .min_latency_s = atomic_load_explicit(&seen->min_latency_s, memory_order_relaxed),
        .max_latency_s = atomic_load_explicit(&seen->max_latency_s, memory_order_relaxed),
    };
    look(&output->sight, status);
}

// ---- Waiting ------------------------------------------------------------------------------------

uint32_t pst_graph_output_news(const pst_graph_output *output) PST_RT {
    return atomic_load_explicit(&output->n_news, memory_order_acquire);
}

void pst_graph_output_wake(pst_graph_output *output) PST_RT {
    atomic_fetch_add_explicit(&output->n_news, 1, memory_order_release);
    pst_event_post(&output->event);
}

static bool is_due(const pst_graph_output *output, int64_t frame, uint32_t news) {
    return pst_graph_frame(output->graph) >= frame || pst_graph_output_news(output) != news;
}

// Both sides change the alarm, so one of the two changes comes first: either the renderer sees what
// was set, or the waiter sees the frame that the renderer had stored.
static void set_alarm(pst_graph_output *output, int64_t frame) {
    int64_t alarm = atomic_load_explicit(&output->alarm, memory_order_relaxed);
    int64_t wanted;
    do
        wanted = frame < alarm ? frame : alarm;
    while (!atomic_compare_exchange_weak_explicit(&output->alarm, &alarm, wanted,
                                                  memory_order_acq_rel, memory_order_relaxed));
}

pst_status pst_graph_output_wait(pst_graph_output *output, int64_t frame, uint32_t news,
                                 int64_t timeout_ns) {
    const int64_t deadline_ns = pst_deadline_ns(timeout_ns);
    for (;;) {
        const uint32_t ticket = pst_event_prepare(&output->event);
        set_alarm(output, frame);
        if (is_due(output, frame, news)) {
            pst_event_cancel(&output->event);
            return PST_OK;
        }
        if (pst_event_wait(&output->event, ticket, deadline_ns) == PST_TIMEOUT)
            return is_due(output, frame, news) ? PST_OK : PST_TIMEOUT;
    }
}

// ---- On the audio thread ------------------------------------------------------------------------

static void add(_Atomic int64_t *count, int64_t n) PST_RT {
    atomic_store_explicit(count, atomic_load_explicit(count, memory_order_relaxed) + n,
                          memory_order_relaxed);
}

static void see_latency(pst_graph_output *output, double latency_s) PST_RT {
    pst_seen *seen = &output->seen;
    if (atomic_exchange_explicit(&output->resets_latency, false, memory_order_relaxed))
        atomic_store_explicit(&seen->n_latencies, 0, memory_order_relaxed);
    const int64_t n = atomic_load_explicit(&seen->n_latencies, memory_order_relaxed);
    const double sum_s =
        n == 0 ? 0.0 : atomic_load_explicit(&seen->latency_sum_s, memory_order_relaxed);
    const double min_s = atomic_load_explicit(&seen->min_latency_s, memory_order_relaxed);
    const double max_s = atomic_load_explicit(&seen->max_latency_s, memory_order_relaxed);
    if (n == 0 || latency_s < min_s)
        atomic_store_explicit(&seen->min_latency_s, latency_s, memory_order_relaxed);
    if (n == 0 || latency_s > max_s)
        atomic_store_explicit(&seen->max_latency_s, latency_s, memory_order_relaxed);
    atomic_store_explicit(&seen->latency_s, latency_s, memory_order_relaxed);
    atomic_store_explicit(&seen->latency_sum_s, sum_s + latency_s, memory_order_relaxed);
    atomic_store_explicit(&seen->n_latencies, n + 1, memory_order_release);
}

static void show(pst_sight *sight, int64_t frame, double heard_s) PST_RT {
    const uint32_t sequence = atomic_load_explicit(&sight->sequence, memory_order_relaxed);
    atomic_store_explicit(&sight->sequence, sequence + 1, memory_order_relaxed);
    atomic_store_explicit(&sight->frame, frame, memory_order_release);
    atomic_store_explicit(&sight->heard_s, heard_s, memory_order_release);
    atomic_store_explicit(&sight->sequence, sequence + 2, memory_order_release);
}

// A new run of the stream counts its frames anew.
static void see_block(pst_graph_output *output, int64_t n_frames, const pst_callback_time *time,
                      uint32_t flags) PST_RT {
    pst_seen *seen = &output->seen;
    const int64_t n_lost = time != NULL && output->next_frame > 0 && time->frame != 0
                               ? time->frame - output->next_frame
                               : 0;
    add(&seen->n_frames, n_frames);
    add(&seen->n_blocks, 1);
    add(&seen->n_underruns, n_lost > 0 || (flags & PST_FLAG_OUTPUT_UNDERFLOW) != 0);
    add(&seen->lost_frames, n_lost > 0 ? n_lost : 0);
    if (time == NULL)
        return;
    output->next_frame = time->frame + n_frames;
    if (time->output_dac_s > time->current_s)
        see_latency(output, time->output_dac_s - time->current_s);
}

static void fade_in(pst_graph_output *output, float *data, int64_t n_frames) PST_RT {
    const uint32_t n_channels = output->graph->config.n_channels;
    for (; n_frames > 0 && output->level < output->fade_frames; --n_frames, data += n_channels) {
        const float gain = (float)output->level++ / (float)output->fade_frames;
        for (uint32_t c = 0; c < n_channels; ++c)
            data[c] *= gain;
    }
}

static void fade_out(pst_graph_output *output, float *data, int64_t n_frames) PST_RT {
    const uint32_t n_channels = output->graph->config.n_channels;
    for (; n_frames > 0 && output->level > 0; --n_frames, data += n_channels) {
        const float gain = (float)--output->level / (float)output->fade_frames;
        for (uint32_t c = 0; c < n_channels; ++c)
            data[c] *= gain;
    }
    memset(data, 0, (size_t)n_frames * n_channels * sizeof *data);
}

// How many frames are left of the graph while it fades out: a whole quantum is at the end, so that
// those to come, and the input, fit to the blocks as before.
static int64_t last_frames(const pst_graph_output *output) PST_RT {
    const uint32_t quantum = output->graph->config.quantum_frames;
    const int64_t begun = output->graph->live_left;
    const int64_t level = output->level;
    return level <= begun ? begun : begun + (level - begun + quantum - 1) / quantum * quantum;
}

// Alarms that are set meanwhile are lost; but the post wakes those who have set them.
static void tell(pst_graph_output *output) PST_RT {
    const uint32_t n_ended = atomic_load_explicit(&output->graph->n_ended, memory_order_relaxed);
    if (n_ended != output->n_ended) {
        output->n_ended = n_ended;
        pst_graph_output_wake(output);
    }
    const int64_t alarm = atomic_fetch_add_explicit(&output->alarm, 0, memory_order_acq_rel);
    if (pst_graph_frame(output->graph) < alarm)
        return;
    atomic_exchange_explicit(&output->alarm, INT64_MAX, memory_order_acq_rel);
    pst_event_post(&output->event);
}

static void come_to_rest(pst_graph_output *output) PST_RT {
    output_phase expected = FADING;
    atomic_store_explicit(&output->graph->is_played, false, memory_order_relaxed);
    if (atomic_compare_exchange_strong_explicit(&output->phase, &expected, SILENT,
                                                memory_order_acq_rel, memory_order_relaxed))
        pst_graph_output_wake(output);
    else // It was resumed meanwhile.
        atomic_store_explicit(&output->graph->is_played, true, memory_order_relaxed);
}

// Returns how many frames of the graph there are in the block.
static int64_t play(pst_graph_output *output, const void *input, float *data, int64_t n_frames,
                    const pst_callback_time *time, uint32_t flags) PST_RT {
    const output_phase phase = atomic_load_explicit(&output->phase, memory_order_acquire);
    if (phase == SILENT)
        return 0;
    if (atomic_exchange_explicit(&output->was_cut, false, memory_order_relaxed))
        output->level = 0;
    const int64_t n_last = last_frames(output);
    const bool ends = phase == FADING && n_last <= n_frames;
    const int64_t n = ends ? n_last : n_frames;
    if (time != NULL && time->output_dac_s > 0.0)
        show(&output->sight, pst_graph_frame(output->graph) - output->graph->live_left,
             time->output_dac_s);
    pst_graph_render(input, data, n, time, flags, output->graph);
    if (phase == FADING)
        fade_out(output, data, n);
    else
        fade_in(output, data, n);
    if (ends)
        come_to_rest(output);
    return n;
}

int32_t pst_graph_output_render(const void *input, void *data, int64_t n_frames,
                                const pst_callback_time *time, uint32_t flags, void *user) PST_RT {
    pst_graph_output *output = user;
    const uint32_t n_channels = output->graph->config.n_channels;
    float *samples = data;
    see_block(output, n_frames, time, flags);
    const int64_t n = play(output, input, samples, n_frames, time, flags);
    memset(samples + n * n_channels, 0, (size_t)(n_frames - n) * n_channels * sizeof *samples);
    tell(output);
    return PST_CALLBACK_CONTINUE;
}
