// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include <string.h>

#include "core/kernels/kernels.h"

// What filters do most of their time: sums of products, transforms, sections in a row.

#if defined(__AVX512F__)
#define VECTOR_BYTES 64
#elif defined(__AVX2__)
#define VECTOR_BYTES 32
#else
#define VECTOR_BYTES 16
#endif

// ---- Taps one by one ----------------------------------------------------------------------------

// As many sums at the same time as eight registers hold. Each is summed up from the first tap to
// the last, so that it does not matter how many there are.
#define DEFINE_SUM(name, real)                                                                     \
    static void name(real *restrict y, const real *restrict x, const real *restrict taps,          \
                     size_t n_taps, size_t n_channels, size_t n_samples) PST_RT {                  \
        enum { TILE = 8 * VECTOR_BYTES / sizeof(real) };                                           \
        _Static_assert((int)TILE <= (int)PST_SUM_SLACK,                                            \
                       "it reads beyond what callers have there");                                 \
        for (size_t i = 0; i < n_samples; i += TILE) {                                             \
            real sums[TILE] = {0};                                                                 \
            for (size_t k = 0; k < n_taps; ++k) {                                                  \
                const real tap = taps[k];                                                          \
                const real *restrict at = x + i - k * n_channels;                                  \
                for (size_t j = 0; j < TILE; ++j)                                                  \
                    sums[j] += tap * at[j];                                                        \
            }                                                                                      \
            const size_t n = n_samples - i < TILE ? n_samples - i : TILE;                          \
            memcpy(y + i, sums, n * sizeof(real));                                                 \
        }                                                                                          \
    }
DEFINE_SUM(sum_f32, float)
DEFINE_SUM(sum_f64, double)

static void sum_mirrored(float *restrict y, const float *restrict x, const float *restrict taps,
                         size_t n_pairs, size_t n_samples) PST_RT {
    enum { TILE = 8 * VECTOR_BYTES / sizeof(float) };
    for (size_t i = 0; i < n_samples; i += TILE) {
        float sums[TILE] = {0};
        for (size_t k = 0; k < n_pairs; ++k) {
            const float tap = taps[k];
            const float *restrict late = x + i + k + 1 - n_pairs, *restrict early =
                                                                      x + i - n_pairs - k;
            for (size_t j = 0; j < TILE; ++j)
                sums[j] += tap * (late[j] + early[j]);
        }
        const size_t n = n_samples - i < TILE ? n_samples - i : TILE;
        memcpy(y + i, sums, n * sizeof(float));
    }
}

// ---- Spectra ------------------------------------------------------------------------------------

// Some numbers at a time go through all products, so that their sums stay in registers.
static void multiply_sum(pst_complex to, const pst_complex_product *products, size_t n_products,
                         size_t n) PST_RT {
    enum { TILE = 4 * VECTOR_BYTES / sizeof(double) };
    size_t i = 0;
    for (; i + TILE <= n; i += TILE) {
        double re[TILE] = {0}, im[TILE] = {0};
        for (size_t p = 0; p < n_products; ++p) {
            const double *restrict ar = products[p].a.re + i, *restrict ai = products[p].a.im + i;
            const double *restrict br = products[p].b.re + i, *restrict bi = products[p].b.im + i;
            for (size_t j = 0; j < TILE; ++j) {
                re[j] += ar[j] * br[j] - ai[j] * bi[j];
                im[j] += ar[j] * bi[j] + ai[j] * br[j];
            }
        }
        memcpy(to.re + i, re, sizeof re);
        memcpy(to.im + i, im, sizeof im);
    }
    for (; i < n; ++i) {
        double re = 0.0, im = 0.0;
        for (size_t p = 0; p < n_products; ++p) {
            const pst_complex a = products[p].a, b = products[p].b;
            re += a.re[i] * b.re[i] - a.im[i] * b.im[i];
            im += a.re[i] * b.im[i] + a.im[i] * b.re[i];
        }
        to.re[i] = re;
        to.im[i] = im;
    }
}

