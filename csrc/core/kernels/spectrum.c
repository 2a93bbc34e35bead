// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include <string.h>

#include "core/kernels/kernels.h"

// Transforms and products of spectra in float32, for convolution while it is heard. The first two
// steps of a transform put neighbours far apart, which is where lanes change their places; all
// others leave them where they are.

#ifdef __has_builtin
#if __has_builtin(__builtin_shufflevector) && !defined(PST_SCALAR)
#define HAS_LANES 1
#endif
#endif

#if !defined(HAS_LANES)
#define WIDTH 1
#elif defined(__AVX512F__)
#define WIDTH 16
#elif defined(__AVX2__)
#define WIDTH 8
#else
#define WIDTH 4
#endif

#if WIDTH == 1
typedef float vector;
#else
typedef float vector __attribute__((vector_size(4 * WIDTH)));
#endif

// Two vectors, one item of each in turn, by ones and by fours.
#if WIDTH == 16
#define LOW_1(a, b)                                                                                \
    __builtin_shufflevector(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23)
#define HIGH_1(a, b)                                                                               \
    __builtin_shufflevector(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31)
#define LOW_4(a, b)                                                                                \
    __builtin_shufflevector(a, b, 0, 1, 2, 3, 16, 17, 18, 19, 4, 5, 6, 7, 20, 21, 22, 23)
#define HIGH_4(a, b)                                                                               \
    __builtin_shufflevector(a, b, 8, 9, 10, 11, 24, 25, 26, 27, 12, 13, 14, 15, 28, 29, 30, 31)
#elif WIDTH == 8
#define LOW_1(a, b) __builtin_shufflevector(a, b, 0, 8, 1, 9, 2, 10, 3, 11)
#define HIGH_1(a, b) __builtin_shufflevector(a, b, 4, 12, 5, 13, 6, 14, 7, 15)
#define LOW_4(a, b) __builtin_shufflevector(a, b, 0, 1, 2, 3, 8, 9, 10, 11)
#define HIGH_4(a, b) __builtin_shufflevector(a, b, 4, 5, 6, 7, 12, 13, 14, 15)
#elif WIDTH == 4
#define LOW_1(a, b) __builtin_shufflevector(a, b, 0, 4, 1, 5)
#define HIGH_1(a, b) __builtin_shufflevector(a, b, 2, 6, 3, 7)
#endif

static inline vector load(const float *from) PST_RT {
    vector got;
    memcpy(&got, from, sizeof got);
    return got;
}

static inline void store(float *to, vector x) PST_RT {
    memcpy(to, &x, sizeof x);
}

// Four complex numbers of each lane.
typedef struct square {
    vector re[4], im[4];
} square;

typedef struct turn {
    vector cosines[3], sines[3];
} turn;

static inline turn load_turn(const pst_turns *turns, size_t at) PST_RT {
    turn t;
    for (int i = 0; i < 3; ++i) {
        t.cosines[i] = load(turns->cosines[i] + at);
        t.sines[i] = load(turns->sines[i] + at);
    }
    return t;
}

// One turn for all lanes.
static inline turn repeat_turn(const pst_turns *turns, size_t at) PST_RT {
    turn t;
    for (int i = 0; i < 3; ++i) {
        t.cosines[i] = turns->cosines[i][at] - (vector){0};
        t.sines[i] = turns->sines[i][at] - (vector){0};
    }
    return t;
}

static inline square load_square(pst_bins from, size_t gap) PST_RT {
    square x;
    for (size_t i = 0; i < 4; ++i) {
        x.re[i] = load(from.re + i * gap);
        x.im[i] = load(from.im + i * gap);
    }
    return x;
}

static inline square butterfly(square x) PST_RT {
    const vector apcr = x.re[0] + x.re[2], apci = x.im[0] + x.im[2];
    const vector amcr = x.re[0] - x.re[2], amci = x.im[0] - x.im[2];
    const vector bpdr = x.re[1] + x.re[3], bpdi = x.im[1] + x.im[3];
    const vector bmdr = x.re[1] - x.re[3], bmdi = x.im[1] - x.im[3];
    return (square){
        .re = {apcr + bpdr, amcr + bmdi, apcr - bpdr, amcr - bmdi},
        .im = {apci + bpdi, amci - bmdr, apci - bpdi, amci + bmdr},
    };
}

static inline square turned(square x, turn t) PST_RT {
    square y = {.re = {x.re[0]}, .im = {x.im[0]}};
    for (int i = 1; i < 4; ++i) {
        y.re[i] = x.re[i] * t.cosines[i - 1] - x.im[i] * t.sines[i - 1];
        y.im[i] = x.re[i] * t.sines[i - 1] + x.im[i] * t.cosines[i - 1];
    }
    return y;
}

static inline square transform(square x, turn t) PST_RT {
    return turned(butterfly(x), t);
}

