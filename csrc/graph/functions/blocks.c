// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "graph/functions/function.h"

// Blocks in slots: collected from the quanta, made by the renderer or by a worker, and heard again
// as many frames later as the latency says. They are made in one place, not in the slots, so that
// a worker that is away holds nothing up.

static pst_status make_ring(pst_ring **ring, pst_block_head **heads, uint32_t n, pst_error *err) {
    *heads = pst_alloc_array(n, sizeof **heads);
    if (*heads == NULL)
        return pst_fail_memory(err);
    const pst_ring_config config = {.capacity_frames = n,
                                    .frame_bytes = sizeof **heads,
                                    .memory = PST_RING_FLAT,
                                    .flat_memory = *heads};
    return pst_ring_create(ring, &config, err);
}

pst_status pst_blocks_init(pst_function *f, pst_error *err) {
    const size_t block = f->block_frames;
    // All blocks that are under way, one that is collected and one that is heard, with some to
    // spare where the sound stops and goes on.
    f->n_slots = (uint32_t)(((size_t)f->latency + f->quantum_frames) / block + 4);
    f->floats_in = ((size_t)f->n_input_channels + f->config.n_params) * block;
    f->floats_out = (size_t)f->n_output_channels * block;
    f->intake.next = -1;
    pst_status status = make_ring(&f->ring_in, &f->heads_in, f->n_slots, err);
    if (status == PST_OK)
        status = make_ring(&f->ring_out, &f->heads_out, f->n_slots, err);
    if (status != PST_OK)
        return status;
    f->slots_in = pst_alloc_array(f->n_slots * f->floats_in, sizeof(float));
    f->slots_out = pst_alloc_array(f->n_slots * f->floats_out, sizeof(float));
    f->work_in = pst_alloc_array(f->floats_in, sizeof(float));
    f->work_out = pst_alloc_array(f->floats_out, sizeof(float));
    f->held = pst_alloc_array(f->n_output_channels, sizeof(float));
    if (f->config.underrun == PST_UNDERRUN_BYPASS && pst_function_has_worker(f))
        f->history_frames = (size_t)f->latency + f->quantum_frames;
    f->history = pst_alloc_array(f->history_frames * f->config.n_channels, sizeof(float));
    if (f->slots_in == NULL || f->slots_out == NULL || f->work_in == NULL || f->work_out == NULL ||
        f->held == NULL || f->history == NULL)
        return pst_fail_memory(err);
    return PST_OK;
}

void pst_blocks_deinit(pst_function *f) {
    pst_ring_release(f->ring_in);
    pst_ring_release(f->ring_out);
    pst_free(f->heads_in);
    pst_free(f->heads_out);
    pst_free(f->slots_in);
    pst_free(f->slots_out);
    pst_free(f->work_in);
    pst_free(f->work_out);
    pst_free(f->held);
    pst_free(f->history);
}

static size_t slot_of(const pst_function *f, uint64_t position) PST_RT {
    return (size_t)(position % f->n_slots);
}

static void count(_Atomic uint64_t *counter, uint64_t n) PST_RT {
    atomic_fetch_add_explicit(counter, n, memory_order_relaxed);
}

// ---- Whoever makes blocks -----------------------------------------------------------------------

static bool take_head(pst_ring *ring, pst_block_head *head, size_t *slot,
                      const pst_function *f) PST_RT {
    pst_span span;
    if (pst_ring_begin_read(ring, 0, 1, &span) == 0)
        return false;
    memcpy(head, span.data, sizeof *head);
    *slot = slot_of(f, span.position);
    return true;
}

bool pst_blocks_open(pst_function *f, pst_process_block *block) PST_RT {
    size_t slot;
    while (take_head(f->ring_in, &f->open, &slot, f)) {
        const int64_t now = atomic_load_explicit(&f->now, memory_order_acquire);
        const bool is_late = f->open.frame + f->open.n_frames + f->latency <= now;
        if (!is_late)
            memcpy(f->work_in, f->slots_in + slot * f->floats_in, f->floats_in * sizeof(float));
        pst_ring_commit_read(f->ring_in, 0, 1);
        if (is_late) {
            count(&f->n_lost, 1);
            continue;
        }
        memset(f->work_out, 0, f->floats_out * sizeof(float));
        *block = pst_function_block(f);
        block->frame = f->open.frame;
        block->n_frames = f->open.n_frames;
        block->steady = f->open.steady;
        f->is_open = true;
        return true;
    }
    return false;
}