// One butterfly of four: from a, at gaps of a quarter, to y, at gaps of a stride.
#define BUTTERFLY(at, gap, to, stride)                                                             \
    do {                                                                                           \
        const double apcr = ar[at] + ar[2 * (gap) + (at)], apci = ai[at] + ai[2 * (gap) + (at)];   \
        const double amcr = ar[at] - ar[2 * (gap) + (at)], amci = ai[at] - ai[2 * (gap) + (at)];   \
        const double bpdr = ar[(gap) + (at)] + ar[3 * (gap) + (at)];                               \
        const double bpdi = ai[(gap) + (at)] + ai[3 * (gap) + (at)];                               \
        const double bmdr = ar[(gap) + (at)] - ar[3 * (gap) + (at)];                               \
        const double bmdi = ai[(gap) + (at)] - ai[3 * (gap) + (at)];                               \
        const double r1 = amcr + bmdi, i1 = amci - bmdr;                                           \
        const double r2 = apcr - bpdr, i2 = apci - bpdi;                                           \
        const double r3 = amcr - bmdi, i3 = amci + bmdr;                                           \
        yr[to] = apcr + bpdr;                                                                      \
        yi[to] = apci + bpdi;                                                                      \
        yr[(stride) + (to)] = r1 * c1 - i1 * s1;                                                   \
        yi[(stride) + (to)] = r1 * s1 + i1 * c1;                                                   \
        yr[2 * (stride) + (to)] = r2 * c2 - i2 * s2;                                               \
        yi[2 * (stride) + (to)] = r2 * s2 + i2 * c2;                                               \
        yr[3 * (stride) + (to)] = r3 * c3 - i3 * s3;                                               \
        yi[3 * (stride) + (to)] = r3 * s3 + i3 * c3;                                               \
    } while (0)

// The first step: a butterfly for each twiddle, so the neighbours are those of the next ones.
static void first_butterflies(double *restrict yr, double *restrict yi, const double *restrict ar,
                              const double *restrict ai, const double *restrict cosines1,
                              const double *restrict sines1, const double *restrict cosines2,
                              const double *restrict sines2, const double *restrict cosines3,
                              const double *restrict sines3, size_t quarter) PST_RT {
    for (size_t p = 0; p < quarter; ++p) {
        const double c1 = cosines1[p], s1 = sines1[p];
        const double c2 = cosines2[p], s2 = sines2[p];
        const double c3 = cosines3[p], s3 = sines3[p];
        BUTTERFLY(p, quarter, 4 * p, 1);
    }
}

// The others: all butterflies of a twiddle lie side by side.
static inline void butterflies(double *restrict yr, double *restrict yi, const double *restrict ar,
                               const double *restrict ai, const double *restrict twiddle,
                               size_t stride, size_t gap) PST_RT {
    const double c1 = twiddle[0], s1 = twiddle[1], c2 = twiddle[2];
    const double s2 = twiddle[3], c3 = twiddle[4], s3 = twiddle[5];
    for (size_t q = 0; q < stride; ++q)
        BUTTERFLY(q, gap, q, stride);
}

// With a known number nothing is left over; all others are many.
static void four_butterflies(double *restrict yr, double *restrict yi, const double *restrict ar,
                             const double *restrict ai, const double *restrict twiddle,
                             size_t gap) PST_RT {
    butterflies(yr, yi, ar, ai, twiddle, 4, gap);
}

static void many_butterflies(double *restrict yr, double *restrict yi, const double *restrict ar,
                             const double *restrict ai, const double *restrict twiddle,
                             size_t stride, size_t gap) PST_RT {
    butterflies(yr, yi, ar, ai, twiddle, stride / 16 * 16, gap);
}

