// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "chain/times.h"

#include <math.h>

#include "base/error.h"

__extension__ typedef __int128 wide;

static bool is_told(const pst_media *media) PST_RT {
    return media->time_base_num > 0 && media->time_base_den > 0 && media->rate_hz > 0.0;
}

static int64_t keep(wide value) PST_RT {
    return value > PST_MOST_FRAMES    ? PST_MOST_FRAMES
           : value < -PST_MOST_FRAMES ? -PST_MOST_FRAMES
                                      : (int64_t)value;
}

// Returns a * b * c / d, rounded to nearest. b, c and d have 32 bits.
static int64_t scale(int64_t a, uint32_t b, uint32_t c, uint32_t d) PST_RT {
    // With a up to 2^63 this would need 127 bits and the half: a is kept smaller.
    wide product = keep(a);
    product *= b;
    const wide factor = c;
    const wide half = d / 2;
    // Whole units first, so that nothing overflows.
    const wide whole = product / d, rest = product % d;
    wide result = whole * factor;
    const wide part = rest * factor;
    result += part >= 0 ? (part + half) / d : (part - half) / d;
    return keep(result);
}

static bool is_whole(double rate_hz) PST_RT {
    return rate_hz == floor(rate_hz) && rate_hz <= (double)UINT32_MAX;
}

double pst_frames_per_unit(const pst_media *media) PST_RT {
    return is_told(media) ? media->rate_hz * media->time_base_num / media->time_base_den : 1.0;
}

static int64_t scale_double(double value) PST_RT {
    return value > (double)PST_MOST_FRAMES    ? PST_MOST_FRAMES
           : value < -(double)PST_MOST_FRAMES ? -PST_MOST_FRAMES
                                              : llround(value);
}

int64_t pst_frame_of_pts(const pst_media *media, int64_t pts) PST_RT {
    if (!is_told(media))
        return keep(pts);
    if (is_whole(media->rate_hz))
        return scale(pts, media->time_base_num, (uint32_t)media->rate_hz, media->time_base_den);
    return scale_double((double)pts * pst_frames_per_unit(media));
}

// Returns frames as units of the time base.
static int64_t in_units(const pst_media *media, int64_t n_frames) PST_RT {
    const double divisor = media->rate_hz * media->time_base_num;
    if (is_whole(media->rate_hz) && divisor <= (double)UINT32_MAX)
        return scale(n_frames, 1, media->time_base_den, (uint32_t)divisor);
    return scale_double((double)n_frames / pst_frames_per_unit(media));
}

int64_t pst_pts_of_frame(const pst_media *media, int64_t frame) PST_RT {
    if (!is_told(media))
        return keep(frame);
    return media->told_pts + in_units(media, frame - media->told_frame);
}

void pst_tell_pts(pst_media *media, int64_t pts, int64_t frame) PST_RT {
    const bool is_mark = pts != PST_NO_PTS && is_told(media);
    media->told_pts = is_mark ? pts : 0;
    media->told_frame = is_mark ? frame : 0;
}

void pst_keep_times(pst_media *media, const pst_media *before) PST_RT {
    if (media->rate_hz != before->rate_hz)
        return;
    media->time_base_num = before->time_base_num;
    media->time_base_den = before->time_base_den;
    media->told_pts = before->told_pts;
    media->told_frame = before->told_frame;
}

int64_t pst_frame_after(const pst_media *media, int64_t pts, int64_t next_frame) PST_RT {
    if (pts == PST_NO_PTS)
        return next_frame;
    const int64_t frame = pst_frame_of_pts(media, pts);
    const double away = fabs((double)(frame - next_frame));
    return away < pst_frames_per_unit(media) ? next_frame : frame;
}

pst_status pst_check_times(const pst_media *media, int64_t pts, pst_error *err) {
    if (!(media->rate_hz >= 0.0) || !isfinite(media->rate_hz))
        return pst_fail(err, PST_BAD_ARGUMENT, 0, "rate_hz is %g; it must be 0 or more",
                        media->rate_hz);
    if ((media->time_base_num == 0) != (media->time_base_den == 0))
        return pst_fail(err, PST_BAD_ARGUMENT, 0,
                        "the time base is %u/%u; both must be more than 0, or both 0",
                        (unsigned)media->time_base_num, (unsigned)media->time_base_den);
    if (media->time_base_num > 0 && media->rate_hz == 0.0)
        return pst_fail(err, PST_BAD_ARGUMENT, 0,
                        "the time base is %u/%u, but the rate is not told",
                        (unsigned)media->time_base_num, (unsigned)media->time_base_den);
    const int64_t frame = pts == PST_NO_PTS ? 0 : pst_frame_of_pts(media, pts);
    if (frame >= PST_MOST_FRAMES || frame <= -PST_MOST_FRAMES)
        return pst_fail(err, PST_BAD_ARGUMENT, 0, "pts is %lld, which is beyond all times",
                        (long long)pts);
    return PST_OK;
}