// What has failed is not heard. Where the renderer has taken nothing for a while, blocks of the
// past may be in the way.
static void give_back(pst_function *f, int32_t result) PST_RT {
    f->open.result = result;
    f->is_open = false;
    if (!pst_process_is_result(result) || pst_ring_make_room(f->ring_out, 1) == 0)
        return;
    float *slot = f->slots_out + slot_of(f, pst_ring_written(f->ring_out)) * f->floats_out;
    memcpy(slot, f->work_out, f->floats_out * sizeof(float));
    pst_ring_write(f->ring_out, &f->open, 1);
}

pst_status pst_function_next(pst_function *f, int64_t timeout_ns, pst_process_block *block) {
    if (!pst_function_has_worker(f) || f->is_open)
        return PST_BAD_STATE;
    if (atomic_load_explicit(&f->is_closed, memory_order_acquire))
        return PST_CLOSED;
    if (pst_blocks_open(f, block))
        return PST_OK;
    const pst_status status = pst_ring_wait_readable(f->ring_in, 0, 1, timeout_ns);
    if (status != PST_OK)
        return status;
    return pst_blocks_open(f, block) ? PST_OK : PST_TIMEOUT;
}

void pst_function_done(pst_function *f, int32_t result) PST_RT {
    if (!f->is_open)
        return;
    count(&f->n_blocks, 1);
    if (!pst_process_is_result(result))
        pst_function_close(f);
    give_back(f, result);
    if (f->config.n_inputs == 0 && result == PST_PROCESS_MAY_END)
        atomic_store_explicit(&f->is_closed, true, memory_order_release);
}

static void show_block(pst_function *f) PST_RT {
    const float *in = f->work_in;
    float *out = f->work_out;
    for (uint32_t k = 0; k < f->n_input_channels; ++k, in += f->block_frames)
        f->in[k] = in;
    for (uint32_t p = 0; p < f->config.n_params; ++p, in += f->block_frames)
        f->values[p] = in;
    for (uint32_t k = 0; k < f->n_output_channels; ++k, out += f->block_frames)
        f->out[k] = out;
}

// The renderer itself makes what has been collected.
static void make_block(pst_function *f) PST_RT {
    pst_process_block block;
    const bool is_over = f->config.n_inputs == 0 && f->result == PST_PROCESS_MAY_END;
    if (is_over || !pst_blocks_open(f, &block))
        return;
    show_block(f);
    f->result = pst_function_call(f, &block);
    if (!pst_process_is_result(f->result))
        atomic_store_explicit(&f->has_failed, true, memory_order_release);
    give_back(f, f->result);
}

// ---- What goes in -------------------------------------------------------------------------------

static void begin_block(pst_function *f, int64_t frame) PST_RT {
    pst_block_intake *intake = &f->intake;
    const uint32_t n_params = f->config.n_params;
    const uint64_t all = n_params == 64 ? ~UINT64_C(0) : (UINT64_C(1) << n_params) - 1;
    intake->head = (pst_block_head){.frame = frame, .steady = all};
    // A start between two frames of the grid makes the first block shorter, so that all others end
    // where the latency has been computed for.
    intake->n_wanted = f->block_frames - (uint32_t)(frame % f->shared_frames);
    intake->is_dropped = pst_ring_make_room(f->ring_in, 1) == 0;
    intake->planes = f->slots_in + slot_of(f, pst_ring_written(f->ring_in)) * f->floats_in;
}

// A param stays steady as long as its value does.
static void put_param(pst_function *f, const pst_quantum *q, uint32_t p, uint32_t at,
                      uint32_t n) PST_RT {
    pst_block_intake *intake = &f->intake;
    const pst_values *values = &q->params[p];
    const uint64_t bit = UINT64_C(1) << p;
    float *plane = intake->planes + (size_t)(f->n_input_channels + p) * f->block_frames;
    const uint32_t done = intake->n_filled;
    if (done == 0 && values->is_steady)
        plane[0] = values->value;
    if (f->params[p].rate == PST_RATE_K) // One value for each block.
        return;
    if ((intake->head.steady & bit) != 0 && values->is_steady && values->value == plane[0])
        return;
    if ((intake->head.steady & bit) != 0 && done > 0)
        q->kernels->fill(plane, plane[0], done);
    intake->head.steady &= ~bit;
    if (values->is_steady)
        q->kernels->fill(plane + done, values->value, n);
    else
        memcpy(plane + done, values->values + at, n * sizeof(float));
}

