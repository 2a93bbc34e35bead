// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "core/kernels/kernels.h"
#include "graph/kinds.h"
#include "graph/control/model.h"
#include "pastream/graph_filters.h"

// What filters do to sines.

typedef struct complex_number {
    double re, im;
} complex_number;

// The sum of all coefficients times powers of 1/z, where 1/z is a point of the unit circle.
static complex_number evaluate(const double *coefficients, uint32_t n, complex_number at) {
    complex_number sum = {0.0, 0.0};
    for (uint32_t k = n; k-- > 0;) {
        const double re = sum.re * at.re - sum.im * at.im + coefficients[k];
        sum.im = sum.re * at.im + sum.im * at.re;
        sum.re = re;
    }
    return sum;
}

typedef struct polynomials {
    const double *b, *a;
    uint32_t n_b, n_a;
} polynomials;

static void respond(const polynomials *p, double nyquist_hz, double hz, float *magnitude,
                    float *phase) {
    if (!(hz >= 0.0 && hz <= nyquist_hz)) {
        *magnitude = *phase = NAN;
        return;
    }
    const double w = 3.14159265358979323846 * hz / nyquist_hz;
    const complex_number at = {cos(w), -sin(w)};
    const complex_number b = evaluate(p->b, p->n_b, at), a = evaluate(p->a, p->n_a, at);
    *magnitude = (float)(hypot(b.re, b.im) / hypot(a.re, a.im));
    *phase = (float)atan2(b.im * a.re - b.re * a.im, b.re * a.re + b.im * a.im);
}

static void find_section(pst_gnode *node, double nyquist_hz, pst_section *section) {
    double type = 0.0;
    pst_gnode_get_number(node, "type", &type, NULL);
    pst_biquad_shape shape = {.type = (pst_biquad_type)(uint32_t)type, .nyquist_hz = nyquist_hz};
    for (uint32_t p = 0; p < PST_BIQUAD_N_PARAMS; ++p) {
        double min, max;
        pst_param *param = pst_gnode_param(node, p);
        const double value = pst_param_value(param);
        pst_param_limits(param, &min, &max);
        shape.steady[p] = (float)(value < min ? min : value > max ? max : value);
    }
    pst_kernels_now()->recursion->find_section(section, &shape);
}

pst_status pst_gnode_frequency_response(pst_gnode *node, const float *frequencies_hz,
                                        float *magnitudes, float *phases, size_t n,
                                        pst_error *err) {
    const double nyquist_hz = node->graph->config.rate_hz / 2;
    double b[3], a[3];
    polynomials p = {b, a, 3, 3};
    if (node->kind == &pst_kind_biquad_filter) {
        pst_section section;
        find_section(node, nyquist_hz, &section);
        memcpy(b, (const double[]){section.b0, section.b1, section.b2}, sizeof b);
        memcpy(a, (const double[]){1.0, section.a1, section.a2}, sizeof a);
    } else if (node->kind == &pst_kind_iir_filter) {
        // They are fixed: nobody replaces them meanwhile.
        const pst_numbers *feedforward = (const pst_numbers *)node->slots[0].object;
        const pst_numbers *feedback = (const pst_numbers *)node->slots[1].object;
        p = (polynomials){feedforward->values, feedback->values, feedforward->n, feedback->n};
    } else
        return pst_fail(err, PST_UNSUPPORTED, 0,
                        "nodes of kind %s have no frequency response; biquad_filter and "
                        "iir_filter have",
                        node->kind->info.name);
    for (size_t i = 0; i < n; ++i)
        respond(&p, nyquist_hz, (double)frequencies_hz[i], &magnitudes[i], &phases[i]);
    return PST_OK;
}
