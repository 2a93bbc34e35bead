// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_CORE_KERNELS_KERNELS_H
#define PST_CORE_KERNELS_KERNELS_H

#include "core/convert.h"
#include "pastream/simd.h"

// The loops in which the time goes, one table per level. Each source of this folder is compiled
// once per level, and defines one part of the table.
//
// All levels give the same bits. So sums have a fixed order, products are not fused with sums, and
// lanes never meet, or meet in an order that does not depend on how many a register holds.

enum { PST_N_FORMATS = PST_FORMAT_U8 + 1 };

typedef struct pst_convert_kernels {
    pst_convert_fn convert[PST_N_FORMATS][PST_N_FORMATS]; // [destination][source]
    // In place, any alignment: replace what is not finite by 0, and return how many there were.
    uint64_t (*scrub_f32)(unsigned char *samples, size_t n_samples) PST_RT;
    uint64_t (*scrub_f64)(unsigned char *samples, size_t n_samples) PST_RT;
    // float32 to float64 and back, whatever the samples are. Any alignment, no overlap.
    void (*widen)(unsigned char *dst, const unsigned char *src, size_t n_samples) PST_RT;
    void (*narrow)(unsigned char *dst, const unsigned char *src, size_t n_samples) PST_RT;
} pst_convert_kernels;

typedef struct pst_kernels {
    pst_kernel_level level;
    const pst_convert_kernels *convert;
} pst_kernels;

// Returns the table of the level that is taken now.
// Thread: any. Realtime: yes. Ownership: static.
const pst_kernels *pst_kernels_now(void) PST_RT;

// Returns the table of a level; NULL: this machine does not have it.
// Thread: any. Realtime: yes. Ownership: static.
const pst_kernels *pst_kernels_of(pst_kernel_level level) PST_RT;

// The name of a table of this level, for the sources that are compiled once per level: the build
// defines PST_LEVEL.
#define PST_KERNEL_NAME_OF(part, level) pst_##part##_kernels_##level
#define PST_KERNEL_NAME_AT(part, level) PST_KERNEL_NAME_OF(part, level)
#define PST_KERNEL_TABLE(part) PST_KERNEL_NAME_AT(part, PST_LEVEL)

#endif
