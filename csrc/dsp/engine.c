// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "dsp/engine.h"

#include "dsp/interpolate.h"
#include "dsp/samplerate.h"

// The engines that work in realtime as well, fitted to the table.

static pst_status create_samplerate(void **state, const pst_resampler_config *config,
                                    pst_error *err) {
    pst_samplerate *made = NULL;
    const pst_status status = pst_samplerate_create(&made, config->quality, config->n_channels,
                                                    config->to_hz / config->from_hz, err);
    *state = made;
    return status;
}

static void destroy_samplerate(void *state) {
    pst_samplerate_destroy(state);
}

static pst_status reset_samplerate(void *state, pst_error *err) {
    (void)err;
    pst_samplerate_reset(state);
    return PST_OK;
}

static pst_status process_samplerate(void *state, const void *in, int64_t n_in, int64_t *n_used,
                                     void *out, int64_t n_out_max, int64_t *n_made,
                                     pst_error *err) {
    (void)err;
    *n_made = pst_samplerate_process(state, in, n_in, out, n_out_max, n_used);
    return PST_OK;
}

const pst_resample_ops pst_samplerate_ops = {
    .engine = PST_RESAMPLER_SAMPLERATE,
    .create = create_samplerate,
    .destroy = destroy_samplerate,
    .reset = reset_samplerate,
    .process = process_samplerate,
};

static pst_status create_interpolator(void **state, const pst_resampler_config *config,
                                      pst_error *err) {
    pst_interpolator *made = NULL;
    const pst_status status =
        pst_interpolator_create(&made, config->quality, config->format, config->n_channels,
                                config->from_hz, config->to_hz, err);
    *state = made;
    return status;
}

static void destroy_interpolator(void *state) {
    pst_interpolator_destroy(state);
}

static pst_status reset_interpolator(void *state, pst_error *err) {
    (void)err;
    pst_interpolator_reset(state);
    return PST_OK;
}

static pst_status process_interpolator(void *state, const void *in, int64_t n_in, int64_t *n_used,
                                       void *out, int64_t n_out_max, int64_t *n_made,
                                       pst_error *err) {
    (void)err;
    *n_made = pst_interpolator_process(state, in, n_in, out, n_out_max, n_used);
    return PST_OK;
}

static const void *last_of_interpolator(const void *state) {
    return pst_interpolator_last(state);
}

const pst_resample_ops pst_interpolator_ops = {
    .engine = PST_RESAMPLER_AUTO,
    .has_f64 = true,
    .create = create_interpolator,
    .destroy = destroy_interpolator,
    .reset = reset_interpolator,
    .process = process_interpolator,
    .last = last_of_interpolator,
};
