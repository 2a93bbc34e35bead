// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "chain/nodes/reduce.h"

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "core/convert.h"

// Everything goes through float64 in blocks that stay in the nearest cache: it holds the samples of
// all formats exactly, so each result is rounded once.

enum { BLOCK = 256 }; // Samples.

static const char *const names[] = {"sum", "product", "mean", "max", "min", "concat", "xor"};

const char *pst_reduce_name(pst_reduce_kind kind) PST_RT {
    return kind < PST_REDUCE_SUM || kind > PST_REDUCE_XOR ? "unknown" : names[kind - 1];
}

bool pst_reduce_is_by_sample(pst_reduce_kind kind) PST_RT {
    return kind >= PST_REDUCE_SUM && kind <= PST_REDUCE_MIN;
}

pst_status pst_reduce_check(const pst_reducer *reducer, uint32_t n_branches, pst_error *err) {
    const pst_reduce_kind kind = reducer->kind;
    if (kind < PST_REDUCE_SUM || kind > PST_REDUCE_XOR)
        return pst_fail(err, PST_BAD_ARGUMENT, 0, "kind is %d, which is no kind of reducer",
                        (int)kind);
    if (reducer->weights == NULL)
        return PST_OK;
    if (kind != PST_REDUCE_SUM && kind != PST_REDUCE_PRODUCT)
        return pst_fail(err, PST_BAD_ARGUMENT, 0,
                        "weights are given to the reducer %s; only sum and product have them",
                        pst_reduce_name(kind));
    if (reducer->n_weights != n_branches)
        return pst_fail(err, PST_BAD_ARGUMENT, 0,
                        "there are %u weights for %u branches; there must be one for each",
                        (unsigned)reducer->n_weights, (unsigned)n_branches);
    for (uint32_t i = 0; i < n_branches; ++i)
        if (!isfinite(reducer->weights[i]))
            return pst_fail(err, PST_BAD_ARGUMENT, 0, "weight %u is %g; it must be a finite number",
                            (unsigned)i, reducer->weights[i]);
    return PST_OK;
}

static void scale(double *x, double weight, size_t n) PST_RT {
    for (size_t i = 0; i < n; ++i)
        x[i] *= weight;
}

// Each comparison with a NaN is false: it is asked so that NaN stays, whichever side it is on.
static void combine(pst_reduce_kind kind, double *all, const double *x, size_t n) PST_RT {
    switch (kind) {
    case PST_REDUCE_PRODUCT:
        for (size_t i = 0; i < n; ++i)
            all[i] *= x[i];
        break;
    case PST_REDUCE_MAX:
        for (size_t i = 0; i < n; ++i)
            all[i] = x[i] <= all[i] || isnan(all[i]) ? all[i] : x[i];
        break;
    case PST_REDUCE_MIN:
        for (size_t i = 0; i < n; ++i)
            all[i] = x[i] >= all[i] || isnan(all[i]) ? all[i] : x[i];
        break;
    default:
        for (size_t i = 0; i < n; ++i)
            all[i] += x[i];
    }
}

static void reduce_block(const pst_reducer *reducer, uint8_t *out, const uint8_t *const *branches,
                         uint32_t n_branches, pst_format format, size_t at, size_t n,
                         pst_convert_counts *counts) PST_RT {
    double all[BLOCK], x[BLOCK];
    const size_t offset = at * pst_format_bytes(format);
    for (uint32_t b = 0; b < n_branches; ++b) {
        double *into = b == 0 ? all : x;
        pst_convert_samples(into, PST_FORMAT_F64, branches[b] + offset, format, n, true, NULL);
        if (reducer->weights != NULL)
            scale(into, reducer->weights[b], n);
        if (b > 0)
            combine(reducer->kind, all, x, n);
    }
    if (reducer->kind == PST_REDUCE_MEAN)
        for (size_t i = 0; i < n; ++i)
            all[i] /= n_branches;
    pst_convert_samples(out + offset, format, all, PST_FORMAT_F64, n, true, counts);
}

void pst_reduce_samples(const pst_reducer *reducer, void *out, const uint8_t *const *branches,
                        uint32_t n_branches, pst_format format, size_t n_samples,
                        pst_convert_counts *counts) PST_RT {
    for (size_t at = 0; at < n_samples; at += BLOCK)
        reduce_block(reducer, out, branches, n_branches, format, at,
                     n_samples - at < BLOCK ? n_samples - at : BLOCK, counts);
}

void pst_reduce_xor(uint8_t *out, const uint8_t *in, size_t n_bytes) PST_RT {
    for (size_t i = 0; i < n_bytes; ++i)
        out[i] ^= in[i];
}