static void step_of_four(const pst_twiddles *twiddles, size_t quarter, size_t stride,
                         pst_complex from, pst_complex to) PST_RT {
    double *const *cosines = twiddles->cosines, *const *sines = twiddles->sines;
    if (stride == 1) {
        first_butterflies(to.re, to.im, from.re, from.im, cosines[0], sines[0], cosines[1],
                          sines[1], cosines[2], sines[2], quarter);
        return;
    }
    for (size_t p = 0; p < quarter; ++p) {
        const size_t k = p * stride;
        const double twiddle[6] = {cosines[0][k], sines[0][k],   cosines[1][k],
                                   sines[1][k],   cosines[2][k], sines[2][k]};
        const double *ar = from.re + k, *ai = from.im + k;
        double *yr = to.re + 4 * k, *yi = to.im + 4 * k;
        if (stride == 4)
            four_butterflies(yr, yi, ar, ai, twiddle, stride * quarter);
        else
            many_butterflies(yr, yi, ar, ai, twiddle, stride, stride * quarter);
    }
}

static void add_and_subtract(double *restrict y, const double *restrict a, size_t n) PST_RT {
    for (size_t i = 0; i < n; ++i) {
        y[i] = a[i] + a[n + i];
        y[n + i] = a[i] - a[n + i];
    }
}

static void step_of_two(size_t stride, pst_complex from, pst_complex to) PST_RT {
    add_and_subtract(to.re, from.re, stride);
    add_and_subtract(to.im, from.im, stride);
}

// ---- Sections in a row --------------------------------------------------------------------------

static inline double through_section(const pst_section *f, double *z1, double *z2,
                                     double x) PST_RT {
    const double y = f->b0 * x + *z1;
    *z1 = f->b1 * x - f->a1 * y + *z2;
    *z2 = f->b2 * x - f->a2 * y;
    return y;
}

// Takes some channels of one frame through the sections from `first` to before `end`. stride: how
// many channels there are in all.
static inline void through_sections(const pst_section *sections, uint32_t first, uint32_t end,
                                    double *z, double *frame, size_t n_channels,
                                    size_t stride) PST_RT {
    for (size_t s = first; s < end; ++s)
        for (size_t c = 0; c < n_channels; ++c) {
            double *state = z + 2 * s * stride + c;
            frame[c] = through_section(&sections[s], state, state + stride, frame[c]);
        }
}

static inline void sections_plain(const pst_section *sections, uint32_t n_sections, double *z,
                                  double *frames, size_t n_frames, size_t n_channels,
                                  size_t stride) PST_RT {
    for (size_t i = 0; i < n_frames; ++i)
        through_sections(sections, 0, n_sections, z, frames + i * stride, n_channels, stride);
}

#ifdef __has_builtin
#if __has_builtin(__builtin_shufflevector) && !defined(PST_SCALAR)
#define HAS_LANES 1
#endif
#endif

#ifdef HAS_LANES

// Each lane is one channel in one section. While a section has one frame, the section before it has
// the next frame already: so all lanes work at the same time, and what goes in and out of each is
// what would without. Where frames begin and end, sections are left over, which take their frames
// one by one.
//
// Registers of four numbers are quicker here than those of eight, which take longer to shift.
#if VECTOR_BYTES >= 32
enum { WIDTH = 4 };
#else
enum { WIDTH = 2 };
#endif
enum { LANES = 8, N_VECTORS = LANES / WIDTH };
typedef double vector __attribute__((vector_size(WIDTH * sizeof(double))));

// The WIDTH lanes that begin N before those of b, which follow those of a.
#if VECTOR_BYTES >= 32
#define BEFORE_1(a, b) __builtin_shufflevector(a, b, 3, 4, 5, 6)
#define BEFORE_2(a, b) __builtin_shufflevector(a, b, 2, 3, 4, 5)
#define BEFORE_4(a, b) (a)
#else
#define BEFORE_1(a, b) __builtin_shufflevector(a, b, 1, 2)
#define BEFORE_2(a, b) (a)
#define BEFORE_4(a, b) (a)
#endif

