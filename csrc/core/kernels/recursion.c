// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include <float.h>
#include <math.h>
#include <string.h>

#include "core/kernels/kernels.h"
#include "core/kernels/natural.h"

// Filters whose results come back: what a biquad's params ask for, frame by frame, and how to run
// it when they move; and how to run filters that stay as they are.

// ---- Coefficients -------------------------------------------------------------------------------

// sin(pi x) for x from -1/2 to 1/2, as a series. A cosine is the sine of 1/2 - x.
static inline double sine_of_pi(double x) PST_RT {
    const double q = x * x, q2 = q * q, q4 = q2 * q2;
    const double a = (0x1.921fb54442d18p+1 - 0x1.4abbce625be53p+2 * q) +
                     (0x1.466bc6775aae2p+1 - 0x1.32d2cce62bd86p-1 * q) * q2;
    const double b = (0x1.50783487ee782p-4 - 0x1.e3074fde8871fp-8 * q) +
                     (0x1.e8f434d018d63p-12 - 0x1.6fadb9f155744p-16 * q) * q2;
    const double c =
        (0x1.aaec32af93359p-21 - 0x1.8a404211f9547p-26 * q) + 0x1.2877020d52cf0p-31 * q2;
    return x * (a + (b + c * q4) * q4);
}

static inline double clamp(double x, double least, double most) PST_RT {
    const double low = x < least ? least : x;
    return low > most ? most : low;
}

enum { FRAMES = 64 }; // That are looked at together.

// Coefficients of each frame, for
//
//   y = b0 x + b1 x1 + b2 x2 - a1 y1 - a2 y2
typedef struct biquad_rows {
    double b0[FRAMES], b1[FRAMES], b2[FRAMES], a1[FRAMES], a2[FRAMES];
} biquad_rows;

typedef pst_section row;

// What a row is made from: w from 0 to pi, as a part of pi; 1/(2 Q), or less than 0 if there is no
// such thing; and the root of the amplitude.
typedef struct measures {
    double cutoff[FRAMES], width[FRAMES], root[FRAMES];
} measures;

static void fill(double *restrict to, double value, size_t n) PST_RT {
    for (size_t i = 0; i < n; ++i)
        to[i] = value;
}

// What is steady is computed once.
#define DEFINE_EACH(name, expression)                                                              \
    static void name(double *restrict to, const pst_biquad_shape *shape, int param, size_t n)      \
        PST_RT {                                                                                   \
        const float *restrict moving = shape->moving[param];                                       \
        if (moving == NULL) {                                                                      \
            const double x = (double)shape->steady[param];                                         \
            fill(to, expression, n);                                                               \
            return;                                                                                \
        }                                                                                          \
        for (size_t i = 0; i < n; ++i) {                                                           \
            const double x = (double)moving[i];                                                    \
            to[i] = expression;                                                                    \
        }                                                                                          \
    }
#define LN2 0x1.62e42fefa39efp-1
#define LN10 0x1.26bb1bbb55516p+1
// Beyond these, results would not fit into float32.
#define MOST_Q 770.63678
#define MOST_GAIN 1541.0
DEFINE_EACH(factors_of_cents, pst_power_of_e(clamp(x, -1.2e6, 1.2e6) * (LN2 / 1200.0)))
DEFINE_EACH(widths_of_decibels, 0.5 * pst_power_of_e(clamp(x, -MOST_Q, MOST_Q) * (-LN10 / 20.0)))
DEFINE_EACH(widths_of_q, x > 0.0 ? 0.5 / x : -1.0)
DEFINE_EACH(roots_of_decibels, pst_power_of_e(clamp(x, -MOST_GAIN, MOST_GAIN) * (LN10 / 80.0)))

