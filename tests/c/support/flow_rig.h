// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_TESTS_FLOW_RIG_H
#define PST_TESTS_FLOW_RIG_H

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "check.h"
#include "core/ring_private.h"
#include "flow_model.h"
#include "rt_guard.h"
#include "stream/callback.h"
#include "stream/describe.h"
#include "stream/hook.h"

// A flow without a device, driven block by block beside the model. All that goes in and out of it
// is a function of frame numbers, so that every byte can be checked. Every block is also guarded
// against what does not belong on the audio thread: link rt_guard.c.

typedef struct rig_setup {
    bool has_input, has_output;
    pst_format in_format, in_device_format; // In the ring, and of the device.
    pst_format out_format, out_device_format;
    uint32_t in_channels, out_channels;
    uint64_t in_capacity, out_capacity;
    bool flat; // Rings whose spans end at the edge.
    pst_overflow overflow;
    pst_underflow underflow;
    pst_limits limits;
    int64_t base;             // Number of the first frame, and position of the rings.
    pst_callback_fn callback; // One that changes nothing, or NULL.
    void *callback_user;
} rig_setup;

typedef struct rig {
    rig_setup setup;
    pst_flow *flow;
    void *flat_memory[2];
    model model;
    uint8_t *in_block;
    uint8_t *out_block;
    uint8_t *in_frame;  // One frame, for comparisons,
    uint8_t *out_frame; // and one of the other format.
    int64_t now_ns;
    int64_t device_frame;
    uint32_t all_flags;
    pst_verdict verdict;
} rig;

enum { RIG_MAX_BLOCK = 8192, RIG_RATE_HZ = 48000 };

static inline uint32_t rig_hash(uint64_t number, uint32_t channel, uint32_t salt) {
    uint64_t x = number * UINT64_C(0x9E3779B97F4A7C15) + channel * 0x85EBCA6Bu + salt;
    x ^= x >> 31;
    x *= UINT64_C(0xD6E8FEB86659FD93);
    return (uint32_t)(x >> 32);
}

// Writes one frame of a format: any integers, and floats within full scale.
static inline void rig_fill(uint8_t *frame, pst_format format, uint32_t n_channels, int64_t number,
                            uint32_t salt) {
    for (uint32_t c = 0; c < n_channels; ++c) {
        const uint32_t bits = rig_hash((uint64_t)number, c, salt);
        const float narrow = (float)((int32_t)bits / 2147483648.0 * 0.99);
        const double wide = (int32_t)bits / 2147483648.0;
        switch (format) {
        case PST_FORMAT_F32:
            memcpy(frame + 4 * c, &narrow, 4);
            break;
        case PST_FORMAT_F64:
            memcpy(frame + 8 * c, &wide, 8);
            break;
        default:
            memcpy(frame + pst_format_bytes(format) * c, &bits, pst_format_bytes(format));
        }
    }
}

static inline pst_ring *rig_make_ring(rig *r, int side, uint64_t capacity, uint32_t frame_bytes) {
    pst_ring *ring = NULL;
    pst_ring_config config = {.capacity_frames = capacity,
                              .frame_bytes = frame_bytes,
                              .memory = PST_RING_COPYING}; // Exactly the capacity asked for.
    if (r->setup.flat) {
        r->flat_memory[side] = pst_alloc_array(capacity, frame_bytes);
        config.memory = PST_RING_FLAT;
        config.flat_memory = r->flat_memory[side];
    }
    if (pst_ring_create(&ring, &config, NULL) != PST_OK)
        abort();
    pst_ring_start_at(ring, (uint64_t)r->setup.base);
    return ring;
}

// Begins another run on the same flow, with the rings as they are.
static inline void rig_begin(rig *r, const pst_limits *limits) {
    const int64_t base = r->setup.base;
    pst_flow *flow = r->flow;
    pst_limits shifted = *limits;
    pst_flow_begin_run(flow, &shifted);
    // The same run with larger numbers.
    flow->frame = base;
    flow->in.skip_frames += base;
    if (flow->in.total_frames >= 0)
        flow->in.total_frames += base;
    if (flow->out.run_frames >= 0)
        flow->out.run_frames += base;
    atomic_store(&flow->first_frame, flow->in.skip_frames);
    r->device_frame = base;
    model *m = &r->model;
    memset(m, 0, sizeof *m);
    m->has_input = r->setup.has_input;
    m->has_output = r->setup.has_output;
    m->skip = flow->in.skip_frames;
    m->total = flow->in.total_frames;
    m->out_total = limits->output_total_frames;
    m->pad = limits->output_pad_frames;
    m->pad_left = m->pad;
    m->run = flow->out.run_frames;
    m->overflow = r->setup.overflow;
    m->underflow = r->setup.underflow;
    m->in_capacity = (int64_t)r->setup.in_capacity;
    m->frame = base;
    r->verdict = PST_CONTINUE;
}