// N numbers over and over, from one of them on.
#define AT(x, N, i) (x)[(i) % (N)]
#if VECTOR_BYTES >= 32
#define REPEATED(x, N, i)                                                                          \
    (vector) {                                                                                     \
        AT(x, N, i), AT(x, N, (i) + 1), AT(x, N, (i) + 2), AT(x, N, (i) + 3)                       \
    }
#else
#define REPEATED(x, N, i)                                                                          \
    (vector) {                                                                                     \
        AT(x, N, i), AT(x, N, (i) + 1)                                                             \
    }
#endif

// The coefficients and the memory of all lanes.
typedef struct lanes {
    double b0[LANES], b1[LANES], b2[LANES], a1[LANES], a2[LANES], z1[LANES], z2[LANES], y[LANES];
} lanes;

// N of the channels. n_sections times N is at most LANES, and there are more frames than sections.
#define DEFINE_CASCADE(N)                                                                          \
    static void cascade_##N(lanes *l, double *frames, size_t n_frames, size_t n_behind,            \
                            size_t stride) PST_RT {                                                \
        /* Frames stand before the vectors, in as many as they need, over and over. */             \
        enum { N_BEFORE = (N) > WIDTH ? (N) / WIDTH : 1 };                                         \
        vector b0[N_VECTORS], b1[N_VECTORS], b2[N_VECTORS], a1[N_VECTORS], a2[N_VECTORS];          \
        vector z1[N_VECTORS], z2[N_VECTORS], y[N_BEFORE + N_VECTORS];                              \
        memcpy(b0, l->b0, sizeof b0);                                                              \
        memcpy(b1, l->b1, sizeof b1);                                                              \
        memcpy(b2, l->b2, sizeof b2);                                                              \
        memcpy(a1, l->a1, sizeof a1);                                                              \
        memcpy(a2, l->a2, sizeof a2);                                                              \
        memcpy(z1, l->z1, sizeof z1);                                                              \
        memcpy(z2, l->z2, sizeof z2);                                                              \
        memcpy(y + N_BEFORE, l->y, sizeof l->y);                                                   \
        for (size_t t = n_behind; t < n_frames; ++t) {                                             \
            vector x[N_VECTORS];                                                                   \
            for (int v = 0; v < N_BEFORE; ++v)                                                     \
                y[v] = REPEATED(frames + t * stride, N, v * WIDTH);                                \
            for (int v = 0; v < N_VECTORS; ++v)                                                    \
                x[v] = BEFORE_##N(y[v], y[v + 1]);                                                 \
            for (int v = 0; v < N_VECTORS; ++v) {                                                  \
                const vector out = b0[v] * x[v] + z1[v];                                           \
                z1[v] = b1[v] * x[v] - a1[v] * out + z2[v];                                        \
                z2[v] = b2[v] * x[v] - a2[v] * out;                                                \
                y[N_BEFORE + v] = out;                                                             \
                memcpy(l->y + v * WIDTH, &out, sizeof out);                                        \
            }                                                                                      \
            memcpy(frames + (t - n_behind) * stride, l->y + n_behind * (N), (N) * sizeof(double)); \
        }                                                                                          \
        memcpy(l->z1, z1, sizeof z1);                                                              \
        memcpy(l->z2, z2, sizeof z2);                                                              \
    }
DEFINE_CASCADE(1)
DEFINE_CASCADE(2)
DEFINE_CASCADE(4)

