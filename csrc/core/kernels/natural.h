// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_CORE_KERNELS_NATURAL_H
#define PST_CORE_KERNELS_NATURAL_H

#include <string.h>

#include "pastream/base.h"

// Logarithms and powers, computed here and not by the C library: many at the same time, and to the
// same bits on every system. Their relative errors are below 1e-15 (4e-16 were found).

static inline uint64_t pst_bits_of(double x) PST_RT {
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

static inline double pst_of_bits(uint64_t bits) PST_RT {
    double x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

// ln(2): the first part has so few bits that its multiples by up to 2048 are exact.
#define PST_LN2_HIGH 0x1.62e42fefap-1
#define PST_LN2_LOW 0x1.cf79abc9e3b39p-40

// Returns the natural logarithm of a positive normal number: x = m 2^k with m from sqrt(1/2) to
// sqrt(2), and ln(m) = 2 artanh((m - 1) / (m + 1)), as a series.
static inline double pst_natural_log(double x) PST_RT {
    const uint64_t root = UINT64_C(0x3FE6A09E667F3BCD), one = UINT64_C(1023) << 52;
    const uint64_t exponent = (pst_bits_of(x) - root + one) >> 52; // k + 1023.
    const double m = pst_of_bits(pst_bits_of(x) - (exponent << 52) + one);
    // An integer below 2^52 as the last bits of a number that is 2^52 more.
    const double k = pst_of_bits(exponent | UINT64_C(0x4330000000000000)) - (0x1p52 + 1023.0);
    const double s = (m - 1.0) / (m + 1.0);
    const double q = s * s, q2 = q * q, q4 = q2 * q2;
    const double low = (2.0 / 3 + 2.0 / 5 * q) + (2.0 / 7 + 2.0 / 9 * q) * q2;
    const double high = (2.0 / 11 + 2.0 / 13 * q) + (2.0 / 15 + 2.0 / 17 * q) * q2;
    const double rest = s * q * (low + (high + 2.0 / 19 * q4) * q4);
    return k * PST_LN2_HIGH + (2.0 * s + (rest + k * PST_LN2_LOW));
}

// Returns e to the power of x, which is from -700 to 700: 2^k e^r with r from -ln(2)/2 to ln(2)/2,
// as a series.
static inline double pst_power_of_e(double x) PST_RT {
    const double big = 0x1.8p52; // Sums with it have no bits left for a fraction.
    const double shifted = x * 0x1.71547652b82fep0 + big;
    const double k = shifted - big;
    const double r = (x - k * PST_LN2_HIGH) - k * PST_LN2_LOW;
    const double r2 = r * r, r4 = r2 * r2;
    const double a = (1.0 / 2 + 1.0 / 6 * r) + (1.0 / 24 + 1.0 / 120 * r) * r2;
    const double b = (1.0 / 720 + 1.0 / 5040 * r) + (1.0 / 40320 + 1.0 / 362880 * r) * r2;
    const double c = (1.0 / 3628800 + 1.0 / 39916800 * r) + 1.0 / 479001600 * r2;
    const double power = 1.0 + (r + r2 * (a + (b + c * r4) * r4));
    return pst_of_bits(pst_bits_of(power) + (pst_bits_of(shifted) << 52));
}

#endif
