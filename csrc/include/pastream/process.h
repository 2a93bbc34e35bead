// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PASTREAM_PROCESS_H
#define PASTREAM_PROCESS_H

#include "pastream/base.h"

#if !defined(PST_CFFI) && defined(__cplusplus)
extern "C" {
#endif

// Functions that make the sound of nodes of graphs, block by block. Compiled ones include this.

// What a function is told of a block. All members have 8 bytes: who knows only arrays can read it
// as a double and 64-bit integers.
typedef struct pst_process_block {
    double rate_hz;
    int64_t frame;             // Number of the first frame; divided by the rate, it is the time.
    int64_t n_frames;          // At least 1; no more than were asked for.
    int64_t n_inputs;          // Ports, as the node was made.
    int64_t n_channels;        // Of each input.
    int64_t n_outputs;         // Ports.
    int64_t n_output_channels; // Of all outputs together.
    int64_t n_params;
    uint64_t steady; // Bit p: param p has one value for all frames.
} pst_process_block;

typedef enum pst_process_result {
    PST_PROCESS_CONTINUE = 0, // Call again, whether there is input or not.
    PST_PROCESS_MAY_END = 1   // Nothing more to say, unless an input sounds.
} pst_process_result;

// Makes one block. inputs: planes of float32, the channels of the first input, then those of the
// next; to be read only. outputs: the same, to be written; they hold zeros. params: n_frames
// values each, also where they are steady. All are valid during the call. Any other result than
// those above silences the node for good.
//
// On the audio thread it must not allocate, lock, wait, or call Python.
typedef int32_t (*pst_process_fn)(const float *const *inputs, float *const *outputs,
                                  const float *const *params, const pst_process_block *block,
                                  void *user) PST_RT;

#if !defined(PST_CFFI) && defined(__cplusplus)
}
#endif
#endif