static void put(pst_function *f, const pst_quantum *q, uint32_t at, uint32_t n) PST_RT {
    const pst_block_intake *intake = &f->intake;
    float *plane = intake->planes + intake->n_filled;
    for (uint32_t i = 0; i < f->config.n_inputs; ++i)
        for (uint32_t c = 0; c < f->config.n_channels; ++c, plane += f->block_frames)
            memcpy(plane, q->inputs[i].channels[c] + at, n * sizeof(float));
    for (uint32_t p = 0; p < f->config.n_params; ++p)
        put_param(f, q, p, at, n);
}

static void finish_block(pst_function *f, const pst_quantum *q) PST_RT {
    pst_block_intake *intake = &f->intake;
    intake->head.n_frames = intake->n_filled;
    intake->n_filled = 0;
    if (intake->is_dropped) {
        count(&f->n_lost, 1);
        return;
    }
    for (uint32_t p = 0; p < f->config.n_params; ++p) {
        float *plane = intake->planes + (size_t)(f->n_input_channels + p) * f->block_frames;
        if ((intake->head.steady >> p & 1) != 0)
            q->kernels->fill(plane, plane[0], f->block_frames);
    }
    pst_ring_write(f->ring_in, &intake->head, 1);
    if (!pst_function_has_worker(f))
        make_block(f);
}

static void keep_history(pst_function *f, const pst_quantum *q) PST_RT {
    for (uint32_t i = q->first; i < q->end;) {
        const size_t place = (size_t)(q->frame + i) % f->history_frames;
        size_t n = f->history_frames - place;
        n = n < q->end - i ? n : q->end - i;
        for (uint32_t c = 0; c < f->config.n_channels; ++c)
            memcpy(f->history + c * f->history_frames + place, q->inputs[0].channels[c] + i,
                   n * sizeof(float));
        i += (uint32_t)n;
    }
}

static void take_in(pst_function *f, const pst_quantum *q) PST_RT {
    pst_block_intake *intake = &f->intake;
    if (intake->next != q->frame + q->first) { // It begins, or was not called for a while.
        intake->origin = q->frame + q->first;
        intake->n_filled = 0;
    }
    for (uint32_t i = q->first; i < q->end;) {
        if (intake->n_filled == 0)
            begin_block(f, q->frame + i);
        const uint32_t room = intake->n_wanted - intake->n_filled;
        const uint32_t n = room < q->end - i ? room : q->end - i;
        if (!intake->is_dropped)
            put(f, q, i, n);
        intake->n_filled += n;
        i += n;
        // The last block before a stop is as long as it is.
        if (intake->n_filled == intake->n_wanted || (i == q->end && q->end < q->n_frames))
            finish_block(f, q);
    }
    intake->next = q->frame + q->end;
    if (f->history_frames > 0)
        keep_history(f, q);
}

// ---- What comes out -----------------------------------------------------------------------------

// Whether there is a block with frame m, or with one behind it.
static bool find_block(pst_function *f, int64_t m) PST_RT {
    pst_block_outlet *outlet = &f->outlet;
    while (!outlet->has_block || outlet->head.frame + outlet->head.n_frames <= m) {
        if (outlet->has_block) {
            outlet->end = outlet->head.frame + outlet->head.n_frames;
            outlet->has_ended = outlet->head.result == PST_PROCESS_MAY_END;
            pst_ring_commit_read(f->ring_out, 0, 1);
        }
        size_t slot;
        outlet->has_block = take_head(f->ring_out, &outlet->head, &slot, f);
        if (!outlet->has_block)
            return false;
        outlet->planes = f->slots_out + slot * f->floats_out;
    }
    return true;
}

