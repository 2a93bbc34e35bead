// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "core/dither.h"

#include <math.h>

#include "core/convert.h"

void pst_noise_init(pst_noise *noise, uint64_t seed) PST_RT {
    // Mixed, so that seeds that lie side by side begin far apart.
    uint64_t x = seed + UINT64_C(0x9E3779B97F4A7C15);
    x = (x ^ x >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    x = (x ^ x >> 27) * UINT64_C(0x94D049BB133111EB);
    x ^= x >> 31;
    noise->state = x != 0 ? x : 1;
}

static uint64_t next_bits(pst_noise *noise) PST_RT {
    uint64_t x = noise->state;
    x ^= x >> 12;
    x ^= x << 25;
    x ^= x >> 27;
    noise->state = x;
    return x * UINT64_C(0x2545F4914F6CDD1D); // The lowest bits are not random enough without.
}

// Returns from -1 to 1, in steps.
static double next_noise(pst_noise *noise) PST_RT {
    const uint64_t bits = next_bits(noise);
    return ((double)(uint32_t)(bits >> 32) - (double)(uint32_t)bits) * 0x1p-32;
}

// Bits of the numbers that a format tells apart; the sign is one.
static uint32_t bits_of(pst_format format) PST_RT {
    switch (format) {
    case PST_FORMAT_F64:
        return 54;
    case PST_FORMAT_I32:
        return 32;
    case PST_FORMAT_F32:
        return 25;
    case PST_FORMAT_I24:
        return 24;
    case PST_FORMAT_I16:
        return 16;
    case PST_FORMAT_I8:
    case PST_FORMAT_U8:
        break;
    }
    return 8;
}

static bool is_float(pst_format format) PST_RT {
    return format == PST_FORMAT_F32 || format == PST_FORMAT_F64;
}

bool pst_loses_bits(pst_format dst_format, uint32_t n_bits, pst_format src_format) PST_RT {
    const uint32_t n_kept = n_bits > 0 ? n_bits : bits_of(dst_format);
    return !is_float(dst_format) && n_kept < bits_of(src_format);
}

// Returns a sample as an integer with so many steps to each side.
static int32_t round_sample(pst_noise *noise, double sample, double steps,
                            pst_convert_counts *counts) PST_RT {
    const double offset = next_noise(noise); // One for each sample, whatever it is.
    if (isnan(sample)) {
        ++counts->n_nonfinite;
        return 0;
    }
    const double scaled = sample * steps;
    const double plain = nearbyint(scaled);
    if (isinf(sample))
        ++counts->n_nonfinite;
    else if (plain < -steps || plain > steps - 1.0)
        ++counts->n_clipped;
    const double rounded = nearbyint(scaled + offset);
    return (int32_t)(rounded < -steps ? -steps : rounded > steps - 1.0 ? steps - 1.0 : rounded);
}

void pst_convert_with_noise(pst_noise *noise, void *dst, pst_format dst_format, uint32_t n_bits,
                            const void *src, pst_format src_format, size_t n_samples,
                            pst_convert_counts *counts) PST_RT {
    enum { CHUNK = 256 };
    if (!pst_loses_bits(dst_format, n_bits, src_format)) {
        pst_convert_samples(dst, dst_format, src, src_format, n_samples, false, counts);
        return;
    }
    double samples[CHUNK];
    int32_t rounded[CHUNK]; // At the left, where the formats meet.
    const uint32_t n_kept = n_bits > 0 ? n_bits : bits_of(dst_format);
    const double steps = (double)(INT64_C(1) << (n_kept - 1));
    const uint8_t *from = src;
    uint8_t *to = dst;
    pst_convert_counts seen = {0, 0};
    for (size_t done = 0; done < n_samples; done += CHUNK) {
        const size_t n = n_samples - done < CHUNK ? n_samples - done : CHUNK;
        pst_convert_samples(samples, PST_FORMAT_F64, from, src_format, n, true, NULL);
        for (size_t i = 0; i < n; ++i)
            rounded[i] =
                (int32_t)((uint32_t)round_sample(noise, samples[i], steps, &seen) << (32 - n_kept));
        pst_convert_samples(to, dst_format, rounded, PST_FORMAT_I32, n, false, NULL);
        from += n * pst_format_bytes(src_format);
        to += n * pst_format_bytes(dst_format);
    }
    if (counts != NULL) {
        counts->n_clipped += seen.n_clipped;
        counts->n_nonfinite += seen.n_nonfinite;
    }
}