static inline void store_rows(pst_bins to, square x, size_t gap) PST_RT {
    for (size_t i = 0; i < 4; ++i) {
        store(to.re + i * gap, x.re[i]);
        store(to.im + i * gap, x.im[i]);
    }
}

#if WIDTH == 1
static inline void store_by_ones(float *to, const vector *x) PST_RT {
    for (int i = 0; i < 4; ++i)
        to[i] = x[i];
}
#else
static inline void store_by_ones(float *to, const vector *x) PST_RT {
    const vector low02 = LOW_1(x[0], x[2]), high02 = HIGH_1(x[0], x[2]);
    const vector low13 = LOW_1(x[1], x[3]), high13 = HIGH_1(x[1], x[3]);
    store(to, LOW_1(low02, low13));
    store(to + WIDTH, HIGH_1(low02, low13));
    store(to + 2 * WIDTH, LOW_1(high02, high13));
    store(to + 3 * WIDTH, HIGH_1(high02, high13));
}
#endif

static void first_step(const pst_turns *turns, size_t quarter, pst_bins from, pst_bins to) PST_RT {
    for (size_t p = 0; p < quarter; p += WIDTH) {
        const square x = transform(load_square((pst_bins){from.re + p, from.im + p}, quarter),
                                   load_turn(turns, p));
        store_by_ones(to.re + 4 * p, x.re);
        store_by_ones(to.im + 4 * p, x.im);
    }
}

// Butterfly p of neighbour q, which are from 0 to 3, stands at 4 p + q, and goes to 16 p + q.
static void second_step(const pst_turns *turns, size_t quarter, pst_bins from, pst_bins to) PST_RT {
    for (size_t r = 0; r < quarter; r += WIDTH) {
        const square x = transform(load_square((pst_bins){from.re + r, from.im + r}, quarter),
                                   load_turn(turns, r));
#if WIDTH > 4
        const vector *parts[2] = {x.re, x.im};
        float *const planes[2] = {to.re + 4 * r, to.im + 4 * r};
        for (int i = 0; i < 2; ++i) {
            const vector *y = parts[i];
            const vector low02 = LOW_4(y[0], y[2]), high02 = HIGH_4(y[0], y[2]);
            const vector low13 = LOW_4(y[1], y[3]), high13 = HIGH_4(y[1], y[3]);
            store(planes[i], LOW_4(low02, low13));
            store(planes[i] + WIDTH, HIGH_4(low02, low13));
            store(planes[i] + 2 * WIDTH, LOW_4(high02, high13));
            store(planes[i] + 3 * WIDTH, HIGH_4(high02, high13));
        }
#else
        const size_t at = 16 * (r / 4) + r % 4;
        store_rows((pst_bins){to.re + at, to.im + at}, x, 4);
#endif
    }
}

// The other steps: all butterflies of a turn lie side by side, and those of the first one, which
// are all of the last step, turn by nothing.
static inline void rows_of_four(pst_bins from, pst_bins to, size_t gap, size_t stride,
                                const turn *t) PST_RT {
    for (size_t q = 0; q < stride; q += WIDTH) {
        const square x = load_square((pst_bins){from.re + q, from.im + q}, gap);
        const pst_bins at = {to.re + q, to.im + q};
        store_rows(at, t == NULL ? butterfly(x) : turned(butterfly(x), *t), stride);
    }
}

static void turn_by_four(const pst_turns *turns, size_t quarter, size_t stride, pst_bins from,
                         pst_bins to) PST_RT {
    if (stride == 1) {
        first_step(turns, quarter, from, to);
        return;
    }
    if (stride == 4) {
        second_step(turns, quarter, from, to);
        return;
    }
    rows_of_four(from, to, quarter, stride, NULL);
    for (size_t k = stride; k < quarter; k += stride) {
        const turn t = repeat_turn(turns, k);
        rows_of_four((pst_bins){from.re + k, from.im + k}, (pst_bins){to.re + 4 * k, to.im + 4 * k},
                     quarter, stride, &t);
    }
}

// ---- Steps of eight -----------------------------------------------------------------------------

typedef struct octet {
    square even, odd; // Numbers 0, 2, 4, 6 and 1, 3, 5, 7.
} octet;

static inline vector repeated(float x) PST_RT {
    return x - (vector){0};
}

