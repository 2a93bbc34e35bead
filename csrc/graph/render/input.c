// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "graph/render/input.h"

#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "core/kernels/kernels.h"
#include "graph/render/frames.h"

pst_status pst_input_init(pst_input *input, uint32_t n_channels, uint32_t quantum_frames,
                          pst_error *err) {
    *input = (pst_input){.n_channels = n_channels, .quantum_frames = quantum_frames};
    if (n_channels == 0)
        return PST_OK;
    const size_t n = (size_t)n_channels * quantum_frames;
    input->memory = pst_alloc_array(3 * n, sizeof(float));
    if (input->memory == NULL)
        return pst_fail_memory(err);
    memset(input->memory, 0, 3 * n * sizeof(float)); // Touched, before the audio thread does it.
    for (uint32_t c = 0; c < n_channels; ++c)
        input->planes[c] = input->memory + (size_t)c * quantum_frames;
    input->scratch = input->memory + n;
    input->carry = input->scratch + n;
    return PST_OK;
}

void pst_input_deinit(pst_input *input) {
    pst_free(input->memory);
}

// Puts frames behind those that are carried over. NULL: silence.
static void carry(pst_input *input, const float *frames, uint32_t n) PST_RT {
    float *to = input->carry + (size_t)input->n_carry * input->n_channels;
    const size_t n_bytes = (size_t)n * input->n_channels * sizeof *to;
    if (frames == NULL)
        memset(to, 0, n_bytes);
    else
        memcpy(to, frames, n_bytes);
    input->n_carry += n;
}

void pst_input_begin(pst_input *input, const float *block, int64_t n_frames) PST_RT {
    if (input->n_channels == 0)
        return;
    input->block = block;
    input->n_block = n_frames;
    const uint32_t most = input->quantum_frames - 1;
    if (n_frames % input->quantum_frames == 0 || input->delay_frames == most || input->is_fed)
        return;
    carry(input, NULL, most - input->delay_frames);
    input->delay_frames = most;
}

// Writes frames to the quantum, without what is no number. NULL: silence.
static void put(const pst_input *input, uint32_t to, const float *frames, uint32_t n) PST_RT {
    if (n == 0)
        return;
    if (frames == NULL) {
        for (uint32_t c = 0; c < input->n_channels; ++c)
            memset(input->planes[c] + to, 0, n * sizeof(float));
        return;
    }
    pst_kernel_counts counts = {0, 0};
    pst_convert_kernel(PST_FORMAT_F32, PST_FORMAT_F32)((unsigned char *)input->scratch,
                                                       (const unsigned char *)frames,
                                                       (size_t)n * input->n_channels, &counts);
    pst_frames_split(input->planes, to, input->scratch, input->n_channels, n);
}

static void take_fed(pst_input *input) PST_RT {
    const uint32_t quantum = input->quantum_frames;
    const uint32_t n = input->n_fed < quantum ? (uint32_t)input->n_fed : quantum;
    put(input, 0, input->fed, n);
    put(input, n, NULL, quantum - n);
    input->n_fed -= n;
    if (n > 0)
        input->fed += (size_t)n * input->n_channels;
}

static void take_blocks(pst_input *input) PST_RT {
    const uint32_t n_old = input->n_carry;
    const uint32_t n_new = input->quantum_frames - n_old;
    put(input, 0, input->carry, n_old);
    put(input, n_old, input->block, n_new);
    input->n_carry = 0;
    input->n_block -= n_new;
    if (input->block != NULL)
        input->block += (size_t)n_new * input->n_channels;
}

void pst_input_take(pst_input *input) PST_RT {
    if (input->n_channels == 0)
        return;
    if (input->is_fed)
        take_fed(input);
    else
        take_blocks(input);
    const pst_plane_kernels *kernels = pst_kernels_now()->planes;
    input->is_silent = true;
    for (uint32_t c = 0; c < input->n_channels && input->is_silent; ++c)
        input->is_silent = kernels->is_zero(input->planes[c], input->quantum_frames);
}

void pst_input_end(pst_input *input) PST_RT {
    if (input->n_channels > 0 && !input->is_fed)
        carry(input, input->block, (uint32_t)input->n_block);
}

void pst_input_feed(pst_input *input, const float *frames, int64_t n_frames) PST_RT {
    input->is_fed = true;
    input->fed = frames;
    input->n_fed = n_frames;
}