static void find_cutoffs(double *restrict to, const pst_biquad_shape *shape, size_t n) PST_RT {
    double factors[FRAMES];
    const float *restrict moving = shape->moving[PST_BIQUAD_FREQUENCY];
    factors_of_cents(factors, shape, PST_BIQUAD_DETUNE, n);
    // As a float32, too, it has to be exact.
    const double rounded = (double)(float)shape->nyquist_hz;
    const double nyquist = rounded < shape->nyquist_hz ? rounded : shape->nyquist_hz;
    const double part = 1.0 / shape->nyquist_hz;
    if (moving == NULL)
        fill(to, (double)shape->steady[PST_BIQUAD_FREQUENCY], n);
    else
        for (size_t i = 0; i < n; ++i)
            to[i] = (double)moving[i];
    for (size_t i = 0; i < n; ++i) {
        const double hz = to[i] * factors[i];
        const double cutoff = clamp(hz * part, 0.0, 1.0);
        to[i] = hz >= nyquist ? 1.0 : cutoff;
    }
}

// At the ends of the range, and where Q is 0, a filter is but a gain.
static inline row one_of(bool is_filter, row filter, double gain) PST_RT {
    return (row){
        .b0 = is_filter ? filter.b0 : gain,
        .b1 = is_filter ? filter.b1 : 0.0,
        .b2 = is_filter ? filter.b2 : 0.0,
        .a1 = is_filter ? filter.a1 : 0.0,
        .a2 = is_filter ? filter.a2 : 0.0,
    };
}

static inline row divided(double b0, double b1, double b2, double a0, double a1, double a2) PST_RT {
    const double part = 1.0 / a0;
    return (row){b0 * part, b1 * part, b2 * part, a1 * part, a2 * part};
}

// s and c: sine and cosine of w.
static inline row lowpass(double x, double s, double c, double width, double root) PST_RT {
    (void)root;
    const double alpha = s * width, half = 0.5 * (1.0 - c);
    const row made = divided(half, 1.0 - c, half, 1.0 + alpha, -2.0 * c, 1.0 - alpha);
    return one_of((x > 0.0) & (x < 1.0), made, x >= 1.0 ? 1.0 : 0.0);
}

static inline row highpass(double x, double s, double c, double width, double root) PST_RT {
    (void)root;
    const double alpha = s * width, half = 0.5 * (1.0 + c);
    const row made = divided(half, -1.0 - c, half, 1.0 + alpha, -2.0 * c, 1.0 - alpha);
    return one_of((x > 0.0) & (x < 1.0), made, x >= 1.0 ? 0.0 : 1.0);
}

static inline row bandpass(double x, double s, double c, double width, double root) PST_RT {
    (void)root;
    const double alpha = s * width;
    const bool is_inside = (x > 0.0) & (x < 1.0);
    const row made = divided(alpha, 0.0, -alpha, 1.0 + alpha, -2.0 * c, 1.0 - alpha);
    return one_of(is_inside & (width > 0.0), made, is_inside ? 1.0 : 0.0);
}

static inline row notch(double x, double s, double c, double width, double root) PST_RT {
    (void)root;
    const double alpha = s * width;
    const bool is_inside = (x > 0.0) & (x < 1.0);
    const row made = divided(1.0, -2.0 * c, 1.0, 1.0 + alpha, -2.0 * c, 1.0 - alpha);
    return one_of(is_inside & (width > 0.0), made, is_inside ? 0.0 : 1.0);
}

static inline row allpass(double x, double s, double c, double width, double root) PST_RT {
    (void)root;
    const double alpha = s * width;
    const bool is_inside = (x > 0.0) & (x < 1.0);
    const row made =
        divided(1.0 - alpha, -2.0 * c, 1.0 + alpha, 1.0 + alpha, -2.0 * c, 1.0 - alpha);
    return one_of(is_inside & (width > 0.0), made, is_inside ? -1.0 : 1.0);
}

static inline row peaking(double x, double s, double c, double width, double root) PST_RT {
    const double a = root * root, alpha = s * width, more = alpha * a, less = alpha / a;
    const bool is_inside = (x > 0.0) & (x < 1.0);
    const row made = divided(1.0 + more, -2.0 * c, 1.0 - more, 1.0 + less, -2.0 * c, 1.0 - less);
    return one_of(is_inside & (width > 0.0), made, is_inside ? a * a : 1.0);
}

