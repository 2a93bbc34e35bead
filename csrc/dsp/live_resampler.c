// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "dsp/live_resampler.h"

#include "base/alloc.h"
#include "base/error.h"
#include "dsp/interpolate.h"
#include "dsp/samplerate.h"

struct pst_live_resampler {
    pst_samplerate *filter; // One of the two.
    pst_interpolator *interpolator;
    double ratio;
    int64_t lag_frames;
};

int64_t pst_live_resampler_process(pst_live_resampler *resampler, const float *in, int64_t n_in,
                                   float *out, int64_t n_out_max, int64_t *n_used) PST_RT {
    if (resampler->filter != NULL)
        return pst_samplerate_process(resampler->filter, in, n_in, out, n_out_max, n_used);
    return pst_interpolator_process(resampler->interpolator, in, n_in, out, n_out_max, n_used);
}

void pst_live_resampler_reset(pst_live_resampler *resampler) PST_RT {
    if (resampler->filter != NULL)
        pst_samplerate_reset(resampler->filter);
    else
        pst_interpolator_reset(resampler->interpolator);
}

int64_t pst_live_resampler_lag(const pst_live_resampler *resampler) PST_RT {
    return resampler->lag_frames;
}

// How far it looks ahead depends on the quality alone, and is not told: found out by trying, with
// more input than that.
static pst_status measure_lag(pst_live_resampler *resampler, uint32_t n_channels, pst_error *err) {
    enum { LONGEST_LOOK = 512, PIECE = 256 };
    const double widest = resampler->ratio < 1.0 ? 1.0 / resampler->ratio : 1.0;
    const int64_t n_in = (int64_t)(LONGEST_LOOK * widest);
    float *silence = pst_alloc_array((size_t)PIECE * n_channels, sizeof *silence);
    float *out = pst_alloc_array((size_t)PIECE * n_channels, sizeof *out);
    int64_t n_taken = 0, n_made = 0;
    bool moves = silence != NULL && out != NULL;
    while (moves) {
        const int64_t n_left = n_in - n_taken;
        int64_t n_used = 0;
        const int64_t n = pst_live_resampler_process(
            resampler, silence, n_left < PIECE ? n_left : PIECE, out, PIECE, &n_used);
        n_taken += n_used;
        n_made += n;
        moves = n_used > 0 || n > 0;
    }
    const bool had_memory = silence != NULL && out != NULL;
    pst_free(silence);
    pst_free(out);
    if (!had_memory)
        return pst_fail_memory(err);
    // One for where the count stood, one for rounding.
    resampler->lag_frames = (int64_t)((double)n_in * resampler->ratio) - n_made + 2;
    pst_live_resampler_reset(resampler);
    return PST_OK;
}

pst_status pst_live_resampler_create(pst_live_resampler **resampler, pst_resample_quality quality,
                                     uint32_t n_channels, double from_hz, double to_hz,
                                     pst_error *err) {
    if (!(from_hz > 0.0 && to_hz > 0.0) || to_hz > from_hz * PST_RESAMPLE_MAX_RATIO ||
        from_hz > to_hz * PST_RESAMPLE_MAX_RATIO)
        return pst_fail(err, PST_BAD_ARGUMENT, 0,
                        "A rate of %g Hz cannot be changed to %g Hz; a factor of %d is the most",
                        from_hz, to_hz, PST_RESAMPLE_MAX_RATIO);
    pst_live_resampler *made = pst_alloc(sizeof *made);
    if (made == NULL)
        return pst_fail_memory(err);
    made->ratio = to_hz / from_hz;
    pst_status status =
        quality == PST_RESAMPLE_LINEAR || quality == PST_RESAMPLE_HOLD
            ? pst_interpolator_create(&made->interpolator, quality, PST_FORMAT_F32, n_channels,
                                      from_hz, to_hz, err)
            : pst_samplerate_create(&made->filter, quality, n_channels, made->ratio, err);
    if (status == PST_OK)
        status = measure_lag(made, n_channels, err);
    if (status != PST_OK) {
        pst_live_resampler_destroy(made);
        return status;
    }
    *resampler = made;
    return PST_OK;
}

void pst_live_resampler_destroy(pst_live_resampler *resampler) {
    if (resampler == NULL)
        return;
    pst_samplerate_destroy(resampler->filter);
    pst_interpolator_destroy(resampler->interpolator);
    pst_free(resampler);
}