static inline void rig_make_hook(rig *r) {
    const rig_setup *setup = &r->setup;
    const pst_side in = {.device = setup->has_input ? 0 : PST_NO_INDEX,
                         .n_channels = setup->in_channels,
                         .format = setup->in_format};
    const pst_side out = {.device = setup->has_output ? 0 : PST_NO_INDEX,
                          .n_channels = setup->out_channels,
                          .format = setup->out_format};
    const pst_stream_config config = {.input = in,
                                      .output = out,
                                      .callback = setup->callback,
                                      .callback_user = setup->callback_user};
    if (pst_hook_init(r->flow, &config, NULL) != PST_OK)
        abort();
}

static inline rig *rig_make(const rig_setup *setup) {
    rig *r = pst_alloc(sizeof *r);
    pst_flow *flow = pst_alloc(sizeof *flow);
    r->setup = *setup;
    r->flow = flow;
    if (pst_flow_init(flow, NULL) != PST_OK)
        abort();
    pst_open_info info = {
        .samplerate_hz = RIG_RATE_HZ, .counter = PST_COUNTER_EXACT, .is_realtime = false};
    if (setup->has_input) {
        flow->in.format = setup->in_format;
        flow->in.n_channels = setup->in_channels;
        flow->in.policy = setup->overflow;
        flow->in.ring = rig_make_ring(r, 0, setup->in_capacity,
                                      setup->in_channels * pst_format_bytes(setup->in_format));
        info.input_device_format = setup->in_device_format;
        r->in_block = pst_alloc_array(RIG_MAX_BLOCK, 8 * setup->in_channels);
        r->in_frame = pst_alloc_array(2, 8 * setup->in_channels);
    }
    if (setup->has_output) {
        flow->out.format = setup->out_format;
        flow->out.n_channels = setup->out_channels;
        flow->out.policy = setup->underflow;
        flow->out.ring = rig_make_ring(r, 1, setup->out_capacity,
                                       setup->out_channels * pst_format_bytes(setup->out_format));
        info.output_device_format = setup->out_device_format;
        r->out_block = pst_alloc_array(RIG_MAX_BLOCK, 8 * setup->out_channels);
        r->out_frame = pst_alloc_array(2, 8 * setup->out_channels);
    }
    pst_flow_set_device(flow, &info);
    rig_make_hook(r);
    r->now_ns = 1000000;
    rig_begin(r, &setup->limits);
    return r;
}

static inline void rig_destroy(rig *r) {
    pst_ring_release(r->flow->in.ring);
    pst_ring_release(r->flow->out.ring);
    pst_hook_deinit(r->flow);
    pst_flow_deinit(r->flow);
    pst_free(r->flow);
    pst_free(r->flat_memory[0]);
    pst_free(r->flat_memory[1]);
    pst_free(r->in_block);
    pst_free(r->out_block);
    pst_free(r->in_frame);
    pst_free(r->out_frame);
    pst_free(r);
}

// Writes up to n_frames to the output ring. Returns how many fitted.
static inline int64_t rig_write(rig *r, int64_t n_frames) {
    const rig_setup *setup = &r->setup;
    const uint32_t frame_bytes = setup->out_channels * pst_format_bytes(setup->out_format);
    int64_t n = 0;
    pst_span span;
    while (n < n_frames &&
           pst_ring_begin_write(r->flow->out.ring, (uint64_t)(n_frames - n), &span) > 0) {
        for (uint64_t i = 0; i < span.n_frames; ++i)
            rig_fill(span.data + i * frame_bytes, setup->out_format, setup->out_channels,
                     r->model.n_written + (int64_t)i, 2);
        pst_ring_commit_write(r->flow->out.ring, span.n_frames);
        r->model.n_written += (int64_t)span.n_frames;
        n += (int64_t)span.n_frames;
    }
    return n;
}

static inline void rig_end_output(rig *r) {
    pst_ring_end(r->flow->out.ring);
    r->model.out_ended = true;
}