// Both shelves: sign is 1 for the lower one.
static inline row shelf(double s, double c, double width, double root, double sign) PST_RT {
    const double a = root * root, slope = 2.0 * s * width * root;
    const double sum = (a + 1.0) - sign * (a - 1.0) * c, other = (a + 1.0) + sign * (a - 1.0) * c;
    return divided(a * (sum + slope), sign * 2.0 * a * ((a - 1.0) - sign * (a + 1.0) * c),
                   a * (sum - slope), other + slope,
                   sign * -2.0 * ((a - 1.0) + sign * (a + 1.0) * c), other - slope);
}

static inline row lowshelf(double x, double s, double c, double width, double root) PST_RT {
    const double a = root * root;
    return one_of((x > 0.0) & (x < 1.0), shelf(s, c, width, root, 1.0), x >= 1.0 ? a * a : 1.0);
}

static inline row highshelf(double x, double s, double c, double width, double root) PST_RT {
    const double a = root * root;
    return one_of((x > 0.0) & (x < 1.0), shelf(s, c, width, root, -1.0), x >= 1.0 ? 1.0 : a * a);
}

#define DEFINE_ROWS(type)                                                                          \
    static void type##_rows(biquad_rows *restrict to, const measures *restrict from, size_t n)     \
        PST_RT {                                                                                   \
        for (size_t i = 0; i < n; ++i) {                                                           \
            const double x = from->cutoff[i], off = x < 0.5 ? x : 1.0 - x;                         \
            const row made =                                                                       \
                type(x, sine_of_pi(off), sine_of_pi(0.5 - x), from->width[i], from->root[i]);      \
            to->b0[i] = made.b0;                                                                   \
            to->b1[i] = made.b1;                                                                   \
            to->b2[i] = made.b2;                                                                   \
            to->a1[i] = made.a1;                                                                   \
            to->a2[i] = made.a2;                                                                   \
        }                                                                                          \
    }
DEFINE_ROWS(lowpass)
DEFINE_ROWS(highpass)
DEFINE_ROWS(bandpass)
DEFINE_ROWS(lowshelf)
DEFINE_ROWS(highshelf)
DEFINE_ROWS(peaking)
DEFINE_ROWS(notch)
DEFINE_ROWS(allpass)

static void find_rows(biquad_rows *rows, const pst_biquad_shape *shape, size_t n) PST_RT {
    measures m;
    find_cutoffs(m.cutoff, shape, n);
    switch (shape->type) {
    case PST_BIQUAD_LOWPASS:
        widths_of_decibels(m.width, shape, PST_BIQUAD_Q, n);
        lowpass_rows(rows, &m, n);
        break;
    case PST_BIQUAD_HIGHPASS:
        widths_of_decibels(m.width, shape, PST_BIQUAD_Q, n);
        highpass_rows(rows, &m, n);
        break;
    case PST_BIQUAD_BANDPASS:
        widths_of_q(m.width, shape, PST_BIQUAD_Q, n);
        bandpass_rows(rows, &m, n);
        break;
    case PST_BIQUAD_LOWSHELF:
    case PST_BIQUAD_HIGHSHELF:
        fill(m.width, 0x1.6a09e667f3bcdp-1, n); // A slope of 1.
        roots_of_decibels(m.root, shape, PST_BIQUAD_GAIN, n);
        if (shape->type == PST_BIQUAD_LOWSHELF)
            lowshelf_rows(rows, &m, n);
        else
            highshelf_rows(rows, &m, n);
        break;
    case PST_BIQUAD_PEAKING:
        widths_of_q(m.width, shape, PST_BIQUAD_Q, n);
        roots_of_decibels(m.root, shape, PST_BIQUAD_GAIN, n);
        peaking_rows(rows, &m, n);
        break;
    case PST_BIQUAD_NOTCH:
        widths_of_q(m.width, shape, PST_BIQUAD_Q, n);
        notch_rows(rows, &m, n);
        break;
    case PST_BIQUAD_ALLPASS:
    default:
        widths_of_q(m.width, shape, PST_BIQUAD_Q, n);
        allpass_rows(rows, &m, n);
        break;
    }
}

static void find_section(pst_section *section, const pst_biquad_shape *shape) PST_RT {
    biquad_rows rows;
    find_rows(&rows, shape, 1);
    *section = (pst_section){rows.b0[0], rows.b1[0], rows.b2[0], rows.a1[0], rows.a2[0]};
}