static void hear(pst_function *f, const pst_quantum *q, uint32_t at, uint32_t n,
                 uint32_t from) PST_RT {
    const float *plane = f->outlet.planes + from;
    float *held = f->held;
    for (uint32_t o = 0; o < f->config.n_outputs; ++o)
        for (uint32_t c = 0; c < f->output_channels[o]; ++c, plane += f->block_frames) {
            memcpy(q->outputs[o].channels[c] + at, plane, n * sizeof(float));
            *held++ = plane[n - 1];
        }
    f->outlet.is_missing = false;
}

static void bypass(const pst_function *f, const pst_quantum *q, uint32_t at, uint32_t n) PST_RT {
    const uint32_t n_channels =
        f->output_channels[0] < f->config.n_channels ? f->output_channels[0] : f->config.n_channels;
    for (uint32_t c = 0; c < n_channels; ++c)
        for (uint32_t i = at; i < at + n; ++i) {
            const size_t place = (size_t)(q->frame + i - f->latency) % f->history_frames;
            q->outputs[0].channels[c][i] = f->history[c * f->history_frames + place];
        }
}

// Frames that nobody has made. Before the first one has had the time to come, that is no fault.
static void miss(pst_function *f, const pst_quantum *q, uint32_t at, uint32_t n) PST_RT {
    const int64_t m = q->frame + at - f->latency;
    if (m < f->intake.origin)
        return;
    if (!f->outlet.is_missing)
        count(&f->n_underruns, 1);
    f->outlet.is_missing = true;
    count(&f->missing_frames, n);
    if (f->config.n_outputs == 0)
        return;
    if (f->history_frames > 0) {
        bypass(f, q, at, n);
        return;
    }
    const float *held = f->held;
    for (uint32_t o = 0; f->config.underrun == PST_UNDERRUN_HOLD && o < f->config.n_outputs; ++o)
        for (uint32_t c = 0; c < f->output_channels[o]; ++c)
            q->kernels->fill(q->outputs[o].channels[c] + at, *held++, n);
}

// A source may end once all that it has said was heard.
static bool is_over(const pst_function *f) PST_RT {
    return f->config.n_inputs == 0 && f->outlet.has_ended;
}

static void give_out(pst_function *f, const pst_quantum *q) PST_RT {
    for (uint32_t o = 0; o < f->config.n_outputs; ++o)
        pst_bus_open_zeroed(&q->outputs[o], f->output_channels[o]);
    for (uint32_t i = q->first; i < q->end;) {
        const int64_t m = q->frame + i - f->latency;
        const bool is_there = find_block(f, m);
        if (is_over(f))
            break;
        const int64_t begin = f->outlet.head.frame;
        int64_t n = (int64_t)q->end - i;
        if (is_there && begin <= m) {
            const int64_t left = begin + f->outlet.head.n_frames - m;
            n = left < n ? left : n;
            hear(f, q, i, (uint32_t)n, (uint32_t)(m - begin));
        } else {
            // Up to the next block, or to where there can be one.
            const int64_t next = is_there ? begin : f->intake.origin;
            if (next > m && next - m < n)
                n = next - m;
            miss(f, q, i, (uint32_t)n);
        }
        i += (uint32_t)n;
    }
}

// ---- A quantum ----------------------------------------------------------------------------------

// Whether all that was to be said about the input has been heard.
static bool may_rest(const pst_function *f) PST_RT {
    return f->outlet.has_ended && f->outlet.end >= f->intake.heard_end;
}

void pst_blocks_process(pst_function *f, pst_unit *unit, const pst_quantum *q) PST_RT {
    const bool is_fed = pst_function_is_fed(unit, q);
    if (is_fed)
        f->intake.heard_end = q->frame + q->end;
    unit->is_resting = !is_fed && unit->n_inputs > 0 && may_rest(f);
    if (unit->is_resting) {
        pst_function_rest(unit, q);
        return;
    }
    take_in(f, q);
    atomic_store_explicit(&f->now, q->frame + q->end, memory_order_release);
    if (atomic_load_explicit(&f->has_failed, memory_order_acquire)) {
        pst_function_rest(unit, q);
        unit->is_over = true;
        return;
    }
    give_out(f, q);
    // Lets go of a block that was heard to its end.
    find_block(f, q->frame + q->end - f->latency);
    unit->is_over = is_over(f);
}
