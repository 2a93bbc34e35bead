// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_GRAPH_NODES_CHANCE_H
#define PST_GRAPH_NODES_CHANCE_H

#include "pastream/base.h"

// Returns number i of the row that a seed stands for: from 0 up to 1, and as if by chance. Any of
// them can be asked for, in any order. (S. Vigna's SplitMix64, with the seed's own place to begin.)
static inline double pst_chance(uint64_t seed, uint64_t i) PST_RT {
    uint64_t x = (seed + 1) * UINT64_C(0xD1342543DE82EF95) + (i + 1) * UINT64_C(0x9E3779B97F4A7C15);
    x = (x ^ x >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    x = (x ^ x >> 27) * UINT64_C(0x94D049BB133111EB);
    return (double)((x ^ x >> 31) >> 11) * 0x1p-53;
}

#endif