// ---- Sound --------------------------------------------------------------------------------------

// What is not finite would never leave the memory.
static inline void widen(double *restrict to, const float *restrict from, size_t n) PST_RT {
    for (size_t i = 0; i < n; ++i)
        to[i] = fabsf(from[i]) <= FLT_MAX ? (double)from[i] : 0.0;
}

static inline void narrow(float *restrict to, const double *restrict from, size_t n) PST_RT {
    for (size_t i = 0; i < n; ++i)
        to[i] = (float)from[i];
}

static inline void tame(double *memory, size_t n) PST_RT {
    bool is_finite = true;
    for (size_t i = 0; i < n; ++i)
        is_finite &= fabs(memory[i]) <= DBL_MAX;
    if (!is_finite)
        memset(memory, 0, n * sizeof *memory);
}

// What a frame makes of the two results before the last one: put into its formula, that of the last
// one gives the same result from these. So two frames wait together.
typedef struct pairs {
    double c1[FRAMES], c2[FRAMES];
} pairs;

static void find_pairs(pairs *restrict to, const biquad_rows *restrict rows, size_t n) PST_RT {
    for (size_t i = 0; i + 1 < n; ++i) {
        to->c1[i] = rows->a1[i + 1] * rows->a1[i] - rows->a2[i + 1];
        to->c2[i] = rows->a1[i + 1] * rows->a2[i];
    }
}

// Results depend on each other, channels do not: so they wait at the same time.
static inline void rows_of_channels(const biquad_rows *rows, const pairs *paired, float *const *to,
                                    const float *const *from, double *memory, size_t at, size_t n,
                                    size_t n_channels) PST_RT {
    double samples[2][2 + FRAMES], results[2][FRAMES], ahead[2][FRAMES];
    double y1[2], y2[2];
    for (size_t c = 0; c < n_channels; ++c) {
        double *restrict x = samples[c], *restrict y = results[c];
        memcpy(x, memory + c * PST_BIQUAD_MEMORY, 2 * sizeof *x);
        widen(x + 2, from[c] + at, n);
        y2[c] = memory[c * PST_BIQUAD_MEMORY + 2];
        y1[c] = memory[c * PST_BIQUAD_MEMORY + 3];
        for (size_t i = 0; i < n; ++i)
            y[i] = (rows->b0[i] * x[i + 2] + rows->b1[i] * x[i + 1]) + rows->b2[i] * x[i];
        for (size_t i = 0; i + 1 < n; ++i)
            ahead[c][i] = y[i + 1] - rows->a1[i + 1] * y[i];
    }
    size_t i = 0;
    for (; i + 1 < n; i += 2)
        for (size_t c = 0; c < n_channels; ++c) {
            const double y = (results[c][i] - rows->a2[i] * y2[c]) - rows->a1[i] * y1[c];
            const double next = (ahead[c][i] + paired->c2[i] * y2[c]) + paired->c1[i] * y1[c];
            results[c][i] = y;
            results[c][i + 1] = next;
            y2[c] = y;
            y1[c] = next;
        }
    for (; i < n; ++i)
        for (size_t c = 0; c < n_channels; ++c) {
            const double y = (results[c][i] - rows->a2[i] * y2[c]) - rows->a1[i] * y1[c];
            results[c][i] = y;
            y2[c] = y1[c];
            y1[c] = y;
        }
    for (size_t c = 0; c < n_channels; ++c) {
        double *last = memory + c * PST_BIQUAD_MEMORY;
        narrow(to[c] + at, results[c], n);
        memcpy(last, samples[c] + n, 2 * sizeof *last);
        last[2] = y2[c];
        last[3] = y1[c];
        tame(last, PST_BIQUAD_MEMORY);
    }
}

static void run_rows(const biquad_rows *rows, const pairs *paired, float *const *to,
                     const float *const *from, double *memory, size_t at, size_t n,
                     uint32_t n_channels) PST_RT {
    uint32_t c = 0;
    for (; c + 2 <= n_channels; c += 2)
        rows_of_channels(rows, paired, to + c, from + c, memory + c * PST_BIQUAD_MEMORY, at, n, 2);
    if (c < n_channels)
        rows_of_channels(rows, paired, to + c, from + c, memory + c * PST_BIQUAD_MEMORY, at, n, 1);
}

