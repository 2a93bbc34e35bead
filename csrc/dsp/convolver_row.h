// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_DSP_CONVOLVER_ROW_H
#define PST_DSP_CONVOLVER_ROW_H

#include "dsp/fft32.h"
#include "dsp/live_convolver.h"
#include "dsp/response_cut.h"

// The parts of a response that have the same length, and the sound that they have to do with.

// The sound that came in: a line of each channel that goes round. Both have the same if it is mono.
typedef struct pst_heard {
    float *planes[2];
    uint64_t mask;      // A power of two of frames, less one: at least four of the longest blocks.
    float *silence;     // As long as the longest block.
    int64_t n_frames;   // So many came.
    int64_t sound_end;  // The last one that was not silent,
    int64_t stereo_end; // and of those the last one in stereo; both behind it.
} pst_heard;

// What is to be done about the block that has come in last, item by item.
typedef struct pst_row_job {
    uint32_t n_in;  // Transforms: 0 if the block was silent.
    uint32_t n_out; // Ways back: 0 if all were.
    uint32_t n_products[2];
    uint32_t n_chunk; // Numbers of which products are made at once.
    uint32_t item;    // The next one.
    uint64_t done;    // Work,
    uint64_t total;   // out of so much.
    int64_t first;    // The frame that two blocks begin with.
} pst_row_job;

typedef struct pst_convolver_row {
    uint32_t n_block;
    uint32_t n_parts;
    uint32_t n_steps; // Of a transform.
    uint32_t n_response;
    pst_fft32 *fft;
    pst_bins parts;   // Spectra of the response: [channel][part].
    pst_bins past;    // Of two blocks each of the sound: [channel][slot], a circle of n_parts.
    uint8_t *n_heard; // Of each slot: 0 if it was silent, 1 if mono, or 2.
    uint32_t newest;
    pst_bins a, b; // On the way.
    pst_bins_product *products[2];
    pst_row_job job;
    float *ready[2]; // What is heard now; n_ready channels of n_block frames.
    float *next[2];  // What will be.
    uint32_t n_ready;
} pst_convolver_row;

// Makes the row of one row of a cut. Returns PST_OK or PST_NO_MEMORY; either way it is to be freed.
// Thread: control. Realtime: no.
bool pst_convolver_row_init(pst_convolver_row *row, const pst_cut_row *cut,
                            const pst_response *response);
void pst_convolver_row_free(pst_convolver_row *row);

// Forgets all. Realtime: yes.
void pst_convolver_row_reset(pst_convolver_row *row) PST_RT;

// Turns to the next slot, and says what two blocks from frame `first` on are.
void pst_convolver_row_turn(pst_convolver_row *row) PST_RT;
void pst_convolver_row_look(pst_convolver_row *row, const pst_heard *heard, int64_t first) PST_RT;

// Lists the products for one channel of the outputs, from part `first` to before `end`.
uint32_t pst_convolver_row_list(const pst_convolver_row *row, uint32_t output, uint32_t first,
                                uint32_t end, pst_bins_product *products) PST_RT;

// Puts the spectrum of one channel of two blocks from frame `first` on into the newest slot; and
// brings a spectrum in a to a block of sound.
void pst_convolver_row_transform(pst_convolver_row *row, const pst_heard *heard, uint32_t channel,
                                 int64_t first) PST_RT;
void pst_convolver_row_return(pst_convolver_row *row, float *block) PST_RT;

// A block is full: shows what was made of the last one, and begins with this one.
void pst_convolver_row_begin(pst_convolver_row *row, const pst_heard *heard) PST_RT;

// Does its share of the work, n_frames after it has begun. Returns how much that was.
uint64_t pst_convolver_row_go_on(pst_convolver_row *row, const pst_heard *heard,
                                 uint32_t n_frames) PST_RT;

#endif