static void run_cascade(const pst_section *sections, uint32_t n_sections, double *z, double *frames,
                        size_t n_frames, uint32_t n_channels, size_t stride) PST_RT {
    const uint32_t n_behind = n_sections - 1;
    lanes l = {0};
    for (uint32_t f = 0; f < n_behind; ++f)
        through_sections(sections, 0, n_behind - f, z, frames + f * stride, n_channels, stride);
    for (uint32_t lane = 0; lane < n_sections * n_channels; ++lane) {
        const uint32_t s = lane / n_channels, c = lane % n_channels;
        l.b0[lane] = sections[s].b0;
        l.b1[lane] = sections[s].b1;
        l.b2[lane] = sections[s].b2;
        l.a1[lane] = sections[s].a1;
        l.a2[lane] = sections[s].a2;
        l.z1[lane] = z[2 * s * stride + c];
        l.z2[lane] = z[(2 * s + 1) * stride + c];
        if (s < n_behind)
            l.y[lane] = frames[(n_behind - 1 - s) * stride + c];
    }
    if (n_channels == 1)
        cascade_1(&l, frames, n_frames, n_behind, stride);
    else if (n_channels == 2)
        cascade_2(&l, frames, n_frames, n_behind, stride);
    else
        cascade_4(&l, frames, n_frames, n_behind, stride);
    for (uint32_t lane = 0; lane < n_sections * n_channels; ++lane) {
        const uint32_t s = lane / n_channels, c = lane % n_channels;
        z[2 * s * stride + c] = l.z1[lane];
        z[(2 * s + 1) * stride + c] = l.z2[lane];
        if (s < n_behind)
            frames[(n_frames - 1 - s) * stride + c] = l.y[lane];
    }
    for (uint32_t f = n_behind; f-- > 0;)
        through_sections(sections, f + 1, n_sections, z, frames + (n_frames - 1 - f) * stride,
                         n_channels, stride);
}

// Filters of more sections than there are lanes are some filters in a row.
static void sections_in_lanes(const pst_section *sections, uint32_t n_sections, double *z,
                              double *frames, size_t n_frames, uint32_t n_channels,
                              size_t stride) PST_RT {
    const uint32_t n_most = LANES / n_channels;
    for (uint32_t first = 0; first < n_sections; first += n_most) {
        const uint32_t n = n_sections - first < n_most ? n_sections - first : n_most;
        double *state = z + 2 * first * stride;
        if (n_frames <= n)
            sections_plain(sections + first, n, state, frames, n_frames, n_channels, stride);
        else
            run_cascade(sections + first, n, state, frames, n_frames, n_channels, stride);
    }
}

// Four channels after another, then what is left. Many channels fill registers by themselves.
static void run_sections(const pst_section *sections, uint32_t n_sections, double *z,
                         double *frames, size_t n_frames, uint32_t n_channels) PST_RT {
    if (n_channels >= LANES) {
        sections_plain(sections, n_sections, z, frames, n_frames, n_channels, n_channels);
        return;
    }
    for (uint32_t c = 0; c < n_channels;) {
        const uint32_t n_left = n_channels - c;
        const uint32_t n = n_left >= 4 ? 4 : n_left >= 2 ? 2 : 1;
        sections_in_lanes(sections, n_sections, z + c, frames + c, n_frames, n, n_channels);
        c += n;
    }
}

#else

static void run_sections(const pst_section *sections, uint32_t n_sections, double *z,
                         double *frames, size_t n_frames, uint32_t n_channels) PST_RT {
    // With known numbers of channels what a section remembers stays in registers.
    if (n_channels == 1)
        sections_plain(sections, n_sections, z, frames, n_frames, 1, 1);
    else if (n_channels == 2)
        sections_plain(sections, n_sections, z, frames, n_frames, 2, 2);
    else
        sections_plain(sections, n_sections, z, frames, n_frames, n_channels, n_channels);
}

#endif

const pst_filter_kernels PST_KERNEL_TABLE(filter) = {
    .sum_f32 = sum_f32,
    .sum_f64 = sum_f64,
    .sum_mirrored = sum_mirrored,
    .multiply_sum = multiply_sum,
    .step_of_four = step_of_four,
    .step_of_two = step_of_two,
    .run_sections = run_sections,
};
