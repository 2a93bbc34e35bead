// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_GRAPH_FUNCTION_H
#define PST_GRAPH_FUNCTION_H

#include "graph/control/model.h"
#include "pastream/graph_functions.h"
#include "pastream/ring.h"

// A node with a function of the user's. Each has a kind of its own, which is part of it.
//
// Blocks that are packed are collected in slots. Two rings carry the heads of those that are
// complete: one to whoever makes them, one back. Frame m of a block is heard at frame m + latency,
// whenever it was made, or not at all.

// What the rings carry. The slot is the position modulo the number of slots.
typedef struct pst_block_head {
    int64_t frame;
    uint64_t steady;
    uint32_t n_frames;
    int32_t result;
} pst_block_head;

// The renderer's view of the sound that it collects.
typedef struct pst_block_intake {
    int64_t origin;    // Where it began without a gap,
    int64_t next;      // and the frame that comes next; -1: none yet.
    int64_t heard_end; // Behind the last frame with an active input.
    uint32_t n_filled; // Frames of the block under way,
    uint32_t n_wanted; // which is complete with these.
    bool is_dropped;   // There is no slot for it.
    pst_block_head head;
    float *planes;
} pst_block_intake;

// And of the sound that comes back.
typedef struct pst_block_outlet {
    bool has_block;
    bool is_missing; // The last frame was.
    pst_block_head head;
    const float *planes;
    bool has_ended; // The last block that was heard may have been the last of all,
    int64_t end;    // which is behind it.
} pst_block_outlet;

struct pst_function {
    pst_kind kind; // Must be first.
    _Atomic uint32_t n_refs;
    pst_function_config config; // Its arrays are those below.
    pst_param_info *params;
    char *names;
    uint32_t output_channels[PST_GRAPH_MAX_CHANNELS];
    uint32_t n_input_channels; // Of all inputs,
    uint32_t n_output_channels;
    double rate_hz;
    uint32_t quantum_frames;
    uint32_t block_frames;
    uint32_t shared_frames; // The greatest common divisor of the two.
    int64_t latency;
    // Between the renderer and the worker.
    uint32_t n_slots; // 0: not packed.
    pst_block_head *heads_in, *heads_out;
    pst_ring *ring_in, *ring_out;
    float *slots_in, *slots_out;
    size_t floats_in, floats_out; // Of a slot.
    _Atomic int64_t now;          // The next frame to be rendered.
    _Atomic uint64_t n_blocks, n_underruns, missing_frames, n_lost;
    _Atomic bool has_failed, is_closed;
    // Whoever makes the blocks.
    float *work_in, *work_out;
    bool is_open;
    pst_block_head open;
    // The renderer's.
    const float **in;
    float **out;
    const float **values;
    float *value_planes; // n_params, of a block each, for those that are steady,
    float *kept_values;  // with these values.
    int32_t result;
    pst_block_intake intake;
    pst_block_outlet outlet;
    float *held;           // The last sample of each output channel.
    float *history;        // Of the first input: n_channels of history_frames.
    size_t history_frames; // 0: nobody wants it.
};

// Makes rings and slots. block_frames and latency are there.
pst_status pst_blocks_init(pst_function *function, pst_error *err);
void pst_blocks_deinit(pst_function *function);

// Makes a quantum of a function whose blocks are packed.
void pst_blocks_process(pst_function *function, pst_unit *unit, const pst_quantum *quantum) PST_RT;

// Opens the next block that waits, if it can still be heard. Returns whether there is one.
bool pst_blocks_open(pst_function *function, pst_process_block *block) PST_RT;

// Calls the function, with the arithmetic that it wants. The pointers are in place.
int32_t pst_function_call(pst_function *function, const pst_process_block *block) PST_RT;

// What does not change from block to block.
pst_process_block pst_function_block(const pst_function *function) PST_RT;

static inline bool pst_function_has_worker(const pst_function *function) PST_RT {
    return !function->config.process;
}

static inline bool pst_process_is_result(int32_t result) PST_RT {
    return result == PST_PROCESS_CONTINUE || result == PST_PROCESS_MAY_END;
}

static inline bool pst_function_is_fed(const pst_unit *unit, const pst_quantum *q) PST_RT {
    bool is_fed = false;
    for (uint32_t i = 0; i < unit->n_inputs; ++i)
        is_fed |= q->inputs[i].is_active;
    return is_fed;
}

static inline void pst_function_rest(const pst_unit *unit, const pst_quantum *q) PST_RT {
    for (uint32_t o = 0; o < unit->n_outputs; ++o)
        pst_bus_rest(&q->outputs[o]);
}

#endif
