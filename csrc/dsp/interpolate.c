// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "dsp/interpolate.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"

// libsamplerate has both as well, but they give everything one input frame late, and its lines read
// beyond a first block of one frame.

struct pst_interpolator {
    pst_format format;
    uint32_t n_channels;
    size_t frame_bytes;
    bool is_linear;
    double from_hz, to_hz;
    int64_t n_taken; // Input frames; the last of them is kept.
    int64_t n_made;  // Output frames.
    _Alignas(double) unsigned char last[PST_MAX_CHANNELS * sizeof(double)];
    // The next output frame, if its input has come already but its time has not: if the input ended
    // now, rounding would leave it out.
    bool is_early;
    _Alignas(double) unsigned char early[PST_MAX_CHANNELS * sizeof(double)];
};

// Where an output frame lies: this input frame, and the part of the way to the next.
typedef struct place {
    int64_t frame;
    double part;
} place;

static place place_of(const pst_interpolator *s, int64_t output_frame) PST_RT {
    const double at = (double)output_frame * s->from_hz / s->to_hz;
    const double frame = floor(at);
    return (place){(int64_t)frame, at - frame};
}

static void mix_f32(float *dst, const float *a, const float *b, double part,
                    uint32_t n_channels) PST_RT {
    for (uint32_t i = 0; i < n_channels; ++i)
        dst[i] = (float)((double)a[i] + part * ((double)b[i] - (double)a[i]));
}

static void mix_f64(double *dst, const double *a, const double *b, double part,
                    uint32_t n_channels) PST_RT {
    for (uint32_t i = 0; i < n_channels; ++i)
        dst[i] = a[i] + part * (b[i] - a[i]);
}

// Returns a frame of the block, or the one before it.
static const unsigned char *frame_at(const pst_interpolator *s, const unsigned char *in,
                                     int64_t frame) PST_RT {
    return frame < s->n_taken ? s->last : in + (size_t)(frame - s->n_taken) * s->frame_bytes;
}

static void make_frame(const pst_interpolator *s, unsigned char *dst, const unsigned char *in,
                       place at) PST_RT {
    const unsigned char *here = frame_at(s, in, at.frame);
    if (!s->is_linear || at.part <= 0.0) {
        memcpy(dst, here, s->frame_bytes);
        return;
    }
    const unsigned char *next = frame_at(s, in, at.frame + 1);
    if (s->format == PST_FORMAT_F32)
        mix_f32((float *)(void *)dst, (const float *)(const void *)here,
                (const float *)(const void *)next, at.part, s->n_channels);
    else
        mix_f64((double *)(void *)dst, (const double *)(const void *)here,
                (const double *)(const void *)next, at.part, s->n_channels);
}

// Tells whether an output frame can be made of the frames before `end`.
static bool can_make(const pst_interpolator *s, place at, int64_t end) PST_RT {
    return at.frame + (s->is_linear && at.part > 0.0 ? 1 : 0) < end;
}

int64_t pst_interpolator_process(pst_interpolator *s, const void *in, int64_t n_in, void *out,
                                 int64_t n_out_max, int64_t *n_used) PST_RT {
    const int64_t end = s->n_taken + n_in;
    const int64_t n_due = pst_resampled_frames(end, s->from_hz, s->to_hz) - s->n_made;
    const int64_t n_most = n_out_max < n_due ? n_out_max : n_due;
    unsigned char *dst = out;
    int64_t n = 0;
    if (s->is_early && n_most > 0) {
        memcpy(dst, s->early, s->frame_bytes);
        dst += s->frame_bytes;
        s->is_early = false;
        n = 1;
    }
    place at = place_of(s, s->n_made + n + s->is_early);
    while (n < n_most && can_make(s, at, end)) {
        make_frame(s, dst, in, at);
        dst += s->frame_bytes;
        at = place_of(s, s->n_made + ++n);
    }
    if (n == n_due && !s->is_early && can_make(s, at, end)) {
        make_frame(s, s->early, in, at);
        s->is_early = true;
        at = place_of(s, s->n_made + n + 1);
    }
    // The frame that the next one begins with stays, as the last one that was taken.
    const int64_t n_passed = at.frame + 1 < end ? at.frame + 1 : end;
    *n_used = n_passed > s->n_taken ? n_passed - s->n_taken : 0;
    if (*n_used > 0)
        memcpy(s->last, (const unsigned char *)in + (size_t)(*n_used - 1) * s->frame_bytes,
               s->frame_bytes);
    s->n_taken += *n_used;
    s->n_made += n;
    return n;
}

const void *pst_interpolator_last(const pst_interpolator *s) PST_RT {
    return s->last;
}

void pst_interpolator_reset(pst_interpolator *s) PST_RT {
    s->n_taken = 0;
    s->n_made = 0;
    s->is_early = false;
    memset(s->last, 0, sizeof s->last);
}

pst_status pst_interpolator_create(pst_interpolator **interpolator, pst_resample_quality quality,
                                   pst_format format, uint32_t n_channels, double from_hz,
                                   double to_hz, pst_error *err) {
    pst_interpolator *made = pst_alloc(sizeof *made);
    if (made == NULL)
        return pst_fail_memory(err);
    made->format = format;
    made->n_channels = n_channels;
    made->frame_bytes = (size_t)n_channels * pst_format_bytes(format);
    made->is_linear = quality == PST_RESAMPLE_LINEAR;
    made->from_hz = from_hz;
    made->to_hz = to_hz;
    *interpolator = made;
    return PST_OK;
}

void pst_interpolator_destroy(pst_interpolator *interpolator) {
    pst_free(interpolator);
}
