// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PASTREAM_FORMAT_H
#define PASTREAM_FORMAT_H

#include "pastream/base.h"

#if !defined(PST_CFFI) && defined(__cplusplus)
extern "C" {
#endif

// Sample formats, native byte order. Full scale is -1.0 to just under 1.0 for floats and the whole
// range of the type for integers, so a float is an integer divided by 2^(bits-1), and back.
typedef enum pst_format {
    PST_FORMAT_F32 = 1,
    PST_FORMAT_F64 = 2,
    PST_FORMAT_I32 = 3,
    PST_FORMAT_I24 = 4, // Three packed bytes. In int32 arrays such samples are left-justified.
    PST_FORMAT_I16 = 5,
    PST_FORMAT_I8 = 6,
    PST_FORMAT_U8 = 7 // Silence is 128.
} pst_format;

enum { PST_MAX_CHANNELS = 256 };

// Returns the bytes of one sample, or 0 for a value that is no format.
// Thread: any. Realtime: yes.
PST_API uint32_t pst_format_bytes(pst_format format) PST_RT;

// Returns "float32", "float64", "int32", "int24", "int16", "int8", "uint8", or "unknown".
// Thread: any. Realtime: yes. Ownership: static text.
PST_API const char *pst_format_name(pst_format format) PST_RT;

// What a conversion had to change. Counters only grow.
typedef struct pst_convert_counts {
    uint64_t n_clipped;   // Finite samples beyond full scale, set to full scale.
    uint64_t n_nonfinite; // NaN (set to 0) and infinities (set to full scale, or 0 in floats).
} pst_convert_counts;

// Converts n_samples from one format to another.
//
// Integers become wider exactly, and narrower rounded to nearest (half to even) and clipped.
// Floats become integers by x * 2^(bits-1), rounded half to even and clipped; integers become
// floats exactly where the float can hold them. Between float formats, and from a format to
// itself, values are kept, except that NaN and infinities become 0 in float results, and that a
// float64 beyond the range of float32 is clipped to it.
//
// dst, src: n_samples samples each; they may not overlap. Any alignment.
// counts: may be NULL.
// Returns PST_OK or PST_BAD_ARGUMENT (a value that is no format).
// Thread: any. Realtime: yes (work is proportional to n_samples).
PST_API pst_status pst_convert(void *dst, pst_format dst_format, const void *src,
                               pst_format src_format, size_t n_samples,
                               pst_convert_counts *counts) PST_RT;

// Fills dst with n_samples of silence (128 for uint8, else zero bytes).
// Thread: any. Realtime: yes.
PST_API void pst_silence(void *dst, pst_format format, size_t n_samples) PST_RT;

#if !defined(PST_CFFI) && defined(__cplusplus)
}
#endif
#endif
