// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_CORE_CONVERT_H
#define PST_CORE_CONVERT_H

#include "pastream/format.h"

// What the kernels do; pst_convert in pastream/format.h is the door. What counts as what:
//
//   clipped     a finite sample whose rounded value lies outside the destination's integers (so a
//               float 1.0 clips by one step), or a float64 beyond the range of float32
//   nonfinite   NaN and both infinities, whatever they become; never counted as clipped as well
//
// Denormal numbers are kept. The audio callback may have set the processor to flush them.

typedef struct pst_kernel_counts {
    uint32_t n_clipped;
    uint32_t n_nonfinite;
} pst_kernel_counts;

// Converts n_samples, few enough for the counts to hold. Unaligned memory, no overlap.
typedef void (*pst_convert_fn)(unsigned char *dst, const unsigned char *src, size_t n_samples,
                               pst_kernel_counts *counts) PST_RT;

// Returns the kernel of a pair, or NULL if one of the values is no format. For loops that convert
// many blocks of one pair.
// Thread: any. Realtime: yes. Ownership: static.
pst_convert_fn pst_convert_kernel(pst_format dst_format, pst_format src_format) PST_RT;

// As pst_convert, for formats that are known to be formats. With keep_nonfinite, NaN and infinities
// pass from float formats to float formats as they are, and so does what else lies beyond the range
// of float32.
// Thread: any. Realtime: yes.
void pst_convert_samples(void *dst, pst_format dst_format, const void *src, pst_format src_format,
                         size_t n_samples, bool keep_nonfinite, pst_convert_counts *counts) PST_RT;

// Replaces NaN and infinities among samples of a float format by 0, in place; does nothing to
// integers. Returns how many there were. Any alignment. Thread: any. Realtime: yes.
uint64_t pst_scrub(void *samples, pst_format format, size_t n_samples) PST_RT;

#endif