// The numbers with odd places are turned by eighths, and then both are squares.
static inline octet butterfly_of_eight(pst_bins from, size_t gap) PST_RT {
    const vector half = repeated(0x1.6a09e6p-1f); // The root of it.
    const pst_bins upper = {from.re + 4 * gap, from.im + 4 * gap};
    const square a = load_square(from, gap), b = load_square(upper, gap);
    square sum, turned;
    for (int i = 0; i < 4; ++i) {
        sum.re[i] = a.re[i] + b.re[i];
        sum.im[i] = a.im[i] + b.im[i];
    }
    turned.re[0] = a.re[0] - b.re[0];
    turned.im[0] = a.im[0] - b.im[0];
    const vector r1 = a.re[1] - b.re[1], i1 = a.im[1] - b.im[1];
    turned.re[1] = (r1 + i1) * half;
    turned.im[1] = (i1 - r1) * half;
    turned.re[2] = a.im[2] - b.im[2];
    turned.im[2] = b.re[2] - a.re[2];
    const vector r3 = a.re[3] - b.re[3], i3 = a.im[3] - b.im[3];
    turned.re[3] = (i3 - r3) * half;
    turned.im[3] = (repeated(0.0f) - i3 - r3) * half;
    return (octet){butterfly(sum), butterfly(turned)};
}

static inline void store_turned(pst_bins to, vector re, vector im, const pst_bins *circle,
                                size_t at) PST_RT {
    const vector c = repeated(circle->re[at]), s = repeated(circle->im[at]);
    store(to.re, re * c - im * s);
    store(to.im, re * s + im * c);
}

static void turn_by_eight(pst_bins circle, size_t eighth, size_t stride, pst_bins from,
                          pst_bins to) PST_RT {
    for (size_t q = 0; q < stride; q += WIDTH) {
        const octet x = butterfly_of_eight((pst_bins){from.re + q, from.im + q}, eighth);
        store_rows((pst_bins){to.re + q, to.im + q}, x.even, 2 * stride);
        store_rows((pst_bins){to.re + stride + q, to.im + stride + q}, x.odd, 2 * stride);
    }
    for (size_t k = stride; k < eighth; k += stride)
        for (size_t q = 0; q < stride; q += WIDTH) {
            const size_t at = 8 * k + q;
            const octet x =
                butterfly_of_eight((pst_bins){from.re + k + q, from.im + k + q}, eighth);
            store(to.re + at, x.even.re[0]);
            store(to.im + at, x.even.im[0]);
            for (size_t i = 1; i < 8; ++i) {
                const square *half = i % 2 == 0 ? &x.even : &x.odd;
                const pst_bins row = {to.re + at + i * stride, to.im + at + i * stride};
                store_turned(row, half->re[i / 2], half->im[i / 2], &circle, i * k);
            }
        }
}

// ---- Folds and products -------------------------------------------------------------------------

static void fold(pst_bins to, const float *first, const float *second, pst_bins turns,
                 size_t n) PST_RT {
    for (size_t i = 0; i < n; i += WIDTH) {
        const vector a = load(first + i), b = load(second + i);
        const vector c = load(turns.re + i), s = load(turns.im + i);
        store(to.re + i, a * c - b * s);
        store(to.im + i, a * s + b * c);
    }
}

static void unfold(float *second, pst_bins from, pst_bins turns, size_t n) PST_RT {
    for (size_t i = 0; i < n; i += WIDTH)
        store(second + i,
              load(from.im + i) * load(turns.re + i) - load(from.re + i) * load(turns.im + i));
}

// One or two products, all bins of a stretch; alone, or on top of what is there.
static inline void multiply_few(pst_bins to, const pst_bins_product *products, size_t n_products,
                                bool adds, size_t first, size_t n) PST_RT {
    for (size_t i = first; i < first + n; i += WIDTH) {
        vector re = {0}, im = {0};
        if (adds) {
            re = load(to.re + i);
            im = load(to.im + i);
        }
        for (size_t p = 0; p < n_products; ++p) {
            const vector ar = load(products[p].a.re + i), ai = load(products[p].a.im + i);
            const vector br = load(products[p].b.re + i), bi = load(products[p].b.im + i);
            re += ar * br - ai * bi;
            im += ar * bi + ai * br;
        }
        store(to.re + i, re);
        store(to.im + i, im);
    }
}

// Sums of a stretch stay in the first cache, while the products come from afar, in long runs.
static void multiply_sum(pst_bins to, const pst_bins_product *products, size_t n_products,
                         size_t first, size_t n) PST_RT {
    enum { STRETCH = 512 };
    for (size_t done = 0; done < n; done += STRETCH) {
        const size_t at = first + done;
        const size_t n_now = n - done < STRETCH ? n - done : STRETCH;
        const size_t n_begin = n_products < 2 ? n_products : 2;
        if (n_begin == 2)
            multiply_few(to, products, 2, false, at, n_now);
        else
            multiply_few(to, products, n_begin, false, at, n_now);
        size_t p = n_begin;
        for (; p + 2 <= n_products; p += 2)
            multiply_few(to, products + p, 2, true, at, n_now);
        if (p < n_products)
            multiply_few(to, products + p, 1, true, at, n_now);
    }
}

const pst_spectrum_kernels PST_KERNEL_TABLE(spectrum) = {
    .turn_by_four = turn_by_four,
    .turn_by_eight = turn_by_eight,
    .fold = fold,
    .unfold = unfold,
    .multiply_sum = multiply_sum,
};
