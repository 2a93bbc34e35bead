// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_CORE_DITHER_H
#define PST_CORE_DITHER_H

#include "pastream/format.h"

// Noise that keeps what rounding to fewer bits would distort: the difference of two uniform random
// numbers, up to one step to each side (TPDF). The error of a sample then has mean 0 and a variance
// of a quarter step squared, whatever the signal.
typedef struct pst_noise {
    uint64_t state; // Of a xorshift generator; never 0.
} pst_noise;

// Begins a sequence. Equal seeds give equal sequences. Thread: any. Realtime: yes.
void pst_noise_init(pst_noise *noise, uint64_t seed) PST_RT;

// Whether samples lose bits on this way: from floats to integers that have fewer bits than the
// float's mantissa and sign, or from integers to narrower ones.
// n_bits: of dst_format, an integer's, that are to be used, the uppermost; 0: all.
// Thread: any. Realtime: yes.
bool pst_loses_bits(pst_format dst_format, uint32_t n_bits, pst_format src_format) PST_RT;

// As pst_convert, with noise before the rounding where bits are lost; where none are, there is no
// difference. What counts as clipped is what would be without noise. How samples are cut into calls
// makes no difference. n_bits: as above; the bits below them become 0.
// Thread: one at a time. Realtime: yes (work is proportional to n_samples).
void pst_convert_with_noise(pst_noise *noise, void *dst, pst_format dst_format, uint32_t n_bits,
                            const void *src, pst_format src_format, size_t n_samples,
                            pst_convert_counts *counts) PST_RT;

#endif
