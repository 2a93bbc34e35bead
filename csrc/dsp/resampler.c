// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "dsp/resampler.h"

#include <samplerate.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/rt.h"

struct pst_resampler {
    SRC_STATE *state;
    double ratio;
    int64_t lag_frames;
};

PST_RT_UNCHECKED_BEGIN

// libsamplerate works on memory that src_new has allocated; processing and reset take no more.
static long process(SRC_STATE *state, SRC_DATA *data) PST_RT {
    return src_process(state, data) == 0 ? data->output_frames_gen : 0;
}

static void reset(SRC_STATE *state, double ratio) PST_RT {
    src_reset(state);
    src_set_ratio(state, ratio); // Otherwise the first block would glide from ratio 0 to this one.
}

PST_RT_UNCHECKED_END

int64_t pst_resampler_process(pst_resampler *resampler, const float *in, int64_t n_in, float *out,
                              int64_t n_out_max, int64_t *n_used) PST_RT {
    SRC_DATA data = {
        .data_in = in,
        .data_out = out,
        .input_frames = (long)n_in,
        .output_frames = (long)n_out_max,
        .src_ratio = resampler->ratio,
    };
    const int64_t n_made = process(resampler->state, &data);
    *n_used = data.input_frames_used;
    return n_made;
}

void pst_resampler_reset(pst_resampler *resampler) PST_RT {
    reset(resampler->state, resampler->ratio);
}

int64_t pst_resampler_lag(const pst_resampler *resampler) PST_RT {
    return resampler->lag_frames;
}

// How far it looks ahead depends on the quality alone, and is not told: found out by trying, with
// more input than that.
static pst_status measure_lag(pst_resampler *resampler, uint32_t n_channels, pst_error *err) {
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
        const int64_t n = pst_resampler_process(resampler, silence, n_left < PIECE ? n_left : PIECE,
                                                out, PIECE, &n_used);
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
    pst_resampler_reset(resampler);
    return PST_OK;
}

pst_status pst_resampler_create(pst_resampler **resampler, pst_resample_quality quality,
                                uint32_t n_channels, double from_hz, double to_hz, pst_error *err) {
    if (!(from_hz > 0.0 && to_hz > 0.0) || to_hz > from_hz * PST_RESAMPLE_MAX_RATIO ||
        from_hz > to_hz * PST_RESAMPLE_MAX_RATIO)
        return pst_fail(err, PST_BAD_ARGUMENT, 0,
                        "A rate of %g Hz cannot be changed to %g Hz; a factor of %d is the most",
                        from_hz, to_hz, PST_RESAMPLE_MAX_RATIO);
    pst_resampler *made = pst_alloc(sizeof *made);
    if (made == NULL)
        return pst_fail_memory(err);
    static const int converters[] = {[PST_RESAMPLE_MEDIUM] = SRC_SINC_MEDIUM_QUALITY,
                                     [PST_RESAMPLE_FAST] = SRC_SINC_FASTEST,
                                     [PST_RESAMPLE_BEST] = SRC_SINC_BEST_QUALITY};
    int code = 0;
    made->ratio = to_hz / from_hz;
    made->state = src_new(converters[quality], (int)n_channels, &code);
    pst_status status = made->state != NULL ? PST_OK : pst_fail_memory(err);
    if (status == PST_OK) {
        pst_resampler_reset(made);
        status = measure_lag(made, n_channels, err);
    }
    if (status != PST_OK) {
        pst_resampler_destroy(made);
        return status;
    }
    *resampler = made;
    return PST_OK;
}

void pst_resampler_destroy(pst_resampler *resampler) {
    if (resampler == NULL)
        return;
    if (resampler->state != NULL)
        src_delete(resampler->state);
    pst_free(resampler);
}