static inline void rig_check_output(rig *r, uint32_t n_frames) {
    const rig_setup *setup = &r->setup;
    const uint32_t n_channels = setup->out_channels;
    const uint32_t device_bytes = n_channels * pst_format_bytes(setup->out_device_format);
    uint8_t *wanted = r->out_frame + 8 * n_channels;
    for (uint32_t i = 0; i < n_frames; ++i) {
        const int64_t number = r->model.output[i];
        pst_silence(wanted, setup->out_device_format, n_channels);
        if (number != MODEL_SILENCE) {
            rig_fill(r->out_frame, setup->out_format, n_channels, number, 2);
            (void)pst_convert(wanted, setup->out_device_format, r->out_frame, setup->out_format,
                              n_channels, NULL);
        }
        if (!CHECK(memcmp(r->out_block + (size_t)i * device_bytes, wanted, device_bytes) == 0))
            return;
    }
}

static inline void rig_check_counts(const rig *r) {
    const model *m = &r->model;
    const int64_t base = r->setup.base;
    pst_stream_stats stats;
    pst_counts_read(&r->flow->counts, &stats);
    CHECK_EQ(stats.frames, m->frame);
    CHECK_EQ(stats.captured_frames, m->n_stored);
    CHECK_EQ(stats.skipped_frames, m->n_skipped);
    CHECK_EQ(stats.inserted_frames, m->n_inserted);
    CHECK_EQ(stats.dropped_frames, m->n_dropped);
    CHECK_EQ(stats.lost_frames, m->n_lost);
    CHECK_EQ(stats.played_frames, m->n_played);
    CHECK_EQ(stats.missing_frames, m->n_missing);
    CHECK_EQ(stats.padded_frames, m->n_padded);
    // I1: every frame of the device is accounted for, in both directions.
    const int64_t n_frames = stats.frames - base;
    if (m->has_input) {
        const int64_t delivered = stats.captured_frames - stats.inserted_frames - m->n_taken_back;
        CHECK_EQ(n_frames, delivered + stats.skipped_frames + stats.dropped_frames +
                               stats.lost_frames + m->n_beyond);
    }
    if (m->has_output)
        CHECK_EQ(n_frames, stats.played_frames + stats.missing_frames + stats.padded_frames +
                               stats.lost_frames + m->n_idle);
}

// Hands a block over after the device lost n_lost frames, and compares everything with the model.
static inline pst_verdict rig_block(rig *r, uint32_t n_frames, int64_t n_lost, uint32_t flags) {
    const rig_setup *setup = &r->setup;
    r->device_frame += n_lost;
    const uint32_t in_bytes =
        setup->has_input ? setup->in_channels * pst_format_bytes(setup->in_device_format) : 0;
    if (setup->has_input)
        for (uint32_t i = 0; i < n_frames; ++i)
            rig_fill(r->in_block + (size_t)i * in_bytes, setup->in_device_format,
                     setup->in_channels, r->device_frame + i, 1);
    if (setup->has_output)
        memset(r->out_block, 0xA5, (size_t)RIG_MAX_BLOCK * 8 * setup->out_channels);
    r->now_ns += (n_lost + n_frames) * INT64_C(1000000000) / RIG_RATE_HZ;
    const pst_block block = {.input = setup->has_input ? r->in_block : NULL,
                             .output = setup->has_output ? r->out_block : NULL,
                             .n_frames = n_frames,
                             .flags = flags,
                             .device_frame = r->device_frame,
                             .now_ns = r->now_ns,
                             .input_age_s = -1.0,
                             .output_delay_s = -1.0};
    r->device_frame += n_frames;
    r->all_flags |= flags;
    rt_guard_enter();
    r->verdict = pst_stream_process(r->flow, &block);
    CHECK_TEXT(rt_guard_leave() == 0, "the callback called %s", rt_guard_culprit());
    const model_verdict wanted = model_block(&r->model, n_frames, n_lost, flags, r->now_ns);
    CHECK_EQ(r->verdict, wanted == MODEL_COMPLETE ? PST_COMPLETE
                         : wanted == MODEL_ABORT  ? PST_ABORT
                                                  : PST_CONTINUE);
    if (setup->has_output)
        rig_check_output(r, n_frames);
    rig_check_counts(r);
    return r->verdict;
}

