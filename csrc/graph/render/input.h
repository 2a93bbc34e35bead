// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_GRAPH_INPUT_H
#define PST_GRAPH_INPUT_H

#include "pastream/graph_kinds.h"

// What a graph hears: frames come in blocks of any length, and are needed a quantum at a time.
//
// Where blocks are whole quanta, each is heard at once. Otherwise a quantum may begin before all of
// its frames are there; from the first such block on, everything is heard a quantum less one frame
// later, so that they always are.
typedef struct pst_input {
    uint32_t n_channels; // 0: the graph hears nothing.
    uint32_t quantum_frames;
    bool is_silent;
    float *planes[PST_GRAPH_MAX_CHANNELS]; // The quantum.
    float *memory;                         // All that follows is in it:
    float *scratch;                        // a quantum of frames,
    float *carry;                          // and frames that no quantum has taken yet.
    uint32_t n_carry;
    uint32_t delay_frames;
    const float *block; // Of the call under way; NULL: silence.
    int64_t n_block;
    const float *fed; // What was fed in place of blocks; lasts until all of it was taken.
    int64_t n_fed;
    bool is_fed;
} pst_input;

// Returns PST_OK or PST_NO_MEMORY. Thread: control.
PST_NODISCARD pst_status pst_input_init(pst_input *input, uint32_t n_channels,
                                        uint32_t quantum_frames, pst_error *err);

// Also of a zeroed one. Thread: control.
void pst_input_deinit(pst_input *input);

// The rest is the renderer's. A block begins and ends with a call; in between, quanta are taken,
// no more than the call has frames for. What is fed goes before, without a delay.
void pst_input_begin(pst_input *input, const float *block, int64_t n_frames) PST_RT;
void pst_input_take(pst_input *input) PST_RT;
void pst_input_end(pst_input *input) PST_RT;
void pst_input_feed(pst_input *input, const float *frames, int64_t n_frames) PST_RT;

#endif
