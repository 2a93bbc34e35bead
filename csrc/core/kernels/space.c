// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include <math.h>

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

static void face(double *const *axes, const float *const *forward, const float *const *up,
                 size_t n) PST_RT {
    double *restrict rx = axes[0], *restrict ry = axes[1], *restrict rz = axes[2];
    double *restrict fx = axes[3], *restrict fy = axes[4], *restrict fz = axes[5];
    for (size_t i = 0; i < n; ++i) {
        const vector ahead = vector_at(forward, i);
        const vector right = cross(ahead, vector_at(up, i));
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

// stride: 1; or 0: the axes do not move.
static inline void locate_all(const pst_bearings *to, const float *const *source,
                              const float *const *listener, const double *const *axes,
                              size_t stride, size_t n) PST_RT {
    double *restrict right = to->right, *restrict ahead = to->ahead,
                     *restrict distance = to->distance;
    const float *sx = source[0], *sy = source[1], *sz = source[2];
    const float *lx = listener[0], *ly = listener[1], *lz = listener[2];
    const double *rx = axes[0], *ry = axes[1], *rz = axes[2];
    const double *fx = axes[3], *fy = axes[4], *fz = axes[5];
    for (size_t i = 0; i < n; ++i) {
        const vector way = {(double)sx[i] - (double)lx[i], (double)sy[i] - (double)ly[i],
                            (double)sz[i] - (double)lz[i]};
        const size_t k = i * stride;
        right[i] = dot(way, (vector){rx[k], ry[k], rz[k]});
        ahead[i] = dot(way, (vector){fx[k], fy[k], fz[k]});
        distance[i] = sqrt(dot(way, way));
    }
}

static void locate(const pst_bearings *to, const float *const *source, const float *const *listener,
                   const double *const *axes, bool is_turning, size_t n) PST_RT {
    if (is_turning)
        locate_all(to, source, listener, axes, 1, n);
    else
        locate_all(to, source, listener, axes, 0, n);
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

static void shade(const pst_cone *cone, double *restrict gains, const float *const *source,
                  const float *const *orientation, const float *const *listener,
                  const double *restrict distance, size_t n) PST_RT {
    const double inner = cone->inner, outer = cone->outer, outside = cone->outer_gain;
    const double span = outer > inner ? 1.0 / (outer - inner) : 0.0;
    for (size_t i = 0; i < n; ++i) {
        const vector to = vector_at(orientation, i);
        const vector from = vector_at(source, i);
        const vector ear = vector_at(listener, i);
        const vector way = {ear.x - from.x, ear.y - from.y, ear.z - from.z};
        const double length = unit(to);
        const double scale = distance[i] > 0.0 ? length / distance[i] : 0.0;
        const double angle = angle_of(dot(way, to) * scale);
        const double share = (angle - inner) * span;
        const double between = 1.0 - share + outside * share;
        const double gain = angle <= inner ? 1.0 : angle >= outer ? outside : between;
        gains[i] *= length > 0.0 ? gain : 1.0;
    }
}

// ---- Sides --------------------------------------------------------------------------------------

// Front and back sound the same, so the angle from the left is arccos(-s), with s the part of the
// horizontal way that leads to the right. The sides have the cosine and the sine of its half.
static void place_mono(float *restrict left, float *restrict right, const float *restrict mono,
                       const pst_bearings *bearings, const double *restrict gains,
                       size_t n) PST_RT {
    const double *to_right = bearings->right, *to_ahead = bearings->ahead;
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

static void place_stereo(float *restrict left, float *restrict right,
                         const float *restrict from_left, const float *restrict from_right,
                         const pst_bearings *bearings, const double *restrict gains,
                         size_t n) PST_RT {
    const double *to_right = bearings->right, *to_ahead = bearings->ahead;
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
