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

static inline square transform(square x, turn t) PST_RT {
    const vector apcr = x.re[0] + x.re[2], apci = x.im[0] + x.im[2];
    const vector amcr = x.re[0] - x.re[2], amci = x.im[0] - x.im[2];
    const vector bpdr = x.re[1] + x.re[3], bpdi = x.im[1] + x.im[3];
    const vector bmdr = x.re[1] - x.re[3], bmdi = x.im[1] - x.im[3];
    const vector r1 = amcr + bmdi, i1 = amci - bmdr;
    const vector r2 = apcr - bpdr, i2 = apci - bpdi;
    const vector r3 = amcr - bmdi, i3 = amci + bmdr;
    return (square){
        .re = {apcr + bpdr, r1 * t.cosines[0] - i1 * t.sines[0],
               r2 * t.cosines[1] - i2 * t.sines[1], r3 * t.cosines[2] - i3 * t.sines[2]},
        .im = {apci + bpdi, r1 * t.sines[0] + i1 * t.cosines[0],
               r2 * t.sines[1] + i2 * t.cosines[1], r3 * t.sines[2] + i3 * t.cosines[2]},
    };
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
    for (size_t k = 0; k < quarter; k += stride) {
        const turn t = repeat_turn(turns, k);
        for (size_t q = 0; q < stride; q += WIDTH) {
            const size_t at = k + q;
            const square x =
                transform(load_square((pst_bins){from.re + at, from.im + at}, quarter), t);
            store_rows((pst_bins){to.re + 4 * k + q, to.im + 4 * k + q}, x, stride);
        }
    }
}

static void add_and_subtract(float *restrict y, const float *restrict a, size_t n) PST_RT {
    for (size_t i = 0; i < n; ++i) {
        y[i] = a[i] + a[n + i];
        y[n + i] = a[i] - a[n + i];
    }
}

static void turn_by_two(size_t half, pst_bins from, pst_bins to) PST_RT {
    add_and_subtract(to.re, from.re, half);
    add_and_subtract(to.im, from.im, half);
}

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
    .turn_by_two = turn_by_two,
    .fold = fold,
    .unfold = unfold,
    .multiply_sum = multiply_sum,
};
