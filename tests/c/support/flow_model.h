// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_TESTS_FLOW_MODEL_H
#define PST_TESTS_FLOW_MODEL_H

#include <stdbool.h>
#include <stdint.h>

#include "pastream/stream.h"

// What the callback should do, said once more and slowly: frame by frame, with lists in place of
// rings. Written from the public header, not from the callback.

enum { MODEL_SILENCE = -1, MODEL_MAX_STORED = 1 << 17, MODEL_MAX_BLOCK = 1 << 16 };

typedef enum model_verdict { MODEL_CONTINUE, MODEL_COMPLETE, MODEL_ABORT } model_verdict;

// A frame in the input ring.
typedef struct model_frame {
    int64_t number; // Of the device; silence in place of a frame has that frame's number.
    bool is_silence;
    uint32_t flags; // Of the callback that stored it.
    int64_t callback_ns;
} model_frame;

typedef struct model {
    // Set up by the test.
    bool has_input, has_output;
    int64_t skip, total, out_total, pad, run; // As in pst_stream_config.
    pst_overflow overflow;
    pst_underflow underflow;
    int64_t in_capacity;
    bool held; // Reader 0 holds a span.

    // The input ring: everything that was ever stored, and how far reader 0 is.
    model_frame stored[MODEL_MAX_STORED];
    int64_t n_stored;
    int64_t n_passed;
    int64_t n_owed;

    // The output ring: frames are numbered as the test writes them.
    int64_t n_written;
    int64_t n_played;
    bool out_ended;
    bool begun, padding;
    int64_t pad_left;

    int64_t frame; // Of the device.
    bool failed;
    pst_status failure;
    model_verdict verdict;
    int64_t n_skipped, n_dropped, n_taken_back, n_inserted, n_lost, n_missing, n_padded;
    int64_t n_idle;   // Output frames before the writer's first.
    int64_t n_beyond; // Input frames after its end, lost ones included.
    int64_t n_lost_beyond;

    int64_t output[MODEL_MAX_BLOCK]; // Of the last block: the writer's numbers, or MODEL_SILENCE.
} model;

static inline bool model_is_full(const model *m) {
    return m->n_stored - m->n_passed >= m->in_capacity;
}

static inline void model_store(model *m, int64_t number, bool is_silence, uint32_t flags,
                               int64_t now_ns) {
    if (m->n_stored < MODEL_MAX_STORED)
        m->stored[m->n_stored] = (model_frame){number, is_silence, flags, now_ns};
    ++m->n_stored;
}

static inline int64_t model_last_number(const model *m) {
    return m->n_stored > 0 ? m->stored[m->n_stored - 1].number : m->skip - 1;
}

static inline bool model_wants(const model *m, int64_t number) {
    return number >= m->skip && (m->total < 0 || number < m->total);
}

static inline void model_fail(model *m, pst_status status) {
    m->failed = true;
    m->failure = status;
}

static inline void model_lose(model *m, int64_t n_lost) {
    for (int64_t i = 0; i < n_lost; ++i, ++m->frame) {
        ++m->n_lost;
        if (m->has_input && m->total >= 0 && m->frame >= m->total)
            ++m->n_lost_beyond;
        else if (m->has_input && model_wants(m, m->frame) && m->overflow == PST_OVERFLOW_SILENCE)
            ++m->n_owed;
    }
}

static inline void model_pay(model *m, uint32_t flags, int64_t now_ns) {
    while (m->n_owed > 0 && !model_is_full(m)) {
        model_store(m, model_last_number(m) + 1, true, flags, now_ns);
        --m->n_owed;
        ++m->n_inserted;
    }
}

static inline void model_capture(model *m, int64_t number, uint32_t flags, int64_t now_ns) {
    if (m->total >= 0 && number >= m->total) {
        ++m->n_beyond;
        return;
    }
    if (number < m->skip) {
        ++m->n_skipped;
        return;
    }
    if (m->overflow == PST_OVERFLOW_DROP_OLDEST && model_is_full(m) && !m->held) {
        ++m->n_passed;
        ++m->n_dropped;
        ++m->n_taken_back;
    }
    if (m->n_owed == 0 && !model_is_full(m)) {
        model_store(m, number, false, flags, now_ns);
        return;
    }
    ++m->n_dropped;
    if (m->overflow == PST_OVERFLOW_SILENCE)
        ++m->n_owed;
    if (m->overflow == PST_OVERFLOW_RAISE)
        model_fail(m, PST_OVERFLOW);
}

static inline bool model_at_end(const model *m) {
    return m->out_total >= 0 && m->n_played == m->out_total;
}

static inline int64_t model_play(model *m, int64_t number) {
    if (m->run >= 0 && number >= m->run)
        m->padding = true;
    if (!m->padding && (model_at_end(m) || (m->out_ended && m->n_played == m->n_written)))
        m->padding = true;
    if (m->padding) {
        ++m->n_padded;
        if (m->pad_left > 0)
            --m->pad_left;
        return MODEL_SILENCE;
    }
    if (m->n_played < m->n_written) {
        m->begun = true;
        return m->n_played++;
    }
    if (m->run >= 0) {
        ++m->n_padded;
        return MODEL_SILENCE;
    }
    if (!m->begun) {
        ++m->n_idle;
        return MODEL_SILENCE;
    }
    ++m->n_missing;
    if (m->underflow == PST_UNDERFLOW_RAISE)
        model_fail(m, PST_UNDERFLOW);
    return MODEL_SILENCE;
}

static inline bool model_is_complete(const model *m) {
    const bool in_bounded = m->has_input && m->total >= 0;
    const bool in_done = m->frame >= m->total;
    const bool has_run = m->has_output && m->run >= 0;
    const bool out_bounded =
        has_run || (m->has_output && m->pad >= 0 && (m->out_total >= 0 || m->out_ended));
    const bool out_done = has_run ? m->frame >= m->run : m->padding && m->pad_left == 0;
    if (!in_bounded && !out_bounded)
        return false;
    return (!in_bounded || in_done) && (!out_bounded || out_done);
}

static inline model_verdict model_block(model *m, int64_t n_frames, int64_t n_lost, uint32_t flags,
                                        int64_t now_ns) {
    m->failed = false;
    model_lose(m, n_lost);
    if (m->has_output) {
        for (int64_t i = 0; i < n_frames; ++i)
            m->output[i] = model_play(m, m->frame + i);
        if (!m->padding && (model_at_end(m) || (m->out_ended && m->n_played == m->n_written)))
            m->padding = true;
    }
    if (m->has_input) {
        model_pay(m, flags, now_ns);
        for (int64_t i = 0; i < n_frames; ++i)
            model_capture(m, m->frame + i, flags, now_ns);
    }
    m->frame += n_frames;
    m->verdict = m->failed ? MODEL_ABORT : model_is_complete(m) ? MODEL_COMPLETE : MODEL_CONTINUE;
    return m->verdict;
}

#endif