static void run_moving(const pst_biquad_shape *shape, float *const *to, const float *const *from,
                       double *memory, size_t n_frames, uint32_t n_channels) PST_RT {
    biquad_rows rows;
    pairs paired;
    pst_biquad_shape now = *shape;
    for (size_t i = 0; i < n_frames; i += FRAMES) {
        const size_t n = n_frames - i < FRAMES ? n_frames - i : FRAMES;
        find_rows(&rows, &now, n);
        find_pairs(&paired, &rows, n);
        run_rows(&rows, &paired, to, from, memory, i, n, n_channels);
        for (int p = 0; p < PST_BIQUAD_N_PARAMS; ++p)
            if (now.moving[p] != NULL)
                now.moving[p] += n;
    }
}

enum { BLOCK = PST_BLOCK_FRAMES, STRETCH = 128, LINE_BYTES = 64 };

// Room for a stretch, and in front of it for what is remembered: so that blocks are aligned.
enum { FRONT = (PST_BLOCK_MOST + BLOCK - 1) / BLOCK * BLOCK, ROOM = FRONT + STRETCH };

// What a register holds of a block: compilers would rather fill it from several blocks.
#if defined(__has_builtin) && !defined(PST_SCALAR)
#if __has_builtin(__builtin_shufflevector)
#if defined(__AVX512F__)
typedef double part __attribute__((vector_size(64)));
#elif defined(__AVX2__)
typedef double part __attribute__((vector_size(32)));
#else
typedef double part __attribute__((vector_size(16)));
#endif
#define HAS_PARTS 1
#endif
#endif
#ifndef HAS_PARTS
typedef double part;
#endif

enum { PART = sizeof(part) / sizeof(double) };

static inline part load(const double *from) PST_RT {
    part got;
    memcpy(&got, from, sizeof got);
    return got;
}

static inline void store(double *to, part what) PST_RT {
    memcpy(to, &what, sizeof what);
}

// What the samples alone make of n_blocks.
static inline void through_samples(const double (*restrict columns)[BLOCK],
                                   const double *restrict samples, double *restrict to,
                                   size_t n_columns, size_t n_blocks) PST_RT {
    for (size_t b = 0; b < n_blocks; ++b, samples += BLOCK, to += BLOCK)
        for (size_t j = 0; j < BLOCK; j += PART) {
            part sum = load(columns[0] + j) * samples[0];
            for (size_t k = 1; k < n_columns; ++k)
                sum += load(columns[k] + j) * samples[k];
            store(to + j, sum);
        }
}

// And what the results before add to each block, which is a result then. n_results are in front of
// the first.
static inline void through_results(const double (*restrict columns)[BLOCK], double *results,
                                   size_t n_results, size_t n_blocks) PST_RT {
    for (size_t b = 0; b < n_blocks; ++b, results += BLOCK)
        for (size_t j = 0; j < BLOCK; j += PART) {
            part sum = load(results + n_results + j);
            for (size_t k = 0; k < n_results; ++k)
                sum += load(columns[k] + j) * results[k];
            store(results + n_results + j, sum);
        }
}

// The same for filters of second order, whose columns stay in registers: part by part there are
// enough of them.
_Static_assert(BLOCK == 8, "the columns are written out");

static inline void through_ten_samples(const double (*restrict columns)[BLOCK],
                                       const double *restrict samples, double *restrict to,
                                       size_t n_blocks) PST_RT {
    for (size_t j = 0; j < BLOCK; j += PART) {
        const part c0 = load(columns[0] + j), c1 = load(columns[1] + j);
        const part c2 = load(columns[2] + j), c3 = load(columns[3] + j);
        const part c4 = load(columns[4] + j), c5 = load(columns[5] + j);
        const part c6 = load(columns[6] + j), c7 = load(columns[7] + j);
        const part c8 = load(columns[8] + j), c9 = load(columns[9] + j);
        for (size_t b = 0; b < n_blocks; ++b) {
            const double *x = samples + b * BLOCK;
            const part early = c0 * x[0] + c1 * x[1] + c2 * x[2] + c3 * x[3] + c4 * x[4];
            store(to + b * BLOCK + j,
                  early + c5 * x[5] + c6 * x[6] + c7 * x[7] + c8 * x[8] + c9 * x[9]);
        }
    }
}