// Compares what the flow says about frames of the ring that are numbered from 0 in this run.
static inline void rig_check_info(rig *r, int64_t first, int64_t n_frames, uint64_t position) {
    const model *m = &r->model;
    const model_frame *stored = m->stored;
    pst_frames_info info;
    pst_flow_describe_input(r->flow, position, (uint64_t)n_frames, &info);
    const int64_t before = first > 0 ? stored[first - 1].number : m->skip - 1;
    uint32_t flags = 0;
    bool has_silence = false;
    for (int64_t i = first; i < first + n_frames; ++i) {
        flags |= stored[i].flags;
        has_silence |= stored[i].is_silence;
    }
    CHECK_EQ(info.frame, stored[first].number);
    CHECK_EQ(info.gap_frames, stored[first + n_frames - 1].number - before - n_frames);
    CHECK_EQ((info.flags & PST_FLAG_GAP) != 0, info.gap_frames > 0 || has_silence);
    CHECK((info.flags & flags) == flags);
    CHECK((info.flags & ~(r->all_flags | (uint32_t)PST_FLAG_GAP)) == 0);
    CHECK_EQ(info.callback_ns, stored[first + n_frames - 1].callback_ns);
}

// Takes up to n_frames out of the input ring and checks each byte. With keep, the span is held
// instead of given back. Returns how many there were.
static inline int64_t rig_read(rig *r, int64_t n_frames, bool keep) {
    const rig_setup *setup = &r->setup;
    const uint32_t n_channels = setup->in_channels;
    const uint32_t ring_bytes = n_channels * pst_format_bytes(setup->in_format);
    uint8_t *wanted = r->in_frame + 8 * n_channels;
    model *m = &r->model;
    pst_span span;
    if (pst_ring_begin_read(r->flow->in.ring, 0, (uint64_t)n_frames, &span) == 0)
        return 0;
    const int64_t first = m->n_passed;
    CHECK((int64_t)span.n_frames <= m->n_stored - first);
    CHECK_EQ(span.position, (uint64_t)(r->setup.base + first));
    for (uint64_t i = 0; i < span.n_frames; ++i) {
        const model_frame *stored = &m->stored[first + (int64_t)i];
        if (stored->is_silence) {
            pst_silence(wanted, setup->in_format, n_channels);
        } else {
            rig_fill(r->in_frame, setup->in_device_format, n_channels, stored->number, 1);
            (void)pst_convert(wanted, setup->in_format, r->in_frame, setup->in_device_format,
                              n_channels, NULL);
        }
        if (!CHECK(memcmp(span.data + i * ring_bytes, wanted, ring_bytes) == 0))
            break;
    }
    rig_check_info(r, first, (int64_t)span.n_frames, span.position);
    if (keep) {
        m->held = true;
        return (int64_t)span.n_frames;
    }
    pst_ring_commit_read(r->flow->in.ring, 0, span.n_frames);
    m->n_passed += (int64_t)span.n_frames;
    return (int64_t)span.n_frames;
}

// Lets a held span go without having read it.
static inline void rig_let_go(rig *r) {
    pst_ring_commit_read(r->flow->in.ring, 0, 0);
    r->model.held = false;
}

// Reads all that is there.
static inline void rig_read_all(rig *r) {
    while (rig_read(r, RIG_MAX_BLOCK, false) > 0)
        continue;
    CHECK_EQ(r->model.n_passed, r->model.n_stored);
}

// Sums of the events must be the counters.
static inline void rig_check_events(rig *r) {
    int64_t lost = 0, dropped = 0, missing = 0, n_ends = 0;
    pst_stream_event event;
    pst_stream_stats stats;
    pst_counts_read(&r->flow->counts, &stats);
    while (pst_flow_pop_event(r->flow, &event)) {
        lost += event.kind == PST_EVENT_DEVICE_LOSS ? event.n_frames : 0;
        dropped += event.kind == PST_EVENT_INPUT_DROPPED ? event.n_frames : 0;
        missing += event.kind == PST_EVENT_OUTPUT_MISSING ? event.n_frames : 0;
        n_ends += event.kind == PST_EVENT_FINISHED || event.kind == PST_EVENT_ABORTED;
        CHECK(event.frame >= r->setup.base && event.frame <= stats.frames);
    }
    if (stats.n_events_dropped > 0)
        return;
    CHECK_EQ(lost, stats.lost_frames);
    CHECK_EQ(dropped, stats.dropped_frames);
    CHECK_EQ(missing, stats.missing_frames);
    CHECK_EQ(n_ends, r->verdict != PST_CONTINUE);
}

#endif
