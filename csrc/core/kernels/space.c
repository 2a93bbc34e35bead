// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include <math.h>
#include <string.h>

#include "core/kernels/kernels.h"
#include "core/kernels/natural.h"

// Where sound comes from, and how much of it each side hears. Positions are float32 and may be as
// large as those get, so what is made of them is float64: its squares do not overflow.

static inline double larger(double a, double b) PST_RT {
    return a > b ? a : b;
}

// ---- Left and right -----------------------------------------------------------------------------

// sin(x pi / 2) for x from 0 to 1, within 4e-9.
static inline double quarter_sine(double x) PST_RT {
    const double q = x * x;
    const double low = 1.5707962901538948 - 0.6459633611991372 * q;
    const double high = 0.07968848466854389 - 0.004672232918888852 * q;
    return x * (low + q * q * (high + 0.000150822638701531 * q * q));
}

static void pan_mono(float *restrict left, float *restrict right, const float *restrict mono,
                     const float *restrict places, size_t n) PST_RT {
    for (size_t i = 0; i < n; ++i) {
        const double x = ((double)places[i] + 1.0) * 0.5;
        left[i] = (float)(mono[i] * quarter_sine(1.0 - x));
        right[i] = (float)(mono[i] * quarter_sine(x));
    }
}

// One side stays as it is, the other one is shared out between both.
static void pan_stereo(float *restrict left, float *restrict right, const float *restrict from_left,
                       const float *restrict from_right, const float *restrict places,
                       size_t n) PST_RT {
    for (size_t i = 0; i < n; ++i) {
        const double place = (double)places[i];
        const bool is_left = place <= 0.0;
        const double x = is_left ? place + 1.0 : place;
        const float shared = is_left ? from_right[i] : from_left[i];
        const float to_left = (float)(shared * quarter_sine(1.0 - x));
        const float to_right = (float)(shared * quarter_sine(x));
        left[i] = is_left ? from_left[i] + to_left : to_left;
        right[i] = is_left ? to_right : from_right[i] + to_right;
    }
}

// ---- Directions ---------------------------------------------------------------------------------

typedef struct vector {
    double x, y, z;
} vector;

static inline vector cross(vector a, vector b) PST_RT {
    return (vector){a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x};
}

static inline double dot(vector a, vector b) PST_RT {
    return a.x * b.x + a.y * b.y + a.z * b.z;
}

static inline vector vector_at(const float *const *planes, size_t i) PST_RT {
    return (vector){(double)planes[0][i], (double)planes[1][i], (double)planes[2][i]};
}

// What to multiply by for a length of 1; nothing has no direction.
static inline double unit(vector a) PST_RT {
    const double square = dot(a, a);
    return square > 0.0 ? 1.0 / sqrt(square) : 0.0;
}

// Of what stands in many arrays at once, compilers believe only arguments not to overlap.
static inline void face_all(double *restrict rx, double *restrict ry, double *restrict rz,
                            double *restrict fx, double *restrict fy, double *restrict fz,
                            const float *restrict ax, const float *restrict ay,
                            const float *restrict az, const float *restrict ux,
                            const float *restrict uy, const float *restrict uz, size_t n) PST_RT {
    for (size_t i = 0; i < n; ++i) {
        const vector ahead = {(double)ax[i], (double)ay[i], (double)az[i]};
        const vector up = {(double)ux[i], (double)uy[i], (double)uz[i]};
        const vector right = cross(ahead, up);
        // Up and forward in one line do not say what is right: then nothing is.
        const double to_right = unit(right);
        const double to_ahead = to_right > 0.0 ? unit(ahead) : 0.0;
        rx[i] = right.x * to_right;
        ry[i] = right.y * to_right;
        rz[i] = right.z * to_right;
        fx[i] = ahead.x * to_ahead;
        fy[i] = ahead.y * to_ahead;
        fz[i] = ahead.z * to_ahead;
    }
}

static void face(double *const *axes, const float *const *forward, const float *const *up,
                 size_t n) PST_RT {
    face_all(axes[0], axes[1], axes[2], axes[3], axes[4], axes[5], forward[0], forward[1],
             forward[2], up[0], up[1], up[2], n);
}

// For one who stands still.
static inline void locate_still(double *restrict to_right, double *restrict to_ahead,
                                double *restrict distance, const float *restrict sx,
                                const float *restrict sy, const float *restrict sz, vector ear,
                                vector right, vector ahead, size_t n) PST_RT {
    for (size_t i = 0; i < n; ++i) {
        const vector way = {(double)sx[i] - ear.x, (double)sy[i] - ear.y, (double)sz[i] - ear.z};
        to_right[i] = dot(way, right);
        to_ahead[i] = dot(way, ahead);
        distance[i] = sqrt(dot(way, way));
    }
}

