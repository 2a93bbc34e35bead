// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_DEVICE_VIRTUAL_LOOP_H
#define PST_DEVICE_VIRTUAL_LOOP_H

#include "pastream/format.h"

// A cable from a device's output to its input: a delay line of whole frames, kept as the input
// will see them. Equal formats pass bit by bit; others are converted; channels go by their index.
//
// A frame written as number n is read as number n + delay. So it lies at n modulo delay, and frame
// n is read from the very place where frame n is then written.
typedef struct pst_loop pst_loop;

typedef struct pst_loop_config {
    pst_format input_format, output_format;
    uint32_t n_inputs, n_outputs; // Channels.
    uint64_t delay_frames;        // At least max_block_frames.
    uint32_t max_block_frames;
} pst_loop_config;

// Makes a line full of silence.
// Returns PST_OK, PST_NO_MEMORY or PST_LIMIT (longer than 1 GiB). Thread: control. Realtime: no.
PST_NODISCARD pst_status pst_loop_create(pst_loop **loop, const pst_loop_config *config,
                                         pst_error *err);

// NULL is allowed.
void pst_loop_destroy(pst_loop *loop);

// Fills the line with silence. Realtime: no (takes long).
void pst_loop_clear(pst_loop *loop);

// Reads input frames, from number `frame` on. Realtime: yes.
void pst_loop_read(const pst_loop *loop, uint64_t frame, void *input, uint32_t n_frames) PST_RT;

// Writes output frames. The input frames of the same numbers must have been read, or are lost.
// Realtime: yes.
void pst_loop_write(pst_loop *loop, uint64_t frame, const void *output, uint32_t n_frames) PST_RT;

// As if silence had been written. Realtime: yes.
void pst_loop_skip(pst_loop *loop, uint64_t frame, uint64_t n_frames) PST_RT;

#endif
