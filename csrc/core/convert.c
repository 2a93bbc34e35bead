// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "core/convert.h"

#include <string.h>

#include "core/kernels/kernels.h"

pst_convert_fn pst_convert_kernel(pst_format dst_format, pst_format src_format) PST_RT {
    const unsigned dst = (unsigned)dst_format;
    const unsigned src = (unsigned)src_format;
    if (dst >= PST_N_FORMATS || src >= PST_N_FORMATS)
        return NULL;
    return pst_kernels_now()->convert->convert[dst][src];
}

uint64_t pst_scrub(void *samples, pst_format format, size_t n_samples) PST_RT {
    const pst_convert_kernels *kernels = pst_kernels_now()->convert;
    return format == PST_FORMAT_F32   ? kernels->scrub_f32(samples, n_samples)
           : format == PST_FORMAT_F64 ? kernels->scrub_f64(samples, n_samples)
                                      : 0;
}

static void run_kernel(pst_convert_fn kernel, unsigned char *dst, const unsigned char *src,
                       size_t n_samples, pst_convert_counts *counts) PST_RT {
    pst_kernel_counts seen = {0, 0};
    kernel(dst, src, n_samples, &seen);
    if (counts == NULL)
        return;
    counts->n_clipped += seen.n_clipped;
    counts->n_nonfinite += seen.n_nonfinite;
}

pst_status pst_convert(void *dst, pst_format dst_format, const void *src, pst_format src_format,
                       size_t n_samples, pst_convert_counts *counts) PST_RT {
    const pst_convert_fn kernel = pst_convert_kernel(dst_format, src_format);
    if (!kernel) // Clang takes a comparison with NULL for a loss of the realtime attribute.
        return PST_BAD_ARGUMENT;
    const size_t block = (size_t)1 << 24; // The counts of a kernel have 32 bits.
    unsigned char *to = dst;
    const unsigned char *from = src;
    for (; n_samples > block; n_samples -= block) {
        run_kernel(kernel, to, from, block, counts);
        to += block * pst_format_bytes(dst_format);
        from += block * pst_format_bytes(src_format);
    }
    run_kernel(kernel, to, from, n_samples, counts);
    return PST_OK;
}

static bool is_float(pst_format format) PST_RT {
    return format == PST_FORMAT_F32 || format == PST_FORMAT_F64;
}

static void copy_floats(unsigned char *dst, pst_format dst_format, const unsigned char *src,
                        pst_format src_format, size_t n_samples) PST_RT {
    if (dst_format == src_format)
        memcpy(dst, src, n_samples * pst_format_bytes(src_format));
    else if (dst_format == PST_FORMAT_F64)
        pst_kernels_now()->convert->widen(dst, src, n_samples);
    else
        pst_kernels_now()->convert->narrow(dst, src, n_samples);
}

void pst_convert_samples(void *dst, pst_format dst_format, const void *src, pst_format src_format,
                         size_t n_samples, bool keep_nonfinite, pst_convert_counts *counts) PST_RT {
    if (keep_nonfinite && is_float(dst_format) && is_float(src_format))
        copy_floats(dst, dst_format, src, src_format, n_samples);
    else
        (void)pst_convert(dst, dst_format, src, src_format, n_samples, counts);
}