static inline void add_part(double *restrict to_right, double *restrict to_ahead,
                            double *restrict square, const float *restrict source,
                            const float *restrict ear, const double *restrict right,
                            const double *restrict ahead, size_t n) PST_RT {
    for (size_t i = 0; i < n; ++i) {
        const double way = (double)source[i] - (double)ear[i];
        to_right[i] += way * right[i];
        to_ahead[i] += way * ahead[i];
        square[i] += way * way;
    }
}

static void locate(const pst_bearings *to, const float *const *source, const float *const *listener,
                   const double *const *axes, bool is_moving, size_t n) PST_RT {
    if (!is_moving) {
        const vector right = {axes[0][0], axes[1][0], axes[2][0]};
        const vector ahead = {axes[3][0], axes[4][0], axes[5][0]};
        locate_still(to->right, to->ahead, to->distance, source[0], source[1], source[2],
                     vector_at(listener, 0), right, ahead, n);
        return;
    }
    memset(to->right, 0, n * sizeof(double));
    memset(to->ahead, 0, n * sizeof(double));
    memset(to->distance, 0, n * sizeof(double));
    for (int k = 0; k < 3; ++k)
        add_part(to->right, to->ahead, to->distance, source[k], listener[k], axes[k], axes[3 + k],
                 n);
    for (size_t i = 0; i < n; ++i)
        to->distance[i] = sqrt(to->distance[i]);
}

// ---- Distance -----------------------------------------------------------------------------------

static void fall_linear(const pst_fall *fall, double *x, size_t n) PST_RT {
    const double from = fall->reference < fall->most ? fall->reference : fall->most;
    const double to = larger(fall->reference, fall->most);
    const double rolloff = fall->rolloff < 1.0 ? fall->rolloff : 1.0;
    const bool is_step = !(to > from);
    const double way = is_step ? 1.0 : to - from;
    for (size_t i = 0; i < n; ++i) {
        const double near = x[i] < to ? x[i] : to;
        const double share = is_step ? 1.0 : (larger(near, from) - from) / way;
        x[i] = 1.0 - rolloff * share;
    }
}

static void fall_inverse(const pst_fall *fall, double *x, size_t n) PST_RT {
    const double from = fall->reference;
    const double rolloff = fall->rolloff;
    if (!(from > 0.0)) {
        for (size_t i = 0; i < n; ++i)
            x[i] = 0.0;
        return;
    }
    for (size_t i = 0; i < n; ++i)
        x[i] = from / (from + rolloff * (larger(x[i], from) - from));
}

static void fall_exponential(const pst_fall *fall, double *x, size_t n) PST_RT {
    if (!(fall->reference > 0.0)) {
        for (size_t i = 0; i < n; ++i)
            x[i] = 0.0;
        return;
    }
    const double from = larger(fall->reference, 0x1p-1000); // Logarithms need normal numbers.
    const double start = pst_natural_log(from);
    const double rolloff = fall->rolloff;
    for (size_t i = 0; i < n; ++i) {
        const double power = rolloff * (start - pst_natural_log(larger(x[i], from)));
        x[i] = pst_power_of_e(larger(power, -700.0));
    }
}

// ---- Cones --------------------------------------------------------------------------------------

// arccos(x), within 1e-8: arcsin as a series up to a half, and by half the angle from there on.
static inline double angle_of(double cosine) PST_RT {
    const double size = fabs(cosine) < 1.0 ? fabs(cosine) : 1.0;
    const bool is_small = size <= 0.5;
    const double q = is_small ? size * size : (1.0 - size) * 0.5;
    const double x = is_small ? size : sqrt(q);
    const double low = 0.1666675392797866 + 0.07495241769376704 * q;
    const double high = 0.04547709895687804 + 0.024147600510481565 * q;
    const double arcsine = x + x * q * (low + q * q * (high + 0.042218567659953334 * q * q));
    const double half_pi = 1.5707963267948966;
    const double angle = is_small ? half_pi - arcsine : 2.0 * arcsine;
    return cosine < 0.0 ? 2.0 * half_pi - angle : angle;
}

// How much of a way leads to the front of the source: products with its orientation, whose squared
// length is found, too.
static inline void add_front(double *restrict products, double *restrict squares,
                             const float *restrict source, const float *restrict orientation,
                             const float *restrict ear, size_t ear_stride, size_t n) PST_RT {
    for (size_t i = 0; i < n; ++i) {
        const double to = (double)orientation[i];
        products[i] += ((double)ear[i * ear_stride] - (double)source[i]) * to;
        squares[i] += to * to;
    }
}

