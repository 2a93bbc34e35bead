// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include <soxr.h>

#include "base/alloc.h"
#include "base/error.h"
#include "dsp/engine.h"

// soxr's recipe that does no less than resample.h says of a quality (docs/adr/0013-resampling.rst).
static const unsigned long recipes[] = {
    [PST_RESAMPLE_MEDIUM] = SOXR_HQ,
    [PST_RESAMPLE_FAST] = SOXR_LQ,
    [PST_RESAMPLE_BEST] = SOXR_VHQ,
};

// The best recipe keeps 95 % of the bandwidth, and is steep enough for more at little cost.
static const double best_passband_end = 0.95;

static pst_status fail(soxr_error_t error, pst_error *err) {
    // The arguments were checked before, so this is soxr's "malloc failed".
    return pst_fail(err, PST_NO_MEMORY, 0, "soxr: %s", error);
}

static pst_status create(void **state, const pst_resampler_config *config, pst_error *err) {
    const soxr_datatype_t type = config->format == PST_FORMAT_F64 ? SOXR_FLOAT64_I : SOXR_FLOAT32_I;
    const soxr_io_spec_t io = soxr_io_spec(type, type);
    const soxr_runtime_spec_t runtime = soxr_runtime_spec(1);
    // The clock is for rates whose ratio is not simple: without it they would drift apart.
    soxr_quality_spec_t quality = soxr_quality_spec(recipes[config->quality], SOXR_HI_PREC_CLOCK);
    if (config->quality == PST_RESAMPLE_BEST)
        quality.passband_end = best_passband_end;
    soxr_error_t error = NULL;
    *state = soxr_create(config->from_hz, config->to_hz, config->n_channels, &error, &io, &quality,
                         &runtime);
    return *state != NULL ? PST_OK : fail(error, err);
}

static void destroy(void *state) {
    soxr_delete(state);
}

static pst_status reset(void *state, pst_error *err) {
    const soxr_error_t error = soxr_clear(state);
    return error == NULL ? PST_OK : fail(error, err);
}

// soxr takes all that it is given, and keeps what it makes of it until there is room. So it gets no
// more before that is gone.
static pst_status process(void *state, const void *in, int64_t n_in, int64_t *n_used, void *out,
                          int64_t n_out_max, int64_t *n_made, pst_error *err) {
    size_t n_kept = 0, n_new = 0;
    *n_used = 0;
    soxr_error_t error = soxr_process(state, in, 0, NULL, out, (size_t)n_out_max, &n_kept);
    *n_made = (int64_t)n_kept;
    if (error == NULL && *n_made < n_out_max && n_in > 0) {
        error = soxr_process(state, in, (size_t)n_in, NULL, out, 0, &n_new);
        *n_used = n_in;
    }
    return error == NULL ? PST_OK : fail(error, err);
}

const pst_resample_ops pst_soxr_ops = {
    .engine = PST_RESAMPLER_SOXR,
    .has_f64 = true,
    .create = create,
    .destroy = destroy,
    .reset = reset,
    .process = process,
};