// The last two results of each block are computed first, since the next one waits for them.
static inline void through_two_results(const double (*restrict columns)[BLOCK],
                                       double *restrict results, size_t n_blocks) PST_RT {
    double older[STRETCH / BLOCK], newer[STRETCH / BLOCK];
    const double a6 = columns[0][6], a7 = columns[0][7], b6 = columns[1][6], b7 = columns[1][7];
    double y2 = results[0], y1 = results[1];
    double *restrict to = results + 2;
    for (size_t b = 0; b < n_blocks; ++b) {
        older[b] = y2;
        newer[b] = y1;
        const double y6 = (to[b * BLOCK + 6] + a6 * y2) + b6 * y1;
        const double y7 = (to[b * BLOCK + 7] + a7 * y2) + b7 * y1;
        y2 = y6;
        y1 = y7;
    }
    for (size_t j = 0; j < BLOCK; j += PART) {
        const part c0 = load(columns[0] + j), c1 = load(columns[1] + j);
        for (size_t b = 0; b < n_blocks; ++b) {
            double *at = to + b * BLOCK + j;
            store(at, (load(at) + c0 * older[b]) + c1 * newer[b]);
        }
    }
}

static inline void run_stretch(const pst_block_filter *f, float *to, const float *from,
                               double *memory, size_t n, size_t n_samples,
                               size_t n_results) PST_RT {
    _Alignas(LINE_BYTES) double sample_room[ROOM];
    _Alignas(LINE_BYTES) double result_room[ROOM];
    double *samples = sample_room + FRONT - n_samples, *results = result_room + FRONT - n_results;
    const size_t n_blocks = (n + BLOCK - 1) / BLOCK;
    memcpy(samples, memory, n_samples * sizeof *samples);
    memcpy(results, memory + n_samples, n_results * sizeof *results);
    widen(samples + n_samples, from, n);
    // A block that is not full goes on with silence, of which nothing comes back.
    for (size_t i = n; i < n_blocks * BLOCK; ++i)
        samples[n_samples + i] = 0.0;
    if (n_samples == 2)
        through_ten_samples(f->columns, samples, results + n_results, n_blocks);
    else
        through_samples(f->columns, samples, results + n_results, n_samples + BLOCK, n_blocks);
    if (n_results == 2)
        through_two_results(f->columns + n_samples + BLOCK, results, n_blocks);
    else
        through_results(f->columns + n_samples + BLOCK, results, n_results, n_blocks);
    narrow(to, results + n_results, n);
    memcpy(memory, samples + n, n_samples * sizeof *samples);
    memcpy(memory + n_samples, results + n, n_results * sizeof *results);
}

static inline void run_stretches(const pst_block_filter *f, float *to, const float *from,
                                 double *memory, size_t n, size_t n_samples,
                                 size_t n_results) PST_RT {
    for (; n > STRETCH; n -= STRETCH, to += STRETCH, from += STRETCH)
        run_stretch(f, to, from, memory, STRETCH, n_samples, n_results);
    run_stretch(f, to, from, memory, n, n_samples, n_results);
    tame(memory, n_samples + n_results);
}

static void run_blocks(const pst_block_filter *f, float *to, const float *from, double *memory,
                       size_t n_frames) PST_RT {
    // With known numbers there are fewer questions.
    if (f->n_samples == 2 && f->n_results == 2)
        run_stretches(f, to, from, memory, n_frames, 2, 2);
    else
        run_stretches(f, to, from, memory, n_frames, f->n_samples, f->n_results);
}

const pst_recursion_kernels PST_KERNEL_TABLE(recursion) = {
    .find_section = find_section,
    .run_moving = run_moving,
    .run_blocks = run_blocks,
};