static inline void shade_all(const pst_cone *cone, double *restrict gains,
                             const double *restrict products, const double *restrict squares,
                             const double *restrict distance, size_t n) PST_RT {
    const double inner = cone->inner, outer = cone->outer, outside = cone->outer_gain;
    const double span = outer > inner ? 1.0 / (outer - inner) : 0.0;
    for (size_t i = 0; i < n; ++i) {
        const double length = squares[i] > 0.0 ? 1.0 / sqrt(squares[i]) : 0.0;
        const double scale = distance[i] > 0.0 ? length / distance[i] : 0.0;
        const double angle = angle_of(products[i] * scale);
        const double share = (angle - inner) * span;
        const double between = 1.0 - share + outside * share;
        const double gain = angle <= inner ? 1.0 : angle >= outer ? outside : between;
        gains[i] *= length > 0.0 ? gain : 1.0;
    }
}

enum { SHADE_FRAMES = 64 }; // At once.

static void shade(const pst_cone *cone, double *gains, const float *const *source,
                  const float *const *orientation, const float *const *listener, bool is_moving,
                  const double *distance, size_t n) PST_RT {
    double products[SHADE_FRAMES], squares[SHADE_FRAMES];
    for (size_t at = 0; at < n; at += SHADE_FRAMES) {
        const size_t m = n - at < SHADE_FRAMES ? n - at : SHADE_FRAMES;
        memset(products, 0, sizeof products);
        memset(squares, 0, sizeof squares);
        for (int k = 0; k < 3; ++k)
            if (is_moving)
                add_front(products, squares, source[k] + at, orientation[k] + at, listener[k] + at,
                          1, m);
            else
                add_front(products, squares, source[k] + at, orientation[k] + at, listener[k], 0,
                          m);
        shade_all(cone, gains + at, products, squares, distance + at, m);
    }
}

// ---- Sides --------------------------------------------------------------------------------------

// Front and back sound the same, so the angle from the left is arccos(-s), with s the part of the
// horizontal way that leads to the right. The sides have the cosine and the sine of its half.
static inline void place_all(float *restrict left, float *restrict right,
                             const float *restrict mono, const double *restrict to_right,
                             const double *restrict to_ahead, const double *restrict gains,
                             size_t n) PST_RT {
    for (size_t i = 0; i < n; ++i) {
        const double r = to_right[i];
        const double square = r * r + to_ahead[i] * to_ahead[i];
        const double way = sqrt(square);
        const double half = square > 0.0 ? 0.5 / way : 0.0;
        const double share_left = square > 0.0 ? (way - r) * half : 0.5;
        const double share_right = square > 0.0 ? (way + r) * half : 0.5;
        const float sound = mono[i] * (float)gains[i];
        left[i] = sound * sqrtf((float)share_left);
        right[i] = sound * sqrtf((float)share_right);
    }
}

static void place_mono(float *left, float *right, const float *mono, const pst_bearings *bearings,
                       const double *gains, size_t n) PST_RT {
    place_all(left, right, mono, bearings->right, bearings->ahead, gains, n);
}

static inline void share_all(float *restrict left, float *restrict right,
                             const float *restrict from_left, const float *restrict from_right,
                             const double *restrict to_right, const double *restrict to_ahead,
                             const double *restrict gains, size_t n) PST_RT {
    for (size_t i = 0; i < n; ++i) {
        const double r = to_right[i];
        const double square = r * r + to_ahead[i] * to_ahead[i];
        const double scale = square > 0.0 ? 1.0 / sqrt(square) : 0.0;
        const float aside = (float)(fabs(r) * scale);
        const float ahead = square > 0.0 ? (float)(fabs(to_ahead[i]) * scale) : 1.0f;
        const bool is_left = r <= 0.0;
        const float gain = (float)gains[i];
        const float l = from_left[i] * gain, m = from_right[i] * gain;
        left[i] = is_left ? l + m * aside : l * ahead;
        right[i] = is_left ? m * ahead : m + l * aside;
    }
}

static void place_stereo(float *left, float *right, const float *from_left, const float *from_right,
                         const pst_bearings *bearings, const double *gains, size_t n) PST_RT {
    share_all(left, right, from_left, from_right, bearings->right, bearings->ahead, gains, n);
}

const pst_space_kernels PST_KERNEL_TABLE(space) = {
    .pan_mono = pan_mono,
    .pan_stereo = pan_stereo,
    .face = face,
    .locate = locate,
    .fall = {fall_linear, fall_inverse, fall_exponential},
    .shade = shade,
    .place_mono = place_mono,
    .place_stereo = place_stereo,
};
